//! Delimited text, scanned in place.

mod split;

use std::io::{self, Read};

use self::split::{Scanned, Splitter};
use super::{Broken, RecordSource, RowBlock, RowMeta, Span, scan::Marks};
use crate::{
    detect::Dialect,
    error::{DatasetError, Result},
    limits::Limits,
    rule::Rule,
};

/// Bytes asked from the file per block.
const BLOCK_BYTES: usize = 512 << 10;

/// Reads CSV in UTF-8 as blocks of records.
///
/// A record may span lines inside quotes. A quote that is not closed within the limits, or closes in the middle of a
/// field, sets only the line on which its record begins apart; reading goes on at the next line.
pub struct CsvSource<R> {
    reader: R,
    header: Vec<String>,
    marks: Marks,
    quoted: bool,
    transcoded: bool,
    limits: Limits,
    /// Bytes of the record that the former block ended in, to be read again.
    carry: Vec<u8>,
    at_end: bool,
    ordinal: i64,
    line: i64,
    read: u64,
    skip_header: bool,
    scratch: Vec<u8>,
}

impl<R> std::fmt::Debug for CsvSource<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvSource")
            .field("header", &self.header)
            .field("line", &self.line)
            .finish_non_exhaustive()
    }
}

impl<R: Read + Send> CsvSource<R> {
    /// A reader over UTF-8 text without byte order mark.
    ///
    /// `header` names the columns; when the dialect says that the file has a header line, that line is skipped.
    /// `transcoded` says that the text came from another encoding, so that replacement characters mean lost bytes.
    pub fn new(
        reader: R,
        header: Vec<String>,
        dialect: &Dialect,
        transcoded: bool,
        limits: Limits,
    ) -> Self {
        let newline = if dialect.carriage_return_only {
            b'\r'
        } else {
            b'\n'
        };
        let marks = Marks {
            delimiter: dialect.delimiter,
            newline,
            quote: dialect.quote.unwrap_or(newline),
        };
        Self {
            reader,
            header,
            marks,
            quoted: dialect.quote.is_some(),
            transcoded,
            limits,
            carry: Vec::new(),
            at_end: false,
            ordinal: 0,
            line: 1,
            read: 0,
            skip_header: dialect.header,
            scratch: Vec::new(),
        }
    }

