//! Private curves: what they cost, what they find, and when they refuse.

use std::{env, fs, path::PathBuf};

use helder_ebm::{
    Column, Direction, Ebm, EbmError,
    private::{Limits, Loss, PrivateSettings, Promise},
};
use serde_json::Value as Json;

use crate::{
    made::{Draws, LEVELS, made, of_age},
    scores::scores,
    tasks::{auc, part, read},
};

/// Bits for tests. In service they come from the operating system.
fn chance(seed: u64) -> impl FnMut() -> Option<u64> {
    let mut draws = Draws(seed);
    move || {
        let high = (draws.uniform() * 4_294_967_296.0) as u64;
        Some((high << 32) | (draws.uniform() * 4_294_967_296.0) as u64)
    }
}

fn settings(epsilon: f64) -> PrivateSettings {
    let limits = |minimum, maximum, is_whole| Limits {
        minimum,
        maximum,
        is_whole,
    };
    PrivateSettings {
        limits: vec![
            ("age".to_owned(), limits(18.0, 90.0, true)),
            ("debt".to_owned(), limits(0.0, 100.0, true)),
            ("noise".to_owned(), limits(0.0, 1.0, false)),
        ],
        public_levels: vec!["dwelling".to_owned()],
        ..PrivateSettings::new(Promise {
            epsilon,
            delta: 1e-6,
        })
    }
}

#[test]
fn answers_together_lose_what_was_promised_and_not_more() {
    let data = made(4_000, 3, 0.0);
    for epsilon in [1.0, 4.0] {
        let asked = settings(epsilon);
        let found = Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(1)).unwrap();
        // Rows and outcomes of all; per column cells, rows and outcomes of bins, and probabilities in three rounds.
        assert_eq!(found.answers, 2 + 4 * (3 + 3));
        let most = Loss::of(asked.promise).unwrap();
        assert!((found.loss.0 / most.0 - 1.0).abs() < 1e-9, "all is used");
        assert!(found.loss.delta(epsilon) <= 1e-6 * (1.0 + 1e-6));
        assert!((found.rows / 4_000.0 - 1.0).abs() < 0.2);
        assert!(found.model.pairs.is_empty());
    }
}

/// `tests/reference/make_accountant.py` made the values.
#[test]
fn the_accountant_agrees_with_two_others() {
    let reference: Json =
        serde_json::from_str(include_str!("../reference/accountant.json")).unwrap();
    let values = reference["values"].as_array().unwrap();
    assert_eq!(values.len(), 8);
    for value in values {
        let number = |key: &str| value[key].as_f64().unwrap();
        let (epsilon, delta) = (number("epsilon"), number("delta"));
        let loss = Loss::of(Promise { epsilon, delta }).unwrap().0;
        let one = loss * number("diffprivlib_deviation");
        // Their searches end some 1e-6 from the value.
        assert!((one - 1.0).abs() < 3e-6, "{epsilon} {delta}: {one}");
        let many = Loss::together(vec![Loss(1.0 / number("interpret_deviation_140")); 140]);
        assert!(
            (many.0 / loss - 1.0).abs() < 1e-6,
            "{epsilon} {delta}: {many:?}"
        );
    }
}

#[test]
fn another_draw_gives_another_model_and_none_gives_none() {
    let data = made(4_000, 3, 0.0);
    let fit = |seed| {
        Ebm::fit_private(
            &data.columns,
            &data.outcome,
            &settings(2.0),
            &mut chance(seed),
        )
        .unwrap()
        .model
    };
    assert_eq!(fit(1), fit(1));
    assert_ne!(fit(1), fit(2));
    let refused = Ebm::fit_private(&data.columns, &data.outcome, &settings(2.0), &mut || None);
    assert_eq!(refused.unwrap_err(), EbmError::NoChance);
}

/// Bins of ages lie where the grid does, with noise: the same rows give other bins.
#[test]
fn bins_counts_and_levels_are_noisy_and_rare_levels_are_not_told() {
    let mut data = made(6_000, 8, 0.0);
    let Column::Category { codes, levels, .. } = &mut data.columns[2] else {
        panic!("a category")
    };
    // A level of one person.
    levels.push("schip".to_owned());
    codes[77] = Some(3);
    let fit = |public: bool, seed| {
        let mut asked = settings(4.0);
        if !public {
            asked.public_levels.clear();
        }
        Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(seed))
            .unwrap()
            .model
    };
    let levels = |model: &Ebm| match &model.inputs[2].1 {
        helder_ebm::Bins::Category { levels } => levels.clone(),
        helder_ebm::Bins::Numeric { .. } => Vec::new(),
    };
    assert_eq!(levels(&fit(true, 1)).len(), 4);
    for seed in 0..20 {
        assert_eq!(levels(&fit(false, seed)), LEVELS);
    }
    let counts = |seed| fit(true, seed).shapes[2].counts.clone();
    assert_ne!(counts(1), counts(2));
}

