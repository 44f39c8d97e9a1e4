//! Reading a state: everything is checked before it is used.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    DECIDED, FileError, MAGIC, SECTIONS, VERSION,
    bytes::{In, checksum},
};
use crate::{
    blocking::RuleCount,
    cluster::{Clusters, Conflict},
    comparison::levels,
    incremental::{Decided, Frozen, Source, State, entities::Entities},
    model::TrainedModel,
    population::{Counted, Population, name_of},
    run::{Label, Link, ScoredPair, Step},
    spec::{LinkageSpec, MAX_COMPARISONS},
    table::{Column, Table},
};

/// The section `MODL`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    spec: LinkageSpec,
    model: TrainedModel,
    duplicate_share: f64,
    within: bool,
    rules: Vec<RuleCount>,
}

pub(super) fn state(bytes: &[u8]) -> Result<(State, Entities), FileError> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(FileError::NotAState)?;
    let (version, mut rest) = rest.split_at_checked(4).ok_or(FileError::NotAState)?;
    let version = version.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
    if !(1..=VERSION).contains(&version) {
        return Err(FileError::Version(version));
    }
    let mut sections = Vec::with_capacity(SECTIONS.len());
    for name in SECTIONS {
        // Before version 2 nobody had decided anything.
        let content = if version == 1 && name == DECIDED {
            &[0; 8][..]
        } else {
            section(name, &mut rest).ok_or(FileError::Damaged(name))?
        };
        sections.push(In::new(name, content));
    }
    if !rest.is_empty() {
        return Err(FileError::Damaged("after the end"));
    }
    let damaged = FileError::NotAState;
    let [
        model,
        pop_l,
        pop_r,
        left,
        right,
        pairs,
        links,
        clusters,
        entities,
        decided,
    ] = <[In<'_>; 10]>::try_from(sections).map_err(|_| damaged)?;
    let (frozen, rules) = frozen(model, [pop_l, pop_r])?;
    let (left, right) = (source(left)?, source(right)?);
    let others = if frozen.within { &left } else { &right };
    let sizes = [left.keys.len(), others.keys.len()];
    let (pairs, links) = (read_pairs(pairs, sizes)?, read_links(links, sizes)?);
    let clusters = read_clusters(clusters, if frozen.within { sizes[0] } else { 0 })?;
    let entities = read_entities(entities, [left.keys.len(), right.keys.len()])?;
    let decided = read_decided(decided, sizes)?;
    let state = State {
        frozen: Arc::new(frozen),
        left,
        right,
        pairs,
        links,
        clusters,
        rules,
        decided,
    };
    Ok((state, entities))
}

fn section<'a>(name: &'static str, rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let mut head = In::new(name, rest);
    let found = head.take(4).ok()?;
    let (n, sum) = (head.u64().ok()?, head.u64().ok()?);
    let content = head.take(usize::try_from(n).ok()?).ok()?;
    *rest = &rest[20 + content.len()..];
    (found == name.as_bytes() && checksum(content) == sum).then_some(content)
}

