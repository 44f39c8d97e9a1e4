//! Names: the real frequencies, with the prefixes and letters that make linkage hard.

use serde::Deserialize;

use crate::{GenerateError, dice::Dice, person::Sex};

/// Share of surnames with a prefix ("van der").
const WITH_PREFIX: f64 = 0.24;
/// Share of people whose name holds a letter outside ASCII.
const WITH_MARKS: f64 = 0.09;

/// A surname as the register keeps it: the prefix apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Surname {
    /// "van der", or nothing.
    pub prefix: String,
    /// "Berg".
    pub stem: String,
}

/// Names of one person, as places in the lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameKeys {
    /// Given names; the first always exists.
    pub forenames: [Option<u16>; 3],
    /// Surname at birth.
    pub surname: u16,
}

/// The lists.
#[derive(Debug)]
pub(crate) struct Names {
    forenames: Vec<(Sex, String)>,
    surnames: Vec<Surname>,
    men: Vec<u16>,
    women: Vec<u16>,
    men_marked: Vec<u16>,
    women_marked: Vec<u16>,
    plain: Cumulative,
    prefixed: Cumulative,
    marked: Cumulative,
}

/// Places with cumulative counts, to draw by frequency.
#[derive(Debug, Default)]
struct Cumulative {
    places: Vec<u16>,
    sums: Vec<u64>,
}

impl Cumulative {
    fn push(&mut self, place: u16, count: u64) {
        self.places.push(place);
        self.sums
            .push(self.sums.last().copied().unwrap_or(0) + count);
    }

    fn draw(&self, dice: &mut Dice) -> u16 {
        let total = self.sums.last().copied().unwrap_or(1);
        let target = (dice.unit() * total as f64) as u64;
        self.places[self
            .sums
            .partition_point(|sum| *sum <= target)
            .min(self.places.len() - 1)]
    }
}

#[derive(Deserialize)]
struct SurnameRow {
    natural_name: String,
    register_name: String,
    count: u64,
}

#[derive(Deserialize)]
struct ForenameRow {
    sex: String,
    forename: String,
}

#[derive(Deserialize)]
struct MarkedRow {
    kind: String,
    name: String,
}

impl Names {
    /// Reads the lists that are part of this crate.
    ///
    /// # Errors
    /// [`GenerateError::Names`] if a list is not what it should be.
    pub(crate) fn embedded() -> Result<Self, GenerateError> {
        let mut names = Self {
            forenames: Vec::new(),
            surnames: Vec::new(),
            men: Vec::new(),
            women: Vec::new(),
            men_marked: Vec::new(),
            women_marked: Vec::new(),
            plain: Cumulative::default(),
            prefixed: Cumulative::default(),
            marked: Cumulative::default(),
        };
        for row in rows::<SurnameRow>(include_str!("../data/surnames.csv")) {
            let row = row?;
            let (stem, prefix) = row
                .register_name
                .split_once(", ")
                .unwrap_or((row.natural_name.as_str(), ""));
            names.add_surname(&prefix.replace("' ", "'"), stem, row.count);
        }
        for row in rows::<ForenameRow>(include_str!("../data/forenames.csv")) {
            let row = row?;
            names.add_forename(
                if row.sex == "M" { Sex::Man } else { Sex::Woman },
                &row.forename,
            );
        }
        for row in rows::<MarkedRow>(include_str!("../data/names_with_marks.csv")) {
            let row = row?;
            match row.kind.as_str() {
                "M" => names.add_forename(Sex::Man, &row.name),
                "V" => names.add_forename(Sex::Woman, &row.name),
                _ => names.add_surname("", &row.name, 1_000),
            }
        }
        Ok(names)
    }

    fn add_surname(&mut self, prefix: &str, stem: &str, count: u64) {
        let place = self.surnames.len() as u16;
        let list = if !stem.is_ascii() {
            &mut self.marked
        } else if prefix.is_empty() {
            &mut self.plain
        } else {
            &mut self.prefixed
        };
        list.push(place, count);
        self.surnames.push(Surname {
            prefix: prefix.to_owned(),
            stem: stem.to_owned(),
        });
    }

