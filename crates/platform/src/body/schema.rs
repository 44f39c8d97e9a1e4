//! Checks a value against the documented schema of its type, and names every fault.
//!
//! Knows the part of JSON Schema that utoipa writes. What it does not know it lets pass: reading into the type follows.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use helder_types::Fault;
use regex::Regex;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::fault::escape;

/// A keyword that bounds a number, what it demands, and how to say so.
type Bound = (&'static str, fn(f64, f64) -> bool, &'static str);

/// More faults than this help nobody.
const MAX_FAULTS: usize = 100;

type Known = HashMap<TypeId, Arc<Compiled>>;

static COMPILED: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

struct Compiled {
    root: Value,
    named: HashMap<String, Value>,
    patterns: HashMap<String, Regex>,
}

/// All faults of `value` by the schema of `T`.
pub(super) fn faults<T: ToSchema + 'static>(value: &Value) -> Vec<Fault> {
    let schema = compiled::<T>();
    let mut check = Check {
        schema: &schema,
        faults: Vec::new(),
    };
    check.value(&schema.root, value, "", true);
    check.faults
}

fn compiled<T: ToSchema + 'static>() -> Arc<Compiled> {
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(
        known
            .entry(TypeId::of::<T>())
            .or_insert_with(|| Arc::new(compile::<T>())),
    )
}

fn compile<T: ToSchema>() -> Compiled {
    let mut parts = Vec::new();
    T::schemas(&mut parts);
    let root = serde_json::to_value(T::schema()).unwrap_or_default();
    let named: HashMap<_, _> = parts
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap_or_default()))
        .collect();
    let mut patterns = HashMap::new();
    for schema in named.values().chain([&root]) {
        collect_patterns(schema, &mut patterns);
    }
    Compiled {
        root,
        named,
        patterns,
    }
}

fn collect_patterns(schema: &Value, into: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(pattern)) = map.get("pattern")
                && let Ok(regex) = Regex::new(pattern)
            {
                into.insert(pattern.clone(), regex);
            }
            map.values().for_each(|value| collect_patterns(value, into));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_patterns(value, into)),
        _ => {}
    }
}

struct Check<'a> {
    schema: &'a Compiled,
    faults: Vec<Fault>,
}

