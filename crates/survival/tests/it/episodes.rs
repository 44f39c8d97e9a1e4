//! Episodes from messy records: nothing is lost, every rule does what it says.

use helder_survival::{
    Action, Clock, EpisodeRules, Late, Record, SurvivalError, WithoutReason, kaplan_meier,
};

const RULES: EpisodeRules = EpisodeRules {
    observed: (0, 1000),
    most_days_between: 30,
    least_days: 2,
    without_reason: WithoutReason::Lost,
    late: Late::FromStart,
};

fn record(person: u64, start: i32, end: Option<i32>, reason: Option<u32>) -> Record {
    Record {
        person,
        start,
        end,
        reason,
        recorded: None,
    }
}

#[test]
fn overlapping_and_interrupted_spells_are_one_episode() {
    let records = [
        record(1, 200, Some(300), Some(2)),
        record(1, 100, Some(250), Some(1)),
        record(1, 320, Some(400), None),
        record(1, 600, Some(700), Some(3)),
        record(1, 600, Some(700), Some(3)),
        record(2, 10, None, None),
    ];
    let made = RULES.apply(&records).unwrap();
    let [a, b, c] = &made.episodes[..] else {
        panic!("{:?}", made.episodes)
    };
    assert_eq!(
        (a.start, a.duration, a.cause, &a.records[..]),
        (100, 301, 0, &[1, 0, 2][..])
    );
    assert_eq!(
        (b.start, b.duration, b.cause, b.number, b.days_since_former),
        (600, 101, 3, 2, Some(199))
    );
    assert_eq!((c.person, c.duration, c.cause), (2, 991, 0));
    let counts = made.counts();
    assert_eq!(
        counts,
        [
            (Action::Repeated, 1),
            (Action::Overlapped, 1),
            (Action::Joined, 1),
            (Action::Runs, 1),
            (Action::NoReason, 3)
        ]
    );
}

#[test]
fn what_lies_outside_the_observation_is_cut_or_set_apart() {
    let records = [
        record(1, -500, Some(-100), Some(1)),
        record(2, -500, Some(99), Some(1)),
        record(3, 900, Some(1500), Some(1)),
        record(4, 1200, None, None),
        record(5, 50, Some(40), Some(1)),
        record(6, 50, Some(50), Some(1)),
    ];
    let made = RULES.apply(&records).unwrap();
    let found: Vec<_> = made
        .episodes
        .iter()
        .map(|e| (e.person, e.entry, e.duration, e.cause))
        .collect();
    assert_eq!(found, [(2, 500, 600, 1), (3, 0, 101, 0)]);
    let spells = made.spells(&RULES, Clock::Duration).unwrap();
    assert_eq!(kaplan_meier(&spells, 0.95).points.len(), 2);
    let calendar = made.spells(&RULES, Clock::Calendar).unwrap();
    assert_eq!(calendar.times(), [100.0, 1001.0]);
}

#[test]
fn a_spell_entered_late_is_not_at_risk_before() {
    let late = Record {
        recorded: Some(60),
        ..record(1, 0, Some(99), Some(1))
    };
    let after = Record {
        recorded: Some(100),
        ..record(2, 0, Some(99), Some(1))
    };
    let rules = EpisodeRules {
        late: Late::FromRecord,
        ..RULES
    };
    let made = rules.apply(&[late, after]).unwrap();
    assert_eq!(made.episodes.len(), 1);
    assert_eq!(
        (made.episodes[0].entry, made.episodes[0].duration),
        (60, 100)
    );
    assert_eq!(
        made.counts(),
        [(Action::RecordedAfterEnd, 1), (Action::RecordedLate, 1)]
    );
    assert_eq!(RULES.apply(&[late, after]).unwrap().episodes.len(), 2);
}

#[test]
fn every_record_is_in_an_episode_or_set_apart_whatever_the_order() {
    let mut state = 5_u64;
    let mut draw = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let records: Vec<Record> = (0..5_000)
        .map(|_| {
            let start = draw(1600) as i32 - 300;
            let end = (draw(5) > 0).then(|| start + draw(200) as i32 - 5);
            let reason = end.filter(|_| draw(4) > 0).map(|_| 1 + draw(3) as u32);
            Record {
                person: draw(900),
                start,
                end,
                reason,
                recorded: (draw(3) == 0).then(|| start + draw(90) as i32),
            }
        })
        .collect();
    for late in [Late::FromStart, Late::FromRecord] {
        let rules = EpisodeRules {
            late,
            without_reason: WithoutReason::Cause(9),
            ..RULES
        };
        let made = rules.apply(&records).unwrap();
        let mut places: Vec<usize> = made
            .episodes
            .iter()
            .flat_map(|episode| episode.records.clone())
            .collect();
        places.extend(
            made.log
                .iter()
                .filter(|entry| entry.what.sets_apart())
                .flat_map(|entry| entry.records.clone()),
        );
        places.sort_unstable();
        assert_eq!(places, (0..records.len()).collect::<Vec<_>>());
        for pair in made
            .episodes
            .windows(2)
            .filter(|pair| pair[0].person == pair[1].person)
        {
            let end = pair[0].start + pair[0].duration as i32;
            assert!(pair[1].start > end + 30 - 1, "{pair:?}");
        }
        assert!(
            made.episodes
                .iter()
                .all(|episode| episode.entry < episode.duration)
        );
        let mut turned = records.clone();
        turned.reverse();
        let again = rules.apply(&turned).unwrap();
        let bare = |episodes: &helder_survival::Episodes| {
            let bare = episodes
                .episodes
                .iter()
                .map(|e| (e.person, e.start, e.entry, e.duration, e.cause, e.number));
            bare.collect::<Vec<_>>()
        };
        assert_eq!(bare(&again), bare(&made));
    }
}

#[test]
fn rules_that_contradict_themselves_are_refused() {
    let rules = EpisodeRules {
        observed: (10, 9),
        ..RULES
    };
    assert!(matches!(
        rules.apply(&[]),
        Err(SurvivalError::Setting { .. })
    ));
    assert!(RULES.apply(&[record(1, 0, Some(5), Some(0))]).is_err());
    assert!(
        RULES
            .apply(&[])
            .unwrap()
            .spells(&RULES, Clock::Duration)
            .is_err()
    );
}
