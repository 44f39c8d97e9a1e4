//! `helder migrate` and `helder database`.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use helder_platform::store::{self, Grants};
use serde_json::json;

use crate::{
    arguments::{MigrateArguments, RolesArguments},
    database,
    screen::Screen,
    settings::{SQLITE, Settings},
};

/// Brings tables to this version, back, or looks where they stand.
///
/// # Errors
/// When a database is away or refuses; with `--check`, when a database is not as this version needs it.
pub(super) fn migrate(data: &Path, wanted: &MigrateArguments, screen: Screen) -> Result<()> {
    let pattern = match &wanted.store {
        Some(pattern) => pattern.clone(),
        None => configured(data)?,
    };
    if wanted.down.is_some() && wanted.service.len() != 1 {
        bail!("--down takes migrations of one --service back");
    }
    let mut said = Vec::new();
    let mut behind = Vec::new();
    for tables in database::tables(&wanted.service) {
        let (service, migrations) = (tables.service, [tables.migrations]);
        let url = database::url(&pattern, service);
        let named = || format!("the tables of {service}");
        if wanted.check {
            let status = store::status(&url, &migrations).with_context(named)?;
            screen.line(&format!(
                "{service}: {} ran; to run: {}; of a newer version: {}; without row-level security: {}",
                status.applied.len(),
                list(&status.pending),
                list(&status.newer),
                list(&status.unguarded),
            ));
            if !(status.pending.is_empty() && status.unguarded.is_empty()) {
                behind.push(service);
            }
            said.push(json!({
                "service": service, "applied": status.applied, "pending": status.pending, "newer": status.newer,
                "unguarded": status.unguarded,
            }));
        } else if let Some(count) = wanted.down {
            let undone = store::down(&url, &migrations, count).with_context(named)?;
            screen.line(&format!("{service}: taken back: {}", list(&undone)));
            said.push(json!({"service": service, "undone": undone}));
        } else {
            let done = store::up(&url, &migrations).with_context(named)?;
            screen.line(&format!("{service}: ran: {}", list(&done)));
            said.push(json!({"service": service, "ran": done}));
        }
    }
    screen.result(&said)?;
    if !behind.is_empty() {
        bail!("`helder migrate` has work to do for {}", behind.join(", "));
    }
    Ok(())
}

/// Prints SQL for who administers the database.
///
/// # Errors
/// When a name would need quotes.
pub(super) fn roles(wanted: &RolesArguments, screen: Screen) -> Result<()> {
    let mut sql = String::new();
    for tables in database::tables(&wanted.service) {
        let service = tables.service;
        let (owner, application) = (
            wanted.owner.replace("{service}", service),
            wanted.application.replace("{service}", service),
        );
        let grants = Grants {
            schema: service,
            owner: &owner,
            application: &application,
        };
        sql.extend(["-- ", service, "\n"]);
        sql += &grants.sql()?;
        sql += &grants.database_sql()?;
    }
    screen.line(sql.trim_end());
    screen.result(&json!({ "sql": sql }))
}

fn configured(data: &Path) -> Result<String> {
    let file = Some(data.join("helder.toml")).filter(|path| path.is_file());
    let settings = Settings::load(file.as_deref())?;
    Ok(match settings.migrate_store {
        Some(owner) => owner,
        None if settings.store == SQLITE => {
            format!(
                "sqlite:{}/{{service}}.sqlite",
                data.join("stores").display()
            )
        }
        None => settings.store,
    })
}

fn list(versions: &[String]) -> String {
    if versions.is_empty() {
        "nothing".to_owned()
    } else {
        versions.join(", ")
    }
}
