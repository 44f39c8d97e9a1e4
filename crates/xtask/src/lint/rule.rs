//! A rule, and a place in a document that breaks it.

use std::fmt;

/// How much a rule weighs in the published rule set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Must be kept.
    Error,
    /// Should be kept.
    Warn,
}

/// A published rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Name in the published rule set, `nlgov:semver`; without a prefix when it is a rule for every OpenAPI document.
    pub(crate) id: &'static str,
    /// The design rule it belongs to, `/core/semver`; empty for a rule about OpenAPI itself.
    pub(crate) design: &'static str,
    pub(crate) level: Level,
    /// What must hold.
    pub(crate) text: &'static str,
}

impl Rule {
    /// The finding that this rule is broken at `place`.
    pub(crate) fn broken_at(&'static self, place: &Place) -> Finding {
        Finding {
            rule: self,
            place: place.to_string(),
        }
    }
}

/// One break of one rule.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static Rule,
    /// As the published linter writes it: `paths./models.get.responses[404].content`; empty for the whole document.
    pub(crate) place: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.rule.level {
            Level::Error => "error",
            Level::Warn => "warning",
        };
        let place = if self.place.is_empty() {
            "the document"
        } else {
            &self.place
        };
        write!(
            formatter,
            "{place}: {} ({level} {}",
            self.rule.text, self.rule.id
        )?;
        if !self.rule.design.is_empty() {
            write!(formatter, ", {}", self.rule.design)?;
        }
        formatter.write_str(")")
    }
}

/// The way from the root of a document to a value in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(Vec<String>);

impl Place {
    /// From the names on the way.
    pub(crate) fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| (*name).to_owned()).collect())
    }

    /// The place of a local reference, `#/components/schemas/Model`.
    pub(crate) fn of_reference(reference: &str) -> Option<Self> {
        let names = reference.strip_prefix("#/")?.split('/');
        let names = names.map(|name| name.replace("~1", "/").replace("~0", "~"));
        Some(Self(names.collect()))
    }

    /// One step further.
    pub(crate) fn with(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }

    /// One step further, into a list.
    pub(crate) fn at(&self, index: usize) -> Self {
        self.with(&index.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
            if is_number {
                write!(formatter, "[{name}]")?;
            } else if index == 0 {
                formatter.write_str(name)?;
            } else {
                write!(formatter, ".{name}")?;
            }
        }
        Ok(())
    }
}
