//! How a model was learned.

use helder_types::Digest;

use super::super::fields::Place;
use crate::{Parent, Split, Training};

pub(super) fn training(place: &Place<'_>) -> Option<Training> {
    let mut fields = place.fields()?;
    let parents = fields.list("parents", |place| {
        let mut fields = place.fields()?;
        let name = fields.text("name");
        let digest = fields
            .required("digest")
            .and_then(|place| place.parsed::<Digest>());
        fields.done();
        Some(Parent {
            name,
            digest: digest?,
        })
    });
    let frame_digest = fields
        .required("frameDigest")
        .and_then(|place| place.parsed::<Digest>());
    let rows = fields.count("rows");
    let events = fields.optional("events").map(|place| place.count());
    let split = fields.required("split").and_then(|place| split(&place));
    let seed = fields.count("seed");
    let code_version = fields.text("codeVersion");
    let sensitive_features = fields.list("sensitiveFeatures", |place| place.text());
    fields.done();
    Some(Training {
        parents: parents.into_iter().collect::<Option<_>>()?,
        frame_digest: frame_digest?,
        rows,
        events,
        split: split?,
        seed,
        code_version,
        sensitive_features,
    })
}

fn split(place: &Place<'_>) -> Option<Split> {
    #[derive(Clone, Copy)]
    enum Rule {
        Time,
        Random,
        Column,
        None,
    }
    let rules = [
        ("time", Rule::Time),
        ("random", Rule::Random),
        ("column", Rule::Column),
        ("none", Rule::None),
    ];
    let mut fields = place.fields()?;
    let split = match fields.required("rule")?.one_of(&rules)? {
        Rule::Time => Split::Time {
            test_from: fields.text("testFrom"),
        },
        Rule::Random => Split::Random {
            test_share: fields.number("testShare"),
            group: fields.optional_text("group"),
        },
        Rule::Column => Split::Column {
            column: fields.text("column"),
            value: fields.text("value"),
        },
        Rule::None => Split::None,
    };
    fields.done();
    Some(split)
}
