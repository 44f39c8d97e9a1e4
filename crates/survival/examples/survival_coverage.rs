//! How often intervals that ask 95 % hold the truth: `cargo run --release -p helder-survival --example survival_coverage [seeds] [spells]`.
//!
//! Every seed is a made municipality: spells with two exits that compete (Weibull hazards, one rising and one falling, by a number and a
//! group), half of them in sight only from a later day on, some lost from sight. Times are whole days, so ties are heavy. The truth is
//! computed from the hazards, not from a sample. Fine and Gray's regression, which knows no delayed entry, has spells of its own, made
//! so that its model is true. Ends with an error when one of the figures lies outside 93–97 %.

use std::process::ExitCode;

use helder_survival::{
    Aft, Cox, Design, Law, Spells, SurvivalError, aalen_johansen, fine_gray, kaplan_meier,
};

const DAYS: f64 = 30.0;
/// Days at which curves are read.
const HORIZONS: [f64; 3] = [90.0, 270.0, 540.0];
/// Hazards of the two exits, per month: rate, shape, effect of the number, effect of the group.
const EXITS: [[f64; 4]; 2] = [[0.04, 1.2, 0.6, -0.4], [0.05, 0.8, 0.0, 0.5]];
/// Somebody whose chance is predicted.
const CLIENT: [f64; 2] = [0.5, 1.0];

/// Draws between 0 and 1.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        // SplitMix64 (Steele, Lea & Flood 2014).
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -self.next().max(1e-300).ln()
    }
}

/// Cumulative hazard of an exit after so many days.
fn hazard(exit: usize, days: f64, x: &[f64; 2]) -> f64 {
    let [rate, shape, number, group] = EXITS[exit];
    (rate * days / DAYS).powf(shape) * (number * x[0] + group * x[1]).exp()
}

struct Made {
    spells: Spells,
    design: Design,
}

