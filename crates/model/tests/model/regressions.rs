//! Regressions of hazards by interval: stored, refused when they do not fit, and turned into chances with limits.

use helder_model::{
    Algorithm, Answer, IntervalEffects, IntervalRegression, Language, LinearFit, LinearTerm, Link,
    Model, Outlook, Scorer, SplineColumn, SplineTerm, Value, interval::TIME,
};

use crate::hazards::leaving;

const QUARTER: f64 = 91.3125;

fn effects(mut terms: LinearFit, start: f64) -> LinearFit {
    terms.intercept.coefficient = start;
    terms.intercept.standard_error = Some(0.2);
    terms.spline_terms = vec![SplineTerm {
        input: TIME.to_owned(),
        knots: vec![QUARTER, 3.0 * QUARTER, 5.0 * QUARTER],
        columns: [(0.002, 320.0), (-0.004, 40.0)]
            .map(|(coefficient, mean)| SplineColumn {
                coefficient,
                standard_error: Some(0.001),
                mean,
            })
            .to_vec(),
    }];
    let p = terms.parameter_count();
    // Small where columns are large, as those of days are.
    let size = |i: usize| {
        if i == 1 || i == 3 || i == 4 {
            0.001
        } else {
            0.15
        }
    };
    let entry = |i: usize, j: usize| size(i) * size(j) * if i == j { 1.0 } else { 0.125 };
    terms.covariance = Some(
        (0..p)
            .map(|i| (0..=i).map(|j| entry(i, j)).collect())
            .collect(),
    );
    terms
}

/// Time until benefit ends, by work or otherwise, by quarter.
fn by_quarter(link: Link, name: &str) -> Model {
    let mut model = leaving();
    name.clone_into(&mut model.name);
    model.link = link;
    let Algorithm::CoxRegression(cox) = model.algorithm else {
        unreachable!()
    };
    let causes = cox.causes.into_iter().zip([-1.75, -2.5]);
    model.algorithm = Algorithm::HazardRegression(IntervalRegression {
        horizons: [1.0, 2.0, 4.0, 8.0].map(|k| k * QUARTER).to_vec(),
        ends: (1..=6).map(|k| f64::from(k) * QUARTER).collect(),
        causes: causes
            .map(|(cause, start)| IntervalEffects {
                name: cause.name,
                meaning: cause.meaning,
                events: cause.events,
                terms: effects(cause.terms.linear(), start),
            })
            .collect(),
        risk_classes: cox.risk_classes,
    });
    model
}

/// The score is the logarithm of the odds.
pub(crate) fn odds() -> Model {
    by_quarter(Link::Logit, "benefit-outflow-odds")
}

/// The score is the logarithm of the cumulative hazard.
pub(crate) fn rates() -> Model {
    by_quarter(Link::Cloglog, "benefit-outflow-rates")
}

