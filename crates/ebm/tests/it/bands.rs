//! How often the bands of a shape function hold the truth that was planted.

use helder_ebm::{Bin, Bins, Ebm, Pairs, Settings};

use crate::made::{made, of_age, of_debt};

#[test]
fn bands_hold_the_planted_curves() {
    let (mut held, mut all) = ([0.0; 2], [0.0; 2]);
    for seed in 0..12 {
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
