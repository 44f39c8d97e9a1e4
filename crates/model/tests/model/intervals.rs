//! Hazards by interval: stored, refused when they do not fit, and turned into chances.

use helder_model::{
    Algorithm, Answer, Bags, Calibration, Curve, Deviations, InputType, IntervalFit,
    IntervalHazard, Kind, Language, Link, Meaning, MissingRule, Model, Outlook, PairTable, Reasons,
    RiskClass, RiskCurve, Scorer, Side, TermsFit, Value, interval::TIME,
};
use serde_json::{Value as Json, json};

use crate::examples::{input, regression};

const QUARTER: f64 = 91.3125;
const BAGS: i32 = 3;

fn cuts(input: &str, cuts: &[f64]) -> Side {
    Side {
        input: input.to_owned(),
        cuts: Some(cuts.to_vec()),
        levels: None,
    }
}

fn levels(input: &str, levels: &[&[&str]]) -> Side {
    let step = |step: &&[&str]| step.iter().map(|level| (*level).to_owned()).collect();
    Side {
        input: input.to_owned(),
        cuts: None,
        levels: Some(levels.iter().map(step).collect()),
    }
}

/// Deviations of no order, of which those of one bag are the opposite of the others together.
fn deviations(salt: i32) -> Deviations {
    let one = (salt * 37) % 101 - 50;
    let two = (salt * 53) % 97 - 48;
    Deviations(vec![one, two, -one - two])
}

fn curve(side: Side, scores: &[f64], salt: i32) -> Curve {
    let of = |step: usize| deviations(salt + step as i32);
    Curve {
        side,
        scores: scores.to_vec(),
        standard_errors: vec![0.05; scores.len()],
        deviations: (0..scores.len()).map(of).collect(),
    }
}

fn pair(first: Side, second: Side, scores: &[&[f64]], salt: i32) -> PairTable {
    let row = |place: usize, row: &[f64]| {
        (0..row.len())
            .map(|cell| deviations(salt + 7 * place as i32 + cell as i32))
            .collect()
    };
    PairTable {
        first,
        second,
        scores: scores.iter().map(|row| row.to_vec()).collect(),
        standard_errors: scores.iter().map(|row| vec![0.1; row.len()]).collect(),
        deviations: scores
            .iter()
            .enumerate()
            .map(|(place, of)| row(place, of))
            .collect(),
    }
}

fn ends() -> Vec<f64> {
    (1..=6_u8).map(|k| f64::from(k) * QUARTER).collect()
}

fn terms(sign: f64, pairs: Vec<PairTable>, salt: i32) -> TermsFit {
    let times: Vec<f64> = ends()
        .windows(2)
        .map(|pair| f64::midpoint(pair[0], pair[1]))
        .collect();
    TermsFit {
        intercept: -1.5 * sign.abs(),
        bags: Some(Bags {
            factor: 2.0,
            unit: 0.001,
            intercept: deviations(salt),
        }),
        edits: Vec::new(),
        curves: vec![
            curve(
                cuts("leeftijd", &[30.0, 50.0]),
                &[0.1, sign * 0.4, 0.0, sign * -0.6],
                salt + 1,
            ),
            curve(
                levels("woonvorm", &[&["huur"], &["koop", "overig"]]),
                &[sign * -0.125, 0.25],
                salt + 6,
            ),
            curve(cuts("opleiding", &[0.5]), &[-0.2, sign * 0.5], salt + 9),
            curve(
                cuts(TIME, &times),
                &[0.5, 0.25, 0.0, -0.125, -0.25, -0.5],
                salt + 12,
            ),
        ],
        pairs,
    }
}

