//! Survival models end to end: from a frame to the stored model, whose answers are those of the survival crate.

mod against_r;
mod intervals;
mod penalised;
mod provisions;
mod refused;
mod regression;

use helder_model::{Algorithm, Model, Outlook, Scorer, Value};
use helder_survival::{Cox, CoxFit, Design, Spells};
use serde_json::{Value as Json, json};

use super::frame::{Csv, Frame, learned, parse, plan};

fn survival(features: &[&str]) -> Json {
    let mut plan = plan(features);
    plan["algorithm"] = json!("cox-regression");
    plan["target"] = json!("days");
    plan["event"] = json!("ended");
    plan
}

/// A data set from outside the repository, of which nothing is kept here.
fn outside(file: &str) -> Option<Csv> {
    let folder = std::env::var_os("HELDER_REFERENCE_DATA")?;
    let path = std::path::PathBuf::from(folder).join("ml").join(file);
    Some(Csv::read(path.to_str().unwrap()))
}

struct Set<'a> {
    csv: &'a Csv,
    numbers: &'a [&'a str],
    /// Days of a unit of time.
    unit: f64,
}

impl Set<'_> {
    fn column(&self, name: &str) -> Vec<f64> {
        // Words of arrests.
        let yes = |text: &str| f64::from(u8::from(["yes", "black", "married"].contains(&text)));
        let cells = self.csv.column(name).into_iter();
        cells
            .map(|text| text.parse().unwrap_or_else(|_| yes(text)))
            .collect()
    }

    /// Of unemployment: a full-time job, a part-time job, another end.
    fn causes(&self) -> Vec<u32> {
        let ends = [1, 2, 3].map(|cause| self.csv.column(&format!("censor{cause}")));
        let cause = |row: usize| ends.iter().position(|end| end[row] == "1");
        (0..ends[0].len())
            .map(|row| cause(row).map_or(0, |place| place as u32 + 1))
            .collect()
    }

    fn frame(&self, time: &str, ended: &[u32]) -> Frame {
        let days: Vec<f64> = self
            .column(time)
            .iter()
            .map(|time| time * self.unit)
            .collect();
        let n = days.len();
        let mut frame = Frame::default()
            .numbers("days", days.into_iter().map(Some))
            .integers("ended", ended.iter().map(|cause| Some(i64::from(*cause))))
            .booleans("is_test", (0..n).map(|row| row.is_multiple_of(5)))
            .texts("town", (0..n).map(|row| Some(["Best", "Son"][row % 2])));
        for name in self.numbers {
            frame = frame.numbers(name, self.column(name).into_iter().map(Some));
        }
        frame
    }

    /// The regressions of the survival crate on the rows to learn from, columns counted from their means.
    fn fits(&self, time: &str, ended: &[u32], causes: u32) -> (Vec<CoxFit>, Vec<f64>) {
        let train: Vec<usize> = (0..ended.len())
            .filter(|row| !row.is_multiple_of(5))
            .collect();
        let days = self.column(time);
        let days: Vec<f64> = train.iter().map(|&row| days[row] * self.unit).collect();
        let own: Vec<u32> = train.iter().map(|&row| ended[row]).collect();
        let spells = Spells::competing(&days, &own).unwrap();
        let mut means = Vec::new();
        let columns = self.numbers.iter().map(|name| {
            let column = self.column(name);
            let column: Vec<f64> = train.iter().map(|&row| column[row]).collect();
            let mean = column.iter().sum::<f64>() / column.len() as f64;
            means.push(mean);
            (
                (*name).to_owned(),
                column.iter().map(|value| value - mean).collect(),
            )
        });
        let design = Design::new(columns.collect()).unwrap();
        let fits = (1..=causes).map(|cause| Cox::new().fit(&spells.only(cause), &design).unwrap());
        (fits.collect(), means)
    }
}

fn outlooks(model: &Model, set: &Set<'_>) -> Vec<Outlook> {
    let scorer = Scorer::new(model).unwrap();
    let columns: Vec<Vec<f64>> = set.numbers.iter().map(|name| set.column(name)).collect();
    (0..columns[0].len())
        .map(|at| {
            let mut row = scorer.row();
            for (input, column) in columns.iter().enumerate() {
                scorer
                    .set(&mut row, input, Value::Number(column[at]))
                    .unwrap();
            }
            scorer.outlook(&row, true).unwrap().unwrap()
        })
        .collect()
}

