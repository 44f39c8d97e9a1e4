//! What training computed is what prediction computes, to the last bit: all families on all reference sets that say something of
//! people, counts or places.

use std::collections::{BTreeSet, HashMap};

use helder_model::{Algorithm, Answer, LinearFit, Model, Scorer, Value};
use serde_json::{Value as Json, json};

use super::frame::{Csv, Frame, learned, parsed, plan, repository};
use crate::learn::{
    LearnError, judge, prepare,
    table::{self, Table},
};

/// Rows of a set that are used: every rule of preparation shows in them.
const ROWS: usize = 1_000;

/// A reference set with an outcome, a count and features.
struct Set {
    file: &'static str,
    numbers: &'static [&'static str],
    texts: &'static [&'static str],
    outcome: (&'static str, fn(&str) -> bool),
    count: &'static str,
}

const OPEN: [Set; 3] = [
    Set {
        file: "tests/data/adult/adult.csv.gz",
        numbers: &["age", "hours_per_week", "capital_gain"],
        texts: &["workclass", "marital_status"],
        outcome: ("income", |value| value == ">50K"),
        count: "education_num",
    },
    Set {
        file: "tests/data/german_credit/german_credit.csv",
        numbers: &["duration", "amount", "age"],
        texts: &["history", "housing"],
        outcome: ("bad", |value| value == "1"),
        count: "existing_credits",
    },
    Set {
        file: "tests/data/ae_attendances/ae_attendances.csv.gz",
        numbers: &["attendances", "admissions"],
        texts: &["type"],
        outcome: ("breaches", |value| value.len() > 2),
        count: "breaches",
    },
];

/// Sets whose licence keeps them out of the repository.
const ELSEWHERE: [Set; 6] = [
    Set {
        file: "compas_two_years.csv",
        numbers: &["age", "priors_count", "length_of_stay_days"],
        texts: &["c_charge_degree", "age_cat"],
        outcome: ("two_year_recid", |value| value == "1"),
        count: "juv_misd_count",
    },
    Set {
        file: "ui_benefits.csv",
        numbers: &["stateur", "age", "tenure", "rr"],
        texts: &["joblost", "married"],
        outcome: ("ui", |value| value == "yes"),
        count: "yrdispl",
    },
    Set {
        file: "synth_dev_homeless.csv",
        numbers: &["age", "income_month", "rent_arrears_months"],
        texts: &["audit_group"],
        outcome: ("social_rent", |value| value == "1"),
        count: "contacts_wmo",
    },
    Set {
        file: "nmes1988.csv",
        numbers: &["chronic", "school", "income", "age"],
        texts: &["health", "region", "adl"],
        outcome: ("insurance", |value| value == "yes"),
        count: "visits",
    },
    Set {
        file: "unempdur.csv",
        numbers: &["reprate", "logwage", "tenure", "age"],
        texts: &[],
        outcome: ("censor1", |value| value == "1"),
        count: "spell",
    },
    Set {
        file: "midwest.csv",
        numbers: &["area", "popdensity", "percollege", "percbelowpoverty"],
        texts: &["state"],
        outcome: ("inmetro", |value| value == "1"),
        count: "poptotal",
    },
];

const FAMILIES: [&str; 12] = [
    "logistic-regression",
    "explainable-boosting",
    "scorecard",
    "decision-tree",
    "rule-list",
    "linear-regression",
    "poisson-regression",
    "negative-binomial-regression",
    "binomial-regression",
    "k-means",
    "k-prototypes",
    "gaussian-mixture",
];

/// Families that make groups: they have no outcome.
const GROUPS: [&str; 3] = ["k-means", "k-prototypes", "gaussian-mixture"];

/// A gap in every eleventh cell, somewhere else in each column, so that every rule for missing values is met.
fn cell<'a>(column: &[&'a str], place: usize, row: usize) -> &'a str {
    if (row + 3 * place).is_multiple_of(11) || column[row] == "NA" {
        ""
    } else {
        column[row]
    }
}

