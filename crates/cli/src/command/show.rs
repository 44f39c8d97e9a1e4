//! What a prediction looks like in a terminal.

use serde_json::Value;

use crate::screen::Screen;

/// Tells a prediction to people.
pub(crate) fn show_prediction(screen: Screen, said: &Value) {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    for prediction in said["predictions"].as_array().into_iter().flatten() {
        let id = prediction["id"]
            .as_str()
            .map_or_else(String::new, |id| format!(" for {id}"));
        screen.heading(&format!(
            "Prediction{id}: probability {:.4}",
            number(&prediction["probability"])
        ));
        let mut sum = number(&prediction["baseScore"]);
        let mut rows = vec![vec![
            "average person in training".to_owned(),
            String::new(),
            format!("{sum:+.4}"),
        ]];
        for part in prediction["contributions"].as_array().into_iter().flatten() {
            sum += number(&part["contribution"]);
            rows.push(vec![
                part["reason"]["nl"]
                    .as_str()
                    .or(part["input"].as_str())
                    .unwrap_or_default()
                    .to_owned(),
                part["value"]
                    .as_str()
                    .map_or_else(|| part["value"].to_string(), str::to_owned),
                format!("{:+.4}", number(&part["contribution"])),
            ]);
        }
        rows.push(vec!["sum".to_owned(), String::new(), format!("{sum:+.4}")]);
        rows.push(vec![
            "score of the model".to_owned(),
            String::new(),
            format!("{:+.4}", number(&prediction["score"])),
        ]);
        screen.table(&["why", "value", "adds to the score"], &rows);
        for warning in prediction["warnings"].as_array().into_iter().flatten() {
            screen.line(&format!(
                "note: {}",
                warning["text"]["nl"].as_str().unwrap_or_default()
            ));
        }
    }
    if let Some(notice) = said["notice"]["nl"].as_str() {
        screen.line(notice);
    }
    screen.line(&format!(
        "version {}, digest {}",
        said["modelVersionId"].as_str().unwrap_or("?"),
        said["modelDigest"].as_str().unwrap_or("?")
    ));
}
