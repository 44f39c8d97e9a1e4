//! M8–M11: drawn changes of bodies, of which none makes the reader panic. The drill `tests/drills/inputs` draws ten million.

use helder_model::Answer;
use helder_prediction::subjects::read;

use crate::support::{VALUES, scorer};

/// What is put somewhere: what JSON is made of, what readers trip over, and names that mean something here.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "\\",
    "null",
    "true",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "-1e-999",
    "123456789012345678901234567890",
    "0x10",
    "00",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "é",
    "\"id\":\"a\",",
    "\"subjects\":",
    "\"values\":",
    "{\"subjects\":[",
    "\"huurachterstand\":",
    "\"woonvorm\":\"huur\",",
    "\"bijstand\":1,",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":",
    " ",
    "\n",
    "\t",
    "/*",
    "'",
    "249566758",
];

/// Draws numbers; the same for the same seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }
}

fn change(draw: &mut Draw, body: &mut Vec<u8>) {
    let at = draw.below(body.len() + 1);
    let end = (at + draw.below(24)).min(body.len());
    match draw.below(6) {
        0 | 1 => {
            let piece = PIECES[draw.below(PIECES.len())];
            body.splice(at..at, piece.bytes());
        }
        2 => {
            let piece = PIECES[draw.below(PIECES.len())];
            body.splice(at..end, piece.bytes());
        }
        3 => drop(body.drain(at..end)),
        4 => {
            let copy = body[at..end].to_vec();
            let to = draw.below(body.len() + 1);
            body.splice(to..to, copy);
        }
        _ if at < body.len() => body[at] = draw.below(256) as u8,
        _ => {}
    }
}

/// How many of so many changed bodies were read, and how many subjects were scored.
fn read_changed(seed: u64, count: usize) -> (usize, usize) {
    let mut draw = Draw(seed);
    let whole = [
        format!(r#"{{"subjects":[{{"id":"a","values":{VALUES}}}]}}"#),
        format!(r#"{{"subjects":[{{"values":{VALUES}}},{{"id":"b","values":{VALUES}}}]}}"#),
        r#"{"subjects":[]}"#.to_owned(),
    ];
    let scorer = scorer();
    let (mut good, mut scored) = (0, 0);
    let mut answer = Answer::default();
    for _ in 0..count {
        let mut body = whole[draw.below(whole.len())].clone().into_bytes();
        for _ in 0..draw.below(4) {
            change(&mut draw, &mut body);
        }
        match read(&body, &scorer) {
            Ok(subjects) => {
                good += 1;
                for subject in subjects {
                    assert!(scorer.score(&subject.row, &mut answer).is_ok());
                    scored += 1;
                }
            }
            Err(faults) => assert!(!faults.is_empty(), "a refusal without a reason"),
        }
    }
    (good, scored)
}

/// `HELDER_TEST_INPUTS` draws more, `HELDER_TEST_SEED` others.
#[test]
fn drawn_changes_of_bodies_give_faults_or_subjects_and_never_a_panic() {
    let set = |name: &str, default| {
        std::env::var(name).map_or(default, |value| value.parse::<usize>().unwrap())
    };
    let (seed, count) = (
        set("HELDER_TEST_SEED", 1),
        set("HELDER_TEST_INPUTS", 100_000),
    );
    let threads = 4;
    let (good, scored) = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..threads)
            .map(|part| {
                let seed = (seed as u64) << 8 | part as u64;
                scope.spawn(move || read_changed(seed, count.div_ceil(threads)))
            })
            .collect();
        let parts = parts.into_iter().map(|part| part.join().unwrap());
        parts.fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    });
    println!("seed {seed}: {count} bodies, {good} read, {scored} subjects scored");
    assert!(good > count / 10 && good < count, "{good} of {count}");
}
