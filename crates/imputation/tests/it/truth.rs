//! On made clients whose truth is known.

use helder_glm::{Design, Family, Glm, Response};
use helder_imputation::{
    Estimate, Imputed, Settings, Shift, Table, Values, Verdict, impute, impute_from, missingness,
    pool,
};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::{category, number, table};

/// Clients with a debt, a schooling that is often not filled in, and whether they left.
struct Made {
    debt: Vec<f64>,
    low: Vec<bool>,
    left: Vec<f64>,
}

fn made(rows: usize, random: &mut Xoshiro256PlusPlus) -> Made {
    let mut out = Made {
        debt: Vec::new(),
        low: Vec::new(),
        left: Vec::new(),
    };
    for _ in 0..rows {
        let low = random.r#gen::<f64>() < 0.5;
        let debt = f64::from(u8::from(low)) + 2.0 * random.r#gen::<f64>();
        let odds = 0.5 - f64::from(u8::from(low)) - 0.5 * debt;
        out.left.push(f64::from(u8::from(
            random.r#gen::<f64>() < 1.0 / (1.0 + (-odds).exp()),
        )));
        out.debt.push(debt);
        out.low.push(low);
    }
    out
}

/// Schooling is left open more often for those who left and those without debts.
fn with_gaps(made: &Made, random: &mut Xoshiro256PlusPlus) -> Table {
    let schooling: Vec<&str> = (0..made.low.len())
        .map(|row| {
            let odds = 0.5 + made.left[row] - made.debt[row];
            let gone = random.r#gen::<f64>() < 1.0 / (1.0 + (-odds).exp());
            match (gone, made.low[row]) {
                (true, _) => "",
                (_, true) => "low",
                _ => "high",
            }
        })
        .collect();
    table(vec![
        category("schooling", &schooling),
        number("debt", made.debt.clone()),
        number("left", made.left.clone()),
    ])
}

/// Effect of low schooling on leaving, given the debt.
fn effect(low: &[bool], debt: &[f64], left: &[f64]) -> Estimate {
    let low: Vec<f64> = low.iter().map(|l| f64::from(u8::from(*l))).collect();
    let design =
        Design::new(left.len(), [("low", low.as_slice()), ("debt", debt)]).expect("design");
    let fit = Glm::new(Family::Binomial)
        .fit(&design, &Response::new(left))
        .expect("fit");
    Estimate {
        estimate: fit.coefficients[1].estimate,
        standard_error: fit.coefficients[1].standard_error,
    }
}

fn low(table: &Table) -> Vec<bool> {
    let Values::Category { levels, codes } = &table.columns()[0].values else {
        unreachable!("a category")
    };
    codes
        .iter()
        .map(|c| levels[c.expect("no gap") as usize] == "low")
        .collect()
}

/// Share of low schooling.
fn share(low: &[bool]) -> Estimate {
    let n = low.len() as f64;
    let estimate = low.iter().filter(|low| **low).count() as f64 / n;
    Estimate {
        estimate,
        standard_error: (estimate * (1.0 - estimate) / n).sqrt(),
    }
}

#[test]
fn imputation_mends_what_leaving_rows_out_distorts_and_its_intervals_hold() {
    let (mut effects, mut shares) = (0, 0);
    let (mut imputed, mut left_out) = (0.0, 0.0);
    let seeds = 500;
    for seed in 0..seeds {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let made = made(600, &mut random);
        let gaps = with_gaps(&made, &mut random);
        let settings = Settings {
            imputations: 20,
            rounds: 1,
            seed,
            ..Settings::default()
        };
        let done = impute(&gaps, &settings).expect("tables");
        let tables: Vec<Vec<bool>> = done.tables.iter().map(low).collect();
        let list: Vec<Estimate> = tables
            .iter()
            .map(|low| effect(low, &made.debt, &made.left))
            .collect();
        let pooled = pool(&list, f64::INFINITY).expect("pooled");
        effects += usize::from(pooled.lower <= -1.0 && -1.0 <= pooled.upper);
        let list: Vec<Estimate> = tables.iter().map(|low| share(low)).collect();
        let pooled = pool(&list, f64::INFINITY).expect("pooled");
        shares += usize::from(pooled.lower <= 0.5 && 0.5 <= pooled.upper);
        imputed += pooled.estimate / seeds as f64;
        let kept: Vec<bool> = (0..made.low.len())
            .filter(|row| !gaps.columns()[0].values.missing(*row))
            .map(|row| made.low[row])
            .collect();
        left_out += share(&kept).estimate / seeds as f64;
    }
    let [effects, shares] = [effects, shares].map(|held| held as f64 / seeds as f64);
    println!("95 % limits hold: effect {effects:.3}, share {shares:.3}");
    println!("low schooling, true 0.5: imputed {imputed:.3}, rows left out {left_out:.3}");
    assert!((imputed - 0.5).abs() < 0.01 && (left_out - 0.5).abs() > 0.03);
    assert!((0.93..=0.97).contains(&effects) && (0.93..=0.97).contains(&shares));
}

