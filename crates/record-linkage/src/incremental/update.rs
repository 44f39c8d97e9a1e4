//! One update of a state.

use std::collections::BTreeSet;

use crate::{
    bound::Bound,
    cluster::{Clusters, Conflict},
    comparison::Side,
    incremental::{
        Decided, Frozen, State, Work,
        blocks::{Found, Rows, weigh_again},
        decided,
        settle::{Weighed, group, settle},
        source::{Diff, Source, with_former},
    },
    keys::KeyWork,
    run::{Budget, Cancelled, Label, Limits, Link, Linked, Observer, RunError, Step},
    spec::Assignment,
};

/// Decided and deterministic links of a version, and who is taken by them.
fn deterministic(frozen: &Frozen, left: &Source, right: &Source, decided: &Decided) -> Linked {
    let right = if frozen.within { left } else { right };
    let mut linked = Linked::new(left.keys.len(), right.keys.len());
    let labels: Vec<Label> = decided.labels().collect();
    linked.link_reviewed(&labels, frozen.spec.assignment);
    for pair in &frozen.spec.deterministic {
        linked.link_equal(pair, &left.table, &right.table, frozen.spec.assignment);
    }
    if frozen.within {
        linked.links.retain(|link| link.left < link.right);
    }
    linked.links.sort_by_key(|link| (link.left, link.right));
    linked
}

/// What is known of the rows of a side.
fn rows(
    (old, diff): (&Source, &Diff),
    old_taken: &[bool],
    taken: Vec<bool>,
    decided: &BTreeSet<u32>,
) -> Rows {
    let n_former = old.keys.len() - diff.kept.iter().flatten().count();
    let mut was: Vec<bool> = diff.same.iter().map(Option::is_some).collect();
    was.resize(taken.len() + n_former, true);
    let again = diff.same.iter().zip(&taken).zip(0_u32..);
    let again = again.map(|((same, taken), row)| match same {
        None => true,
        // Its pairs were not weighed before, or one of them is decided, or no longer.
        Some(old) => (old_taken[*old as usize] && !taken) || decided.contains(&row),
    });
    Rows {
        n: taken.len(),
        again: again.collect(),
        was,
        taken,
    }
}

impl State {
    /// Links new versions of the sources, as [`State::from_scratch`] would, and only does again what can come out differently. Within one
    /// file `right` is not read. What the state before takes counts as used.
    ///
    /// # Errors
    /// [`RunError`] when the observer stops it, or it would need more memory than `limits` allow. Pairs are not limited.
    pub fn update(
        &self,
        left: Source,
        right: Source,
        limits: Limits,
        observer: &dyn Observer,
    ) -> Result<(Self, Work), RunError> {
        self.update_labelled((left, right), &[], limits, observer)
    }

