//! Requests with somebody's number in them, one place at a time, generated from the documents.

use std::collections::BTreeSet;

use helder_types::Bsn;
use reqwest::Method;
use serde_json::json;

use crate::{
    described::{Described, leaves, objects},
    known::Known,
};

/// Well-formed numbers with a beginning that nothing else here has.
pub(crate) struct Numbers {
    open: std::vec::IntoIter<String>,
    pub(crate) used: BTreeSet<Vec<u8>>,
}

impl Numbers {
    pub(crate) fn new() -> Self {
        let all = (909_000_000_u32..).map(|number| number.to_string());
        let good = all.filter(|text| Bsn::parse(text.as_bytes()).is_ok());
        Self {
            open: good.take(8_000).collect::<Vec<_>>().into_iter(),
            used: BTreeSet::new(),
        }
    }

    /// The next one, each used once.
    pub(crate) fn next(&mut self) -> String {
        let number = self.open.next().unwrap();
        self.used.insert(number.clone().into_bytes());
        number
    }

    /// Used numbers that stand in the bytes, wherever in a run of digits.
    pub(crate) fn found(&self, bytes: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(bytes);
        let bytes = text.as_bytes();
        let starts = text.match_indices("909").map(|(at, _)| at);
        // Overlapping beginnings: 90909….
        let starts = starts.flat_map(|at| [at, at + 2]);
        let hits = starts.filter_map(|at| Some((at, bytes.get(at..at + 9)?)));
        let is_told = |at| !is_fraction(bytes, at) && !is_in_identifier(bytes, at);
        hits.filter(|(at, hit)| self.used.contains(*hit) && is_told(*at))
            .map(|(_, hit)| String::from_utf8_lossy(hit).into_owned())
            .collect()
    }
}

/// Whether the digits around `at` stand behind a decimal point.
fn is_fraction(bytes: &[u8], at: usize) -> bool {
    let digits = bytes[..at]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let before = &bytes[..at - digits];
    before.ends_with(b".") && before.len() > 1 && before[before.len() - 2].is_ascii_digit()
}

/// Whether the nine bytes at `at` are a piece of a long hexadecimal number: of hundreds of thousands of digests and ids of traces, some
/// hold any nine digits. A number that stands by itself between hyphens is no piece.
fn is_in_identifier(bytes: &[u8], at: usize) -> bool {
    let (before, after) = (&bytes[..at], &bytes[at + 9..]);
    let is_piece = |byte: &u8| byte.is_ascii_hexdigit() || *byte == b'-';
    let touches = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_hexdigit);
    let start = before.iter().rev().take_while(|it| is_piece(it)).count();
    let end = after.iter().take_while(|it| is_piece(it)).count();
    let whole = &bytes[at - start..at + 9 + end];
    let digits = whole.iter().filter(|it| it.is_ascii_hexdigit()).count();
    let is_hexadecimal = whole.iter().any(u8::is_ascii_alphabetic);
    (touches(before.last()) || touches(after.first())) && digits >= 16 && is_hexadecimal
}

#[test]
fn a_number_is_found_wherever_it_stands_but_in_an_identifier() {
    let mut numbers = Numbers::new();
    let number = numbers.next();
    let found = |text: String| !numbers.found(text.as_bytes()).is_empty();
    for told in [
        "{}",
        "a{}b",
        "key-{}-01a205b9-4702-7238-850e-a82239c7f716",
        "12345{}678901234",
        "/subjects/{}",
    ] {
        assert!(found(told.replace("{}", &number)), "{told}");
    }
    for other in [
        "span_id=8398b{}a4d",
        "01a205b9-4702-7238-850e-a8{}f",
        "0.12{}",
    ] {
        assert!(!found(other.replace("{}", &number)), "{other}");
    }
}

/// A request with somebody's number somewhere in it.
pub(crate) struct Spoilt {
    pub(crate) what: String,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<(String, String)>,
    pub(crate) number: String,
}

/// Requests of one operation that hold a number somewhere.
struct Collected<'a> {
    operation: &'a Described,
    base: String,
    good: Option<(String, String)>,
    found: Vec<Spoilt>,
}

