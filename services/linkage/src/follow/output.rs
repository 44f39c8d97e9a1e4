//! Numbers of persons and what happened to them, as Parquet.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, UInt64Array},
    datatypes::{DataType, Field, Int64Type, Schema, UInt64Type},
};
use helder_platform::{
    jobs::JobContext,
    problem::{Problem, Result},
};
use helder_record_linkage::incremental::{
    State,
    entities::{ChangeReason, EventKind},
};
use serde::{Serialize, de::DeserializeOwned};

use super::{ChangeLink, Continuation, EntityChange, EntityRow, Follow, Linked, Stores, state};
use crate::{figures::Sides, output::write, wire::Side};

/// Writes numbers, changes and state.
///
/// # Errors
/// 409 `key-destroyed`; 503 when a store is away or full; why the work was stopped.
pub(crate) fn save(
    stores: Stores<'_>,
    job: &JobContext,
    (linked, follow): (&Linked, &Follow),
    sides: Sides<'_>,
) -> Result<Continuation> {
    let (objects, organisation) = (stores.0, job.organisation());
    job.progress("writing the numbers of persons", 0, 0, "");
    let rows = entities(linked, sides);
    let changes = changes(linked, sides, &rows);
    let count = |kind: EventKind| changes.iter().filter(|c| c.kind == kind).count() as u64;
    let numbers: BTreeSet<u64> = rows.iter().map(|row| row.entity).collect();
    let entity_rows = write(objects, organisation, entity_schema(), &rows, entity_batch)?;
    job.checkpoint()?;
    let (created, merged) = (count(EventKind::Created), count(EventKind::Merged));
    let (split, ended) = (count(EventKind::Split), count(EventKind::Ended));
    let changes = write(
        objects,
        organisation,
        change_schema(),
        &changes,
        change_batch,
    )?;
    job.progress("keeping the state", 0, 0, "");
    let of = (&linked.state, &linked.entities);
    let state = state::save(stores, organisation, of, job)?;
    Ok(Continuation {
        previous: follow.previous,
        everything: follow.everything,
        work: linked.work.clone(),
        entities: numbers.len() as u64,
        created,
        merged,
        split,
        ended,
        entity_rows,
        changes,
        state,
    })
}

/// The number of every record, left ones first, each side in the order of its rows.
fn entities(linked: &Linked, sides: Sides<'_>) -> Vec<EntityRow> {
    let mut rows = Vec::with_capacity(linked.places[0].len() + linked.places[1].len());
    for (side, name) in [(0, Side::Left), (1, Side::Right)] {
        let records = if side == 0 { sides.left } else { sides.right };
        let from = rows.len();
        let of = |row: usize| {
            if side == 0 {
                linked.entities.of_left(row)
            } else {
                linked.entities.of_right(row)
            }
        };
        let placed = linked.places[side].iter().enumerate();
        rows.extend(placed.filter_map(|(row, place)| {
            Some(EntityRow {
                side: name,
                row: *records.rows.get(*place as usize)?,
                entity: of(row)?,
            })
        }));
        rows[from..].sort_by_key(|row| row.row);
    }
    rows
}

fn changes(linked: &Linked, sides: Sides<'_>, rows: &[EntityRow]) -> Vec<EntityChange> {
    let told = linked.events.iter().flat_map(|event| &event.into);
    let mut records: BTreeMap<u64, [Vec<i64>; 2]> =
        told.map(|id| (*id, Default::default())).collect();
    for row in rows {
        if let Some(known) = records.get_mut(&row.entity) {
            known[usize::from(row.side == Side::Right)].push(row.row);
        }
    }
    let state = &linked.state;
    let row_of = |key: &str, is_left: bool| row_of(state, linked, sides, key, is_left);
    let events = linked.events.iter();
    events
        .map(|event| {
            let of_side = |side: usize| {
                let rows = event.into.iter().filter_map(|id| records.get(id));
                let mut rows: Vec<i64> = rows.flat_map(|rows| &rows[side]).copied().collect();
                rows.sort_unstable();
                rows
            };
            let links = event.links.iter().map(|link| ChangeLink {
                left_row: row_of(&link.left, true),
                right_row: row_of(&link.right, sides.is_within),
                match_probability: link.match_probability,
            });
            EntityChange {
                kind: event.kind,
                from: event.from.clone(),
                into: event.into.clone(),
                reasons: event.reasons.clone(),
                left_rows: of_side(0),
                right_rows: of_side(1),
                links: links.collect(),
            }
        })
        .collect()
}

