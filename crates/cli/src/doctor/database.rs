//! Databases: there, brought to this version, with a role that its tables hold back, and a clock like ours.

use std::time::{SystemTime, UNIX_EPOCH};

use helder_platform::store::{self, RoleSeen};

use super::{Finding, issuers::clock, patient::Patient, told};
use crate::database;

const CHECK: &str = "database";

pub(super) async fn look(patient: &Patient) -> Vec<Finding> {
    let mut found = Vec::new();
    for (service, url) in &patient.stores {
        let (name, url) = (service.clone(), url.clone());
        let looked = tokio::task::spawn_blocking(move || one(&name, &url)).await;
        match looked {
            Ok(findings) => found.extend(findings),
            Err(error) => found.push(Finding::bad(CHECK, service, error.to_string())),
        }
    }
    found
}

fn one(service: &str, url: &str) -> Vec<Finding> {
    let seen = match store::inspect(url) {
        Ok(seen) => seen,
        Err(error) => {
            let advice =
                "is the server running, and do address, name and password of the setting fit it?";
            return vec![Finding::bad(CHECK, service, told(&error)).advice(advice)];
        }
    };
    let mut found = Vec::new();
    if let Some(damage) = seen.damage {
        found.push(
            Finding::bad(CHECK, service, format!("the file is damaged: {damage}"))
                .advice("stop the platform and restore a backup (docs/operations.md)"),
        );
    }
    found.push(match seen.applied.len() {
        0 => Finding::bad(CHECK, service, "it answers, and has no tables yet").advice(
            "start the service once, or run `helder migrate` where the role may not make tables",
        ),
        count => Finding::good(
            CHECK,
            service,
            format!("it answers; {count} migrations ran"),
        ),
    });
    if !seen.applied.is_empty() {
        found.extend(tables(service, url, seen.role.is_some()));
    }
    found.extend(seen.role.map(|seen| role(service, seen)));
    if let Some(ms) = seen.clock_ms {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let skew_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX) - ms;
        found.push(clock("the database server", skew_ms));
    }
    found
}

/// Whether the tables are those of this version, and closed where a server can close them.
fn tables(service: &str, url: &str, is_server: bool) -> Vec<Finding> {
    let known: Vec<_> = database::tables(&[service.to_owned()])
        .into_iter()
        .map(|tables| tables.migrations)
        .collect();
    let status = match store::status(url, &known) {
        Ok(status) => status,
        Err(error) => return vec![Finding::bad(CHECK, service, told(&error))],
    };
    let mut found = Vec::new();
    if !status.pending.is_empty() {
        let seen = format!("migrations to run: {}", status.pending.join(", "));
        found.push(if is_server {
            Finding::bad(CHECK, service, seen).advice("run `helder migrate` of this version")
        } else {
            Finding::attention(CHECK, service, seen).advice("the next start runs them")
        });
    }
    if !status.newer.is_empty() {
        let seen = "the tables are of a newer version; this one can serve them";
        found.push(Finding::attention(CHECK, service, seen));
    }
    if !status.unguarded.is_empty() {
        let seen = format!("no row-level security on {}", status.unguarded.join(", "));
        found.push(
            Finding::bad(CHECK, service, seen).advice("run `helder migrate` of this version"),
        );
    }
    found
}

fn role(service: &str, seen: RoleSeen) -> Finding {
    let advice = "give each service a role of its own that owns nothing (docs/databases.md)";
    if seen.is_superuser {
        Finding::attention(
            CHECK,
            service,
            "the role is a superuser: nothing holds it back",
        )
        .advice(advice)
    } else if seen.bypasses_row_security {
        Finding::attention(CHECK, service, "the role bypasses row-level security").advice(advice)
    } else {
        Finding::good(
            CHECK,
            service,
            "the role is held back by row-level security",
        )
    }
}
