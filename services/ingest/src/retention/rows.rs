//! What is kept of versions, and of what was removed from them.

use std::collections::HashSet;

use diesel::prelude::*;
use helder_platform::{
    audit,
    problem::{Problem, Result},
    store::{Conn, Store, Work},
};
use helder_types::{Caller, Digest, OrganisationId};
use jiff::Timestamp;
use uuid::Uuid;

use super::{Due, named};
use crate::{
    schema::{dataset_versions, removed_parts, retention_proofs},
    wire::{Parts, RemovedPart, RetentionProof, VersionBody},
};

/// What was removed, how much, by which rule, when.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = retention_proofs)]
pub(crate) struct Proof {
    pub(crate) id: String,
    pub(crate) organisation: String,
    pub(crate) project_id: String,
    pub(crate) rule: String,
    pub(crate) parts: i64,
    pub(crate) part_rows: i64,
    pub(crate) size_bytes: i64,
    pub(crate) at: String,
}

#[derive(Insertable)]
#[diesel(table_name = removed_parts)]
struct Removed {
    organisation: String,
    version_id: String,
    part: String,
    digest: String,
    proof_id: String,
}

/// Finds the projects whose term may be over.
pub(crate) const RETENTION: Work = Work::named("retention");

/// Version and name of a part.
type Part = (String, String);

/// A version as far as its term goes.
pub(super) struct Version {
    pub(super) id: Uuid,
    pub(super) parts: Parts,
    pub(super) created_at: Timestamp,
}

/// Every project that has versions.
pub(super) async fn projects(store: &Store) -> Result<Vec<(OrganisationId, Uuid)>> {
    let rows: Vec<(String, String)> = store
        .across(RETENTION)
        .read(|conn| {
            Ok(dataset_versions::table
                .select((dataset_versions::organisation, dataset_versions::project_id))
                .distinct()
                .load(conn)?)
        })
        .await?;
    rows.into_iter()
        .map(|(organisation, project)| {
            Ok((
                organisation.parse().map_err(Problem::internal)?,
                project.parse().map_err(Problem::internal)?,
            ))
        })
        .collect()
}

/// The versions of a project, and which parts of them are gone.
pub(super) async fn of_project(
    store: &Store,
    organisation: &OrganisationId,
    project: Uuid,
) -> Result<(Vec<Version>, HashSet<(Uuid, String)>)> {
    let own = store.of(organisation);
    let organisation = organisation.to_string();
    let (versions, removed) = own
        .read(move |conn| {
            let versions: Vec<(String, String, String)> = dataset_versions::table
                .filter(dataset_versions::organisation.eq(&organisation))
                .filter(dataset_versions::project_id.eq(project.to_string()))
                .order(dataset_versions::id)
                .select((
                    dataset_versions::id,
                    dataset_versions::body,
                    dataset_versions::created_at,
                ))
                .load(conn)?;
            let removed: Vec<Part> = removed_parts::table
                .filter(removed_parts::organisation.eq(&organisation))
                .select((removed_parts::version_id, removed_parts::part))
                .load(conn)?;
            Ok((versions, removed))
        })
        .await?;
    let versions = versions
        .into_iter()
        .map(|(id, body, created_at)| {
            let body: VersionBody = serde_json::from_str(&body).map_err(Problem::internal)?;
            Ok(Version {
                id: id.parse().map_err(Problem::internal)?,
                parts: body.parts,
                created_at: created_at.parse().map_err(Problem::internal)?,
            })
        })
        .collect::<Result<_>>()?;
    let removed = removed
        .into_iter()
        .map(|(version, part)| Ok((version.parse().map_err(Problem::internal)?, part)))
        .collect::<Result<_>>()?;
    Ok((versions, removed))
}

