//! Cards as they are used.

use helder_scorecard::{
    BinSettings, Bins, CardSettings, Column, Reason, ScorecardError, Trend, Value, bin, fit,
};

use crate::support::German;

const NUMBERS: [&str; 7] = [
    "duration",
    "amount",
    "installment_rate",
    "residence_since",
    "age",
    "existing_credits",
    "liable_people",
];
const LEVELS: [&str; 13] = [
    "status",
    "history",
    "purpose",
    "savings",
    "employment",
    "personal_status_sex",
    "debtors",
    "property",
    "other_plans",
    "housing",
    "job",
    "telephone",
    "foreign_worker",
];

fn auc(outcome: &[bool], scores: &[f64]) -> f64 {
    let (mut above, mut pairs) = (0.0, 0.0);
    for (event, score) in outcome.iter().zip(scores).filter(|(event, _)| **event) {
        for (_, other) in outcome
            .iter()
            .zip(scores)
            .filter(|(other, _)| *other != event)
        {
            pairs += 1.0;
            above += if score > other {
                1.0
            } else if score < other {
                0.0
            } else {
                0.5
            };
        }
    }
    above / pairs
}

#[test]
fn a_card_of_german_credit_is_added_up_by_hand_and_holds_on_other_rows() {
    let german = German::read();
    let bad = german.bad();
    // Every fifth row is for testing, as in the references of the other models.
    let is_test = |row: usize| row.is_multiple_of(5);
    let train = |row: &usize| !is_test(*row);
    let numbers: Vec<(&str, Vec<Option<f64>>)> = NUMBERS
        .iter()
        .map(|name| (*name, german.numbers(name)))
        .collect();
    let levels: Vec<(&str, Vec<Option<&str>>)> = LEVELS
        .iter()
        .map(|name| (*name, german.levels(name)))
        .collect();
    let rows: Vec<usize> = (0..bad.len()).filter(train).collect();
    let learn: Vec<bool> = rows.iter().map(|row| bad[*row]).collect();
    let pick = |values: &[Option<f64>]| rows.iter().map(|row| values[*row]).collect::<Vec<_>>();
    let picked: Vec<Vec<Option<f64>>> = numbers.iter().map(|(_, v)| pick(v)).collect();
    let picked_levels: Vec<Vec<Option<&str>>> = levels
        .iter()
        .map(|(_, values)| rows.iter().map(|row| values[*row]).collect())
        .collect();
    let mut columns: Vec<(&str, Column<'_>)> = Vec::new();
    for ((name, _), values) in numbers.iter().zip(&picked) {
        columns.push((name, Column::Numbers(values)));
    }
    for ((name, _), values) in levels.iter().zip(&picked_levels) {
        columns.push((name, Column::Levels(values)));
    }
    let card = fit(&columns, &learn, &CardSettings::default()).unwrap();
    assert!(card.per_point > 0.0 && (5..=15).contains(&card.inputs.len()));
    for input in &card.inputs {
        assert!(input.coefficient > 0.0 && input.points.contains(&0));
        assert!(input.points.iter().all(|points| *points <= 20));
        // More points where there are more events.
        let rates = input
            .bins
            .bins()
            .iter()
            .map(|bin| bin.events as f64 / bin.rows as f64);
        let mut both: Vec<(f64, u32)> = rates.zip(input.points.iter().copied()).collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(
            both.windows(2).all(|pair| pair[0].1 <= pair[1].1),
            "{}",
            input.name
        );
    }
    let most = card.inputs.iter().flat_map(|input| &input.points).max();
    assert_eq!(most, Some(&20));
    // Rounding costs next to nothing.
    assert!(card.rounding.log_loss < 0.002, "{:?}", card.rounding);
    assert!(card.rounding.most_probability < 0.06, "{:?}", card.rounding);
    let totals = card.totals();
    let (mut outcome, mut scores) = (Vec::new(), Vec::new());
    for row in (0..bad.len()).filter(|row| is_test(*row)) {
        let values: Vec<Value<'_>> = card
            .inputs
            .iter()
            .map(|input| {
                let number = numbers.iter().find(|(name, _)| *name == input.name);
                let level = levels.iter().find(|(name, _)| *name == input.name);
                match (number, level) {
                    (Some((_, values)), _) => Value::Number(values[row]),
                    (_, Some((_, values))) => Value::Level(values[row]),
                    _ => panic!("{}", input.name),
                }
            })
            .collect();
        let total: u32 = card.points(&values).unwrap().iter().sum();
        let line = totals.iter().find(|line| line.points == total).unwrap();
        assert_eq!(
            line.probability.to_bits(),
            card.probability(total).to_bits()
        );
        outcome.push(bad[row]);
        scores.push(line.probability);
    }
    // Unpenalised logistic regression on the raw columns reaches .7419 on these rows.
    let found = auc(&outcome, &scores);
    assert!(found > 0.73, "{found}");
    assert_eq!(
        card,
        fit(&columns, &learn, &CardSettings::default()).unwrap()
    );
}

#[test]
fn missing_rare_and_unknown_have_their_place() {
    let n = 2000;
    let outcome: Vec<bool> = (0..n)
        .map(|i| i * 7919 % 100 < if i % 4 == 0 { 45 } else { 15 })
        .collect();
    let level: Vec<Option<&str>> = (0..n)
        .map(|i| match i % 4 {
            0 => Some("a"),
            1 if i % 400 == 1 => Some("rare"),
            3 if i % 12 == 3 => None,
            _ => Some("b"),
        })
        .collect();
    let bins = bin(
        "level",
        Column::Levels(&level),
        &outcome,
        &BinSettings::default(),
    )
    .unwrap();
    let Bins::Levels {
        groups, missing, ..
    } = &bins
    else {
        panic!("levels");
    };
    assert_eq!(
        missing.unwrap().rows,
        level.iter().filter(|it| it.is_none()).count() as u64
    );
    assert!(groups.iter().any(|group| group.levels == ["a"]));
    assert_eq!(
        bins.place(Value::Level(Some("never seen"))),
        bins.place(Value::Level(Some("rare")))
    );
    assert_eq!(bins.place(Value::Level(None)), Some(bins.bins().len()));
    assert_eq!(bins.place(Value::Number(Some(1.0))), None);
    let total: u64 = bins
        .bins()
        .iter()
        .chain(bins.missing())
        .map(|bin| bin.rows)
        .sum();
    assert_eq!(total, n);
}

#[test]
fn what_cannot_be_a_card_is_said() {
    let numbers: Vec<Option<f64>> = (0..100).map(|i| Some(f64::from(i))).collect();
    let outcome: Vec<bool> = (0..100).map(|i| i % 3 == 0).collect();
    let card = |columns: &[(&str, Column<'_>)], outcome: &[bool]| {
        fit(columns, outcome, &CardSettings::default())
    };
    let column = Column::Numbers(&numbers);
    assert_eq!(
        card(&[("x", column)], &[true; 100]).unwrap_err(),
        ScorecardError::OneClass {
            rows: 100,
            class: true
        }
    );
    assert!(matches!(
        card(&[("x", column)], &outcome[1..]),
        Err(ScorecardError::LengthMismatch { .. })
    ));
    assert!(matches!(
        card(&[("x", column), ("x", column)], &outcome),
        Err(ScorecardError::DuplicateColumn(_) | ScorecardError::NothingLeft)
    ));
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut values = numbers.clone();
        (values[3], values[7]) = (Some(bad), Some(bad));
        let fault = ScorecardError::NotFinite {
            column: "x".to_owned(),
            rows: 2,
        };
        assert_eq!(
            card(&[("x", Column::Numbers(&values))], &outcome).unwrap_err(),
            fault
        );
    }
    let nothing = vec![None; 100];
    let constant = vec![Some(1e300); 100];
    let extremes: Vec<Option<f64>> = (0..100)
        .map(|i| Some(if i % 2 == 0 { -1e300 } else { 1e300 }))
        .collect();
    for values in [&nothing, &constant, &extremes] {
        assert_eq!(
            card(&[("x", Column::Numbers(values))], &outcome),
            Err(ScorecardError::NothingLeft)
        );
    }
    assert_eq!(card(&[], &outcome), Err(ScorecardError::NothingLeft));
    assert!(card(&[], &[]).is_err());
    let texts: Vec<String> = (0..10_000).map(|i| format!("level {i}")).collect();
    let many: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    let outcome: Vec<bool> = (0..10_000).map(|i| i % 3 == 0).collect();
    let bins = bin(
        "many",
        Column::Levels(&many),
        &outcome,
        &BinSettings::default(),
    )
    .unwrap();
    assert_eq!(bins.bins().len(), 1);
    let settings = BinSettings {
        max_bins: 0,
        ..BinSettings::default()
    };
    let all = CardSettings {
        bins: settings,
        ..CardSettings::default()
    };
    assert!(matches!(
        fit(&[("many", Column::Levels(&many))], &outcome, &all),
        Err(ScorecardError::Setting { .. })
    ));
}

#[test]
fn a_column_that_counts_the_wrong_way_beside_another_is_left_out() {
    // `copy` is `main` with much noise; beside `main` it says nothing more, or the contrary.
    let (mut main, mut copy, mut outcome) = (Vec::new(), Vec::new(), Vec::new());
    for i in 0..6000_u32 {
        let risk = i % 10;
        let noise = i.wrapping_mul(2_654_435_761) >> 24 & 7;
        main.push(Some(f64::from(risk)));
        copy.push(Some(f64::from(risk + noise)));
        // At equal risk those with more noise have the outcome less.
        outcome.push(i.wrapping_mul(40_503) % 100 < 4 * risk + 10 - noise);
    }
    let settings = CardSettings {
        bins: BinSettings {
            trend: Trend::Monotone,
            ..BinSettings::default()
        },
        ..CardSettings::default()
    };
    let columns = [
        ("main", Column::Numbers(&main)),
        ("copy", Column::Numbers(&copy)),
    ];
    let card = fit(&columns, &outcome, &settings).unwrap();
    let names: Vec<&str> = card
        .inputs
        .iter()
        .map(|input| input.name.as_str())
        .collect();
    assert_eq!(names, ["main"]);
    assert_eq!(card.left_out[0].reason, Reason::SaysTheContrary);
    assert!(card.left_out[0].information_value > 0.1);
}

#[test]
fn few_missing_values_say_nothing_and_many_have_a_bin() {
    let n = 1200;
    let outcome: Vec<bool> = (0..n)
        .map(|i| i * 7919 % 100 < if i % 3 == 0 { 60 } else { 20 })
        .collect();
    let column = |missing: &dyn Fn(usize) -> bool| -> Vec<Option<f64>> {
        let value = |i: usize| (!missing(i)).then_some((i % 3) as f64);
        (0..n).map(value).collect()
    };
    // Eight rows, all with the outcome, against every ninth row.
    let few: Vec<usize> = (0..n).filter(|i| outcome[*i]).take(8).collect();
    let (thin, thick) = (column(&|i| few.contains(&i)), column(&|i| i % 9 == 0));
    let card = |values: &[Option<f64>]| {
        let columns = [("x", Column::Numbers(values))];
        fit(&columns, &outcome, &CardSettings::default()).unwrap()
    };
    let (thin, thick) = (card(&thin), card(&thick));
    assert_eq!(thin.inputs[0].bins.missing(), None);
    // Between the least and the most of the values, as a bin without information.
    let missing = thin.inputs[0].missing_points;
    assert!((1..20).contains(&missing), "{missing}");
    assert!(thick.inputs[0].bins.missing().unwrap().rows > 100);
    assert!(thick.inputs[0].missing_points > 15);
}

#[test]
fn a_column_goes_the_way_that_is_demanded_of_it() {
    let n = 3000;
    let values: Vec<Option<f64>> = (0..n).map(|i| Some(f64::from(i % 10))).collect();
    // Up to the middle, then down: the best monotone way is one of both.
    let share = |x: i32| if x < 5 { 10 + 12 * x } else { 110 - 10 * x };
    let outcome: Vec<bool> = (0..n).map(|i| i * 7919 % 100 < share(i % 10)).collect();
    let made = |trend: Option<Trend>| {
        let settings = CardSettings {
            trends: trend.map(|t| ("x".to_owned(), t)).into_iter().collect(),
            ..CardSettings::default()
        };
        fit(&[("x", Column::Numbers(&values))], &outcome, &settings)
            .unwrap()
            .inputs
            .remove(0)
    };
    let rises = |points: &[u32]| points.windows(2).all(|pair| pair[0] <= pair[1]);
    let falls = |points: &[u32]| points.windows(2).all(|pair| pair[0] >= pair[1]);
    assert!(rises(&made(Some(Trend::Ascending)).points));
    assert!(falls(&made(Some(Trend::Descending)).points));
    let free = made(Some(Trend::Free));
    assert!(!rises(&free.points) && !falls(&free.points));
    let best = made(None).bins.information_value();
    for trend in [Trend::Ascending, Trend::Descending] {
        assert!(made(Some(trend)).bins.information_value() <= best + 1e-12);
    }
    assert!(free.bins.information_value() > best);
}

#[test]
fn what_rounding_costs_is_told_from_the_weights_that_were_not_rounded() {
    let n = 1500;
    let x: Vec<Option<f64>> = (0..n).map(|i| Some(f64::from(i * 31 % 17))).collect();
    let z: Vec<Option<f64>> = (0..n).map(|i| Some(f64::from(i * 57 % 13))).collect();
    let outcome: Vec<bool> = (0..n)
        .map(|i| i * 7919 % 100 < 5 + 3 * (i * 31 % 17) + 2 * (i * 57 % 13))
        .collect();
    let columns = [("x", Column::Numbers(&x)), ("z", Column::Numbers(&z))];
    let card = fit(&columns, &outcome, &CardSettings::default()).unwrap();
    let coarse = CardSettings {
        most_points: 2,
        ..CardSettings::default()
    };
    let coarse = fit(&columns, &outcome, &coarse).unwrap();
    assert!(coarse.rounding.log_loss > card.rounding.log_loss);
    let most = (0..n as usize)
        .map(|row| {
            let values = [Value::Number(x[row]), Value::Number(z[row])];
            let total: u32 = card.points(&values).unwrap().iter().sum();
            let odds: f64 = card
                .inputs
                .iter()
                .zip(values)
                .map(|(input, value)| input.coefficient * input.bins.weight_of_evidence(value))
                .sum::<f64>()
                + card.unrounded_intercept;
            (card.probability(total) - 1.0 / (1.0 + (-odds).exp())).abs()
        })
        .fold(0.0, f64::max);
    assert!((most - card.rounding.most_probability).abs() < 1e-12);
}
