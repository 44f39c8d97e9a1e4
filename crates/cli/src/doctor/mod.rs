//! `helder doctor` and `helder config check`: what is wrong, all of it, and what to do.

mod bytes;
mod database;
mod disk;
mod issuers;
mod keys;
mod patient;
mod settings;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::json;

use crate::screen::Screen;

use patient::Patient;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it must be.
    Good,
    /// It works, and somebody should look at it.
    Attention,
    /// It does not work.
    Bad,
}

/// What was seen of one thing.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    /// What was looked at: `database`, `objects`, `issuer`, `clock`, `disk`, `keys`.
    pub(crate) check: &'static str,
    /// Whose, or which one.
    pub(crate) of: String,
    /// How it is.
    pub(crate) state: State,
    /// What was seen. No values of settings.
    pub(crate) seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) advice: Option<String>,
}

impl Finding {
    fn new(
        state: State,
        check: &'static str,
        of: impl Into<String>,
        seen: impl Into<String>,
    ) -> Self {
        Self {
            check,
            of: of.into(),
            state,
            seen: seen.into(),
            advice: None,
        }
    }

    fn good(check: &'static str, of: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(State::Good, check, of, seen)
    }

    fn attention(check: &'static str, of: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(State::Attention, check, of, seen)
    }

    fn bad(check: &'static str, of: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::new(State::Bad, check, of, seen)
    }

    fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Names every fault of the settings, without using anything they point to but files.
///
/// # Errors
/// When there is a fault.
pub(crate) fn check_settings(data: &Path, files: &[PathBuf], screen: Screen) -> Result<()> {
    let read = settings::read(data, files)?;
    for fault in &read.faults {
        screen.line(&format!("{}: {}", fault.file, fault.said));
    }
    let places: Vec<_> = read.patients.iter().map(|patient| &patient.file).collect();
    screen.result(&json!({"read": places, "faults": read.faults}))?;
    match read.faults.len() {
        0 => {}
        1 => bail!("the settings have a fault"),
        count => bail!("the settings have {count} faults"),
    }
    for patient in &read.patients {
        screen.line(&format!(
            "The settings of {} are good ({}).",
            patient.program, patient.file
        ));
    }
    Ok(())
}

/// Looks at everything that the settings point to.
///
/// # Errors
/// When something is bad.
pub(crate) async fn examine(data: &Path, files: &[PathBuf], screen: Screen) -> Result<()> {
    let read = settings::read(data, files)?;
    let mut findings: Vec<_> = read
        .faults
        .iter()
        .map(|fault| Finding::bad("settings", &fault.file, &fault.said))
        .collect();
    for patient in &read.patients {
        findings.extend(looked_at(patient).await);
    }
    let mut shown: Vec<Finding> = Vec::new();
    for finding in findings {
        // Programs share stores, keys and disks; each is told once.
        let same = |other: &&Finding| {
            (other.check, &other.of, &other.seen) == (finding.check, &finding.of, &finding.seen)
        };
        if shown.iter().find(same).is_none() {
            shown.push(finding);
        }
    }
    tell(&shown, screen);
    let bad = shown.iter().filter(|it| it.state == State::Bad).count();
    screen.result(&json!({"healthy": bad == 0, "findings": shown}))?;
    match bad {
        0 => Ok(()),
        1 => bail!("1 thing is bad"),
        count => bail!("{count} things are bad"),
    }
}

async fn looked_at(patient: &Patient) -> Vec<Finding> {
    let mut found = keys::look(patient);
    found.extend(disk::look(patient));
    let (databases, bytes, issuers) = tokio::join!(
        database::look(patient),
        bytes::look(patient),
        issuers::look(patient)
    );
    found.extend(databases);
    found.extend(bytes);
    found.extend(issuers);
    found
}

fn tell(findings: &[Finding], screen: Screen) {
    for finding in findings {
        let sign = match finding.state {
            State::Good => "good     ",
            State::Attention => "attention",
            State::Bad => "BAD      ",
        };
        screen.line(&format!(
            "{sign}  {} ({}): {}",
            finding.check, finding.of, finding.seen
        ));
        if let Some(advice) = &finding.advice {
            screen.line(&format!("           → {advice}"));
        }
    }
}

/// The whole chain of causes.
fn told(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    said
}
