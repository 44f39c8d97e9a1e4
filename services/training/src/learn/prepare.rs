//! From columns with gaps to a design matrix; the rules end up in the model.
//!
//! Numbers come first, in the order of the plan, each followed by its bends where it counts as a curve, then the indicators of missing numbers, then per category one 0/1 column
//! per level in byte order, the first level left out.

use std::collections::BTreeMap;

use helder_glm::Design;
use helder_model::{
    Category, Input, InputType, MissingRule, Preparation, TrainingRange, UnknownCategory,
};
use helder_types::Fault;

use super::{
    LearnError,
    plan::{Feature, NewTrainingRun, SMALLEST_GROUP},
    preparation,
    splines::{self, Splines},
    table::{Column, Table},
};

/// Level of a category whose value is missing.
pub(super) const MISSING: &str = "(missing)";
/// Most levels of a category: beyond it the column is free text or an identifier.
pub(super) const MOST_LEVELS: usize = 200;

/// How the inputs enter the design.
pub(super) struct Prepared {
    /// As they stand in the model, in the order of the plan.
    pub inputs: Vec<Input>,
    /// Counts with weight 1; stands behind the others in the model.
    pub offset: Option<Input>,
    /// Inputs that count as a curve.
    pub splines: Splines,
}

/// Learns the preparation from the `train` rows.
///
/// # Errors
/// [`LearnError::Invalid`] with every feature that cannot be used, and why.
pub(super) fn prepare(
    table: &Table,
    plan: &NewTrainingRun,
    train: &[usize],
) -> Result<Prepared, LearnError> {
    let mut faults = Vec::new();
    let mut inputs = Vec::new();
    let mut splines = Splines::new();
    for (n, feature) in plan.features.iter().enumerate() {
        let column = table.column(&feature.name)?;
        let preparation = match preparation::learn(feature, column, train) {
            Ok(preparation) => preparation,
            Err(unfit) => {
                faults.push(preparation::blamed(n, feature, unfit));
                continue;
            }
        };
        match input(feature, (column, preparation), train) {
            Ok(input) => {
                faults.extend(not_actionable(n, &input));
                if let Some(asked) = &feature.spline {
                    let worked = preparation::worked(input.preparation.as_ref(), column);
                    match splines::knots(feature, asked, &worked, train) {
                        Ok(knots) => {
                            splines.insert(feature.name.clone(), knots);
                        }
                        Err((code, detail)) => {
                            faults.push(Fault::new(format!("/features/{n}/spline"), code, detail));
                        }
                    }
                }
                inputs.push(input);
            }
            Err((code, detail)) => {
                faults.push(Fault::new(format!("/features/{n}/name"), code, detail));
            }
        }
    }
    let offset = match plan.offset.as_ref() {
        Some(feature) => match input(feature, (table.column(&feature.name)?, None), train) {
            Ok(input) if matches!(input.kind, InputType::Number | InputType::Integer) => {
                // A known part that is not known cannot be made up.
                Some(Input {
                    missing: MissingRule::Reject,
                    ..input
                })
            }
            Ok(_) => {
                faults.push(Fault::new(
                    "/offset/name",
                    "wrong-kind",
                    "this column holds no numbers",
                ));
                None
            }
            Err((code, detail)) => {
                faults.push(Fault::new("/offset/name", code, detail));
                None
            }
        },
        None => None,
    };
    if faults.is_empty() {
        Ok(Prepared {
            inputs,
            offset,
            splines,
        })
    } else {
        Err(LearnError::Invalid(faults))
    }
}

