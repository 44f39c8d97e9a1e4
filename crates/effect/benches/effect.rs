//! The whole analysis of 9,000 spells with ten columns, three landmarks and two divisions.

use helder_effect::{Column, Grouping, Missing, Settings, Study, analyse};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn main() {
    divan::main();
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn nine_thousand_spells(bencher: divan::Bencher<'_, '_>) {
    let n = 9000;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut uniform = || rng.r#gen::<f64>();
    let columns: Vec<Vec<f64>> = (0..10)
        .map(|k| {
            let value = |u: f64| if k < 5 { u } else { u.round() };
            (0..n).map(|_| value(uniform())).collect()
        })
        .collect();
    let (mut entry, mut end, mut cause, mut provision) = (vec![], vec![], vec![], vec![]);
    let mut labels = Vec::new();
    let scores: Vec<f64> = columns[0]
        .iter()
        .zip(&columns[5])
        .map(|(a, b)| (a - b).exp())
        .collect();
    for (i, score) in scores.into_iter().enumerate() {
        let mut wait = |mean: f64| -(1.0 - uniform()).ln() * mean;
        let begins = wait(900.0 / score).ceil();
        let leaves = [wait(900.0 / score), wait(1400.0), wait(2000.0)];
        let first = leaves.iter().copied().fold(f64::INFINITY, f64::min);
        let which = leaves.iter().position(|it| *it <= first).unwrap_or(2);
        let stop = first.ceil() + 1.0;
        entry.push(if i % 4 == 0 {
            (stop / 3.0).floor()
        } else {
            0.0
        });
        end.push(stop);
        cause.push([1, 2, 0][which]);
        provision.push((begins < stop).then_some(begins));
        labels.push(i as u32 % 3);
    }
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let grouping = |name: &str| Grouping {
        name: name.to_owned(),
        levels: names.clone(),
        labels: &labels,
    };
    let study = Study {
        person: None,
        entry: &entry,
        end: &end,
        cause: &cause,
        provision: &provision,
        columns: columns
            .iter()
            .enumerate()
            .map(|(k, values)| Column {
                name: format!("x{k}"),
                values,
                missing: Missing::Refuse,
            })
            .collect(),
        groupings: vec![grouping("thirds"), grouping("thirds again")],
        settings: Settings::default(),
    };
    bencher.bench(|| analyse(&study).map(|effect| effect.conclusion.verdict));
}
