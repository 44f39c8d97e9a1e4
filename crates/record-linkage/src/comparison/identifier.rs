//! BSN, phone and e-mail: values that point at one person, with the errors made in typing them.

use super::{
    Compare, ComparisonLevel, MISSING, Outcome, Side,
    features::Features,
    level, mix,
    tokens::{CLOSE, Scratch, Tokens},
};
use crate::{
    spec::{ColumnPair, ComparisonSpec, KeyFunction},
    table::Table,
    value::identifier::{BsnDigits, email, one_keystroke, phones},
};

pub(super) const BSN_LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("BSN equal", "BSN gelijk", true, 0.97),
    level(
        "BSN one keystroke apart",
        "BSN één toetsaanslag verschil",
        false,
        0.02,
    ),
    level("different", "verschillend", false, 0.01),
];

pub(super) const PHONE_LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level(
        "a phone number in common",
        "een telefoonnummer gemeen",
        true,
        0.70,
    ),
    level(
        "phone number one digit apart",
        "telefoonnummer één cijfer verschil",
        false,
        0.02,
    ),
    level("different", "verschillend", false, 0.28),
];

pub(super) const EMAIL_LEVELS: &[ComparisonLevel] = &[
    MISSING,
    level("e-mail equal", "e-mail gelijk", true, 0.70),
    level(
        "e-mail nearly equal at one domain",
        "e-mail bijna gelijk bij één domein",
        false,
        0.03,
    ),
    level(
        "the same name at another domain",
        "dezelfde naam bij een ander domein",
        false,
        0.07,
    ),
    level("different", "verschillend", false, 0.20),
];

/// See [`BSN_LEVELS`]. A BSN that fails the eleven-test is no disagreement: it is missing, unless it is one keystroke from the other.
pub(super) struct BsnComparison {
    values: Features<BsnDigits>,
    shares: Vec<f64>,
}

impl BsnComparison {
    pub(super) fn bind(column: &ColumnPair, left: &Table, right: &Table) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| BsnDigits::parse(text?),
        );
        let (shares, _) = values.shares();
        Self { values, shares }
    }
}

impl Compare for BsnComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        BSN_LEVELS
    }

    fn cost(&self) -> u8 {
        1
    }

    fn compare(&self, left: usize, right: usize, _: &Tokens, _: &mut Scratch) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        if a == b {
            let code = self.values.code(Side::Left, left) as usize;
            return Outcome::with(1, self.shares.get(code).copied().unwrap_or(0.0));
        }
        if a.one_keystroke_from(*b) {
            return Outcome::at(2);
        }
        if a.valid && b.valid {
            Outcome::at(3)
        } else {
            Outcome::MISSING
        }
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        if let (KeyFunction::Whole, Some(value)) = (key, self.values.get(side, row)) {
            out.push(u64::from(value.number()));
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        None
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, _: &mut Tokens) {
        if let ComparisonSpec::Bsn { column, .. } = spec {
            let column = [Some(column.right.as_str())];
            self.values
                .replace_right((right, column), |[text]| BsnDigits::parse(text?));
        }
    }
}

fn read_phones(text: &str, tokens: &mut Tokens) -> Option<Box<[u32]>> {
    let found = phones(text);
    (!found.is_empty()).then(|| found.iter().map(|number| tokens.intern(number)).collect())
}

fn read_email(text: &str, tokens: &mut Tokens) -> Option<[u32; 2]> {
    let (local, domain) = email(text)?;
    Some([tokens.intern(&local), tokens.intern(&domain)])
}

/// See [`PHONE_LEVELS`].
pub(super) struct PhoneComparison {
    values: Features<Box<[u32]>>,
    counts: Vec<u32>,
    n_records: f64,
}

impl PhoneComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values: Features<Box<[u32]>> = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| read_phones(text?, tokens),
        );
        let (mut counts, mut n_records) = (vec![0; tokens.len() + 1], 0.0);
        for (value, n) in values.counted() {
            n_records += f64::from(n);
            for number in value {
                counts[*number as usize] += n;
            }
        }
        Self {
            values,
            counts,
            n_records,
        }
    }
}

impl Compare for PhoneComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        PHONE_LEVELS
    }

    fn cost(&self) -> u8 {
        2
    }

    fn compare(&self, left: usize, right: usize, tokens: &Tokens, _: &mut Scratch) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        let rarest = a
            .iter()
            .filter(|number| b.contains(number))
            .map(|number| f64::from(self.counts[*number as usize]) / self.n_records.max(1.0))
            .reduce(f64::min);
        if let Some(frequency) = rarest {
            return Outcome::with(1, frequency);
        }
        let near =
            |a: u32, b: u32| one_keystroke(tokens.text(a).as_bytes(), tokens.text(b).as_bytes());
        let any_near = a.iter().any(|a| b.iter().any(|b| near(*a, *b)));
        Outcome::at(if any_near { 2 } else { 3 })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        if let (KeyFunction::Whole, Some(value)) = (key, self.values.get(side, row)) {
            out.extend(value.iter().map(|number| u64::from(*number)));
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        None
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        if let ComparisonSpec::Phone { column, .. } = spec {
            let column = [Some(column.right.as_str())];
            self.values
                .replace_right((right, column), |[text]| read_phones(text?, tokens));
        }
    }
}

