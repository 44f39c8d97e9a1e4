//! The table of states that are there. Every query starts with the organisation, save the one that looks whose there are.

use std::collections::BTreeSet;

use diesel::prelude::*;
use helder_platform::{
    clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Digest, OrganisationId};
use uuid::Uuid;

use crate::{versions::Inputs, wire::LinkedDataset};

diesel::table! {
    /// One row per state that is there.
    linkage_states (run_id) {
        /// The run that made it.
        run_id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The sealed state.
        object -> Text,
        /// Its size.
        size_bytes -> BigInt,
        /// Parts it was made of: digests, as JSON. When one is gone, so is the state.
        made_of -> Text,
        /// When, UTC.
        created_at -> Text,
    }
}

/// One row of [`linkage_states`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = linkage_states)]
pub(crate) struct StateRow {
    run_id: String,
    organisation: String,
    object: String,
    size_bytes: i64,
    made_of: String,
    created_at: String,
}

impl StateRow {
    /// The run that made it.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn run(&self) -> Result<Uuid> {
        self.run_id.parse().map_err(Problem::internal)
    }

    /// The sealed state.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn object(&self) -> Result<Digest> {
        self.object.parse().map_err(Problem::internal)
    }

    /// Parts it was made of.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn made_of(&self) -> Result<Vec<Digest>> {
        serde_json::from_str(&self.made_of).map_err(Problem::internal)
    }
}

/// Parts whose end is the end of what was made of them: the identity part, or where there is none what stands in for it.
pub(crate) fn parts(inputs: &Inputs) -> BTreeSet<Digest> {
    let sides = inputs.sides().into_iter();
    sides
        .map(|input| input.identity.unwrap_or(input.analysis))
        .collect()
}

/// Notes that the state of a run is there. A second try of the same job takes the place of the first.
///
/// # Errors
/// Database errors.
pub(crate) fn insert(
    conn: &mut Conn,
    organisation: &OrganisationId,
    (run, state): (Uuid, &LinkedDataset),
    inputs: &Inputs,
) -> Result<()> {
    remove(conn, organisation, run)?;
    let row = StateRow {
        run_id: run.to_string(),
        organisation: organisation.to_string(),
        object: state.digest.to_string(),
        size_bytes: i64::try_from(state.size_bytes).map_err(Problem::internal)?,
        made_of: serde_json::to_string(&parts(inputs)).map_err(Problem::internal)?,
        created_at: clock::now(),
    };
    diesel::insert_into(linkage_states::table)
        .values(row)
        .execute(conn)?;
    Ok(())
}

/// The state of a run, while it is there.
///
/// # Errors
/// Database errors.
pub(crate) fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    run: Uuid,
) -> Result<Option<StateRow>> {
    Ok(linkage_states::table
        .filter(linkage_states::organisation.eq(organisation.as_str()))
        .filter(linkage_states::run_id.eq(run.to_string()))
        .select(StateRow::as_select())
        .first(conn)
        .optional()?)
}

/// All states of an organisation.
///
/// # Errors
/// Database errors.
pub(super) fn all(conn: &mut Conn, organisation: &OrganisationId) -> Result<Vec<StateRow>> {
    Ok(linkage_states::table
        .filter(linkage_states::organisation.eq(organisation.as_str()))
        .order(linkage_states::run_id)
        .select(StateRow::as_select())
        .load(conn)?)
}

/// Forgets the state of a run; whether it was there.
///
/// # Errors
/// Database errors.
pub(super) fn remove(conn: &mut Conn, organisation: &OrganisationId, run: Uuid) -> Result<bool> {
    let row = linkage_states::table
        .filter(linkage_states::organisation.eq(organisation.as_str()))
        .filter(linkage_states::run_id.eq(run.to_string()));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// Whose states there are, in the scope of [`super::STATE_TERM`].
///
/// # Errors
/// Database errors.
pub(super) fn owners(conn: &mut Conn) -> Result<Vec<String>> {
    Ok(linkage_states::table
        .select(linkage_states::organisation)
        .distinct()
        .order(linkage_states::organisation)
        .load(conn)?)
}
