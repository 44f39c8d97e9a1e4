//! Sealed files: AES-256-GCM over segments of 1 MiB.
//!
//! `HLDRSEA1`, 16 random bytes, then segments, each with its tag; all but the last hold exactly 1 MiB. The file's key is
//! HKDF-SHA-256(data key, salt = the random bytes, info = what the file is), so a nonce never meets a key twice. The
//! nonce is the segment's number and whether it is the last, so that none can be moved, left out or cut off; the label
//! (organisation and purpose) is authenticated with each segment.
//!
//! # Source
//! The STREAM construction: Hoang, Reyhanitabar, Rogaway & Vizár, CRYPTO 2015.

use std::io::{self, Write};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, Salt},
    rand,
};

use super::Secret;

/// Plain bytes per segment.
pub const SEGMENT_BYTES: usize = 1 << 20;
/// First bytes of every sealed file.
pub(super) const MAGIC: &[u8; 8] = b"HLDRSEA1";
/// Random bytes that make the file's key.
pub(super) const SALT_BYTES: usize = 16;

/// A `std::io::Write` that seals. What is not ended by [`SealingWriter::finish`] cannot be opened.
pub struct SealingWriter<W: Write> {
    inner: W,
    cipher: Cipher,
    segment: Vec<u8>,
}

/// The file's key, and where we are in the file.
pub(super) struct Cipher {
    key: LessSafeKey,
    label: Vec<u8>,
    number: u64,
}

impl Cipher {
    pub(super) fn new(data_key: &Secret, salt: &[u8; SALT_BYTES], label: &str) -> io::Result<Self> {
        let salt = Salt::new(HKDF_SHA256, salt);
        let derived = salt.extract(data_key.bytes());
        let info = [b"helder sealed file\n".as_slice(), label.as_bytes()];
        let okm = derived.expand(&info, &AES_256_GCM).map_err(|_| broken())?;
        Ok(Self {
            key: LessSafeKey::new(UnboundKey::from(okm)),
            label: label.as_bytes().to_vec(),
            number: 0,
        })
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&self.number.to_be_bytes());
        nonce[8] = u8::from(last);
        self.number += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, segment: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let nonce = self.nonce(last);
        self.key
            .seal_in_place_append_tag(nonce, Aad::from(&self.label), segment)
            .map_err(|_| broken())
    }

    /// Opens a segment in place; its plain bytes are the first of `segment`, as many as answered.
    pub(super) fn open(&mut self, segment: &mut [u8], last: bool) -> io::Result<usize> {
        let nonce = self.nonce(last);
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(&self.label), segment)
            .map_err(|_| broken())?;
        Ok(plain.len())
    }
}

impl<W: Write> SealingWriter<W> {
    pub(super) fn new(mut inner: W, data_key: &Secret, label: &str) -> io::Result<Self> {
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_| broken())?;
        inner.write_all(MAGIC)?;
        inner.write_all(&salt)?;
        let cipher = Cipher::new(data_key, &salt, label)?;
        Ok(Self {
            inner,
            cipher,
            segment: Vec::new(),
        })
    }

    /// Writes the last segment and gives the inner writer back.
    ///
    /// # Errors
    /// When the inner writer cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.cipher.seal(&mut self.segment, true)?;
        self.inner.write_all(&self.segment)?;
        self.inner.flush()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for SealingWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full segment waits until more comes, because the last one is sealed as the last.
        if self.segment.len() == SEGMENT_BYTES && !bytes.is_empty() {
            self.cipher.seal(&mut self.segment, false)?;
            self.inner.write_all(&self.segment)?;
            self.segment.clear();
        }
        let room = SEGMENT_BYTES - self.segment.len();
        let taken = bytes.len().min(room);
        self.segment.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Leaves the open segment open: it is sealed when it is full or last.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Says nothing about where or why.
pub(super) fn broken() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the sealed file is damaged, cut or of another organisation",
    )
}
