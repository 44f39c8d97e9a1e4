//! What one schema breaks: for what comes in, everything that fitted still has to fit; for what goes out, everything that
//! fits now has to have fitted before, apart from new fields.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::lint::{
    rule::Place,
    walk::{array, object, target},
};

/// The way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// From the client to us.
    In,
    /// From us to the client.
    Out,
}

/// A schema and the document it stands in.
type Within<'a> = (&'a Value, &'a Value);

/// Adds everything that breaks.
pub(super) fn breaks(
    place: &str,
    way: Way,
    old: Within<'_>,
    new: Within<'_>,
    found: &mut Vec<String>,
) {
    Comparison {
        documents: (old.0, new.0),
        way,
        seen: Vec::new(),
        found,
    }
    .schemas(place, old.1, new.1);
}

struct Comparison<'a, 'f> {
    documents: (&'a Value, &'a Value),
    way: Way,
    /// Pairs that are being compared, for schemas that hold themselves.
    seen: Vec<(&'a Value, &'a Value)>,
    found: &'f mut Vec<String>,
}

/// Bounds, and whether a higher one is stricter.
const BOUNDS: [(&str, bool); 8] = [
    ("minimum", true),
    ("exclusiveMinimum", true),
    ("minLength", true),
    ("minItems", true),
    ("maximum", false),
    ("exclusiveMaximum", false),
    ("maxLength", false),
    ("maxItems", false),
];

/// Formats of which the second holds all values of the first.
const WIDER: [(&str, &str); 2] = [("int32", "int64"), ("float", "double")];

impl<'a> Comparison<'a, '_> {
    fn say(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place}: {what}"));
    }

    fn schemas(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let old = core(self.documents.0, old);
        let new = core(self.documents.1, new);
        let pair = (old.schema, new.schema);
        let is_pair =
            |it: &(&Value, &Value)| std::ptr::eq(it.0, pair.0) && std::ptr::eq(it.1, pair.1);
        self.types(place, (&old, self.documents.0), (&new, self.documents.1));
        if !self.seen.iter().any(is_pair) {
            self.seen.push(pair);
            self.inside(place, pair.0, pair.1);
            self.seen.pop();
        }
    }

    /// Everything but the type.
    fn inside(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        self.values(place, old, new);
        self.text(place, old, new);
        if self.way == Way::In {
            self.bounds(place, old, new);
            if old["default"] != new["default"] && !old["default"].is_null() {
                self.say(place, "another value counts when it is left out");
            }
        }
        self.fields(place, old, new);
        if !old["items"].is_null() && !new["items"].is_null() {
            self.schemas(&format!("{place}[]"), &old["items"], &new["items"]);
        }
        self.choices(place, old, new);
    }

    /// Which kinds of values there are.
    fn types(&mut self, place: &str, old: (&Core<'_>, &Value), new: (&Core<'_>, &Value)) {
        let (was, is) = (kinds(old.0, old.1), kinds(new.0, new.1));
        let (Some(was), Some(is)) = (was, is) else {
            let is_narrower = kinds(old.0, old.1).is_none() && kinds(new.0, new.1).is_some();
            let is_wider = kinds(old.0, old.1).is_some() && kinds(new.0, new.1).is_none();
            if (self.way == Way::In && is_narrower) || (self.way == Way::Out && is_wider) {
                self.say(place, "the type changed");
            }
            return;
        };
        let holds = |many: &BTreeSet<String>, one: &String| {
            many.contains(one) || (one == "integer" && many.contains("number"))
        };
        let (within, whole) = match self.way {
            Way::In => (&was, &is),
            Way::Out => (&is, &was),
        };
        for kind in within.iter().filter(|kind| !holds(whole, kind)) {
            let what = match self.way {
                Way::In => format!("{kind} is no longer accepted"),
                Way::Out => format!("it may be {kind} now"),
            };
            self.say(place, &what);
        }
    }

    /// Listed values.
    fn values(&mut self, place: &str, old: &Value, new: &Value) {
        let (was, is) = (old["enum"].as_array(), new["enum"].as_array());
        match (self.way, was, is) {
            (_, None, None) | (Way::In, Some(_), None) | (Way::Out, None, Some(_)) => {}
            (Way::In, None, Some(_)) => self.say(place, "only some values are accepted now"),
            (Way::Out, Some(_), None) => self.say(place, "it may be any value now"),
            (way, Some(was), Some(is)) => {
                let (within, whole) = match way {
                    Way::In => (was, is),
                    Way::Out => (is, was),
                };
                for value in within.iter().filter(|it| !whole.contains(it)) {
                    let what = match way {
                        Way::In => format!("{value} is no longer accepted"),
                        Way::Out => format!("it may be {value} now"),
                    };
                    self.say(place, &what);
                }
            }
        }
    }

    /// How a value is written.
    fn text(&mut self, place: &str, old: &Value, new: &Value) {
        for word in ["format", "pattern"] {
            let (was, is) = (old[word].as_str(), new[word].as_str());
            let is_harmless = match (self.way, was, is) {
                (_, was, is) if was == is => true,
                (Way::In, Some(_), None) | (Way::Out, None, Some(_)) => true,
                (Way::In, Some(was), Some(is)) => WIDER.contains(&(was, is)),
                (Way::Out, Some(was), Some(is)) => WIDER.contains(&(is, was)),
                _ => false,
            };
            if !is_harmless {
                self.say(place, &format!("another {word}"));
            }
        }
    }

    fn bounds(&mut self, place: &str, old: &Value, new: &Value) {
        for (bound, is_stricter_up) in BOUNDS {
            let Some(is) = new[bound].as_f64() else {
                continue;
            };
            let is_stricter = match old[bound].as_f64() {
                None => !(is_stricter_up && is <= 0.0 && bound.starts_with("minL")),
                Some(was) if is_stricter_up => is > was,
                Some(was) => is < was,
            };
            if is_stricter {
                self.say(place, &format!("{bound} is stricter"));
            }
        }
    }

    fn fields(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let is_required =
            |schema: &Value, name: &str| array(&schema["required"]).iter().any(|it| it == name);
        for (name, was) in object(&old["properties"]) {
            let place = format!("{place}/{name}");
            let Some(is) = new["properties"].get(name) else {
                self.say(&place, "the field is gone");
                continue;
            };
            match (is_required(old, name), is_required(new, name)) {
                (false, true) if self.way == Way::In => self.say(&place, "it is required now"),
                (true, false) if self.way == Way::Out => self.say(&place, "it may be missing now"),
                _ => {}
            }
            self.schemas(&place, was, is);
        }
        if self.way == Way::In {
            for name in array(&new["required"]).iter().filter_map(Value::as_str) {
                if old["properties"].get(name).is_none() {
                    self.say(&format!("{place}/{name}"), "a new field is required");
                }
            }
        }
        let (was, is) = (&old["additionalProperties"], &new["additionalProperties"]);
        if self.way == Way::In && *is == Value::Bool(false) && *was != Value::Bool(false) {
            self.say(place, "other fields are refused now");
        }
        if was.is_object() && is.is_object() {
            self.schemas(&format!("{place}/*"), was, is);
        }
    }

    /// Shapes of a choice, each found again by its name, by the one value that tells it apart, or by its type.
    fn choices(&mut self, place: &str, old: &'a Value, new: &'a Value) {
        let (was, is) = (shapes(old), shapes(new));
        if was.is_empty() && is.is_empty() {
            return;
        }
        for (name, before) in &was {
            match is.iter().find(|(other, _)| other == name) {
                Some((_, now)) => self.schemas(&format!("{place}({name})"), before, now),
                None if self.way == Way::In => {
                    self.say(place, &format!("the choice {name} is no longer accepted"));
                }
                None => {}
            }
        }
        for (name, _) in is
            .iter()
            .filter(|(name, _)| was.iter().all(|it| it.0 != *name))
        {
            if self.way == Way::Out {
                self.say(place, &format!("it may be {name} now"));
            }
        }
    }
}

