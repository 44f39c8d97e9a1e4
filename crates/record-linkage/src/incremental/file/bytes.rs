//! Numbers and texts as bytes, and back without trusting them.

use super::FileError;

/// Builds a section.
#[derive(Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    pub(super) fn u32(&mut self, n: u32) {
        self.0.extend(n.to_le_bytes());
    }

    pub(super) fn u64(&mut self, n: u64) {
        self.0.extend(n.to_le_bytes());
    }

    /// The bits, so that nothing is rounded.
    pub(super) fn f64(&mut self, n: f64) {
        self.u64(n.to_bits());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.u32(text.len() as u32);
        self.0.extend(text.as_bytes());
    }

    pub(super) fn u32s(&mut self, numbers: &[u32]) {
        self.u64(numbers.len() as u64);
        for n in numbers {
            self.u32(*n);
        }
    }

    pub(super) fn u64s(&mut self, numbers: &[u64]) {
        self.u64(numbers.len() as u64);
        for n in numbers {
            self.u64(*n);
        }
    }
}

/// Reads a section.
pub(super) struct In<'a> {
    rest: &'a [u8],
    section: &'static str,
}

impl<'a> In<'a> {
    pub(super) const fn new(section: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            section,
        }
    }

    /// What is wrong with this section.
    pub(super) const fn fault(&self, what: &'static str) -> FileError {
        FileError::Content {
            section: self.section,
            what,
        }
    }

    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], FileError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(n)
            .ok_or(self.fault("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let bytes = self.take(N)?;
        let short = self.fault("it ends too early");
        bytes.try_into().map_err(|_| short)
    }

    pub(super) fn u32(&mut self) -> Result<u32, FileError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, FileError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64, FileError> {
        Ok(f64::from_bits(self.u64()?))
    }

    /// A number of things that take `size` bytes each at least: no more than there are bytes left, so that a wrong number reserves no memory.
    pub(super) fn count(&mut self, size: usize) -> Result<usize, FileError> {
        let n = self.u64()?;
        let most = self.rest.len() / size.max(1);
        usize::try_from(n)
            .ok()
            .filter(|n| *n <= most && *n < u32::MAX as usize)
            .ok_or(self.fault("it counts more than it holds"))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, FileError> {
        let n = self.u32()? as usize;
        let bytes = self.take(n)?;
        std::str::from_utf8(bytes).map_err(|_| self.fault("a text is not UTF-8"))
    }

    pub(super) fn u32s(&mut self) -> Result<Vec<u32>, FileError> {
        let n = self.count(4)?;
        (0..n).map(|_| self.u32()).collect()
    }

    pub(super) fn u64s(&mut self) -> Result<Vec<u64>, FileError> {
        let n = self.count(8)?;
        (0..n).map(|_| self.u64()).collect()
    }

    /// All that is left.
    pub(super) fn rest_of(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// The section holds nothing more.
    pub(super) fn end(&self) -> Result<(), FileError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.fault("it goes on after its end"))
        }
    }
}

/// FNV-1a, 64 bits: one wrong byte always gives another sum.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
