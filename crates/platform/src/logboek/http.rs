//! Reading over HTTP. [`logboek_routes!`](crate::logboek_routes) gives a service its operation under its own permission.

use actix_web::{HttpRequest, HttpResponse, http::header::LINK};
use helder_types::{Bsn, Caller, OrganisationId};
use uuid::Uuid;

use super::{
    Act, Cursor, LogboekSettings, ProcessingActivity, ProcessingActivityPage,
    ProcessingActivityQuery, Query, Sought, Status, find, projects_of,
};
use crate::{
    audit,
    keyring::KeyRing,
    paging::{self, ListQuery},
    problem::{Problem, Result},
    purpose::Purpose,
    store::{Conn, Store},
};

/// Under which activity reading the log is itself on record.
pub const READING: &str = "urn:helder:activity:logboek-lezen";

/// Records that a service keeps elsewhere than in acts: those found after a key, with the key of each.
pub type More = fn(
    &mut Conn,
    &OrganisationId,
    &LogboekSettings,
    &Query,
    &str,
    usize,
) -> Result<Vec<(String, ProcessingActivity)>>;

/// What reading needs from a service.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Its name.
    pub service: &'static str,
    /// Records that it keeps elsewhere.
    pub more: Option<Elsewhere>,
}

/// Records that a service keeps elsewhere than in acts.
#[derive(Clone, Copy, Debug)]
pub struct Elsewhere {
    /// Finds them.
    pub find: More,
    /// The projects that they are about.
    pub projects: fn(&mut Conn, &OrganisationId) -> Result<Vec<Uuid>>,
}

/// Where in the acts, or in what the service keeps elsewhere.
enum Place {
    Acts(Cursor),
    More(String),
}

/// Answers a page of records of the caller's organisation. That it was read is on record: in the audit trail, and as an act on
/// the data of whoever is in the page.
///
/// # Errors
/// 400 for a cursor that is none of ours; database errors.
pub async fn answer(
    (store, keyring, settings): (&Store, &KeyRing, &LogboekSettings),
    caller: &Caller,
    (request, list): (&HttpRequest, &ListQuery),
    asked: ProcessingActivityQuery,
    reading: Reading,
) -> Result<HttpResponse> {
    let place = match list.after::<String>()? {
        None => Place::Acts(Cursor::start()),
        Some(text) => match (text.strip_prefix("more:"), text.parse()) {
            (Some(key), _) if reading.more.is_some() => Place::More(key.to_owned()),
            (_, Ok(cursor)) => Place::Acts(cursor),
            _ => return Err(paging::wrong_cursor()),
        },
    };
    let query = Query {
        trace: asked.trace_id.map(|id| id.simple().to_string()),
        subjects: match &asked.data_subject_id {
            Some(id) => Some(sought(store, keyring, caller, id, reading).await?),
            None => None,
        },
        activity: asked.processing_activity_id.clone(),
        start_ms: asked.start_time,
        end_ms: asked.end_time,
    };
    let (who, settings) = (caller.clone(), settings.clone());
    let limit = usize::try_from(list.limit()).unwrap_or(1);
    let (activities, next) = store
        .of(&caller.organisation)
        .write(move |conn| {
            let (mut page, next) = page(
                conn,
                &who.organisation,
                &settings,
                &query,
                place,
                limit,
                reading,
            )?;
            on_record(conn, &who, reading.service, &page)?;
            page.retain(|record| asked.fits(record));
            Ok((page, next))
        })
        .await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = &next {
        let link = paging::next_link(request, next);
        response.insert_header((LINK, format!("<{link}>; rel=\"next\"")));
    }
    Ok(response.json(ProcessingActivityPage {
        processing_activities: activities,
        next,
    }))
}

type Found = (Vec<ProcessingActivity>, Option<String>);

/// A page: acts first, then what the service keeps elsewhere.
fn page(
    conn: &mut Conn,
    organisation: &OrganisationId,
    settings: &LogboekSettings,
    query: &Query,
    place: Place,
    limit: usize,
    reading: Reading,
) -> Result<Found> {
    let mut page = Vec::new();
    let key = match place {
        Place::More(key) => key,
        Place::Acts(after) => {
            let mut found = find(conn, organisation, settings, query, &after, limit + 1)?;
            if found.len() > limit {
                found.truncate(limit);
                let next = found.last().map(|(cursor, _)| cursor.to_string());
                return Ok((found.into_iter().map(|(_, it)| it).collect(), next));
            }
            page.extend(found.into_iter().map(|(_, it)| it));
            String::new()
        }
    };
    let Some(more) = reading.more else {
        return Ok((page, None));
    };
    let room = limit - page.len();
    let mut found = (more.find)(conn, organisation, settings, query, &key, room + 1)?;
    let has_more = found.len() > room;
    found.truncate(room);
    let last = found.last().map_or(key, |(key, _)| key.clone());
    page.extend(found.into_iter().map(|(_, it)| it));
    Ok((page, has_more.then(|| format!("more:{last}"))))
}

