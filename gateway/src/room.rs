//! How many requests this process takes at a time for the services that run in it.
//!
//! Such a service computes on the gateway's own worker threads and shares the processor and the database with everybody there. More
//! requests than these keep up with form no queue that anybody could see: they wait in sockets, for their turn on a thread and for
//! the next commit, and each adds to everybody's wait. So where there are more connections than can do no harm, a request that is
//! let in first lets the others of its thread come in too ([`Room::is_crowded`]) and counts meanwhile; and of each that ends it is
//! known how long its operation takes when nobody waits ([`Pace`]). When three of four within a tenth of a second took too long
//! for that, a queue stands and fewer are let in; the others are told at once to come back.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use actix_web::http::{StatusCode, header::RETRY_AFTER};
use helder_platform::{
    metrics::{Family, Points, Source},
    problem::{Problem, Result},
};

use crate::pace::{Pace, Seen};

/// Code of the refusal.
pub(crate) const NO_ROOM: &str = "no-room";
/// Once no queue has stood for this long, everybody may come in again.
const FORGOTTEN: Duration = Duration::from_secs(5);

/// Room for requests on the worker threads.
#[derive(Debug)]
pub(crate) struct Room {
    sure: usize,
    most: usize,
    pace: Pace,
    since: Instant,
    /// Open connections: there is at most one request on each.
    connections: AtomicUsize,
    under_way: AtomicUsize,
    /// Clients with a request under way.
    clients: AtomicUsize,
    limit: AtomicUsize,
    /// Requests that were let in beyond the limit.
    beyond: AtomicUsize,
    refused: AtomicU64,
    /// What `refused` was when the limit was last thought over.
    refused_before: AtomicU64,
    /// When a queue was last seen, milliseconds after `since`; 0 for never.
    stood_ms: AtomicU64,
}

/// One client's part of the room.
#[derive(Debug, Default)]
pub(crate) struct Guest {
    under_way: AtomicUsize,
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Seat<'a> {
    room: &'a Room,
    guest: &'a Guest,
    operation: usize,
    came: Instant,
    is_good: bool,
    is_beyond: bool,
}

impl Room {
    /// * `sure` – requests that are let in at any time   * `most` – and those that never are more   * `pace` – how long requests
    ///   may take
    pub(crate) fn new(sure: usize, most: usize, pace: Pace) -> Self {
        let most = most.max(1);
        Self {
            sure: sure.clamp(1, most),
            most,
            pace,
            since: Instant::now(),
            connections: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            clients: AtomicUsize::new(0),
            limit: AtomicUsize::new(most),
            beyond: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            refused_before: AtomicU64::new(0),
            stood_ms: AtomicU64::new(0),
        }
    }

