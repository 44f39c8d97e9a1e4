//! Row-level security on PostgreSQL: the second wall between organisations.
//!
//! Each table gets its policies from what a crate declares, not from migrations: SQLite has no such thing, and a table that
//! nobody declared anything for is closed. A policy that is there as declared is left alone, so bringing a database up to
//! date locks nothing that did not change. `docs/adr/0014-row-level-security.md` says why.

use std::collections::BTreeMap;

use diesel::{
    PgConnection, QueryableByName, RunQueryDsl as _, connection::SimpleConnection as _,
    result::Error, sql_query, sql_types::Text,
};

use super::Work;

/// Where diesel writes which migrations ran.
pub(super) const LEDGER: &str = "__diesel_schema_migrations";
/// The column that says whose a row is; a table that has it needs no [`Guard`].
const COLUMN: &str = "organisation";

/// Who may see which rows of one table.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    table: &'static str,
    rule: Rule,
}

#[derive(Clone, Copy, Debug)]
enum Rule {
    Column {
        column: &'static str,
        is_append_only: bool,
    },
    Parent {
        column: &'static str,
        parent: &'static str,
    },
    Across {
        work: Work,
        command: Command,
        rows: &'static str,
        needs: &'static str,
    },
}

/// What a task may do with rows it did not write for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read.
    Select,
    /// Add.
    Insert,
    /// Change.
    Update,
    /// Remove.
    Delete,
}

impl Command {
    const fn word(self) -> &'static str {
        match self {
            Self::Select => "SELECT",
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

impl Guard {
    /// Rows belong to the organisation that `column` names. Not needed where the column is called `organisation`.
    pub const fn column(table: &'static str, column: &'static str) -> Self {
        let rule = Rule::Column {
            column,
            is_append_only: false,
        };
        Self { table, rule }
    }

    /// Rows belong to the organisation in their column `organisation`, and stay as they were written.
    pub const fn append_only(table: &'static str) -> Self {
        let rule = Rule::Column {
            column: COLUMN,
            is_append_only: true,
        };
        Self { table, rule }
    }

    /// Rows are seen by who sees the row of `parent` whose `id` stands in `column`.
    pub const fn parent(table: &'static str, column: &'static str, parent: &'static str) -> Self {
        let rule = Rule::Parent { column, parent };
        Self { table, rule }
    }

    /// `work` may do `command` with rows of all organisations. Changing and removing need [`Command::Select`] as well.
    pub const fn across(table: &'static str, work: Work, command: Command) -> Self {
        Self::across_where(table, work, command, "true", "")
    }

    /// [`Guard::across`] for the rows that meet a condition.
    ///
    /// * `rows` – SQL   * `needs` – another table in it, or empty
    pub const fn across_where(
        table: &'static str,
        work: Work,
        command: Command,
        rows: &'static str,
        needs: &'static str,
    ) -> Self {
        let rule = Rule::Across {
            work,
            command,
            rows,
            needs,
        };
        Self { table, rule }
    }

    fn is_tenant(&self) -> bool {
        !matches!(self.rule, Rule::Across { .. })
    }

    /// Another table that the policy reads.
    const fn needs(&self) -> &'static str {
        match self.rule {
            Rule::Column { .. } => "",
            Rule::Parent { parent, .. } => parent,
            Rule::Across { needs, .. } => needs,
        }
    }

    /// Name and text of each policy.
    fn policies(&self) -> Vec<(String, String)> {
        match self.rule {
            Rule::Column {
                column,
                is_append_only,
            } => {
                let own = format!("{column} = current_setting('helder.organisation', true)");
                if is_append_only {
                    vec![
                        (
                            "tenant_reads".to_owned(),
                            format!("FOR SELECT USING ({own})"),
                        ),
                        (
                            "tenant_adds".to_owned(),
                            format!("FOR INSERT WITH CHECK ({own})"),
                        ),
                    ]
                } else {
                    vec![(
                        "tenant".to_owned(),
                        format!("USING ({own}) WITH CHECK ({own})"),
                    )]
                }
            }
            Rule::Parent { column, parent } => {
                let table = self.table;
                let seen = format!(
                    "EXISTS (SELECT 1 FROM {parent} AS parent WHERE parent.id = {table}.{column})"
                );
                vec![(
                    "tenant".to_owned(),
                    format!("USING ({seen}) WITH CHECK ({seen})"),
                )]
            }
            Rule::Across {
                work,
                command,
                rows,
                ..
            } => {
                let name = format!(
                    "across_{}_{}",
                    work.name().replace('-', "_"),
                    command.word().to_lowercase()
                );
                let rows = format!(
                    "current_setting('helder.work', true) = '{}' AND ({rows})",
                    work.name()
                );
                let text = match command {
                    Command::Select | Command::Delete => format!("USING ({rows})"),
                    Command::Insert => format!("WITH CHECK ({rows})"),
                    Command::Update => format!("USING ({rows}) WITH CHECK ({rows})"),
                };
                vec![(name, format!("FOR {} {text}", command.word()))]
            }
        }
    }
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    has_column: bool,
    #[diesel(sql_type = diesel::sql_types::Bool)]
    is_closed: bool,
}

#[derive(QueryableByName)]
struct Policy {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    text: String,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Closes every table of the schema to who has no policy, and makes the policies what `guards` and the tables say.
pub(super) fn apply(conn: &mut PgConnection, guards: &[Guard]) -> Result<(), Error> {
    let tables = tables(conn)?;
    for table in tables.iter().filter(|table| !table.is_closed) {
        let name = &table.name;
        // The ledger's owner writes it in migrations that know nothing of us.
        let forced = if name == LEDGER {
            String::new()
        } else {
            format!("; ALTER TABLE {name} FORCE ROW LEVEL SECURITY")
        };
        conn.batch_execute(&format!(
            "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY{forced}"
        ))?;
    }
    let owner: Name = sql_query("SELECT quote_ident(current_user) AS name").get_result(conn)?;
    let mut wanted = wanted(&tables, guards, &owner.name);
    for policy in existing(conn)? {
        let key = (policy.table, policy.name);
        if wanted.get(&key) == Some(&policy.text) {
            wanted.remove(&key);
        } else {
            let (table, name) = key;
            conn.batch_execute(&format!("DROP POLICY {name} ON {table}"))?;
        }
    }
    for ((table, name), text) in wanted {
        // The comment is the text as we wrote it; PostgreSQL keeps it in words of its own.
        let comment = text.replace('\'', "''");
        conn.batch_execute(&format!(
            "CREATE POLICY {name} ON {table} {text}; COMMENT ON POLICY {name} ON {table} IS '{comment}'"
        ))?;
    }
    Ok(())
}

/// Takes all policies away, so that no table stands in the way of another that a migration removes. Until they are back
/// nobody sees a row.
pub(super) fn lift(conn: &mut PgConnection) -> Result<(), Error> {
    for Policy { table, name, .. } in existing(conn)? {
        conn.batch_execute(&format!("DROP POLICY {name} ON {table}"))?;
    }
    Ok(())
}

/// Tables of the schema that this role can reach and that do not have row-level security, forced on their owner too, with a
/// policy per organisation.
pub(super) fn unguarded(conn: &mut PgConnection) -> Result<Vec<String>, Error> {
    let names: Vec<Name> = sql_query(format!(
        "SELECT c.relname::text AS name FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> '{LEDGER}'
           AND has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE')
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
             SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname IN ('tenant', 'tenant_reads')))
         ORDER BY 1"
    ))
    .load(conn)?;
    Ok(names.into_iter().map(|found| found.name).collect())
}