/// The same question as `leaving`, by quarter and without proportional hazards.
pub(crate) fn leaving_by_quarter() -> Model {
    let mut model = regression();
    "benefit-outflow-by-quarter".clone_into(&mut model.name);
    model.title = Meaning::new("Hoe lang een uitkering duurt", "How long benefit lasts");
    model.kind = Kind::Survival;
    model.link = Link::Logit;
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
        input("leeftijd", InputType::Number, MissingRule::OwnEffect),
        input("woonvorm", InputType::Category, home),
        input("opleiding", InputType::Boolean, MissingRule::Reject),
    ];
    let changing = pair(
        cuts("opleiding", &[0.5]),
        cuts(TIME, &[1.5 * QUARTER, 3.5 * QUARTER]),
        &[&[0.25, 0.0, -0.25], &[-0.5, 0.125, 0.625]],
        40,
    );
    let still = pair(
        levels("woonvorm", &[&["huur"], &["koop", "overig"]]),
        cuts("leeftijd", &[50.0]),
        &[&[0.0, 0.0625, -0.0625], &[0.03125, -0.25, 0.25]],
        60,
    );
    let turned = pair(
        cuts(TIME, &[2.5 * QUARTER]),
        cuts("leeftijd", &[30.0]),
        &[&[0.0, 0.25, -0.25], &[0.0, -0.25, 0.25]],
        80,
    );
    let cause = |name: &str, [nl, en]: [&str; 2], terms| IntervalHazard {
        name: name.to_owned(),
        meaning: Meaning::new(nl, en),
        events: 120,
        terms,
    };
    let risk = |share: f64| RiskCurve {
        time: vec![120.0, 400.0],
        share: vec![share / 2.0, share],
        lower: vec![share / 4.0, share / 2.0],
        upper: vec![share, 1.5 * share],
    };
    let class = |below, share| RiskClass {
        below,
        rows: 300,
        ended: vec![risk(share), risk(share / 2.0)],
    };
    model.algorithm = Algorithm::HazardBoosting(IntervalFit {
        horizons: [1.0, 2.0, 4.0, 8.0]
            .map(|quarter| quarter * QUARTER)
            .to_vec(),
        ends: ends(),
        at_risk: vec![0.3125, 0.25, 0.1875, 0.125, 0.0625, 0.0625],
        causes: vec![
            cause(
                "werk",
                ["werk gevonden", "found work"],
                terms(1.0, vec![changing, still], 5),
            ),
            cause(
                "overig",
                ["een andere reden", "another reason"],
                terms(-2.0, vec![turned], 90),
            ),
        ],
        risk_classes: vec![class(Some(-0.125), 0.25), class(None, 0.5)],
    });
    model
}

fn fit(model: &mut Model) -> &mut IntervalFit {
    let Algorithm::HazardBoosting(fit) = &mut model.algorithm else {
        unreachable!("the example is by interval")
    };
    fit
}

const SOMEBODY: [Value<'static>; 3] = [
    Value::Number(52.5),
    Value::Text("huur"),
    Value::Boolean(true),
];

fn outlook(model: &Model, values: [Value<'_>; 3]) -> (Outlook, Answer) {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for (place, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    scorer.score(&row, &mut answer).unwrap();
    (scorer.outlook(&row, true).unwrap().unwrap(), answer)
}

/// By hand for [`SOMEBODY`]: scores per cause and quarter, added up in the order of the terms.
fn by_hand() -> [Vec<f64>; 2] {
    let time = [0.5, 0.25, 0.0, -0.125, -0.25, -0.5];
    let changing = [-0.5, 0.125, 0.125, 0.625, 0.625, 0.625];
    let turned = [-0.25, -0.25, 0.25, 0.25, 0.25, 0.25];
    let work = |k: usize| -1.5 - 0.6 - 0.125 + 0.5 + time[k] + changing[k] - 0.0625;
    let other = |k: usize| -3.0 + 1.2 + 0.25 - 1.0 + time[k] + turned[k];
    [(0..6).map(work).collect(), (0..6).map(other).collect()]
}

#[test]
fn chances_follow_from_the_odds_of_every_quarter_by_hand() {
    let (found, answer) = outlook(&leaving_by_quarter(), SOMEBODY);
    let curve = found.curve.as_ref().unwrap();
    assert_eq!(curve.time, ends());
    let [work, other] = by_hand();
    let (mut left, mut ended) = (1.0, [0.0; 2]);
    for (k, (work, other)) in work.iter().zip(&other).enumerate() {
        let odds = [work.exp(), other.exp()];
        let all = 1.0 + odds[0] + odds[1];
        for c in 0..2 {
            ended[c] += left * odds[c] / all;
            assert!((curve.ended[c][k] - ended[c]).abs() < 1e-14);
        }
        left /= all;
        assert!((curve.lasting[k] - left).abs() < 1e-14);
        assert!((left + ended[0] + ended[1] - 1.0).abs() < 1e-14);
    }
    // After 3, 6 and 12 months; two years lie beyond what was seen.
    for (horizon, k) in found.lasting.iter().zip([0, 1, 3, 5]) {
        assert_eq!(horizon.chance.to_bits(), curve.lasting[k].to_bits());
    }
    let beyond: Vec<bool> = found
        .lasting
        .iter()
        .map(|chance| chance.is_beyond)
        .collect();
    assert_eq!(beyond, [false, false, false, true]);
    let half = curve.lasting.iter().position(|left| *left <= 0.5).unwrap();
    assert_eq!(found.median.time, Some(curve.time[half]));
    assert!(found.median.lower.unwrap() <= curve.time[half]);
    // What changes is averaged by who was at risk; the sum is the score, and the average row is at 0.
    let changing = 0.3125 * -0.5 + (0.25 + 0.1875) * 0.125 + 0.25 * 0.625;
    let expected = [-0.6, -0.125, 0.5 + changing, -0.0625];
    for (found, expected) in answer.contributions.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 1e-15,
            "{:?}",
            answer.contributions
        );
    }
    assert_eq!(answer.contributions.len(), 4);
    assert_eq!(answer.contributions, found.causes[0].contributions);
    let sum: f64 = answer.contributions.iter().sum();
    assert_eq!(
        (answer.base_score, sum.to_bits()),
        (0.0, answer.score.to_bits())
    );
    assert_eq!(found.risk_class, Some(usize::from(answer.score >= -0.125)));
    let of = &found.causes[0].over_time;
    assert_eq!((of.len(), of[0].input), (1, 2));
    assert_eq!(
        of[0].contributions,
        [0.0, 0.625, 0.625, 1.125, 1.125, 1.125]
    );
    assert_eq!(found.causes[1].over_time[0].input, 0);
    assert!(found.causes[1].contributions[3] == 0.0);
}

