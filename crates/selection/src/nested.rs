//! Every contender on every fold: settings are chosen by the inner folds, algorithms judged by the outer ones.

use std::sync::atomic::{AtomicUsize, Ordering};

use helder_evaluation::EvaluationError;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{Budget, Fold, FoldFigures, Limit, NestedFold, Role};

/// Learns and predicts.
pub trait Learner: Sync {
    /// Why everything ends, such as a person who stops it.
    type Stop: Send;

    /// Learns setting `setting` of contender `contender` from the rows of the fold that learn, and answers probabilities for
    /// those that judge. Must depend on its arguments alone.
    ///
    /// # Errors
    /// [`Failure`].
    fn learn(
        &self,
        contender: usize,
        setting: usize,
        fold: &Fold,
    ) -> Result<Answer, Failure<Self::Stop>>;
}

/// What a model said.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Per row of the fold that judges.
    pub probabilities: Vec<f64>,
    /// What there is to read in the model; absent where nothing can be.
    pub reading: Option<Reading>,
}

/// How much there is to read in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reading {
    /// Numbers in the whole model that tell what counts how much: weights, points, steps, leaves.
    pub numbers: usize,
    /// Of these, what a citizen reads to follow one score.
    pub terms: usize,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure<S> {
    /// This algorithm cannot learn from these rows.
    Unfit {
        /// Stable code.
        code: String,
        /// For a person; no values.
        detail: String,
    },
    /// Everything ends.
    Stop(S),
}

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contender {
    /// As what.
    pub role: Role,
    /// How many settings it has; at least 1. The first are tried first.
    pub settings: usize,
}

/// A setting and how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// How it ended.
    pub state: State,
    /// Per outer fold; empty unless done.
    pub outer: Vec<FoldFigures>,
    /// Mean log loss of the inner folds, per outer fold; empty where no choice had to be made, none where it could not learn.
    pub inner: Vec<Option<f64>>,
    /// What there is to read, per outer fold; empty where nothing can be.
    pub readings: Vec<Reading>,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum State {
    /// All folds are there.
    Done,
    /// It cannot learn from one of the outer folds.
    Failed {
        /// Stable code.
        code: String,
        /// For a person.
        detail: String,
    },
    /// The budget did not reach.
    NotTried {
        /// Which limit.
        limit: Limit,
    },
}

/// All trials. Stored as JSON and read back it is the same, to the last bit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// Per contender and setting.
    pub trials: Vec<Vec<Trial>>,
    /// Fits done.
    pub fits: usize,
    /// Seconds of work per contender, added over threads; 0 without a clock that moves.
    pub seconds: Vec<f64>,
}

/// Who looks on.
#[derive(Clone, Copy)]
pub struct Onlooker<'a> {
    /// Seconds since the start.
    pub clock: &'a (dyn Fn() -> f64 + Sync),
    /// Told the fits done so far and those planned at most.
    pub news: &'a (dyn Fn(usize, usize) + Sync),
    /// Given everything so far after each setting, to go on from after a crash.
    pub keep: &'a (dyn Fn(&Tried) + Sync),
}

/// What stopped one fit.
enum Broken<S> {
    Unfit(String, String),
    Late,
    Stop(S),
}

/// Tries all settings of all contenders as far as the budget reaches, the first settings of all before the second of any.
///
/// * `clock` – seconds since the start   * `news` – told the fits done so far and those planned at most
///
/// The result is the same on any number of threads, as long as the budget has no seconds, and the same when it goes on from what was
/// `kept` of the same comparison.
///
/// # Errors
/// What the learner stops with.
pub fn run<L: Learner>(
    learner: &L,
    contenders: &[Contender],
    (folds, outcome): (&[NestedFold], &[bool]),
    (budget, capacity_share): (Budget, f64),
    onlooker: Onlooker<'_>,
    kept: Option<Tried>,
) -> Result<Tried, L::Stop> {
    let kept = kept.filter(|kept| {
        let settings = kept.trials.iter().map(Vec::len);
        settings.eq(contenders.iter().map(|contender| contender.settings))
    });
    let runner = Runner {
        learner,
        folds,
        outcome,
        capacity_share,
        budget,
        onlooker,
        done: AtomicUsize::new(kept.as_ref().map_or(0, |kept| kept.fits)),
        planned: planned(contenders, folds).min(budget.fits),
    };
    let waiting = || Trial {
        state: State::NotTried { limit: Limit::Fits },
        outer: Vec::new(),
        inner: Vec::new(),
        readings: Vec::new(),
    };
    let mut tried = kept.unwrap_or_else(|| Tried {
        trials: contenders
            .iter()
            .map(|contender| (0..contender.settings).map(|_| waiting()).collect())
            .collect(),
        fits: 0,
        seconds: vec![0.0; contenders.len()],
    });
    let rounds = contenders.iter().map(|c| c.settings).max().unwrap_or(0);
    for setting in 0..rounds {
        for (place, contender) in contenders.iter().enumerate() {
            let is_open = |trial: &Trial| matches!(trial.state, State::NotTried { .. });
            if tried.trials[place].get(setting).is_some_and(is_open) {
                runner.step(&mut tried, place, setting, contender.role)?;
                (onlooker.keep)(&tried);
            }
        }
    }
    Ok(tried)
}

fn inner_fits(folds: &[NestedFold]) -> usize {
    folds.iter().map(|fold| fold.inner.len()).sum()
}

fn planned(contenders: &[Contender], folds: &[NestedFold]) -> usize {
    let of = |contender: &Contender| match (contender.role, contender.settings) {
        (Role::BaseRate | Role::SimpleRule, _) => 0,
        (_, 1) => folds.len(),
        (_, settings) => settings * (folds.len() + inner_fits(folds)),
    };
    contenders.iter().map(of).sum()
}