    /// Lets a request for the operation with this number in. When the room is full, only clients who have less than an even part of
    /// it, so that who asks most is refused and not who asks little; never more of those than there is room for.
    ///
    /// # Errors
    /// 503 with `Retry-After`.
    pub(crate) fn enter<'a>(
        &'a self,
        guest: &'a Guest,
        operation: usize,
        came: Instant,
    ) -> Result<Seat<'a>> {
        let own = guest.under_way.fetch_add(1, Ordering::Relaxed);
        if own == 0 {
            self.clients.fetch_add(1, Ordering::Relaxed);
        }
        let all = self.under_way.fetch_add(1, Ordering::Relaxed);
        // From here on it leaves by itself.
        let mut seat = Seat {
            room: self,
            guest,
            operation,
            came,
            is_good: false,
            is_beyond: false,
        };
        let mut limit = self.limit.load(Ordering::Relaxed);
        if all >= limit && limit < self.most && self.is_forgotten(came) {
            limit = self.most;
            self.limit.store(limit, Ordering::Relaxed);
        }
        if all < limit {
            return Ok(seat);
        }
        let even = (limit / self.clients.load(Ordering::Relaxed).max(1)).max(1);
        if own < even && limit < self.most {
            seat.is_beyond = true;
            if self.beyond.fetch_add(1, Ordering::Relaxed) < limit {
                return Ok(seat);
            }
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            NO_ROOM,
            "more is asked than can be answered in time; nothing was done, ask again later",
        )
        .with_header(RETRY_AFTER, "1"))
    }

    /// Whether there may be more requests than are let in at any time.
    pub(crate) fn is_crowded(&self) -> bool {
        self.connections.load(Ordering::Relaxed) > self.sure
    }

    pub(crate) fn opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }

    /// No queue has been seen for so long that nothing is known of one any more.
    fn is_forgotten(&self, now: Instant) -> bool {
        let stood_ms = self.stood_ms.load(Ordering::Relaxed);
        self.ms(now) >= stood_ms + FORGOTTEN.as_millis() as u64
    }

    /// One that was let in has been answered well.
    fn ended(&self, operation: usize, came: Instant, now: Instant) {
        let took = now.saturating_duration_since(came);
        let (is_judged, now_ms) = (self.is_crowded(), self.ms(now));
        if let Some(seen) = self.pace.ended(operation, took, is_judged, now_ms) {
            self.judge(seen, now_ms);
        }
    }

    /// Thinks the limit over after what was seen in a window that ended now.
    fn judge(&self, seen: Seen, now_ms: u64) {
        let limit = self.limit.load(Ordering::Relaxed);
        let refused = self.refused.load(Ordering::Relaxed);
        let has_refused = self.refused_before.swap(refused, Ordering::Relaxed) != refused;
        if seen.is_queue() {
            self.stood_ms.store(now_ms, Ordering::Relaxed);
            if limit == self.sure {
                // So few are nobody's queue: this is how long it takes now.
                self.pace.slacken();
                return;
            }
            // What waits is in proportion to what is let in; by half at most, as one window may mislead.
            let taken = limit.min(self.under_way.load(Ordering::Relaxed).max(self.sure));
            let share = seen.share().clamp(0.5, 0.9);
            let less = ((taken as f64 * share) as usize).clamp(self.sure, self.most);
            self.limit.store(less, Ordering::Relaxed);
            if limit == self.most {
                tracing::warn!(
                    limit = less,
                    took_us = seen.mean_us(),
                    "requests wait for each other; fewer are let in"
                );
            }
        } else if has_refused && seen.is_calm() {
            let more = (limit + limit / 16 + 1).min(self.most);
            self.limit.store(more, Ordering::Relaxed);
        }
    }

    fn ms(&self, now: Instant) -> u64 {
        // One more, so that no time is the nought of "never".
        now.saturating_duration_since(self.since).as_millis() as u64 + 1
    }
}

