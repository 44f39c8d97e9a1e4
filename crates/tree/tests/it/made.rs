//! Made rows whose true probabilities are known.

use helder_tree::{Column, Value};

/// Draws that are the same everywhere (splitmix64).
pub(crate) struct Draws(pub(crate) u64);

impl Draws {
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub(crate) const DWELLINGS: [&str; 4] = ["huur", "koop", "kamer", "anders"];

/// One person: months of arrears, age, noise, dwelling; and the true probability.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) arrears: f64,
    pub(crate) age: f64,
    pub(crate) noise: f64,
    pub(crate) dwelling: usize,
    pub(crate) truth: f64,
}

impl Person {
    pub(crate) fn drawn(draws: &mut Draws) -> Self {
        let arrears = (draws.share() * 8.0).floor();
        let age = 18.0 + (draws.share() * 60.0).floor();
        let noise = draws.share();
        let dwelling = (draws.share() * 4.0) as usize;
        let mut score = -2.0 + 0.4 * arrears - 0.01 * (age - 40.0);
        if dwelling == 2 {
            score += 1.0;
        }
        // One in four says nothing of the arrears.
        let is_silent = draws.share() < 0.25;
        Self {
            arrears: if is_silent { f64::NAN } else { arrears },
            age,
            noise,
            dwelling,
            truth: 1.0 / (1.0 + (-score).exp()),
        }
    }

    pub(crate) fn values(&self) -> [Value<'static>; 4] {
        [
            Value::Number(self.arrears),
            Value::Number(self.age),
            Value::Number(self.noise),
            Value::Level(DWELLINGS[self.dwelling]),
        ]
    }
}

pub(crate) fn people(rows: usize, draws: &mut Draws) -> Vec<Person> {
    (0..rows).map(|_| Person::drawn(draws)).collect()
}

pub(crate) fn columns(people: &[Person]) -> Vec<Column> {
    vec![
        numeric("arrears", people.iter().map(|one| one.arrears).collect()),
        numeric("age", people.iter().map(|one| one.age).collect()),
        numeric("noise", people.iter().map(|one| one.noise).collect()),
        Column::Category {
            name: "dwelling".to_owned(),
            codes: people.iter().map(|one| Some(one.dwelling as u32)).collect(),
            levels: DWELLINGS.map(str::to_owned).to_vec(),
        },
    ]
}

pub(crate) fn outcomes(people: &[Person], draws: &mut Draws) -> Vec<bool> {
    people.iter().map(|one| draws.share() < one.truth).collect()
}

pub(crate) fn numeric(name: &str, values: Vec<f64>) -> Column {
    Column::Numeric {
        name: name.to_owned(),
        values,
    }
}
