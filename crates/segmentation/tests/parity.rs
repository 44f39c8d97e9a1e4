//! Equal to scikit-learn on real data; the figures were computed by scikit-learn 1.9.1 and lie beside the data.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::path::PathBuf;

use helder_segmentation::{KMeans, KMeansOptions, Matrix, choose, fit, profiles, silhouette};
use serde_json::Value;

/// Reads columns of a data set and its reference; tells when the folder is not there.
fn reference(name: &str, data: &str) -> Option<(Matrix, Value)> {
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA").map(PathBuf::from) else {
        println!("skipped: HELDER_REFERENCE_DATA names no folder");
        return None;
    };
    let folder = folder.join("ml");
    let reference = std::fs::read(folder.join(format!("reference/{name}.json"))).unwrap();
    let reference: Value = serde_json::from_slice(&reference).unwrap();
    let mut reader = csv::Reader::from_path(folder.join(data)).unwrap();
    let headers = reader.headers().unwrap().clone();
    let columns: Vec<usize> = reference["numeric"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| headers.iter().position(|header| name == header).unwrap())
        .collect();
    let mut values = Vec::new();
    for record in reader.records() {
        let record = record.unwrap();
        values.extend(
            columns
                .iter()
                .map(|column| record[*column].parse::<f64>().unwrap()),
        );
    }
    let rows = values.len() / columns.len();
    Some((Matrix::new(values, rows, columns.len()).unwrap(), reference))
}

/// Rows `int(linspace(0, n - 1, k))`, the stated start of the reference.
fn stated_start(data: &Matrix, k: usize) -> Vec<Vec<f64>> {
    let last = (data.rows() - 1) as f64;
    (0..k)
        .map(|i| {
            data.row((last / (k - 1) as f64 * i as f64) as usize)
                .to_vec()
        })
        .collect()
}

#[test]
fn inertia_sizes_and_silhouette_from_a_stated_start_equal_scikit_learn() {
    for (name, file) in [
        ("clustering_ui_benefits", "ui_benefits.csv"),
        ("clustering_midwest", "midwest.csv"),
    ] {
        let Some((raw, reference)) = reference(name, file) else {
            return;
        };
        let (data, _) = raw.standardise().unwrap();
        for (k, expected) in reference["kmeans"].as_object().unwrap() {
            let k: usize = k.parse().unwrap();
            let ours = KMeans::from_centres(&data, stated_start(&data, k));
            let inertia = expected["inertia"].as_f64().unwrap();
            assert!(
                (ours.inertia / inertia - 1.0).abs() < 1e-10,
                "{name} k={k}: {} {inertia}",
                ours.inertia
            );
            let mut sizes: Vec<usize> = serde_json::from_value(expected["sizes"].clone()).unwrap();
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            assert_eq!(ours.sizes, sizes, "{name} k={k}");
            let width = expected["silhouette"].as_f64().unwrap();
            assert!(
                (silhouette(&data, &ours.labels, k) - width).abs() < 1e-10,
                "{name} k={k}"
            );
        }
    }
}

#[test]
fn own_starts_come_within_half_a_percent_of_the_best_of_fifty_of_scikit_learn() {
    let Some((raw, reference)) = reference("clustering_midwest", "midwest.csv") else {
        return;
    };
    let (data, scale) = raw.standardise().unwrap();
    for k in 2..=6 {
        let ours = fit(
            &data,
            &KMeansOptions {
                k,
                starts: 50,
                ..KMeansOptions::default()
            },
        )
        .unwrap();
        let best = reference["kmeans"][k.to_string()]["best_inertia_50_starts"]
            .as_f64()
            .unwrap();
        assert!(
            ours.inertia <= best * 1.005,
            "k={k}: {} {best}",
            ours.inertia
        );
        let shown = profiles(&ours, &scale, 10);
        for (profile, size) in shown.iter().zip(&ours.sizes) {
            assert_eq!(profile.size, (*size >= 10).then_some(*size));
            assert_eq!(profile.means.is_some(), *size >= 10);
        }
    }
}

/// Points around `centres`, on a small fixed lattice.
fn blobs(centres: &[(f64, f64)], each: usize) -> Matrix {
    let mut values = Vec::new();
    for (x, y) in centres {
        for i in 0..each {
            values.extend([x + (i % 7) as f64 * 0.1, y + (i % 11) as f64 * 0.1]);
        }
    }
    let rows = values.len() / 2;
    Matrix::new(values, rows, 2).unwrap()
}

#[test]
fn three_clear_groups_are_found_and_named_stable() {
    let data = blobs(&[(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)], 77);
    let choice = choose(&data, &[2, 3, 4, 5], &KMeansOptions::default(), 10).unwrap();
    let chosen = choice.chosen.unwrap();
    assert_eq!(chosen.sizes, [77, 77, 77]);
    assert!(choice.candidates[1].stability > 0.99);
}

#[test]
fn even_spread_data_gets_no_groups() {
    // A full grid in eight dimensions has no middle that any group could own.
    let values: Vec<f64> = (0..256_u32)
        .flat_map(|i| (0..8).map(move |bit| f64::from(i >> bit & 1)))
        .collect();
    let data = Matrix::new(values, 256, 8).unwrap();
    let choice = choose(&data, &[2, 3, 4], &KMeansOptions::default(), 10).unwrap();
    assert!(choice.chosen.is_none(), "{:?}", choice.candidates);
}

#[test]
fn the_same_seed_gives_the_same_groups_on_one_thread_and_on_four() {
    let data = blobs(&[(0.0, 0.0), (3.0, 1.0), (1.0, 3.0), (4.0, 4.0)], 500);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| {
            fit(
                &data,
                &KMeansOptions {
                    k: 4,
                    ..KMeansOptions::default()
                },
            )
            .unwrap()
        })
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn faults_name_the_column() {
    let constant = Matrix::new(vec![1.0, 2.0, 1.0, 3.0], 2, 2).unwrap();
    assert_eq!(
        constant.standardise().unwrap_err().to_string(),
        "columns [0] have the same value in every row: leave them out"
    );
    assert!(
        Matrix::new(vec![1.0, f64::NAN], 1, 2)
            .unwrap_err()
            .to_string()
            .contains("column 1")
    );
    let few = Matrix::new(vec![1.0, 1.0, 1.0], 3, 1).unwrap();
    assert!(
        fit(
            &few,
            &KMeansOptions {
                k: 2,
                ..KMeansOptions::default()
            }
        )
        .is_err()
    );
}
