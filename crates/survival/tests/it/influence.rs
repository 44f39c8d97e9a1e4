//! All residuals beside R's, also with weights and strata (`tests/reference/more.R`).

use helder_survival::{Cox, Design, Spells};
use serde_json::{Value, json};

use crate::{
    made::Made,
    support::{ask, close},
};

fn check(name: &str, spells: &Spells, design: &Design, expected: &Value) {
    let fit = Cox::new().fit(spells, design).unwrap();
    let found = fit.residuals(spells, design).unwrap();
    let fifth = |values: &[f64]| values.iter().copied().step_by(5).collect::<Vec<_>>();
    for (key, found) in [
        ("martingale", &found.martingale),
        ("deviance", &found.deviance),
    ] {
        ask(
            &format!("{name}, {key}"),
            close(&fifth(found), &expected[key]),
            9.0,
        );
    }
    for (key, found) in [
        ("score", &found.score),
        ("dfbeta", &found.dfbeta),
        ("dfbetas", &found.dfbetas),
    ] {
        for (j, column) in found.iter().enumerate() {
            ask(
                &format!("{name}, {key}"),
                close(&fifth(column), &expected[key][j]),
                9.0,
            );
        }
    }
    for (key, found) in [
        ("schoenfeld", &found.schoenfeld),
        ("scaledsch", &found.scaled_schoenfeld),
    ] {
        for j in 0..3 {
            let mut column: Vec<f64> = found.iter().map(|(_, row)| row[j]).collect();
            column.sort_by(f64::total_cmp);
            ask(
                &format!("{name}, {key}"),
                close(&fifth(&column), &expected[key][j]),
                9.0,
            );
        }
    }
}

#[test]
fn influence_of_rows_and_events_is_that_of_r() {
    let made = Made::beside("more.json");
    let design = made.design(&["age", "debt", "work"]);
    let expected = &made.expected["influence"];
    check("plain", &made.spells(), &design, &expected["plain"]);
    let strata = design.stratified_by(&made.labels("district"));
    check(
        "weighted by stratum",
        &made.weighted(),
        &strata,
        &expected["weighted"],
    );
}

#[test]
fn scaled_schoenfeld_residuals_average_to_the_coefficients() {
    let made = Made::beside("more.json");
    let (spells, design) = (made.spells(), made.design(&["age", "debt", "work"]));
    let fit = Cox::new().fit(&spells, &design).unwrap();
    let residuals = fit.residuals(&spells, &design).unwrap();
    let n = residuals.scaled_schoenfeld.len() as f64;
    let means: Vec<f64> = (0..3)
        .map(|j| {
            residuals
                .scaled_schoenfeld
                .iter()
                .map(|(_, row)| row[j])
                .sum::<f64>()
                / n
        })
        .collect();
    ask("means", close(&means, &json!(fit.estimates())), 9.0);
}
