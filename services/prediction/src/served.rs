//! A model version in memory, with every text that does not change per request made once.

use std::sync::Arc;

use helder_model::{Cases, Counterfactuals, Model, Reasons, Scorer, WarningKind};
use helder_platform::{keyring::Pseudonymiser, logboek::Status};
use helder_types::Bsn;
use serde_json::{Value, json};

use crate::{groups, registry::ActiveVersion, survival::Ends};

/// A version that may answer.
pub struct Served {
    /// What the registry says of it.
    pub version: ActiveVersion,
    /// Scores rows.
    pub scorer: Scorer,
    /// What would change an answer; absent for groups.
    pub(crate) counterfactuals: Option<Counterfactuals>,
    /// How many training rows resemble one; absent where the model keeps no counts.
    pub(crate) cases: Option<Cases>,
    /// Causes and classes; absent for all but survival models.
    pub(crate) ends: Option<Ends>,
    /// Reasons as plain text, for what is not on the hot path.
    pub(crate) plain: Reasons,
    /// Explains them, ready for JSON.
    pub(crate) reasons: Reasons,
    /// Makes the subject of a log line unreadable.
    pub(crate) pseudonymiser: Pseudonymiser,
    /// The answer up to the list of predictions.
    pub(crate) head: Vec<u8>,
    /// Per input: `{"input":"name"` in a contribution.
    pub(crate) inputs: Vec<Vec<u8>>,
    /// Per input: `,"otherInput":"name"` in a contribution of a pair.
    pub(crate) others: Vec<Vec<u8>>,
    /// Per input and level: the level as a JSON string.
    pub(crate) levels: Vec<Vec<Vec<u8>>>,
    /// Per kind of warning: its code and texts.
    pub(crate) warnings: [(WarningKind, Vec<u8>); 5],
    /// Per group: `{"number":0,"name":{…},"card":{…}`, as yet without its end.
    pub(crate) groups: Vec<Vec<u8>>,
    /// What is done with it, in the processing log.
    pub(crate) act: &'static str,
    /// What all its processing records share.
    pub(crate) record_head: Arc<str>,
}

/// Advice of a version in force.
const PREDICTION: &str = "prediction";
/// What a version answered before, for whoever must explain it.
const REPRODUCTION: &str = "reproduction";

/// What kind of identifier stands behind `dpl.core.data_subject_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectType {
    /// The pseudonym of a burgerservicenummer, the same as in the project's datasets.
    Bsn,
    /// A pseudonym the caller already had.
    Pseudonym,
    /// The pseudonym of an identifier of the caller's own.
    Other,
}

impl SubjectType {
    /// The written form in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bsn => "BSN",
            Self::Pseudonym => "pseudonym",
            Self::Other => "other",
        }
    }
}

impl Served {
    /// Prepares a model whose bytes were checked against `version.digest`.
    ///
    /// # Errors
    /// The faults of a model that is not coherent.
    pub fn new(
        version: ActiveVersion,
        model: &Model,
        pseudonymiser: Pseudonymiser,
    ) -> Result<Self, helder_model::ModelError> {
        let scorer = Scorer::new(model)?;
        let head = format!(
            "{{\"advice\":true,\"notice\":{},\"model\":{},\"modelVersionId\":\"{}\",\"modelDigest\":\"{}\",\
             \"catalogueEntry\":\"/registry/v1/catalogue-entries/{}\",\"predictions\":[",
            json!({
                "nl": "Dit is een advies van een rekenmodel, geen besluit. Een mens beslist.",
                "en": "This is advice from a model, not a decision. A person decides."
            }),
            Value::from(version.model_name.as_str()),
            version.model_version_id,
            version.digest,
            version.digest,
        );
        let text = |text: &str| Value::from(text).to_string();
        let inputs = model
            .inputs
            .iter()
            .map(|input| format!("{{\"input\":{}", text(&input.name)).into_bytes());
        let others = model
            .inputs
            .iter()
            .map(|input| format!(",\"otherInput\":{}", text(&input.name)).into_bytes());
        let levels = model.inputs.iter().map(|input| {
            input
                .categories
                .iter()
                .map(|category| text(&category.level).into_bytes())
                .collect()
        });
        let kinds = [
            WarningKind::OutsideTraining,
            WarningKind::Missing,
            WarningKind::MissingCounts,
            WarningKind::MissingLeftOut,
            WarningKind::UnknownCategory,
        ];
        let warnings = kinds.map(|kind| {
            let (nl, en) = kind.texts();
            let texts = json!({"nl": nl, "en": en});
            (
                kind,
                format!(",\"code\":\"{}\",\"text\":{texts}}}", kind.code()).into_bytes(),
            )
        });
        Ok(Self {
            counterfactuals: Counterfactuals::new(model),
            cases: Cases::new(model),
            ends: Ends::of(model),
            plain: Reasons::plain(model),
            reasons: Reasons::json(model),
            head: head.into_bytes(),
            inputs: inputs.collect(),
            others: others.collect(),
            levels: levels.collect(),
            warnings,
            groups: groups::written(model),
            act: PREDICTION,
            record_head: record_head(PREDICTION, &version, Status::Ok).into(),
            pseudonymiser,
            scorer,
            version,
        })
    }

    /// Says again what was answered before: the answer begins with `head`, and the processing log calls it a reproduction.
    #[must_use]
    pub(crate) fn again(mut self, head: Vec<u8>) -> Self {
        self.act = REPRODUCTION;
        self.record_head = record_head(REPRODUCTION, &self.version, Status::Ok).into();
        self.head = head;
        self
    }

    /// The subject of a log line: never the identifier itself.
    ///
    /// A burgerservicenummer (nine digits that pass the eleven-test) gets the pseudonym it has in the project's datasets; what
    /// already looks like such a pseudonym stays; anything else gets a pseudonym of its own kind.
    pub fn pseudonym(&self, id: &str) -> ([u8; 32], SubjectType) {
        if let Ok(pseudonym) = <[u8; 32]>::try_from(id.as_bytes())
            && pseudonym
                .iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return (pseudonym, SubjectType::Pseudonym);
        }
        match Bsn::parse(id.as_bytes()) {
            Ok(bsn) if id.len() == 9 => (self.pseudonymiser.bsn(bsn), SubjectType::Bsn),
            _ => (
                self.pseudonymiser.other("subject", id.as_bytes()),
                SubjectType::Other,
            ),
        }
    }
}

/// What all processing records of a version have in common: a JSON object that ends inside `resource.attributes`.
pub(crate) fn record_head(act: &str, version: &ActiveVersion, status: Status) -> String {
    let text = |text: &str| Value::from(text).to_string();
    format!(
        "{{\"status\":\"{status}\",\"name\":{},\"attributes\":{{\"dpl.core.processing_activity_id\":{}}},\
         \"resource\":{{\"attributes\":{{\"service.name\":\"helder-prediction\",\"service.version\":\"{}\",\"helder.organisation\":{},\"helder.project_id\":\"{}\",\
         \"helder.model_id\":\"{}\",\"helder.model_version_id\":\"{}\",\"helder.model_digest\":\"{}\"",
        text(&format!("{act} {}", version.model_name)),
        text(&version.verwerkingsactiviteit),
        env!("CARGO_PKG_VERSION"),
        text(version.organisation.as_str()),
        version.project_id,
        version.model_id,
        version.model_version_id,
        version.digest,
    )
}
