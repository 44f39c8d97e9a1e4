//! Records that stand alone beside a group that may be theirs: how likely it is.
//!
//! A record that says little is left alone by its group: what it shares with the others weighs less than nothing on average. How many such
//! records are of the group all the same, the records of other groups tell. Their nearest strangers are wrong for certain, and who stands alone
//! meets as many. This is what [`crate::calibration`] does between two files, with a group in the place of a partner.

use std::{
    collections::{BTreeMap, BTreeSet},
    f64::consts::LN_2,
};

use rayon::prelude::*;

use super::{ScoredPair, lost::Between};
use crate::{
    calibration::{Calibration, Counted},
    cluster::{Clusters, Weigher},
    comparison::Scratch,
    score::probability,
};

/// A group is near a record when one of its records has more bits with it than this.
const NEAR: f64 = -1.0;
/// Records of a group of so many have shown whose they are.
const SURE: u32 = 3;
/// Parts of equal size into which records are divided by what they tell: who tells little has more strangers near.
const STRATA: usize = 10;

/// What is known of a file and its groups.
pub(super) struct File<'a> {
    pub(super) clusters: &'a Clusters,
    /// Groups of two records and more that are looked at, by their first rows.
    pub(super) groups: &'a BTreeMap<u32, Vec<u32>>,
    /// Pairs of rows that people keep apart.
    pub(super) apart: &'a [(u32, u32)],
    /// Mean weights between groups that came near each other.
    pub(super) between: &'a Between,
    /// What every row tells, in bits.
    pub(super) told: &'a [f64],
}

/// Bits of every row that stands alone with each group near it; none where too few strangers are near to tell.
pub(super) fn strays(
    weigher: &Weigher<'_>,
    file: &File<'_>,
    pairs: &BTreeMap<(u32, u32), ScoredPair>,
) -> BTreeMap<(u32, u32), f64> {
    let sizes = file.sizes();
    let near = near(weigher, file, &sizes, pairs);
    let Some(calibration) = learn(file, &sizes, &near) else {
        return BTreeMap::new();
    };
    let size_of = |near: &Near| sizes[file.group_of(near.row) as usize];
    let mut found = BTreeMap::new();
    for groups in near.chunk_by(|a, b| a.row == b.row) {
        for (near, weight) in competed(groups) {
            // With more bits than none it would be of the group.
            if size_of(near) == 1 && weight < 0.0 {
                let bits = weight + calibration.bar(weight);
                found.insert((near.row, near.group), bits);
            }
        }
    }
    found
}

/// A group near a row that is not its own.
struct Near {
    row: u32,
    group: u32,
    /// Mean weight of the row with the records of the group.
    weight: f64,
}

impl File<'_> {
    fn group_of(&self, row: u32) -> u32 {
        self.clusters.cluster_of[row as usize]
    }

    /// Records of every group, at the place of its first row.
    fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![0; self.clusters.cluster_of.len()];
        for group in &self.clusters.cluster_of {
            sizes[*group as usize] += 1;
        }
        sizes
    }

    /// Tenths of the rows by what they tell: the part of every row.
    fn strata(&self) -> Vec<usize> {
        let mut order = self.told.to_vec();
        order.sort_unstable_by(f64::total_cmp);
        let ends = (1..STRATA).map(|part| order.get(part * order.len() / STRATA).copied());
        let ends: Vec<f64> = ends.flatten().collect();
        let of = |told: &f64| ends.partition_point(|end| end < told);
        self.told.iter().map(of).collect()
    }
}

/// Every row with the groups near it, in order.
fn near(
    weigher: &Weigher<'_>,
    file: &File<'_>,
    sizes: &[u32],
    pairs: &BTreeMap<(u32, u32), ScoredPair>,
) -> Vec<Near> {
    let in_order = |a: u32, b: u32| (a.min(b), a.max(b));
    let groups_of = |(a, b): (u32, u32)| in_order(file.group_of(a), file.group_of(b));
    let apart: BTreeSet<(u32, u32)> = file.apart.iter().map(|pair| groups_of(*pair)).collect();
    let looked_at = |group: u32| sizes[group as usize] == 1 || file.groups.contains_key(&group);
    let mut met = BTreeSet::new();
    for pair in pairs.values() {
        let (a, b) = (file.group_of(pair.left), file.group_of(pair.right));
        let is_near = a != b && pair.match_weight - pair.rival_bar > NEAR;
        if is_near && looked_at(a) && looked_at(b) && !apart.contains(&in_order(a, b)) {
            met.extend([(pair.left, b), (pair.right, a)]);
        }
    }
    let met: Vec<(u32, u32)> = met.into_iter().collect();
    met.into_par_iter()
        .map_init(Scratch::new, |scratch, (row, group)| {
            let alone = [group];
            let members = file.groups.get(&group).map_or(&alone[..], Vec::as_slice);
            Near {
                row,
                group,
                weight: weigher.between(&[row], members, scratch),
            }
        })
        .collect()
}

