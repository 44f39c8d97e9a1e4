//! Weighted risk sets: those who ended by another cause stay, as far as they would still be in sight.

#![expect(
    clippy::float_cmp,
    reason = "spells that end at the very same time are ties"
)]

use crate::{
    Cause, Design, Spells,
    cox::standardised,
    matrix::{Symmetric, dot},
};

/// What a row is to the cause.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Lost,
    OfCause,
    OfOther,
}

/// Spells from the first end to the last.
pub(super) struct Rows {
    pub(super) p: usize,
    x: Vec<f64>,
    offset: Vec<f64>,
    end: Vec<End>,
    /// Rows of equal time: `first..until`.
    pub(super) ties: Vec<Tie>,
    pub(super) centre: Vec<f64>,
    pub(super) scale: Vec<f64>,
}

pub(super) struct Tie {
    pub(super) time: f64,
    first: usize,
    until: usize,
    /// Share still in sight just before.
    in_sight: f64,
}

/// The pseudo likelihood, with per tie what belongs to its risk set.
pub(super) struct Surface {
    pub(super) log_likelihood: f64,
    pub(super) gradient: Vec<f64>,
    pub(super) information: Symmetric,
    ratio: Vec<f64>,
    /// Rise of the cumulative hazard and mean columns, per tie.
    pub(super) rise: Vec<f64>,
    mean: Vec<Vec<f64>>,
}