    /// Appends up to a block of bytes to `bytes`.
    fn read_more(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let start = bytes.len();
        bytes.resize(start + BLOCK_BYTES, 0);
        let mut end = start;
        while end < bytes.len() {
            match self.reader.read(&mut bytes[end..]) {
                Ok(0) => break,
                Ok(count) => end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(end);
        let taken = end - start;
        self.read += taken as u64;
        self.at_end = taken < BLOCK_BYTES;
        Ok(())
    }

    fn splitter(&self) -> Splitter {
        Splitter {
            marks: self.marks,
            quoted: self.quoted,
            quoted_field_bytes: self.limits.quoted_field_bytes,
            at_end: self.at_end,
        }
    }

    /// What is wrong with the bytes of a record, apart from its fields.
    fn bytes_fault(&self, raw: &[u8], suspect: Suspect) -> Option<Rule> {
        if suspect.nul && raw.contains(&0) {
            Some(Rule::NulByte)
        } else if raw.len() > self.limits.record_bytes {
            Some(Rule::RecordLength)
        } else if !suspect.ascii
            && (std::str::from_utf8(raw).is_err()
                || self.transcoded && memchr::memmem::find(raw, "\u{fffd}".as_bytes()).is_some())
        {
            Some(Rule::Encoding)
        } else {
            None
        }
    }
}

/// Drops the fields from `first` on.
fn forget(spans: &mut Vec<Span>, escaped: &mut Vec<usize>, first: usize) {
    spans.truncate(first);
    while escaped.last().is_some_and(|at| *at >= first) {
        escaped.pop();
    }
}

/// What a whole block may contain, found once so that most records need no look.
#[derive(Clone, Copy)]
struct Suspect {
    nul: bool,
    ascii: bool,
}

impl<R: Read + Send> RecordSource for CsvSource<R> {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn bytes_read(&self) -> u64 {
        self.read
    }

    fn fill(&mut self, block: &mut RowBlock) -> Result<bool> {
        let columns = self.header.len();
        block.reset(columns);
        let mut bytes = std::mem::take(&mut block.bytes);
        bytes.append(&mut self.carry);
        if !self.at_end {
            self.read_more(&mut bytes)?;
        }
        let mut suspect = Suspect {
            nul: memchr::memchr(0, &bytes).is_some(),
            ascii: bytes.is_ascii(),
        };
        let mut escaped = Vec::new();
        let mut start = 0;
        while start < bytes.len() {
            let first = block.spans.len();
            match self
                .splitter()
                .scan(&bytes, start, &mut block.spans, &mut escaped)
            {
                Scanned::Record { next, end, lines } => {
                    let line = self.line;
                    self.line += lines;
                    if std::mem::take(&mut self.skip_header) {
                        block.spans.truncate(first);
                        escaped.clear();
                        start = next.min(bytes.len());
                        continue;
                    }
                    self.ordinal += 1;
                    let meta = RowMeta {
                        ordinal: self.ordinal,
                        line,
                        raw: Span::new(start, end),
                    };
                    let clean =
                        suspect.ascii && !suspect.nul && end - start <= self.limits.record_bytes;
                    let fault = if clean {
                        None
                    } else {
                        self.bytes_fault(&bytes[start..end], suspect)
                    };
                    let fault = fault
                        .or((block.spans.len() - first != columns).then_some(Rule::FieldCount));
                    if let Some(rule) = fault {
                        forget(&mut block.spans, &mut escaped, first);
                        block.broken.push(Broken { meta, rule });
                    } else {
                        block.rows.push(meta);
                    }
                    start = next.min(bytes.len());
                }
                Scanned::Blank { next } => {
                    self.line += 1;
                    start = next;
                }
                Scanned::Incomplete => {
                    forget(&mut block.spans, &mut escaped, first);
                    if start > 0 || bytes.len() <= self.limits.record_bytes {
                        if block.rows.is_empty() && block.broken.is_empty() {
                            // Nothing whole yet: a long record, or a header only. Read on into the same block.
                            bytes.drain(..start);
                            start = 0;
                            self.read_more(&mut bytes)?;
                            suspect = Suspect {
                                nul: memchr::memchr(0, &bytes).is_some(),
                                ascii: bytes.is_ascii(),
                            };
                            continue;
                        }
                        break;
                    }
                    start = self.skip_line(&mut bytes, block, start, Rule::RecordLength)?;
                }
                Scanned::BrokenQuote => {
                    forget(&mut block.spans, &mut escaped, first);
                    start = self.skip_line(&mut bytes, block, start, Rule::BrokenQuote)?;
                }
            }
        }
        self.carry.clear();
        self.carry
            .extend_from_slice(&bytes[start.min(bytes.len())..]);
        self.unescape(&mut bytes, &mut block.spans, &escaped);
        if bytes.len() > u32::MAX as usize {
            return Err(DatasetError::TooLarge {
                what: "bytes in a block",
                limit: u64::from(u32::MAX),
            });
        }
        block.bytes = bytes;
        Ok(!(block.rows.is_empty()
            && block.broken.is_empty()
            && self.at_end
            && self.carry.is_empty()))
    }
}

impl<R: Read + Send> CsvSource<R> {
    /// Sets the line that begins at `start` apart and gives the start of the next.
    fn skip_line(
        &mut self,
        bytes: &mut Vec<u8>,
        block: &mut RowBlock,
        start: usize,
        rule: Rule,
    ) -> Result<usize> {
        self.ordinal += 1;
        let line = self.line;
        self.line += 1;
        let mut searched = start;
        loop {
            if let Some(at) = memchr::memchr(self.marks.newline, &bytes[searched..]) {
                let end = searched + at;
                let kept = end.min(start + self.limits.record_bytes);
                block.broken.push(Broken {
                    meta: RowMeta {
                        ordinal: self.ordinal,
                        line,
                        raw: Span::new(start, kept),
                    },
                    rule,
                });
                return Ok(end + 1);
            }
            if self.at_end {
                let kept = bytes.len().min(start + self.limits.record_bytes);
                block.broken.push(Broken {
                    meta: RowMeta {
                        ordinal: self.ordinal,
                        line,
                        raw: Span::new(start, kept),
                    },
                    rule,
                });
                return Ok(bytes.len());
            }
            // Keep the head of an overlong line only: memory stays flat however long it is.
            bytes.truncate(bytes.len().min(start + self.limits.record_bytes));
            searched = bytes.len();
            self.read_more(bytes)?;
        }
    }

    /// Writes fields with doubled quotes once more behind the data, with single quotes.
    fn unescape(&mut self, bytes: &mut Vec<u8>, spans: &mut [Span], escaped: &[usize]) {
        let quote = self.marks.quote;
        for &at in escaped {
            let Some(span) = spans.get_mut(at) else {
                continue;
            };
            self.scratch.clear();
            let mut previous_was_quote = false;
            for &byte in span.of(bytes) {
                if byte == quote && previous_was_quote {
                    previous_was_quote = false;
                } else {
                    previous_was_quote = byte == quote;
                    self.scratch.push(byte);
                }
            }
            let start = bytes.len();
            bytes.extend_from_slice(&self.scratch);
            *span = Span::new(start, bytes.len());
        }
    }
}
