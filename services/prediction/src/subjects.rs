//! Reads the body of a prediction request straight into rows: no tree of values is built, every fault is named, no value is
//! ever repeated.

#[macro_use]
mod wrong;
mod beside;
mod body;
mod text;
mod values;

use std::borrow::Cow;

use helder_model::{Row, Scorer};
use helder_platform::body::pointer_token;
use helder_types::Fault;
use serde::de::DeserializeSeed;
use serde_json::de::Read;

use body::Body;

use crate::extras::Extras;

/// Most subjects in one request; more is a batch.
pub const MAX_SUBJECTS: usize = 1_000;
/// Most faults named in one answer.
const MAX_FAULTS: usize = 200;

/// A subject, ready to be scored.
#[derive(Debug)]
pub struct Subject<'a> {
    /// As the caller names it.
    pub id: Option<Cow<'a, str>>,
    /// Its values.
    pub row: Row,
}

/// Reads `{"subjects": [{"id"?, "values": {…}}]}`.
///
/// # Errors
/// Every fault, with pointers.
pub fn read<'a>(bytes: &'a [u8], scorer: &Scorer) -> Result<Vec<Subject<'a>>, Vec<Fault>> {
    read_all(bytes, scorer).map(|(subjects, _)| subjects)
}

/// Reads the whole body: subjects, and what is asked beside their predictions.
///
/// # Errors
/// Every fault, with pointers.
pub fn read_all<'a>(
    bytes: &'a [u8],
    scorer: &Scorer,
) -> Result<(Vec<Subject<'a>>, Extras), Vec<Fault>> {
    let mut reader = Reader {
        scorer,
        faults: Vec::new(),
        subjects: Vec::new(),
        extras: Extras::default(),
    };
    // Told at once that all of it is text, the reader need not look at each string again.
    let outcome = match std::str::from_utf8(bytes) {
        Ok(text) => reader.read(serde_json::Deserializer::from_str(text)),
        Err(_) => reader.read(serde_json::Deserializer::from_slice(bytes)),
    };
    if let Err(error) = outcome {
        let detail = format!(
            "the body is not the JSON this asks, line {}, column {}",
            error.line(),
            error.column()
        );
        return Err(vec![Fault::new("", "not-json", detail)]);
    }
    if reader.faults.is_empty() {
        Ok((reader.subjects, reader.extras))
    } else {
        Err(reader.faults)
    }
}

struct Reader<'a, 's> {
    scorer: &'s Scorer,
    faults: Vec<Fault>,
    subjects: Vec<Subject<'a>>,
    extras: Extras,
}

impl<'a> Reader<'a, '_> {
    fn read<R: Read<'a>>(
        &mut self,
        mut json: serde_json::Deserializer<R>,
    ) -> serde_json::Result<()> {
        Body(self).deserialize(&mut json)?;
        json.end()
    }

    fn fault(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(pointer, code, detail));
        }
    }

    fn unknown(&mut self, pointer: &str, key: &str) {
        self.fault(
            format!("{pointer}/{}", pointer_token(key)),
            "unknown-field",
            "this field does not exist here",
        );
    }
}