/// Faults of what a plan says of changing a feature, now that its values are known.
pub(super) fn not_actionable(n: usize, input: &Input) -> Vec<Fault> {
    let at = |pointer: &str| format!("/features/{n}{pointer}");
    let mut faults = input.actionable_faults();
    for fault in &mut faults {
        fault.pointer = at(&fault.pointer);
    }
    let levels = input.actionable.iter().flat_map(|how| &how.levels);
    if levels.into_iter().any(|level| level == MISSING) {
        let detail = "nobody becomes unknown: name levels somebody can change to";
        faults.push(Fault::new(
            at("/actionable/levels"),
            "unknown-level",
            detail,
        ));
    }
    faults
}

pub(super) type Unfit = (&'static str, String);

/// An input as far as it is known without its values.
pub(super) fn blank(feature: &Feature, column: &Column) -> Result<Input, Unfit> {
    let kind = match column {
        Column::Integer(_) => InputType::Integer,
        Column::Number(_) => InputType::Number,
        Column::Boolean(_) => InputType::Boolean,
        Column::Text(_) => InputType::Category,
        Column::Date(_) => {
            let detail = "a date is no feature: let the query of the frame make a number of it, for instance months since";
            return Err(("date-as-feature", detail.to_owned()));
        }
    };
    Ok(Input {
        name: feature.name.clone(),
        kind,
        unit: feature.unit.clone(),
        training_range: None,
        categories: Vec::new(),
        unknown_category: None,
        missing: MissingRule::Reject,
        preparation: None,
        meaning: feature.meaning.clone(),
        source_field: feature.source_field.clone(),
        justification: feature.justification.clone(),
        actionable: feature.actionable.clone(),
    })
}

fn input(
    feature: &Feature,
    (raw, preparation): (&Column, Option<Preparation>),
    train: &[usize],
) -> Result<Input, Unfit> {
    let mut input = blank(feature, raw)?;
    let column = preparation::worked(preparation.as_ref(), raw);
    input.preparation = preparation;
    match &*column {
        Column::Integer(values) | Column::Number(values) => {
            let known = known(values, train, feature)?;
            input.training_range = range(raw, train);
            input.missing = filled(known.len() < train.len(), median(known));
        }
        Column::Boolean(values) => {
            let numbers: Vec<Option<f64>> = values
                .iter()
                .map(|v| v.map(|v| f64::from(u8::from(v))))
                .collect();
            let known = known(&numbers, train, feature)?;
            // With as many true as false the middle is no value of the column; false is.
            input.missing = filled(known.len() < train.len(), median(known).floor());
        }
        Column::Text(values) => categories(&mut input, values, train, feature)?,
        // Refused above.
        Column::Date(_) => {}
    }
    Ok(input)
}

/// Smallest and largest number of the rows.
fn range(column: &Column, train: &[usize]) -> Option<TrainingRange> {
    let (Column::Integer(values) | Column::Number(values)) = column else {
        return None;
    };
    let known = train.iter().filter_map(|&row| values[row]);
    known.fold(None, |found: Option<TrainingRange>, value| {
        let (minimum, maximum) = found.map_or((value, value), |r| (r.minimum, r.maximum));
        Some(TrainingRange {
            minimum: minimum.min(value),
            maximum: maximum.max(value),
        })
    })
}

fn known(values: &[Option<f64>], train: &[usize], feature: &Feature) -> Result<Vec<f64>, Unfit> {
    let known: Vec<f64> = train.iter().filter_map(|&row| values[row]).collect();
    if known.is_empty() {
        return Err((
            "empty-column",
            format!("`{}` is missing in all rows to learn from", feature.name),
        ));
    }
    Ok(known)
}

fn filled(with_gaps: bool, value: f64) -> MissingRule {
    if with_gaps {
        MissingRule::MedianAndIndicator { value }
    } else {
        MissingRule::Median { value }
    }
}

/// Middle value; the mean of the two middle ones for an even number.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

/// Levels in byte order. A value missing at prediction, or a level unknown in training, counts as `(missing)` where training had
/// gaps, else as the most frequent level, with a warning either way.
fn categories(
    input: &mut Input,
    values: &[Option<String>],
    train: &[usize],
    feature: &Feature,
) -> Result<(), Unfit> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for &row in train {
        *counts
            .entry(values[row].as_deref().unwrap_or(MISSING))
            .or_default() += 1;
    }
    if counts.len() > MOST_LEVELS {
        let detail = format!(
            "`{}` has more than {MOST_LEVELS} different values: it is an identifier or free text; group it in the frame's query",
            feature.name
        );
        return Err(("too-many-levels", detail));
    }
    // Values that hardly anybody shares point at persons; levels end up in the model for all to read.
    let rare: usize = counts
        .values()
        .filter(|count| **count < SMALLEST_GROUP)
        .sum();
    if rare * 5 > train.len() {
        return Err(("rare-levels", rare_levels(&feature.name)));
    }
    let most_frequent = counts
        .iter()
        .max_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0)))
        .map(|(level, _)| *level);
    let substitute = if counts.contains_key(MISSING) {
        MISSING
    } else {
        most_frequent.unwrap_or(MISSING)
    };
    input.categories = counts
        .keys()
        .map(|level| Category {
            level: (*level).to_owned(),
            meaning: None,
        })
        .collect();
    input.missing = MissingRule::Level {
        level: substitute.to_owned(),
    };
    input.unknown_category = Some(UnknownCategory::Level {
        level: substitute.to_owned(),
    });
    Ok(())
}

