//! How strong something that was not measured would have to be to explain a hazard ratio away.

use serde::Serialize;

use crate::HazardRatio;

/// What an unmeasured confounder could do.
///
/// # Source
/// VanderWeele & Ding 2017 (doi 10.7326/M16-2607); Ding & VanderWeele 2016 (doi 10.1097/EDE.0000000000000457).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sensitivity {
    /// Share of the spells that ended by the outcome.
    pub outcome_share: f64,
    /// Whether that is more than 15 %, so that a hazard ratio is no risk ratio.
    pub is_common: bool,
    /// The hazard ratio as risk ratio.
    pub risk_ratio: f64,
    /// E-value of the estimate: the risk ratio that an unmeasured confounder must have with both the provision and the outflow.
    pub e_value: f64,
    /// E-value of the limit nearest to 1; exactly 1 when 1 lies within the limits.
    pub e_value_of_limit: f64,
    /// The hazard ratio and its limits as they could at worst be under confounders of stated strength.
    pub bounds: Vec<Bound>,
    /// The measured column that moves the hazard ratio most when it is left out, as a measure of what one column can do.
    pub strongest_column: Option<StrongestColumn>,
}

/// A result under a confounder of stated strength.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bound {
    /// Risk ratio of the confounder with the provision, at least 1.
    pub with_provision: f64,
    /// Risk ratio of the confounder with the outcome, at least 1.
    pub with_outcome: f64,
    /// The most by which it can move a risk ratio, at least 1.
    pub factor: f64,
    /// The risk ratio, moved by that factor towards and possibly beyond 1.
    pub risk_ratio: f64,
    /// Its lower limit, moved alike.
    pub lower: f64,
    /// Its upper limit, moved alike.
    pub upper: f64,
}

/// What leaving a measured column out does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StrongestColumn {
    /// The column.
    pub name: String,
    /// The hazard ratio without it.
    pub hazard_ratio_without: f64,
}

/// E-value of a risk ratio: `RR + √(RR (RR − 1))`, of its inverse when below 1. At least 1.
///
/// # Source
/// VanderWeele & Ding 2017 (doi 10.7326/M16-2607).
pub fn e_value(risk_ratio: f64) -> f64 {
    let ratio = if risk_ratio < 1.0 {
        1.0 / risk_ratio
    } else {
        risk_ratio
    };
    ratio + (ratio * (ratio - 1.0)).sqrt()
}

/// The risk ratio that a hazard ratio stands for: itself when the outcome is rare (at most 15 % by the end of follow-up), and
/// `(1 − 0.5^√HR) / (1 − 0.5^√(1/HR))` when it is common.
///
/// # Source
/// VanderWeele & Ding 2017 (doi 10.7326/M16-2607), after VanderWeele 2017 (doi 10.1111/biom.12197).
pub fn risk_ratio_of(hazard_ratio: f64, is_common: bool) -> f64 {
    if !is_common {
        return hazard_ratio;
    }
    let root = hazard_ratio.sqrt();
    (1.0 - 0.5_f64.powf(root)) / (1.0 - 0.5_f64.powf(1.0 / root))
}

/// The most by which a confounder can move a risk ratio: `a b / (a + b − 1)` for risk ratios `a` with the exposure and `b` with the
/// outcome, both at least 1.
///
/// # Source
/// Ding & VanderWeele 2016 (doi 10.1097/EDE.0000000000000457).
pub fn bounding_factor(with_provision: f64, with_outcome: f64) -> f64 {
    with_provision * with_outcome / (with_provision + with_outcome - 1.0)
}

/// Strengths for which bounds are shown.
const STRENGTHS: [(f64, f64); 3] = [(1.25, 1.25), (1.5, 1.5), (2.0, 2.0)];

pub(crate) fn sensitivity(
    found: &HazardRatio,
    outcome_share: f64,
    strongest_column: Option<StrongestColumn>,
) -> Sensitivity {
    let is_common = outcome_share > 0.15;
    let of = |ratio: f64| risk_ratio_of(ratio, is_common);
    let (ratio, lower, upper) = (of(found.hazard_ratio), of(found.lower), of(found.upper));
    let limit = if found.may_be_one() {
        1.0
    } else if ratio > 1.0 {
        lower
    } else {
        upper
    };
    let bound = |(with_provision, with_outcome): (f64, f64)| {
        let factor = bounding_factor(with_provision, with_outcome);
        let moved = |value: f64| {
            if ratio > 1.0 {
                value / factor
            } else {
                value * factor
            }
        };
        Bound {
            with_provision,
            with_outcome,
            factor,
            risk_ratio: moved(ratio),
            lower: moved(lower),
            upper: moved(upper),
        }
    };
    Sensitivity {
        outcome_share,
        is_common,
        risk_ratio: ratio,
        e_value: e_value(ratio),
        e_value_of_limit: e_value(limit),
        bounds: STRENGTHS.map(bound).to_vec(),
        strongest_column,
    }
}
