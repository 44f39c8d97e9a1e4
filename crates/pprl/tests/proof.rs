//! What the linkage unit receives and answers, and what it refuses.

#![expect(clippy::unwrap_used, reason = "a test")]

mod reference;
mod support;

use std::collections::HashSet;

use helder_pprl::{
    Columns, EncodeError, Encoding, LinkError, LinkOptions, Options, compare::compare, encode,
    link, rules::Rule,
};
use helder_record_linkage::{Column, Table};
use proptest::prelude::*;
use support::{Made, key, made, made_with, population, rewritten, table};

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

fn pairs_of(left: &Made, right: &Made) -> HashSet<(usize, usize)> {
    let found = link(&left.encoding, &right.encoding, LinkOptions::default()).unwrap();
    found
        .links
        .iter()
        .map(|link| {
            (
                left.place_of_token[&link.left],
                right.place_of_token[&link.right],
            )
        })
        .collect()
}

#[test]
fn no_value_is_in_what_travels_and_no_unlinked_record_in_the_answer() {
    // The first half is known to both sides, the second half to the left only, and some others to the right only.
    let people = population(800, 1);
    let mut others = rewritten(&people[..400], 2);
    others.extend(population(300, 77));
    let key = key("proof", 3);
    let (left, right) = (
        made(&key, 1, &table(&people)),
        made(&key, 2, &table(&others)),
    );
    let found = link(&left.encoding, &right.encoding, LinkOptions::default()).unwrap();
    assert!(found.links.len() > 350, "{}", found.links.len());
    let answer = serde_json::to_vec(&found).unwrap();
    let secret = key.to_text();
    let secret = secret.lines().last().unwrap().strip_prefix("key ").unwrap();
    for travels in [&left.bytes, &right.bytes, &answer] {
        assert!(!contains(travels, secret));
        // A surname of four letters may turn up among a million random bytes; the start of a longer one does not.
        let mut starts: HashSet<[u8; 6]> = HashSet::new();
        for person in people.iter().chain(&others) {
            for text in [
                &person.surname,
                &person.given,
                &person.postcode,
                &person.town,
            ] {
                for text in [text.clone(), text.to_lowercase()] {
                    starts.extend(text.as_bytes().first_chunk::<6>());
                }
            }
        }
        assert!(starts.len() > 800);
        // Eight digits of a date; six of them turn up by accident in a long number.
        let dates: HashSet<[u8; 8]> = people
            .iter()
            .chain(&others)
            .filter_map(|person| person.date.as_bytes().first_chunk::<8>().copied())
            .collect();
        assert!(!travels.windows(8).any(|window| {
            window
                .first_chunk::<8>()
                .is_some_and(|date| dates.contains(date))
        }));
        let found = travels.windows(6).find(|window| {
            window
                .first_chunk::<6>()
                .is_some_and(|six| starts.contains(six))
        });
        assert_eq!(found.map(String::from_utf8_lossy), None, "a value travels");
    }
    let linked: HashSet<u64> = found
        .links
        .iter()
        .flat_map(|link| [link.left, link.right])
        .collect();
    let text = String::from_utf8(answer).unwrap();
    for side in [&left, &right] {
        for token in side
            .place_of_token
            .keys()
            .filter(|token| !linked.contains(token))
        {
            assert!(
                !text.contains(&format!("{token:016x}")),
                "an unlinked record is in the answer"
            );
        }
    }
    assert!(linked.len() < left.row.len() + right.row.len() - 500);
}

#[test]
fn people_are_linked_through_errors_and_moves() {
    let people = population(3_000, 1);
    let key = key("accuracy", 3);
    let (left, right) = (
        made(&key, 1, &table(&people[..2_500])),
        made(&key, 2, &table(&rewritten(&people, 5)[500..])),
    );
    let found = pairs_of(&left, &right);
    let right_ones = found.iter().filter(|(a, b)| *a == b + 500).count() as f64;
    let (precision, recall) = (right_ones / found.len() as f64, right_ones / 2_000.0);
    println!("precision {precision:.4} recall {recall:.4}");
    assert!(precision > 0.99 && recall > 0.97, "{precision} {recall}");
}

