//! Rules on a value that was read.

use crate::{
    contract::{Bound, Contract, Field},
    rule::Rule,
};

/// Rules that come after reading.
#[derive(Debug, Default)]
pub(super) struct Checks {
    pub(super) required: bool,
    pub(super) low: Option<f64>,
    pub(super) high: Option<f64>,
    pub(super) allowed: Option<Vec<Vec<u8>>>,
    pub(super) pattern: Option<regex::bytes::Regex>,
    pub(super) max_length: Option<usize>,
}

impl Checks {
    /// The rules of a field.
    pub(super) fn of(contract: &Contract, field: &Field) -> Self {
        let bound = |bound: &Option<Bound>| match bound {
            Some(Bound::Number(value)) => Some(*value),
            Some(Bound::Date(text)) => crate::value::date::iso_days(text).map(f64::from),
            None => None,
        };
        let constraints = &field.constraints;
        Self {
            required: constraints.required || contract.primary_key.contains(&field.name),
            low: bound(&constraints.minimum),
            high: bound(&constraints.maximum),
            allowed: constraints.allowed.as_ref().map(|list| {
                list.iter()
                    .map(|value| value.clone().into_bytes())
                    .collect()
            }),
            pattern: constraints
                .pattern
                .as_deref()
                .and_then(crate::contract::compile_pattern),
            max_length: constraints.max_length.map(|most| most as usize),
        }
    }

    /// Whether numbers and dates have bounds at all.
    pub(super) fn is_bounded(&self) -> bool {
        self.low.is_some() || self.high.is_some()
    }

    #[inline]
    pub(super) fn number(&self, value: f64) -> Result<(), Rule> {
        if self.low.is_some_and(|low| value < low) {
            return Err(Rule::Minimum);
        }
        if self.high.is_some_and(|high| value > high) {
            return Err(Rule::Maximum);
        }
        Ok(())
    }

    #[inline]
    pub(super) fn listed(&self, raw: &[u8]) -> Result<(), Rule> {
        match &self.allowed {
            Some(allowed) if !allowed.iter().any(|value| value == raw) => Err(Rule::Enum),
            _ => Ok(()),
        }
    }

    #[inline]
    pub(super) fn written(&self, written: &[u8]) -> Result<(), Rule> {
        if let Some(most) = self.max_length
            && written.len() > most
            && String::from_utf8_lossy(written).chars().count() > most
        {
            return Err(Rule::MaxLength);
        }
        match &self.pattern {
            Some(pattern) if !pattern.is_match(written) => Err(Rule::Pattern),
            _ => Ok(()),
        }
    }
}
