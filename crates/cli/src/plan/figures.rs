//! Figures of a trained model, for people.

use serde_json::Value;

use crate::screen::Screen;

/// A group, its rows, and how well it is found again where that is known.
fn group(profile: &Value) -> Vec<String> {
    let name = profile["name"]["en"].as_str().unwrap_or("?").to_owned();
    vec![name, number(&profile["rows"]), number(&profile["jaccard"])]
}

/// How good and how fair the model is on rows kept apart, as the training service reports it.
pub(super) fn show(screen: Screen, run: &Value) {
    let outcome = &run["outcome"];
    let predictions = &outcome["evaluation"]["predictions"];
    if predictions.is_object() {
        let auc = &predictions["auc"];
        screen.table(
            &["on rows kept apart", ""],
            &[
                row("rows", &predictions["rows"]),
                row("outcomes", &predictions["positives"]),
                vec![
                    "AUC".to_owned(),
                    format!("{} {}", number(&auc["value"]), interval(&auc["interval95"])),
                ],
                row("average precision", &predictions["averagePrecision"]),
                row("Brier score", &predictions["brier"]),
                row(
                    "Brier score of the base rate",
                    &predictions["brierOfBaseRate"],
                ),
                row("log loss", &predictions["logLoss"]),
            ],
        );
    }
    let groups = &outcome["evaluation"]["groups"]["profiles"];
    let groups: Vec<_> = groups.as_array().into_iter().flatten().map(group).collect();
    if !groups.is_empty() {
        screen.table(&["group", "rows", "found again (Jaccard)"], &groups);
    }
    for sensitive in outcome["fairness"]["sensitiveFeatures"]
        .as_array()
        .into_iter()
        .flatten()
    {
        screen.line(&format!(
            "Fairness by {}: {}",
            sensitive["sensitiveFeature"].as_str().unwrap_or("?"),
            verdict(sensitive["verdict"].as_str().unwrap_or("?"))
        ));
        let rows: Vec<_> = sensitive["groups"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|group| {
                if group["suppressed"] == true {
                    return vec![
                        group["group"].as_str().unwrap_or("?").to_owned(),
                        "withheld".to_owned(),
                    ];
                }
                vec![
                    group["group"]
                        .as_str()
                        .map_or_else(|| group["group"].to_string(), str::to_owned),
                    number(&group["rows"]),
                    share(&group["selectionRate"]),
                    share(&group["truePositiveRate"]),
                    share(&group["falsePositiveRate"]),
                ]
            })
            .collect();
        screen.table(
            &[
                "group",
                "rows",
                "picked",
                "picked of positives",
                "picked of negatives",
            ],
            &rows,
        );
    }
}

fn verdict(word: &str) -> &str {
    match word {
        "withinBound" => "within the bound",
        "outsideBound" => "outside the bound",
        "notEnoughData" => "not enough data for a verdict",
        other => other,
    }
}

fn row(name: &str, value: &Value) -> Vec<String> {
    vec![name.to_owned(), number(value)]
}

fn number(value: &Value) -> String {
    match (value.as_u64(), value.as_f64()) {
        (Some(whole), _) => crate::screen::count(whole),
        (None, Some(number)) => format!("{number:.4}"),
        // What is suppressed or does not exist is not shown as zero.
        (None, None) => "-".to_owned(),
    }
}

fn share(value: &Value) -> String {
    if value["value"].is_null() {
        return "-".to_owned();
    }
    format!(
        "{} {}",
        number(&value["value"]),
        interval(&value["interval95"])
    )
}

fn interval(value: &Value) -> String {
    if value["low"].is_null() {
        return String::new();
    }
    format!("[{}, {}]", number(&value["low"]), number(&value["high"]))
}
