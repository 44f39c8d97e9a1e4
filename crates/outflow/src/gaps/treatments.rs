//! The same regression under other treatments of gaps.

use std::collections::BTreeMap;

use helder_imputation::{
    Estimate, Pooled, Settings, Shift, Table as Gappy, Values, impute, impute_from, pool,
};
use helder_survival::Spells;
use serde::{Deserialize, Serialize};

use crate::{
    design::{Against, DesignColumn, columns, name},
    hazards::{self, Compared, ENDS_PER_COLUMN, Period},
    prepare::Prepared,
    small::rounded,
};

/// Completed tables for the main answer, and for each "what if".
const TABLES: usize = 10;
const TABLES_IF: usize = 5;
const ROUNDS: usize = 5;
/// Rounds of a "what if", which begins where the main answer has settled.
const ROUNDS_IF: usize = 2;
/// Characteristics with the most gaps for which is asked: what if the missing values are other than they look?
const ASKED: usize = 3;
/// Share of gaps from which that is asked.
const MANY: f64 = 0.05;
/// How far: standard deviations of a number, log odds of a level.
const FAR_NUMBER: f64 = 0.5;
const FAR_LEVEL: f64 = 1.0;

/// Hazard ratios of any end, by how gaps are treated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GapConclusions {
    /// One per column of the regression with all characteristics.
    pub ratios: Vec<GapConclusion>,
    /// Completed tables behind `imputed`.
    pub tables: u64,
    /// Whether more rounds of completing would change little (potential scale reduction of every column under 1.2).
    pub settled: bool,
    /// "What if" completions behind `if_other`.
    pub what_ifs: u64,
}

/// One ratio under each treatment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GapConclusion {
    /// What is compared.
    #[serde(flatten)]
    pub compared: Compared,
    /// From spells of which everything is known; absent where those are too few.
    pub complete: Option<Period>,
    /// With "not known" as a value of its own.
    pub own_level: Option<Period>,
    /// From completed tables, pooled.
    pub imputed: Option<Period>,
    /// Share of the information that the gaps cost, in `[0, 1]`.
    pub missing_information: Option<f64>,
    /// The lowest and the highest ratio when missing values are as they look, and when they are other.
    pub if_other: Option<[f64; 2]>,
    /// Whether the answer (faster, slower, or not clear) is the same for the completed tables and every "what if".
    pub holds: Option<bool>,
}

type Ratios = BTreeMap<String, Pooled>;

/// Fits under every treatment; `None` where there are too few ends for the columns.
pub(super) fn conclusions(prepared: &Prepared<'_>, table: &Gappy) -> Option<GapConclusions> {
    let spells = prepared.spells.any();
    let all = columns(prepared, &|_| true);
    if spells.n_events() < ENDS_PER_COLUMN * all.len().max(1) {
        return None;
    }
    let everywhere: Vec<usize> = (0..spells.len()).collect();
    let own_level = single(prepared, &spells, &all, &everywhere);
    let known: Vec<usize> = everywhere
        .iter()
        .copied()
        .filter(|row| {
            table
                .columns()
                .iter()
                .all(|column| !column.values.missing(*row))
        })
        .collect();
    let told: Vec<DesignColumn> = all
        .iter()
        .filter(|column| column.against != Against::Missing)
        .cloned()
        .collect();
    let some = spells.at(&known);
    let complete = (some.n_events() >= ENDS_PER_COLUMN * told.len().max(1))
        .then(|| single(prepared, &some, &told, &known));
    let settings = Settings {
        imputations: TABLES,
        rounds: ROUNDS,
        shifts: Vec::new(),
        seed: u64::from(prepared.spec.seed),
    };
    let done = impute(table, &settings).ok()?;
    let imputed = pooled(prepared, &spells, &told, &done.tables);
    let shifts = shifts(prepared, table);
    let others: Vec<Ratios> = shifts
        .iter()
        .filter_map(|shift| {
            let settings = Settings {
                imputations: TABLES_IF,
                rounds: ROUNDS_IF,
                shifts: vec![shift.clone()],
                ..settings.clone()
            };
            let done = impute_from(table, &done.tables, &settings).ok()?;
            Some(pooled(prepared, &spells, &told, &done.tables))
        })
        .collect();
    let ratios = told
        .iter()
        .map(|column| {
            let key = hazards::key(column);
            let main = imputed.get(&key);
            let others: Vec<&Pooled> = others.iter().filter_map(|other| other.get(&key)).collect();
            GapConclusion {
                compared: hazards::compared(prepared, column),
                complete: complete.as_ref().and_then(|found| period(found.get(&key))),
                own_level: period(own_level.get(&key)),
                imputed: period(main),
                missing_information: main.map(|p| rounded(p.fraction_missing_information)),
                if_other: main
                    .filter(|_| !others.is_empty())
                    .map(|main| range(main, &others)),
                holds: main
                    .filter(|_| !others.is_empty())
                    .map(|main| others.iter().all(|other| answer(other) == answer(main))),
            }
        })
        .collect();
    Some(GapConclusions {
        ratios,
        tables: TABLES as u64,
        settled: done
            .convergence
            .iter()
            .all(|one| one.potential_scale_reduction.is_none_or(|r| r < 1.2)),
        what_ifs: others.len() as u64,
    })
}

