//! Cox regression with a penalty that chooses: lasso, ridge or in between.

use std::collections::BTreeSet;

use helder_survival::{CoxNet, Design, PathBaseline, Penalties, Spells, SurvivalError, TieMethod};

use crate::learn::{
    estimate::{ChosenPenalty, Weight},
    plan::ElasticNetSettings,
};

/// The regression of one cause at the penalty chosen.
pub(super) struct Penalised {
    /// Without standard errors: after a choice by the same rows none are honest.
    pub(super) weights: Vec<Weight>,
    pub(super) baseline: PathBaseline,
    pub(super) penalty: ChosenPenalty,
    pub(super) dropped: Vec<String>,
    pub(super) log_likelihood: f64,
    pub(super) null_log_likelihood: f64,
}

/// Fits the path on the train rows. Without a penalty in the plan the folds, one place per train row, choose the largest within one
/// standard error of the best.
///
/// # Errors
/// As [`CoxNet::fit`] and [`CoxNet::cross_validate`].
pub(super) fn fit(
    (asked, ties): (&ElasticNetSettings, TieMethod),
    spells: &Spells,
    design: &Design,
    folds: &[usize],
) -> Result<Penalised, SurvivalError> {
    let net = CoxNet::new(asked.alpha).ties(ties);
    let (path, place, score) = if let Some(lambda) = asked.lambda {
        let given = net.clone().penalties(Penalties::Given(vec![lambda]));
        (given.fit(spells, design)?, 0, None)
    } else {
        let folds: Vec<u32> = folds.iter().map(|fold| *fold as u32).collect();
        let found = net.cross_validate(spells, design, &folds)?;
        let place = found.sparsest_as_good;
        (found.path, place, Some(found.scores[place]))
    };
    let point = &path.points[place];
    let baselines = net.baselines(spells, design, &path, point)?;
    let baseline = baselines.into_iter().next().unwrap_or(PathBaseline {
        stratum: 0,
        time: Vec::new(),
        cumulative_hazard: Vec::new(),
    });
    let weight = |(name, estimate): (&String, &f64)| Weight {
        name: name.clone(),
        estimate: *estimate,
        standard_error: None,
        robust_standard_error: None,
        z: None,
        p_value: None,
        interval_95: None,
    };
    Ok(Penalised {
        weights: path
            .columns
            .iter()
            .zip(&point.coefficients)
            .map(weight)
            .collect(),
        baseline,
        penalty: ChosenPenalty {
            alpha: asked.alpha,
            lambda: point.lambda,
            folds: score.map(|_| folds.iter().collect::<BTreeSet<_>>().len()),
            cross_validated_deviance: score.map(|score| (score.deviance, score.standard_error)),
        },
        log_likelihood: point.log_likelihood,
        null_log_likelihood: path.null_log_likelihood,
        dropped: path.dropped,
    })
}
