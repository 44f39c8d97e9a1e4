//! Models whose answer is an amount, a count or a share.

use helder_model::{Algorithm, Answer, Family, Kind, Link, Model, Reasons, Scorer, Value};

use crate::examples::visits;

fn answer_to(model: &Model, value: f64) -> Answer {
    let scorer = Scorer::new(model).unwrap();
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    scorer.set(&mut row, 0, Value::Number(value)).unwrap();
    scorer.score(&row, &mut answer).unwrap();
    answer
}

fn with(change: impl Fn(&mut Model, &mut helder_model::GeneralisedFit)) -> Model {
    let mut model = visits();
    let Algorithm::GeneralisedLinear(mut fit) = model.algorithm.clone() else {
        unreachable!()
    };
    change(&mut model, &mut fit);
    model.algorithm = Algorithm::GeneralisedLinear(fit);
    model
}

fn codes(model: &Model) -> Vec<(String, String)> {
    let faults = model.to_json().unwrap_err().0;
    faults.into_iter().map(|f| (f.pointer, f.code)).collect()
}

#[test]
fn a_count_is_the_exponential_of_its_score_with_its_interval() {
    let answer = answer_to(&visits(), 50.0);
    let score = -1.5 + 0.02 * 50.0;
    assert!((answer.score - score).abs() < 1e-12);
    assert!((answer.value.unwrap() - score.exp()).abs() < 1e-12);
    assert_eq!(answer.probability, None);
    let error: f64 = 0.04_f64 - 2.0 * 0.0006 * 50.0 + 0.000_016 * 2500.0;
    let interval = answer.interval.unwrap();
    let reach = 1.959_963_984_540_054 * error.sqrt();
    assert!((interval.lower - (score - reach).exp()).abs() < 1e-12);
    assert!((interval.upper - (score + reach).exp()).abs() < 1e-12);
    assert!(Scorer::new(&visits()).unwrap().answers_value());
}

#[test]
fn amounts_and_shares_follow_their_link_and_stay_writable() {
    let amount = with(|model, fit| {
        model.link = Link::Identity;
        fit.family = Family::Gaussian;
        fit.theta = None;
        fit.residual_variance = Some(4.0);
    });
    assert!((answer_to(&amount, 50.0).value.unwrap() + 0.5).abs() < 1e-12);
    let share = with(|model, fit| {
        model.link = Link::Logit;
        fit.family = Family::Binomial;
        fit.theta = None;
    });
    let value = answer_to(&share, 50.0).value.unwrap();
    assert!((value - 1.0 / (1.0 + 0.5_f64.exp())).abs() < 1e-12);
    for far in [1e9, -1e9] {
        assert!(answer_to(&visits(), far).value.unwrap().is_finite());
    }
    for model in [amount, share] {
        assert_eq!(Model::from_json(&model.to_json().unwrap()).unwrap(), model);
    }
}

#[test]
fn what_does_not_belong_together_is_named() {
    let fault = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    let wrong_link = with(|model, _| model.link = Link::Identity);
    assert_eq!(codes(&wrong_link), [fault("/algorithm", "wrong-kind")]);
    let wrong_kind = with(|model, _| model.kind = Kind::BinaryClassification);
    assert_eq!(codes(&wrong_kind), [fault("/algorithm", "wrong-kind")]);
    let no_shape = with(|_, fit| fit.theta = None);
    assert_eq!(codes(&no_shape), [fault("/fitted/theta", "out-of-range")]);
    let spread = with(|_, fit| fit.residual_variance = Some(1.0));
    assert_eq!(
        codes(&spread),
        [fault("/fitted/residualVariance", "out-of-range")]
    );
    let reach = with(|_, fit| fit.critical = f64::NAN);
    assert_eq!(codes(&reach), [fault("/fitted/critical", "out-of-range")]);
    let lost = with(|_, fit| fit.linear.linear_terms.clear());
    assert!(codes(&lost).contains(&fault("/fitted/linear", "input-without-term")));
    let empty = with(|_, fit| fit.per = Some(" ".to_owned()));
    assert_eq!(codes(&empty), [fault("/fitted/per", "empty-text")]);
}

#[test]
fn reasons_speak_of_the_estimate() {
    let model = visits();
    let scorer = Scorer::new(&model).unwrap();
    let mut row = scorer.row();
    scorer.set(&mut row, 0, Value::Number(60.0)).unwrap();
    let said = Reasons::plain(&model).meaning(&row, 0, 0.4);
    assert_eq!(
        said.nl,
        "Leeftijd van het huishouden: 60. Dit verhoogt de schatting."
    );
    assert_eq!(
        said.en,
        "Leeftijd of the household: 60. This raises the estimate."
    );
    assert!(
        Reasons::plain(&model)
            .meaning(&row, 0, -0.001)
            .nl
            .contains("bijna geen verschil")
    );
}