#[test]
fn planted_curves_are_found_and_may_be_made_to_rise() {
    let data = made(20_000, 4, 0.0);
    let mut asked = settings(4.0);
    asked.monotone = vec![("debt".to_owned(), Direction::Rising)];
    let model = Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(1))
        .unwrap()
        .model;
    let fresh = made(5_000, 5, 0.0);
    let rows: Vec<usize> = (0..5_000).collect();
    let found = auc(&scores(&model, &fresh.columns, &rows), &fresh.outcome);
    let open = Ebm::fit(
        &data.columns,
        &data.outcome,
        None,
        &helder_ebm::Settings::default(),
    )
    .unwrap();
    let best = auc(&scores(&open, &fresh.columns, &rows), &fresh.outcome);
    println!("AUC at epsilon 4: {found:.4}, without privacy {best:.4}");
    assert!(found > best - 0.01, "{found} {best}");
    let debt = &model.shapes[1].scores;
    assert!(
        debt[1..debt.len() - 1]
            .windows(2)
            .all(|pair| pair[0] <= pair[1])
    );
    // The wave of age: high around 18 to 24, low around 52 to 58.
    assert!(of_age(20.0) > 1.0 && of_age(56.0) < -1.0);
    let score = |age: f64| {
        let values = [
            helder_ebm::Value::Number(age),
            helder_ebm::Value::Number(50.0),
            helder_ebm::Value::Level("koop"),
            helder_ebm::Value::Number(0.5),
        ];
        model.score(&model.bins(&values).unwrap().0)
    };
    assert!(score(20.0) - score(56.0) > 1.5);
}

#[test]
fn too_few_rows_are_refused_with_the_number_it_takes() {
    let data = made(400, 3, 0.0);
    let mut asked = settings(0.5);
    let refused = Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(1));
    let Err(EbmError::TooFewForPrivacy { found, needed }) = refused else {
        panic!("{refused:?}")
    };
    assert!(found < 1_000 && needed > 1_000, "{found} {needed}");
    let enough = made(2 * needed as usize, 3, 0.0);
    assert!(Ebm::fit_private(&enough.columns, &enough.outcome, &asked, &mut chance(1)).is_ok());
    asked.even_if_misleading = true;
    assert!(Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(1)).is_ok());
    asked.limits.pop();
    let refused = Ebm::fit_private(&data.columns, &data.outcome, &asked, &mut chance(1));
    assert_eq!(refused.unwrap_err(), EbmError::NoLimits("noise".to_owned()));
}

/// The largest ε at δ 10⁻³ that somebody proves who tells models of rows with and without one person apart, right with a
/// probability of 99.9 %. Half of the models show in which of their numbers the person shows, half are judged by it.
fn proven_epsilon(epsilon: f64, fits: usize) -> f64 {
    let delta = 1e-3;
    let outcome: Vec<bool> = (0..60).map(|row| row % 2 == 0).collect();
    let values: Vec<f64> = (0..60).map(|row| f64::from(row % 2)).collect();
    let column = |values: Vec<f64>| vec![crate::made::numeric("debts", values)];
    // Far from all others, and with another outcome than the nearest.
    let with = (
        column([&values[..], &[9.0]].concat()),
        [&outcome[..], &[true]].concat(),
    );
    let without = (column(values), outcome);
    let mut asked = PrivateSettings::new(Promise { epsilon, delta });
    let limits = Limits {
        minimum: 0.0,
        maximum: 9.0,
        is_whole: true,
    };
    asked.limits = vec![("debts".to_owned(), limits)];
    asked.even_if_misleading = true;
    let told = |(columns, outcome): &(Vec<Column>, Vec<bool>), from: u64| -> Vec<[f64; 4]> {
        (0..fits as u64)
            .map(|fit| {
                let mut chance = chance(from + fit * 7_919);
                let found = Ebm::fit_private(columns, outcome, &asked, &mut chance).unwrap();
                let bins = |value| {
                    let value = helder_ebm::Value::Number(value);
                    found.model.bins(&[value]).unwrap().0
                };
                let score = found.model.score(&bins(9.0));
                let counts = &found.model.shapes[0].counts;
                [
                    found.rows,
                    counts[usize::from(bins(9.0)[0])],
                    score,
                    score - found.model.score(&bins(1.0)),
                ]
            })
            .collect()
    };
    let (with, without) = (told(&with, 1), told(&without, 1 << 40));
    let half = fits / 2;
    let weights: Vec<f64> = (0..4)
        .map(|place| {
            let moments = |told: &[[f64; 4]]| {
                let mean = told.iter().map(|told| told[place]).sum::<f64>() / half as f64;
                let squares = told.iter().map(|told| (told[place] - mean).powi(2));
                (mean, squares.sum::<f64>() / half as f64)
            };
            let ((a, spread), (b, other)) = (moments(&with[..half]), moments(&without[..half]));
            (a - b) / (spread + other)
        })
        .collect();
    let sums = |told: &[[f64; 4]]| -> Vec<f64> {
        let sum = |told: &[f64; 4]| told.iter().zip(&weights).map(|(x, w)| x * w).sum();
        told.iter().map(sum).collect()
    };
    let (with, without) = (sums(&with[half..]), sums(&without[half..]));
    // Hoeffding's bound on a share.
    let slack = (1000.0_f64.ln() / (2.0 * half as f64)).sqrt();
    let above = |sums: &[f64], bar: f64| {
        sums.iter().filter(|sum| **sum > bar).count() as f64 / sums.len() as f64
    };
    let mut bars = with.clone();
    bars.sort_by(f64::total_cmp);
    bars.iter()
        .step_by(20)
        .map(|bar| {
            let (hit, miss) = (above(&with, *bar) - slack, above(&without, *bar) + slack);
            let reversed = ((1.0 - miss - delta) / (1.0 - hit)).ln();
            ((hit - delta) / miss).ln().max(reversed)
        })
        .filter(|found| found.is_finite())
        .fold(0.0, f64::max)
}

