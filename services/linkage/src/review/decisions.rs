//! The queue and the decisions: who gets a pair, and what is kept of what they say. Every query starts with the organisation.

use std::{collections::HashMap, time::Duration};

use diesel::prelude::*;
use helder_platform::{
    audit, clock,
    problem::{Problem, Result},
    store::Conn,
};
use helder_types::{Caller, Fault, OrganisationId};
use uuid::Uuid;

use super::{
    schema::{review_decisions, review_pairs},
    wire::{Decision, NewDecision, ReviewLabel, Verdict},
};

/// Whose turn it is when nobody's any more.
const SETTLED: i64 = 3;
/// How often somebody who was too late for a pair tries the next.
const TRIES: usize = 50;

/// One row of [`review_pairs`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = review_pairs)]
pub(crate) struct PairRow {
    id: String,
    organisation: String,
    review_id: String,
    place: i64,
    /// Row of the left version.
    pub(crate) left_row: i64,
    /// Row of the right version.
    pub(crate) right_row: i64,
    /// Stable key of the left record.
    pub(crate) left_key: String,
    /// Stable key of the right record.
    pub(crate) right_key: String,
    stratum: String,
    is_blind: bool,
    part: i64,
    first_by: Option<String>,
    second_by: Option<String>,
    verdict: Option<String>,
    leased_to: Option<String>,
    leased_until: Option<String>,
}

/// One row of [`review_decisions`].
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = review_decisions)]
pub(crate) struct DecisionRow {
    id: String,
    organisation: String,
    review_id: String,
    pair_id: String,
    part: i64,
    verdict: String,
    reason: Option<String>,
    supersedes: Option<String>,
    decided_by: String,
    decided_at: String,
}

/// A new row of the queue.
pub(crate) struct NewPair {
    /// Row numbers.
    pub rows: (i64, i64),
    /// Stable keys.
    pub keys: (String, String),
    /// What it was drawn from.
    pub stratum: &'static str,
    /// Whether a second person decides as well.
    pub is_blind: bool,
}

impl PairRow {
    /// A pair nobody has looked at.
    pub(crate) fn new(
        organisation: &OrganisationId,
        review: Uuid,
        place: usize,
        pair: NewPair,
    ) -> Self {
        Self {
            id: Uuid::now_v7().to_string(),
            organisation: organisation.to_string(),
            review_id: review.to_string(),
            place: place as i64,
            left_row: pair.rows.0,
            right_row: pair.rows.1,
            left_key: pair.keys.0,
            right_key: pair.keys.1,
            stratum: pair.stratum.to_owned(),
            is_blind: pair.is_blind,
            part: 0,
            first_by: None,
            second_by: None,
            verdict: None,
            leased_to: None,
            leased_until: None,
        }
    }

    /// Identifier.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn id(&self) -> Result<Uuid> {
        super::uuid(&self.id)
    }

    /// What it was drawn from.
    pub(crate) fn stratum(&self) -> &str {
        &self.stratum
    }

    /// What was decided, once settled.
    ///
    /// # Errors
    /// 500 when the row is damaged.
    pub(crate) fn verdict(&self) -> Result<Option<Verdict>> {
        self.verdict.as_deref().map(super::parsed).transpose()
    }

    /// Until when it is somebody's.
    pub(crate) fn leased_until(&self) -> String {
        self.leased_until.clone().unwrap_or_default()
    }

    /// Whether this person may be the one whose turn it is.
    fn is_for(&self, person: &str) -> bool {
        match self.part {
            0 => true,
            1 => self.first_by.as_deref() != Some(person),
            2 => {
                self.first_by.as_deref() != Some(person)
                    && self.second_by.as_deref() != Some(person)
            }
            _ => false,
        }
    }
}

/// All pairs of a review, in order of the queue.
///
/// # Errors
/// Database errors.
pub(crate) fn pairs(
    conn: &mut Conn,
    organisation: &OrganisationId,
    review: Uuid,
) -> Result<Vec<PairRow>> {
    Ok(review_pairs::table
        .filter(review_pairs::organisation.eq(organisation.as_str()))
        .filter(review_pairs::review_id.eq(review.to_string()))
        .order(review_pairs::place)
        .select(PairRow::as_select())
        .load(conn)?)
}

