//! Scores rows into the outputs of the protocol.

use helder_model::{Answer, Language, Row};
use helder_platform::problem::{Problem, Result};

use super::{
    asked::Asked,
    tensors::{Data, Datatype},
    wire::{ResponseTensor, TensorMetadata},
};
use crate::served::Served;

/// Every output with its type, and whether it has a value for each term: for each input, then for each pair of inputs.
const OUTPUTS: [(&str, Datatype, bool); 9] = [
    ("probability", Datatype::Fp64, false),
    ("value", Datatype::Fp64, false),
    ("group", Datatype::Int64, false),
    ("score", Datatype::Fp64, false),
    ("base_score", Datatype::Fp64, false),
    ("contributions", Datatype::Fp64, true),
    ("reasons_nl", Datatype::Bytes, true),
    ("reasons_en", Datatype::Bytes, true),
    ("warnings", Datatype::Bytes, false),
];

/// Whether an output has this name, for some model.
pub(super) fn is_known(name: &str) -> bool {
    OUTPUTS.iter().any(|(known, ..)| *known == name)
}

/// The outputs of a model: a probability, a value or the number of a group, never two of them.
fn outputs_of(served: &Served) -> impl Iterator<Item = (&'static str, Datatype, bool)> {
    let others = if served.scorer.group_name(0).is_some() {
        ["probability", "value"]
    } else if served.scorer.answers_value() {
        ["probability", "group"]
    } else {
        ["value", "group"]
    };
    OUTPUTS
        .into_iter()
        .filter(move |(name, ..)| !others.contains(name))
}

/// The same as metadata.
pub(super) fn metadata(served: &Served) -> Vec<TensorMetadata> {
    let terms = served.scorer.terms().len() as i64;
    outputs_of(served)
        .map(|(name, datatype, is_per_term)| TensorMetadata {
            name: name.to_owned(),
            datatype,
            shape: if is_per_term {
                vec![-1, terms]
            } else {
                vec![-1]
            },
        })
        .collect()
}

/// The outputs asked, for all rows.
///
/// # Errors
/// 400 when an output is asked that this kind of model does not have.
pub(super) fn outputs(served: &Served, asked: &Asked) -> Result<Vec<ResponseTensor>> {
    let mut columns = Columns::default();
    let mut answer = Answer::default();
    for (_, row) in &asked.rows {
        // Complete by now: what is missing was a fault.
        served
            .scorer
            .score(row, &mut answer)
            .map_err(Problem::internal)?;
        columns.add(served, row, &answer)?;
    }
    let (rows, terms) = (asked.rows.len() as u64, served.scorer.terms().len() as u64);
    let all: Vec<_> = outputs_of(served)
        .map(|(name, datatype, is_per_term)| ResponseTensor {
            name,
            datatype,
            shape: if is_per_term {
                vec![rows, terms]
            } else {
                vec![rows]
            },
            data: columns.take(name),
        })
        .collect();
    if asked.outputs.is_empty() {
        return Ok(all);
    }
    let mut left: Vec<_> = all.into_iter().map(Some).collect();
    asked
        .outputs
        .iter()
        .map(|name| {
            let found = left
                .iter_mut()
                .find(|it| it.as_ref().is_some_and(|it| it.name == name));
            found.and_then(Option::take).ok_or_else(|| {
                Problem::bad_request(
                    "unknown-output",
                    "an output is asked twice, or this kind of model does not have it; see the metadata of the model",
                )
            })
        })
        .collect()
}

/// The values of all outputs, row by row.
#[derive(Default)]
struct Columns {
    probability: Vec<f64>,
    value: Vec<f64>,
    group: Vec<u64>,
    score: Vec<f64>,
    base_score: Vec<f64>,
    contributions: Vec<f64>,
    reasons_nl: Vec<String>,
    reasons_en: Vec<String>,
    warnings: Vec<String>,
}

impl Columns {
    fn add(&mut self, served: &Served, row: &Row, answer: &Answer) -> Result<()> {
        self.probability.extend(answer.probability);
        self.value.extend(answer.value);
        self.group
            .extend(answer.nearest.map(|nearest| nearest.group as u64));
        self.score.push(answer.score);
        self.base_score.push(answer.base_score);
        self.contributions.extend(&answer.contributions);
        for (term, contribution) in answer.contributions.iter().enumerate() {
            let reason = |language| reason(served, row, term, *contribution, language);
            self.reasons_nl.push(reason(Language::Dutch)?);
            self.reasons_en.push(reason(Language::English)?);
        }
        let warnings: Vec<_> = served
            .scorer
            .warnings(row)
            .map(|warning| {
                let name = &served.scorer.inputs()[warning.input].name;
                format!("{name}: {}", warning.kind.code())
            })
            .collect();
        self.warnings.push(warnings.join("; "));
        Ok(())
    }

    fn take(&mut self, name: &str) -> Data {
        use std::mem::take;
        match name {
            "probability" => Data::Numbers(take(&mut self.probability)),
            "value" => Data::Numbers(take(&mut self.value)),
            "group" => Data::Integers(take(&mut self.group)),
            "score" => Data::Numbers(take(&mut self.score)),
            "base_score" => Data::Numbers(take(&mut self.base_score)),
            "contributions" => Data::Numbers(take(&mut self.contributions)),
            "reasons_nl" => Data::Texts(take(&mut self.reasons_nl)),
            "reasons_en" => Data::Texts(take(&mut self.reasons_en)),
            _ => Data::Texts(take(&mut self.warnings)),
        }
    }
}

/// A reason as text. It is kept ready to stand between quotes in JSON.
fn reason(
    served: &Served,
    row: &Row,
    term: usize,
    contribution: f64,
    language: Language,
) -> Result<String> {
    let mut quoted = vec![b'"'];
    served
        .reasons
        .write(&mut quoted, row, term, contribution, language);
    quoted.push(b'"');
    serde_json::from_slice(&quoted).map_err(Problem::internal)
}
