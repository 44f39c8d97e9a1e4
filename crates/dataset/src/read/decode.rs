//! Compression and character encodings, undone while streaming.

use std::io::{self, Read, Write};

use flate2::write::MultiGzDecoder;
use zstd::stream::raw::{Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use crate::{
    detect::Encoding,
    error::{DatasetError, Result},
    limits::Limits,
};

/// Compression of an upload, as declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// None.
    Identity,
    /// gzip, RFC 1952.
    Gzip,
    /// Zstandard, RFC 8878.
    Zstd,
}

/// Bytes before the ratio of expansion is looked at.
const RATIO_FROM_BYTES: u64 = 64 << 20;
/// 8 MiB, which RFC 8878 asks every decoder to support; a larger window would be held in memory.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Undoes compression chunk by chunk and hands the bytes to a sink, with a limit on what comes out.
pub struct Inflate<W: Write> {
    state: State<W>,
    compressed: u64,
}

enum State<W: Write> {
    Identity(Guard<W>),
    Gzip(Box<MultiGzDecoder<Guard<W>>>),
    Zstd {
        decoder: ZstdDecoder<'static>,
        sink: Guard<W>,
        buffer: Vec<u8>,
        frame_open: bool,
    },
}

/// Counts what passes and stops at the limit.
struct Guard<W> {
    sink: W,
    expanded: u64,
    limit: u64,
    ratio: u64,
    compressed: u64,
    /// What has grown beyond which limit.
    exceeded: Option<(&'static str, u64)>,
}

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.expanded += bytes.len() as u64;
        let bomb = self.expanded > RATIO_FROM_BYTES
            && self.expanded > self.compressed.saturating_mul(self.ratio);
        self.exceeded = if self.expanded > self.limit {
            Some(("expanded bytes", self.limit))
        } else {
            bomb.then_some(("bytes per compressed byte", self.ratio))
        };
        if self.exceeded.is_some() {
            return Err(io::Error::other("expansion limit"));
        }
        self.sink.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

impl<W: Write> Inflate<W> {
    /// A decoder that writes into `sink`.
    ///
    /// # Errors
    /// When the decoder cannot be made.
    pub fn new(compression: Compression, sink: W, limits: &Limits) -> Result<Self> {
        let guard = Guard {
            sink,
            expanded: 0,
            limit: limits.expanded_bytes,
            ratio: limits.expansion_ratio,
            compressed: 0,
            exceeded: None,
        };
        let state = match compression {
            Compression::Identity => State::Identity(guard),
            Compression::Gzip => State::Gzip(Box::new(MultiGzDecoder::new(guard))),
            Compression::Zstd => {
                let mut decoder = ZstdDecoder::new()?;
                decoder
                    .set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                State::Zstd {
                    decoder,
                    sink: guard,
                    buffer: vec![0; 128 << 10],
                    frame_open: false,
                }
            }
        };
        Ok(Self {
            state,
            compressed: 0,
        })
    }

    /// Takes the next bytes as they arrived.
    ///
    /// # Errors
    /// [`DatasetError::TooLarge`] at the limit, a refusal for damaged data, and errors of the sink.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.compressed += chunk.len() as u64;
        let outcome = match &mut self.state {
            State::Identity(guard) => {
                guard.compressed = self.compressed;
                guard.write_all(chunk)
            }
            State::Gzip(decoder) => {
                decoder.get_mut().compressed = self.compressed;
                decoder.write_all(chunk)
            }
            State::Zstd {
                decoder,
                sink,
                buffer,
                frame_open,
            } => {
                sink.compressed = self.compressed;
                push_zstd(decoder, sink, buffer, frame_open, chunk)
            }
        };
        outcome.map_err(|error| self.explain(error))
    }

