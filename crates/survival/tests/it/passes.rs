//! Three ways through the risk sets: with many rows per time, with few, and with so many rows that they are read as they came. Entries before
//! all times force the second.

use helder_survival::{Cox, CoxFit, Design, Spells, TieMethod};

use crate::support::{ask, close};

fn spells(n: usize) -> (Spells, Design) {
    let share = |i: usize, step: f64| (i as f64 * step).fract();
    let x: Vec<f64> = (0..n).map(|i| share(i, 0.618_034)).collect();
    let z: Vec<f64> = (0..n).map(|i| 1e6 + 40.0 * share(i, 0.414_214)).collect();
    let flags: Vec<Vec<f64>> = (2..5)
        .map(|k| (0..n).map(|i| f64::from(u8::from(i % k == 0))).collect())
        .collect();
    let time: Vec<f64> = (0..n)
        .map(|i| (-8.0 * share(i, 0.732_051).max(1e-9).ln() * (-x[i]).exp()).ceil())
        .collect();
    let ended: Vec<bool> = (0..n).map(|i| share(i, 0.236_068) < 0.6).collect();
    let weight: Vec<f64> = (0..n).map(|i| [1.0, 0.5, 0.0, 2.0][i % 7 % 4]).collect();
    let mut columns = vec![("x".to_owned(), x), ("z".to_owned(), z)];
    for (k, flag) in flags.into_iter().enumerate() {
        columns.push((format!("flag{k}"), flag));
    }
    let spells = Spells::new(&time, &ended)
        .unwrap()
        .weighted(&weight)
        .unwrap();
    (spells, Design::new(columns).unwrap())
}

fn beside(few: &CoxFit, many: &CoxFit) {
    let values = |fit: &CoxFit| {
        let mut all = vec![fit.null_log_likelihood, fit.log_likelihood];
        all.extend(
            fit.coefficients
                .iter()
                .flat_map(|c| [c.estimate, c.standard_error]),
        );
        all.extend(
            fit.baselines
                .iter()
                .flat_map(|b| b.cumulative_hazard.iter().map(|h| h.ln())),
        );
        all
    };
    let (few, many) = (values(few), values(many));
    for (few, many) in few.iter().zip(&many) {
        ask("ways", close(&[*few], &serde_json::json!([many])), 10.0);
    }
}

#[test]
fn rows_as_they_came_give_the_same_as_rows_in_order() {
    let n = 140_000;
    let (spells, design) = spells(n);
    let entered = spells.clone().entered_at(&vec![-1.0; n]).unwrap();
    let strata: Vec<u32> = (0..n as u32).map(|i| i % 3).collect();
    let offset: Vec<f64> = (0..n).map(|i| (i % 11) as f64 / 10.0).collect();
    let plain = design.clone();
    let stratified = design.stratified_by(&strata).with_offset(&offset);
    for (design, ties) in [(plain, TieMethod::Breslow), (stratified, TieMethod::Efron)] {
        let cox = Cox::new().ties(ties);
        let few = cox.fit(&entered, &design).unwrap();
        let many = cox.fit(&spells, &design).unwrap();
        beside(&few, &many);
        assert_eq!(few.dropped, many.dropped);
        // Errors by person are asked of rows in order, and change no estimate.
        let robust = cox.robust().fit(&spells, &design).unwrap();
        beside(&robust, &many);
    }
}

#[test]
fn both_ways_through_the_risk_sets_give_the_same() {
    let n = 20_000;
    let (spells, design) = spells(n);
    let entered = spells.clone().entered_at(&vec![-1.0; n]).unwrap();
    let strata: Vec<u32> = (0..n as u32).map(|i| i % 3).collect();
    for stratified in [false, true] {
        let design = if stratified {
            design.clone().stratified_by(&strata)
        } else {
            design.clone()
        };
        for ties in [TieMethod::Efron, TieMethod::Breslow] {
            let cox = Cox::new().ties(ties);
            let few = cox.fit(&entered, &design).unwrap();
            beside(&few, &cox.fit(&spells, &design).unwrap());
            // The flag of every third row does not vary within the strata, which are every third row.
            let constant: &[&str] = if stratified { &["flag1"] } else { &[] };
            assert_eq!(few.dropped, constant);
        }
    }
}
