//! Input that teaches nothing or little gives one clear error or a flagged answer, never a panic and never `NaN`.

use helder_ebm::{Column, ColumnFault, Direction, Ebm, EbmError, Settings, Silence, Value};

use crate::made::{made, numeric, quick};

fn fit(columns: &[Column], outcome: &[bool]) -> Result<Ebm, EbmError> {
    Ebm::fit(columns, outcome, None, &quick())
}

fn half(rows: usize) -> Vec<bool> {
    (0..rows).map(|row| row % 2 == 0).collect()
}

fn is_finite(model: &Ebm) -> bool {
    let shapes = model
        .shapes
        .iter()
        .flat_map(|t| t.scores.iter().chain(&t.standard_errors));
    let pairs = model
        .pairs
        .iter()
        .flat_map(|t| t.scores.iter().chain(&t.standard_errors));
    model.intercept.is_finite() && shapes.chain(pairs).all(|value| value.is_finite())
}

#[test]
fn what_cannot_be_learned_from_is_refused_with_its_reason() {
    let column = || numeric("x", vec![1.0, 2.0, 3.0, 4.0]);
    let y = half(4);
    assert_eq!(fit(&[], &y), Err(EbmError::Empty));
    assert_eq!(
        fit(&[numeric("x", vec![1.0])], &[true]),
        Err(EbmError::Empty)
    );
    assert_eq!(fit(&[column()], &[true; 4]), Err(EbmError::OneClass));
    assert_eq!(
        fit(&[column(), column()], &y),
        Err(ColumnFault::Twice("x".to_owned()).into())
    );
    let short = fit(&[numeric("x", vec![1.0])], &y);
    assert!(matches!(
        short,
        Err(EbmError::Column(ColumnFault::Rows {
            found: 1,
            expected: 4,
            ..
        }))
    ));
    let many = Column::Category {
        name: "street".to_owned(),
        codes: (0..10_000).map(Some).collect(),
        levels: (0..10_000).map(|level| level.to_string()).collect(),
    };
    let error = fit(&[many], &half(10_000)).unwrap_err();
    assert!(error.to_string().contains("10000 levels; 254"), "{error}");
    let wrong = Column::Category {
        name: "c".to_owned(),
        codes: vec![Some(1); 4],
        levels: vec!["a".to_owned()],
    };
    assert_eq!(
        fit(&[wrong], &y),
        Err(ColumnFault::Code("c".to_owned()).into())
    );
    for weights in [
        vec![f64::NAN; 4],
        vec![-1.0; 4],
        vec![0.0; 4],
        vec![f64::INFINITY; 4],
    ] {
        let found = Ebm::fit(&[column()], &y, Some(&weights), &quick());
        assert_eq!(found, Err(EbmError::Weight));
    }
    let of_positives = [0.0, 1.0, 0.0, 1.0];
    let found = Ebm::fit(&[column()], &y, Some(&of_positives), &quick());
    assert_eq!(
        found,
        Err(EbmError::OneClass),
        "rows without weight are no rows"
    );
}

#[test]
fn settings_out_of_range_are_named() {
    let data = made(50, 1, 0.0);
    let faults: [(&str, Settings); 6] = [
        (
            "max_bins",
            Settings {
                max_bins: 255,
                ..quick()
            },
        ),
        (
            "min_bin_rows",
            Settings {
                min_bin_rows: 0,
                ..quick()
            },
        ),
        (
            "bags",
            Settings {
                bags: Some(0),
                ..quick()
            },
        ),
        (
            "validation_share",
            Settings {
                validation_share: f64::NAN,
                ..quick()
            },
        ),
        (
            "greed",
            Settings {
                greed: f64::NAN,
                ..quick()
            },
        ),
        (
            "learning_rate",
            Settings {
                stride: Some(helder_ebm::Stride {
                    learning_rate: f64::NAN,
                    ..helder_ebm::Stride::CALM
                }),
                ..quick()
            },
        ),
    ];
    for (name, settings) in faults {
        let found = Ebm::fit(&data.columns, &data.outcome, None, &settings);
        assert_eq!(found, Err(EbmError::Setting(name)));
    }
    let monotone = |name: &str| Settings {
        monotone: vec![(name.to_owned(), Direction::Rising)],
        ..quick()
    };
    let found = Ebm::fit(&data.columns, &data.outcome, None, &monotone("length"));
    assert_eq!(found, Err(EbmError::NoInput("length".to_owned())));
    let found = Ebm::fit(&data.columns, &data.outcome, None, &monotone("dwelling"));
    assert_eq!(found, Err(EbmError::NoOrder("dwelling".to_owned())));
}

