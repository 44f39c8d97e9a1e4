//! Makes two files about one invented population, with the dirt a register and a case system have, and the truth beside it.
//!
//! `cargo run --release -p helder-record-linkage --example municipal_records -- --rows 1000000 --dirt 1 --seed 7 --out FOLDER`
//! writes `a.parquet` (one row per person) and `b.parquet` (70 % of them known to `a`, 3 % second registrations). The same arguments give
//! the same rows. `--heavy twins,moves` makes four times as much of these kinds (see `kinds`). `--copies 6` writes one file instead,
//! `c.parquet`, in which a person is there once to six times. `person_id` is the truth, for scoring only.
#![expect(clippy::print_stdout, reason = "a program")]

mod dirt;
mod kinds;
mod names;
mod people;

use std::{collections::HashMap, error::Error, fs::File, path::PathBuf, sync::Arc};

use arrow::{
    array::{ArrayRef, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
};
use dirt::{FIELDS, Row, case_row, register};
use kinds::{Dirt, Kind};
use people::{Home, Person, home, household};
use rand::{Rng as _, SeedableRng as _, seq::SliceRandom as _};
use rand_xoshiro::Xoshiro256PlusPlus;

struct Settings {
    rows: usize,
    dirt: Dirt,
    seed: u64,
    /// Most rows of one person in one file; 0 makes two files.
    copies: usize,
    out: PathBuf,
}

fn settings() -> Result<Settings, Box<dyn Error>> {
    let mut found = Settings {
        rows: 10_000,
        dirt: Dirt {
            level: 1.0,
            heavy: Vec::new(),
        },
        seed: 1,
        copies: 0,
        out: PathBuf::from("."),
    };
    let mut args = std::env::args().skip(1);
    while let Some(name) = args.next() {
        let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
        match name.as_str() {
            "--rows" => found.rows = value.parse()?,
            "--dirt" => found.dirt.level = value.parse()?,
            "--heavy" => {
                for name in value.split(',') {
                    let kind = Kind::ALL.iter().find(|(known, _)| *known == name);
                    let known = Kind::ALL.map(|(known, _)| known).join(", ");
                    let (_, kind) = kind.ok_or_else(|| format!("{name} is none of {known}"))?;
                    found.dirt.heavy.push(*kind);
                }
            }
            "--seed" => found.seed = value.parse()?,
            "--copies" => found.copies = value.parse()?,
            "--out" => found.out = value.into(),
            _ => {
                let known = "--rows, --dirt, --heavy, --seed, --copies, --out";
                return Err(format!("{name} is not known: {known}").into());
            }
        }
    }
    Ok(found)
}

/// Writes rows in pieces, so that few are in memory.
struct Sheet {
    schema: Arc<Schema>,
    writer: parquet::arrow::ArrowWriter<File>,
    rows: Vec<(Row, String, i64)>,
    prefix: char,
    written: usize,
}

impl Sheet {
    fn create(settings: &Settings, prefix: char) -> Result<Self, Box<dyn Error>> {
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let mut fields = vec![text("rec_id")];
        fields.extend(FIELDS.map(text));
        fields.push(text("woonplaats"));
        fields.push(Field::new("person_id", DataType::Int64, false));
        let schema = Arc::new(Schema::new(fields));
        let file = File::create(settings.out.join(format!("{prefix}.parquet")))?;
        let writer = parquet::arrow::ArrowWriter::try_new(file, Arc::clone(&schema), None)?;
        Ok(Self {
            schema,
            writer,
            rows: Vec::new(),
            prefix,
            written: 0,
        })
    }

    fn push(&mut self, (row, town): (Row, String), person: usize) -> Result<(), Box<dyn Error>> {
        self.rows.push((row, town, person as i64));
        if self.rows.len() == 65_536 {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        let rows = std::mem::take(&mut self.rows);
        let ids: StringArray = (0..rows.len())
            .map(|i| Some(format!("{}{}", self.prefix, self.written + i)))
            .collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(ids)];
        let known = |text: &String| (!text.is_empty()).then(|| text.clone());
        for field in 0..FIELDS.len() {
            columns.push(Arc::new(
                rows.iter()
                    .map(|(row, ..)| known(&row.fields[field]))
                    .collect::<StringArray>(),
            ));
        }
        columns.push(Arc::new(
            rows.iter()
                .map(|(_, town, _)| known(town))
                .collect::<StringArray>(),
        ));
        columns.push(Arc::new(
            rows.iter()
                .map(|(.., person)| *person)
                .collect::<Int64Array>(),
        ));
        self.writer
            .write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?;
        self.written += rows.len();
        Ok(())
    }

    fn close(mut self) -> Result<(), Box<dyn Error>> {
        self.flush()?;
        self.writer.close()?;
        Ok(())
    }
}

/// One file in which people are there several times, each time as a case system wrote them down.
fn one_file(settings: &Settings) -> Result<(), Box<dyn Error>> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let (mut people, mut rows, mut id) = (Vec::new(), Vec::new(), 0);
    while rows.len() < settings.rows {
        let known = people.len();
        household(&mut rng, id, &settings.dirt, &mut people);
        id += 1;
        for at in known..people.len() {
            let copies = rng.gen_range(1..=settings.copies);
            rows.extend(std::iter::repeat_n(at, copies));
        }
    }
    rows.truncate(settings.rows);
    rows.shuffle(&mut rng);
    let mut sheet = Sheet::create(settings, 'c')?;
    for at in rows {
        let row = case_row(&mut rng, &people[at], &settings.dirt, None);
        sheet.push(row, at)?;
    }
    sheet.close()?;
    println!(
        "{} people in {id} households; {} rows",
        people.len(),
        settings.rows
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let settings = settings()?;
    std::fs::create_dir_all(&settings.out)?;
    if settings.copies > 0 {
        return one_file(&settings);
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
    let unique = (settings.rows as f64 / 1.03) as usize;
    let shared = settings.rows * 68 / 100;
    let mut people: Vec<Person> = Vec::new();
    let mut id = 0;
    while people.len() < settings.rows + unique - shared {
        household(&mut rng, id, &settings.dirt, &mut people);
        id += 1;
    }
    people.truncate(settings.rows + unique - shared);
    let mut order: Vec<u32> = (0..people.len() as u32).collect();
    order.shuffle(&mut rng);
    let mut sheet = Sheet::create(&settings, 'a')?;
    for person in &order[..settings.rows] {
        sheet.push(register(&people[*person as usize]), *person as usize)?;
    }
    sheet.close()?;
    // Whole households move, some in their town.
    let mut moves: HashMap<u32, Option<Home>> = HashMap::new();
    let mut case_people: Vec<u32> = order[settings.rows - shared..].to_vec();
    let doubles = settings.rows.saturating_sub(case_people.len());
    for _ in 0..doubles {
        let again = case_people[rng.gen_range(0..unique)];
        case_people.push(again);
    }
    case_people.shuffle(&mut rng);
    let mut sheet = Sheet::create(&settings, 'b')?;
    for at in &case_people {
        let person = &people[*at as usize];
        let moved = moves.entry(person.household).or_insert_with(|| {
            let goes = rng.gen_bool(settings.dirt.rate(Kind::Moves, 0.08));
            goes.then(|| {
                let near = rng.gen_bool(0.6).then_some(person.home.town);
                home(&mut rng, near)
            })
        });
        let row = case_row(&mut rng, person, &settings.dirt, moved.as_ref());
        sheet.push(row, *at as usize)?;
    }
    sheet.close()?;
    println!(
        "{} people in {} households; {} rows a file",
        people.len(),
        id,
        settings.rows
    );
    Ok(())
}