impl Collected<'_> {
    /// The accepted request with another path or another header.
    fn add(&mut self, place: &str, path: String, header: Option<&str>, number: &str) {
        let headers = header.map(|name| (name.to_lowercase(), number.to_owned()));
        let body = self.good.clone();
        self.push(place, path, headers, body, number);
    }

    /// The accepted request with another body.
    fn add_body(&mut self, place: &str, media: &str, body: String, number: &str) {
        let body = Some((media.to_owned(), body));
        self.push(place, self.base.clone(), None, body, number);
    }

    fn push(
        &mut self,
        place: &str,
        path: String,
        header: Option<(String, String)>,
        body: Option<(String, String)>,
        number: &str,
    ) {
        let operation = self.operation;
        self.found.push(Spoilt {
            what: format!("{} {}: {place}", operation.method, operation.template),
            method: operation.method.clone(),
            path,
            headers: header.into_iter().collect(),
            body,
            number: number.to_owned(),
        });
    }
}

/// Headers that clients send whether an operation names them or not.
const HEADERS: [&str; 7] = [
    "x-bsn",
    "cookie",
    "user-agent",
    "x-request-id",
    "if-none-match",
    "tracestate",
    "accept-language",
];

/// Every request that holds a number in one of its places.
pub(crate) fn spoilt(operation: &Described, known: &Known, numbers: &mut Numbers) -> Vec<Spoilt> {
    let bodies = known.bodies(operation);
    let json = "application/json";
    let mut all = Collected {
        operation,
        base: known.path(operation),
        good: bodies
            .last()
            .map(|body| (json.to_owned(), body.to_string())),
        found: Vec::new(),
    };
    let base = all.base.clone();
    for (index, segment) in operation.template.split('/').enumerate().skip(3) {
        if segment.starts_with('{') {
            let number = numbers.next();
            for written in [number.clone(), format!("x-{number}")] {
                let mut parts: Vec<_> = base.split('/').collect();
                parts[index] = &written;
                all.add(segment, parts.join("/"), None, &number);
            }
        }
    }
    let query = operation.query.iter().map(String::as_str);
    for name in query.chain(["bsn", "cursor", "limit"]) {
        let number = numbers.next();
        all.add(name, format!("{base}?{name}={number}"), None, &number);
    }
    let headers = operation.headers.iter().map(String::as_str);
    for name in headers.chain(HEADERS) {
        all.add(name, base.clone(), Some(name), &numbers.next());
    }
    let mut seen = BTreeSet::new();
    for body in &bodies {
        // What one alternative was asked before is not asked again of the next.
        for place in leaves(body) {
            if seen.insert(place.clone()) {
                let number = numbers.next();
                let mut other = body.clone();
                *other.pointer_mut(&place).unwrap() = json!(number);
                all.add_body(&place, json, other.to_string(), &number);
            }
        }
        for place in objects(body).into_iter().take(3) {
            let number = numbers.next();
            let mut other = body.clone();
            other.pointer_mut(&place).unwrap()[&number] = json!(number);
            all.add_body(
                &format!("a key at {place}"),
                json,
                other.to_string(),
                &number,
            );
        }
    }
    for media in &operation.media {
        let number = numbers.next();
        for body in broken(media, &number) {
            all.add_body(media, media, body, &number);
        }
        all.add_body("media type", &number, number.clone(), &number);
    }
    all.found
}

/// Bodies of a media type that are wrong in their own ways.
fn broken(media: &str, number: &str) -> Vec<String> {
    let bodies: &[&str] = match media {
        "application/json" => &[
            "{\"#\":#",
            "\"#\"",
            "{\"a\":#,\"a\":#}",
            "{\"#\":1,\"#\":2}",
            "[#",
            "# #",
            "{\"name\":\"#\\",
        ],
        "text/html" => &[
            "<!doctype html><p>#</p><script>#</script>",
            "<!doctype html><html><body><p>#</p></body></html>",
            "#",
        ],
        "text/csv" => &[
            "#;#\n#;1\n",
            "naam,#\nJan,1\n",
            "naam,getal\n\"#,1\n",
            "naam,getal\nJan,#,#\n",
            "naam,getal\nJa\0n,#\n",
            "#",
            "bsn;uitkomst\n#;#\n#9;1\n#;\"1\n",
            "naam\n#\n#\n",
        ],
        "application/x-ndjson" => &[
            "{\"#\":#",
            "{\"naam\":\"#\"}\n{\"#\":1}\n[#]\n",
            "{\"a\":#,\"a\":#}\n",
        ],
        _ => &["#", "PK\u{3}\u{4}#", "PAR1#PAR1"],
    };
    bodies
        .iter()
        .map(|body| body.replace('#', number))
        .collect()
}
