//! What is in force, for the prediction service, and what was ever in force, for everybody.

use diesel::prelude::*;
use helder_platform::{
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Digest, OrganisationId, ProjectStep};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    models,
    projects::{self, ProjectRow},
    versions::{self, VersionFile, VersionRow},
};
use crate::{
    domain::{
        fairness::{FairnessConclusion, FairnessStanding},
        manifest::Summary,
        model::Meaning,
        permit::permit,
        project::{Grondslag, Project},
        state::{Verdict, VersionState},
    },
    schema::{model_versions, models as model_table, organisations, projects as project_table},
};

/// A version that answers now, and on what ground.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActiveVersion {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The model.
    pub model_id: Uuid,
    /// Its name in paths.
    pub model_name: String,
    /// What it is called, for people.
    pub title: Meaning,
    /// The version.
    pub model_version_id: Uuid,
    /// Its number.
    pub number: i64,
    /// Digest of `model.json`.
    pub digest: Digest,
    /// All files.
    pub files: Vec<VersionFile>,
    /// The project.
    pub project_id: Uuid,
    /// Purpose, for the processing log.
    pub doelbinding: String,
    /// URI of the processing activity, for the processing log.
    pub verwerkingsactiviteit: String,
    /// Since when it answers, UTC.
    pub activated_at: String,
}

/// A version that answers or once did, for whoever must answer for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnsweredVersion {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The model.
    pub model_id: Uuid,
    /// Its name in paths.
    pub model_name: String,
    /// The version.
    pub model_version_id: Uuid,
    /// Digest of `model.json`.
    pub digest: Digest,
    /// The project.
    pub project_id: Uuid,
    /// URI of the processing activity, for the processing log.
    pub verwerkingsactiviteit: String,
    /// Where it stands now.
    pub state: VersionState,
    /// Since when it answers, or last did, UTC.
    pub activated_at: String,
    /// When it stopped, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
}

/// A model as everybody may know it: one `model.json`, and who uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogueEntry {
    /// Digest of the file that predicts; each prediction names the same one.
    pub digest: Digest,
    /// What the model is called.
    pub title: Meaning,
    /// What the model says about itself: what it predicts, and from which facts.
    pub summary: Summary,
    /// Who uses or used it, and on what ground.
    pub uses: Vec<CatalogueUse>,
}

/// Use of a model by one organisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CatalogueUse {
    /// Who.
    pub organisation: OrganisationId,
    /// What citizens know it as.
    pub organisation_name: String,
    /// Name of the model there.
    pub model_name: String,
    /// The version there.
    pub model_version_id: Uuid,
    /// `active`, `suspended`, `retired`, or approved or rejected again after a stop.
    pub state: VersionState,
    /// Since when it answers, or last did, UTC.
    pub activated_at: String,
    /// When it stopped, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// What the fairness report says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness: Option<FairnessStanding>,
    /// What the last reviewer without objection concluded from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fairness_conclusion: Option<FairnessConclusion>,
    /// What the model is for.
    pub description: String,
    /// The social problem.
    pub challenge: String,
    /// What is asked of the data.
    pub question: String,
    /// Purpose for which the data are used.
    pub doelbinding: String,
    /// Law that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grondslag: Option<Grondslag>,
    /// URI of the processing activity.
    pub verwerkingsactiviteit: String,
    /// Retention period.
    pub bewaartermijn: String,
    /// Last day of that period.
    pub until: String,
}

/// How a version is named by who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// By what its answers name: the digest of `model.json`.
    Digest(Digest),
    /// By its id.
    Id(Uuid),
}

impl std::str::FromStr for Named {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self> {
        let id = || text.parse().map(Self::Id);
        let digest = text.parse().map(Self::Digest);
        digest.or_else(|_| id()).map_err(|_| Problem::not_found())
    }
}

/// A version with the name and titles of its model, and its project.
type InForce = (VersionRow, (String, String, String), ProjectRow);

/// All versions in force, of all organisations, in a fixed order. A version whose project does not allow predictions
/// `today` is not in force.
///
/// Two questions however many versions there are: predictions hang on this, also where the database is slow to answer.
pub(crate) fn in_force(conn: &mut Conn, today: Date) -> Result<Vec<ActiveVersion>> {
    let rows: Vec<InForce> = model_versions::table
        .inner_join(model_table::table.inner_join(project_table::table))
        .filter(model_versions::state.eq(VersionState::Active.as_str()))
        .order((model_versions::organisation, model_versions::id))
        .select((
            VersionRow::as_select(),
            (
                model_table::name,
                model_table::title_nl,
                model_table::title_en,
            ),
            ProjectRow::as_select(),
        ))
        .load(conn)?;
    let ids = rows
        .iter()
        .map(|(version, ..)| version.id.clone())
        .collect();
    let mut files = versions::files_of(conn, ids)?;
    let mut listed = Vec::with_capacity(rows.len());
    for (row, (model_name, nl, en), project) in rows {
        let project = project.into_project()?;
        if !permit(&project, ProjectStep::Prediction, today).allowed {
            continue;
        }
        listed.push(ActiveVersion {
            organisation: row.organisation.parse().map_err(Problem::internal)?,
            model_id: row.model_id.parse().map_err(Problem::internal)?,
            model_name,
            title: Meaning { nl, en },
            model_version_id: row.id.parse().map_err(Problem::internal)?,
            number: row.number,
            digest: row.digest.parse().map_err(Problem::internal)?,
            files: files.remove(&row.id).unwrap_or_default(),
            project_id: project.id,
            doelbinding: project.doelbinding,
            verwerkingsactiviteit: project.verwerkingsactiviteit,
            activated_at: row.activated_at.unwrap_or_default(),
        });
    }
    Ok(listed)
}

