//! A migration must not break the program of the former version, which goes on beside the new one: expand first, contract
//! in a later release. `docs/databases.md` tells how.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::workspace::{files, relative};

/// First words of the comment that makes a file a contract; after them, why nobody misses what it takes away.
const CONTRACT: &str = "-- Contract: ";

/// Shortest reason that can be one.
const REASON: usize = 20;

/// What an expanding migration may not say of a table that was there, and what to do instead.
const BREAKS: [(&str, &str); 13] = [
    ("DROP TABLE", "the former version reads it"),
    ("DROP COLUMN", "the former version reads it"),
    (
        "DROP INDEX",
        "the former version's queries may need it, or its uniqueness",
    ),
    ("DROP CONSTRAINT", "the former version counts on it"),
    ("DROP VIEW", "the former version reads it"),
    (
        "RENAME",
        "the former version knows the old name: add, copy, and drop in a later release",
    ),
    (
        "ALTER COLUMN",
        "the former version writes what it wrote: add a column of the new kind",
    ),
    (
        "ADD CONSTRAINT",
        "what the former version writes may not pass",
    ),
    ("ADD CHECK", "what the former version writes may not pass"),
    ("ADD UNIQUE", "what the former version writes may not pass"),
    (
        "ADD FOREIGN KEY",
        "what the former version writes may not pass",
    ),
    ("TRUNCATE", "the former version reads the rows"),
    ("DELETE FROM", "the former version reads the rows"),
];

#[test]
fn every_migration_goes_forth_and_back_and_keeps_its_date() {
    let mut names = BTreeSet::new();
    let mut all = migrations();
    all.sort_by_key(|up| !relative(up).starts_with("crates/platform/"));
    for up in all {
        let folder = up.parent().unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let (stamp, words) = name.split_once('_').unwrap();
        let digits = stamp.chars().filter(char::is_ascii_digit).count();
        assert!(
            digits == 14 && !words.is_empty(),
            "{name}: yyyy-mm-dd-hhmmss_words"
        );
        let down = fs::read_to_string(folder.join("down.sql")).unwrap();
        assert!(
            !statements(&down).is_empty(),
            "{name}: the way back is empty"
        );
        // One ledger per database, in which the platform's stand beside those of a service.
        let place = relative(folder);
        let (owner, _) = place.split_once("/migrations/").unwrap();
        let platform = ("crates/platform".to_owned(), stamp.to_owned());
        let is_fresh =
            !names.contains(&platform) && names.insert((owner.to_owned(), stamp.to_owned()));
        assert!(is_fresh, "{name}: two migrations of one moment");
    }
    assert!(names.len() >= 6, "migrations are found: {names:?}");
}

#[test]
fn an_expanding_migration_leaves_the_former_version_what_it_knows() {
    for up in migrations() {
        let found = faults(&fs::read_to_string(&up).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", relative(&up));
    }
}

#[test]
fn what_breaks_the_former_version_is_seen() {
    let table = "CREATE TABLE fresh (id TEXT NOT NULL PRIMARY KEY);";
    for good in [
        table,
        "ALTER TABLE projects ADD COLUMN colour TEXT",
        "ALTER TABLE projects ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
        "CREATE INDEX projects_by_colour ON projects (colour)",
        // What this file made is nobody else's yet.
        "CREATE TABLE fresh (id TEXT); CREATE UNIQUE INDEX one ON fresh (id)",
        "-- We do not DROP TABLE here.\nCREATE TABLE fresh (note TEXT DEFAULT 'rename; drop table')",
        "-- Contract: since 0.4 no program reads this column.\nALTER TABLE projects DROP COLUMN colour",
    ] {
        assert_eq!(faults(good), Vec::<String>::new(), "{good}");
    }
    for bad in [
        "DROP TABLE projects",
        "drop  table\n if exists projects",
        "ALTER TABLE projects DROP COLUMN name",
        "ALTER TABLE projects DROP name",
        "ALTER TABLE projects RENAME TO plans",
        "ALTER TABLE projects RENAME COLUMN name TO title",
        "ALTER TABLE projects ADD COLUMN colour TEXT NOT NULL",
        "ALTER TABLE projects ADD colour TEXT NOT NULL",
        "ALTER TABLE projects ALTER COLUMN name TYPE BIGINT",
        "ALTER TABLE projects ALTER name SET NOT NULL",
        "ALTER TABLE projects ADD CONSTRAINT c CHECK (name <> '')",
        "ALTER TABLE projects ADD UNIQUE (name)",
        "CREATE UNIQUE INDEX one ON projects (name)",
        "DELETE FROM projects",
        "CREATE TABLE fresh (id TEXT); DROP INDEX projects_by_organisation",
        // A reason is asked for.
        "-- Contract: old\nDROP TABLE projects",
        "-- contract\nDROP TABLE projects",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}: {:?}", faults(bad));
    }
}

fn migrations() -> Vec<PathBuf> {
    let all = files(&["sql"]).into_iter();
    all.filter(|path| path.ends_with("up.sql") && relative(path).contains("/migrations/"))
        .collect()
}

/// Why an `up.sql` would break the former version; nothing when it is a contract with a reason.
fn faults(text: &str) -> Vec<String> {
    let reason = text
        .lines()
        .find_map(|line| line.trim().strip_prefix(CONTRACT));
    if reason.is_some_and(|reason| reason.len() >= REASON) {
        return Vec::new();
    }
    let statements = statements(text);
    let made: BTreeSet<&str> = statements
        .iter()
        .filter_map(|sql| sql.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next())
        .collect();
    statements
        .iter()
        .filter_map(|sql| fault(sql, &made))
        .collect()
}

fn fault(sql: &str, made: &BTreeSet<&str>) -> Option<String> {
    let unique = sql.strip_prefix("CREATE UNIQUE INDEX ").and_then(|rest| {
        let (_, table) = rest.split_once(" ON ")?;
        table.split([' ', '(']).next()
    });
    if let Some(table) = unique {
        return (!made.contains(table))
            .then(|| format!("{sql}: what the former version writes may not pass"));
    }
    if sql.starts_with("CREATE ") {
        return None;
    }
    let said = BREAKS.iter().find(|(words, _)| sql.contains(words));
    if let Some((_, why)) = said {
        return Some(format!("{sql}: {why}"));
    }
    let change = sql.strip_prefix("ALTER TABLE ")?;
    let is_added = change.contains(" ADD ");
    if !is_added {
        return Some(format!("{sql}: only adding is known to be safe"));
    }
    (change.contains("NOT NULL") && !change.contains("DEFAULT"))
        .then(|| format!("{sql}: the former version does not write this column"))
}

/// Statements in upper case with single spaces, without comments and texts.
fn statements(text: &str) -> Vec<String> {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""));
    let bare: String = lines.collect::<Vec<_>>().join(" ");
    // Every second part stands between quotes.
    let bare = bare.split('\'').step_by(2).collect::<Vec<_>>().join("''");
    bare.split(';')
        .map(|sql| {
            sql.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .to_uppercase()
        })
        .filter(|sql| !sql.is_empty())
        .collect()
}
