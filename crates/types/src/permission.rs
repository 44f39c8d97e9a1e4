//! Roles and the permissions they carry. The table is data: `roles.json`.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::LazyLock};

use serde::{Deserialize, Serialize};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// One thing a caller may be allowed to do, written `service:action`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// All permissions, in declared order.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The written form, as in tokens and OpenAPI scopes.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }

        /// A type per permission, so that a handler's signature says what it asks.
        pub mod needs {
            use super::{Needs, Permission};
            $(
                $(#[$doc])*
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
                impl Needs for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )+
        }
    };
}

/// Implemented by the types in [`needs`]; lets a handler ask for a permission in its signature.
pub trait Needs: 'static {
    /// The permission asked.
    const PERMISSION: Permission;
}

permissions! {
    /// See datasets, versions, contracts, quality reports.
    IngestRead = "ingest:read",
    /// Upload, declare contracts, run recipes.
    IngestWrite = "ingest:write",
    /// Register a version another service derived. Held by services only.
    IngestDerive = "ingest:derive",
    /// Read which processing of personal data is on record in ingest.
    IngestAudit = "ingest:audit",
    /// See linkage runs and their reports.
    LinkageRead = "linkage:read",
    /// Start linkage runs.
    LinkageWrite = "linkage:write",
    /// Look at both records of a pair, with the persons' data in them, and decide whether they are one person.
    LinkageReview = "linkage:review",
    /// Read which processing of personal data is on record in linkage.
    LinkageAudit = "linkage:audit",
    /// See frames, training runs and their reports.
    TrainingRead = "training:read",
    /// Build frames and train.
    TrainingWrite = "training:write",
    /// Read which processing of personal data is on record in training.
    TrainingAudit = "training:audit",
    /// See projects, models and versions.
    RegistryRead = "registry:read",
    /// Create and change projects.
    RegistryProject = "registry:project",
    /// Upload artifacts and register models and versions.
    RegistryRegister = "registry:register",
    /// Review a version.
    RegistryReview = "registry:review",
    /// Activate a reviewed version, or retire it.
    RegistryActivate = "registry:activate",
    /// Stop a version at once.
    RegistrySuspend = "registry:suspend",
    /// Read and verify the event log.
    RegistryAudit = "registry:audit",
    /// Read what is in force and load its files. Held by services only.
    RegistryServe = "registry:serve",
    /// Ask predictions.
    PredictionPredict = "prediction:predict",
    /// Score a whole dataset version and read the ranked result.
    PredictionBatch = "prediction:batch",
    /// Write down what was found of people on a blind list.
    PredictionFindings = "prediction:findings",
    /// Ask again what a version answered before, also when it is no longer in force.
    PredictionReproduce = "prediction:reproduce",
    /// Read the processing log of the own organisation.
    PredictionAudit = "prediction:audit",
    /// See health and readiness of the services.
    PlatformHealth = "platform:health",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no permission.
#[derive(Debug, thiserror::Error)]
#[error("unknown permission")]
pub struct UnknownPermission;

impl FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.as_str() == text)
            .ok_or(UnknownPermission)
    }
}

impl Serialize for Permission {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a person or system is in its organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A municipal system that asks predictions.
    Consumer,
    /// Brings data in and links it.
    DataSteward,
    /// Builds frames and trains models.
    Analyst,
    /// Proposes, activates and stops models.
    ModelOwner,
    /// Functionaris gegevensbescherming: reviews, may stop.
    PrivacyOfficer,
    /// VNG: curates across organisations, never sees rows.
    Curator,
    /// Reads all logs of the own organisation.
    Auditor,
    /// Keeps the platform running, sees no data.
    Operator,
}

static TABLE: LazyLock<BTreeMap<Role, Vec<Permission>>> =
    // A fault in the embedded file is caught by the test below; an empty table would refuse everybody.
    LazyLock::new(|| serde_json::from_str(include_str!("../roles.json")).unwrap_or_default());

impl Role {
    /// All roles.
    pub const ALL: &[Self] = &[
        Self::Consumer,
        Self::DataSteward,
        Self::Analyst,
        Self::ModelOwner,
        Self::PrivacyOfficer,
        Self::Curator,
        Self::Auditor,
        Self::Operator,
    ];

    /// Permissions of this role.
    pub fn permissions(self) -> &'static [Permission] {
        TABLE.get(&self).map_or(&[], Vec::as_slice)
    }

    /// The written form, kebab-case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consumer => "consumer",
            Self::DataSteward => "data-steward",
            Self::Analyst => "analyst",
            Self::ModelOwner => "model-owner",
            Self::PrivacyOfficer => "privacy-officer",
            Self::Curator => "curator",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|role| role.as_str()).collect();
                format!("unknown role; known roles: {}", known.join(", "))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_permissions_and_services_keep_theirs() {
        let table: BTreeMap<Role, Vec<Permission>> =
            serde_json::from_str(include_str!("../roles.json")).unwrap();
        for role in Role::ALL {
            let held = table.get(role).unwrap();
            assert!(!held.is_empty(), "{role:?}");
            assert!(
                !held.contains(&Permission::IngestDerive)
                    && !held.contains(&Permission::RegistryServe)
            );
        }
    }

    #[test]
    fn nobody_both_reviews_and_activates() {
        for role in Role::ALL {
            let held = role.permissions();
            assert!(
                !(held.contains(&Permission::RegistryReview)
                    && held.contains(&Permission::RegistryActivate))
            );
        }
    }
}
