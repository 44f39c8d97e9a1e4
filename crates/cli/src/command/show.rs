//! What a prediction looks like in a terminal.

use serde_json::Value;

use crate::screen::Screen;

/// The answer itself: a probability, a value, or a group with how certain it is.
pub(crate) fn answered(prediction: &Value) -> String {
    let group = &prediction["group"];
    let named = group["name"]["nl"].as_str().map(str::to_owned);
    // A line of a batch has the number of the group beside its certainty; people count from 1.
    let numbered = || group.as_u64().map(|number| format!("Groep {}", number + 1));
    if let Some(name) = named.or_else(numbered) {
        let certainty = group["certainty"].as_f64();
        let certainty = certainty.or(prediction["certainty"].as_f64());
        return certainty.map_or(name.clone(), |c| format!("{name}, certainty {c:.2}"));
    }
    match prediction["value"].as_f64() {
        Some(value) => format!("value {value:.4}"),
        None => format!(
            "probability {:.4}",
            prediction["probability"].as_f64().unwrap_or(f64::NAN)
        ),
    }
}

/// Tells a prediction to people.
pub(crate) fn show_prediction(screen: Screen, said: &Value) {
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    for prediction in said["predictions"].as_array().into_iter().flatten() {
        let id = prediction["id"]
            .as_str()
            .map_or_else(String::new, |id| format!(" for {id}"));
        screen.heading(&format!("Prediction{id}: {}", answered(prediction)));
        for one in prediction["group"]["card"]["traits"]
            .as_array()
            .into_iter()
            .flatten()
        {
            screen.line(one["text"]["nl"].as_str().unwrap_or_default());
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::answered;

    #[test]
    fn an_answer_is_told_as_what_it_is() {
        let group = json!({"number": 1, "name": {"nl": "Groep 2"}, "certainty": 0.934});
        assert_eq!(
            answered(&json!({"group": group})),
            "Groep 2, certainty 0.93"
        );
        assert_eq!(
            answered(&json!({"group": 1, "certainty": 1})),
            "Groep 2, certainty 1.00"
        );
        assert_eq!(
            answered(&json!({"group": {"name": {"nl": "Groep 1"}}})),
            "Groep 1"
        );
        assert_eq!(answered(&json!({"value": 2.5})), "value 2.5000");
        assert_eq!(
            answered(&json!({"probability": 0.25})),
            "probability 0.2500"
        );
    }
}
