//! Reading an object field by field while collecting faults. A faulty field yields a default; the result is thrown away then.

use std::cell::RefCell;

use helder_types::Fault;

use super::{MAX_FAULTS, json::Json};

/// Longest text in a model, characters.
const MAX_TEXT: usize = 10_000;

/// Collects faults from everywhere in the document.
#[derive(Default)]
pub(super) struct Faults(RefCell<Vec<Fault>>);

impl Faults {
    pub(super) fn add(&self, pointer: String, code: &str, detail: impl Into<String>) {
        let mut faults = self.0.borrow_mut();
        if faults.len() < MAX_FAULTS {
            faults.push(Fault::new(pointer, code, detail));
        }
    }

    pub(super) fn into_inner(self) -> Vec<Fault> {
        self.0.into_inner()
    }
}

/// A key as a pointer token (RFC 6901), at most 64 characters.
pub(super) fn escape(key: &str) -> String {
    key.chars()
        .take(64)
        .collect::<String>()
        .replace('~', "~0")
        .replace('/', "~1")
}

/// A value with its place.
#[derive(Clone)]
pub(super) struct Place<'a> {
    pub(super) json: &'a Json,
    pub(super) pointer: String,
    pub(super) faults: &'a Faults,
}

impl<'a> Place<'a> {
    pub(super) fn fault(&self, code: &str, detail: impl Into<String>) {
        self.faults.add(self.pointer.clone(), code, detail);
    }

    fn wrong<T: Default>(&self, wanted: &str) -> T {
        self.fault("wrong-type", format!("{wanted} is wanted here"));
        T::default()
    }

    pub(super) fn text(&self) -> String {
        match self.json {
            Json::Text(text) if text.chars().count() <= MAX_TEXT => text.clone(),
            Json::Text(_) => self.wrong(&format!("a text of at most {MAX_TEXT} characters")),
            _ => self.wrong("a text"),
        }
    }

    pub(super) fn number(&self) -> f64 {
        match self.json {
            Json::Number(value) => *value,
            Json::Whole(value) => *value as f64,
            _ => self.wrong("a number"),
        }
    }

    /// Of a field that says yes where it stands.
    pub(super) fn is_true(&self) -> bool {
        matches!(self.json, Json::Boolean(true)) || self.wrong("true")
    }

    /// Yes or no; `None` (with a fault) when it is something else.
    pub(super) fn boolean(&self) -> Option<bool> {
        if let Json::Boolean(value) = self.json {
            return Some(*value);
        }
        self.wrong::<()>("true or false");
        None
    }

    pub(super) fn count(&self) -> u64 {
        match self.json {
            Json::Whole(value) => {
                u64::try_from(*value).unwrap_or_else(|_| self.wrong("a whole number from 0 up"))
            }
            _ => self.wrong("a whole number from 0 up"),
        }
    }

    pub(super) fn list<T>(&self, item: impl Fn(Place<'a>) -> T) -> Vec<T> {
        let Json::List(items) = self.json else {
            return self.wrong("a list");
        };
        let place = |(index, json)| Place {
            json,
            pointer: format!("{}/{index}", self.pointer),
            faults: self.faults,
        };
        items.iter().enumerate().map(place).map(item).collect()
    }

    /// The fields of an object; `None` (with a fault) when it is something else.
    pub(super) fn fields(&self) -> Option<Fields<'a>> {
        if let Json::Object(entries) = self.json {
            return Some(Fields {
                entries,
                known: Vec::new(),
                pointer: self.pointer.clone(),
                faults: self.faults,
            });
        }
        self.wrong::<()>("an object");
        None
    }

    /// Picks by the written form.
    pub(super) fn one_of<T: Clone>(&self, choices: &[(&str, T)]) -> Option<T> {
        let Json::Text(text) = self.json else {
            return self.wrong("a text");
        };
        let found = choices
            .iter()
            .find(|(name, _)| name == text)
            .map(|(_, choice)| choice.clone());
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.fault(
                "unknown-choice",
                format!("known here: {}", names.join(", ")),
            );
        }
        found
    }

    /// Parses a text.
    pub(super) fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(&self) -> Option<T> {
        let Json::Text(text) = self.json else {
            return self.wrong("a text");
        };
        text.parse()
            .map_err(|error: T::Err| self.fault("wrong-form", error.to_string()))
            .ok()
    }
}

/// The fields of one object. [`Fields::done`] refuses those nobody asked for.
pub(super) struct Fields<'a> {
    entries: &'a [(String, Json)],
    known: Vec<&'static str>,
    pointer: String,
    faults: &'a Faults,
}

impl<'a> Fields<'a> {
    /// The field, if it stands there (`null` counts as standing there).
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Place<'a>> {
        self.known.push(key);
        let (_, json) = self.entries.iter().find(|(name, _)| name == key)?;
        Some(Place {
            json,
            pointer: format!("{}/{key}", self.pointer),
            faults: self.faults,
        })
    }

    /// The field; a fault when it is not there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Place<'a>> {
        let place = self.optional(key);
        if place.is_none() {
            self.faults.add(
                format!("{}/{key}", self.pointer),
                "missing-field",
                "this field is required",
            );
        }
        place
    }

    pub(super) fn text(&mut self, key: &'static str) -> String {
        self.required(key)
            .map(|place| place.text())
            .unwrap_or_default()
    }

    pub(super) fn optional_text(&mut self, key: &'static str) -> Option<String> {
        self.optional(key).map(|place| place.text())
    }

    pub(super) fn number(&mut self, key: &'static str) -> f64 {
        self.required(key)
            .map(|place| place.number())
            .unwrap_or_default()
    }

    pub(super) fn optional_number(&mut self, key: &'static str) -> Option<f64> {
        self.optional(key).map(|place| place.number())
    }

    pub(super) fn count(&mut self, key: &'static str) -> u64 {
        self.required(key)
            .map(|place| place.count())
            .unwrap_or_default()
    }

    pub(super) fn list<T>(&mut self, key: &'static str, item: impl Fn(Place<'a>) -> T) -> Vec<T> {
        self.required(key)
            .map(|place| place.list(item))
            .unwrap_or_default()
    }

    /// Refuses unknown fields.
    pub(super) fn done(self) {
        for (key, _) in self
            .entries
            .iter()
            .filter(|(key, _)| !self.known.contains(&key.as_str()))
        {
            self.faults.add(
                format!("{}/{}", self.pointer, escape(key)),
                "unknown-field",
                "the format has no such field",
            );
        }
    }
}
