//! From records to episodes, person by person.

use super::{Action, Episode, EpisodeRules, Episodes, Late, LogEntry, Record, WithoutReason};

/// A stretch of days, the last one included, that grows while records are added.
struct Stretch {
    start: i32,
    /// `None` while it runs.
    end: Option<i32>,
    reason: Option<u32>,
    recorded: Option<i32>,
    records: Vec<usize>,
}

pub(super) fn episodes(rules: &EpisodeRules, records: &[Record]) -> Episodes {
    let mut made = Episodes {
        episodes: Vec::new(),
        log: Vec::new(),
    };
    let mut order: Vec<usize> = Vec::with_capacity(records.len());
    for (i, record) in records.iter().enumerate() {
        if record.end.is_some_and(|end| end < record.start) {
            made.note(Action::EndsBeforeStart, &[i]);
        } else {
            order.push(i);
        }
    }
    // The place last: the answer does not depend on how equal records are sorted.
    order.sort_unstable_by_key(|&i| {
        let record = &records[i];
        (
            record.person,
            record.start,
            record.end.map_or(i64::MAX, i64::from),
            i,
        )
    });
    for own in order.chunk_by(|&a, &b| records[a].person == records[b].person) {
        let stretches = join(rules, records, own, &mut made);
        settle(rules, records[own[0]].person, stretches, &mut made);
    }
    made
}

/// Joins the records of one person, which come by start.
fn join(
    rules: &EpisodeRules,
    records: &[Record],
    own: &[usize],
    made: &mut Episodes,
) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for &i in own {
        let record = &records[i];
        if let Some(last) = stretches.last_mut() {
            let before = last.records.last().map(|&before| records[before]);
            let gap = last
                .end
                .map_or(i64::MIN, |end| i64::from(record.start) - i64::from(end) - 1);
            let how = if before == Some(*record) {
                Some(Action::Repeated)
            } else if gap < 0 {
                Some(Action::Overlapped)
            } else if gap <= i64::from(rules.most_days_between) {
                Some(Action::Joined)
            } else {
                None
            };
            if let Some(how) = how {
                made.note(how, &[i]);
                last.add(i, record);
                continue;
            }
        }
        stretches.push(Stretch {
            start: record.start,
            end: record.end,
            reason: record.reason,
            recorded: record.recorded,
            records: vec![i],
        });
    }
    stretches
}

impl Stretch {
    /// The end that comes last counts, with its reason; of reasons for the same end the lowest, so that order does not matter.
    fn add(&mut self, i: usize, record: &Record) {
        let last = |end: Option<i32>| end.map_or(i64::MAX, i64::from);
        match last(record.end).cmp(&last(self.end)) {
            std::cmp::Ordering::Greater => (self.end, self.reason) = (record.end, record.reason),
            std::cmp::Ordering::Equal => {
                self.reason = self.reason.into_iter().chain(record.reason).min();
            }
            std::cmp::Ordering::Less => {}
        }
        self.recorded = match (self.recorded, record.recorded) {
            (Some(first), Some(other)) => Some(first.min(other)),
            (known, other) => known.or(other),
        };
        self.records.push(i);
    }
}

/// Brings the stretches of one person within the days observed.
fn settle(rules: &EpisodeRules, person: u64, stretches: Vec<Stretch>, made: &mut Episodes) {
    let (first, last) = rules.observed;
    let mut former: Option<i32> = None;
    for (number, stretch) in (1..).zip(stretches) {
        // The first day after it: all that follows counts in such days.
        let after = stretch.end.map(|end| end.saturating_add(1));
        let days_since_former = former.map(|former| stretch.start.abs_diff(former));
        former = after.or(former);
        let records = &stretch.records;
        if after.is_some_and(|after| after <= first) {
            made.note(Action::BeforeObservation, records);
            continue;
        }
        if stretch.start > last {
            made.note(Action::AfterObservation, records);
            continue;
        }
        if after.is_some_and(|after| after.abs_diff(stretch.start) < rules.least_days) {
            made.note(Action::TooShort, records);
            continue;
        }
        let until = last.saturating_add(1);
        let ended = after.filter(|after| *after <= until);
        let mut seen = stretch.start;
        let mut notes = Vec::new();
        if stretch.start < first {
            notes.push(Action::EnteredLate);
            seen = first;
        }
        if let (Late::FromRecord, Some(recorded)) = (rules.late, stretch.recorded)
            && recorded > seen
        {
            if recorded >= ended.unwrap_or(until) {
                made.note(Action::RecordedAfterEnd, records);
                continue;
            }
            notes.push(Action::RecordedLate);
            seen = recorded;
        }
        let cause = match (ended, stretch.reason, rules.without_reason) {
            (None, ..) => {
                notes.push(Action::Runs);
                0
            }
            (Some(_), Some(reason), _) => reason,
            (Some(_), None, without) => {
                notes.push(Action::NoReason);
                match without {
                    WithoutReason::Lost => 0,
                    WithoutReason::Cause(cause) => cause,
                }
            }
        };
        for note in notes {
            made.note(note, records);
        }
        made.episodes.push(Episode {
            person,
            start: stretch.start,
            entry: seen.abs_diff(stretch.start),
            duration: ended.unwrap_or(until).abs_diff(stretch.start),
            cause,
            number,
            days_since_former,
            records: stretch.records,
        });
    }
}

impl Episodes {
    fn note(&mut self, what: Action, records: &[usize]) {
        self.log.push(LogEntry {
            what,
            records: records.to_vec(),
        });
    }
}