struct Runner<'a, L> {
    learner: &'a L,
    folds: &'a [NestedFold],
    outcome: &'a [bool],
    capacity_share: f64,
    budget: Budget,
    onlooker: Onlooker<'a>,
    done: AtomicUsize,
    planned: usize,
}

/// Figures of a fold, what there is to read, and seconds.
type Fitted = (FoldFigures, Option<Reading>, f64);

impl<L: Learner> Runner<'_, L> {
    /// One setting of one contender on all folds, or not at all.
    fn step(
        &self,
        tried: &mut Tried,
        place: usize,
        setting: usize,
        role: Role,
    ) -> Result<(), L::Stop> {
        // With a second setting there is a choice to make, for the first too.
        let choosing: Vec<usize> = if setting == 0 {
            Vec::new()
        } else {
            let lacks = |earlier: &usize| {
                let trial = &tried.trials[place][*earlier];
                trial.state == State::Done && trial.inner.is_empty()
            };
            (0..setting).filter(lacks).chain([setting]).collect()
        };
        let costs = !matches!(role, Role::BaseRate | Role::SimpleRule);
        let fits = self.folds.len() + choosing.len() * inner_fits(self.folds);
        if costs && tried.fits + fits > self.budget.fits {
            return Ok(());
        }
        let is_late = State::NotTried {
            limit: Limit::Seconds,
        };
        let outer = self.fit_all(self.outer_tasks(place, setting, costs));
        tried.seconds[place] += seconds(&outer);
        let mut figures = Vec::new();
        let mut readings = Vec::new();
        for fitted in outer {
            let state = match fitted {
                Ok((found, reading, _)) => {
                    figures.push(found);
                    readings.extend(reading);
                    continue;
                }
                Err(Broken::Stop(stop)) => return Err(stop),
                Err(Broken::Late) => is_late,
                Err(Broken::Unfit(code, detail)) => State::Failed { code, detail },
            };
            tried.fits = self.done.load(Ordering::Relaxed);
            tried.trials[place][setting].state = state;
            return Ok(());
        }
        let mut losses: Vec<(usize, Vec<Option<f64>>)> = Vec::new();
        for chosen in choosing {
            let inner = self.fit_all(self.inner_tasks(place, chosen));
            tried.seconds[place] += seconds(&inner);
            let mut left = inner.into_iter();
            let mut means = Vec::with_capacity(self.folds.len());
            for fold in self.folds {
                let mut sum = Some(0.0);
                for fitted in left.by_ref().take(fold.inner.len()) {
                    match fitted {
                        Ok((found, ..)) => sum = sum.map(|sum| sum + found.log_loss),
                        Err(Broken::Stop(stop)) => return Err(stop),
                        Err(Broken::Late) => {
                            tried.fits = self.done.load(Ordering::Relaxed);
                            tried.trials[place][setting].state = is_late;
                            return Ok(());
                        }
                        // A setting that cannot learn here is not chosen here.
                        Err(Broken::Unfit(..)) => sum = None,
                    }
                }
                means.push(sum.map(|sum| sum / fold.inner.len() as f64));
            }
            losses.push((chosen, means));
        }
        tried.fits = self.done.load(Ordering::Relaxed);
        for (chosen, means) in losses {
            tried.trials[place][chosen].inner = means;
        }
        let trial = &mut tried.trials[place][setting];
        trial.state = State::Done;
        trial.outer = figures;
        trial.readings = readings;
        Ok(())
    }

    fn outer_tasks(&self, place: usize, setting: usize, costs: bool) -> Vec<Task<'_>> {
        let folds = self.folds.iter();
        folds
            .map(|fold| (place, setting, &fold.outer, costs))
            .collect()
    }

    fn inner_tasks(&self, place: usize, setting: usize) -> Vec<Task<'_>> {
        let inner = self.folds.iter().flat_map(|fold| &fold.inner);
        inner.map(|fold| (place, setting, fold, true)).collect()
    }

    fn fit_all(&self, tasks: Vec<Task<'_>>) -> Vec<Result<Fitted, Broken<L::Stop>>> {
        tasks.into_par_iter().map(|task| self.fit(task)).collect()
    }

    fn fit(&self, (place, setting, fold, costs): Task<'_>) -> Result<Fitted, Broken<L::Stop>> {
        let start = (self.onlooker.clock)();
        if costs && self.budget.seconds.is_some_and(|most| start > most) {
            return Err(Broken::Late);
        }
        let answer = self.learner.learn(place, setting, fold);
        if costs {
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.onlooker.news)(done, self.planned);
        }
        let answer = match answer {
            Ok(answer) => answer,
            Err(Failure::Stop(stop)) => return Err(Broken::Stop(stop)),
            Err(Failure::Unfit { code, detail }) => return Err(Broken::Unfit(code, detail)),
        };
        let y: Vec<bool> = fold.test.iter().map(|row| self.outcome[*row]).collect();
        let figures = FoldFigures::of(&y, &answer.probabilities, self.capacity_share);
        let figures = figures.map_err(|error: EvaluationError| {
            Broken::Unfit("no-figures".to_owned(), error.to_string())
        })?;
        Ok((figures, answer.reading, (self.onlooker.clock)() - start))
    }
}

/// Contender, setting, fold, and whether it counts as a fit.
type Task<'a> = (usize, usize, &'a Fold, bool);

fn seconds<S>(fitted: &[Result<Fitted, Broken<S>>]) -> f64 {
    let known = fitted.iter().filter_map(|fitted| fitted.as_ref().ok());
    known.map(|(.., seconds)| seconds).sum()
}
