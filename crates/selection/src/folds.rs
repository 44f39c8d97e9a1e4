//! Which rows learn and which judge, twice over.

use std::collections::BTreeMap;

/// Rows that learn and rows that judge, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to judge on.
    pub test: Vec<usize>,
}

/// An outer fold, and the inner ones among the rows it learns from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NestedFold {
    /// Judges an algorithm.
    pub outer: Fold,
    /// Choose its setting.
    pub inner: Vec<Fold>,
}

/// What stays together. Slices are indexed by row number.
#[derive(Clone, Copy, Debug)]
pub enum Rule<'a> {
    /// Nothing: each row for itself.
    Rows,
    /// Rows with an equal value, for instance of one person or household.
    Groups(&'a [String]),
    /// Later days judge what was learned from earlier ones; values are days.
    Time(&'a [i32]),
}

/// Why there are no folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Fewer units than folds.
    #[error("there are fewer rows, groups or dates than folds")]
    TooFew,
    /// A part without one of the outcomes.
    #[error("a fold would have one outcome only: take fewer folds, or more rows")]
    OneClass,
}

/// Outer folds with their inner ones. Groups with a positive outcome are spread evenly; large groups are dealt first.
///
/// * `rows` – the rows in play   * `outcome` – by row number   * `outer`, `inner` – folds, at least 2; by time there are no more
///   than dates allow
///
/// # Errors
/// [`FoldError`].
pub fn nested_folds(
    rows: &[usize],
    outcome: &[bool],
    rule: Rule<'_>,
    (outer, inner): (usize, usize),
    seed: u64,
) -> Result<Vec<NestedFold>, FoldError> {
    made(rows, outcome, rule, outer, seed)?
        .into_iter()
        .enumerate()
        .map(|(place, fold)| {
            let own = mixed(seed ^ (place as u64 + 1));
            let inner = folds(&fold.train, outcome, rule, inner, own)?;
            Ok(NestedFold { outer: fold, inner })
        })
        .collect()
}

/// Folds alone. By time there are no more than dates allow, and rows of one date are dealt.
///
/// # Errors
/// [`FoldError`].
pub fn folds(
    rows: &[usize],
    outcome: &[bool],
    rule: Rule<'_>,
    count: usize,
    seed: u64,
) -> Result<Vec<Fold>, FoldError> {
    let rule = match rule {
        Rule::Time(days) if of_one_day(rows, days) => Rule::Rows,
        rule => rule,
    };
    made(rows, outcome, rule, count, seed)
}

fn of_one_day(rows: &[usize], days: &[i32]) -> bool {
    rows.iter().all(|row| days[*row] == days[rows[0]])
}

fn made(
    rows: &[usize],
    outcome: &[bool],
    rule: Rule<'_>,
    count: usize,
    seed: u64,
) -> Result<Vec<Fold>, FoldError> {
    let folds = match rule {
        Rule::Time(days) => by_time(rows, days, count)?,
        Rule::Rows => {
            let units: Vec<Vec<usize>> = rows.iter().map(|row| vec![*row]).collect();
            dealt(rows, outcome, &units, count, seed)?
        }
        Rule::Groups(names) => {
            let mut units: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for row in rows {
                units.entry(&names[*row]).or_default().push(*row);
            }
            let units: Vec<Vec<usize>> = units.into_values().collect();
            dealt(rows, outcome, &units, count, seed)?
        }
    };
    let has_both = |part: &Vec<usize>| {
        part.iter().any(|row| outcome[*row]) && part.iter().any(|row| !outcome[*row])
    };
    let is_whole = |fold: &Fold| has_both(&fold.train) && has_both(&fold.test);
    if folds.iter().all(is_whole) {
        Ok(folds)
    } else {
        Err(FoldError::OneClass)
    }
}

/// Units dealt to folds: those with a positive outcome to the fold with the fewest positives, the others to the smallest fold.
fn dealt(
    rows: &[usize],
    outcome: &[bool],
    units: &[Vec<usize>],
    count: usize,
    seed: u64,
) -> Result<Vec<Fold>, FoldError> {
    if units.len() < count || count < 2 {
        return Err(FoldError::TooFew);
    }
    let positives = |unit: &[usize]| unit.iter().filter(|row| outcome[**row]).count();
    // In the order of a draw: units come in the order of their names.
    let mut order: Vec<(bool, usize, u64, usize)> = units
        .iter()
        .enumerate()
        .map(|(place, unit)| {
            let draw = mixed(seed ^ mixed(place as u64 + 1));
            (positives(unit) == 0, usize::MAX - unit.len(), draw, place)
        })
        .collect();
    order.sort_unstable();
    let mut sizes = vec![(0_usize, 0_usize); count];
    let mut fold_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (is_negative, _, _, place) in order {
        let unit = &units[place];
        let key = |fold: &usize| {
            let (yes, all) = sizes[*fold];
            if is_negative { (all, yes) } else { (yes, all) }
        };
        let fold = (0..count).min_by_key(key).unwrap_or(0);
        sizes[fold].0 += positives(unit);
        sizes[fold].1 += unit.len();
        for row in unit {
            fold_of.insert(*row, fold);
        }
    }
    Ok((0..count)
        .map(|fold| {
            let (test, train) = rows.iter().partition(|row| fold_of[*row] == fold);
            Fold { train, test }
        })
        .collect())
}

/// Forward chaining: days in blocks of about equally many rows; each block but the first judges what all before it taught.
fn by_time(rows: &[usize], days: &[i32], count: usize) -> Result<Vec<Fold>, FoldError> {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(days[*row]).or_default() += 1;
    }
    if counts.len() < 2 {
        return Err(FoldError::TooFew);
    }
    let folds = count.min(counts.len() - 1);
    let wanted = |block: usize| rows.len() * block / (folds + 1);
    // First day of each block after the first.
    let mut starts = Vec::with_capacity(folds);
    let mut before = 0;
    for (place, (day, n)) in counts.iter().enumerate() {
        let left = counts.len() - place;
        let needed = folds - starts.len();
        let is_due = needed > 0 && place > 0 && before >= wanted(starts.len() + 1);
        if is_due || (needed > 0 && left <= needed) {
            starts.push(*day);
        }
        before += n;
    }
    Ok(starts
        .iter()
        .enumerate()
        .map(|(place, start)| {
            let end = starts.get(place + 1);
            let part = |wanted: &dyn Fn(i32) -> bool| -> Vec<usize> {
                rows.iter()
                    .copied()
                    .filter(|row| wanted(days[*row]))
                    .collect()
            };
            Fold {
                train: part(&|day| day < *start),
                test: part(&|day| day >= *start && end.is_none_or(|end| day < *end)),
            }
        })
        .collect())
}

/// A number that looks drawn.
///
/// # Source
/// Steele, Lea & Flood, Fast splittable pseudorandom number generators, OOPSLA 2014 (its finaliser).
const fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
