//! Dates as Dutch systems write them.

mod calendar;

use self::calendar::days_in_month;
pub use self::calendar::{civil_from_days, days_from_civil};

/// Order of the parts of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

/// A way to write dates, known by a strptime-like text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateFormat {
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Three numbers with a separator.
    Separated {
        order: Order,
        separator: u8,
        two_digit_year: bool,
        time: bool,
    },
    /// Eight digits without separator.
    Compact(Order),
    /// Days since 1899-12-30, as in spreadsheets.
    Excel,
    /// `12 maart 2024`.
    MonthName,
}

/// A date of which day and month may be unknown (0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialDate {
    /// Year, 0 when unknown.
    pub year: u16,
    /// Month 1 to 12, 0 when unknown.
    pub month: u8,
    /// Day 1 to 31, 0 when unknown.
    pub day: u8,
}

impl PartialDate {
    /// Days since 1970-01-01; `None` when a part is unknown.
    pub fn days(self) -> Option<i32> {
        (self.day > 0 && self.month > 0 && self.year > 0).then(|| {
            days_from_civil(
                i32::from(self.year),
                u32::from(self.month),
                u32::from(self.day),
            )
        })
    }

    /// Whether the parts can occur together in the calendar; unknown parts only below known ones.
    fn is_possible(self) -> bool {
        match (self.year, self.month, self.day) {
            (_, 0, 0) => true,
            (0, _, _) | (_, 0, _) => false,
            (_, month, 0) => month <= 12,
            (year, month, day) => month <= 12 && day <= days_in_month(year, month),
        }
    }

    /// Writes `YYYY-MM-DD`, unknown parts as zeros.
    pub fn write(self, out: &mut Vec<u8>) {
        let year = self.year;
        out.extend_from_slice(&[
            b'0' + (year / 1000 % 10) as u8,
            b'0' + (year / 100 % 10) as u8,
            b'0' + (year / 10 % 10) as u8,
            b'0' + (year % 10) as u8,
            b'-',
            b'0' + self.month / 10,
            b'0' + self.month % 10,
            b'-',
            b'0' + self.day / 10,
            b'0' + self.day % 10,
        ]);
    }
}

/// Formats in the order in which detection tries them; of two that fit equally, the first is taken.
pub const KNOWN_FORMATS: &[&str] = &[
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%Y%m%d",
    "%d-%m-%y",
    "%d/%m/%y",
    "%d.%m.%y",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%d-%m-%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y",
    "%m-%d-%Y",
    "%d%m%Y",
    "%d %B %Y",
    "excel",
];

impl DateFormat {
    /// Reads the written form; `None` when it is not known.
    ///
    /// Days and months may have one digit wherever a separator stands. `default` is ISO 8601.
    pub fn parse(text: &str) -> Option<Self> {
        let kind = match text {
            "excel" => Kind::Excel,
            "%d %B %Y" => Kind::MonthName,
            "%Y%m%d" => Kind::Compact(Order::YearMonthDay),
            "%d%m%Y" => Kind::Compact(Order::DayMonthYear),
            "default" => Self::parse("%Y-%m-%d")?.kind,
            _ => {
                let (date, time) = match text.strip_suffix("%H:%M:%S") {
                    Some(date) => (date.strip_suffix([' ', 'T'])?, true),
                    None => (text, false),
                };
                let separator = *date.as_bytes().get(2)?;
                if date.len() != 8
                    || !matches!(separator, b'-' | b'/' | b'.')
                    || date.as_bytes()[5] != separator
                {
                    return None;
                }
                let (order, two_digit_year) = match (&date[..2], &date[3..5], &date[6..]) {
                    ("%d", "%m", "%Y") => (Order::DayMonthYear, false),
                    ("%d", "%m", "%y") => (Order::DayMonthYear, true),
                    ("%m", "%d", "%Y") => (Order::MonthDayYear, false),
                    ("%Y", "%m", "%d") => (Order::YearMonthDay, false),
                    _ => return None,
                };
                Kind::Separated {
                    order,
                    separator,
                    two_digit_year,
                    time,
                }
            }
        };
        Some(Self { kind })
    }

