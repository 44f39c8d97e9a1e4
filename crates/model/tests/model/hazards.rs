//! Proportional hazards: stored, refused when they do not fit, and turned into chances.

mod refused;

use helder_model::{
    Algorithm, Calibration, CategoryTerm, Chance, Counterfactuals, Hazard, HazardFit, HazardTerms,
    InputType, Kind, LevelTerm, LinearTerm, Link, Meaning, MissingRule, MissingTerm, Model,
    Outlook, Reasons, RiskClass, RiskCurve, Row, Scorer, Value,
};

use crate::examples::{input, regression};

fn terms(sign: f64) -> HazardTerms {
    let linear = |input: &str, coefficient: f64, mean: f64| LinearTerm {
        input: input.to_owned(),
        coefficient: sign * coefficient,
        standard_error: Some(0.1),
        mean,
    };
    let level = |level: &str, coefficient: f64, mean: f64| LevelTerm {
        level: level.to_owned(),
        coefficient: sign * coefficient,
        standard_error: Some(0.2),
        mean,
    };
    let row = |i: usize| (0..=i).map(|j| if i == j { 0.02 } else { 0.001 }).collect();
    HazardTerms {
        linear_terms: vec![
            linear("leeftijd", -0.02, 38.5),
            linear("opleiding", 0.4, 0.6),
        ],
        spline_terms: vec![],
        category_terms: vec![CategoryTerm {
            input: "woonvorm".to_owned(),
            reference_level: "koop".to_owned(),
            levels: vec![level("huur", -0.1, 0.5), level("overig", -0.3, 0.125)],
        }],
        missing_terms: vec![MissingTerm {
            input: "leeftijd".to_owned(),
            coefficient: sign * 0.25,
            standard_error: Some(0.2),
            mean: 0.0625,
        }],
        covariance: Some((0..5).map(row).collect()),
    }
}

fn cause(name: &str, [nl, en]: [&str; 2], sign: f64, speed: f64) -> Hazard {
    let n = times().len();
    let grown = |scale: f64| {
        (1..=n)
            .map(move |at| scale * at as f64 / 16.0)
            .collect::<Vec<f64>>()
    };
    let means = |at: usize| {
        (1..=5)
            .map(|j| 0.0625 * speed * at as f64 / f64::from(j))
            .collect()
    };
    Hazard {
        name: name.to_owned(),
        meaning: Meaning::new(nl, en),
        events: 120,
        terms: terms(sign),
        cumulative_hazard: grown(speed),
        variance: grown(speed / 128.0),
        weighted_means: (1..=n).map(means).collect(),
    }
}

fn times() -> Vec<f64> {
    (1..=20_u8).map(|at| f64::from(at) * 45.0 - 5.0).collect()
}

/// Time until benefit ends, by work or otherwise.
pub(crate) fn leaving() -> Model {
    let mut model = regression();
    "benefit-outflow".clone_into(&mut model.name);
    model.title = Meaning::new("Hoe lang een uitkering duurt", "How long benefit lasts");
    model.kind = Kind::Survival;
    model.link = Link::Log;
    model.calibration = Calibration::None;
    model.output.horizon = None;
    "dagen".clone_into(&mut model.output.name);
    model.output.meaning = Meaning::new(
        "tijd tot het einde van de uitkering",
        "time until benefit ends",
    );
    let home = MissingRule::Level {
        level: "overig".to_owned(),
    };
    model.inputs = vec![
        input(
            "leeftijd",
            InputType::Number,
            MissingRule::MedianAndIndicator { value: 37.0 },
        ),
        input("woonvorm", InputType::Category, home),
        input("opleiding", InputType::Boolean, MissingRule::Reject),
    ];
    let curve = |share: f64| RiskCurve {
        time: vec![120.0, 400.0],
        share: vec![share / 2.0, share],
        lower: vec![share / 4.0, share / 2.0],
        upper: vec![share, 1.5 * share],
    };
    let class = |below, share| RiskClass {
        below,
        rows: 300,
        ended: vec![curve(share), curve(share / 2.0)],
    };
    model.algorithm = Algorithm::CoxRegression(HazardFit {
        horizons: [1.0, 2.0, 4.0, 8.0]
            .map(|quarter| quarter * 91.3125)
            .to_vec(),
        times: times(),
        knots: (0..20).collect(),
        causes: vec![
            cause("werk", ["werk gevonden", "found work"], 1.0, 0.75),
            cause("overig", ["een andere reden", "another reason"], -0.5, 0.25),
        ],
        risk_classes: vec![class(Some(-0.125), 0.25), class(None, 0.5)],
    });
    model
}

