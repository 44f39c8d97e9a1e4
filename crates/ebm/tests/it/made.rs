//! Rows with a truth that is known.

use helder_ebm::{Column, Settings, Stride};

/// Draws that are the same everywhere.
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    /// From 0 up to 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Rows and outcomes.
pub(crate) struct Made {
    pub(crate) columns: Vec<Column>,
    pub(crate) outcome: Vec<bool>,
}

pub(crate) const LEVELS: [&str; 3] = ["huur", "koop", "tehuis"];

/// What age adds.
pub(crate) fn of_age(age: f64) -> f64 {
    1.5 * (age / 12.0).sin()
}

/// What debt adds.
pub(crate) fn of_debt(debt: f64) -> f64 {
    0.02 * debt
}

/// Age, debt (in every tenth row missing), a kind of dwelling and a column without a meaning. Old age with large debt adds
/// `together` more, in a checkerboard that neither column shows alone.
pub(crate) fn made(rows: usize, seed: u64, together: f64) -> Made {
    let mut draws = Draws(seed);
    let mut ages = Vec::new();
    let mut debts = Vec::new();
    let mut dwellings = Vec::new();
    let mut noise = Vec::new();
    let mut outcome = Vec::new();
    for row in 0..rows {
        let age = (18.0 + 72.0 * draws.uniform()).floor();
        let debt = (100.0 * draws.uniform()).floor();
        let dwelling = (3.0 * draws.uniform()) as u32;
        let is_missing = row % 10 == 3;
        let side = if (age < 54.0) == (debt < 50.0) {
            1.0
        } else {
            -1.0
        };
        let mut score = -1.0 + of_age(age) + 0.8 * f64::from(dwelling) - 0.8;
        score += if is_missing {
            1.0
        } else {
            of_debt(debt) + together * side
        };
        outcome.push(draws.uniform() < 1.0 / (1.0 + (-score).exp()));
        ages.push(age);
        debts.push(if is_missing { f64::NAN } else { debt });
        dwellings.push((row % 17 != 5).then_some(dwelling));
        noise.push(draws.uniform());
    }
    let columns = vec![
        numeric("age", ages),
        numeric("debt", debts),
        Column::Category {
            name: "dwelling".to_owned(),
            codes: dwellings,
            levels: LEVELS.map(str::to_owned).to_vec(),
        },
        numeric("noise", noise),
    ];
    Made { columns, outcome }
}

/// A column of numbers.
pub(crate) fn numeric(name: &str, values: Vec<f64>) -> Column {
    Column::Numeric {
        name: name.to_owned(),
        values,
    }
}

/// Few bags and rounds, for tests that ask nothing of accuracy.
pub(crate) fn quick() -> Settings {
    Settings {
        bags: Some(3),
        max_rounds: 60,
        stride: Some(Stride::BOLD),
        ..Settings::default()
    }
}
