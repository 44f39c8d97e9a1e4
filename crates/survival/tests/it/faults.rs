//! What must be refused, and what must not change an answer.

use helder_survival::{
    Aft, Cox, Design, Law, LogRankWeight, SpellFault, Spells, SurvivalError, TieMethod,
    aalen_johansen, expose, fine_gray, gray_test, kaplan_meier, log_rank,
};

type Columns = Vec<(String, Vec<f64>)>;

/// Spells that follow from a seed, with a column that matters and one that does not.
fn made(n: usize) -> (Vec<f64>, Vec<bool>, Columns) {
    let mut state = 11_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let columns: Columns = ["a", "b"]
        .map(|name| (name.to_owned(), (0..n).map(|_| uniform()).collect()))
        .to_vec();
    let time = (0..n)
        .map(|i| {
            (-20.0 * (1.0 - uniform()).ln() * (-columns[0].1[i]).exp())
                .ceil()
                .max(1.0)
        })
        .collect();
    let ended = (0..n).map(|_| uniform() < 0.8).collect();
    (time, ended, columns)
}

fn estimates(spells: &Spells, columns: Columns) -> Vec<f64> {
    let design = Design::new(columns).unwrap();
    Cox::new()
        .fit(spells, &design)
        .unwrap()
        .coefficients
        .iter()
        .map(|c| c.estimate)
        .collect()
}

fn assert_close(a: &[f64], b: &[f64]) {
    assert_eq!(a.len(), b.len());
    for (a, b) in a.iter().zip(b) {
        assert!((a - b).abs() < 1e-10 * b.abs().max(1.0), "{a} {b}");
    }
}

#[test]
fn every_fault_of_the_spells_is_named_at_once() {
    let fault = Spells::new(&[1.0, f64::NAN, -2.0, -3.0], &[true; 4]).unwrap_err();
    assert_eq!(
        fault,
        SurvivalError::Spells(vec![
            SpellFault::TimeNotFinite(1),
            SpellFault::TimeNegative(2)
        ])
    );
    assert_eq!(
        fault.to_string(),
        "1 spells have a time that is not a finite number; 2 spells have a time before 0"
    );
    assert_eq!(
        Spells::new(&[], &[]).unwrap_err(),
        SurvivalError::Spells(vec![SpellFault::Empty])
    );
    let spells = Spells::new(&[3.0, 4.0], &[true, false]).unwrap();
    let late = spells
        .clone()
        .entered_at(&[3.0, f64::INFINITY])
        .unwrap_err();
    let SurvivalError::Spells(faults) = late else {
        panic!("{late}")
    };
    assert_eq!(faults[0], SpellFault::EntryNotFinite(1));
    assert!(spells.clone().weighted(&[1.0, -1.0]).is_err());
    assert!(spells.entered_at(&[1.0]).is_err());
}

#[test]
fn what_cannot_be_learned_is_refused_by_name() {
    let (time, ended, mut columns) = made(200);
    let spells = Spells::new(&time, &ended).unwrap();
    let never = Spells::new(&time, &[false; 200]).unwrap();
    let design = Design::new(columns.clone()).unwrap();
    assert!(matches!(
        Cox::new().fit(&never, &design),
        Err(SurvivalError::NoEvents { spells: 200 })
    ));
    assert!(matches!(
        Aft::new(Law::Weibull).fit(&never, &design),
        Err(SurvivalError::NoEvents { .. })
    ));
    assert!(matches!(
        fine_gray(&spells, &design, 2),
        Err(SurvivalError::NoEvents { .. })
    ));
    let one_group = log_rank(&spells, &[0; 200], None, LogRankWeight::LogRank);
    assert!(matches!(
        one_group,
        Err(SurvivalError::TooFewGroups { found: 1 })
    ));
    assert!(gray_test(&spells, &[0; 200], 1, 0.0).is_err());
    let constant = Design::new(vec![("same".to_owned(), vec![3.0; 200])]).unwrap();
    assert!(matches!(
        Cox::new().fit(&spells, &constant),
        Err(SurvivalError::NothingVaries)
    ));
    let twice = Design::new(vec![columns[0].clone(), columns[0].clone()]);
    assert_eq!(
        twice,
        Err(SurvivalError::DuplicateColumns(vec!["a".to_owned()]))
    );
    let infinite = Design::new(vec![("x".to_owned(), vec![f64::INFINITY; 200])]);
    assert_eq!(
        infinite,
        Err(SurvivalError::NotFinite(vec!["x".to_owned()]))
    );
    // Only those who never end have it: the best coefficient is minus infinity.
    columns.push((
        "stays".to_owned(),
        ended
            .iter()
            .map(|&ended| f64::from(u8::from(!ended)))
            .collect(),
    ));
    let separated = Design::new(columns.clone()).unwrap();
    let fault = Cox::new().fit(&spells, &separated).unwrap_err();
    assert_eq!(
        fault,
        SurvivalError::MonotoneLikelihood(vec!["stays".to_owned()])
    );
    assert!(Cox::new().penalty(1.0).fit(&spells, &separated).is_ok());
    assert!(Cox::new().penalty(-1.0).fit(&spells, &separated).is_err());
    assert!(Cox::new().confidence(1.0).fit(&spells, &design).is_err());
    let zero = Spells::new(&[0.0, 1.0], &[true, true]).unwrap();
    assert!(
        Aft::new(Law::LogNormal)
            .fit(&zero, &Design::new(vec![]).unwrap())
            .is_err()
    );
}

