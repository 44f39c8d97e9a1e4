//! Reading single values: bytes in, typed value or broken rule out. Nothing here allocates per value.

pub mod code;
pub mod date;
pub mod number;
pub mod text;

/// Removes blanks at both ends: space, tab, CR, LF and, in UTF-8, the no-break space.
pub fn trim(mut bytes: &[u8]) -> &[u8] {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_of_every_kind_go() {
        assert_eq!(trim(" \t\u{a0}Jansen\u{a0} \r\n".as_bytes()), b"Jansen");
        assert_eq!(trim("\u{a0}".as_bytes()), b"");
        assert_eq!(trim("à".as_bytes()), "à".as_bytes());
    }
}
