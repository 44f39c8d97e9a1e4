//! Turns what serde says into a fault that never repeats a value.

use helder_types::{Bsn, Fault};
use serde_path_to_error::{Path, Segment};

use crate::problem::Problem;

/// Longest name of a client's own key that is repeated to it.
const MAX_NAME: usize = 64;

pub(super) fn broken() -> Problem {
    Problem::bad_request(
        "broken-json",
        "the body is not JSON; check quotes, commas and brackets",
    )
}

/// A name with this many digits in a row may be somebody's number.
const MANY_DIGITS: usize = 6;

/// Escapes one segment of a JSON pointer (RFC 6901), cut to a readable length. A name that may be somebody's number,
/// put where a field's name belongs, is not repeated.
pub fn escape(segment: &str) -> String {
    let many_digits = segment
        .split(|c: char| !c.is_ascii_digit())
        .any(|digits| digits.len() >= MANY_DIGITS);
    if many_digits || Bsn::stands_in(segment) {
        return "…".to_owned();
    }
    segment
        .chars()
        .take(MAX_NAME)
        .collect::<String>()
        .replace('~', "~0")
        .replace('/', "~1")
}

pub(super) fn from_serde(error: &serde_path_to_error::Error<serde_json::Error>) -> Fault {
    let mut pointer = pointer(error.path());
    let message = error.inner().to_string();
    if let Some(name) = quoted_after(&message, "missing field ") {
        pointer = format!("{pointer}/{}", escape(name));
        return Fault::new(pointer, "missing", "this field is needed");
    }
    if quoted_after(&message, "unknown field ").is_some() {
        return Fault::new(
            pointer,
            "unknown-field",
            "there is no such field here; remove it",
        );
    }
    if quoted_after(&message, "duplicate field ").is_some() {
        return Fault::new(pointer, "duplicate-key", "the same key stands here twice");
    }
    if error.inner().is_syntax() || error.inner().is_eof() {
        return Fault::new(
            pointer,
            "broken-json",
            "the body is not JSON; check quotes, commas and brackets",
        );
    }
    Fault::new(pointer, "invalid-value", detail(&message))
}

/// The part of serde's message that speaks about the demand, not about what was given.
fn detail(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or_default();
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("expected {}", expected.replace('`', ""));
    }
    // Our own types describe the rule; messages of others may quote what they read.
    if message.contains(['"', '`', '\''])
        || message.contains("found")
        || message.starts_with("invalid ")
    {
        return "this value is not what the field takes".to_owned();
    }
    message.to_owned()
}

fn pointer(path: &Path) -> String {
    let mut out = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => {
                out.push('/');
                out.push_str(&index.to_string());
            }
            Segment::Map { key } => {
                out.push('/');
                out.push_str(&escape(key));
            }
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    out
}

fn quoted_after<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message
        .strip_prefix(before)?
        .strip_prefix('`')?
        .split('`')
        .next()
}
