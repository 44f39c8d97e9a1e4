//! How often limits that ask 95 % hold the truth: `cargo run --release -p helder-hazard --example hazard_coverage [seeds] [seeds of curves]`.
//!
//! Every seed is 400 spells by month with two exits that compete, seen from a later month on for a third of them. For the regression log-odds
//! are linear in a number and a group; for the curves (2,000 spells) the effect of the group turns with time. Ends with an error when a figure
//! of the regression lies outside 93–97 %; figures of the curves are printed, because limits from bags are no promise.

use std::process::ExitCode;

use helder_ebm::{Column, Settings, Value};
use helder_hazard::{DiscreteHazard, HazardCurve, HazardError, Link, TimeEffect};
use helder_survival::{Intervals, Spells};

const MONTHS: usize = 12;

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
}

/// Chance of each exit in a month, by the log-odds of each against staying.
fn hazards(month: usize, x: [f64; 2], turns: bool) -> [f64; 2] {
    let late = month as f64 / MONTHS as f64;
    let first = if turns {
        -2.5 + x[1] * (1.5 - 3.0 * late)
    } else {
        -2.5 + late + 0.6 * x[0] - 0.4 * x[1]
    };
    let second = -3.0 + 0.5 * x[1];
    let odds = [first.exp(), second.exp()];
    odds.map(|o| o / (1.0 + odds[0] + odds[1]))
}

/// Chance of staying, and of having ended by each exit, after each month.
fn truth(x: [f64; 2], turns: bool) -> Vec<[f64; 3]> {
    let mut now = [1.0, 0.0, 0.0];
    (0..MONTHS)
        .map(|month| {
            let [first, second] = hazards(month, x, turns);
            now = [
                now[0] * (1.0 - first - second),
                now[1] + now[0] * first,
                now[2] + now[0] * second,
            ];
            now
        })
        .collect()
}

struct Made {
    spells: Spells,
    number: Vec<f64>,
    group: Vec<f64>,
}

fn made(seed: u64, n: usize, turns: bool) -> Result<Made, HazardError> {
    let mut draws = Draws(seed.wrapping_mul(0x5851_f42d_4c95_7f2d));
    let (mut time, mut cause, mut entry) = (Vec::new(), Vec::new(), Vec::new());
    let (mut number, mut group) = (Vec::new(), Vec::new());
    while time.len() < n {
        let x = [
            2.0 * draws.next() - 1.0,
            f64::from(u8::from(draws.next() < 0.5)),
        ];
        let enters = if draws.next() < 1.0 / 3.0 {
            (4.0 * draws.next()).floor()
        } else {
            0.0
        };
        let lost = (4.0 + 16.0 * draws.next()).floor();
        let mut end = (MONTHS as f64, 0);
        for month in 0..MONTHS {
            let [first, second] = hazards(month, x, turns);
            let u = draws.next();
            if u < first + second {
                end = (month as f64 + 1.0, if u < first { 1 } else { 2 });
                break;
            }
        }
        if lost < end.0 {
            end = (lost, 0);
        }
        if end.0 <= enters {
            continue;
        }
        time.push(end.0);
        cause.push(end.1);
        entry.push(enters);
        number.push(x[0]);
        group.push(x[1]);
    }
    Ok(Made {
        spells: Spells::competing(&time, &cause)?.entered_at(&entry)?,
        number,
        group,
    })
}

/// Per quantity how often it was held, of how many.
#[derive(Default)]
struct Held([[usize; 2]; 3]);

impl Held {
    fn add(&mut self, curve: &HazardCurve, truth: &[[f64; 3]]) {
        for (point, truth) in curve.points.iter().zip(truth) {
            let limits = [
                point.survival_limits,
                point.incidence_limits[0],
                point.incidence_limits[1],
            ];
            for ((held, limits), truth) in self.0.iter_mut().zip(limits).zip(truth) {
                if let Some((low, high)) = limits {
                    held[0] += usize::from(low <= *truth && *truth <= high);
                    held[1] += 1;
                }
            }
        }
    }

    fn print(&self, what: &str) -> bool {
        let mut fine = true;
        for (name, [held, of]) in ["staying", "exit 1", "exit 2"].into_iter().zip(self.0) {
            let share = 100.0 * held as f64 / of as f64;
            fine &= (93.0..=97.0).contains(&share);
            println!("{what}, {name}: held {share:.1} % of {of}");
        }
        fine
    }
}

const DESCRIPTIONS: [[f64; 2]; 4] = [[-0.5, 0.0], [-0.5, 1.0], [0.5, 0.0], [0.5, 1.0]];

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |usual: u64| arguments.next().map_or(Ok(usual), |text| text.parse());
    let (seeds, of_curves) = (number(1_000)?, number(15)?);
    let hazard = DiscreteHazard::new(Intervals::of_width(1.0, MONTHS)?);
    let mut held = Held::default();
    for seed in 0..seeds {
        let Made {
            spells,
            number,
            group,
        } = made(seed, 400, false)?;
        let columns = [("number".to_owned(), number), ("group".to_owned(), group)];
        let model = hazard.glm(&spells, &columns, Link::Logit, TimeEffect::EachInterval)?;
        for x in DESCRIPTIONS {
            held.add(&model.curve(&x, 0.95)?, &truth(x, false));
        }
    }
    let fine = held.print("regression");
    let mut held = Held::default();
    for seed in 0..of_curves {
        let Made {
            spells,
            number,
            group,
        } = made(seed, 2_000, true)?;
        let columns =
            [("number", number), ("group", group)].map(|(name, values)| Column::Numeric {
                name: name.to_owned(),
                values,
            });
        let model = hazard.ebm(&spells, &columns, &Settings::default())?;
        for x in DESCRIPTIONS {
            held.add(&model.curve(&x.map(Value::Number), 0.95)?, &truth(x, true));
        }
    }
    held.print("curves");
    Ok(if fine {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
