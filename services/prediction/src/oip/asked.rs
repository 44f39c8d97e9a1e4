//! Reads a request of the protocol into rows: every fault at once, no value ever repeated.

use helder_model::{Row, Scorer};
use helder_types::Fault;
use serde::Deserialize as _;
use serde_json::Value;

use super::{
    scored,
    tensors::Datatype,
    wire::{InferenceRequest, RequestTensor},
};
use crate::subjects::MAX_SUBJECTS;

/// Most faults named in one answer.
const MAX_FAULTS: usize = 200;
/// Longest id of a request or a row, bytes.
const MAX_ID: usize = 200;
/// Deepest nesting of values in a tensor.
const MAX_DEPTH: usize = 8;
/// The tensor that names the rows.
pub(super) const SUBJECT: &str = "subject_id";

/// A request, ready to be scored.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: Option<String>,
    /// Rows in order, each with the caller's name for it.
    pub(super) rows: Vec<(Option<String>, Row)>,
    /// Names of the outputs wanted; all when empty.
    pub(super) outputs: Vec<String>,
}

/// Reads a body.
///
/// # Errors
/// Every fault, with pointers.
pub(super) fn read(bytes: &[u8], scorer: &Scorer) -> Result<Asked, Vec<Fault>> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let request = InferenceRequest::deserialize(&mut json).map_err(|error| {
        let detail = format!(
            "the body is not the request that the protocol describes, line {}, column {}",
            error.line(),
            error.column()
        );
        vec![Fault::new("", "not-a-request", detail)]
    })?;
    if json.end().is_err() {
        let detail = "send the values as JSON; bytes behind the request are not read here";
        return Err(vec![Fault::new("", "binary", detail)]);
    }
    let mut reader = Reader {
        scorer,
        faults: Vec::new(),
        rows: Vec::new(),
        given: vec![false; scorer.inputs().len()],
    };
    reader.read(&request);
    if reader.faults.is_empty() {
        Ok(Asked {
            id: request.id,
            rows: reader.rows,
            outputs: request.outputs.into_iter().map(|it| it.name).collect(),
        })
    } else {
        reader.faults.truncate(MAX_FAULTS);
        Err(reader.faults)
    }
}

struct Reader<'s> {
    scorer: &'s Scorer,
    faults: Vec<Fault>,
    rows: Vec<(Option<String>, Row)>,
    /// Which inputs were named.
    given: Vec<bool>,
}

impl Reader<'_> {
    fn fault(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(pointer, code, detail));
        }
    }

    fn read(&mut self, request: &InferenceRequest) {
        if request.id.as_ref().is_some_and(|id| id.len() > MAX_ID) {
            self.fault("/id", "too-long", "at most 200 bytes are allowed here");
        }
        for (place, output) in request.outputs.iter().enumerate() {
            if !scored::is_known(&output.name) {
                let detail = "there is no such output; see the metadata of the model";
                self.fault(format!("/outputs/{place}/name"), "unknown-output", detail);
            }
        }
        let count = request.inputs.first().map_or(0, rows_of);
        if !(1..=MAX_SUBJECTS).contains(&count) {
            let detail = format!("send 1 to {MAX_SUBJECTS} rows at once");
            self.fault("/inputs", "rows", detail);
            return;
        }
        self.rows = vec![(None, self.scorer.row()); count];
        let mut has_names = false;
        for (place, tensor) in request.inputs.iter().enumerate() {
            let Some(values) = self.values(place, tensor, count) else {
                continue;
            };
            match self.scorer.position(&tensor.name, place) {
                Some(input) => self.input(place, tensor.datatype, input, &values),
                None if tensor.name == SUBJECT && !has_names => {
                    has_names = true;
                    self.names(place, &values);
                }
                None => {
                    let pointer = format!("/inputs/{place}/name");
                    self.fault(pointer, "unknown-input", "the model has no such input");
                }
            }
        }
        for (input, known) in self.scorer.inputs().iter().enumerate() {
            if !self.given[input] {
                let detail = format!(
                    "the model asks the input {}; send null where it is not known",
                    known.name
                );
                self.fault("/inputs", "missing-input", detail);
            }
        }
    }

    /// The values of a tensor, one per row.
    fn values<'v>(
        &mut self,
        place: usize,
        tensor: &'v RequestTensor,
        count: usize,
    ) -> Option<Vec<&'v Value>> {
        if tensor.parameters.contains_key("binary_data_size") {
            let detail = "send the values as JSON; binary tensors are not read here";
            self.fault(format!("/inputs/{place}/parameters"), "binary", detail);
            return None;
        }
        if !matches!(tensor.shape.as_slice(), [_] | [_, 1]) || rows_of(tensor) != count {
            let detail = "all tensors have the same rows: a shape of [rows] or [rows, 1]";
            self.fault(format!("/inputs/{place}/shape"), "shape", detail);
            return None;
        }
        let mut values = Vec::with_capacity(count);
        if !flatten(&tensor.data, MAX_DEPTH, count, &mut values) || values.len() != count {
            let detail = "there are not as many values as the shape says";
            self.fault(format!("/inputs/{place}/data"), "values", detail);
            return None;
        }
        Some(values)
    }

    /// Sets one input of all rows.
    fn input(&mut self, place: usize, datatype: Datatype, input: usize, values: &[&Value]) {
        if std::mem::replace(&mut self.given[input], true) {
            let pointer = format!("/inputs/{place}/name");
            self.fault(pointer, "duplicate", "this input stands twice");
            return;
        }
        let kind = self.scorer.inputs()[input].kind;
        if !datatype.suits(kind) {
            let detail =
                "the values of this input have another type; see the metadata of the model";
            self.fault(format!("/inputs/{place}/datatype"), "datatype", detail);
            return;
        }
        for (row, value) in values.iter().enumerate() {
            let pointer = || format!("/inputs/{place}/data/{row}");
            let Some(value) = datatype.value(value) else {
                self.fault(
                    pointer(),
                    "wrong-type",
                    "this value is not of the datatype told",
                );
                continue;
            };
            if let Err(fault) = self.scorer.set(&mut self.rows[row].1, input, value) {
                self.fault(pointer(), fault.code(), fault.to_string());
            }
        }
    }

    /// Names all rows.
    fn names(&mut self, place: usize, values: &[&Value]) {
        for (row, value) in values.iter().enumerate() {
            match value {
                Value::Null => {}
                Value::String(name) if (1..=MAX_ID).contains(&name.len()) => {
                    self.rows[row].0 = Some(name.clone());
                }
                _ => {
                    let pointer = format!("/inputs/{place}/data/{row}");
                    self.fault(
                        pointer,
                        "wrong-type",
                        "a text of 1 to 200 bytes is wanted here",
                    );
                }
            }
        }
    }
}

/// The number of rows that a tensor says it has.
fn rows_of(tensor: &RequestTensor) -> usize {
    let rows = tensor.shape.first().copied().unwrap_or(0);
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// Collects all values below lists; false when there are more than `most` or they lie too deep.
fn flatten<'v>(values: &'v [Value], depth: usize, most: usize, into: &mut Vec<&'v Value>) -> bool {
    values.iter().all(|value| match value {
        Value::Array(below) => depth > 0 && flatten(below, depth - 1, most, into),
        value => {
            into.push(value);
            into.len() <= most
        }
    })
}
