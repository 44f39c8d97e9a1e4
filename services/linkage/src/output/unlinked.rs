//! Rows without a link, with the candidate that came nearest.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema},
};
use helder_platform::{
    objects::Objects,
    problem::{Problem, Result},
};
use helder_record_linkage::{RunResult, probability};
use helder_types::OrganisationId;

use super::write;
use crate::{
    parts::Records,
    wire::{LinkedDataset, Side, UnlinkedRow, WhyUnlinked},
};

/// All rows without a link, left ones first, each side in order.
///
/// * `is_within` – both sides are one version: its rows are listed once, as left ones
pub(crate) fn of(
    found: &RunResult,
    (left, right): (&Records, &Records),
    is_within: bool,
    threshold: f64,
) -> Vec<UnlinkedRow> {
    let mut taken = [vec![false; left.rows.len()], vec![false; right.rows.len()]];
    for link in &found.links {
        taken[0][link.left as usize] = true;
        taken[usize::from(!is_within)][link.right as usize] = true;
    }
    // The nearest candidate of each row: its place on the other side, and the weight.
    let mut best: [Vec<Option<(u32, f64)>>; 2] =
        [&taken[0], &taken[1]].map(|rows| vec![None; rows.len()]);
    let mut meet = |side: usize, row: u32, other: u32, weight: f64| {
        let known = &mut best[side][row as usize];
        if known.is_none_or(|(_, best)| weight > best) {
            *known = Some((other, weight));
        }
    };
    for pair in &found.scored {
        meet(0, pair.left, pair.right, pair.match_weight);
        meet(
            usize::from(!is_within),
            pair.right,
            pair.left,
            pair.match_weight,
        );
    }
    let mut rows = Vec::new();
    let sides = if is_within { 1 } else { 2 };
    for side in 0..sides {
        let (own, other, name) = if side == 0 {
            (left, right, Side::Left)
        } else {
            (right, left, Side::Right)
        };
        let others = if is_within { 0 } else { 1 - side };
        for (place, row) in own
            .rows
            .iter()
            .enumerate()
            .filter(|(place, _)| !taken[side][*place])
        {
            let nearest = best[side][place];
            let chance = nearest.map(|(_, weight)| probability(weight));
            rows.push(UnlinkedRow {
                side: name,
                row: *row,
                best_row: nearest.map(|(place, _)| other.rows[place as usize]),
                match_weight: nearest.map(|(_, weight)| weight),
                match_probability: chance,
                why: match nearest {
                    None => WhyUnlinked::NoCandidate,
                    Some((place, _)) if !is_within && taken[others][place as usize] => {
                        WhyUnlinked::CandidateTaken
                    }
                    Some(_) if chance.is_some_and(|p| p >= threshold) => {
                        WhyUnlinked::CandidateTaken
                    }
                    Some(_) => WhyUnlinked::BelowThreshold,
                },
            });
        }
    }
    rows
}

const WHY: [(WhyUnlinked, &str); 3] = [
    (WhyUnlinked::NoCandidate, "no-candidate"),
    (WhyUnlinked::BelowThreshold, "below-threshold"),
    (WhyUnlinked::CandidateTaken, "candidate-taken"),
];

/// The written form.
pub(crate) fn why(why: WhyUnlinked) -> &'static str {
    WHY.iter()
        .find(|(known, _)| *known == why)
        .map_or("", |(_, text)| text)
}

/// Writes the rows: `side`, `row`, `best_row`, `match_weight`, `match_probability`, `why`.
///
/// # Errors
/// 503 when the object store is away or full.
pub(crate) fn save(
    objects: &Objects,
    organisation: &OrganisationId,
    rows: &[UnlinkedRow],
) -> Result<LinkedDataset> {
    let schema = Schema::new(vec![
        Field::new("side", DataType::Utf8, false),
        Field::new("row", DataType::Int64, false),
        Field::new("best_row", DataType::Int64, true),
        Field::new("match_weight", DataType::Float64, true),
        Field::new("match_probability", DataType::Float64, true),
        Field::new("why", DataType::Utf8, false),
    ]);
    write(objects, organisation, schema, rows, |schema, rows| {
        let side = |row: &UnlinkedRow| {
            Some(if row.side == Side::Left {
                "left"
            } else {
                "right"
            })
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(rows.iter().map(side).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| row.row).collect::<Int64Array>()),
            Arc::new(rows.iter().map(|row| row.best_row).collect::<Int64Array>()),
            Arc::new(
                rows.iter()
                    .map(|row| row.match_weight)
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                rows.iter()
                    .map(|row| row.match_probability)
                    .collect::<Float64Array>(),
            ),
            Arc::new(
                rows.iter()
                    .map(|row| Some(why(row.why)))
                    .collect::<StringArray>(),
            ),
        ];
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(Problem::internal)
    })
}

/// One row of a batch of [`save`].
pub(crate) fn row(batch: &RecordBatch, at: usize) -> UnlinkedRow {
    let number = |column: usize| {
        let column = batch.column(column).as_primitive::<Float64Type>();
        column.is_valid(at).then(|| column.value(at))
    };
    let best = batch.column(2).as_primitive::<Int64Type>();
    let said = batch.column(5).as_string::<i32>().value(at);
    UnlinkedRow {
        side: if batch.column(0).as_string::<i32>().value(at) == "left" {
            Side::Left
        } else {
            Side::Right
        },
        row: batch.column(1).as_primitive::<Int64Type>().value(at),
        best_row: best.is_valid(at).then(|| best.value(at)),
        match_weight: number(3),
        match_probability: number(4),
        why: WHY
            .iter()
            .find(|(_, text)| *text == said)
            .map_or(WhyUnlinked::NoCandidate, |(why, _)| *why),
    }
}
