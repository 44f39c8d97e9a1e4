//! Multiple imputation by chained equations.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Column, ImputationError, Table, Values,
    design::{Gap, Predictor, mean_sd, predictors},
    draw,
};

/// How to impute.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Completed tables, 2 to 200.
    pub imputations: usize,
    /// Rounds over the columns with gaps, 1 to 200.
    pub rounds: usize,
    /// Gaps that differ from what the other columns say, to see whether conclusions stand if they do.
    pub shifts: Vec<Shift>,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            imputations: 20,
            rounds: 10,
            shifts: Vec::new(),
            seed: 0,
        }
    }
}

/// What if the missing values of a column were higher (or lower) than those of rows that are alike in all that is known?
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// The column.
    pub column: String,
    /// For a category the level whose log odds are moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// Numbers: standard deviations of the column's known values; a category: log odds.
    pub by: f64,
}

/// Completed tables.
#[derive(Clone, Debug, PartialEq)]
pub struct Imputed {
    /// Without gaps; only what was missing differs between them.
    pub tables: Vec<Table>,
    /// How the rounds settled, per column with gaps.
    pub convergence: Vec<Convergence>,
}

/// Whether more rounds would change anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Convergence {
    /// The column.
    pub column: String,
    /// Values drawn in every completed table.
    pub gaps: usize,
    /// Potential scale reduction over the second half of the rounds, of the mean of the drawn values (for a category, of the share of its
    /// most frequent level): about 1 when settled, above 1.1 when not. None with fewer than four rounds, or where nothing varies.
    pub potential_scale_reduction: Option<f64>,
}

/// Draws several values for every gap, each from what all other columns say of it, and in turn until it has settled.
///
/// Columns that stand in the table but have no gaps help to predict. Put the outcome in: without it, what hangs together with the outcome is
/// drawn as if it did not. For a time to an event that means whether it was seen, and the cumulative hazard at the time (White & Royston,
/// Statistics in Medicine 28(15), 2009, doi 10.1002/sim.3618), not the time itself.
///
/// The same tables on any number of threads.
///
/// # Errors
/// Settings out of range; a shift that names no column with gaps, or no level of it.
/// # Source
/// van Buuren & Groothuis-Oudshoorn, Journal of Statistical Software 45(3), 2011, doi 10.18637/jss.v045.i03; potential scale reduction: Gelman
/// & Rubin, Statistical Science 7(4), 1992.
pub fn impute(table: &Table, settings: &Settings) -> Result<Imputed, ImputationError> {
    check(table, settings)?;
    Ok(chains(table, settings, &[]))
}

/// As [`impute`], beginning at completed tables instead of at chance: where only `shifts` are others, two rounds do.
///
/// * `begun` – completed before from the same `table`; chain `i` begins at the `i`th, in turns
///
/// # Errors
/// As of [`impute`], and `begun` that is empty or not of the same rows and columns.
pub fn impute_from(
    table: &Table,
    begun: &[Table],
    settings: &Settings,
) -> Result<Imputed, ImputationError> {
    check(table, settings)?;
    if begun.is_empty() || !begun.iter().all(|one| completes(one, table)) {
        return Err(ImputationError::Setting {
            name: "tables to begin at",
            demand: "must be at least one, completed from this table",
        });
    }
    Ok(chains(table, settings, begun))
}

/// Whether `done` is `table` with every gap filled.
fn completes(done: &Table, table: &Table) -> bool {
    let is_same = |(done, own): (&Column, &Column)| {
        let levels = match (&done.values, &own.values) {
            (Values::Number(_), Values::Number(_)) => true,
            (Values::Category { levels, .. }, Values::Category { levels: own, .. }) => {
                levels == own
            }
            _ => false,
        };
        levels && done.name == own.name && gaps(done).is_empty()
    };
    done.rows() == table.rows()
        && done.columns().len() == table.columns().len()
        && done.columns().iter().zip(table.columns()).all(is_same)
}

fn chains(table: &Table, settings: &Settings, begun: &[Table]) -> Imputed {
    let order = order(table);
    let chains: Vec<(Table, Vec<Vec<f64>>)> = (0..settings.imputations)
        .into_par_iter()
        .map(|chain| {
            let begun = begun.get(chain % begun.len().max(1));
            run(table, settings, &order, chain as u64, begun)
        })
        .collect();
    let convergence = order
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let traces: Vec<&[f64]> = chains.iter().map(|(_, t)| t[place].as_slice()).collect();
            Convergence {
                column: table.columns()[*column].name.clone(),
                gaps: gaps(&table.columns()[*column]).len(),
                potential_scale_reduction: scale_reduction(&traces),
            }
        })
        .collect();
    Imputed {
        tables: chains.into_iter().map(|(table, _)| table).collect(),
        convergence,
    }
}

