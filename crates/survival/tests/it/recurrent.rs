//! Events that come back, beside R's `coxph` (`tests/reference/recurrent.R`).

use std::path::Path;

use helder_survival::{
    Cox, EpisodeRules, History, Late, Record, Recurrence, Recurrent, SurvivalError, WithoutReason,
};
use serde_json::Value;

use crate::support::{Data, ask, fewest};

const RECURRENCES: [(&str, Recurrence); 3] = [
    ("total", Recurrence::Total),
    ("gap", Recurrence::Gap { most_strata: 4 }),
    ("conditional", Recurrence::Conditional { most_strata: 4 }),
];

#[test]
fn andersen_gill_and_prentice_williams_peterson_are_those_of_coxph() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    let text = std::fs::read_to_string(folder.join("recurrent.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let data = Data::read(folder.join("recurrent.csv"));
    let [id, start, stop, event, x, z] =
        ["id", "start", "stop", "event", "x", "z"].map(|name| data.numbers(name));
    let mut histories: Vec<History> = Vec::new();
    let mut of_person: Vec<[f64; 2]> = Vec::new();
    for row in 0..data.len() {
        if row == 0 || id[row] != id[row - 1] {
            histories.push(History {
                from: start[row],
                until: stop[row],
                events: Vec::new(),
            });
            of_person.push([x[row], z[row]]);
        }
        let history = histories.last_mut().unwrap();
        history.until = stop[row];
        if event[row] == 1.0 {
            history.events.push(stop[row]);
        }
    }
    for (key, recurrence) in RECURRENCES {
        let made = Recurrent::of(&histories, recurrence).unwrap();
        assert_eq!(made.spells.len(), data.len());
        let column = |j: usize| -> Vec<f64> {
            made.origin
                .iter()
                .map(|&i| of_person[i as usize][j])
                .collect()
        };
        let columns = vec![("x".to_owned(), column(0)), ("z".to_owned(), column(1))];
        let design = made.design(columns).unwrap();
        let fit = Cox::new().fit(&made.spells, &design).unwrap();
        let of = |f: fn(&helder_survival::CoxCoefficient) -> f64| -> Vec<f64> {
            fit.coefficients.iter().map(f).collect()
        };
        let expected = &expected[key];
        ask(key, fewest(fit.estimates(), &expected["coef"]), 9.0);
        ask(key, fewest(of(|c| c.standard_error), &expected["se"]), 9.0);
        let robust = of(|c| c.robust_standard_error.unwrap());
        ask(key, fewest(robust, &expected["robust"]), 9.0);
        let likelihoods = [fit.null_log_likelihood, fit.log_likelihood];
        ask(key, fewest(likelihoods, &expected["loglik"]), 11.0);
    }
}

#[test]
fn returns_lie_between_episodes_and_who_cannot_return_is_not_at_risk() {
    let rules = EpisodeRules {
        observed: (100, 999),
        most_days_between: 0,
        least_days: 1,
        without_reason: WithoutReason::Lost,
        late: Late::FromStart,
    };
    let record = |person, start, end, reason| Record {
        person,
        start,
        end: Some(end),
        reason: Some(reason),
        recorded: None,
    };
    let episodes = rules
        .apply(&[
            record(1, 110, 199, 1),
            record(1, 300, 399, 1),
            record(2, 150, 249, 2),
            record(3, 200, 299, 1),
        ])
        .unwrap();
    let made = episodes.returns(&rules, &[1], Recurrence::Total).unwrap();
    assert_eq!(made.origin, [0, 0, 2]);
    assert_eq!(made.number, [1, 2, 1]);
    // Out on day 200, back on day 300; out on day 400 until the end; out on day 300 until the end.
    assert_eq!(made.spells.times(), [200.0, 900.0, 900.0]);
    assert_eq!(made.spells.causes(), [1, 0, 0]);
    let entries: Vec<f64> = (0..3).map(|i| made.spells.entry_of(i).unwrap()).collect();
    assert_eq!(entries, [100.0, 300.0, 200.0]);
    let gaps = episodes
        .returns(&rules, &[1], Recurrence::Gap { most_strata: 2 })
        .unwrap();
    assert_eq!(gaps.spells.times(), [100.0, 600.0, 700.0]);
    assert!(episodes.returns(&rules, &[7], Recurrence::Total).is_err());
}

#[test]
fn histories_that_cannot_be_are_refused() {
    let history = |from, until, events: &[f64]| History {
        from,
        until,
        events: events.to_vec(),
    };
    for broken in [
        history(0.0, 5.0, &[3.0, 2.0]),
        history(0.0, 5.0, &[6.0]),
        history(0.0, 5.0, &[0.0]),
        history(5.0, 5.0, &[]),
        history(f64::NAN, 5.0, &[]),
        history(0.0, 5.0, &[f64::NAN]),
    ] {
        assert!(matches!(
            Recurrent::of(&[broken], Recurrence::Total),
            Err(SurvivalError::Setting { .. })
        ));
    }
    let fine = [history(0.0, 5.0, &[2.0, 5.0])];
    assert_eq!(
        Recurrent::of(&fine, Recurrence::Total)
            .unwrap()
            .spells
            .len(),
        2
    );
    assert!(Recurrent::of(&fine, Recurrence::Gap { most_strata: 0 }).is_err());
    assert!(Recurrent::of(&[], Recurrence::Total).is_err());
    let made = Recurrent::of(&fine, Recurrence::Total).unwrap();
    assert!(made.design(vec![("x".to_owned(), vec![1.0])]).is_err());
}
