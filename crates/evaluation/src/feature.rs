//! What one feature tells by itself.

use std::collections::{BTreeMap, BTreeSet};

/// Folds over which levels are scored, so that no row scores itself.
const FOLDS: usize = 5;
/// Bins of a number.
const BINS: usize = 10;
/// Rows of the share of all that every level gets for free.
const PRIOR: f64 = 5.0;

/// Values of one feature, shape `(n,)`.
#[derive(Clone, Copy, Debug)]
pub enum Feature<'a> {
    /// Numbers; what is missing or not finite counts as a level of its own.
    Numbers(&'a [Option<f64>]),
    /// Levels; what is missing counts as one.
    Levels(&'a [Option<String>]),
}

impl Feature<'_> {
    /// Rows.
    pub const fn n_rows(self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Levels(values) => values.len(),
        }
    }

    /// Whether the value is missing; a number that is not finite is.
    pub fn gaps(self) -> Vec<bool> {
        match self {
            Self::Numbers(values) => values
                .iter()
                .map(|value| value.is_none_or(|value| !value.is_finite()))
                .collect(),
            Self::Levels(values) => values.iter().map(Option::is_none).collect(),
        }
    }

    /// A level per row: numbers in about ten bins of equally many rows, equal numbers together. A number that fills a bin has one
    /// of its own, so that a rare other number stands out.
    pub fn levels(self) -> Vec<usize> {
        match self {
            Self::Levels(values) => {
                let names: BTreeMap<Option<&str>, usize> = values
                    .iter()
                    .map(Option::as_deref)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .enumerate()
                    .map(|(at, name)| (name, at))
                    .collect();
                values
                    .iter()
                    .map(|value| names.get(&value.as_deref()).copied().unwrap_or(0))
                    .collect()
            }
            Self::Numbers(values) => {
                let mut known: Vec<f64> = values
                    .iter()
                    .flatten()
                    .copied()
                    .filter(|value| value.is_finite())
                    .collect();
                known.sort_by(f64::total_cmp);
                let cuts = cuts(&known);
                values
                    .iter()
                    .map(|value| match value.filter(|value| value.is_finite()) {
                        Some(value) => 1 + cuts.partition_point(|cut| *cut <= value),
                        None => 0,
                    })
                    .collect()
            }
        }
    }
}

/// Where bins of ascending numbers begin, but for the first.
fn cuts(known: &[f64]) -> Vec<f64> {
    let full = known.len().div_ceil(BINS);
    let (mut cuts, mut held) = (Vec::new(), 0);
    for run in known.chunk_by(|a, b| a.total_cmp(b).is_eq()) {
        if held > 0 && (held >= full || run.len() >= full) {
            cuts.push(run[0]);
            held = 0;
        }
        held += run.len();
    }
    cuts
}

/// How far a level stands from the base, shrunk by the prior; rounded, so that a level that says nothing says exactly that.
fn told(members: f64, rows: f64, base: f64) -> f64 {
    let distance = (members - rows * base) / (rows + PRIOR);
    (0.5 + (distance * 5e11).round() / 1e12).clamp(0.0, 1.0)
}

