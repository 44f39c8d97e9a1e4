//! Every family has a card with charts and a printed form that says the same numbers.

use helder_model::{Language, Model};
use serde_json::{Value, json};

use super::{
    client_groups,
    counts::emergency,
    frame::{Frame, clients, learned, plan},
    groups::{clouds, grouping},
};

/// A plan for one family, with rows that suit it.
fn families() -> Vec<(&'static str, Frame, Value)> {
    let mut all = Vec::new();
    for algorithm in ["logistic-regression", "explainable-boosting", "scorecard"] {
        let mut plan = plan(&["age", "debt", "town"]);
        plan["algorithm"] = json!(algorithm);
        plan["sensitiveFeatures"] = json!(["origin"]);
        all.push((algorithm, clients(2_000), plan));
    }
    for algorithm in [
        "linear-regression",
        "poisson-regression",
        "negative-binomial-regression",
        "binomial-regression",
    ] {
        let mut plan = plan(&["months", "season"]);
        plan["algorithm"] = json!(algorithm);
        plan["target"] = json!("breaches");
        plan["sensitiveFeatures"] = json!(["region"]);
        let size = match algorithm {
            "linear-regression" => None,
            "binomial-regression" => Some("trials"),
            _ => Some("exposure"),
        };
        if let Some(size) = size {
            plan[size] = json!("attendances");
        }
        all.push((algorithm, emergency().0, plan));
    }
    let groups = grouping(&["age", "debt", "welfare"]);
    all.push(("k-means", clouds(900), groups));
    for (algorithm, features) in [
        ("k-prototypes", &["age", "debt", "children", "housing"][..]),
        ("gaussian-mixture", &["age", "debt"]),
    ] {
        let plan = client_groups::asked(algorithm, features);
        all.push((algorithm, client_groups::clients(900), plan));
    }
    all
}

/// `REPORT_PAGES=folder` writes the cards, to look at.
#[test]
fn every_family_has_a_card_with_charts_and_a_printed_form() {
    for (algorithm, frame, plan) in families() {
        let learned =
            learned(frame, &plan).unwrap_or_else(|error| panic!("{algorithm}: {error:?}"));
        let model = Model::from_json(&learned.model).unwrap();
        let card = String::from_utf8(learned.card).unwrap();
        if let Some(folder) = std::env::var_os("REPORT_PAGES") {
            let folder = std::path::PathBuf::from(folder);
            std::fs::write(folder.join(format!("{algorithm}.html")), &card).unwrap();
            if let Some(page) = &learned.evaluation_page {
                let name = format!("{algorithm}-evaluation.html");
                std::fs::write(folder.join(name), page).unwrap();
            }
            let printed = model.printed(Language::Dutch, false);
            std::fs::write(folder.join(format!("{algorithm}.txt")), printed).unwrap();
        }
        let wanted = if algorithm == "scorecard" { 1 } else { 2 };
        let charts = card.matches("<svg").count();
        assert!(charts >= wanted, "{algorithm} has {charts} charts");
        let printed = model.printed(Language::Dutch, true);
        for input in &model.inputs {
            assert!(
                card.contains(&input.meaning.nl),
                "{algorithm}: {}",
                input.name
            );
            assert!(printed.contains(&input.name), "{algorithm}: {}", input.name);
        }
    }
}
