//! A comparison whose truth is known.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use helder_selection::{
    Answer, Budget, Compared, Contender, Failure, Fold, Learner, Limit, NestedFold, Onlooker,
    Proposal, Reading, ReasonCode, Role, Rule, State, Tried, compare, nested_folds, propose, run,
    test_ratio,
};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

struct World {
    x: Vec<f64>,
    outcome: Vec<bool>,
}

impl World {
    fn new(n: usize, seed: u64) -> Self {
        let mut draws = Xoshiro256PlusPlus::seed_from_u64(seed);
        let x: Vec<f64> = (0..n).map(|_| draws.gen_range(-2.0..2.0)).collect();
        let outcome = x
            .iter()
            .map(|x| draws.gen_range(0.0..1.0) < chance(*x))
            .collect();
        Self { x, outcome }
    }
}

fn chance(x: f64) -> f64 {
    1.0 / (1.0 + (-1.2 * x).exp())
}

/// Contender 0: the base rate. 1: the truth with settings of ever more noise; setting 1 has none. 2: the truth with more to read.
/// 3: cannot learn.
struct Made<'a>(&'a World);

impl Learner for Made<'_> {
    type Stop = &'static str;

    fn learn(
        &self,
        contender: usize,
        setting: usize,
        fold: &Fold,
    ) -> Result<Answer, Failure<Self::Stop>> {
        let world = self.0;
        let said = |noise: f64, numbers| {
            let p = |row: &usize| {
                let noise = noise * if row.is_multiple_of(2) { 1.0 } else { -1.0 };
                chance(world.x[*row] + noise)
            };
            Ok(Answer {
                probabilities: fold.test.iter().map(p).collect(),
                reading: Some(Reading { numbers, terms: 1 }),
            })
        };
        match contender {
            0 => {
                let yes = fold.train.iter().filter(|row| world.outcome[**row]).count();
                let share = yes as f64 / fold.train.len() as f64;
                Ok(Answer {
                    probabilities: vec![share; fold.test.len()],
                    reading: None,
                })
            }
            1 => said([1.0, 0.02, 0.5][setting], 5),
            2 => said(0.0, 500),
            3 => Err(Failure::Unfit {
                code: "separation".to_owned(),
                detail: "`debt` tells the outcome".to_owned(),
            }),
            _ => Err(Failure::Stop("somebody stopped it")),
        }
    }
}

const CONTENDERS: [Contender; 4] = [
    Contender {
        role: Role::BaseRate,
        settings: 1,
    },
    Contender {
        role: Role::Candidate,
        settings: 3,
    },
    Contender {
        role: Role::Candidate,
        settings: 1,
    },
    Contender {
        role: Role::Candidate,
        settings: 1,
    },
];

fn tried(world: &World, fits: usize, seconds: Option<f64>) -> (Tried, Vec<NestedFold>) {
    let rows: Vec<usize> = (0..world.x.len()).collect();
    let folds = nested_folds(&rows, &world.outcome, Rule::Rows, (5, 3), 7).unwrap();
    let budget = Budget { fits, seconds };
    let found = run(
        &Made(world),
        &CONTENDERS,
        (&folds, &world.outcome),
        (budget, 0.1),
        Onlooker {
            clock: &|| 1.0,
            news: &|done, planned| assert!(done <= planned && planned <= fits),
            keep: &|_| {},
        },
        None,
    );
    (found.unwrap(), folds)
}

fn judged(world: &World, fits: usize) -> (Vec<Compared>, Proposal) {
    let (tried, folds) = tried(world, fits, None);
    let lines = compare(&CONTENDERS, &tried, &folds);
    let proposal = propose(&lines, test_ratio(&folds));
    (lines, proposal)
}

#[test]
fn the_setting_without_noise_is_chosen_and_the_least_to_read_proposed() {
    let world = World::new(4_000, 1);
    let (lines, proposal) = judged(&world, 1_000);
    assert_eq!(lines[1].chosen, [1; 5]);
    assert_eq!(lines[1].setting, Some(1));
    assert_eq!(proposal.contender, Some(1));
    let codes: Vec<ReasonCode> = proposal.reasons.iter().map(|reason| reason.code).collect();
    assert!(codes.contains(&ReasonCode::BetterThanBaseRate), "{codes:?}");
    let truth = lines[2].auc.unwrap();
    assert!(truth.low < 0.80 && 0.80 < truth.high + 0.01, "{truth:?}");
    let slope = lines[2].calibration_slope.unwrap();
    assert!(slope.low < 1.0 && 1.0 < slope.high, "{slope:?}");
    assert!(lines[2].lift.unwrap().mean > 1.5);
    assert!((lines[0].auc.unwrap().mean - 0.5).abs() < 1e-15);
    assert_eq!(lines[3].setting, None);
    assert_eq!(lines[3].auc, None);
}

