//! What a spreadsheet truly holds, looked at before it is parsed.
//!
//! The parser believes what a workbook says of itself: it makes room for as many texts as are announced, and holds a text
//! or a comment whole however long it is. So every part is inflated once and thrown away, counted and looked at.

use std::io::{self, Read};

use memchr::{memchr, memmem, memrchr};

use crate::{
    error::{DatasetError, Result},
    limits::Limits,
};

/// Longest text or tag, and largest part that may have comments; a cell of a real spreadsheet has 32,767 characters at most.
const LONGEST_RUN: usize = 16 << 20;
/// The attribute in which a workbook announces how many texts it has, and the bytes behind it that are looked at.
const COUNT: &[u8] = b"uniqueCount";
const COUNT_WINDOW: usize = 64;
/// Digits of the highest number believed: 9,999,999 texts, for which the parser reserves 240 MB of addresses.
const MOST_DIGITS: usize = 7;

/// The answer to a file that is not as a spreadsheet should be.
pub(super) fn damaged() -> DatasetError {
    DatasetError::refused(
        "/file",
        "damaged",
        "the spreadsheet is damaged or protected",
    )
}

fn too_large(what: &'static str, limit: u64) -> DatasetError {
    DatasetError::TooLarge { what, limit }
}

/// Measures what all parts of a ZIP archive inflate to, whatever they declare, and looks for what would exhaust memory.
///
/// # Errors
/// Too large for the limits, or damaged.
pub(super) fn check(bytes: &[u8], limits: &Limits) -> Result<()> {
    let at_end = bytes.len().saturating_sub(66_000);
    let end = memmem::rfind(&bytes[at_end..], b"PK\x05\x06")
        .map(|at| at + at_end)
        .ok_or_else(damaged)?;
    let number = |at: usize, length: usize| -> Result<u64> {
        let field = bytes.get(at..at.saturating_add(length));
        let field = field.ok_or_else(damaged)?.iter().rev();
        Ok(field.fold(0, |value, byte| value << 8 | u64::from(*byte)))
    };
    let entries = number(end + 10, 2)?;
    let mut at = number(end + 16, 4)? as usize;
    let (mut expanded, mut held) = (0_u64, 0_u64);
    for _ in 0..entries {
        if bytes.get(at..at.saturating_add(4)) != Some(b"PK\x01\x02".as_slice()) {
            return Err(damaged());
        }
        let (method, packed) = (number(at + 10, 2)?, number(at + 20, 4)? as usize);
        let name_bytes = number(at + 28, 2)? as usize;
        let local = number(at + 42, 4)? as usize;
        let name = bytes
            .get(at + 46..at + 46 + name_bytes)
            .ok_or_else(damaged)?;
        let data = local + 30 + (number(local + 26, 2)? + number(local + 28, 2)?) as usize;
        let content = bytes
            .get(data..data.saturating_add(packed))
            .ok_or_else(damaged)?;
        let room = limits.xlsx_expanded_bytes - expanded;
        let size = match method {
            0 => look(content, room)?,
            8 => look(flate2::read::DeflateDecoder::new(content), room)?,
            _ => return Err(damaged()),
        };
        let Some(size) = size else {
            return Err(too_large(
                "expanded bytes of a spreadsheet",
                limits.xlsx_expanded_bytes,
            ));
        };
        expanded += size;
        if is_held(name) {
            held += size;
        }
        if held > limits.xlsx_held_bytes {
            return Err(too_large(
                "expanded bytes of a spreadsheet's texts and styles",
                limits.xlsx_held_bytes,
            ));
        }
        let beside = number(at + 30, 2)? + number(at + 32, 2)?;
        at += 46 + name_bytes + beside as usize;
    }
    Ok(())
}

/// Whether the parser holds what this part says; it streams through worksheets only.
fn is_held(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let file = name
        .rsplit(|byte| matches!(byte, b'/' | b'\\'))
        .next()
        .unwrap_or_default();
    let streamed = memmem::find(&name, b"worksheets/").is_some();
    !streamed || matches!(file, b"sharedstrings.xml" | b"styles.xml")
}

/// What is remembered of a part while it is looked at.
#[derive(Default)]
struct Look {
    size: u64,
    /// Bytes since the last `<`.
    run: usize,
    /// Whether it has comments, character sections or instructions: these are held whole and may contain `<`.
    sections: bool,
    /// The bytes in hand, without NUL, so that both bytes of UTF-16 are seen as one; some of the block before stand in front.
    text: Vec<u8>,
}

/// Reads a part to its end; its size, or `None` when it has more than `room` bytes.
fn look(mut part: impl Read, room: u64) -> Result<Option<u64>> {
    let mut look = Look::default();
    let mut block = vec![0; 64 << 10];
    loop {
        let count = match part.read(&mut block) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return Err(damaged()),
        };
        let first = look.size == 0;
        look.size += count as u64;
        if look.size > room {
            return Ok(None);
        }
        look.at(&block[..count], first)?;
        if count == 0 {
            return Ok(Some(look.size));
        }
    }
}

