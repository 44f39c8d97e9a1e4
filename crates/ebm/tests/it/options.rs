//! Smoothing and sparsity, on truth that was planted.

use helder_ebm::{Bins, Column, Ebm, EbmError, Fitted, Pairs, Settings, Smoothing};

use crate::{made::Draws, scores::scores, tasks::auc};

/// What each of the first three columns adds.
const CURVES: [fn(f64) -> f64; 3] = [|x| (2.0 * x).sin(), |x| 0.6 * x, |x| 0.4 * x * x];
const COLUMNS: usize = 12;

/// Rows of columns from -2 to 2: three curves, two that say something only together when `together` is not 0, and noise.
fn rows(n: usize, seed: u64, together: f64) -> (Vec<Column>, Vec<bool>) {
    let mut draws = Draws(seed);
    let values: Vec<Vec<f64>> = (0..COLUMNS)
        .map(|_| (0..n).map(|_| 4.0 * draws.uniform() - 2.0).collect())
        .collect();
    let outcome = (0..n)
        .map(|row| {
            let curves = CURVES.iter().zip(&values);
            let sum: f64 = curves.map(|(curve, values)| curve(values[row])).sum();
            let side = if (values[3][row] < 0.0) == (values[4][row] < 0.0) {
                together
            } else {
                -together
            };
            draws.uniform() < 1.0 / (1.0 + (-(sum + side - 0.5)).exp())
        })
        .collect();
    let named = |(place, values)| Column::Numeric {
        name: format!("x{place}"),
        values,
    };
    (values.into_iter().enumerate().map(named).collect(), outcome)
}

fn fit(data: &(Vec<Column>, Vec<bool>), settings: &Settings) -> Fitted {
    Ebm::fit_watched(&data.0, &data.1, None, settings, &|_| true).unwrap()
}

/// AUC on fresh rows, of the columns that the model asks for.
fn fresh_auc(model: &Ebm, seed: u64, together: f64) -> f64 {
    let (columns, outcome) = rows(10_000, 1_000 + seed, together);
    let asked: Vec<Column> = columns
        .into_iter()
        .filter(|column| model.inputs.iter().any(|(name, _)| name == column.name()))
        .collect();
    let all: Vec<usize> = (0..outcome.len()).collect();
    auc(&scores(model, &asked, &all), &outcome)
}

/// Mean squared distance of the first three curves from the planted ones, each around its mean.
fn distance(model: &Ebm) -> f64 {
    let of_curve = |input: usize| {
        let cuts: &[f64] = match &model.inputs[input].1 {
            Bins::Numeric { cuts } => cuts,
            Bins::Category { .. } => &[],
        };
        let value = |bin: usize| {
            let low = if bin == 1 { -2.0 } else { cuts[bin - 2] };
            f64::midpoint(low, cuts.get(bin - 1).copied().unwrap_or(2.0))
        };
        let shape = &model.shapes[input];
        let away: Vec<[f64; 2]> = (1..=cuts.len() + 1)
            .map(|bin| {
                [
                    shape.scores[bin] - CURVES[input](value(bin)),
                    shape.counts[bin],
                ]
            })
            .collect();
        let rows: f64 = away.iter().map(|[_, rows]| rows).sum();
        let mean = away.iter().map(|[away, rows]| away * rows).sum::<f64>() / rows;
        away.iter()
            .map(|[away, rows]| (away - mean).powi(2) * rows)
            .sum::<f64>()
            / rows
    };
    (0..CURVES.len()).map(of_curve).sum::<f64>() / CURVES.len() as f64
}

#[test]
fn smoothing_comes_nearer_to_smooth_curves_and_orders_rows_as_well() {
    let usual = Settings {
        pairs: Pairs::AtMost(0),
        ..Settings::default()
    };
    let smooth = Settings {
        smoothing: Smoothing::Chosen,
        ..usual.clone()
    };
    let (mut distances, mut aucs) = ([0.0; 2], [0.0; 2]);
    for seed in 0..5 {
        let data = rows(3_000, seed, 0.0);
        for (place, settings) in [&usual, &smooth].into_iter().enumerate() {
            let found = fit(&data, settings);
            assert_eq!(found.report.smoothing.is_some(), place == 1);
            distances[place] += distance(&found.model) / 5.0;
            aucs[place] += fresh_auc(&found.model, seed, 0.0) / 5.0;
        }
    }
    println!(
        "squared distance from the planted curves {distances:.4?}, AUC {aucs:.4?}: as usual, smoothed"
    );
    assert!(distances[1] < 0.9 * distances[0], "{distances:?}");
    assert!(aucs[1] > aucs[0] - 0.0005, "{aucs:?}");
}

