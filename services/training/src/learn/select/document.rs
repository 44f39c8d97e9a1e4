//! `selection.json`.

use helder_selection::{Compared, NestedFold, Proposal, Reason, Role, State, Tried};
use helder_types::Digest;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    plan::{Named, NewSelection},
    sizes,
};
use crate::learn::{
    CODE_VERSION, FrameOrigin,
    plan::{AlgorithmName, Hyperparameters, SMALLEST_GROUP},
    split::Rows,
};

/// Format of the document.
const FORMAT: &str = "helder-selection/1";

/// A comparison of algorithms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SelectionDocument {
    /// `helder-selection/1`.
    pub format: String,
    /// Code that compared.
    pub code_version: String,
    /// The frame.
    pub frame_digest: Digest,
    /// Column with the outcome.
    pub target: String,
    /// Seed of everything random.
    pub seed: u32,
    /// Share of the subjects that can be helped.
    pub capacity_share: f64,
    /// Rows in play.
    pub rows: RowsInPlay,
    /// Which rows judged.
    pub folds: FoldsTold,
    /// What it cost.
    pub budget: BudgetTold,
    /// One per contender.
    pub lines: Vec<Line>,
    /// What is proposed, and why; places are those of `lines`.
    pub proposal: Proposal,
    /// The algorithm and setting proposed, ready for a training run.
    pub proposed: Option<Proposed>,
}

/// Rows in play.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RowsInPlay {
    /// That took part.
    pub compared: usize,
    /// That wait unseen for the model that comes out.
    pub kept_apart: usize,
}

/// Folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoldsTold {
    /// `rows`, the column whose equal values stayed together, or `reference_date`.
    pub by: String,
    /// Rows and positives per outer fold.
    pub outer: Vec<FoldTold>,
    /// Inner folds of each, at most.
    pub inner: usize,
}

/// An outer fold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoldTold {
    /// Rows learned from.
    pub train: usize,
    /// Rows judged on.
    pub test: usize,
    /// Of these, positive; absent when few.
    pub positives: Option<usize>,
}

/// What was spent of what.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BudgetTold {
    /// Models that could be fitted.
    pub fits: u32,
    /// Models that were.
    pub fits_done: usize,
    /// Seconds after which no further one was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// A contender.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
    /// Name of the algorithm; of a candidate only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<AlgorithmName>,
    /// Column of the simple rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Settings in the order asked, with how each went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingTold>,
    /// How the only setting went, where there is nothing to set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<State>,
    /// The figures.
    #[serde(flatten)]
    pub compared: Compared,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingTold {
    /// As asked.
    pub hyperparameters: Hyperparameters,
    /// How it went.
    #[serde(flatten)]
    pub outcome: State,
    /// Mean log loss over the outer folds. Flatters the best of many: the line's own figures do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_log_loss: Option<f64>,
}

/// An algorithm with its setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proposed {
    /// The algorithm.
    pub algorithm: AlgorithmName,
    /// Its setting.
    pub hyperparameters: Hyperparameters,
}

impl SelectionDocument {
    pub(super) fn new(
        (plan, origin): (&NewSelection, &FrameOrigin),
        (rows, outcome, folds): (&Rows, &[bool], &[NestedFold]),
        (contenders, tried): (&[Named], &Tried),
        compared: Vec<Compared>,
        proposal: Proposal,
    ) -> Self {
        let lines: Vec<Line> = contenders
            .iter()
            .zip(compared)
            .zip(&tried.trials)
            .map(|(((shape, candidate), compared), trials)| {
                let known = candidate.map(|place| &plan.candidates[place]);
                let settings = known.iter().flat_map(|known| &known.settings);
                let mean = |trial: &helder_selection::Trial| {
                    let losses = trial.outer.iter().map(|fold| fold.log_loss);
                    (!trial.outer.is_empty())
                        .then(|| losses.sum::<f64>() / trial.outer.len() as f64)
                };
                Line {
                    algorithm: known.map(|known| known.algorithm),
                    column: (shape.role == Role::SimpleRule)
                        .then(|| plan.simple_rule.clone())
                        .flatten(),
                    settings: settings
                        .zip(trials)
                        .map(|(hyperparameters, trial)| SettingTold {
                            hyperparameters: hyperparameters.clone(),
                            outcome: trial.state.clone(),
                            mean_log_loss: mean(trial),
                        })
                        .collect(),
                    outcome: known.is_none().then(|| trials[0].state.clone()),
                    compared,
                }
            })
            .collect();
        let proposed = proposal.contender.and_then(|place| {
            let line = &lines[place];
            let setting = line.compared.setting?;
            Some(Proposed {
                algorithm: line.algorithm?,
                hyperparameters: line.settings[setting].hyperparameters.clone(),
            })
        });
        let positives = |fold: &NestedFold| {
            let test = &fold.outer.test;
            let yes = test.iter().filter(|row| outcome[**row]).count();
            (yes >= SMALLEST_GROUP && test.len() - yes >= SMALLEST_GROUP).then_some(yes)
        };
        let outer = sizes(folds)
            .zip(folds)
            .map(|((train, test), fold)| FoldTold {
                train,
                test,
                positives: positives(fold),
            });
        Self {
            format: FORMAT.to_owned(),
            code_version: CODE_VERSION.to_owned(),
            frame_digest: origin.digest,
            target: plan.target.clone(),
            seed: plan.seed,
            capacity_share: plan.capacity_share,
            rows: RowsInPlay {
                compared: rows.train.len(),
                kept_apart: if rows.same { 0 } else { rows.test.len() },
            },
            folds: FoldsTold {
                by: plan.folds.by().to_owned(),
                outer: outer.collect(),
                inner: plan.folds.counts().1,
            },
            budget: BudgetTold {
                fits: plan.budget.fits,
                fits_done: tried.fits,
                seconds: plan.budget.seconds,
            },
            lines,
            proposal,
            proposed,
        }
    }

    /// Reasons of the proposal.
    pub(super) fn reasons(&self) -> &[Reason] {
        &self.proposal.reasons
    }
}
