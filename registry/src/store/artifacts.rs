//! Artifacts: bytes in the object store, known here by digest.

use diesel::prelude::*;
use helder_platform::{clock, problem::Result, store::Conn};
use helder_types::{Caller, Digest, OrganisationId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::events;
use crate::{domain::artifact::MediaType, schema::artifacts};

/// Bytes the registry keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Artifact {
    /// Their name.
    pub digest: Digest,
    /// What they are.
    pub media_type: MediaType,
    /// How many.
    pub size_bytes: u64,
    /// When they first came in, UTC.
    pub created_at: String,
}

/// Makes stored bytes known. The same bytes again are the same artifact.
pub(crate) fn put(
    conn: &mut Conn,
    caller: &Caller,
    digest: &Digest,
    media_type: MediaType,
    size_bytes: u64,
) -> Result<Artifact> {
    let row = (
        artifacts::organisation.eq(caller.organisation.as_str()),
        artifacts::digest.eq(digest.to_string()),
        artifacts::media_type.eq(media_type.as_str()),
        artifacts::size_bytes.eq(size_bytes as i64),
        artifacts::created_by.eq(&caller.subject),
        artifacts::created_at.eq(clock::now()),
    );
    let insert = diesel::insert_into(artifacts::table)
        .values(row)
        .on_conflict_do_nothing();
    let made = match conn {
        Conn::Pg(conn) => insert.execute(conn)?,
        Conn::Sqlite(conn) => insert.execute(conn)?,
    };
    if made == 1 {
        let details = json!({ "mediaType": media_type, "sizeBytes": size_bytes });
        events::record(
            conn,
            caller,
            "artifact.create",
            &format!("/artifacts/{digest}"),
            &details,
        )?;
    }
    find(conn, &caller.organisation, digest)
}

/// An artifact of this organisation; 404 when it is absent or someone else's.
pub(crate) fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    digest: &Digest,
) -> Result<Artifact> {
    let (media_type, size, created_at): (String, i64, String) = artifacts::table
        .find((organisation.as_str(), digest.to_string()))
        .select((
            artifacts::media_type,
            artifacts::size_bytes,
            artifacts::created_at,
        ))
        .first(conn)?;
    Ok(Artifact {
        digest: *digest,
        media_type: MediaType::from_stored(&media_type),
        size_bytes: u64::try_from(size).unwrap_or(0),
        created_at,
    })
}