fn frame(csv: &Csv, set: &Set) -> (Frame, usize) {
    let outcome = csv.column(set.outcome.0);
    let count = csv.column(set.count);
    let n = outcome.len().min(ROWS);
    let mut frame = Frame::default()
        .booleans("happened", (0..n).map(|row| (set.outcome.1)(outcome[row])))
        .integers(
            "successes",
            (0..n).map(|row| Some(i64::from((set.outcome.1)(outcome[row])))),
        )
        .integers("trials", (0..n).map(|_| Some(1)))
        .integers("events", (0..n).map(|row| count[row].parse().ok()))
        .booleans("is_test", (0..n).map(|row| row.is_multiple_of(5)));
    for (place, name) in set.numbers.iter().enumerate() {
        let column = csv.column(name);
        let cells = || (0..n).map(|row| cell(&column, place, row));
        let is_whole = cells().all(|text| text.is_empty() || text.parse::<i64>().is_ok());
        frame = if is_whole {
            frame.integers(name, cells().map(|text| text.parse().ok()))
        } else {
            frame.numbers(name, cells().map(|text| text.parse().ok()))
        };
    }
    for (place, name) in set.texts.iter().enumerate() {
        let column = csv.column(name);
        let cells = (0..n).map(|row| Some(cell(&column, 7 + place, row)));
        frame = frame.texts(name, cells.map(|text| text.filter(|text| !text.is_empty())));
    }
    (frame, n)
}

/// Everything that can be done to raw values: numbers converted, the first with its ends learned, and the first category of each column
/// with another one in a group, the rare ones together.
fn with_preparation(plan: &mut Json, set: &Set, csv: &Csv) {
    let numbers = set.numbers.len();
    let features = plan["features"].as_array_mut().unwrap();
    for (place, feature) in features.iter_mut().enumerate() {
        if place < numbers {
            feature["unit"] = json!("raw");
            let scale = [1.0 / 12.0, 0.01, 3.0][place % 3];
            let offset = [0.0, -1.5, 0.1][place % 3];
            feature["conversion"] = json!({"unit": "worked", "scale": scale, "offset": offset});
            if place == 0 {
                feature["conversion"]["cutOffShare"] = json!(0.03);
            }
            continue;
        }
        let column = csv.column(set.texts[place - numbers]);
        let known = column
            .iter()
            .filter(|text| !["", "NA", "other"].contains(*text));
        let levels: BTreeSet<&str> = known.copied().take(ROWS).collect();
        let mut levels = levels.into_iter();
        if let (Some(first), Some(second)) = (levels.next(), levels.next()) {
            feature["groups"] = json!({"both": [first, second, "never seen"]});
        }
        feature["leastRows"] = json!(40);
    }
}

fn wanted(set: &Set, family: &str) -> Json {
    let names: Vec<&str> = set.numbers.iter().chain(set.texts).copied().collect();
    let mut plan = plan(if ["k-means", "gaussian-mixture"].contains(&family) {
        set.numbers
    } else {
        &names
    });
    plan["algorithm"] = json!(family);
    match family {
        "explainable-boosting" => plan["hyperparameters"] = json!({"interactions": 1}),
        "scorecard" | "decision-tree" | "rule-list" | "k-means" => {}
        "k-prototypes" | "gaussian-mixture" => plan["hyperparameters"] = json!({"groups": 2}),
        // In so few rows some levels tell the outcome.
        _ => plan["hyperparameters"] = json!({"l2": 1.0}),
    }
    match family {
        groups if GROUPS.contains(&groups) => {
            let _ = plan.as_object_mut().and_then(|plan| plan.remove("target"));
        }
        "binomial-regression" => {
            plan["target"] = json!("successes");
            plan["trials"] = json!("trials");
        }
        "linear-regression" | "poisson-regression" | "negative-binomial-regression" => {
            plan["target"] = json!("events");
        }
        _ => plan["target"] = json!("happened"),
    }
    plan
}

