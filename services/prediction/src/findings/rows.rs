//! Deliveries of findings in the database: added, never changed, and readable with the key of the organisation only.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
};

use diesel::prelude::*;
use helder_platform::{
    clock,
    keyring::Sealer,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    schema::{
        batch_findings::{self, dsl},
        batches,
    },
    wire::{FindingOutcome, NewFinding, NewFindings, RecordedFindings},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = batch_findings)]
struct Row {
    organisation: String,
    batch_id: String,
    delivery: i32,
    recorded_by: String,
    recorded_at: String,
    after_reveal: i32,
    recorded: i32,
    corrected: i32,
    reason: Option<String>,
    findings: Vec<u8>,
}

/// What is sealed. It names its place, so that no delivery can stand in for another.
#[derive(Serialize, Deserialize)]
struct Sealed {
    batch: Uuid,
    delivery: i32,
    findings: Vec<NewFinding>,
}

/// A delivery as it was written down.
pub(crate) struct Delivery {
    pub(crate) recorded_by: String,
    pub(crate) recorded_at: String,
    pub(crate) after_reveal: bool,
    pub(crate) recorded: u32,
    pub(crate) corrected: u32,
    pub(crate) reason: Option<String>,
    sealed: (Uuid, i32, Vec<u8>),
}

impl Row {
    fn into_delivery(self) -> Result<Delivery> {
        Ok(Delivery {
            recorded_by: self.recorded_by,
            recorded_at: self.recorded_at,
            after_reveal: self.after_reveal != 0,
            recorded: self.recorded.try_into().map_err(Problem::internal)?,
            corrected: self.corrected.try_into().map_err(Problem::internal)?,
            reason: self.reason,
            sealed: (
                self.batch_id.parse().map_err(Problem::internal)?,
                self.delivery,
                self.findings,
            ),
        })
    }
}

/// All deliveries of a batch, the oldest first.
pub(crate) fn list(
    conn: &mut Conn,
    organisation: &OrganisationId,
    batch: Uuid,
) -> Result<Vec<Delivery>> {
    let rows: Vec<Row> = batch_findings::table
        .filter(dsl::organisation.eq(organisation.as_str()))
        .filter(dsl::batch_id.eq(batch.to_string()))
        .order(dsl::delivery)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(Row::into_delivery).collect()
}

/// What is known of each number on the list: what was written down last.
///
/// # Errors
/// When a delivery was damaged, or is of another organisation.
pub(crate) fn open(
    deliveries: &[Delivery],
    sealer: &Sealer,
) -> Result<BTreeMap<u32, FindingOutcome>> {
    let mut known = BTreeMap::new();
    for Delivery { sealed, .. } in deliveries {
        let (batch, delivery, bytes) = sealed;
        let mut text = Vec::new();
        let mut reader = sealer.reader(bytes.as_slice()).map_err(Problem::internal)?;
        reader.read_to_end(&mut text).map_err(Problem::internal)?;
        let sealed: Sealed = serde_json::from_slice(&text).map_err(Problem::internal)?;
        if (sealed.batch, sealed.delivery) != (*batch, *delivery) {
            return Err(Problem::internal("findings stand in the place of others"));
        }
        let findings = sealed.findings.into_iter();
        known.extend(findings.map(|finding| (finding.number, finding.outcome)));
    }
    Ok(known)
}

/// What a delivery is about.
pub(crate) struct Writing {
    /// The batch.
    pub(crate) batch: Uuid,
    /// Items on its list.
    pub(crate) rows_listed: u64,
    /// Whether the list is open.
    pub(crate) is_revealed: bool,
    /// The key of the organisation.
    pub(crate) sealer: Sealer,
}

