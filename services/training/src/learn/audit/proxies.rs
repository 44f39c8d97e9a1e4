//! Do the inputs give sensitive groups away?

use std::collections::BTreeMap;

use helder_evaluation::{level_scores, level_scores_of};
use helder_fairness::{Proxy, ProxyAuc, Settings, proxies, whole_set};
use helder_glm::{Design, LogisticRegression, Penalty};

use super::{Material, Values};
use crate::learn::LearnError;

/// Chance of telling two persons' groups apart from which an input counts as a proxy.
const LIMIT: f64 = 0.65;
/// Groups that all inputs together are tried on: the largest.
const MOST_GROUPS: usize = 4;

/// Each input by itself, the most telling first.
pub(super) fn each(
    material: &Material<'_>,
    groups: &[String],
    settings: Settings,
) -> Result<Vec<Proxy>, LearnError> {
    let features: Vec<_> = material
        .features
        .iter()
        .map(|(name, values)| (name.clone(), values.feature()))
        .collect();
    let mut found = proxies(
        &features,
        groups,
        LIMIT,
        settings.smallest_group,
        settings.seed,
    )
    .map_err(LearnError::internal)?;
    let strength = |proxy: &Proxy| proxy.best.as_ref().map_or(0.0, |best| best.auc);
    found.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
    Ok(found)
}

/// All inputs together: a logistic regression taught to recognise each of the largest groups on the rows learned from, judged on
/// the others. Empty when no rows were kept apart, or nothing may be told of those learned from.
pub(super) fn together(
    material: &Material<'_>,
    place: usize,
    groups: &[String],
    settings: Settings,
) -> Result<Vec<ProxyAuc>, LearnError> {
    if material.judged_on_training_rows || material.is_private {
        return Ok(Vec::new());
    }
    let learned_from = &material.groups_learned_from[place];
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = sizes
        .into_iter()
        .filter(|(_, size)| {
            *size >= settings.smallest_group && groups.len() - size >= settings.smallest_group
        })
        .collect();
    names.sort_by_key(|(name, size)| (std::cmp::Reverse(*size), *name));
    // With two groups, telling one is telling the other.
    names.truncate(if names.len() == 2 { 1 } else { MOST_GROUPS });
    let levels: Vec<(Vec<usize>, Vec<usize>)> = material
        .learned_from
        .iter()
        .zip(&material.features)
        .map(|((_, train), (_, test))| levels(train, test))
        .collect();
    let mut found = Vec::new();
    for (name, _) in names {
        let of = |groups: &[String]| -> Vec<bool> { groups.iter().map(|g| g == name).collect() };
        let (teach, judge) = (of(learned_from), of(groups));
        let design = |scores: Vec<Vec<f64>>, n: usize| {
            let named = scores.into_iter().enumerate();
            Design::new(n, named.map(|(at, scores)| (format!("x{at}"), scores)))
                .map_err(LearnError::internal)
        };
        let own = levels.iter().map(|(train, _)| level_scores(train, &teach));
        let other = levels
            .iter()
            .map(|(train, test)| level_scores_of(train, &teach, test));
        let (train, test) = (
            design(own.collect(), teach.len())?,
            design(other.collect(), judge.len())?,
        );
        let model = LogisticRegression::new()
            .penalty(Penalty::L2 { strength: 1.0 })
            .fit(&train, &teach);
        // No member among the rows learned from, or no input that differs: nothing to recognise.
        let Ok(model) = model else { continue };
        let scores = model.probabilities(&test).map_err(LearnError::internal)?;
        let told = whole_set(name, &judge, &scores, LIMIT);
        found.push(told.map_err(LearnError::internal)?);
    }
    Ok(found)
}

/// Levels of both sides on one scale.
fn levels(train: &Values, test: &Values) -> (Vec<usize>, Vec<usize>) {
    let both = match (train, test) {
        (Values::Numbers(a), Values::Numbers(b)) => Values::Numbers([a.as_slice(), b].concat()),
        (Values::Levels(a), Values::Levels(b)) => Values::Levels([a.as_slice(), b].concat()),
        _ => return (Vec::new(), Vec::new()),
    };
    let mut all = both.feature().levels();
    let cut = match train {
        Values::Numbers(values) => values.len(),
        Values::Levels(values) => values.len(),
    };
    let test = all.split_off(cut.min(all.len()));
    (all, test)
}