/// Limits are those of small steps along what each bag says apart.
#[test]
fn limits_are_those_of_small_steps_of_every_bag() {
    let model = leaving_by_quarter();
    let (found, _) = outlook(&model, SOMEBODY);
    let step = 1e-3;
    let moved = |cause: usize, bag: usize| {
        let mut model = leaving_by_quarter();
        let terms = &mut fit(&mut model).causes[cause].terms;
        let bags = terms.bags.clone().unwrap();
        let share = bags.unit * bags.factor / f64::from(BAGS - 1).sqrt() * step;
        let by = |of: &Deviations| f64::from(of.0[bag]) * share;
        terms.intercept += by(&bags.intercept);
        for curve in &mut terms.curves {
            for (score, of) in curve.scores.iter_mut().zip(&curve.deviations) {
                *score += by(of);
            }
        }
        for pair in &mut terms.pairs {
            let cells = pair.deviations.iter().flatten();
            for (score, of) in pair.scores.iter_mut().flatten().zip(cells) {
                *score += by(of);
            }
        }
        outlook(&model, SOMEBODY).0
    };
    let all: Vec<Outlook> = (0..2)
        .flat_map(|cause| (0..3).map(move |bag| (cause, bag)))
        .map(|(c, b)| moved(c, b))
        .collect();
    let error = |of: &dyn Fn(&Outlook) -> f64| {
        let squares = all
            .iter()
            .map(|moved| ((of(moved) - of(&found)) / step).powi(2));
        squares.sum::<f64>().sqrt()
    };
    let limits = |chance: f64, error: f64| {
        let centre = (-chance.ln()).ln();
        let half = 1.959_963_984_540_054 * error / (chance * -chance.ln());
        [
            (-(centre + half).exp()).exp(),
            (-(centre - half).exp()).exp(),
        ]
    };
    for h in 0..4 {
        let parts: [&dyn Fn(&Outlook) -> helder_model::Chance; 3] =
            [&|of| of.lasting[h], &|of| of.causes[0].ended[h], &|of| {
                of.causes[1].ended[h]
            }];
        for part in parts {
            let chance = part(&found);
            let interval = chance.interval.unwrap();
            let [lower, upper] = limits(chance.chance, error(&|of| part(of).chance));
            assert!(
                (interval.lower - lower).abs() < 1e-4 && (interval.upper - upper).abs() < 1e-4,
                "{h}: {interval:?} {lower} {upper}"
            );
            assert!(interval.lower < chance.chance && chance.chance < interval.upper);
        }
    }
    let mut silent = leaving_by_quarter();
    for cause in &mut fit(&mut silent).causes {
        cause.terms.bags = None;
        cause
            .terms
            .curves
            .iter_mut()
            .for_each(|curve| curve.deviations.clear());
        cause
            .terms
            .pairs
            .iter_mut()
            .for_each(|pair| pair.deviations.clear());
    }
    let (none, _) = outlook(&silent, SOMEBODY);
    assert!(none.lasting.iter().all(|chance| chance.interval.is_none()));
    assert_eq!(none.curve, found.curve);
}

