//! How often a day one person may be asked about (`limits.subject_predictions`).
//!
//! Off unless an installation asks for it. Then it bounds what curiosity and runaway loops can learn about somebody by asking
//! again and again. Counted are subjects by their pseudonym, as the processing log names them, per organisation; so a number and
//! its pseudonym are one subject, in one project. Each process counts for itself, in memory, from midnight UTC, and forgets
//! when it ends. Who is not named cannot be counted, and batches score each row once.
//!
//! Memory is bounded: at most [`MOST`] subjects per organisation. When there are more, those asked for least are forgotten
//! first. Nobody is refused for want of room, and whoever wants somebody forgotten has to ask for many others as often, each
//! with its record.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::http::StatusCode;
use helder_platform::problem::Problem;
use helder_types::Fault;

/// Subjects that are counted per organisation at a time; about two MiB.
pub(crate) const MOST: usize = 100_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The budgets of all subjects of one process.
pub(crate) struct Budget {
    /// None: nothing is counted.
    limit: Option<u32>,
    draw: RandomState,
    today: Mutex<Today>,
}

#[derive(Default)]
struct Today {
    /// Days since 1970.
    day: u64,
    asked: HashMap<String, HashMap<u64, u32>>,
}

/// Subjects of one request, as they are counted.
#[derive(Clone)]
pub(crate) struct Asked {
    organisation: String,
    /// Per subject; none for who is not named.
    subjects: Vec<Option<u64>>,
}

/// What is beyond the budget.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Places in the request.
    pub(crate) places: Vec<usize>,
    /// Until midnight.
    pub(crate) retry_after_s: u64,
}

impl Budget {
    /// * `limit` – predictions per subject and day; 0 is without limit
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            limit: (limit > 0).then_some(limit),
            draw: RandomState::new(),
            today: Mutex::default(),
        }
    }

    /// The subjects of a request; none when nothing is counted, and then no id is looked at.
    ///
    /// * `pseudonym` – of an id, as the processing log has it
    pub(crate) fn asked<'i>(
        &self,
        organisation: &str,
        ids: impl Iterator<Item = Option<&'i str>>,
        pseudonym: impl Fn(&str) -> [u8; 32],
    ) -> Option<Asked> {
        self.limit?;
        let subject = |id: Option<&str>| id.map(|id| self.draw.hash_one(pseudonym(id)));
        Some(Asked {
            organisation: organisation.to_owned(),
            subjects: ids.map(subject).collect(),
        })
    }

    /// Takes one prediction from the budget of each subject, or nothing from any.
    ///
    /// # Errors
    /// [`Spent`] names those that have none left.
    pub(crate) fn take(&self, asked: &Asked, now_ms: u64) -> Result<(), Spent> {
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let mut today = self.today();
        let day = now_ms / DAY_MS;
        if today.day != day {
            *today = Today {
                day,
                asked: HashMap::new(),
            };
        }
        if !today.asked.contains_key(&asked.organisation) {
            let organisation = asked.organisation.clone();
            today.asked.insert(organisation, HashMap::new());
        }
        let Some(counts) = today.asked.get_mut(&asked.organisation) else {
            return Ok(());
        };
        let mut places = Vec::new();
        for (place, subject) in asked.subjects.iter().enumerate() {
            let Some(subject) = subject else { continue };
            let count = counts.entry(*subject).or_default();
            *count += 1;
            if *count > limit {
                places.push(place);
            }
        }
        if !places.is_empty() {
            give_back(counts, asked);
            return Err(Spent {
                places,
                retry_after_s: (DAY_MS - now_ms % DAY_MS).div_ceil(1_000),
            });
        }
        forget_least(counts, limit);
        Ok(())
    }

    /// Nothing was predicted after all.
    pub(crate) fn give_back(&self, asked: &Asked) {
        if let Some(counts) = self.today().asked.get_mut(&asked.organisation) {
            give_back(counts, asked);
        }
    }

    fn today(&self) -> MutexGuard<'_, Today> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn give_back(counts: &mut HashMap<u64, u32>, asked: &Asked) {
    for subject in asked.subjects.iter().flatten() {
        if let Some(count) = counts.get_mut(subject) {
            *count = count.saturating_sub(1);
        }
    }
}

