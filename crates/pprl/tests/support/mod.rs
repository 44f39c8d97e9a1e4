//! An invented population, encoded, and what an attacker may know of it.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "shared by tests; each uses a part"
)]

use std::collections::HashMap;

use helder_pprl::{Columns, Encoding, Options, ProjectKey, encode};
use helder_record_linkage::{Column, Table};

/// Repeatable random numbers (`SplitMix64`).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub(crate) fn chance(&mut self, p: f64) -> bool {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64 <= p
    }

    /// A place below `n`, low ones far more often (Zipf).
    pub(crate) fn skewed(&mut self, n: usize) -> usize {
        let u = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        ((n as f64 + 1.0).powf(u) - 1.0) as usize % n
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) given: String,
    pub(crate) surname: String,
    pub(crate) date: String,
    pub(crate) postcode: String,
    pub(crate) number: String,
    pub(crate) town: String,
    pub(crate) sex: &'static str,
}

const FIRST: [&str; 20] = [
    "jan", "ma", "pie", "an", "wil", "hen", "cor", "ge", "el", "jo", "ka", "so", "da", "li", "to",
    "ri", "fe", "no", "be", "mi",
];
const LAST: [&str; 12] = [
    "", "ria", "ter", "na", "lem", "drik", "nelis", "rit", "sa", "han", "rin", "fie",
];
const STEMS: [&str; 30] = [
    "berg", "dijk", "bak", "viss", "smid", "meij", "mul", "groot", "bos", "vos", "pet", "hend",
    "dek", "brouw", "wit", "graaf", "kuip", "velden", "horst", "kamp", "wal", "huiz", "steen",
    "hof", "linde", "molen", "kerk", "schip", "tol", "zand",
];
const TAILS: [&str; 20] = [
    "", "er", "ers", "sen", "stra", "ma", "man", "ink", "mans", "aar", "huis", "veld", "wijk",
    "broek", "horst", "land", "beek", "rode", "huizen", "donk",
];

fn name(heads: &[&str], tails: &[&str], random: &mut Random) -> String {
    let place = random.skewed(heads.len() * tails.len());
    // Neighbouring ranks get unlike names.
    let place = place * 7 % (heads.len() * tails.len());
    let text = format!(
        "{}{}",
        heads[place % heads.len()],
        tails[place / heads.len()]
    );
    text[..1].to_uppercase() + &text[1..]
}

/// Households of one to five; names as skewed as in life.
pub(crate) fn population(n: usize, seed: u64) -> Vec<Person> {
    let mut random = Random(seed);
    let mut people = Vec::with_capacity(n);
    while people.len() < n {
        let surname = name(&STEMS, &TAILS, &mut random);
        let area = 1000 + random.below(40);
        let letters = |random: &mut Random| char::from(b'A' + random.below(26) as u8);
        let postcode = format!("{area} {}{}", letters(&mut random), letters(&mut random));
        let number = (1 + random.below(200)).to_string();
        for member in 0..=random.skewed(5) {
            let sex = if random.below(2) == 0 { "M" } else { "V" };
            let surname = if member == 1 && random.chance(0.5) {
                name(&STEMS, &TAILS, &mut random)
            } else {
                surname.clone()
            };
            people.push(Person {
                given: name(&FIRST, &LAST, &mut random),
                surname,
                date: format!(
                    "{}{:02}{:02}",
                    1935 + random.below(85),
                    1 + random.below(12),
                    1 + random.below(28)
                ),
                postcode: postcode.clone(),
                number: number.clone(),
                town: format!("Dorp {}", area % 7),
                sex,
            });
        }
    }
    people.truncate(n);
    people
}

/// The same people as another register writes them: errors, moves, missing dates.
pub(crate) fn rewritten(people: &[Person], seed: u64) -> Vec<Person> {
    let mut random = Random(seed);
    people
        .iter()
        .map(|person| {
            let mut person = person.clone();
            if random.chance(0.06) {
                let place = 1 + random.below(person.surname.len() - 1);
                person.surname.remove(place);
            }
            if random.chance(0.05) {
                person.given.truncate(1);
            }
            if random.chance(0.03) {
                let last = person.date.pop().unwrap();
                person.date.push(if last == '1' { '2' } else { '1' });
            }
            if random.chance(0.12) {
                person.postcode = format!("{} XY", 1000 + random.below(40));
                person.number = (1 + random.below(200)).to_string();
            }
            person
        })
        .collect()
}

pub(crate) fn table(people: &[Person]) -> Table {
    let mut table = Table::new(people.len());
    let mut put = |name: &str, of: &dyn Fn(&Person) -> &str| {
        let column = Column::from_texts(people.iter().map(|person| Some(of(person))));
        table.insert(name, column).unwrap();
    };
    put("voornamen", &|p| &p.given);
    put("geslachtsnaam", &|p| &p.surname);
    put("geboortedatum", &|p| &p.date);
    put("postcode", &|p| &p.postcode);
    put("huisnummer", &|p| &p.number);
    put("woonplaats", &|p| &p.town);
    put("geslacht", &|p| p.sex);
    table
}

pub(crate) fn key(project: &str, seed: u64) -> ProjectKey {
    let mut random = Random(seed);
    ProjectKey::new(project, std::array::from_fn(|_| random.next() as u8)).unwrap()
}

/// An encoding with the place in the table of every record of it (which only its maker has).
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) encoding: Encoding,
    pub(crate) row: Vec<usize>,
    pub(crate) place_of_token: HashMap<u64, usize>,
    pub(crate) frequent_tags: u64,
}

pub(crate) fn made(key: &ProjectKey, nonce: u8, table: &Table) -> Made {
    made_with(key, nonce, table, &Columns::guess(table.names()))
}

pub(crate) fn made_with(key: &ProjectKey, nonce: u8, table: &Table, columns: &Columns) -> Made {
    let mut bytes = Vec::new();
    let done = encode(
        key,
        [nonce; 16],
        columns,
        Options::default(),
        table,
        &mut bytes,
    )
    .unwrap();
    let place_of_token: HashMap<u64, usize> = done.tokens.into_iter().zip(0..).collect();
    let encoding = Encoding::read(bytes.clone()).unwrap();
    let row = (0..encoding.n_rows())
        .map(|place| place_of_token[&encoding.token(place)])
        .collect();
    Made {
        bytes,
        encoding,
        row,
        place_of_token,
        frequent_tags: done.frequent_tags,
    }
}

/// CPU seconds of this process, all threads.
pub(crate) fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |i: usize| {
        fields
            .get(i)
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

/// Most memory this process has had, in megabytes.
pub(crate) fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| {
        line.trim()
            .trim_end_matches(" kB")
            .trim()
            .parse::<f64>()
            .ok()
    })
    .unwrap_or(0.0)
        / 1024.0
}