/// Faster, slower, or not clear.
fn answer(ratio: &Pooled) -> i8 {
    i8::from(ratio.lower > 0.0) - i8::from(ratio.upper < 0.0)
}

fn period(found: Option<&Pooled>) -> Option<Period> {
    let found = found?;
    let [ratio, lower, upper] =
        [found.estimate, found.lower, found.upper].map(|log| rounded(log.exp()));
    Some(Period {
        ratio,
        lower,
        upper,
    })
}

/// Lowest and highest ratio, that of what the missing values look like among them.
fn range(main: &Pooled, others: &[&Pooled]) -> [f64; 2] {
    let all = || {
        others
            .iter()
            .map(|other| other.estimate)
            .chain([main.estimate])
    };
    [
        all().fold(f64::INFINITY, f64::min),
        all().fold(f64::NEG_INFINITY, f64::max),
    ]
    .map(|log| rounded(log.exp()))
}

/// Ratios of one regression, as logarithms with their (robust) standard errors.
fn estimates(
    prepared: &Prepared<'_>,
    spells: &Spells,
    columns: &[DesignColumn],
    places: &[usize],
) -> BTreeMap<String, Estimate> {
    let Ok((kept, fit)) = hazards::fit(prepared, spells, columns, places) else {
        return BTreeMap::new();
    };
    kept.iter()
        .enumerate()
        .filter_map(|(n, column)| {
            let found = fit.coefficients.iter().find(|c| c.name == name(n))?;
            let estimate = Estimate {
                estimate: found.estimate,
                standard_error: found.robust_standard_error.unwrap_or(found.standard_error),
            };
            Some((hazards::key(column), estimate))
        })
        .collect()
}

fn single(
    prepared: &Prepared<'_>,
    spells: &Spells,
    columns: &[DesignColumn],
    places: &[usize],
) -> Ratios {
    estimates(prepared, spells, columns, places)
        .into_iter()
        .filter_map(|(key, one)| Some((key, pool(&[one, one], f64::INFINITY).ok()?)))
        .collect()
}

/// Ratios over completed tables; those that some table cannot estimate are left out.
fn pooled(
    prepared: &Prepared<'_>,
    spells: &Spells,
    told: &[DesignColumn],
    tables: &[Gappy],
) -> Ratios {
    let places: Vec<usize> = (0..spells.len()).collect();
    let each: Vec<BTreeMap<String, Estimate>> = tables
        .iter()
        .map(|table| estimates(prepared, spells, &completed(prepared, told, table), &places))
        .collect();
    told.iter()
        .filter_map(|column| {
            let key = hazards::key(column);
            let found: Option<Vec<Estimate>> =
                each.iter().map(|one| one.get(&key).copied()).collect();
            Some((key, pool(&found?, f64::INFINITY).ok()?))
        })
        .collect()
}

/// The columns of the regression with the values of a completed table.
fn completed(prepared: &Prepared<'_>, told: &[DesignColumn], table: &Gappy) -> Vec<DesignColumn> {
    told.iter()
        .map(|column| {
            let own = &prepared.traits[column.place];
            let median = own.median();
            let values = match &table.columns()[column.place].values {
                Values::Number(numbers) => numbers
                    .iter()
                    .zip(&column.values)
                    .zip(own.numbers.iter().flatten())
                    .map(|((drawn, value), known)| known.map_or((drawn - median) / own.per, |_| *value))
                    .collect(),
                Values::Category { codes, .. } => {
                    let level = (own.levels.iter())
                        .position(|level| matches!(&column.against, Against::Level { level: words, .. } if *words == level.words));
                    codes
                        .iter()
                        .map(|code| f64::from(u8::from(code.map(|code| code as usize) == level)))
                        .collect()
                }
            };
            DesignColumn {
                values,
                ..column.clone()
            }
        })
        .collect()
}

/// For the characteristics with the most gaps: missing numbers higher and lower, a level more and less likely.
fn shifts(prepared: &Prepared<'_>, table: &Gappy) -> Vec<Shift> {
    let rows = table.rows() as f64;
    let mut gappy: Vec<(usize, usize)> = table.columns()[..prepared.traits.len()]
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let gaps = (0..table.rows())
                .filter(|row| column.values.missing(*row))
                .count();
            (gaps, place)
        })
        .filter(|(gaps, _)| *gaps as f64 >= MANY * rows)
        .collect();
    gappy.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let both = |far: f64, place: usize, level: Option<usize>| {
        [-far, far].map(|by| Shift {
            column: place.to_string(),
            level: level.map(|level| level.to_string()),
            by,
        })
    };
    gappy
        .into_iter()
        .take(ASKED)
        .filter_map(|(_, place)| {
            let own = &prepared.traits[place];
            if own.numbers.is_some() {
                return Some(both(FAR_NUMBER, place, None));
            }
            let others = (0..own.levels.len())
                .filter(|level| *level != own.reference && !own.levels[*level].is_missing);
            let level =
                others.max_by_key(|level| (own.levels[*level].n, std::cmp::Reverse(*level)))?;
            Some(both(FAR_LEVEL, place, Some(level)))
        })
        .flatten()
        .collect()
}
