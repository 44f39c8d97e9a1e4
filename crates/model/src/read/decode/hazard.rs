//! Proportional hazards.

use super::{
    super::fields::{Fields, Place},
    category_term, effect, meaning,
};
use crate::{
    HazardTerms, LinearTerm, MissingTerm, SplineColumn, SplineTerm,
    hazard::{Hazard, HazardFit, RiskClass, RiskCurve},
};

pub(super) fn fit(place: &Place<'_>) -> Option<HazardFit> {
    let mut fields = place.fields()?;
    let horizons = fields.list("horizons", |place| place.number());
    let times = fields.list("times", |place| place.number());
    let knots = fields.list("knots", |place| place.count());
    let causes = fields.list("causes", |place| hazard(&place));
    let risk_classes = fields.list("riskClasses", |place| risk_class(&place));
    fields.done();
    Some(HazardFit {
        horizons,
        times,
        knots,
        causes: causes.into_iter().collect::<Option<_>>()?,
        risk_classes: risk_classes.into_iter().collect::<Option<_>>()?,
    })
}

fn hazard(place: &Place<'_>) -> Option<Hazard> {
    let mut fields = place.fields()?;
    let name = fields.text("name");
    let meaning = meaning(&mut fields, "meaning");
    let events = fields.count("events");
    let terms = fields.required("terms").and_then(|place| {
        let mut fields = place.fields()?;
        let terms = terms(&mut fields);
        fields.done();
        terms
    });
    let cumulative_hazard = fields.list("cumulativeHazard", |place| place.number());
    let variance = fields.list("variance", |place| place.number());
    let weighted_means = fields.list("weightedMeans", |place| place.list(|mean| mean.number()));
    fields.done();
    Some(Hazard {
        name,
        meaning,
        events,
        terms: terms?,
        cumulative_hazard,
        variance,
        weighted_means,
    })
}

pub(super) fn risk_class(place: &Place<'_>) -> Option<RiskClass> {
    let mut fields = place.fields()?;
    let below = fields.optional_number("below");
    let rows = fields.count("rows");
    let ended = fields.list("ended", |place| {
        let mut fields = place.fields()?;
        let mut numbers = |key| fields.list(key, |place: Place<'_>| place.number());
        let curve = RiskCurve {
            time: numbers("time"),
            share: numbers("share"),
            lower: numbers("lower"),
            upper: numbers("upper"),
        };
        fields.done();
        Some(curve)
    });
    fields.done();
    Some(RiskClass {
        below,
        rows,
        ended: ended.into_iter().collect::<Option<_>>()?,
    })
}

/// What every regression has beside an intercept.
pub(super) fn terms(fields: &mut Fields<'_>) -> Option<HazardTerms> {
    let linear_terms = fields.list("linearTerms", |place| {
        let (input, coefficient, standard_error, mean) = effect(&place, "input")?;
        Some(LinearTerm {
            input,
            coefficient,
            standard_error,
            mean,
        })
    });
    let spline_terms = fields
        .optional("splineTerms")
        .map(|place| place.list(|place| spline_term(&place)))
        .unwrap_or_default();
    let category_terms = fields.list("categoryTerms", |place| category_term(&place));
    let missing_terms = fields.list("missingTerms", |place| {
        let (input, coefficient, standard_error, mean) = effect(&place, "input")?;
        Some(MissingTerm {
            input,
            coefficient,
            standard_error,
            mean,
        })
    });
    let covariance = fields
        .optional("covariance")
        .map(|place| place.list(|row| row.list(|cell| cell.number())));
    Some(HazardTerms {
        linear_terms: linear_terms.into_iter().collect::<Option<_>>()?,
        spline_terms: spline_terms.into_iter().collect::<Option<_>>()?,
        category_terms: category_terms.into_iter().collect::<Option<_>>()?,
        missing_terms: missing_terms.into_iter().collect::<Option<_>>()?,
        covariance,
    })
}

fn spline_term(place: &Place<'_>) -> Option<SplineTerm> {
    let mut fields = place.fields()?;
    let input = fields.text("input");
    let knots = fields.list("knots", |place| place.number());
    let columns = fields.list("columns", |place| {
        let mut fields = place.fields()?;
        let coefficient = fields.number("coefficient");
        let standard_error = fields.optional_number("standardError");
        let mean = fields.number("mean");
        fields.done();
        Some(SplineColumn {
            coefficient,
            standard_error,
            mean,
        })
    });
    fields.done();
    Some(SplineTerm {
        input,
        knots,
        columns: columns.into_iter().collect::<Option<_>>()?,
    })
}
