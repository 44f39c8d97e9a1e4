//! What a case system does to a record.

use rand::Rng;

use crate::{
    kinds::{Dirt, Kind},
    names::nickname,
    people::{Home, Person, TOWNS, home},
};

/// A row as written; empty is missing.
#[derive(Default)]
pub(crate) struct Row {
    pub(crate) fields: [String; 10],
}

/// Names of the fields of [`Row`].
pub(crate) const FIELDS: [&str; 10] = [
    "voornamen",
    "voorvoegsel",
    "geslachtsnaam",
    "voorvoegsel_partner",
    "geslachtsnaam_partner",
    "geboortedatum",
    "geslacht",
    "postcode",
    "huisnummer",
    "toevoeging",
];

fn date([y, m, d]: [u16; 3]) -> String {
    format!("{y:04}{m:02}{d:02}")
}

/// A register's row.
pub(crate) fn register(person: &Person) -> (Row, String) {
    let partner = person.partner.clone().unwrap_or_default();
    let fields = [
        person.given.clone(),
        person.prefix.clone(),
        person.surname.clone(),
        partner.0,
        partner.1,
        date(person.born),
        if person.woman { "V" } else { "M" }.to_owned(),
        person.home.postcode.clone(),
        person.home.number.to_string(),
        person.home.addition.to_owned(),
    ];
    (
        Row { fields },
        TOWNS[usize::from(person.home.town)].0.to_owned(),
    )
}

/// One wrong keystroke.
pub(crate) fn typo(rng: &mut impl Rng, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 2 {
        return text.to_owned();
    }
    let at = rng.gen_range(0..letters.len());
    let other = (b'a' + rng.gen_range(0..26)) as char;
    match rng.gen_range(0..4) {
        0 => letters[at] = other,
        1 => letters.insert(at, other),
        2 => {
            letters.remove(at);
        }
        _ => letters.swap(at.min(1), at),
    }
    letters.into_iter().collect()
}

fn respell(rng: &mut impl Rng, text: &str) -> String {
    const RULES: [(&str, &str); 12] = [
        ("ij", "y"),
        ("y", "ij"),
        ("c", "k"),
        ("k", "c"),
        ("ss", "s"),
        ("s", "z"),
        ("ch", "g"),
        ("ph", "f"),
        ("dt", "t"),
        ("ou", "au"),
        ("v", "f"),
        ("aa", "a"),
    ];
    for _ in 0..8 {
        let (from, to) = RULES[rng.gen_range(0..RULES.len())];
        if text.contains(from) {
            return text.replacen(from, to, 1);
        }
    }
    typo(rng, text)
}

/// A foreign name as somebody writes it down who hears it or has no such letters.
fn transliterated(rng: &mut impl Rng, text: &str) -> String {
    const PLAIN: [(char, &str); 20] = [
        ('ı', "i"),
        ('İ', "I"),
        ('ğ', "g"),
        ('ş', "s"),
        ('Ş', "S"),
        ('ç', "c"),
        ('Ç', "C"),
        ('ö', "o"),
        ('Ö', "O"),
        ('ü', "u"),
        ('ł', "l"),
        ('Ł', "L"),
        ('ń', "n"),
        ('ś', "s"),
        ('ó', "o"),
        ('ą', "a"),
        ('ź', "z"),
        ('ż', "z"),
        ('ę', "e"),
        ('ć', "c"),
    ];
    const BY_EAR: [(&str, &str); 14] = [
        ("ou", "oe"),
        ("oe", "u"),
        ("kh", "ch"),
        ("gh", "g"),
        ("y", "i"),
        ("sz", "sj"),
        ("ş", "sj"),
        ("w", "v"),
        ("dd", "d"),
        ("ss", "s"),
        ("ai", "ei"),
        ("ah", "a"),
        ("ee", "i"),
        ("i", "ie"),
    ];
    let mut out = text.to_owned();
    if !out.is_ascii() && rng.gen_bool(0.7) {
        out = out
            .chars()
            .map(|c| {
                PLAIN
                    .iter()
                    .find(|(from, _)| *from == c)
                    .map_or_else(|| c.to_string(), |(_, to)| (*to).to_owned())
            })
            .collect();
    } else if let Some((from, to)) = {
        let start = rng.gen_range(0..BY_EAR.len());
        (0..BY_EAR.len())
            .map(|i| BY_EAR[(start + i) % BY_EAR.len()])
            .find(|(from, _)| out.contains(from))
    } {
        out = out.replacen(from, to, 1);
    }
    for article in ["El ", "Al ", "Ait "] {
        if out.starts_with(article) && rng.gen_bool(0.4) {
            let glue = ["", "-"][rng.gen_range(0..2)];
            out = out.replacen(' ', glue, 1);
        }
    }
    out
}

