//! What holds for every learned model.

use std::sync::Mutex;

use helder_ebm::{
    Bins, Column, Direction, Ebm, EbmError, PairTerm, Pairs, Progress, Settings, Stride, Value,
};

use crate::made::{LEVELS, made, quick};

/// Rows as values to score.
fn rows(columns: &[Column], count: usize) -> Vec<Vec<Value<'_>>> {
    let of_row = |row: usize| {
        let values = columns.iter().map(|column| match column {
            Column::Numeric { values, .. } => Value::Number(values[row]),
            Column::Category { codes, levels, .. } => {
                codes[row].map_or(Value::Missing, |code| Value::Level(&levels[code as usize]))
            }
        });
        values.collect()
    };
    (0..count).map(of_row).collect()
}

fn learned() -> (Ebm, Vec<Column>) {
    let data = made(6_000, 5, 0.7);
    let model = Ebm::fit(&data.columns, &data.outcome, None, &Settings::default()).unwrap();
    (model, data.columns)
}

#[test]
fn contributions_and_intercept_are_the_score_and_the_planted_pair_is_found_first() {
    let (model, columns) = learned();
    assert_eq!(model.pairs[0].inputs, [0, 1], "age and debt act together");
    assert!(model.pairs.len() <= 3, "{} pairs", model.pairs.len());
    for row in rows(&columns, 500) {
        let (bins, unknown) = model.bins(&row).unwrap();
        assert!(unknown.is_empty());
        let sum = model
            .contributions(&bins)
            .fold(model.intercept, |sum, term| sum + term.score);
        assert_eq!(sum.to_bits(), model.score(&bins).to_bits());
    }
}

#[test]
fn shape_functions_have_mean_zero_and_pairs_say_nothing_that_one_column_says() {
    let (model, _) = learned();
    for shape in &model.shapes {
        let mean: f64 = shape
            .scores
            .iter()
            .zip(&shape.counts)
            .map(|(s, n)| s * n)
            .sum();
        let rows: f64 = shape.counts.iter().sum();
        assert!((mean / rows).abs() < 1e-9, "{mean}");
    }
    let means = |pair: &PairTerm, of: fn(usize, usize) -> usize, lines: usize| -> Vec<f64> {
        let mut sums = vec![(0.0, 0.0); lines];
        for (cell, (score, rows)) in pair.scores.iter().zip(&pair.counts).enumerate() {
            let sum = &mut sums[of(cell, pair.across)];
            *sum = (sum.0 + score * rows, sum.1 + rows);
        }
        sums.iter()
            .filter(|(_, rows)| *rows > 0.0)
            .map(|(sum, rows)| sum / rows)
            .collect()
    };
    let pair = &model.pairs[0];
    assert!(
        pair.scores.iter().any(|score| score.abs() > 0.2),
        "the pair is there"
    );
    let lines = pair.scores.len() / pair.across;
    for mean in means(pair, |cell, across| cell / across, lines)
        .into_iter()
        .chain(means(pair, |cell, across| cell % across, pair.across))
    {
        assert!(mean.abs() < 1e-9, "{mean}");
    }
}

#[test]
fn no_pair_is_found_where_there_is_none() {
    let data = made(4_000, 9, 0.0);
    let model = Ebm::fit(&data.columns, &data.outcome, None, &Settings::default()).unwrap();
    let strong = model
        .pairs
        .iter()
        .filter(|pair| pair.scores.iter().any(|s| s.abs() > 0.5));
    assert_eq!(strong.count(), 0);
}

#[test]
fn missing_values_are_learned_apart_and_unknown_levels_are_told_and_add_nothing() {
    let (model, _) = learned();
    // Missing debt was planted 1.0, the mean of the rest about 1.0 as well; missing is its own bin with its own rows.
    assert_eq!(model.shapes[1].counts[0], 600.0);
    let base = [
        Value::Number(30.0),
        Value::Number(20.0),
        Value::Level("huur"),
        Value::Number(0.5),
    ];
    let mut strange = base;
    strange[2] = Value::Level("woonboot");
    let (bins, unknown) = model.bins(&strange).unwrap();
    assert_eq!(unknown, [2]);
    let of_input = model
        .contributions(&bins)
        .filter(|term| term.inputs.0 == 2 || term.inputs.1 == Some(2));
    assert!(of_input.map(|term| term.score).all(|score| score == 0.0));
    let mut missing = base;
    missing[1] = Value::Number(f64::NAN);
    let mut absent = base;
    absent[1] = Value::Missing;
    assert_eq!(model.bins(&missing).unwrap(), model.bins(&absent).unwrap());
    assert!(matches!(
        model.bins(&base[..3]),
        Err(EbmError::Values {
            found: 3,
            expected: 4
        })
    ));
    let mut other = base;
    other[0] = Value::Level("dertig");
    assert_eq!(model.bins(&other), Err(EbmError::Kind("age".to_owned())));
}

