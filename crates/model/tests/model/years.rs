//! The same answer years later: from the digest of a stored file and the values that were given, to the last bit and the last letter.

use std::{collections::BTreeMap, fs, path::PathBuf};

use helder_model::{
    Answer, Cases, Counterfactuals, Goal, InputType, Model, Reasons, Row, Scorer, Value,
};
use helder_types::Digest;
use serde::{Deserialize, Serialize};

use crate::formats::stored;

/// What a file answered when it was written.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    digest: Digest,
    rows: Vec<Told>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    values: BTreeMap<String, serde_json::Value>,
    /// Numbers as the sixteen hex digits of their bits.
    score: String,
    answer: Option<String>,
    interval: Option<[String; 2]>,
    group: Option<usize>,
    contributions: Vec<String>,
    order: Vec<usize>,
    /// Dutch, then English, per term.
    reasons: Vec<[String; 2]>,
    counterfactual: Option<[String; 2]>,
    similar_cases: Option<[String; 2]>,
    /// Of survival: median, then chances at the horizons with their limits, of lasting and then per cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outlook: Option<Vec<String>>,
}

fn bits(number: f64) -> String {
    format!("{:016x}", number.to_bits())
}

/// Six rows per model: low, high, middle and missing, each input in turn at another of them.
fn rows(scorer: &Scorer) -> Vec<(BTreeMap<String, serde_json::Value>, Row)> {
    let make = |turn: usize| {
        let (mut row, mut values) = (scorer.row(), BTreeMap::new());
        for (place, input) in scorer.inputs().iter().enumerate() {
            let at = (turn + place) % 6;
            let share = [0.0, 0.37, 1.0, 0.5, 0.71, 0.08][at];
            let range = input
                .training_range
                .map_or((0.0, 1.0), |r| (r.minimum, r.maximum));
            let number = range.0 + share * (range.1 - range.0);
            let level = input.categories.get(at % input.categories.len().max(1));
            let value = match input.kind {
                InputType::Integer => Value::Integer(number.round() as i64),
                InputType::Number => Value::Number(number),
                InputType::Boolean => Value::Boolean(at.is_multiple_of(2)),
                InputType::Category => level.map_or(Value::Null, |c| Value::Text(&c.level)),
            };
            let asked_missing = turn == 5 && scorer.set(&mut row, place, Value::Null).is_ok();
            let shown = match value {
                _ if asked_missing => serde_json::Value::Null,
                Value::Integer(value) => value.into(),
                Value::Number(value) => value.into(),
                Value::Boolean(value) => value.into(),
                Value::Text(text) => text.into(),
                Value::Null => serde_json::Value::Null,
            };
            if !asked_missing {
                scorer.set(&mut row, place, value).unwrap();
            }
            values.insert(input.name.clone(), shown);
        }
        (values, row)
    };
    (0..6).map(make).collect()
}

fn told_outlook(outlook: &helder_model::Outlook) -> Vec<String> {
    let median = outlook.median;
    let ended = outlook.causes.iter().flat_map(|cause| &cause.ended);
    let chances = outlook.lasting.iter().chain(ended).flat_map(|chance| {
        let limits = chance.interval.map(|i| [i.lower, i.upper]);
        [
            Some(chance.chance),
            limits.map(|l| l[0]),
            limits.map(|l| l[1]),
        ]
    });
    [median.time, median.lower, median.upper]
        .into_iter()
        .chain(chances)
        .map(|number| number.map_or_else(|| "-".to_owned(), bits))
        .collect()
}

fn answers(bytes: &[u8]) -> Answers {
    let model = Model::from_json(bytes).unwrap();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let (ready, cases) = (Counterfactuals::new(&model), Cases::new(&model));
    let both = |meaning: helder_model::Meaning| [meaning.nl, meaning.en];
    let told = |(values, row): (BTreeMap<_, _>, Row)| {
        let mut answer = Answer::default();
        scorer.score(&row, &mut answer).unwrap();
        let now = answer.probability.or(answer.value);
        let counterfactual = ready.as_ref().zip(now).map(|(ready, now)| {
            let goal = Goal::AtMost(now * 0.6);
            let found = ready.find(&scorer, (&row, &answer), goal, 3).unwrap();
            both(found.meaning(&reasons, (&row, &answer), goal))
        });
        let terms = answer.contributions.iter().enumerate();
        Told {
            values,
            score: bits(answer.score),
            answer: now.map(bits),
            interval: answer.interval.map(|i| [bits(i.lower), bits(i.upper)]),
            group: answer.nearest.map(|nearest| nearest.group),
            contributions: answer.contributions.iter().copied().map(bits).collect(),
            order: answer.order.clone(),
            reasons: terms
                .map(|(term, size)| both(reasons.meaning(&row, term, *size)))
                .collect(),
            counterfactual,
            similar_cases: cases
                .as_ref()
                .map(|cases| both(cases.meaning(&cases.like(&row)))),
            outlook: scorer
                .outlook(&row, false)
                .unwrap()
                .map(|o| told_outlook(&o)),
        }
    };
    Answers {
        digest: Digest::of(bytes),
        rows: rows(&scorer).into_iter().map(told).collect(),
    }
}

/// `HELDER_BLESS=1` writes the answers of files that have none yet; what was written is never changed.
#[test]
fn every_stored_file_answers_and_explains_as_it_did_when_it_was_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/answers/1");
    let mut families = std::collections::BTreeSet::new();
    for (path, bytes) in stored() {
        let name = path.file_name().unwrap();
        let kept = folder.join(name);
        let now = answers(&bytes);
        if !kept.exists() && std::env::var_os("HELDER_BLESS").is_some() {
            fs::write(&kept, serde_json::to_vec_pretty(&now).unwrap()).unwrap();
        }
        let then = fs::read(&kept).unwrap_or_else(|error| panic!("{}: {error}", kept.display()));
        let then: Answers = serde_json::from_slice(&then).unwrap();
        assert_eq!(now.digest, then.digest, "{}: other bytes", path.display());
        assert_eq!((now.rows.len(), then.rows.len()), (6, 6));
        for (mut now, then) in now.rows.into_iter().zip(then.rows) {
            // A family that gave no advice when it was written may give it since.
            if then.counterfactual.is_none() {
                now.counterfactual = None;
            }
            assert_eq!(now, then, "{}", path.display());
        }
        let model = Model::from_json(&bytes).unwrap();
        families.insert(model.algorithm.as_str());
    }
    assert!(families.len() >= 5, "{families:?}");
}
