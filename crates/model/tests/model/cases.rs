//! Similar cases are counted right, tell no small count, and are found again.

use helder_model::{
    Answer, CaseCell, CaseNode, CaseSplit, Cases, Incomplete, Model, Row, Scorer, Side,
    SimilarCases, Value, Withheld,
};
use serde_json::{Value as Json, json};

use crate::{advice::advised, boosting::boosted, examples::groups};

/// Two parts by arrears, one of them by home: what a file may hold.
pub(crate) fn counts() -> SimilarCases {
    let cell = |rows, events, withheld| {
        CaseNode::Cell(CaseCell {
            rows,
            events,
            withheld,
        })
    };
    let levels = [vec!["huur"], vec!["koop", "overig"]];
    let named = levels.map(|step| step.into_iter().map(str::to_owned).collect());
    let by_home = CaseNode::Split(CaseSplit {
        side: Side {
            input: "woonvorm".to_owned(),
            cuts: None,
            levels: Some(named.into()),
        },
        unknown_part: None,
        parts: vec![
            cell(1_240, Some(101), None),
            cell(2_000, None, Some(Withheld::Few)),
        ],
    });
    SimilarCases {
        cells: CaseNode::Split(CaseSplit {
            side: Side {
                input: "huurachterstand".to_owned(),
                cuts: Some(vec![50_000.0]),
                levels: None,
            },
            unknown_part: None,
            parts: vec![by_home, cell(8_760, None, Some(Withheld::Protects))],
        }),
    }
}

fn text(model: &Model, arrears: i64, home: &str) -> String {
    let (scorer, cases) = (Scorer::new(model).unwrap(), Cases::new(model).unwrap());
    let mut row = scorer.row();
    let values = [
        Value::Integer(arrears),
        Value::Boolean(true),
        Value::Text(home),
        Value::Number(2.0),
        Value::Integer(1),
    ];
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    cases.meaning(&cases.like(&row)).nl
}

#[test]
fn counts_are_told_in_plain_words_and_small_ones_are_not() {
    let model = advised();
    assert_eq!(
        text(&model, 49_999, "huur"),
        "Het model leerde van 12.000 gevallen. Daarvan lijken 1.240 op dit geval. Ze zijn ongeveer gelijk in: \
         huurachterstand van het huishouden; woonvorm van het huishouden. De uitkomst (dakloos worden door geldproblemen) kwam voor \
         bij 8,1% van deze 1.240 gevallen."
    );
    let few = text(&model, 0, "koop");
    assert!(few.ends_with("kwam voor bij minder dan 10."), "{few}");
    let protects = text(&model, 50_000, "koop");
    assert!(protects.contains("Daarvan lijken 8.760"), "{protects}");
    assert!(protects.ends_with("te veel te zien."), "{protects}");
    assert!(Cases::new(&groups()).is_none());
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn drawn(scorer: &Scorer, n: usize, dice: &mut Dice) -> (Vec<Row>, Vec<bool>) {
    let one = |dice: &mut Dice| {
        let mut row = scorer.row();
        let arrears = if dice.unit() < 0.1 {
            Value::Null
        } else {
            Value::Integer((dice.unit() * dice.unit() * 100.0) as i64)
        };
        let home = ["huur", "koop", "overig"][(dice.unit() * 3.0) as usize];
        let values = [
            arrears,
            Value::Boolean(dice.unit() < 0.3),
            Value::Text(home),
        ];
        for (place, value) in values.into_iter().enumerate() {
            scorer.set(&mut row, place, value).unwrap();
        }
        let mut answer = Answer::default();
        scorer.score(&row, &mut answer).unwrap();
        (row, dice.unit() < answer.probability.unwrap())
    };
    (0..n).map(|_| one(dice)).unzip()
}

fn count(scorer: &Scorer, rows: &[Row], outcomes: &[bool]) -> Option<SimilarCases> {
    SimilarCases::count(scorer, outcomes, |at, row| {
        row.clone_from(&rows[at]);
        Ok::<(), Incomplete>(())
    })
    .unwrap()
}

#[test]
fn every_training_row_finds_the_count_of_its_own_cell() {
    let mut model = boosted();
    let scorer = Scorer::new(&model).unwrap();
    let mut told = 0;
    for (seed, n) in [(1, 25), (2, 300), (3, 1_500)] {
        let (rows, outcomes) = drawn(&scorer, n, &mut Dice(seed));
        let counted = count(&scorer, &rows, &outcomes).unwrap();
        let all = counted.cells.cells();
        assert_eq!(all.iter().map(|cell| cell.rows).sum::<u64>(), n as u64);
        assert!(all.iter().all(|cell| cell.rows >= 10));
        model.similar_cases = Some(counted.clone());
        // It stands in the file, and comes back.
        let back = Model::from_json(&model.to_json().unwrap()).unwrap();
        assert_eq!(back, model);
        let cases = Cases::new(&model).unwrap();
        let found: Vec<_> = rows.iter().map(|row| cases.like(row)).collect();
        for (similar, row) in found.iter().zip(&rows) {
            // Equal counts may stand in several cells; those of one cell are told apart by what they are alike in.
            let like = |other: &Row| cases.like(other) == *similar;
            let mine = rows.iter().filter(|other| like(other)).count() as u64;
            assert!(mine >= similar.cell.rows && mine.is_multiple_of(similar.cell.rows));
            assert!(like(row) && similar.total == n as u64);
            if let Some(events) = similar.cell.events {
                told += 1;
                assert!(events >= 10 && similar.cell.rows - events >= 10);
            }
        }
        // Same rows, same counts.
        assert_eq!(count(&scorer, &rows, &outcomes), Some(counted));
    }
    assert!(told > 100, "{told}");
}

#[test]
fn too_few_rows_and_models_without_an_event_have_no_counts() {
    let scorer = Scorer::new(&boosted()).unwrap();
    let (rows, outcomes) = drawn(&scorer, 19, &mut Dice(4));
    assert_eq!(count(&scorer, &rows, &outcomes), None);
    let grouping = Scorer::new(&groups()).unwrap();
    let mut row = grouping.row();
    for input in 0..grouping.inputs().len() {
        let value = Value::Integer(1);
        if grouping.set(&mut row, input, value).is_err() {
            grouping.set(&mut row, input, Value::Boolean(true)).unwrap();
        }
    }
    let rows = vec![row; 40];
    assert_eq!(count(&grouping, &rows, &[true; 40]), None);
}

#[test]
fn small_counts_and_parts_that_do_not_fit_are_refused() {
    let cases: [(&str, Json, &str); 6] = [
        ("/similarCases/cells/parts/1/rows", json!(9), "small-cell"),
        (
            "/similarCases/cells/parts/0/parts/0/events",
            json!(3),
            "small-cell",
        ),
        (
            "/similarCases/cells/parts/0/parts/0/events",
            json!(1_239),
            "small-cell",
        ),
        ("/similarCases/cells/cuts", json!([1.0, 2.0]), "wrong-size"),
        ("/similarCases/cells/input", json!("niets"), "unknown-input"),
        (
            "/similarCases/cells/parts/1/withheld",
            json!("soms"),
            "unknown-choice",
        ),
    ];
    for (pointer, value, code) in cases {
        let mut tree = serde_json::to_value(advised()).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let codes: Vec<&str> = error.0.iter().map(|fault| fault.code.as_str()).collect();
        assert!(codes.contains(&code), "{pointer}: {error:?}");
    }
}
