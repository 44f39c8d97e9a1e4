//! Days, as numbers.

use std::fmt::Write as _;

/// A day of the Gregorian calendar, counted from 1 January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub i32);

impl Day {
    /// The day with this year, month (1 to 12) and day of the month.
    ///
    /// # Source
    /// Howard Hinnant, "chrono-compatible low-level date algorithms".
    pub(crate) const fn new(year: i32, month: i32, day: i32) -> Self {
        let shifted = if month <= 2 { year - 1 } else { year };
        let era = shifted.div_euclid(400);
        let year_of_era = shifted - era * 400;
        let month_index = (month + 9) % 12;
        let day_of_year = (153 * month_index + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Self(era * 146_097 + day_of_era - 719_468)
    }

    /// Year, month and day of the month.
    pub(crate) const fn parts(self) -> (i32, i32, i32) {
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted - era * 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_index + 2) / 5 + 1;
        let month = if month_index < 10 {
            month_index + 3
        } else {
            month_index - 9
        };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// The calendar year.
    pub(crate) const fn year(self) -> i32 {
        self.parts().0
    }

    /// This many days later.
    pub(crate) const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    /// Completed years on `on`.
    pub(crate) const fn age_on(self, on: Self) -> i32 {
        let (year, month, day) = self.parts();
        let (then_year, then_month, then_day) = on.parts();
        let birthday_ahead = then_month < month || (then_month == month && then_day < day);
        then_year - year - if birthday_ahead { 1 } else { 0 }
    }

    /// As municipal systems print it: `dd-mm-jjjj`.
    pub(crate) fn dutch(self) -> String {
        let (year, month, day) = self.parts();
        format!("{day:02}-{month:02}-{year:04}")
    }

    /// As the truth files print it: `jjjj-mm-dd`.
    pub(crate) fn iso(self) -> String {
        let (year, month, day) = self.parts();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The Dutch form with unknown parts as zeros, the way the BRP keeps an incomplete birth date.
    pub(crate) fn dutch_incomplete(self, month_known: bool) -> String {
        let (year, month, _) = self.parts();
        let mut text = String::from("00-");
        let month = if month_known { month } else { 0 };
        // Writing to a string cannot fail.
        let _ = write!(text, "{month:02}-{year:04}");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_parts_agree_over_three_centuries() {
        let mut previous = Day::new(1800, 1, 1).0 - 1;
        for year in 1800..2100 {
            for month in 1..=12 {
                let day = Day::new(year, month, 1);
                assert_eq!(day.parts(), (year, month, 1));
                assert!(day.0 > previous);
                previous = day.0;
            }
        }
        assert_eq!(Day::new(1970, 1, 1).0, 0);
        assert_eq!(Day::new(2024, 2, 29).plus(1), Day::new(2024, 3, 1));
    }

    #[test]
    fn a_birthday_counts_on_the_day_itself() {
        let born = Day::new(2000, 6, 15);
        assert_eq!(born.age_on(Day::new(2018, 6, 14)), 17);
        assert_eq!(born.age_on(Day::new(2018, 6, 15)), 18);
        assert_eq!(born.dutch_incomplete(true), "00-06-2000");
        assert_eq!(born.dutch_incomplete(false), "00-00-2000");
    }
}