/// See [`EMAIL_LEVELS`].
pub(super) struct EmailComparison {
    /// Local part and domain.
    values: Features<[u32; 2]>,
    shares: Vec<f64>,
    collision: f64,
}

impl EmailComparison {
    pub(super) fn bind(
        column: &ColumnPair,
        left: &Table,
        right: &Table,
        tokens: &mut Tokens,
    ) -> Self {
        let values = Features::read(
            (left, [Some(&column.left)]),
            (right, [Some(&column.right)]),
            |[text]| read_email(text?, tokens),
        );
        let (shares, collision) = values.shares();
        Self {
            values,
            shares,
            collision,
        }
    }
}

impl Compare for EmailComparison {
    fn levels(&self) -> &[ComparisonLevel] {
        EMAIL_LEVELS
    }

    fn cost(&self) -> u8 {
        3
    }

    fn compare(
        &self,
        left: usize,
        right: usize,
        tokens: &Tokens,
        scratch: &mut Scratch,
    ) -> Outcome {
        let (Some(a), Some(b)) = (
            self.values.get(Side::Left, left),
            self.values.get(Side::Right, right),
        ) else {
            return Outcome::MISSING;
        };
        if a == b {
            let code = self.values.code(Side::Left, left) as usize;
            return Outcome::with(1, self.shares.get(code).copied().unwrap_or(0.0));
        }
        let ([local_a, domain_a], [local_b, domain_b]) = (*a, *b);
        if local_a == local_b {
            return Outcome::at(3);
        }
        let one_domain = domain_a == domain_b || tokens.close(domain_a, domain_b, scratch);
        let near = one_domain && tokens.likeness(local_a, local_b, scratch) >= CLOSE;
        Outcome::at(if near { 2 } else { 4 })
    }

    fn keys(&self, side: Side, row: usize, key: KeyFunction, _: &Tokens, out: &mut Vec<u64>) {
        let Some([local, domain]) = self.values.get(side, row) else {
            return;
        };
        match key {
            KeyFunction::Whole => out.push(mix(u64::from(*local), u64::from(*domain))),
            KeyFunction::First => out.push(u64::from(*local)),
            _ => {}
        }
    }

    fn n_known(&self) -> f64 {
        self.values.n_known()
    }

    fn collision(&self) -> Option<f64> {
        Some(self.collision)
    }

    fn replace_right(&mut self, spec: &ComparisonSpec, right: &Table, tokens: &mut Tokens) {
        if let ComparisonSpec::Email { column, .. } = spec {
            let column = [Some(column.right.as_str())];
            self.values
                .replace_right((right, column), |[text]| read_email(text?, tokens));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Column;

    fn table(texts: &[&str]) -> Table {
        let mut table = Table::new(texts.len());
        let texts = texts.iter().map(|text| Some(*text));
        table.insert("x", Column::from_texts(texts)).unwrap();
        table
    }

    fn reached(
        left: &str,
        rights: &[&str],
        bind: impl Fn(&ColumnPair, &Table, &Table, &mut Tokens) -> Box<dyn Compare>,
    ) -> Vec<u8> {
        let mut tokens = Tokens::default();
        let bound = bind(
            &ColumnPair::same("x"),
            &table(&[left]),
            &table(rights),
            &mut tokens,
        );
        tokens.close_for_reading();
        (0..rights.len())
            .map(|row| bound.compare(0, row, &tokens, &mut Scratch::none()).level)
            .collect()
    }

    #[test]
    fn an_invalid_bsn_is_missing_but_one_keystroke_away_it_still_speaks() {
        let found = reached(
            "111222333",
            &[
                "111222333",
                "111222334",
                "987654321",
                "123456782",
                "999999999",
            ],
            |pair, left, right, _| Box::new(BsnComparison::bind(pair, left, right)),
        );
        assert_eq!(found, [1, 2, 0, 3, 0]);
    }

    #[test]
    fn phones_agree_on_one_of_several() {
        let found = reached(
            "06-12345678 / 020 5551234",
            &[
                "+31205551234",
                "0612345687",
                "0612345679",
                "0699999991",
                "geen",
            ],
            |pair, left, right, tokens| Box::new(PhoneComparison::bind(pair, left, right, tokens)),
        );
        assert_eq!(found, [1, 2, 2, 3, 0]);
    }

    #[test]
    fn emails_are_compared_by_name_and_domain() {
        let found = reached(
            "jan.jansen@voorbeeld.nl",
            &[
                "Jan.Jansen+x@voorbeeld.nl",
                "jan.janssen@voorbeeld.nl",
                "jan.jansen@elders.nl",
                "piet@voorbeeld.nl",
                "jan",
            ],
            |pair, left, right, tokens| Box::new(EmailComparison::bind(pair, left, right, tokens)),
        );
        assert_eq!(found, [1, 2, 3, 4, 0]);
    }
}
