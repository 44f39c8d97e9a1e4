//! One bucket per client.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter, clock::Clock};
use helder_platform::problem::{Problem, Result};
use moka::sync::Cache;

use crate::room::Guest;

/// A client's bucket.
pub(crate) struct Bucket {
    limiter: DefaultDirectRateLimiter,
    /// What of this client is under way in this process's own services.
    pub(crate) guest: Guest,
}

impl Bucket {
    /// Takes one request out, or tells how long to wait.
    pub(crate) fn take(&self) -> Result<()> {
        self.limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            Problem::too_many_requests(wait.as_secs() + 1)
        })
    }
}

/// Buckets by client; one not used for ten minutes is full again anyway and is dropped.
pub(crate) struct Buckets {
    quota: Quota,
    by_client: Cache<String, Arc<Bucket>>,
}

impl Buckets {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        let at_least_one = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            quota: Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst)),
            by_client: Cache::builder()
                .max_capacity(50_000)
                .time_to_idle(Duration::from_mins(10))
                .build(),
        }
    }

    /// The bucket of a client: application and organisation, or an address for callers without a token.
    pub(crate) fn of(&self, client: &str) -> Arc<Bucket> {
        self.by_client.get_with_by_ref(client, || {
            Arc::new(Bucket {
                limiter: RateLimiter::direct(self.quota),
                guest: Guest::default(),
            })
        })
    }
}
