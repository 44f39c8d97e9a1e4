//! What the model says of sensitive groups, beside what came.

use std::collections::BTreeMap;

use helder_evaluation::{Interval, Z_95};
use helder_model::{Meaning, Spoken};
use helder_survival::Spells;
use serde::Serialize;

use super::{
    HORIZONS,
    calibration::{CalibrationRow, calibration},
    judge::Said,
    measures::{Ordered, ordered},
};
use crate::learn::{
    LearnError,
    judge::sensitive,
    means::hidden,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    split::Rows,
    table::Table,
};

/// Place of twelve months among the horizons.
const YEAR: usize = 2;

/// One sensitive feature.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct GroupOutlooks {
    pub sensitive_feature: String,
    pub groups: Vec<GroupOutlook>,
}

/// One sensitive group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct GroupOutlook {
    pub group: String,
    /// Absent when the group is small, or needed to hide one that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// One per cause; empty without rows.
    pub causes: Vec<GroupCause>,
}

/// Ends of one group by one cause.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct GroupCause {
    pub name: String,
    pub meaning: Meaning,
    /// Harrell's concordance within the group; absent where fewer than ten end so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concordance: Option<Ordered>,
    /// Mean chance within twelve months beside what came.
    pub year: CalibrationRow,
    /// Interval at 95 % of the mean chance, by how much chances differ within the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted_interval_95: Option<Interval>,
    /// What came less what was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_less_predicted: Option<f64>,
}

pub(super) fn group_outlooks(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    spells: &Spells,
    (said, hazards): (&Said, &Spoken<'_>),
) -> Result<Vec<GroupOutlooks>, LearnError> {
    let features = sensitive(table, plan, &rows.test)?.into_iter();
    Ok(features
        .map(|(name, groups)| {
            let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (row, group) in groups.iter().enumerate() {
                members.entry(group).or_default().push(row);
            }
            let hidden = hidden(&members);
            let groups = members.iter().map(|(group, places)| {
                let is_shown = !hidden.contains(group);
                let causes = hazards.causes.iter().enumerate();
                let causes = causes.map(|cause| one(spells, said, places, cause));
                GroupOutlook {
                    group: (*group).to_owned(),
                    rows: is_shown.then_some(places.len()),
                    causes: if is_shown {
                        causes.collect()
                    } else {
                        Vec::new()
                    },
                }
            });
            GroupOutlooks {
                sensitive_feature: name.to_owned(),
                groups: groups.collect(),
            }
        })
        .collect())
}

fn one(
    spells: &Spells,
    said: &Said,
    places: &[usize],
    (cause, (name, meaning, _)): (usize, &(&str, &Meaning, u64)),
) -> GroupCause {
    let own = spells.at(places).only(cause as u32 + 1);
    let scores: Vec<f64> = places.iter().map(|&row| said.scores[cause][row]).collect();
    let chances = &said.chances[cause][YEAR];
    let year = calibration(spells, chances, places.to_vec(), (cause, HORIZONS[YEAR]));
    let interval = year.predicted.map(|mean| {
        let n = places.len() as f64;
        let squares: f64 = places
            .iter()
            .map(|&row| (chances[row] - mean).powi(2))
            .sum();
        let half = Z_95 * (squares / (n - 1.0) / n).sqrt();
        Interval {
            low: (mean - half).max(0.0),
            high: (mean + half).min(1.0),
        }
    });
    GroupCause {
        name: (*name).to_owned(),
        meaning: (*meaning).clone(),
        concordance: ordered(&own, &scores).filter(|_| own.n_events() >= SMALLEST_GROUP),
        predicted_interval_95: interval,
        observed_less_predicted: year
            .observed
            .zip(year.predicted)
            .map(|(came, said)| came - said),
        year,
    }
}
