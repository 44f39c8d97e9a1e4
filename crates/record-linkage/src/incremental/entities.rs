//! Names of persons that last from run to run.
//!
//! A person is a group of records: what hangs together by links, within one file a group of [`crate::cluster`]. Every group has a number.
//! When groups change, numbers stay with the people: of all pairs of a former number and a group of now, that with the most records in
//! common goes first, then the older number, then the group with the first record; each number and each group is taken once. A group
//! without a number gets the next one; numbers are never given twice. A group whose records stay the same keeps its number for certain:
//! no other number has records in it and its number has records nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{State, settle::Together, source::Diff};
use crate::run::Link;

/// What happened to a person's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventKind {
    /// A new person: none of its records was there before.
    Created,
    /// Numbers that ended because all their records are with another number now.
    Merged,
    /// Records of one number are with several now. The number stays with the first named, unless it ended.
    Split,
    /// A number none of whose records are left.
    Ended,
}

/// Why it happened, as far as the records concerned tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeReason {
    /// A record is new.
    RecordAdded,
    /// A record says something else.
    RecordChanged,
    /// A record is gone.
    RecordRemoved,
    /// People decided about a pair of the records, or a decision of before no longer holds.
    Reviewed,
    /// The records are the same; another record that competes with them, or a block that grew too large, changed a link.
    LinkChanged,
}

/// A link that made or unmade a group, by the keys of its records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// Key of the left record.
    pub left: String,
    /// Key of the right record.
    pub right: String,
    /// Probability of the link, before a split or after a merge.
    pub match_probability: f64,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Numbers before.
    pub from: Vec<u64>,
    /// Numbers after.
    pub into: Vec<u64>,
    /// Why.
    pub reasons: Vec<ChangeReason>,
    /// The surest links between records of different numbers: those that joined them, or joined them before. At most five.
    pub links: Vec<Evidence>,
}

/// Links named per event.
const MOST_LINKS: usize = 5;

/// Numbers of the records of a [`State`], in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entities {
    pub(crate) next: u64,
    pub(crate) of: [Vec<u64>; 2],
}

/// A record as one number: left rows, then right rows.
fn node(side: usize, row: u32, n_left: usize) -> usize {
    row as usize + if side == 1 { n_left } else { 0 }
}

/// Group of every record, called by its first record.
fn groups(state: &State) -> Vec<u32> {
    if state.frozen.within {
        return state.clusters.cluster_of.clone();
    }
    let n_left = state.left.keys.len();
    let n = n_left + state.right.keys.len();
    let mut together = Together::new(n);
    for link in &state.links {
        together.join(link.left, node(1, link.right, n_left) as u32);
    }
    (0..n as u32).map(|at| together.root(at)).collect()
}

/// Records of a state that are there, as sides and rows.
fn records(state: &State) -> impl Iterator<Item = (usize, u32)> + '_ {
    let right = if state.frozen.within {
        0
    } else {
        state.right.keys.len()
    };
    let left = (0..state.left.keys.len() as u32).map(|row| (0, row));
    left.chain((0..right as u32).map(|row| (1, row)))
}

/// What is known of a number while events are written.
#[derive(Default)]
struct Concerned {
    reasons: BTreeSet<ChangeReason>,
    /// Numbers of now that have records of this one.
    into: BTreeSet<u64>,
}

impl Entities {
    /// Number of a left record; within one file all records are left ones.
    pub fn of_left(&self, row: usize) -> Option<u64> {
        self.of[0].get(row).copied()
    }

    /// Number of a right record.
    pub fn of_right(&self, row: usize) -> Option<u64> {
        self.of[1].get(row).copied()
    }

    /// Numbers a first state.
    pub fn first(state: &State) -> (Self, Vec<Event>) {
        let before = State {
            left: super::Source::default(),
            right: super::Source::default(),
            links: Vec::new(),
            clusters: crate::cluster::Clusters::default(),
            decided: super::Decided::default(),
            ..state.clone()
        };
        let none = Self {
            next: 1,
            of: [Vec::new(), Vec::new()],
        };
        none.update(&before, state)
    }

