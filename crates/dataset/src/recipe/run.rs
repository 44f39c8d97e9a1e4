//! Running a recipe over the parts of a version, batch by batch.

mod ready;

use std::{io::Write, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch},
    datatypes::{DataType, Field, Int64Type, Schema},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::ready::{Ready, first_of_each, plain, ready};
use super::{
    Recipe,
    expression::Value,
    plan::{ColumnInfo, Part},
    step::Frame,
};
use crate::{
    column::Column,
    error::{DatasetError, Result},
    limits::Limits,
    quality::{Attention, FieldCounts, Profile, Profiles},
    rule::Rule,
    write::{Entry, PartWriter, QuarantineWriter},
};

/// Where the parts of the new version go.
#[derive(Debug)]
pub struct RecipeSinks<W> {
    /// Analysis part.
    pub analysis: W,
    /// Identity part; the caller seals it. Needed when columns identify.
    pub identity: Option<W>,
    /// Quarantine part: rows that the recipe left out, with the reason.
    pub quarantine: W,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// Number of the step, from 0.
    pub step: u32,
    /// Its kind.
    pub kind: String,
    /// Rows it saw.
    pub rows_in: u64,
    /// Rows in which it changed or added a value.
    pub rows_touched: u64,
    /// Rows it left out.
    pub rows_removed: u64,
    /// Values it could not read and made missing.
    pub values_set_missing: u64,
}

/// What came of a recipe. `rows_in == rows_accepted + rows_removed`, checked.
#[derive(Debug)]
pub struct Cleaned<W> {
    /// The sinks, written.
    pub sinks: RecipeSinks<W>,
    /// Rows of the former version.
    pub rows_in: u64,
    /// Rows of the new version.
    pub rows_accepted: u64,
    /// Rows left out.
    pub rows_removed: u64,
    /// Per step.
    pub steps: Vec<StepReport>,
    /// For the quality report.
    pub profiles: Profiles,
}

/// Runs a recipe over batches of the analysis part and, when there is one, the identity part of the same rows.
///
/// # Errors
/// Every fault of the recipe at once; faults of reading and writing; limits.
pub fn clean<W: Write + Send>(
    recipe: &Recipe,
    columns: &[ColumnInfo],
    mut analysis: impl Iterator<Item = std::result::Result<RecordBatch, arrow::error::ArrowError>>,
    mut identity: Option<
        impl Iterator<Item = std::result::Result<RecordBatch, arrow::error::ArrowError>>,
    >,
    sinks: RecipeSinks<W>,
    limits: &Limits,
    observe: &mut dyn FnMut(u64) -> Result<()>,
) -> Result<Cleaned<W>> {
    let (mut faults, after) = recipe.plan(columns);
    let known = |kind: &DataType| {
        matches!(
            kind,
            DataType::Int64
                | DataType::Int32
                | DataType::Float64
                | DataType::Boolean
                | DataType::Date32
                | DataType::Utf8
        )
    };
    for info in columns.iter().filter(|info| !known(&info.kind)) {
        let detail = format!("column {} has a type that recipes do not handle", info.name);
        faults.push(helder_types::Fault::new(
            "/datasetVersion",
            "column-type",
            detail,
        ));
    }
    if !faults.is_empty() {
        return Err(DatasetError::Refused(faults));
    }
    let mut steps = ready(recipe, limits)?;
    let mut cleaning = Cleaning::new(recipe, &after, sinks)?;
    let mut rows_in = 0;
    while let Some(batch) = analysis.next().transpose()? {
        let beside = match &mut identity {
            Some(identity) => Some(
                identity
                    .next()
                    .transpose()?
                    .ok_or(DatasetError::Invariant("both parts have the same rows"))?,
            ),
            None => None,
        };
        rows_in += batch.num_rows() as u64;
        let mut frame = joined(&batch, beside.as_ref(), columns)?;
        for (at, step) in steps.iter_mut().enumerate() {
            cleaning.apply(at, step, &mut frame)?;
        }
        cleaning.keep(&frame, &after)?;
        observe(rows_in)?;
    }
    cleaning.finish(rows_in)
}

