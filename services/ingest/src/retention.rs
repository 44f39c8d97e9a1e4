//! The end of a term: parts of dataset versions go for good, and a proof stays.
//!
//! Two rules. A project's retention period is over: every part of its versions goes, and the key of its pseudonyms is
//! destroyed, which reaches backups as well. Identity parts are older than the platform lets them be: they go, the rest
//! stays until the project's own end. Rules are by date, so what a restored backup brings back goes again at the next look.

mod rows;

use std::{sync::Weak, time::Duration};

use helder_platform::{
    calls::Peers,
    clock,
    identity::TokenMint,
    keyring::KeyRing,
    objects::Objects,
    problem::{Problem, Result},
    store::Store,
};
use helder_types::{Caller, Digest, OrganisationId, Permission};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use uuid::Uuid;

use crate::wire::{PartInfo, Parts};

#[cfg(test)]
pub(crate) use rows::forget_all;
pub(crate) use rows::{Proof, RETENTION, proofs, removed};

/// What the job needs.
pub(crate) struct Retention {
    /// Versions and proofs.
    pub(crate) store: Store,
    /// Where parts lie.
    pub(crate) objects: Objects,
    /// Where pseudonyms' keys are destroyed.
    pub(crate) keyring: KeyRing,
    /// To ask the registry until when a project may keep its data.
    pub(crate) peers: Peers,
    /// Whether it may go on: the service's own caller in an organisation.
    pub(crate) mint: std::sync::Arc<TokenMint>,
    /// Longest life of identity parts, days; 0 is as long as their project.
    pub(crate) identity_days: u64,
}

/// The calendar on which terms end.
const CALENDAR: &str = "Europe/Amsterdam";

#[derive(Deserialize)]
struct Project {
    until: Date,
}

/// Why a part goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    ProjectEnded,
    IdentityTerm,
}

impl Rule {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ProjectEnded => "project-ended",
            Self::IdentityTerm => "identity-term",
        }
    }
}

/// A part whose term is over.
#[derive(Clone, Debug)]
struct Due {
    version: Uuid,
    part: &'static str,
    info: PartInfo,
}

impl Retention {
    /// Looks now and then until the service stops; the first look is at once.
    pub(crate) async fn keep(self, every: Duration, alive: Weak<()>) {
        loop {
            if let Err(problem) = self.run(Timestamp::now()).await {
                problem.log();
            }
            // Short steps, so that the task ends soon after the service.
            for _ in 0..every.as_secs().max(1) {
                if self.store.is_closing() || alive.strong_count() == 0 {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Removes everything whose term is over at `now`; gives the proofs.
    ///
    /// # Errors
    /// When the database or the object store is away; what was done stays done.
    pub(crate) async fn run(&self, now: Timestamp) -> Result<Vec<Proof>> {
        let mut proofs = Vec::new();
        for (organisation, project) in rows::projects(&self.store).await? {
            let until = match self.until(&organisation, project).await {
                Ok(until) => until,
                // Not knowing is no permission to destroy.
                Err(problem) => {
                    problem.log();
                    continue;
                }
            };
            let zone = TimeZone::get(CALENDAR).map_err(Problem::internal)?;
            let rule = if now.to_zoned(zone).date() > until {
                Rule::ProjectEnded
            } else {
                Rule::IdentityTerm
            };
            let due = self.due(&organisation, project, rule, now).await?;
            if !due.is_empty() {
                proofs.extend(self.remove(&organisation, project, rule, due).await?);
            }
            if rule == Rule::ProjectEnded {
                self.keyring
                    .destroy_pseudonyms_once(&organisation, project)
                    .await?;
            }
        }
        Ok(proofs)
    }

    fn myself(&self, organisation: &OrganisationId) -> Caller {
        self.mint
            .own_caller(organisation.clone(), vec![Permission::RegistryRead])
    }

    async fn until(&self, organisation: &OrganisationId, project: Uuid) -> Result<Date> {
        let path = format!("/registry/v1/projects/{project}");
        let registry = self.peers.peer("registry");
        let project: Project = registry.get_json(&self.myself(organisation), &path).await?;
        Ok(project.until)
    }

    async fn due(
        &self,
        organisation: &OrganisationId,
        project: Uuid,
        rule: Rule,
        now: Timestamp,
    ) -> Result<Vec<Due>> {
        let (versions, removed) = rows::of_project(&self.store, organisation, project).await?;
        let mut due = Vec::new();
        for version in versions {
            let age = now.duration_since(version.created_at);
            let days = u64::try_from(age.as_hours() / 24).unwrap_or_default();
            let is_old = self.identity_days > 0 && days >= self.identity_days;
            if rule == Rule::IdentityTerm && !is_old {
                continue;
            }
            for (part, info, identifies) in named(&version.parts) {
                let is_there = !removed.contains(&(version.id, part.to_owned()));
                if is_there && (identifies || rule == Rule::ProjectEnded) {
                    due.push(Due {
                        version: version.id,
                        part,
                        info,
                    });
                }
            }
        }
        Ok(due)
    }

    /// Objects first, then the proof: what the proof says is gone is gone.
    async fn remove(
        &self,
        organisation: &OrganisationId,
        project: Uuid,
        rule: Rule,
        due: Vec<Due>,
    ) -> Result<Option<Proof>> {
        for part in &due {
            // The same bytes may be a part of a version that stays, as when two uploads are equal.
            let digest = part.info.digest;
            if !rows::is_needed(&self.store, organisation, &digest, &due).await? {
                self.objects.delete(organisation, &digest).await?;
                if self.objects.exists(organisation, &digest).await? {
                    return Err(Problem::internal("a part that was removed is still there"));
                }
            }
        }
        let proof = Proof {
            id: Uuid::now_v7().to_string(),
            organisation: organisation.to_string(),
            project_id: project.to_string(),
            rule: rule.as_str().to_owned(),
            parts: due.len() as i64,
            part_rows: due.iter().map(|part| part.info.rows as i64).sum(),
            size_bytes: due.iter().map(|part| part.info.size_bytes as i64).sum(),
            at: clock::now(),
        };
        let kept = rows::prove(&self.store, &self.myself(organisation), proof, due).await?;
        if let Some(proof) = &kept {
            tracing::info!(
                rule = proof.rule,
                parts = proof.parts,
                "parts of dataset versions were removed at the end of their term"
            );
        }
        Ok(kept)
    }
}

/// The parts of a version, and whether each can name a person.
fn named(parts: &Parts) -> Vec<(&'static str, PartInfo, bool)> {
    [
        ("analysis", Some(parts.analysis), false),
        ("identity", parts.identity, true),
        ("quarantine", parts.quarantine, false),
        ("quarantinedRecords", parts.quarantined_records, true),
    ]
    .into_iter()
    .filter_map(|(name, info, identifies)| Some((name, info?, identifies)))
    .collect()
}

impl Due {
    fn is(&self, version: Uuid, digest: &Digest) -> bool {
        self.version == version && self.info.digest == *digest
    }
}
