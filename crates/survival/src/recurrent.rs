//! Events that come back: who returns to benefit, and returns again.

use serde::Serialize;

use crate::{Cause, Design, EpisodeRules, Episodes, Spells, SurvivalError, spells::same_length};

/// What somebody lived through while in sight.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// From when, on a clock that is the same for all.
    pub from: f64,
    /// Until when, after `from`.
    pub until: f64,
    /// When the event came, rising, after `from` and not after `until`.
    pub events: Vec<f64>,
}

/// Against whom an event is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recurrence {
    /// Everybody in sight at that time, however often it came before: one baseline (Andersen & Gill 1982).
    Total,
    /// Who waits for an event of the same number, by the time since the former: a baseline per number (Prentice, Williams & Peterson 1981).
    Gap {
        /// Events from this number on share a baseline, at least 1: of late numbers there are few.
        most_strata: u32,
    },
    /// Who waits for an event of the same number, by the time on the common clock.
    Conditional {
        /// As for `Gap`.
        most_strata: u32,
    },
}

/// The stretches between events, as spells.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// The stretches, those of one history after each other.
    pub spells: Spells,
    /// Per stretch, the place of its history, or of the person in the order of [`Episodes`].
    pub origin: Vec<u32>,
    /// Per stretch, the number of the event that it waits for, from 1.
    pub number: Vec<u32>,
    recurrence: Recurrence,
}

impl Recurrent {
    /// Cuts histories at their events.
    ///
    /// # Errors
    /// No histories; times that are not as [`History`] says; no strata.
    ///
    /// # Source
    /// Andersen & Gill 1982 (doi 10.1214/aos/1176345976); Prentice, Williams & Peterson 1981 (doi 10.1093/biomet/68.2.373). Compared with R
    /// `coxph`, version in `tests/reference/recurrent.json`.
    pub fn of(histories: &[History], recurrence: Recurrence) -> Result<Self, SurvivalError> {
        let orderly = |history: &History| {
            let mut before = history.from;
            let rises = history.events.iter().all(|&event| {
                let later = event > before;
                before = event;
                later
            });
            let finite = history.from.is_finite() && history.until.is_finite();
            finite && rises && before <= history.until && history.from < history.until
        };
        if !histories.iter().all(orderly) {
            return Err(SurvivalError::Setting {
                what: "times of a history",
                demand: "finite and rising: from, the events, until",
            });
        }
        let mut stretches = Stretches::default();
        for (place, history) in histories.iter().enumerate() {
            let mut start = history.from;
            for (number, &event) in (1..).zip(&history.events) {
                stretches.add(place as u32, number, (start, event), 1);
                start = event;
            }
            if start < history.until {
                let number = history.events.len() as u32 + 1;
                stretches.add(place as u32, number, (start, history.until), 0);
            }
        }
        stretches.recurrent(recurrence)
    }

    /// A design for [`crate::Cox`]: standard errors by history, and a baseline per number where the recurrence asks it.
    ///
    /// * `columns` – name and value per stretch
    ///
    /// # Errors
    /// As [`Design::new`], and columns of another length than the stretches.
    pub fn design(&self, columns: Vec<(String, Vec<f64>)>) -> Result<Design, SurvivalError> {
        for (name, values) in &columns {
            same_length(name, self.origin.len(), values.len())?;
        }
        let design = Design::new(columns)?.clustered_by(&self.origin);
        Ok(match self.recurrence {
            Recurrence::Total => design,
            Recurrence::Gap { most_strata } | Recurrence::Conditional { most_strata } => {
                let strata = self.number.iter().map(|number| *number.min(&most_strata));
                design.stratified_by(&strata.collect::<Vec<u32>>())
            }
        })
    }
}

impl Episodes {
    /// The time between episodes, until the next begins or the last complete day: who returns, and when. On the common clock days count
    /// from the first complete day.
    ///
    /// * `returning` – causes after which somebody can return; who died or moved away cannot
    ///
    /// # Errors
    /// Nobody of whom a return could be seen; no strata.
    pub fn returns(
        &self,
        rules: &EpisodeRules,
        returning: &[Cause],
        recurrence: Recurrence,
    ) -> Result<Recurrent, SurvivalError> {
        let since = |day: i64| (day - i64::from(rules.observed.0)) as f64;
        let last = since(i64::from(rules.observed.1) + 1);
        let mut stretches = Stretches::default();
        let by_person = self.episodes.chunk_by(|a, b| a.person == b.person);
        for (place, episodes) in by_person.enumerate() {
            for (k, episode) in episodes.iter().enumerate() {
                if !returning.contains(&episode.cause) {
                    continue;
                }
                let ended = since(i64::from(episode.start) + i64::from(episode.duration));
                let next = episodes.get(k + 1).map(|next| since(i64::from(next.start)));
                let (until, cause) = next.map_or((last, 0), |next| (next, 1));
                if ended < until {
                    stretches.add(place as u32, episode.number, (ended, until), cause);
                }
            }
        }
        stretches.recurrent(recurrence)
    }
}

#[derive(Default)]
struct Stretches {
    origin: Vec<u32>,
    number: Vec<u32>,
    between: Vec<(f64, f64)>,
    cause: Vec<Cause>,
}

impl Stretches {
    fn add(&mut self, origin: u32, number: u32, between: (f64, f64), cause: Cause) {
        self.origin.push(origin);
        self.number.push(number);
        self.between.push(between);
        self.cause.push(cause);
    }

    fn recurrent(self, recurrence: Recurrence) -> Result<Recurrent, SurvivalError> {
        if let Recurrence::Gap { most_strata: 0 } | Recurrence::Conditional { most_strata: 0 } =
            recurrence
        {
            return Err(SurvivalError::Setting {
                what: "the most strata",
                demand: "at least 1",
            });
        }
        let spells = if let Recurrence::Gap { .. } = recurrence {
            let gaps: Vec<f64> = self
                .between
                .iter()
                .map(|(from, until)| until - from)
                .collect();
            Spells::competing(&gaps, &self.cause)?
        } else {
            let (from, until): (Vec<f64>, Vec<f64>) = self.between.into_iter().unzip();
            Spells::competing(&until, &self.cause)?.entered_at(&from)?
        };
        Ok(Recurrent {
            spells,
            origin: self.origin,
            number: self.number,
            recurrence,
        })
    }
}
