//! Groups of mixed rows: as good as those of kmodes, and right where the answer is known.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::{collections::BTreeMap, path::PathBuf};

use helder_segmentation::{
    Mixed, PrototypesOptions, SegmentationError, UNKNOWN, adjusted_rand_index, k_prototypes,
};
use serde_json::Value;

/// The mixed columns of a reference; tells when the folder is not there.
fn reference(name: &str, data: &str) -> Option<(Mixed, Value)> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA").map(PathBuf::from) else {
        eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder with {name}");
        return None;
    };
    let text = std::fs::read(folder.join(format!("ml/reference/{name}.json"))).unwrap();
    let reference: Value = serde_json::from_slice(&text).unwrap();
    let mut csv = csv::Reader::from_path(folder.join("ml").join(data)).unwrap();
    let header = csv.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    let columns = |key: &str| -> Vec<Vec<&str>> {
        let names = reference[key].as_array().unwrap();
        let place = |name: &Value| header.iter().position(|found| name == found).unwrap();
        names
            .iter()
            .map(|name| {
                rows.iter()
                    .map(|row| row.get(place(name)).unwrap())
                    .collect()
            })
            .collect()
    };
    let numbers: Vec<Vec<f64>> = columns("numeric")
        .iter()
        .map(|column| column.iter().map(|text| text.parse().unwrap()).collect())
        .collect();
    let code = |column: &Vec<&str>| {
        let mut codes = BTreeMap::new();
        column
            .iter()
            .map(|text| {
                let next = codes.len();
                *codes.entry(text.to_owned()).or_insert(next)
            })
            .collect()
    };
    let categories: Vec<Vec<usize>> = columns("categorical").iter().map(code).collect();
    Some((Mixed::new(&numbers, &categories).unwrap(), reference))
}

#[test]
fn the_cost_is_no_higher_than_that_of_kmodes() {
    for (name, file) in [
        ("clustering_ui_benefits", "ui_benefits.csv"),
        ("clustering_unempdur", "unempdur.csv"),
        ("clustering_synth_dev_spells", "synth_dev_spells.csv"),
    ] {
        let Some((data, reference)) = reference(name, file) else {
            return;
        };
        for (k, expected) in reference["kprototypes"].as_object().unwrap() {
            let of = |key: &str| expected[key].as_f64().unwrap();
            let k: usize = k.parse().unwrap();
            let options = PrototypesOptions {
                k,
                gamma: of("gamma"),
                ..PrototypesOptions::default()
            };
            let found = k_prototypes(&data, &options).unwrap();
            let best = of("cost_cao").min(of("best_cost_huang_4"));
            println!(
                "{name} k={k}: {:.1}, kmodes {best:.1}, sizes {:?}",
                found.cost, found.sizes
            );
            assert!(
                found.cost <= best * (1.0 + 1e-9),
                "{name} k={k}: {} {best}",
                found.cost
            );
            assert_eq!(found.sizes.iter().sum::<usize>(), data.rows());
            // The cost kept while rows moved is the cost of the answer.
            let labels: Vec<usize> = found
                .assign(&data)
                .into_iter()
                .map(|(group, _)| group)
                .collect();
            assert!(
                adjusted_rand_index(&labels, &found.labels) > 0.98,
                "{name} k={k}"
            );
        }
    }
}

/// Three groups that differ in two numbers and a category; every fifth value is missing.
fn three_groups(n: usize) -> (Vec<Vec<f64>>, Vec<Vec<usize>>, Vec<usize>) {
    let mut state = 3_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let truth: Vec<usize> = (0..n).map(|i| i % 3).collect();
    let mut number = |at: [f64; 3]| -> Vec<f64> {
        truth
            .iter()
            .map(|&group| {
                if uniform() < 0.2 {
                    f64::NAN
                } else {
                    at[group] + uniform()
                }
            })
            .collect()
    };
    let numbers = vec![
        number([0.0, 3.0, 6.0]),
        number([0.0, 5.0, 0.0]),
        number([4.0, 0.0, 0.0]),
    ];
    let categories = vec![
        truth
            .iter()
            .enumerate()
            .map(|(i, &group)| if i % 7 == 0 { 3 } else { group })
            .collect(),
    ];
    (numbers, categories, truth)
}

