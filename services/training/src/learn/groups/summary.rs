//! How a grouping went, for the evaluation.

use helder_model::{Algorithm, CertaintyStep, Meaning, Model, TraitValue};
use serde::Serialize;

/// How the grouping went.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct GroupsSummary {
    /// Number of groups.
    pub groups: usize,
    /// k-means: sum of squared distances to the own centre, on standardised columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inertia: Option<f64>,
    /// k-prototypes: sum of the distances to the own prototype.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Mixtures: mean natural log-likelihood of a row, on standardised columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_likelihood: Option<f64>,
    /// All numbers of groups that were tried.
    pub candidates: Vec<CandidateSummary>,
    /// Probability of groups that explain as much in made files without groups; absent where that could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance_without_groups: Option<f64>,
    /// Whether another search would find the same; absent for k-means.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub starts: Option<StartsSummary>,
    /// Each group.
    pub profiles: Vec<ProfileSummary>,
}

/// Whether other searches find the same groups.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct StartsSummary {
    /// Mean agreement (adjusted Rand index, at most 1) of two searches that each start once only.
    pub single_starts_agree: f64,
    /// The least of these.
    pub single_starts_agree_least: f64,
    /// Samples drawn from the rows to see whether groups are found again.
    pub samples: usize,
}

/// One number of groups that was tried.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CandidateSummary {
    pub groups: usize,
    /// As in the summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inertia: Option<f64>,
    /// As in the summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
    /// Mixtures: Bayesian information criterion; the smallest describes best without too many numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bic: Option<f64>,
    /// k-means: mean silhouette, in `[-1, 1]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silhouette: Option<f64>,
    /// k-means: mean adjusted Rand index under resampling, at most 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
    /// Others: mean overlap (Jaccard, in `[0, 1]`) of the groups with those of samples drawn from the rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jaccard: Option<f64>,
    /// The same of the group that is found again least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jaccard_least: Option<f64>,
}

/// One group; every group has at least the smallest size that may be shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ProfileSummary {
    pub name: Meaning,
    pub rows: Option<usize>,
    /// Mean overlap (Jaccard) with the group most like it in samples drawn from the rows; absent for k-means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jaccard: Option<f64>,
    /// Mean per column, in its unit.
    pub means: Vec<ColumnMean>,
    /// Most frequent value per category or boolean; left out where it would tell of a few rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<ColumnLevel>,
    /// k-prototypes: how certain it is that somebody belongs here, by how much nearer this group is than the next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certainty: Vec<CertaintyStep>,
}

/// Mean of a column within a group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ColumnMean {
    pub column: String,
    pub mean: f64,
    /// Distance from the mean of all rows, in standard deviations.
    pub difference: f64,
}

/// Most frequent value of a column within a group.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct ColumnLevel {
    pub column: String,
    pub level: String,
    /// Share of the group that has it, of those of whom it is known.
    pub share: f64,
    /// The same of all rows.
    pub all: f64,
    /// The difference, in standard deviations of all rows.
    pub difference: f64,
}

/// What sets each group of a model apart.
pub(in crate::learn) fn profiles(model: &Model) -> Vec<ProfileSummary> {
    let mut certainties = match &model.algorithm {
        Algorithm::KPrototypes(fit) => fit.prototypes.iter().map(|g| g.certainty.clone()).collect(),
        _ => Vec::new(),
    }
    .into_iter();
    let cards = model.group_cards().into_iter();
    let profile = |card: helder_model::GroupCard| {
        let (mut means, mut levels) = (Vec::new(), Vec::new());
        for one in card.traits {
            let column = model.inputs[one.input].name.clone();
            let difference = one.difference;
            match one.group {
                TraitValue::Mean(mean) => means.push(ColumnMean {
                    column,
                    mean,
                    difference,
                }),
                TraitValue::Level(level, share) => levels.push(ColumnLevel {
                    column,
                    level,
                    share,
                    all: one.all,
                    difference,
                }),
            }
        }
        ProfileSummary {
            name: card.name,
            rows: Some(card.rows as usize),
            jaccard: card.stability,
            means,
            levels,
            certainty: certainties.next().unwrap_or_default(),
        }
    };
    cards.map(profile).collect()
}