    fn add_forename(&mut self, sex: Sex, name: &str) {
        let place = self.forenames.len() as u16;
        let list = match (sex, name.is_ascii()) {
            (Sex::Man, true) => &mut self.men,
            (Sex::Woman, true) => &mut self.women,
            (Sex::Man, false) => &mut self.men_marked,
            (Sex::Woman, false) => &mut self.women_marked,
        };
        list.push(place);
        self.forenames.push((sex, name.to_owned()));
    }

    /// A person's names.
    pub(crate) fn draw(&self, dice: &mut Dice, sex: Sex) -> NameKeys {
        let marks = dice.chance(WITH_MARKS);
        let marked_surname = marks && dice.chance(0.6);
        let surname = if marked_surname {
            self.marked.draw(dice)
        } else if dice.chance(WITH_PREFIX / (1.0 - 0.6 * WITH_MARKS)) {
            self.prefixed.draw(dice)
        } else {
            self.plain.draw(dice)
        };
        let mut forenames = [None; 3];
        let how_many = 1 + dice.weighted(&[0.62, 0.28, 0.10]);
        for (index, place) in forenames.iter_mut().take(how_many).enumerate() {
            *place = Some(self.forename(dice, sex, marks && !marked_surname && index == 0));
        }
        NameKeys { forenames, surname }
    }

    /// A child's names: the surname is given.
    pub(crate) fn draw_child(&self, dice: &mut Dice, sex: Sex, surname: u16) -> NameKeys {
        let mut names = self.draw(dice, sex);
        names.surname = surname;
        names
    }

    fn forename(&self, dice: &mut Dice, sex: Sex, marked: bool) -> u16 {
        let list = match (sex, marked) {
            (Sex::Man, false) => &self.men,
            (Sex::Woman, false) => &self.women,
            (Sex::Man, true) => &self.men_marked,
            (Sex::Woman, true) => &self.women_marked,
        };
        list[dice.below(list.len())]
    }

    /// A surname in the list.
    pub(crate) fn surname(&self, place: u16) -> &Surname {
        &self.surnames[usize::from(place)]
    }

    /// All given names, separated by spaces.
    pub(crate) fn forenames(&self, keys: &NameKeys) -> String {
        let mut text = String::new();
        for place in keys.forenames.iter().flatten() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&self.forenames[usize::from(*place)].1);
        }
        text
    }

    /// Initials with dots.
    pub(crate) fn initials(&self, keys: &NameKeys) -> String {
        let mut text = String::new();
        for place in keys.forenames.iter().flatten() {
            text.extend(self.forenames[usize::from(*place)].1.chars().next());
            text.push('.');
        }
        text
    }
}

fn rows<T: for<'de> Deserialize<'de>>(
    text: &'static str,
) -> impl Iterator<Item = Result<T, GenerateError>> {
    csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .map(|row| row.map_err(|e| GenerateError::Names(e.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_marks_have_their_shares() {
        let names = Names::embedded().unwrap();
        let mut dice = Dice::new(5, "names");
        let n = 60_000;
        let (mut prefixed, mut marked) = (0, 0);
        for index in 0..n {
            let keys = names.draw(
                &mut dice,
                if index % 2 == 0 { Sex::Man } else { Sex::Woman },
            );
            let surname = names.surname(keys.surname);
            prefixed += i32::from(!surname.prefix.is_empty());
            marked += i32::from(!surname.stem.is_ascii() || !names.forenames(&keys).is_ascii());
        }
        assert!((f64::from(prefixed) / f64::from(n) / WITH_PREFIX - 1.0).abs() < 0.05);
        assert!((f64::from(marked) / f64::from(n) / WITH_MARKS - 1.0).abs() < 0.05);
    }

    #[test]
    fn a_prefix_stands_apart_from_its_surname() {
        let names = Names::embedded().unwrap();
        assert!(names.surnames.contains(&Surname {
            prefix: "van den".into(),
            stem: "Berg".into()
        }));
    }
}
