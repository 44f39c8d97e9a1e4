//! The table of offered encodings. Every query starts with the organisation, save the one that looks for the partner's offer.

use diesel::prelude::*;
use helder_platform::{
    audit, clock,
    objects::Sealed,
    problem::{Problem, Result},
    purpose::Purpose,
    store::Conn,
};
use helder_pprl::Header;
use helder_types::{Caller, Digest, OrganisationId};
use uuid::Uuid;

use super::{
    result::Own,
    wire::{EncodingState, OfferedEncoding},
};

diesel::table! {
    /// One row per offered encoding.
    encodings (id) {
        /// Identifier, in order of time.
        id -> Text,
        /// Tenant.
        organisation -> Text,
        /// The dossier it belongs to.
        project_id -> Text,
        /// The dossier's activity in the register of processing activities.
        activity -> Text,
        /// With whom it may be linked.
        partner -> Text,
        /// The header of the file, as JSON.
        header -> Text,
        /// The file.
        object -> Text,
        /// Its size.
        size_bytes -> BigInt,
        /// `offered`, `linked` or `withdrawn`.
        state -> Text,
        /// The partner's encoding it was linked with.
        counterpart -> Nullable<Text>,
        /// The job that links it, when this organisation asked for it.
        job_id -> Nullable<Text>,
        /// Own rows that are linked: a file.
        links -> Nullable<Text>,
        /// How many.
        n_links -> Nullable<BigInt>,
        /// How many of them are expected to be right.
        expected_right -> Nullable<Double>,
        /// Who offered it.
        created_by -> Text,
        /// When, UTC.
        created_at -> Text,
        /// Until when it may be linked, UTC.
        expires_at -> Text,
        /// Digest of what was sent; absent where the file lies as it was sent.
        content -> Nullable<Text>,
    }
}

pub(super) const OFFERED: &str = "offered";
const LINKED: &str = "linked";
const WITHDRAWN: &str = "withdrawn";

/// How long an offer stands.
const TERM: std::time::Duration = std::time::Duration::from_hours(30 * 24);
/// Offers of one organisation that may wait at a time: each is a file of up to hundreds of megabytes.
const MOST_WAITING: i64 = 8;

/// One row of [`encodings`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = encodings)]
pub(crate) struct EncodingRow {
    id: String,
    organisation: String,
    project_id: String,
    activity: String,
    partner: String,
    header: String,
    object: String,
    size_bytes: i64,
    state: String,
    counterpart: Option<String>,
    job_id: Option<String>,
    links: Option<String>,
    n_links: Option<i64>,
    expected_right: Option<f64>,
    created_by: String,
    created_at: String,
    expires_at: String,
    content: Option<String>,
}

/// A file that was received and looked at.
pub(super) struct Received {
    pub(super) purpose: Purpose,
    pub(super) partner: OrganisationId,
    pub(super) header: Header,
    pub(super) sealed: Sealed,
}

/// Keeps an offer.
///
/// # Errors
/// 409 when the file is offered already or too many wait; database errors.
pub(super) fn insert(
    conn: &mut Conn,
    caller: &Caller,
    received: &Received,
) -> Result<OfferedEncoding> {
    let content = received.sealed.content.to_string();
    let waiting = encodings::table
        .filter(encodings::organisation.eq(caller.organisation.as_str()))
        .filter(encodings::state.eq(OFFERED))
        .filter(encodings::expires_at.gt(clock::now()));
    let n_waiting: i64 = waiting.count().get_result(conn)?;
    if n_waiting >= MOST_WAITING {
        return Err(Problem::conflict(
            "too-many-encodings",
            format!("{MOST_WAITING} encodings wait already; withdraw one first"),
        ));
    }
    let again: i64 = encodings::table
        .filter(encodings::organisation.eq(caller.organisation.as_str()))
        .filter(
            encodings::content
                .eq(&content)
                .or(encodings::object.eq(&content)),
        )
        .count()
        .get_result(conn)?;
    if again > 0 {
        return Err(Problem::conflict(
            "encoding-known",
            "this file was offered before; encode again for another linkage",
        ));
    }
    let id = Uuid::now_v7();
    let row = EncodingRow {
        id: id.to_string(),
        organisation: caller.organisation.to_string(),
        project_id: received.purpose.project.to_string(),
        activity: received.purpose.activity.clone(),
        partner: received.partner.to_string(),
        header: serde_json::to_string(&received.header).map_err(Problem::internal)?,
        object: received.sealed.object.to_string(),
        size_bytes: i64::try_from(received.sealed.size_bytes).map_err(Problem::internal)?,
        state: OFFERED.to_owned(),
        counterpart: None,
        job_id: None,
        links: None,
        n_links: None,
        expected_right: None,
        created_by: caller.subject.clone(),
        created_at: clock::now(),
        expires_at: clock::after(TERM),
        content: Some(content),
    };
    diesel::insert_into(encodings::table)
        .values(row.clone())
        .execute(conn)?;
    audit::record(conn, caller, "encoding.offer", &format!("/encodings/{id}"))?;
    row.show()
}

