//! The model beside the truth: as good as it could be, and as fair as it looks?

use anyhow::{Context as _, Result};
use helder_client::Client;
use helder_evaluation::{Auc, Proportion, at_capacity, auc, top_k};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::truth::PersonYears;
use crate::screen::Screen;

/// Scores of one reference date: row number in the BRP extract, probability by the model.
pub(super) type Scores = Vec<(i64, f64)>;

/// The model and the best possible model on the same rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Judgement {
    /// Rows judged: adults on the test dates that are known to the truth.
    pub(super) rows: usize,
    /// Scored rows that the truth does not know as adults at risk.
    pub(super) rows_left_out: usize,
    /// True outcomes among them, and registered ones.
    pub(super) outcomes: [usize; 2],
    /// Ranking of registered outcomes by the model.
    pub(super) model_on_registered: Auc,
    /// Ranking of registered outcomes by the true probability.
    pub(super) best_on_registered: Auc,
    /// Ranking of true outcomes by the model.
    pub(super) model_on_true: Auc,
    /// Ranking of true outcomes by the true probability: no model can be expected to do better.
    pub(super) best_on_true: Auc,
    /// People who can be offered help.
    pub(super) capacity: usize,
    /// Share of true outcomes among the first `capacity`: model, best possible.
    pub(super) found_at_capacity: [Option<f64>; 2],
    /// Groups A and B on the test rows.
    pub(super) groups: [Group; 2],
    /// Groups A and B over all labelled person-years: true and registered outcomes, people at risk.
    pub(super) all_years: [Registration; 2],
}

/// How a group fares when the first `capacity` are offered help.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    /// Picked, of all.
    pub(super) selected: Share,
    /// Picked, of those registered as homeless later.
    pub(super) found_of_registered: Share,
    /// Picked, of those who really became homeless.
    pub(super) found_of_true: Share,
}

/// Outcomes of a group over all years.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Registration {
    /// True outcomes, of people at risk.
    pub(super) true_rate: Share,
    /// Registered outcomes, of people at risk.
    pub(super) registered_rate: Share,
    /// Registered, of true outcomes.
    pub(super) registered_of_true: Share,
}

/// A share with its counts.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Share {
    /// How many.
    pub(super) count: usize,
    /// Of how many.
    pub(super) total: usize,
}

impl Share {
    fn add(&mut self, counts: bool) {
        self.count += usize::from(counts);
        self.total += 1;
    }

    /// With the tools for shares.
    pub(super) const fn proportion(self) -> Proportion {
        Proportion::new(self.count, self.total)
    }
}

/// All scores of a batch, by paging through its ranked result.
///
/// # Errors
/// When the platform refuses.
pub(super) async fn scores(client: &Client, screen: Screen, batch: Uuid) -> Result<Scores> {
    #[derive(Deserialize)]
    struct Row {
        row: i64,
        probability: Option<f64>,
    }
    let bar = screen.bar("reading the ranked result");
    let rows: Vec<Row> = client
        .list(&format!("/prediction/v1/batches/{batch}/results?limit=200"))
        .await?;
    drop(bar);
    rows.into_iter()
        .map(|row| {
            Ok((
                row.row,
                row.probability.context("a score without probability")?,
            ))
        })
        .collect()
}

/// Judges the scores against the truth.
///
/// # Errors
/// When the test rows hold no outcome at all.
pub(super) fn judge(
    truth: &PersonYears,
    scored: &[(String, Scores)],
    capacity: usize,
) -> Result<Judgement> {
    let (mut known, mut model, mut left_out) = (Vec::new(), Vec::new(), 0);
    for (date, scores) in scored {
        for (row, probability) in scores {
            match truth.get(date, *row).filter(|year| year.at_risk) {
                Some(year) => {
                    known.push(*year);
                    model.push(*probability);
                }
                None => left_out += 1,
            }
        }
    }
    let outcomes: Vec<bool> = known.iter().map(|year| year.outcome).collect();
    let registered: Vec<bool> = known.iter().map(|year| year.registered).collect();
    let best: Vec<f64> = known.iter().map(|year| year.probability).collect();
    let picked = top_k(&model, capacity);
    let mut groups = [Group::default(); 2];
    for (year, picked) in known.iter().zip(&picked) {
        let group = &mut groups[year.group];
        group.selected.add(*picked);
        if year.registered {
            group.found_of_registered.add(*picked);
        }
        if year.outcome {
            group.found_of_true.add(*picked);
        }
    }
    let few = "the test dates hold too few outcomes to judge; take more inhabitants";
    let recall = |probabilities: &[f64]| -> Result<Option<f64>> {
        Ok(at_capacity(&outcomes, probabilities, capacity)?
            .confusion
            .recall()
            .value())
    };
    Ok(Judgement {
        rows: known.len(),
        rows_left_out: left_out,
        outcomes: [
            outcomes.iter().filter(|o| **o).count(),
            registered.iter().filter(|o| **o).count(),
        ],
        model_on_registered: auc(&registered, &model).context(few)?,
        best_on_registered: auc(&registered, &best).context(few)?,
        model_on_true: auc(&outcomes, &model).context(few)?,
        best_on_true: auc(&outcomes, &best).context(few)?,
        capacity,
        found_at_capacity: [recall(&model)?, recall(&best)?],
        groups,
        all_years: all_years(truth),
    })
}

fn all_years(truth: &PersonYears) -> [Registration; 2] {
    let mut groups = [Registration::default(); 2];
    for year in truth.all().filter(|year| year.at_risk) {
        let group = &mut groups[year.group];
        group.true_rate.add(year.outcome);
        group.registered_rate.add(year.registered);
        if year.outcome {
            group.registered_of_true.add(year.registered);
        }
    }
    groups
}
