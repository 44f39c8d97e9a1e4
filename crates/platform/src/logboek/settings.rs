//! What an installation says about its log of processing.

use std::{collections::BTreeMap, fmt::Write as _};

use helder_types::OrganisationId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `[logboek]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogboekSettings {
    /// Address under which the gateway is known, `https://helder.example.nl`; used in addresses that records hold.
    pub public_url: Option<String>,
    /// Where an algorithm is described, for `dpl.objects.algorithm_id` (extension *objecten*). `{model_id}`,
    /// `{model_version_id}` and `{model_digest}` are filled in. Absent: records do not carry it.
    pub algorithm_id: Option<String>,
    /// Extensions of the standard that are set (*vastgesteld*), so that their attributes may stand in `attributes`. Those of
    /// other extensions stand in `resource.attributes`. Default: none.
    pub set_extensions: Vec<Extension>,
    /// How long records of processing and lines of the audit trail stay, days. Default 1,827: five years.
    pub keep_days: Days,
    /// Another term for an organisation (`GM0772`) or a project (its UUID); the project's goes before the organisation's.
    pub keep_days_of: BTreeMap<Whose, Days>,
    /// How long finished jobs stay that nothing refers to, days. Default 184.
    pub keep_jobs_days: JobDays,
    /// Address per client application, for `dpl.core.foreign_operation.processor`; `urn:helder:client:<name>` where absent.
    pub applications: BTreeMap<String, String>,
}

/// Least life of a record, days: logs of an AI system with high risk stay six months at least (AI-verordening, art. 26(6)).
pub const LEAST_DAYS: u16 = 184;
/// Longest life, days: a hundred years, so that a slip of the pen is seen.
const MOST_DAYS: u16 = 36_525;

/// How long records stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Days(u16);

impl Days {
    /// The number, from [`LEAST_DAYS`].
    pub const fn get(self) -> u16 {
        self.0
    }
}

/// How long finished jobs stay; as short as any term may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobDays(pub Days);

impl Default for JobDays {
    fn default() -> Self {
        Self(Days(LEAST_DAYS))
    }
}

/// Claims for damage lapse after five years (art. 3:310 BW; art. 82 AVG): who processed what can be shown for as long.
impl Default for Days {
    fn default() -> Self {
        Self(1_827)
    }
}

impl TryFrom<i64> for Days {
    type Error = String;

    fn try_from(days: i64) -> Result<Self, String> {
        u16::try_from(days)
            .ok()
            .filter(|days| (LEAST_DAYS..=MOST_DAYS).contains(days))
            .map(Self)
            .ok_or_else(|| format!("a number of days from {LEAST_DAYS} to {MOST_DAYS}"))
    }
}

impl From<Days> for i64 {
    fn from(days: Days) -> Self {
        Self::from(days.0)
    }
}

/// Whose records have a term of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Whose {
    /// Of an organisation.
    Organisation(OrganisationId),
    /// Of a project.
    Project(Uuid),
}

impl TryFrom<String> for Whose {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if let Ok(project) = text.parse() {
            return Ok(Self::Project(project));
        }
        let organisation = text.parse().map(Self::Organisation);
        organisation.map_err(|_| "an organisation such as GM0772, or the UUID of a project")
    }
}

impl From<Whose> for String {
    fn from(whose: Whose) -> Self {
        match whose {
            Whose::Organisation(organisation) => organisation.to_string(),
            Whose::Project(project) => project.to_string(),
        }
    }
}

/// An extension of the standard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Extension {
    /// `dpl.objects.…`
    Objecten,
    /// `dpl.read.…`
    Lezen,
}

impl LogboekSettings {
    /// How long the records of a project stay, or those of an organisation that are about no project.
    pub fn days_of(&self, organisation: &OrganisationId, project: Option<Uuid>) -> Days {
        let of = |whose| self.keep_days_of.get(&whose);
        project
            .and_then(|project| of(Whose::Project(project)))
            .or_else(|| of(Whose::Organisation(organisation.clone())))
            .copied()
            .unwrap_or(self.keep_days)
    }

    /// Where an application can be found.
    ///
    /// * `processor` – `client <name>` or `service <name>`, as stored
    pub fn application(&self, processor: &str) -> String {
        let (kind, name) = processor.split_once(' ').unwrap_or(("client", processor));
        let urn = || format!("urn:helder:{kind}:{}", encoded(name));
        if kind == "service" {
            return self.public_url.as_ref().map_or_else(urn, |base| {
                format!("{}/{name}/v1", base.trim_end_matches('/'))
            });
        }
        self.applications.get(name).cloned().unwrap_or_else(urn)
    }

    /// Where the records of another service of ours are read.
    pub(super) fn reading_of(&self, service: &str) -> String {
        match &self.public_url {
            Some(base) => format!(
                "{}/{service}/v1/processing-activities",
                base.trim_end_matches('/')
            ),
            None => format!("urn:helder:logboek:{service}"),
        }
    }
}

/// Percent-encodes what a URN may not hold.
fn encoded(name: &str) -> String {
    name.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into memory cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}
