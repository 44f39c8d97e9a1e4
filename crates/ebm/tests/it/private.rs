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
        // A histogram of counts, one of outcomes and five of residuals per column.
        assert_eq!(found.answers, 4 * 7);
        let most = Loss::of(asked.promise).unwrap();
        assert!((found.loss.0 / most.0 - 1.0).abs() < 1e-9, "all is used");
        assert!(found.loss.delta(epsilon) <= 1e-6 * (1.0 + 1e-6));
        assert!((found.rows / 4_000.0 - 1.0).abs() < 0.2);
        assert!(found.model.pairs.is_empty());
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

/// Test AUC beside interpret 0.7.8's differentially private EBM: the same split, δ 10⁻⁶, means over three draws.
#[test]
fn as_accurate_as_the_private_model_of_interpret() {
    let Some(folder) = env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA does not name the folder of the reference data");
        return;
    };
    let folder = PathBuf::from(folder).join("ml");
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
            let draws = 6;
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
            let key = format!("{epsilon:.1}");
            let theirs = &reference["dp_ebm_delta_1e-6_3_seeds"][&key]["auc_mean"];
            let theirs = theirs.as_f64().unwrap();
            println!(
                "{task:20} epsilon {epsilon}: AUC {ours:.4} (interpret {theirs:.4}){}",
                refused.map_or_else(String::new, |rows| format!(
                    "; refused by itself: needs about {rows} rows"
                ))
            );
            // Three draws of theirs, six of ours: the noise of both is in the difference. German credit has 200 test rows, and
            // theirs spread over 0.719 to 0.761.
            let slack = if task == "german_credit" { 0.03 } else { 0.002 };
            assert!(
                refused.is_some() || ours >= theirs - slack,
                "{task} {epsilon}"
            );
        }
    }
}
