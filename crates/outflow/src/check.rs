//! Faults of a spec, by itself and against a frame: all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use helder_model::Meaning;
use helder_types::Fault;

use crate::{
    spec::{Characteristic, CharacteristicKind, OutflowSpec},
    table::{Column, Table},
};

/// Latest horizon in months.
const LATEST: u32 = 600;

impl OutflowSpec {
    /// Names of the columns it reads, each with the pointer to blame.
    pub fn columns(&self) -> Vec<(String, &str)> {
        let mut columns = vec![
            ("/time".to_owned(), self.time.as_str()),
            ("/ends/cause".to_owned(), self.ends.cause.as_str()),
        ];
        let optional = [
            ("/entry", &self.entry),
            ("/ends/ended", &self.ends.ended),
            ("/person", &self.person),
        ];
        for (pointer, name) in optional {
            columns.extend(name.as_deref().map(|name| (pointer.to_owned(), name)));
        }
        let characteristics = self.characteristics.iter().enumerate();
        columns.extend(
            characteristics
                .map(|(n, c)| (format!("/characteristics/{n}/column"), c.column.as_str())),
        );
        let provisions = self.provisions.iter().enumerate();
        columns.extend(
            provisions.map(|(n, p)| (format!("/provisions/{n}/column"), p.column.as_str())),
        );
        columns
    }

    /// What is wrong with it, whatever the frame.
    pub fn faults(&self) -> Vec<Fault> {
        let mut found = Found::default();
        found.words("/title", &self.title);
        self.check_columns(&mut found);
        self.check_ends(&mut found);
        found.count("/characteristics", self.characteristics.len(), 1, 40);
        for (n, characteristic) in self.characteristics.iter().enumerate() {
            characteristic.check(&format!("/characteristics/{n}"), &mut found);
        }
        found.count("/provisions", self.provisions.len(), 0, 20);
        for (n, provision) in self.provisions.iter().enumerate() {
            found.words(&format!("/provisions/{n}/title"), &provision.title);
            let ratio = provision.smallest_ratio;
            found.that(
                ratio > 1.0 && ratio <= 10.0,
                format!("/provisions/{n}/smallestRatio"),
                "range",
                "above 1 and at most 10",
            );
            let declared = |kind| self.ends.causes.iter().any(|cause| cause.kind == kind);
            found.that(
                provision.outcome.is_none_or(declared),
                format!("/provisions/{n}/outcome"),
                "unknown-cause",
                "this is the kind of one of the causes",
            );
        }
        found.count("/effectBy", self.effect_by.len(), 0, 5);
        for (n, column) in self.effect_by.iter().enumerate() {
            let known = self.characteristics.iter().any(|c| c.column == *column);
            found.that(
                known,
                format!("/effectBy/{n}"),
                "unknown-characteristic",
                "this is the column of a characteristic",
            );
        }
        found.count("/horizons", self.horizons.len(), 1, 8);
        let rise = self.horizons.windows(2).all(|pair| pair[0] < pair[1]);
        let within = self.horizons.iter().all(|h| (1..=LATEST).contains(h));
        found.that(
            rise && within,
            "/horizons",
            "out-of-range",
            "horizons rise, from 1 to 600 months",
        );
        found.that(
            (2..=10).contains(&self.most_groups),
            "/mostGroups",
            "out-of-range",
            "from 2 to 10 groups",
        );
        found.that(
            (10..=1_000).contains(&self.smallest_cell),
            "/smallestCell",
            "out-of-range",
            "from 10 to 1,000 spells",
        );
        found.0
    }

    fn check_columns(&self, found: &mut Found) {
        let mut seen = BTreeSet::new();
        for (pointer, name) in self.columns() {
            found.that(
                !name.is_empty(),
                pointer.clone(),
                "empty-text",
                "this names a column",
            );
            found.that(
                seen.insert(name),
                pointer,
                "column-twice",
                "this column has another part already; what tells the end cannot explain it",
            );
        }
    }

    fn check_ends(&self, found: &mut Found) {
        found.count("/ends/causes", self.ends.causes.len(), 1, 12);
        found.that(
            self.ends.ended.is_none() || self.ends.running.is_empty(),
            "/ends/running",
            "told-twice",
            "leave this out where a column tells whether the spell has ended",
        );
        let mut codes: Vec<(String, &str)> = Vec::new();
        for (name, list) in [
            ("running", &self.ends.running),
            ("unknown", &self.ends.unknown),
        ] {
            let pointer = |n: usize| format!("/ends/{name}/{n}");
            codes.extend(
                list.iter()
                    .enumerate()
                    .map(|(n, c)| (pointer(n), c.as_str())),
            );
        }
        for (n, cause) in self.ends.causes.iter().enumerate() {
            if let Some(title) = &cause.title {
                found.words(&format!("/ends/causes/{n}/title"), title);
            }
            found.count(
                &format!("/ends/causes/{n}/codes"),
                cause.codes.len(),
                1,
                200,
            );
            let pointer = |m: usize| format!("/ends/causes/{n}/codes/{m}");
            codes.extend(
                cause
                    .codes
                    .iter()
                    .enumerate()
                    .map(|(m, c)| (pointer(m), c.as_str())),
            );
        }
        let mut seen = BTreeSet::new();
        for (pointer, code) in codes {
            found.that(
                seen.insert(code),
                pointer,
                "code-twice",
                "this code has a meaning already",
            );
        }
        let mut names = BTreeSet::new();
        for (n, cause) in self.ends.causes.iter().enumerate() {
            found.that(
                names.insert(cause.words().nl),
                format!("/ends/causes/{n}"),
                "name-twice",
                "another cause has this name; put their codes together or give a title",
            );
        }
    }

