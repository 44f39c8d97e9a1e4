//! Input that no one should send.

use helder_imputation::{
    Estimate, ImputationError, Settings, Shift, Table, Values, Verdict, impute, impute_from,
    missingness, pool, pool_joint,
};

use super::{category, number, table};

#[test]
fn every_fault_of_a_table_is_told_at_once() {
    let columns = vec![
        number("a", vec![1.0, f64::INFINITY]),
        number("a", vec![f64::NAN, f64::NAN]),
        number("b", vec![1.0]),
    ];
    let Err(ImputationError::Table(faults)) = Table::new(columns) else {
        panic!("three faults and one more")
    };
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "column a has an infinite value",
            "column a is given twice",
            "column a has no value at all: leave it out",
            "column b has 1 values where the first column has 2",
        ]
    );
    assert!(Table::new(Vec::new()).is_err());
}

#[test]
fn odd_tables_are_completed_without_a_gap_or_an_impossible_value() {
    let n = 60;
    let every = |k: usize| (0..n).map(move |row| row % k == 0);
    let holes = |value: f64| every(3).map(move |gap| if gap { f64::NAN } else { value });
    let many: Vec<String> = (0..n).map(|row| format!("l{row}")).collect();
    let many: Vec<&str> = many
        .iter()
        .enumerate()
        .map(|(row, level)| if row % 7 == 0 { "" } else { level })
        .collect();
    let tables = [
        table(vec![number("constant", holes(4.0).collect())]),
        table(vec![
            number(
                "huge",
                every(4)
                    .map(|gap| if gap { f64::NAN } else { 1e300 })
                    .collect(),
            ),
            number("row", (0..n).map(|row| row as f64).collect()),
        ]),
        table(vec![
            category("many", &many),
            number("x", holes(1.0).collect()),
        ]),
        table(vec![
            number(
                "same",
                (0..n)
                    .map(|row| if row % 5 == 0 { f64::NAN } else { row as f64 })
                    .collect(),
            ),
            number("again", (0..n).map(|row| row as f64).collect()),
        ]),
        table(vec![number("one", vec![1.0]), category("level", &["a"])]),
    ];
    for gaps in tables {
        missingness(&gaps, 10);
        let done = impute(
            &gaps,
            &Settings {
                rounds: 3,
                ..Settings::default()
            },
        )
        .expect("tables");
        for (column, original) in done.tables[0].columns().iter().zip(gaps.columns()) {
            assert!((0..gaps.rows()).all(|row| !column.values.missing(row)));
            if let (Values::Number(now), Values::Number(then)) = (&column.values, &original.values)
            {
                assert!(now.iter().all(|v| then.contains(v)), "{}", column.name);
            }
        }
    }
}

#[test]
fn few_gaps_are_not_judged() {
    let mut values: Vec<f64> = (0..500).map(f64::from).collect();
    values[0] = f64::NAN;
    let report = missingness(
        &table(vec![number("x", values), number("y", vec![0.0; 500])]),
        10,
    );
    assert_eq!(report.columns[0].verdict, Verdict::TooFew);
    assert_eq!(report.patterns.len(), 2);
    assert_eq!(report.patterns[1].columns, None);
}

#[test]
fn settings_out_of_range_are_refused() {
    let gaps = table(vec![number("x", vec![1.0, f64::NAN])]);
    let with = |change: fn(&mut Settings)| {
        let mut settings = Settings::default();
        change(&mut settings);
        impute(&gaps, &settings)
    };
    assert!(with(|s| s.imputations = 1).is_err());
    assert!(with(|s| s.rounds = 0).is_err());
    let shift = |column: &str, by| Shift {
        column: column.to_owned(),
        level: None,
        by,
    };
    for bad in [shift("y", 1.0), shift("x", f64::NAN)] {
        let settings = Settings {
            shifts: vec![bad],
            ..Settings::default()
        };
        assert!(impute(&gaps, &settings).is_err());
    }
}

#[test]
fn only_what_was_completed_from_the_table_can_be_begun_at() {
    let gaps = table(vec![number("x", vec![1.0, f64::NAN, 3.0])]);
    let from = |begun: &[Table]| impute_from(&gaps, begun, &Settings::default());
    assert!(from(&[]).is_err());
    assert!(from(std::slice::from_ref(&gaps)).is_err());
    for other in [
        number("y", vec![1.0, 1.0, 3.0]),
        number("x", vec![1.0, 1.0]),
        category("x", &["a", "b", "a"]),
    ] {
        assert!(from(&[table(vec![other])]).is_err());
    }
    assert!(from(&[table(vec![number("x", vec![1.0, 1.0, 3.0])])]).is_ok());
}

#[test]
fn estimates_that_cannot_be_pooled_are_refused() {
    let one = Estimate {
        estimate: 1.0,
        standard_error: 0.5,
    };
    assert!(pool(&[one], 10.0).is_err());
    assert!(
        pool(
            &[
                one,
                Estimate {
                    estimate: f64::NAN,
                    ..one
                }
            ],
            10.0
        )
        .is_err()
    );
    assert!(pool(&[one, one], 0.0).is_err());
    let same = pool(&[one, one], f64::INFINITY).expect("pooled");
    assert!((same.standard_error - 0.5).abs() < 1e-15 && same.lambda == 0.0);
    assert!(
        pool_joint(
            &[vec![1.0], vec![1.0]],
            &[vec![0.0], vec![0.0]],
            f64::INFINITY
        )
        .is_err()
    );
}