impl Look {
    /// Looks at the next bytes; none at the end.
    fn at(&mut self, fresh: &[u8], first: bool) -> Result<()> {
        let former = self.text.len();
        self.text
            .extend(fresh.iter().copied().filter(|byte| *byte != 0));
        honest_counts(&self.text, fresh.is_empty())?;
        let new = &self.text[former..];
        match (memchr(b'<', new), memrchr(b'<', new)) {
            (Some(first), Some(last)) => {
                self.run = (self.run + first).max(new.len() - last);
                if self.run <= LONGEST_RUN {
                    self.run = new.len() - last;
                }
            }
            _ => self.run += new.len(),
        }
        let from = if first {
            declaration(&self.text)
        } else {
            former.saturating_sub(1)
        };
        let seen = self.text.get(from..).unwrap_or_default();
        self.sections |= memmem::find(seen, b"<!").is_some() || memmem::find(seen, b"<?").is_some();
        if self.run > LONGEST_RUN || self.sections && self.size > LONGEST_RUN as u64 {
            let detail =
                "a part of the spreadsheet holds a text or comment that may be longer than 16 MiB";
            return Err(DatasetError::refused("/file", "long-text", detail));
        }
        let kept = self.text.len().min(COUNT.len() + COUNT_WINDOW);
        self.text.drain(..self.text.len() - kept);
        Ok(())
    }
}

/// Bytes of the XML declaration with which a part begins: an instruction that is short.
fn declaration(text: &[u8]) -> usize {
    let start = if text.starts_with(b"\xef\xbb\xbf") {
        3
    } else {
        0
    };
    let head = &text[start..text.len().min(1_000)];
    let end = memmem::find(head, b"?>").filter(|_| head.starts_with(b"<?xml"));
    end.map_or(0, |end| start + end)
}

/// Refuses an announced number of texts for which the parser would make more room than the limits allow texts to have.
fn honest_counts(text: &[u8], at_end: bool) -> Result<()> {
    for at in memmem::find_iter(text, COUNT) {
        let after = &text[at + COUNT.len()..];
        if after.len() < COUNT_WINDOW && !at_end {
            // Seen again, with what follows.
            continue;
        }
        let window = &after[..after.len().min(COUNT_WINDOW)];
        let Some(value) = window.trim_ascii_start().strip_prefix(b"=") else {
            // A word in a text, unless so many blanks follow that nobody knows.
            if window.trim_ascii_start().is_empty() && window.len() == COUNT_WINDOW {
                return Err(damaged());
            }
            continue;
        };
        let value = value.trim_ascii_start();
        let value = value.get(1..).unwrap_or_default().trim_ascii_start();
        let digits = value
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'+')
            .count();
        if digits > MOST_DIGITS || window.len() == COUNT_WINDOW && digits == value.len() {
            return Err(damaged());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn announced_numbers_of_texts_are_believed_only_within_reason() {
        for honest in [
            r#"<sst count="9" uniqueCount="4321">"#,
            "<t>the uniqueCount</t>",
            r#"<sst uniqueCount = '9999999' count="1">"#,
        ] {
            assert!(honest_counts(honest.as_bytes(), true).is_ok(), "{honest}");
        }
        let blanks = " ".repeat(200);
        for lie in [
            r#"<sst uniqueCount="999999999999">"#.to_owned(),
            "<sst uniqueCount\n=\t'+99999999'>".to_owned(),
            format!("<sst uniqueCount{blanks}=\"999999999999\">"),
            format!("<sst uniqueCount=\"{}1\">", "0".repeat(200)),
        ] {
            assert!(honest_counts(lie.as_bytes(), true).is_err(), "{lie}");
            // However it is cut into blocks, and in two bytes per character.
            let wide: Vec<u8> = lie.bytes().flat_map(|byte| [byte, 0]).collect();
            for text in [lie.as_bytes(), &wide] {
                for cut in 1..text.len() {
                    let (head, tail) = text.split_at(cut);
                    assert!(look(head.chain(tail), 1 << 20).is_err(), "{lie} at {cut}");
                }
            }
        }
    }

    #[test]
    fn long_texts_and_long_comments_are_refused() {
        let rows = "<row><c><v>1</v></c></row>".repeat(1 << 20);
        assert_eq!(
            look(rows.as_bytes(), 1 << 30).unwrap(),
            Some(rows.len() as u64)
        );
        assert_eq!(look(rows.as_bytes(), 1 << 20).unwrap(), None);
        let text = format!("<t>{}</t>", "x".repeat(LONGEST_RUN + 1));
        assert!(look(text.as_bytes(), 1 << 30).is_err());
        for hidden in [
            format!("<t><!-- {rows} --></t>"),
            format!("<!-- {rows} --><t/>"),
            format!("<?xml {rows} ?><t/>"),
            format!("\u{feff}<?xml version='1.0'?><t><![CDATA[{rows}]]></t>"),
        ] {
            assert!(look(hidden.as_bytes(), 1 << 30).is_err());
        }
        assert!(
            look(
                b"<?xml version='1.0'?><t><!-- short --></t>".as_slice(),
                1 << 30
            )
            .is_ok()
        );
    }
}