/// What a level that hardly any row has is refused with.
pub(super) fn rare_levels(name: &str) -> String {
    format!(
        "more than a fifth of the rows have a value of `{name}` that fewer than {SMALLEST_GROUP} rows share: name `groups` of categories, or group it in the frame's query"
    )
}

/// Name of the indicator of a missing number.
pub(super) fn indicator(name: &str) -> String {
    format!("{name}__missing")
}

/// Name of the column of a level.
pub(super) fn level_column(name: &str, level: &str) -> String {
    format!("{name}={level}")
}

impl Prepared {
    /// The design of `rows`.
    ///
    /// # Errors
    /// [`LearnError::Invalid`] when two columns of the design get one name.
    pub(super) fn design(&self, table: &Table, rows: &[usize]) -> Result<Design, LearnError> {
        let mut numbers = Vec::new();
        let mut indicators = Vec::new();
        let mut levels = Vec::new();
        for input in &self.inputs {
            let column = table.worked(input)?;
            match (&input.missing, &*column) {
                (_, Column::Text(values)) => {
                    for category in input.categories.iter().skip(1) {
                        let level = category.level.as_str();
                        let is = |row: &usize| values[*row].as_deref().unwrap_or(MISSING) == level;
                        let column: Vec<f64> = rows
                            .iter()
                            .map(|row| f64::from(u8::from(is(row))))
                            .collect();
                        levels.push((level_column(&input.name, level), column));
                    }
                }
                (
                    MissingRule::MedianAndIndicator { value } | MissingRule::Median { value },
                    column,
                ) => {
                    let values = column.numbers().unwrap_or_default();
                    let column: Vec<f64> = rows
                        .iter()
                        .map(|&row| values[row].unwrap_or(*value))
                        .collect();
                    match self.splines.get(&input.name) {
                        Some(knots) => {
                            numbers.extend(splines::columns(&input.name, knots, &column));
                        }
                        None => numbers.push((input.name.clone(), column)),
                    }
                    if matches!(input.missing, MissingRule::MedianAndIndicator { .. }) {
                        let gap = |row: &usize| f64::from(u8::from(values[*row].is_none()));
                        indicators.push((indicator(&input.name), rows.iter().map(gap).collect()));
                    }
                }
                _ => return Err(LearnError::internal("a number without a rule for gaps")),
            }
        }
        numbers.extend(indicators);
        numbers.extend(levels);
        Design::new(rows.len(), numbers)
            .map_err(|error| LearnError::fault("/features", "columns-clash", error.to_string()))
    }
}
