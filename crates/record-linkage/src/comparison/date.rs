//! Dates by their parts.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    ceiling::Tile,
    features::Features,
    level, mix,
    tokens::{Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::PartialDate,
};

pub(super) const LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("date equal", "datum gelijk", true, 0.923),
    level(
        "year and month equal, day unknown",
        "jaar en maand gelijk, dag onbekend",
        false,
        0.27,
    ),
    level(
        "day and month exchanged",
        "dag en maand verwisseld",
        false,
        0.01,
    ),
    level("one digit differs", "één cijfer verschilt", false, 0.04),
    level(
        "year equal, day and month unknown or filled in",
        "jaar gelijk, dag en maand onbekend of ingevuld",
        false,
        0.68,
    ),
    level(
        "two of year, month and day equal",
        "twee van jaar, maand en dag gelijk",
        false,
        0.01,
    ),
    level(
        "one digit differs, both unknown or filled in",
        "één cijfer verschilt, beide onbekend of ingevuld",
        false,
        0.005,
    ),
    level(
        "one digit of the year differs, day and month unknown or filled in",
        "één cijfer van het jaar verschilt, dag en maand onbekend of ingevuld",
        false,
        0.03,
    ),
    level("year equal", "jaar gelijk", false, 0.01),
    level("different", "verschillend", false, 0.002),
    level(
        "year differs, day and month unknown or filled in",
        "jaar verschilt, dag en maand onbekend of ingevuld",
        false,
        0.02,
    ),
];

/// Levels 2, 5, 8 and 11 are reached where one record knows less of the date than the other: that a clerk left out or filled in day and
/// month says nothing of who it is, so what the rest of the date says is counted among such pairs.
pub(super) const CONDITIONS: &[u8] = &[0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1];

/// From here on true pairs are rare: the year is equal at most, and that not for want of knowing more.
pub(crate) const HARDLY_TRUE: usize = 9;

/// See [`LEVELS`].
pub(super) struct DateComparison {
    values: Features<PartialDate>,
    shares: Vec<f64>,
    collision: f64,
}

impl DateComparison {
    pub(super) fn bind(column: &ColumnPair, left: &Table, right: &Table) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| PartialDate::parse(text?),
        );
        let (shares, collision) = values.shares();
        Self {
            values,
            shares,
            collision,
        }
    }
}

/// How much of a date is known: all, the year with a day filled in, the month, the year.
fn known(date: PartialDate) -> u8 {
    match (date.month, date.day) {
        (0, _) => 3,
        (_, 0) => 2,
        _ => u8::from(date.is_default()),
    }
}

fn unequal(a: PartialDate, b: PartialDate) -> u8 {
    let years = a.year == b.year;
    let year_of = |date: PartialDate| PartialDate {
        month: 0,
        day: 0,
        ..date
    };
    let near = || year_of(a).one_keystroke_from(year_of(b));
    if known(a) != known(b) {
        let months_known = a.month != 0 && b.month != 0;
        let day_unknown = a.day == 0 || b.day == 0;
        return match years {
            true if months_known && a.month == b.month && day_unknown => 2,
            true if !months_known || a.is_default() || b.is_default() => 5,
            _ if near() => 8,
            _ => 11,
        };
    }
    if known(a) != 0 {
        // Dates that were filled in look alike for that reason: only the year tells them apart.
        let month_apart = years && a.one_keystroke_from(b);
        return match (years, a.month == b.month && near()) {
            _ if month_apart => 7,
            (true, _) => 9,
            (false, true) => 7,
            _ => 10,
        };
    }
    if years && a.day == b.month && a.month == b.day {
        return 3;
    }
    if a.one_keystroke_from(b) {
        return 4;
    }
    let equal_parts = u8::from(years) + u8::from(a.month == b.month) + u8::from(a.day == b.day);
    match (equal_parts, years) {
        (2, _) => 6,
        (_, true) => 9,
        _ => 10,
    }
}

