//! Measures of predictions beside scikit-survival and lifelines.

use helder_survival::{
    Censoring, Cox, Design, Spells, brier_score, concordance, dynamic_auc, integrated_brier_score,
    kaplan_meier, uno_concordance,
};
use serde_json::Value;

use crate::support::{ask, digits, fewest, floats, with_reference};

/// The spells split as the reference does, with a Cox regression on the train rows.
fn check(name: &str, spells: &Spells, columns: &[(String, Vec<f64>)], expected: &Value) {
    let (test, train): (Vec<usize>, Vec<usize>) = (0..spells.len()).partition(|i| i % 5 == 0);
    let part = |rows: &[usize]| {
        let pick = |(name, values): &(String, Vec<f64>)| {
            (name.clone(), rows.iter().map(|&i| values[i]).collect())
        };
        (
            spells.at(rows),
            Design::new(columns.iter().map(pick).collect()).unwrap(),
        )
    };
    let ((train, train_design), (test, test_design)) = (part(&train), part(&test));
    let fit = Cox::new().fit(&train, &train_design).unwrap();
    let score = fit.scores(&test, &test_design).unwrap();
    let expected_cox = &expected["cox"];
    let one = |key: &str, found: f64| digits(found, expected_cox[key].as_f64().unwrap());
    let harrell = concordance(&test, &score);
    ask(
        &format!("{name}: Harrell"),
        one("harrell_c", harrell.index),
        12.0,
    );
    assert_eq!(
        harrell.concordant,
        expected_cox["concordant"].as_f64().unwrap()
    );
    assert_eq!(
        harrell.discordant,
        expected_cox["discordant"].as_f64().unwrap()
    );
    // The reference ends the follow-up of the test rows just after the last time it looks at.
    let tau = expected_cox["tau"].as_f64().unwrap();
    let times: Vec<f64> = test
        .times()
        .iter()
        .map(|time| time.min(tau + 1e-6))
        .collect();
    let ended: Vec<bool> = (0..test.len())
        .map(|i| test.causes()[i] > 0 && test.times()[i] <= tau + 1e-6)
        .collect();
    let followed = Spells::new(&times, &ended).unwrap();
    let censoring = Censoring::of(&train);
    let uno = uno_concordance(&censoring, &followed, &score, tau).unwrap();
    ask(&format!("{name}: Uno"), one("uno_c_ipcw", uno), 9.0);
    let times = floats(&expected_cox["cumulative_dynamic_auc"]["times"]);
    let auc = dynamic_auc(&censoring, &followed, &score, &times).unwrap();
    ask(
        &format!("{name}: AUC(t)"),
        fewest(auc.auc, &expected_cox["cumulative_dynamic_auc"]["auc"]),
        9.0,
    );
    let mean = expected_cox["cumulative_dynamic_auc"]["mean"]
        .as_f64()
        .unwrap();
    ask(&format!("{name}: mean AUC"), digits(auc.mean, mean), 9.0);
    let hazard = breslow(&train, &fit.scores(&train, &train_design).unwrap());
    let chance = |i: usize, time: f64| {
        let lived: f64 = hazard
            .iter()
            .filter(|(at, _)| *at <= time)
            .map(|(_, rise)| rise)
            .sum();
        (-lived * score[i].exp()).exp()
    };
    let times = floats(&expected_cox["ipcw_brier"]["times"]);
    let scores = times.iter().map(|&time| {
        let chances: Vec<f64> = (0..test.len()).map(|i| chance(i, time)).collect();
        brier_score(&censoring, &followed, &chances, time).unwrap()
    });
    ask(
        &format!("{name}: Brier"),
        fewest(scores, &expected_cox["ipcw_brier"]["score"]),
        9.0,
    );
    let times = floats(&expected_cox["integrated_brier"]["times"]);
    let integrated = |chance: &dyn Fn(usize, f64) -> f64| {
        let chances: Vec<f64> = (0..test.len())
            .flat_map(|i| times.iter().map(move |&time| (i, time)))
            .map(|(i, t)| chance(i, t))
            .collect();
        integrated_brier_score(&censoring, &followed, &chances, &times).unwrap()
    };
    let found = integrated(&chance);
    ask(
        &format!("{name}: integrated Brier"),
        digits(
            found,
            expected_cox["integrated_brier"]["ibs"].as_f64().unwrap(),
        ),
        9.0,
    );
    let curve = kaplan_meier(&train, 0.95);
    let found = integrated(&|_, time| curve.survival_at(time));
    ask(
        &format!("{name}: integrated Brier of the curve of all"),
        digits(
            found,
            expected["kaplan_meier_baseline_ibs"].as_f64().unwrap(),
        ),
        9.0,
    );
}

/// The reference's baseline: events over the sum of the ratios at risk, whatever rule the coefficients had for ties.
fn breslow(spells: &Spells, score: &[f64]) -> Vec<(f64, f64)> {
    let mut times: Vec<f64> = (0..spells.len())
        .filter(|&i| spells.causes()[i] > 0)
        .map(|i| spells.times()[i])
        .collect();
    times.sort_by(f64::total_cmp);
    let rise = |&time: &f64| {
        let at_risk: f64 = (0..spells.len())
            .filter(|&i| spells.times()[i] >= time)
            .map(|i| score[i].exp())
            .sum();
        (time, 1.0 / at_risk)
    };
    times.iter().map(rise).collect()
}

#[test]
fn measures_of_rossi_and_unempdur() {
    if let (Some((data, _)), Some((_, expected))) = (
        with_reference("rossi.csv", "survival_rossi.json"),
        with_reference("rossi.csv", "survival_rossi_python.json"),
    ) {
        let arrest: Vec<bool> = data
            .numbers("arrest")
            .iter()
            .map(|&arrest| arrest == 1.0)
            .collect();
        let spells = Spells::new(&data.numbers("week"), &arrest).unwrap();
        check(
            "rossi",
            &spells,
            &crate::cox::rossi(&data, &[]),
            &expected["predictive_on_split"],
        );
    }
    let Some((data, expected)) = with_reference("unempdur.csv", "survival_unempdur_python.json")
    else {
        return;
    };
    let spells = Spells::competing(
        &data.numbers("spell"),
        &crate::curves::causes_of_unempdur(&data),
    )
    .unwrap()
    .any();
    let names: Vec<String> = serde_json::from_value(expected["columns"].clone()).unwrap();
    let columns: Vec<_> = names
        .into_iter()
        .map(|name| (name.clone(), data.numbers(&name)))
        .collect();
    check(
        "unempdur",
        &spells,
        &columns,
        &expected["predictive_on_split"],
    );
}
