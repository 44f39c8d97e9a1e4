//! Curves and tables.

use super::{Place, edits};
use crate::{
    Bags, Curve, Deviations, InputPoints, PairTable, PointsFit, Side, TermsFit,
    read::fields::Fields,
};

pub(super) fn fit(place: &Place<'_>) -> Option<TermsFit> {
    let mut fields = place.fields()?;
    let intercept = fields.number("intercept");
    let bags = fields.optional("bags").map(|place| bags(&place));
    let curves = fields.list("curves", |place| curve(&place));
    let pairs = fields.list("pairs", |place| pair(&place));
    let edits = fields
        .optional("edits")
        .map_or_else(Vec::new, |place| place.list(|place| edits::edit(&place)));
    fields.done();
    Some(TermsFit {
        intercept,
        bags: match bags {
            Some(bags) => Some(bags?),
            None => None,
        },
        curves: curves.into_iter().collect::<Option<_>>()?,
        pairs: pairs.into_iter().collect::<Option<_>>()?,
        edits: edits.into_iter().collect::<Option<_>>()?,
    })
}

pub(super) fn points(place: &Place<'_>) -> Option<PointsFit> {
    let mut fields = place.fields()?;
    let intercept = fields.number("intercept");
    let per_point = fields.number("perPoint");
    let inputs = fields.list("inputs", |place| {
        let mut fields = place.fields()?;
        let part = InputPoints {
            side: side(&mut fields),
            // More than a u32 holds is more than the check allows.
            points: fields.list("points", |place| {
                u32::try_from(place.count()).unwrap_or(u32::MAX)
            }),
            mean: fields.number("mean"),
        };
        fields.done();
        Some(part)
    });
    fields.done();
    Some(PointsFit {
        intercept,
        per_point,
        inputs: inputs.into_iter().collect::<Option<_>>()?,
    })
}

pub(super) fn bags(place: &Place<'_>) -> Option<Bags> {
    let mut fields = place.fields()?;
    let bags = Bags {
        factor: fields.number("factor"),
        unit: fields.number("unit"),
        intercept: fields
            .required("intercept")
            .map(|place| deviations(&place))
            .unwrap_or_default(),
    };
    fields.done();
    Some(bags)
}

fn deviations(place: &Place<'_>) -> Deviations {
    let text = place.text();
    Deviations::parse(&text).unwrap_or_else(|| {
        place.fault("wrong-form", "whole numbers with a space between them");
        Deviations::default()
    })
}

pub(super) fn curve(place: &Place<'_>) -> Option<Curve> {
    let mut fields = place.fields()?;
    let curve = Curve {
        side: side(&mut fields),
        scores: fields.list("scores", |place| place.number()),
        standard_errors: fields.list("standardErrors", |place| place.number()),
        deviations: fields
            .optional("deviations")
            .map_or_else(Vec::new, |place| place.list(|step| deviations(&step))),
    };
    fields.done();
    Some(curve)
}

pub(super) fn side(fields: &mut Fields<'_>) -> Side {
    Side {
        input: fields.text("input"),
        cuts: fields
            .optional("cuts")
            .map(|place| place.list(|place| place.number())),
        levels: fields
            .optional("levels")
            .map(|place| place.list(|place| place.list(|place| place.text()))),
    }
}

pub(super) fn pair(place: &Place<'_>) -> Option<PairTable> {
    let mut fields = place.fields()?;
    let of = |place: Place<'_>| {
        let mut fields = place.fields()?;
        let side = side(&mut fields);
        fields.done();
        Some(side)
    };
    let first = fields.required("first").and_then(of);
    let second = fields.required("second").and_then(of);
    let scores = fields.list("scores", |row| row.list(|cell| cell.number()));
    let standard_errors = fields.list("standardErrors", |row| row.list(|cell| cell.number()));
    let deviations = fields
        .optional("deviations")
        .map_or_else(Vec::new, |place| {
            place.list(|row| row.list(|cell| deviations(&cell)))
        });
    fields.done();
    Some(PairTable {
        first: first?,
        second: second?,
        scores,
        standard_errors,
        deviations,
    })
}