/// The version of this organisation with this digest of `model.json` (of several the one that answered last), or with this id, if it ever
/// answered; 404 for every other.
pub(crate) fn answered(
    conn: &mut Conn,
    organisation: &OrganisationId,
    named: &Named,
) -> Result<AnsweredVersion> {
    let mut query = model_versions::table
        .filter(model_versions::organisation.eq(organisation.as_str()))
        .filter(model_versions::activated_at.is_not_null())
        .into_boxed();
    query = match named {
        Named::Digest(digest) => query.filter(model_versions::digest.eq(digest.to_string())),
        Named::Id(id) => query.filter(model_versions::id.eq(id.to_string())),
    };
    let row: VersionRow = query
        .order((model_versions::activated_at.desc(), model_versions::id))
        .select(VersionRow::as_select())
        .first(conn)?;
    let model_id = row.model_id.parse().map_err(Problem::internal)?;
    let model = models::find(conn, organisation, model_id)?;
    let project = projects::find(conn, organisation, model.project_id)?;
    Ok(AnsweredVersion {
        organisation: project.organisation,
        model_id,
        model_name: model.name,
        model_version_id: row.id.parse().map_err(Problem::internal)?,
        digest: row.digest.parse().map_err(Problem::internal)?,
        project_id: project.id,
        verwerkingsactiviteit: project.verwerkingsactiviteit,
        state: VersionState::from_stored(&row.state),
        activated_at: row.activated_at.unwrap_or_default(),
        ended_at: row.ended_at,
    })
}

/// Entries in order of digest, after `after`.
pub(crate) fn list(
    conn: &mut Conn,
    after: Option<Digest>,
    limit: i64,
) -> Result<Vec<CatalogueEntry>> {
    let digests: Vec<String> = model_versions::table
        .filter(model_versions::activated_at.is_not_null())
        .filter(
            model_versions::digest.gt(after.map(|digest| digest.to_string()).unwrap_or_default()),
        )
        .select(model_versions::digest)
        .distinct()
        .order(model_versions::digest)
        .limit(limit + 1)
        .load(conn)?;
    let entries = digests
        .iter()
        .map(|digest| find(conn, &digest.parse().map_err(Problem::internal)?))
        .collect::<Result<Vec<_>>>()?;
    Ok(entries)
}

/// The entry of a model that is or was in force; 404 for every other digest.
pub(crate) fn find(conn: &mut Conn, digest: &Digest) -> Result<CatalogueEntry> {
    let rows: Vec<VersionRow> = model_versions::table
        .filter(model_versions::digest.eq(digest.to_string()))
        .filter(model_versions::activated_at.is_not_null())
        .order((model_versions::activated_at.desc(), model_versions::id))
        .select(VersionRow::as_select())
        .load(conn)?;
    let mut entry: Option<CatalogueEntry> = None;
    for row in rows {
        let organisation: OrganisationId = row.organisation.parse().map_err(Problem::internal)?;
        let model = models::find(
            conn,
            &organisation,
            row.model_id.parse().map_err(Problem::internal)?,
        )?;
        let project = projects::find(conn, &organisation, model.project_id)?;
        let entry = match &mut entry {
            Some(entry) => entry,
            none => none.insert(CatalogueEntry {
                digest: *digest,
                title: model.title.clone(),
                summary: serde_json::from_str(&row.summary).map_err(Problem::internal)?,
                uses: Vec::new(),
            }),
        };
        entry.uses.push(use_of(conn, &row, &model, project)?);
    }
    entry.ok_or_else(Problem::not_found)
}

fn use_of(
    conn: &mut Conn,
    row: &VersionRow,
    model: &crate::domain::model::Model,
    project: Project,
) -> Result<CatalogueUse> {
    let name: Option<String> = organisations::table
        .find(&row.organisation)
        .select(organisations::name)
        .first(conn)
        .optional()?;
    Ok(CatalogueUse {
        organisation: project.organisation,
        organisation_name: name.unwrap_or_else(|| row.organisation.clone()),
        model_name: model.name.clone(),
        model_version_id: row.id.parse().map_err(Problem::internal)?,
        state: VersionState::from_stored(&row.state),
        activated_at: row.activated_at.clone().unwrap_or_default(),
        ended_at: row.ended_at.clone(),
        fairness: versions::read(row.fairness.as_deref())?,
        fairness_conclusion: versions::reviews_of(conn, &row.id)?
            .into_iter()
            .rev()
            .find(|review| review.verdict == Verdict::Approve)
            .and_then(|review| review.fairness_conclusion),
        description: model.description.clone(),
        challenge: project.challenge,
        question: project.question,
        doelbinding: project.doelbinding,
        grondslag: project.grondslag,
        verwerkingsactiviteit: project.verwerkingsactiviteit,
        bewaartermijn: project.bewaartermijn,
        until: project.until.to_string(),
    })
}
