//! JSON lines: one flat object per line.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::{Broken, RecordSource, RowBlock, RowMeta, Span};
use crate::{
    detect::{Sample, check_header},
    error::{DatasetError, Result},
    limits::Limits,
    rule::Rule,
};

const BLOCK_RECORDS: usize = 4_096;

/// Reads JSON lines in UTF-8. Keys that the sample did not have set a record apart, so that nothing is lost in silence.
pub struct JsonLinesSource<R: Read> {
    reader: BufReader<R>,
    header: Vec<String>,
    positions: BTreeMap<String, usize>,
    limits: Limits,
    line: i64,
    ordinal: i64,
    read: u64,
    text: Vec<u8>,
}

impl<R: Read> std::fmt::Debug for JsonLinesSource<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JsonLinesSource")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// A flat object as texts; `None` for null.
struct FlatObject(Vec<(String, Option<String>)>);

impl<'de> Deserialize<'de> for FlatObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Flat;
        impl<'de> Visitor<'de> for Flat {
            type Value = FlatObject;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a flat JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<FlatObject, A::Error> {
                use serde::de::Error;
                let mut fields: Vec<(String, Option<String>)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
                    if fields.iter().any(|(known, _)| *known == key) {
                        return Err(A::Error::custom("a key occurs twice"));
                    }
                    let text = match value {
                        serde_json::Value::Null => None,
                        serde_json::Value::Bool(yes) => Some(yes.to_string()),
                        serde_json::Value::Number(number) => Some(number.to_string()),
                        serde_json::Value::String(text) => Some(text),
                        _ => return Err(A::Error::custom("a value is an object or a list")),
                    };
                    fields.push((key, text));
                }
                Ok(FlatObject(fields))
            }
        }
        deserializer.deserialize_map(Flat)
    }
}

/// The first records of a JSON lines file; headers in order of first appearance.
///
/// # Errors
/// When no line is a flat object, or there are too many keys.
pub fn sample(start: &[u8], limits: &Limits) -> Result<Sample> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let whole = memchr::memrchr(b'\n', start)
        .filter(|_| start.len() >= limits.sample_bytes)
        .unwrap_or(start.len());
    let lines = start[..whole]
        .split(|b| *b == b'\n')
        .take(limits.sample_rows);
    let objects: Vec<FlatObject> = lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    let mut header: Vec<String> = Vec::new();
    for (key, _) in objects.iter().flat_map(|object| &object.0) {
        if !header.contains(key) {
            header.push(key.clone());
            if header.len() > limits.columns {
                let detail = format!(
                    "the objects have more than {} different keys",
                    limits.columns
                );
                return Err(DatasetError::refused("/file", "too-many-columns", detail));
            }
        }
    }
    if header.is_empty() {
        return Err(DatasetError::refused(
            "/file",
            "empty",
            "the file has no JSON objects with keys",
        ));
    }
    check_header(&header)?;
    let cell = |object: &FlatObject, name: &String| {
        object
            .0
            .iter()
            .find(|(key, _)| key == name)
            .and_then(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let rows = objects
        .iter()
        .map(|object| header.iter().map(|name| cell(object, name)).collect())
        .collect();
    Ok(Sample { header, rows })
}

impl<R: Read + Send> JsonLinesSource<R> {
    /// A reader over UTF-8 text without byte order mark, with the headers of its sample.
    pub fn new(reader: R, header: Vec<String>, limits: Limits) -> Self {
        let positions = header
            .iter()
            .enumerate()
            .map(|(at, name)| (name.clone(), at))
            .collect();
        Self {
            reader: BufReader::with_capacity(256 << 10, reader),
            header,
            positions,
            limits,
            line: 0,
            ordinal: 0,
            read: 0,
            text: Vec::new(),
        }
    }

    /// The next line in `text`, cut at the limit; `None` at the end. The number is the full length.
    fn next_line(&mut self) -> Result<Option<usize>> {
        self.text.clear();
        let mut length = 0;
        loop {
            let available = self.reader.fill_buf()?;
            if available.is_empty() {
                return Ok((length > 0).then_some(length));
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |at| at + 1);
            let room = (self.limits.record_bytes + 1).saturating_sub(self.text.len());
            self.text.extend_from_slice(&available[..taken.min(room)]);
            self.reader.consume(taken);
            self.read += taken as u64;
            length += taken;
            if end.is_some() {
                return Ok(Some(length));
            }
        }
    }

    fn record(&self, block: &mut RowBlock, meta: RowMeta) -> Option<Rule> {
        if memchr::memchr(0, &self.text).is_some() {
            return Some(Rule::NulByte);
        }
        if std::str::from_utf8(&self.text).is_err() {
            return Some(Rule::Encoding);
        }
        let Ok(object) = serde_json::from_slice::<FlatObject>(&self.text) else {
            return Some(Rule::JsonObject);
        };
        let mut fields: Vec<&[u8]> = vec![b""; self.header.len()];
        for (key, value) in &object.0 {
            let Some(at) = self.positions.get(key) else {
                return Some(Rule::FieldCount);
            };
            fields[*at] = value.as_deref().unwrap_or_default().as_bytes();
        }
        block.push_record(meta, fields.into_iter());
        None
    }
}

impl<R: Read + Send> RecordSource for JsonLinesSource<R> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn fill(&mut self, block: &mut RowBlock) -> Result<bool> {
        block.reset(self.header.len());
        while block.rows.len() + block.broken.len() < BLOCK_RECORDS && block.bytes.len() < 4 << 20 {
            let Some(length) = self.next_line()? else {
                return Ok(!(block.rows.is_empty() && block.broken.is_empty()));
            };
            self.line += 1;
            if crate::value::trim(&self.text).is_empty() {
                continue;
            }
            self.ordinal += 1;
            let mut meta = RowMeta {
                ordinal: self.ordinal,
                line: self.line,
                raw: Span::default(),
            };
            let fault = if length > self.limits.record_bytes {
                Some(Rule::RecordLength)
            } else {
                self.record(block, meta)
            };
            if let Some(rule) = fault {
                let start = block.bytes.len();
                block
                    .bytes
                    .extend_from_slice(crate::value::trim(&self.text));
                meta.raw = Span::new(start, block.bytes.len());
                block.broken.push(Broken { meta, rule });
            }
        }
        Ok(true)
    }
}