/// A schema without references and without the choice of nothing.
struct Core<'a> {
    schema: &'a Value,
    is_nullable: bool,
}

/// Follows references, and what is "this or nothing" to this.
fn core<'a>(document: &'a Value, schema: &'a Value) -> Core<'a> {
    let (_, schema) = target(document, Place::default(), schema);
    let choices = array(&schema["oneOf"]);
    let real: Vec<_> = choices.iter().filter(|it| it["type"] != "null").collect();
    match real.as_slice() {
        [only] => Core {
            is_nullable: real.len() < choices.len(),
            ..core(document, only)
        },
        _ => Core {
            schema,
            is_nullable: real.len() < choices.len(),
        },
    }
}

/// The types of a schema; nothing when it says none.
fn kinds(core: &Core<'_>, document: &Value) -> Option<BTreeSet<String>> {
    let mut kinds = BTreeSet::new();
    match &core.schema["type"] {
        Value::String(kind) => {
            kinds.insert(kind.clone());
        }
        Value::Array(all) => kinds.extend(all.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {
            for choice in array(&core.schema["oneOf"]) {
                let inner = self::core(document, choice);
                kinds.extend(self::kinds(&inner, document)?);
            }
            if kinds.is_empty() {
                return None;
            }
        }
    }
    if core.is_nullable {
        kinds.insert("null".to_owned());
    }
    Some(kinds)
}

/// The shapes of a choice with what each is known by.
fn shapes(schema: &Value) -> Vec<(String, &Value)> {
    let choices = array(&schema["oneOf"]).iter();
    let mut shapes: Vec<(String, &Value)> = choices
        .filter(|choice| choice["type"] != "null")
        .map(|choice| {
            let single = object(&choice["properties"]).find_map(|(name, property)| {
                match array(&property["enum"]) {
                    [Value::String(value)] => Some(format!("{name} {value}")),
                    _ => None,
                }
            });
            let name = choice["$ref"]
                .as_str()
                .map(|it| it.rsplit('/').next().unwrap_or_default().to_owned())
                .or(single)
                .unwrap_or_else(|| choice["type"].as_str().unwrap_or("anything").to_owned());
            (name, choice)
        })
        .collect();
    // What nothing tells apart goes by its place.
    let names: Vec<_> = shapes.iter().map(|(name, _)| name.clone()).collect();
    for (place, (name, _)) in shapes.iter_mut().enumerate() {
        let before = names[..place].iter().filter(|it| *it == name).count();
        if before > 0 {
            *name = format!("{name} {}", before + 1);
        }
    }
    shapes
}