    /// Reads one date; `None` when the text does not follow the format or the date cannot exist.
    ///
    /// Unknown days and months are zeros. Two-digit years 00–29 are 2000–2029, the others 1930–1999. A time of day is
    /// allowed only by formats that name it, and is dropped.
    pub fn read(self, text: &[u8]) -> Option<PartialDate> {
        let date = match self.kind {
            Kind::Separated {
                order: Order::YearMonthDay,
                separator,
                two_digit_year: false,
                time: false,
            } if text.len() == 10 && text[4] == separator && text[7] == separator => {
                year_month_day(text)?
            }
            Kind::Separated {
                order,
                separator,
                two_digit_year,
                time,
            } => {
                let text = if time { without_time(text)? } else { text };
                separated(text, order, separator, two_digit_year)?
            }
            Kind::Compact(order) => compact(text, order)?,
            Kind::Excel => excel(text)?,
            Kind::MonthName => month_name(text)?,
        };
        date.is_possible().then_some(date)
    }
}

/// Ten bytes of which the fifth and eighth are known to be separators.
fn year_month_day(text: &[u8]) -> Option<PartialDate> {
    let digit: [u8; 10] = text
        .first_chunk::<10>()?
        .map(|byte| byte.wrapping_sub(b'0'));
    let [y1, y2, y3, y4, _, m1, m2, _, d1, d2] = digit;
    // One pass without branches.
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2];
    let others: u8 = digits.iter().map(|digit| u8::from(*digit > 9)).sum();
    (others == 0).then(|| PartialDate {
        year: u16::from(y1) * 1_000 + u16::from(y2) * 100 + u16::from(y3) * 10 + u16::from(y4),
        month: m1 * 10 + m2,
        day: d1 * 10 + d2,
    })
}

fn separated(
    text: &[u8],
    order: Order,
    separator: u8,
    two_digit_year: bool,
) -> Option<PartialDate> {
    let first = text.iter().position(|b| *b == separator)?;
    let second = first
        + 1
        + text
            .get(first + 1..)?
            .iter()
            .position(|b| *b == separator)?;
    let (a, b, c) = (
        &text[..first],
        &text[first + 1..second],
        &text[second + 1..],
    );
    let (year, month, day) = match order {
        Order::DayMonthYear => (c, b, a),
        Order::MonthDayYear => (c, a, b),
        Order::YearMonthDay => (a, b, c),
    };
    if year.len() != if two_digit_year { 2 } else { 4 } || day.len() > 2 || month.len() > 2 {
        return None;
    }
    let mut full_year = digits(year)?;
    if two_digit_year {
        full_year += if full_year < 30 { 2000 } else { 1900 };
    }
    Some(PartialDate {
        year: full_year,
        month: digits(month)? as u8,
        day: digits(day)? as u8,
    })
}

fn compact(text: &[u8], order: Order) -> Option<PartialDate> {
    if text.len() != 8 {
        return None;
    }
    let (year, month, day) = match order {
        Order::YearMonthDay => (&text[..4], &text[4..6], &text[6..]),
        Order::DayMonthYear => (&text[4..], &text[2..4], &text[..2]),
        Order::MonthDayYear => (&text[4..], &text[..2], &text[2..4]),
    };
    Some(PartialDate {
        year: digits(year)?,
        month: digits(month)? as u8,
        day: digits(day)? as u8,
    })
}

fn without_time(text: &[u8]) -> Option<&[u8]> {
    let at = text.iter().position(|b| matches!(b, b' ' | b'T'))?;
    let good = text[at + 1..]
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'Z' | b'+'));
    (good && text.len() > at + 4).then(|| &text[..at])
}

fn excel(text: &[u8]) -> Option<PartialDate> {
    let whole = text
        .iter()
        .position(|b| *b == b'.')
        .map_or(text, |at| &text[..at]);
    if whole.is_empty() || whole.len() > 6 || !text.iter().all(|b| b.is_ascii_digit() || *b == b'.')
    {
        return None;
    }
    let serial = whole
        .iter()
        .fold(0_i32, |sum, b| sum * 10 + i32::from(b - b'0'));
    // 1900-02-29, which never was, makes serials below 61 ambiguous.
    if !(61..=109_575).contains(&serial) {
        return None;
    }
    let (year, month, day) = civil_from_days(serial - 25_569);
    Some(PartialDate {
        year: year as u16,
        month: month as u8,
        day: day as u8,
    })
}

