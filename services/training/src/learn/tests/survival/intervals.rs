//! Hazards by interval end to end: the stored model answers what the hazard crate learned, and effects may change with time.

use helder_ebm::{Column, Settings, Value as Given};
use helder_hazard::{DiscreteHazard, EbmHazard};
use helder_model::{Algorithm, IntervalFit, Model, Scorer, Value};
use helder_survival::{Intervals, Spells};
use serde_json::{Value as Json, json};

use super::{
    super::frame::{Frame, faults, learned, parse, parsed},
    causes, spells, survival,
};
use crate::learn::plan::NewTrainingRun;
use helder_platform::body::Check;

fn by_interval(features: &[&str]) -> Json {
    let mut plan = survival(features);
    plan["algorithm"] = json!("hazard-boosting");
    plan
}

fn fit(model: &Model) -> &IntervalFit {
    let Algorithm::HazardBoosting(fit) = &model.algorithm else {
        panic!("no hazards by interval")
    };
    fit
}

/// Spells of two groups whose hazards cross: one leaves early, the other late. No value is about anybody.
struct Crossing {
    group: Vec<bool>,
    debt: Vec<Option<f64>>,
    days: Vec<f64>,
    ended: Vec<bool>,
}

fn crossing(n: u64) -> Crossing {
    let mut state = 5_u64;
    let mut draw = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut made = Crossing {
        group: vec![],
        debt: vec![],
        days: vec![],
        ended: vec![],
    };
    for row in 0..n {
        let (group, debt) = (draw() < 0.5, (draw() * 40.0).floor());
        let lost = 200.0 + 700.0 * draw();
        let end = (0..24).find(|month| {
            let share = f64::from(*month) / 24.0;
            let base = if group {
                0.2 - 0.18 * share
            } else {
                0.02 + 0.18 * share
            };
            draw() < base * (-0.02 * debt).exp()
        });
        let day = end.map_or(1_000.0, |month| {
            (30.4375 * (f64::from(month) + draw())).ceil().max(1.0)
        });
        made.group.push(group);
        made.debt.push((row % 9 != 0).then_some(debt));
        made.days.push(day.min(lost.floor()));
        made.ended.push(day <= lost.floor());
    }
    made
}

impl Crossing {
    fn frame(&self) -> Frame {
        Frame::default()
            .numbers("days", self.days.iter().copied().map(Some))
            .booleans("ended", self.ended.iter().copied())
            .booleans("is_test", (0..self.days.len()).map(|row| row % 4 == 0))
            .booleans("group", self.group.iter().copied())
            .numbers("debt", self.debt.iter().copied())
            .texts(
                "town",
                (0..self.days.len()).map(|row| Some(["Best", "Son"][row % 2])),
            )
    }

    /// What the hazard crate learns of the same rows.
    fn learned(&self, ends: &[f64]) -> EbmHazard {
        let train: Vec<usize> = (0..self.days.len()).filter(|row| row % 4 != 0).collect();
        let of = |values: &dyn Fn(usize) -> f64| train.iter().map(|&row| values(row)).collect();
        let days: Vec<f64> = of(&|row| self.days[row]);
        let ended: Vec<bool> = train.iter().map(|&row| self.ended[row]).collect();
        let spells = Spells::new(&days, &ended).unwrap();
        let columns = [
            Column::Numeric {
                name: "group".to_owned(),
                values: of(&|row| f64::from(u8::from(self.group[row]))),
            },
            Column::Numeric {
                name: "debt".to_owned(),
                values: of(&|row| self.debt[row].unwrap_or(f64::NAN)),
            },
        ];
        let settings = Settings {
            min_bin_rows: 10,
            seed: 7,
            ..Settings::default()
        };
        DiscreteHazard::new(Intervals::at(ends).unwrap())
            .ebm(&spells, &columns, &settings)
            .unwrap()
    }
}

