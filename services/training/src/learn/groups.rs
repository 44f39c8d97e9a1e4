//! k-means groups, laid down as a model.

use helder_model::{Algorithm, Centre, Input, KMeansFit, Meaning, MissingRule, Standardisation};
use helder_segmentation::{
    Candidate, KMeans, KMeansOptions, Matrix, SegmentationError, choose, evidence, fit, profiles,
};
use helder_types::Fault;
use serde::Serialize;

use super::{
    LearnError, ModelParts,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare,
    split::Rows,
    table::{Column, Table},
};

/// Numbers of groups that are tried when the plan names none.
const TRIED: std::ops::RangeInclusive<usize> = 2..=8;
/// Chance without groups above which nobody should speak of groups.
pub(in crate::learn) const LIKELY_WITHOUT: f64 = 0.05;

/// Groups with what others need of them.
pub(super) struct Grouped {
    /// For the model document.
    pub parts: ModelParts,
    /// Group per train row.
    pub labels: Vec<usize>,
    /// For the evaluation.
    pub summary: GroupsSummary,
}

/// How the grouping went, for the evaluation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GroupsSummary {
    /// Number of groups.
    pub groups: usize,
    /// Sum of squared distances to the own centre, on standardised columns.
    pub inertia: f64,
    /// All numbers of groups that were tried.
    pub candidates: Vec<CandidateSummary>,
    /// Probability of groups that explain as much in made files without groups; absent where that could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_without_groups: Option<f64>,
    /// Each group.
    pub profiles: Vec<ProfileSummary>,
}

/// One number of groups that was tried.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidateSummary {
    pub groups: usize,
    pub inertia: f64,
    /// Mean silhouette, in `[-1, 1]`.
    pub silhouette: f64,
    /// Mean adjusted Rand index under resampling, at most 1.
    pub stability: f64,
}

/// One group; every group has at least the smallest size that may be shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileSummary {
    pub name: Meaning,
    pub rows: Option<usize>,
    /// Mean per column, in its unit.
    pub means: Vec<ColumnMean>,
}

/// Mean of a column within a group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ColumnMean {
    pub column: String,
    pub mean: f64,
    /// Distance from the mean of all rows, in standard deviations.
    pub difference: f64,
}

/// Groups the train rows.
///
/// # Errors
/// [`LearnError::Invalid`] when a column cannot be used, k does not fit, a group would be too small, or no k deserves to be
/// chosen.
pub(super) fn group(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
) -> Result<Grouped, LearnError> {
    let categories: Vec<Fault> = plan
        .features
        .iter()
        .enumerate()
        .filter_map(|(n, feature)| {
            let is_text = matches!(table.column(&feature.name), Ok(Column::Text(_)));
            let detail =
                "k-means takes numbers and booleans: make 0/1 columns in the frame's query";
            is_text.then(|| Fault::new(format!("/features/{n}/name"), "category-in-groups", detail))
        })
        .collect();
    if !categories.is_empty() {
        return Err(LearnError::Invalid(categories));
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
        columns.push(
            rows.train
                .iter()
                .map(|&row| values[row].unwrap_or(value))
                .collect::<Vec<f64>>(),
        );
    }
    let values = (0..rows.train.len())
        .flat_map(|row| columns.iter().map(move |column| column[row]))
        .collect();
    let matrix =
        Matrix::new(values, rows.train.len(), columns.len()).map_err(LearnError::internal)?;
    let (scaled, scale) = matrix.standardise().map_err(|error| told(error, plan))?;
    bounded(&scale, inputs.len())?;
    let options = KMeansOptions {
        seed: u64::from(plan.seed),
        ..KMeansOptions::default()
    };
    let Found {
        fitted,
        candidates,
        chance_without_groups,
    } = found(&scaled, plan, &options)?;
    let names: Vec<Meaning> = (1..=fitted.centres.len())
        .map(|n| Meaning::new(format!("Groep {n}"), format!("Group {n}")))
        .collect();
    let profiles = described(&fitted, &scale, &names, &inputs);
    let standardisation = inputs
        .iter()
        .zip(scale.means.iter().zip(&scale.standard_deviations))
        .map(|(input, (mean, scale))| Standardisation {
            input: input.name.clone(),
            mean: *mean,
            scale: *scale,
        })
        .collect();
    let centres = names
        .into_iter()
        .zip(fitted.centres.iter().zip(&fitted.sizes))
        .map(|(name, (values, size))| Centre {
            name,
            rows: *size as u64,
            values: values.clone(),
        })
        .collect();
    Ok(Grouped {
        summary: GroupsSummary {
            groups: fitted.centres.len(),
            inertia: fitted.inertia,
            candidates,
            chance_without_groups,
            profiles,
        },
        parts: ModelParts {
            algorithm: Algorithm::KMeans(KMeansFit {
                standardisation,
                centres,
                inertia: fitted.inertia,
            }),
            inputs,
        },
        labels: fitted.labels,
    })
}

