//! What the pages of a Parquet file declare, read before any of them is opened.
//!
//! A reader makes room for a page by what the page says of itself, whatever the footer said of the chunk. So the headers
//! are walked through first. Nothing is decompressed.
//!
//! # Source
//! Apache Parquet format 2.10, `PageHeader`; Thrift compact protocol, `thrift-compact-protocol.md`.

use std::io::{self, BufRead, Read};

use parquet::file::{
    metadata::{ColumnChunkMetaData, ParquetMetaData},
    reader::ChunkReader,
};

use crate::{
    error::{DatasetError, Result},
    limits::Limits,
};

/// Structures within each other in a page header.
const DEEPEST: u32 = 8;

/// Checks every page of a file.
///
/// # Errors
/// Pages beyond their chunk or the file, pages too large, headers that cannot be read.
pub(super) fn check<R: ChunkReader>(
    reader: &R,
    metadata: &ParquetMetaData,
    limits: &Limits,
) -> Result<()> {
    for group in metadata.row_groups() {
        for chunk in group.columns() {
            check_chunk(reader, chunk, limits)?;
        }
    }
    Ok(())
}

fn damaged() -> DatasetError {
    DatasetError::refused("/file", "damaged", "the Parquet file is damaged")
}

fn check_chunk<R: ChunkReader>(
    reader: &R,
    chunk: &ColumnChunkMetaData,
    limits: &Limits,
) -> Result<()> {
    let first = chunk
        .dictionary_page_offset()
        .filter(|offset| *offset > 0)
        .map_or(chunk.data_page_offset(), |offset| {
            offset.min(chunk.data_page_offset())
        });
    let number = |value: i64| u64::try_from(value).map_err(|_| damaged());
    let (mut at, length) = (number(first)?, number(chunk.compressed_size())?);
    let end = at
        .checked_add(length)
        .filter(|end| *end <= reader.len())
        .ok_or_else(damaged)?;
    let mut values = 0;
    while at < end && values < chunk.num_values() {
        let source = reader.get_read(at).map_err(|_| damaged())?;
        let mut header = Header {
            source: io::BufReader::with_capacity(1 << 10, source.take(end - at)),
            read: 0,
        };
        let page = header.page().map_err(|_| damaged())?;
        if page.uncompressed_bytes > limits.parquet_page_bytes {
            return Err(DatasetError::TooLarge {
                what: "bytes of a Parquet page",
                limit: limits.parquet_page_bytes,
            });
        }
        at += header.read + page.compressed_bytes;
        values += page.values;
    }
    if at > end { Err(damaged()) } else { Ok(()) }
}

/// What is needed of a page header.
#[derive(Debug, Default, PartialEq, Eq)]
struct Page {
    uncompressed_bytes: u64,
    compressed_bytes: u64,
    /// Values of a data page; none of other pages.
    values: i64,
}

/// Reads one structure of the Thrift compact protocol, counting bytes.
struct Header<R> {
    source: R,
    read: u64,
}

fn invalid() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl<R: BufRead> Header<R> {
    fn page(&mut self) -> io::Result<Page> {
        let mut page = Page::default();
        let (mut has_sizes, mut is_data) = ((false, false), false);
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            match (id, kind) {
                (1, 5) => is_data = matches!(self.signed()?, 0 | 3),
                (2, 5) => {
                    page.uncompressed_bytes = self.size()?;
                    has_sizes.0 = true;
                }
                (3, 5) => {
                    page.compressed_bytes = self.size()?;
                    has_sizes.1 = true;
                }
                // Either header of a data page begins with its number of values.
                (5 | 8, 12) if is_data => {
                    let mut inner = 0;
                    while let Some(kind) = self.field(&mut inner)? {
                        if (inner, kind) == (1, 5) {
                            page.values = self.signed()?.max(0);
                        } else {
                            self.skip(kind, 1)?;
                        }
                    }
                }
                _ => self.skip(kind, 0)?,
            }
        }
        if has_sizes == (true, true) {
            Ok(page)
        } else {
            Err(invalid())
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        self.read += 1;
        Ok(byte[0])
    }

    fn unsigned(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(invalid())
    }

    fn signed(&mut self) -> io::Result<i64> {
        let value = self.unsigned()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn size(&mut self) -> io::Result<u64> {
        let size = self.signed()?;
        i32::try_from(size)
            .ok()
            .and_then(|size| u64::try_from(size).ok())
            .ok_or_else(invalid)
    }

    /// The next field of a structure: its type, with its number in `id`; `None` at the end.
    fn field(&mut self, id: &mut i64) -> io::Result<Option<u8>> {
        let byte = self.byte()?;
        if byte == 0 {
            return Ok(None);
        }
        *id = match byte >> 4 {
            0 => self.signed()?,
            step => id.wrapping_add(i64::from(step)),
        };
        Ok(Some(byte & 15))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(invalid());
        }
        match kind {
            1 | 2 => Ok(()),
            3 => self.byte().map(|_| ()),
            4..=6 => self.unsigned().map(|_| ()),
            7 => self.pass(8),
            8 => {
                let length = self.unsigned()?;
                self.pass(length)
            }
            9 | 10 => {
                let byte = self.byte()?;
                let count = match byte >> 4 {
                    15 => self.unsigned()?,
                    short => u64::from(short),
                };
                // Yes and no take a byte each within a list.
                let kind = if byte & 15 <= 2 { 3 } else { byte & 15 };
                (0..count).try_for_each(|_| self.skip(kind, depth + 1))
            }
            12 => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            _ => Err(invalid()),
        }
    }

    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut self.source.by_ref().take(bytes), &mut io::sink())?;
        self.read += passed;
        if passed == bytes {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(bytes: &[u8]) -> io::Result<(Page, u64)> {
        let mut header = Header {
            source: bytes,
            read: 0,
        };
        header.page().map(|page| (page, header.read))
    }

    #[test]
    fn a_page_header_is_read_whatever_else_it_holds() {
        // Data page, 300 bytes unpacked, 100 packed, a checksum, 7 values with statistics, and a field nobody knows.
        let bytes = [
            0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01, 0x15, 0x02, 0x1c, 0x15, 0x0e, 0x15,
            0x00, 0x15, 0x06, 0x15, 0x06, 0x1c, 0x18, 0x02, b'z', b'z', 0x00, 0x00, 0x49, 0x25,
            0x02, 0x04, 0x00, 0xff,
        ];
        let expected = Page {
            uncompressed_bytes: 300,
            compressed_bytes: 100,
            values: 7,
        };
        assert_eq!(page(&bytes).unwrap(), (expected, 31));
        for cut in 0..31 {
            assert!(page(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(
            page(&[0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0x00]).is_err(),
            "less than nothing"
        );
        assert!(page(&[0x00]).is_err(), "no sizes");
        assert!(page(&[0x1c; 100]).is_err(), "too deep");
    }
}
