//! Datasets and their versions. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Digest, OrganisationId};
use uuid::Uuid;

use crate::{
    schema::{dataset_versions, datasets},
    wire::{Dataset, DatasetVersion, NewDataset, Origin, VersionBody, VersionState},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = datasets)]
struct DatasetRow {
    id: String,
    organisation: String,
    project_id: String,
    name: String,
    description: String,
    source_id: Option<String>,
    origin: String,
    last_number: i64,
    created_by: String,
    created_at: String,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = dataset_versions)]
struct VersionRow {
    id: String,
    organisation: String,
    dataset_id: String,
    project_id: String,
    number: i64,
    body: String,
    quality: Option<String>,
    created_by: String,
    created_at: String,
}

impl DatasetRow {
    fn show(self) -> Result<Dataset> {
        Ok(Dataset {
            id: self.id.parse().map_err(Problem::internal)?,
            project_id: self.project_id.parse().map_err(Problem::internal)?,
            name: self.name,
            description: self.description,
            source_id: self
                .source_id
                .map(|id| id.parse())
                .transpose()
                .map_err(Problem::internal)?,
            origin: if self.origin == "derived" {
                Origin::Derived
            } else {
                Origin::Uploaded
            },
            last_number: self.last_number,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}

impl VersionRow {
    fn show(self) -> Result<DatasetVersion> {
        Ok(DatasetVersion {
            id: self.id.parse().map_err(Problem::internal)?,
            dataset_id: self.dataset_id.parse().map_err(Problem::internal)?,
            project_id: self.project_id.parse().map_err(Problem::internal)?,
            number: self.number,
            state: VersionState::Ready,
            body: serde_json::from_str(&self.body).map_err(Problem::internal)?,
            created_by: self.created_by,
            created_at: self.created_at,
        })
    }
}

/// Makes a dataset.
///
/// # Errors
/// Database errors.
pub(crate) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    new: NewDataset,
    origin: Origin,
) -> Result<Dataset> {
    let id = Uuid::now_v7();
    let row = DatasetRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: new.project_id.to_string(),
        name: new.name,
        description: new.description,
        source_id: new.source_id.map(|id| id.to_string()),
        origin: if origin == Origin::Derived {
            "derived"
        } else {
            "uploaded"
        }
        .to_owned(),
        last_number: 0,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(datasets::table)
        .values(&row)
        .execute(conn)?;
    audit::record(conn, caller, "dataset.create", &format!("/datasets/{id}"))?;
    row.show()
}

/// A dataset of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Dataset> {
    let row: DatasetRow = datasets::table
        .filter(datasets::organisation.eq(organisation.as_str()))
        .filter(datasets::id.eq(id.to_string()))
        .select(DatasetRow::as_select())
        .first(conn)?;
    row.show()
}

/// The derived dataset of this name and project, if there is one.
///
/// # Errors
/// Database errors.
pub(crate) fn find_derived(
    conn: &mut Conn,
    organisation: &OrganisationId,
    project: Uuid,
    name: &str,
) -> Result<Option<Dataset>> {
    let row: Option<DatasetRow> = datasets::table
        .filter(datasets::organisation.eq(organisation.as_str()))
        .filter(datasets::project_id.eq(project.to_string()))
        .filter(datasets::origin.eq("derived"))
        .filter(datasets::name.eq(name))
        .order(datasets::id)
        .select(DatasetRow::as_select())
        .first(conn)
        .optional()?;
    row.map(DatasetRow::show).transpose()
}

/// Datasets of this organisation, of one project if given, newest first.
///
/// # Errors
/// Database errors.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    project: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Dataset>> {
    let mut query = datasets::table
        .filter(datasets::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(project) = project {
        query = query.filter(datasets::project_id.eq(project.to_string()));
    }
    if let Some(before) = before {
        query = query.filter(datasets::id.lt(before.to_string()));
    }
    let rows: Vec<DatasetRow> = query
        .order(datasets::id.desc())
        .limit(limit)
        .select(DatasetRow::as_select())
        .load(conn)?;
    rows.into_iter().map(DatasetRow::show).collect()
}

/// A version to be kept.
pub(crate) struct NewVersion<'a> {
    /// Identifier: that of the job that made it, so that a second try makes the same.
    pub(crate) id: Uuid,
    /// Its dataset.
    pub(crate) dataset_id: Uuid,
    /// What it holds.
    pub(crate) body: &'a VersionBody,
    /// Digest of its quality report.
    pub(crate) quality: Option<Digest>,
}