#[test]
fn columns_that_say_nothing_are_flagged_and_add_nothing() {
    let mut data = made(400, 2, 0.0);
    data.columns.push(numeric("constant", vec![7.0; 400]));
    data.columns.push(numeric("empty", vec![f64::NAN; 400]));
    data.columns.push(Column::Category {
        name: "none".to_owned(),
        codes: vec![None; 400],
        levels: Vec::new(),
    });
    let fitted = Ebm::fit_watched(&data.columns, &data.outcome, None, &quick(), &|_| true).unwrap();
    let flagged = [
        (4, Silence::Constant),
        (5, Silence::AllMissing),
        (6, Silence::AllMissing),
    ];
    assert_eq!(fitted.report.silent, flagged);
    assert!(is_finite(&fitted.model));
    for input in [4, 5, 6] {
        let scores = &fitted.model.shapes[input].scores;
        assert!(
            scores.iter().all(|score| score.abs() < 1e-6),
            "{input}: {scores:?}"
        );
    }
}

#[test]
fn infinite_and_huge_numbers_are_ordered_values() {
    let odd = [
        f64::NEG_INFINITY,
        -1e300,
        -0.0,
        0.0,
        1e-300,
        1.0,
        1e300,
        f64::INFINITY,
    ];
    let values: Vec<f64> = (0..800).map(|row| odd[row % 8]).collect();
    let outcome: Vec<bool> = (0..800)
        .map(|row| (row % 8 >= 6) != (row % 32 == 0))
        .collect();
    let model = fit(
        &[
            numeric("x", values),
            numeric("flat", vec![f64::INFINITY; 800]),
        ],
        &outcome,
    )
    .unwrap();
    assert!(is_finite(&model));
    assert!(
        serde_json::to_string(&model).is_ok_and(|text| !text.contains("null")),
        "every cut is a number"
    );
    let score = |x: f64| model.score(&model.bins(&[Value::Number(x), Value::Missing]).unwrap().0);
    assert!(score(1e300) > score(1.0) + 1.0 && score(f64::INFINITY) > score(1.0) + 1.0);
    assert_eq!(score(-0.0), score(0.0));
    assert_eq!(score(-1e300), score(-9e299));
}

#[test]
fn few_rows_and_a_column_that_tells_all_stay_finite() {
    for rows in [2, 3, 5, 20, 300] {
        let values: Vec<f64> = half(rows).iter().map(|y| f64::from(u8::from(*y))).collect();
        let model = fit(&[numeric("x", values)], &half(rows)).unwrap();
        assert!(is_finite(&model), "{rows} rows");
    }
    // One positive among many: nothing is kept apart of it.
    let outcome: Vec<bool> = (0..500).map(|row| row == 250).collect();
    let values = (0..500).map(f64::from).collect();
    assert!(is_finite(&fit(&[numeric("x", values)], &outcome).unwrap()));
}

#[test]
fn as_many_levels_as_fit_are_learned() {
    let levels: Vec<String> = (0..254).map(|level| format!("wijk {level}")).collect();
    let codes = (0..2_540).map(|row| Some(row % 254)).collect();
    let outcome: Vec<bool> = (0..2_540).map(|row| row % 254 < 127).collect();
    let column = Column::Category {
        name: "wijk".to_owned(),
        codes,
        levels,
    };
    let model = fit(&[column], &outcome).unwrap();
    let score = |level: &str| model.score(&model.bins(&[Value::Level(level)]).unwrap().0);
    assert!(score("wijk 0") > score("wijk 253") + 1.0);
    assert_eq!(score("elders"), model.intercept);
}
