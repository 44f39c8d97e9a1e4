//! Records set apart: where they stood and which rule they broke, never what was in them.

use std::{io::Write, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, Int64Builder, StringBuilder},
    datatypes::{DataType, Field, Int64Type, Schema},
};
use parquet::file::reader::ChunkReader;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PartWriter, read_part_batches};
use crate::{
    error::{DatasetError, Result},
    read::{RowBlock, RowMeta},
    rule::Rule,
};

/// One broken rule of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QuarantinedRow {
    /// Number of the record in the upload, from 1.
    pub row: i64,
    /// Line of the file on which it begins.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<i64>,
    /// Field, when the rule concerns one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<String>,
    /// Code of the rule.
    pub rule: String,
    /// What is wrong, for a person.
    pub reason: String,
}

/// An entry to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) row: i64,
    pub(crate) line: Option<i64>,
    pub(crate) column: Option<&'a str>,
    pub(crate) rule: Rule,
    /// Replaces the reason of the rule.
    pub(crate) reason: Option<&'a str>,
}

/// Writes the quarantine part and, beside it, the raw records.
pub(crate) struct QuarantineWriter<W: Write + Send> {
    part: PartWriter<W>,
    raw: Option<W>,
    line_of_raw: Vec<u8>,
    rows: Int64Builder,
    lines: Int64Builder,
    columns: StringBuilder,
    rules: StringBuilder,
    reasons: StringBuilder,
}

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("_row", DataType::Int64, false),
        Field::new("line", DataType::Int64, true),
        Field::new("column", DataType::Utf8, true),
        Field::new("rule", DataType::Utf8, false),
        Field::new("reason", DataType::Utf8, false),
    ])
}

impl<W: Write + Send> QuarantineWriter<W> {
    pub(crate) fn new(part: W, raw: Option<W>) -> Result<Self> {
        Ok(Self {
            part: PartWriter::new(part, &schema())?,
            raw,
            line_of_raw: Vec::new(),
            rows: Int64Builder::new(),
            lines: Int64Builder::new(),
            columns: StringBuilder::new(),
            rules: StringBuilder::new(),
            reasons: StringBuilder::new(),
        })
    }

    pub(crate) fn entry(&mut self, entry: Entry<'_>) -> Result<()> {
        self.rows.append_value(entry.row);
        self.lines.append_option(entry.line);
        self.columns.append_option(entry.column);
        self.rules.append_value(entry.rule.code());
        self.reasons
            .append_value(entry.reason.unwrap_or(entry.rule.reason()));
        if self.rows.values_slice().len() >= 16 << 10 {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Keeps a record that was split into fields.
    pub(crate) fn raw_fields(&mut self, meta: RowMeta, block: &RowBlock, row: usize) -> Result<()> {
        let fields: Vec<String> = (0..block.columns)
            .map(|column| masked(block.field(row, column)))
            .collect();
        self.raw_line(
            &serde_json::json!({"row": meta.ordinal, "line": meta.line, "fields": fields}),
        )
    }

    /// Keeps a record that could not be split.
    pub(crate) fn raw_record(&mut self, meta: RowMeta, block: &RowBlock) -> Result<()> {
        let record = masked(meta.raw.of(&block.bytes));
        self.raw_line(
            &serde_json::json!({"row": meta.ordinal, "line": meta.line, "record": record}),
        )
    }

    fn raw_line(&mut self, value: &serde_json::Value) -> Result<()> {
        let Some(raw) = &mut self.raw else {
            return Ok(());
        };
        self.line_of_raw.clear();
        serde_json::to_writer(&mut self.line_of_raw, value).map_err(std::io::Error::other)?;
        self.line_of_raw.push(b'\n');
        raw.write_all(&self.line_of_raw)?;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.rows.finish()),
            Arc::new(self.lines.finish()),
            Arc::new(self.columns.finish()),
            Arc::new(self.rules.finish()),
            Arc::new(self.reasons.finish()),
        ];
        self.part.write(&columns)
    }

    /// Ends both; gives the sinks (part, raw) and the number of entries back.
    pub(crate) fn finish(mut self) -> Result<(W, Option<W>, u64)> {
        self.flush()?;
        let (part, entries) = self.part.finish()?;
        Ok((part, self.raw, entries))
    }
}

/// Text in which every number that passes the eleven-test is made unreadable: a BSN is stored nowhere.
fn masked(bytes: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let mut at = 0;
    while at < text.len() {
        let digits = text.as_bytes()[at..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        if matches!(digits, 8 | 9)
            && helder_types::Bsn::parse(&text.as_bytes()[at..at + digits]).is_ok()
        {
            text.replace_range(at..at + digits, &"*".repeat(digits));
        }
        at += digits.max(1);
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    text
}

/// Reads entries `from..from + count` of a quarantine part.
///
/// # Errors
/// When the bytes are no quarantine part.
pub fn read_quarantine<R: ChunkReader + 'static>(
    reader: R,
    from: usize,
    count: usize,
) -> Result<Vec<QuarantinedRow>> {
    let (_, batches) = read_part_batches(reader, 8_192)?;
    let mut skip = from;
    let mut found = Vec::new();
    for batch in batches {
        let batch = batch?;
        if skip >= batch.num_rows() {
            skip -= batch.num_rows();
            continue;
        }
        let missing = || DatasetError::Invariant("a quarantine part has five columns");
        let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
        let rows = column("_row")?
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(missing)?;
        let lines = column("line")?
            .as_primitive_opt::<Int64Type>()
            .ok_or_else(missing)?;
        let text = |name: &str| column(name)?.as_string_opt::<i32>().ok_or_else(missing);
        let (columns, rules, reasons) = (text("column")?, text("rule")?, text("reason")?);
        for at in skip..batch.num_rows() {
            if found.len() == count {
                return Ok(found);
            }
            found.push(QuarantinedRow {
                row: rows.value(at),
                line: lines.is_valid(at).then(|| lines.value(at)),
                column: columns.is_valid(at).then(|| columns.value(at).to_owned()),
                rule: rules.value(at).to_owned(),
                reason: reasons.value(at).to_owned(),
            });
        }
        skip = 0;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bsn_is_made_unreadable_and_other_numbers_stay() {
        assert_eq!(
            masked(b"249566758;Jansen;249566759;0612345678"),
            "*********;Jansen;249566759;0612345678"
        );
        assert_eq!(masked("é249566758é".as_bytes()), "é*********é");
        assert_eq!(masked(b"x10000008"), "x********");
    }
}
