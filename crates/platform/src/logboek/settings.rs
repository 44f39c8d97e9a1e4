//! What an installation says about its log of processing.

use std::{collections::BTreeMap, fmt::Write as _};

use serde::{Deserialize, Serialize};

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
    /// Address per client application, for `dpl.core.foreign_operation.processor`; `urn:helder:client:<name>` where absent.
    pub applications: BTreeMap<String, String>,
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