    /// Ends the stream and gives the sink back, with the number of bytes it received.
    ///
    /// # Errors
    /// A refusal when the compressed data is cut off.
    pub fn finish(self) -> Result<(W, u64)> {
        match self.state {
            State::Identity(guard) => Ok((guard.sink, guard.expanded)),
            State::Gzip(decoder) => {
                let guard = decoder.finish().map_err(|_| cut_off())?;
                Ok((guard.sink, guard.expanded))
            }
            State::Zstd {
                frame_open: true, ..
            } => Err(cut_off()),
            State::Zstd { sink, .. } => Ok((sink.sink, sink.expanded)),
        }
    }

    fn explain(&self, error: io::Error) -> DatasetError {
        let guard = match &self.state {
            State::Identity(guard) | State::Zstd { sink: guard, .. } => guard,
            State::Gzip(decoder) => decoder.get_ref(),
        };
        let damaged = matches!(
            error.kind(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
        );
        if let Some((what, limit)) = guard.exceeded {
            DatasetError::TooLarge { what, limit }
        } else if damaged
            || matches!(self.state, State::Zstd { .. }) && error.kind() == io::ErrorKind::Other
        {
            DatasetError::refused(
                "Content-Encoding",
                "damaged",
                "the compressed data is damaged",
            )
        } else {
            DatasetError::Io(error)
        }
    }
}

fn cut_off() -> DatasetError {
    DatasetError::refused(
        "Content-Encoding",
        "cut-off",
        "the compressed data ends too early",
    )
}

fn push_zstd<W: Write>(
    decoder: &mut ZstdDecoder<'static>,
    sink: &mut Guard<W>,
    buffer: &mut [u8],
    frame_open: &mut bool,
    chunk: &[u8],
) -> io::Result<()> {
    let mut input = InBuffer::around(chunk);
    loop {
        let mut output = OutBuffer::around(&mut *buffer);
        let hint = decoder.run(&mut input, &mut output)?;
        let written = output.pos();
        *frame_open = hint != 0;
        if hint == 0 {
            decoder.reinit()?;
        }
        sink.write_all(&buffer[..written])?;
        if input.pos >= chunk.len() && written < buffer.len() {
            return Ok(());
        }
    }
}

/// Turns text of any supported encoding into UTF-8 while it is read; a byte order mark is dropped.
pub struct Utf8Reader<R> {
    inner: R,
    decoder: Option<encoding_rs::Decoder>,
    input: Vec<u8>,
    /// Bytes ready to be handed out, from `used` on.
    ready: Vec<u8>,
    used: usize,
    started: bool,
    ended: bool,
}

impl<R> std::fmt::Debug for Utf8Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Utf8Reader")
            .field("transcodes", &self.decoder.is_some())
            .finish_non_exhaustive()
    }
}

impl<R: Read> Utf8Reader<R> {
    /// A reader of `inner`, which holds text in `encoding`.
    pub fn new(inner: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16Le => Some(encoding_rs::UTF_16LE.new_decoder_with_bom_removal()),
            Encoding::Utf16Be => Some(encoding_rs::UTF_16BE.new_decoder_with_bom_removal()),
            Encoding::Windows1252 | Encoding::Iso88591 => {
                Some(encoding_rs::WINDOWS_1252.new_decoder_without_bom_handling())
            }
        };
        let input = if decoder.is_some() {
            vec![0; 64 << 10]
        } else {
            Vec::new()
        };
        Self {
            inner,
            decoder,
            input,
            ready: Vec::new(),
            used: 0,
            started: false,
            ended: false,
        }
    }

    /// Fetches and decodes until something is ready or the text ends.
    fn refill(&mut self) -> io::Result<()> {
        self.used = 0;
        self.ready.clear();
        let Some(decoder) = self.decoder.as_mut() else {
            return Ok(());
        };
        while self.ready.is_empty() && !self.ended {
            let filled = self.inner.read(&mut self.input)?;
            self.ended = filled == 0;
            let need = decoder
                .max_utf8_buffer_length(filled)
                .unwrap_or(4 * filled + 16);
            self.ready.resize(need, 0);
            let (_, _, written, _) =
                decoder.decode_to_utf8(&self.input[..filled], &mut self.ready, self.ended);
            self.ready.truncate(written);
        }
        Ok(())
    }
}