/// Gives the caller the next pair, for so long. Who has one already gets it again; nobody else gets it meanwhile.
///
/// # Errors
/// Database errors.
pub(crate) fn take(
    conn: &mut Conn,
    caller: &Caller,
    review: Uuid,
    lease: Duration,
) -> Result<Option<PairRow>> {
    let organisation = &caller.organisation;
    for _ in 0..TRIES {
        let now = clock::now();
        let all = pairs(conn, organisation, review)?;
        let is_leased = |pair: &PairRow| pair.leased_until.as_ref().is_some_and(|it| *it > now);
        let is_mine = |pair: &&PairRow| {
            is_leased(pair) && pair.leased_to.as_deref() == Some(caller.subject.as_str())
        };
        let free = |pair: &&PairRow| !is_leased(pair) && pair.is_for(&caller.subject);
        let Some(pair) = all.iter().find(is_mine).or_else(|| all.iter().find(free)) else {
            return Ok(None);
        };
        let until = clock::after(lease);
        // Whoever came first has changed the row; the other finds it so and looks on.
        let unchanged = review_pairs::table
            .filter(review_pairs::organisation.eq(organisation.as_str()))
            .filter(review_pairs::id.eq(&pair.id))
            .filter(review_pairs::part.eq(pair.part))
            .filter(
                review_pairs::leased_until
                    .is_null()
                    .or(review_pairs::leased_until.le(&now))
                    .or(review_pairs::leased_to.eq(&caller.subject)),
            );
        let changed = diesel::update(unchanged)
            .set((
                review_pairs::leased_to.eq(&caller.subject),
                review_pairs::leased_until.eq(&until),
            ))
            .execute(conn)?;
        if changed == 1 {
            let object = format!("/linkage-reviews/{review}/pairs/{}", pair.id);
            audit::record(conn, caller, "linkage-review.look", &object)?;
            let mut pair = pair.clone();
            pair.leased_until = Some(until);
            return Ok(Some(pair));
        }
    }
    Err(Problem::conflict(
        "queue-busy",
        "many reviewers ask at once; ask again",
    ))
}

/// Decisions of a pair, oldest first.
fn of_pair(
    conn: &mut Conn,
    organisation: &OrganisationId,
    review: Uuid,
    pair: &str,
) -> Result<Vec<DecisionRow>> {
    Ok(review_decisions::table
        .filter(review_decisions::organisation.eq(organisation.as_str()))
        .filter(review_decisions::review_id.eq(review.to_string()))
        .filter(review_decisions::pair_id.eq(pair))
        .order(review_decisions::id)
        .select(DecisionRow::as_select())
        .load(conn)?)
}

/// Keeps a decision: of the person who has the pair, or of one who decided about it before and changes that.
///
/// # Errors
/// 400 when the review has no such pair; 409 `not-leased` when the pair is not this person's to decide.
pub(crate) fn decide(
    conn: &mut Conn,
    caller: &Caller,
    review: Uuid,
    wanted: &NewDecision,
) -> Result<Decision> {
    let organisation = &caller.organisation;
    let pair: Option<PairRow> = review_pairs::table
        .filter(review_pairs::organisation.eq(organisation.as_str()))
        .filter(review_pairs::review_id.eq(review.to_string()))
        .filter(review_pairs::id.eq(wanted.pair_id.to_string()))
        .select(PairRow::as_select())
        .first(conn)
        .optional()?;
    let pair = pair.ok_or_else(|| {
        let fault = Fault::new("/pairId", "unknown-pair", "the review has no such pair");
        Problem::invalid(vec![fault])
    })?;
    let now = clock::now();
    let before = of_pair(conn, organisation, review, &pair.id)?;
    let own = before
        .iter()
        .rev()
        .find(|decision| decision.decided_by == caller.subject);
    let has_it = pair.leased_to.as_deref() == Some(caller.subject.as_str())
        && pair.leased_until.as_ref().is_some_and(|it| *it > now)
        && pair.is_for(&caller.subject);
    let part = match own {
        Some(own) => own.part,
        None if has_it => pair.part,
        None => {
            return Err(Problem::conflict(
                "not-leased",
                "the pair is not yours, or no longer; ask the next one",
            ));
        }
    };
    let row = DecisionRow {
        id: Uuid::now_v7().to_string(),
        organisation: organisation.to_string(),
        review_id: review.to_string(),
        pair_id: pair.id.clone(),
        part,
        verdict: super::json(&wanted.verdict)?,
        reason: wanted.reason.as_ref().map(super::json).transpose()?,
        supersedes: own.map(|own| own.id.clone()),
        decided_by: caller.subject.clone(),
        decided_at: now.clone(),
    };
    diesel::insert_into(review_decisions::table)
        .values(row.clone())
        .execute(conn)?;
    let is_changed = own.is_some();
    let mut latest: [Option<DecisionRow>; 3] = Default::default();
    for decision in before.into_iter().chain([row.clone()]) {
        if let Some(slot) = latest.get_mut(decision.part as usize) {
            *slot = Some(decision);
        }
    }
    let (turn, verdict) = whose_turn(&latest, pair.is_blind);
    // A change of mind leaves the pair with who looks at it now, unless that makes it somebody else's turn.
    let keeps_lease = is_changed && turn == pair.part;
    let unchanged = review_pairs::table
        .filter(review_pairs::organisation.eq(organisation.as_str()))
        .filter(review_pairs::id.eq(&pair.id))
        .filter(review_pairs::part.eq(pair.part));
    let by = |part: usize| latest[part].as_ref().map(|row| row.decided_by.clone());
    let changed = diesel::update(unchanged)
        .set((
            review_pairs::part.eq(turn),
            review_pairs::first_by.eq(by(0)),
            review_pairs::second_by.eq(by(1)),
            review_pairs::verdict.eq(verdict),
            review_pairs::leased_to.eq(pair.leased_to.filter(|_| keeps_lease)),
            review_pairs::leased_until.eq(pair.leased_until.filter(|_| keeps_lease)),
        ))
        .execute(conn)?;
    if changed != 1 {
        return Err(Problem::conflict(
            "pair-changed",
            "somebody decided about this pair at the same moment; send it again",
        ));
    }
    let object = format!("/linkage-reviews/{review}/pairs/{}", pair.id);
    audit::record(conn, caller, "linkage-review.decide", &object)?;
    row.show()
}

