//! One record split into its fields, where it stands.

use crate::read::{
    Span,
    scan::{Marks, hits},
};

/// What came of scanning one record.
pub(super) enum Scanned {
    /// A whole record; the next begins at this byte, `lines` further down.
    Record { next: usize, end: usize, lines: i64 },
    /// A blank line.
    Blank { next: usize },
    /// The record does not end in the bytes at hand.
    Incomplete,
    /// Its quotes are broken.
    BrokenQuote,
}

enum Quoted {
    Closed { close: usize, escapes: bool },
    Incomplete,
    Broken,
}

/// How records are split.
#[derive(Clone, Copy, Debug)]
pub(super) struct Splitter {
    pub(super) marks: Marks,
    /// Whether the dialect has quotes.
    pub(super) quoted: bool,
    /// Bytes after which an open quote counts as broken.
    pub(super) quoted_field_bytes: usize,
    /// Whether no bytes follow those at hand.
    pub(super) at_end: bool,
}

impl Splitter {
    /// Splits one record that begins at `start`, appending its fields to `spans`.
    pub(super) fn scan(
        self,
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
                            if bytes.get(close + 1) == Some(&marks.delimiter) {
                                field = close + 2;
                                at = field;
                                continue 'blocks;
                            }
                            return record_after_quote(bytes, close, marks, lines);
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
    fn quoted_field(self, bytes: &[u8], open: usize, lines: &mut i64) -> Quoted {
        let quote = self.marks.quote;
        let mut from = open + 1;
        let mut escapes = false;
        loop {
            let Some(close) = memchr::memchr(quote, &bytes[from..]).map(|at| from + at) else {
                let too_long = bytes.len() - open > self.quoted_field_bytes;
                return if self.at_end || too_long {
                    Quoted::Broken
                } else {
                    Quoted::Incomplete
                };
            };
            if close - open > self.quoted_field_bytes {
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
}

/// The record whose last field closes at `close`, before a line end or the end of the file.
fn record_after_quote(bytes: &[u8], close: usize, marks: Marks, lines: i64) -> Scanned {
    let end = close + 1;
    let next = match bytes.get(end) {
        Some(byte) if *byte == marks.newline => end + 1,
        // CR and LF.
        Some(_) => end + 2,
        None => {
            return Scanned::Record {
                next: bytes.len(),
                end: bytes.len(),
                lines,
            };
        }
    };
    Scanned::Record { next, end, lines }
}
