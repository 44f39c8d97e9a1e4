//! G1–G4: bodies whose end two servers could see in different places.
//!
//! A reader of our own, written after RFC 9112 §6, says of each request whether its framing is certain. What is certain must
//! arrive as it says; of what is not, no second request may come out.

use helder_types::{Digest, Role};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    issuer,
    stub::Seen,
    world::{World, bearer},
};

const PATH: &str = "/ingest/v1/datasets";
const SMUGGLED: &str = "/registry/v1/catalogue-entries";

/// What came of one connection.
struct Outcome {
    /// Statuses of the answers, in order.
    answers: Vec<u16>,
    /// What the service saw meanwhile.
    seen: Vec<Seen>,
}

/// Sends a POST with this framing and body, and another request behind it, on one connection.
async fn send(world: &World, version: &str, framing: &str, body: &[u8]) -> Outcome {
    let auth = bearer(&issuer::token(Role::DataSteward, "GM0772"));
    let head = format!(
        "POST {PATH} HTTP/{version}\r\nHost: localhost\r\n{auth}Content-Type: application/json\r\n{framing}\r\n"
    );
    let next = format!("GET {SMUGGLED} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut socket = TcpStream::connect(world.address).await.unwrap();
    let _ = socket
        .write_all(&[head.as_bytes(), body, next.as_bytes()].concat())
        .await;
    // A body that is still to come does not come.
    let _ = socket.shutdown().await;
    let mut said = Vec::new();
    let _ = socket.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    let answers = said
        .split("HTTP/1.")
        .skip(1)
        .filter_map(|answer| answer.split(' ').nth(1)?.parse().ok())
        .collect();
    let seen = world.stub.take();
    Outcome { answers, seen }
}

/// Whether a request came out of a body: the second one was answered although the first one's end is uncertain.
fn assert_one_reading(outcome: &Outcome, what: &str) {
    let good = outcome.answers.iter().filter(|status| **status == 200);
    assert_eq!(
        good.count(),
        outcome.seen.len(),
        "{what}: {:?}",
        outcome.answers
    );
    let smuggled = outcome.seen.iter().any(|seen| seen.target == SMUGGLED);
    assert!(!smuggled, "{what}: a second request came out of a body");
    assert!(outcome.answers.len() <= 1, "{what}: {:?}", outcome.answers);
}

#[actix_web::test]
async fn g1_g4_two_framings_are_refused_or_read_in_one_way() {
    let world = World::start();
    let chunked: &[u8] = b"5\r\nhello\r\n0\r\n\r\n";
    for (what, framing, body) in [
        // G1: both, in either order, and one of them hidden from a lenient reader.
        (
            "both",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            chunked,
        ),
        (
            "both, turned",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            chunked,
        ),
        (
            "both, in other letters",
            "content-length: 4\r\ntRANSFER-eNCODING: Chunked\r\n",
            chunked,
        ),
        // G2: two lengths.
        (
            "two lengths",
            "Content-Length: 5\r\nContent-Length: 50\r\n",
            b"hello",
        ),
        ("a list of lengths", "Content-Length: 5, 50\r\n", b"hello"),
        ("a length with a sign", "Content-Length: +5\r\n", b"hello"),
        ("a negative length", "Content-Length: -5\r\n", b"hello"),
        ("a length in hex", "Content-Length: 0x5\r\n", b"hello"),
        (
            "a length beyond 64 bits",
            "Content-Length: 18446744073709551621\r\n",
            b"hello",
        ),
        ("an empty length", "Content-Length:\r\n", b""),
        // G3: a coding that only some know.
        (
            "a tab before the coding",
            "Transfer-Encoding:\t\x0bchunked\r\nContent-Length: 5\r\n",
            b"hello",
        ),
        (
            "another coding",
            "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n",
            b"hello",
        ),
        (
            "identity",
            "Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
            b"hello",
        ),
        (
            "chunked is not last",
            "Transfer-Encoding: chunked, identity\r\n",
            chunked,
        ),
        (
            "chunked twice",
            "Transfer-Encoding: chunked, chunked\r\n",
            chunked,
        ),
        (
            "two codings",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            chunked,
        ),
        (
            "a coding in quotes",
            "Transfer-Encoding: \"chunked\"\r\nContent-Length: 5\r\n",
            b"hello",
        ),
        // G4: space before the colon, and lines that go on.
        ("space before the colon", "Content-Length : 5\r\n", b"hello"),
        (
            "tab before the colon",
            "Transfer-Encoding\t: chunked\r\nContent-Length: 4\r\n",
            chunked,
        ),
        ("a folded value", "Content-Length: 5\r\n 0\r\n", b"hello"),
        (
            "a folded coding",
            "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n",
            chunked,
        ),
        (
            "a folded first line",
            " Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            chunked,
        ),
        (
            "a bare carriage return",
            "X: a\rTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
            chunked,
        ),
        ("a nought in a name", "Content\0-Length: 5\r\n", b"hello"),
        // Sizes of chunks.
        (
            "a size with a sign",
            "Transfer-Encoding: chunked\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a size with 0x",
            "Transfer-Encoding: chunked\r\n",
            b"0x5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a size beyond 64 bits",
            "Transfer-Encoding: chunked\r\n",
            b"10000000000000005\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "a chunk longer than it says",
            "Transfer-Encoding: chunked\r\n",
            b"4\r\nhello\r\n0\r\n\r\n",
        ),
    ] {
        let outcome = send(&world, "1.1", framing, body).await;
        assert_one_reading(&outcome, what);
        assert!(
            outcome.answers.iter().all(|status| *status == 400),
            "{what}: {:?}",
            outcome.answers
        );
    }
    let good = send(&world, "1.1", "Content-Length: 5\r\n", b"hello").await;
    assert_eq!(good.answers, [200, 200], "and it goes on");
}

/// How one part of a request may be written.
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// `SplitMix64` (Steele, Lea, Flood 2014).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len())]
    }
}

