//! How an input can be changed.

use super::super::fields::Place;
use crate::{Actionable, Direction};

pub(super) fn actionable(place: &Place<'_>) -> Option<Actionable> {
    let directions = [
        ("up", Direction::Up),
        ("down", Direction::Down),
        ("either", Direction::Either),
    ];
    let mut fields = place.fields()?;
    let direction = fields
        .required("direction")
        .and_then(|place| place.one_of(&directions));
    let minimum = fields.optional_number("minimum");
    let maximum = fields.optional_number("maximum");
    let largest_step = fields.optional_number("largestStep");
    let step = fields.optional_number("step");
    let levels = fields
        .optional("levels")
        .map_or_else(Vec::new, |place| place.list(|place| place.text()));
    let effort = fields.optional_number("effort");
    fields.done();
    Some(Actionable {
        direction: direction?,
        minimum,
        maximum,
        largest_step,
        step,
        levels,
        effort,
    })
}