/// How much the level of each row speaks for membership, in `[0, 1]`, 0.5 for nothing: from the share of members in that level
/// among the rows of the other four folds. Levels with few rows lean on the share of all.
///
/// * `levels`, `member` – shape `(n,)`; levels are small whole numbers, as [`Feature::levels`] gives them
pub fn level_scores(levels: &[usize], member: &[bool]) -> Vec<f64> {
    let width = levels.iter().copied().max().unwrap_or(0) + 1;
    let mut counts = vec![[(0.0_f64, 0.0_f64); FOLDS]; width];
    let mut folds = [(0.0_f64, 0.0_f64); FOLDS];
    for (row, (&level, &member)) in levels.iter().zip(member).enumerate() {
        let fold = row % FOLDS;
        let one = f64::from(u8::from(member));
        counts[level][fold].0 += one;
        counts[level][fold].1 += 1.0;
        folds[fold].0 += one;
        folds[fold].1 += 1.0;
    }
    let add = |all: &[(f64, f64); FOLDS], except: usize| {
        let others = all.iter().enumerate().filter(|(at, _)| *at != except);
        others.fold((0.0, 0.0), |sum, (_, c)| (sum.0 + c.0, sum.1 + c.1))
    };
    let bases: Vec<f64> = (0..FOLDS)
        .map(|fold| {
            let (members, rows) = add(&folds, fold);
            if rows > 0.0 { members / rows } else { 0.0 }
        })
        .collect();
    levels
        .iter()
        .enumerate()
        .map(|(row, &level)| {
            let fold = row % FOLDS;
            let (members, rows) = add(&counts[level], fold);
            // Measured from the base of its own fold: otherwise the small differences between bases tell who is in which.
            told(members, rows, bases[fold])
        })
        .collect()
}

/// As [`level_scores`], for rows of their own: learned from `levels` and `member`, told of `others`. Levels never seen say
/// nothing.
pub fn level_scores_of(levels: &[usize], member: &[bool], others: &[usize]) -> Vec<f64> {
    let width = levels.iter().copied().max().unwrap_or(0) + 1;
    let mut counts = vec![(0.0_f64, 0.0_f64); width];
    for (&level, &member) in levels.iter().zip(member) {
        counts[level].0 += f64::from(u8::from(member));
        counts[level].1 += 1.0;
    }
    let members: f64 = counts.iter().map(|count| count.0).sum();
    let base = members / (levels.len() as f64).max(1.0);
    others
        .iter()
        .map(|&level| {
            let (members, rows) = counts.get(level).copied().unwrap_or((0.0, 0.0));
            told(members, rows, base)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fall_into_tenths_and_gaps_apart() {
        let values: Vec<Option<f64>> = (0..100)
            .map(|v| Some(f64::from(v)).filter(|_| v != 50))
            .chain([Some(f64::NAN), Some(f64::INFINITY)])
            .collect();
        let levels = Feature::Numbers(&values).levels();
        assert_eq!(
            (levels[0], levels[99], levels[50], levels[100], levels[101]),
            (1, 10, 0, 0, 0)
        );
        // A rare one among noughts stands out.
        let rare: Vec<Option<f64>> = (0..1_000)
            .map(|v| Some(f64::from(u8::from(v % 100 == 7))))
            .collect();
        let levels = Feature::Numbers(&rare).levels();
        assert!(levels[7] != levels[0] && levels[7] == levels[107]);
        let equal = vec![Some(3.0); 40];
        let levels = Feature::Numbers(&equal).levels();
        assert!(levels.windows(2).all(|pair| pair[0] == pair[1]));
        let texts = vec![
            Some("b".to_owned()),
            None,
            Some("a".to_owned()),
            Some("b".to_owned()),
        ];
        assert_eq!(Feature::Levels(&texts).levels(), [2, 0, 1, 2]);
        assert_eq!(Feature::Levels(&texts).gaps(), [false, true, false, false]);
        assert!(Feature::Numbers(&[]).levels().is_empty());
    }

    #[test]
    fn a_level_that_says_nothing_says_exactly_that() {
        let member: Vec<bool> = (0..997).map(|row| row % 7 == 0).collect();
        let scores = level_scores(&[3; 997], &member);
        assert!(scores.iter().all(|score| (score - 0.5).abs() < 1e-15));
    }

    #[test]
    fn what_is_learned_is_told_of_other_rows_and_the_unknown_says_nothing() {
        let levels: Vec<usize> = (0..100).map(|row| row % 2).collect();
        let member: Vec<bool> = (0..100).map(|row| row % 2 == 0).collect();
        let told = level_scores_of(&levels, &member, &[0, 1, 7]);
        assert!(told[0] > 0.7 && told[1] < 0.3 && (told[2] - 0.5).abs() < 1e-12);
    }
}