fn made(seed: u64, n: usize) -> Result<Made, SurvivalError> {
    let mut draws = Draws(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let (mut time, mut cause, mut entry) = (Vec::new(), Vec::new(), Vec::new());
    let (mut number, mut group) = (Vec::new(), Vec::new());
    while time.len() < n {
        let x = [
            2.0 * draws.next() - 1.0,
            f64::from(u8::from(draws.next() < 0.4)),
        ];
        let enters = if draws.next() < 0.5 {
            (draws.next() * 12.0 * DAYS).floor()
        } else {
            0.0
        };
        let mut exit = |which: usize| {
            let [rate, shape, a, b] = EXITS[which];
            let e = draws.exponential() * (-a * x[0] - b * x[1]).exp();
            (e.powf(1.0 / shape) / rate * DAYS).ceil()
        };
        let exits = [exit(0), exit(1)];
        let lost = (enters + 1.0 + draws.next() * 48.0 * DAYS).ceil();
        let end = exits[0].min(exits[1]);
        if end <= enters {
            continue; // Over before the registration began: never seen.
        }
        time.push(end.min(lost));
        cause.push(if lost < end {
            0
        } else if exits[0] <= exits[1] {
            1
        } else {
            2
        });
        entry.push(enters);
        number.push(x[0]);
        group.push(x[1]);
    }
    Ok(Made {
        spells: Spells::competing(&time, &cause)?.entered_at(&entry)?,
        design: columns(number, group)?,
    })
}

fn columns(number: Vec<f64>, group: Vec<f64>) -> Result<Design, SurvivalError> {
    Design::new(vec![
        ("number".to_owned(), number),
        ("group".to_owned(), group),
    ])
}

/// Share of all still there after so many days, and ended by each exit, day by day as the spells are rounded.
fn truth(days: f64) -> (f64, [f64; 2]) {
    let n = 400;
    let (mut stays, mut ended) = (0.0, [0.0; 2]);
    for g in [0.0, 1.0] {
        let weight = if g > 0.0 { 0.4 } else { 0.6 } / f64::from(n);
        for k in 0..n {
            let x = [2.0 * (f64::from(k) + 0.5) / f64::from(n) - 1.0, g];
            let all = |day: f64| hazard(0, day, &x) + hazard(1, day, &x);
            stays += weight * (-all(days)).exp();
            // Of a day's ends, exit 1 has those that come first; both on one day count as exit 1.
            for day in 1..=days as u32 {
                let (from, until) = (f64::from(day) - 1.0, f64::from(day));
                let here = (-all(from)).exp();
                let no_first = (hazard(0, from, &x) - hazard(0, until, &x)).exp();
                let no_second = (hazard(1, from, &x) - hazard(1, until, &x)).exp();
                ended[0] += weight * here * (1.0 - no_first);
                ended[1] += weight * here * no_first * (1.0 - no_second);
            }
        }
    }
    (stays, ended)
}

/// Spells of which a share ends by exit 1 as Fine and Gray's model says, with this coefficient per unit of the number.
fn made_for_fine_gray(seed: u64, n: usize, beta: f64) -> Result<Made, SurvivalError> {
    let mut draws = Draws(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let (mut time, mut cause) = (Vec::new(), Vec::new());
    let (mut number, mut group) = (Vec::new(), Vec::new());
    let share = 0.5;
    for _ in 0..n {
        let x = 2.0 * draws.next() - 1.0;
        let ratio = (beta * x).exp();
        let of_first = 1.0 - (1.0_f64 - share).powf(ratio);
        let u = draws.next();
        let (end, which) = if u < of_first {
            // Inverts 1 − (1 − share (1 − exp(−t)))^ratio.
            let left = (1.0 - (1.0 - u).powf(1.0 / ratio)) / share;
            (-(1.0 - left).max(1e-12).ln(), 1)
        } else {
            (draws.exponential(), 2)
        };
        let lost = draws.next() * 4.0;
        time.push(end.min(lost));
        cause.push(if end <= lost { which } else { 0 });
        number.push(x);
        group.push(f64::from(u8::from(draws.next() < 0.4)));
    }
    Ok(Made {
        spells: Spells::competing(&time, &cause)?,
        design: columns(number, group)?,
    })
}

/// Estimates of one quantity over the seeds.
struct Line {
    what: String,
    truth: f64,
    estimates: Vec<f64>,
    errors: Vec<f64>,
    held: usize,
}

#[derive(Default)]
struct Table(Vec<Line>);

impl Table {
    fn add(
        &mut self,
        what: &str,
        truth: f64,
        estimate: f64,
        error: f64,
        limits: Option<(f64, f64)>,
    ) {
        let (lower, upper) =
            limits.unwrap_or((estimate - 1.959_964 * error, estimate + 1.959_964 * error));
        let place = self.0.iter().position(|line| line.what == what);
        let place = place.unwrap_or_else(|| {
            self.0.push(Line {
                what: what.to_owned(),
                truth,
                estimates: Vec::new(),
                errors: Vec::new(),
                held: 0,
            });
            self.0.len() - 1
        });
        let line = &mut self.0[place];
        line.estimates.push(estimate);
        line.errors.push(error);
        line.held += usize::from(lower <= truth && truth <= upper);
    }

    /// Prints it; whether all lines lie within the bounds.
    fn print(&self) -> bool {
        println!(
            "{:<44} {:>8} {:>8} {:>8} {:>8} {:>7}",
            "95 % interval of", "truth", "mean", "s.d.", "mean se", "held %"
        );
        let mut all = true;
        for line in &self.0 {
            let n = line.estimates.len() as f64;
            let mean = line.estimates.iter().sum::<f64>() / n;
            let spread: f64 = line.estimates.iter().map(|e| (e - mean).powi(2)).sum();
            let held = 100.0 * line.held as f64 / n;
            all &= (93.0..=97.0).contains(&held);
            println!(
                "{:<44} {:>8.4} {:>8.4} {:>8.4} {:>8.4} {:>7.1}",
                line.what,
                line.truth,
                mean,
                (spread / (n - 1.0)).sqrt(),
                line.errors.iter().sum::<f64>() / n,
                held
            );
        }
        all
    }
}

fn one_seed(
    table: &mut Table,
    truths: &[(f64, [f64; 2])],
    mean: f64,
    seed: u64,
    n: usize,
) -> Result<(), SurvivalError> {
    let Made { spells, design } = made(seed, n)?;
    let curve = kaplan_meier(&spells.any(), 0.95);
    let shares = aalen_johansen(&spells, 0.95);
    for (days, (stays, ended)) in HORIZONS.into_iter().zip(truths) {
        let next = curve.points.partition_point(|point| point.time <= days);
        if let Some(point) = next.checked_sub(1).map(|last| &curve.points[last]) {
            table.add(
                &format!("Kaplan-Meier, day {days}"),
                *stays,
                point.survival,
                point.standard_error,
                point.lower.zip(point.upper),
            );
            let truth: f64 = -stays.ln();
            table.add(
                &format!("Nelson-Aalen, day {days}"),
                truth,
                point.cumulative_hazard,
                point.cumulative_hazard_standard_error,
                None,
            );
        }
        if let Some(point) = shares.at(days) {
            for (exit, truth) in ended.iter().enumerate() {
                let found = point.causes[exit];
                table.add(
                    &format!("Aalen-Johansen, exit {}, day {days}", exit + 1),
                    *truth,
                    found.share,
                    found.standard_error,
                    found.lower.zip(found.upper),
                );
            }
        }
    }
    let restricted = curve.restricted_mean(HORIZONS[2]);
    table.add(
        "restricted mean, 540 days",
        mean,
        restricted.mean,
        restricted.standard_error,
        None,
    );
    let first = spells.only(1);
    let fit = Cox::new().robust().fit(&first, &design)?;
    for (place, name) in ["number", "group"].into_iter().enumerate() {
        let truth = EXITS[0][2 + place];
        let found = &fit.coefficients[place];
        table.add(
            &format!("Cox, {name}, model-based"),
            truth,
            found.estimate,
            found.standard_error,
            None,
        );
        table.add(
            &format!("Cox, {name}, robust"),
            truth,
            found.estimate,
            found.robust_standard_error.unwrap_or(f64::NAN),
            None,
        );
    }
    if let Some(client) = fit.client(&CLIENT, 0.0, 0) {
        for days in HORIZONS {
            let point = client.at(days);
            table.add(
                &format!("one client's chance, day {days}"),
                (-hazard(0, days, &CLIENT)).exp(),
                point.survival,
                point.survival * point.standard_error,
                point.lower.zip(point.upper),
            );
        }
    }
    let fit = Aft::new(Law::Weibull).fit(&first, &design)?;
    for (place, name) in ["number", "group"].into_iter().enumerate() {
        let found = &fit.coefficients[1 + place];
        table.add(
            &format!("Weibull AFT, {name}"),
            -EXITS[0][2 + place] / EXITS[0][1],
            found.estimate,
            found.standard_error,
            None,
        );
    }
    let beta = 0.6;
    let Made { spells, design } = made_for_fine_gray(seed, n, beta)?;
    let fit = fine_gray(&spells, &design, 1)?;
    for (found, truth) in fit.coefficients.iter().zip([beta, 0.0]) {
        table.add(
            &format!("Fine-Gray, {}", found.name),
            truth,
            found.estimate,
            found.standard_error,
            None,
        );
    }
    Ok(())
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual: usize| -> Result<usize, std::num::ParseIntError> {
        arguments.next().map_or(Ok(usual), |text| text.parse())
    };
    let (seeds, n) = (number(4_000)?, number(400)?);
    let truths: Vec<(f64, [f64; 2])> = HORIZONS.into_iter().map(truth).collect();
    // The area under a curve that falls at whole days.
    let mean: f64 = (0..HORIZONS[2] as u32)
        .map(|day| stays(f64::from(day)))
        .sum();
    let mut table = Table::default();
    for seed in 0..seeds as u64 {
        one_seed(&mut table, &truths, mean, seed, n)?;
    }
    println!("{seeds} seeds, {n} spells each");
    Ok(if table.print() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn stays(days: f64) -> f64 {
    let n = 400;
    let mut sum = 0.0;
    for (g, weight) in [(0.0, 0.6), (1.0, 0.4)] {
        for k in 0..n {
            let x = [2.0 * (f64::from(k) + 0.5) / f64::from(n) - 1.0, g];
            sum += weight / f64::from(n) * (-hazard(0, days, &x) - hazard(1, days, &x)).exp();
        }
    }
    sum
}
