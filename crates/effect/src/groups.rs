//! Whether the provision does more for some than for others, in groups that were declared before looking.

use helder_survival::{CoxFit, Spells};
use serde::Serialize;

use crate::{
    Grouping, HazardRatio, Reason, Shown, matrix::Square, multiplicity::adjusted_p_values, normal,
    power::smallest_visible, prepared::Prepared, regression::Regression, time_dependent,
};

/// The effect by group of one declared division.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupedEffect {
    /// The division.
    pub grouping: String,
    /// Each group.
    pub groups: Vec<GroupEffect>,
    /// Whether the groups differ; to be looked at before the groups are.
    pub interaction: Shown<Interaction>,
}

/// The effect in one group.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupEffect {
    /// The group.
    pub group: String,
    /// People in it; `None` where it, or what is left beside the others, is too small.
    pub people: Option<usize>,
    /// The hazard ratio from the day the provision begins, columns held equal.
    pub effect: Shown<GroupRatio>,
}

/// A hazard ratio among several.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRatio {
    /// The hazard ratio; its own p-value and limits stand alone.
    pub hazard_ratio: HazardRatio,
    /// The p-value corrected for all groups that are shown.
    pub adjusted_p_value: f64,
}

/// Wald's test that the hazard ratio is the same in all shown groups.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Interaction {
    /// The statistic.
    pub chi_squared: f64,
    /// Groups less one.
    pub degrees_of_freedom: usize,
    /// Probability of a statistic at least as large when all groups are alike.
    pub p_value: f64,
    /// The p-value corrected for all declared divisions.
    pub adjusted_p_value: f64,
}

/// A division before p-values are corrected.
struct Fitted {
    ratios: Vec<Result<HazardRatio, Reason>>,
    interaction: Result<Interaction, Reason>,
}

pub(crate) fn by_groups(study: &Prepared<'_>) -> Vec<GroupedEffect> {
    let groupings = &study.study.groupings;
    let mut fitted: Vec<Fitted> = groupings.iter().map(|it| fit(study, it)).collect();
    let method = study.settings.multiplicity;
    let tests = || fitted.iter().filter_map(|it| it.interaction.as_ref().ok());
    let corrected = adjusted_p_values(&tests().map(|it| it.p_value).collect::<Vec<_>>(), method);
    let interactions = fitted
        .iter_mut()
        .filter_map(|it| it.interaction.as_mut().ok());
    for (interaction, p_value) in interactions.zip(corrected) {
        interaction.adjusted_p_value = p_value;
    }
    let ratios = || fitted.iter().flat_map(|it| &it.ratios).flatten();
    let corrected = adjusted_p_values(&ratios().map(|it| it.p_value).collect::<Vec<_>>(), method);
    let mut corrected = corrected.into_iter();
    let mut with_p_value = |hazard_ratio| GroupRatio {
        hazard_ratio,
        adjusted_p_value: corrected.next().unwrap_or(1.0),
    };
    groupings
        .iter()
        .zip(fitted)
        .map(|(grouping, fitted)| {
            let people = shown_people(study, grouping);
            let groups = grouping.levels.iter().zip(people).zip(fitted.ratios);
            GroupedEffect {
                grouping: grouping.name.clone(),
                groups: groups
                    .map(|((group, people), ratio)| GroupEffect {
                        group: group.clone(),
                        people,
                        effect: ratio.map(&mut with_p_value).into(),
                    })
                    .collect(),
                interaction: fitted.interaction.into(),
            }
        })
        .collect()
}

/// Number of people per group; when one alone is too small, the next is hidden too, because sums are known.
fn shown_people(study: &Prepared<'_>, grouping: &Grouping<'_>) -> Vec<Option<usize>> {
    let least = study.settings.smallest_group;
    let of = |level: usize| (0..study.len()).filter(move |&i| grouping.labels[i] as usize == level);
    let people: Vec<usize> = (0..grouping.levels.len())
        .map(|level| study.people(of(level)))
        .collect();
    let mut shown: Vec<Option<usize>> = people
        .iter()
        .map(|&n| (n == 0 || n >= least).then_some(n))
        .collect();
    if shown.iter().filter(|it| it.is_none()).count() == 1 {
        let next = (0..shown.len())
            .filter(|&k| shown[k].is_some_and(|n| n > 0))
            .min_by_key(|&k| people[k]);
        if let Some(k) = next {
            shown[k] = None;
        }
    }
    shown
}

/// Whether a group has enough people with and without the provision, and enough outcomes of either.
fn is_large_enough(study: &Prepared<'_>, grouping: &Grouping<'_>, level: usize) -> bool {
    [true, false].into_iter().all(|exposed| {
        let arm = (0..study.len()).filter(|&i| {
            grouping.labels[i] as usize == level && study.begins[i].is_some() == exposed
        });
        let outcomes = arm.clone().filter(|&i| study.has_outcome(i));
        study.people(arm) >= study.settings.smallest_group
            && study.people(outcomes) >= study.settings.smallest_group
    })
}