    /// What is wrong with it for this frame; assumes that it is sound by itself.
    pub(crate) fn faults_against(&self, table: &Table) -> Vec<Fault> {
        let mut found = Found::default();
        for (pointer, name) in self.columns() {
            found.that(
                table.column(name).is_some(),
                pointer,
                "unknown-column",
                &format!("the frame has no column `{name}`"),
            );
        }
        let mut numbers = vec![("/time".to_owned(), self.time.as_str())];
        numbers.extend(
            self.entry
                .as_deref()
                .map(|name| ("/entry".to_owned(), name)),
        );
        for (n, c) in self.characteristics.iter().enumerate() {
            if c.kind == CharacteristicKind::Number {
                numbers.push((format!("/characteristics/{n}/kind"), &c.column));
            }
        }
        for (n, p) in self.provisions.iter().enumerate() {
            numbers.push((format!("/provisions/{n}/column"), &p.column));
        }
        for (pointer, name) in numbers {
            if let Some(Column::Text(values)) = table.column(name) {
                found.that(
                    values.iter().flatten().all(String::is_empty),
                    pointer,
                    "not-a-number",
                    &format!("the column `{name}` holds texts, no numbers"),
                );
            }
        }
        if let Some(column) = self
            .ends
            .ended
            .as_deref()
            .and_then(|name| table.column(name))
        {
            let codes = (0..table.rows()).filter_map(|row| column.code(row));
            let wrong = codes.filter(|code| truth(code).is_none()).count();
            found.that(
                wrong == 0,
                "/ends/ended",
                "not-true-or-false",
                &format!("{wrong} rows are neither true nor false, 1 nor 0"),
            );
        }
        if let Some(column) = table.column(&self.ends.cause) {
            let known = self.codes();
            let codes = (0..table.rows()).filter_map(|row| column.code(row));
            let unknown = codes
                .filter(|code| !known.contains_key(code.as_ref()))
                .count();
            found.that(
                unknown == 0,
                "/ends/causes",
                "undeclared-code",
                &format!("{unknown} rows have a code that is not declared"),
            );
        }
        for (n, characteristic) in self.characteristics.iter().enumerate() {
            let (Some(reference), Some(column)) = (
                &characteristic.reference,
                table.column(&characteristic.column),
            ) else {
                continue;
            };
            let found_it =
                (0..table.rows()).any(|row| column.code(row).as_deref() == Some(reference));
            found.that(
                found_it,
                format!("/characteristics/{n}/reference"),
                "unknown-code",
                "no row has this code",
            );
        }
        found.0
    }

    /// What each code means.
    pub(crate) fn codes(&self) -> BTreeMap<&str, End> {
        let mut codes = BTreeMap::new();
        codes.extend(self.ends.running.iter().map(|c| (c.as_str(), End::Running)));
        codes.extend(self.ends.unknown.iter().map(|c| (c.as_str(), End::Unknown)));
        for (n, cause) in self.ends.causes.iter().enumerate() {
            codes.extend(cause.codes.iter().map(|c| (c.as_str(), End::Cause(n))));
        }
        codes
    }
}

/// What a code says of the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Running,
    Unknown,
    Cause(usize),
}

/// Whether a code says true or false.
pub(crate) fn truth(code: &str) -> Option<bool> {
    match code {
        "1" | "true" => Some(true),
        "0" | "false" => Some(false),
        _ => None,
    }
}

impl Characteristic {
    fn check(&self, pointer: &str, found: &mut Found) {
        found.words(&format!("{pointer}/title"), &self.title);
        found.count(&format!("{pointer}/bands"), self.bands.len(), 0, 10);
        let rise = self.bands.windows(2).all(|pair| pair[0] < pair[1]);
        found.that(
            rise && self.bands.iter().all(|band| band.is_finite()),
            format!("{pointer}/bands"),
            "out-of-range",
            "bands are finite numbers that rise",
        );
        found.that(
            self.per.is_finite() && self.per > 0.0,
            format!("{pointer}/per"),
            "out-of-range",
            "a step above 0",
        );
        for (code, words) in &self.names {
            // A code is a value of the frame: the fault does not repeat it.
            let said = !words.nl.trim().is_empty() && !words.en.trim().is_empty();
            found.that(
                said && !code.is_empty(),
                format!("{pointer}/names"),
                "empty-text",
                "every code and its name say something",
            );
        }
        let number = self.kind == CharacteristicKind::Number;
        for (name, given, fits) in [
            ("bands", !self.bands.is_empty(), number),
            ("names", !self.names.is_empty(), !number),
            ("reference", self.reference.is_some(), !number),
        ] {
            found.that(
                !given || fits,
                format!("{pointer}/{name}"),
                "does-not-fit",
                "this does not go with the kind of characteristic",
            );
        }
    }
}

/// Faults so far.
#[derive(Default)]
struct Found(Vec<Fault>);

impl Found {
    fn that(&mut self, holds: bool, pointer: impl Into<String>, code: &str, detail: &str) {
        if !holds {
            self.0.push(Fault::new(pointer, code, detail));
        }
    }

    fn count(&mut self, pointer: &str, n: usize, least: usize, most: usize) {
        self.that(
            (least..=most).contains(&n),
            pointer,
            "out-of-range",
            &format!("from {least} to {most} entries"),
        );
    }

    fn words(&mut self, pointer: &str, words: &Meaning) {
        for (language, text) in [("nl", &words.nl), ("en", &words.en)] {
            self.that(
                !text.trim().is_empty(),
                format!("{pointer}/{language}"),
                "empty-text",
                "this text says something",
            );
        }
    }
}