/// The row of a record of now.
fn row_of(
    state: &State,
    linked: &Linked,
    sides: Sides<'_>,
    key: &str,
    is_left: bool,
) -> Option<i64> {
    let (source, side, records) = if is_left {
        (state.left(), 0, sides.left)
    } else {
        (state.right(), 1, sides.right)
    };
    let at = source
        .keys()
        .binary_search_by(|known| known.as_str().cmp(key));
    let place = linked.places[side].get(at.ok()?)?;
    records.rows.get(*place as usize).copied()
}

fn entity_schema() -> Schema {
    Schema::new(vec![
        Field::new("side", DataType::Utf8, false),
        Field::new("row", DataType::Int64, false),
        Field::new("entity", DataType::UInt64, false),
    ])
}

/// The written form.
pub(crate) const fn side_text(side: Side) -> &'static str {
    match side {
        Side::Left => "left",
        Side::Right => "right",
    }
}

fn entity_batch(schema: &Arc<Schema>, rows: &[EntityRow]) -> Result<RecordBatch> {
    let sides = rows.iter().map(|row| Some(side_text(row.side)));
    let columns: Vec<ArrayRef> = vec![
        Arc::new(sides.collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.row).collect::<Int64Array>()),
        Arc::new(rows.iter().map(|row| row.entity).collect::<UInt64Array>()),
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(Problem::internal)
}

/// One row of a batch of numbers.
pub(crate) fn entity(batch: &RecordBatch, at: usize) -> EntityRow {
    let is_left = batch.column(0).as_string::<i32>().value(at) == "left";
    EntityRow {
        side: if is_left { Side::Left } else { Side::Right },
        row: batch.column(1).as_primitive::<Int64Type>().value(at),
        entity: batch.column(2).as_primitive::<UInt64Type>().value(at),
    }
}

/// Columns of the changes; lists are JSON.
const CHANGE_COLUMNS: [&str; 7] = [
    "kind",
    "from",
    "into",
    "reasons",
    "left_rows",
    "right_rows",
    "links",
];

fn change_schema() -> Schema {
    Schema::new(
        CHANGE_COLUMNS
            .map(|name| Field::new(name, DataType::Utf8, false))
            .to_vec(),
    )
}

fn change_batch(schema: &Arc<Schema>, rows: &[EntityChange]) -> Result<RecordBatch> {
    fn column<T: Serialize>(
        rows: &[EntityChange],
        of: impl Fn(&EntityChange) -> &T,
    ) -> Result<ArrayRef> {
        let texts = rows.iter().map(|row| serde_json::to_string(of(row)));
        let texts = texts.collect::<std::result::Result<Vec<_>, _>>();
        let texts = texts.map_err(Problem::internal)?;
        Ok(Arc::new(StringArray::from_iter_values(texts)))
    }
    let columns = vec![
        column(rows, |row| &row.kind)?,
        column(rows, |row| &row.from)?,
        column(rows, |row| &row.into)?,
        column(rows, |row| &row.reasons)?,
        column(rows, |row| &row.left_rows)?,
        column(rows, |row| &row.right_rows)?,
        column(rows, |row| &row.links)?,
    ];
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(Problem::internal)
}

/// One row of a batch of changes.
pub(crate) fn change(batch: &RecordBatch, at: usize) -> EntityChange {
    // Written by `change_batch`, under a digest that was checked: what cannot be read is empty.
    fn list<T: DeserializeOwned>(batch: &RecordBatch, column: usize, at: usize) -> Vec<T> {
        let text = batch.column(column).as_string::<i32>().value(at);
        serde_json::from_str(text).unwrap_or_default()
    }
    let kind = batch.column(0).as_string::<i32>().value(at);
    EntityChange {
        kind: serde_json::from_str(kind).unwrap_or(EventKind::Created),
        from: list(batch, 1, at),
        into: list(batch, 2, at),
        reasons: list(batch, 3, at),
        left_rows: list(batch, 4, at),
        right_rows: list(batch, 5, at),
        links: list(batch, 6, at),
    }
}

/// The written form.
pub(crate) const fn kind_text(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Created => "created",
        EventKind::Merged => "merged",
        EventKind::Split => "split",
        EventKind::Ended => "ended",
    }
}

/// The written form.
pub(crate) const fn reason_text(reason: ChangeReason) -> &'static str {
    match reason {
        ChangeReason::RecordAdded => "recordAdded",
        ChangeReason::RecordChanged => "recordChanged",
        ChangeReason::RecordRemoved => "recordRemoved",
        ChangeReason::Reviewed => "reviewed",
        ChangeReason::LinkChanged => "linkChanged",
    }
}
