//! The files of a version: named, all present, and read once before the version is accepted.

use std::collections::BTreeSet;

use helder_platform::{
    body::Check,
    problem::{Problem, Result},
};
use helder_types::{Digest, Fault};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{artifact::MediaType, lineage::Lineage, model::Meaning, text::Faults};

/// The file every version has.
pub(crate) const MODEL_FILE: &str = "model.json";
/// The file without which no version is activated.
pub(crate) const FAIRNESS_FILE: &str = "fairness.json";
/// The page made by training.
pub(crate) const CARD_FILE: &str = "card.html";
/// Format of [`MODEL_FILE`]; what else is in it is the business of training and prediction.
const MODEL_FORMAT: &str = "helder-model/1";

/// One file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewVersionFile {
    /// `model.json`, `evaluation.json`, `fairness.json`, `provenance.json`, `card.html` or another plain name.
    #[schema(
        min_length = 1,
        max_length = 64,
        pattern = "^[a-z][a-z0-9-]*\\.(json|html)$"
    )]
    pub name: String,
    /// An artifact uploaded before.
    pub digest: Digest,
    /// The media type it was uploaded with.
    pub media_type: MediaType,
}

/// What a version is asked to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// The files; `model.json` is one of them.
    #[schema(min_items = 1, max_items = 20)]
    pub files: Vec<NewVersionFile>,
    /// From source file to model.
    pub lineage: Lineage,
    /// The project, when the caller wants to be sure: another one than the model's is refused.
    #[serde(default)]
    pub project_id: Option<uuid::Uuid>,
    /// The number, when the caller wants to be sure: the next one, or one that exists with the same files.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub number: Option<i64>,
}

/// What the model says about itself that people must be able to read. Taken from `model.json` where it stands there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    /// The algorithm's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// What is predicted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Meaning>,
    /// Which facts about a person are used, and why.
    #[serde(default)]
    pub inputs: Vec<InputSummary>,
}

/// A fact about a person that the model uses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InputSummary {
    /// Its name in the model.
    pub name: String,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meaning: Option<Meaning>,
    /// Why it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub justification: Option<String>,
}

impl Check for NewVersion {
    /// What can be seen without the files.
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        let mut names = BTreeSet::new();
        for (n, file) in self.files.iter().enumerate() {
            let pointer = format!("/files/{n}/name");
            if !is_file_name(&file.name) {
                faults.add(
                    &pointer,
                    "file-name",
                    "lower-case letters, digits and hyphens, ending in .json or .html",
                );
            }
            if !names.insert(&file.name) {
                faults.add(&pointer, "repeated", "each file has a name of its own");
            }
            if file.name.strip_suffix(file.media_type.suffix()).is_none() {
                faults.add(
                    &format!("/files/{n}/mediaType"),
                    "media-type",
                    "the media type does not fit the name",
                );
            }
        }
        match self.model() {
            Some(model) => self.lineage.check(&mut faults, &model),
            None => faults.add("/files", "no-model", "a version has a file model.json"),
        }
        faults.into_result().err().unwrap_or_default()
    }
}

impl NewVersion {
    /// Digest of `model.json`.
    pub(crate) fn model(&self) -> Option<Digest> {
        self.files
            .iter()
            .find(|file| file.name == MODEL_FILE)
            .map(|file| file.digest)
    }

    /// Digest of `fairness.json`, where there is one.
    pub(crate) fn fairness(&self) -> Option<Digest> {
        self.files
            .iter()
            .find(|file| file.name == FAIRNESS_FILE)
            .map(|file| file.digest)
    }

    /// One digest for all files together: names and digests, in order of name.
    pub(crate) fn manifest_digest(&self) -> Digest {
        let mut lines: Vec<_> = self
            .files
            .iter()
            .map(|file| format!("{} {}\n", file.digest, file.name))
            .collect();
        lines.sort_unstable();
        Digest::of(lines.concat().as_bytes())
    }
}

impl Summary {
    /// Reads a stored `model.json`. Its bytes passed [`MediaType::check`] when they came in.
    ///
    /// # Errors
    /// 400 with a pointer when it is no document of the known format.
    pub(crate) fn of_model(bytes: &[u8]) -> Result<Self> {
        let model: Value = serde_json::from_slice(bytes).map_err(Problem::internal)?;
        if model.get("format").and_then(Value::as_str) != Some(MODEL_FORMAT) {
            let detail = format!("model.json says no format, or another one than {MODEL_FORMAT}");
            return Err(Problem::invalid(vec![Fault::new(
                "/files",
                "model-format",
                detail,
            )]));
        }
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let meaning = |value: &Value| {
            value
                .get("meaning")
                .and_then(|value| Meaning::deserialize(value).ok())
        };
        let inputs = model
            .get("inputs")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        Ok(Self {
            algorithm: text(&model, "algorithm"),
            output: model.get("output").and_then(meaning),
            inputs: inputs
                .iter()
                .filter_map(|input| {
                    Some(InputSummary {
                        name: text(input, "name")?,
                        meaning: meaning(input),
                        justification: text(input, "justification"),
                    })
                })
                .collect(),
        })
    }
}

/// A plain name: it can be no path, in no spelling.
pub(crate) fn is_file_name(name: &str) -> bool {
    name.len() <= 64
        && name
            .strip_suffix(".json")
            .or_else(|| name.strip_suffix(".html"))
            .is_some_and(|stem| {
                stem.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
                    && stem
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_never_a_path() {
        for good in ["model.json", "card.html", "signature-bundle.json"] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in [
            "../model.json",
            "model.json/..",
            "/model.json",
            "a\\b.json",
            "model.json#x",
            "a%2e%2e.json",
            "..json",
            ".json",
            "Model.json",
            "model.pkl",
            "model.json\0",
            "http://a/b.json",
            "file:model.json",
            "",
        ] {
            assert!(!is_file_name(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_summary_takes_what_people_must_read_and_nothing_more() {
        let summary = Summary::of_model(
            br#"{"format":"helder-model/1","algorithm":"logistic_regression","fitted":{"x":[1]},
                "output":{"meaning":{"nl":"kans","en":"chance"}},
                "inputs":[{"name":"age","meaning":{"nl":"leeftijd","en":"age"},"justification":"because"},{"odd":1}]}"#,
        )
        .unwrap();
        assert_eq!(summary.inputs.len(), 1);
        assert_eq!(summary.output.unwrap().nl, "kans");
        let refused = Summary::of_model(br#"{"format":"helder-model/9"}"#).unwrap_err();
        assert_eq!(refused.faults()[0].code, "model-format");
    }
}