/// A case system's row. `moved` is where the household went, when it did.
pub(crate) fn case_row(
    rng: &mut impl Rng,
    person: &Person,
    dirt: &Dirt,
    moved: Option<&Home>,
) -> (Row, String) {
    let (mut row, _) = register(person);
    let hit = |rng: &mut _, rate: f64| -> bool { Rng::gen_bool(rng, (rate * dirt.level).min(1.0)) };
    let of = |rng: &mut _, kind, rate: f64| -> bool { Rng::gen_bool(rng, dirt.rate(kind, rate)) };
    given_names_as_used(rng, person, dirt, &mut row);
    surname_as_used(rng, person, dirt, &mut row);
    foreign(rng, person, dirt, &mut row.fields[2]);
    let mut born = person.born;
    let (unknown, exchanged) = (
        0.008 * dirt.times(Kind::Defaults),
        0.004 * dirt.times(Kind::Daymonth),
    );
    match rng.r#gen::<f64>() / dirt.level {
        x if x < unknown => born[1..].fill(0),
        x if x < 2.0 * unknown => born[1..].fill(1),
        x if x < 2.0 * unknown + exchanged => born.swap(1, 2),
        x if x < 2.0 * unknown + exchanged + 0.003 => born[0] = (born[0] + 10).min(2099),
        _ => {}
    }
    row.fields[5] = date(born);
    if hit(rng, 0.02) {
        let mut digits: Vec<u8> = row.fields[5].bytes().collect();
        let at = rng.gen_range(2..8);
        digits[at] = b'0' + rng.gen_range(0..10);
        row.fields[5] = String::from_utf8(digits).unwrap_or_default();
    }
    address(rng, person, dirt, moved, &mut row);
    let sex = row.fields[6].clone();
    if hit(rng, 0.012) {
        if sex == "M" { "V" } else { "M" }.clone_into(&mut row.fields[6]);
    }
    for (field, rate) in [(0, 0.005), (5, 0.005), (6, 0.03)] {
        if of(rng, Kind::Missing, rate) {
            row.fields[field].clear();
        }
    }
    if of(rng, Kind::Swaps, 0.003) {
        row.fields.swap(0, 2);
    }
    if hit(rng, 0.05) {
        for field in [0, 1, 2] {
            row.fields[field] = row.fields[field].to_uppercase();
        }
    }
    let town = usize::from(moved.map_or(person.home.town, |home| home.town));
    let mut town = TOWNS[town].0.to_owned();
    if hit(rng, 0.04) {
        for (long, short) in [
            ("'s-Gravenhage", "Den Haag"),
            ("'s-Hertogenbosch", "Den Bosch"),
            ("aan den", "a/d"),
            ("IJ", "Y"),
            (" op ", "-op-"),
        ] {
            town = town.replace(long, short);
        }
    }
    if hit(rng, 0.02) {
        town.clear();
    }
    (row, town)
}

/// A name from elsewhere in other letters, where that kind is heavy.
fn foreign(rng: &mut impl Rng, person: &Person, dirt: &Dirt, name: &mut String) {
    if let Some(rate) = dirt.only(Kind::Foreign, 0.3)
        && !person.is_dutch
        && rng.gen_bool(rate)
    {
        *name = transliterated(rng, name);
    }
}

fn given_names_as_used(rng: &mut impl Rng, person: &Person, dirt: &Dirt, row: &mut Row) {
    let hit = |rng: &mut _, rate: f64| -> bool { Rng::gen_bool(rng, (rate * dirt.level).min(1.0)) };
    let of = |rng: &mut _, kind, rate: f64| -> bool { Rng::gen_bool(rng, dirt.rate(kind, rate)) };
    let mut names: Vec<String> = person.given.split(' ').map(str::to_owned).collect();
    if of(rng, Kind::Nicknames, 0.05)
        && let Some(short) = nickname(rng, &names[0])
    {
        names = vec![short];
    }
    if names.len() > 1 && rng.gen_bool(0.45) {
        names.truncate(1);
    } else if names.len() > 1 && hit(rng, 0.01) {
        names.swap(0, 1);
    }
    if hit(rng, 0.02) {
        names[0] = if rng.gen_bool(0.7) {
            typo(rng, &names[0])
        } else {
            respell(rng, &names[0])
        };
    }
    foreign(rng, person, dirt, &mut names[0]);
    row.fields[0] = names.join(" ");
    if let Some(rate) = dirt.only(Kind::Hyphens, 0.3)
        && names.len() > 1
        && rng.gen_bool(rate)
    {
        row.fields[0] = names.join(["-", ""][rng.gen_range(0..2)]);
    }
    if hit(rng, 0.03) {
        let initials: Vec<String> = person
            .given
            .split(' ')
            .filter_map(|n| n.chars().next())
            .map(|c| format!("{c}."))
            .collect();
        row.fields[0] = if rng.gen_bool(0.5) {
            initials.concat()
        } else {
            initials[0].clone()
        };
    }
}

