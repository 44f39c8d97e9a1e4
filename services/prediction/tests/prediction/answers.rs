//! The answer as written by hand is the answer as documented.

use helder_model::Answer;
use helder_prediction::{
    answer::Writer,
    served::SubjectType,
    subjects::read,
    wire::{InputValue, PredictionAnswer},
};

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
