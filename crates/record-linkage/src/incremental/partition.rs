//! One partition of a linkage for an engine that spreads work over processes: Arrow batches in, Arrow batches out.
//!
//! Blocking keys are hash partitions. The engine lists the keys of its records ([`keys`] does for records that are at hand), sends every
//! record to the partition of each of its keys, and calls [`score`] there. Nothing but the [`Frozen`] model is shared: a weight depends on it
//! and on the two records, so it has the same bits in whichever process it is reckoned. A pair that shares several keys may come out of
//! several partitions, each time the same; whoever brings the partitions together keeps it once. A block over the cap is divided as in a run,
//! because the whole of a block is in one partition.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arrow::{
    array::{Array as _, ArrayRef, AsArray, Float64Array, RecordBatch, UInt64Array},
    compute::cast,
    datatypes::{DataType, Field, Schema, UInt64Type},
    error::ArrowError,
};

use super::{Frozen, blocks::Weigher};
use crate::{
    blocking::{division, further},
    bound::Bound,
    comparison::Side,
    keys::{KeyWork, RuleKeys},
    run::{Budget, Observer, RunError},
    spec::ComparisonSpec,
    table::{ColumnBuilder, RowCountMismatch, Table},
};

/// Column with the number of a record, the same in every partition.
pub const RECORD: &str = "record";
/// Column with the place of the blocking rule that gives the key, from 0.
pub const RULE: &str = "rule";
/// Column with the blocking key under which the record is sent here.
pub const KEY: &str = "key";

