//! Where each service has its tables.

use helder_platform::store::Migrations;

/// The services and their tables.
const TABLES: [(&str, Migrations); 5] = [
    ("registry", helder_registry::MIGRATIONS),
    ("ingest", helder_ingest::MIGRATIONS),
    ("linkage", helder_linkage::MIGRATIONS),
    ("training", helder_training::MIGRATIONS),
    ("prediction", helder_prediction::MIGRATIONS),
];

/// A service and its tables.
pub(crate) struct Tables {
    /// Which service.
    pub(crate) service: &'static str,
    /// Its own tables; those that every service has come with them.
    pub(crate) migrations: Migrations,
}

/// Names of the services.
pub(crate) fn names() -> [&'static str; 5] {
    TABLES.map(|(service, _)| service)
}

/// The named services, or all when none is named.
pub(crate) fn tables(named: &[String]) -> Vec<Tables> {
    TABLES
        .into_iter()
        .filter(|(service, _)| named.is_empty() || named.iter().any(|name| name == service))
        .map(|(service, migrations)| Tables {
            service,
            migrations,
        })
        .collect()
}

/// The database of one service: `{service}` in `pattern` is its name, and so is its schema, unless `pattern` says another.
pub(crate) fn url(pattern: &str, service: &str) -> String {
    let url = pattern.replace("{service}", service);
    let query = url.split_once('?').map(|(_, query)| query);
    let has_schema =
        query.is_some_and(|query| query.split('&').any(|part| part.starts_with("schema=")));
    if has_schema || url.starts_with("sqlite:") {
        return url;
    }
    let joint = if query.is_some() { '&' } else { '?' };
    format!("{url}{joint}schema={service}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_a_role_and_a_schema_of_its_own() {
        for (pattern, expected) in [
            ("postgres://h/db", "postgres://h/db?schema=ingest"),
            (
                "postgres://helder_{service}@h/db?sslmode=require",
                "postgres://helder_ingest@h/db?sslmode=require&schema=ingest",
            ),
            (
                "postgres://h/{service}?schema=facts",
                "postgres://h/ingest?schema=facts",
            ),
            ("sqlite:data/{service}.db", "sqlite:data/ingest.db"),
        ] {
            assert_eq!(url(pattern, "ingest"), expected);
        }
    }
}
