//! Five completed tables of 9,000 clients with three badly filled columns of ten.
#![expect(clippy::expect_used, reason = "a bench that panics has failed")]

use helder_imputation::{Column, Settings, Table, Values, impute, missingness};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

fn main() {
    divan::main();
}

fn clients() -> Table {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
    let rows = 9_000;
    let base: Vec<f64> = (0..rows).map(|_| random.r#gen::<f64>()).collect();
    let columns = (0..10).map(|place| {
        let mut values: Vec<f64> = base.iter().map(|b| b + random.r#gen::<f64>()).collect();
        if place < 3 {
            for value in &mut values {
                if random.r#gen::<f64>() < 0.3 {
                    *value = f64::NAN;
                }
            }
        }
        Column {
            name: format!("c{place}"),
            values: Values::Number(values),
        }
    });
    Table::new(columns.collect()).expect("a table")
}

#[divan::bench]
fn five_tables(bencher: divan::Bencher) {
    let table = clients();
    let settings = Settings {
        imputations: 5,
        ..Settings::default()
    };
    bencher.bench(|| impute(&table, &settings).expect("tables"));
}

#[divan::bench]
fn report(bencher: divan::Bencher) {
    let table = clients();
    bencher.bench(|| missingness(&table, 10));
}
