//! Scores rows into the outputs of the protocol.

use helder_model::{Answer, Language, Row};
use helder_platform::problem::{Problem, Result};

use super::{
    asked::Asked,
    tensors::{Data, Datatype},
    wire::{ResponseTensor, TensorMetadata},
};
use crate::{served::Served, survival::Ends};

/// Every output with its type, and how many values it has for each row.
const OUTPUTS: [(&str, Datatype, Width); 11] = [
    ("probability", Datatype::Fp64, Width::One),
    ("value", Datatype::Fp64, Width::One),
    ("group", Datatype::Int64, Width::One),
    ("lasting", Datatype::Fp64, Width::Horizons),
    ("ended", Datatype::Fp64, Width::Causes),
    ("score", Datatype::Fp64, Width::One),
    ("base_score", Datatype::Fp64, Width::One),
    ("contributions", Datatype::Fp64, Width::Terms),
    ("reasons_nl", Datatype::Bytes, Width::Terms),
    ("reasons_en", Datatype::Bytes, Width::Terms),
    ("warnings", Datatype::Bytes, Width::One),
];

/// How many values an output has for each row.
#[derive(Clone, Copy)]
enum Width {
    One,
    /// One for each input, then for each pair of inputs.
    Terms,
    /// One for 3, 6, 12 and 24 months.
    Horizons,
    /// Those for each cause of an end.
    Causes,
}

impl Width {
    /// Sizes behind that of the rows.
    fn sizes(self, served: &Served) -> Vec<usize> {
        let ends = served.ends.as_ref();
        let horizons = ends.map_or(0, |ends| ends.months.len());
        match self {
            Self::One => Vec::new(),
            Self::Terms => vec![served.scorer.terms().len()],
            Self::Horizons => vec![horizons],
            Self::Causes => vec![ends.map_or(0, Ends::n_causes), horizons],
        }
    }
}

/// Whether an output has this name, for some model.
pub(super) fn is_known(name: &str) -> bool {
    OUTPUTS.iter().any(|(known, ..)| *known == name)
}

/// The outputs of a model: a probability, a value, the number of a group or chances by time, never two of them.
fn outputs_of(served: &Served) -> impl Iterator<Item = (&'static str, Datatype, Width)> {
    let others: &[&str] = if served.scorer.group_name(0).is_some() {
        &["probability", "value", "lasting", "ended"]
    } else if served.scorer.answers_value() {
        &["probability", "group", "lasting", "ended"]
    } else if served.ends.is_some() {
        &["probability", "value", "group"]
    } else {
        &["value", "group", "lasting", "ended"]
    };
    OUTPUTS
        .into_iter()
        .filter(move |(name, ..)| !others.contains(name))
}

/// The same as metadata.
pub(super) fn metadata(served: &Served) -> Vec<TensorMetadata> {
    let shape = |width: Width| {
        let sizes = width.sizes(served).into_iter().map(|size| size as i64);
        std::iter::once(-1).chain(sizes).collect()
    };
    outputs_of(served)
        .map(|(name, datatype, width)| TensorMetadata {
            name: name.to_owned(),
            datatype,
            shape: shape(width),
            parameters: None,
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
    let rows = asked.rows.len() as u64;
    let shape = |width: Width| {
        let sizes = width.sizes(served).into_iter().map(|size| size as u64);
        std::iter::once(rows).chain(sizes).collect()
    };
    let all: Vec<_> = outputs_of(served)
        .map(|(name, datatype, width)| ResponseTensor {
            name,
            datatype,
            shape: shape(width),
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
    lasting: Vec<f64>,
    ended: Vec<f64>,
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
        let outlook = served.scorer.outlook(row, false);
        if let Some(outlook) = outlook.map_err(Problem::internal)? {
            let ended = outlook.causes.iter().flat_map(|cause| &cause.ended);
            self.ended.extend(ended.map(|chance| chance.chance));
            self.lasting
                .extend(outlook.lasting.iter().map(|chance| chance.chance));
        }
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
            "lasting" => Data::Numbers(take(&mut self.lasting)),
            "ended" => Data::Numbers(take(&mut self.ended)),
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
