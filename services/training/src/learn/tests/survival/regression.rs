//! Hazards by interval as regressions, end to end: the stored model answers what the hazard crate learned, with its limits.

use helder_hazard::{DiscreteHazard, GlmHazard, Link as Of, TimeEffect};
use helder_model::{Algorithm, IntervalRegression, Link, Model, Outlook, Scorer, Value};
use helder_platform::body::Check;
use helder_survival::{Intervals, Spells};
use serde_json::{Value as Json, json};

use super::{
    super::frame::{Frame, faults, learned, parse, parsed},
    causes, survival,
};

fn regression(features: &[&str]) -> Json {
    let mut plan = survival(features);
    plan["algorithm"] = json!("hazard-regression");
    plan
}

fn fit(model: &Model) -> &IntervalRegression {
    let Algorithm::HazardRegression(fit) = &model.algorithm else {
        panic!("no regression of hazards")
    };
    fit
}

/// Invented spells: work comes faster for the young and later on slower, others move at any time.
struct Made {
    age: Vec<f64>,
    debt: Vec<Option<f64>>,
    town: Vec<&'static str>,
    days: Vec<f64>,
    ended: Vec<u32>,
}

fn made(n: u64) -> Made {
    let mut state = 11_u64;
    let mut draw = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut made = Made {
        age: vec![],
        debt: vec![],
        town: vec![],
        days: vec![],
        ended: vec![],
    };
    for row in 0..n {
        let age = (18.0 + 45.0 * draw()).floor();
        let town = ["Best", "Eindhoven", "Son"][(draw() * 3.0) as usize];
        let lost = 200.0 + 700.0 * draw();
        let mut end = (1_000.0, 0);
        for month in 0..30 {
            let early = f64::from(u8::from(month < 8));
            let bend = ((age - 38.0) / 20.0_f64).powi(2);
            let work = 0.03 + 0.05 * early - 0.02 * bend.min(1.0);
            let die = draw();
            if die < work + 0.02 {
                let day = 30.4375 * (f64::from(month) + draw());
                end = (day.ceil().max(1.0), if die < work { 1 } else { 2 });
                break;
            }
        }
        made.age.push(age);
        made.debt
            .push((row % 9 != 0).then_some((draw() * 40.0).floor()));
        made.town.push(town);
        made.days.push(end.0.min(lost.floor()));
        made.ended
            .push(if end.0 <= lost.floor() { end.1 } else { 0 });
    }
    made
}

impl Made {
    fn frame(&self) -> Frame {
        Frame::default()
            .numbers("days", self.days.iter().copied().map(Some))
            .integers("ended", self.ended.iter().map(|end| Some(i64::from(*end))))
            .booleans("is_test", (0..self.days.len()).map(|row| row % 4 == 0))
            .numbers("age", self.age.iter().copied().map(Some))
            .numbers("debt", self.debt.iter().copied())
            .texts("town", self.town.iter().map(|town| Some(*town)))
    }

    /// What the hazard crate learns of age and town on the same rows.
    fn learned(&self, ends: &[f64], link: Of) -> GlmHazard {
        let train: Vec<usize> = (0..self.days.len()).filter(|row| row % 4 != 0).collect();
        let of = |values: &dyn Fn(usize) -> f64| train.iter().map(|&row| values(row)).collect();
        let days: Vec<f64> = of(&|row| self.days[row]);
        let ended: Vec<u32> = train.iter().map(|&row| self.ended[row]).collect();
        let is = |town: &str| of(&|row| f64::from(u8::from(self.town[row] == town)));
        let columns = vec![
            ("age".to_owned(), of(&|row| self.age[row])),
            ("town=Eindhoven".to_owned(), is("Eindhoven")),
            ("town=Son".to_owned(), is("Son")),
        ];
        let spells = Spells::competing(&days, &ended).unwrap();
        let time = TimeEffect::Spline { knots: 4 };
        DiscreteHazard::new(Intervals::at(ends).unwrap())
            .glm(&spells, &columns, link, time)
            .unwrap()
    }
}

