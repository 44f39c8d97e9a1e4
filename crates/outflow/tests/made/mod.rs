//! Made spells of which the truth is known.

use helder_outflow::{Column, OutflowSpec, Table};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};

/// Spells with an exponential pace to work of 0.002 a day, `exp(ln 2)` times that for the trained and `exp(−0.5)` for the old; another
/// pace to everything else of 0.001; nobody is followed beyond 900 days.
pub(crate) fn spells(n: usize, seed: u64) -> Table {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut days, mut reason, mut age, mut trained, mut home, mut soft) =
        (vec![], vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..n {
        let years = f64::from(random.gen_range(18..65_u32));
        let has = random.gen_bool(0.4);
        let pace = 0.002
            * f64::exp(
                if has { 2.0_f64.ln() } else { 0.0 } - if years >= 45.0 { 0.5 } else { 0.0 },
            );
        let mut wait = |pace: f64| -(1.0 - random.gen_range(0.0..1.0_f64)).ln() / pace;
        let (work, other) = (wait(pace).ceil(), wait(0.001).ceil());
        let end = work.min(other).min(900.0);
        days.push(Some(end));
        reason.push((end < 900.0).then(|| {
            let why = if work <= other { "W" } else { "O" };
            // Three in a thousand leave for a rare reason.
            if random.gen_bool(0.003) { "R" } else { why }.to_owned()
        }));
        age.push(Some(years));
        trained.push(Some(if has { "ja" } else { "nee" }.to_owned()));
        home.push(Some(
            ["huur", "koop", "anders"][random.gen_range(0..3_usize)].to_owned(),
        ));
        soft.push(
            random
                .gen_bool(0.5)
                .then(|| random.gen_range(0..5_u32).to_string()),
        );
    }
    Table::new([
        ("dagen".to_owned(), Column::Number(days)),
        ("reden".to_owned(), Column::Text(reason)),
        ("leeftijd".to_owned(), Column::Number(age)),
        ("opgeleid".to_owned(), Column::Text(trained)),
        ("woning".to_owned(), Column::Text(home)),
        ("motivatie".to_owned(), Column::Text(soft)),
    ])
    .unwrap()
}

pub(crate) fn asked() -> Value {
    let words = |nl: &str, en: &str| json!({"nl": nl, "en": en});
    json!({
        "title": words("Uitstroom", "Outflow"),
        "time": "dagen",
        "ends": {"cause": "reden", "causes": [
            {"codes": ["W"], "kind": "work"},
            {"codes": ["O"], "kind": "other"},
            {"codes": ["R"], "kind": "study"},
        ]},
        "characteristics": [
            {"column": "leeftijd", "kind": "number", "title": words("leeftijd", "age"), "bands": [27, 45], "per": 10},
            {"column": "opgeleid", "kind": "category", "title": words("opgeleid", "trained"), "reference": "nee"},
            {"column": "woning", "kind": "category", "title": words("woning", "home")},
            {"column": "motivatie", "kind": "category", "title": words("motivatie", "motivation"), "soft": true},
        ],
        "seed": 3,
    })
}

pub(crate) fn spec(value: Value) -> OutflowSpec {
    serde_json::from_value(value).unwrap()
}
