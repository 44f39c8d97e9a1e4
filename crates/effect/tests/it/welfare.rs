//! Made welfare spells with a true hazard ratio of 1.44 and an employability that nobody recorded.

use helder_effect::{Code, Plan, Verdict, analyse, check_plan};

use crate::support::welfare::{Welfare, reference};

const TRUTH: f64 = 0.364_928_809_674_139_3;

fn close(found: f64, expected: f64, digits: i32) {
    let apart = (found - expected).abs() / expected.abs();
    assert!(apart < 10_f64.powi(-digits), "{found} beside {expected}");
}

#[test]
fn both_ways_of_counting_equal_r() {
    let (Some(welfare), Some(reference)) = (Welfare::read(true), reference()) else {
        return;
    };
    let spells = welfare.spells();
    let refusal = check_plan(&spells.study(), Plan::EverReceived)
        .unwrap()
        .unwrap();
    let right = refusal.from_its_beginning.unwrap();
    let wrong = refusal.ever_received.unwrap();
    let of_r = &reference["time_dependent_provision"];
    close(right.estimate, of_r["coef"][7].as_f64().unwrap(), 10);
    close(right.standard_error, of_r["se"][7].as_f64().unwrap(), 9);
    let of_r = &reference["immortal_time_wrong"]["coef"];
    close(wrong.estimate, of_r[7].as_f64().unwrap(), 10);
    // Weeks before the provision pull the wrong figure towards "no difference".
    assert!(wrong.estimate < TRUTH && refusal.immortal_share.unwrap() > 0.1);
}

#[test]
fn without_the_hidden_confounder_the_conclusion_says_how_strong_it_must_be() {
    let Some(welfare) = Welfare::read(false) else {
        return;
    };
    let spells = welfare.spells();
    let effect = analyse(&spells.study()).unwrap();
    let adjusted = effect.time_dependent.adjusted.value().unwrap();
    assert!(
        adjusted.lower > TRUTH.exp(),
        "selection is not seen by holding columns equal"
    );
    assert_eq!(effect.conclusion.verdict, Verdict::Faster);
    let may_not: Vec<Code> = effect.conclusion.may_not.iter().map(|it| it.code).collect();
    assert!(may_not.contains(&Code::NotCause), "{may_not:?}");
    // A confounder of moderate strength brings the truth within the bound.
    let sensitivity = effect.sensitivity.value().unwrap();
    let truth = helder_effect::risk_ratio_of(TRUTH.exp(), true);
    let moderate = sensitivity
        .bounds
        .iter()
        .find(|it| it.with_outcome == 1.5)
        .unwrap();
    assert!(moderate.lower < truth && truth < sensitivity.risk_ratio);
    assert!(sensitivity.e_value > 1.5 && sensitivity.e_value_of_limit > 1.0);
}
