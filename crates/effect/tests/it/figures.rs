//! Formulas beside their published examples.

use helder_effect::{
    bounding_factor, e_value, events_needed, risk_ratio_of, smallest_detectable_hazard_ratio,
};

fn close(found: f64, expected: f64, within: f64) {
    assert!(
        (found - expected).abs() < within,
        "{found} beside {expected}"
    );
}

/// VanderWeele & Ding 2017 (doi 10.7326/M16-2607): breast-feeding and respiratory death, 3.9 (1.8 to 8.7); leukaemia, 0.80 (0.71 to 0.91).
#[test]
fn e_values_equal_the_published_examples() {
    close(e_value(3.9), 7.26, 0.005);
    close(e_value(1.8), 3.0, 0.005);
    close(e_value(0.80), 1.81, 0.005);
    close(e_value(0.91), 1.43, 0.005);
    close(e_value(1.0), 1.0, 1e-15);
    // An E-value is the strength with which the bounding factor is the risk ratio.
    let strength = e_value(3.9);
    close(bounding_factor(strength, strength), 3.9, 1e-12);
}

#[test]
fn a_common_outcome_makes_a_hazard_ratio_a_smaller_risk_ratio() {
    let expected =
        (1.0 - 0.5_f64.powf(0.56_f64.sqrt())) / (1.0 - 0.5_f64.powf((1.0 / 0.56_f64).sqrt()));
    close(risk_ratio_of(0.56, true), expected, 1e-15);
    close(
        risk_ratio_of(2.0, true),
        1.0 / risk_ratio_of(0.5, true),
        1e-12,
    );
    close(risk_ratio_of(0.56, false), 0.56, 0.0_f64.max(1e-15));
}

/// Schoenfeld 1983: 80 % power at 5 % for a ratio of 2 with equal groups takes 66 events (65.3).
#[test]
fn events_needed_equal_schoenfeld() {
    close(events_needed(2.0, 0.5, 0.95, 0.8).unwrap(), 65.345_3, 1e-3);
    close(events_needed(1.5, 0.5, 0.95, 0.8).unwrap(), 190.966, 1e-2);
    let needed = events_needed(1.5, 0.2, 0.95, 0.9).unwrap();
    let back = smallest_detectable_hazard_ratio(needed, 0.2, 0.95, 0.9).unwrap();
    close(back, 1.5, 1e-12);
    assert_eq!(events_needed(1.0, 0.5, 0.95, 0.8), None);
    assert_eq!(events_needed(2.0, 0.0, 0.95, 0.8), None);
}
