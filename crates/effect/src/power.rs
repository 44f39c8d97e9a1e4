//! Whether there is enough data to see an effect that would matter.

use serde::Serialize;

use crate::{HazardRatio, Reason, normal, prepared::Prepared};

/// What these data could show, whatever the effect is.
///
/// # Source
/// Schoenfeld 1983 (doi 10.2307/2531021): events needed; share of the exposed as it changes from event to event; Hsieh & Lavori 2000
/// (doi 10.1016/S0197-2456(00)00104-5): factor for columns that are held equal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Power {
    /// Spells that ended by the outcome; like all that follows from it `None` when there are too few people to show anything.
    pub n_events: Option<usize>,
    /// Share of the exposed among those at risk, on average over the outcomes; in `[0, 1]`.
    pub exposed_share: Option<f64>,
    /// Factor by which holding columns equal raises the events needed, at least 1.
    pub inflation: f64,
    /// The smallest hazard ratio above 1 that would be found with the chance asked; `None` when no ratio would.
    pub smallest_detectable_hazard_ratio: Option<f64>,
    /// The smallest hazard ratio that was declared to matter.
    pub smallest_relevant_hazard_ratio: f64,
    /// Outcomes needed to see that one, with this share of exposed people; `None` when nobody is exposed.
    pub events_needed: Option<usize>,
    /// How many times as many spells that would take; `None` without outcomes or exposed people.
    pub times_as_many: Option<f64>,
    /// Chance to find an effect of the smallest relevant size, asked.
    pub power: f64,
    /// Whether that can be seen.
    pub is_enough: bool,
}

/// Events that a comparison needs: `(z_{α/2} + z_power)² / (share (1 − share) ln² hazard ratio)`.
///
/// * `exposed_share` – in `(0, 1)`   * `confidence`, `power` – in `(0, 1)`; `None` outside these ranges, or for a ratio of 1.
///
/// # Source
/// Schoenfeld 1983 (doi 10.2307/2531021).
pub fn events_needed(
    hazard_ratio: f64,
    exposed_share: f64,
    confidence: f64,
    power: f64,
) -> Option<f64> {
    let z = both(confidence, power)?;
    let spread = exposed_share * (1.0 - exposed_share);
    let needed = z * z / (spread * hazard_ratio.ln().powi(2));
    (spread > 0.0 && needed.is_finite()).then_some(needed)
}

/// The smallest hazard ratio above 1 that `n_events` would show; the inverse of [`events_needed`].
pub fn smallest_detectable_hazard_ratio(
    n_events: f64,
    exposed_share: f64,
    confidence: f64,
    power: f64,
) -> Option<f64> {
    let z = both(confidence, power)?;
    let ratio = (z / (n_events * exposed_share * (1.0 - exposed_share)).sqrt()).exp();
    ratio.is_finite().then_some(ratio)
}

/// `z_{α/2} + z_power`.
pub(crate) fn both(confidence: f64, power: f64) -> Option<f64> {
    let within = |p: f64| p > 0.0 && p < 1.0;
    (within(confidence) && within(power))
        .then(|| normal::two_sided(confidence) + normal::quantile(power))
}

/// What an analysis with this standard error could see: the logarithm of the ratio, or the difference.
pub(crate) fn smallest_visible(study: &Prepared<'_>, standard_error: f64) -> f64 {
    let z = both(study.settings.confidence, study.settings.power);
    z.map_or(f64::INFINITY, |z| z * standard_error)
}

pub(crate) fn power(study: &Prepared<'_>, adjusted: Result<&HazardRatio, Reason>) -> Power {
    let settings = study.settings;
    let relevant = settings.smallest_relevant_hazard_ratio;
    let mut power = Power {
        n_events: None,
        exposed_share: None,
        inflation: 1.0,
        smallest_detectable_hazard_ratio: None,
        smallest_relevant_hazard_ratio: relevant,
        events_needed: None,
        times_as_many: None,
        power: settings.power,
        is_enough: false,
    };
    if adjusted == Err(Reason::TooFewPeople) {
        return power;
    }
    let n_events = (0..study.len()).filter(|&i| study.has_outcome(i)).count();
    let (exposed_share, spread) = exposed_shares(study);
    let information = n_events as f64 * spread;
    if let Ok(adjusted) = adjusted {
        power.inflation = (information * adjusted.standard_error.powi(2)).max(1.0);
    }
    let z = both(settings.confidence, settings.power).unwrap_or(f64::INFINITY);
    let smallest = (z * (power.inflation / information).sqrt()).exp();
    let needed = z * z * power.inflation / (spread * relevant.ln().powi(2));
    let finite = |value: f64| value.is_finite().then_some(value);
    power.n_events = Some(n_events);
    power.exposed_share = Some(exposed_share);
    power.smallest_detectable_hazard_ratio = finite(smallest);
    power.events_needed = finite(needed).map(|needed| needed.ceil() as usize);
    power.times_as_many = finite(needed / n_events as f64);
    power.is_enough = adjusted.is_ok() && smallest <= relevant;
    power
}

/// Mean over the outcomes of the share `p` of the exposed among those at risk, and of `p (1 − p)`.
fn exposed_shares(study: &Prepared<'_>) -> (f64, f64) {
    let all = AtRisk::new((0..study.len()).map(|i| (study.study.entry[i], study.study.end[i])));
    let exposed = AtRisk::new((0..study.len()).filter_map(|i| {
        let from = study.begins[i]?.max(study.study.entry[i]);
        Some((from, study.study.end[i]))
    }));
    let (mut n, mut share, mut spread) = (0.0, 0.0, 0.0);
    for i in (0..study.len()).filter(|&i| study.has_outcome(i)) {
        let t = study.study.end[i];
        let p = exposed.at(t) / all.at(t);
        n += 1.0;
        share += p;
        spread += p * (1.0 - p);
    }
    if n == 0.0 {
        return (0.0, 0.0);
    }
    (share / n, spread / n)
}

/// How many are at risk at a day.
struct AtRisk {
    starts: Vec<f64>,
    ends: Vec<f64>,
}

impl AtRisk {
    fn new(spans: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut starts, mut ends): (Vec<f64>, Vec<f64>) = spans.unzip();
        starts.sort_by(f64::total_cmp);
        ends.sort_by(f64::total_cmp);
        Self { starts, ends }
    }

    fn at(&self, day: f64) -> f64 {
        let came = self.starts.partition_point(|start| *start < day);
        (came - self.ends.partition_point(|end| *end < day)) as f64
    }
}
