//! Which bytes the registry takes: JSON and HTML, by looking at them. Never anything that could run.

use helder_platform::{body, problem::Problem};
use helder_types::Bsn;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Largest artifact, in bytes.
pub(crate) const MAX_BYTES: u64 = 32 << 20;

/// Media types the registry takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum MediaType {
    /// A JSON document.
    #[serde(rename = "application/json")]
    Json,
    /// A self-contained page without scripts.
    #[serde(rename = "text/html")]
    Html,
}

/// Beginnings of formats that can hold code or hide other files, and what to call them.
const REFUSED: &[(&[u8], &str)] = &[
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"PK\x07\x08", "a zip archive"),
    (b"ZF", "a joblib dump"),
    (b"\x78\x01", "a compressed dump"),
    (b"\x78\x5e", "a compressed dump"),
    (b"\x78\x9c", "a compressed dump"),
    (b"\x78\xda", "a compressed dump"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\0", "an xz file"),
    (b"\x5d\0\0", "an lzma file"),
    (b"\x04\x22\x4d\x18", "an lz4 file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\x7fELF", "an executable"),
    (b"MZ", "an executable"),
    (b"\xfe\xed\xfa", "an executable"),
    (b"\xce\xfa\xed\xfe", "an executable"),
    (b"\xcf\xfa\xed\xfe", "an executable"),
    (b"\xca\xfe\xba\xbe", "compiled code"),
    (b"\0asm", "compiled code"),
    (b"#!", "a script"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"GGUF", "a tensor file"),
];

impl MediaType {
    /// As in a header.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Html => "text/html",
        }
    }

    /// What names of such files end in.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::Json => ".json",
            Self::Html => ".html",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        if text == Self::Html.as_str() {
            Self::Html
        } else {
            Self::Json
        }
    }

    /// Reads a `Content-Type` header; a charset other than UTF-8 is refused.
    pub(crate) fn from_header(value: Option<&str>) -> Result<Self, Problem> {
        let value = value.unwrap_or_default();
        let mut parts = value.split(';').map(str::trim);
        let media_type = match parts
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "application/json" => Self::Json,
            "text/html" => Self::Html,
            _ => return Err(refuse_type()),
        };
        let others = |part: &str| {
            !part.replace('"', "").eq_ignore_ascii_case("charset=utf-8") && !part.is_empty()
        };
        if parts.any(others) {
            Err(refuse_type())
        } else {
            Ok(media_type)
        }
    }

    /// Looks at the bytes themselves, whatever they were called.
    ///
    /// # Errors
    /// 415 for another format, for code, and for a page with scripts; 400 for JSON that is broken, too deep, names a key
    /// twice or holds a number that is none, and for what holds a BSN.
    pub(crate) fn check(self, bytes: &[u8]) -> Result<(), Problem> {
        if let Some(what) = refused_format(bytes) {
            return Err(Problem::unsupported_media_type(format!(
                "these bytes are {what}; the registry takes JSON and HTML only"
            )));
        }
        match self {
            Self::Json => check_json(bytes),
            Self::Html => check_html(bytes),
        }
    }
}

fn refuse_type() -> Problem {
    Problem::unsupported_media_type("send application/json or text/html, in UTF-8")
}

fn refused_format(bytes: &[u8]) -> Option<&'static str> {
    if let Some((_, what)) = REFUSED.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return Some(what);
    }
    if bytes.get(257..262) == Some(b"ustar") {
        return Some("a tar archive");
    }
    // A tar of before POSIX has no mark, but its header has a checksum.
    if is_old_tar(bytes) {
        return Some("a tar archive");
    }
    // Pickle protocol 0 is text: an opcode, a module, a name, each on a line.
    if bytes.ends_with(b".")
        && [b"c".as_slice(), b"(", b"I", b"S'", b"V"]
            .iter()
            .any(|op| bytes.starts_with(op))
    {
        return Some("a pickle");
    }
    None
}

fn is_old_tar(bytes: &[u8]) -> bool {
    let Some(header) = bytes.get(..512) else {
        return false;
    };
    let Ok(text) = std::str::from_utf8(&header[148..156]) else {
        return false;
    };
    let digits = text.trim_matches(['\0', ' ']);
    let Ok(claimed) = u32::from_str_radix(digits, 8) else {
        return false;
    };
    let sum: u32 = header
        .iter()
        .enumerate()
        .map(|(n, b)| {
            if (148..156).contains(&n) {
                32
            } else {
                u32::from(*b)
            }
        })
        .sum();
    !digits.is_empty() && claimed == sum
}

fn check_json(bytes: &[u8]) -> Result<(), Problem> {
    body::strict(bytes)?;
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => Ok(()),
        _ => Err(Problem::bad_request(
            "not-a-document",
            "the JSON is a single value; an object or array is expected",
        )),
    }
}

