//! From bytes to a model: bounded, total, naming all faults.

mod decode;
mod fields;
mod json;

use helder_types::Fault;

use crate::{FORMAT, Model, check::check};

/// Largest file read, bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Deepest nesting read; the format itself needs seven levels.
pub const MAX_DEPTH: usize = 16;
/// Most values, keys not counted, in a file.
pub const MAX_VALUES: usize = 2_000_000;
/// Most faults named; a file with more is hopeless anyway.
pub const MAX_FAULTS: usize = 100;

/// The file is no model. Carries every fault found (at most [`MAX_FAULTS`]), with pointers and never a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {FORMAT} file: {}", summary(.0))]
pub struct ModelError(pub Vec<Fault>);

fn summary(faults: &[Fault]) -> String {
    let first = faults.first().map_or("no fault", |fault| &fault.detail);
    let place = faults.first().map_or("", |fault| &fault.pointer);
    match faults.len() {
        0 | 1 => format!("{first} at {place:?}"),
        n => format!("{first} at {place:?}, and {} more", n - 1),
    }
}

impl Model {
    /// Reads a `model.json`.
    ///
    /// Checked in this order: size, JSON (UTF-8, depth, duplicate keys, finite numbers), format version, fields and types,
    /// coherence. Each stage names all its faults; a later stage is reached only without faults in the former.
    /// # Errors
    /// [`ModelError`] with the faults.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() > MAX_BYTES {
            return Err(ModelError(vec![Fault::new(
                "",
                "too-large",
                format!("a model file has at most {MAX_BYTES} bytes"),
            )]));
        }
        let tree = json::parse(bytes).map_err(ModelError)?;
        let model = decode::model(&tree).map_err(ModelError)?;
        let faults = check(&model);
        if faults.is_empty() {
            Ok(model)
        } else {
            Err(ModelError(faults))
        }
    }

    /// The canonical bytes: fields in declared order, two spaces of indent, shortest numbers that read back exactly,
    /// a final line feed. Equal models give equal bytes, so equal digests.
    ///
    /// # Errors
    /// [`ModelError`] if the model is not coherent or holds a number that is not finite.
    pub fn to_json(&self) -> Result<Vec<u8>, ModelError> {
        let faults = check(self);
        if !faults.is_empty() {
            return Err(ModelError(faults));
        }
        let unwritable = |error: serde_json::Error| {
            ModelError(vec![Fault::new("", "unwritable", error.to_string())])
        };
        let mut bytes = serde_json::to_vec_pretty(self).map_err(unwritable)?;
        bytes.push(b'\n');
        if bytes.len() > MAX_BYTES {
            return Err(ModelError(vec![Fault::new(
                "",
                "too-large",
                format!("a model file has at most {MAX_BYTES} bytes"),
            )]));
        }
        Ok(bytes)
    }
}