/// The weights of the groups near one row, after the others have had their say.
fn competed<'a>(
    groups: impl IntoIterator<Item = &'a Near, IntoIter: Clone>,
) -> impl Iterator<Item = (&'a Near, f64)> {
    let groups = groups.into_iter();
    let all: f64 = groups.clone().map(|near| near.weight.exp2()).sum();
    groups.map(move |near| {
        let others = (all - near.weight.exp2()).max(0.0);
        (near, near.weight - others.ln_1p() / LN_2)
    })
}

/// Learns from the nearest group of every row: of those that stand alone right and wrong ones, of those in a group wrong ones.
fn learn(file: &File<'_>, sizes: &[u32], near: &[Near]) -> Option<Calibration> {
    let strata = file.strata();
    let mut alone = [0.0; STRATA];
    let mut sure = [0.0; STRATA];
    for (group, stratum) in file.clusters.cluster_of.iter().zip(&strata) {
        match sizes[*group as usize] {
            1 => alone[*stratum] += 1.0,
            SURE.. => sure[*stratum] += 1.0,
            _ => {}
        }
    }
    let mut counted = Counted::new();
    for groups in near.chunk_by(|a, b| a.row == b.row) {
        // A record alone beside this one may be its own.
        let groups = groups.iter().filter(|near| sizes[near.group as usize] > 1);
        let best = competed(groups).reduce(|best, next| if next.1 > best.1 { next } else { best });
        let Some((near, weight)) = best.filter(|(_, weight)| *weight < 0.0) else {
            continue;
        };
        let own = file.group_of(near.row);
        match sizes[own as usize] {
            1 => counted.link(weight),
            SURE.. => {
                let stratum = strata[near.row as usize];
                let met = (own.min(near.group), own.max(near.group));
                // Two groups may be one person fallen apart.
                let same = file
                    .between
                    .get(&met)
                    .map_or(0.0, |mean| probability(*mean));
                counted.wrong(weight, alone[stratum] / sure[stratum] * (1.0 - same));
            }
            _ => {}
        }
    }
    counted.calibration()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(row: u32, group: u32, weight: f64) -> Near {
        Near { row, group, weight }
    }

    #[test]
    fn groups_near_one_record_share_the_odds() {
        let groups = [near(0, 5, 4.0), near(0, 9, 4.0), near(0, 12, -20.0)];
        let weights: Vec<f64> = competed(&groups).map(|(_, weight)| weight).collect();
        assert!(weights[0] < 0.0 && (weights[0] - weights[1]).abs() < 1e-9);
        assert!(weights[2] < -24.0, "{weights:?}");
        let alone: Vec<f64> = competed(&groups[..1]).map(|(_, weight)| weight).collect();
        assert!((alone[0] - 4.0).abs() < 1e-9);
    }

    /// A thousand rows alone and three thousand in groups of three, of whom one row in ten has strangers near with −1 bit, and three in twenty
    /// with −4 bits. Of the rows alone 400 and 200 have a group so near: 100 and 150 of these must be strangers.
    #[test]
    fn who_stands_alone_meets_as_many_strangers_as_who_does_not() {
        let (n_alone, n_sure) = (1000_u32, 3000_u32);
        let group = |row: u32| {
            if row < n_alone {
                row
            } else {
                row - (row - n_alone) % 3
            }
        };
        let clusters = Clusters {
            cluster_of: (0..n_alone + n_sure).map(group).collect(),
            ..Clusters::default()
        };
        let (groups, between) = (BTreeMap::new(), Between::new());
        let told = vec![20.0; (n_alone + n_sure) as usize];
        let file = File {
            clusters: &clusters,
            groups: &groups,
            apart: &[],
            between: &between,
            told: &told,
        };
        let row = |row: u32| {
            let of_twenty = row % 20;
            let other = n_alone + (group(row) + 3 * 500 - n_alone) % n_sure / 3 * 3;
            let weight = match (row < n_alone, of_twenty) {
                (true, 0..8) | (false, 0..2) => -0.9,
                (true, 8..12) | (false, 2..5) => -3.9,
                _ => return None,
            };
            Some(near(
                row,
                if row < n_alone { n_alone } else { other },
                weight,
            ))
        };
        let all: Vec<Near> = (0..n_alone + n_sure).filter_map(row).collect();
        let sizes = file.sizes();
        let found = learn(&file, &sizes, &all).unwrap();
        for (weight, share) in [(-0.9, 0.75), (-3.9, 0.25)] {
            let said = probability(weight + found.bar(weight));
            assert!((said - share).abs() < 0.04, "{weight}: {said} for {share}");
        }
        // In a file without strangers nothing is learned.
        let few: Vec<Near> = (0..n_alone).filter_map(row).collect();
        assert!(learn(&file, &sizes, &few).is_none());
    }
}