impl<R: Read> Read for Utf8Reader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.started, true) && self.decoder.is_none() {
            self.inner.by_ref().take(3).read_to_end(&mut self.ready)?;
            if self.ready == [0xef, 0xbb, 0xbf] {
                self.ready.clear();
            }
        }
        if self.used == self.ready.len() {
            if self.decoder.is_none() {
                return self.inner.read(out);
            }
            self.refill()?;
        }
        let count = out.len().min(self.ready.len() - self.used);
        out[..count].copy_from_slice(&self.ready[self.used..self.used + count]);
        self.used += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn inflate(compression: Compression, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>> {
        let mut inflate = Inflate::new(compression, Vec::new(), limits)?;
        for chunk in bytes.chunks(1_000) {
            inflate.push(chunk)?;
        }
        inflate.finish().map(|(sink, _)| sink)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn compressed_bytes_come_back_and_cut_off_ones_are_refused() {
        let text: Vec<u8> = (0..200_000_u32)
            .flat_map(|n| n.to_string().into_bytes())
            .collect();
        let limits = Limits::default();
        for (compression, packed) in [
            (Compression::Gzip, gzip(&text)),
            (Compression::Zstd, zstd::encode_all(&*text, 1).unwrap()),
        ] {
            assert_eq!(inflate(compression, &packed, &limits).unwrap(), text);
            let twice = [packed.clone(), packed.clone()].concat();
            assert_eq!(
                inflate(compression, &twice, &limits).unwrap().len(),
                2 * text.len()
            );
            let cut = inflate(compression, &packed[..packed.len() - 9], &limits);
            assert!(
                matches!(cut, Err(DatasetError::Refused(_))),
                "{compression:?} {cut:?}"
            );
            let junk = inflate(compression, b"no such thing, really, not at all", &limits);
            assert!(
                matches!(junk, Err(DatasetError::Refused(_))),
                "{compression:?} {junk:?}"
            );
        }
    }

    #[test]
    fn a_bomb_is_stopped_by_size_and_by_ratio() {
        let limits = Limits {
            expanded_bytes: 1 << 20,
            ..Limits::default()
        };
        let zeros = vec![b'0'; 100 << 20];
        for (compression, packed) in [
            (Compression::Gzip, gzip(&zeros)),
            (Compression::Zstd, zstd::encode_all(&*zeros, 1).unwrap()),
        ] {
            for limits in [&limits, &Limits::default()] {
                let stopped = inflate(compression, &packed, limits);
                assert!(
                    matches!(stopped, Err(DatasetError::TooLarge { .. })),
                    "{compression:?}"
                );
            }
        }
        let plain = inflate(Compression::Identity, &zeros[..2 << 20], &limits);
        assert!(matches!(plain, Err(DatasetError::TooLarge { .. })));
        let large = inflate(Compression::Identity, &zeros, &Limits::default());
        assert_eq!(large.unwrap().len(), zeros.len(), "large is no bomb");
    }

    #[test]
    fn every_encoding_becomes_utf8() {
        let text = "naam;bedrag\r\nJosé;€ 5\r\n".repeat(10_000);
        let utf16: Vec<u8> = std::iter::once(0xfeff)
            .chain(text.encode_utf16())
            .flat_map(u16::to_le_bytes)
            .collect();
        let (cp1252, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
        let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for (encoding, bytes) in [
            (Encoding::Utf16Le, utf16),
            (Encoding::Windows1252, cp1252.into_owned()),
            (Encoding::Utf8, with_mark),
            (Encoding::Utf8, text.clone().into_bytes()),
        ] {
            let mut read = String::new();
            Utf8Reader::new(Cursor::new(bytes), encoding)
                .read_to_string(&mut read)
                .unwrap();
            assert!(read == text, "{encoding:?}");
        }
    }
}
