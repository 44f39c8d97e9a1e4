//! Groups of subjects that resemble each other, laid down as a model.

mod certainty;
mod k_means;
mod mixture;
mod prototypes;
mod summary;

use helder_model::{Input, Meaning, MissingRule, Standardisation};
use helder_segmentation::{Flaw, Matrix, SegmentationError, Stability, Tried};
use helder_types::Fault;

use super::{
    LearnError, ModelParts,
    plan::{AlgorithmName, NewTrainingRun, SMALLEST_GROUP},
    prepare,
    split::Rows,
    table::{Column, Table},
};

pub(super) use summary::{
    CandidateSummary, GroupsSummary, ProfileSummary, StartsSummary, profiles,
};

/// Largest number of groups that is tried when the plan names none.
const MOST_GROUPS: usize = 8;
/// Chance without groups above which nobody should speak of groups.
pub(in crate::learn) const LIKELY_WITHOUT: f64 = 0.05;
/// Numbers beyond this cannot be squared and added up.
const LARGEST: f64 = 1e140;

/// Groups with what others need of them.
pub(super) struct Grouped {
    /// For the model document.
    pub parts: ModelParts,
    /// For the evaluation, as yet without profiles.
    pub summary: GroupsSummary,
}

/// Groups the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when a column cannot be used, k does not fit, a group would be too small, or no k deserves to be
/// chosen. [`LearnError::Stopped`] when `stop` says so.
pub(super) fn group(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Grouped, LearnError> {
    match plan.algorithm {
        AlgorithmName::KPrototypes => prototypes::group(table, plan, rows, stop),
        AlgorithmName::GaussianMixture => mixture::group(table, plan, rows, stop),
        _ => k_means::group(table, plan, rows),
    }
}

/// The numbers of groups to try: the one asked, or from 2 on as many as rows bear.
fn numbers_of_groups(plan: &NewTrainingRun, rows: usize) -> Vec<usize> {
    let settings = &plan.hyperparameters;
    let asked = settings.groups.map(|k| vec![k as usize]);
    let most = settings.most_groups.map_or(MOST_GROUPS, |k| k as usize);
    asked.unwrap_or_else(|| (2..=most.min((rows / SMALLEST_GROUP).max(2))).collect())
}

/// Tries numbers of groups one by one. Where the number is not asked, it ends before the first that the rows cannot bear.
fn try_each<F>(
    plan: &NewTrainingRun,
    ks: &[usize],
    stop: &(dyn Fn() -> bool + Sync),
    one: impl Fn(usize) -> Result<Tried<F>, SegmentationError>,
) -> Result<Vec<Tried<F>>, LearnError> {
    let is_asked = plan.hyperparameters.groups.is_some();
    let mut tried = Vec::with_capacity(ks.len());
    for &k in ks {
        if stop() {
            return Err(LearnError::Stopped);
        }
        match one(k) {
            Err(SegmentationError::GroupCount { .. }) if !is_asked => break,
            found => tried.push(found.map_err(|error| told(error, plan))?),
        }
    }
    Ok(tried)
}

/// Names of groups, in their order.
fn names(k: usize) -> impl Iterator<Item = Meaning> {
    (1..=k).map(|n| Meaning::new(format!("Groep {n}"), format!("Group {n}")))
}

/// The features as numbers without gaps, brought to one scale.
struct Scaled {
    /// Gaps are filled with the median.
    inputs: Vec<Input>,
    matrix: Matrix,
    standardisation: Vec<Standardisation>,
}

impl Scaled {
    /// * `unfit` – what to say of a column that this algorithm cannot take
    fn of(
        table: &Table,
        plan: &NewTrainingRun,
        rows: &Rows,
        unfit: fn(&Column) -> Option<&'static str>,
    ) -> Result<Self, LearnError> {
        let mut faults = Vec::new();
        for (n, feature) in plan.features.iter().enumerate() {
            let column = table.column(&feature.name)?;
            if let Some(detail) = unfit(column) {
                let is_text = matches!(column, Column::Text(_));
                let code = if is_text {
                    "category-in-groups"
                } else {
                    "boolean-in-groups"
                };
                faults.push(Fault::new(format!("/features/{n}/name"), code, detail));
            }
        }
        if !faults.is_empty() {
            return Err(LearnError::Invalid(faults));
        }
        let mut inputs = prepare::prepare(table, plan, &rows.train)?.inputs;
        let mut columns = Vec::new();
        for input in &mut inputs {
            let (MissingRule::MedianAndIndicator { value } | MissingRule::Median { value }) =
                input.missing
            else {
                return Err(LearnError::internal("a number without a rule for gaps"));
            };
            input.missing = MissingRule::Median { value };
            let values = table.worked(input)?.numbers().unwrap_or_default();
            let filled = rows.train.iter().map(|&row| values[row].unwrap_or(value));
            columns.push(filled.collect::<Vec<f64>>());
        }
        bounded(columns.iter().map(Vec::as_slice))?;
        let values = (0..rows.train.len())
            .flat_map(|row| columns.iter().map(move |column| column[row]))
            .collect();
        let matrix =
            Matrix::new(values, rows.train.len(), columns.len()).map_err(LearnError::internal)?;
        let (matrix, scale) = matrix.standardise().map_err(|error| told(error, plan))?;
        let scales = scale.means.iter().zip(&scale.standard_deviations);
        let standardisation =
            inputs
                .iter()
                .zip(scales)
                .map(|(input, (mean, scale))| Standardisation {
                    input: input.name.clone(),
                    mean: *mean,
                    scale: *scale,
                });
        Ok(Self {
            standardisation: standardisation.collect(),
            matrix,
            inputs,
        })
    }
}

/// Refuses columns whose numbers are too large to be squared; columns stand in the order of the features, others among them empty.
fn bounded<'a>(columns: impl Iterator<Item = &'a [f64]>) -> Result<(), LearnError> {
    let is_unfit = |values: &[f64]| values.iter().any(|value| value.abs() > LARGEST);
    let unfit: Vec<Fault> = columns
        .enumerate()
        .filter(|(_, values)| is_unfit(values))
        .map(|(n, _)| {
            let detail = "these numbers are too large to be squared: give them in another unit";
            Fault::new(format!("/features/{n}/name"), "out-of-range", detail)
        })
        .collect();
    if unfit.is_empty() {
        Ok(())
    } else {
        Err(LearnError::Invalid(unfit))
    }
}