impl Seat<'_> {
    /// The request was done as asked: it tells how long that takes, which an error does not.
    pub(crate) fn good(&mut self) {
        self.is_good = true;
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        if self.is_good {
            self.room.ended(self.operation, self.came, Instant::now());
        }
        self.room.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.is_beyond {
            self.room.beyond.fetch_sub(1, Ordering::Relaxed);
        }
        if self.guest.under_way.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.room.clients.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Source for Room {
    fn collect(&self) -> Vec<Family> {
        let gauge = |number: &AtomicUsize| {
            Points::Gauge(vec![(Vec::new(), number.load(Ordering::Relaxed) as f64)])
        };
        vec![
            Family {
                name: "helder.room.limit",
                help: "Requests that may be under way in this process's own services.",
                unit: "{request}",
                points: gauge(&self.limit),
            },
            Family {
                name: "helder.room.under_way",
                help: "Requests that are.",
                unit: "{request}",
                points: gauge(&self.under_way),
            },
            Family {
                name: "helder.room.refused",
                help: "Requests refused because there was no room.",
                unit: "{request}",
                points: Points::Counter(vec![(Vec::new(), self.refused.load(Ordering::Relaxed))]),
            },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(sure: usize, most: usize) -> Room {
        let pace = Pace::new(1, Duration::from_millis(5));
        // As long as it takes when nobody waits.
        pace.ended(0, Duration::from_millis(1), false, 0);
        Room::new(sure, most, pace)
    }

    fn fill<'a>(room: &'a Room, guest: &'a Guest, count: usize) -> Vec<Seat<'a>> {
        let seats = (0..count).filter_map(|_| room.enter(guest, 0, room.since).ok());
        seats.collect()
    }

    /// So many windows in which every request took so long, seen from so many milliseconds after the start.
    fn windows(room: &Room, took_ms: u64, from_ms: u64, count: u64) {
        let pace = &room.pace;
        for window in 0..count {
            for number in 0..20 {
                let now_ms = from_ms + window * 100 + number * 5;
                if let Some(seen) = pace.ended(0, Duration::from_millis(took_ms), true, now_ms) {
                    room.judge(seen, now_ms);
                }
            }
        }
    }

    fn limit(room: &Room) -> usize {
        room.limit.load(Ordering::Relaxed)
    }

    #[test]
    fn without_a_queue_nobody_is_refused_but_by_the_upper_bound() {
        let (room, guest) = (room(64, 1_000), Guest::default());
        windows(&room, 5, 0, 100);
        let seats = fill(&room, &guest, 1_001);
        assert_eq!(seats.len(), 1_000);
        let refusal = room.enter(&guest, 0, room.since).unwrap_err();
        assert_eq!(refusal.status().as_u16(), 503);
        drop(seats);
        assert!(room.enter(&guest, 0, room.since).is_ok());
        assert_eq!(room.clients.load(Ordering::Relaxed), 0);
        assert_eq!(room.under_way.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_standing_queue_lets_fewer_in_and_never_fewer_than_is_sure() {
        let (room, guest) = (room(64, 1_000), Guest::default());
        let seats = fill(&room, &guest, 320);
        windows(&room, 12, 1_000, 1);
        windows(&room, 3, 1_100, 1);
        assert_eq!(limit(&room), 160);
        assert!(room.enter(&guest, 0, room.since).is_err());
        drop(seats);
        windows(&room, 12, 1_200, 8);
        assert_eq!(limit(&room), 64);
        assert_eq!(fill(&room, &guest, 320).len(), 64);
    }

    #[test]
    fn once_it_is_gone_those_who_are_refused_come_in_again() {
        let (room, guest) = (room(64, 1_000), Guest::default());
        let seats = fill(&room, &guest, 320);
        windows(&room, 12, 1_000, 2);
        drop(seats);
        let cut = limit(&room);
        assert!(cut < 320);
        // Nobody is refused: nothing to make room for.
        windows(&room, 1, 2_000, 10);
        assert_eq!(limit(&room), cut);
        for number in 0..60 {
            fill(&room, &guest, 1_000);
            windows(&room, 1, 3_100 + number * 100, 1);
        }
        assert_eq!(limit(&room), 1_000);
    }

    #[test]
    fn a_queue_of_long_ago_refuses_nobody() {
        let (room, guest) = (room(64, 1_000), Guest::default());
        let seats = fill(&room, &guest, 320);
        windows(&room, 12, 1_000, 2);
        drop(seats);
        assert!(limit(&room) < 320);
        let later = room.since + Duration::from_secs(7);
        let seats = (0..320).filter_map(|_| room.enter(&guest, 0, later).ok());
        assert_eq!(seats.collect::<Vec<_>>().len(), 320);
    }

    #[test]
    fn what_takes_long_by_itself_is_no_queue_for_ever() {
        let (room, guest) = (room(4, 1_000), Guest::default());
        let seats = fill(&room, &guest, 100);
        // A database that is suddenly slow: so few are let in, and it takes as long.
        windows(&room, 300, 1_000, 10);
        assert_eq!(limit(&room), 4);
        windows(&room, 300, 2_000, 20);
        let has_grown = (0..60).any(|number| {
            assert!(room.enter(&guest, 0, room.since).is_err());
            windows(&room, 300, 4_100 + number * 100, 1);
            limit(&room) > 100
        });
        assert!(has_grown, "{}", limit(&room));
        drop(seats);
    }

    #[test]
    fn who_asks_little_comes_in_beside_one_who_takes_all_the_room() {
        let room = room(8, 100);
        let (hog, other, third) = (Guest::default(), Guest::default(), Guest::default());
        let seats = fill(&room, &hog, 50);
        windows(&room, 12, 1_000, 5);
        drop(seats);
        let taken = fill(&room, &hog, 50);
        assert_eq!(taken.len(), 8);
        let few = fill(&room, &other, 3);
        assert_eq!(few.len(), 3);
        assert!(room.enter(&hog, 0, room.since).is_err());
        // Never more of those than there is room for.
        let rest: Vec<_> = [&other, &third].map(|it| fill(&room, it, 50)).into();
        let under_way = room.under_way.load(Ordering::Relaxed);
        assert_eq!(under_way, 8 + 3 + rest.iter().map(Vec::len).sum::<usize>());
        assert!(under_way <= 16, "{under_way}");
    }
}
