//! Mixtures of normal distributions: groups that run into each other.

use helder_model::{Algorithm, Component, Meaning, MixtureFit};
use helder_segmentation::{
    Flaw, KMeansOptions, Mixture, MixtureOptions, SegmentationError, Tried, mixture_evidence,
};

use super::{
    CandidateSummary, Grouped, GroupsSummary, LIKELY_WITHOUT, Scaled, likely_without, names,
    no_groups, numbers_of_groups, refused, starts, told, try_each,
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
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Grouped, LearnError> {
    let scaled = Scaled::of(table, plan, rows, |column| match column {
        Column::Text(_) => {
            Some("a mixture of normal distributions takes numbers: use k-prototypes for categories")
        }
        Column::Boolean(_) => Some(
            "a mixture of normal distributions takes numbers: use k-prototypes for true and false",
        ),
        _ => None,
    })?;
    let seed = u64::from(plan.seed);
    let options = |k: usize| MixtureOptions {
        start: KMeansOptions {
            k,
            seed,
            ..KMeansOptions::default()
        },
        ..MixtureOptions::default()
    };
    let one = alone(&scaled, &options(1)).map_err(|error| told(error, plan))?;
    if let Some(column) = one.1 {
        let detail = "this column follows from the ones before it: leave it out";
        let at = format!("/features/{column}/name");
        return Err(LearnError::fault(at, "follows-from-others", detail));
    }
    let ks = numbers_of_groups(plan, scaled.matrix.rows());
    let tried = try_each(plan, &ks, stop, |k| {
        Mixture::tried(&scaled.matrix, &options(k), SMALLEST_GROUP)
    })?;
    let is_asked = plan.hyperparameters.groups.is_some();
    let place = if is_asked {
        0
    } else {
        Mixture::chosen(&tried, &one.0).ok_or_else(|| none_worthy(&tried))?
    };
    let chosen = tried.get(place).ok_or_else(|| none_worthy(&tried))?;
    if let Some(flaw) = chosen.flaw {
        return Err(refused(flaw, |column| column));
    }
    // Skewed columns are described better by several normal distributions though everybody is of one kind.
    let evidence = mixture_evidence(&scaled.matrix, chosen.sizes.len(), seed).ok();
    let chance_without_groups = evidence.map(|evidence| evidence.p_value);
    if !is_asked && chance_without_groups.is_none_or(|chance| chance > LIKELY_WITHOUT) {
        return Err(likely_without());
    }
    Ok(Grouped {
        summary: GroupsSummary {
            groups: chosen.sizes.len(),
            log_likelihood: Some(chosen.fitted.log_likelihood_per_row),
            candidates: tried.iter().map(candidate).collect(),
            chance_without_groups,
            starts: Some(starts(&chosen.stability)),
            ..GroupsSummary::default()
        },
        parts: ModelParts {
            algorithm: Algorithm::GaussianMixture(laid_down(&scaled, chosen)),
            inputs: scaled.inputs,
        },
    })
}

/// All rows as one group, and the first column without spread of its own.
fn alone(
    scaled: &Scaled,
    options: &MixtureOptions,
) -> Result<(Mixture, Option<usize>), SegmentationError> {
    let centre = vec![0.0; scaled.matrix.columns()];
    let one = Mixture::from_means(&scaled.matrix, vec![centre], options)?;
    let flat = one.no_spread(options.ridge)?;
    Ok((one, flat))
}

fn none_worthy(tried: &[Tried<Mixture>]) -> LearnError {
    let flat = |tried: &Tried<Mixture>| matches!(tried.flaw, Some(Flaw::NoSpread { .. }));
    match tried.first().and_then(|first| first.flaw) {
        Some(flaw) if tried.iter().all(flat) => refused(flaw, |column| column),
        _ => no_groups(&format!(
            "no number of groups describes the rows better than one group does, has at least {SMALLEST_GROUP} rows in each group and is \
             found again in other samples: these columns show no groups"
        )),
    }
}

fn candidate(tried: &Tried<Mixture>) -> CandidateSummary {
    let each = &tried.stability.jaccard;
    CandidateSummary {
        groups: tried.sizes.len(),
        bic: Some(tried.fitted.bic),
        jaccard: Some(each.iter().sum::<f64>() / each.len() as f64),
        jaccard_least: Some(tried.least_stability()),
        ..CandidateSummary::default()
    }
}

fn laid_down(scaled: &Scaled, chosen: &Tried<Mixture>) -> MixtureFit {
    let columns = scaled.matrix.columns();
    let triangle = |covariance: &Vec<f64>| {
        let rows = covariance.chunks_exact(columns).enumerate();
        rows.map(|(i, row)| row[..=i].to_vec()).collect()
    };
    let component = |(group, name): (usize, Meaning)| Component {
        name,
        rows: chosen.sizes[group] as u64,
        stability: chosen.stability.jaccard[group],
        weight: chosen.fitted.weights[group],
        means: chosen.fitted.means[group].clone(),
        covariance: triangle(&chosen.fitted.covariances[group]),
    };
    MixtureFit {
        standardisation: scaled.standardisation.clone(),
        components: names(chosen.sizes.len())
            .enumerate()
            .map(component)
            .collect(),
        log_likelihood: chosen.fitted.log_likelihood_per_row,
    }
}
