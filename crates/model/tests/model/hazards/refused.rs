//! Survival models that do not hold together.

use helder_model::{Model, RiskCurve};
use serde_json::{Value as Json, json};

use super::{fit, leaving};

fn refused(pointer: &str, value: Json) -> Vec<(String, String)> {
    let mut tree = serde_json::to_value(leaving()).unwrap();
    *tree.pointer_mut(pointer).unwrap() = value;
    let error = Model::from_json(&serde_json::to_vec(&tree).unwrap()).unwrap_err();
    error
        .0
        .into_iter()
        .map(|fault| (fault.pointer, fault.code))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of faults")]
fn what_does_not_fit_is_named() {
    for (pointer, value, at, code) in [
        ("/kind", json!("regression"), "/algorithm", "wrong-kind"),
        ("/link", json!("logit"), "/algorithm", "wrong-kind"),
        (
            "/calibration",
            json!({"method": "logistic", "intercept": 0, "slope": 1}),
            "/calibration",
            "wrong-kind",
        ),
        (
            "/fitted/horizons",
            json!([]),
            "/fitted/horizons",
            "out-of-range",
        ),
        (
            "/fitted/horizons/0",
            json!(0),
            "/fitted/horizons",
            "out-of-range",
        ),
        ("/fitted/times/3", json!(1), "/fitted/times", "out-of-range"),
        (
            "/fitted/times/0",
            json!(-1),
            "/fitted/times",
            "out-of-range",
        ),
        (
            "/fitted/knots/19",
            json!(20),
            "/fitted/knots",
            "unknown-time",
        ),
        ("/fitted/knots/5", json!(4), "/fitted/knots", "unknown-time"),
        ("/fitted/causes", json!([]), "/fitted/causes", "too-many"),
        (
            "/fitted/causes/1/name",
            json!("werk"),
            "/fitted/causes/1/name",
            "duplicate-name",
        ),
        (
            "/fitted/causes/0/cumulativeHazard/4",
            json!(0),
            "/fitted/causes/0/cumulativeHazard",
            "out-of-range",
        ),
        (
            "/fitted/causes/0/cumulativeHazard",
            json!([]),
            "/fitted/causes/0/cumulativeHazard",
            "out-of-range",
        ),
        (
            "/fitted/causes/1/variance/0",
            json!(-1),
            "/fitted/causes/1/variance",
            "out-of-range",
        ),
        (
            "/fitted/causes/1/weightedMeans/0",
            json!([1]),
            "/fitted/causes/1/weightedMeans",
            "wrong-size",
        ),
        (
            "/fitted/causes/0/terms/linearTerms/0/input",
            json!("x"),
            "/fitted/causes/0/terms/linearTerms/0/input",
            "unknown-input",
        ),
        (
            "/fitted/causes/0/terms/covariance/2/2",
            json!(-1),
            "/fitted/causes/0/terms/covariance/2",
            "no-covariance",
        ),
        (
            "/fitted/causes/0/terms/missingTerms",
            json!([]),
            "/fitted/causes/0/terms/missingTerms",
            "input-without-term",
        ),
        (
            "/fitted/riskClasses/0/rows",
            json!(49),
            "/fitted/riskClasses/0/rows",
            "too-few",
        ),
        (
            "/fitted/riskClasses/0/ended",
            json!([]),
            "/fitted/riskClasses/0/ended",
            "wrong-size",
        ),
        (
            "/fitted/riskClasses/1/ended/0/share/1",
            json!(0),
            "/fitted/riskClasses/1/ended/0",
            "out-of-range",
        ),
    ] {
        let found = refused(pointer, value);
        assert!(
            found.contains(&(at.to_owned(), code.to_owned())),
            "{pointer}: {found:?}"
        );
    }
    // A bound on the last class, or none on another.
    for edit in [
        json!([{"rows": 60, "below": 1.0, "ended": []}]),
        json!([{"rows": 60, "ended": []}, {"rows": 60, "ended": []}]),
    ] {
        let found = refused("/fitted/riskClasses", edit);
        assert!(
            found.contains(&("/fitted/riskClasses".to_owned(), "out-of-range".to_owned())),
            "{found:?}"
        );
    }
}

#[test]
fn a_curve_that_tells_of_fewer_than_ten_is_refused() {
    let mut model = leaving();
    let class = &mut fit(&mut model).risk_classes[0];
    class.rows = 50;
    let curve = &mut class.ended[0];
    *curve = RiskCurve {
        time: (1..=6).map(f64::from).collect(),
        share: vec![0.1; 6],
        lower: vec![0.0; 6],
        upper: vec![0.2; 6],
    };
    assert!(model.to_json().is_err());
}