/// The cell as a client sends it: JSON text and back.
fn sent(text: &str, is_number: bool, row: usize) -> Json {
    let json = match (text, is_number) {
        // Nothing known is null, or for a category the empty text.
        ("", false) if row.is_multiple_of(2) => "\"\"".to_owned(),
        ("", _) => "null".to_owned(),
        (number, true) => number.to_owned(),
        (text, false) => json!(text).to_string(),
    };
    serde_json::from_str(&json).unwrap()
}

/// As the prediction service reads JSON.
fn raw(json: &Json) -> Value<'_> {
    match json {
        Json::String(text) => Value::Text(text),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Number(number.as_f64().unwrap()),
        },
        _ => Value::Null,
    }
}

fn bits(answer: &Answer) -> Vec<u64> {
    let ends = answer.interval.map(|found| [found.lower, found.upper]);
    let contributions = answer.contributions.iter().copied();
    [Some(answer.score), answer.probability, answer.value]
        .into_iter()
        .flatten()
        .chain(ends.into_iter().flatten())
        .chain(contributions)
        .map(f64::to_bits)
        .collect()
}

/// What each input adds by the columns that the regression learned from.
fn by_design(
    model: &Model,
    fit: &LinearFit,
    table: &Table,
    plan: &Json,
    rows: usize,
) -> Vec<Vec<f64>> {
    let plan = parsed(plan);
    let train: Vec<usize> = (0..rows).filter(|row| !row.is_multiple_of(5)).collect();
    let all: Vec<usize> = (0..rows).collect();
    let prepared = prepare::prepare(table, &plan, &train).unwrap();
    let design = prepared.design(table, &all).unwrap();
    let columns: HashMap<&str, Vec<f64>> = design
        .names()
        .iter()
        .enumerate()
        .map(|(place, name)| (name.as_str(), design.column(place).collect()))
        .collect();
    let column = |name: &str| &columns[name];
    let mut parts = vec![vec![0.0; model.inputs.len()]; rows];
    for (place, input) in model.inputs.iter().enumerate() {
        for term in fit
            .linear_terms
            .iter()
            .filter(|term| term.input == input.name)
        {
            let values = column(&input.name);
            for row in 0..rows {
                parts[row][place] = term.coefficient * (values[row] - term.mean);
            }
        }
        for term in fit
            .missing_terms
            .iter()
            .filter(|term| term.input == input.name)
        {
            let gaps = column(&prepare::indicator(&input.name));
            let known = -term.coefficient * term.mean;
            for row in 0..rows {
                parts[row][place] += if gaps[row] > 0.5 {
                    term.coefficient + known
                } else {
                    known
                };
            }
        }
        for term in fit
            .category_terms
            .iter()
            .filter(|term| term.input == input.name)
        {
            let mean: f64 = term
                .levels
                .iter()
                .map(|level| level.coefficient * level.mean)
                .sum();
            let levels: Vec<&Vec<f64>> = term
                .levels
                .iter()
                .map(|level| column(&prepare::level_column(&input.name, &level.level)))
                .collect();
            for row in 0..rows {
                let place_on = levels.iter().position(|column| column[row] > 0.5);
                let on = place_on.map(|on| &term.levels[on]);
                parts[row][place] = on.map_or(0.0, |level| level.coefficient) - mean;
            }
        }
    }
    parts
}