fn wanted(tables: &[Table], guards: &[Guard], owner: &str) -> BTreeMap<(String, String), String> {
    let exists = |name: &str| tables.iter().any(|table| table.name == name);
    let mut wanted = BTreeMap::new();
    for table in tables {
        let name = &table.name;
        if name == LEDGER {
            wanted.insert(
                (name.clone(), "everybody_reads".to_owned()),
                "FOR SELECT USING (true)".to_owned(),
            );
            continue;
        }
        wanted.insert(
            (name.clone(), "migration".to_owned()),
            format!(
                "TO {owner} USING (current_setting('helder.work', true) = '{}')",
                Work::MIGRATION.name()
            ),
        );
        let own: Vec<_> = guards.iter().filter(|guard| guard.table == name).collect();
        let by_column = Guard::column("", COLUMN);
        let is_said = own.iter().any(|guard| guard.is_tenant());
        let by_default = (table.has_column && !is_said).then_some(&by_column);
        // Where a table was taken away by a migration backwards, so is what would read it.
        let possible = own
            .into_iter()
            .filter(|guard| guard.needs().is_empty() || exists(guard.needs()));
        for (policy, text) in possible.chain(by_default).flat_map(Guard::policies) {
            wanted.insert((name.clone(), policy), text);
        }
    }
    wanted
}

fn tables(conn: &mut PgConnection) -> Result<Vec<Table>, Error> {
    sql_query(format!(
        "SELECT c.relname::text AS name,
                EXISTS (SELECT 1 FROM pg_attribute a
                        WHERE a.attrelid = c.oid AND a.attname = '{COLUMN}' AND NOT a.attisdropped) AS has_column,
                c.relrowsecurity AND (c.relforcerowsecurity OR c.relname = '{LEDGER}') AS is_closed
         FROM pg_class c
         WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
         ORDER BY 1"
    ))
    .load(conn)
}

fn existing(conn: &mut PgConnection) -> Result<Vec<Policy>, Error> {
    sql_query(
        "SELECT c.relname::text AS \"table\", p.polname::text AS name,
                coalesce(obj_description(p.oid, 'pg_policy'), '') AS text
         FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
         WHERE c.relnamespace = current_schema()::regnamespace
         ORDER BY 1, 2",
    )
    .load(conn)
}
