//! How soon the provision begins, and what that depends on: the chance on which weights stand.
//!
//! The pull of the columns is Cox's, so it leans on no shape in time; the pace is constant within intervals that hold equally many
//! beginnings. Who began before being in sight says nothing of the pace, because those who began and left before are not seen.

use helder_survival::Spells;

use crate::{Reason, matrix::Square, prepared::Prepared, regression::Regression};

/// Beginnings per interval, at least; intervals, at most.
const BEGINNINGS: usize = 5;
const INTERVALS: usize = 48;
/// A provision that was there on day 0 counts as begun half a day later.
const FIRST_DAY: f64 = 0.5;

/// The pace at which the provision begins: `marginal` among all without one, and `baseline · pace` given the columns.
///
/// Its parameters are, in this order, the logarithms of the marginal pace per interval, of the baseline per interval, and the pull
/// of each kept column.
pub(crate) struct Start<'a> {
    /// Ends of the intervals, rising; after the last nothing begins.
    cuts: Vec<f64>,
    /// Per interval, beginnings per day among all who have none yet.
    marginal: Vec<f64>,
    /// Per interval, beginnings per day of somebody with relative pace 1.
    baseline: Vec<f64>,
    /// Per spell, its relative pace given its columns.
    pace: Vec<f64>,
    /// The columns that count.
    columns: Vec<&'a [f64]>,
}

/// Time without the provision, in which it could begin.
pub(crate) struct Waiting {
    places: Vec<usize>,
    from: Vec<f64>,
    until: Vec<f64>,
    begins: Vec<bool>,
}

/// The history of somebody: without the provision until a day, on which it begins or not.
#[derive(Clone, Copy)]
pub(crate) struct History {
    pub(crate) spell: usize,
    pub(crate) from: f64,
    pub(crate) until: f64,
    pub(crate) begins: bool,
}

impl<'a> Start<'a> {
    pub(crate) fn new(study: &'a Prepared<'_>, waiting: &Waiting) -> Result<Self, Reason> {
        let rows = waiting.places.len();
        let begins = (0..rows).filter(|&row| waiting.begins[row]);
        let mut days: Vec<f64> = begins.map(|row| waiting.until[row]).collect();
        if days.is_empty() {
            return Err(Reason::NoEstimate);
        }
        days.sort_by(f64::total_cmp);
        let mut columns: Vec<&[f64]> = Vec::new();
        let mut score = vec![0.0; study.len()];
        if !study.columns.is_empty() {
            let spells = Spells::new(&waiting.until, &waiting.begins)
                .and_then(|spells| spells.entered_at(&waiting.from))
                .map_err(|_| Reason::NoEstimate)?;
            let regression = Regression {
                spells: &spells,
                first: Vec::new(),
                others: study.columns_of(&waiting.places),
                cluster: None,
                strata: None,
            };
            let fit = regression.fit()?;
            for (name, values) in &study.columns {
                let found = fit.coefficients.iter().find(|it| it.name == *name);
                let Some(found) = found else { continue };
                columns.push(values);
                for (score, value) in score.iter_mut().zip(values) {
                    *score += found.estimate * value;
                }
            }
        }
        let mut start = Self {
            cuts: cuts(&days),
            marginal: Vec::new(),
            baseline: Vec::new(),
            pace: score.into_iter().map(f64::exp).collect(),
            columns,
        };
        start.learn(waiting);
        Ok(start)
    }

    /// Paces per interval, from beginnings and days.
    fn learn(&mut self, waiting: &Waiting) {
        let k = self.cuts.len();
        let (mut begun, mut days, mut paced) = (vec![0.0; k], vec![0.0; k], vec![0.0; k]);
        for history in waiting.histories() {
            for (interval, lived) in self.lived(history.from, history.until) {
                days[interval] += lived;
                paced[interval] += lived * self.pace[history.spell];
            }
            if history.begins {
                begun[self.interval(history.until)] += 1.0;
            }
        }
        let rate = |days: &[f64]| begun.iter().zip(days).map(|(b, d)| b / d).collect();
        self.marginal = rate(&days);
        self.baseline = rate(&paced);
    }

    fn interval(&self, day: f64) -> usize {
        let interval = self.cuts.partition_point(|cut| *cut < day);
        interval.min(self.cuts.len() - 1)
    }

    /// Days lived in each interval between two days.
    fn lived(&self, from: f64, until: f64) -> impl Iterator<Item = (usize, f64)> {
        let first = self.cuts.partition_point(|cut| *cut <= from);
        (first..self.cuts.len()).map_while(move |interval| {
            let start = if interval == 0 {
                0.0
            } else {
                self.cuts[interval - 1]
            };
            let lived = until.min(self.cuts[interval]) - from.max(start);
            (lived > 0.0).then_some((interval, lived))
        })
    }