const MONTHS: [&[u8]; 12] = [
    b"jan", b"feb", b"maa", b"apr", b"mei", b"jun", b"jul", b"aug", b"sep", b"okt", b"nov", b"dec",
];

fn month_name(text: &[u8]) -> Option<PartialDate> {
    let mut parts = text
        .split(|b| matches!(b, b' ' | b'-'))
        .filter(|part| !part.is_empty());
    let (day, name, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || day.len() > 2 || year.len() != 4 || name.len() < 3 {
        return None;
    }
    let start = [
        name[0].to_ascii_lowercase(),
        name[1].to_ascii_lowercase(),
        name[2].to_ascii_lowercase(),
    ];
    let month = match &start {
        b"mrt" | b"mar" => 3,
        b"may" => 5,
        b"oct" => 10,
        _ => MONTHS.iter().position(|month| **month == start)? as u8 + 1,
    };
    Some(PartialDate {
        year: digits(year)?,
        month,
        day: digits(day)? as u8,
    })
}

/// One to four ASCII digits.
fn digits(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    let mut value = 0_u16;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u16::from(digit);
    }
    Some(value)
}

/// Days since 1970-01-01 of a whole date written `YYYY-MM-DD`.
pub fn iso_days(text: &str) -> Option<i32> {
    DateFormat::parse("%Y-%m-%d")?.read(text.as_bytes())?.days()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<(u16, u8, u8)> {
        DateFormat::parse(format)
            .unwrap()
            .read(text.as_bytes())
            .map(|d| (d.year, d.month, d.day))
    }

    #[test]
    fn every_known_format_is_read() {
        assert!(
            KNOWN_FORMATS
                .iter()
                .all(|format| DateFormat::parse(format).is_some())
        );
        assert_eq!(read("%d-%m-%Y", "1-2-2020"), Some((2020, 2, 1)));
        assert_eq!(read("%d-%m-%y", "01-02-68"), Some((1968, 2, 1)));
        assert_eq!(read("%d-%m-%y", "01-02-07"), Some((2007, 2, 1)));
        assert_eq!(read("%Y%m%d", "19550730"), Some((1955, 7, 30)));
        assert_eq!(read("excel", "44197"), Some((2021, 1, 1)));
        assert_eq!(read("excel", "44197.75"), Some((2021, 1, 1)));
        assert_eq!(read("%d %B %Y", "12 maart 2024"), Some((2024, 3, 12)));
        assert_eq!(read("%d %B %Y", "12 mrt 2024"), Some((2024, 3, 12)));
        assert_eq!(
            read("%Y-%m-%d %H:%M:%S", "2024-03-12T00:00:00"),
            Some((2024, 3, 12))
        );
    }

    #[test]
    fn impossible_dates_are_refused() {
        for bad in [
            "31-04-2020",
            "29-02-2021",
            "00-13-2020",
            "01-00-2020",
            "1-1-20",
            "a-b-2020",
            "--",
            "1-2-2020 ",
        ] {
            assert_eq!(read("%d-%m-%Y", bad), None, "{bad}");
        }
        assert_eq!(read("%Y-%m-%d", "2020-01-01T10:00:00"), None);
    }

    #[test]
    fn unknown_day_and_month_are_kept_as_zero() {
        assert_eq!(read("%Y%m%d", "19550000"), Some((1955, 0, 0)));
        assert_eq!(read("%d-%m-%Y", "00-07-1955"), Some((1955, 7, 0)));
        assert_eq!(read("%Y%m%d", "00000000"), Some((0, 0, 0)));
        let mut out = Vec::new();
        PartialDate {
            year: 1955,
            month: 7,
            day: 0,
        }
        .write(&mut out);
        assert_eq!(out, b"1955-07-00");
    }

    #[test]
    fn days_and_dates_agree_over_eight_centuries() {
        for days in -200_000..200_000 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
    }
}