/// Keeps a version under the next number of its dataset.
///
/// # Errors
/// 404 when the dataset is not this organisation's; database errors.
pub(crate) fn insert_version(
    conn: &mut Conn,
    caller: &Caller,
    new: &NewVersion<'_>,
) -> Result<DatasetVersion> {
    // The update holds the dataset's row until the transaction ends, so that no number is given twice.
    let mine = datasets::table
        .filter(datasets::organisation.eq(caller.organisation.as_str()))
        .filter(datasets::id.eq(new.dataset_id.to_string()));
    diesel::update(mine)
        .set(datasets::last_number.eq(datasets::last_number + 1))
        .execute(conn)?;
    let dataset = find(conn, &caller.organisation, new.dataset_id)?;
    let row = VersionRow {
        id: new.id.to_string(),
        organisation: caller.organisation.to_string(),
        dataset_id: new.dataset_id.to_string(),
        project_id: dataset.project_id.to_string(),
        number: dataset.last_number,
        body: serde_json::to_string(new.body).map_err(Problem::internal)?,
        quality: new.quality.map(|digest| digest.to_string()),
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(dataset_versions::table)
        .values(&row)
        .execute(conn)?;
    audit::record(
        conn,
        caller,
        "dataset-version.create",
        &format!("/dataset-versions/{}", new.id),
    )?;
    row.show()
}

/// A version of this organisation, and the digest of its quality report.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find_version(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<(DatasetVersion, Option<Digest>)> {
    let row: VersionRow = dataset_versions::table
        .filter(dataset_versions::organisation.eq(organisation.as_str()))
        .filter(dataset_versions::id.eq(id.to_string()))
        .select(VersionRow::as_select())
        .first(conn)?;
    let quality = row
        .quality
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(Problem::internal)?;
    Ok((row.show()?, quality))
}

/// Number and quality report of the newest version of a dataset that has one.
///
/// # Errors
/// Database errors.
pub(crate) fn newest_quality(
    conn: &mut Conn,
    organisation: &OrganisationId,
    dataset: Uuid,
) -> Result<Option<(i64, Digest)>> {
    let found: Option<(i64, Option<String>)> = dataset_versions::table
        .filter(dataset_versions::organisation.eq(organisation.as_str()))
        .filter(dataset_versions::dataset_id.eq(dataset.to_string()))
        .filter(dataset_versions::quality.is_not_null())
        .order(dataset_versions::number.desc())
        .select((dataset_versions::number, dataset_versions::quality))
        .first(conn)
        .optional()?;
    let Some((number, Some(quality))) = found else {
        return Ok(None);
    };
    Ok(Some((number, quality.parse().map_err(Problem::internal)?)))
}

/// Versions of a dataset, newest first, with numbers under `before`.
///
/// # Errors
/// 404 when the dataset is absent or someone else's.
pub(crate) fn list_versions(
    conn: &mut Conn,
    organisation: &OrganisationId,
    dataset: Uuid,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DatasetVersion>> {
    find(conn, organisation, dataset)?;
    let rows: Vec<VersionRow> = dataset_versions::table
        .filter(dataset_versions::organisation.eq(organisation.as_str()))
        .filter(dataset_versions::dataset_id.eq(dataset.to_string()))
        .filter(dataset_versions::number.lt(before.unwrap_or(i64::MAX)))
        .order(dataset_versions::number.desc())
        .limit(limit)
        .select(VersionRow::as_select())
        .load(conn)?;
    rows.into_iter().map(VersionRow::show).collect()
}
