//! Model versions in the database: written once, never changed but for their state.

use std::collections::BTreeMap;

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Digest, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{artifacts, events, models};
use crate::{
    domain::{
        artifact::MediaType,
        fairness::{FairnessConclusion, FairnessStanding},
        lineage::Lineage,
        manifest::{NewVersion, Summary},
        state::{Verdict, VersionState},
    },
    schema::{model_versions, models as model_table, reviews, version_files},
};

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelVersion {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The model.
    pub model_id: Uuid,
    /// Name of the model.
    pub model_name: String,
    /// The project it is made for.
    pub project_id: Uuid,
    /// 1, 2, 3 … within the model.
    pub number: i64,
    /// Where it stands.
    pub state: VersionState,
    /// Why it stands there, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<String>,
    /// Digest of `model.json`: the same in the catalogue, in the prediction and in the log.
    pub digest: Digest,
    /// Digest over the names and digests of all files.
    pub manifest_digest: Digest,
    /// The files.
    pub files: Vec<VersionFile>,
    /// What the model says about itself.
    pub summary: Summary,
    /// What the fairness report says. Absent without a report, and for versions registered before this was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<FairnessStanding>,
    /// What reviewers found, oldest first.
    pub reviews: Vec<Review>,
    /// Who made it.
    pub created_by: String,
    /// When it was made, UTC.
    pub created_at: String,
    /// Who let it answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_by: Option<String>,
    /// Since when it answers, or last did, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activated_at: Option<String>,
    /// When it stopped, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// Counts changes of state; the `ETag`.
    pub revision: i64,
}

/// A file of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub digest: Digest,
    /// What it is.
    pub media_type: MediaType,
    /// How large it is.
    pub size_bytes: u64,
}

/// What a reviewer found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Review {
    /// Identifier.
    pub id: Uuid,
    /// Who looked.
    pub reviewer: String,
    /// Objection or not.
    pub verdict: Verdict,
    /// Why.
    pub remarks: String,
    /// When, UTC.
    pub created_at: String,
    /// What the reviewer concluded from fairness verdicts that are not within bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness_conclusion: Option<FairnessConclusion>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = model_versions)]
pub(super) struct VersionRow {
    pub(super) id: String,
    pub(super) organisation: String,
    pub(super) model_id: String,
    pub(super) number: i64,
    pub(super) state: String,
    pub(super) state_reason: Option<String>,
    pub(super) digest: String,
    pub(super) manifest_digest: String,
    pub(super) summary: String,
    pub(super) lineage: String,
    pub(super) revision: i64,
    pub(super) created_by: String,
    pub(super) created_at: String,
    pub(super) activated_by: Option<String>,
    pub(super) activated_at: Option<String>,
    pub(super) ended_at: Option<String>,
    pub(super) fairness: Option<String>,
}

/// What the files of a version say, read before it is registered.
pub(crate) struct Said {
    /// Digest of `model.json`.
    pub(crate) digest: Digest,
    /// What that file says about itself.
    pub(crate) summary: Summary,
    /// What `fairness.json` says, where there is one.
    pub(crate) fairness: Option<FairnessStanding>,
}

/// What came of a registration.
#[derive(Serialize, Deserialize)]
pub(crate) struct Registered {
    pub(crate) version: ModelVersion,
    /// False when exactly these files were a version already.
    pub(crate) made: bool,
}

/// Registers a version. The same files again are the same version; other files under an existing number are refused.
pub(crate) fn create(
    conn: &mut Conn,
    caller: &Caller,
    model_id: Uuid,
    new: &NewVersion,
    said: &Said,
) -> Result<Registered> {
    let number = next_number(conn, caller, model_id)?;
    let model = models::find(conn, &caller.organisation, model_id)?;
    if new.project_id.is_some_and(|id| id != model.project_id) {
        return Err(Problem::invalid(vec![Fault::new(
            "/projectId",
            "other-project",
            "the model is of another project",
        )]));
    }
    let manifest = new.manifest_digest().to_string();
    if let Some(existing) = existing(conn, model_id, &manifest, new.number)? {
        return Ok(Registered {
            version: find(conn, &caller.organisation, existing)?,
            made: false,
        });
    }
    if new.number.is_some_and(|wanted| wanted != number) {
        let detail = format!("the next number of this model is {number}");
        return Err(Problem::invalid(vec![Fault::new(
            "/number", "not-next", detail,
        )]));
    }
    let files = check_files(conn, caller, new)?;
    let id = Uuid::now_v7();
    let row = VersionRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        model_id: model_id.to_string(),
        number,
        state: VersionState::Candidate.as_str().to_owned(),
        state_reason: None,
        digest: said.digest.to_string(),
        manifest_digest: manifest,
        summary: serde_json::to_string(&said.summary).map_err(Problem::internal)?,
        lineage: serde_json::to_string(&new.lineage).map_err(Problem::internal)?,
        revision: 1,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
        activated_by: None,
        activated_at: None,
        ended_at: None,
        fairness: written(said.fairness.as_ref())?,
    };
    diesel::insert_into(model_versions::table)
        .values(row)
        .execute(conn)?;
    for file in &files {
        let row = (
            version_files::version_id.eq(id.to_string()),
            version_files::name.eq(&file.name),
            version_files::digest.eq(file.digest.to_string()),
            version_files::media_type.eq(file.media_type.as_str()),
            version_files::size_bytes.eq(file.size_bytes as i64),
        );
        diesel::insert_into(version_files::table)
            .values(row)
            .execute(conn)?;
    }
    let lineage = Digest::of(&serde_json::to_vec(&new.lineage).map_err(Problem::internal)?);
    let details =
        json!({ "modelId": model_id, "number": number, "files": files, "lineage": lineage });
    events::record(
        conn,
        caller,
        "model-version.create",
        &format!("/model-versions/{id}"),
        &details,
    )?;
    Ok(Registered {
        version: find(conn, &caller.organisation, id)?,
        made: true,
    })
}

