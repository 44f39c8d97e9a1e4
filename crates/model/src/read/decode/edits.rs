//! What experts changed.

use helder_types::Digest;

use super::{Place, cases, input, terms};
use crate::{
    Change, Curved, Edit, Effect, EffectFigure, Former, Stretch, edit::Placed, read::fields::Fields,
};

pub(super) fn edit(place: &Place<'_>) -> Option<Edit> {
    let mut fields = place.fields()?;
    let (by, at, reason) = (fields.text("by"), fields.text("at"), fields.text("reason"));
    let of = fields
        .required("of")
        .and_then(|place| place.parsed::<Digest>());
    let changes = fields.list("changes", |place| change(&place));
    let effect = fields.optional("effect").map(|place| effect(&place));
    let former = fields.required("former").and_then(|place| former(&place));
    fields.done();
    Some(Edit {
        by,
        at,
        reason,
        of: of?,
        changes: changes.into_iter().collect::<Option<_>>()?,
        effect: match effect {
            Some(effect) => Some(effect?),
            None => None,
        },
        former: former?,
    })
}

fn change(place: &Place<'_>) -> Option<Change> {
    #[derive(Clone, Copy)]
    enum Kind {
        Set,
        Flatten,
        Monotone,
        Merge,
        Remove,
        RemovePair,
    }
    let kinds = [
        ("set", Kind::Set),
        ("flatten", Kind::Flatten),
        ("monotone", Kind::Monotone),
        ("merge", Kind::Merge),
        ("remove", Kind::Remove),
        ("removePair", Kind::RemovePair),
    ];
    let mut fields = place.fields()?;
    let kind = fields.required("change")?.one_of(&kinds)?;
    let change = match kind {
        Kind::Set => Change::Set {
            input: fields.text("input"),
            stretch: stretch(&mut fields),
            value: fields.number("value"),
        },
        Kind::Flatten => Change::Flatten {
            input: fields.text("input"),
            stretch: stretch(&mut fields),
        },
        Kind::Monotone => {
            let ways = [("rising", Curved::Rising), ("falling", Curved::Falling)];
            let (input, direction) = (fields.text("input"), fields.required("direction"));
            let (from, to) = (fields.optional_number("from"), fields.optional_number("to"));
            Change::Monotone {
                input,
                direction: direction?.one_of(&ways)?,
                from,
                to,
            }
        }
        Kind::Merge => Change::Merge {
            input: fields.text("input"),
            levels: fields.list("levels", |place| place.text()),
        },
        Kind::Remove => Change::Remove {
            input: fields.text("input"),
        },
        Kind::RemovePair => Change::RemovePair {
            first: fields.text("first"),
            second: fields.text("second"),
        },
    };
    fields.done();
    Some(change)
}

fn stretch(fields: &mut Fields<'_>) -> Stretch {
    let read = |place: Place<'_>| {
        let mut fields = place.fields()?;
        let stretch = Stretch {
            from: fields.optional_number("from"),
            to: fields.optional_number("to"),
            levels: fields
                .optional("levels")
                .map_or_else(Vec::new, |place| place.list(|place| place.text())),
            missing: fields
                .optional("missing")
                .is_some_and(|place| place.is_true()),
        };
        fields.done();
        Some(stretch)
    };
    fields
        .required("stretch")
        .and_then(read)
        .unwrap_or_default()
}

fn effect(place: &Place<'_>) -> Option<Effect> {
    let mut fields = place.fields()?;
    let rows = fields.count("rows");
    let figures = fields.list("figures", |place| {
        let mut fields = place.fields()?;
        let figure = EffectFigure {
            name: fields.text("name"),
            before: fields.number("before"),
            after: fields.number("after"),
        };
        fields.done();
        Some(figure)
    });
    fields.done();
    Some(Effect {
        rows,
        figures: figures.into_iter().collect::<Option<_>>()?,
    })
}

fn former(place: &Place<'_>) -> Option<Former> {
    let mut fields = place.fields()?;
    let intercept = fields.number("intercept");
    let bags = fields.optional("bags").map(|place| terms::bags(&place));
    let inputs = placed(&mut fields, "inputs", input);
    let curves = placed(&mut fields, "curves", terms::curve);
    let pairs = placed(&mut fields, "pairs", terms::pair);
    let similar_cases = fields
        .optional("similarCases")
        .map(|place| cases::similar_cases(&place));
    fields.done();
    Some(Former {
        intercept,
        bags: match bags {
            Some(bags) => Some(bags?),
            None => None,
        },
        inputs: inputs?,
        curves: curves?,
        pairs: pairs?,
        similar_cases: match similar_cases {
            Some(cases) => Some(cases?),
            None => None,
        },
    })
}

fn placed<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: fn(&Place<'_>) -> Option<T>,
) -> Option<Vec<Placed<T>>> {
    let one = |place: Place<'_>| {
        let mut fields = place.fields()?;
        let at = fields.count("place");
        let was = fields.required("was").and_then(|place| read(&place));
        fields.done();
        Some(Placed {
            place: at,
            was: was?,
        })
    };
    fields.list(key, one).into_iter().collect()
}
