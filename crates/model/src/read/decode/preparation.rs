//! What is done to the raw value of an input.

use super::super::fields::Place;
use crate::{CategoryGroup, Conversion, Preparation};

pub(super) fn preparation(place: &Place<'_>) -> Option<Preparation> {
    let mut fields = place.fields()?;
    let is_conversion = fields
        .required("rule")
        .and_then(|place| place.one_of(&[("groups", false), ("conversion", true)]))?;
    let preparation = if is_conversion {
        Preparation::Conversion(Conversion {
            unit: fields.optional_text("unit"),
            scale: fields.number("scale"),
            offset: fields.number("offset"),
            lowest: fields.optional_number("lowest"),
            highest: fields.optional_number("highest"),
        })
    } else {
        let groups = fields.list("groups", |place| group(&place));
        Preparation::Groups {
            groups: groups.into_iter().collect::<Option<_>>()?,
        }
    };
    fields.done();
    Some(preparation)
}

fn group(place: &Place<'_>) -> Option<CategoryGroup> {
    let mut fields = place.fields()?;
    let group = CategoryGroup {
        level: fields.text("level"),
        members: fields.list("members", |place| place.text()),
    };
    fields.done();
    Some(group)
}