fn check(table: &Table, settings: &Settings) -> Result<(), ImputationError> {
    let setting = |name, demand| Err(ImputationError::Setting { name, demand });
    if !(2..=200).contains(&settings.imputations) {
        return setting("imputations", "must lie between 2 and 200");
    }
    if !(1..=200).contains(&settings.rounds) {
        return setting("rounds", "must lie between 1 and 200");
    }
    for shift in &settings.shifts {
        if !shift.by.is_finite() {
            return setting("shift", "must be a finite number");
        }
        match (table.column(&shift.column).map(|c| &c.values), &shift.level) {
            (Some(Values::Number(_)), None) => {}
            (Some(Values::Category { levels, .. }), Some(level)) if levels.contains(level) => {}
            _ => {
                return setting(
                    "shift",
                    "must name a column of numbers, or a category with one of its levels",
                );
            }
        }
    }
    Ok(())
}

fn gaps(column: &Column) -> Vec<usize> {
    (0..column.values.len())
        .filter(|row| column.values.missing(*row))
        .collect()
}

/// Columns with gaps, the fewest gaps first.
fn order(table: &Table) -> Vec<usize> {
    let mut order: Vec<(usize, usize)> = table
        .columns()
        .iter()
        .enumerate()
        .map(|(place, column)| (gaps(column).len(), place))
        .filter(|(gaps, _)| *gaps > 0)
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, place)| place).collect()
}

/// One completed table, and per column with gaps what was drawn in every round.
fn run(
    table: &Table,
    settings: &Settings,
    order: &[usize],
    chain: u64,
    begun: Option<&Table>,
) -> (Table, Vec<Vec<f64>>) {
    let seed = settings.seed ^ chain.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut done = begun.unwrap_or(table).clone();
    // Nothing is missing where others have begun.
    for place in order {
        start(&mut done.columns_mut()[*place].values, &mut random);
    }
    let mut parts: Vec<Vec<Predictor>> = done
        .columns()
        .iter()
        .enumerate()
        .map(|(place, column)| predictors(place, column, Gap::None))
        .collect();
    let mut traces = vec![Vec::new(); order.len()];
    for _ in 0..settings.rounds {
        for (trace, place) in traces.iter_mut().zip(order) {
            let original = &table.columns()[*place];
            let (known, gaps): (Vec<usize>, Vec<usize>) =
                (0..table.rows()).partition(|row| !original.values.missing(*row));
            let others: Vec<&Predictor> = parts
                .iter()
                .enumerate()
                .filter(|(other, _)| other != place)
                .flat_map(|(_, part)| part)
                .collect();
            let shift = settings.shifts.iter().find(|s| s.column == original.name);
            let column = &mut done.columns_mut()[*place];
            match &mut column.values {
                Values::Number(values) => {
                    let observed: Vec<f64> = known.iter().map(|row| values[*row]).collect();
                    let by = shift.map_or(0.0, |s| s.by * mean_sd(&observed).1);
                    draw::numbers(values, &known, &gaps, &others, by, &mut random);
                    trace
                        .push(gaps.iter().map(|row| values[*row]).sum::<f64>() / gaps.len() as f64);
                }
                Values::Category { levels, codes } => {
                    let lift = shift.and_then(|s| {
                        let level = levels.iter().position(|l| Some(l) == s.level.as_ref())?;
                        Some((level as u32, s.by))
                    });
                    draw::levels(codes, &known, &gaps, &others, lift, &mut random);
                    let usual = usual(codes, &known);
                    let share = gaps.iter().filter(|row| codes[**row] == usual).count();
                    trace.push(share as f64 / gaps.len() as f64);
                }
            }
            parts[*place] = predictors(*place, column, Gap::None);
        }
    }
    (done, traces)
}

/// Fills gaps with known values by chance.
fn start(values: &mut Values, random: &mut Xoshiro256PlusPlus) {
    match values {
        Values::Number(values) => {
            let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            for value in values.iter_mut().filter(|v| v.is_nan()) {
                *value = known[random.gen_range(0..known.len())];
            }
        }
        Values::Category { codes, .. } => {
            let known: Vec<u32> = codes.iter().copied().flatten().collect();
            for code in codes.iter_mut().filter(|code| code.is_none()) {
                *code = Some(known[random.gen_range(0..known.len())]);
            }
        }
    }
}

fn usual(codes: &[Option<u32>], known: &[usize]) -> Option<u32> {
    let mut counts = std::collections::BTreeMap::new();
    for row in known {
        *counts.entry(codes[*row]).or_insert(0_usize) += 1;
    }
    let most = counts.values().max().copied()?;
    counts
        .into_iter()
        .find(|(_, c)| *c == most)
        .and_then(|(code, _)| code)
}

/// Gelman and Rubin's statistic over the second half of the rounds.
fn scale_reduction(traces: &[&[f64]]) -> Option<f64> {
    let rounds = traces.first()?.len();
    let kept = rounds - rounds / 2;
    if rounds < 4 || traces.len() < 2 {
        return None;
    }
    let means_variances: Vec<(f64, f64)> = traces
        .iter()
        .map(|trace| {
            let (mean, sd) = mean_sd(&trace[rounds - kept..]);
            (mean, sd * sd)
        })
        .collect();
    let means: Vec<f64> = means_variances.iter().map(|(mean, _)| *mean).collect();
    let within = means_variances.iter().map(|(_, v)| v).sum::<f64>() / traces.len() as f64;
    let between = mean_sd(&means).1.powi(2);
    let n = kept as f64;
    (within > 0.0).then(|| (((n - 1.0) / n * within + between) / within).sqrt())
}
