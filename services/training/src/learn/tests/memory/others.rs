//! The same of edits and of reports on outflow.

use std::path::{Path, PathBuf};

use helder_model::Signed;
use helder_outflow::{OutflowSpec, analyse};
use serde_json::json;

use super::{
    super::frame::{CALM, Frame, origin, parse, parsed},
    SHAPES, Shape, by_itself, is_enough, is_told, learned,
};
use crate::learn::{
    Former, LearnError, NewEdit, NewTrainingRun, Onlooker, edit, plan_after, spells,
};

fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

fn beside(file: &Path, name: &str) -> PathBuf {
    file.with_extension(name)
}

impl Shape {
    fn boosted(self) -> NewTrainingRun {
        let mut plan = self.asked("explainable-boosting");
        plan["hyperparameters"] = json!({"interactions": 2});
        parsed(&plan)
    }
}

#[test]
fn an_edit_takes_what_it_is_said_to_need() {
    if is_told() {
        let mut wrong = Vec::new();
        for (place, shape) in SHAPES.iter().enumerate() {
            let file = shape.frame().file();
            // What is edited does not tell from how many rows it was learned.
            let few = Shape {
                rows: 2_000,
                ..*shape
            };
            let former = learned(few.frame().file().path(), &few.boosted(), None).unwrap();
            std::fs::write(beside(file.path(), "model"), &former.model).unwrap();
            std::fs::write(beside(file.path(), "evaluation"), &former.evaluation).unwrap();
            if !by_itself("others::an_edit_by_itself", "edit", place, file.path()) {
                wrong.push(place);
            }
        }
        assert!(wrong.is_empty(), "shapes {wrong:?}");
    }
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn an_edit_by_itself() {
    let shape: Shape = SHAPES[told("HELDER_SHAPE").parse::<usize>().unwrap()];
    let plan = shape.boosted();
    let file = PathBuf::from(told("HELDER_FILE"));
    let model = std::fs::read(beside(&file, "model")).unwrap();
    let evaluation = parse(&std::fs::read(beside(&file, "evaluation")).unwrap());
    let new: NewEdit = serde_json::from_value(json!({
        "reason": "niemand kan dit nog uitleggen",
        "changes": [{"change": "flatten", "input": "x2", "stretch": {"from": 0.5}}],
    }))
    .unwrap();
    let after = plan_after(&plan, &new.changes);
    is_enough("edit", |memory| {
        let was = Former {
            model: &model,
            evaluation: &evaluation,
            plan: &plan,
        };
        let signed = Signed {
            by: "a.bakker",
            at: "2026-05-04T09:30:00Z",
            reason: &new.reason,
        };
        let onlooker = Onlooker {
            memory: Some(memory),
            ..CALM
        };
        edit(&file, &after, &origin(), &was, (&new, signed), &onlooker)
    });
}

/// Spells of so many numbers and categories, the first of which have gaps, and provisions.
#[derive(Clone, Copy)]
struct Spells {
    rows: i64,
    numbers: u64,
    categories: u64,
    provisions: u64,
}

const SPELLS: [Spells; 3] = [
    Spells {
        rows: 12_000,
        numbers: 3,
        categories: 2,
        provisions: 1,
    },
    Spells {
        rows: 40_000,
        numbers: 2,
        categories: 0,
        provisions: 0,
    },
    Spells {
        rows: 6_000,
        numbers: 6,
        categories: 4,
        provisions: 3,
    },
];

impl Spells {
    fn frame(self) -> Frame {
        let dice = |row: i64, salt: u64| {
            let mut x = (row as u64 + (salt << 40)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
        };
        let rows = || 0..self.rows;
        let wait = move |row| -(1.0 - dice(row, 900)).ln() * 500.0 * (1.3 - dice(row, 1) * 0.6);
        let days = move |row: i64| wait(row).min(1_500.0).ceil().max(1.0);
        let end = move |row: i64| match dice(row, 901) {
            _ if wait(row) > 1_500.0 => None,
            share if share < 0.6 => Some("work"),
            share if share < 0.9 => Some("moved"),
            _ => Some("other"),
        };
        let mut frame = Frame::default()
            .numbers("days", rows().map(|row| Some(days(row))))
            .texts("ended", rows().map(end));
        for salt in 1..=self.numbers {
            let value =
                |row| (salt > 1 || dice(row, 100) > 0.1).then(|| (dice(row, salt) * 60.0).floor());
            frame = frame.numbers(&format!("x{salt}"), rows().map(value));
        }
        let levels: Vec<String> = (0..8).map(|level| format!("level {level}")).collect();
        for salt in 1..=self.categories {
            let value = |row| {
                let level = (dice(row, salt + 300) * levels.len() as f64) as usize;
                (salt > 1 || dice(row, 400) > 0.05).then(|| levels[level].as_str())
            };
            frame = frame.texts(&format!("c{salt}"), rows().map(value));
        }
        for salt in 1..=self.provisions {
            let begins = |row| {
                let day = (dice(row, salt + 500) * 700.0).floor();
                (dice(row, salt + 600) < 0.5 && day < days(row)).then_some(day)
            };
            frame = frame.numbers(&format!("p{salt}"), rows().map(begins));
        }
        frame
    }

    fn spec(self) -> OutflowSpec {
        let words = |text: &str| json!({"nl": text, "en": text});
        let characteristic = |column: String, kind: &str| json!({"column": column, "kind": kind, "title": words(&column)});
        let numbers = (1..=self.numbers).map(|n| characteristic(format!("x{n}"), "number"));
        let categories = (1..=self.categories).map(|n| characteristic(format!("c{n}"), "category"));
        let provision = |n| json!({"column": format!("p{n}"), "title": words("hulp")});
        serde_json::from_value(json!({
            "title": words("Uitstroom"), "time": "days",
            "ends": {"cause": "ended", "causes": [
                {"codes": ["work"], "kind": "work"}, {"codes": ["moved"], "kind": "moved"}, {"codes": ["other"], "kind": "other"},
            ]},
            "characteristics": numbers.chain(categories).collect::<Vec<_>>(),
            "provisions": (1..=self.provisions).map(provision).collect::<Vec<_>>(),
        }))
        .unwrap()
    }
}

#[test]
fn a_report_on_outflow_takes_what_it_is_said_to_need() {
    if is_told() {
        let mut wrong = Vec::new();
        for (place, spells) in SPELLS.iter().enumerate() {
            let file = spells.frame().file();
            if !by_itself("others::a_report_by_itself", "outflow", place, file.path()) {
                wrong.push(place);
            }
        }
        assert!(wrong.is_empty(), "shapes {wrong:?}");
    }
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn a_report_by_itself() {
    let spec = SPELLS[told("HELDER_SHAPE").parse::<usize>().unwrap()].spec();
    let file = PathBuf::from(told("HELDER_FILE"));
    is_enough("outflow", |memory| {
        let table = spells(&file, &spec, Some(memory))?;
        let found = analyse(&table, &spec, "frame", &|_| false);
        let found = found.map_err(LearnError::internal)?;
        serde_json::to_string(&found).map_err(LearnError::internal)
    });
}
