//! How many requests this process takes at a time for the services that run in it.
//!
//! Such a service computes on the gateway's own worker threads. More requests than these keep up with form no queue that anybody
//! could see: they wait in sockets and for their turn on a thread, and each adds to everybody's wait. So where there are more
//! connections than can do no harm, a request that is let in first lets the others of its thread come in too ([`Room::is_crowded`]),
//! and counts meanwhile; and each thread looks how late it is, as `CoDel` does for packets. When even the least lateness of a tenth
//! of a second is too much, a queue stands and fewer are let in; the others are told at once to come back.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use actix_web::http::{StatusCode, header::RETRY_AFTER};
use helder_platform::{
    metrics::{Family, Points, Source},
    problem::{Problem, Result},
};

/// Code of the refusal.
pub(crate) const NO_ROOM: &str = "no-room";
/// A worker judges the least lateness of this long, so that one slow turn or a busy machine is no queue.
pub(crate) const WINDOW: Duration = Duration::from_millis(100);
/// Once no queue has stood for this long, everybody may come in again.
const FORGOTTEN: Duration = Duration::from_secs(5);

/// Room for requests on the worker threads.
#[derive(Debug)]
pub(crate) struct Room {
    sure: usize,
    most: usize,
    late: Duration,
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
    is_beyond: bool,
}