#[test]
fn dependent_and_constant_columns_are_left_out_and_named() {
    let (time, ended, mut columns) = made(300);
    let expected = estimates(&Spells::new(&time, &ended).unwrap(), columns.clone());
    columns.insert(1, ("same".to_owned(), vec![1e9; 300]));
    let sum = (0..300)
        .map(|i| 2.0 * columns[0].1[i] - columns[2].1[i])
        .collect();
    columns.push(("sum".to_owned(), sum));
    let spells = Spells::new(&time, &ended).unwrap();
    let fit = Cox::new()
        .fit(&spells, &Design::new(columns).unwrap())
        .unwrap();
    assert_eq!(fit.dropped, ["same", "sum"]);
    assert_close(
        &fit.coefficients
            .iter()
            .map(|c| c.estimate)
            .collect::<Vec<_>>(),
        &expected,
    );
}

#[test]
fn order_weights_units_and_cuts_change_nothing() {
    let (time, ended, columns) = made(300);
    let spells = Spells::new(&time, &ended).unwrap();
    let expected = estimates(&spells, columns.clone());
    let back: Vec<usize> = (0..300).rev().collect();
    let turned = |(name, values): &(String, Vec<f64>)| {
        (name.clone(), back.iter().map(|&i| values[i]).collect())
    };
    assert_close(
        &estimates(&spells.at(&back), columns.iter().map(turned).collect()),
        &expected,
    );
    // A weight of two is two spells.
    let twice: Vec<usize> = (0..300).flat_map(|i| [i, i]).collect();
    let doubled = |(name, values): &(String, Vec<f64>)| {
        (name.clone(), twice.iter().map(|&i| values[i]).collect())
    };
    let design = Design::new(columns.iter().map(doubled).collect()).unwrap();
    let breslow = |spells: &Spells, design: &Design| {
        let fit = Cox::new()
            .ties(TieMethod::Breslow)
            .fit(spells, design)
            .unwrap();
        (
            fit.log_likelihood,
            fit.coefficients
                .iter()
                .map(|c| c.estimate)
                .collect::<Vec<_>>(),
        )
    };
    let (likelihood, by_rows) = breslow(&spells.at(&twice), &design);
    let heavy = spells.clone().weighted(&[2.0; 300]).unwrap();
    let (weighted, by_weight) = breslow(&heavy, &Design::new(columns.clone()).unwrap());
    assert_close(&by_weight, &by_rows);
    assert_close(&[weighted], &[likelihood]);
    assert_eq!(
        kaplan_meier(&heavy, 0.95),
        kaplan_meier(&spells.at(&twice), 0.95)
    );
    // Another origin and unit of a column, and time in other units.
    let moved = columns.iter().map(|(name, values)| {
        (
            name.clone(),
            values.iter().map(|x| 1e6 + 100.0 * x).collect(),
        )
    });
    let scaled: Vec<f64> = estimates(&spells, moved.collect())
        .iter()
        .map(|x| x * 100.0)
        .collect();
    for (a, b) in scaled.iter().zip(&expected) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }
    let months: Vec<f64> = time.iter().map(|time| time * 30.4).collect();
    assert_close(
        &estimates(&Spells::new(&months, &ended).unwrap(), columns.clone()),
        &expected,
    );
    // A spell cut in two parts that follow each other says the same.
    let begins: Vec<Option<f64>> = time
        .iter()
        .map(|time| (*time > 2.0).then_some(2.0))
        .collect();
    let cut = expose(&spells, &begins).unwrap();
    let long = |(name, values): &(String, Vec<f64>)| {
        (
            name.clone(),
            cut.origin.iter().map(|&i| values[i]).collect(),
        )
    };
    assert_close(
        &estimates(&cut.spells, columns.iter().map(long).collect()),
        &expected,
    );
}

#[test]
fn shares_sum_to_one_and_ends_beyond_the_last_are_certain() {
    let spells = Spells::competing(&[1.0, 2.0, 2.0, 3.0], &[1, 2, 1, 2]).unwrap();
    let last = aalen_johansen(&spells, 0.95).points.pop().unwrap();
    assert_eq!(last.survival.share, 0.0);
    assert!((last.causes.iter().map(|cause| cause.share).sum::<f64>() - 1.0).abs() < 1e-15);
    assert_eq!((last.survival.lower, last.survival.upper), (None, None));
    let curve = kaplan_meier(&spells.any(), 0.95);
    assert_eq!(curve.points.last().unwrap().survival, 0.0);
    assert_eq!(curve.survival_at(0.5), 1.0);
    assert!(
        curve
            .points
            .iter()
            .all(|point| point.standard_error.is_finite())
    );
}