#[test]
fn known_groups_are_found_though_a_fifth_is_missing() {
    let (numbers, categories, truth) = three_groups(600);
    let data = Mixed::new(&numbers, &categories).unwrap();
    let found = k_prototypes(&data, &PrototypesOptions::default()).unwrap();
    assert!(adjusted_rand_index(&found.labels, &truth) > 0.95);
    let turned: Vec<usize> = (0..600).rev().collect();
    let again = k_prototypes(&data.take(&turned), &PrototypesOptions::default()).unwrap();
    assert!((again.cost - found.cost).abs() < 1e-6 * found.cost);
    let (group, certainty) = found.assign(&data.take(&[0]))[0];
    assert_eq!(group, found.labels[0]);
    assert!(certainty > 0.5, "{certainty}");
    let one = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    assert_eq!(
        one.install(|| k_prototypes(&data, &PrototypesOptions::default()).unwrap()),
        found
    );
}

#[test]
fn what_cannot_be_grouped_is_refused() {
    let same = Mixed::new(&[vec![1.0; 10], vec![f64::NAN; 10]], &[]);
    assert_eq!(
        same,
        Err(SegmentationError::Constant {
            columns: vec![0, 1]
        })
    );
    assert!(matches!(
        Mixed::new(&[vec![1.0, f64::INFINITY]], &[]),
        Err(SegmentationError::NotFinite { column: 0 })
    ));
    assert!(matches!(
        Mixed::new(&[vec![1.0, 2.0]], &[vec![0]]),
        Err(SegmentationError::Shape { .. })
    ));
    assert!(matches!(
        Mixed::new(&[], &[]),
        Err(SegmentationError::Shape { .. })
    ));
    let data = Mixed::new(&[vec![1.0, 2.0, 3.0]], &[vec![0, 0, 1]]).unwrap();
    let with = |k, gamma| {
        k_prototypes(
            &data,
            &PrototypesOptions {
                k,
                gamma,
                ..PrototypesOptions::default()
            },
        )
    };
    assert!(matches!(
        with(1, 0.5),
        Err(SegmentationError::GroupCount { at_most: 2 })
    ));
    assert!(matches!(
        with(3, 0.5),
        Err(SegmentationError::GroupCount { .. })
    ));
    assert!(matches!(
        with(2, f64::NAN),
        Err(SegmentationError::Setting(_))
    ));
    // Equal rows: groups without any difference, and no panic.
    let equal = Mixed::new(&[], &[vec![0; 5]]).unwrap();
    let found = k_prototypes(
        &equal,
        &PrototypesOptions {
            k: 2,
            ..PrototypesOptions::default()
        },
    )
    .unwrap();
    assert!(found.cost < 1e-12);
}

#[test]
fn unknown_categories_neither_join_nor_part_and_new_rows_come_where_they_belong() {
    let (numbers, mut categories, truth) = three_groups(600);
    for (i, code) in categories[0].iter_mut().enumerate() {
        if i % 4 == 1 {
            *code = usize::from(UNKNOWN);
        }
    }
    let data = Mixed::new(&numbers, &categories).unwrap();
    let options = PrototypesOptions::default();
    let found = k_prototypes(&data, &options).unwrap();
    assert!(adjusted_rand_index(&found.labels, &truth) > 0.95);
    assert!(found.modes.iter().all(|modes| modes[0] < 3));
    let stability = found.stability(&data, &options, 20, 4).unwrap();
    assert!(stability.jaccard.iter().all(|overlap| *overlap > 0.9));
    let (same, samples) = stability.left_out.iter().fold((0, 0), |(a, b), row| {
        assert!(row.samples > 0 && row.same <= row.samples);
        (a + row.same, b + row.samples)
    });
    assert!(f64::from(same) > 0.95 * f64::from(samples));
    // A row is left out of a sample with a chance of (1 - 1/n)^n.
    let share = f64::from(samples) / (20.0 * 600.0);
    assert!((share - (-1.0_f64).exp()).abs() < 0.02, "{share}");
}