/// Every number the stored model answers for raw rows, against the fit on the same rows.
fn same_as_the_fit(set: &Set<'_>, time: &str, ended: &[u32], found: &Model) -> usize {
    let (fits, means) = set.fits(time, ended, 1);
    let Algorithm::CoxRegression(stored) = &found.algorithm else {
        panic!("no Cox regression")
    };
    for (term, coefficient) in stored.causes[0]
        .terms
        .linear_terms
        .iter()
        .zip(&fits[0].coefficients)
    {
        assert_eq!(
            term.coefficient.to_bits(),
            coefficient.estimate.to_bits(),
            "{}",
            term.input
        );
    }
    let columns: Vec<Vec<f64>> = set.numbers.iter().map(|name| set.column(name)).collect();
    let outlooks = outlooks(found, set);
    for (at, outlook) in outlooks.iter().enumerate() {
        let x: Vec<f64> = columns
            .iter()
            .zip(&means)
            .map(|(column, mean)| column[at] - mean)
            .collect();
        let client = fits[0].client(&x, 0.0, 0).unwrap();
        let curve = outlook.curve.as_ref().unwrap();
        let expected = client.curve();
        assert_eq!(curve.time.len(), expected.len());
        for ((time, lasting), (of, chance)) in curve.time.iter().zip(&curve.lasting).zip(&expected)
        {
            assert_eq!(
                [time.to_bits(), lasting.to_bits()],
                [of.to_bits(), chance.to_bits()],
                "row {at}"
            );
        }
        for chance in &outlook.lasting {
            let point = client.at(chance.time);
            assert_eq!(chance.chance.to_bits(), point.survival.to_bits());
            let limits = chance
                .interval
                .map(|interval| [interval.lower, interval.upper]);
            match (limits, point.lower.zip(point.upper)) {
                (Some([lower, upper]), Some(of)) => {
                    assert!(
                        (lower - of.0).abs() < 1e-12 && (upper - of.1).abs() < 1e-12,
                        "row {at}: {lower} {upper} {of:?}"
                    );
                }
                (None, None) => {}
                other => panic!("row {at}: {other:?}"),
            }
        }
        let median = client.quantile(0.5);
        assert_eq!(
            (
                outlook.median.time,
                outlook.median.lower,
                outlook.median.upper
            ),
            (median.time, median.lower, median.upper),
            "row {at}"
        );
        let sum: f64 = outlook.causes[0].contributions.iter().sum();
        assert!((sum - outlook.causes[0].score).abs() < 1e-12);
    }
    outlooks.len()
}

#[test]
fn raw_rows_get_what_the_fit_gives_to_the_last_bit() {
    let (Some(rossi), Some(unemployed)) = (outside("rossi.csv"), outside("unempdur.csv")) else {
        println!("NOT RUN: HELDER_REFERENCE_DATA is not set");
        return;
    };
    let arrests = Set {
        csv: &rossi,
        numbers: &["fin", "age", "race", "wexp", "mar", "paro", "prio"],
        unit: 7.0,
    };
    let jobs = Set {
        csv: &unemployed,
        numbers: &["age", "reprate", "disrate", "logwage", "tenure"],
        unit: 14.0,
    };
    for (set, time, event) in [(&arrests, "week", "arrest"), (&jobs, "spell", "censor1")] {
        let ended: Vec<u32> = set.column(event).iter().map(|end| *end as u32).collect();
        let mut plan = survival(set.numbers);
        plan["sensitiveFeatures"] = json!(["town"]);
        let found = learned(set.frame(time, &ended), &plan).unwrap();
        let again = learned(set.frame(time, &ended), &plan).unwrap();
        assert_eq!(
            (&found.model, &found.evaluation, &found.fairness),
            (&again.model, &again.evaluation, &again.fairness)
        );
        let model = Model::from_json(&found.model).unwrap();
        let rows = same_as_the_fit(set, time, &ended, &model);
        let evaluation = parse(&found.evaluation);
        let cause = &evaluation["survival"]["causes"][0];
        println!(
            "{event}: {rows} rows to the last bit; concordance {}, Uno {}, Brier over time {} (without a model {})",
            cause["concordance"]["index"],
            cause["unoConcordance"],
            cause["integratedBrier"],
            cause["integratedBrierOfShare"]
        );
        let with = |key: &str| cause[key].as_f64().unwrap();
        // Eighty-seven rows with few arrests show no gain; six hundred spells without work do.
        if event == "censor1" {
            assert!(cause["concordance"]["index"].as_f64().unwrap() > 0.55);
            assert!(with("integratedBrier") < with("integratedBrierOfShare"));
        }
    }
}

