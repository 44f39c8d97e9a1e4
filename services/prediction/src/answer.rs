//! The answer as JSON, written once into one buffer.

use helder_model::{Answer, Language, Row, Term};

use crate::{extras::Checked, served::Served};

/// Room for one contribution with two reasons; a guess that saves growing the buffer.
const BYTES_PER_CONTRIBUTION: usize = 260;

/// An answer under construction.
pub struct Writer<'a> {
    served: &'a Served,
    out: Vec<u8>,
    count: usize,
    extras: Checked,
}

impl<'a> Writer<'a> {
    /// Begins an answer for about `subjects` subjects.
    pub fn new(served: &'a Served, subjects: usize) -> Self {
        let each = 200 + served.scorer.terms().len() * BYTES_PER_CONTRIBUTION;
        let mut out = Vec::with_capacity(served.head.len() + 2 + subjects.min(64) * each);
        out.extend_from_slice(&served.head);
        Self {
            served,
            out,
            count: 0,
            extras: Checked::default(),
        }
    }

    /// Says this too of each subject that is scored.
    #[must_use]
    pub fn with_extras(mut self, extras: Checked) -> Self {
        self.extras = extras;
        self
    }

    /// Begins an answer that was given before.
    pub fn with_head(served: &'a Served, head: Vec<u8>) -> Self {
        Self {
            served,
            out: head,
            count: 0,
            extras: Checked::default(),
        }
    }

    /// Adds a subject whose prediction is written already.
    pub fn subject(&mut self, id: Option<&str>, prediction: &[u8]) {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.count += 1;
        self.open(id);
        self.out.extend_from_slice(prediction);
    }

    /// Adds a subject that was just scored, without a buffer in between.
    pub fn scored(&mut self, id: Option<&str>, row: &Row, answer: &Answer) {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.count += 1;
        self.open(id);
        prediction(&mut self.out, self.served, (row, answer), &self.extras);
    }

    fn open(&mut self, id: Option<&str>) {
        self.out.push(b'{');
        if let Some(id) = id {
            self.out.extend_from_slice(b"\"id\":");
            // Writing into memory cannot fail.
            let _ = serde_json::to_writer(&mut self.out, id);
            self.out.push(b',');
        }
    }

    /// The whole body.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.extend_from_slice(b"]}");
        self.out
    }
}

/// A prediction from its first field after the id to its closing brace.
pub fn prediction(
    out: &mut Vec<u8>,
    served: &Served,
    (row, answer): (&Row, &Answer),
    extras: &Checked,
) {
    if let Some(probability) = answer.probability {
        out.extend_from_slice(b"\"probability\":");
        number(out, probability);
        out.push(b',');
    }
    if let Some(value) = answer.value {
        out.extend_from_slice(b"\"value\":");
        number(out, value);
        out.push(b',');
    }
    if let Some(interval) = answer.interval {
        out.extend_from_slice(b"\"interval\":{\"level\":0.95,\"lower\":");
        number(out, interval.lower);
        out.extend_from_slice(b",\"upper\":");
        number(out, interval.upper);
        out.extend_from_slice(b"},");
    }
    if let Some((nearest, group)) = answer
        .nearest
        .and_then(|nearest| Some((nearest, served.groups.get(nearest.group)?)))
    {
        out.extend_from_slice(b"\"group\":");
        out.extend_from_slice(group);
        if let Some(certainty) = nearest.certainty {
            out.extend_from_slice(b",\"certainty\":");
            number(out, certainty);
        }
        out.extend_from_slice(b"},");
    }
    out.extend_from_slice(b"\"score\":");
    number(out, answer.score);
    out.extend_from_slice(b",\"baseScore\":");
    number(out, answer.base_score);
    if !answer.points.is_empty() {
        out.extend_from_slice(b",\"points\":");
        whole(out, answer.points.iter().sum());
    }
    out.extend_from_slice(b",\"contributions\":[");
    for (count, &term) in answer.order.iter().enumerate() {
        if count > 0 {
            out.push(b',');
        }
        contribution(out, served, row, term, answer);
    }
    out.extend_from_slice(b"],\"warnings\":[");
    for (count, warning) in served.scorer.warnings(row).enumerate() {
        if count > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&served.inputs[warning.input]);
        if let Some((_, text)) = served
            .warnings
            .iter()
            .find(|(kind, _)| *kind == warning.kind)
        {
            out.extend_from_slice(text);
        }
    }
    out.push(b']');
    extras.write(out, served, row, answer);
    out.push(b'}');
}

fn contribution(out: &mut Vec<u8>, served: &Served, row: &Row, term: usize, answer: &Answer) {
    let contribution = answer.contributions[term];
    let Term { input, other } = served.scorer.terms()[term];
    out.extend_from_slice(&served.inputs[input]);
    value(out, served, row, input, b",\"value\":");
    if let Some(other) = other {
        out.extend_from_slice(&served.others[other]);
        value(out, served, row, other, b",\"otherValue\":");
    }
    out.extend_from_slice(b",\"contribution\":");
    number(out, contribution);
    if let Some(points) = answer.points.get(term) {
        out.extend_from_slice(b",\"points\":");
        whole(out, *points);
    }
    out.extend_from_slice(b",\"reason\":{\"nl\":\"");
    served
        .reasons
        .write(out, row, term, contribution, Language::Dutch);
    out.extend_from_slice(b"\",\"en\":\"");
    served
        .reasons
        .write(out, row, term, contribution, Language::English);
    out.extend_from_slice(b"\"}}");
}

/// The value the model worked with, under `key`; nothing where it is missing and counts by itself.
fn value(out: &mut Vec<u8>, served: &Served, row: &Row, input: usize, key: &[u8]) {
    if let Some(level) = row
        .level(input)
        .and_then(|level| served.levels[input].get(level))
    {
        out.extend_from_slice(key);
        out.extend_from_slice(level);
    } else if let Some(value) = row.number(input) {
        out.extend_from_slice(key);
        number(out, value);
    }
}

fn whole(out: &mut Vec<u8>, value: u32) {
    // Writing into memory cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

/// The shortest text that reads back to the same bits; whole numbers without a fraction.
fn number(out: &mut Vec<u8>, value: f64) {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let _ = serde_json::to_writer(out, &(value as i64));
    } else {
        let _ = serde_json::to_writer(out, &value);
    }
}
