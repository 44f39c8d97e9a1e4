//! What somebody can change stands in the plan, in the model and on the card.

use helder_model::{Direction, Model};
use serde_json::json;

use super::frame::{clients, faults, learned, plan};

#[test]
fn what_can_be_changed_ends_up_in_the_model_and_on_the_card() {
    for algorithm in [
        "logistic-regression",
        "explainable-boosting",
        "decision-tree",
    ] {
        let mut plan = plan(&["age", "debt", "town"]);
        plan["algorithm"] = json!(algorithm);
        plan["features"][1]["actionable"] =
            json!({"direction": "down", "minimum": 0.0, "largestStep": 250.5});
        let learned = learned(clients(3_000), &plan).unwrap();
        let model = Model::from_json(&learned.model).unwrap();
        let how = model.inputs[1].actionable.as_ref().unwrap();
        assert_eq!(how.direction, Direction::Down);
        assert_eq!((how.minimum, how.largest_step), (Some(0.0), Some(250.5)));
        assert_eq!(model.inputs[0].actionable, None);
        let ready = helder_model::Counterfactuals::new(&model).unwrap();
        assert!(!ready.is_empty());
        // How many resemble one is counted over the rows learned from.
        let counted = model.similar_cases.as_ref().unwrap().cells.cells();
        let rows: u64 = counted.iter().map(|cell| cell.rows).sum();
        assert_eq!(rows, model.training.rows);
        assert!(counted.len() > 2 && counted.iter().all(|cell| cell.rows >= 10));
        let card = String::from_utf8(learned.card).unwrap();
        assert!(card.contains("debt: alleen lager, niet onder 0, niet meer ineens dan 250,5."));
    }
}

#[test]
fn what_nobody_can_do_is_refused() {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["features"][0]["actionable"] = json!({"direction": "down", "step": -1.0});
    plan["features"][2]["actionable"] =
        json!({"direction": "either", "levels": ["Atlantis", "(missing)"]});
    let found = faults(clients(3_000), &plan);
    let found: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    for wanted in [
        "/features/0/actionable/step",
        "/features/2/actionable/levels/0",
        "/features/2/actionable/levels",
    ] {
        assert!(found.contains(&wanted), "{wanted}: {found:?}");
    }
}