#[test]
fn a_budget_of_fits_stops_before_the_setting_it_does_not_reach() {
    let world = World::new(600, 2);
    // 5 + 5 + 5 for first settings; the second setting of contender 1 takes 5 + 15 + 15.
    let (found, folds) = tried(&world, 50, None);
    assert_eq!(found.fits, 50);
    let states: Vec<&State> = found.trials[1].iter().map(|trial| &trial.state).collect();
    let late = State::NotTried { limit: Limit::Fits };
    assert_eq!(states, [&State::Done, &State::Done, &late]);
    assert!(matches!(found.trials[3][0].state, State::Failed { .. }));
    let (fewer, _) = tried(&world, 49, None);
    assert_eq!(fewer.fits, 15);
    assert_eq!(fewer.trials[1][1].state, late);
    // Without a second setting nothing is chosen, and the first stands.
    let lines = compare(&CONTENDERS, &fewer, &folds);
    assert_eq!(lines[1].chosen, [0; 5]);
    let (none, _) = tried(&world, 1_000, Some(0.5));
    assert_eq!(none.fits, 0);
    assert_eq!(
        none.trials[1][0].state,
        State::NotTried {
            limit: Limit::Seconds
        }
    );
}

#[test]
fn the_same_on_any_number_of_threads() {
    let world = World::new(1_500, 3);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| judged(&world, 1_000))
    };
    assert_eq!(on(1), on(4));
}

#[test]
fn who_stops_it_is_obeyed() {
    let world = World::new(300, 4);
    let rows: Vec<usize> = (0..300).collect();
    let folds = nested_folds(&rows, &world.outcome, Rule::Rows, (2, 2), 7).unwrap();
    let five = [CONTENDERS[0]; 5];
    let budget = Budget {
        fits: 100,
        seconds: None,
    };
    let found = run(
        &Made(&world),
        &five,
        (&folds, &world.outcome),
        (budget, 0.1),
        Onlooker {
            clock: &|| 0.0,
            news: &|_, _| {},
            keep: &|_| {},
        },
        None,
    );
    assert_eq!(found, Err("somebody stopped it"));
}

#[test]
fn nothing_is_proposed_where_the_base_rate_is_as_good() {
    let mut world = World::new(1_000, 5);
    let mut draws = Xoshiro256PlusPlus::seed_from_u64(9);
    world.outcome = (0..1_000)
        .map(|_| draws.gen_range(0.0..1.0) < 0.3)
        .collect();
    let (_, proposal) = judged(&world, 1_000);
    assert_eq!(proposal.contender, None);
    assert_eq!(proposal.reasons[0].code, ReasonCode::NotBetterThanBaseRate);
}

#[test]
fn it_goes_on_from_what_was_kept_and_comes_to_the_same() {
    let world = World::new(600, 6);
    let rows: Vec<usize> = (0..600).collect();
    let folds = nested_folds(&rows, &world.outcome, Rule::Rows, (3, 2), 7).unwrap();
    let budget = Budget {
        fits: 1_000,
        seconds: None,
    };
    let fits = AtomicUsize::new(0);
    let go = |kept: Option<Tried>, keep: &(dyn Fn(&Tried) + Sync)| {
        let onlooker = Onlooker {
            clock: &|| 0.0,
            news: &|_, _| {
                fits.fetch_add(1, Ordering::Relaxed);
            },
            keep,
        };
        run(
            &Made(&world),
            &CONTENDERS,
            (&folds, &world.outcome),
            (budget, 0.1),
            onlooker,
            kept,
        )
        .unwrap()
    };
    let kept: Mutex<Vec<String>> = Mutex::default();
    let whole = go(None, &|so_far| {
        let text = serde_json::to_string(so_far).unwrap();
        kept.lock().unwrap().push(text);
    });
    let all = fits.swap(0, Ordering::Relaxed);
    let kept = kept.into_inner().unwrap();
    for (place, text) in kept.iter().enumerate() {
        let again = go(Some(serde_json::from_str(text).unwrap()), &|_| {});
        assert_eq!(again, whole, "after step {place}");
        let done = fits.swap(0, Ordering::Relaxed);
        assert!(place == 0 || done < all, "{done} of {all} fits again");
    }
    // What was kept of another comparison is no start.
    let mut other = whole.clone();
    other.trials.pop();
    assert_eq!(go(Some(other), &|_| {}), whole);
}