#[test]
fn raw_rows_get_what_was_learned_to_the_last_bit_and_crossing_hazards_are_seen() {
    let made = crossing(2_000);
    let mut plan = by_interval(&["group", "debt"]);
    plan["sensitiveFeatures"] = json!(["town"]);
    let found = learned(made.frame(), &plan).unwrap();
    let again = learned(made.frame(), &plan).unwrap();
    assert_eq!(
        (&found.model, &found.evaluation, &found.fairness),
        (&again.model, &again.evaluation, &again.fairness)
    );
    let model = Model::from_json(&found.model).unwrap();
    let of_crate = made.learned(&fit(&model).ends);
    let scorer = Scorer::new(&model).unwrap();
    let (mut rows, mut farthest) = (0, 0.0_f64);
    for at in 0..made.days.len() {
        let mut row = scorer.row();
        scorer
            .set(&mut row, 0, Value::Boolean(made.group[at]))
            .unwrap();
        scorer
            .set(
                &mut row,
                1,
                made.debt[at].map_or(Value::Null, Value::Number),
            )
            .unwrap();
        let outlook = scorer.outlook(&row, true).unwrap().unwrap();
        let values = [
            Given::Number(f64::from(u8::from(made.group[at]))),
            made.debt[at].map_or(Given::Missing, Given::Number),
        ];
        let expected = of_crate.curve(&values, 0.95).unwrap();
        let curve = outlook.curve.unwrap();
        for (k, point) in expected.points.iter().enumerate() {
            assert_eq!(
                [curve.lasting[k].to_bits(), curve.ended[0][k].to_bits()],
                [point.survival.to_bits(), point.incidence[0].to_bits()],
                "row {at}, interval {k}"
            );
            rows += 1;
        }
        // Limits but for the digits that deviations are stored with.
        for chance in outlook.lasting.iter().filter(|chance| !chance.is_beyond) {
            let of = expected
                .points
                .iter()
                .rfind(|point| point.end <= chance.time)
                .unwrap();
            let (interval, (lower, upper)) =
                (chance.interval.unwrap(), of.survival_limits.unwrap());
            farthest = farthest
                .max((interval.lower - lower).abs())
                .max((interval.upper - upper).abs());
        }
    }
    assert!(farthest < 1e-4, "{farthest}");
    // The effect of the group turns, and the stored model says so.
    let pairs = &fit(&model).causes[0].terms.pairs;
    let is_turned = |side: &str, other: &str| side == "group" && other == "(time)";
    assert!(
        pairs
            .iter()
            .any(|pair| is_turned(&pair.first.input, &pair.second.input)
                || is_turned(&pair.second.input, &pair.first.input))
    );
    let cox = {
        let mut plan = survival(&["group", "debt"]);
        plan["sensitiveFeatures"] = json!(["town"]);
        parse(&learned(made.frame(), &plan).unwrap().evaluation)
    };
    let evaluation = parse(&found.evaluation);
    let brier = |document: &Json| {
        document["survival"]["causes"][0]["integratedBrier"]
            .as_f64()
            .unwrap()
    };
    println!(
        "{rows} chances to the last bit, limits to {farthest:.1e}; Brier over time {:.4}, Cox {:.4}; concordance {}",
        brier(&evaluation),
        brier(&cox),
        evaluation["survival"]["causes"][0]["concordance"]["index"]
    );
    assert!(brier(&evaluation) < brier(&cox));
    assert!(evaluation["survival"]["intervals"]["causes"][0]["boosting"]["terms"].is_array());
    assert!(evaluation["survival"].get("fit").is_none());
    let pages = [
        &found.card,
        found.evaluation_page.as_ref().unwrap(),
        found.fairness_page.as_ref().unwrap(),
    ];
    for page in pages {
        let page = String::from_utf8(page.clone()).unwrap();
        assert!(page.len() > 3_000 && !page.contains("NaN"));
    }
    if let Some(folder) = std::env::var_os("HELDER_PAGES") {
        let folder = std::path::PathBuf::from(folder);
        std::fs::write(folder.join("interval-card.html"), &found.card).unwrap();
        std::fs::write(
            folder.join("interval-evaluation.html"),
            found.evaluation_page.unwrap(),
        )
        .unwrap();
    }
}

