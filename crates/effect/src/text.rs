//! Texts in two languages, and figures as people write them.

use serde::Serialize;

/// A text in plain Dutch (B1) and in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text in both languages.
    pub fn new(nl: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            nl: nl.into(),
            en: en.into(),
        }
    }
}

/// A figure with a decimal comma.
pub(crate) fn nl(value: f64, decimals: usize) -> String {
    en(value, decimals).replace('.', ",")
}

/// A figure with a decimal point.
pub(crate) fn en(value: f64, decimals: usize) -> String {
    // Never "-0.00".
    let rounded = format!("{value:.decimals$}");
    match rounded.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| c == '0' || c == '.') => digits.to_owned(),
        _ => rounded,
    }
}