const NAMES: [&str; 6] = [
    "Content-Length",
    "content-length",
    "Transfer-Encoding",
    "TRANSFER-ENCODING",
    "Content-Length ",
    "Transfer_Encoding",
];
const BETWEEN: [&str; 4] = [": ", ":", ":\t", ":  "];
const VALUES: [&str; 16] = [
    "5",
    "0",
    "05",
    "15",
    "5 ",
    "+5",
    "5,5",
    "5;",
    "chunked",
    "Chunked",
    "chunked ",
    "xchunked",
    "gzip, chunked",
    "chunked,",
    "identity",
    "",
];
const BODIES: [&str; 10] = [
    "hello",
    "",
    "hello\r\n0\r\n\r\n",
    "0\r\n\r\n",
    "5\r\nhello\r\n0\r\n\r\n",
    "05\r\nhello\r\n0\r\n\r\n",
    "5;a=b\r\nhello\r\n0\r\n\r\n",
    "5 \r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nX: y\r\n\r\n",
    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
];

/// One drawn request: version, framing lines as name, separator and value, body.
fn drawn(draw: &mut Draw) -> (&'static str, Vec<[&'static str; 3]>, &'static str) {
    let body = draw.of(&BODIES);
    // Half of them as honest clients write them, so that not all is refused.
    if draw.below(2) == 0 {
        let honest = [
            ["Content-Length", ": ", "5"],
            ["Transfer-Encoding", ": ", "chunked"],
        ];
        return ("1.1", vec![honest[draw.below(2)]], body);
    }
    let version = ["1.1", "1.1", "1.1", "1.0"][draw.below(4)];
    let lines = (0..=draw.below(2))
        .map(|_| [draw.of(&NAMES), draw.of(&BETWEEN), draw.of(&VALUES)])
        .collect();
    (version, lines, body)
}

/// The body by RFC 9112 §6, strictly; none when it is uncertain, cut off or followed by something.
fn certain(version: &str, lines: &[[&str; 3]], body: &str) -> Option<String> {
    let mut lengths = Vec::new();
    let mut codings = Vec::new();
    for [name, _, value] in lines {
        match name.to_ascii_lowercase().as_str() {
            "content-length" => lengths.push(value.trim()),
            "transfer-encoding" => codings.push(value.trim()),
            "transfer_encoding" => {}
            _ => return None,
        }
    }
    match (lengths.as_slice(), codings.as_slice()) {
        // Without a length, HTTP/1.0 has no end of a request.
        ([], []) => (version == "1.1" && body.is_empty()).then(String::new),
        ([length], []) => {
            let digits = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
            let length: usize = digits.then(|| length.parse().ok())??;
            (length == body.len()).then(|| body.to_owned())
        }
        ([], [coding]) if version == "1.1" && coding.eq_ignore_ascii_case("chunked") => {
            unchunked(body)
        }
        _ => None,
    }
}

fn unchunked(body: &str) -> Option<String> {
    let (mut rest, mut whole) = (body, String::new());
    loop {
        let (line, after) = rest.split_once("\r\n")?;
        let size = line.split(';').next()?;
        let digits = !size.is_empty() && size.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = digits.then(|| usize::from_str_radix(size, 16).ok())??;
        if size == 0 {
            // Trailers are left to the reader; their end must be ours.
            return (after == "\r\n").then_some(whole);
        }
        whole.push_str(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix("\r\n")?;
    }
}

/// `HELDER_TEST_FRAMINGS` draws more, `HELDER_TEST_SEED` others.
#[actix_web::test]
async fn g1_g4_drawn_framings_arrive_as_they_are_written_or_not_at_all() {
    let set = |name: &str, default| {
        std::env::var(name).map_or(default, |value| value.parse::<u64>().unwrap())
    };
    let (seed, count) = (
        set("HELDER_TEST_SEED", 1),
        set("HELDER_TEST_FRAMINGS", 1_500),
    );
    println!("seed {seed}, {count} framings");
    let world = World::start();
    let mut draw = Draw(seed);
    let (mut sure, mut refused) = (0, 0);
    for _ in 0..count {
        let (version, lines, body) = drawn(&mut draw);
        let framing = lines
            .iter()
            .map(|line| [line.concat().as_str(), "\r\n"].concat())
            .collect::<String>();
        let what = format!("HTTP/{version} {framing:?} {body:?}");
        let outcome = send(&world, version, &framing, body.as_bytes()).await;
        // What the gateway answers well is what the service has seen, no more and no less.
        let good = outcome.answers.iter().filter(|status| **status == 200);
        assert_eq!(good.count(), outcome.seen.len(), "{what}");
        match certain(version, &lines, body) {
            Some(expected) => {
                sure += 1;
                assert_eq!(outcome.answers.first(), Some(&200), "{what}");
                assert_eq!(
                    outcome.seen[0].body,
                    Digest::of(expected.as_bytes()),
                    "{what}"
                );
            }
            None if outcome.answers.first() == Some(&400) => {
                refused += 1;
                assert_eq!(outcome.answers.len(), 1, "{what}");
            }
            // Read in one way: by the length or the chunks that stand there, and what is left over is no request.
            None => assert!(
                outcome.seen.len() <= 2
                    && outcome.seen.iter().skip(1).all(|seen| seen.method == "GET"),
                "{what}: {:?}",
                outcome.answers
            ),
        }
    }
    println!("{sure} certain, {refused} refused, 0 smuggled");
    assert!(sure > count / 20 && refused > count / 4, "{sure} {refused}");
}