/// Writes down what was found. What was known before is left alone; what changes, and what comes when the list is open, needs a reason.
///
/// # Errors
/// 400 with every fault.
pub(crate) fn write(
    conn: &mut Conn,
    caller: &Caller,
    writing: &Writing,
    new: &NewFindings,
) -> Result<RecordedFindings> {
    let deliveries = list(conn, &caller.organisation, writing.batch)?;
    let mut known = open(&deliveries, &writing.sealer)?;
    let faults = faults(&known, writing, new);
    if !faults.is_empty() {
        return Err(Problem::invalid(faults));
    }
    let is_new = |finding: &&NewFinding| known.get(&finding.number) != Some(&finding.outcome);
    let findings: Vec<NewFinding> = new.findings.iter().filter(is_new).copied().collect();
    let is_correction = |finding: &&NewFinding| known.contains_key(&finding.number);
    let corrected = findings.iter().filter(is_correction).count();
    let (recorded, unchanged) = (
        findings.len() - corrected,
        new.findings.len() - findings.len(),
    );
    let count = |count: usize| u32::try_from(count).map_err(Problem::internal);
    if !findings.is_empty() {
        let delivery = i32::try_from(deliveries.len() + 1).map_err(Problem::internal)?;
        let sealed = Sealed {
            batch: writing.batch,
            delivery,
            findings: findings.clone(),
        };
        let row = Row {
            organisation: caller.organisation.to_string(),
            batch_id: writing.batch.to_string(),
            delivery,
            recorded_by: caller.subject.clone(),
            recorded_at: clock::now(),
            after_reveal: i32::from(writing.is_revealed),
            recorded: recorded.try_into().map_err(Problem::internal)?,
            corrected: corrected.try_into().map_err(Problem::internal)?,
            reason: new.reason.clone(),
            findings: seal(&sealed, &writing.sealer)?,
        };
        diesel::insert_into(batch_findings::table)
            .values(row)
            .execute(conn)?;
    }
    known.extend(
        findings
            .iter()
            .map(|finding| (finding.number, finding.outcome)),
    );
    Ok(RecordedFindings {
        recorded: count(recorded)?,
        corrected: count(corrected)?,
        unchanged: count(unchanged)?,
        rows_listed: writing.rows_listed,
        rows_recorded: known.len() as u64,
    })
}

/// Holds a batch until the end of the transaction, so that deliveries come one after the other, and before or after it is revealed.
pub(crate) fn hold(conn: &mut Conn, organisation: &OrganisationId, batch: Uuid) -> Result<()> {
    diesel::update(batches::table)
        .filter(batches::organisation.eq(organisation.as_str()))
        .filter(batches::id.eq(batch.to_string()))
        .set(batches::control.eq(batches::control))
        .execute(conn)?;
    Ok(())
}

fn faults(
    known: &BTreeMap<u32, FindingOutcome>,
    writing: &Writing,
    new: &NewFindings,
) -> Vec<Fault> {
    let has_reason = new
        .reason
        .as_ref()
        .is_some_and(|reason| !reason.trim().is_empty());
    let mut seen = std::collections::BTreeSet::new();
    let mut faults = Vec::new();
    let mut is_late = false;
    for (place, finding) in new.findings.iter().enumerate() {
        let before = known.get(&finding.number);
        let mut fault = |field: &str, code: &str, detail: &str| {
            faults.push(Fault::new(
                format!("/findings/{place}/{field}"),
                code,
                detail,
            ));
        };
        if u64::from(finding.number) > writing.rows_listed {
            fault("number", "unknown", "the list has no such number");
        } else if !seen.insert(finding.number) {
            fault("number", "twice", "each number once");
        } else if before.is_some_and(|before| *before != finding.outcome) && !has_reason {
            let detail = "something else was written down before; give a reason to change it";
            fault("outcome", "known-otherwise", detail);
        }
        is_late |= before.is_none() && writing.is_revealed;
    }
    if is_late && !has_reason {
        let detail =
            "the list is open, so this was not found blind; give a reason to write it down";
        faults.push(Fault::new("/reason", "required", detail));
    }
    faults
}

fn seal(sealed: &Sealed, sealer: &Sealer) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(sealed).map_err(Problem::internal)?;
    let mut writer = sealer.writer(Vec::new()).map_err(Problem::internal)?;
    writer.write_all(&text).map_err(Problem::internal)?;
    writer.finish().map_err(Problem::internal)
}