#[test]
fn the_links_do_not_depend_on_threads_order_or_side() {
    let people = population(1_200, 1);
    let others = rewritten(&people, 5);
    let key = key("same", 3);
    let (left, right) = (
        made(&key, 1, &table(&people)),
        made(&key, 2, &table(&others)),
    );
    let whole = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let left = pool.install(|| made(&key, 1, &table(&people)));
        let found =
            pool.install(|| link(&left.encoding, &right.encoding, LinkOptions::default()).unwrap());
        (left.bytes, serde_json::to_string(&found).unwrap())
    };
    assert_eq!(whole(1), whole(3));
    let reversed: Vec<_> = others.iter().rev().cloned().collect();
    let again = pairs_of(&left, &made(&key, 7, &table(&reversed)));
    let expected: HashSet<_> = pairs_of(&left, &right)
        .iter()
        .map(|(a, b)| (*a, others.len() - 1 - b))
        .collect();
    // Padding differs, so a fingerprint may be equal by accident in one and not in the other.
    let differing = again.symmetric_difference(&expected).count();
    assert!(differing <= 6, "{differing} of {}", expected.len());
    let mirrored: HashSet<_> = pairs_of(&right, &left)
        .into_iter()
        .map(|(b, a)| (a, b))
        .collect();
    assert_eq!(mirrored, pairs_of(&left, &right));
    for row in 0..200 {
        let (a, b) = (left.encoding.cells(row, 0), right.encoding.cells(row, 3));
        assert_eq!(compare(&a, &b), compare(&b, &a));
    }
}

#[test]
fn a_bsn_is_in_no_encoding_unless_it_is_chosen() {
    let people = population(300, 1);
    let with = |bsns: &dyn Fn(usize) -> &'static str| {
        let mut table = table(&people);
        table
            .insert(
                "bsn",
                Column::from_texts((0..people.len()).map(|i| Some(bsns(i)))),
            )
            .unwrap();
        table
    };
    let key = key("bsn", 3);
    let (one, other) = (with(&|_| "111222333"), with(&|_| "123456782"));
    assert_eq!(made(&key, 1, &one).bytes, made(&key, 1, &other).bytes);
    // Chosen: two people without any other value in common are linked by it, and the number itself does not travel.
    let mut left = table(&people);
    let mut right = table(&population(300, 9));
    for (table, bsn) in [(&mut left, "111222333"), (&mut right, "111222333")] {
        table
            .insert(
                "bsn",
                Column::from_texts((0..300).map(|i| (i == 5).then_some(bsn))),
            )
            .unwrap();
    }
    let mut columns = Columns::guess(left.names());
    columns.bsn = Some("bsn".to_owned());
    let (left, right) = (
        made_with(&key, 1, &left, &columns),
        made_with(&key, 2, &right, &columns),
    );
    assert_eq!(left.encoding.header().slots[0].rule, Rule::Bsn);
    assert!(!contains(&left.bytes, "111222333"));
    let shared: HashSet<u64> = (0..300).map(|row| left.encoding.tag(row, 0)).collect();
    let met: Vec<usize> = (0..300)
        .filter(|row| shared.contains(&right.encoding.tag(*row, 0)))
        .collect();
    assert_eq!(
        met.iter().map(|row| right.row[*row]).collect::<Vec<_>>(),
        [5]
    );
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let people = population(50, 1);
    let (a, b) = (key("one", 3), key("one", 4));
    let left = made(&a, 1, &table(&people)).encoding;
    let refused = |right: &Encoding| link(&left, right, LinkOptions::default()).unwrap_err();
    assert_eq!(
        refused(&made(&b, 2, &table(&people)).encoding),
        LinkError::Keys
    );
    assert_eq!(
        refused(&made(&key("two", 3), 2, &table(&people)).encoding),
        LinkError::Projects
    );
    assert_eq!(refused(&left), LinkError::SameFile);
    let options = LinkOptions {
        threshold: 1.0,
        ..LinkOptions::default()
    };
    let right = made(&a, 2, &table(&people)).encoding;
    assert_eq!(
        link(&left, &right, options).unwrap_err(),
        LinkError::Threshold
    );
}

#[test]
fn a_linkage_that_needs_more_memory_than_it_may_take_says_how_much_and_links_with_that() {
    let people = population(300, 1);
    let shared = key("one", 3);
    let left = made(&shared, 1, &table(&people)).encoding;
    let right = made(&shared, 2, &table(&people)).encoding;
    let within = |bytes: u64| {
        let options = LinkOptions {
            memory_bytes: Some(bytes),
            ..LinkOptions::default()
        };
        link(&left, &right, options)
    };
    let (mut allowed, mut refusals) = (1, 0);
    let found = loop {
        match within(allowed) {
            Ok(found) => break found,
            Err(LinkError::Memory { needed, .. }) => {
                assert!(needed > allowed);
                (allowed, refusals) = (needed, refusals + 1);
            }
            Err(other) => panic!("{other}"),
        }
    };
    // Once before the tags are sorted, once before a pair is made.
    assert_eq!(refusals, 2);
    assert!(found.links.len() > 250 && within(allowed - 1).is_err());
}

