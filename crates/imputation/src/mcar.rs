//! Do gaps come entirely by chance? Little's test.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::{Table, Values, cholesky, design::mean_sd};

/// Rounds of EM at most.
const ROUNDS: usize = 2_000;
/// One bit of a pattern each.
const MOST_COLUMNS: usize = 64;
/// EM stops when no mean and no covariance (of scaled columns) moves more.
const STILL: f64 = 1e-10;

/// Little's test over the columns of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct McarTest {
    /// Chi-square statistic.
    pub statistic: f64,
    /// Its degrees of freedom, above 0.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic as large if gaps come entirely by chance.
    pub p_value: f64,
    /// Different patterns of gaps, rows without any value left out.
    pub patterns: usize,
}

/// Rows of one pattern.
struct Group {
    known: Vec<usize>,
    rows: usize,
    mean: Vec<f64>,
    /// Sum of products about the group's mean, shape `(known, known)`.
    scatter: Vec<f64>,
}

/// Tests whether the means of columns differ between patterns of gaps more than chance explains.
///
/// None where fewer than two (or more than 64) columns of numbers vary, where no gap is in them, or where their covariance cannot be found. A large
/// probability proves nothing: gaps that hang on the missing value itself need not show here.
///
/// # Source
/// Little, JASA 83(404), 1988, doi 10.1080/01621459.1988.10478722, with means and covariance by EM (maximum likelihood).
pub fn little(table: &Table) -> Option<McarTest> {
    let columns: Vec<Vec<f64>> = table
        .columns()
        .iter()
        .filter_map(|column| match &column.values {
            Values::Number(values) => scaled(values),
            Values::Category { .. } => None,
        })
        .collect();
    let p = columns.len();
    if !(2..=MOST_COLUMNS).contains(&p) {
        return None;
    }
    let groups = groups(&columns, table.rows());
    let df = groups.iter().map(|g| g.known.len()).sum::<usize>() - p.min(known_anywhere(&groups));
    if groups.len() < 2 || df == 0 {
        return None;
    }
    let (mean, covariance) = em(&groups, p)?;
    let mut statistic = 0.0;
    for group in &groups {
        let k = group.known.len();
        let factor = cholesky::cholesky(&part(&covariance, p, &group.known), k)?;
        let away: Vec<f64> = (0..k)
            .map(|i| group.mean[i] - mean[group.known[i]])
            .collect();
        statistic += group.rows as f64 * cholesky::quadratic(&factor, k, &away);
    }
    let p_value = ChiSquared::new(df as f64).ok()?.sf(statistic);
    Some(McarTest {
        statistic,
        degrees_of_freedom: df,
        p_value,
        patterns: groups.len(),
    })
}

fn scaled(values: &[f64]) -> Option<Vec<f64>> {
    let known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
    let (mean, sd) = mean_sd(&known);
    (sd > 0.0).then(|| values.iter().map(|v| (v - mean) / sd).collect())
}

fn known_anywhere(groups: &[Group]) -> usize {
    let mut known: Vec<usize> = groups.iter().flat_map(|g| g.known.clone()).collect();
    known.sort_unstable();
    known.dedup();
    known.len()
}

fn groups(columns: &[Vec<f64>], rows: usize) -> Vec<Group> {
    let mut by_pattern: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for row in 0..rows {
        let pattern = columns
            .iter()
            .enumerate()
            .fold(0, |bits, (j, c)| bits | (u64::from(!c[row].is_nan()) << j));
        if pattern != 0 {
            by_pattern.entry(pattern).or_default().push(row);
        }
    }
    by_pattern
        .into_iter()
        .map(|(pattern, rows)| group(columns, pattern, &rows))
        .collect()
}