    /// [`State::update`] with what people decided about records of the new versions: the labels name places in the order of the keys. They are
    /// all that holds: a decision that is not among them no longer does, whatever the state before was told.
    ///
    /// # Errors
    /// As [`State::update`].
    pub fn update_labelled(
        &self,
        (mut left, mut right): (Source, Source),
        labels: &[Label],
        limits: Limits,
        observer: &dyn Observer,
    ) -> Result<(Self, Work), RunError> {
        let frozen = &self.frozen;
        observer.stage("finding what changed");
        left.keep(&frozen.spec, true);
        right.keep(&frozen.spec, false);
        if frozen.within {
            right = Source::default();
        }
        let diffs = [Diff::new(&self.left, &left), Diff::new(&self.right, &right)];
        let mut work = Work::default();
        for diff in &diffs {
            work.added += diff.added;
            work.changed += diff.changed;
            work.removed += diff.removed;
        }
        let others = if frozen.within { &left } else { &right };
        let decided = Decided::new(labels, frozen, [left.keys.len(), others.keys.len()]);
        let changed = decided.concerned(&self.decided, &diffs, frozen.within);
        observer.stage("linking on pseudonym");
        let linked = deterministic(frozen, &left, &right, &decided);
        observer.stage("reading the values");
        let held = self.bytes() + left.bytes() + right.bytes();
        let (bound, budget) = self.bind(&left, &right, &diffs, (held, limits))?;
        let old_taken =
            |n, of: fn(&Link) -> u32| decided::taken(n, &self.links, frozen.spec.assignment, of);
        let one = rows(
            (&self.left, &diffs[0]),
            &old_taken(self.left.keys.len(), |link| link.left),
            linked.left_taken,
            &changed[0],
        );
        let other = if frozen.within {
            None
        } else {
            Some(rows(
                (&self.right, &diffs[1]),
                &old_taken(self.right.keys.len(), |link| link.right),
                linked.right_taken,
                &changed[1],
            ))
        };
        let (sides, kept) = match &other {
            None => ([&one, &one], [&diffs[0].kept, &diffs[0].kept]),
            Some(other) => ([&one, other], [&diffs[0].kept, &diffs[1].kept]),
        };
        observer.stage("weighing pairs");
        let found = weigh_again(frozen, &bound, sides, budget, observer)?;
        work.weighed = found.weighed;
        observer.stage("choosing partners");
        let mut touched = [sides[0].again.clone(), sides[1].again.clone()];
        let mut weighed = self.merged(&bound, &found, sides, kept, &mut touched);
        weighed.retain(|pair| !decided.has(pair.left, pair.right));
        let former: Vec<Link> = moved(&self.links, kept)
            .filter(|link| link.step == Step::Probabilistic)
            .collect();
        let settled = settle(frozen, &weighed, [&touched[0], &touched[1]], &former);
        work.pairs = settled.pairs.len() as u64;
        work.settled_again = settled.again;
        let mut links = linked.links;
        links.extend(settled.links);
        links.sort_by_key(|link| (link.left, link.right));
        let clusters = if frozen.within {
            observer.stage("grouping records");
            let before = self.moved_clusters(&diffs[0].kept, left.keys.len());
            let mut lost = self.lost_links(&diffs[0].kept, left.keys.len(), &diffs[0].same);
            for row in &changed[0] {
                lost[*row as usize] = true;
            }
            let known: Vec<Link> = moved(&self.links, kept).collect();
            let apart = decided.apart();
            group(frozen, &bound, (&links, &apart), (&before, &known), &lost)
        } else {
            Clusters::default()
        };
        let next = Self {
            frozen: frozen.clone(),
            left,
            right,
            pairs: settled.pairs,
            links,
            clusters,
            rules: found.rules,
            decided,
        };
        Ok((next, work))
    }

    /// Bytes of its records and pairs.
    fn bytes(&self) -> u64 {
        let pairs = size_of_val(self.pairs.as_slice()) + size_of_val(self.links.as_slice());
        self.left.bytes() + self.right.bytes() + pairs as u64
    }

    /// Binds the new versions with the former rows behind them, where that fits beside the bytes held.
    fn bind(
        &self,
        left: &Source,
        right: &Source,
        diffs: &[Diff; 2],
        (held, limits): (u64, Limits),
    ) -> Result<(Bound, Budget), RunError> {
        let frozen = &self.frozen;
        let table = |new: &Source, old: &Source, diff: &Diff, side: Side| {
            // Columns are built to the length of the table, so this does not fail.
            let mut table = with_former(new, old, diff).map_err(|_| Cancelled)?;
            table.set_population(frozen.populations[side as usize].clone());
            Ok::<_, Cancelled>(table)
        };
        let l = table(left, &self.left, &diffs[0], Side::Left)?;
        if frozen.within {
            let r = table(left, &self.left, &diffs[0], Side::Right)?;
            let budget = Budget::beside(held, limits, &frozen.spec, (&l, &r))?;
            return Ok((Bound::new(&frozen.spec, &l, &r).made_within(), budget));
        }
        let r = table(right, &self.right, &diffs[1], Side::Right)?;
        let budget = Budget::beside(held, limits, &frozen.spec, (&l, &r))?;
        Ok((Bound::new(&frozen.spec, &l, &r), budget))
    }

