//! Projects in the database.

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, OrganisationId};
use serde_json::json;
use uuid::Uuid;

use super::{events, organisations};
use crate::{
    domain::project::{NewProject, Phase, Project, ProjectChange},
    schema::projects,
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = projects)]
pub(super) struct ProjectRow {
    id: String,
    organisation: String,
    name: String,
    challenge: String,
    question: String,
    doelbinding: String,
    grondslag: Option<String>,
    verwerkingsactiviteit: String,
    bewaartermijn: String,
    retention_until: String,
    phase: String,
    steps: String,
    revision: i64,
    created_by: String,
    created_at: String,
    updated_at: String,
}

impl ProjectRow {
    fn of(project: &Project, created_by: &str) -> Result<Self> {
        Ok(Self {
            id: project.id.to_string(),
            organisation: project.organisation.to_string(),
            name: project.name.clone(),
            challenge: project.challenge.clone(),
            question: project.question.clone(),
            doelbinding: project.doelbinding.clone(),
            grondslag: project
                .grondslag
                .as_ref()
                .map(serde_json::to_string)
                .transpose()
                .map_err(Problem::internal)?,
            verwerkingsactiviteit: project.verwerkingsactiviteit.clone(),
            bewaartermijn: project.bewaartermijn.clone(),
            retention_until: project.until.to_string(),
            phase: project.phase.as_str().to_owned(),
            steps: serde_json::to_string(&project.steps).map_err(Problem::internal)?,
            revision: project.revision,
            created_by: created_by.to_owned(),
            created_at: project.created_at.clone(),
            updated_at: project.updated_at.clone(),
        })
    }

    pub(super) fn into_project(self) -> Result<Project> {
        Ok(Project {
            id: self.id.parse().map_err(Problem::internal)?,
            organisation: self.organisation.parse().map_err(Problem::internal)?,
            name: self.name,
            challenge: self.challenge,
            question: self.question,
            doelbinding: self.doelbinding,
            grondslag: self
                .grondslag
                .as_deref()
                .map(serde_json::from_str)
                .transpose()
                .map_err(Problem::internal)?,
            verwerkingsactiviteit: self.verwerkingsactiviteit,
            bewaartermijn: self.bewaartermijn,
            until: self.retention_until.parse().map_err(Problem::internal)?,
            phase: Phase::from_stored(&self.phase),
            steps: serde_json::from_str(&self.steps).map_err(Problem::internal)?,
            revision: self.revision,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

pub(crate) fn create(conn: &mut Conn, caller: &Caller, new: NewProject) -> Result<Project> {
    organisations::ensure(conn, caller)?;
    let project = new
        .into_project(caller.organisation.clone(), Uuid::now_v7(), &clock::now())
        .map_err(Problem::invalid)?;
    diesel::insert_into(projects::table)
        .values(ProjectRow::of(&project, &caller.subject)?)
        .execute(conn)?;
    record(conn, caller, "project.create", &project)?;
    Ok(project)
}

/// A project of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Project> {
    let row: ProjectRow = projects::table
        .filter(projects::organisation.eq(organisation.as_str()))
        .filter(projects::id.eq(id.to_string()))
        .select(ProjectRow::as_select())
        .first(conn)?;
    row.into_project()
}

pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Project>> {
    let rows: Vec<ProjectRow> = projects::table
        .filter(projects::organisation.eq(organisation.as_str()))
        .filter(projects::id.gt(after.unwrap_or(Uuid::nil()).to_string()))
        .order(projects::id)
        .limit(limit + 1)
        .select(ProjectRow::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(ProjectRow::into_project)
        .collect::<Result<Vec<_>>>()?;
    Ok(items)
}

/// Changes a project that is still at `revision`; 412 when somebody was first.
pub(crate) fn change(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    revision: i64,
    change: ProjectChange,
) -> Result<Project> {
    let current = find(conn, &caller.organisation, id)?;
    if current.revision != revision {
        return Err(Problem::precondition_failed());
    }
    let changed = change
        .apply(current, &clock::now())
        .map_err(Problem::invalid)?;
    let row = ProjectRow::of(&changed, "")?;
    let mine = projects::table
        .filter(projects::organisation.eq(caller.organisation.as_str()))
        .filter(projects::id.eq(&row.id))
        .filter(projects::revision.eq(revision));
    let written = diesel::update(mine)
        .set((
            projects::name.eq(&row.name),
            projects::challenge.eq(&row.challenge),
            projects::question.eq(&row.question),
            projects::doelbinding.eq(&row.doelbinding),
            projects::grondslag.eq(&row.grondslag),
            projects::verwerkingsactiviteit.eq(&row.verwerkingsactiviteit),
            projects::bewaartermijn.eq(&row.bewaartermijn),
            projects::retention_until.eq(&row.retention_until),
            projects::phase.eq(&row.phase),
            projects::steps.eq(&row.steps),
            projects::revision.eq(row.revision),
            projects::updated_at.eq(&row.updated_at),
        ))
        .execute(conn)?;
    if written == 0 {
        return Err(Problem::precondition_failed());
    }
    record(conn, caller, "project.change", &changed)?;
    Ok(changed)
}

/// The whole project goes into the log: what was allowed at any moment must be readable later.
fn record(conn: &mut Conn, caller: &Caller, action: &str, project: &Project) -> Result<()> {
    let details = serde_json::to_value(project).map_err(Problem::internal)?;
    events::record(
        conn,
        caller,
        action,
        &format!("/projects/{}", project.id),
        &json!({ "project": details }),
    )
}
