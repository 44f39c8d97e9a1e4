//! The building blocks beside R's, on made spells with people who return: `tests/reference/make.R`.

use std::{fs::File, path::Path};

use helder_effect::{
    Column, ColumnBalance, Difference, Effect, Grouping, HazardRatio, Missing, Multiplicity,
    Settings, Study, adjusted_p_values, analyse,
};
use serde_json::Value;

fn path(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(file)
}

fn values() -> Value {
    serde_json::from_reader(File::open(path("values.json")).unwrap()).unwrap()
}

fn analysed() -> Effect {
    let mut columns: Vec<Vec<Option<f64>>> = vec![Vec::new(); 8];
    for row in csv::Reader::from_path(path("spells.csv"))
        .unwrap()
        .records()
    {
        for (column, text) in columns.iter_mut().zip(row.unwrap().iter()) {
            column.push(text.parse().ok());
        }
    }
    let numbers = |k: usize| -> Vec<f64> { columns[k].iter().map(|it| it.unwrap()).collect() };
    let labels = |k: usize| -> Vec<u32> { numbers(k).iter().map(|it| *it as u32).collect() };
    let (person, cause, group) = (labels(0), labels(3), labels(7));
    let (entry, end, x1, x2) = (numbers(1), numbers(2), numbers(5), numbers(6));
    let column = |name: &str, values| Column {
        name: name.to_owned(),
        values,
        missing: Missing::Refuse,
    };
    let study = Study {
        person: Some(&person),
        entry: &entry,
        end: &end,
        cause: &cause,
        provision: &columns[4],
        columns: vec![column("x1", &x1[..]), column("x2", &x2)],
        groupings: vec![Grouping {
            name: "group".to_owned(),
            levels: ["a", "b", "c"].map(str::to_owned).to_vec(),
            labels: &group,
        }],
        settings: Settings {
            landmarks: vec![60.0, 120.0],
            horizons: vec![300.0],
            truncation: 0.0,
            smallest_relevant_hazard_ratio: 5.0,
            smallest_relevant_difference: 0.9,
            ..Settings::default()
        },
    };
    analyse(&study).unwrap()
}

fn close(what: &str, found: f64, expected: &Value, digits: f64) {
    let expected = expected.as_f64().unwrap();
    let same = -((found - expected).abs() / expected.abs())
        .max(1e-16)
        .log10();
    println!("{what}: {same:.1} digits");
    assert!(same >= digits, "{what}: {found} beside {expected}");
}

fn close_ratio(what: &str, found: &HazardRatio, expected: &Value, digits: f64) {
    close(what, found.estimate, &expected[0], digits);
    close(what, found.standard_error, &expected[1], digits);
}

#[test]
fn time_dependent_and_ever_received_equal_r() {
    let (effect, r) = (analysed(), values());
    let adjusted = effect.time_dependent.adjusted.value().unwrap();
    close_ratio("time-dependent", adjusted, &r["time_dependent"], 10.0);
    let wrong = effect.ever_received.ever_received.as_ref().unwrap();
    close_ratio("ever received", wrong, &r["ever_received"], 10.0);
}

#[test]
fn the_first_days_and_later_equal_r() {
    let (effect, r) = (analysed(), &values()["by_duration"]);
    let found = effect.time_dependent.by_duration.value().unwrap();
    close_ratio("first days", &found.first, &r["first"], 10.0);
    close_ratio("later", &found.later, &r["later"], 10.0);
    close("equal", found.p_value, &r["p"], 10.0);
}

#[test]
fn weights_and_the_weighted_hazard_ratio_equal_r() {
    let (effect, r) = (analysed(), &values()["weighted"]);
    let found = effect.time_dependent.weighted.value().unwrap();
    close(
        "weighted",
        found.hazard_ratio.estimate,
        &r["hazard_ratio"][0],
        8.0,
    );
    let known = found.standard_error_known_weights;
    close("weighted s.e.", known, &r["hazard_ratio"][1], 10.0);
    close("mean weight", found.weights.mean, &r["mean"], 10.0);
    close("highest weight", found.weights.highest, &r["highest"], 10.0);
    let share = found.weights.effective_share;
    close("effective share", share, &r["effective_share"], 10.0);
    // Estimating the weights makes the result no less certain.
    assert!(found.hazard_ratio.standard_error < 1.01 * known);
}