#[test]
fn certain_ends_and_missing_values_stay_numbers() {
    let mut model = leaving_by_quarter();
    fit(&mut model).causes[0].terms.intercept = 1e90;
    for values in [
        SOMEBODY,
        [Value::Null, Value::Text("boot"), Value::Boolean(false)],
    ] {
        let (found, answer) = outlook(&model, values);
        let chances = found
            .lasting
            .iter()
            .chain(found.causes.iter().flat_map(|c| &c.ended));
        assert!(
            chances
                .into_iter()
                .all(|chance| (0.0..=1.0).contains(&chance.chance))
        );
        assert!(answer.score.is_finite() && found.median.time == Some(QUARTER));
    }
}

#[test]
fn reasons_and_the_printed_sheet_say_what_makes_it_faster() {
    let model = leaving_by_quarter();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let mut row = scorer.row();
    for (place, value) in SOMEBODY.into_iter().enumerate() {
        scorer.set(&mut row, place, value).unwrap();
    }
    assert!(reasons.meaning(&row, 0, -0.6).nl.contains("langzamer"));
    assert!(reasons.meaning(&row, 3, 0.2).en.contains("together with"));
    for language in [Language::Dutch, Language::English] {
        let printed = model.printed(language, true);
        assert!(
            printed.contains("werk") && !printed.contains("NaN"),
            "{printed}"
        );
    }
}

#[test]
fn what_does_not_fit_is_named() {
    for (pointer, value, at, code) in [
        ("/link", json!("log"), "/algorithm", "wrong-kind"),
        ("/kind", json!("regression"), "/algorithm", "wrong-kind"),
        (
            "/fitted/horizons/0",
            json!(0),
            "/fitted/horizons",
            "out-of-range",
        ),
        ("/fitted/ends/0", json!(0), "/fitted/ends", "out-of-range"),
        ("/fitted/ends/2", json!(1), "/fitted/ends", "out-of-range"),
        (
            "/fitted/atRisk/2",
            json!(0.9),
            "/fitted/atRisk",
            "out-of-range",
        ),
        (
            "/fitted/atRisk",
            json!([1]),
            "/fitted/atRisk",
            "out-of-range",
        ),
        ("/fitted/causes", json!([]), "/fitted/causes", "too-many"),
        (
            "/fitted/causes/1/name",
            json!("werk"),
            "/fitted/causes/1/name",
            "duplicate-name",
        ),
        (
            "/fitted/causes/0/terms/curves/3/input",
            json!("tijd"),
            "/fitted/causes/0/terms/curves/3/input",
            "unknown-input",
        ),
        (
            "/fitted/causes/1/terms/curves/0/scores",
            json!([0.5]),
            "/fitted/causes/1/terms/curves/0/scores",
            "wrong-size",
        ),
        (
            "/fitted/causes/0/terms/pairs/0/second/input",
            json!("adres"),
            "/fitted/causes/0/terms/pairs/0/second/input",
            "unknown-input",
        ),
        (
            "/fitted/causes/0/terms/intercept",
            json!(1e200),
            "/fitted/causes/0/terms",
            "out-of-range",
        ),
        (
            "/fitted/riskClasses/0/rows",
            json!(10),
            "/fitted/riskClasses/0/rows",
            "too-few",
        ),
    ] {
        let mut tree: Json = serde_json::to_value(leaving_by_quarter()).unwrap();
        *tree.pointer_mut(pointer).unwrap() = value;
        let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
        let found: Vec<(&str, &str)> = error
            .0
            .iter()
            .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
            .collect();
        assert!(found.contains(&(at, code)), "{pointer}: {found:?}");
    }
    let mut named = leaving_by_quarter();
    TIME.clone_into(&mut named.inputs[0].name);
    let faults = named.to_json().unwrap_err();
    assert!(
        faults
            .0
            .iter()
            .any(|fault| fault.pointer == "/inputs/0/name")
    );
}
