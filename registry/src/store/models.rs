//! Models and aliases in the database.

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Fault, OrganisationId};
use serde_json::json;
use uuid::Uuid;

use super::{events, organisations, projects, versions};
use crate::{
    domain::{
        model::{Alias, Meaning, Model, ModelChange, NewModel},
        state::VersionState,
    },
    schema::{aliases, model_versions, models},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = models)]
struct ModelRow {
    id: String,
    organisation: String,
    project_id: String,
    name: String,
    title_nl: String,
    title_en: String,
    description: String,
    last_number: i64,
    revision: i64,
    created_by: String,
    created_at: String,
    updated_at: String,
}

/// Which models to list.
#[derive(Clone, Debug, Default)]
pub(crate) struct ModelFilter {
    pub(crate) name: Option<String>,
    pub(crate) project_id: Option<Uuid>,
}

pub(crate) fn create(conn: &mut Conn, caller: &Caller, new: &NewModel) -> Result<Model> {
    organisations::ensure(conn, caller)?;
    project_exists(conn, caller, new.project_id)?;
    let now = clock::now();
    let row = ModelRow {
        id: Uuid::now_v7().to_string(),
        organisation: caller.organisation.to_string(),
        project_id: new.project_id.to_string(),
        name: new.name.clone(),
        title_nl: new.title.nl.clone(),
        title_en: new.title.en.clone(),
        description: new.description.clone(),
        last_number: 0,
        revision: 1,
        created_by: caller.subject.clone(),
        created_at: now.clone(),
        updated_at: now,
    };
    let id = row.id.clone();
    diesel::insert_into(models::table)
        .values(row)
        .execute(conn)
        .map_err(|error| match Problem::from(error) {
            problem if problem.status() == 409 => Problem::conflict(
                "name-taken",
                "your organisation already has a model with this name",
            ),
            problem => problem,
        })?;
    let details = json!({ "name": new.name, "projectId": new.project_id, "title": new.title });
    events::record(
        conn,
        caller,
        "model.create",
        &format!("/models/{id}"),
        &details,
    )?;
    find(
        conn,
        &caller.organisation,
        id.parse().map_err(Problem::internal)?,
    )
}

/// A project in a body: unknown and someone else's are the same fault.
pub(crate) fn project_exists(conn: &mut Conn, caller: &Caller, id: Uuid) -> Result<()> {
    match projects::find(conn, &caller.organisation, id) {
        Err(problem) if problem.status() == 404 => Err(Problem::invalid(vec![Fault::new(
            "/projectId",
            "unknown",
            "your organisation has no such project",
        )])),
        other => other.map(drop),
    }
}

/// A model of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(conn: &mut Conn, organisation: &OrganisationId, id: Uuid) -> Result<Model> {
    let row: ModelRow = models::table
        .filter(models::organisation.eq(organisation.as_str()))
        .filter(models::id.eq(id.to_string()))
        .select(ModelRow::as_select())
        .first(conn)?;
    complete(conn, row)
}

pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    filter: &ModelFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Model>> {
    let any = |wanted: bool| wanted.into_sql::<diesel::sql_types::Bool>();
    let name = filter.name.clone().unwrap_or_default();
    let project = filter
        .project_id
        .map(|id| id.to_string())
        .unwrap_or_default();
    let rows: Vec<ModelRow> = models::table
        .filter(models::organisation.eq(organisation.as_str()))
        .filter(models::id.gt(after.unwrap_or(Uuid::nil()).to_string()))
        .filter(any(filter.name.is_none()).or(models::name.eq(name)))
        .filter(any(filter.project_id.is_none()).or(models::project_id.eq(project)))
        .order(models::id)
        .limit(limit + 1)
        .select(ModelRow::as_select())
        .load(conn)?;
    let items = rows
        .into_iter()
        .map(|row| complete(conn, row))
        .collect::<Result<Vec<_>>>()?;
    Ok(items)
}

