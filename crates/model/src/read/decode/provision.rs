//! Provisions.

use super::{super::fields::Place, meaning, texts};
use crate::{ExpectedDifference, Provision, Provisions};

pub(super) fn provisions(place: &Place<'_>) -> Option<Provisions> {
    let mut fields = place.fields()?;
    let report = fields.required("report").and_then(|place| place.parsed());
    let each = fields.list("each", |place| one(&place));
    fields.done();
    Some(Provisions {
        report: report?,
        each: each.into_iter().collect::<Option<_>>()?,
    })
}

fn one(place: &Place<'_>) -> Option<Provision> {
    let mut fields = place.fields()?;
    let name = fields.text("name");
    let (words, outcome) = (
        meaning(&mut fields, "meaning"),
        meaning(&mut fields, "outcome"),
    );
    let reason = fields.optional("reason").map(|place| texts(&place));
    let differences = fields
        .optional("differences")
        .map_or_else(Vec::new, |place| place.list(|place| difference(&place)));
    let [may, may_not] = ["may", "mayNot"].map(|key| {
        let said = fields.optional(key);
        said.map_or_else(Vec::new, |place| place.list(|place| texts(&place)))
    });
    fields.done();
    Some(Provision {
        name,
        meaning: words,
        outcome,
        reason: reason.map_or(Some(None), |reason| reason.map(Some))?,
        differences: differences.into_iter().collect::<Option<_>>()?,
        may: may.into_iter().collect::<Option<_>>()?,
        may_not: may_not.into_iter().collect::<Option<_>>()?,
    })
}

fn difference(place: &Place<'_>) -> Option<ExpectedDifference> {
    let mut fields = place.fields()?;
    // More than a u32 holds is more than anybody waits.
    let mut months = |key| u32::try_from(fields.count(key)).unwrap_or(u32::MAX);
    let (from_months, within_months) = (months("fromMonths"), months("withinMonths"));
    let found = ExpectedDifference {
        from_months,
        within_months,
        difference: fields.number("difference"),
        lower: fields.number("lower"),
        upper: fields.number("upper"),
    };
    fields.done();
    Some(found)
}