fn frozen(
    mut section: In<'_>,
    [left, right]: [In<'_>; 2],
) -> Result<(Frozen, Vec<RuleCount>), FileError> {
    let json = section.rest_of();
    let found: Head =
        serde_json::from_slice(json).map_err(|_| section.fault("it is not a model"))?;
    let spec = LinkageSpec {
        pairs_per_record: 0.0,
        ..found.spec
    };
    let trained = &found.model.comparisons;
    let fits = spec.comparisons.len() <= MAX_COMPARISONS
        && trained.len() == spec.comparisons.len()
        && trained
            .iter()
            .zip(&spec.comparisons)
            .all(|(trained, declared)| trained.levels.len() + 1 == levels(declared).len());
    if !fits {
        return Err(section.fault("the model is of another specification"));
    }
    let populations = [Arc::new(population(left)?), Arc::new(population(right)?)];
    let frozen = Frozen {
        spec,
        model: found.model,
        populations,
        within: found.within,
        duplicate_share: found.duplicate_share,
    };
    Ok((frozen, found.rules))
}

fn table(section: &mut In<'_>) -> Result<Table, FileError> {
    // Every row takes four bytes per column; a table without columns has no bytes to count.
    let rows = section.u64()?;
    let n_rows = usize::try_from(rows)
        .ok()
        .filter(|n| *n < u32::MAX as usize)
        .ok_or(section.fault("it counts more than it holds"))?;
    let n_columns = section.count(12)?;
    let mut table = Table::new(n_rows);
    for _ in 0..n_columns {
        let name = section.text()?;
        let n = section.count(4)?;
        let texts: Vec<&str> = (0..n).map(|_| section.text()).collect::<Result<_, _>>()?;
        let codes = section.take(n_rows.saturating_mul(4))?;
        let codes = codes.chunks_exact(4);
        let codes = codes.map(|c| c.iter().rev().fold(0, |n, b| n << 8 | u32::from(*b)));
        let column = Column::from_parts(&texts, codes.collect())
            .ok_or(section.fault("a column names a text that it does not have"))?;
        if table.column(name).is_some() || table.insert(name, column).is_err() {
            return Err(section.fault("a column is there twice"));
        }
    }
    Ok(table)
}

fn population(mut section: In<'_>) -> Result<Population, FileError> {
    let n_records = section.u64()?;
    let n = section.count(8)?;
    let mut counted = Vec::new();
    for _ in 0..n {
        let n_names = section.count(4)?;
        let names = (0..n_names)
            .map(|_| Ok(Some(section.text()?.to_owned()).filter(|name| !name.is_empty())))
            .collect::<Result<Vec<_>, FileError>>()?;
        let values = table(&mut section)?;
        let counts = section.u32s()?;
        let whole = (0..names.len()).all(|place| values.column(&name_of(place)).is_some());
        let records: u64 = counts.iter().map(|n| u64::from(*n)).sum();
        if !whole || counts.len() != values.n_rows() || records > n_records {
            return Err(section.fault("the counts do not belong to the values"));
        }
        counted.push(Counted {
            names,
            values,
            counts,
        });
    }
    section.end()?;
    Ok(Population { n_records, counted })
}

fn source(mut section: In<'_>) -> Result<Source, FileError> {
    let n = section.count(4)?;
    let keys = (0..n)
        .map(|_| section.text().map(str::to_owned))
        .collect::<Result<Vec<_>, _>>()?;
    let table = table(&mut section)?;
    section.end()?;
    if !keys.is_sorted_by(|a, b| a < b) {
        return Err(section.fault("the keys are not in order"));
    }
    if table.n_rows() != keys.len() {
        return Err(section.fault("keys and rows differ in number"));
    }
    Ok(Source { keys, table })
}

/// Rows in order, each pair once, all of them there.
fn ordered(rows: impl Iterator<Item = (u32, u32)> + Clone, sizes: [usize; 2]) -> bool {
    rows.clone().is_sorted_by(|a, b| a < b)
        && rows
            .into_iter()
            .all(|(l, r)| (l as usize) < sizes[0] && (r as usize) < sizes[1])
}

fn read_pairs(mut section: In<'_>, sizes: [usize; 2]) -> Result<Vec<ScoredPair>, FileError> {
    let n = section.count(24)?;
    let pairs = (0..n)
        .map(|_| {
            Ok(ScoredPair {
                left: section.u32()?,
                right: section.u32()?,
                rival_bar: section.f64()?,
                match_weight: section.f64()?,
            })
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    section.end()?;
    if !ordered(pairs.iter().map(|pair| (pair.left, pair.right)), sizes) {
        return Err(section.fault("the pairs are not in order"));
    }
    Ok(pairs)
}

fn read_links(mut section: In<'_>, sizes: [usize; 2]) -> Result<Vec<Link>, FileError> {
    let n = section.count(28)?;
    let links = (0..n)
        .map(|_| {
            Ok(Link {
                left: section.u32()?,
                right: section.u32()?,
                match_weight: section.f64()?,
                match_probability: section.f64()?,
                step: match section.u32()? {
                    0 => Step::Deterministic,
                    1 => Step::Probabilistic,
                    2 => Step::Reviewed,
                    _ => return Err(section.fault("a step that does not exist")),
                },
            })
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    section.end()?;
    // One pair may be a link of both steps.
    let in_order = links.is_sorted_by_key(|link| (link.left, link.right));
    let there = |link: &Link| (link.left as usize) < sizes[0] && (link.right as usize) < sizes[1];
    if !in_order || !links.iter().all(there) {
        return Err(section.fault("the links are not in order"));
    }
    Ok(links)
}

fn read_decided(mut section: In<'_>, sizes: [usize; 2]) -> Result<Decided, FileError> {
    let n = section.count(12)?;
    let labels = (0..n)
        .map(|_| {
            Ok(Label {
                left: section.u32()?,
                right: section.u32()?,
                is_match: section.u32()? != 0,
            })
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    section.end()?;
    if !ordered(labels.iter().map(|label| (label.left, label.right)), sizes) {
        return Err(section.fault("the decisions are not in order"));
    }
    Ok(Decided::of(labels))
}

fn read_clusters(mut section: In<'_>, n_rows: usize) -> Result<Clusters, FileError> {
    let cluster_of = section.u32s()?;
    let (n_clusters, n_components) = (section.u64()? as usize, section.u64()? as usize);
    let n = section.count(24)?;
    let conflicts = (0..n)
        .map(|_| {
            Ok(Conflict {
                left: section.u32()?,
                right: section.u32()?,
                match_weight: section.f64()?,
                group_weight: section.f64()?,
            })
        })
        .collect::<Result<Vec<_>, FileError>>()?;
    section.end()?;
    let by_first = |(row, group): (usize, &u32)| {
        *group as usize <= row && cluster_of[*group as usize] == *group
    };
    let rows = conflicts.iter().flat_map(|c| [c.left, c.right]);
    if cluster_of.len() != n_rows
        || !cluster_of.iter().enumerate().all(by_first)
        || !rows.into_iter().all(|row| (row as usize) < n_rows)
    {
        return Err(section.fault("a group names a row that is not its first"));
    }
    Ok(Clusters {
        cluster_of,
        n_clusters,
        n_components,
        conflicts,
    })
}

fn read_entities(mut section: In<'_>, sizes: [usize; 2]) -> Result<Entities, FileError> {
    let next = section.u64()?;
    let of = [section.u64s()?, section.u64s()?];
    section.end()?;
    let known = of.iter().flatten().all(|id| *id < next);
    if !known || [of[0].len(), of[1].len()] != sizes {
        return Err(section.fault("the numbers are not those of the records"));
    }
    Ok(Entities { next, of })
}
