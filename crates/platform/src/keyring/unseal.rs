//! Opening sealed files.

use std::io::{self, Read};

use super::{
    Secret,
    seal::{Cipher, MAGIC, SALT_BYTES, SEGMENT_BYTES, broken},
};

const TAG_BYTES: usize = 16;

/// A `std::io::Read` over a sealed file. Every byte it answers has been authenticated; a file that was cut gives an
/// error instead of an end.
pub struct UnsealingReader<R: Read> {
    inner: R,
    cipher: Cipher,
    segment: Vec<u8>,
    plain: usize,
    read: usize,
    /// First byte of the next segment, already taken to know that this one is not the last.
    ahead: Option<u8>,
    ended: bool,
}

impl<R: Read> UnsealingReader<R> {
    pub(super) fn new(mut inner: R, data_key: &Secret, label: &str) -> io::Result<Self> {
        let mut magic = [0; MAGIC.len()];
        let mut salt = [0; SALT_BYTES];
        exact(&mut inner, &mut magic)?;
        exact(&mut inner, &mut salt)?;
        if magic != *MAGIC {
            return Err(broken());
        }
        let cipher = Cipher::new(data_key, &salt, label)?;
        Ok(Self {
            inner,
            cipher,
            segment: Vec::new(),
            plain: 0,
            read: 0,
            ahead: None,
            ended: false,
        })
    }

    fn next_segment(&mut self) -> io::Result<()> {
        self.segment.clear();
        self.segment.extend(self.ahead.take());
        let wanted = (SEGMENT_BYTES + TAG_BYTES - self.segment.len()) as u64;
        self.inner
            .by_ref()
            .take(wanted)
            .read_to_end(&mut self.segment)?;
        let mut ahead = [0];
        let last = loop {
            match self.inner.read(&mut ahead) {
                Ok(n) => break n == 0,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        };
        if !last {
            self.ahead = Some(ahead[0]);
        }
        (self.read, self.plain) = (0, 0);
        self.plain = self.cipher.open(&mut self.segment, last)?;
        // Only an opened last segment is an end; after a fault every further read fails as well.
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for UnsealingReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.read == self.plain {
            if self.ended || out.is_empty() {
                return Ok(0);
            }
            self.next_segment()?;
        }
        let n = out.len().min(self.plain - self.read);
        out[..n].copy_from_slice(&self.segment[self.read..self.read + n]);
        self.read += n;
        Ok(n)
    }
}

fn exact(inner: &mut impl Read, out: &mut [u8]) -> io::Result<()> {
    inner.read_exact(out).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => broken(),
        _ => error,
    })
}
