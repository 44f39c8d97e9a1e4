//! Character encoding, from evidence over all bytes seen.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Evidence;
use crate::error::{DatasetError, Result};

/// Encoding of a text file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Encoding {
    /// UTF-8, with or without byte order mark.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, high byte first.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// Windows-1252 (Western European).
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// ISO-8859-1; read with the Windows-1252 table, which differs only in bytes that do not occur in the file.
    #[serde(rename = "ISO-8859-1")]
    Iso88591,
}

/// Counts over the bytes of a file that tell its encoding. Fed while the file streams by, so that it sees all of it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EncodingScan {
    bytes: u64,
    start: Vec<u8>,
    /// Well-formed UTF-8 sequences of two bytes or more.
    sequences: u64,
    /// Bytes that fit no UTF-8 sequence.
    misfits: u64,
    /// Bytes 0x80 to 0x9f that fit no UTF-8 sequence.
    low_misfits: u64,
    /// Bytes 0x81, 0x8d, 0x8f, 0x90, 0x9d, which Windows-1252 does not have.
    undefined: u64,
    nul_even: u64,
    nul_odd: u64,
    first_nul_line: Option<u64>,
    newlines: u64,
    pending: Vec<u8>,
}

impl EncodingScan {
    /// Takes the next bytes of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        if self.start.len() < 4 {
            self.start.extend(bytes.iter().take(4 - self.start.len()));
        }
        if memchr::memchr(0, bytes).is_some() {
            self.count_nul(bytes);
        } else if self.first_nul_line.is_none() {
            self.newlines += memchr::memchr_iter(b'\n', bytes).count() as u64;
        }
        if self.pending.is_empty() && bytes.is_ascii() {
            self.bytes += bytes.len() as u64;
            return;
        }
        self.bytes += bytes.len() as u64;
        if self.pending.is_empty() {
            self.count_sequences(bytes, false);
        } else {
            let mut joined = std::mem::take(&mut self.pending);
            joined.extend_from_slice(bytes);
            self.count_sequences(&joined, false);
        }
    }

    fn count_nul(&mut self, bytes: &[u8]) {
        for at in memchr::memchr_iter(0, bytes) {
            if (self.bytes + at as u64).is_multiple_of(2) {
                self.nul_even += 1;
            } else {
                self.nul_odd += 1;
            }
            if self.first_nul_line.is_none() {
                let before = memchr::memchr_iter(b'\n', &bytes[..at]).count() as u64;
                self.first_nul_line = Some(self.newlines + before + 1);
            }
        }
    }

    fn count_sequences(&mut self, mut bytes: &[u8], last: bool) {
        loop {
            match std::str::from_utf8(bytes) {
                Ok(text) => {
                    self.sequences += text.bytes().filter(|b| *b >= 0xc0).count() as u64;
                    return;
                }
                Err(error) => {
                    let (good, rest) = bytes.split_at(error.valid_up_to());
                    self.sequences += good.iter().filter(|b| **b >= 0xc0).count() as u64;
                    let bad = match error.error_len() {
                        None if !last => {
                            self.pending = rest.to_vec();
                            return;
                        }
                        None => rest.len(),
                        Some(length) => length,
                    };
                    for byte in &rest[..bad] {
                        self.misfits += 1;
                        self.low_misfits += u64::from((0x80..0xa0).contains(byte));
                        self.undefined +=
                            u64::from(matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d));
                    }
                    bytes = &rest[bad..];
                }
            }
        }
    }

    /// Decides, with the evidence.
    ///
    /// # Errors
    /// NUL bytes in a file that is not UTF-16 (with the line of the first), and UTF-32.
    pub fn decide(&self) -> Result<(Encoding, bool, Evidence)> {
        let mut scan = self.clone();
        let pending = std::mem::take(&mut scan.pending);
        scan.count_sequences(&pending, true);
        scan.judge()
    }

    fn judge(&self) -> Result<(Encoding, bool, Evidence)> {
        let evidence = |choice: &str, supporting: u64, conflicting: u64, remark: &str| Evidence {
            subject: "encoding".into(),
            choice: choice.into(),
            sampled: self.bytes,
            supporting,
            conflicting,
            remark: remark.into(),
        };
        match self.start.as_slice() {
            [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => {
                return Err(DatasetError::refused(
                    "/file",
                    "encoding",
                    "UTF-32 is not read; save the file as UTF-8",
                ));
            }
            [0xff, 0xfe, ..] => {
                return Ok((
                    Encoding::Utf16Le,
                    true,
                    evidence("UTF-16LE", self.nul_odd, 0, "byte order mark"),
                ));
            }
            [0xfe, 0xff, ..] => {
                return Ok((
                    Encoding::Utf16Be,
                    true,
                    evidence("UTF-16BE", self.nul_even, 0, "byte order mark"),
                ));
            }
            _ => {}
        }
        let half = self.bytes / 2;
        if half > 0 && self.nul_odd * 10 > half * 7 && self.nul_even * 20 < half {
            return Ok((
                Encoding::Utf16Le,
                false,
                evidence(
                    "UTF-16LE",
                    self.nul_odd,
                    self.nul_even,
                    "every other byte is zero",
                ),
            ));
        }
        if half > 0 && self.nul_even * 10 > half * 7 && self.nul_odd * 20 < half {
            return Ok((
                Encoding::Utf16Be,
                false,
                evidence(
                    "UTF-16BE",
                    self.nul_even,
                    self.nul_odd,
                    "every other byte is zero",
                ),
            ));
        }
        if let Some(line) = self.first_nul_line {
            let count = self.nul_even + self.nul_odd;
            let detail = format!(
                "the file has {count} NUL bytes, the first on line {line}; it is damaged or no text"
            );
            return Err(DatasetError::refused(
                format!("/line/{line}"),
                "nul-byte",
                detail,
            ));
        }
        let mark = self.start.starts_with(&[0xef, 0xbb, 0xbf]);
        if mark || self.misfits == 0 || self.sequences > 10 * self.misfits {
            let remark = match (mark, self.sequences) {
                (true, _) => "byte order mark",
                (false, 0) => "only ASCII bytes",
                _ => "well-formed multi-byte characters",
            };
            return Ok((
                Encoding::Utf8,
                mark,
                evidence("UTF-8", self.sequences, self.misfits, remark),
            ));
        }
        if self.low_misfits == 0 {
            let remark = "no byte from 0x80 to 0x9f; elsewhere this equals Windows-1252";
            return Ok((
                Encoding::Iso88591,
                false,
                evidence("ISO-8859-1", self.misfits, self.sequences, remark),
            ));
        }
        let remark = "bytes that are not UTF-8, some from 0x80 to 0x9f";
        let conflicting = self.undefined + self.sequences;
        Ok((
            Encoding::Windows1252,
            false,
            evidence("windows-1252", self.misfits, conflicting, remark),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(bytes: &[u8]) -> Result<(Encoding, bool, Evidence)> {
        let mut whole = EncodingScan::default();
        whole.update(bytes);
        let mut pieces = EncodingScan::default();
        bytes.chunks(3).for_each(|chunk| pieces.update(chunk));
        let (a, b) = (whole.decide(), pieces.decide());
        assert_eq!(
            a.as_ref().ok().map(|found| &found.2),
            b.as_ref().ok().map(|found| &found.2),
            "pieces must not matter"
        );
        a
    }

    #[test]
    fn encodings_are_told_apart() {
        let text = "naam;plaats\nJosé;Curaçao\nRené;Haïti\n";
        assert_eq!(decide(text.as_bytes()).unwrap().0, Encoding::Utf8);
        assert_eq!(decide(b"a,b\n1,2\n").unwrap().2.remark, "only ASCII bytes");
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        assert_eq!(decide(&latin).unwrap().0, Encoding::Iso88591);
        let euro = format!("{text}€ 5\n");
        let (latin, _, _) = encoding_rs::WINDOWS_1252.encode(&euro);
        assert_eq!(decide(&latin).unwrap().0, Encoding::Windows1252);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decide(&utf16).unwrap().0, Encoding::Utf16Be);
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        assert!(matches!(decide(&marked), Ok((Encoding::Utf8, true, _))));
    }

    #[test]
    fn a_nul_byte_is_refused_with_its_line() {
        let Err(DatasetError::Refused(faults)) = decide(b"a,b\n1,2\n3,\x004\n") else {
            panic!("accepted")
        };
        assert_eq!(faults[0].pointer, "/line/3");
        assert_eq!(faults[0].code, "nul-byte");
    }

    #[test]
    fn a_few_damaged_bytes_do_not_turn_utf8_into_something_else() {
        let mut bytes = "é".repeat(100).into_bytes();
        bytes.extend_from_slice(b"\xff\xfe damaged");
        let (encoding, _, evidence) = decide(&bytes).unwrap();
        assert_eq!((encoding, evidence.conflicting), (Encoding::Utf8, 2));
    }
}