#[test]
fn a_sharp_step_is_smoothed_no_wider_than_rows_allow() {
    let mut draws = Draws(5);
    let x: Vec<f64> = (0..4_000)
        .map(|_| (60.0 * draws.uniform()).floor())
        .collect();
    let outcome = x
        .iter()
        .map(|x| draws.uniform() < if *x < 30.0 { 0.2 } else { 0.7 })
        .collect();
    let column = Column::Numeric {
        name: "x".to_owned(),
        values: x,
    };
    let data = (vec![column], outcome);
    let of = |smoothing| {
        let settings = Settings {
            smoothing,
            ..Settings::default()
        };
        let found = fit(&data, &settings);
        let scores = &found.model.shapes[0].scores;
        (found.report.smoothing.unwrap(), scores[31] - scores[30])
    };
    let (width, step) = of(Smoothing::Chosen);
    assert!(width <= 2.0, "{width}");
    // The wider, the smaller the step between the two bins.
    let (_, narrow) = of(Smoothing::Width(4.0));
    let (_, wide) = of(Smoothing::Width(16.0));
    assert!(
        step > narrow && narrow > wide && wide > 0.0,
        "{step} {narrow} {wide}"
    );
}

#[test]
fn sparse_models_leave_out_noise_and_keep_what_says_something_only_together() {
    let sparse = Settings {
        sparse: true,
        ..Settings::default()
    };
    let (mut noise, mut aucs) = (0, [0.0; 2]);
    for seed in 0..3 {
        let data = rows(4_000, 50 + seed, 0.8);
        let found = fit(&data, &sparse);
        let left_out = |place: usize| found.report.left_out.contains(&format!("x{place}"));
        assert!(!(0..5).any(left_out), "{:?}", found.report.left_out);
        noise += (5..COLUMNS).filter(|place| !left_out(*place)).count();
        assert_eq!(
            found.model.inputs.len() + found.report.left_out.len(),
            COLUMNS
        );
        aucs[0] += fresh_auc(
            &Ebm::fit(&data.0, &data.1, None, &Settings::default()).unwrap(),
            seed,
            0.8,
        ) / 3.0;
        aucs[1] += fresh_auc(&found.model, seed, 0.8) / 3.0;
    }
    println!(
        "{noise} of {} columns of noise stay, AUC {aucs:.4?}: all columns, sparse",
        3 * (COLUMNS - 5)
    );
    assert!(noise <= 1, "{noise}");
    assert!(aucs[1] > aucs[0] - 0.001, "{aucs:?}");
}

#[test]
fn terms_are_at_most_what_was_asked_and_the_strongest_stay() {
    let data = rows(3_000, 9, 0.8);
    for most in [1, 3, 7] {
        let settings = Settings {
            max_terms: Some(most),
            ..Settings::default()
        };
        let found = fit(&data, &settings);
        let model = &found.model;
        assert!(model.shapes.len() + model.pairs.len() <= most);
        assert_eq!(model.shapes.len(), most.min(COLUMNS));
        let has = |name: &str| model.inputs.iter().any(|(known, _)| known == name);
        assert!(most < 3 || (has("x0") && has("x1") && has("x2")));
    }
    // With room for all columns what is left is for pairs, and nothing is learned twice.
    let settings = Settings {
        max_terms: Some(COLUMNS + 1),
        ..Settings::default()
    };
    let found = fit(&data, &settings);
    assert_eq!(
        (found.model.shapes.len(), found.model.pairs.len()),
        (COLUMNS, 1)
    );
    assert_eq!(found.model.pairs[0].inputs, [3, 4]);
}

#[test]
fn what_must_rise_still_does_and_settings_out_of_range_are_refused() {
    let data = rows(2_000, 3, 0.0);
    let settings = Settings {
        smoothing: Smoothing::Width(8.0),
        monotone: vec![
            ("x1".to_owned(), helder_ebm::Direction::Rising),
            ("x7".to_owned(), helder_ebm::Direction::Falling),
        ],
        sparse: true,
        ..Settings::default()
    };
    let found = fit(&data, &settings);
    let place = found
        .model
        .inputs
        .iter()
        .position(|(name, _)| name == "x1")
        .unwrap();
    let scores = &found.model.shapes[place].scores;
    assert!(scores[1..scores.len() - 1].is_sorted());
    for (wrong, name) in [
        (
            Settings {
                smoothing: Smoothing::Width(f64::NAN),
                ..Settings::default()
            },
            "smoothing",
        ),
        (
            Settings {
                smoothing: Smoothing::Width(0.0),
                ..Settings::default()
            },
            "smoothing",
        ),
        (
            Settings {
                max_terms: Some(0),
                ..Settings::default()
            },
            "max_terms",
        ),
    ] {
        let error = Ebm::fit(&data.0, &data.1, None, &wrong).unwrap_err();
        assert!(
            matches!(error, EbmError::Setting(found) if found == name),
            "{error:?}"
        );
    }
}
