//! An expert's edit from request to card.

use helder_model::{Algorithm, Model, Signed};
use helder_platform::body::Check;
use helder_types::Digest;
use serde_json::{Value, json};

use super::frame::{CALM, clients, learned, origin, parse, parsed, plan};
use crate::learn::{
    Former, LearnError, Learned, NewEdit, NewTrainingRun, check_edit, edit, plan_after,
};

fn full() -> Value {
    let mut plan = plan(&["age", "debt", "town"]);
    plan["algorithm"] = json!("explainable-boosting");
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["split"] = json!({"rule": "random", "testShare": 0.3});
    plan
}

fn asked(changes: &Value) -> NewEdit {
    serde_json::from_value(json!({
        "reason": "vanaf 60 is het verschil ruis, besproken met het team", "changes": changes
    }))
    .unwrap()
}

const SIGNED: (&str, &str) = ("a.bakker", "2026-05-04T09:30:00Z");

/// The edited files, and the plan they stand on.
fn edited(former: &Learned, plan: &NewTrainingRun, new: &NewEdit) -> (Learned, NewTrainingRun) {
    let file = clients(2_000).file();
    let evaluation = parse(&former.evaluation);
    let was = Former {
        model: &former.model,
        evaluation: &evaluation,
        plan,
    };
    let after = plan_after(plan, &new.changes);
    let signed = Signed {
        by: SIGNED.0,
        at: SIGNED.1,
        reason: &new.reason,
    };
    let made = edit(file.path(), &after, &origin(), &was, (new, signed), &CALM).unwrap();
    (made, after)
}

#[test]
fn an_edit_is_judged_on_the_same_rows_signed_shown_and_can_be_taken_back() {
    let plan = parsed(&full());
    let former = learned(clients(2_000), &full()).unwrap();
    let new = asked(&json!([
        {"change": "monotone", "input": "debt", "direction": "rising"},
        {"change": "set", "input": "age", "stretch": {"from": 60}, "value": 0},
        {"change": "remove", "input": "town"},
    ]));
    assert!(new.faults().is_empty());
    let (made, after) = edited(&former, &plan, &new);
    assert_eq!(after.features.len(), 2);

    let model = Model::from_json(&made.model).unwrap();
    let edit = &model.edits()[0];
    assert_eq!((edit.by.as_str(), edit.at.as_str()), SIGNED);
    assert_eq!(edit.of, Digest::of(&former.model));
    assert_eq!(model.undone().unwrap().to_json().unwrap(), former.model);
    assert!(model.inputs.iter().all(|input| input.name != "town"));
    // Similar cases are never counted anew: those of before, or none.
    let counted = Model::from_json(&former.model).unwrap().similar_cases;
    assert!(model.similar_cases.is_none() || model.similar_cases == counted);

    let (was, is) = (parse(&former.evaluation), parse(&made.evaluation));
    assert_eq!(was["rows"], is["rows"]);
    let figures = is["edit"]["figures"].as_array().unwrap();
    let figure = |name: &str| figures.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(figure("auc")["before"], was["predictions"]["auc"]["value"]);
    assert_eq!(figure("auc")["after"], is["predictions"]["auc"]["value"]);
    assert_ne!(figure("auc")["before"], figure("auc")["after"]);
    let stored = edit.effect.as_ref().unwrap();
    assert_eq!(stored.figures.len(), figures.len());
    assert_eq!(Some(stored.rows), is["rows"]["test"].as_u64());
    assert!(figure("calibrationSlope")["after"].as_f64().unwrap() > 0.0);

    // Every group that is shown has its figures before and after, equal to those of both fairness reports.
    let groups = is["edit"]["groups"].as_array().unwrap();
    assert!(groups.len() >= 2, "{groups:?}");
    for (place, report) in [&former.fairness, &made.fairness].into_iter().enumerate() {
        let report = parse(report);
        let own = report["sensitiveFeatures"][0]["groups"].as_array().unwrap();
        for (mine, shown) in groups.iter().zip(own) {
            assert_eq!(mine["group"], shown["group"]);
            assert_eq!(
                mine["selectionRate"][place],
                shown["selectionRate"]["value"]
            );
        }
    }
    assert_eq!(parse(&made.provenance)["editedFrom"], edit.of.to_string());
    let terms = is["boosting"]["terms"].as_array().unwrap();
    assert!(terms.iter().all(|term| term["inputs"] != json!(["town"])));
    assert!(terms[0]["importance"].as_f64().unwrap() > 0.1);

    let card = String::from_utf8(made.card.clone()).unwrap();
    for said in [
        "Wat een deskundige heeft veranderd",
        "a.bakker",
        "besproken met het team",
        "vanaf 60 telt mee met 0",
        "wordt niet meer gevraagd",
        "voor de aanpassing",
        "Per groep: voor → na",
    ] {
        assert!(card.contains(said), "{said}");
    }
    if let Some(folder) = std::env::var_os("REPORT_PAGES") {
        std::fs::write(std::path::PathBuf::from(folder).join("edited.html"), &card).unwrap();
    }
    // Same run, same bytes.
    let again = edited(&former, &plan, &new).0;
    assert!(made.model == again.model && made.card == again.card);
}

#[test]
fn an_edited_model_is_edited_again_and_keeps_what_was_done() {
    let plan = parsed(&full());
    let former = learned(clients(2_000), &full()).unwrap();
    let first = asked(&json!([{"change": "remove", "input": "town"}]));
    let (once, plan) = edited(&former, &plan, &first);
    let second = asked(&json!([
        {"change": "flatten", "input": "debt", "stretch": {"missing": true}},
        {"change": "flatten", "input": "age", "stretch": {"to": 30}},
    ]));
    let (twice, _) = edited(&once, &plan, &second);
    let model = Model::from_json(&twice.model).unwrap();
    assert_eq!(model.edits().len(), 2);
    assert_eq!(model.undone().unwrap().to_json().unwrap(), once.model);
    assert_eq!(parse(&twice.evaluation)["edit"]["earlierEdits"], 1);
    // Words for an input that an earlier edit removed still stand on the card.
    let card = String::from_utf8(twice.card).unwrap();
    assert!(card.contains("town: telt niet meer mee"));
    let Algorithm::ExplainableBoosting(fit) = &model.algorithm else {
        panic!("another algorithm")
    };
    // Training weighs: the mean over the people stays where it was, so the intercept does.
    let Algorithm::ExplainableBoosting(before) = Model::from_json(&former.model).unwrap().algorithm
    else {
        panic!("another algorithm")
    };
    assert_eq!(fit.intercept.to_bits(), before.intercept.to_bits());
}

#[test]
fn faults_of_an_edit_are_named_before_anything_is_done() {
    let former = learned(clients(900), &full()).unwrap();
    let wrong = asked(&json!([
        {"change": "set", "input": "age", "stretch": {}, "value": 0},
        {"change": "remove", "input": "nobody"},
        {"change": "merge", "input": "town", "levels": ["Best", "Nergenshuizen"]},
    ]));
    let Err(LearnError::Invalid(faults)) = check_edit(&former.model, &wrong) else {
        panic!("faults")
    };
    let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/changes/0/stretch",
            "/changes/1/input",
            "/changes/2/levels/1"
        ]
    );
    let short = NewEdit {
        reason: "  ruis ".to_owned(),
        changes: Vec::new(),
    };
    let pointers: Vec<String> = short.faults().into_iter().map(|f| f.pointer).collect();
    assert_eq!(pointers, ["/reason", "/changes"]);
}
