//! The file that travels: a first line of eight bytes, a header of JSON, fixed-width rows, a digest.
//!
//! ```text
//! HELDPPR2 | u32 header bytes | header (JSON) | rows: token, then per slot tag and cells | digest of 32 bytes
//! ```
//!
//! Numbers are little-endian. The digest is BLAKE3 over the header and the BLAKE3 digests of pieces of 2,048 rows. It guards against
//! damage, not against forgery. Nothing in the file is a key or a value; the header names the project and how the encoding was made.

use std::{fmt, io::Write};

use serde::{Deserialize, Serialize};

use crate::{
    chance::ChanceTable,
    compare::Cells,
    encode::CHUNK_ROWS,
    layout::{CELL_BYTES, SLOT_BYTES, TAG_BYTES, TOKEN_BYTES},
    rules::{Slot, slots},
};

/// First bytes of every file of this version.
pub const MAGIC: [u8; 8] = *b"HELDPPR2";
/// Name of the encoding in the header.
pub const FORMAT: &str = "helder-pprl-2: tags and block-salted cells";
const MOST_HEADER_BYTES: usize = 1 << 20;
const DIGEST_BYTES: usize = 32;

/// How an encoding was made. No key, no value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`].
    pub format: String,
    /// Project the key is for.
    pub project: String,
    /// 32 hexadecimal digits; equal when the same key made both files.
    pub key_check: String,
    /// Number of records.
    pub n_rows: u64,
    /// Tags per record.
    pub slots: Vec<Slot>,
    /// Tags shared by more records than this were left out.
    pub most_per_tag: u32,
    /// How often unrelated records of the file agree.
    pub chance: ChanceTable,
}

/// The encoding could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The destination failed.
    #[error("the destination failed")]
    Io(#[from] std::io::Error),
    /// The header could not be written.
    #[error("the header could not be written")]
    Header(#[from] serde_json::Error),
}

/// Why a file is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Another kind of file.
    #[error("this is no encoding of `helder pprl encode`")]
    NotAnEncoding,
    /// A version this program does not know.
    #[error(
        "this encoding was made by another version of helder; encode again with the same version on both sides"
    )]
    Version,
    /// The header is damaged or was written by hand.
    #[error("the header of the encoding is damaged: {0}")]
    Header(&'static str),
    /// The file ends too early or too late.
    #[error("the encoding has {found} bytes where its header promises {expected}")]
    Length {
        /// What the header promises.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The digest does not fit the rows.
    #[error("the encoding was damaged on its way: its digest does not fit")]
    Digest,
    /// Two records have one token.
    #[error("two records of the encoding have one row token")]
    Tokens,
}

/// Rows of the file with their digest.
pub(crate) struct Piece {
    pub(crate) rows: Vec<u8>,
    pub(crate) digest: blake3::Hash,
}

impl Default for Piece {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            digest: blake3::Hash::from_bytes([0; DIGEST_BYTES]),
        }
    }
}

/// Writes a file piece by piece.
pub(crate) struct Writer<'a> {
    out: &'a mut dyn Write,
    digest: blake3::Hasher,
    size_bytes: u64,
}

impl<'a> Writer<'a> {
    pub(crate) fn start(out: &'a mut dyn Write, header: &Header) -> Result<Self, WriteError> {
        let text = serde_json::to_vec(header)?;
        let mut digest = blake3::Hasher::new();
        digest.update(&text);
        out.write_all(&MAGIC)?;
        out.write_all(&(text.len() as u32).to_le_bytes())?;
        out.write_all(&text)?;
        Ok(Self {
            out,
            digest,
            size_bytes: (MAGIC.len() + 4 + text.len()) as u64,
        })
    }

    /// Writes the next piece of rows: [`CHUNK_ROWS`], except the last one.
    pub(crate) fn piece(&mut self, piece: &Piece) -> Result<(), WriteError> {
        self.digest.update(piece.digest.as_bytes());
        self.out.write_all(&piece.rows)?;
        self.size_bytes += piece.rows.len() as u64;
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<u64, WriteError> {
        self.out.write_all(self.digest.finalize().as_bytes())?;
        self.out.flush()?;
        Ok(self.size_bytes + DIGEST_BYTES as u64)
    }
}

/// What the start of a file says, before its rows are read.
#[derive(Clone, Debug)]
pub struct Start {
    /// How the encoding was made.
    pub header: Header,
    header_bytes: usize,
    /// Bytes that the whole file has.
    pub size_bytes: u64,
}

impl Start {
    /// Most bytes that are needed of a file.
    pub const MOST_BYTES: usize = 12 + MOST_HEADER_BYTES;

