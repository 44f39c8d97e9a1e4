//! Whether the provision does something else at first than later: people in a training often look for work less until it ends.

use helder_survival::Spells;
use serde::Serialize;

use crate::{
    HazardRatio, Reason, normal, power::smallest_visible, prepared::Prepared,
    regression::Regression,
};

/// The hazard ratio in the first days of the provision and after them, columns held equal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ByDuration {
    /// Days from the beginning of the provision that count as the first.
    pub first_days: f64,
    /// The hazard ratio in those days, against people without.
    pub first: HazardRatio,
    /// The hazard ratio after them.
    pub later: HazardRatio,
    /// Two-sided probability of two ratios as far apart when they are equal.
    pub p_value: f64,
}

const FIRST: &str = "first\u{0}";
const LATER: &str = "later\u{0}";

/// Parts of spells: without, in the first days, and later.
#[derive(Default)]
struct Parts {
    origin: Vec<usize>,
    from: Vec<f64>,
    until: Vec<f64>,
    cause: Vec<u32>,
    /// 0 without, 1 in the first days, 2 later.
    phase: Vec<u8>,
}

pub(crate) fn by_duration(study: &Prepared<'_>) -> Result<ByDuration, Reason> {
    let parts = Parts::of(study);
    for phase in [1, 2] {
        let outcomes = (0..parts.origin.len())
            .filter(|&row| parts.phase[row] == phase && parts.cause[row] > 0)
            .map(|row| parts.origin[row]);
        if study.people(outcomes) < study.settings.smallest_group {
            return Err(Reason::TooFewPeople);
        }
    }
    let spells = Spells::competing(&parts.until, &parts.cause)
        .and_then(|spells| spells.entered_at(&parts.from))
        .map_err(|_| Reason::NoEstimate)?;
    let column = |of: u8| {
        let phases = parts.phase.iter();
        phases
            .map(|phase| f64::from(u8::from(*phase == of)))
            .collect()
    };
    let fit = Regression {
        spells: &spells,
        first: vec![(FIRST.to_owned(), column(1)), (LATER.to_owned(), column(2))],
        others: study.columns_of(&parts.origin),
        cluster: study.people_recur.then(|| study.person_of(&parts.origin)),
        strata: None,
    }
    .fit()?;
    let covariance = fit.robust_covariance.as_ref().unwrap_or(&fit.covariance);
    let place = |name: &str| {
        let place = fit.coefficients.iter().position(|it| it.name == name);
        place.ok_or(Reason::NoEstimate)
    };
    let (a, b) = (place(FIRST)?, place(LATER)?);
    let ratio = |k: usize, phase: u8| {
        let error = covariance[k][k].sqrt();
        if smallest_visible(study, error).exp() > study.settings.smallest_relevant_hazard_ratio {
            return Err(Reason::NoPower);
        }
        let rows = 0..parts.origin.len();
        let events = rows.filter(|&row| parts.phase[row] == phase && parts.cause[row] > 0);
        Ok(HazardRatio {
            adjusted_for: study.columns.iter().map(|(name, _)| name.clone()).collect(),
            ..HazardRatio::new(
                fit.coefficients[k].estimate,
                error,
                events.count(),
                study.settings.confidence,
            )
        })
    };
    let (first, later) = (ratio(a, 1)?, ratio(b, 2)?);
    let spread = covariance[a][a] + covariance[b][b] - 2.0 * covariance[a][b];
    let z = (first.estimate - later.estimate) / spread.sqrt();
    if !z.is_finite() {
        return Err(Reason::NoEstimate);
    }
    Ok(ByDuration {
        first_days: study.settings.first_days,
        first,
        later,
        p_value: normal::two_sided_p(z),
    })
}

impl Parts {
    fn of(study: &Prepared<'_>) -> Self {
        let mut parts = Self::default();
        for i in 0..study.len() {
            let (entry, end) = (study.study.entry[i], study.study.end[i]);
            let cause = u32::from(study.has_outcome(i));
            let begins = study.begins[i].unwrap_or(f64::INFINITY);
            let turns = begins + study.settings.first_days;
            let borders = [
                entry,
                begins.clamp(entry, end),
                turns.clamp(entry, end),
                end,
            ];
            for (phase, pair) in borders.windows(2).enumerate() {
                if pair[0] < pair[1] {
                    parts.origin.push(i);
                    parts.from.push(pair[0]);
                    parts.until.push(pair[1]);
                    parts.cause.push(if pair[1] < end { 0 } else { cause });
                    parts.phase.push(phase as u8);
                }
            }
        }
        parts
    }
}