fn fit(model: &mut Model) -> &mut IntervalRegression {
    let Algorithm::HazardRegression(fit) = &mut model.algorithm else {
        unreachable!()
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

/// Scores of [`SOMEBODY`] from uncentred terms, by hand.
fn score(terms: &LinearFit, end: f64) -> f64 {
    let of = |name: &str| terms.linear_terms.iter().find(|t| t.input == name).unwrap();
    let level = terms.category_terms[0]
        .levels
        .iter()
        .find(|l| l.level == "huur");
    let time = terms.spline_terms[0].basis();
    let columns = terms.spline_terms[0].columns.iter().enumerate();
    terms.intercept.coefficient
        + of("leeftijd").coefficient * 52.5
        + of("opleiding").coefficient
        + level.unwrap().coefficient
        + columns
            .map(|(k, c)| c.coefficient * time.column(k, end))
            .sum::<f64>()
}

fn by_hand(model: &Model) -> (Vec<f64>, Vec<Vec<f64>>) {
    let mut model = model.clone();
    let link = model.link;
    let fit = fit(&mut model);
    let (mut left, mut ended) = (1.0, vec![0.0; fit.causes.len()]);
    let (mut lasting, mut shares) = (Vec::new(), vec![Vec::new(); fit.causes.len()]);
    for end in &fit.ends {
        let odds = fit.causes.iter().map(|cause| {
            let score = score(&cause.terms, *end);
            if link == Link::Logit {
                score.exp()
            } else {
                score.exp().exp_m1()
            }
        });
        let odds: Vec<f64> = odds.collect();
        let all = 1.0 + odds.iter().sum::<f64>();
        for ((ended, odds), shares) in ended.iter_mut().zip(&odds).zip(&mut shares) {
            *ended += left * odds / all;
            shares.push(*ended);
        }
        left /= all;
        lasting.push(left);
    }
    (lasting, shares)
}

#[test]
fn chances_follow_from_the_link_of_every_quarter_by_hand() {
    for model in [odds(), rates()] {
        let (found, answer) = outlook(&model, SOMEBODY);
        let curve = found.curve.as_ref().unwrap();
        let (lasting, shares) = by_hand(&model);
        for k in 0..6 {
            assert!((curve.lasting[k] - lasting[k]).abs() < 1e-14);
            for (found, expected) in curve.ended.iter().zip(&shares) {
                assert!((found[k] - expected[k]).abs() < 1e-14);
            }
        }
        // One contribution per input, none of the time, counted from the average row.
        assert_eq!(answer.contributions.len(), 3);
        let sum: f64 = answer.contributions.iter().sum();
        assert_eq!(
            (answer.base_score, sum.to_bits()),
            (0.0, answer.score.to_bits())
        );
        assert_eq!(answer.contributions, found.causes[0].contributions);
        assert!(found.causes.iter().all(|cause| cause.over_time.is_empty()));
        assert!(found.lasting[3].is_beyond && !found.lasting[2].is_beyond);
        assert!(answer.probability.is_none());
    }
}

/// Every parameter of a cause in its fixed order, moved by a little.
fn moved(model: &Model, cause: usize, parameter: usize, by: f64) -> Model {
    let mut model = model.clone();
    let terms = &mut fit(&mut model).causes[cause].terms;
    let mut all: Vec<&mut f64> = vec![&mut terms.intercept.coefficient];
    all.extend(
        terms
            .linear_terms
            .iter_mut()
            .map(|term| &mut term.coefficient),
    );
    let bends = terms
        .spline_terms
        .iter_mut()
        .flat_map(|term| &mut term.columns);
    all.extend(bends.map(|column| &mut column.coefficient));
    let levels = terms
        .category_terms
        .iter_mut()
        .flat_map(|term| &mut term.levels);
    all.extend(levels.map(|level| &mut level.coefficient));
    all.extend(
        terms
            .missing_terms
            .iter_mut()
            .map(|term| &mut term.coefficient),
    );
    *all[parameter] += by;
    model
}

/// Limits are those of small steps of every coefficient, with the covariance.
#[test]
fn limits_are_those_of_small_steps_of_every_coefficient() {
    for model in [odds(), rates()] {
        let (found, _) = outlook(&model, SOMEBODY);
        let terms: Vec<LinearFit> = fit(&mut model.clone())
            .causes
            .iter()
            .map(|cause| cause.terms.clone())
            .collect();
        for horizon in 0..3 {
            let place = [0, 1, 3][horizon];
            let mut variances = [0.0; 3];
            for (cause, terms) in terms.iter().enumerate() {
                let triangle = terms.covariance.as_ref().unwrap();
                let slope = |parameter: usize| {
                    let step = triangle[parameter][parameter].sqrt() * 1e-4;
                    let [down, up] =
                        [-step, step].map(|by| by_hand(&moved(&model, cause, parameter, by)));
                    let of = |before: f64, after: f64| (after - before) / (2.0 * step);
                    [
                        of(down.0[place], up.0[place]),
                        of(down.1[0][place], up.1[0][place]),
                        of(down.1[1][place], up.1[1][place]),
                    ]
                };
                let slopes: Vec<[f64; 3]> = (0..triangle.len()).map(slope).collect();
                for (i, a) in slopes.iter().enumerate() {
                    for (j, b) in slopes.iter().enumerate() {
                        let entry = triangle[i.max(j)][i.min(j)];
                        for (variance, (a, b)) in variances.iter_mut().zip(a.iter().zip(b)) {
                            *variance += a * entry * b;
                        }
                    }
                }
            }
            let chances = [
                &found.lasting[horizon],
                &found.causes[0].ended[horizon],
                &found.causes[1].ended[horizon],
            ];
            for (chance, variance) in chances.into_iter().zip(variances) {
                let share = chance.chance;
                let gone = -share.ln();
                let half = 1.959_963_984_540_054 * variance.sqrt() / share / gone;
                let interval = chance.interval.unwrap();
                for (found, sign) in [(interval.lower, 1.0), (interval.upper, -1.0)] {
                    let expected = (-gone * (sign * half).exp()).exp();
                    assert!((found - expected).abs() < 1e-6, "{found} {expected}");
                }
            }
        }
    }
}

#[test]
fn far_values_give_chances_that_are_numbers() {
    for model in [odds(), rates()] {
        for age in [1e300, -1e300, 1e6, -1e6] {
            let (found, answer) = outlook(&model, [Value::Number(age), SOMEBODY[1], SOMEBODY[2]]);
            assert!(answer.score.is_finite());
            let curve = found.curve.unwrap();
            let all = curve.ended.iter().flatten().chain(&curve.lasting);
            assert!(
                all.into_iter()
                    .all(|share| (0.0..=1.0 + 1e-12).contains(share))
            );
            for chance in &found.lasting {
                assert!(
                    chance
                        .interval
                        .is_none_or(|i| i.lower.is_finite() && i.upper.is_finite())
                );
            }
        }
    }
}

#[test]
fn a_model_without_covariance_answers_without_limits() {
    let mut model = rates();
    for cause in &mut fit(&mut model).causes {
        cause.terms.covariance = None;
    }
    let (found, _) = outlook(&model, SOMEBODY);
    assert!(found.lasting.iter().all(|chance| chance.interval.is_none()));
    assert!(found.median.lower.is_none() && found.median.upper.is_none());
}

#[test]
fn the_printed_form_says_how_chances_follow() {
    let said = rates().printed(Language::Dutch, false);
    for part in [
        "exp(exp(score)) - 1",
        "tempo maal",
        "(time)'",
        "Lijn van (time)",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(
        odds()
            .printed(Language::English, false)
            .contains("odds times")
    );
}

#[test]
fn what_does_not_fit_is_refused_by_place() {
    let faults = |change: &dyn Fn(&mut Model)| {
        let mut model = odds();
        change(&mut model);
        let faults = model.to_json().unwrap_err().0;
        faults
            .into_iter()
            .map(|fault| fault.pointer)
            .collect::<Vec<_>>()
    };
    assert_eq!(faults(&|model| model.link = Link::Log), ["/algorithm"]);
    let ends = faults(&|model| fit(model).ends.clear());
    assert!(ends.contains(&"/fitted/ends".to_owned()), "{ends:?}");
    let timeless = faults(&|model| {
        let terms = &mut fit(model).causes[1].terms;
        terms.spline_terms.clear();
        terms.covariance = None;
    });
    assert_eq!(timeless, ["/fitted/causes/1/terms"]);
    let named = faults(&|model| TIME.clone_into(&mut model.inputs[0].name));
    assert!(named.contains(&"/inputs/0/name".to_owned()), "{named:?}");
    let foreign = faults(&|model| {
        fit(model).causes[0].terms.linear_terms.push(LinearTerm {
            input: "schulden".to_owned(),
            coefficient: 1.0,
            standard_error: None,
            mean: 0.0,
        });
    });
    assert!(
        foreign.contains(&"/fitted/causes/0/terms/linearTerms/2/input".to_owned()),
        "{foreign:?}"
    );
    let twice = faults(&|model| {
        let first = fit(model).causes[0].clone();
        fit(model).causes[1] = first;
    });
    assert!(twice.contains(&"/fitted/causes/1/name".to_owned()));
}
