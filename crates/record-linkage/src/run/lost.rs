//! How many true pairs a file holds, those between groups among them, by who stands alone.
//!
//! Which pairs no rule reached cannot be told from the rules when records that say little are reached by none of them. But who says little is
//! no lonelier than others: a person is in a file once or ten times whether or not a birth date is known. So among the records that say most,
//! the share without a partner is that of people who are there once; what stands alone beyond that share, wherever, was lost by its group. A
//! pair is in a group where neither of its records was lost.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::ScoredPair;
use crate::{
    cluster::{Clusters, Weigher},
    comparison::Scratch,
    score::probability,
};

/// Mean weights between pairs of groups that came near each other, each group called by its first row.
pub(super) type Between = BTreeMap<(u32, u32), f64>;

/// True pairs expected in one file, groups fallen apart and lost records made up for: at least and at most, one standard error of the share
/// of people who are there once apart. `told` is what every row tells, in bits.
pub(super) fn expected_pairs(
    (clusters, between): (&Clusters, &Between),
    told: &[f64],
    scored: &[ScoredPair],
) -> [f64; 2] {
    let group_of = |row: u32| clusters.cluster_of[row as usize];
    let mut sizes = vec![0_u32; clusters.cluster_of.len()];
    for group in &clusters.cluster_of {
        sizes[*group as usize] += 1;
    }
    let size_of = |row: u32| sizes[group_of(row) as usize];
    // Of every record, the chance that none of the scored pairs outside its group is true.
    let mut alone = vec![1.0; sizes.len()];
    let mut together = 0.0;
    for pair in scored {
        let p = probability(pair.match_weight);
        if group_of(pair.left) == group_of(pair.right) {
            together += p;
        } else {
            alone[pair.left as usize] *= 1.0 - p;
            alone[pair.right as usize] *= 1.0 - p;
        }
    }
    let singles = |row: &usize| size_of(*row as u32) == 1;
    let n = sizes.len() as f64;
    let n_alone = (0..sizes.len()).filter(singles).count() as f64;
    let n_two = (0..sizes.len() as u32).filter(|row| size_of(*row) == 2);
    let n_two = n_two.count() as f64;
    let well = well_described(told);
    let n_well = well.len().max(1) as f64;
    let once = well
        .iter()
        .filter(|row| singles(row))
        .map(|row| alone[*row]);
    let once = once.sum::<f64>() / n_well;
    let error = (n * once * (1.0 - once)).sqrt();
    let apart: f64 = between
        .iter()
        .map(|((a, b), mean)| {
            let [a, b] = [a, b].map(|group| f64::from(sizes[*group as usize]));
            // Who stands alone is made up for already.
            let pairs = if a > 1.0 && b > 1.0 { a * b } else { 0.0 };
            pairs * probability(*mean)
        })
        .sum();
    [-error, error].map(|error| {
        let lost = (n_alone - n * once + error).max(0.0);
        let kept = kept_share(n_two, n - n_alone - n_two, lost);
        together / (kept * kept) + apart
    })
}

/// Rows that tell at least as much as half of all do.
fn well_described(told: &[f64]) -> Vec<usize> {
    let mut order = told.to_vec();
    let middle = order.len() / 2;
    if order.is_empty() {
        return Vec::new();
    }
    let (_, half, _) = order.select_nth_unstable_by(middle, f64::total_cmp);
    let half = *half;
    let rows = told.iter().enumerate().filter(|(_, told)| **told >= half);
    rows.map(|(row, _)| row).collect()
}

/// Share of records that their group kept, of those with a partner: `in_two` and `in_more` are in groups of two and of more, `lost` are in
/// none. Of two records both stand alone when one is lost, of more only that one: the lost and bereft and the others together are
/// `in_two / kept² + in_more / kept`.
fn kept_share(in_two: f64, in_more: f64, lost: f64) -> f64 {
    let all = in_two + in_more + lost;
    if in_two + in_more <= 0.0 {
        return 1.0;
    }
    let root = (in_more * in_more + 4.0 * all * in_two).sqrt();
    ((in_more + root) / (2.0 * all)).min(1.0)
}

impl Weigher<'_> {
    /// What every row tells, in bits: the weight of agreeing on all that it states, whether the values are rare or not.
    pub(super) fn told(&self, n_rows: usize) -> Vec<f64> {
        let rows = (0..n_rows as u32).into_par_iter();
        rows.map_init(
            || (Scratch::new(), Vec::new()),
            |(scratch, found), row| self.own_weight(row, scratch, found),
        )
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_kept_where_neither_record_is_lost() {
        // A thousand people of two records, 5 % of the records lost: 902.5 pairs are left, the records of the others stand alone.
        let (in_two, lost) = (1805.0, 195.0);
        assert!((kept_share(in_two, 0.0, lost) - 0.95).abs() < 1e-12);
        // A hundred people of ten: the others of a lost record still have each other.
        assert!((kept_share(0.0, 950.0, 50.0) - 0.95).abs() < 1e-12);
        let both = kept_share(in_two, 950.0, lost + 50.0);
        assert!((both - 0.95).abs() < 1e-12);
        assert!((kept_share(0.0, 0.0, 7.0) - 1.0).abs() < 1e-12);
        assert!((kept_share(10.0, 10.0, 0.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn half_of_the_rows_or_more_are_well_described() {
        assert_eq!(well_described(&[3.0, 1.0, 2.0, 4.0]), [0, 3]);
        assert_eq!(well_described(&[2.0, 2.0, 1.0, 2.0]), [0, 1, 3]);
        assert!(well_described(&[]).is_empty());
    }
}
