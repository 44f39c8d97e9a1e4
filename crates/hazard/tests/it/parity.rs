//! Beside R's `glm` on the same rows (`tests/reference/hazard.R`), and beside Aalen and Johansen's curves.

use helder_hazard::{DiscreteHazard, GlmHazard, Link, TimeEffect};
use helder_survival::{Intervals, Spells, aalen_johansen};
use serde_json::Value;

use crate::made::{Made, ask, floats};

const LINKS: [(&str, Link); 2] = [("logit", Link::Logit), ("cloglog", Link::Cloglog)];

fn fit(spells: &Spells, columns: &[(String, Vec<f64>)], link: Link) -> GlmHazard {
    DiscreteHazard::new(Made::intervals())
        .glm(spells, columns, link, TimeEffect::EachInterval)
        .unwrap()
}

fn estimates(model: &GlmHazard, cause: usize) -> Vec<f64> {
    let fit = &model.causes[cause - 1].fit;
    fit.coefficients.iter().map(|c| c.estimate).collect()
}

#[test]
fn coefficients_errors_and_curve_are_those_of_glm_on_person_periods() {
    let made = Made::read();
    let columns = made.columns(&["age", "work", "district"]);
    for (key, link) in LINKS {
        let model = fit(&made.spells().any(), &columns, link);
        let expected = &made.expected["any"][key];
        let theirs = |name: &str| floats(&expected[name]);
        ask(key, &estimates(&model, 1), &theirs("coef"), 9.0);
        let fit = &model.causes[0].fit;
        let errors: Vec<f64> = fit.coefficients.iter().map(|c| c.standard_error).collect();
        ask(&format!("{key}: errors"), &errors, &theirs("se"), 7.0);
        let likelihood = expected["loglik"].as_f64().unwrap();
        ask(
            &format!("{key}: likelihood"),
            &[fit.log_likelihood],
            &[likelihood],
            12.0,
        );
        check_curve(key, &model, expected);
    }
}

fn check_curve(key: &str, model: &GlmHazard, expected: &Value) {
    let curve = model.curve(&[33.0, 1.0, 2.0], 0.95).unwrap();
    let of = |f: &dyn Fn(usize) -> f64| (0..curve.points.len()).map(f).collect::<Vec<f64>>();
    let points = &curve.points;
    let hazards = of(&|k| points[k].hazards[0]);
    ask(
        &format!("{key}: hazards"),
        &hazards,
        &floats(&expected["hazard"]),
        9.0,
    );
    let survival = of(&|k| points[k].survival);
    ask(
        &format!("{key}: survival"),
        &survival,
        &floats(&expected["survival"]),
        9.0,
    );
    let limits = |side: f64| -> Vec<f64> {
        floats(&expected["survival"])
            .iter()
            .zip(floats(&expected["error_of_log"]))
            .map(|(s, error)| s.powf((side * 1.959_963_984_540_054 * error / -s.ln()).exp()))
            .collect()
    };
    let found = |upper: bool| {
        of(&|k| {
            let (low, high) = points[k].survival_limits.unwrap();
            if upper { high } else { low }
        })
    };
    ask(&format!("{key}: lower"), &found(false), &limits(1.0), 7.0);
    ask(&format!("{key}: upper"), &found(true), &limits(-1.0), 7.0);
    for point in points {
        assert!((point.survival + point.incidence[0] - 1.0).abs() < 1e-12);
    }
}

#[test]
fn weights_and_causes_are_those_of_glm() {
    let made = Made::read();
    let weighted = made
        .spells()
        .any()
        .weighted(&made.column("weight"))
        .unwrap();
    let columns = made.columns(&["age", "work", "district"]);
    for (key, link) in LINKS {
        let model = fit(&weighted, &columns, link);
        let expected = floats(&made.expected["weighted"][key]["coef"]);
        ask(
            &format!("{key}, weighted"),
            &estimates(&model, 1),
            &expected,
            9.0,
        );
        let model = fit(&made.spells(), &made.columns(&["work"]), link);
        for cause in 1..=2 {
            let expected = &made.expected["causes"][key][cause - 1];
            // The column; the level of an interval without ends has no finite estimate, and none here.
            let last = |values: &[f64]| values[values.len() - 1];
            let name = format!("{key}, cause {cause}");
            let found = estimates(&model, cause);
            ask(
                &name,
                &[last(&found)],
                &[last(&floats(&expected["coef"]))],
                9.0,
            );
        }
        assert!(
            model.n_rows <= 48,
            "rows of equal columns are one row per interval"
        );
    }
}

#[test]
fn without_columns_the_shares_by_cause_are_aalen_and_johansens() {
    let made = Made::read();
    for (_, link) in LINKS {
        let curve = fit(&made.spells(), &[], link).curve(&[], 0.95).unwrap();
        let expected = aalen_johansen(&made.spells(), 0.95);
        for point in &curve.points[2..] {
            let theirs = expected.at(point.end).unwrap();
            ask("staying", &[point.survival], &[theirs.survival.share], 10.0);
            for (ours, theirs) in point.incidence.iter().zip(&theirs.causes) {
                ask("ended", &[*ours], &[theirs.share], 10.0);
            }
            // The errors are of another kind: of the same size.
            let (low, high) = point.survival_limits.unwrap();
            let width = theirs.survival.upper.unwrap() - theirs.survival.lower.unwrap();
            assert!(((high - low) / width - 1.0).abs() < 0.1, "{point:?}");
        }
    }
}

#[test]
fn wide_intervals_keep_the_effects_and_a_spline_is_near_the_intervals() {
    let made = Made::read();
    let columns = made.columns(&["age", "work"]);
    let any = made.spells().any();
    let narrow = fit(&any, &columns, Link::Cloglog);
    let wide = DiscreteHazard::new(Intervals::of_width(4.0, 6).unwrap())
        .glm(&any, &columns, Link::Cloglog, TimeEffect::EachInterval)
        .unwrap();
    let last = |model: &GlmHazard| {
        let all = estimates(model, 1);
        all[all.len() - 2..].to_vec()
    };
    for (narrow, wide) in last(&narrow).iter().zip(last(&wide)) {
        assert!(
            (narrow - wide).abs() < 0.15 * narrow.abs(),
            "{narrow} and {wide}"
        );
    }
    let smooth = DiscreteHazard::new(Made::intervals())
        .glm(
            &any,
            &columns,
            Link::Cloglog,
            TimeEffect::Spline { knots: 4 },
        )
        .unwrap();
    assert_eq!(smooth.causes[0].fit.coefficients.len(), 6);
    let curves = [&narrow, &smooth].map(|model| model.curve(&[40.0, 0.0], 0.95).unwrap());
    for (a, b) in curves[0].points.iter().zip(&curves[1].points) {
        assert!((a.survival - b.survival).abs() < 0.05);
    }
}
