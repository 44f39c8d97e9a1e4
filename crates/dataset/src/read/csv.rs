//! Delimited text, scanned in place.

use std::io::{self, Read};

use super::{
    Broken, RecordSource, RowBlock, RowMeta, Span,
    scan::{Marks, hits},
};
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

/// What came of scanning one record.
enum Scanned {
    /// A whole record; the next begins at this byte, `lines` further down.
    Record { next: usize, end: usize, lines: i64 },
    /// A blank line.
    Blank { next: usize },
    /// The record does not end in the bytes at hand.
    Incomplete,
    /// Its quotes are broken.
    BrokenQuote,
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
        let taken = self
            .reader
            .by_ref()
            .take(BLOCK_BYTES as u64)
            .read_to_end(bytes)?;
        debug_assert_eq!(bytes.len(), start + taken);
        self.read += taken as u64;
        self.at_end = taken < BLOCK_BYTES;
        Ok(())
    }

    /// Splits one record that begins at `start`, appending its fields to `spans`.
    fn scan(
        &self,
        bytes: &[u8],
        start: usize,
        spans: &mut Vec<Span>,
        escaped: &mut Vec<usize>,
    ) -> Scanned {
        let (marks, end) = (self.marks, bytes.len());
        let mut lines = 1;
        let mut field = start;
        let mut at = start;
        'blocks: loop {
            let mut padded = [0_u8; 64];
            let block: &[u8; 64] = if let Some(block) = bytes
                .get(at..at + 64)
                .and_then(|block| block.try_into().ok())
            {
                block
            } else {
                let rest = &bytes[at..];
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            };
            let mut found = hits(block, marks);
            while found != 0 {
                let hit = at + found.trailing_zeros() as usize;
                found &= found - 1;
                if hit >= end {
                    break;
                }
                let byte = bytes[hit];
                if byte == marks.delimiter {
                    spans.push(Span::new(field, hit));
                    field = hit + 1;
                } else if byte == marks.newline {
                    let stop = if hit > field && bytes[hit - 1] == b'\r' {
                        hit - 1
                    } else {
                        hit
                    };
                    if field == start && stop == field {
                        return Scanned::Blank { next: hit + 1 };
                    }
                    spans.push(Span::new(field, stop));
                    return Scanned::Record {
                        next: hit + 1,
                        end: stop,
                        lines,
                    };
                } else if self.quoted && hit == field {
                    match self.quoted_field(bytes, hit, &mut lines) {
                        Quoted::Closed { close, escapes } => {
                            if escapes {
                                escaped.push(spans.len());
                            }
                            spans.push(Span::new(hit + 1, close));
                            let (next, end) = match bytes.get(close + 1) {
                                Some(b) if *b == marks.delimiter => {
                                    field = close + 2;
                                    at = field;
                                    continue 'blocks;
                                }
                                Some(b) if *b == marks.newline => (close + 2, close + 1),
                                Some(_) => (close + 3, close + 1),
                                None => (end, end),
                            };
                            return Scanned::Record { next, end, lines };
                        }
                        Quoted::Incomplete => return Scanned::Incomplete,
                        Quoted::Broken => return Scanned::BrokenQuote,
                    }
                }
            }
            at += 64;
            if at >= end {
                break;
            }
        }
        if !self.at_end {
            return Scanned::Incomplete;
        }
        let stop = if end > field && bytes[end - 1] == b'\r' {
            end - 1
        } else {
            end
        };
        if field == start && stop == field {
            return Scanned::Blank { next: end };
        }
        spans.push(Span::new(field, stop));
        Scanned::Record {
            next: end,
            end: stop,
            lines,
        }
    }

    /// Finds the closing quote of the field that opens at `open`.
    fn quoted_field(&self, bytes: &[u8], open: usize, lines: &mut i64) -> Quoted {
        let quote = self.marks.quote;
        let mut from = open + 1;
        let mut escapes = false;
        loop {
            let Some(close) = memchr::memchr(quote, &bytes[from..]).map(|at| from + at) else {
                let too_long = bytes.len() - open > self.limits.quoted_field_bytes;
                return if self.at_end || too_long {
                    Quoted::Broken
                } else {
                    Quoted::Incomplete
                };
            };
            if close - open > self.limits.quoted_field_bytes {
                return Quoted::Broken;
            }
            match bytes.get(close + 1).copied() {
                Some(next) if next == quote => {
                    escapes = true;
                    from = close + 2;
                }
                Some(next) if next == self.marks.delimiter || next == self.marks.newline => {}
                Some(b'\r') if self.at_end && close + 2 == bytes.len() => {}
                Some(b'\r') if bytes.get(close + 2) == Some(&self.marks.newline) => {}
                Some(b'\r') if close + 2 == bytes.len() => return Quoted::Incomplete,
                Some(_) => return Quoted::Broken,
                None if self.at_end => {}
                None => return Quoted::Incomplete,
            }
            if bytes.get(close + 1).copied() != Some(quote) {
                *lines +=
                    memchr::memchr_iter(self.marks.newline, &bytes[open..close]).count() as i64;
                return Quoted::Closed { close, escapes };
            }
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

enum Quoted {
    Closed { close: usize, escapes: bool },
    Incomplete,
    Broken,
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
            match self.scan(&bytes, start, &mut block.spans, &mut escaped) {
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
                        block.spans.truncate(first);
                        while escaped.last().is_some_and(|at| *at >= first) {
                            escaped.pop();
                        }
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
                    block.spans.truncate(first);
                    while escaped.last().is_some_and(|at| *at >= first) {
                        escaped.pop();
                    }
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
                    block.spans.truncate(first);
                    while escaped.last().is_some_and(|at| *at >= first) {
                        escaped.pop();
                    }
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