/// Takes the next number of a model. Holding its row, two registrations at once get two numbers.
fn next_number(conn: &mut Conn, caller: &Caller, model: Uuid) -> Result<i64> {
    let mine = || {
        model_table::table
            .filter(model_table::organisation.eq(caller.organisation.to_string()))
            .filter(model_table::id.eq(model.to_string()))
    };
    let held = diesel::update(mine())
        .set(model_table::last_number.eq(model_table::last_number))
        .execute(conn)?;
    if held == 0 {
        return Err(Problem::not_found());
    }
    let last: Option<i64> = model_versions::table
        .filter(model_versions::model_id.eq(model.to_string()))
        .select(diesel::dsl::max(model_versions::number))
        .first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// The version that already has these files; 409 when `number` exists with others.
fn existing(
    conn: &mut Conn,
    model: Uuid,
    manifest: &str,
    number: Option<i64>,
) -> Result<Option<Uuid>> {
    let of_model = || model_versions::table.filter(model_versions::model_id.eq(model.to_string()));
    let parse = |id: String| id.parse::<Uuid>().map_err(Problem::internal);
    if let Some(number) = number {
        let found: Option<(String, String)> = of_model()
            .filter(model_versions::number.eq(number))
            .select((model_versions::id, model_versions::manifest_digest))
            .first(conn)
            .optional()?;
        return match found {
            Some((id, known)) if known == manifest => parse(id).map(Some),
            Some(_) => Err(Problem::conflict(
                "version-exists",
                "this version exists with other files; a version never changes, register a new one",
            )),
            None => Ok(None),
        };
    }
    let found: Option<String> = of_model()
        .filter(model_versions::manifest_digest.eq(manifest))
        .order(model_versions::number.desc())
        .select(model_versions::id)
        .first(conn)
        .optional()?;
    found.map(parse).transpose()
}

fn check_files(conn: &mut Conn, caller: &Caller, new: &NewVersion) -> Result<Vec<VersionFile>> {
    let mut faults = Vec::new();
    let mut files = Vec::new();
    for (n, file) in new.files.iter().enumerate() {
        match artifacts::find(conn, &caller.organisation, &file.digest) {
            Ok(artifact) if artifact.media_type != file.media_type => {
                let detail = "the artifact was uploaded with another media type";
                faults.push(Fault::new(
                    format!("/files/{n}/mediaType"),
                    "media-type",
                    detail,
                ));
            }
            Ok(artifact) => files.push(VersionFile {
                name: file.name.clone(),
                digest: file.digest,
                media_type: artifact.media_type,
                size_bytes: artifact.size_bytes,
            }),
            Err(problem) if problem.status() == 404 => {
                let detail = "your organisation has no artifact with this digest; upload it first";
                faults.push(Fault::new(format!("/files/{n}/digest"), "unknown", detail));
            }
            Err(problem) => return Err(problem),
        }
    }
    if faults.is_empty() {
        Ok(files)
    } else {
        Err(Problem::invalid(faults))
    }
}

/// A version of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<ModelVersion> {
    let row = row(conn, organisation, id)?;
    complete(conn, row)
}

