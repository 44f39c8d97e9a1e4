//! Notation of numbers and dates, column by column.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Evidence, Sample};
use crate::value::{
    date::{DateFormat, KNOWN_FORMATS},
    number::Notation,
    trim,
};

/// What was found in one column of the sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColumnDetected {
    /// Header in the file.
    pub name: String,
    /// Values looked at.
    pub sampled: u64,
    /// How many of them were empty.
    pub missing: u64,
    /// Whether at least 95 % of the values are numbers.
    pub numeric: bool,
    /// Whether all numbers are whole.
    pub whole: bool,
    /// Decimal sign, where one was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub decimal: Option<char>,
    /// Sign between thousands, where one was seen.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thousands: Option<char>,
    /// Format, when at least 90 % of the values are dates.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date_format: Option<String>,
    /// Texts that stand for "no value" among numbers or dates.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing_marks: Vec<String>,
}

/// Texts that systems write for "no value".
pub(crate) const MISSING_MARKS: &[&str] = &[
    "NULL", "null", "NA", "N/A", "n/a", "NaN", "nan", "n.v.t.", "nvt", ".", "-", "?", "#N/A",
    "(null)", "None", "\\N",
];

const NOTATIONS: [Notation; 5] = [
    Notation {
        decimal: b'.',
        group: None,
    },
    Notation {
        decimal: b',',
        group: None,
    },
    Notation {
        decimal: b',',
        group: Some(b'.'),
    },
    Notation {
        decimal: b'.',
        group: Some(b','),
    },
    Notation {
        decimal: b',',
        group: Some(b' '),
    },
];

/// Looks at every column of a sample.
///
/// `dutch_dialect` says that the file divides its fields by semicolons, as programs do where the comma is the decimal sign;
/// it decides only where `1.234` could be read both ways.
pub fn columns(sample: &Sample, dutch_dialect: bool) -> (Vec<ColumnDetected>, Vec<Evidence>) {
    let mut evidence = Vec::new();
    let comma_elsewhere = (0..sample.header.len()).any(|column| {
        values(sample, column).any(|value| {
            NOTATIONS[1]
                .decimal(value)
                .is_some_and(|d| d.decimals > 0 && d.decimals != 3)
        })
    });
    let dutch = comma_elsewhere || dutch_dialect;
    let found = sample
        .header
        .iter()
        .enumerate()
        .map(|(at, name)| column(sample, at, name, dutch, &mut evidence))
        .collect();
    (found, evidence)
}

fn values(sample: &Sample, column: usize) -> impl Iterator<Item = &[u8]> + Clone {
    sample
        .rows
        .iter()
        .map(move |row| trim(row[column].as_bytes()))
        .filter(|value| !value.is_empty())
}

fn column(
    sample: &Sample,
    at: usize,
    name: &str,
    dutch: bool,
    evidence: &mut Vec<Evidence>,
) -> ColumnDetected {
    let is_mark = |value: &[u8]| MISSING_MARKS.iter().any(|mark| mark.as_bytes() == value);
    let present = values(sample, at);
    let marks: std::collections::BTreeSet<String> = present
        .clone()
        .filter(|value| is_mark(value))
        .map(|value| String::from_utf8_lossy(value).into_owned())
        .collect();
    let real = present.filter(|value| !is_mark(value));
    let count = real.clone().count();
    let mut found = ColumnDetected {
        name: name.to_owned(),
        sampled: sample.rows.len() as u64,
        missing: (sample.rows.len() - values(sample, at).count()) as u64,
        ..ColumnDetected::default()
    };
    if count == 0 {
        return found;
    }
    dates(&mut found, &real, count, evidence);
    numbers(&mut found, &real, count, dutch, evidence);
    if found.numeric || found.date_format.is_some() {
        found.missing_marks = marks.into_iter().collect();
    } else {
        found.missing_marks = marks
            .into_iter()
            .filter(|mark| mark.len() >= 4 && mark.to_lowercase().contains("null"))
            .collect();
    }
    found
}

fn dates<'a>(
    found: &mut ColumnDetected,
    values: &(impl Iterator<Item = &'a [u8]> + Clone),
    count: usize,
    evidence: &mut Vec<Evidence>,
) {
    let named_date = crate::contract::hints::names_a_date(&found.name);
    let supports = |name: &str| {
        let Some(format) = DateFormat::parse(name) else {
            return 0;
        };
        // Serial days and eight digits are dates only where years are plausible.
        values
            .clone()
            .filter(|value| {
                format
                    .read(value)
                    .is_some_and(|date| date.year == 0 || (1850..=2150).contains(&date.year))
            })
            .count()
    };
    let mut best: Option<(&str, usize)> = None;
    for &name in KNOWN_FORMATS {
        if !named_date && matches!(name, "excel" | "%d%m%Y") {
            continue;
        }
        let supporting = supports(name);
        if best.is_none_or(|(_, most)| supporting > most) {
            best = Some((name, supporting));
        }
    }
    let Some((name, supporting)) =
        best.filter(|(_, supporting)| *supporting > 0 && supporting * 10 >= count * 9)
    else {
        return;
    };
    let american = match name {
        "%d/%m/%Y" => supports("%m/%d/%Y"),
        "%d-%m-%Y" => supports("%m-%d-%Y"),
        _ => 0,
    };
    let remark = if american == supporting {
        "every value fits day-month and month-day; the Dutch order is taken, state a format to be sure"
    } else if name == "excel" {
        "day numbers of a spreadsheet"
    } else {
        ""
    };
    evidence.push(Evidence {
        subject: format!("dateFormat:{}", found.name),
        choice: name.to_owned(),
        sampled: count as u64,
        supporting: supporting as u64,
        conflicting: (count - supporting) as u64,
        remark: remark.to_owned(),
    });
    found.date_format = Some(name.to_owned());
}

