//! `helder clerical`: people decide about pairs of a linkage run.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use helder_client::Client;
use helder_types::{Role, job::Job};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    screen::{Screen, count},
    session::Access,
};

/// `helder clerical`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ClericalCommand {
    /// Make a queue of pairs of a linkage run
    Start {
        /// Linkage run
        run: Uuid,
        /// Pairs in the queue
        #[arg(long, default_value_t = 200)]
        size: u32,
        /// Share drawn at random, for the estimates of precision and recall
        #[arg(long, default_value_t = 0.3)]
        random_share: f64,
        /// Share that a second person decides as well, without seeing the first decision
        #[arg(long, default_value_t = 0.2)]
        second_share: f64,
        /// The same seed gives the same queue
        #[arg(long, default_value_t = 0)]
        seed: u32,
    },
    /// Take the next pair: both records side by side; --subject says who looks
    Next {
        /// Linkage review
        review: Uuid,
    },
    /// Decide about a pair
    Decide {
        /// Linkage review
        review: Uuid,
        /// The pair, as `next` names it
        pair: Uuid,
        /// What it is
        verdict: Verdict,
        /// Why: typingError, moved, nameChanged, householdMember, namesake, tooLittle, checkedElsewhere
        #[arg(long)]
        reason: Option<String>,
    },
    /// Show how far the reviewers are, how far they agree, and how good the links are
    Status {
        /// Linkage review
        review: Uuid,
    },
    /// Write the labels: decisions about settled pairs (as JSON with --json)
    Labels {
        /// Linkage review
        review: Uuid,
    },
    /// Run the linkage again with what was decided
    Relink {
        /// Linkage review
        review: Uuid,
        /// A later version of the left dataset
        #[arg(long)]
        left: Option<Uuid>,
        /// A later version of the right dataset
        #[arg(long)]
        right: Option<Uuid>,
        /// Go on from this run of a series: its model and its numbers of persons stay
        #[arg(long)]
        previous: Option<Uuid>,
    },
}

/// What a pair is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Verdict {
    /// One person
    Match,
    /// Two persons
    NoMatch,
    /// The records do not tell
    Unsure,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "noMatch",
            Self::Unsure => "unsure",
        }
    }
}

const REVIEWS: &str = "/linkage/v1/linkage-reviews";

/// Does one step of a review.
///
/// # Errors
/// When the platform refuses.
pub(super) async fn step(access: &Access, command: ClericalCommand, screen: Screen) -> Result<()> {
    let client = access.session()?.acting_as(Role::DataSteward)?;
    match command {
        ClericalCommand::Start {
            run,
            size,
            random_share,
            second_share,
            seed,
        } => {
            let body = json!({
                "linkageRunId": run, "size": size, "randomShare": random_share,
                "secondShare": second_share, "seed": seed
            });
            let made = made(&client, screen, REVIEWS, &body).await?;
            screen.line(&format!(
                "{}: {} pairs",
                text(&made["id"]),
                count(made["progress"]["pairs"].as_u64().unwrap_or(0))
            ));
            screen.result(&made)
        }
        ClericalCommand::Next { review } => {
            let path = format!("{REVIEWS}/{review}/_next");
            let pair: Value = match client.act(&path).await {
                Ok(answer) => answer.body,
                Err(error) if error.status() == Some(404) => {
                    bail!("there is no such review, or nothing left in it for you")
                }
                Err(error) => return Err(error.into()),
            };
            show_pair(screen, &pair);
            screen.result(&pair)
        }
        ClericalCommand::Decide {
            review,
            pair,
            verdict,
            reason,
        } => {
            let body = json!({"pairId": pair, "verdict": verdict.as_str(), "reason": reason});
            let path = format!("{REVIEWS}/{review}/decisions");
            let kept: Value = client.post(&path, &body).await?.body;
            screen.line(&format!("kept as {}", text(&kept["id"])));
            screen.result(&kept)
        }
        ClericalCommand::Status { review } => {
            let path = format!("{REVIEWS}/{review}");
            let shown: Value = client.get(&path).await?.body;
            show_status(screen, &shown);
            screen.result(&shown)
        }
        ClericalCommand::Labels { review } => {
            let path = format!("{REVIEWS}/{review}/labels?limit=200");
            let labels: Vec<Value> = client.list(&path).await?;
            let rows: Vec<Vec<String>> = labels
                .iter()
                .map(|label| {
                    [
                        "leftRow",
                        "rightRow",
                        "part",
                        "verdict",
                        "settledAs",
                        "decidedBy",
                    ]
                    .map(|name| text(&label[name]))
                    .to_vec()
                })
                .collect();
            let header = ["left", "right", "part", "verdict", "settled as", "by"];
            screen.table(&header, &rows);
            screen.result(&labels)
        }
        ClericalCommand::Relink {
            review,
            left,
            right,
            previous,
        } => {
            let path = format!("{REVIEWS}/{review}/_relink");
            let mut body = json!({"left": left, "right": right});
            if let Some(previous) = previous {
                body["incremental"] = json!({"previous": previous});
            }
            let run = made(&client, screen, &path, &body).await?;
            let held = &run["review"]["labels"]["held"];
            screen.line(&format!(
                "{}: {} links; {} decisions hold, {} are about records that changed",
                text(&run["id"]),
                count(run["outcome"]["links"].as_u64().unwrap_or(0)),
                text(&held["held"]),
                text(&held["changed"])
            ));
            screen.result(&run)
        }
    }
}