    /// Pairs of before that still hold, and pairs weighed again; marks rows that lost a pair.
    fn merged(
        &self,
        bound: &Bound,
        found: &Found,
        sides: [&Rows; 2],
        kept: [&Vec<Option<u32>>; 2],
        touched: &mut [Vec<bool>; 2],
    ) -> Vec<Weighed> {
        let assignment = self.frozen.spec.assignment;
        let mut keys = SharedKeys::default();
        let mut weighed: Vec<Weighed> = Vec::with_capacity(self.pairs.len() + found.pairs.len());
        for pair in &self.pairs {
            let now = (kept[0][pair.left as usize], kept[1][pair.right as usize]);
            if let (Some(left), Some(right)) = now {
                let (l, r) = (left as usize, right as usize);
                let full = (assignment == Assignment::OneToOne && sides[0].taken[l])
                    || (assignment != Assignment::All && sides[1].taken[r]);
                let again = sides[0].again[l] || sides[1].again[r];
                let reached = !found.closed[l] || keys.shared(found, bound, l, r);
                if !full && !again && reached {
                    weighed.push(Weighed {
                        left,
                        right,
                        weight: pair.match_weight - pair.rival_bar,
                        former_bar: Some(pair.rival_bar),
                    });
                    continue;
                }
            }
            for (row, touched) in [now.0, now.1].into_iter().zip(&mut *touched) {
                if let Some(row) = row {
                    touched[row as usize] = true;
                }
            }
        }
        weighed.extend(found.pairs.iter().map(|(left, right, weight)| Weighed {
            left: *left,
            right: *right,
            weight: *weight,
            former_bar: None,
        }));
        // A pair that was kept and is weighed again nonetheless (its block opened) counts as kept: it weighs the same.
        weighed.sort_by_key(|pair| (pair.left, pair.right, pair.former_bar.is_none()));
        weighed.dedup_by_key(|pair| (pair.left, pair.right));
        weighed
    }

    /// Groups of before by the rows of now; `u32::MAX` where there is none.
    fn moved_clusters(&self, kept: &[Option<u32>], n: usize) -> Clusters {
        let mut cluster_of = vec![u32::MAX; n];
        for (row, group) in self.clusters.cluster_of.iter().enumerate() {
            // A group is called by its first row; when that is gone, so is a link of the group, and it is made again.
            if let (Some(now), Some(group)) = (kept[row], kept[*group as usize]) {
                cluster_of[now as usize] = group;
            }
        }
        let conflicts = self.clusters.conflicts.iter().filter_map(|conflict| {
            Some(Conflict {
                left: kept[conflict.left as usize]?,
                right: kept[conflict.right as usize]?,
                ..*conflict
            })
        });
        Clusters {
            cluster_of,
            conflicts: conflicts.collect(),
            ..Clusters::default()
        }
    }

    /// Rows of now that are new or changed, or had a link with a row that is gone or changed.
    fn lost_links(&self, kept: &[Option<u32>], n: usize, same: &[Option<u32>]) -> Vec<bool> {
        let mut touched = vec![false; n];
        for (row, same) in same.iter().enumerate() {
            touched[row] = same.is_none();
        }
        for link in &self.links {
            let ends = [kept[link.left as usize], kept[link.right as usize]];
            if let [Some(row), None] | [None, Some(row)] = ends {
                touched[row as usize] = true;
            }
        }
        touched
    }
}

/// Links of rows that stay the same, by the rows of now.
fn moved<'a>(
    links: &'a [Link],
    kept: [&'a Vec<Option<u32>>; 2],
) -> impl Iterator<Item = Link> + 'a {
    links.iter().filter_map(move |link| {
        Some(Link {
            left: kept[0][link.left as usize]?,
            right: kept[1][link.right as usize]?,
            ..*link
        })
    })
}

/// Buffers for [`SharedKeys::shared`].
#[derive(Default)]
struct SharedKeys {
    work: KeyWork,
    left: Vec<u64>,
    right: Vec<u64>,
}

impl SharedKeys {
    /// Whether two rows share a block, or a part of one that is divided.
    fn shared(&mut self, found: &Found, bound: &Bound, left: usize, right: usize) -> bool {
        found.splits.iter().any(|(keys, splits)| {
            keys.of(bound, Side::Left, left, &mut self.work, &mut self.left);
            keys.of(bound, Side::Right, right, &mut self.work, &mut self.right);
            splits.replace(bound, Side::Left, left, &mut self.left);
            splits.replace(bound, Side::Right, right, &mut self.right);
            let mut common = self.left.iter();
            common.any(|key| self.right.binary_search(key).is_ok())
        })
    }
}
