//! How many jobs wait and work, and for how long.

use diesel::{
    dsl::{count_star, min},
    prelude::*,
};
use helder_types::job::JobState;

use super::row::stored;
use crate::{
    metrics::{Family, Labels, Points, Source},
    problem::Result,
    schema::jobs,
    store::{Store, Work},
};

/// Kind, state, how many, and since when the oldest.
type Open = (String, String, i64, Option<String>);

/// Looks at the queue of a service.
pub struct JobNumbers {
    service: &'static str,
    store: Store,
}

impl JobNumbers {
    /// Of the jobs in `store`.
    pub fn new(service: &'static str, store: Store) -> Self {
        Self { service, store }
    }

    fn open(&self) -> Result<Vec<Open>> {
        self.store.across(Work::NUMBERS).read_blocking(|conn| {
            Ok(jobs::table
                .filter(jobs::state.eq_any([stored(JobState::Queued), stored(JobState::Running)]))
                .group_by((jobs::kind, jobs::state))
                .select((jobs::kind, jobs::state, count_star(), min(jobs::created_at)))
                .load(conn)?)
        })
    }
}

impl Source for JobNumbers {
    fn collect(&self) -> Vec<Family> {
        // A database that is away is told by readiness; there is no number then.
        let rows = self.open().unwrap_or_default();
        let now = jiff::Timestamp::now();
        let (mut counts, mut ages) = (Vec::new(), Vec::new());
        for (kind, state, count, oldest) in rows {
            let labels: Labels = vec![
                ("helder.job.kind", kind),
                ("helder.job.state", state),
                ("helder.service", self.service.to_owned()),
            ];
            counts.push((labels.clone(), count as f64));
            let oldest = oldest.and_then(|at| at.parse::<jiff::Timestamp>().ok());
            let age = oldest.map_or(0.0, |at| now.duration_since(at).as_secs_f64().max(0.0));
            ages.push((labels, age));
        }
        vec![
            Family {
                name: "helder.jobs",
                help: "Jobs that have not ended.",
                unit: "{job}",
                points: Points::Gauge(counts),
            },
            Family {
                name: "helder.jobs.oldest",
                help: "How long ago the oldest of them was asked for.",
                unit: "s",
                points: Points::Gauge(ages),
            },
        ]
    }
}