fn numbers<'a>(
    found: &mut ColumnDetected,
    values: &(impl Iterator<Item = &'a [u8]> + Clone),
    count: usize,
    dutch: bool,
    evidence: &mut Vec<Evidence>,
) {
    // Euro signs belong to amounts; they are no reason to call the column text.
    let amount = |notation: Notation, value: &[u8]| {
        notation.number(value).is_some() || notation.cents(value).is_some()
    };
    let supports = NOTATIONS.map(|notation| {
        values
            .clone()
            .filter(|value| amount(notation, value))
            .count()
    });
    let most = supports.into_iter().max().unwrap_or(0);
    if most * 20 < count * 19 {
        return;
    }
    found.numeric = true;
    let integers = values
        .clone()
        .filter(|value| Notation::default().integer(value).is_some() && !value.contains(&b'.'))
        .count();
    if integers == count {
        found.whole = true;
        return;
    }
    let fitting: Vec<usize> = (0..NOTATIONS.len())
        .filter(|at| supports[*at] == most)
        .collect();
    let comma_first = |at: &&usize| NOTATIONS[**at].decimal == b',';
    let ambiguous =
        fitting.iter().any(|at| comma_first(&at)) && fitting.iter().any(|at| !comma_first(&at));
    let chosen = if dutch {
        fitting.iter().find(comma_first)
    } else {
        fitting.iter().find(|at| !comma_first(at))
    };
    let notation = NOTATIONS[*chosen.or(fitting.first()).unwrap_or(&0)];
    let grouped = notation
        .group
        .filter(|group| values.clone().any(|value| value.contains(group)));
    found.decimal = Some(char::from(notation.decimal));
    found.thousands = grouped.map(char::from);
    found.whole = values
        .clone()
        .all(|value| notation.integer(value).is_some() && !value.contains(&notation.decimal));
    let remark = match (ambiguous, dutch) {
        (false, _) => "",
        (true, true) => {
            "fits both signs; the decimal comma is taken because the rest of the file uses it"
        }
        (true, false) => {
            "fits both signs; the decimal point is taken, state decimalChar to be sure"
        }
    };
    evidence.push(Evidence {
        subject: format!("decimal:{}", found.name),
        choice: char::from(notation.decimal).to_string(),
        sampled: count as u64,
        supporting: most as u64,
        conflicting: (count - most) as u64,
        remark: remark.to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(values: &[&str], dutch: bool) -> (ColumnDetected, Vec<Evidence>) {
        let rows = values
            .iter()
            .map(|value| vec![(*value).to_owned()])
            .collect();
        let (mut found, evidence) = columns(
            &Sample {
                header: vec!["datum_x".into()],
                rows,
            },
            dutch,
        );
        (found.remove(0), evidence)
    }

    #[test]
    fn decimal_signs_are_found() {
        assert_eq!(
            look(&["1.234,50", "12,00", "3"], false).0.decimal,
            Some(',')
        );
        assert_eq!(look(&["1,234.50", "12.00"], false).0.decimal, Some('.'));
        assert_eq!(look(&["0.5", "12"], true).0.decimal, Some('.'));
        assert!(look(&["5", "12"], true).0.whole);
        assert!(look(&["€ 5,10", "€ 12"], true).0.numeric);
        assert!(!look(&["5", "twaalf"], true).0.numeric);
    }

    #[test]
    fn what_fits_both_ways_is_said() {
        let (found, evidence) = look(&["1.234", "5.678"], true);
        assert_eq!(
            (found.decimal, found.thousands, found.whole),
            (Some(','), Some('.'), true)
        );
        assert!(evidence[0].remark.contains("fits both"));
        assert_eq!(look(&["1.234", "5.678"], false).0.decimal, Some('.'));
    }

    #[test]
    fn date_formats_are_found_with_their_support() {
        let (found, evidence) = look(&["01-02-2020", "28-02-2020", "x"], false);
        assert_eq!(found.date_format, None);
        assert!(evidence.is_empty());
        let mut values = vec!["01-02-2020"; 19];
        values.push("31-02-2020");
        let (found, evidence) = look(&values, false);
        assert_eq!(found.date_format.as_deref(), Some("%d-%m-%Y"));
        assert_eq!((evidence[0].supporting, evidence[0].conflicting), (19, 1));
        assert!(evidence[0].remark.contains("Dutch order"));
        assert_eq!(
            look(&["02/28/2020", "01/13/2020"], false)
                .0
                .date_format
                .as_deref(),
            Some("%m/%d/%Y")
        );
        assert_eq!(
            look(&["19550730", "19941005", "19550000"], false)
                .0
                .date_format
                .as_deref(),
            Some("%Y%m%d")
        );
        assert_eq!(
            look(&["44197", "44300"], false).0.date_format.as_deref(),
            Some("excel")
        );
    }

    #[test]
    fn marks_for_missing_are_reported() {
        let (found, _) = look(&["1", "2", ".", "NULL"], false);
        assert_eq!(found.missing_marks, [".", "NULL"]);
        assert!(found.numeric);
    }
}