/// Reading a person's records is an act on that person's data, too.
fn on_record(
    conn: &mut Conn,
    caller: &Caller,
    service: &'static str,
    page: &[ProcessingActivity],
) -> Result<()> {
    let purpose = Purpose {
        project: Uuid::nil(),
        activity: READING.to_owned(),
    };
    let mut act = Act::begin(
        service,
        caller,
        &purpose,
        "reading of the log of processing",
    );
    for record in page {
        let id = record.attributes.get("dpl.core.data_subject_id");
        match id.and_then(|id| Sought::read(id.as_str()?)) {
            Some(Sought::Person(pseudonym)) => act.subjects.person(pseudonym),
            Some(Sought::Row(table, row)) => act.subjects.row(&table, row),
            None => {}
        }
    }
    act.record(conn, Status::Ok)?;
    // The trace leads from the line to the record that says whose data was shown.
    let object = format!("/processing-activities?trace={}", act.trace_id);
    audit::record(conn, caller, "processing-activities.read", &object)
}

/// Whom an identifier means: as records have it, or as a client has it, under its pseudonym in each project.
async fn sought(
    store: &Store,
    keyring: &KeyRing,
    caller: &Caller,
    id: &str,
    reading: Reading,
) -> Result<Vec<Sought>> {
    if let Some(person) = Sought::read(id) {
        return Ok(vec![person]);
    }
    let organisation = caller.organisation.clone();
    let projects = store
        .of(&caller.organisation)
        .read(move |conn| {
            let mut projects = projects_of(conn, &organisation)?;
            if let Some(elsewhere) = reading.more {
                projects.extend((elsewhere.projects)(conn, &organisation)?);
            }
            projects.sort_unstable();
            projects.dedup();
            Ok(projects)
        })
        .await?;
    let mut found = Vec::new();
    for project in projects.into_iter().filter(|project| !project.is_nil()) {
        let names = match keyring.pseudonymiser(&caller.organisation, project).await {
            Ok(names) => names,
            // Whose key was destroyed cannot be found again: that is what it was destroyed for.
            Err(problem) if problem.status().is_client_error() => continue,
            Err(problem) => return Err(problem),
        };
        let pseudonym = match Bsn::parse(id.as_bytes()) {
            Ok(bsn) if id.len() == 9 => names.bsn(bsn),
            _ => names.other("subject", id.as_bytes()),
        };
        let text = std::str::from_utf8(&pseudonym).map_err(Problem::internal)?;
        found.extend(Sought::read(text));
    }
    Ok(found)
}

impl ProcessingActivityQuery {
    /// Whether a record fits what is not looked for in the database.
    fn fits(&self, record: &ProcessingActivity) -> bool {
        let has = |key: &str, wanted: &Option<String>| {
            let of = |facts: &serde_json::Map<String, serde_json::Value>| {
                facts.get(key).and_then(|it| it.as_str().map(str::to_owned))
            };
            let it = of(&record.attributes).or_else(|| of(&record.resource.attributes));
            wanted.is_none() || it == *wanted
        };
        has("dpl.core.data_subject_id_type", &self.data_subject_id_type)
            && has("dpl.core.foreign_operation.processor", &self.processor)
            && has("dpl.read.externalReadAPI_id", &self.external_read_api)
    }
}

/// Declares module `logboek_routes` with `POST /processing-activities` and a function `configure` that mounts it.
///
/// ```ignore
/// helder_platform::logboek_routes!(read = IngestAudit, service = "ingest", more = None);
/// // … app.configure(logboek_routes::configure)
/// ```
#[macro_export]
macro_rules! logboek_routes {
    (read = $read:ident, service = $service:literal, more = $more:expr) => {
        /// The log of processing of this service.
        mod logboek_routes {
            use $crate::__logboek::{
                Allowed, CheckedBody, HttpRequest, HttpResponse, KeyRing, ListQuery,
                LogboekSettings, Needs, ProcessingActivityPage, ProcessingActivityQuery, Problems,
                Reading, Result, ServiceConfig, Store, http, needs, post, web,
            };

            /// Finds records of processing (Logboek Dataverwerkingen, extension lezen).
            ///
            /// One record per act and person, oldest first, of the caller's organisation only. That they were read is itself on
            /// record.
            #[$crate::__logboek::utoipa::path(
                tag = "processing-activities",
                operation_id = "listProcessingActivities",
                params(ListQuery),
                request_body = ProcessingActivityQuery,
                responses((status = 200, description = "Records", body = ProcessingActivityPage), Problems),
                security(("bearer" = [<needs::$read as Needs>::PERMISSION.as_str()]))
            )]
            #[post("/processing-activities")]
            pub(crate) async fn list_processing_activities(
                request: HttpRequest,
                caller: Allowed<needs::$read>,
                service: (web::Data<Store>, web::Data<KeyRing>, web::Data<LogboekSettings>),
                list: ListQuery,
                body: CheckedBody<ProcessingActivityQuery>,
            ) -> Result<HttpResponse> {
                let (store, keyring, settings) = service;
                let reading = Reading { service: $service, more: $more };
                http::answer(
                    (&store, &keyring, &settings),
                    &caller,
                    (&request, &list),
                    body.into_inner(),
                    reading,
                )
                .await
            }

            /// Mounts the operation.
            pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
                config.service(list_processing_activities);
            }
        }
    };
}