/// The rows of both parts as one frame; the parts hold the same rows in the same order.
fn joined(
    analysis: &RecordBatch,
    identity: Option<&RecordBatch>,
    columns: &[ColumnInfo],
) -> Result<Frame> {
    let rows = analysis
        .column_by_name("_row")
        .ok_or(DatasetError::Invariant("a part has a column _row"))?;
    if let Some(identity) = identity {
        let same = identity
            .column_by_name("_row")
            .is_some_and(|other| other == rows);
        if !same {
            return Err(DatasetError::Invariant("both parts have the same rows"));
        }
    }
    let columns = columns.iter().map(|info| {
        let found = analysis
            .column_by_name(&info.name)
            .or_else(|| identity?.column_by_name(&info.name));
        let array = found.ok_or(DatasetError::Invariant("a part has its columns"))?;
        Ok((info.name.clone(), info.part, Arc::clone(array)))
    });
    Ok(Frame {
        rows: Arc::clone(rows),
        columns: columns.collect::<Result<_>>()?,
    })
}

struct Cleaning<W: Write + Send> {
    analysis: PartWriter<W>,
    identity: Option<PartWriter<W>>,
    quarantine: QuarantineWriter<W>,
    reports: Vec<StepReport>,
    names: Vec<String>,
    counts: Vec<FieldCounts>,
    profiles: Vec<Profile>,
    attention: Attention,
    record_faults: Vec<u64>,
    accepted: u64,
    removed: u64,
}

