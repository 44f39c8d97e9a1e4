//! Whatever the input, an answer is whole or an error: no panic, and no figure that is not a number.

use helder_evaluation::{
    Conformal, Coverage, Feature, LinkQuality, Proportion, Recalibration, RecalibrationKind,
    ceiling, decision_curve, drift, evaluate, gaps, leakage, link_influence, stability,
};
use serde::{Serialize, de::DeserializeOwned};

/// JSON has no NaN: it becomes null, and a figure that must be there cannot be read back.
fn is_whole<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    let back: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(&back, value);
}

/// Numbers in turn, the same in every run.
struct Turns(u64);

impl Turns {
    fn next(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n
    }
}

const PROBABILITIES: [f64; 8] = [0.0, 1.0, 0.5, 0.5, 1e-300, 1.0 - f64::EPSILON, 0.3, 0.9];
const NUMBERS: [Option<f64>; 6] = [
    None,
    Some(f64::NAN),
    Some(f64::NEG_INFINITY),
    Some(1e300),
    Some(-0.0),
    Some(7.0),
];

#[test]
fn every_section_on_any_rows_is_whole() {
    let mut turns = Turns(3);
    let mut judged = 0;
    for round in 0..400 {
        let n = 1 + turns.next(if round % 4 == 0 { 300 } else { 25 });
        let y: Vec<bool> = (0..n).map(|_| turns.next(3) == 0).collect();
        let few = if round % 5 == 0 { 1 } else { 8 };
        let p: Vec<f64> = (0..n).map(|_| PROBABILITIES[turns.next(few)]).collect();
        let parts: Vec<&str> = (0..n).map(|_| ["a", "", "b"][turns.next(3)]).collect();
        is_whole(&decision_curve(&y, &p, &[1e-9, 0.5, 1.0 - 1e-9]).unwrap());
        is_whole(&stability(&y, &p, &parts, 5).unwrap());
        let numbers: Vec<Option<f64>> = (0..n).map(|_| NUMBERS[turns.next(6)]).collect();
        let missing = vec![("x".to_owned(), Feature::Numbers(&numbers).gaps())];
        is_whole(&gaps(&y, &p, &missing, 5).unwrap());
        for coverage in [
            Coverage::Marginal,
            Coverage::PerClass,
            Coverage::PerClassAndGroup,
        ] {
            let sets = Conformal::fit(coverage, &y, &p, &parts, 0.1).unwrap();
            is_whole(&sets);
            is_whole(&sets.covered(&y, &p, &parts).unwrap());
        }
        for kind in RecalibrationKind::ALL {
            if let Ok(map) = Recalibration::fit(kind, &y, &p) {
                is_whole(&map);
                for given in PROBABILITIES {
                    assert!((0.0..=1.0).contains(&map.apply(given)), "{map:?} {given}");
                }
            }
        }
        let seen = Proportion::new(y.iter().filter(|y| **y).count(), n);
        is_whole(&drift(seen, Proportion::new(turns.next(n + 1), n), 0.05).unwrap());
        if y.iter().all(|v| *v == y[0]) {
            assert!(evaluate(&y, &p, &[3]).is_err());
            continue;
        }
        judged += 1;
        let found = evaluate(&y, &p, &[1, 1_000]).unwrap();
        for figure in [
            found.auc.value,
            found.average_precision,
            found.log_loss,
            found.brier,
        ] {
            assert!(figure.is_finite());
        }
        if let Some(line) = found.calibration.line {
            is_whole(&line);
            assert!(line.slope.is_finite() && line.intercept.is_finite());
        }
        is_whole(
            &leakage(
                &y,
                &[("x".to_owned(), Feature::Numbers(&numbers))],
                Some(0.8),
                0.9,
            )
            .unwrap(),
        );
        let quality = LinkQuality {
            precision: [1e-6, 0.5, 1.0][turns.next(3)],
            recall: [1e-6, 0.5, 1.0][turns.next(3)],
        };
        is_whole(&link_influence(&y, &p, quality).unwrap());
        if let Ok(ceiling) = ceiling(&y, &p, &p) {
            is_whole(&ceiling);
        }
    }
    assert!(judged > 200);
}