    /// Reads and checks the first bytes of a file. The rows may still be damaged: [`Encoding::read`] looks at all of it.
    ///
    /// # Errors
    /// When they are not as `encode` writes them; see [`ReadError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.get(..7) != Some(&MAGIC[..7]) {
            return Err(ReadError::NotAnEncoding);
        }
        if bytes.get(..8) != Some(&MAGIC) {
            return Err(ReadError::Version);
        }
        let header_bytes = bytes
            .get(8..12)
            .and_then(|four| four.try_into().ok())
            .map(u32::from_le_bytes)
            .ok_or(ReadError::Header("it ends before its length"))?
            as usize;
        if header_bytes > MOST_HEADER_BYTES {
            return Err(ReadError::Header("it is too long"));
        }
        let text = bytes
            .get(12..12 + header_bytes)
            .ok_or(ReadError::Header("it ends too early"))?;
        let header: Header = serde_json::from_slice(text)
            .map_err(|_| ReadError::Header("it is not what this version writes"))?;
        header.check()?;
        let size_bytes = header
            .n_rows
            .checked_mul(header.width() as u64)
            .and_then(|rows| rows.checked_add((12 + header_bytes + DIGEST_BYTES) as u64))
            .ok_or(ReadError::Header("it promises too many records"))?;
        Ok(Self {
            header,
            header_bytes,
            size_bytes,
        })
    }
}

/// An encoding as the linkage unit reads it.
#[derive(Clone)]
pub struct Encoding {
    header: Header,
    rows: Vec<u8>,
    width: usize,
}

impl fmt::Debug for Encoding {
    /// The header only: rows stand for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encoding").field(&self.header).finish()
    }
}

impl Encoding {
    /// Reads and checks a whole file.
    ///
    /// # Errors
    /// When anything is not as `encode` writes it; see [`ReadError`].
    pub fn read(mut bytes: Vec<u8>) -> Result<Self, ReadError> {
        let Start {
            header,
            header_bytes: length,
            size_bytes: expected,
        } = Start::read(&bytes)?;
        let text = &bytes[12..12 + length];
        let width = header.width();
        if expected != bytes.len() as u64 {
            return Err(ReadError::Length {
                expected,
                found: bytes.len() as u64,
            });
        }
        let mut digest = blake3::Hasher::new();
        digest.update(text);
        let end = bytes.len() - DIGEST_BYTES;
        for hash in digests(&bytes[12 + length..end], width) {
            digest.update(hash.as_bytes());
        }
        if digest.finalize().as_bytes() != &bytes[end..] {
            return Err(ReadError::Digest);
        }
        bytes.truncate(end);
        bytes.drain(..12 + length);
        let encoding = Self {
            header,
            rows: bytes,
            width,
        };
        let mut tokens: Vec<u64> = (0..encoding.n_rows())
            .map(|row| encoding.token(row))
            .collect();
        tokens.sort_unstable();
        if tokens.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(ReadError::Tokens);
        }
        Ok(encoding)
    }

    /// How it was made.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Number of records.
    pub fn n_rows(&self) -> usize {
        self.rows.len() / self.width
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.rows.capacity() as u64
    }

    /// Row token of a record.
    pub fn token(&self, row: usize) -> u64 {
        number(&self.rows[row * self.width..])
    }

    /// Tag of a record in a slot.
    pub fn tag(&self, row: usize, slot: usize) -> u64 {
        number(&self.rows[self.place(row, slot)..])
    }

    /// Cells of a record in a slot.
    pub fn cells(&self, row: usize, slot: usize) -> Cells {
        let start = self.place(row, slot) + TAG_BYTES;
        let mut cells = [0; CELL_BYTES];
        cells.copy_from_slice(&self.rows[start..start + CELL_BYTES]);
        cells
    }

    fn place(&self, row: usize, slot: usize) -> usize {
        row * self.width + TOKEN_BYTES + slot * SLOT_BYTES
    }
}

/// Digests of pieces of rows.
fn digests(rows: &[u8], width: usize) -> Vec<blake3::Hash> {
    use rayon::prelude::*;
    rows.par_chunks(CHUNK_ROWS * width)
        .map(blake3::hash)
        .collect()
}

fn number(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(eight)
}

impl Header {
    /// Bytes of a row.
    fn width(&self) -> usize {
        TOKEN_BYTES + self.slots.len() * SLOT_BYTES
    }

    fn check(&self) -> Result<(), ReadError> {
        if self.format != FORMAT {
            return Err(ReadError::Version);
        }
        let hexadecimal = self.key_check.len() == 32
            && self
                .key_check
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
        if !hexadecimal {
            return Err(ReadError::Header(
                "its key check is not 32 hexadecimal digits",
            ));
        }
        if self.project.is_empty() || self.project.len() > 64 {
            return Err(ReadError::Header("its project has no name"));
        }
        if ![slots(false), slots(true)].contains(&self.slots) {
            return Err(ReadError::Header("its tags are not those of this version"));
        }
        if !(1..=u64::from(u32::MAX)).contains(&self.n_rows) {
            return Err(ReadError::Header("its number of records is impossible"));
        }
        if !self.chance.fits() {
            return Err(ReadError::Header(
                "its table of chance agreement has another shape",
            ));
        }
        if self.most_per_tag < 2 {
            return Err(ReadError::Header("it allows fewer than 2 records per tag"));
        }
        Ok(())
    }
}
