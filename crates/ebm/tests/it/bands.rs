//! How often the bands of a shape function hold the truth that was planted.

use helder_ebm::{Bin, Bins, Column, Ebm, Pairs, Settings, Value};

use crate::made::{LEVELS, Made, made, of_age, of_debt};

#[test]
fn bands_hold_the_planted_curves() {
    let (mut held, mut all) = ([0.0; 2], [0.0; 2]);
    for seed in 0..8 {
        let data = made(3_000, 100 + seed, 0.0);
        let settings = Settings {
            pairs: Pairs::AtMost(0),
            ..Settings::default()
        };
        let model = Ebm::fit(&data.columns, &data.outcome, None, &settings).unwrap();
        let curves: [fn(f64) -> f64; 2] = [of_age, of_debt];
        for (input, truth) in curves.into_iter().enumerate() {
            let Bins::Numeric { cuts } = &model.inputs[input].1 else {
                panic!("a number")
            };
            let shape = &model.shapes[input];
            // Whole numbers, a bin each: the value lies below its upper cut.
            let value = |bin: usize| {
                cuts.get(bin - 1)
                    .map_or_else(|| cuts[cuts.len() - 1] + 0.5, |cut| cut - 0.5)
            };
            let bins = 1..=cuts.len() + 1;
            let rows: f64 = bins.clone().map(|bin| shape.counts[bin]).sum();
            let mean = |of: &dyn Fn(usize) -> f64| -> f64 {
                bins.clone()
                    .map(|bin| of(bin) * shape.counts[bin])
                    .sum::<f64>()
                    / rows
            };
            // Both curves around their mean over the rows with a value.
            let shift = mean(&|bin| truth(value(bin))) - mean(&|bin| shape.scores[bin]);
            for bin in bins.clone() {
                let [low, high] = shape.band(Bin(bin as u8));
                let wanted = truth(value(bin)) - shift;
                all[input] += shape.counts[bin];
                held[input] += if low <= wanted && wanted <= high {
                    shape.counts[bin]
                } else {
                    0.0
                };
            }
        }
    }
    let shares = [held[0] / all[0], held[1] / all[1]];
    println!(
        "share of rows whose band holds the truth: a wave {:.3}, a line {:.3}",
        shares[0], shares[1]
    );
    for share in shares {
        assert!((0.90..=1.0).contains(&share), "{shares:?}");
    }
}

/// Values and planted score of a row whose dwelling is known.
fn planted(data: &Made, row: usize) -> Option<([Value<'static>; 4], f64)> {
    let [
        Column::Numeric { values: ages, .. },
        Column::Numeric { values: debts, .. },
        Column::Category { codes, .. },
        Column::Numeric { values: noise, .. },
    ] = &data.columns[..]
    else {
        unreachable!("other columns")
    };
    let dwelling = codes[row]?;
    let of_debt = if debts[row].is_nan() {
        1.0
    } else {
        of_debt(debts[row])
    };
    let score = -1.8 + of_age(ages[row]) + 0.8 * f64::from(dwelling) + of_debt;
    let values = [
        Value::Number(ages[row]),
        Value::Number(debts[row]),
        Value::Level(LEVELS[dwelling as usize]),
        Value::Number(noise[row]),
    ];
    Some((values, score))
}

#[test]
fn intervals_of_whole_scores_hold_the_planted_scores() {
    let (mut held, mut all, mut apart) = (0.0, 0.0, 0.0);
    for seed in 0..4 {
        let data = made(3_000, 300 + seed, 0.0);
        let model = Ebm::fit(&data.columns, &data.outcome, None, &Settings::default()).unwrap();
        // Rows that nobody learned from.
        let fresh = made(1_000, 900 + seed, 0.0);
        for (values, truth) in (0..1_000).filter_map(|row| planted(&fresh, row)) {
            let (bins, _) = model.bins(&values).unwrap();
            let half = 1.96 * model.standard_error(&bins).unwrap();
            all += 1.0;
            held += f64::from(u8::from((model.score(&bins) - truth).abs() <= half));
            // As if terms were drawn apart.
            let errors = model.shapes.iter().map(|shape| {
                let bin = usize::from(bins[shape.input]);
                shape.standard_errors[bin].powi(2)
            });
            apart += half / (1.96 * errors.sum::<f64>().sqrt());
        }
    }
    let (share, ratio) = (held / all, apart / all);
    println!(
        "share of rows whose interval holds the planted score: {share:.3}; {ratio:.2} times as wide as terms apart"
    );
    assert!((0.88..=0.99).contains(&share), "{share}");
}
