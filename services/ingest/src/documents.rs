//! Sources, contracts and recipes: rows with a JSON body. Every query starts with the organisation.

use diesel::prelude::*;
use helder_platform::{
    audit, clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, OrganisationId};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    schema::documents,
    wire::{Declared, NewContract, NewRecipe, NewSource},
};

/// What can be declared.
pub(crate) trait Document: Serialize + DeserializeOwned + Send + 'static {
    /// Value of the column `kind`.
    const KIND: &'static str;
    /// Folder in paths.
    const FOLDER: &'static str;

    /// Name for people.
    fn name(&self) -> &str;
}

impl Document for NewSource {
    const KIND: &'static str = "source";
    const FOLDER: &'static str = "sources";

    fn name(&self) -> &str {
        &self.name
    }
}

impl Document for NewContract {
    const KIND: &'static str = "contract";
    const FOLDER: &'static str = "contracts";

    fn name(&self) -> &str {
        &self.name
    }
}

impl Document for NewRecipe {
    const KIND: &'static str = "recipe";
    const FOLDER: &'static str = "recipes";

    fn name(&self) -> &str {
        &self.name
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = documents)]
struct Row {
    id: String,
    organisation: String,
    kind: String,
    name: String,
    body: String,
    created_by: String,
    created_at: String,
}

impl Row {
    fn declared<T: Document>(self) -> Result<Declared<T>> {
        Ok(Declared {
            id: self.id.parse().map_err(Problem::internal)?,
            created_by: self.created_by,
            created_at: self.created_at,
            content: serde_json::from_str(&self.body).map_err(Problem::internal)?,
        })
    }
}

/// Keeps a document.
///
/// # Errors
/// Database errors.
pub(crate) fn insert<T: Document>(
    conn: &mut Conn,
    caller: &Caller,
    document: &T,
) -> Result<Declared<T>> {
    let id = Uuid::now_v7();
    let row = Row {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        kind: T::KIND.to_owned(),
        name: document.name().to_owned(),
        body: serde_json::to_string(document).map_err(Problem::internal)?,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
    };
    diesel::insert_into(documents::table)
        .values(&row)
        .execute(conn)?;
    audit::record(
        conn,
        caller,
        &format!("{}.create", T::KIND),
        &format!("/{}/{id}", T::FOLDER),
    )?;
    row.declared()
}

/// A document of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find<T: Document>(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<Declared<T>> {
    let row: Row = documents::table
        .filter(documents::organisation.eq(organisation.as_str()))
        .filter(documents::kind.eq(T::KIND))
        .filter(documents::id.eq(id.to_string()))
        .select(Row::as_select())
        .first(conn)?;
    row.declared()
}

/// Documents of this organisation, newest first, older than `before`.
///
/// # Errors
/// Database errors.
pub(crate) fn list<T: Document>(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Declared<T>>> {
    let mut query = documents::table
        .filter(documents::organisation.eq(organisation.as_str()))
        .filter(documents::kind.eq(T::KIND))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(documents::id.lt(before.to_string()));
    }
    let rows: Vec<Row> = query
        .order(documents::id.desc())
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::declared).collect()
}