pub(super) fn row(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<VersionRow> {
    Ok(model_versions::table
        .filter(model_versions::organisation.eq(organisation.as_str()))
        .filter(model_versions::id.eq(id.to_string()))
        .select(VersionRow::as_select())
        .first(conn)?)
}

/// Versions of a model, oldest first, after number `after`.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    model: Uuid,
    after: i64,
    limit: i64,
) -> Result<Vec<ModelVersion>> {
    models::find(conn, organisation, model)?;
    let rows: Vec<VersionRow> = model_versions::table
        .filter(model_versions::organisation.eq(organisation.as_str()))
        .filter(model_versions::model_id.eq(model.to_string()))
        .filter(model_versions::number.gt(after))
        .order(model_versions::number)
        .limit(limit + 1)
        .select(VersionRow::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(|row| complete(conn, row))
        .collect::<Result<Vec<_>>>()?;
    Ok(items)
}

/// The lineage as it was given.
pub(crate) fn lineage(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Lineage> {
    serde_json::from_str(&row(conn, organisation, id)?.lineage).map_err(Problem::internal)
}

pub(super) fn complete(conn: &mut Conn, row: VersionRow) -> Result<ModelVersion> {
    let (model_name, project_id): (String, String) = model_table::table
        .find(&row.model_id)
        .select((model_table::name, model_table::project_id))
        .first(conn)?;
    Ok(ModelVersion {
        id: row.id.parse().map_err(Problem::internal)?,
        organisation: row.organisation.parse().map_err(Problem::internal)?,
        model_id: row.model_id.parse().map_err(Problem::internal)?,
        model_name,
        project_id: project_id.parse().map_err(Problem::internal)?,
        number: row.number,
        state: VersionState::from_stored(&row.state),
        state_reason: row.state_reason,
        digest: row.digest.parse().map_err(Problem::internal)?,
        manifest_digest: row.manifest_digest.parse().map_err(Problem::internal)?,
        files: files(conn, &row.id)?,
        summary: serde_json::from_str(&row.summary).map_err(Problem::internal)?,
        fairness: read(row.fairness.as_deref())?,
        reviews: reviews_of(conn, &row.id)?,
        created_by: row.created_by,
        created_at: row.created_at,
        activated_by: row.activated_by,
        activated_at: row.activated_at,
        ended_at: row.ended_at,
        revision: row.revision,
    })
}

/// Files of one version, by name.
pub(super) fn files(conn: &mut Conn, version: &str) -> Result<Vec<VersionFile>> {
    let mut found = files_of(conn, vec![version.to_owned()])?;
    Ok(found.remove(version).unwrap_or_default())
}

/// Files of each of these versions, by name.
pub(super) fn files_of(
    conn: &mut Conn,
    versions: Vec<String>,
) -> Result<BTreeMap<String, Vec<VersionFile>>> {
    let rows: Vec<(String, String, String, String, i64)> = version_files::table
        .filter(version_files::version_id.eq_any(versions))
        .order((version_files::version_id, version_files::name))
        .select((
            version_files::version_id,
            version_files::name,
            version_files::digest,
            version_files::media_type,
            version_files::size_bytes,
        ))
        .load(conn)?;
    let mut found = BTreeMap::<String, Vec<VersionFile>>::new();
    for (version, name, digest, media_type, size) in rows {
        found.entry(version).or_default().push(VersionFile {
            name,
            digest: digest.parse().map_err(Problem::internal)?,
            media_type: MediaType::from_stored(&media_type),
            size_bytes: u64::try_from(size).unwrap_or(0),
        });
    }
    Ok(found)
}

pub(super) fn reviews_of(conn: &mut Conn, version: &str) -> Result<Vec<Review>> {
    let rows: Vec<(String, String, String, String, String, Option<String>)> = reviews::table
        .filter(reviews::version_id.eq(version))
        .order((reviews::created_at, reviews::id))
        .select((
            reviews::id,
            reviews::reviewer,
            reviews::verdict,
            reviews::remarks,
            reviews::created_at,
            reviews::fairness_conclusion,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, reviewer, verdict, remarks, created_at, conclusion)| {
            Ok(Review {
                id: id.parse().map_err(Problem::internal)?,
                reviewer,
                verdict: if verdict == Verdict::Approve.as_str() {
                    Verdict::Approve
                } else {
                    Verdict::Reject
                },
                remarks,
                created_at,
                fairness_conclusion: read(conclusion.as_deref())?,
            })
        })
        .collect()
}

/// JSON for a column that may be empty.
pub(super) fn written<T: Serialize>(value: Option<&T>) -> Result<Option<String>> {
    value
        .map(serde_json::to_string)
        .transpose()
        .map_err(Problem::internal)
}

/// What [`written`] wrote.
pub(super) fn read<T: for<'de> Deserialize<'de>>(stored: Option<&str>) -> Result<Option<T>> {
    stored
        .map(serde_json::from_str)
        .transpose()
        .map_err(Problem::internal)
}
