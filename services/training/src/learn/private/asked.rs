//! What private learning is given: inputs as far as they are public, columns, and limits.

use helder_ebm::{
    Column as EbmColumn,
    private::{Limits, PrivateSettings, Promise},
};
use helder_model::{Category, Input, InputType, MissingRule, TrainingRange, UnknownCategory};
use helder_types::Fault;

use crate::learn::{
    LearnError,
    plan::{NewTrainingRun, Privacy},
    prepare::{self, MISSING},
    split::Rows,
    table::{Column, Table},
};

/// Inputs, columns and limits in the order of the plan.
pub(super) struct Asked {
    pub inputs: Vec<Input>,
    pub columns: Vec<EbmColumn>,
    pub settings: PrivateSettings,
}

impl Asked {
    /// # Errors
    /// [`LearnError::Invalid`] with every number without a range, every range or list of levels of something else, and dates.
    pub(super) fn of(
        table: &Table,
        plan: &NewTrainingRun,
        privacy: &Privacy,
        rows: &Rows,
    ) -> Result<Self, LearnError> {
        let mut asked = Self {
            inputs: Vec::new(),
            columns: Vec::new(),
            settings: PrivateSettings::new(Promise {
                epsilon: privacy.epsilon,
                delta: privacy.delta,
            }),
        };
        let mut faults = Vec::new();
        for (n, feature) in plan.features.iter().enumerate() {
            let column = table.column(&feature.name)?;
            match prepare::blank(feature, column) {
                Ok(input) => faults.extend(asked.add(n, input, column, privacy, &rows.train)),
                Err((code, detail)) => {
                    faults.push(Fault::new(format!("/features/{n}/name"), code, detail));
                }
            }
        }
        if faults.is_empty() {
            Ok(asked)
        } else {
            Err(LearnError::Invalid(faults))
        }
    }

    fn add(
        &mut self,
        n: usize,
        mut input: Input,
        column: &Column,
        privacy: &Privacy,
        train: &[usize],
    ) -> Option<Fault> {
        let name = input.name.clone();
        let range = privacy.ranges.iter().position(|r| r.feature == name);
        let levels = privacy.levels.iter().position(|l| l.feature == name);
        if let Column::Text(values) = column {
            if let Some(place) = range {
                let detail = "a category has no range; its levels may be public";
                let at = format!("/privacy/ranges/{place}/feature");
                return Some(Fault::new(at, "wrong-kind", detail));
            }
            let public = levels.map(|place| privacy.levels[place].levels.as_slice());
            self.columns.push(category(name, values, public, train));
            self.settings
                .public_levels
                .extend(public.map(|_| input.name.clone()));
            self.inputs.push(input);
            return None;
        }
        if let Some(place) = levels {
            let at = format!("/privacy/levels/{place}/feature");
            return Some(Fault::new(at, "wrong-kind", "a number has no levels"));
        }
        let (minimum, maximum) = match (range.map(|place| &privacy.ranges[place]), input.kind) {
            // True and false are public.
            (_, InputType::Boolean) => (0.0, 1.0),
            (Some(range), _) => (range.minimum, range.maximum),
            (None, _) => {
                let detail = format!(
                    "say in /privacy/ranges between which values `{name}` lies, from what it means and not from the rows"
                );
                return Some(Fault::new(
                    format!("/features/{n}/name"),
                    "no-range",
                    detail,
                ));
            }
        };
        let limits = Limits {
            minimum,
            maximum,
            is_whole: input.kind != InputType::Number,
        };
        input.training_range =
            (input.kind != InputType::Boolean).then_some(TrainingRange { minimum, maximum });
        // Whether any value was missing is a fact about rows; a gap always counts by itself.
        input.missing = MissingRule::OwnEffect;
        let values = column.numbers().unwrap_or_default();
        let value = |row: &usize| values[*row].unwrap_or(f64::NAN);
        self.settings.limits.push((name.clone(), limits));
        self.columns.push(EbmColumn::Numeric {
            name,
            values: train.iter().map(value).collect(),
        });
        self.inputs.push(input);
        None
    }
}

/// Levels in byte order: the public ones, or those of the rows, of which the answers decide which are told.
fn category(
    name: String,
    values: &[Option<String>],
    public: Option<&[String]>,
    train: &[usize],
) -> EbmColumn {
    let level = |row: &usize| values[*row].as_deref().unwrap_or(MISSING);
    let mut levels: Vec<String> = match public {
        Some(levels) => levels.iter().cloned().chain([MISSING.to_owned()]).collect(),
        None => train.iter().map(|row| level(row).to_owned()).collect(),
    };
    levels.sort_unstable();
    levels.dedup();
    let code = |row: &usize| {
        let place = levels.binary_search_by(|known| known.as_str().cmp(level(row)));
        place.ok().and_then(|place| u32::try_from(place).ok())
    };
    EbmColumn::Category {
        codes: train.iter().map(code).collect(),
        name,
        levels,
    }
}

/// The levels of a category that are told, and what a gap or another level counts as: missing where that is told, else the most
/// frequent by noisy counts.
///
/// # Errors
/// A fault when no level is told.
pub(super) fn with_levels(
    n: usize,
    input: &mut Input,
    levels: &[String],
    counts: &[f64],
) -> Result<(), Fault> {
    let most = levels.iter().zip(counts);
    let most = most.max_by(|a, b| a.1.total_cmp(b.1));
    let Some((most, _)) = most else {
        let detail = format!(
            "no level of `{}` has so many rows that it may be told: name its levels in /privacy/levels, or group it in the frame's query",
            input.name
        );
        return Err(Fault::new(
            format!("/features/{n}/name"),
            "rare-levels",
            detail,
        ));
    };
    let level = levels
        .iter()
        .find(|level| *level == MISSING)
        .unwrap_or(most);
    input.missing = MissingRule::Level {
        level: level.clone(),
    };
    input.unknown_category = Some(UnknownCategory::Level {
        level: level.clone(),
    });
    let category = |level: &String| Category {
        level: level.clone(),
        meaning: None,
    };
    input.categories = levels.iter().map(category).collect();
    Ok(())
}