impl Rows {
    pub(super) fn new(spells: &Spells, design: &Design, cause: Cause, columns: &[usize]) -> Self {
        let n = spells.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|&a, &b| spells.time[a].total_cmp(&spells.time[b]));
        let (centre, scale) = standardised(spells, design, columns);
        let p = columns.len();
        let value = |i: usize, k: usize| (design.columns[columns[k]][i] - centre[k]) * scale[k];
        let end = |i: usize| match spells.cause[i] {
            0 => End::Lost,
            found if found == cause => End::OfCause,
            _ => End::OfOther,
        };
        let mut rows = Self {
            p,
            x: order
                .iter()
                .flat_map(|&i| (0..p).map(move |k| value(i, k)))
                .collect(),
            offset: order
                .iter()
                .map(|&i| design.offset.as_ref().map_or(0.0, |offset| offset[i]))
                .collect(),
            end: order.iter().map(|&i| end(i)).collect(),
            ties: Vec::new(),
            centre: centre.clone(),
            scale: scale.clone(),
        };
        let mut in_sight = 1.0;
        let mut first = 0;
        while first < n {
            let time = spells.time[order[first]];
            let many = order[first..]
                .iter()
                .take_while(|&&i| spells.time[i] == time)
                .count();
            rows.ties.push(Tie {
                time,
                first,
                until: first + many,
                in_sight,
            });
            let lost = rows.end[first..first + many]
                .iter()
                .filter(|&&end| end == End::Lost)
                .count();
            in_sight *= 1.0 - lost as f64 / (n - first) as f64;
            first += many;
        }
        rows
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.x[row * self.p..][..self.p]
    }

    pub(super) fn at(&self, gamma: &[f64]) -> Surface {
        let (n, p) = (self.end.len(), self.p);
        let score: Vec<f64> = (0..n)
            .map(|row| self.offset[row] + dot(self.row(row), gamma))
            .collect();
        let mut surface = Surface {
            log_likelihood: 0.0,
            gradient: vec![0.0; p],
            information: Symmetric::zeros(p),
            ratio: score.iter().map(|score| score.exp()).collect(),
            rise: vec![0.0; self.ties.len()],
            mean: vec![Vec::new(); self.ties.len()],
        };
        // Those who ended by another cause stay, with the weight of those who would still be in sight.
        let mut stayed: Vec<Option<Sums>> = Vec::with_capacity(self.ties.len());
        let mut sums = Sums::new(p);
        for tie in &self.ties {
            stayed.push(self.has_cause(tie).then(|| sums.clone()));
            for row in (tie.first..tie.until).filter(|&row| self.end[row] == End::OfOther) {
                sums.add(surface.ratio[row] / tie.in_sight, self.row(row));
            }
        }
        let mut at_risk = Sums::new(p);
        for (t, tie) in self.ties.iter().enumerate().rev() {
            for row in tie.first..tie.until {
                at_risk.add(surface.ratio[row], self.row(row));
            }
            let Some(stayed) = &stayed[t] else { continue };
            let all = at_risk.with(tie.in_sight, stayed);
            let mean: Vec<f64> = all.first.iter().map(|first| first / all.n).collect();
            let mut events = 0.0;
            for row in (tie.first..tie.until).filter(|&row| self.end[row] == End::OfCause) {
                events += 1.0;
                surface.log_likelihood += score[row] - all.n.ln();
                for ((slope, x), mean) in surface.gradient.iter_mut().zip(self.row(row)).zip(&mean)
                {
                    *slope += x - mean;
                }
            }
            surface.information.add_scaled(events / all.n, &all.second);
            surface.information.add_outer(-events, &mean);
            surface.rise[t] = events / all.n;
            surface.mean[t] = mean;
        }
        surface
    }

    fn has_cause(&self, tie: &Tie) -> bool {
        self.end[tie.first..tie.until].contains(&End::OfCause)
    }

    /// What each row adds to the slope, the estimated weights included: shape `(n, p)`.
    pub(super) fn influence(&self, at: &Surface) -> Vec<f64> {
        let (n, p) = (self.end.len(), self.p);
        let sum = |weight: &dyn Fn(usize) -> f64, upwards: bool| {
            let mut sums = vec![(0.0, vec![0.0; p]); self.ties.len() + 1];
            let places: Vec<usize> = if upwards {
                (0..self.ties.len()).collect()
            } else {
                (0..self.ties.len()).rev().collect()
            };
            let mut running = (0.0, vec![0.0; p]);
            for t in places {
                let rise = at.rise[t] * weight(t);
                running.0 += rise;
                for (sum, mean) in running.1.iter_mut().zip(&at.mean[t]) {
                    *sum += rise * mean;
                }
                sums[t].clone_from(&running);
            }
            sums
        };
        // Hazard lived through until a time; and, weighted by who would be in sight, from a time on.
        let until = sum(&|_| 1.0, true);
        let from = sum(&|t| self.ties[t].in_sight, false);
        let mut influence = vec![0.0; n * p];
        let mut stayed = Sums::new(p);
        // Per tie: what losing somebody there does to those who stayed, and the same summed over all at risk of being lost.
        let mut lost_here = vec![vec![0.0; p]; self.ties.len()];
        let mut lost_before = vec![0.0; p];
        for (t, tie) in self.ties.iter().enumerate() {
            for row in tie.first..tie.until {
                let x = self.row(row);
                let ratio = at.ratio[row];
                for j in 0..p {
                    let own = &mut influence[row * p + j];
                    *own -= ratio * (x[j] * until[t].0 - until[t].1[j]);
                    match self.end[row] {
                        End::OfCause => *own += x[j] - at.mean[t][j],
                        End::OfOther => {
                            let later = &from[t + 1];
                            *own -= ratio / tie.in_sight * (x[j] * later.0 - later.1[j]);
                        }
                        End::Lost => {}
                    }
                }
            }
            let at_risk = (n - tie.first) as f64;
            let lost = self.end[tie.first..tie.until]
                .iter()
                .filter(|&&end| end == End::Lost)
                .count() as f64;
            // As the authors wrote it (and `crr` computes it): `X < u ≤ s` for an end at `X`, a loss at `u` and an event at `s`.
            let later = &from[t];
            for j in 0..p {
                lost_here[t][j] = (stayed.first[j] * later.0 - stayed.n * later.1[j]) / at_risk;
                lost_before[j] += lost_here[t][j] * lost / at_risk;
            }
            for row in (tie.first..tie.until).filter(|&row| self.end[row] == End::OfOther) {
                stayed.add_first(at.ratio[row] / tie.in_sight, self.row(row));
            }
            for row in tie.first..tie.until {
                for j in 0..p {
                    let here = if self.end[row] == End::Lost {
                        lost_here[t][j]
                    } else {
                        0.0
                    };
                    influence[row * p + j] += here - lost_before[j];
                }
            }
        }
        influence
    }
}

/// Sums of ratios, of ratios times columns, and of ratios times products of columns.
#[derive(Clone)]
struct Sums {
    n: f64,
    first: Vec<f64>,
    second: Symmetric,
}

impl Sums {
    fn new(p: usize) -> Self {
        Self {
            n: 0.0,
            first: vec![0.0; p],
            second: Symmetric::zeros(p),
        }
    }

    fn add_first(&mut self, ratio: f64, x: &[f64]) {
        self.n += ratio;
        for (sum, x) in self.first.iter_mut().zip(x) {
            *sum += ratio * x;
        }
    }

    fn add(&mut self, ratio: f64, x: &[f64]) {
        self.add_first(ratio, x);
        self.second.add_outer(ratio, x);
    }

    fn with(&self, factor: f64, other: &Self) -> Self {
        let mut all = self.clone();
        all.n += factor * other.n;
        for (sum, other) in all.first.iter_mut().zip(&other.first) {
            *sum += factor * other;
        }
        all.second.add_scaled(factor, &other.second);
        all
    }
}