/// Whether an object is a part of a version of the organisation that is neither gone nor among `due`.
pub(super) async fn is_needed(
    store: &Store,
    organisation: &OrganisationId,
    digest: &Digest,
    due: &[Due],
) -> Result<bool> {
    let own = store.of(organisation);
    let (organisation, digest) = (organisation.to_string(), *digest);
    let pattern = format!("%{}%", digest.hex());
    let (versions, removed) = own
        .read(move |conn| {
            let versions: Vec<(String, String)> = dataset_versions::table
                .filter(dataset_versions::organisation.eq(&organisation))
                .filter(dataset_versions::body.like(&pattern))
                .select((dataset_versions::id, dataset_versions::body))
                .load(conn)?;
            let removed: Vec<Part> = removed_parts::table
                .filter(removed_parts::organisation.eq(&organisation))
                .filter(removed_parts::digest.eq(digest.to_string()))
                .select((removed_parts::version_id, removed_parts::part))
                .load(conn)?;
            Ok((versions, removed.into_iter().collect::<HashSet<_>>()))
        })
        .await?;
    for (id, body) in versions {
        let body: VersionBody = serde_json::from_str(&body).map_err(Problem::internal)?;
        let version = id.parse().map_err(Problem::internal)?;
        let keeps = named(&body.parts).into_iter().any(|(part, info, _)| {
            info.digest == digest
                && !removed.contains(&(id.clone(), part.to_owned()))
                && !due.iter().any(|due| due.is(version, &digest))
        });
        if keeps {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps the proof with the list of what is gone, once: nothing when another replica was first.
pub(super) async fn prove(
    store: &Store,
    caller: &Caller,
    proof: Proof,
    due: Vec<Due>,
) -> Result<Option<Proof>> {
    let caller = caller.clone();
    let removed: Vec<_> = due
        .into_iter()
        .map(|due| Removed {
            organisation: proof.organisation.clone(),
            version_id: due.version.to_string(),
            part: due.part.to_owned(),
            digest: due.info.digest.to_string(),
            proof_id: proof.id.clone(),
        })
        .collect();
    let kept = store
        .of(&caller.organisation)
        .write(move |conn| {
            for row in &removed {
                diesel::insert_into(removed_parts::table)
                    .values(row)
                    .execute(conn)?;
            }
            diesel::insert_into(retention_proofs::table)
                .values(&proof)
                .execute(conn)?;
            let object = format!("/retention-proofs/{}", proof.id);
            audit::record(conn, &caller, "retention.remove", &object)?;
            Ok(proof)
        })
        .await;
    match kept {
        Ok(proof) => Ok(Some(proof)),
        Err(problem) if problem.status() == 409 => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Proofs of an organisation after the one with this id, oldest first.
pub(crate) fn proofs(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<RetentionProof>> {
    let after = after.map_or_else(String::new, |id| id.to_string());
    let found: Vec<Proof> = retention_proofs::table
        .filter(retention_proofs::organisation.eq(organisation.as_str()))
        .filter(retention_proofs::id.gt(after))
        .order(retention_proofs::id)
        .limit(limit)
        .select(Proof::as_select())
        .load(conn)?;
    let id = |text: &str| text.parse().map_err(Problem::internal);
    found
        .into_iter()
        .map(|proof| {
            Ok(RetentionProof {
                id: id(&proof.id)?,
                project_id: id(&proof.project_id)?,
                rule: proof.rule,
                parts: proof.parts,
                rows: proof.part_rows,
                size_bytes: proof.size_bytes,
                at: proof.at,
            })
        })
        .collect()
}

/// The parts that a proof is about, by version and name, after the one with this key.
pub(crate) fn removed(
    conn: &mut Conn,
    organisation: &OrganisationId,
    proof: Uuid,
    after: &str,
    limit: i64,
) -> Result<Vec<RemovedPart>> {
    let own = || {
        removed_parts::table
            .filter(removed_parts::organisation.eq(organisation.as_str()))
            .filter(removed_parts::proof_id.eq(proof.to_string()))
    };
    let mut rows = own().into_boxed();
    if let Some((version, part)) = after.split_once(':') {
        let later = removed_parts::version_id
            .eq(version)
            .and(removed_parts::part.gt(part));
        rows = rows.filter(removed_parts::version_id.gt(version).or(later));
    }
    let found: Vec<(String, String, String)> = rows
        .order((removed_parts::version_id, removed_parts::part))
        .limit(limit)
        .select((
            removed_parts::version_id,
            removed_parts::part,
            removed_parts::digest,
        ))
        .load(conn)?;
    if found.is_empty() && after.is_empty() {
        return Err(Problem::not_found());
    }
    found
        .into_iter()
        .map(|(version, part, digest)| {
            Ok(RemovedPart {
                dataset_version_id: version.parse().map_err(Problem::internal)?,
                part,
                digest: digest.parse().map_err(Problem::internal)?,
            })
        })
        .collect()
}

/// What restoring an older backup does to what was noted since.
#[cfg(test)]
pub(crate) async fn forget_all(store: &Store, organisation: &OrganisationId) -> Result<()> {
    store
        .of(organisation)
        .write(|conn| {
            diesel::delete(removed_parts::table).execute(conn)?;
            diesel::delete(retention_proofs::table).execute(conn)?;
            Ok(())
        })
        .await
}
