//! What learning needs of memory, told before it is taken.
//!
//! An upper bound of what lies in memory at once: the table, and the larger of what the fit and what judging lay beside it. The shares per
//! cell were counted from what each step copies and held against measured peaks (`tests/memory.rs`).

use std::{collections::BTreeSet, fs::File, path::Path};

use arrow::datatypes::DataType;
use helder_model::{Input, MissingRule};
use helder_outflow::{CharacteristicKind, OutflowSpec};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{
    AlgorithmName, LearnError,
    plan::{NewTrainingRun, REFERENCE_DATE},
    split::Rows,
    table::{Column, Table, wanted},
};

/// Bytes of the place of a text in a table.
pub(super) const PLACE: u64 = 24;
/// Bytes of a text that fits the smallest piece of the allocator, with its place.
pub(super) const TEXT: u64 = PLACE + 32;
/// Bytes of what is too small to be counted one by one, a batch of rows under reading among them.
const SMALL: u64 = 24 << 20;
/// Bytes per row beside its cells: outcome, scores, ranks, row numbers.
const PER_ROW: u64 = 150;
/// Bytes per row and feature that judging lays beside the table: values per feature, of several features at a time.
const JUDGED_CELL: u64 = 48;
/// The same of learning trees and rules, whose rows are ordered by each feature.
const SORTED_CELL: u64 = 68;
/// Days of the shortest interval of a hazard, and less.
const SHORT_MONTH: f64 = 30.0;
/// Bytes of a number in a design.
const NUMBER: u64 = 8;
/// Bytes in memory per byte of a model file: its text, what was read of it, as it is before and after an edit.
const OF_MODEL: u64 = 8;
/// Bytes of a spell under analysis, beside its columns.
const SPELL: u64 = 900;
/// The same per column of a regression.
const SPELL_COLUMN: u64 = 150;
/// The same where provisions are asked: one after the other, each with up to 48 stretches of time per spell, of 200 bytes.
const SPELL_STRETCHES: u64 = 48 * 200;
/// Levels of a category that are told apart.
const MOST_LEVELS: usize = 20;

/// Refuses what needs more than it may take.
///
/// # Errors
/// [`LearnError::Memory`].
pub(super) fn fits(
    allowed: Option<u64>,
    stage: &'static str,
    needed: u64,
) -> Result<(), LearnError> {
    match allowed {
        Some(allowed) if needed > allowed => Err(LearnError::Memory {
            stage,
            needed,
            allowed,
        }),
        _ => Ok(()),
    }
}

/// Bytes that the columns of `plan` need once they are read, as far as the file tells before: how long texts are is told by their
/// distinct ones only. A column that is not there needs nothing; reading tells.
///
/// # Errors
/// [`LearnError::Internal`] when the file cannot be read.
pub(super) fn to_read(file: &Path, plan: &NewTrainingRun) -> Result<u64, LearnError> {
    let names = wanted(plan).into_iter().map(|(_, name)| name);
    to_read_columns(file, names)
}

/// [`to_read`] of some columns by name.
///
/// # Errors
/// As [`to_read`].
pub(super) fn to_read_columns<'a>(
    file: &Path,
    names: impl Iterator<Item = &'a str>,
) -> Result<u64, LearnError> {
    let file = File::open(file).map_err(LearnError::internal)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(LearnError::internal)?;
    let names: BTreeSet<&str> = names.chain([REFERENCE_DATE]).collect();
    let (schema, metadata) = (builder.schema(), builder.metadata());
    let rows = metadata.file_metadata().num_rows().max(0) as u64;
    let places = names
        .into_iter()
        .filter_map(|name| schema.index_of(name).ok());
    let of_column = |place: usize| match schema.field(place).data_type() {
        DataType::Int64 | DataType::Float64 => rows * 16,
        DataType::Boolean => rows,
        DataType::Utf8 => {
            let groups = metadata.row_groups().iter();
            let stored: i64 = groups
                .map(|group| group.column(place).uncompressed_size())
                .sum();
            rows * TEXT + stored.max(0) as u64
        }
        _ => rows * 8,
    };
    Ok(SMALL + places.map(of_column).sum::<u64>())
}