#[test]
fn chances_of_competing_ends_are_those_of_their_hazards_together() {
    let Some(unemployed) = outside("unempdur.csv") else {
        println!("NOT RUN: HELDER_REFERENCE_DATA is not set");
        return;
    };
    let set = Set {
        csv: &unemployed,
        numbers: &["age", "reprate", "logwage"],
        unit: 14.0,
    };
    let cause =
        |row: usize| (1..=3_u32).find(|k| set.csv.column(&format!("censor{k}"))[row] == "1");
    let ended: Vec<u32> = (0..set.column("spell").len())
        .map(|row| cause(row).unwrap_or(0))
        .collect();
    let mut plan = survival(set.numbers);
    let named = |value: &str| json!({"value": value, "meaning": {"nl": value, "en": value}});
    plan["causes"] = json!([named("1"), named("2"), named("3")]);
    let found = learned(set.frame("spell", &ended), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let (fits, means) = set.fits("spell", &ended, 3);
    let columns: Vec<Vec<f64>> = set.numbers.iter().map(|name| set.column(name)).collect();
    for (at, outlook) in outlooks(&model, &set).iter().enumerate().step_by(37) {
        let x: Vec<f64> = columns
            .iter()
            .zip(&means)
            .map(|(column, mean)| column[at] - mean)
            .collect();
        let curve = outlook.curve.as_ref().unwrap();
        // By hand: of those left a step takes 1 - exp(-all), and each cause its part of that.
        let hazards: Vec<Vec<f64>> = fits
            .iter()
            .map(|fit| {
                let client = fit.client(&x, 0.0, 0).unwrap();
                curve
                    .time
                    .iter()
                    .map(|time| client.at(*time).cumulative_hazard)
                    .collect()
            })
            .collect();
        let mut shares = [0.0; 3];
        let mut before = [0.0; 3];
        let mut left = 1.0;
        for (step, lasting) in curve.lasting.iter().enumerate() {
            let rises: Vec<f64> = (0..3).map(|k| hazards[k][step] - before[k]).collect();
            let all: f64 = rises.iter().sum();
            for k in 0..3 {
                if all > 0.0 {
                    shares[k] += left * -(-all).exp_m1() * rises[k] / all;
                }
                before[k] = hazards[k][step];
                assert!((curve.ended[k][step] - shares[k]).abs() < 1e-10);
            }
            left *= (-all).exp();
            assert!((lasting - left).abs() < 1e-10);
        }
    }
    let evaluation = parse(&found.evaluation);
    let causes = evaluation["survival"]["causes"].as_array().unwrap();
    assert_eq!(causes.len(), 3);
    let pages = [
        found.card,
        found.evaluation_page.unwrap(),
        found.fairness_page.unwrap(),
    ];
    assert!(pages.iter().all(|page| page.len() > 3_000));
}

/// Made-up spells: the young leave sooner, by work; others move; the rest was last seen after `last` days.
fn spells(n: i64, last: f64) -> Frame {
    let age = |i: i64| 20 + (i * 37) % 50;
    // Evenly between 0 and 1, and of no order.
    let draw = |i: i64, salt: u64| {
        let mixed = (i as u64)
            .wrapping_add(salt << 32)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((mixed ^ (mixed >> 32)) >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    };
    let days = |i: i64| {
        let work = -draw(i, 1).ln() * 300.0 * ((age(i) - 45) as f64 / 25.0).exp();
        let moved = -draw(i, 2).ln() * 900.0;
        (work, moved)
    };
    let end = |i: i64| {
        let (work, moved) = days(i);
        let end = work.min(moved).min(last).ceil().max(2.0);
        (
            end,
            if end >= last {
                None
            } else if work <= moved {
                Some("work")
            } else {
                Some("moved")
            },
        )
    };
    Frame::default()
        .numbers("days", (0..n).map(|i| Some(end(i).0)))
        .texts("ended", (0..n).map(|i| end(i).1))
        .booleans("is_test", (0..n).map(|i| i % 3 == 0))
        .integers("age", (0..n).map(|i| Some(age(i))))
        .numbers(
            "debt",
            (0..n).map(|i| (i % 7 != 0).then_some(((i * 53) % 97) as f64 / 10.0)),
        )
        .texts(
            "town",
            (0..n).map(|i| Some(["Best", "Eindhoven", "Son"][(i * 29 % 31 % 3) as usize])),
        )
        .texts(
            "origin",
            (0..n).map(|i| Some(if i % 4 == 0 { "a" } else { "b" })),
        )
        .integers(
            "first_seen",
            (0..n).map(|i| Some(i % 2 * (end(i).0 / 2.0) as i64)),
        )
}

fn causes(plan: &mut Json, names: &[&str]) {
    let named = |value: &&str| json!({"value": value, "meaning": {"nl": value, "en": value}});
    plan["causes"] = names.iter().map(named).collect();
}

#[test]
fn a_model_of_two_causes_is_judged_and_explained_in_documents_and_pages() {
    let mut plan = survival(&["age", "debt", "town"]);
    plan["sensitiveFeatures"] = json!(["origin"]);
    causes(&mut plan, &["work", "moved"]);
    let found = learned(spells(3_000, 1_000.0), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let Algorithm::CoxRegression(fit) = &model.algorithm else {
        panic!("no Cox regression")
    };
    assert_eq!(fit.risk_classes.len(), 5);
    let age = &fit.causes[0].terms.linear_terms[0];
    assert!(
        (age.coefficient + 0.04).abs() < 3.0 * age.standard_error.unwrap(),
        "{age:?}"
    );
    let evaluation = parse(&found.evaluation);
    let work = &evaluation["survival"]["causes"][0];
    assert!(
        work["concordance"]["index"].as_f64().unwrap() > 0.65,
        "{work}"
    );
    assert_eq!(work["horizons"].as_array().unwrap().len(), 4);
    for horizon in work["horizons"].as_array().unwrap() {
        assert!(horizon["auc"].as_f64().unwrap() > 0.6);
        assert!(horizon["brier"].as_f64() < horizon["brierOfShare"].as_f64());
        let (said, limits) = (
            &horizon["everybody"]["predicted"],
            &horizon["everybody"]["interval95"],
        );
        let said = said.as_f64().unwrap();
        assert!(
            limits["low"].as_f64().unwrap() < said && said < limits["high"].as_f64().unwrap(),
            "{horizon}"
        );
    }
    assert_eq!(
        evaluation["survival"]["fit"]["causes"][0]["dropped"],
        json!([])
    );
    let tests = &evaluation["survival"]["fit"]["causes"][0]["coefficients"];
    assert!(
        tests
            .as_array()
            .unwrap()
            .iter()
            .all(|column| column["proportional"]["pValue"].is_number())
    );
    let fairness = parse(&found.fairness);
    let group = &fairness["outlooks"][0]["groups"][0];
    assert_eq!(group["group"], "a");
    let cause = &group["causes"][0];
    assert!(
        cause["concordance"]["interval95"]["low"].is_number()
            && cause["predictedInterval95"]["low"].is_number()
    );
    assert!(cause["observedLessPredicted"].as_f64().unwrap().abs() < 0.1);
    for page in [
        &found.card,
        found.evaluation_page.as_ref().unwrap(),
        found.fairness_page.as_ref().unwrap(),
    ] {
        let page = String::from_utf8(page.clone()).unwrap();
        assert!(page.contains("work") && !page.contains("NaN"));
    }
    if let Some(folder) = std::env::var_os("HELDER_PAGES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join("card.html"), &found.card).unwrap();
        std::fs::write(
            folder.join("evaluation.html"),
            found.evaluation_page.unwrap(),
        )
        .unwrap();
        std::fs::write(folder.join("fairness.html"), found.fairness_page.unwrap()).unwrap();
    }
}

#[test]
fn delayed_entry_ties_and_shrinkage_change_the_model() {
    let coefficient = |change: fn(&mut Json)| {
        let mut plan = survival(&["age", "town"]);
        change(&mut plan);
        let found = learned(spells(900, 700.0), &plan).unwrap();
        let Algorithm::CoxRegression(fit) = Model::from_json(&found.model).unwrap().algorithm
        else {
            panic!("no Cox regression")
        };
        fit.causes[0].terms.linear_terms[0].coefficient
    };
    let plain = coefficient(|_| {});
    assert!(
        (coefficient(|plan| plan["hyperparameters"] = json!({"ties": "efron"})) - plain).abs()
            <= 0.0
    );
    let others = [
        coefficient(|plan| plan["hyperparameters"] = json!({"ties": "breslow"})),
        coefficient(|plan| plan["hyperparameters"] = json!({"l2": 100.0})),
        coefficient(|plan| plan["entry"] = json!("first_seen")),
    ];
    assert!(
        others
            .iter()
            .all(|other| (other - plain).abs() > 0.0 && other.signum() == plain.signum()),
        "{others:?} {plain}"
    );
    assert!(others[1].abs() < plain.abs());
}