/// An encoding of this organisation.
///
/// # Errors
/// 404 when it is absent or someone else's.
pub(crate) fn find(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
) -> Result<EncodingRow> {
    Ok(encodings::table
        .filter(encodings::organisation.eq(organisation.as_str()))
        .filter(encodings::id.eq(id.to_string()))
        .select(EncodingRow::as_select())
        .first(conn)?)
}

/// Encodings of this organisation, newest first, older than `before`.
///
/// # Errors
/// Database errors.
pub(super) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EncodingRow>> {
    let mut query = encodings::table
        .filter(encodings::organisation.eq(organisation.as_str()))
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(encodings::id.lt(before.to_string()));
    }
    Ok(query
        .order(encodings::id.desc())
        .limit(limit)
        .select(EncodingRow::as_select())
        .load(conn)?)
}

/// The newest offer that the partner of `own` made to the organisation of `own`, in the scope of [`super::EXCHANGE`].
///
/// # Errors
/// Database errors.
pub(super) fn offer_to(conn: &mut Conn, own: &EncodingRow) -> Result<Option<EncodingRow>> {
    Ok(encodings::table
        .filter(encodings::organisation.eq(&own.partner))
        .filter(encodings::partner.eq(&own.organisation))
        .filter(encodings::state.eq(OFFERED))
        .filter(encodings::expires_at.gt(clock::now()))
        .order(encodings::id.desc())
        .select(EncodingRow::as_select())
        .first(conn)
        .optional()?)
}

/// Notes the job that links an own offer.
///
/// # Errors
/// 409 when it no longer stands; database errors.
pub(super) fn asked(
    conn: &mut Conn,
    organisation: &OrganisationId,
    id: Uuid,
    job: Uuid,
) -> Result<()> {
    let row = encodings::table
        .filter(encodings::organisation.eq(organisation.as_str()))
        .filter(encodings::id.eq(id.to_string()))
        .filter(encodings::state.eq(OFFERED));
    let n = diesel::update(row)
        .set(encodings::job_id.eq(Some(job.to_string())))
        .execute(conn)?;
    if n == 1 { Ok(()) } else { Err(gone()) }
}

/// Keeps what a linkage found for this organisation. A second try of the same pair writes the same.
///
/// # Errors
/// 409 when the encoding was withdrawn or linked with another one meanwhile; database errors.
pub(super) fn linked(
    conn: &mut Conn,
    organisation: &OrganisationId,
    (id, counterpart): (Uuid, Uuid),
    own: &Own,
) -> Result<()> {
    let counterpart = counterpart.to_string();
    let stands = encodings::state.eq(OFFERED).or(encodings::state
        .eq(LINKED)
        .and(encodings::counterpart.eq(&counterpart)));
    let row = encodings::table
        .filter(encodings::organisation.eq(organisation.as_str()))
        .filter(encodings::id.eq(id.to_string()))
        .filter(stands.assume_not_null());
    let n = diesel::update(row)
        .set((
            encodings::state.eq(LINKED),
            encodings::counterpart.eq(Some(&counterpart)),
            encodings::links.eq(Some(own.object.to_string())),
            encodings::n_links.eq(Some(own.n_links as i64)),
            encodings::expected_right.eq(Some(own.expected_right)),
        ))
        .execute(conn)?;
    if n == 1 { Ok(()) } else { Err(gone()) }
}

