//! Equal to scikit-learn's mixtures on real data, and right on made groups; figures of scikit-learn 1.9.1 lie beside the data.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::PathBuf;

use helder_segmentation::{
    KMeansOptions, Matrix, Mixed, Mixture, MixtureOptions, PrototypesOptions, SegmentationError,
    gaussian_mixture, prototypes_stability,
};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let list = value.as_array().unwrap();
    list.iter().map(|v| v.as_f64().unwrap()).collect()
}

#[test]
fn likelihood_weights_and_criteria_equal_scikit_learn() {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA").map(PathBuf::from) else {
        eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder");
        return;
    };
    let folder = folder.join("ml");
    for name in ["ui_benefits", "midwest", "unempdur", "synth_dev_spells"] {
        let text = std::fs::read(folder.join(format!("reference/clustering_{name}.json"))).unwrap();
        let reference: Value = serde_json::from_slice(&text).unwrap();
        let mut csv = csv::Reader::from_path(folder.join(format!("{name}.csv"))).unwrap();
        let header = csv.headers().unwrap().clone();
        let wanted: Vec<&str> = reference["numeric"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_str().unwrap())
            .collect();
        let values: Vec<f64> = csv
            .records()
            .flat_map(|record| {
                let record = record.unwrap();
                let place = |name: &&str| header.iter().position(|h| h == *name).unwrap();
                let row: Vec<f64> = wanted
                    .iter()
                    .map(|n| record[place(n)].parse().unwrap())
                    .collect();
                row
            })
            .collect();
        let rows = values.len() / wanted.len();
        let (data, _) = Matrix::new(values, rows, wanted.len())
            .unwrap()
            .standardise()
            .unwrap();
        for (k, expected) in reference["gmm"].as_object().unwrap() {
            let centres = &reference["kmeans"][k]["centers"];
            let means = centres.as_array().unwrap().iter().map(numbers).collect();
            let options = MixtureOptions {
                tolerance: 1e-10,
                rounds: 100_000,
                ..MixtureOptions::default()
            };
            let ours = Mixture::from_means(&data, means, &options).unwrap();
            let near = |ours: f64, key: &str, digits: f64| {
                let theirs = expected[key].as_f64().unwrap();
                let apart = (ours / theirs - 1.0).abs();
                assert!(apart < digits, "{name} k={k} {key}: {ours} {theirs}");
                apart
            };
            assert!(ours.converged);
            let apart = near(ours.log_likelihood_per_row, "loglik_per_row", 1e-9);
            near(ours.bic, "bic", 1e-9);
            near(ours.aic, "aic", 1e-9);
            let mut theirs = numbers(&expected["weights"]);
            theirs.sort_by(|a, b| b.total_cmp(a));
            for (ours, theirs) in ours.weights.iter().zip(theirs) {
                assert!(
                    (ours - theirs).abs() < 1e-6,
                    "{name} k={k}: {ours} {theirs}"
                );
            }
            println!(
                "{name} k={k}: log-likelihood to {apart:.1e}, {} rounds",
                ours.rounds
            );
        }
    }
}

/// Three long, tilted groups that k-means cuts wrongly.
fn tilted(rows: usize) -> (Matrix, Vec<usize>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    let (mut values, mut truth) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let along = 8.0 * random.r#gen::<f64>();
        let across = random.r#gen::<f64>() + random.r#gen::<f64>() - 1.0;
        values.extend([along + across, along - across + 6.0 * (row % 3) as f64]);
        truth.push(row % 3);
    }
    (Matrix::new(values, rows, 2).unwrap(), truth)
}

#[test]
fn long_groups_are_found_and_probabilities_sum_to_one() {
    let (data, truth) = tilted(1_500);
    let options = MixtureOptions {
        start: KMeansOptions {
            k: 3,
            ..KMeansOptions::default()
        },
        ..MixtureOptions::default()
    };
    let found = gaussian_mixture(&data, &options).unwrap();
    let labels = found.labels(&data).unwrap();
    let agreement = helder_segmentation::adjusted_rand_index(&labels, &truth);
    let means = helder_segmentation::fit(&data, &options.start).unwrap();
    let cut = helder_segmentation::adjusted_rand_index(&means.labels, &truth);
    println!("agreement with the truth {agreement:.3}, k-means {cut:.3}");
    assert!(agreement > 0.9 && agreement > cut + 0.1);
    let chances = found.probabilities(data.row(0)).unwrap();
    assert!((chances.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    assert!(found.probabilities(&[1.0]).is_err());
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| gaussian_mixture(&data, &options).unwrap())
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn columns_that_follow_from_others_are_refused_without_a_ridge() {
    let values: Vec<f64> = (0..60)
        .flat_map(|row| [f64::from(row), f64::from(row) * 2.0])
        .collect();
    let data = Matrix::new(values, 60, 2).unwrap();
    let options = MixtureOptions {
        ridge: 0.0,
        ..MixtureOptions::default()
    };
    let refused = Mixture::from_means(&data, vec![vec![10.0, 20.0], vec![50.0, 100.0]], &options);
    assert!(matches!(refused, Err(SegmentationError::Library(_))));
    assert!(Mixture::from_means(&data, Vec::new(), &options).is_err());
}

#[test]
fn groups_that_are_there_are_found_again_and_others_are_not() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(8);
    let mut made = |apart: f64| {
        let numbers: Vec<Vec<f64>> = (0..3)
            .map(|c| {
                let draw = |row: usize, random: &mut Xoshiro256PlusPlus| {
                    let place = if row % 3 == c { apart } else { 0.0 };
                    place + (0..12).map(|_| random.r#gen::<f64>()).sum::<f64>()
                };
                (0..600).map(|row| draw(row, &mut random)).collect()
            })
            .collect();
        let data = Mixed::new(&numbers, &[(0..600).map(|row| row % 2).collect()]).unwrap();
        let options = PrototypesOptions {
            k: 3,
            starts: 3,
            swaps: 0,
            ..PrototypesOptions::default()
        };
        prototypes_stability(&data, &options, 20, 5).unwrap()
    };
    let (there, not) = (made(8.0), made(0.0));
    println!(
        "groups {:?} {:.2}; none {:?} {:.2}",
        there.jaccard, there.between_starts, not.jaccard, not.between_starts
    );
    assert!(there.jaccard.iter().all(|j| *j > 0.95) && there.between_starts > 0.95);
    assert!(not.jaccard.iter().any(|j| *j < 0.6));
}