fn group(columns: &[Vec<f64>], pattern: u64, rows: &[usize]) -> Group {
    let known: Vec<usize> = (0..columns.len())
        .filter(|j| pattern >> j & 1 == 1)
        .collect();
    let n = rows.len() as f64;
    let mean: Vec<f64> = known
        .iter()
        .map(|j| rows.iter().map(|row| columns[*j][*row]).sum::<f64>() / n)
        .collect();
    let k = known.len();
    let mut scatter = vec![0.0; k * k];
    for a in 0..k {
        for b in 0..=a {
            let (left, right) = (&columns[known[a]], &columns[known[b]]);
            let sum: f64 = rows
                .iter()
                .map(|row| (left[*row] - mean[a]) * (right[*row] - mean[b]))
                .sum();
            scatter[a * k + b] = sum;
            scatter[b * k + a] = sum;
        }
    }
    Group {
        known,
        rows: rows.len(),
        mean,
        scatter,
    }
}

fn part(matrix: &[f64], p: usize, keep: &[usize]) -> Vec<f64> {
    keep.iter()
        .flat_map(|i| keep.iter().map(move |j| matrix[i * p + j]))
        .collect()
}

/// Maximum likelihood of a normal population with gaps: means and covariance.
fn em(groups: &[Group], p: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    let mut mean = vec![0.0; p];
    let mut covariance = vec![0.0; p * p];
    (0..p).for_each(|j| covariance[j * p + j] = 1.0);
    let n: usize = groups.iter().map(|g| g.rows).sum();
    for _ in 0..ROUNDS {
        let mut first = vec![0.0; p];
        let mut second = vec![0.0; p * p];
        for group in groups {
            expect(group, &mean, &covariance, p, &mut first, &mut second)?;
        }
        let next: Vec<f64> = first.iter().map(|sum| sum / n as f64).collect();
        let mut moved = 0.0_f64;
        for i in 0..p {
            for j in 0..p {
                let value = second[i * p + j] / n as f64 - next[i] * next[j];
                moved = moved.max((value - covariance[i * p + j]).abs());
                covariance[i * p + j] = value;
            }
            moved = moved.max((next[i] - mean[i]).abs());
        }
        mean = next;
        if moved < STILL {
            return Some((mean, covariance));
        }
    }
    None
}

/// Adds the expected sums and sums of products of a group's rows.
fn expect(
    group: &Group,
    mean: &[f64],
    covariance: &[f64],
    p: usize,
    first: &mut [f64],
    second: &mut [f64],
) -> Option<()> {
    let k = group.known.len();
    let n = group.rows as f64;
    let gaps: Vec<usize> = (0..p).filter(|j| !group.known.contains(j)).collect();
    let factor = cholesky::cholesky(&part(covariance, p, &group.known), k)?;
    // One row of weights per column: known columns are themselves, missing ones a regression on the known.
    let mut weights = vec![vec![0.0; k]; p];
    for (place, j) in group.known.iter().enumerate() {
        weights[*j][place] = 1.0;
    }
    for gap in &gaps {
        let with: Vec<f64> = group
            .known
            .iter()
            .map(|j| covariance[gap * p + j])
            .collect();
        weights[*gap] = cholesky::solve(&factor, k, &with);
    }
    let expected: Vec<f64> = (0..p)
        .map(|j| {
            mean[j]
                + (0..k)
                    .map(|i| weights[j][i] * (group.mean[i] - mean[group.known[i]]))
                    .sum::<f64>()
        })
        .collect();
    for i in 0..p {
        first[i] += n * expected[i];
        let spread: Vec<f64> = (0..k)
            .map(|b| {
                (0..k)
                    .map(|a| weights[i][a] * group.scatter[a * k + b])
                    .sum()
            })
            .collect();
        for j in 0..p {
            let scatter: f64 = (0..k).map(|b| spread[b] * weights[j][b]).sum();
            second[i * p + j] += n * expected[i] * expected[j] + scatter;
        }
    }
    for i in &gaps {
        for j in &gaps {
            let explained: f64 = (0..k)
                .map(|b| weights[*i][b] * covariance[j * p + group.known[b]])
                .sum();
            second[i * p + j] += n * (covariance[i * p + j] - explained);
        }
    }
    Some(())
}