impl Room {
    /// * `sure` – requests that are let in at any time   * `most` – and those that never are more   * `late` – longest wait of a
    ///   request for its turn on a worker thread
    pub(crate) fn new(sure: usize, most: usize, late: Duration) -> Self {
        let most = most.max(1);
        Self {
            sure: sure.clamp(1, most),
            most,
            late: late.max(Duration::from_millis(1)),
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

    /// Lets a request in. When the room is full, only clients who have less than an even part of it, so that who asks most
    /// is refused and not who asks little; never more of those than there is room for.
    ///
    /// # Errors
    /// 503 with `Retry-After`.
    pub(crate) fn enter<'a>(&'a self, guest: &'a Guest) -> Result<Seat<'a>> {
        let own = guest.under_way.fetch_add(1, Ordering::Relaxed);
        if own == 0 {
            self.clients.fetch_add(1, Ordering::Relaxed);
        }
        let all = self.under_way.fetch_add(1, Ordering::Relaxed);
        // From here on it leaves by itself.
        let mut seat = Seat {
            room: self,
            guest,
            is_beyond: false,
        };
        let limit = self.limit.load(Ordering::Relaxed);
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

    /// A worker begins to look, after less to do or for the first time.
    pub(crate) fn looked_at(&self, now: Instant) {
        let stood_ms = self.stood_ms.load(Ordering::Relaxed);
        if self.ms(now) >= stood_ms + FORGOTTEN.as_millis() as u64 {
            self.limit.store(self.most, Ordering::Relaxed);
        }
    }

    /// A worker tells the least lateness of a window that ended now.
    pub(crate) fn judge(&self, least: Duration, now: Instant) {
        let now_ms = self.ms(now);
        let limit = self.limit.load(Ordering::Relaxed);
        if least > self.late {
            // What waits is in proportion to what is let in; by half at most, as one window may mislead.
            let taken = limit.min(self.under_way.load(Ordering::Relaxed).max(self.sure));
            let share = (self.late.as_secs_f64() / least.as_secs_f64()).clamp(0.5, 0.9);
            let less = ((taken as f64 * share) as usize).clamp(self.sure, self.most);
            self.limit.store(less, Ordering::Relaxed);
            self.stood_ms.store(now_ms, Ordering::Relaxed);
            if limit == self.most {
                tracing::warn!(
                    limit = less,
                    late_us = least.as_micros() as u64,
                    "requests wait for the worker threads; fewer are let in"
                );
            }
            return;
        }
        let refused = self.refused.load(Ordering::Relaxed);
        let has_refused = self.refused_before.swap(refused, Ordering::Relaxed) != refused;
        // Another worker may have seen a queue in the same time.
        let is_calm = now_ms >= self.stood_ms.load(Ordering::Relaxed) + WINDOW.as_millis() as u64
            && least < self.late / 2;
        if has_refused && is_calm {
            let more = (limit + limit / 16 + 1).min(self.most);
            self.limit.store(more, Ordering::Relaxed);
        }
    }

    fn ms(&self, now: Instant) -> u64 {
        // One more, so that no time is the nought of "never".
        now.saturating_duration_since(self.since).as_millis() as u64 + 1
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
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

    const LATE: Duration = Duration::from_millis(5);

    fn fill<'a>(room: &'a Room, guest: &'a Guest, count: usize) -> Vec<Seat<'a>> {
        (0..count).filter_map(|_| room.enter(guest).ok()).collect()
    }

    fn windows(room: &Room, least: Duration, from_ms: u64, count: u64) {
        for number in 0..count {
            let now = room.since + Duration::from_millis(from_ms) + WINDOW * number as u32;
            room.judge(least, now);
        }
    }

    fn limit(room: &Room) -> usize {
        room.limit.load(Ordering::Relaxed)
    }

    #[test]
    fn without_a_queue_nobody_is_refused_but_by_the_upper_bound() {
        let (room, guest) = (Room::new(64, 1_000, LATE), Guest::default());
        windows(&room, LATE, 0, 100);
        let seats = fill(&room, &guest, 1_001);
        assert_eq!(seats.len(), 1_000);
        let refusal = room.enter(&guest).unwrap_err();
        assert_eq!(refusal.status().as_u16(), 503);
        drop(seats);
        assert!(room.enter(&guest).is_ok());
        assert_eq!(room.clients.load(Ordering::Relaxed), 0);
        assert_eq!(room.under_way.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_standing_queue_lets_fewer_in_and_never_fewer_than_is_sure() {
        let (room, guest) = (Room::new(64, 1_000, LATE), Guest::default());
        let seats = fill(&room, &guest, 320);
        windows(&room, LATE * 2, 0, 1);
        assert_eq!(limit(&room), 160);
        assert!(room.enter(&guest).is_err());
        drop(seats);
        windows(&room, LATE * 100, 100, 50);
        assert_eq!(limit(&room), 64);
        assert_eq!(fill(&room, &guest, 320).len(), 64);
    }

    #[test]
    fn once_it_is_gone_those_who_are_refused_come_in_again() {
        let (room, guest) = (Room::new(64, 1_000, LATE), Guest::default());
        windows(&room, LATE * 100, 0, 50);
        let after = 50 * WINDOW.as_millis() as u64;
        // Nobody is refused: nothing to make room for.
        windows(&room, Duration::ZERO, after, 10);
        assert_eq!(limit(&room), 64);
        // Between half and the whole of what may be, it stays as it is.
        let seats = fill(&room, &guest, 65);
        assert_eq!(seats.len(), 64);
        windows(&room, LATE.mul_f64(0.7), after + 1_000, 10);
        assert_eq!(limit(&room), 64);
        for number in 0..60 {
            fill(&room, &guest, 1_000);
            windows(&room, Duration::ZERO, after + 2_000 + number * 100, 1);
        }
        assert_eq!(limit(&room), 1_000);
        // One worker sees a queue that another does not: no way back yet.
        windows(&room, LATE * 100, 20_000, 1);
        let cut = limit(&room);
        fill(&room, &guest, 2_000);
        windows(&room, Duration::ZERO, 20_050, 1);
        assert_eq!(limit(&room), cut);
        room.looked_at(room.since + Duration::from_secs(24));
        assert_eq!(limit(&room), cut);
        room.looked_at(room.since + Duration::from_millis(25_100));
        assert_eq!(limit(&room), 1_000);
    }

    #[test]
    fn who_asks_little_comes_in_beside_one_who_takes_all_the_room() {
        let room = Room::new(8, 100, LATE);
        let (hog, other, third) = (Guest::default(), Guest::default(), Guest::default());
        windows(&room, LATE * 100, 0, 50);
        let taken = fill(&room, &hog, 50);
        assert_eq!(taken.len(), 8);
        let few = fill(&room, &other, 3);
        assert_eq!(few.len(), 3);
        assert!(room.enter(&hog).is_err());
        // Never more of those than there is room for.
        let rest: Vec<_> = [&other, &third].map(|it| fill(&room, it, 50)).into();
        let under_way = room.under_way.load(Ordering::Relaxed);
        assert_eq!(under_way, 8 + 3 + rest.iter().map(Vec::len).sum::<usize>());
        assert!(under_way <= 16, "{under_way}");
    }
}
