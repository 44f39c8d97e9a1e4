//! Hazards by interval.

use super::{super::fields::Place, hazard::risk_class, linear, meaning, terms};
use crate::{IntervalEffects, IntervalFit, IntervalHazard, IntervalRegression};

pub(super) fn fit(place: &Place<'_>) -> Option<IntervalFit> {
    let mut fields = place.fields()?;
    let horizons = fields.list("horizons", |place| place.number());
    let ends = fields.list("ends", |place| place.number());
    let at_risk = fields.list("atRisk", |place| place.number());
    let causes = fields.list("causes", |place| hazard(&place));
    let risk_classes = fields.list("riskClasses", |place| risk_class(&place));
    fields.done();
    Some(IntervalFit {
        horizons,
        ends,
        at_risk,
        causes: causes.into_iter().collect::<Option<_>>()?,
        risk_classes: risk_classes.into_iter().collect::<Option<_>>()?,
    })
}

fn hazard(place: &Place<'_>) -> Option<IntervalHazard> {
    let mut fields = place.fields()?;
    let name = fields.text("name");
    let meaning = meaning(&mut fields, "meaning");
    let events = fields.count("events");
    let terms = fields
        .required("terms")
        .and_then(|place| terms::fit(&place));
    fields.done();
    Some(IntervalHazard {
        name,
        meaning,
        events,
        terms: terms?,
    })
}

pub(super) fn regression(place: &Place<'_>) -> Option<IntervalRegression> {
    let mut fields = place.fields()?;
    let horizons = fields.list("horizons", |place| place.number());
    let ends = fields.list("ends", |place| place.number());
    let causes = fields.list("causes", |place| effects(&place));
    let risk_classes = fields.list("riskClasses", |place| risk_class(&place));
    fields.done();
    Some(IntervalRegression {
        horizons,
        ends,
        causes: causes.into_iter().collect::<Option<_>>()?,
        risk_classes: risk_classes.into_iter().collect::<Option<_>>()?,
    })
}

fn effects(place: &Place<'_>) -> Option<IntervalEffects> {
    let mut fields = place.fields()?;
    let name = fields.text("name");
    let meaning = meaning(&mut fields, "meaning");
    let events = fields.count("events");
    let terms = fields.required("terms").and_then(|place| linear(&place));
    fields.done();
    Some(IntervalEffects {
        name,
        meaning,
        events,
        terms: terms?,
    })
}
