//! Prototypes and mixtures.

use super::{super::fields::Place, meaning, standardisation};
use crate::groups::{CertaintyStep, Component, MixtureFit, Mode, Prototype, PrototypesFit};

pub(super) fn prototypes(place: &Place<'_>) -> Option<PrototypesFit> {
    let mut fields = place.fields()?;
    let scales = fields.list("standardisation", |place| standardisation(&place));
    let gamma = fields.number("gamma");
    let prototypes = fields.list("prototypes", |place| prototype(&place));
    let cost = fields.number("cost");
    fields.done();
    Some(PrototypesFit {
        standardisation: scales.into_iter().collect::<Option<_>>()?,
        gamma,
        prototypes: prototypes.into_iter().collect::<Option<_>>()?,
        cost,
    })
}

fn prototype(place: &Place<'_>) -> Option<Prototype> {
    let mut fields = place.fields()?;
    let name = meaning(&mut fields, "name");
    let rows = fields.count("rows");
    let stability = fields.number("stability");
    let means = fields.list("means", |place| place.number());
    let modes = fields.list("modes", |place| {
        let mut fields = place.fields()?;
        let mode = Mode {
            level: fields.text("level"),
            share: fields.optional_number("share"),
            overall: fields.optional_number("overall"),
        };
        fields.done();
        Some(mode)
    });
    let certainty = fields.list("certainty", |place| {
        let mut fields = place.fields()?;
        let step = CertaintyStep {
            below: fields.optional_number("below"),
            rows: fields.count("rows"),
            share: fields.number("share"),
        };
        fields.done();
        Some(step)
    });
    fields.done();
    Some(Prototype {
        name,
        rows,
        stability,
        means,
        modes: modes.into_iter().collect::<Option<_>>()?,
        certainty: certainty.into_iter().collect::<Option<_>>()?,
    })
}

pub(super) fn mixture(place: &Place<'_>) -> Option<MixtureFit> {
    let mut fields = place.fields()?;
    let scales = fields.list("standardisation", |place| standardisation(&place));
    let components = fields.list("components", |place| {
        let mut fields = place.fields()?;
        let component = Component {
            name: meaning(&mut fields, "name"),
            rows: fields.count("rows"),
            stability: fields.number("stability"),
            weight: fields.number("weight"),
            means: fields.list("means", |place| place.number()),
            covariance: fields.list("covariance", |row| row.list(|cell| cell.number())),
        };
        fields.done();
        Some(component)
    });
    let log_likelihood = fields.number("logLikelihood");
    fields.done();
    Some(MixtureFit {
        standardisation: scales.into_iter().collect::<Option<_>>()?,
        components: components.into_iter().collect::<Option<_>>()?,
        log_likelihood,
    })
}
