//! A report on outflow of a frame of spells.

use anyhow::Result;
use helder_client::Client;
use serde_json::{Value, json};
use toml::Table;
use uuid::Uuid;

use super::{json_table, model::run_job};
use crate::screen::{Screen, count};

/// Makes a report; `outflow` is the spec, with `frame` in place of the identifier.
///
/// # Errors
/// When the platform refuses.
pub(crate) async fn outflow(
    client: &Client,
    screen: Screen,
    project: Uuid,
    frame: Uuid,
    outflow: &Table,
) -> Result<Value> {
    let mut spec = outflow.clone();
    spec.remove("frame");
    let body = json!({"projectId": project, "frameId": frame, "spec": json_table(&spec)});
    let path = run_job(
        client,
        screen,
        "outflow",
        "training",
        "/training/v1/outflow-reports",
        &body,
    )
    .await?;
    let found: Value = client.get(&path).await?.body;
    let analysis: Value = client.get(&format!("{path}/analysis")).await?.body;
    show(screen, &found, &analysis);
    Ok(found)
}

/// Chances and what is different, in a few lines.
fn show(screen: Screen, found: &Value, analysis: &Value) {
    screen.heading("Outflow");
    let outcome = &found["outcome"];
    let rows = |name: &str| count(outcome[name].as_u64().unwrap_or(0));
    screen.line(&format!(
        "{} of {} rows are spells; {}",
        rows("used"),
        rows("rows"),
        match outcome["medianMonths"].as_f64() {
            Some(months) => format!("half have left after {months:.1} months"),
            None => "half have not left within the time seen".to_owned(),
        }
    ));
    screen.table(
        &["left within months", "chance (95 % interval)"],
        &chances(analysis),
    );
    let differs: Vec<&str> = analysis["characteristics"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|one| {
            one["test"]["pValueAdjusted"]
                .as_f64()
                .is_some_and(|p| p < 0.05)
        })
        .filter_map(|one| one["words"]["en"].as_str())
        .collect();
    screen.line(&if differs.is_empty() {
        "no characteristic goes together with outflow clearly".to_owned()
    } else {
        format!("outflow differs by {}", differs.join(", "))
    });
    screen.line(&match outcome["groups"].as_u64() {
        Some(groups) if groups > 0 => format!("{groups} groups of clients"),
        _ => "no groups of clients: their characteristics run into each other".to_owned(),
    });
    screen.line(&format!(
        "`helder report outflow {}` is the page",
        found["id"].as_str().unwrap_or("ID")
    ));
}

fn chances(analysis: &Value) -> Vec<Vec<String>> {
    let horizons = analysis["spec"]["horizons"].as_array();
    let within = analysis["overall"]["within"].as_array();
    let pairs = horizons
        .into_iter()
        .flatten()
        .zip(within.into_iter().flatten());
    pairs
        .map(|(months, chance)| vec![months.to_string(), interval(chance)])
        .collect()
}

fn interval(chance: &Value) -> String {
    let share = |name: &str| chance[name].as_f64().map(|share| share * 100.0);
    match (share("estimate"), share("lower"), share("upper")) {
        (Some(estimate), Some(lower), Some(upper)) => {
            format!("{estimate:.0} % ({lower:.0}–{upper:.0})")
        }
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chance_that_is_kept_back_is_a_dash() {
        let analysis = json!({
            "spec": {"horizons": [3, 12]},
            "overall": {"within": [null, {"estimate": 0.342, "lower": 0.331, "upper": 0.354}]},
        });
        assert_eq!(
            chances(&analysis),
            [vec!["3", "–"], vec!["12", "34 % (33–35)"]]
        );
    }
}
