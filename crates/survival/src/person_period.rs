//! Spells as rows per interval: for models of the chance that a spell ends in an interval it began.

use serde::{Deserialize, Serialize};

use crate::{Spells, SurvivalError, spells::same_length};

/// Intervals that follow each other from 0: the first `(0, e₁]`, then `(e₁, e₂]` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    ends: Vec<f64>,
}

impl Intervals {
    /// Intervals with these ends.
    ///
    /// # Errors
    /// None, ends that are no finite number above 0, ends that do not rise.
    pub fn at(ends: &[f64]) -> Result<Self, SurvivalError> {
        let rises = ends.windows(2).all(|pair| pair[0] < pair[1]);
        let fits = ends.iter().all(|end| end.is_finite() && *end > 0.0);
        if ends.is_empty() || !rises || !fits {
            return Err(SurvivalError::Setting {
                what: "ends of intervals",
                demand: "finite numbers above 0 that rise, one or more",
            });
        }
        Ok(Self {
            ends: ends.to_vec(),
        })
    }

    /// So many intervals of equal width.
    ///
    /// # Errors
    /// None, or a width that is no finite number above 0.
    pub fn of_width(width: f64, count: usize) -> Result<Self, SurvivalError> {
        let ends: Vec<f64> = (1..=count).map(|k| width * k as f64).collect();
        Self::at(&ends)
    }

    /// Their ends, rising.
    pub fn ends(&self) -> &[f64] {
        &self.ends
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none; intervals that were made are never empty.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn start(&self, k: usize) -> f64 {
        k.checked_sub(1).map_or(0.0, |before| self.ends[before])
    }
}

/// Rows per spell, or per pattern of spells that are alike, and interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PersonPeriods {
    /// Per row, the place of the spell, or the label of the pattern.
    pub origin: Vec<u32>,
    /// Per row, the interval, from 0.
    pub interval: Vec<u32>,
    /// Per row, the weight at risk, above 0. A spell that comes or is lost within an interval counts for the part that it was in sight,
    /// and whole when it ends there.
    pub at_risk: Vec<f64>,
    /// Per cause and row, the weight that ends by it, at most `at_risk`: cause `c` at `c − 1`.
    pub events: Vec<Vec<f64>>,
}

impl PersonPeriods {
    /// Rows.
    pub fn len(&self) -> usize {
        self.origin.len()
    }

    /// Whether nobody is at risk in any interval.
    pub fn is_empty(&self) -> bool {
        self.origin.is_empty()
    }
}

impl Spells {
    /// Writes the spells as one row per interval in which each is at risk; what lies after the last interval does not count.
    ///
    /// A spell with columns that change is written beforehand as spells that follow each other. With `patterns` (a label per spell) equal
    /// labels become one row per interval, with their weights added up: spells with the same values need not be told apart.
    ///
    /// # Errors
    /// More than `most_rows` rows, with how many there would be: take wider intervals, or patterns. Patterns of another length.
    ///
    /// # Source
    /// Allison 1982 (doi 10.2307/270718); Singer & Willett 1993 (doi 10.3102/10769986018002155).
    pub fn person_periods(
        &self,
        intervals: &Intervals,
        patterns: Option<&[u32]>,
        most_rows: usize,
    ) -> Result<PersonPeriods, SurvivalError> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        if let Some(patterns) = patterns {
            same_length("patterns", self.len(), patterns.len())?;
            order.sort_by_key(|&i| patterns[i as usize]);
        }
        let label = |i: u32| patterns.map_or(i, |patterns| patterns[i as usize]);
        let causes = self.n_causes();
        let mut rows = PersonPeriods {
            events: vec![Vec::new(); causes],
            ..PersonPeriods::default()
        };
        let mut needed = 0_usize;
        let mut sums = Sums::new(intervals.len(), causes);
        for alike in order.chunk_by(|&a, &b| label(a) == label(b)) {
            let mut reached = 0..0;
            for &i in alike {
                let own = sums.add(self, i as usize, intervals);
                reached = if reached.is_empty() {
                    own
                } else {
                    reached.start.min(own.start)..reached.end.max(own.end)
                };
            }
            for k in reached.clone().filter(|&k| sums.at_risk[k] > 0.0) {
                needed += 1;
                if needed > most_rows {
                    continue;
                }
                rows.origin.push(label(alike[0]));
                rows.interval.push(k as u32);
                rows.at_risk.push(sums.at_risk[k]);
                for (events, of_cause) in rows.events.iter_mut().zip(&sums.events) {
                    events.push(of_cause[k]);
                }
            }
            sums.clear(reached);
        }
        if needed > most_rows {
            return Err(SurvivalError::TooManyPersonPeriods {
                needed,
                allowed: most_rows,
            });
        }
        Ok(rows)
    }
}

/// Weights per interval of spells that are alike.
struct Sums {
    at_risk: Vec<f64>,
    events: Vec<Vec<f64>>,
}

impl Sums {
    fn new(intervals: usize, causes: usize) -> Self {
        Self {
            at_risk: vec![0.0; intervals],
            events: vec![vec![0.0; intervals]; causes],
        }
    }

    fn clear(&mut self, reached: std::ops::Range<usize>) {
        self.at_risk[reached.clone()].fill(0.0);
        for events in &mut self.events {
            events[reached.clone()].fill(0.0);
        }
    }

    /// Adds a spell; the intervals that it reaches.
    fn add(&mut self, spells: &Spells, i: usize, intervals: &Intervals) -> std::ops::Range<usize> {
        let ends = &intervals.ends;
        let (time, cause) = (spells.time[i], spells.cause[i]);
        let entry = spells.entry.as_ref().map_or(0.0, |entry| entry[i].max(0.0));
        let weight = spells.weight_of(i);
        let first = ends.partition_point(|end| *end <= entry);
        let last = ends.partition_point(|end| *end < time);
        let until = ends.len().min(last + 1);
        for (k, end) in ends.iter().enumerate().take(until).skip(first) {
            let ends_here = k == last && cause > 0;
            let start = entry.max(intervals.start(k));
            // An interval with an end counts whole: else somebody would end who was hardly at risk.
            let part = if ends_here {
                1.0
            } else {
                (time.min(*end) - start) / (end - intervals.start(k))
            };
            self.at_risk[k] += weight * part;
            if ends_here {
                self.events[cause as usize - 1][k] += weight;
            }
        }
        first..until.max(first)
    }
}
