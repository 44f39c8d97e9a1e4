//! People who are linked worse than others, wherever they are: what makes them so can be read from their records.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    comparison::Side,
    spec::{ColumnPair, ComparisonSpec, LinkageSpec},
    table::Table,
    value::{PartialDate, text::normalise},
};

/// A group whose links are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Group {
    /// Everybody.
    All,
    /// The addresses differ.
    Movers,
    /// Women with a partner's name, or a double name, in either file.
    MarriedWomen,
    /// Birth date on 1 January or 1 July, or without day or month, in either file.
    DefaultBirthDates,
    /// A name with letters outside the English alphabet, or with a separate Arabic article or patronymic.
    ForeignSpelledNames,
}

impl Group {
    /// All of them, everybody first.
    pub const ALL: [Self; 5] = [
        Self::All,
        Self::Movers,
        Self::MarriedWomen,
        Self::DefaultBirthDates,
        Self::ForeignSpelledNames,
    ];

    /// For a reader.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "everybody",
            Self::Movers => "addresses differ",
            Self::MarriedWomen => "women with a partner's name",
            Self::DefaultBirthDates => "birth date unknown or filled in",
            Self::ForeignSpelledNames => "names spelled foreign",
        }
    }

    /// The same in Dutch.
    pub const fn label_nl(self) -> &'static str {
        match self {
            Self::All => "iedereen",
            Self::Movers => "adressen verschillen",
            Self::MarriedWomen => "vrouwen met een partnernaam",
            Self::DefaultBirthDates => "geboortedatum onbekend of ingevuld",
            Self::ForeignSpelledNames => "namen met vreemde spelling",
        }
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }
}

const WOMAN: u8 = 1 << 6;
const PARTNER: u8 = 1 << 7;

/// Groups of every row of a side, as bits; movers are known of pairs only.
pub(crate) fn of_rows(spec: &LinkageSpec, table: &Table, side: Side) -> Vec<u8> {
    let mut rows = vec![Group::All.bit(); table.n_rows()];
    let mut mark = |column: Option<&str>, bit: u8, holds: &dyn Fn(&str) -> bool| {
        let Some(column) = column.and_then(|name| table.column(name)) else {
            return;
        };
        let marked: Vec<bool> = (0..=column.n_distinct() as u32)
            .map(|code| column.text(code).is_some_and(holds))
            .collect();
        for (row, code) in rows.iter_mut().zip(column.codes()) {
            *row |= if marked[*code as usize] { bit } else { 0 };
        }
    };
    let of = |pair: &ColumnPair| match side {
        Side::Left => pair.left.clone(),
        Side::Right => pair.right.clone(),
    };
    for comparison in &spec.comparisons {
        match comparison {
            ComparisonSpec::GivenNames { column, .. } => mark(
                Some(&of(column)),
                Group::ForeignSpelledNames.bit(),
                &is_foreign,
            ),
            ComparisonSpec::Surname {
                column,
                left_partner,
                right_partner,
                ..
            } => {
                let column = of(column);
                mark(Some(&column), Group::ForeignSpelledNames.bit(), &is_foreign);
                mark(Some(&column), PARTNER, &|text| text.trim().contains('-'));
                let partner = if side == Side::Left {
                    left_partner
                } else {
                    right_partner
                };
                mark(partner.as_deref(), PARTNER, &|_| true);
            }
            ComparisonSpec::Date { column, .. } => {
                mark(Some(&of(column)), Group::DefaultBirthDates.bit(), &|text| {
                    PartialDate::parse(text)
                        .is_some_and(|date| date.is_default() || !date.is_whole())
                });
            }
            ComparisonSpec::Sex { column, .. } => {
                mark(Some(&of(column)), WOMAN, &|text| {
                    matches!(
                        normalise(text).as_str(),
                        "v" | "vrouw" | "f" | "female" | "2"
                    )
                });
            }
            ComparisonSpec::Address { .. }
            | ComparisonSpec::SurnamePrefix { .. }
            | ComparisonSpec::Text { .. }
            | ComparisonSpec::Exact { .. }
            | ComparisonSpec::Bsn { .. }
            | ComparisonSpec::Phone { .. }
            | ComparisonSpec::Email { .. }
            | ComparisonSpec::Number { .. }
            | ComparisonSpec::FreeText { .. }
            | ComparisonSpec::List { .. }
            | ComparisonSpec::Composed { .. } => {}
        }
    }
    rows
}

/// Which groups every row of one side is in. Movers are known of pairs only.
#[derive(Clone, Debug)]
pub struct RowGroups(Vec<u8>);

impl RowGroups {
    /// Reads the groups of the left table (`is_left`) or the right one.
    pub fn read(spec: &LinkageSpec, table: &Table, is_left: bool) -> Self {
        let side = if is_left { Side::Left } else { Side::Right };
        let rows = of_rows(spec, table, side);
        Self(rows.into_iter().map(|row| of_pair(row, row)).collect())
    }

    /// Whether row `row` is in `group`.
    pub fn contains(&self, row: usize, group: Group) -> bool {
        self.0.get(row).is_some_and(|bits| bits & group.bit() != 0)
    }
}

/// Groups of a pair from those of its rows.
pub(crate) const fn of_pair(left: u8, right: u8) -> u8 {
    let both = left | right;
    let married = both & WOMAN != 0 && both & PARTNER != 0;
    (both & !(WOMAN | PARTNER))
        | if married {
            Group::MarriedWomen.bit()
        } else {
            0
        }
}

fn is_foreign(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    !text.is_ascii()
        || [
            "el ", "el-", "al ", "al-", "ben ", "ait ", "bint ", "abd ", "abu ",
        ]
        .iter()
        .any(|start| lower.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::{
        Group::{All, DefaultBirthDates, ForeignSpelledNames, MarriedWomen},
        *,
    };
    use crate::table::Column;

    #[test]
    fn groups_are_read_from_what_the_records_say() {
        let mut table = Table::new(4);
        let mut add = |name: &str, texts: [&str; 4]| {
            table
                .insert(name, Column::from_texts(texts.map(Some)))
                .unwrap();
        };
        add("v", ["Jan", "Łukasz", "Anna", "Eva"]);
        add("g", ["Jansen", "Nowak", "Vries-Boer", "El Amrani"]);
        add("d", ["19800203", "19800101", "19800000", "19801231"]);
        add("s", ["M", "M", "V", "V"]);
        let pair = ColumnPair::same;
        let comparisons = vec![
            ComparisonSpec::GivenNames {
                name: "v".into(),
                column: pair("v"),
                surname: None,
                other_names: Vec::new(),
            },
            ComparisonSpec::Surname {
                name: "g".into(),
                column: pair("g"),
                left_partner: None,
                right_partner: None,
                given_names: None,
            },
            ComparisonSpec::Date {
                name: "d".into(),
                column: pair("d"),
            },
            ComparisonSpec::Sex {
                name: "s".into(),
                column: pair("s"),
            },
        ];
        let rows = of_rows(
            &LinkageSpec::new(comparisons, Vec::new()),
            &table,
            Side::Left,
        );
        let groups: Vec<Vec<Group>> = rows
            .iter()
            .map(|row| {
                Group::ALL
                    .into_iter()
                    .filter(|group| of_pair(*row, *row) & group.bit() != 0)
                    .collect()
            })
            .collect();
        assert_eq!(
            groups,
            [
                vec![All],
                vec![All, DefaultBirthDates, ForeignSpelledNames],
                vec![All, MarriedWomen, DefaultBirthDates],
                vec![All, ForeignSpelledNames]
            ]
        );
    }
}