fn surname_as_used(rng: &mut impl Rng, person: &Person, dirt: &Dirt, row: &mut Row) {
    let join = |prefix: &str, stem: &str| format!("{prefix} {stem}").trim().to_owned();
    let own = (person.prefix.clone(), person.surname.clone());
    let mut parts = own.clone();
    let mut whole = None;
    if let Some(partner) = &person.partner {
        row.fields[3].clear();
        row.fields[4].clear();
        // E, P, V, N: own name, partner's, partner's first, own first; women use their partner's name more often.
        let usual = if person.woman { 0.75 } else { 0.06 };
        let other = rng.gen_bool(f64::min(usual * dirt.times(Kind::Married), 0.95));
        if other {
            match rng.r#gen::<f64>() {
                x if x < 0.30 => parts = partner.clone(),
                x if x < 0.85 => {
                    whole = Some(format!(
                        "{}-{}",
                        join(&partner.0, &partner.1),
                        join(&own.0, &own.1)
                    ));
                }
                _ => {
                    whole = Some(format!(
                        "{}-{}",
                        join(&own.0, &own.1),
                        join(&partner.0, &partner.1)
                    ));
                }
            }
            if rng.gen_bool(0.2) {
                (row.fields[3], row.fields[4]) = partner.clone();
            }
        }
    }
    let faulty = |rate: f64| (rate * dirt.level).min(1.0);
    if rng.gen_bool(faulty(0.025)) {
        parts.1 = typo(rng, &parts.1);
    }
    if rng.gen_bool(faulty(0.012)) {
        parts.1 = respell(rng, &parts.1);
    }
    if rng.gen_bool(faulty(0.01)) {
        parts.1 = parts.1.replace("El ", "El").replace("Al ", "Al-");
    }
    if let Some(whole) = whole {
        row.fields[1].clear();
        row.fields[2] = if rng.gen_bool(faulty(0.02)) {
            typo(rng, &whole)
        } else {
            whole
        };
        return;
    }
    (row.fields[1], row.fields[2]) = parts.clone();
    if !parts.0.is_empty() {
        let (field, name) = match rng.r#gen::<f64>() / dirt.level {
            x if x < 0.05 => (String::new(), join(&parts.0, &parts.1)),
            x if x < 0.08 => (String::new(), parts.1.clone()),
            x if x < 0.11 => (String::new(), format!("{}, {}", parts.1, parts.0)),
            x if x < 0.13 => (
                String::new(),
                format!("{}{}", parts.0.replace(' ', ""), parts.1.to_lowercase()),
            ),
            x if x < 0.16 => (
                parts
                    .0
                    .replace("van der", "v.d.")
                    .replace("van den", "v.d.")
                    .replace("van de", "v/d"),
                parts.1.clone(),
            ),
            _ => parts,
        };
        (row.fields[1], row.fields[2]) = (field, name);
    }
}

fn address(rng: &mut impl Rng, person: &Person, dirt: &Dirt, moved: Option<&Home>, row: &mut Row) {
    let mut at = moved.unwrap_or(&person.home).clone();
    let hit = |rng: &mut _, rate: f64| Rng::gen_bool(rng, (rate * dirt.level).min(1.0));
    if rng.gen_bool(dirt.rate(Kind::Moves, 0.04)) {
        at = home(rng, Some(at.town).filter(|_| dirt.level > 0.0));
    }
    if hit(rng, 0.015) {
        let mut code: Vec<u8> = at.postcode.bytes().collect();
        let place = rng.gen_range(0..6);
        if rng.gen_bool(0.3) && place < 5 {
            code.swap(place, place + 1);
        } else if place < 4 {
            code[place] = b'0' + rng.gen_range(0..10);
        } else {
            code[place] = b'A' + rng.gen_range(0..26);
        }
        at.postcode = String::from_utf8(code).unwrap_or_default();
    }
    if hit(rng, 0.008) {
        at.number = (i32::from(at.number) + [-1, 1, 2, 10][rng.gen_range(0..4)]).max(1) as u16;
    }
    if !at.addition.is_empty() && hit(rng, 0.2) {
        at.addition = "";
    }
    row.fields[7] = if rng.gen_bool(0.3) && at.postcode.len() == 6 {
        format!("{} {}", &at.postcode[..4], &at.postcode[4..])
    } else {
        at.postcode
    };
    row.fields[8] = at.number.to_string();
    at.addition.clone_into(&mut row.fields[9]);
    if rng.gen_bool(dirt.rate(Kind::Missing, 0.035)) {
        row.fields[7..].iter_mut().for_each(String::clear);
    }
}
