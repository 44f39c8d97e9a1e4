//! Decisions of people in a series: which hold for a version, and whose pairs come out differently because of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Frozen, source::Diff};
use crate::{
    run::{Label, Link, Step},
    spec::Assignment,
};

/// Decisions about pairs of rows, each pair once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decided(BTreeMap<(u32, u32), bool>);

impl Decided {
    /// Those of the labels whose rows are there. Within one file the first row first.
    pub(crate) fn new(labels: &[Label], frozen: &Frozen, sizes: [usize; 2]) -> Self {
        let mut labels: Vec<Label> = labels
            .iter()
            .filter_map(|label| {
                if frozen.within {
                    label.in_order()
                } else {
                    Some(*label)
                }
            })
            .filter(|label| (label.left as usize) < sizes[0] && (label.right as usize) < sizes[1])
            .collect();
        labels.sort_unstable();
        // Of two decisions about one pair the one that it is none holds, as in a run.
        labels.dedup_by_key(|label| (label.left, label.right));
        Self::of(labels)
    }

    /// Labels, each pair once.
    pub(crate) fn of(labels: impl IntoIterator<Item = Label>) -> Self {
        let pairs = labels.into_iter();
        Self(pairs.map(|l| ((l.left, l.right), l.is_match)).collect())
    }

    /// The labels, in the order of rows.
    pub(crate) fn labels(&self) -> impl Iterator<Item = Label> + '_ {
        self.0.iter().map(|((left, right), is_match)| Label {
            left: *left,
            right: *right,
            is_match: *is_match,
        })
    }

    /// Whether people decided about a pair.
    pub(crate) fn has(&self, left: u32, right: u32) -> bool {
        self.0.contains_key(&(left, right))
    }

    /// Pairs that people keep apart.
    pub(crate) fn apart(&self) -> Vec<(u32, u32)> {
        let apart = self.0.iter().filter(|(_, is_match)| !**is_match);
        apart.map(|(pair, _)| *pair).collect()
    }

    /// Rows of now of pairs about which something else is decided than before, left and right. `before` names rows of before; `kept` says
    /// where they are now.
    pub(super) fn changed_since(
        &self,
        before: &Self,
        kept: [&Vec<Option<u32>>; 2],
    ) -> [BTreeSet<u32>; 2] {
        let mut was: BTreeMap<(u32, u32), bool> = BTreeMap::new();
        let mut rows = [BTreeSet::new(), BTreeSet::new()];
        for ((left, right), is_match) in &before.0 {
            let now = (kept[0][*left as usize], kept[1][*right as usize]);
            if let (Some(left), Some(right)) = now {
                was.insert((left, right), *is_match);
                continue;
            }
            // Who lost a decided partner is free again.
            rows[0].extend(now.0);
            rows[1].extend(now.1);
        }
        let all: BTreeSet<(u32, u32)> = was.keys().chain(self.0.keys()).copied().collect();
        for pair in all {
            if was.get(&pair) != self.0.get(&pair) {
                rows[0].insert(pair.0);
                rows[1].insert(pair.1);
            }
        }
        rows
    }

    /// Rows of a former and a present state that stay, of pairs about which something else is decided: for the reasons of events.
    pub(super) fn concerned(
        &self,
        before: &Self,
        diffs: &[Diff; 2],
        within: bool,
    ) -> [BTreeSet<u32>; 2] {
        let side = usize::from(!within);
        let mut rows = self.changed_since(before, [&diffs[0].kept, &diffs[side].kept]);
        if within {
            let right = std::mem::take(&mut rows[1]);
            rows[0].extend(right);
        }
        rows
    }
}

/// Who is taken by links that stand before anything is weighed.
pub(super) fn taken(
    n: usize,
    links: &[Link],
    assignment: Assignment,
    of: impl Fn(&Link) -> u32,
) -> Vec<bool> {
    let mut taken = vec![false; n];
    for link in links {
        let takes = match link.step {
            Step::Deterministic => true,
            // Where a record may have any number of partners, a decision about one leaves the others open.
            Step::Reviewed => assignment != Assignment::All,
            Step::Probabilistic => false,
        };
        if takes {
            taken[of(link) as usize] = true;
        }
    }
    taken
}