/// What sets each group apart.
fn described(
    fitted: &KMeans,
    scale: &helder_segmentation::Standardisation,
    names: &[Meaning],
    inputs: &[Input],
) -> Vec<ProfileSummary> {
    profiles(fitted, scale, SMALLEST_GROUP)
        .into_iter()
        .zip(names)
        .map(|(profile, name)| ProfileSummary {
            name: name.clone(),
            rows: profile.size,
            means: profile
                .differences
                .unwrap_or_default()
                .into_iter()
                .zip(std::iter::repeat(profile.means.unwrap_or_default()))
                .map(|((column, difference), means)| ColumnMean {
                    column: inputs[column].name.clone(),
                    mean: means[column],
                    difference,
                })
                .collect(),
        })
        .collect()
}

/// Refuses columns whose numbers are too large to be squared.
fn bounded(scale: &helder_segmentation::Standardisation, columns: usize) -> Result<(), LearnError> {
    let is_unfit =
        |n: &usize| !(scale.means[*n].is_finite() && scale.standard_deviations[*n].is_finite());
    let unfit: Vec<Fault> = (0..columns)
        .filter(is_unfit)
        .map(|n| {
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

/// Groups, and what speaks for them.
struct Found {
    fitted: KMeans,
    candidates: Vec<CandidateSummary>,
    chance_without_groups: Option<f64>,
}

fn found(
    scaled: &Matrix,
    plan: &NewTrainingRun,
    options: &KMeansOptions,
) -> Result<Found, LearnError> {
    let asked = plan.hyperparameters.groups.map(|k| k as usize);
    let most = (scaled.rows() / SMALLEST_GROUP).max(2);
    let tried: Vec<usize> =
        asked.map_or_else(|| TRIED.filter(|k| *k <= most).collect(), |k| vec![k]);
    let choice =
        choose(scaled, &tried, options, SMALLEST_GROUP).map_err(|error| told(error, plan))?;
    let candidates = choice.candidates.iter().map(candidate).collect();
    let none = |detail: &str| {
        Err(LearnError::fault(
            "/hyperparameters/groups",
            "no-groups",
            detail,
        ))
    };
    let fitted = match (asked, choice.chosen) {
        (Some(k), _) => fit(
            scaled,
            &KMeansOptions {
                k,
                ..options.clone()
            },
        )
        .map_err(|error| told(error, plan))?,
        (None, Some(chosen)) => chosen,
        (None, None) => {
            return none(
                "no number of groups is both separated and stable: these columns show no groups",
            );
        }
    };
    // Correlated or skewed columns can be cut in stable pieces though everybody is of one kind.
    let chance_without_groups = evidence(scaled, &[fitted.centres.len()], options.seed)
        .ok()
        .map(|evidence| evidence.p_value);
    if asked.is_none() && chance_without_groups.is_some_and(|chance| chance > LIKELY_WITHOUT) {
        return none(
            "groups explain no more here than in made files without groups that have the same correlations; ask for a number of groups to \
             divide the rows all the same",
        );
    }
    if fitted.sizes.iter().any(|size| *size < SMALLEST_GROUP) {
        let detail =
            format!("a group would have fewer than {SMALLEST_GROUP} rows: ask for fewer groups");
        return Err(LearnError::fault(
            "/hyperparameters/groups",
            "small-group",
            detail,
        ));
    }
    Ok(Found {
        fitted,
        candidates,
        chance_without_groups,
    })
}

fn candidate(candidate: &Candidate) -> CandidateSummary {
    CandidateSummary {
        groups: candidate.k,
        inertia: candidate.inertia,
        silhouette: candidate.silhouette,
        stability: candidate.stability,
    }
}

fn told(error: SegmentationError, plan: &NewTrainingRun) -> LearnError {
    match error {
        SegmentationError::Constant { columns } => {
            let detail = "this column has the same value in every row to learn from: leave it out";
            let fault =
                |n: &usize| Fault::new(format!("/features/{n}/name"), "constant-column", detail);
            LearnError::Invalid(
                columns
                    .iter()
                    .filter(|n| **n < plan.features.len())
                    .map(fault)
                    .collect(),
            )
        }
        SegmentationError::GroupCount { at_most } => {
            let detail = format!("the rows bear at most {at_most} groups");
            LearnError::fault("/hyperparameters/groups", "out-of-range", detail)
        }
        other => LearnError::internal(other),
    }
}