#[test]
fn gaps_that_hang_together_are_told_from_gaps_by_chance() {
    let mut alarms = 0;
    for seed in 0..100 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1_000 + seed);
        let made = made(800, &mut random);
        let report = missingness(&with_gaps(&made, &mut random), 10);
        assert_eq!(report.columns[0].verdict, Verdict::HangTogether);
        assert!(report.columns[0].auc.is_some_and(|auc| auc > 0.6));
        let by_chance: Vec<f64> = made
            .debt
            .iter()
            .map(|d| {
                if random.r#gen::<f64>() < 0.3 {
                    f64::NAN
                } else {
                    *d
                }
            })
            .collect();
        let report = missingness(
            &table(vec![number("debt", by_chance), number("left", made.left)]),
            10,
        );
        alarms += usize::from(report.columns[0].verdict == Verdict::HangTogether);
    }
    println!("{alarms} of 100 columns with gaps by chance are said to hang together");
    assert!(alarms <= 12);
}

#[test]
fn a_shift_moves_what_is_drawn_and_nothing_else() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
    let made = made(500, &mut random);
    let gaps = with_gaps(&made, &mut random);
    let lows = |by: f64| {
        let shift = Shift {
            column: "schooling".to_owned(),
            level: Some("low".to_owned()),
            by,
        };
        let settings = Settings {
            imputations: 5,
            shifts: vec![shift],
            ..Settings::default()
        };
        let done = impute(&gaps, &settings).expect("tables");
        for table in &done.tables {
            assert_eq!(table.columns()[1..], gaps.columns()[1..]);
        }
        low(&done.tables[0]).iter().filter(|low| **low).count()
    };
    assert!(lows(-3.0) + 25 < lows(0.0) && lows(0.0) + 25 < lows(3.0));
}

#[test]
fn two_rounds_from_settled_tables_say_what_ten_from_chance_do() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(8);
    let made = made(500, &mut random);
    let gaps = with_gaps(&made, &mut random);
    let settled = impute(&gaps, &Settings::default()).expect("tables").tables;
    let shift = Shift {
        column: "schooling".to_owned(),
        level: Some("low".to_owned()),
        by: 2.0,
    };
    let other = |rounds, seed| Settings {
        imputations: 60,
        rounds,
        shifts: vec![shift.clone()],
        seed,
    };
    let lows = |done: Imputed| -> (f64, f64) {
        let counts = done.tables.iter().map(|table| {
            let lows = low(table).iter().filter(|low| **low).count();
            lows as f64
        });
        let counts: Vec<f64> = counts.collect();
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n)
    };
    let (few, few_error) = lows(impute_from(&gaps, &settled, &other(2, 1)).expect("tables"));
    let (many, many_error) = lows(impute(&gaps, &other(10, 2)).expect("tables"));
    let (without, _) = lows(impute_from(&gaps, &settled, &Settings::default()).expect("tables"));
    assert!((few - many).abs() < 3.0 * (few_error + many_error).sqrt());
    assert!(few > without + 20.0, "{few} {without}");
}

#[test]
fn the_number_of_threads_does_not_show() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(6);
    let made = made(300, &mut random);
    let gaps = with_gaps(&made, &mut random);
    let on = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .expect("threads")
            .install(|| impute(&gaps, &Settings::default()).expect("tables"))
    };
    assert_eq!(on(1), on(4));
}