/// Why a partition is not scored.
#[derive(Debug, thiserror::Error)]
pub enum PartitionError {
    /// A column that must be there is not, or has null or another type than 64-bit numbers.
    #[error("column {0} must be there, as 64-bit numbers without null")]
    Numbers(&'static str),
    /// A column cannot be read as text.
    #[error("column {0} cannot be read as text")]
    Text(String),
    /// A rule that the model does not have.
    #[error("there is no blocking rule {0}")]
    Rule(u64),
    /// More records than a partition can hold.
    #[error("a partition holds at most 4,294,967,295 records; use more partitions")]
    Records,
    /// A batch could not be built.
    #[error("a batch could not be built")]
    Arrow(#[from] ArrowError),
    /// A table could not be built.
    #[error(transparent)]
    Table(#[from] RowCountMismatch),
    /// The observer stopped it.
    #[error(transparent)]
    Stopped(#[from] RunError),
}

fn numbers(batch: &RecordBatch, name: &'static str) -> Result<Vec<u64>, PartitionError> {
    let column = batch.column_by_name(name);
    let column = column.ok_or(PartitionError::Numbers(name))?;
    let column = column.as_primitive_opt::<UInt64Type>();
    match column {
        Some(column) if column.null_count() == 0 => Ok(column.values().to_vec()),
        _ => Err(PartitionError::Numbers(name)),
    }
}

/// Columns of a side that the spec compares.
fn compared(frozen: &Frozen, side: Side) -> Vec<&str> {
    let columns = frozen
        .spec
        .comparisons
        .iter()
        .flat_map(ComparisonSpec::columns);
    let names = columns.filter_map(|(_, left, right)| match side {
        Side::Left => left,
        Side::Right => right,
    });
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Records of one side, each once, in the order of their numbers.
struct Records {
    numbers: Vec<u64>,
    table: Table,
}

impl Records {
    fn read(frozen: &Frozen, side: Side, batches: &[RecordBatch]) -> Result<Self, PartitionError> {
        // Number, batch and row of each record where it comes by first.
        let mut places: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
        for (place, batch) in batches.iter().enumerate() {
            for (row, number) in numbers(batch, RECORD)?.into_iter().enumerate() {
                places.entry(number).or_insert((place, row));
            }
        }
        if u32::try_from(places.len()).is_err() {
            return Err(PartitionError::Records);
        }
        let mut table = Table::new(places.len());
        for name in compared(frozen, side) {
            let mut texts: Vec<Option<ArrayRef>> = Vec::new();
            for batch in batches {
                let text = batch.column_by_name(name).map(|c| cast(c, &DataType::Utf8));
                let text = text.transpose();
                texts.push(text.map_err(|_| PartitionError::Text(name.to_owned()))?);
            }
            let mut column = ColumnBuilder::default();
            for (batch, row) in places.values() {
                let text = texts[*batch].as_ref().map(AsArray::as_string::<i32>);
                column.push(text.and_then(|text| text.is_valid(*row).then(|| text.value(*row))));
            }
            table.insert(name, column.finish())?;
        }
        table.set_population(Arc::clone(&frozen.populations[side as usize]));
        Ok(Self {
            numbers: places.into_keys().collect(),
            table,
        })
    }
}

/// The records of both sides, ready to compare.
fn bind(
    frozen: &Frozen,
    left: &[RecordBatch],
    right: &[RecordBatch],
) -> Result<([Vec<u64>; 2], Bound), PartitionError> {
    let left_records = Records::read(frozen, Side::Left, left)?;
    let other = if frozen.within { left } else { right };
    let right_records = Records::read(frozen, Side::Right, other)?;
    let bound = Bound::new(&frozen.spec, &left_records.table, &right_records.table);
    let bound = if frozen.within {
        bound.made_within()
    } else {
        bound
    };
    Ok(([left_records.numbers, right_records.numbers], bound))
}

/// The blocking keys of all records of two sides, as batches with the columns [`RECORD`], [`RULE`] and [`KEY`], left and right; within one
/// file `right` is not read and the second batch is empty. Keys are numbered in this call: those of two calls do not belong together, so
/// one process lists them, or an engine makes keys of its own from the columns that a rule names.
///
/// # Errors
/// [`PartitionError`] when a batch has no [`RECORD`] or what is compared is no text.
pub fn keys(
    frozen: &Frozen,
    left: &[RecordBatch],
    right: &[RecordBatch],
) -> Result<[RecordBatch; 2], PartitionError> {
    let (records, bound) = bind(frozen, left, right)?;
    let list = |side: Side| -> Result<RecordBatch, PartitionError> {
        let (mut out, mut work, mut of_row) = (
            [Vec::new(), Vec::new(), Vec::new()],
            KeyWork::default(),
            Vec::new(),
        );
        let none = frozen.within && side == Side::Right;
        for (place, rule) in frozen.spec.blocking_rules.iter().enumerate() {
            let rule = RuleKeys::new(&frozen.spec, rule);
            for (row, number) in records[side as usize].iter().enumerate().filter(|_| !none) {
                rule.of(&bound, side, row, &mut work, &mut of_row);
                for key in &of_row {
                    out[0].push(*number);
                    out[1].push(place as u64);
                    out[2].push(*key);
                }
            }
        }
        let fields = [RECORD, RULE, KEY].map(|name| Field::new(name, DataType::UInt64, false));
        let columns = out.map(|column| Arc::new(UInt64Array::from(column)) as ArrayRef);
        let schema = Arc::new(Schema::new(fields.to_vec()));
        Ok(RecordBatch::try_new(schema, columns.to_vec())?)
    };
    Ok([list(Side::Left)?, list(Side::Right)?])
}

/// Rows of one side by rule and key.
type Blocks = BTreeMap<(u64, u64), Vec<u32>>;

fn blocks(batches: &[RecordBatch], records: &[u64]) -> Result<Blocks, PartitionError> {
    let rows: HashMap<u64, u32> = records.iter().copied().zip(0..).collect();
    let mut blocks = Blocks::new();
    for batch in batches {
        let (record, rule, key) = (
            numbers(batch, RECORD)?,
            numbers(batch, RULE)?,
            numbers(batch, KEY)?,
        );
        for ((record, rule), key) in record.iter().zip(rule).zip(key) {
            if let Some(row) = rows.get(record) {
                blocks.entry((rule, key)).or_default().push(*row);
            }
        }
    }
    for rows in blocks.values_mut() {
        rows.sort_unstable();
        rows.dedup();
    }
    Ok(blocks)
}

/// Weighs the pairs of one partition. Batches have the columns [`RECORD`], [`RULE`] and [`KEY`], and those that the spec compares, as text;
/// one that is not there is missing throughout. A record comes by once per key. Within one file `right` is not read.
///
/// The answer has a row per pair that may matter (from −8 bits), sorted and each once: `left` and `right`, numbers of records, and
/// `match_weight`, the log2 odds before rivals are heard.
///
/// # Errors
/// [`PartitionError`] when the batches are not as described, or the observer stops it.
pub fn score(
    frozen: &Frozen,
    left: &[RecordBatch],
    right: &[RecordBatch],
    observer: &dyn Observer,
) -> Result<RecordBatch, PartitionError> {
    let (records, bound) = bind(frozen, left, right)?;
    let mut lefts = blocks(left, &records[0])?;
    let mut rights = if frozen.within {
        lefts.clone()
    } else {
        blocks(right, &records[1])?
    };
    let mut weigher = Weigher::new(frozen, &bound, Budget::default(), observer);
    while let Some((at, lefts)) = lefts.pop_first() {
        let rule = usize::try_from(at.0).ok();
        let rule = rule.and_then(|rule| frozen.spec.blocking_rules.get(rule));
        let rule = rule.ok_or(PartitionError::Rule(at.0))?;
        let Some(rights) = rights.remove(&at) else {
            continue;
        };
        let most = frozen.spec.max_block_pairs;
        let rows = [lefts.as_slice(), rights.as_slice()];
        if crate::blocking::n_pairs(&bound, lefts.len(), rights.len()) <= most {
            push(&mut weigher, &bound, rows)?;
            continue;
        }
        let further = further(&frozen.spec, rule);
        let found = division(&bound, &further, (at.1, rows), most);
        for (_, [lefts, rights]) in found.into_iter().flat_map(|found| found.parts) {
            push(&mut weigher, &bound, [&lefts, &rights])?;
        }
    }
    let pairs = weigher.finish()?;
    let number = |side: usize, row: u32| records[side][row as usize];
    let columns: Vec<ArrayRef> = vec![
        Arc::new(UInt64Array::from_iter_values(
            pairs.iter().map(|pair| number(0, pair.0)),
        )),
        Arc::new(UInt64Array::from_iter_values(
            pairs.iter().map(|pair| number(1, pair.1)),
        )),
        Arc::new(Float64Array::from_iter_values(
            pairs.iter().map(|pair| pair.2),
        )),
    ];
    let schema = Schema::new(vec![
        Field::new("left", DataType::UInt64, false),
        Field::new("right", DataType::UInt64, false),
        Field::new("match_weight", DataType::Float64, false),
    ]);
    Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
}

fn push(
    weigher: &mut Weigher<'_>,
    bound: &Bound,
    [lefts, rights]: [&[u32]; 2],
) -> Result<(), RunError> {
    for left in lefts {
        for right in rights {
            if bound.is_pair(*left as usize, *right as usize) {
                weigher.push((*left, *right))?;
            }
        }
    }
    Ok(())
}