#[test]
fn curves_that_must_rise_rise_for_every_row_and_the_missing_bin_stays_free() {
    for seed in 0..4 {
        let data = made(2_000, seed, 0.5);
        for direction in [Direction::Rising, Direction::Falling] {
            let settings = Settings {
                monotone: vec![
                    ("age".to_owned(), direction),
                    ("debt".to_owned(), direction),
                ],
                bags: Some(5),
                ..Settings::default()
            };
            let model = Ebm::fit(&data.columns, &data.outcome, None, &settings).unwrap();
            for input in [0, 1] {
                let scores = &model.shapes[input].scores;
                let goes = |pair: &[f64]| match direction {
                    Direction::Rising => pair[0] <= pair[1],
                    Direction::Falling => pair[0] >= pair[1],
                };
                assert!(
                    scores[1..scores.len() - 1].windows(2).all(goes),
                    "{scores:?}"
                );
                assert!(model.pairs.iter().all(|pair| !pair.inputs.contains(&input)));
            }
            assert!(model.shapes[1].scores[0] != 0.0);
        }
    }
}

#[test]
fn a_curve_made_to_rise_afterwards_keeps_its_mean_and_its_missing_bin() {
    let (mut model, _) = learned();
    let former = model.shapes[0].clone();
    model.make_monotone("age", Direction::Rising).unwrap();
    let shape = &model.shapes[0];
    assert!(
        shape.scores[1..shape.scores.len() - 1]
            .windows(2)
            .all(|pair| pair[0] <= pair[1])
    );
    assert_eq!(shape.scores[0], former.scores[0]);
    let mean =
        |scores: &[f64]| -> f64 { scores.iter().zip(&former.counts).map(|(s, n)| s * n).sum() };
    assert!((mean(&shape.scores) - mean(&former.scores)).abs() < 1e-8);
    assert_eq!(
        model.make_monotone("dwelling", Direction::Rising),
        Err(EbmError::NoInput("dwelling".to_owned()))
    );
}

#[test]
fn a_weight_of_two_is_two_rows() {
    let data = made(600, 3, 0.0);
    // One bag with all rows but one per outcome to stop by would still draw differently; so the intercept and the order of
    // curves are compared, not the bits.
    let weights: Vec<f64> = data
        .outcome
        .iter()
        .map(|y| if *y { 3.0 } else { 1.0 })
        .collect();
    let settings = Settings {
        pairs: Pairs::AtMost(0),
        ..quick()
    };
    let plain = Ebm::fit(&data.columns, &data.outcome, None, &settings).unwrap();
    let heavy = Ebm::fit(&data.columns, &data.outcome, Some(&weights), &settings).unwrap();
    // Positives that weigh three times as much raise all log-odds by ln 3.
    assert!((heavy.intercept - plain.intercept - 3_f64.ln()).abs() < 0.25);
    let scaled: Vec<f64> = weights.iter().map(|weight| weight * 8.0).collect();
    let same = Ebm::fit(&data.columns, &data.outcome, Some(&scaled), &settings).unwrap();
    assert_eq!(same, heavy, "the unit of weights does not matter");
}

#[test]
fn a_stored_model_is_the_same_model() {
    let (model, columns) = learned();
    let text = serde_json::to_string(&model).unwrap();
    let read: Ebm = serde_json::from_str(&text).unwrap();
    assert_eq!(read, model);
    for (_, bins) in &read.inputs {
        if let Bins::Category { levels } = bins {
            assert_eq!(levels, &LEVELS);
        }
    }
    let row = &rows(&columns, 1)[0];
    let (bins, _) = read.bins(row).unwrap();
    assert_eq!(read.score(&bins).to_bits(), model.score(&bins).to_bits());
}

#[test]
fn whoever_looks_on_hears_of_rounds_and_may_end_it() {
    let data = made(500, 3, 0.0);
    let heard = Mutex::new(Vec::new());
    let fitted = Ebm::fit_watched(&data.columns, &data.outcome, None, &quick(), &|news| {
        assert!(news.bag < news.bags && news.bags == 3 && news.max_rounds == 60);
        assert_eq!(news.stride, Stride::BOLD);
        if !news.is_pairs {
            heard.lock().unwrap().push((news.bag, news));
        }
        true
    })
    .unwrap();
    let mut heard = heard.into_inner().unwrap();
    heard.sort_by_key(|(bag, _)| *bag);
    for (bag, course) in fitted.report.bags.iter().enumerate() {
        let of_bag: Vec<Progress> = heard
            .iter()
            .filter(|(of, _)| *of == bag)
            .map(|(_, news)| *news)
            .collect();
        let rounds: Vec<usize> = of_bag.iter().map(|news| news.round).collect();
        let wanted: Vec<usize> = (0..course.shapes.len()).step_by(Progress::EVERY).collect();
        assert_eq!(rounds, wanted);
        assert!(
            of_bag
                .iter()
                .all(|news| news.loss == course.shapes[news.round])
        );
        // What it learns from it fits better and better.
        let falls = of_bag.windows(2);
        assert!(
            falls
                .into_iter()
                .all(|w| w[1].training_loss < w[0].training_loss)
        );
    }
    assert!(fitted.report.bags.iter().all(|bag| bag.shapes.len() > 10));
    let first = &fitted.report.bags[0].shapes;
    assert!(first.last().unwrap() < &first[0], "it learns: {first:?}");
    let ended = Ebm::fit_watched(&data.columns, &data.outcome, None, &quick(), &|_| false);
    assert_eq!(ended.unwrap_err(), EbmError::Cancelled);
}