/// Posts what becomes a job, waits, and gives its result.
async fn made(client: &Client, screen: Screen, path: &str, body: &Value) -> Result<Value> {
    let bar = screen.bar("review");
    let accepted = client.post::<_, Job>(path, body).await?;
    let job = accepted
        .location
        .unwrap_or_else(|| format!("/linkage/v1/jobs/{}", accepted.body.id));
    let result = client.wait(&job, |job| bar.job(job)).await?;
    Ok(client.get(&result).await?.body)
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn show_pair(screen: Screen, pair: &Value) {
    screen.line(&format!(
        "pair {} is yours until {}",
        text(&pair["pairId"]),
        text(&pair["leasedUntil"])
    ));
    let cell = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    let fields = pair["fields"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = fields
        .map(|field| {
            let name = field["leftColumn"]
                .as_str()
                .or(field["rightColumn"].as_str());
            vec![
                name.unwrap_or_default().to_owned(),
                cell(&field["left"]),
                cell(&field["right"]),
            ]
        })
        .collect();
    screen.table(&["", "left", "right"], &rows);
    let waterfall = &pair["explanation"]["waterfall"];
    let bars = waterfall["bars"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = bars
        .map(|bar| {
            let weight = bar["weight"].as_f64().unwrap_or(0.0);
            let what = bar["comparison"].as_str().unwrap_or_default();
            vec![
                what.to_owned(),
                text(&bar["label"]),
                format!("{weight:+.2}"),
            ]
        })
        .collect();
    screen.table(&["", "what was found", "bits"], &rows);
}

fn show_status(screen: Screen, review: &Value) {
    let progress = &review["progress"];
    screen.line(&format!(
        "{} of {} pairs settled: {} match, {} no match, {} unsure",
        text(&progress["settled"]),
        text(&progress["pairs"]),
        text(&progress["matches"]),
        text(&progress["noMatches"]),
        text(&progress["unsure"])
    ));
    let estimates = &review["estimates"];
    let shares = [
        ("agreement (kappa)", &review["agreement"]["kappa"]),
        ("precision", &estimates["precision"]),
        ("recall", &estimates["recall"]),
    ];
    for (name, share) in shares {
        let Some(estimate) = share["estimate"].as_f64() else {
            continue;
        };
        let mut line = format!("{name}: {estimate:.4}");
        if let (Some(low), Some(high)) = (share["low"].as_f64(), share["high"].as_f64()) {
            // Writing into a string does not fail.
            let _ = write!(line, " (95 %: {low:.4} – {high:.4})");
        }
        screen.line(&line);
    }
}