/// Takes an offer back.
///
/// # Errors
/// 404 when it is absent or someone else's, 409 when it was linked.
pub(super) fn withdraw(conn: &mut Conn, caller: &Caller, id: Uuid) -> Result<EncodingRow> {
    let mut row = find(conn, &caller.organisation, id)?;
    if row.state == LINKED {
        return Err(Problem::conflict(
            "encoding-linked",
            "this encoding was linked; its bytes are gone already",
        ));
    }
    let own = encodings::table
        .filter(encodings::organisation.eq(caller.organisation.as_str()))
        .filter(encodings::id.eq(id.to_string()))
        .filter(encodings::state.ne(LINKED));
    let n = diesel::update(own)
        .set(encodings::state.eq(WITHDRAWN))
        .execute(conn)?;
    if n != 1 {
        return Err(gone());
    }
    WITHDRAWN.clone_into(&mut row.state);
    audit::record(
        conn,
        caller,
        "encoding.withdraw",
        &format!("/encodings/{id}"),
    )?;
    Ok(row)
}

fn gone() -> Problem {
    Problem::conflict(
        "encoding-not-offered",
        "one of the two encodings is no longer offered; both sides offer again",
    )
}

impl EncodingRow {
    /// Identifier.
    pub(crate) fn id(&self) -> Result<Uuid> {
        self.id.parse().map_err(Problem::internal)
    }

    /// Whose it is.
    pub(super) fn organisation(&self) -> Result<OrganisationId> {
        self.organisation.parse().map_err(Problem::internal)
    }

    /// Project and activity.
    pub(super) fn purpose(&self) -> Result<Purpose> {
        Ok(Purpose {
            project: self.project_id.parse().map_err(Problem::internal)?,
            activity: self.activity.clone(),
        })
    }

    /// Who offered it.
    pub(super) fn created_by(&self) -> &str {
        &self.created_by
    }

    /// How the file was made.
    pub(super) fn header(&self) -> Result<Header> {
        serde_json::from_str(&self.header).map_err(Problem::internal)
    }

    /// Bytes of the file.
    pub(super) const fn size_bytes(&self) -> u64 {
        self.size_bytes.unsigned_abs()
    }

    /// Whether the file is sealed; those from before lie as they were sent.
    pub(super) const fn is_sealed(&self) -> bool {
        self.content.is_some()
    }

    /// The file.
    pub(super) fn object(&self) -> Result<Digest> {
        self.object.parse().map_err(Problem::internal)
    }

    /// Own linked rows.
    ///
    /// # Errors
    /// 409 while it is not linked.
    pub(super) fn links(&self) -> Result<Digest> {
        let not_yet = || Problem::conflict("not-linked", "this encoding has not been linked");
        self.links
            .as_deref()
            .ok_or_else(not_yet)?
            .parse()
            .map_err(Problem::internal)
    }

    /// Whether it may be linked now.
    pub(super) fn stands(&self) -> Result<()> {
        if self.state()? == EncodingState::Offered {
            Ok(())
        } else {
            Err(gone())
        }
    }

    /// Whether it was linked with that one.
    pub(super) fn is_linked_with(&self, other: Uuid) -> bool {
        self.state == LINKED && self.counterpart.as_deref() == Some(other.to_string().as_str())
    }

    fn state(&self) -> Result<EncodingState> {
        Ok(match self.state.as_str() {
            LINKED => EncodingState::Linked,
            WITHDRAWN => EncodingState::Withdrawn,
            OFFERED if self.expires_at <= clock::now() => EncodingState::Expired,
            OFFERED => EncodingState::Offered,
            _ => return Err(Problem::internal("an encoding in an unknown state")),
        })
    }

    /// The encoding as shown to its own organisation.
    pub(super) fn show(&self) -> Result<OfferedEncoding> {
        let header = self.header()?;
        Ok(OfferedEncoding {
            id: self.id()?,
            project_id: self.project_id.parse().map_err(Problem::internal)?,
            partner: self.partner.parse().map_err(Problem::internal)?,
            key_project: header.project,
            key_check: header.key_check,
            rows: header.n_rows,
            size_bytes: self.size_bytes.unsigned_abs(),
            state: self.state()?,
            links: self.n_links.map(i64::unsigned_abs),
            expected_right: self.expected_right,
            created_by: self.created_by.clone(),
            created_at: self.created_at.clone(),
            expires_at: self.expires_at.clone(),
        })
    }
}
