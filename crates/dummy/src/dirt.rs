//! How creditors write down a person: initials, partner's name, lost prefixes, typing errors.

use crate::{dice::Dice, person::Group, sheet::without_marks, world::World};

/// Share of rows with a misspelt name in group A; three times that in group B.
pub(crate) const MISSPELT: f64 = 0.05;
/// Share of birth dates with a typing error.
pub(crate) const BIRTH_MISTYPED: f64 = 0.003;
/// Share of rows without a birth date.
const BIRTH_MISSING: f64 = 0.06;

/// A person as a creditor knows them.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    /// Initials, sometimes given names.
    pub forenames: String,
    /// Prefix, if it was kept apart.
    pub prefix: String,
    /// Surname.
    pub surname: String,
    /// `dd-mm-jjjj`, or nothing.
    pub born: String,
    /// Whether the name was misspelt.
    pub misspelt: bool,
}

/// Writes a person down.
pub(crate) fn write_down(world: &World, dice: &mut Dice, person: u32) -> Written {
    let who = world.person(person);
    let own = world.names.surname(who.names.surname);
    let (mut prefix, mut surname) = (own.prefix.clone(), own.stem.clone());
    if let Some(partner) = who.partner_surname
        && who.sex == crate::person::Sex::Woman
    {
        let partner = world.names.surname(partner);
        match dice.weighted(&[0.66, 0.18, 0.16]) {
            1 => (prefix, surname) = (partner.prefix.clone(), partner.stem.clone()),
            2 => {
                let tail = [prefix.as_str(), surname.as_str()]
                    .join(" ")
                    .trim()
                    .to_owned();
                (prefix, surname) = (partner.prefix.clone(), format!("{}-{tail}", partner.stem));
            }
            _ => {}
        }
    }
    if !prefix.is_empty() {
        match dice.weighted(&[0.72, 0.10, 0.10, 0.08]) {
            1 => prefix = String::new(),
            2 => surname = format!("{} {surname}", std::mem::take(&mut prefix)),
            3 => {
                prefix = prefix
                    .replace("van der", "v.d.")
                    .replace("van den", "v.d.")
                    .replace("van de", "v.d.");
            }
            _ => {}
        }
    }
    if dice.chance(0.35) {
        surname = surname
            .chars()
            .map(|c| {
                if c.is_ascii() {
                    c.to_string()
                } else {
                    without_marks(c).to_owned()
                }
            })
            .collect();
    }
    let misspelt = dice.chance(who.group.choose(MISSPELT, 3.0 * MISSPELT));
    if misspelt {
        surname = misspell(dice, &surname);
    }
    if dice.chance(0.06) {
        surname = surname.to_uppercase();
    }
    let forenames = if dice.chance(0.78) {
        world.names.initials(&who.names)
    } else {
        world
            .names
            .forenames(&who.names)
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let born = if dice.chance(BIRTH_MISSING) {
        String::new()
    } else if dice.chance(BIRTH_MISTYPED) {
        mistype_date(dice, &who.born.dutch())
    } else {
        who.born.dutch()
    };
    Written {
        forenames,
        prefix,
        surname,
        born,
        misspelt,
    }
}

/// One or two typing or hearing errors.
fn misspell(dice: &mut Dice, name: &str) -> String {
    const HEARD: [(&str, &str); 10] = [
        ("ij", "y"),
        ("ck", "k"),
        ("ch", "g"),
        ("ss", "s"),
        ("ou", "oe"),
        ("z", "s"),
        ("f", "v"),
        ("k", "c"),
        ("th", "t"),
        ("dt", "t"),
    ];
    let heard: Vec<&(&str, &str)> = HEARD
        .iter()
        .filter(|(from, _)| name.contains(from))
        .collect();
    if !heard.is_empty() && dice.chance(0.55) {
        let (from, to) = heard[dice.below(heard.len())];
        return name.replacen(from, to, 1);
    }
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() < 3 {
        letters.push('e');
        return letters.into_iter().collect();
    }
    let place = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => letters.swap(place, place + 1),
        1 => drop(letters.remove(place)),
        2 => letters.insert(place, letters[place]),
        _ => letters[place] = char::from(b'a' + dice.below(26) as u8),
    }
    letters.into_iter().collect()
}

/// A birth date with day and month exchanged, or one digit of the year wrong.
fn mistype_date(dice: &mut Dice, date: &str) -> String {
    let (day, month, year) = (&date[0..2], &date[3..5], &date[6..10]);
    if day <= "12" && day != month && dice.chance(0.5) {
        return format!("{month}-{day}-{year}");
    }
    let wrong: i32 = year.parse::<i32>().unwrap_or(1980) + [-10, -1, 1][dice.below(3)];
    format!("{}-{month}-{wrong}", day.min("28"))
}

/// An addition to a house number as creditors write it.
pub(crate) fn suffix(dice: &mut Dice, suffix: &str) -> String {
    if suffix.is_empty() {
        return String::new();
    }
    match dice.weighted(&[0.55, 0.25, 0.12, 0.08]) {
        1 => String::new(),
        2 => suffix.to_lowercase(),
        3 => format!("-{suffix}"),
        _ => suffix.to_owned(),
    }
}

/// The three-to-one difference between the groups, for the truth file.
pub(crate) fn misspelt_share(group: Group) -> f64 {
    group.choose(MISSPELT, 3.0 * MISSPELT)
}