    /// The stretches between two days in which one weight holds: start, end, and the day at which the weight is taken.
    pub(crate) fn stretches(&self, from: f64, until: f64) -> Vec<(f64, f64, f64)> {
        let mut found = Vec::new();
        let mut start = from;
        let first = self.cuts.partition_point(|cut| *cut <= from);
        for interval in first..self.cuts.len() {
            let cut = self.cuts[interval];
            let before = if interval == 0 {
                0.0
            } else {
                self.cuts[interval - 1]
            };
            // The middle of the interval, not of the row: the weight must not depend on when this spell ends.
            let at = f64::midpoint(before, cut);
            found.push((start, until.min(cut), at));
            if until <= cut {
                return found;
            }
            start = cut;
        }
        found.push((start, until, f64::INFINITY));
        found
    }

    /// Stabilised weight of a history: its chance among all over its chance given the columns.
    pub(crate) fn weight(&self, history: History) -> f64 {
        let pace = self.pace[history.spell];
        let hazards = self.lived(history.from, history.until);
        let mut log: f64 = hazards
            .map(|(k, lived)| lived * (self.baseline[k] * pace - self.marginal[k]))
            .sum();
        if history.begins {
            let k = self.interval(history.until);
            log += (self.marginal[k] / (self.baseline[k] * pace)).ln();
        }
        log.exp()
    }

    /// Number of parameters.
    pub(crate) fn n_parameters(&self) -> usize {
        2 * self.cuts.len() + self.columns.len()
    }

    /// Adds `factor` times the slope of the logarithm of a history's chance: of its marginal chance, and of its chance given the
    /// columns times `sign`. With `sign` −1 that is the slope of the logarithm of its weight.
    pub(crate) fn add_slope(&self, history: History, factor: f64, sign: f64, to: &mut [f64]) {
        let n = self.cuts.len();
        let i = history.spell;
        let mut residual = 0.0;
        for (k, lived) in self.lived(history.from, history.until) {
            let expected = lived * self.baseline[k] * self.pace[i];
            to[k] -= factor * lived * self.marginal[k];
            to[n + k] -= sign * factor * expected;
            residual -= expected;
        }
        if history.begins {
            let k = self.interval(history.until);
            to[k] += factor;
            to[n + k] += sign * factor;
            residual += 1.0;
        }
        for (to, values) in to[2 * n..].iter_mut().zip(&self.columns) {
            *to += sign * factor * residual * values[i];
        }
    }

    /// Curvature of the two likelihoods.
    pub(crate) fn information(&self, waiting: &Waiting) -> Square {
        let n = self.cuts.len();
        let mut information = Square::zeros(self.n_parameters());
        for history in waiting.histories() {
            let i = history.spell;
            let mut all = 0.0;
            for (k, lived) in self.lived(history.from, history.until) {
                let expected = lived * self.baseline[k] * self.pace[i];
                all += expected;
                information.add(k, k, lived * self.marginal[k]);
                information.add(n + k, n + k, expected);
                for (j, values) in self.columns.iter().enumerate() {
                    information.add(2 * n + j, n + k, expected * values[i]);
                }
            }
            for (j, a) in self.columns.iter().enumerate() {
                for (l, b) in self.columns[..=j].iter().enumerate() {
                    information.add(2 * n + j, 2 * n + l, all * a[i] * b[i]);
                }
            }
        }
        information
    }
}

impl Waiting {
    pub(crate) fn new(study: &Prepared<'_>) -> Self {
        let mut waiting = Self {
            places: Vec::new(),
            from: Vec::new(),
            until: Vec::new(),
            begins: Vec::new(),
        };
        for i in 0..study.len() {
            let from = study.study.entry[i];
            let begins = begins(study, i);
            if begins.is_none_or(|begins| begins > from) {
                waiting.places.push(i);
                waiting.from.push(from);
                waiting.until.push(begins.unwrap_or(study.study.end[i]));
                waiting.begins.push(begins.is_some());
            }
        }
        waiting
    }

    pub(crate) fn histories(&self) -> impl Iterator<Item = History> {
        (0..self.places.len()).map(|row| History {
            spell: self.places[row],
            from: self.from[row],
            until: self.until[row],
            begins: self.begins[row],
        })
    }
}

/// Day on which the provision of a spell began, above 0.
pub(crate) fn begins(study: &Prepared<'_>, i: usize) -> Option<f64> {
    let least = FIRST_DAY.min(study.study.end[i] / 2.0);
    study.begins[i].map(|begins| begins.max(least))
}

/// Ends of intervals that hold equally many of these sorted days.
fn cuts(days: &[f64]) -> Vec<f64> {
    let n = days.len();
    let intervals = (n / BEGINNINGS).clamp(1, INTERVALS);
    let mut cuts: Vec<f64> = (1..=intervals)
        .map(|k| days[k * n / intervals - 1])
        .collect();
    cuts.dedup();
    cuts
}