fn outlook(model: &Model, values: &[Value<'_>]) -> Outlook {
    let scorer = Scorer::new(model).unwrap();
    let mut row = scorer.row();
    for (place, value) in values.iter().enumerate() {
        scorer.set(&mut row, place, *value).unwrap();
    }
    scorer.outlook(&row, true).unwrap().unwrap()
}

#[test]
fn raw_rows_get_the_chances_and_limits_of_the_hazard_crate() {
    let made = made(1_600);
    for (name, link, stored) in [
        ("logit", Of::Logit, Link::Logit),
        ("cloglog", Of::Cloglog, Link::Cloglog),
    ] {
        let mut plan = regression(&["age", "town"]);
        causes(&mut plan, &["1", "2"]);
        plan["hyperparameters"] = json!({"link": name});
        let found = learned(made.frame(), &plan).unwrap();
        let again = learned(made.frame(), &plan).unwrap();
        assert_eq!(
            (&found.model, &found.evaluation),
            (&again.model, &again.evaluation)
        );
        let model = Model::from_json(&found.model).unwrap();
        assert_eq!(model.link, stored);
        let of_crate = made.learned(&fit(&model).ends, link);
        for (own, of_crate) in fit(&model).causes.iter().zip(&of_crate.causes) {
            let age = &own.terms.linear_terms[0];
            let expected = of_crate
                .fit
                .coefficients
                .iter()
                .find(|c| c.name == "age")
                .unwrap();
            assert_eq!(age.coefficient.to_bits(), expected.estimate.to_bits());
        }
        let mut worst = [0.0_f64; 2];
        for (age, town) in [(19.0, "Best"), (37.0, "Son"), (61.0, "Eindhoven")] {
            let told = outlook(&model, &[Value::Number(age), Value::Text(town)]);
            let is = |other: &str| f64::from(u8::from(town == other));
            let curve = of_crate
                .curve(&[age, is("Eindhoven"), is("Son")], 0.95)
                .unwrap();
            let own = told.curve.unwrap();
            for (k, point) in curve.points.iter().enumerate() {
                worst[0] = worst[0].max((own.lasting[k] - point.survival).abs());
                for (ended, share) in own.ended.iter().zip(&point.incidence) {
                    worst[0] = worst[0].max((ended[k] - share).abs());
                }
            }
            // At the horizons, with the limits.
            for (h, lasting) in told.lasting.iter().enumerate().take(3) {
                let point = curve.points.iter().rfind(|point| point.end <= lasting.time);
                let point = point.unwrap();
                let pairs = std::iter::once((lasting, point.survival_limits)).chain(
                    told.causes
                        .iter()
                        .zip(&point.incidence_limits)
                        .map(|(c, l)| (&c.ended[h], *l)),
                );
                for (chance, limits) in pairs {
                    let (interval, (low, high)) = (chance.interval.unwrap(), limits.unwrap());
                    worst[1] = worst[1].max((interval.lower - low).abs());
                    worst[1] = worst[1].max((interval.upper - high).abs());
                }
            }
        }
        println!(
            "{name}: chances {:e}, limits {:e} from those of the crate",
            worst[0], worst[1]
        );
        assert!(worst[0] < 1e-11 && worst[1] < 1e-8, "{worst:?}");
    }
}

#[test]
fn curves_gaps_and_categories_go_into_one_contribution_each() {
    let made = made(1_600);
    let mut plan = regression(&["age", "debt", "town"]);
    causes(&mut plan, &["1", "2"]);
    plan["features"][0]["spline"] = json!({"knots": 4});
    plan["hyperparameters"] = json!({"interval": "quarter", "link": "cloglog", "timeKnots": 3});
    let found = learned(made.frame(), &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    let terms = &fit(&model).causes[0].terms;
    let inputs: Vec<&str> = terms
        .spline_terms
        .iter()
        .map(|term| term.input.as_str())
        .collect();
    assert_eq!(inputs, ["age", "(time)"]);
    assert_eq!(
        terms.covariance.as_ref().unwrap().len(),
        terms.parameter_count()
    );
    let told = outlook(
        &model,
        &[Value::Number(30.0), Value::Null, Value::Text("Son")],
    );
    assert_eq!(told.causes[0].contributions.len(), 3);
    // The young and the old leave later: the curve bends.
    let bends = fit(&model).causes[0]
        .terms
        .curve("age", &[20.0, 38.0, 58.0]);
    assert!(
        bends[1].effect > bends[0].effect.max(bends[2].effect) + 0.1,
        "{bends:?}"
    );
    let evaluation = parse(&found.evaluation);
    let regression = &evaluation["survival"]["regression"];
    assert_eq!(regression["link"], "cloglog");
    assert!(regression["causes"][0]["logLikelihood"].as_f64().unwrap() < 0.0);
    assert!(evaluation["survival"]["causes"][0]["integratedBrier"].is_number());
    let card = String::from_utf8(found.card).unwrap();
    for part in [
        "tempo maal",
        "age telt mee als een lijn die buigt",
        "(time)",
    ] {
        assert!(card.contains(part), "{part}");
    }
}

#[test]
fn few_pieces_of_time_take_a_line_instead_of_a_curve() {
    let n = 240;
    let frame = Frame::default()
        .numbers("days", (0..n).map(|i| Some(f64::from(10 + (i * 37) % 150))))
        .booleans("ended", (0..n).map(|i| i % 3 != 0))
        .booleans("is_test", (0..n).map(|i| i % 4 == 0))
        .integers("age", (0..n).map(|i| Some(i64::from(20 + (i * 13) % 40))));
    let mut plan = regression(&["age"]);
    plan["hyperparameters"] = json!({"interval": "quarter"});
    let found = learned(frame, &plan).unwrap();
    let model = Model::from_json(&found.model).unwrap();
    assert_eq!(fit(&model).ends.len(), 2);
    let terms = &fit(&model).causes[0].terms;
    assert!(terms.spline_terms.is_empty());
    assert_eq!(terms.linear_terms[1].input, "(time)");
}

#[test]
fn settings_that_do_not_fit_are_named() {
    let refused = |change: &dyn Fn(&mut Json)| {
        let mut plan = regression(&["age", "town"]);
        change(&mut plan);
        let faults = parsed(&plan).faults();
        faults
            .into_iter()
            .map(|fault| fault.pointer)
            .collect::<Vec<_>>()
    };
    assert!(refused(&|_| {}).is_empty());
    let knots = refused(&|plan| plan["hyperparameters"] = json!({"timeKnots": 8}));
    assert_eq!(knots, ["/hyperparameters/timeKnots"]);
    for setting in [
        json!({"ties": "efron"}),
        json!({"l2": 1.0}),
        json!({"interactions": 2}),
        json!({"elasticNet": {"alpha": 1.0}}),
        json!({"robust": true}),
    ] {
        let name = setting.as_object().unwrap().keys().next().unwrap().clone();
        let found = refused(&|plan| plan["hyperparameters"] = setting.clone());
        assert_eq!(found, [format!("/hyperparameters/{name}")]);
    }
    let advice = refused(&|plan| plan["features"][0]["actionable"] = json!({"direction": "up"}));
    assert_eq!(advice, ["/features/0/actionable"]);
    for algorithm in ["cox-regression", "hazard-boosting"] {
        let found = refused(&|plan| {
            plan["algorithm"] = json!(algorithm);
            plan["hyperparameters"] = json!({"link": "logit"});
        });
        assert_eq!(found, ["/hyperparameters/link"]);
    }
}

#[test]
fn a_column_that_tells_an_end_is_refused_by_name() {
    let n = 300;
    let frame = Frame::default()
        .numbers("days", (0..n).map(|i| Some(f64::from(10 + (i * 37) % 600))))
        .booleans("ended", (0..n).map(|i| i % 3 == 0))
        .booleans("is_test", (0..n).map(|i| i % 4 == 1))
        .integers("age", (0..n).map(|i| Some(i64::from(20 + (i * 13) % 40))))
        .booleans("gone", (0..n).map(|i| i % 3 == 0));
    let found = faults(frame, &regression(&["age", "gone"]));
    assert_eq!((found.len(), &*found[0].code), (1, "separation"));
    assert!(found[0].detail.contains("`gone`"), "{found:?}");
}