/// Bytes that learning and judging need at most, the table included.
///
/// * `inputs` – as prepared; empty for what takes each feature as one column
pub(super) fn to_learn(table: &Table, plan: &NewTrainingRun, inputs: &[Input], rows: &Rows) -> u64 {
    let all = table.n_rows() as u64;
    let train = rows.train.len() as u64;
    let features = plan.features.len() as u64;
    let curves = plan
        .features
        .iter()
        .filter_map(|feature| feature.spline.as_ref());
    let bends: u64 = curves.map(|curve| curve.n_knots() as u64).sum();
    let columns = inputs.iter().map(columns).sum::<u64>().max(features) + bends;
    let design = train * NUMBER * columns;
    let fit = if plan.privacy.is_some() {
        0
    } else {
        match plan.algorithm {
            AlgorithmName::CoxRegression => 4 * design,
            AlgorithmName::ExplainableBoosting => boosting(train, features),
            // A row per interval in sight, with the time as an input.
            AlgorithmName::HazardBoosting => boosting(intervals(table, plan), features + 1),
            // Rows of equal spells by interval, twice: of periods and as a design, of which a fit holds parts again.
            AlgorithmName::HazardRegression => {
                intervals(table, plan) * NUMBER * (3 * (columns + 7) + 12)
            }
            AlgorithmName::DecisionTree | AlgorithmName::RuleList => all * features * SORTED_CELL,
            AlgorithmName::Scorecard => 0,
            AlgorithmName::KPrototypes | AlgorithmName::GaussianMixture => {
                let asked = &plan.hyperparameters;
                let groups = asked.groups.or(asked.most_groups).unwrap_or(8);
                let searched = searched_row(features, groups.into());
                train * (grouping_row(features) + threads() * searched)
            }
            // By parts of columns, and as one; each way of fitting twice has a copy of its own.
            _ => {
                let asked = &plan.hyperparameters;
                let again = asked.elastic_net.is_some() || asked.firth || asked.robust;
                design * if again { 3 } else { 2 }
            }
        }
    };
    let judged = all * features * JUDGED_CELL;
    SMALL + table.bytes() + all * PER_ROW + fit.max(judged)
}

/// Bytes that making and judging an edit need at most, the table included: what was judged of the former model stays until the
/// edited one was.
///
/// * `model` – bytes of the model file
pub(super) fn to_edit(table: &Table, plan: &NewTrainingRun, model: u64) -> u64 {
    let all = table.n_rows() as u64;
    let judged = all * plan.features.len() as u64 * JUDGED_CELL;
    SMALL + table.bytes() + 2 * all * PER_ROW + judged + model * OF_MODEL
}

/// Bytes that a report on outflow needs at most, the table included.
///
/// * `table` – as it was read; what is analysed is a copy of it
pub(super) fn to_analyse(table: &Table, spec: &OutflowSpec) -> Result<u64, LearnError> {
    let all = table.n_rows() as u64;
    let mut columns = 0;
    for one in &spec.characteristics {
        columns += match table.column(&one.column)? {
            column if one.kind == CharacteristicKind::Category => levels(column),
            _ => 2,
        };
    }
    let stretches = if spec.provisions.is_empty() {
        0
    } else {
        SPELL_STRETCHES
    };
    let row = SPELL + columns * SPELL_COLUMN + stretches;
    Ok(SMALL + 2 * table.bytes() + all * row)
}

/// Levels that a category has at most beside others: rare ones stand together.
fn levels(column: &Column) -> u64 {
    let Some(texts) = column.texts() else {
        return 2;
    };
    let mut seen = BTreeSet::new();
    for text in texts.into_iter().flatten() {
        if seen.len() < MOST_LEVELS {
            seen.insert(text);
        }
    }
    seen.len() as u64 + 1
}

/// Bytes per row of making groups: cells as they are grouped and as they came; the group and what each sample says of it.
const fn grouping_row(features: u64) -> u64 {
    24 * features + 200
}

/// Bytes per row that a thread has under hands: a sample of the rows, the group of each, chances of the groups.
const fn searched_row(features: u64, groups: u64) -> u64 {
    10 * features + 16 * groups + 90
}

fn threads() -> u64 {
    rayon::current_num_threads() as u64
}

/// Bytes of boosting: values and bins of a column; rows, draws and scores of up to 50 bags; what a thread has under hands, which is words of
/// bins and of cells of up to three pairs per column, slopes, scores, outcome, weight.
fn boosting(rows: u64, features: u64) -> u64 {
    let bags = (100_000 / rows.max(1)).clamp(14, 50);
    let hands = 8 * features.div_ceil(8) + 6 * features + 24;
    rows * (9 * features + 5 * bags + threads() * hands)
}

/// Months that all rows together were in sight, at most.
fn intervals(table: &Table, plan: &NewTrainingRun) -> u64 {
    let days = plan.target.as_deref().and_then(|name| {
        let column = table.column(name).ok()?;
        column.numbers()
    });
    let months = |days: f64| (days.max(0.0) / SHORT_MONTH) as u64 + 1;
    let all = days.into_iter().flatten().flatten();
    all.map(months).fold(0, u64::saturating_add)
}

/// Columns of an input in a design.
fn columns(input: &Input) -> u64 {
    match input.missing {
        MissingRule::MedianAndIndicator { .. } => 2,
        MissingRule::Level { .. } => (input.categories.len() as u64).saturating_sub(1).max(1),
        _ => 1,
    }
}