/// The same with every end as one cause.
pub(crate) fn lasting() -> Model {
    let mut model = leaving();
    "benefit-duration".clone_into(&mut model.name);
    let fit = fit(&mut model);
    fit.causes.truncate(1);
    fit.risk_classes.clear();
    model
}

fn fit(model: &mut Model) -> &mut HazardFit {
    let Algorithm::CoxRegression(fit) = &mut model.algorithm else {
        unreachable!("the example is a Cox regression")
    };
    fit
}

fn row(scorer: &Scorer, values: [Value<'_>; 3]) -> Row {
    let mut row = scorer.row();
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    row
}

fn somebody(model: &Model) -> Outlook {
    let scorer = Scorer::new(model).unwrap();
    let row = row(
        &scorer,
        [Value::Null, Value::Text("huur"), Value::Boolean(true)],
    );
    scorer.outlook(&row, true).unwrap().unwrap()
}

#[test]
fn contributions_are_exact_on_the_log_hazard_for_every_cause() {
    let model = leaving();
    let scorer = Scorer::new(&model).unwrap();
    let row = row(
        &scorer,
        [
            Value::Number(50.0),
            Value::Text("overig"),
            Value::Boolean(false),
        ],
    );
    let mut answer = helder_model::Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    let expected =
        -0.02 * (50.0 - 38.5) - 0.25 * 0.0625 + (-0.3 + 0.1 * 0.5 + 0.3 * 0.125) - 0.4 * 0.6;
    assert!(
        (answer.score - expected).abs() < 1e-12,
        "{} {expected}",
        answer.score
    );
    assert_eq!(answer.base_score.to_bits(), 0.0_f64.to_bits());
    assert_eq!(
        (answer.probability, answer.value, answer.interval),
        (None, None, None)
    );
    let outlook = scorer.outlook(&row, false).unwrap().unwrap();
    assert!(outlook.curve.is_none());
    for (place, cause) in outlook.causes.iter().enumerate() {
        let sum: f64 = cause.contributions.iter().sum();
        assert!((sum - cause.score).abs() < 1e-12);
        let sign = [1.0, -0.5][place];
        assert!((cause.score - sign * expected).abs() < 1e-12);
    }
    assert_eq!(outlook.causes[0].score.to_bits(), answer.score.to_bits());
    assert_eq!(outlook.risk_class, Some(0));
}

#[test]
fn a_single_cause_is_the_formula_of_cox() {
    let outlook = somebody(&lasting());
    let score = outlook.causes[0].score;
    let curve = outlook.curve.as_ref().unwrap();
    for (at, lasting) in curve.lasting.iter().enumerate() {
        let hazard = 0.75 * (at + 1) as f64 / 16.0;
        assert_eq!(lasting.to_bits(), (-hazard * score.exp()).exp().to_bits());
    }
    let first = curve
        .lasting
        .iter()
        .position(|lasting| *lasting <= 0.5)
        .unwrap();
    assert_eq!(outlook.median.time, Some(curve.time[first]));
    let (lower, upper) = (outlook.median.lower.unwrap(), outlook.median.upper);
    assert!(lower <= curve.time[first] && upper.is_none_or(|upper| upper >= curve.time[first]));
    for (lasting, ended) in outlook.lasting.iter().zip(&outlook.causes[0].ended) {
        assert!((lasting.chance + ended.chance - 1.0).abs() < 1e-15);
        let (a, b) = (lasting.interval.unwrap(), ended.interval.unwrap());
        assert!(
            (a.lower + b.upper - 1.0).abs() < 1e-15
                && b.lower < ended.chance
                && ended.chance < b.upper
        );
    }
}

#[test]
fn chances_of_causes_and_of_lasting_sum_to_one_and_no_cause_exceeds_one_minus_its_own_curve() {
    let (both, alone) = (somebody(&leaving()), somebody(&lasting()));
    let curve = both.curve.as_ref().unwrap();
    for at in 0..curve.time.len() {
        let sum: f64 = curve.ended.iter().map(|ended| ended[at]).sum();
        assert!((sum + curve.lasting[at] - 1.0).abs() < 1e-12);
    }
    let by_work = both.causes[0].ended.iter().zip(&alone.causes[0].ended);
    for (competing, ignoring) in by_work {
        assert!(
            competing.chance < ignoring.chance,
            "one minus Kaplan-Meier says too much"
        );
    }
}

/// Standard error on the scale of the share from the interval on log(−log).
fn standard_error(chance: &Chance) -> f64 {
    let interval = chance.interval.unwrap();
    let half = ((-interval.lower.ln()).ln() - (-interval.upper.ln()).ln()) / 2.0;
    half / 1.959_963_984_540_054 * -chance.chance.ln() * chance.chance
}

/// The interval is what small changes of every rise of every hazard, and of every coefficient, do to the chance.
#[test]
fn limits_are_those_of_small_changes_of_hazards_and_coefficients() {
    let model = leaving();
    let found = somebody(&model);
    let chance_of = |model: &Model, cause: usize, horizon: usize| {
        somebody(model).causes[cause].ended[horizon].chance
    };
    // Mean parameters of those at risk differ from the average row, so a change of a coefficient moves the baseline as well.
    for (cause, horizon) in [(0, 1), (0, 3), (1, 2)] {
        let mut variance = 0.0;
        for k in 0..2 {
            let Algorithm::CoxRegression(before) = &model.algorithm else {
                unreachable!()
            };
            let hazard = &before.causes[k];
            let step = 1e-6;
            for at in 0..before.times.len() {
                let mut changed = model.clone();
                let own = &mut fit(&mut changed).causes[k].cumulative_hazard;
                own[at..].iter_mut().for_each(|hazard| *hazard += step);
                let slope = (chance_of(&changed, cause, horizon)
                    - found.causes[cause].ended[horizon].chance)
                    / step;
                let rise =
                    hazard.variance[at] - at.checked_sub(1).map_or(0.0, |b| hazard.variance[b]);
                variance += slope * slope * rise;
            }
            let slopes: Vec<f64> = (0..5)
                .map(|j| {
                    let moved = |step: f64| {
                        let mut changed = model.clone();
                        let own = &mut fit(&mut changed).causes[k];
                        match j {
                            0 | 1 => own.terms.linear_terms[j].coefficient += step,
                            2 | 3 => own.terms.category_terms[0].levels[j - 2].coefficient += step,
                            _ => own.terms.missing_terms[0].coefficient += step,
                        }
                        for (hazard, means) in
                            own.cumulative_hazard.iter_mut().zip(&own.weighted_means)
                        {
                            *hazard -= step * means[j];
                        }
                        chance_of(&changed, cause, horizon)
                    };
                    (moved(1e-5) - moved(-1e-5)) / 2e-5
                })
                .collect();
            for (i, a) in slopes.iter().enumerate() {
                for (j, b) in slopes.iter().enumerate() {
                    variance += a * b * if i == j { 0.02 } else { 0.001 };
                }
            }
        }
        let told = standard_error(&found.causes[cause].ended[horizon]);
        assert!(
            (told / variance.sqrt() - 1.0).abs() < 1e-4,
            "{told} {}",
            variance.sqrt()
        );
    }
}

#[test]
fn one_cause_beside_one_that_never_comes_has_the_limits_of_one_cause() {
    let mut model = leaving();
    let never = &mut fit(&mut model).causes[1];
    never.cumulative_hazard.fill(0.0);
    never.variance.fill(0.0);
    never
        .weighted_means
        .iter_mut()
        .for_each(|means| means.fill(0.0));
    let (both, alone) = (somebody(&model), somebody(&lasting()));
    for (a, b) in both.causes[0].ended.iter().zip(&alone.causes[0].ended) {
        assert!((a.chance - b.chance).abs() < 1e-12);
        // On another scale: that of the share itself.
        let lasting = Chance {
            chance: 1.0 - b.chance,
            interval: b.interval.map(|i| helder_model::Interval {
                lower: 1.0 - i.upper,
                upper: 1.0 - i.lower,
            }),
            ..*b
        };
        assert!((standard_error(a) / standard_error(&lasting) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn beyond_the_last_end_is_told_and_before_the_first_nothing_has_ended() {
    let mut model = leaving();
    fit(&mut model).horizons = vec![10.0, 400.0, 5_000.0];
    let outlook = somebody(&model);
    let beyond: Vec<bool> = outlook
        .lasting
        .iter()
        .map(|chance| chance.is_beyond)
        .collect();
    assert_eq!(beyond, [false, false, true]);
    assert_eq!(outlook.lasting[0].chance.to_bits(), 1.0_f64.to_bits());
    assert!(
        outlook
            .causes
            .iter()
            .all(|cause| cause.ended[0].chance == 0.0 && cause.ended[0].interval.is_none())
    );
}

#[test]
fn values_far_out_give_numbers() {
    for model in [leaving(), lasting()] {
        let scorer = Scorer::new(&model).unwrap();
        for far in [1e300, -1e300, 1e5, -1e5] {
            let row = row(
                &scorer,
                [Value::Number(far), Value::Null, Value::Boolean(true)],
            );
            let outlook = scorer.outlook(&row, true).unwrap().unwrap();
            let curve = outlook.curve.unwrap();
            let chances = outlook
                .lasting
                .iter()
                .chain(outlook.causes.iter().flat_map(|c| &c.ended));
            assert!(
                curve
                    .lasting
                    .iter()
                    .chain(curve.ended.iter().flatten())
                    .all(|p| (0.0..=1.0 + 1e-12).contains(p))
            );
            for chance in chances {
                assert!((0.0..=1.0 + 1e-12).contains(&chance.chance));
                let interval = chance.interval;
                assert!(interval.is_none_or(
                    |i| (0.0..=1.0).contains(&i.lower) && (0.0..=1.0).contains(&i.upper)
                ));
            }
        }
    }
}

#[test]
fn a_model_without_covariance_has_chances_without_limits() {
    let mut model = leaving();
    for cause in &mut fit(&mut model).causes {
        cause.terms.covariance = None;
    }
    let (outlook, with) = (somebody(&model), somebody(&leaving()));
    assert_eq!(outlook.curve, with.curve);
    assert!(
        outlook
            .lasting
            .iter()
            .all(|chance| chance.interval.is_none())
    );
    assert_eq!((outlook.median.lower, outlook.median.upper), (None, None));
}

#[test]
fn reasons_say_sooner_or_later_and_nothing_is_advised() {
    let model = leaving();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let row = row(
        &scorer,
        [
            Value::Number(60.0),
            Value::Text("koop"),
            Value::Boolean(true),
        ],
    );
    let said = reasons.meaning(&row, 0, -0.4);
    assert_eq!(
        said.nl,
        "Leeftijd van het huishouden: 60. Hierdoor stroomt iemand langzamer uit."
    );
    assert!(
        reasons
            .meaning(&row, 2, 0.4)
            .en
            .ends_with("With this, somebody leaves sooner.")
    );
    assert!(Counterfactuals::new(&model).is_none());
    assert!(scorer.answers_outlook() && !scorer.answers_value());
    assert!(
        Scorer::new(&regression())
            .unwrap()
            .outlook(&Scorer::new(&regression()).unwrap().row(), false)
            .is_err()
    );
}