#[test]
fn two_causes_of_made_spells_are_judged_and_told_by_quarter() {
    let mut plan = by_interval(&["age", "debt", "town"]);
    plan["sensitiveFeatures"] = json!(["origin"]);
    plan["hyperparameters"] = json!({"interval": "quarter", "interactions": 2});
    plan["entry"] = json!("first_seen");
    causes(&mut plan, &["work", "moved"]);
    let found = learned(spells(1_500, 1_000.0), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let stored = fit(&model);
    assert_eq!(
        (
            stored.causes.len(),
            stored.risk_classes.len(),
            stored.ends[0]
        ),
        (2, 5, 91.3125)
    );
    let evaluation = parse(&found.evaluation);
    let work = &evaluation["survival"]["causes"][0];
    assert!(
        work["concordance"]["index"].as_f64().unwrap() > 0.6,
        "{work}"
    );
    assert!(work["integratedBrier"].as_f64() < work["integratedBrierOfShare"].as_f64());
    for horizon in work["horizons"].as_array().unwrap() {
        let said = horizon["everybody"]["predicted"].as_f64().unwrap();
        let limits = &horizon["everybody"]["interval95"];
        let [low, high] = ["low", "high"].map(|end| limits[end].as_f64().unwrap());
        // Half a point around what luck allows: chances are of other rows than these.
        assert!(low - 0.05 < said && said < high + 0.05, "{horizon}");
    }
    let fairness = parse(&found.fairness);
    assert_eq!(
        fairness["outlooks"][0]["groups"][0]["causes"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let card = String::from_utf8(found.card).unwrap();
    assert!(card.contains("days since the beginning") && card.contains("moved"));
}

#[test]
fn plans_and_data_that_do_not_fit_have_one_clear_fault_each() {
    let of_plan = |change: fn(&mut Json)| {
        let mut plan = by_interval(&["age", "town"]);
        change(&mut plan);
        let plan: NewTrainingRun = parsed(&plan);
        plan.faults()
            .into_iter()
            .map(|fault| (fault.pointer, fault.code))
            .collect::<Vec<_>>()
    };
    assert_eq!(of_plan(|_| {}), []);
    let wrong = |pointer: &str| vec![(pointer.to_owned(), "wrong-kind".to_owned())];
    assert_eq!(
        of_plan(|plan| plan["hyperparameters"] = json!({"l2": 1.0})),
        wrong("/hyperparameters/l2")
    );
    assert_eq!(
        of_plan(|plan| plan["hyperparameters"] = json!({"ties": "efron"})),
        wrong("/hyperparameters/ties")
    );
    assert_eq!(
        of_plan(|plan| {
            plan["algorithm"] = json!("cox-regression");
            plan["hyperparameters"] = json!({"interval": "month"});
        }),
        wrong("/hyperparameters/interval")
    );
    assert_eq!(
        of_plan(|plan| plan["model"]["horizon"] = json!("P12M")),
        wrong("/model/horizon")
    );
    assert_eq!(
        of_plan(|plan| plan["capacity"] = json!(3)),
        wrong("/capacity")
    );
    let made = |n: i64, days: fn(i64) -> f64, ended: fn(i64) -> bool| {
        Frame::default()
            .numbers("days", (0..n).map(|i| Some(days(i))))
            .booleans("ended", (0..n).map(ended))
            .booleans("is_test", (0..n).map(|i| i % 3 == 0))
            .integers("age", (0..n).map(|i| Some(i * 13 % 31)))
    };
    let found = |frame| {
        let found = faults(frame, &by_interval(&["age"])).into_iter();
        found
            .map(|fault| (fault.pointer, fault.code))
            .collect::<Vec<_>>()
    };
    let is = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(
        found(made(60, |i| (i + 3) as f64, |_| false)),
        is("/event", "no-events")
    );
    assert_eq!(
        found(made(9, |i| (i + 3) as f64, |i| i % 2 == 0)),
        is("/frameId", "too-few-rows")
    );
    assert_eq!(
        found(made(60, |_| 5.0, |_| true)),
        is("/event", "one-class")
    );
    // The only ends lie beyond the time in which ten were in sight.
    assert_eq!(
        found(made(60, |i| if i < 55 { 40.0 } else { 900.0 }, |i| i >= 55)),
        is("/event", "no-events")
    );
}
