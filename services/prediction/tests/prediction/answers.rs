//! The answer as written by hand is the answer as documented.

use helder_model::Answer;
use helder_prediction::{
    answer::Writer,
    served::SubjectType,
    subjects::{read, read_all},
    wire::{CounterfactualOutcome, InputValue, PredictionAnswer},
};
use helder_types::Fault;

use crate::support::{GROUPS, MODEL, Place, VALUES, VISITS};

async fn answer_to(model: &'static [u8], body: &str) -> PredictionAnswer {
    let place = Place::new();
    let served = place.served(model).await;
    let subjects = read(body.as_bytes(), &served.scorer).unwrap();
    let mut writer = Writer::new(&served, subjects.len());
    for subject in &subjects {
        let mut answer = Answer::default();
        served.scorer.score(&subject.row, &mut answer).unwrap();
        writer.scored(subject.id.as_deref(), &subject.row, &answer);
    }
    serde_json::from_slice(&writer.finish()).unwrap()
}

#[actix_web::test]
async fn the_answer_is_as_documented_and_its_contributions_sum_to_the_score() {
    let missing = VALUES
        .replace("120000", "null")
        .replace("\"huur\"", "\"boot\"");
    let body =
        format!(r#"{{"subjects":[{{"id":"a \"b\"","values":{VALUES}}},{{"values":{missing}}}]}}"#);
    let answer = answer_to(MODEL, &body).await;
    assert!(answer.advice);
    assert_eq!(answer.model, "economic-homelessness");
    assert_eq!(
        answer.catalogue_entry,
        format!("/registry/v1/catalogue-entries/{}", answer.model_digest)
    );
    assert_eq!(answer.predictions[0].id.as_deref(), Some("a \"b\""));
    for prediction in &answer.predictions {
        let sum = prediction
            .contributions
            .iter()
            .fold(prediction.base_score, |sum, c| sum + c.contribution);
        assert!((sum - prediction.score).abs() < 1e-12);
        let log_odds = 0.02 + 0.97 * prediction.score;
        assert!((prediction.probability.unwrap() - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-15);
        let sizes = prediction
            .contributions
            .iter()
            .map(|c| c.contribution.abs());
        assert!(sizes.is_sorted_by(|a, b| a >= b));
        assert_eq!(prediction.contributions.len(), 5);
        let interval = prediction.interval.as_ref().unwrap();
        assert!(
            interval.lower < prediction.probability.unwrap()
                && prediction.probability.unwrap() < interval.upper
        );
    }
    let of = |prediction: usize, input: &str| {
        answer.predictions[prediction]
            .contributions
            .iter()
            .find(|c| c.input == input)
            .unwrap()
    };
    assert_eq!(
        of(0, "woonvorm").value,
        Some(InputValue::Text("huur".to_owned()))
    );
    assert_eq!(
        of(0, "huurachterstand").reason.nl,
        "Huurachterstand van het huishouden: € 1200,00. Dit verhoogt de kans."
    );
    let codes: Vec<_> = answer.predictions[1]
        .warnings
        .iter()
        .map(|w| (w.input.as_str(), w.code.as_str()))
        .collect();
    assert_eq!(
        codes,
        [
            ("huurachterstand", "missing"),
            ("woonvorm", "unknown-category")
        ]
    );
    assert!(answer.predictions[0].warnings.is_empty());
}

#[actix_web::test]
async fn a_group_has_a_name_and_no_probability() {
    let answer = answer_to(
        GROUPS,
        r#"{"subjects":[{"values":{"leeftijd":52,"kinderen":true}}]}"#,
    )
    .await;
    let prediction = &answer.predictions[0];
    assert_eq!(prediction.probability, None);
    assert_eq!(prediction.group.as_ref().unwrap().name.nl, "groep twee");
    assert!(
        prediction.contributions[0]
            .reason
            .nl
            .ends_with("Dit past bij deze groep.")
    );
}

#[actix_web::test]
async fn a_subject_is_known_to_the_log_by_a_pseudonym_only() {
    let place = Place::new();
    let served = place.served(MODEL).await;
    let (bsn, kind) = served.pseudonym("249566758");
    assert_eq!(kind, SubjectType::Bsn);
    assert_eq!(served.pseudonym("249566758").0, bsn);
    let (client, kind) = served.pseudonym("klant 12");
    assert_eq!(kind, SubjectType::Other);
    assert_ne!(client, bsn);
    // A wrong BSN is an identifier like any other, never kept as it is.
    assert_eq!(served.pseudonym("249566759").1, SubjectType::Other);
    let pseudonym = std::str::from_utf8(&bsn).unwrap();
    assert_eq!(served.pseudonym(pseudonym), (bsn, SubjectType::Pseudonym));
}

#[actix_web::test]
async fn a_count_comes_with_its_interval_and_without_a_probability() {
    let body = r#"{"subjects":[{"values":{"leeftijd":50}}]}"#;
    let answer = answer_to(VISITS, body).await;
    let prediction = &answer.predictions[0];
    let value = prediction.value.unwrap();
    assert!((value - (-0.5_f64).exp()).abs() < 1e-12);
    assert_eq!((prediction.probability, &prediction.group), (None, &None));
    let interval = prediction.interval.as_ref().unwrap();
    assert!(interval.lower < value && value < interval.upper);
    assert!(prediction.contributions[0].reason.nl.contains("schatting"));
}

const ADVISED: &[u8] =
    include_bytes!("../../../../crates/model/tests/formats/1/homelessness-with-advice.json");

async fn asked(model: &'static [u8], body: &str) -> Result<PredictionAnswer, Vec<Fault>> {
    let place = Place::new();
    let served = place.served(model).await;
    let (subjects, extras) = read_all(body.as_bytes(), &served.scorer)?;
    let extras = extras.check(&served, subjects.len())?;
    let mut writer = Writer::new(&served, subjects.len()).with_extras(extras);
    for subject in &subjects {
        let mut answer = Answer::default();
        served.scorer.score(&subject.row, &mut answer).unwrap();
        writer.scored(subject.id.as_deref(), &subject.row, &answer);
    }
    Ok(serde_json::from_slice(&writer.finish()).unwrap())
}

#[actix_web::test]
async fn what_would_change_it_is_what_the_model_answers_after_the_change() {
    let values = VALUES.replace("120000", "612345");
    let body =
        |values: &str, extras: &str| format!(r#"{{"subjects":[{{"values":{values}}}],{extras}}}"#);
    let answer = asked(
        ADVISED,
        &body(
            &values,
            r#""counterfactual":{"atMost":0.2,"mostChanges":1},"similarCases":true"#,
        ),
    )
    .await
    .unwrap();
    let told = answer.predictions[0].counterfactual.as_ref().unwrap();
    assert_eq!(told.outcome, CounterfactualOutcome::Change);
    assert!(told.is_exact && told.changes.len() == 1);
    let change = &told.changes[0];
    assert_eq!(change.input, "huurachterstand");
    assert_eq!(change.from, InputValue::Number(612_345.0));
    let InputValue::Number(to) = change.to else {
        panic!("{change:?}")
    };
    // Asked again with the change made, the model says what was told, to the last bit.
    let changed = VALUES.replace("120000", &format!("{to}"));
    let again = asked(ADVISED, &body(&changed, r#""similarCases":false"#))
        .await
        .unwrap();
    assert_eq!(again.predictions[0].probability, told.probability);
    assert!(told.probability.unwrap() <= 0.2);
    assert!(again.predictions[0].counterfactual.is_none());
    assert!(told.text.nl.contains("Dat wordt"), "{}", told.text.nl);

    let similar = answer.predictions[0].similar_cases.as_ref().unwrap();
    assert_eq!((similar.rows, similar.training_rows), (8_760, 12_000));
    assert_eq!((similar.events, similar.share), (None, None));
    assert_eq!(similar.withheld.as_deref(), Some("protects"));
    assert_eq!(similar.inputs, ["huurachterstand"]);
}

#[actix_web::test]
async fn what_cannot_be_asked_beside_a_prediction_is_named() {
    let one = format!(r#"{{"values":{VALUES}}}"#);
    let many = vec![one.clone(); 21].join(",");
    let cases = [
        (
            &one,
            r#"{"atMost":0.1,"atLeast":0.2}"#,
            "/counterfactual",
            "one-of",
        ),
        (&one, "{}", "/counterfactual", "one-of"),
        (
            &one,
            r#"{"atMost":1.5}"#,
            "/counterfactual/atMost",
            "out-of-range",
        ),
        (
            &one,
            r#"{"atLeast":"x"}"#,
            "/counterfactual/atLeast",
            "wrong-type",
        ),
        (
            &one,
            r#"{"atMost":0.1,"atMost":0.1}"#,
            "/counterfactual/atMost",
            "duplicate-key",
        ),
        (
            &one,
            r#"{"atMost":0.1,"much":1}"#,
            "/counterfactual/much",
            "unknown-field",
        ),
        (
            &one,
            r#"{"atMost":0.1,"mostChanges":11}"#,
            "/counterfactual/mostChanges",
            "out-of-range",
        ),
        (&one, "[]", "/counterfactual", "wrong-type"),
        (&many, r#"{"atMost":0.1}"#, "/counterfactual", "too-many"),
    ];
    for (subjects, goal, pointer, code) in cases {
        let body = format!(r#"{{"counterfactual":{goal},"subjects":[{subjects}]}}"#);
        let faults = asked(ADVISED, &body).await.unwrap_err();
        let found = faults
            .iter()
            .any(|f| f.pointer == pointer && f.code == code);
        assert!(found, "{goal}: {faults:?}");
    }
    let body = format!(r#"{{"similarCases":1,"similarCases":true,"subjects":[{one}]}}"#);
    let faults = asked(ADVISED, &body).await.unwrap_err();
    let codes: Vec<&str> = faults.iter().map(|fault| fault.code.as_str()).collect();
    assert_eq!(codes, ["wrong-type", "duplicate-key"]);
    let group = r#"{"counterfactual":{"atMost":1},"subjects":[{"values":{"leeftijd":52,"kinderen":true}}]}"#;
    let faults = asked(GROUPS, group).await.unwrap_err();
    assert_eq!(faults[0].code, "wrong-kind");
}

#[actix_web::test]
async fn a_model_that_declares_nothing_gives_no_advice_and_no_counts() {
    let body = format!(
        r#"{{"counterfactual":{{"atLeast":0.9}},"similarCases":true,"subjects":[{{"values":{VALUES}}}]}}"#
    );
    let answer = asked(MODEL, &body).await.unwrap();
    let told = answer.predictions[0].counterfactual.as_ref().unwrap();
    assert_eq!(told.outcome, CounterfactualOutcome::NothingActionable);
    assert!(told.changes.is_empty());
    assert!(answer.predictions[0].similar_cases.is_none());
}
