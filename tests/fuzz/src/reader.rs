//! Requests as RFC 9112 reads them, strictly: what is uncertain ends the reading.

use helder_types::Digest;

use crate::door::Seen;

/// What strict reading finds.
#[derive(Debug, Default)]
pub struct Reading {
    /// The requests of which nothing is uncertain, in order.
    pub whole: Vec<Seen>,
    /// Method and target of one more whose head is certain and whose body is not there, or not all of it: it may be answered early
    /// (RFC 9112 §9.3), and is the last.
    pub begun: Option<(String, String)>,
}

/// Reads all of them.
pub fn requests(mut bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    while let Some((head, rest)) = head(bytes) {
        let Some((body, rest)) = body(&head.framing, rest) else {
            reading.begun = Some((head.method, head.target));
            break;
        };
        let digest = Digest::of(&body);
        reading.whole.push((head.method, head.target, digest));
        bytes = rest;
    }
    reading
}

struct Head {
    method: String,
    target: String,
    framing: Framing,
}

enum Framing {
    None,
    Length(usize),
    Chunked,
}

fn body<'a>(framing: &Framing, rest: &'a [u8]) -> Option<(Vec<u8>, &'a [u8])> {
    match framing {
        Framing::None => Some((Vec::new(), rest)),
        Framing::Length(length) => Some((rest.get(..*length)?.to_vec(), &rest[*length..])),
        Framing::Chunked => unchunked(rest),
    }
}

fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    // RFC 9112 §2.2: empty lines before a request are passed over, and in a head a line may end without a carriage return.
    let mut rest = bytes;
    let mut lines = Vec::new();
    loop {
        let (line, after) = split(rest, b"\n")?;
        rest = after;
        match line.strip_suffix(b"\r").unwrap_or(line) {
            b"" if lines.is_empty() => {}
            b"" => break,
            line => lines.push(line),
        }
    }
    let mut first = lines[0].split(|byte| *byte == b' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    if first.next().is_some() || !is_token(method) || !target.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let is_11 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        _ => return None,
    };
    let (mut lengths, mut codings) = (Vec::new(), Vec::new());
    for line in &lines[1..] {
        let at = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = (&line[..at], trim(&line[at + 1..]));
        let is_text = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
        if !is_token(name) || !value.iter().all(is_text) {
            return None;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"content-length" => lengths.push(value),
            b"transfer-encoding" => codings.push(value),
            _ => {}
        }
    }
    let framing = match (lengths.as_slice(), codings.as_slice()) {
        ([], []) => Framing::None,
        ([length], []) => Framing::Length(number(length, 10)?),
        ([], [coding]) if is_11 && coding.eq_ignore_ascii_case(b"chunked") => Framing::Chunked,
        _ => return None,
    };
    // A target has no fragment (RFC 9112 §3.2). The HTTP library leaves one out before anybody sees it, so who routes, who keeps
    // the audit and the service behind all read the same.
    let target = target.split(|byte| *byte == b'#').next()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let head = Head {
        method: text(method),
        target: text(target),
        framing,
    };
    Some((head, rest))
}

fn unchunked(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut whole = Vec::new();
    loop {
        let (line, after) = split(rest, b"\r\n")?;
        let size = line.split(|byte| *byte == b';').next()?;
        let size = number(trim(size), 16)?;
        if size == 0 {
            // Trailers, until an empty line.
            let mut rest = after;
            loop {
                let (line, after) = split(rest, b"\r\n")?;
                rest = after;
                if line.is_empty() {
                    return Some((whole, rest));
                }
            }
        }
        whole.extend_from_slice(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

fn number(digits: &[u8], radix: u32) -> Option<usize> {
    let all = digits.iter().all(|byte| char::from(*byte).is_digit(radix));
    let digits = std::str::from_utf8(digits).ok().filter(|_| all)?;
    usize::from_str_radix(digits, radix).ok()
}

fn split<'a>(bytes: &'a [u8], by: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(by.len()).position(|window| window == by)?;
    Some((&bytes[..at], &bytes[at + by.len()..]))
}

fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().take_while(|byte| is_space(byte)).count();
    let end = bytes[start..]
        .iter()
        .rev()
        .take_while(|byte| is_space(byte));
    &bytes[start..bytes.len() - end.count()]
}

fn is_token(bytes: &[u8]) -> bool {
    let is_sign = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !bytes.is_empty() && bytes.iter().all(is_sign)
}
