//! k-means groups.

use helder_model::{Algorithm, Centre, KMeansFit};
use helder_segmentation::{Candidate, KMeans, KMeansOptions, Matrix, choose, evidence, fit};

use super::{
    CandidateSummary, Grouped, GroupsSummary, LIKELY_WITHOUT, Scaled, likely_without, names,
    no_groups, numbers_of_groups, refused, told,
};
use crate::learn::{
    LearnError, ModelParts,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    split::Rows,
    table::{Column, Table},
};

pub(super) fn group(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
) -> Result<Grouped, LearnError> {
    let scaled = Scaled::of(table, plan, rows, |column| {
        let detail = "k-means takes numbers and booleans: make 0/1 columns in the frame's query";
        matches!(column, Column::Text(_)).then_some(detail)
    })?;
    let options = KMeansOptions {
        seed: u64::from(plan.seed),
        ..KMeansOptions::default()
    };
    let Found {
        fitted,
        candidates,
        chance_without_groups,
    } = found(&scaled.matrix, plan, &options)?;
    let centres = names(fitted.centres.len())
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
            inertia: Some(fitted.inertia),
            candidates,
            chance_without_groups,
            ..GroupsSummary::default()
        },
        parts: ModelParts {
            algorithm: Algorithm::KMeans(KMeansFit {
                standardisation: scaled.standardisation,
                centres,
                inertia: fitted.inertia,
            }),
            inputs: scaled.inputs,
        },
    })
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
    let tried = numbers_of_groups(plan, scaled.rows());
    let choice =
        choose(scaled, &tried, options, SMALLEST_GROUP).map_err(|error| told(error, plan))?;
    let candidates = choice.candidates.iter().map(candidate).collect();
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
            return Err(no_groups(
                "no number of groups is both separated and stable: these columns show no groups",
            ));
        }
    };
    // Correlated or skewed columns can be cut in stable pieces though everybody is of one kind.
    let chance_without_groups = evidence(scaled, &[fitted.centres.len()], options.seed)
        .ok()
        .map(|evidence| evidence.p_value);
    if asked.is_none() && chance_without_groups.is_some_and(|chance| chance > LIKELY_WITHOUT) {
        return Err(likely_without());
    }
    if fitted.sizes.iter().any(|size| *size < SMALLEST_GROUP) {
        return Err(refused(helder_segmentation::Flaw::SmallGroup, |n| n));
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
        inertia: Some(candidate.inertia),
        silhouette: Some(candidate.silhouette),
        stability: Some(candidate.stability),
        ..CandidateSummary::default()
    }
}
