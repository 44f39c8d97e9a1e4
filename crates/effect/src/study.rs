//! What is asked: the spells, the provision, what is known of people, and the settings.

use serde::{Deserialize, Serialize};

/// Spells with the day on which a provision began, and what was known of each person when the spell began.
///
/// All slices have one value per spell. Days count from the beginning of the spell.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// Whose spell it is; `None` when every spell is of somebody else. Spells of one person are not counted as independent.
    pub person: Option<&'a [u32]>,
    /// Day from which the spell is in sight, at least 0 and before `end`: 0, or the age of the spell when registration began.
    pub entry: &'a [f64],
    /// Day on which the spell ended or was last seen.
    pub end: &'a [f64],
    /// How it ended: 0 for not yet, as far as is known; 1 and up for the ways out.
    pub cause: &'a [u32],
    /// Day on which the provision began, `None` for not (yet). Also known for provisions that began before `entry`.
    pub provision: &'a [Option<f64>],
    /// What may have to do with both the provision and the outflow.
    pub columns: Vec<Column<'a>>,
    /// Divisions of the people of which the effect is asked apart, declared before looking.
    pub groupings: Vec<Grouping<'a>>,
    /// The settings.
    pub settings: Settings,
}

/// A column of numbers that were known at the beginning of the spell; yes is 1 and no is 0, a category is a column per level but one.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    /// Its name.
    pub name: String,
    /// One value per spell; NaN where missing.
    pub values: &'a [f64],
    /// What to do with missing values.
    pub missing: Missing,
}

/// What to do with missing values of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// There are none; a missing value is a fault of the study.
    #[default]
    Refuse,
    /// They count as the mean, and a column beside it says that they were missing.
    Indicator,
}

/// A division of the people into groups.
#[derive(Clone, Debug)]
pub struct Grouping<'a> {
    /// Its name.
    pub name: String,
    /// Names of the groups.
    pub levels: Vec<String>,
    /// Per spell, the place of its group in `levels`.
    pub labels: &'a [u32],
}

/// Choices that are made before the outcome is looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Settings {
    /// The way out that the provision is for; 1 and up.
    pub outcome: u32,
    /// Confidence of the intervals, in `(0, 1)`.
    pub confidence: f64,
    /// Chance to find an effect of the smallest relevant size that a study must have, in `(0.5, 1)`.
    pub power: f64,
    /// The smallest effect that would matter, as hazard ratio above 1 (or one divided by it). A study that cannot see it says nothing.
    pub smallest_relevant_hazard_ratio: f64,
    /// The same as difference in the chance of outflow, in `(0, 1)`.
    pub smallest_relevant_difference: f64,
    /// Days at which those with and without the provision are compared from then on.
    pub landmarks: Vec<f64>,
    /// Days after a landmark until which outflow counts.
    pub horizons: Vec<f64>,
    /// The one of `horizons` that the conclusion tells of; without it the one of which most is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concluded_horizon: Option<f64>,
    /// Days from the beginning of the provision in which it may do something else than later, above 0.
    pub first_days: f64,
    /// Fewest people of which anything is shown, at least 10.
    pub smallest_group: usize,
    /// Share of the weights at each end that is set to the weight at that share, in `[0, 0.1]`. More than a little pulls the weighted
    /// result back to the unweighted one, because few rows hold most of the correction.
    pub truncation: f64,
    /// Chance of the provision outside `[propensity_limit, 1 − propensity_limit]` counts as no choice at all, in `(0, 0.2]`.
    pub propensity_limit: f64,
    /// How p-values of several groups are corrected.
    pub multiplicity: Multiplicity,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            outcome: 1,
            confidence: 0.95,
            power: 0.8,
            smallest_relevant_hazard_ratio: 1.5,
            smallest_relevant_difference: 0.1,
            landmarks: vec![90.0, 180.0, 365.0],
            horizons: vec![365.0],
            concluded_horizon: None,
            first_days: 180.0,
            smallest_group: 10,
            truncation: 0.0005,
            propensity_limit: 0.02,
            multiplicity: Multiplicity::Holm,
        }
    }
}

/// How p-values of several questions are corrected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Multiplicity {
    /// The chance of any false finding is kept (Holm 1979).
    #[default]
    Holm,
    /// The share of false findings among the findings is kept (Benjamini & Hochberg 1995).
    BenjaminiHochberg,
}