impl<W: Write + Send> Cleaning<W> {
    fn new(recipe: &Recipe, after: &[ColumnInfo], sinks: RecipeSinks<W>) -> Result<Self> {
        let schema = |not: Part| {
            let row = Field::new("_row", DataType::Int64, false);
            let fields = after
                .iter()
                .filter(|info| info.part != not)
                .map(|info| Field::new(&info.name, info.kind.clone(), true));
            Schema::new(std::iter::once(row).chain(fields).collect::<Vec<_>>())
        };
        let identity_schema = schema(Part::Analysis);
        let identity = match sinks.identity {
            Some(sink) if identity_schema.fields().len() > 1 => {
                Some(PartWriter::new(sink, &identity_schema)?)
            }
            None if identity_schema.fields().len() > 1 => {
                return Err(DatasetError::Invariant(
                    "identifying columns need an identity sink",
                ));
            }
            _ => None,
        };
        let kinds = serde_json::to_value(recipe).map_err(std::io::Error::other)?;
        let reports = (0..recipe.steps.len()).map(|at| StepReport {
            step: at as u32,
            kind: kinds["steps"][at]["kind"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            rows_in: 0,
            rows_touched: 0,
            rows_removed: 0,
            values_set_missing: 0,
        });
        let empty = |info: &ColumnInfo| Column::new(info.name.clone(), &info.kind);
        Ok(Self {
            analysis: PartWriter::new(sinks.analysis, &schema(Part::Identity))?,
            identity,
            quarantine: QuarantineWriter::new(sinks.quarantine, None)?,
            reports: reports.collect(),
            names: after.iter().map(|info| info.name.clone()).collect(),
            counts: after.iter().map(|_| FieldCounts::default()).collect(),
            profiles: after
                .iter()
                .map(|info| Profile::of(&empty(info), None, info.part != Part::Identity))
                .collect(),
            attention: Attention::default(),
            record_faults: vec![0; Rule::ALL.len()],
            accepted: 0,
            removed: 0,
        })
    }

    fn apply(&mut self, at: usize, step: &mut Ready<'_>, frame: &mut Frame) -> Result<()> {
        self.reports[at].rows_in += frame.len() as u64;
        let touched = match step {
            Ready::Plain(step) => plain(step, frame)?,
            Ready::Dates(column, formats) => {
                let (read, unread) = frame.parse_dates(column, formats)?;
                self.reports[at].values_set_missing += unread;
                if let Some(field) = self.names.iter().position(|name| name == column) {
                    self.counts[field].invalid += unread;
                    self.counts[field].set_missing += unread;
                    self.counts[field].broken[Rule::Date as usize] += unread;
                }
                read
            }
            Ready::Derive(name, kind, expression) => {
                let values = frame.values(expression)?;
                frame.derive(name, kind, values)
            }
            Ready::Filter(reason, expression) => {
                let keep: Vec<bool> = frame
                    .values(expression)?
                    .into_iter()
                    .map(|value| value == Value::Boolean(true))
                    .collect();
                self.leave_out(at, frame, &keep, Rule::Filter, reason)?
            }
            Ready::Deduplicate(keys, seen) => {
                let keep = first_of_each(frame, keys, seen)?;
                self.leave_out(at, frame, &keep, Rule::Duplicate, Rule::Duplicate.reason())?
            }
        };
        self.reports[at].rows_touched += touched;
        Ok(())
    }

    fn leave_out(
        &mut self,
        at: usize,
        frame: &mut Frame,
        keep: &[bool],
        rule: Rule,
        reason: &str,
    ) -> Result<u64> {
        let rows = frame
            .rows
            .as_primitive_opt::<Int64Type>()
            .ok_or(DatasetError::Invariant("_row is Int64"))?;
        let mut left_out = 0;
        for row in (0..keep.len()).filter(|row| !keep[*row]) {
            left_out += 1;
            self.attention.add(None, rule, rows.value(row));
            self.quarantine.entry(Entry {
                row: rows.value(row),
                line: None,
                column: None,
                rule,
                reason: Some(reason),
            })?;
        }
        if left_out > 0 {
            frame.filter(&BooleanArray::from(keep.to_vec()))?;
        }
        self.record_faults[rule as usize] += left_out;
        self.reports[at].rows_removed += left_out;
        self.removed += left_out;
        Ok(left_out)
    }

    fn keep(&mut self, frame: &Frame, after: &[ColumnInfo]) -> Result<()> {
        self.accepted += frame.len() as u64;
        for (at, info) in after.iter().enumerate() {
            let array = frame.column(&info.name)?;
            self.counts[at].missing += array.null_count() as u64;
            self.profiles[at].add(&Column::from_array(&info.name, array), None);
        }
        let part = |not: Part| -> Result<Vec<ArrayRef>> {
            let mut arrays = vec![Arc::clone(&frame.rows)];
            for info in after.iter().filter(|info| info.part != not) {
                arrays.push(Arc::clone(frame.column(&info.name)?));
            }
            Ok(arrays)
        };
        self.analysis.write(&part(Part::Identity)?)?;
        if let Some(identity) = &mut self.identity {
            identity.write(&part(Part::Analysis)?)?;
        }
        Ok(())
    }

    fn finish(self, rows_in: u64) -> Result<Cleaned<W>> {
        let (analysis, rows) = self.analysis.finish()?;
        if rows_in != self.accepted + self.removed || rows != self.accepted {
            return Err(DatasetError::Invariant(
                "rows in must equal rows accepted and left out",
            ));
        }
        let identity = self
            .identity
            .map(|identity| identity.finish().map(|(sink, _)| sink))
            .transpose()?;
        let (quarantine, _, _) = self.quarantine.finish()?;
        Ok(Cleaned {
            sinks: RecipeSinks {
                analysis,
                identity,
                quarantine,
            },
            rows_in,
            rows_accepted: self.accepted,
            rows_removed: self.removed,
            steps: self.reports,
            profiles: Profiles {
                names: self.names,
                counts: self.counts,
                columns: self.profiles,
                record_faults: self.record_faults,
                attention: self.attention,
                rows_in,
                rows_accepted: self.accepted,
            },
        })
    }
}
