//! The SQL that makes roles and schemas on PostgreSQL, for who administers the server.

use super::StoreError;

/// Who owns the tables of a service and who works with their rows.
#[derive(Clone, Copy, Debug)]
pub struct Grants<'a> {
    /// Schema of the service's tables.
    pub schema: &'a str,
    /// Owns schema and tables, brings them up to date; never serves.
    pub owner: &'a str,
    /// Serves: reads and writes rows, as far as row-level security lets it.
    pub application: &'a str,
}

impl Grants<'_> {
    /// Makes what is absent and grants what is needed; may be run again. To be run by a superuser, or by the database's
    /// owner when that may make roles. The roles have no password yet.
    ///
    /// # Errors
    /// [`StoreError::Schema`] for a name that would need quotes.
    pub fn sql(&self) -> Result<String, StoreError> {
        let Self {
            schema,
            owner,
            application,
        } = *self;
        for name in [schema, owner, application] {
            if !super::connection::is_schema_name(name) {
                return Err(StoreError::Schema);
            }
        }
        Ok(format!(
            "{}{}\
CREATE SCHEMA IF NOT EXISTS {schema} AUTHORIZATION {owner};
REVOKE ALL ON SCHEMA {schema} FROM PUBLIC;
GRANT USAGE ON SCHEMA {schema} TO {application};
ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA {schema}
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application};
",
            role(owner),
            role(application)
        ))
    }

    /// Shuts the database to everybody but these two roles; once per database, besides [`Grants::sql`].
    ///
    /// # Errors
    /// As [`Grants::sql`].
    pub fn database_sql(&self) -> Result<String, StoreError> {
        self.sql()?;
        let Self {
            owner, application, ..
        } = *self;
        Ok(format!(
            "REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO {owner}, {application}', current_database());
END $$;
"
        ))
    }
}

/// A role that may log in and nothing else. Two who make it at once: one of them finds it.
fn role(name: &str) -> String {
    format!(
        "DO $$ BEGIN
  CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
"
    )
}