    /// Numbers the state that came after `before`, whose numbers these are.
    pub fn update(&self, before: &State, after: &State) -> (Self, Vec<Event>) {
        let diffs = [
            Diff::new(&before.left, &after.left),
            Diff::new(&before.right, &after.right),
        ];
        let n_left = after.left.keys.len();
        let group_of = groups(after);
        // The number a record had: by its key, also when it says something else now.
        let former = self.former(before, after);
        let mut common: BTreeMap<(u64, u32), usize> = BTreeMap::new();
        for (side, row) in records(after) {
            if let Some(id) = former[side][row as usize] {
                let group = group_of[node(side, row, n_left)];
                *common.entry((id, group)).or_insert(0) += 1;
            }
        }
        let mut order: Vec<(usize, u64, u32)> = common
            .iter()
            .map(|((id, group), n)| (*n, *id, *group))
            .collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut given, mut used): (BTreeMap<u32, u64>, BTreeSet<u64>) = Default::default();
        for (_, id, group) in order {
            if !used.contains(&id) && !given.contains_key(&group) {
                used.insert(id);
                given.insert(group, id);
            }
        }
        let mut next = self.next;
        let mut of = [
            Vec::with_capacity(n_left),
            Vec::with_capacity(after.right.keys.len()),
        ];
        for (side, row) in records(after) {
            let group = group_of[node(side, row, n_left)];
            let id = *given.entry(group).or_insert_with(|| {
                next += 1;
                next - 1
            });
            of[side].push(id);
        }
        let now = Self { next, of };
        let events = self.events(&now, (before, after), &former, &diffs);
        (now, events)
    }

    /// Per record of now, the number it had.
    fn former(&self, before: &State, after: &State) -> [Vec<Option<u64>>; 2] {
        let of_side = |old: &[String], ids: &[u64], new: &[String]| {
            let (mut at, mut out) = (0, Vec::with_capacity(new.len()));
            for key in new {
                while old.get(at).is_some_and(|known| known < key) {
                    at += 1;
                }
                let known = old.get(at).is_some_and(|known| known == key);
                out.push(known.then(|| ids.get(at).copied()).flatten());
            }
            out
        };
        [
            of_side(&before.left.keys, &self.of[0], &after.left.keys),
            of_side(&before.right.keys, &self.of[1], &after.right.keys),
        ]
    }

    fn events(
        &self,
        now: &Self,
        (before, after): (&State, &State),
        former: &[Vec<Option<u64>>; 2],
        diffs: &[Diff; 2],
    ) -> Vec<Event> {
        let mut old: BTreeMap<u64, Concerned> = BTreeMap::new();
        let mut new: BTreeMap<u64, BTreeSet<ChangeReason>> = BTreeMap::new();
        let mut with_past: BTreeSet<u64> = BTreeSet::new();
        let decided = after
            .decided
            .concerned(&before.decided, diffs, after.frozen.within);
        for (side, row) in records(after) {
            let id = now.of[side][row as usize];
            let same = diffs[side].same[row as usize].is_some();
            let reason = match (former[side][row as usize], same) {
                (None, _) => Some(ChangeReason::RecordAdded),
                (Some(_), false) => Some(ChangeReason::RecordChanged),
                (Some(_), true) => None,
            };
            let is_decided = decided[side]
                .contains(&row)
                .then_some(ChangeReason::Reviewed);
            let reasons = [reason, is_decided].into_iter().flatten();
            new.entry(id).or_default().extend(reasons.clone());
            if let Some(was) = former[side][row as usize] {
                with_past.insert(id);
                let concerned = old.entry(was).or_default();
                concerned.into.insert(id);
                concerned.reasons.extend(reasons);
            }
        }
        for (side, row) in records(before) {
            let keys = if side == 0 { &after.left } else { &after.right };
            let known = if side == 0 {
                &before.left
            } else {
                &before.right
            };
            let (id, key) = (self.of[side][row as usize], &known.keys[row as usize]);
            let concerned = old.entry(id).or_default();
            if keys.keys.binary_search(key).is_err() {
                concerned.reasons.insert(ChangeReason::RecordRemoved);
            }
        }
        let mut events = Vec::new();
        let mut merged: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (id, concerned) in &old {
            let into: Vec<u64> = concerned.into.iter().copied().collect();
            match into.as_slice() {
                [] => events.push(Event {
                    kind: EventKind::Ended,
                    from: vec![*id],
                    into: Vec::new(),
                    reasons: vec![ChangeReason::RecordRemoved],
                    links: Vec::new(),
                }),
                [one] if one == id => {}
                [one] => merged.entry(*one).or_default().push(*id),
                several => {
                    let mut into = several.to_vec();
                    // The one that keeps the number first.
                    into.sort_by_key(|other| (other != id, *other));
                    let reasons = several.iter().flat_map(|other| new[other].iter());
                    let reasons = reasons.chain(&concerned.reasons).copied().collect();
                    events.push(Event {
                        kind: EventKind::Split,
                        from: vec![*id],
                        into,
                        reasons: reasons_of(reasons),
                        links: Vec::new(),
                    });
                }
            }
        }
        for (id, mut from) in merged {
            let ended = from.iter().flat_map(|ended| old[ended].reasons.iter());
            let reasons = ended.chain(&new[&id]).copied().collect();
            // The number that goes on had records before, unless all of them came from those that ended.
            if old.contains_key(&id) {
                from.push(id);
                from.sort_unstable();
            }
            events.push(Event {
                kind: EventKind::Merged,
                from,
                into: vec![id],
                reasons: reasons_of(reasons),
                links: Vec::new(),
            });
        }
        for id in new.keys().filter(|id| !with_past.contains(id)) {
            events.push(Event {
                kind: EventKind::Created,
                from: Vec::new(),
                into: vec![*id],
                reasons: vec![ChangeReason::RecordAdded],
                links: Vec::new(),
            });
        }
        self.name_links(&mut events, now, (before, after), former);
        events
    }

    /// Names the surest links behind merges and splits.
    fn name_links(
        &self,
        events: &mut [Event],
        now: &Self,
        (before, after): (&State, &State),
        former: &[Vec<Option<u64>>; 2],
    ) {
        let (mut of_split, mut of_merge) = (BTreeMap::new(), BTreeMap::new());
        for (place, event) in events.iter().enumerate() {
            match event.kind {
                EventKind::Split => of_split.insert(event.from[0], place),
                EventKind::Merged => of_merge.insert(event.into[0], place),
                EventKind::Created | EventKind::Ended => None,
            };
        }
        let side = usize::from(!after.frozen.within);
        let mut add = |place: usize, state: &State, link: &Link| {
            let key = |source: &super::Source, row: u32| source.keys[row as usize].clone();
            events[place].links.push(Evidence {
                left: key(state.left(), link.left),
                right: key(state.right(), link.right),
                match_probability: link.match_probability,
            });
        };
        for link in &after.links {
            let was = (
                former[0][link.left as usize],
                former[side][link.right as usize],
            );
            if let Some(place) = of_merge.get(&now.of[0][link.left as usize])
                && let (Some(a), Some(b)) = was
                && a != b
            {
                add(*place, after, link);
            }
        }
        let place_of = |keys: &[String], key: &String| keys.binary_search(key).ok();
        for link in &before.links {
            let Some(place) = of_split.get(&self.of[0][link.left as usize]) else {
                continue;
            };
            let left = place_of(&after.left.keys, &before.left.keys[link.left as usize]);
            let right = place_of(
                &after.right().keys,
                &before.right().keys[link.right as usize],
            );
            let ids = (
                left.map(|row| now.of[0][row]),
                right.map(|row| now.of[side][row]),
            );
            if ids.0 != ids.1 {
                add(*place, before, link);
            }
        }
        for event in events {
            event
                .links
                .sort_by(|a, b| b.match_probability.total_cmp(&a.match_probability));
            event.links.truncate(MOST_LINKS);
        }
    }
}

fn reasons_of(found: BTreeSet<ChangeReason>) -> Vec<ChangeReason> {
    if found.is_empty() {
        vec![ChangeReason::LinkChanged]
    } else {
        found.into_iter().collect()
    }
}
