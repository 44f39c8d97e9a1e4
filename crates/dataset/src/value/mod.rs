//! Reading single values: bytes in, typed value or broken rule out. Nothing here allocates per value.

pub mod code;
pub mod date;
pub mod number;
pub mod text;

/// Removes blanks at both ends: space, tab, CR, LF and, in UTF-8, the no-break space.
#[inline]
pub fn trim(bytes: &[u8]) -> &[u8] {
    match bytes {
        // Nothing to remove, as nearly always.
        [first, .., last] if *first > b' ' && *first != 0xc2 && *last > b' ' && *last != 0xa0 => {
            bytes
        }
        _ => trimmed(bytes),
    }
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    loop {
        match bytes {
            [b' ' | b'\t' | b'\r' | b'\n', rest @ ..]
            | [rest @ .., b' ' | b'\t' | b'\r' | b'\n']
            | [0xc2, 0xa0, rest @ ..]
            | [rest @ .., 0xc2, 0xa0] => bytes = rest,
            _ => return bytes,
        }
    }
}

/// Appends bytes. Most values are short: those are copied in one or two steps of fixed width, without a call.
#[inline]
pub(crate) fn append(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    match bytes.len() {
        8..=16 => {
            if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
                // The two overlap: of the first stays what the second does not write again.
                out.extend_from_slice(first);
                out.truncate(start + bytes.len() - 8);
                out.extend_from_slice(last);
            }
        }
        4..8 => {
            if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                out.extend_from_slice(first);
                out.truncate(start + bytes.len() - 4);
                out.extend_from_slice(last);
            }
        }
        0..4 => bytes.iter().for_each(|byte| out.push(*byte)),
        _ => out.extend_from_slice(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appended_bytes_are_the_same_at_every_length() {
        let text: Vec<u8> = (0..40).collect();
        for length in 0..40 {
            let mut out = b"before".to_vec();
            append(&mut out, &text[..length]);
            assert_eq!(out, [b"before", &text[..length]].concat());
        }
    }

    #[test]
    fn blanks_of_every_kind_go() {
        assert_eq!(trim(" \t\u{a0}Jansen\u{a0} \r\n".as_bytes()), b"Jansen");
        assert_eq!(trim("\u{a0}".as_bytes()), b"");
        assert_eq!(trim("à".as_bytes()), "à".as_bytes());
    }
}
