//! One curve under change: its steps with the rows that lie in each.

use crate::{Bags, Curve, Curved, Deviations};

/// A curve, the rows per step, and what the bags share.
pub(super) struct Bench<'a> {
    pub curve: &'a mut Curve,
    /// Rows per step, the one for missing first where there is one.
    pub rows: Vec<f64>,
    pub bags: Option<&'a Bags>,
}

/// Makes `at` a cut, where it is none; says whether it was none.
pub(super) fn cut(curve: &mut Curve, at: f64, missing: usize) -> bool {
    let Some(cuts) = &mut curve.side.cuts else {
        return false;
    };
    let place = cuts.partition_point(|cut| *cut < at);
    if cuts.get(place) == Some(&at) {
        return false;
    }
    cuts.insert(place, at);
    let step = missing + place;
    curve.scores.insert(step, curve.scores[step]);
    curve
        .standard_errors
        .insert(step, curve.standard_errors[step]);
    if !curve.deviations.is_empty() {
        let same = curve.deviations[step].clone();
        curve.deviations.insert(step, same);
    }
    true
}

impl Bench<'_> {
    /// All of `steps` get their mean over the rows.
    pub(super) fn pool(&mut self, steps: &[usize]) {
        let score = mean(
            steps
                .iter()
                .map(|step| (self.curve.scores[*step], self.rows[*step])),
        );
        self.pool_at(steps, score);
    }

    fn pool_at(&mut self, steps: &[usize], score: f64) {
        let weighted = |of: &[f64]| mean(steps.iter().map(|step| (of[*step], self.rows[*step])));
        let mut error = weighted(&self.curve.standard_errors);
        if let Some(bags) = self.bags {
            let of: Vec<(&Deviations, f64)> = steps
                .iter()
                .map(|step| (&self.curve.deviations[*step], self.rows[*step]))
                .collect();
            let pooled = Deviations::mean(&of);
            error = bags.standard_error(&pooled);
            for step in steps {
                self.curve.deviations[*step].clone_from(&pooled);
            }
        }
        for step in steps {
            self.curve.scores[*step] = score;
            self.curve.standard_errors[*step] = error;
        }
    }

    /// All of `steps` get `value`, which nobody estimated; then the curve is counted from its mean again. Returns what the
    /// intercept takes over.
    pub(super) fn set(&mut self, steps: &[usize], value: f64) -> (f64, Option<Deviations>) {
        for step in steps {
            self.curve.scores[*step] = value;
            self.curve.standard_errors[*step] = 0.0;
            if let Some(deviations) = self.curve.deviations.get_mut(*step) {
                deviations.0.fill(0);
            }
        }
        let rows = &self.rows;
        let shift = mean(self.curve.scores.iter().copied().zip(rows.iter().copied()));
        for score in &mut self.curve.scores {
            *score -= shift;
        }
        let Some(bags) = self.bags else {
            return (shift, None);
        };
        let of: Vec<(&Deviations, f64)> = self
            .curve
            .deviations
            .iter()
            .zip(rows.iter().copied())
            .collect();
        let moved = Deviations::mean(&of);
        for (step, deviations) in self.curve.deviations.iter_mut().enumerate() {
            deviations.add(&moved, -1);
            self.curve.standard_errors[step] = bags.standard_error(deviations);
        }
        (shift, Some(moved))
    }

    /// `steps`, which stand side by side, go one way: the nearest curve by squares over the rows. Steps that are pooled get their
    /// mean, so the mean of the curve stays, and with it the intercept and every other step, the missing one among them.
    ///
    /// # Source
    /// Pool adjacent violators: Ayer, Brunk, Ewing, Reid and Silverman (1955), doi:10.1214/aoms/1177728423.
    pub(super) fn monotone(&mut self, steps: std::ops::Range<usize>, direction: Curved) {
        let sign = match direction {
            Curved::Rising => 1.0,
            Curved::Falling => -1.0,
        };
        // Mean, rows, first step and steps of a pool.
        let mut pools: Vec<(f64, f64, usize, usize)> = Vec::new();
        for step in steps {
            // A step without rows follows its neighbours.
            self.rows[step] = self.rows[step].max(1e-9);
            let mut pool = (sign * self.curve.scores[step], self.rows[step], step, 1);
            while let Some((score, rows, first, length)) = pools.last().copied() {
                if score <= pool.0 {
                    break;
                }
                pools.pop();
                let all = rows + pool.1;
                pool = (
                    (score * rows + pool.0 * pool.1) / all,
                    all,
                    first,
                    length + pool.3,
                );
            }
            pools.push(pool);
        }
        for (score, _, first, length) in pools {
            if length > 1 {
                let pooled: Vec<usize> = (first..first + length).collect();
                self.pool_at(&pooled, sign * score);
            }
        }
    }
}

/// Mean of values with weights; plain where nothing weighs.
pub(super) fn mean(of: impl Iterator<Item = (f64, f64)> + Clone) -> f64 {
    let all: f64 = of.clone().map(|(_, weight)| weight).sum();
    if all > 0.0 {
        of.map(|(value, weight)| value * weight).sum::<f64>() / all
    } else {
        let count = of.clone().count().max(1) as f64;
        of.map(|(value, _)| value).sum::<f64>() / count
    }
}
