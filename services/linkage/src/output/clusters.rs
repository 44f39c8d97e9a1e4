//! Groups of rows of one person, and pairs on which groups contradict each other.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use helder_platform::{
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::Clusters;
use helder_types::OrganisationId;

use super::write;
use crate::{
    parts::Records,
    wire::{ClusterCount, ClusterRow, ClusterSummary, ConflictRow, LinkedDataset},
};

/// Sizes from here on are counted together.
const LARGE: u64 = 6;
/// Fewer groups than this are not told.
const FEW: u64 = 10;

/// Rows of groups of two or more, group after group.
pub(crate) fn rows(clusters: &Clusters, records: &Records) -> Vec<ClusterRow> {
    let mut sizes = vec![0_i64; clusters.cluster_of.len()];
    for cluster in &clusters.cluster_of {
        sizes[*cluster as usize] += 1;
    }
    let placed = clusters.cluster_of.iter().zip(&records.rows);
    let mut rows: Vec<ClusterRow> = placed
        .map(|(cluster, row)| ClusterRow {
            cluster: records.rows[*cluster as usize],
            row: *row,
            size: sizes[*cluster as usize],
        })
        .filter(|row| row.size > 1)
        .collect();
    rows.sort_by_key(|row| (row.cluster, row.row));
    rows
}

fn sizes(clusters: &Clusters) -> Vec<ClusterCount> {
    let mut members: BTreeMap<u32, u64> = BTreeMap::new();
    for cluster in &clusters.cluster_of {
        *members.entry(*cluster).or_default() += 1;
    }
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    for n in members.values() {
        *counts.entry((*n).min(LARGE)).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(size, n)| ClusterCount {
            size,
            clusters: (n >= FEW).then_some(n),
        })
        .collect()
}

/// Writes rows and conflicts, and counts them.
///
/// # Errors
/// 503 when the object store is away or full.
pub(crate) fn save(
    objects: &Objects,
    organisation: &OrganisationId,
    clusters: &Clusters,
    records: &Records,
) -> Result<ClusterSummary> {
    let found = rows(clusters, records);
    let conflicts: Vec<ConflictRow> = clusters
        .conflicts
        .iter()
        .map(|conflict| ConflictRow {
            left_row: records.rows[conflict.left as usize],
            right_row: records.rows[conflict.right as usize],
            match_weight: conflict.match_weight,
            group_weight: conflict.group_weight,
        })
        .collect();
    Ok(ClusterSummary {
        clusters: clusters.n_clusters as u64,
        connected_components: clusters.n_components as u64,
        conflicts: conflicts.len() as u64,
        sizes: sizes(clusters),
        rows: save_rows(objects, organisation, &found)?,
        conflict_pairs: save_conflicts(objects, organisation, &conflicts)?,
    })
}

fn save_rows(
    objects: &Objects,
    organisation: &OrganisationId,
    rows: &[ClusterRow],
) -> Result<LinkedDataset> {
    let fields = ["cluster", "row", "size"].map(|name| Field::new(name, DataType::Int64, false));
    write(
        objects,
        organisation,
        Schema::new(fields.to_vec()),
        rows,
        |schema, rows| {
            let column = |of: fn(&ClusterRow) -> i64| -> ArrayRef {
                Arc::new(rows.iter().map(of).collect::<Int64Array>())
            };
            let columns = vec![
                column(|row| row.cluster),
                column(|row| row.row),
                column(|row| row.size),
            ];
            RecordBatch::try_new(Arc::clone(schema), columns).map_err(Problem::internal)
        },
    )
}

fn save_conflicts(
    objects: &Objects,
    organisation: &OrganisationId,
    rows: &[ConflictRow],
) -> Result<LinkedDataset> {
    let schema = Schema::new(vec![
        Field::new("left_row", DataType::Int64, false),
        Field::new("right_row", DataType::Int64, false),
        Field::new("match_weight", DataType::Float64, false),
        Field::new("group_weight", DataType::Float64, false),
    ]);
    write(objects, organisation, schema, rows, |schema, rows| {
        let row = |of: fn(&ConflictRow) -> i64| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<Int64Array>())
        };
        // A pair with equal pseudonyms has no finite weight.
        let weight = |of: fn(&ConflictRow) -> f64| -> ArrayRef {
            Arc::new(
                rows.iter()
                    .map(|row| Some(of(row).clamp(-1e6, 1e6)))
                    .collect::<Float64Array>(),
            )
        };
        let columns = vec![
            row(|row| row.left_row),
            row(|row| row.right_row),
            weight(|row| row.match_weight),
            weight(|row| row.group_weight),
        ];
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(Problem::internal)
    })
}

fn whole(batch: &RecordBatch, column: usize, at: usize) -> i64 {
    batch.column(column).as_primitive::<Int64Type>().value(at)
}

/// One row of a group.
pub(crate) fn row(batch: &RecordBatch, at: usize) -> ClusterRow {
    ClusterRow {
        cluster: whole(batch, 0, at),
        row: whole(batch, 1, at),
        size: whole(batch, 2, at),
    }
}

/// One conflict.
pub(crate) fn conflict(batch: &RecordBatch, at: usize) -> ConflictRow {
    let weight = |column: usize| batch.column(column).as_primitive::<Float64Type>().value(at);
    ConflictRow {
        left_row: whole(batch, 0, at),
        right_row: whole(batch, 1, at),
        match_weight: weight(2),
        group_weight: weight(3),
    }
}