/// Whose turn it is, and what the pair is when it is nobody's.
fn whose_turn(latest: &[Option<DecisionRow>; 3], is_blind: bool) -> (i64, Option<String>) {
    let verdict = |part: usize| latest[part].as_ref().map(|row| row.verdict.clone());
    match (verdict(0), verdict(1), verdict(2)) {
        (None, ..) => (0, None),
        (Some(_), None, _) if is_blind => (1, None),
        (Some(first), None, _) => (SETTLED, Some(first)),
        (Some(first), Some(second), _) if first == second => (SETTLED, Some(first)),
        (_, _, Some(third)) => (SETTLED, Some(third)),
        (Some(_), Some(_), None) => (2, None),
    }
}

impl DecisionRow {
    fn show(self) -> Result<Decision> {
        Ok(Decision {
            id: super::uuid(&self.id)?,
            pair_id: super::uuid(&self.pair_id)?,
            verdict: super::parsed(&self.verdict)?,
            reason: self.reason.as_deref().map(super::parsed).transpose()?,
            supersedes: self.supersedes.as_deref().map(super::uuid).transpose()?,
            decided_by: self.decided_by,
            decided_at: self.decided_at,
        })
    }
}

/// Decisions about settled pairs, oldest first, after `after`. Those about other pairs are kept back: who still has to decide must not see
/// them.
///
/// # Errors
/// Database errors.
pub(crate) fn labels(
    conn: &mut Conn,
    organisation: &OrganisationId,
    review: Uuid,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ReviewLabel>> {
    let settled: HashMap<String, PairRow> = pairs(conn, organisation, review)?
        .into_iter()
        .filter(|pair| pair.part == SETTLED)
        .map(|pair| (pair.id.clone(), pair))
        .collect();
    let mut query = review_decisions::table
        .filter(review_decisions::organisation.eq(organisation.as_str()))
        .filter(review_decisions::review_id.eq(review.to_string()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(review_decisions::id.gt(after.to_string()));
    }
    let rows: Vec<DecisionRow> = query
        .order(review_decisions::id)
        .select(DecisionRow::as_select())
        .load(conn)?;
    let mut found = Vec::new();
    for row in rows {
        let Some(pair) = settled.get(&row.pair_id) else {
            continue;
        };
        let Some(settled_as) = pair.verdict()? else {
            continue;
        };
        found.push(ReviewLabel {
            part: row.part + 1,
            settled_as,
            left_row: pair.left_row,
            right_row: pair.right_row,
            left_key: pair.left_key.clone(),
            right_key: pair.right_key.clone(),
            stratum: pair.stratum.clone(),
            decision: row.show()?,
        });
        if found.len() as i64 == limit {
            break;
        }
    }
    Ok(found)
}

/// What first and second reviewers said at first, before they changed anything: rows first, columns second.
///
/// # Errors
/// Database errors, 500 when a row is damaged.
pub(crate) fn table(
    conn: &mut Conn,
    organisation: &OrganisationId,
    review: Uuid,
) -> Result<[[u64; 3]; 3]> {
    let rows: Vec<DecisionRow> = review_decisions::table
        .filter(review_decisions::organisation.eq(organisation.as_str()))
        .filter(review_decisions::review_id.eq(review.to_string()))
        .filter(review_decisions::supersedes.is_null())
        .order(review_decisions::id)
        .select(DecisionRow::as_select())
        .load(conn)?;
    let mut said: HashMap<String, [Option<usize>; 2]> = HashMap::new();
    for row in rows {
        let verdict: Verdict = super::parsed(&row.verdict)?;
        let slots = said.entry(row.pair_id).or_default();
        if let Some(slot) = slots.get_mut(row.part as usize) {
            *slot = Some(verdict as usize);
        }
    }
    let mut table = [[0; 3]; 3];
    for slots in said.into_values() {
        if let [Some(first), Some(second)] = slots {
            table[first][second] += 1;
        }
    }
    Ok(table)
}
