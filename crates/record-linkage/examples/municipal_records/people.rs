//! A population in households: relatives share an address and mostly a surname.

use rand::Rng;

use crate::{
    kinds::{Dirt, Kind},
    names::{ORIGINS, Origin, given, surname, weighted},
};

/// A record as it should be.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) household: u32,
    pub(crate) given: String,
    pub(crate) prefix: String,
    pub(crate) surname: String,
    pub(crate) partner: Option<(String, String)>,
    pub(crate) born: [u16; 3],
    pub(crate) woman: bool,
    pub(crate) is_dutch: bool,
    pub(crate) home: Home,
}

/// An address.
#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) town: u8,
    pub(crate) postcode: String,
    pub(crate) number: u16,
    pub(crate) addition: &'static str,
}

/// Name, first postcode area, number of areas.
pub(crate) const TOWNS: [(&str, u16, u16); 24] = [
    ("Amsterdam", 1011, 88),
    ("Rotterdam", 3011, 78),
    ("'s-Gravenhage", 2511, 84),
    ("Utrecht", 3511, 44),
    ("Eindhoven", 5611, 46),
    ("Groningen", 9711, 34),
    ("Tilburg", 5011, 36),
    ("Almere", 1311, 48),
    ("Breda", 4811, 30),
    ("Nijmegen", 6511, 32),
    ("Apeldoorn", 7311, 36),
    ("Haarlem", 2011, 30),
    ("Enschede", 7511, 36),
    ("Zwolle", 8011, 30),
    ("Leeuwarden", 8911, 24),
    ("'s-Hertogenbosch", 5211, 28),
    ("Venlo", 5911, 22),
    ("Ede", 6711, 12),
    ("Alphen aan den Rijn", 2401, 10),
    ("Capelle aan den IJssel", 2901, 8),
    ("Bergen op Zoom", 4611, 16),
    ("IJmuiden", 1971, 6),
    ("Roosendaal", 4701, 10),
    ("Katwijk", 2221, 12),
];
const LETTERS: &[u8] = b"ABCDEGHJKLMNPRSTVWXZ";

pub(crate) fn home(rng: &mut impl Rng, town: Option<u8>) -> Home {
    let town = town.unwrap_or_else(|| {
        let sizes: Vec<(u8, f64)> = TOWNS
            .iter()
            .enumerate()
            .map(|(i, (_, _, areas))| (i as u8, f64::from(*areas)))
            .collect();
        weighted(rng, &sizes)
    });
    let (_, first, areas) = TOWNS[usize::from(town)];
    let letters = [0; 2].map(|_: u8| LETTERS[rng.gen_range(0..LETTERS.len())] as char);
    Home {
        town,
        postcode: format!(
            "{}{}{}",
            first + rng.gen_range(0..areas),
            letters[0],
            letters[1]
        ),
        number: (1.0 + 250.0 * rng.r#gen::<f64>().powf(1.8)) as u16,
        addition: if rng.gen_bool(0.15) {
            ["A", "B", "C", "1", "2", "bis"][rng.gen_range(0..6)]
        } else {
            ""
        },
    }
}

fn born(rng: &mut impl Rng, year: i32, origin: Origin) -> [u16; 3] {
    let abroad = origin != Origin::Dutch;
    let draw: f64 = rng.r#gen();
    let (month, day) = match draw {
        x if abroad && x < 0.05 => (1, 1),
        x if abroad && x < 0.06 => (7, 1),
        x if abroad && x < 0.08 => (0, 0),
        _ => {
            let month = rng.gen_range(1..=12);
            let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            (month, rng.gen_range(1..=days))
        }
    };
    [year as u16, month, day]
}

/// One household.
pub(crate) fn household(rng: &mut impl Rng, id: u32, dirt: &Dirt, out: &mut Vec<Person>) {
    let origin = weighted(rng, &ORIGINS);
    let home = if rng.gen_bool(0.001) {
        // A shelter or an institution: many strangers at one address.
        Home {
            number: 1,
            addition: "",
            postcode: format!("{}ZZ", TOWNS[0].1),
            town: 0,
        }
    } else {
        home(rng, None)
    };
    let year = 1932 + (70.0 * rng.r#gen::<f64>().powf(0.9)) as i32;
    let person = |rng: &mut _, origin, woman: bool, year: i32, name: Option<(String, String)>| {
        let (prefix, stem) = name.unwrap_or_else(|| surname(rng, origin));
        Person {
            household: id,
            given: given(rng, origin, woman, year),
            prefix,
            surname: stem,
            partner: None,
            born: born(rng, year, origin),
            woman,
            is_dutch: origin == Origin::Dutch,
            home: home.clone(),
        }
    };
    let first_of_all = out.len();
    let couple = rng.gen_bool(0.58);
    let woman = rng.gen_bool(0.5);
    let mut first = person(rng, origin, woman, year, None);
    let name = (first.prefix.clone(), first.surname.clone());
    let mut family = name.clone();
    if couple {
        let other_origin = if rng.gen_bool(0.9) {
            origin
        } else {
            weighted(rng, &ORIGINS)
        };
        let years = rng.gen_range(-6..=6);
        let mut second = person(rng, other_origin, !woman, year + years, None);
        if rng.gen_bool(0.75) {
            first.partner = Some((second.prefix.clone(), second.surname.clone()));
            second.partner = Some(name);
        }
        if woman {
            family = (second.prefix.clone(), second.surname.clone());
        }
        out.push(second);
    }
    out.push(first);
    let children = if couple {
        weighted(rng, &[(0, 0.45), (1, 0.2), (2, 0.25), (3, 0.1)])
    } else {
        weighted(rng, &[(0, 0.85), (1, 0.1), (2, 0.05)])
    };
    let mut last: Option<[u16; 3]> = None;
    for _ in 0..children {
        let sex = rng.gen_bool(0.5);
        let age = rng.gen_range(20..=38);
        let mut child = person(
            rng,
            origin,
            sex,
            (year + age).min(2022),
            Some(family.clone()),
        );
        if let Some(born) = last.filter(|_| rng.gen_bool(0.03 * dirt.times(Kind::Twins))) {
            child.born = born;
        }
        if let Some(rate) = dirt.only(Kind::Namesakes, 0.3)
            && rng.gen_bool(rate)
            && let Some(parent) = out[first_of_all..]
                .iter()
                .find(|parent| parent.woman == sex)
        {
            child.given.clone_from(&parent.given);
        }
        last = Some(child.born);
        out.push(child);
    }
}
