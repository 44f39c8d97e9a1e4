//! Columns as small whole numbers, so that rows of equal value are counted together.

use crate::{Column, Direction, TreeError, clusters::Clusters, cut};

/// Code of a missing value.
pub(crate) const MISSING: u32 = u32::MAX;

/// What a code means.
#[derive(Debug, Clone)]
pub(crate) enum Meaning {
    /// The values, ascending.
    Numbers(Vec<f64>),
    /// Place among the levels, of each level that has enough rows to be learned about. One code more stands for all others.
    Levels { common: Vec<u32>, all: Vec<String> },
}

/// A column.
#[derive(Debug, Clone)]
pub(crate) struct Coded {
    pub(crate) name: String,
    pub(crate) meaning: Meaning,
    pub(crate) codes: Vec<u32>,
    pub(crate) direction: Option<Direction>,
}

impl Coded {
    /// Codes besides missing.
    pub(crate) fn width(&self) -> usize {
        match &self.meaning {
            Meaning::Numbers(values) => values.len(),
            Meaning::Levels { common, .. } => common.len() + 1,
        }
    }

    /// A number between two codes; 0 for levels.
    pub(crate) fn between(&self, low: u32, high: u32, is_rounded: bool) -> f64 {
        match &self.meaning {
            Meaning::Numbers(values) => {
                cut::between(values[low as usize], values[high as usize], is_rounded)
            }
            Meaning::Levels { .. } => 0.0,
        }
    }

    fn new(column: &Column, clusters: Clusters<'_>, min_rows: usize) -> Self {
        let (meaning, codes) = match column {
            Column::Numeric { values, .. } => numbers(values),
            Column::Category { codes, levels, .. } => categories(codes, levels, clusters, min_rows),
        };
        Self {
            name: column.name().to_owned(),
            meaning,
            codes,
            direction: None,
        }
    }
}

/// All columns, checked. Levels with fewer than `min_rows` rows, or clusters, are not told apart.
pub(crate) fn coded(
    columns: &[Column],
    outcome: &[bool],
    clusters: Clusters<'_>,
    min_rows: usize,
    monotone: &[(String, Direction)],
) -> Result<Vec<Coded>, TreeError> {
    if columns.is_empty() {
        return Err(TreeError::Empty);
    }
    Column::check(columns, outcome.len())?;
    let events = outcome.iter().filter(|event| **event).count();
    if events == 0 || events == outcome.len() {
        return Err(TreeError::OneClass(outcome.len()));
    }
    let mut coded: Vec<Coded> = columns
        .iter()
        .map(|column| Coded::new(column, clusters, min_rows))
        .collect();
    for (name, direction) in monotone {
        let column = coded.iter_mut().find(|column| column.name == *name);
        let column = column.ok_or_else(|| TreeError::NoColumn(name.clone()))?;
        if matches!(column.meaning, Meaning::Levels { .. }) {
            return Err(TreeError::NoOrder(name.clone()));
        }
        column.direction = Some(*direction);
    }
    Ok(coded)
}

fn numbers(values: &[f64]) -> (Meaning, Vec<u32>) {
    // Infinite values are the outermost ones, and 0 has one sign.
    let value = |x: f64| x.clamp(-f64::MAX, f64::MAX) + 0.0;
    let mut distinct: Vec<f64> = values
        .iter()
        .filter(|x| !x.is_nan())
        .map(|x| value(*x))
        .collect();
    distinct.sort_unstable_by(f64::total_cmp);
    distinct.dedup();
    let code = |x: &f64| {
        if x.is_nan() {
            MISSING
        } else {
            distinct.partition_point(|known| *known < value(*x)) as u32
        }
    };
    let codes = values.iter().map(code).collect();
    (Meaning::Numbers(distinct), codes)
}

fn categories(
    codes: &[Option<u32>],
    levels: &[String],
    clusters: Clusters<'_>,
    min_rows: usize,
) -> (Meaning, Vec<u32>) {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); levels.len()];
    for (row, code) in codes.iter().enumerate() {
        if let Some(code) = code {
            rows[*code as usize].push(row as u32);
        }
    }
    let is_common = |level: &u32| clusters.one_each(&rows[*level as usize]).len() >= min_rows;
    let common: Vec<u32> = (0..levels.len() as u32).filter(is_common).collect();
    let of_level = |level: u32| {
        // Those too rare to be told apart come after the others.
        common.binary_search(&level).unwrap_or(common.len()) as u32
    };
    let codes = codes
        .iter()
        .map(|code| code.map_or(MISSING, of_level))
        .collect();
    let all = levels.to_vec();
    (Meaning::Levels { common, all }, codes)
}
