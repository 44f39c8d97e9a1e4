//! What the terminal shows. Colours and bars only where somebody looks; with `--json` one document at the end.

use std::{io::IsTerminal as _, time::Duration};

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use helder_client::JobUpdate;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Where a command speaks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    json: bool,
    colours: bool,
    bars: bool,
}

/// A bar that goes away when the work is done.
pub(crate) struct Bar(Option<ProgressBar>);

impl Screen {
    /// A screen for people, or for programs when `json`.
    pub(crate) fn new(json: bool) -> Self {
        let out = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self {
            json,
            colours: out && !json,
            bars: std::io::stderr().is_terminal(),
        }
    }

    /// A heading.
    pub(crate) fn heading(self, text: &str) {
        if self.colours {
            println!("\n\u{1b}[1m{text}\u{1b}[0m");
        } else if !self.json {
            println!("\n{text}");
        }
    }

    /// A line.
    pub(crate) fn line(self, text: &str) {
        if !self.json {
            println!("{text}");
        }
    }

    /// A table. Columns after the first are set to the right.
    pub(crate) fn table(self, header: &[&str], rows: &[Vec<String>]) {
        if self.json {
            return;
        }
        let mut table = Table::new();
        table
            .load_preset(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic);
        table.set_header(header.to_vec());
        for row in rows {
            table.add_row(row.clone());
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
        println!("{table}");
    }

    /// The result: as JSON for programs; people have read it on the way.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn result(self, result: &impl Serialize) -> Result<()> {
        if self.json {
            println!("{}", serde_json::to_string_pretty(result)?);
        }
        Ok(())
    }

    /// A bar for work of unknown size.
    pub(crate) fn bar(self, what: &str) -> Bar {
        if !self.bars {
            return Bar(None);
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Bar(Some(bar))
    }
}

impl Bar {
    /// Shows how far it is; `total` 0 while unknown.
    pub(crate) fn at(&self, done: u64, total: u64, message: &str) {
        let Some(bar) = &self.0 else { return };
        if total > 0 && bar.length() != Some(total) {
            bar.set_length(total);
            let template = "{spinner} {prefix} [{bar:30}] {percent:>3}% {msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style.progress_chars("=> "));
            }
        }
        bar.set_position(done);
        bar.set_message(message.to_owned());
    }

    /// Shows where a job stands.
    pub(crate) fn job(&self, job: &JobUpdate) {
        self.at(job.progress.done, job.progress.total, &standing(job));
    }

    /// A copy that can be handed to a callback.
    pub(crate) fn handle(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// What a job does, how far it is, how fast, and how long it will take.
fn standing(job: &JobUpdate) -> String {
    let progress = &job.progress;
    let mut said = job.stage.clone();
    if progress.done > 0 {
        said = format!("{said}: {} {}", count(progress.done), progress.unit);
    }
    if let Some(pace) = progress.per_second {
        said = format!("{said}, {}/s", count(pace));
    }
    if let Some(left) = progress.seconds_left {
        said = format!("{said}, {}:{:02} to go", left / 60, left % 60);
    }
    if let Some(learning) = &job.learning {
        said = format!(
            "{said}; round {}, loss {:.4} (kept apart {:.4})",
            learning.round, learning.training_loss, learning.validation_loss
        );
    }
    if job.attempts > 1 {
        said = format!("{said} (attempt {}, from the start)", job.attempts);
    }
    said
}

/// A number with thousands separated.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_tells_its_stage_its_pace_and_its_end() {
        let mut job: JobUpdate = serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::nil(), "kind": "linkage-run", "state": "running", "stage": "weighing pairs", "attempts": 1,
            "progress": {"done": 12_000_000, "total": 60_000_000, "unit": "pairs", "perSecond": 500_000, "secondsLeft": 96},
            "createdAt": "2026-11-22T12:00:00Z"
        }))
        .unwrap();
        assert_eq!(
            standing(&job),
            "weighing pairs: 12,000,000 pairs, 500,000/s, 1:36 to go"
        );
        job.progress = helder_types::job::JobProgress::default();
        job.attempts = 2;
        assert_eq!(standing(&job), "weighing pairs (attempt 2, from the start)");
    }

    #[test]
    fn thousands_are_separated() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(count(n), text);
        }
    }
}