fn complete(conn: &mut Conn, row: ModelRow) -> Result<Model> {
    let active: Option<String> = model_versions::table
        .filter(model_versions::model_id.eq(&row.id))
        .filter(model_versions::state.eq(VersionState::Active.as_str()))
        .select(model_versions::id)
        .first(conn)
        .optional()?;
    let named: Vec<(String, String)> = aliases::table
        .filter(aliases::model_id.eq(&row.id))
        .order(aliases::alias)
        .select((aliases::alias, aliases::version_id))
        .load(conn)?;
    Ok(Model {
        id: row.id.parse().map_err(Problem::internal)?,
        organisation: row.organisation.parse().map_err(Problem::internal)?,
        project_id: row.project_id.parse().map_err(Problem::internal)?,
        name: row.name,
        title: Meaning {
            nl: row.title_nl,
            en: row.title_en,
        },
        description: row.description,
        active_version_id: active
            .map(|id| id.parse())
            .transpose()
            .map_err(Problem::internal)?,
        aliases: named
            .into_iter()
            .map(|(alias, id)| {
                Ok(Alias {
                    alias,
                    model_version_id: id.parse().map_err(Problem::internal)?,
                })
            })
            .collect::<Result<Vec<_>>>()?,
        revision: row.revision,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Changes a model that is still at `revision`; 412 when somebody was first.
pub(crate) fn change(
    conn: &mut Conn,
    caller: &Caller,
    id: Uuid,
    revision: i64,
    change: ModelChange,
) -> Result<Model> {
    let current = find(conn, &caller.organisation, id)?;
    let title = change.title.unwrap_or(current.title);
    let description = change.description.unwrap_or(current.description);
    let mine = models::table
        .filter(models::organisation.eq(caller.organisation.as_str()))
        .filter(models::id.eq(id.to_string()))
        .filter(models::revision.eq(revision));
    let written = diesel::update(mine)
        .set((
            models::title_nl.eq(&title.nl),
            models::title_en.eq(&title.en),
            models::description.eq(&description),
            models::revision.eq(revision + 1),
            models::updated_at.eq(clock::now()),
        ))
        .execute(conn)?;
    if written == 0 {
        return Err(Problem::precondition_failed());
    }
    let details = json!({ "title": title, "description": description });
    events::record(
        conn,
        caller,
        "model.change",
        &format!("/models/{id}"),
        &details,
    )?;
    find(conn, &caller.organisation, id)
}

/// Lets an alias stand for a version of the model.
pub(crate) fn set_alias(
    conn: &mut Conn,
    caller: &Caller,
    model: Uuid,
    alias: &str,
    version: Uuid,
) -> Result<Model> {
    find(conn, &caller.organisation, model)?;
    let unknown = || {
        Problem::invalid(vec![Fault::new(
            "/modelVersionId",
            "unknown",
            "this model has no such version",
        )])
    };
    let found = versions::find(conn, &caller.organisation, version).map_err(|problem| {
        if problem.status() == 404 {
            unknown()
        } else {
            problem
        }
    })?;
    if found.model_id != model {
        return Err(unknown());
    }
    let mine = (model.to_string(), alias.to_owned());
    diesel::delete(aliases::table.find(mine)).execute(conn)?;
    let row = (
        aliases::model_id.eq(model.to_string()),
        aliases::alias.eq(alias),
        aliases::version_id.eq(version.to_string()),
    );
    diesel::insert_into(aliases::table)
        .values(row)
        .execute(conn)?;
    let object = format!("/models/{model}/aliases/{alias}");
    events::record(
        conn,
        caller,
        "alias.set",
        &object,
        &json!({ "modelVersionId": version }),
    )?;
    find(conn, &caller.organisation, model)
}

/// Takes an alias away; 404 when there is none.
pub(crate) fn remove_alias(
    conn: &mut Conn,
    caller: &Caller,
    model: Uuid,
    alias: &str,
) -> Result<()> {
    find(conn, &caller.organisation, model)?;
    let mine = (model.to_string(), alias.to_owned());
    if diesel::delete(aliases::table.find(mine)).execute(conn)? == 0 {
        return Err(Problem::not_found());
    }
    events::record(
        conn,
        caller,
        "alias.remove",
        &format!("/models/{model}/aliases/{alias}"),
        &json!({}),
    )
}