impl Compare for DateComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        LEVELS
    }

    fn conditions(&self) -> &'static [u8] {
        CONDITIONS
    }

    fn ceiling(&self, tile: &Tile<'_>, sums: &mut [f32]) {
        let tops = &tile.tops;
        let levels: [f32; LEVELS.len()] = std::array::from_fn(|level| tops.at(level as u8));
        let look = |side, row| {
            let code = self.values.code(side, row);
            let date = self.values.values()[code as usize];
            let equal = tops.at_with(1, self.shares[code as usize]);
            (date, known(date), (code != 0).then_some(equal))
        };
        tile.add(
            sums,
            |row| look(Side::Left, row),
            |row| look(Side::Right, row),
            |(a, known_a, equal), (b, known_b, other)| {
                let (Some(equal), Some(_)) = (equal, other) else {
                    return 0.0;
                };
                if a == b {
                    return *equal;
                }
                // Where two whole dates differ in year and day, nothing brings them together.
                if a.year != b.year && a.day != b.day && known_a | known_b == 0 {
                    levels[10]
                } else {
                    levels[usize::from(unequal(*a, *b))]
                }
            },
        );
    }

    fn touch(&self, pairs: &[(u32, u32)], _: &Tokens) -> u64 {
        self.values.touch(pairs, |date| u64::from(date.year))
    }

    fn cost(&self) -> u8 {
        2
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        if a == b {
            // A date of which two records know only the year weighs what its year is worth: it is as common as its share.
            return Outcome::with(1, self.shares[self.values.code(Side::Left, left) as usize]);
        }
        Outcome::at(unequal(*a, *b))
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        let Some(date) = self.values.get(side, row) else {
            return;
        };
        if key == KeyFunction::YearAlone {
            // Two keys a year, so that a record that knows no more meets everybody of the other side, and the others only such records.
            let year = u64::from(date.year);
            let keys = [mix(1, year), mix(2, year)];
            match (known(*date), side) {
                (1.., _) => out.extend(keys),
                (_, Side::Left) => out.push(keys[0]),
                (_, Side::Right) => out.push(keys[1]),
            }
            return;
        }
        let number = match key {
            KeyFunction::Whole => date.ordinal(),
            KeyFunction::Year => u32::from(date.year),
            KeyFunction::YearMonth if date.month != 0 => date.ordinal() / 100,
            // Unordered, so that exchanged day and month still meet.
            KeyFunction::MonthDay if date.is_whole() => {
                u32::from(date.month.min(date.day)) * 100 + u32::from(date.month.max(date.day))
            }
            _ => return,
        };
        out.push(u64::from(number));
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, _: &mut Tokens) {
        if let ComparisonSpec::Date { column, .. } = spec {
            let names = [Some(column.right.as_str())];
            self.values
                .replace_right((right, names), |[text]| PartialDate::parse(text?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_alone_is_a_key_only_where_a_record_knows_no_more() {
        let dates = ["19801105", "19800101", "19800000", "19800412", "19810101"];
        let mut table = Table::new(dates.len());
        let column = crate::table::Column::from_texts(dates.map(Some));
        table.insert("d", column).unwrap();
        let bound = DateComparison::bind(&ColumnPair::same("d"), &table, &table);
        let keys = |side, row| {
            let mut out = Vec::new();
            bound.keys(side, row, KeyFunction::YearAlone, &Tokens::of(0), &mut out);
            out
        };
        let meet = |l: usize, r: usize| {
            let right = keys(Side::Right, r);
            keys(Side::Left, l).iter().any(|key| right.contains(key))
        };
        for l in 0..dates.len() {
            for r in 0..dates.len() {
                let expected = l < 4 && r < 4 && !(l % 3 == 0 && r % 3 == 0) || l == 4 && r == 4;
                assert_eq!(meet(l, r), expected, "{} {}", dates[l], dates[r]);
            }
        }
    }

    #[test]
    fn each_pair_of_dates_reaches_the_level_it_should() {
        let date = |text| PartialDate::parse(text).unwrap();
        for (a, b, expected) in [
            ("19801105", "19800511", 3),
            ("19801105", "19801115", 4),
            ("19801105", "19800101", 5),
            ("19801105", "19800000", 5),
            ("19801105", "19801100", 2),
            ("19801105", "19801128", 6),
            ("19801105", "19800328", 9),
            ("19801105", "19510328", 10),
            ("19801105", "19810000", 8),
            ("19801105", "19810101", 8),
            ("19801105", "19910701", 11),
            ("19801105", "19801200", 11),
            ("19801101", "19801100", 2),
            ("19800101", "19800000", 5),
            ("19800101", "19800100", 2),
            ("19800101", "19800701", 7),
            ("19800101", "19810101", 7),
            ("19800101", "19910101", 10),
            ("19800101", "19810701", 10),
            ("19800000", "19810000", 7),
            ("19801100", "19801200", 7),
            ("19801100", "19800200", 9),
        ] {
            assert_eq!(unequal(date(a), date(b)), expected, "{a} {b}");
            assert_eq!(unequal(date(b), date(a)), expected, "{b} {a}");
        }
    }
}