/// What two searches say of each other.
fn starts(stability: &Stability) -> StartsSummary {
    StartsSummary {
        single_starts_agree: stability.between_starts,
        single_starts_agree_least: stability.between_starts_least,
        samples: stability.resamples,
    }
}

/// That no number of groups is worth having.
fn no_groups(detail: &str) -> LearnError {
    LearnError::fault("/hyperparameters/groups", "no-groups", detail)
}

/// That groups are there no more than in made files.
fn likely_without() -> LearnError {
    no_groups(
        "groups explain no more here than in made files without groups that have the same correlations; ask for a number of groups to \
         divide the rows all the same",
    )
}

/// Why groups of a number that was asked are refused.
///
/// * `place` – position of the feature of a column
fn refused(flaw: Flaw, place: impl Fn(usize) -> usize) -> LearnError {
    match flaw {
        Flaw::SmallGroup => {
            let detail = format!(
                "a group would have fewer than {SMALLEST_GROUP} rows: ask for fewer groups"
            );
            LearnError::fault("/hyperparameters/groups", "small-group", detail)
        }
        Flaw::SeldomKnown { column } => LearnError::fault(
            format!("/features/{}/name", place(column)),
            "seldom-known",
            format!(
                "in a group fewer than {SMALLEST_GROUP} rows would have a value of this column: leave it out, or ask for fewer groups"
            ),
        ),
        Flaw::NoSpread { column } => LearnError::fault(
            format!("/features/{}/name", place(column)),
            "no-spread",
            "in a group this column would have one value only, or follow from the others, and no normal distribution fits: leave it out, \
             ask for fewer groups, or use k-prototypes",
        ),
    }
}

fn constant(n: usize) -> Fault {
    let detail = "this column has the same value in every row to learn from: leave it out";
    Fault::new(format!("/features/{n}/name"), "constant-column", detail)
}

fn told(error: SegmentationError, plan: &NewTrainingRun) -> LearnError {
    match error {
        SegmentationError::Constant { columns } => {
            let known = columns.iter().filter(|n| **n < plan.features.len());
            LearnError::Invalid(known.map(|n| constant(*n)).collect())
        }
        SegmentationError::GroupCount { at_most } => {
            let detail = format!("the rows bear at most {at_most} groups");
            LearnError::fault("/hyperparameters/groups", "out-of-range", detail)
        }
        other => LearnError::internal(other),
    }
}