#[test]
fn landmarks_and_balance_equal_r() {
    let (effect, r) = (analysed(), &values()["landmark"]);
    let landmarks = effect.landmarks.value().unwrap();
    let landmark = &landmarks.each[1];
    assert_eq!(landmark.n, r["n"].as_u64().map(|n| n as usize));
    assert_eq!(
        landmark.n_exposed,
        r["exposed"].as_u64().map(|n| n as usize)
    );
    close_ratio(
        "landmark",
        landmark.adjusted.value().unwrap(),
        &r["adjusted"],
        9.0,
    );
    close_ratio(
        "pooled",
        landmarks.pooled.value().unwrap(),
        &r["pooled"],
        9.0,
    );
    let balance = landmark.balance.value().unwrap();
    close(
        "lowest chance",
        balance.chance_range.0,
        &r["chance_range"][0],
        9.0,
    );
    close(
        "highest chance",
        balance.chance_range.1,
        &r["chance_range"][1],
        9.0,
    );
    for ColumnBalance {
        name,
        difference_before,
        difference_after,
        variance_ratio_before,
        variance_ratio_after,
    } in &balance.columns
    {
        let r = &r[name.as_str()];
        close(name, *difference_before, &r["before"][0], 10.0);
        close(name, *difference_after, &r["after"][0], 10.0);
        close(name, variance_ratio_before.unwrap(), &r["before"][1], 10.0);
        close(name, variance_ratio_after.unwrap(), &r["after"][1], 10.0);
    }
    close(
        "worth with",
        balance.effective_exposed,
        &r["effective"][0],
        9.0,
    );
    close(
        "worth without",
        balance.effective_unexposed,
        &r["effective"][1],
        9.0,
    );
}

#[test]
fn the_doubly_robust_difference_equals_a_script_in_r() {
    let (effect, r) = (analysed(), &values()["doubly_robust"]);
    let landmarks = effect.landmarks.value().unwrap();
    let found = landmarks.each[1].differences[0].difference.value().unwrap();
    let Difference {
        estimate,
        standard_error,
        ..
    } = found.doubly_robust;
    close("difference", estimate, &r["difference"], 10.0);
    close("s.e.", standard_error, &r["se"], 10.0);
    close("with", found.with_provision, &r["with"], 10.0);
    close("without", found.without_provision, &r["without"], 10.0);
    close("outcome model", found.regression, &r["regression"], 10.0);
    close("weights alone", found.weighted, &r["weighted"], 10.0);
    close("as they are", found.crude, &r["crude"], 10.0);
}

#[test]
fn groups_and_their_interaction_equal_r() {
    let (effect, r) = (analysed(), &values()["groups"]);
    let grouped = &effect.groups.value().unwrap()[0];
    for (k, group) in grouped.groups.iter().enumerate() {
        let found = &group.effect.value().unwrap().hazard_ratio;
        close("group", found.estimate, &r["estimate"][k], 10.0);
        close("group s.e.", found.standard_error, &r["se"][k], 10.0);
    }
    let interaction = grouped.interaction.value().unwrap();
    close("interaction", interaction.chi_squared, &r["wald"], 10.0);
    close("its p", interaction.p_value, &r["p"], 10.0);
}

#[test]
fn corrected_p_values_equal_r() {
    let r = &values()["p_adjust"];
    let list = |name: &str| -> Vec<f64> { serde_json::from_value(r[name].clone()).unwrap() };
    for (method, name) in [
        (Multiplicity::Holm, "holm"),
        (Multiplicity::BenjaminiHochberg, "bh"),
    ] {
        let found = adjusted_p_values(&list("p"), method);
        for (found, expected) in found.iter().zip(list(name)) {
            assert!((found - expected).abs() < 1e-15, "{name}");
        }
    }
}
