//! Linking with a state: the first of a series, or what changed since the run before.

use std::sync::Arc;

use helder_platform::{
    jobs::JobContext,
    problem::{Problem, Result},
};
use helder_record_linkage::{
    Cancelled, Clusters, Label, LinkageSpec, RunResult,
    cluster::Conflict,
    incremental::{
        Frozen, Source, State, Work,
        entities::{Entities, Event},
    },
    run::RunError,
};

use super::{Follow, keys, state};
use crate::{
    figures::Sides,
    job::{LinkageJob, Progress, stopped},
    memory,
    parts::Records,
    review::used::Placed,
    wire::LinkedDataset,
};

/// What a run of a series found, by the places of its records.
pub(crate) struct Linked {
    /// As of any run.
    pub(crate) found: RunResult,
    /// Groups within one version.
    pub(crate) clusters: Option<Clusters>,
    /// To go on from.
    pub(super) state: State,
    /// Numbers of persons.
    pub(super) entities: Entities,
    /// What happened to them.
    pub(super) events: Vec<Event>,
    /// What was looked at.
    pub(super) work: Work,
    /// Place of each record of the state, left and right.
    pub(super) places: [Vec<u32>; 2],
}

/// Links what a run of a series links.
///
/// # Errors
/// 409 when records cannot be told apart, nothing can be learned or the state before is gone; why the work was stopped.
pub(crate) fn linked(
    service: &LinkageJob,
    (spec, follow, before): (&LinkageSpec, &Follow, Option<&LinkedDataset>),
    (sides, decided): (Sides<'_>, &Placed),
    job: &JobContext,
) -> Result<Linked> {
    let observer = Progress(job);
    let by = follow.keys.as_ref();
    let left = source(sides.left, spec, by, true)?;
    let right = if sides.is_within {
        source_of_nobody()?
    } else {
        source(sides.right, spec, by, false)?
    };
    let places = [places(&left.1), places(&right.1)];
    let (left, right) = (left.0, right.0);
    let limits = service.memory.limits();
    let refused = |error: RunError| memory::why(&error, || stopped(job));
    let labels = in_order(&decided.labels, &places, sides.is_within);
    let scratch = |frozen| {
        let nothing = State::empty(frozen);
        let sources = (left.clone(), right.clone());
        let state = nothing.update_labelled(sources, &labels, limits, &observer);
        state.map_err(refused)
    };
    let (state, work, (entities, events)) = match before {
        None => {
            let (state, work) = scratch(learned(service, spec, (sides, decided), job)?)?;
            let numbers = Entities::first(&state);
            (state, work, numbers)
        }
        Some(before) => {
            let stores = (&service.objects, &service.keyring);
            let beside = service.memory.beside(sides.bytes(), job);
            let (before, numbers) = state::read(stores, job.organisation(), before, &beside)?;
            let (state, work) = if follow.everything {
                scratch(Arc::new(before.frozen().clone()))?
            } else {
                let sources = (left.clone(), right.clone());
                let state = before.update_labelled(sources, &labels, limits, &observer);
                state.map_err(refused)?
            };
            let numbers = numbers.update(&before, &state);
            (state, work, numbers)
        }
    };
    let result = state.result(&observer).map_err(|Cancelled| stopped(job))?;
    let found = placed(result, &places, sides.is_within);
    let clusters = sides
        .is_within
        .then(|| grouped(state.clusters(), &places[0]));
    Ok(Linked {
        found,
        clusters,
        state,
        entities,
        events,
        work,
        places,
    })
}

/// A model of this run, to be kept.
fn learned(
    service: &LinkageJob,
    spec: &LinkageSpec,
    (sides, decided): (Sides<'_>, &Placed),
    job: &JobContext,
) -> Result<Arc<Frozen>> {
    let (found, _) = service.found(spec, sides, decided, job)?;
    let model = found.model.ok_or_else(|| {
        Problem::conflict(
            "nothing-learned",
            "a version without records teaches nothing that later runs could go on from",
        )
    })?;
    let (left, right) = (&sides.left.table, &sides.right.table);
    let frozen = if sides.is_within {
        Frozen::within(spec, &model, left)
    } else {
        Frozen::new(spec, &model, found.duplicate_share, left, right)
    };
    frozen.map(Arc::new).map_err(Problem::internal)
}

fn source(
    records: &Records,
    spec: &LinkageSpec,
    by: Option<&super::RecordKeys>,
    is_left: bool,
) -> Result<(Source, Vec<String>)> {
    let keys = keys::of(records, spec, by, is_left)?;
    let source = Source::new(&keys, &records.table).map_err(Problem::internal)?;
    Ok((source, keys))
}

fn source_of_nobody() -> Result<(Source, Vec<String>)> {
    let source = Source::new(&[], &helder_record_linkage::Table::new(0));
    Ok((source.map_err(Problem::internal)?, Vec::new()))
}

/// Places of the records in the order of their keys.
fn places(keys: &[String]) -> Vec<u32> {
    let mut places: Vec<u32> = (0..keys.len() as u32).collect();
    places.sort_by(|a, b| keys[*a as usize].cmp(&keys[*b as usize]));
    places
}

/// Labels of rows by their places, as labels of records in the order of their keys.
fn in_order(labels: &[Label], places: &[Vec<u32>; 2], is_within: bool) -> Vec<Label> {
    let orders = places.each_ref().map(|places| {
        let mut orders = vec![0; places.len()];
        for (order, place) in (0..).zip(places) {
            orders[*place as usize] = order;
        }
        orders
    });
    let of = |side: usize, place: u32| orders[side].get(place as usize).copied();
    let labels = labels.iter().filter_map(|label| {
        Some(Label {
            left: of(0, label.left)?,
            right: of(usize::from(!is_within), label.right)?,
            ..*label
        })
    });
    labels.collect()
}

/// The two rows of a pair by their places; within one version the first row first.
fn pair(left: u32, right: u32, places: &[Vec<u32>; 2], is_within: bool) -> (u32, u32) {
    let left = places[0][left as usize];
    let right = places[usize::from(!is_within)][right as usize];
    if is_within {
        (left.min(right), left.max(right))
    } else {
        (left, right)
    }
}

/// A result by places instead of rows in the order of the keys.
fn placed(mut found: RunResult, places: &[Vec<u32>; 2], is_within: bool) -> RunResult {
    for link in &mut found.links {
        (link.left, link.right) = pair(link.left, link.right, places, is_within);
    }
    found
        .links
        .sort_by_key(|link| (link.left, link.right, link.step));
    for scored in &mut found.scored {
        (scored.left, scored.right) = pair(scored.left, scored.right, places, is_within);
    }
    found.scored.sort_by_key(|pair| (pair.left, pair.right));
    found
}

/// Groups by places, each called by its first.
fn grouped(clusters: &Clusters, places: &[u32]) -> Clusters {
    let mut first = vec![u32::MAX; places.len()];
    for (row, group) in clusters.cluster_of.iter().enumerate() {
        let known = &mut first[*group as usize];
        *known = (*known).min(places[row]);
    }
    let mut cluster_of = vec![0; places.len()];
    for (row, group) in clusters.cluster_of.iter().enumerate() {
        cluster_of[places[row] as usize] = first[*group as usize];
    }
    let mut conflicts: Vec<Conflict> = clusters
        .conflicts
        .iter()
        .map(|conflict| {
            let (a, b) = (
                places[conflict.left as usize],
                places[conflict.right as usize],
            );
            Conflict {
                left: a.min(b),
                right: a.max(b),
                ..*conflict
            }
        })
        .collect();
    conflicts.sort_by(|a, b| {
        let order = b.match_weight.total_cmp(&a.match_weight);
        order.then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    Clusters {
        cluster_of,
        conflicts,
        ..*clusters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_called_by_their_first_row() {
        // Records 0, 1, 2 of the state are rows 2, 0, 1.
        let clusters = Clusters {
            cluster_of: vec![0, 1, 0],
            n_clusters: 2,
            n_components: 1,
            conflicts: vec![Conflict {
                left: 0,
                right: 1,
                match_weight: 2.0,
                group_weight: -1.0,
            }],
        };
        let placed = grouped(&clusters, &[2, 0, 1]);
        assert_eq!(placed.cluster_of, [0, 1, 1]);
        assert_eq!(
            (placed.conflicts[0].left, placed.conflicts[0].right),
            (0, 2)
        );
        assert_eq!((placed.n_clusters, placed.n_components), (2, 1));
        assert_eq!(pair(0, 1, &[vec![2, 0, 1], Vec::new()], true), (0, 2));
        let label = |left, right| Label {
            left,
            right,
            is_match: true,
        };
        let places = [vec![2, 0, 1], vec![1, 0]];
        assert_eq!(in_order(&[label(2, 1)], &places, false), [label(0, 0)]);
        assert_eq!(in_order(&[label(2, 1)], &places, true), [label(0, 2)]);
        assert_eq!(in_order(&[label(2, 7)], &places, false), []);
    }
}