fn fit(study: &Prepared<'_>, grouping: &Grouping<'_>) -> Fitted {
    let levels = grouping.levels.len();
    let large: Vec<usize> = (0..levels)
        .filter(|&level| is_large_enough(study, grouping, level))
        .collect();
    let mut ratios = vec![Err(Reason::TooFewPeople); levels];
    let fit = if large.is_empty() {
        Err(Reason::TooFewPeople)
    } else {
        regression(study, grouping, &large)
    };
    let fit = match fit {
        Ok(fit) => fit,
        Err(reason) => {
            for &level in &large {
                ratios[level] = Err(reason);
            }
            let interaction = Err(reason);
            return Fitted {
                ratios,
                interaction,
            };
        }
    };
    let covariance = fit.robust_covariance.as_ref().unwrap_or(&fit.covariance);
    let relevant = study.settings.smallest_relevant_hazard_ratio;
    let place = |level: usize| {
        fit.coefficients
            .iter()
            .position(|it| it.name == column_of(level))
    };
    let mut found: Vec<usize> = Vec::new();
    for &level in &large {
        ratios[level] = place(level).ok_or(Reason::NoEstimate).and_then(|k| {
            let error = covariance[k][k].sqrt();
            if smallest_visible(study, error).exp() > relevant {
                return Err(Reason::NoPower);
            }
            found.push(k);
            let estimate = fit.coefficients[k].estimate;
            let n_events = (0..study.len())
                .filter(|&i| grouping.labels[i] as usize == level && study.has_outcome(i))
                .count();
            Ok(HazardRatio {
                adjusted_for: study.columns.iter().map(|(name, _)| name.clone()).collect(),
                ..HazardRatio::new(estimate, error, n_events, study.settings.confidence)
            })
        });
    }
    Fitted {
        ratios,
        interaction: interaction(&fit, covariance, &found),
    }
}

/// Name of the column of the provision in a group; no column of a study ends so.
fn column_of(level: usize) -> String {
    format!("{level}\u{0}")
}

/// One regression on the people of these groups: the provision apart in each group, and each group's own pace without it.
fn regression(
    study: &Prepared<'_>,
    grouping: &Grouping<'_>,
    levels: &[usize],
) -> Result<CoxFit, Reason> {
    let parts = time_dependent::parts(study);
    let exposed = &study.exposed;
    let label = |row: usize| grouping.labels[exposed.origin[row]] as usize;
    let rows: Vec<usize> = (0..exposed.origin.len())
        .filter(|&row| levels.contains(&label(row)))
        .collect();
    let origin: Vec<usize> = rows.iter().map(|&row| exposed.origin[row]).collect();
    let spells: Spells = parts.at(&rows);
    let column = |is: &dyn Fn(usize) -> bool| -> Vec<f64> {
        rows.iter()
            .map(|&row| f64::from(u8::from(is(row))))
            .collect()
    };
    let first = levels.iter().map(|&level| {
        let values = column(&|row| exposed.exposed[row] && label(row) == level);
        (column_of(level), values)
    });
    let paces = levels.iter().skip(1).map(|&level| {
        let values = column(&|row| label(row) == level);
        (format!("{level}\u{0}\u{0}"), values)
    });
    Regression {
        spells: &spells,
        first: first.collect(),
        others: paces.chain(study.columns_of(&origin)).collect(),
        cluster: study.people_recur.then(|| study.person_of(&origin)),
        strata: None,
    }
    .fit()
}

/// Wald's test that the coefficients at these places are equal.
fn interaction(
    fit: &CoxFit,
    covariance: &[Vec<f64>],
    places: &[usize],
) -> Result<Interaction, Reason> {
    let Some((&first, others)) = places
        .split_first()
        .filter(|(_, others)| !others.is_empty())
    else {
        return Err(Reason::NoPower);
    };
    let beta = |k: usize| fit.coefficients[k].estimate;
    let apart: Vec<f64> = others.iter().map(|&k| beta(k) - beta(first)).collect();
    let mut spread = Square::zeros(others.len());
    for (i, &k) in others.iter().enumerate() {
        for (j, &l) in others[..=i].iter().enumerate() {
            let value = covariance[k][l] - covariance[k][first] - covariance[first][l]
                + covariance[first][first];
            spread.add(i, j, value);
        }
    }
    let solved = spread.solve(&apart);
    let chi_squared: f64 = apart.iter().zip(&solved).map(|(a, b)| a * b).sum();
    let p_value = normal::chi_squared_p(chi_squared, others.len()).ok_or(Reason::NoEstimate)?;
    Ok(Interaction {
        chi_squared,
        degrees_of_freedom: others.len(),
        p_value,
        adjusted_p_value: p_value,
    })
}