/// Half of the room, once all of it is taken.
fn forget_least(counts: &mut HashMap<u64, u32>, limit: u32) {
    if counts.len() <= MOST {
        return;
    }
    for least in 1..=limit {
        counts.retain(|_, count| *count > least);
        if counts.len() <= MOST / 2 {
            return;
        }
    }
}

impl Spent {
    /// What the caller reads.
    ///
    /// * `pointer` – of a place in the request
    pub(crate) fn problem(&self, pointer: impl Fn(usize) -> String) -> Problem {
        let fault = |place: &usize| {
            let detail = "this subject was predicted for as often as a day allows";
            Fault::new(pointer(*place), "subject-budget", detail)
        };
        Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "subject-budget",
            "a subject was predicted for as often as a day allows; nothing was predicted, see errors",
        )
        .with_faults(self.places.iter().map(fault).collect())
        .retry_after(self.retry_after_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 20_000 * DAY_MS + DAY_MS / 2;

    fn as_it_is(id: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..id.len()].copy_from_slice(id.as_bytes());
        bytes
    }

    fn asked(budget: &Budget, organisation: &str, ids: &[&str]) -> Asked {
        let ids = ids.iter().map(|id| (!id.is_empty()).then_some(*id));
        budget.asked(organisation, ids, as_it_is).unwrap()
    }

    #[test]
    fn a_subject_is_asked_for_as_often_as_a_day_allows_and_again_the_next() {
        let budget = Budget::new(3);
        let anna = asked(&budget, "GM0758", &["anna"]);
        for _ in 0..3 {
            assert_eq!(budget.take(&anna, NOON), Ok(()));
        }
        let spent = budget.take(&anna, NOON).unwrap_err();
        assert_eq!((spent.places, spent.retry_after_s), (vec![0], 12 * 3_600));
        // Others, other organisations and who is not named go on.
        for (organisation, ids) in [("GM0758", ["ben"]), ("GM0772", ["anna"]), ("GM0758", [""])] {
            let other = asked(&budget, organisation, &ids);
            assert_eq!(budget.take(&other, NOON), Ok(()));
        }
        assert_eq!(budget.take(&anna, NOON + DAY_MS / 2), Ok(()));
    }

    #[test]
    fn a_request_takes_from_all_or_from_nobody() {
        let budget = Budget::new(2);
        let twice = asked(&budget, "GM0758", &["anna", "", "anna"]);
        assert_eq!(budget.take(&twice, NOON), Ok(()));
        budget.give_back(&twice);
        let thrice = asked(&budget, "GM0758", &["ben", "anna", "anna", "anna"]);
        assert_eq!(budget.take(&thrice, NOON).unwrap_err().places, [3]);
        let each = asked(&budget, "GM0758", &["ben", "ben", "anna", "anna"]);
        assert_eq!(budget.take(&each, NOON), Ok(()));
    }

    #[test]
    fn without_a_limit_nothing_is_counted_and_no_id_is_looked_at() {
        let budget = Budget::new(0);
        let ids = std::iter::once(Some("anna"));
        let looked = |_: &str| unreachable!("an id was looked at");
        assert!(budget.asked("GM0758", ids, looked).is_none());
    }

    #[test]
    fn memory_is_bounded_and_those_asked_for_most_are_remembered() {
        let budget = Budget::new(3);
        let anna = asked(&budget, "GM0758", &["anna"]);
        for _ in 0..3 {
            assert_eq!(budget.take(&anna, NOON), Ok(()));
        }
        let names: Vec<String> = (0..1_000).map(|n| n.to_string()).collect();
        for block in 0..250 {
            let ids: Vec<String> = names.iter().map(|name| format!("{block}-{name}")).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            assert_eq!(budget.take(&asked(&budget, "GM0758", &ids), NOON), Ok(()));
            assert!(budget.today().asked["GM0758"].len() <= MOST);
        }
        assert!(budget.take(&anna, NOON).is_err());
    }
}