#[test]
fn who_looks_for_one_person_proves_less_than_was_promised() {
    for (epsilon, least) in [(1.0, 0.0), (15.0, 1.0)] {
        let proven = proven_epsilon(epsilon, 6_000);
        println!("promised {epsilon}, proven {proven:.2}");
        assert!(proven < epsilon, "promised {epsilon}, proven {proven}");
        // Sharp enough to have found that noise of a promise of 15 does not keep one of 1.
        assert!(proven >= least, "promised {epsilon}, proven {proven}");
    }
}

/// Test AUC beside interpret 0.7.8's differentially private EBM: the same split, δ 10⁻⁶, means over twelve draws of either.
/// `tests/reference/make_private.py` made theirs.
#[test]
fn as_accurate_as_the_private_model_of_interpret() {
    let Some(folder) = env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA does not name the folder of the reference data");
        return;
    };
    let folder = PathBuf::from(folder).join("ml");
    let peers: Json = serde_json::from_str(include_str!("../reference/private.json")).unwrap();
    for task in [
        "compas",
        "adult",
        "synth_dev_homeless",
        "german_credit",
        "ui_benefits",
    ] {
        let path = folder.join(format!("reference/classification_{task}.json"));
        let reference: Json = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let data = read(&folder, task, &reference);
        let rows = |test: bool| -> Vec<usize> {
            (0..data.outcome.len())
                .filter(|row| data.is_test[*row] == test)
                .collect()
        };
        let (train, test) = (rows(false), rows(true));
        let columns: Vec<Column> = data.columns.iter().map(|c| part(c, &train)).collect();
        let outcome: Vec<bool> = train.iter().map(|row| data.outcome[*row]).collect();
        let truth: Vec<bool> = test.iter().map(|row| data.outcome[*row]).collect();
        let mut asked = PrivateSettings::new(Promise {
            epsilon: 1.0,
            delta: 1e-6,
        });
        asked.even_if_misleading = true;
        // The reference takes limits and levels from the rows; so does this comparison, and only this.
        for column in &columns {
            match column {
                Column::Numeric { name, values } => {
                    let known = || values.iter().copied().filter(|x| !x.is_nan());
                    let limits = Limits {
                        minimum: known().fold(f64::INFINITY, f64::min),
                        maximum: known().fold(f64::NEG_INFINITY, f64::max),
                        is_whole: known().all(|x| x.fract() == 0.0),
                    };
                    asked.limits.push((name.clone(), limits));
                }
                Column::Category { name, .. } => asked.public_levels.push(name.clone()),
            }
        }
        for epsilon in [1.0, 2.0, 4.0] {
            asked.promise.epsilon = epsilon;
            let mut sum = 0.0;
            let draws = 12;
            let mut refused = None;
            for seed in 0..draws {
                let found = Ebm::fit_private(&columns, &outcome, &asked, &mut chance(seed));
                let found = found.unwrap();
                if found.rows < found.needed_rows {
                    refused = Some(found.needed_rows as u64);
                }
                sum += auc(&scores(&found.model, &data.columns, &test), &truth);
            }
            let ours = sum / draws as f64;
            let theirs = &peers["found"][task][format!("{epsilon:.1}")];
            let [theirs, spread] = ["auc_mean", "auc_sd"].map(|key| theirs[key].as_f64().unwrap());
            println!(
                "{task:20} epsilon {epsilon}: AUC {ours:.4} (interpret {theirs:.4}){}",
                refused.map_or_else(String::new, |rows| format!(
                    "; refused by itself: needs about {rows} rows"
                ))
            );
            // Twice the standard error of theirs.
            let slack = 2.0 * spread / f64::sqrt(12.0);
            assert!(ours >= theirs - slack, "{task} {epsilon}: {ours} {theirs}");
        }
    }
}
