//! Comparing algorithms before one is trained.

use anyhow::Result;
use helder_client::Client;
use serde_json::{Value, json};
use toml::Table;
use uuid::Uuid;

use super::{json_table, model::run_job};
use crate::screen::Screen;

/// Compares algorithms on a frame; `selection` is the body of the API without identifiers.
///
/// # Errors
/// When the platform refuses.
pub(crate) async fn compare(
    client: &Client,
    screen: Screen,
    project: Uuid,
    frame: Uuid,
    selection: &Table,
) -> Result<Value> {
    let mut selection = selection.clone();
    selection.remove("frame");
    let mut body = json_table(&selection);
    body["projectId"] = json!(project);
    body["frameId"] = json!(frame);
    let path = run_job(
        client,
        screen,
        "comparing",
        "training",
        "/training/v1/selections",
        &body,
    )
    .await?;
    let found: Value = client.get(&path).await?.body;
    show(screen, &found);
    Ok(found)
}

/// The training as asked, with the proposed algorithm where it names none.
pub(crate) fn decided(training: &Table, selection: Option<&Value>) -> Table {
    let mut training = training.clone();
    let proposed = selection.map(|found| &found["outcome"]["proposed"]);
    if let Some(proposed) = proposed.filter(|proposed| proposed.is_object())
        && !training.contains_key("algorithm")
    {
        for name in ["algorithm", "hyperparameters"] {
            if let Ok(value) = toml::Value::try_from(&proposed[name]) {
                training.insert(name.to_owned(), value);
            }
        }
    }
    training
}

/// One table, and what is proposed.
fn show(screen: Screen, found: &Value) {
    let comparison = &found["outcome"]["comparison"];
    screen.heading("Algorithms, on rows that neither they nor the choice of settings had seen");
    let lines = comparison["lines"].as_array().into_iter().flatten();
    let rows: Vec<Vec<String>> = lines
        .clone()
        .map(|line| {
            let name = line["algorithm"].as_str().or(line["role"].as_str());
            let reading = &line["reading"]["numbers"];
            vec![
                name.unwrap_or("?").to_owned(),
                estimate(&line["logLoss"], 4),
                estimate(&line["auc"], 3),
                estimate(&line["calibrationSlope"], 2),
                estimate(&line["lift"], 2),
                reading.as_u64().map_or_else(String::new, |n| n.to_string()),
            ]
        })
        .collect();
    let head = [
        "",
        "log loss",
        "AUC",
        "calibration slope",
        "lift",
        "numbers to read",
    ];
    screen.table(&head, &rows);
    let proposed = &found["outcome"]["proposed"];
    screen.line(&match proposed["algorithm"].as_str() {
        Some(algorithm) => format!(
            "proposed: {algorithm} {} – a person decides; `helder report selection {}` says why",
            proposed["hyperparameters"],
            found["id"].as_str().unwrap_or("ID")
        ),
        None => "nothing is proposed: no model is better than the base rate".to_owned(),
    });
    let settings = lines.flat_map(|line| line["settings"].as_array().into_iter().flatten());
    let untried = settings
        .filter(|setting| setting["state"] == "not-tried")
        .count();
    if untried > 0 {
        screen.line(&format!(
            "not tried, as the budget was spent: {untried} settings"
        ));
    }
}

fn estimate(value: &Value, decimals: usize) -> String {
    let number = |name: &str| value[name].as_f64();
    match (number("mean"), number("low"), number("high")) {
        (Some(mean), Some(low), Some(high)) => {
            format!("{mean:.decimals$} ({low:.decimals$}–{high:.decimals$})")
        }
        _ => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_training_without_algorithm_takes_the_proposed_one() {
        let found = json!({"outcome": {"proposed": {"algorithm": "explainable-boosting", "hyperparameters": {"interactions": 0}}}});
        let open: Table = "target = 'x'".parse().unwrap();
        let taken = decided(&open, Some(&found));
        assert_eq!(taken["algorithm"].as_str(), Some("explainable-boosting"));
        assert_eq!(
            taken["hyperparameters"]["interactions"].as_integer(),
            Some(0)
        );
        let own: Table = "algorithm = 'logistic-regression'".parse().unwrap();
        assert_eq!(decided(&own, Some(&found)), own);
        assert_eq!(decided(&open, None), open);
    }
}
