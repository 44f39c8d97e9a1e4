//! Federated Service Connectivity: what the gateway must know of the inway in front of it.

use std::{collections::BTreeMap, net::IpAddr};

use helder_types::{OrganisationId, Role};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The inway through which other organisations come in, and what they may do. Without this, FSC headers are not looked at.
///
/// # Source
/// FSC Core 1.1 and FSC Logging (Logius): claims of the access token, headers passed on to the service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FscConfig {
    /// Addresses of the inways, `10.1.0.0/16`. FSC headers from elsewhere are refused.
    pub inways: Vec<String>,
    /// Identifier of the group, claim `gid`.
    pub group: String,
    /// Our own peer id (OIN), claim `iss`: tokens for our services are made by our own manager.
    pub peer: String,
    /// Name of this service in the directory, claim `svc`.
    pub service: String,
    /// Certificates of our manager, PEM, or `file:<path>` of one or several; read at start. A token names the one that signed
    /// it by its thumbprint (`x5t#S256`).
    pub certificates: Vec<String>,
    /// The other organisations, by peer id (OIN), claim `sub`. Others are refused.
    pub consumers: BTreeMap<String, FscConsumer>,
    /// Whether everybody comes through an inway. Default false: those without FSC headers come in with their token as always.
    #[serde(default)]
    pub required: bool,
}

/// An organisation that comes in through the inway.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FscConsumer {
    /// Who that is here.
    pub organisation: OrganisationId,
    /// What its systems may do without a token of their own. Default nothing: they send one beside it.
    #[serde(default)]
    pub roles: Vec<Role>,
}

/// FSC settings that cannot be used; told at start.
#[derive(Debug, thiserror::Error)]
pub enum FscError {
    /// Something must be named, or nothing could come in.
    #[error("fsc: {0}: name at least one")]
    Empty(&'static str),
    /// Not `10.1.0.0/16` or `10.1.2.3`.
    #[error("fsc: inways: {0} is no range of addresses")]
    Range(String),
    /// A name that is missing.
    #[error("fsc: {0} cannot be empty")]
    Blank(&'static str),
    /// The file cannot be read.
    #[error("fsc: the file of certificate {0} cannot be read")]
    File(usize, #[source] std::io::Error),
    /// Not a certificate with an RSA or P-256 key.
    #[error("fsc: certificate {0} is no PEM certificate with an RSA, P-256 or P-384 key")]
    Certificate(usize),
}

impl FscConfig {
    /// Tells what is missing.
    ///
    /// # Errors
    /// [`FscError`] names the key.
    pub fn check(&self) -> Result<(), FscError> {
        for (name, is_empty) in [
            ("inways", self.inways.is_empty()),
            ("certificates", self.certificates.is_empty()),
            ("consumers", self.consumers.is_empty()),
        ] {
            if is_empty {
                return Err(FscError::Empty(name));
            }
        }
        for (name, value) in [
            ("group", &self.group),
            ("peer", &self.peer),
            ("service", &self.service),
        ] {
            if value.trim().is_empty() {
                return Err(FscError::Blank(name));
            }
        }
        self.ranges().map(drop)
    }

    /// The addresses of the inways.
    ///
    /// # Errors
    /// [`FscError::Range`] with the one that is none.
    pub(crate) fn ranges(&self) -> Result<Vec<IpNet>, FscError> {
        let range = |text: &String| {
            let one = || text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>()
                .or_else(|_| one())
                .map_err(|_| FscError::Range(text.clone()))
        };
        self.inways.iter().map(range).collect()
    }
}