#[test]
fn tables_that_cannot_be_encoded_name_all_faults() {
    let columns = Columns {
        surname: Some("naam".into()),
        sex: Some("m_v".into()),
        ..Columns::default()
    };
    let mut out = Vec::new();
    let error = encode(
        &key("faults", 3),
        [1; 16],
        &columns,
        Options::default(),
        &table(&population(5, 1)),
        &mut out,
    )
    .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("naam") && said.contains("m_v") && said.contains("too little"),
        "{said}"
    );
    let empty = encode(
        &key("faults", 3),
        [1; 16],
        &Columns::default(),
        Options::default(),
        &Table::new(0),
        &mut out,
    );
    assert!(matches!(empty, Err(EncodeError::Columns(_))));
    assert!(out.is_empty());
}

#[test]
fn a_damaged_file_is_an_error_with_a_reason() {
    let bytes = made(&key("damage", 3), 1, &table(&population(20, 1))).bytes;
    for end in (0..bytes.len()).step_by(97) {
        assert!(Encoding::read(bytes[..end].to_vec()).is_err(), "{end}");
    }
    for place in (0..bytes.len()).step_by(61) {
        let mut damaged = bytes.clone();
        damaged[place] ^= 4;
        assert!(Encoding::read(damaged).is_err(), "{place}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(
        Encoding::read(longer)
            .unwrap_err()
            .to_string()
            .contains("promises")
    );
    let mut later = bytes;
    later[7] = b'9';
    assert!(
        Encoding::read(later)
            .unwrap_err()
            .to_string()
            .contains("version")
    );
    assert!(
        Encoding::read(b"voornamen;achternaam\n".to_vec())
            .unwrap_err()
            .to_string()
            .contains("no encoding")
    );
}

#[test]
fn a_record_of_which_nothing_is_known_is_encoded_and_meets_nobody() {
    let mut people = population(40, 1);
    for person in &mut people[..10] {
        for text in [
            &mut person.given,
            &mut person.surname,
            &mut person.date,
            &mut person.postcode,
        ] {
            text.clear();
        }
    }
    let key = key("empty", 3);
    let (left, right) = (
        made(&key, 1, &table(&people)),
        made(&key, 2, &table(&people)),
    );
    let found = pairs_of(&left, &right);
    assert!(found.iter().all(|(a, b)| a == b && *a >= 10), "{found:?}");
    let (row, other) = (
        left.row.iter().position(|row| *row == 3),
        right.row.iter().position(|row| *row == 3),
    );
    let tags = |made: &Made, row: usize| {
        (0..13)
            .map(|slot| made.encoding.tag(row, slot))
            .collect::<HashSet<_>>()
    };
    assert!(tags(&left, row.unwrap()).is_disjoint(&tags(&right, other.unwrap())));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), header in ".{0,80}") {
        let _ = Encoding::read(bytes.clone());
        let mut file = b"HELDPPR1".to_vec();
        file.extend((header.len() as u32).to_le_bytes());
        file.extend(header.as_bytes());
        file.extend(bytes);
        prop_assert!(Encoding::read(file).is_err());
    }

    #[test]
    fn any_texts_are_encoded(texts in proptest::collection::vec(".{0,30}", 1..20)) {
        let mut table = Table::new(texts.len());
        for name in ["voornamen", "geslachtsnaam", "geslachtsnaam_partner", "geboortedatum", "postcode", "huisnummer", "woonplaats"] {
            table.insert(name, Column::from_texts(texts.iter().map(|text| Some(text.as_str())))).unwrap();
        }
        prop_assert_eq!(made(&key("texts", 3), 1, &table).encoding.n_rows(), texts.len());
    }
}

mod accuracy {
    use helder_pprl::{LinkOptions, link};
    use helder_record_linkage::{run, spec::Assignment};

    use super::{
        reference::{clear_text_spec, dutch, score},
        support::{key, made},
    };

    #[test]
    fn little_is_lost_against_clear_text() {
        for name in ["nl10k", "nl100k_hoog"] {
            let Some(sides) = dutch(name) else { return };
            let [left, right] = &sides;
            let key = key("accuracy", 3);
            let (a, b) = (made(&key, 1, &left.table), made(&key, 2, &right.table));
            let options = LinkOptions {
                assignment: Assignment::OneLeftPerRight,
                ..LinkOptions::default()
            };
            let found = link(&a.encoding, &b.encoding, options).unwrap();
            let places = found.links.iter().map(|link| {
                let (left, right) = (link.left, link.right);
                (a.place_of_token[&left], b.place_of_token[&right])
            });
            let hidden = score(&sides, places);
            let clear = run(&clear_text_spec(), &left.table, &right.table, &()).unwrap();
            let places = clear
                .links
                .iter()
                .map(|link| (link.left as usize, link.right as usize));
            let clear = score(&sides, places);
            println!("{name}: clear text {clear:.4?}, encodings {hidden:.4?}");
            assert!(
                hidden[2] >= clear[2] - 0.005,
                "{name}: {clear:?} {hidden:?}"
            );
        }
    }
}
