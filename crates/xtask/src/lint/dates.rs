//! Dates and times: a day is a `date`, a moment says its offset, a time of day does not.

use serde_json::Value;

use super::{
    rule::{Finding, Level, Place, Rule},
    walk::{array, every, object, target},
};

static ZONE: Rule = Rule {
    id: "nlgov:date-time-ensure-timezone",
    design: "/core/date-time/timezone",
    level: Level::Error,
    text: "a moment has the format date-time, with its offset",
};
static TIME: Rule = Rule {
    id: "nlgov:time-without-timezone",
    design: "/core/date-time/timezone",
    level: Level::Error,
    text: "a time of day has the format time-local, without an offset",
};
static FORMAT: Rule = Rule {
    id: "nlgov:specify-format-for-date-and-time",
    design: "/core/date-time/date-omit-time-portion",
    level: Level::Error,
    text: "what is called a date says its format",
};
static DAY: Rule = Rule {
    id: "nlgov:use-date-instead-of-datetime",
    design: "/core/date-time/date-omit-time-portion",
    level: Level::Error,
    text: "what is called a date has the format date",
};

/// Checks every property in the document.
pub(super) fn check(document: &Value, found: &mut Vec<Finding>) {
    every(&Place::default(), document, &mut |place, value| {
        for (name, schema) in object(&value["properties"]) {
            let place = place.with("properties").with(name);
            let (place, schema) = target(document, place, schema);
            match schema["format"].as_str() {
                Some("date-time-local") => found.push(ZONE.broken_at(&place.with("format"))),
                Some("time") => found.push(TIME.broken_at(&place.with("format"))),
                _ => {}
            }
            if is_called_date(name) {
                if !says_format(document, schema) {
                    found.push(FORMAT.broken_at(&place));
                }
                moments(document, &place, schema, &mut Vec::new(), found);
            }
        }
    });
}

/// A format of its own, of the items of a list, or of every part of `allOf`, `anyOf` or `oneOf` that is not "nothing".
///
/// The published linter goes by the name alone. Here an object needs none: a count by date is no date.
fn says_format(document: &Value, schema: &Value) -> bool {
    let (_, schema) = target(document, Place::default(), schema);
    let is_a = |kind: &str| schema["type"] == kind || array(&schema["type"]).contains(&kind.into());
    if is_a("array") {
        return says_format(document, &schema["items"]);
    }
    !schema["format"].is_null()
        || is_a("object")
        || ["allOf", "anyOf", "oneOf"].iter().any(|key| {
            let parts = array(&schema[*key]).iter();
            let mut real = parts.filter(|it| it["type"] != "null").peekable();
            real.peek().is_some()
                && real.all(|it| !target(document, Place::default(), it).1["format"].is_null())
        })
}

/// Every format `date-time` in the schema and in what it refers to.
fn moments<'a>(
    document: &'a Value,
    place: &Place,
    value: &'a Value,
    seen: &mut Vec<&'a str>,
    found: &mut Vec<Finding>,
) {
    if let Some(reference) = value["$ref"].as_str() {
        if !seen.contains(&reference) {
            seen.push(reference);
            let (place, value) = target(document, place.clone(), value);
            moments(document, &place, value, seen, found);
        }
        return;
    }
    if value["format"] == "date-time" {
        found.push(DAY.broken_at(&place.with("format")));
    }
    for (name, below) in object(value) {
        moments(document, &place.with(name), below, seen, found);
    }
    for (index, below) in array(value).iter().enumerate() {
        moments(document, &place.at(index), below, seen, found);
    }
}

/// `date`, `datum`, or a name with `Date`, `Datum`, `_date` or `_datum` after its first letter.
fn is_called_date(name: &str) -> bool {
    let after_a_letter = |word: &str| {
        name.match_indices(word)
            .any(|(at, _)| name[..at].ends_with(|it: char| it.is_ascii_alphanumeric() || it == '_'))
    };
    matches!(name, "date" | "datum")
        || after_a_letter("Date")
        || after_a_letter("Datum")
        || name.contains("_date")
        || name.contains("_datum")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_dates_says_the_format_of_its_items() {
        let dates = |schema: Value| {
            let mut found = Vec::new();
            check(
                &json!({"properties": {"referenceDates": schema}}),
                &mut found,
            );
            found.len()
        };
        let list = |items: Value| json!({"type": "array", "items": items});
        assert_eq!(dates(list(json!({"type": "string", "format": "date"}))), 0);
        assert_eq!(dates(json!({"type": "object"})), 0);
        assert_eq!(dates(list(json!({"type": "string"}))), 1);
        assert_eq!(
            dates(list(json!({"type": "string", "format": "date-time"}))),
            1
        );
        assert_eq!(dates(json!({"type": ["string", "null"]})), 1);
    }

    #[test]
    fn a_name_that_says_date_is_known() {
        for name in [
            "date",
            "datum",
            "birthDate",
            "geboorteDatum",
            "expiration_date",
            "expiration_Date",
        ] {
            assert!(is_called_date(name), "{name}");
        }
        for name in [
            "Date",
            "dates",
            "update",
            "timestamp",
            "dateless",
            "candidate",
        ] {
            assert!(!is_called_date(name), "{name}");
        }
    }
}
