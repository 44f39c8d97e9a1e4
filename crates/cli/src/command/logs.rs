//! Commands that ask every service for its log.

use std::io::{IsTerminal as _, Read as _};

use anyhow::{Context as _, Result, bail};
use helder_client::Client;
use helder_types::Role;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::CALLS;
use crate::{arguments::RecordsArguments, screen::Screen, session::Access};

/// Services that keep records of processing.
const LOGS: [&str; 4] = ["ingest", "linkage", "training", "prediction"];
/// Records asked at a time.
const PAGE: u8 = 200;
/// Lines shown to people; programs get all.
const SHOWN: usize = 40;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    processing_activities: Vec<Value>,
    next: Option<String>,
}

/// `helder records`: one question to every service, one answer in the order of time.
///
/// # Errors
/// When a service refuses or is away: an answer that lacks a service would look whole.
pub(super) async fn records(
    access: &Access,
    wanted: &RecordsArguments,
    screen: Screen,
) -> Result<()> {
    let mut query = serde_json::Map::new();
    if let Some(trace) = wanted.trace {
        query.insert("traceId".to_owned(), json!(trace));
    }
    if let Some(activity) = &wanted.activity {
        query.insert(
            "dpl.core.processing_activity_id".to_owned(),
            json!(activity),
        );
    }
    if wanted.person {
        query.insert("dpl.core.data_subject_id".to_owned(), json!(person()?));
    }
    for (key, moment) in [("startTime", wanted.since), ("endTime", wanted.until)] {
        if let Some(at) = moment {
            query.insert(key.to_owned(), json!(at.as_millisecond()));
        }
    }
    let client = access.session()?.acting_as(Role::PrivacyOfficer)?;
    let mut found = Vec::new();
    for service in LOGS {
        let answer = of_service(&client, service, &query).await;
        let answer = answer.with_context(|| format!("the records of {service}"))?;
        found.extend(answer.into_iter().map(|record| Found { service, record }));
    }
    let key = |found: &Found| {
        let at = found.record["startTime"].as_i64().unwrap_or_default();
        (at, found.record["spanId"].to_string())
    };
    found.sort_by_cached_key(key);
    let rows: Vec<_> = found.iter().take(SHOWN).map(Found::row).collect();
    screen.table(
        &["started, UTC", "service", "what", "status", "activity"],
        &rows,
    );
    screen.line(&format!("{} records", found.len()));
    if found.len() > SHOWN {
        screen.line(&format!("the first {SHOWN} are shown; --json gives all"));
    }
    screen.result(&json!({"processingActivities": found}))
}

/// A record, and whose log it is in.
#[derive(Serialize)]
struct Found {
    service: &'static str,
    #[serde(flatten)]
    record: Value,
}

impl Found {
    fn row(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let at = self.record["startTime"].as_i64().unwrap_or_default();
        vec![
            Timestamp::from_millisecond(at).map_or_else(|_| String::new(), |at| at.to_string()),
            self.service.to_owned(),
            text(&self.record["name"]),
            text(&self.record["status"]),
            text(&self.record["attributes"]["dpl.core.processing_activity_id"]),
        ]
    }
}

async fn of_service(
    client: &Client,
    service: &str,
    query: &serde_json::Map<String, Value>,
) -> Result<Vec<Value>> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/{service}/v1/processing-activities?limit={PAGE}{cursor}");
        let page: Page = client.post(&path, query).await?.body;
        found.extend(page.processing_activities);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}

/// Whom it is about, from standard input: a number on the command line would stay in the history of the shell.
fn person() -> Result<String> {
    if std::io::stdin().is_terminal() {
        eprint!("burgerservicenummer, pseudonym or identifier: ");
    }
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        std::io::stdin().read_line(&mut text)?;
    } else {
        std::io::stdin().take(4_096).read_to_string(&mut text)?;
    }
    let text = text.trim();
    if text.is_empty() {
        bail!("nobody was named on standard input");
    }
    Ok(text.to_owned())
}

/// `helder proofs`: what was removed at the end of its term, by every service.
///
/// # Errors
/// When a service refuses or is away.
pub(super) async fn proofs(access: &Access, screen: Screen) -> Result<()> {
    let client = access.session()?.acting_as(Role::PrivacyOfficer)?;
    let data: Vec<Value> = client.list("/ingest/v1/retention-proofs?limit=200").await?;
    let mut logs = Vec::new();
    for (service, _) in CALLS {
        let path = format!("/{service}/v1/log-removals?limit=200");
        let found: Vec<Value> = client.list(&path).await?;
        logs.extend(found.into_iter().map(|mut proof| {
            proof["service"] = json!(service);
            proof
        }));
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let rows = |proofs: &[Value], keys: &[&str]| -> Vec<Vec<String>> {
        let row = |proof: &Value| keys.iter().map(|key| text(&proof[*key])).collect();
        proofs.iter().map(row).collect()
    };
    screen.heading("parts of dataset versions");
    let keys = ["at", "rule", "projectId", "parts", "rows", "sizeBytes"];
    screen.table(
        &["removed", "rule", "project", "parts", "rows", "bytes"],
        &rows(&data, &keys),
    );
    screen.heading("records of logs");
    let keys = [
        "at",
        "service",
        "log",
        "projectId",
        "termDays",
        "records",
        "olderThan",
    ];
    screen.table(
        &[
            "removed",
            "service",
            "log",
            "project",
            "term, days",
            "records",
            "older than",
        ],
        &rows(&logs, &keys),
    );
    screen.result(&json!({"datasetParts": data, "logs": logs}))
}