fn judged(set: &Set, csv: &Csv, is_prepared: bool) -> Vec<String> {
    let mut done = Vec::new();
    for family in FAMILIES {
        let mut plan = wanted(set, family);
        if is_prepared {
            with_preparation(&mut plan, set, csv);
        }
        let (made, rows) = frame(csv, set);
        let found = match learned(made, &plan) {
            // A thousand rows show no groups, or too few outcomes; training says so and makes no model.
            Err(LearnError::Invalid(faults)) => {
                done.push(format!("{family} ({})", faults[0].code));
                continue;
            }
            found => found.unwrap_or_else(|error| panic!("{} {family}: {error:?}", set.file)),
        };
        let model = Model::from_json(&found.model).unwrap();
        let has_any = model.inputs.iter().any(|input| input.preparation.is_some());
        assert_eq!(has_any, is_prepared, "{} {family}", set.file);
        let scorer = Scorer::new(&model).unwrap();
        // As training read the frame.
        let file = frame(csv, set).0.file();
        let table = table::read(file.path(), &parsed(&plan)).unwrap();
        let all: Vec<usize> = (0..rows).collect();
        let mut trained = Vec::new();
        judge::each_block(&table, &scorer, &all, &mut |answers| {
            trained.extend((0..answers.rows()).map(|row| {
                let mut answer = Answer::default();
                answers.copy(row, &mut answer);
                answer
            }));
        })
        .unwrap();
        // As the service is asked.
        let names: Vec<&str> = set.numbers.iter().chain(set.texts).copied().collect();
        let columns: Vec<(usize, Vec<&str>)> = model
            .inputs
            .iter()
            .map(|input| {
                let place = names.iter().position(|name| *name == input.name);
                (place.unwrap(), csv.column(&input.name))
            })
            .collect();
        let (mut row, mut answer) = (scorer.row(), Answer::default());
        for (at, trained) in trained.iter().enumerate() {
            row.clear();
            for (input, (place, column)) in columns.iter().enumerate() {
                let is_number = *place < set.numbers.len();
                let shift = if is_number {
                    *place
                } else {
                    7 + place - set.numbers.len()
                };
                let json = sent(cell(column, shift, at), is_number, at);
                scorer.set(&mut row, input, raw(&json)).unwrap();
            }
            scorer.score(&row, &mut answer).unwrap();
            assert_eq!(
                bits(&answer),
                bits(trained),
                "{} {family} row {at}",
                set.file
            );
        }
        let linear = match &model.algorithm {
            Algorithm::LogisticRegression(fit) => Some(fit),
            Algorithm::GeneralisedLinear(fit) => Some(&fit.linear),
            _ => None,
        };
        if let Some(fit) = linear {
            let parts = by_design(&model, fit, &table, &plan, rows);
            for (at, parts) in parts.iter().enumerate() {
                let scored = &trained[at].contributions;
                let same = parts
                    .iter()
                    .zip(scored)
                    .all(|(a, b)| a.to_bits() == b.to_bits());
                assert!(same, "{} {family} row {at}: {parts:?} {scored:?}", set.file);
            }
        }
        done.push(format!("{family} ({rows} rows)"));
    }
    // A mixture refuses a column in which many rows share one value: the others may not refuse more for that.
    let mixture = |family: &&String| family.starts_with("gaussian-mixture");
    let whole = done.iter().filter(|family| family.contains("rows"));
    assert!(
        whole.filter(|family| !mixture(family)).count() >= FAMILIES.len() - 1 - 3,
        "{}: {done:?}",
        set.file
    );
    assert!(
        done.iter()
            .filter(mixture)
            .all(|family| family.contains("rows") || family.contains("no-spread")),
        "{}: {done:?}",
        set.file
    );
    done
}

#[test]
fn raw_fields_score_as_training_scored_the_same_rows() {
    on_all_sets(false);
}

#[test]
fn raw_fields_are_grouped_and_converted_as_in_training() {
    on_all_sets(true);
}

fn on_all_sets(is_prepared: bool) {
    for set in &OPEN {
        let done = judged(set, &Csv::read(set.file), is_prepared);
        println!("{}: {}", set.file, done.join(", "));
    }
    let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
        println!("NOT RUN on the sets outside the repository: HELDER_REFERENCE_DATA is not set");
        return;
    };
    let folder = std::path::PathBuf::from(folder).join("ml");
    for set in &ELSEWHERE {
        // A path that is absolute stays as it is.
        let path = repository().join(folder.join(set.file));
        let done = judged(set, &Csv::read(path.to_str().unwrap()), is_prepared);
        println!("{}: {}", set.file, done.join(", "));
    }
}