impl Check<'_> {
    fn fault(&mut self, at: &str, code: &str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(at, code, detail));
        }
    }

    /// `closed`: an object with listed properties takes no others, unless it is one part of an `allOf`.
    fn value(&mut self, schema: &Value, value: &Value, at: &str, closed: bool) {
        let Value::Object(schema) = schema else {
            return;
        };
        if let Some(Value::String(name)) = schema.get("$ref") {
            let name = name.rsplit('/').next().unwrap_or_default();
            if let Some(target) = self.schema.named.get(name) {
                self.value(target, value, at, closed);
            }
            return;
        }
        for part in list(schema, "allOf") {
            self.value(part, value, at, false);
        }
        let alternatives = if schema.contains_key("oneOf") {
            list(schema, "oneOf")
        } else {
            list(schema, "anyOf")
        };
        if !alternatives.is_empty() {
            self.alternatives(alternatives, value, at);
        }
        if !self.has_type(schema, value, at) {
            return;
        }
        if let Some(allowed) = schema.get("enum").and_then(Value::as_array)
            && !allowed.contains(value)
        {
            let names: Vec<_> = allowed
                .iter()
                .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
                .collect();
            self.fault(
                at,
                "not-in-list",
                format!("expected one of {}", names.join(", ")),
            );
        }
        match value {
            Value::Object(map) => self.object(schema, map, at, closed),
            Value::Array(items) => self.array(schema, items, at),
            Value::String(text) => self.text(schema, text, at),
            Value::Number(number) => self.number(schema, number.as_f64().unwrap_or(f64::NAN), at),
            _ => {}
        }
    }

    fn alternatives(&mut self, alternatives: &[Value], value: &Value, at: &str) {
        let mut real = Vec::new();
        for alternative in alternatives {
            if alternative.get("type").is_some_and(|kind| kind == "null") {
                if value.is_null() {
                    return;
                }
                continue;
            }
            let mut check = Check {
                schema: self.schema,
                faults: Vec::new(),
            };
            check.value(alternative, value, at, true);
            if check.faults.is_empty() {
                return;
            }
            real.push(check.faults);
        }
        // The alternative that fits best says what is wrong: the one whose tag is right, else the only one.
        let tagged = real
            .iter()
            .position(|faults| faults.iter().all(|fault| fault.code != "not-in-list"));
        match (real.len(), tagged) {
            (1, _) => self.faults.append(&mut real[0]),
            (_, Some(best)) => self.faults.append(&mut real[best]),
            _ => self.fault(
                at,
                "no-alternative",
                "this is none of the documented alternatives",
            ),
        }
    }

    fn has_type(&mut self, schema: &Map<String, Value>, value: &Value, at: &str) -> bool {
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::String(kind)) => vec![kind],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => return true,
        };
        let fits = kinds.iter().any(|kind| match *kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "null" => value.is_null(),
            _ => true,
        });
        if !fits {
            self.fault(at, "wrong-type", format!("expected {}", kinds.join(" or ")));
        }
        fits
    }

    fn object(
        &mut self,
        schema: &Map<String, Value>,
        map: &Map<String, Value>,
        at: &str,
        closed: bool,
    ) {
        for name in list(schema, "required").iter().filter_map(Value::as_str) {
            if !map.contains_key(name) {
                self.fault(
                    &format!("{at}/{}", escape(name)),
                    "missing",
                    "this field is needed",
                );
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let rest = schema.get("additionalProperties");
        for (name, value) in map {
            let at = format!("{at}/{}", escape(name));
            match (properties.and_then(|known| known.get(name)), rest) {
                (Some(property), _) => self.value(property, value, &at, true),
                (None, Some(Value::Bool(false))) => {
                    self.fault(
                        &at,
                        "unknown-field",
                        "there is no such field here; remove it",
                    );
                }
                (None, Some(rest)) => self.value(rest, value, &at, true),
                (None, None) if closed && properties.is_some() => {
                    self.fault(
                        &at,
                        "unknown-field",
                        "there is no such field here; remove it",
                    );
                }
                (None, None) => {}
            }
        }
    }

    fn array(&mut self, schema: &Map<String, Value>, items: &[Value], at: &str) {
        self.size(schema, items.len(), ("minItems", "maxItems"), "items", at);
        if let Some(each) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(each, item, &format!("{at}/{index}"), true);
            }
        }
    }

    fn text(&mut self, schema: &Map<String, Value>, text: &str, at: &str) {
        self.size(
            schema,
            text.chars().count(),
            ("minLength", "maxLength"),
            "characters",
            at,
        );
        if let Some(pattern) = schema.get("pattern").and_then(Value::as_str)
            && let Some(regex) = self.schema.patterns.get(pattern)
            && !regex.is_match(text)
        {
            self.fault(
                at,
                "pattern",
                format!("expected text of the form {pattern}"),
            );
        }
        let (fits, what) = match schema.get("format").and_then(Value::as_str) {
            Some("uuid") => (uuid::Uuid::try_parse(text).is_ok(), "a UUID"),
            Some("date") => (
                text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10,
                "a date, YYYY-MM-DD",
            ),
            Some("date-time") => (
                text.parse::<jiff::Timestamp>().is_ok(),
                "a time with offset, RFC 3339",
            ),
            _ => (true, ""),
        };
        if !fits {
            self.fault(at, "format", format!("expected {what}"));
        }
    }

    fn number(&mut self, schema: &Map<String, Value>, number: f64, at: &str) {
        let bound = |key| schema.get(key).and_then(Value::as_f64);
        let rules: [Bound; 4] = [
            ("minimum", |number, bound| number >= bound, "at least"),
            ("maximum", |number, bound| number <= bound, "at most"),
            (
                "exclusiveMinimum",
                |number, bound| number > bound,
                "more than",
            ),
            (
                "exclusiveMaximum",
                |number, bound| number < bound,
                "less than",
            ),
        ];
        for (key, holds, words) in rules {
            if let Some(bound) = bound(key)
                && !holds(number, bound)
            {
                self.fault(at, "out-of-range", format!("expected {words} {bound}"));
            }
        }
    }

    fn size(
        &mut self,
        schema: &Map<String, Value>,
        size: usize,
        keys: (&str, &str),
        unit: &str,
        at: &str,
    ) {
        let bound = |key| schema.get(key).and_then(Value::as_u64);
        if let Some(least) = bound(keys.0).filter(|least| (size as u64) < *least) {
            self.fault(at, "too-short", format!("expected at least {least} {unit}"));
        }
        if let Some(most) = bound(keys.1).filter(|most| size as u64 > *most) {
            self.fault(at, "too-long", format!("expected at most {most} {unit}"));
        }
    }
}

fn list<'a>(schema: &'a Map<String, Value>, key: &str) -> &'a [Value] {
    schema
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
