//! Commands that need no platform.

use std::{path::Path, time::Duration};

use anyhow::Result;
use helder_dummy::{Settings as DummySettings, generate};
use serde_json::json;

use crate::{
    arguments::TokenArguments,
    folder::DataFolder,
    issuer::{Holder, Issuer},
    screen::{Screen, count},
    session::Access,
};

/// Signs a token.
///
/// # Errors
/// When the folder holds no platform.
pub(super) fn token(access: &Access, wanted: &TokenArguments, screen: Screen) -> Result<()> {
    let issuer = Issuer::open(&DataFolder::existing(access.folder())?)?;
    let first = wanted
        .role
        .first()
        .copied()
        .unwrap_or(helder_types::Role::Consumer);
    let mut holder = Holder::in_gemeente(&access.gemeente, first, access.subject.as_deref());
    holder.roles.clone_from(&wanted.role);
    if let Some(organisation) = &wanted.organisation {
        holder.organisation = organisation.clone();
        holder.gemeentecode = None;
        if access.subject.is_none() {
            holder.subject = format!("{}@{organisation}", first.as_str());
        }
    }
    let token = issuer.token(&holder, Duration::from_hours(wanted.hours))?;
    screen.line(&token);
    screen.result(
        &json!({"token": token, "subject": holder.subject, "organisation": holder.organisation}),
    )
}

/// Writes a dummy municipality.
///
/// # Errors
/// When the size is outside its range or a file cannot be written.
pub(super) fn dummy(out: &Path, settings: &DummySettings, screen: Screen) -> Result<()> {
    let bar = screen.bar("years");
    let summary = generate(out, settings, &mut |done, all| {
        bar.at(done as u64, all as u64, "lived");
    })?;
    drop(bar);
    let parameters = &summary.parameters;
    screen.heading(&format!("{} in {}", helder_dummy::GEMEENTE, out.display()));
    let files: Vec<_> = parameters
        .files
        .iter()
        .map(|(file, rows)| vec![file.clone(), count(*rows)])
        .collect();
    screen.table(&["file", "records"], &files);
    screen.line(&format!(
        "{} adult-years, {} outcomes; {} records that nobody can use. truth/ is for judging, never for uploading.",
        count(parameters.person_years),
        count(parameters.events),
        count(summary.defects.len() as u64),
    ));
    screen.result(parameters)
}
