//! A few hundred invented people with a known truth: small files that make every step of the chain do real work.

use std::{fmt::Write as _, fs, path::Path};

/// How many people are registered.
pub(crate) const PEOPLE: usize = 900;

/// The files of [`PEOPLE`] people, written into `folder`: `persons.csv`, `signals.csv`, `outcomes.csv`.
///
/// `signals.csv` has no BSN and dirty names; its rows are about the people of [`signal_about`], in order.
pub(crate) fn write(folder: &Path) {
    write_sized(folder, PEOPLE);
}

/// The same for any number of people, up to 90,000.
pub(crate) fn write_sized(folder: &Path, people: usize) {
    let mut dice = Dice(42);
    let mut persons = String::from(
        "bsn;voornamen;geslachtsnaam;geboortedatum;geslacht;postcode;huisnummer;leeftijd;schuld;uitkering;groep\n",
    );
    let mut signals =
        String::from("melding;voornamen;geslachtsnaam;geboortedatum;postcode;huisnummer;bedrag\n");
    let mut outcomes = String::from("bsn;uitkomst\n");
    for index in 0..people {
        let bsn = bsn(index);
        let first = FIRST[dice.below(FIRST.len())];
        let last = format!(
            "{}{}",
            LAST[dice.below(LAST.len())],
            ENDINGS[dice.below(ENDINGS.len())]
        );
        let (year, month, day) = (
            1945 + dice.below(60),
            1 + dice.below(12),
            1 + dice.below(28),
        );
        let postcode = format!(
            "{} {}",
            5600 + dice.below(60),
            ["AB", "CD", "EX", "KL"][dice.below(4)]
        );
        let number = 1 + dice.below(180);
        let (age, debt) = (2026 - year, dice.below(9_000));
        let (benefit, group) = (dice.below(4) == 0, dice.below(3) == 0);
        let sex = ["M", "V"][dice.below(2)];
        writeln!(
            persons,
            "{bsn};{first};{last};{day:02}-{month:02}-{year};{sex};{postcode};{number};{age};{debt};{};{}",
            if benefit { "ja" } else { "nee" },
            if group { "B" } else { "A" }
        )
        .unwrap();

        let odds = -2.5 + debt as f64 / 2_500.0 + if benefit { 1.2 } else { 0.0 }
            - (age as f64 - 50.0) / 40.0;
        let happened = dice.share() < 1.0 / (1.0 + (-odds).exp());
        writeln!(outcomes, "{bsn};{}", u8::from(happened)).unwrap();

        if signal_about(index) {
            let initial = first.chars().next().unwrap();
            let given = if index.is_multiple_of(9) {
                format!("{initial}.")
            } else {
                first.to_owned()
            };
            let wrong_year = if index.is_multiple_of(60) {
                year + 1
            } else {
                year
            };
            writeln!(
                signals,
                "M{index:05};{given};{};{day:02}-{month:02}-{wrong_year};{postcode};{number};{}",
                misspelt(&last, index),
                debt / 3
            )
            .unwrap();
        }
    }
    for (name, text) in [
        ("persons.csv", persons),
        ("signals.csv", signals),
        ("outcomes.csv", outcomes),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Whether person `index` (0-based) is in `signals.csv`.
pub(crate) fn signal_about(index: usize) -> bool {
    index.is_multiple_of(3)
}

/// BSN of person `index`: nine digits that pass the eleven-test, from the range that is not handed out.
pub(crate) fn bsn(index: usize) -> String {
    let mut candidate = 999_000_000 + index * 11;
    loop {
        let digits: Vec<usize> = format!("{candidate:09}")
            .bytes()
            .map(|byte| usize::from(byte - b'0'))
            .collect();
        let weighed: usize = digits[..8]
            .iter()
            .zip((2..=9).rev())
            .map(|(digit, weight)| digit * weight)
            .sum();
        if weighed % 11 == digits[8] {
            return format!("{candidate:09}");
        }
        candidate += 1;
    }
}

/// One letter doubled in one name of twelve.
fn misspelt(name: &str, index: usize) -> String {
    if index.is_multiple_of(12) {
        format!("{}{}", &name[..2], &name[1..])
    } else {
        name.to_owned()
    }
}

const FIRST: [&str; 16] = [
    "Jan", "Maria", "Fatima", "Kees", "Noor", "Youssef", "Sanne", "Pieter", "Aylin", "Daan", "Eva",
    "Mohammed", "Lotte", "Willem", "Iris", "Tom",
];
const LAST: [&str; 12] = [
    "Jansen", "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Hendriks",
    "Dekker", "Kok",
];
const ENDINGS: [&str; 6] = ["", "s", "ma", "stra", "man", "veld"];

/// A small generator: the same numbers on every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