/// Complete pages in UTF-8, without scripts or control characters, so that no page is another file as well.
fn check_html(bytes: &[u8]) -> Result<(), Problem> {
    let no = |detail: &'static str| Err(Problem::unsupported_media_type(detail));
    let Ok(text) = std::str::from_utf8(bytes) else {
        return no("the page is not UTF-8");
    };
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return no("the page holds control characters");
    }
    let lower = text.to_ascii_lowercase();
    if !lower.starts_with("<!doctype html>") {
        return no("a page starts with <!doctype html>");
    }
    if [
        "<script",
        "<iframe",
        "<object",
        "<embed",
        "<base",
        "<form",
        "<meta http-equiv",
        "javascript:",
    ]
    .iter()
    .any(|active| lower.contains(active))
    {
        return no("the page holds scripts, forms or other pages");
    }
    if holds_bsn(text) {
        return Err(Problem::bad_request(
            "looks-like-bsn",
            "the page holds what looks like a BSN; leave it out",
        ));
    }
    Ok(())
}

/// Whether somebody's number stands in a page. Within a tag only nine digits in a row count: the coordinates of a chart are
/// groups of digits too.
fn holds_bsn(page: &str) -> bool {
    page.split('<').any(|part| {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        Bsn::stands_in(text) || Bsn::stands_in(&tag.replace([' ', '-'], ","))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(media_type: MediaType, bytes: &[u8]) -> u16 {
        media_type
            .check(bytes)
            .err()
            .map_or(200, |problem| problem.status().as_u16())
    }

    /// A tar header as `tar --format=v7` writes it.
    fn old_tar() -> Vec<u8> {
        let mut header = vec![0_u8; 512];
        header[..5].copy_from_slice(b"a.txt");
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(b"00000000000");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        header
    }

    #[test]
    fn code_and_archives_are_refused_whatever_they_are_called() {
        let mut tar = vec![b'{'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let mut corpus: Vec<Vec<u8>> = REFUSED
            .iter()
            .map(|(magic, _)| [magic, b"rest".as_slice()].concat())
            .collect();
        corpus.extend([
            tar,
            old_tar(),
            b"cos\nsystem\n(S'true'\ntR.".to_vec(),
            b"(dp0\nS'a'\np1\nI1\ns.".to_vec(),
            b"(lp0\nI1\na.".to_vec(),
        ]);
        assert!(corpus.len() >= 35);
        for bytes in corpus {
            assert_eq!(status(MediaType::Json, &bytes), 415, "{:?}", &bytes[..4]);
            assert_eq!(status(MediaType::Html, &bytes), 415, "{:?}", &bytes[..4]);
        }
    }

    #[test]
    fn hostile_json_is_refused() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for bytes in [
            &deep,
            r#"{"a":1,"a":2}"#,
            r#"{"a":NaN}"#,
            r#"{"a":1e999}"#,
            r#"{"a":-Infinity}"#,
            "{",
            "1",
            "",
            "{} {}",
        ] {
            assert_eq!(
                status(MediaType::Json, bytes.as_bytes()),
                400,
                "{bytes:.20}"
            );
        }
        assert_eq!(status(MediaType::Json, b"{\"a\":\"\xff\"}"), 400);
        assert_eq!(
            status(MediaType::Json, br#" {"a":[1,2.5,{"b":null}]}"#),
            200
        );
    }

    #[test]
    fn a_page_that_could_do_something_is_refused() {
        let page = |inner: &str| format!("<!DOCTYPE html><html><body>{inner}</body></html>");
        assert_eq!(status(MediaType::Html, page("<h1>é</h1>").as_bytes()), 200);
        for inner in [
            "<SCRIPT>1</SCRIPT>",
            "<iframe src=x>",
            "<a href='javascript:1'>",
            "<form>",
            "PK\u{5}\u{6}",
        ] {
            assert_eq!(
                status(MediaType::Html, page(inner).as_bytes()),
                415,
                "{inner}"
            );
        }
        for inner in [
            "<p>249566758</p>",
            "<td>2495.66.758</td>",
            "<!-- 249566758 -->",
            "<p title='249566758'>",
        ] {
            assert_eq!(
                status(MediaType::Html, page(inner).as_bytes()),
                400,
                "{inner}"
            );
        }
        let chart = "<path d='M249 566 758 1 L0.249566758'/><p>0.249566758</p>";
        assert_eq!(status(MediaType::Html, page(chart).as_bytes()), 200);
        assert_eq!(status(MediaType::Html, b"<html></html>"), 415);
        assert_eq!(status(MediaType::Html, b"<!doctype html>\xff"), 415);
    }

    #[test]
    fn only_two_media_types_are_taken() {
        assert_eq!(
            MediaType::from_header(Some("application/json")).unwrap(),
            MediaType::Json
        );
        assert_eq!(
            MediaType::from_header(Some("Text/HTML; charset=\"UTF-8\"")).unwrap(),
            MediaType::Html
        );
        for bad in [
            None,
            Some(""),
            Some("application/octet-stream"),
            Some("application/json; charset=latin1"),
            Some("text/plain"),
        ] {
            assert!(MediaType::from_header(bad).is_err(), "{bad:?}");
        }
    }
}
