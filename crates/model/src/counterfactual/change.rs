//! How far an input of one row can be moved, by what the model declares of it.

use super::smallest::Way;
use crate::{Actionable, Conversion, Direction, Input, InputType};

/// A number finer than this share of its range is not told: a reader does not need it.
const FINEST: f64 = 1_000.0;

/// A value an input can be changed to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Number(f64),
    Boolean(bool),
    Level(usize),
}

/// An input moved to a value, for an effort.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) input: usize,
    pub(super) to: Target,
    pub(super) effort: f64,
}

/// A number that can be moved: the raw one, in its own unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    direction: Direction,
    low: f64,
    high: f64,
    largest_step: f64,
    step: f64,
    /// Of a unit.
    cost: f64,
}

/// What can be changed of an input.
#[derive(Clone, Debug)]
pub(super) enum Movable {
    Number(Number),
    Boolean { direction: Direction, cost: f64 },
    Levels { to: Vec<usize>, cost: f64 },
}

impl Movable {
    /// `None` where nothing can be changed.
    pub(super) fn new(input: &Input) -> Option<Self> {
        let how = input.actionable.as_ref()?;
        let effort = how.effort.unwrap_or(1.0);
        match input.kind {
            InputType::Number | InputType::Integer => {
                Number::new(input, how, effort).map(Self::Number)
            }
            InputType::Boolean => Some(Self::Boolean {
                direction: how.direction,
                cost: effort,
            }),
            InputType::Category => {
                let place = |level: &String| {
                    let mut known = input.categories.iter();
                    known.position(|known| known.level == *level)
                };
                Some(Self::Levels {
                    to: how.levels.iter().filter_map(place).collect(),
                    cost: effort,
                })
            }
        }
    }
}

impl Number {
    fn new(input: &Input, how: &Actionable, effort: f64) -> Option<Self> {
        let range = input.training_range?;
        let width = range.maximum - range.minimum;
        if !(width.is_finite() && width > 0.0) {
            return None;
        }
        let mut step = how
            .step
            .unwrap_or_else(|| 10_f64.powf((width / FINEST).log10().floor()));
        if input.kind == InputType::Integer {
            step = step.max(1.0);
        }
        // Beyond what is cut off nothing changes.
        let [lowest, highest] = input
            .conversion()
            .map_or([f64::NEG_INFINITY, f64::INFINITY], Conversion::ends);
        let number = Self {
            direction: how.direction,
            low: range.minimum.max(how.minimum.unwrap_or(lowest)).max(lowest),
            high: range
                .maximum
                .min(how.maximum.unwrap_or(highest))
                .min(highest),
            largest_step: how.largest_step.unwrap_or(f64::INFINITY),
            step,
            cost: effort / width,
        };
        (step.is_finite() && step > 0.0).then_some(number)
    }

    /// A multiple of the step. Of a step such as 0.1, which no float is, the multiple a reader means.
    fn multiple(&self, count: f64) -> f64 {
        let per_unit = (1.0 / self.step).round();
        if self.step < 1.0 && (per_unit * self.step - 1.0).abs() < 1e-9 {
            count / per_unit
        } else {
            count * self.step
        }
    }

    /// The smallest multiple from `value` on.
    fn from(&self, value: f64) -> f64 {
        let count = (value / self.step).floor() - 1.0;
        let candidates = [0.0, 1.0, 2.0, 3.0].map(|more| self.multiple(count + more));
        let found = candidates.into_iter().find(|at| *at >= value);
        found.unwrap_or(f64::INFINITY)
    }

    /// The largest multiple up to `value`.
    fn up_to(&self, value: f64) -> f64 {
        -Self {
            step: self.step,
            ..*self
        }
        .from(-value)
    }

    pub(super) fn cost(&self, from: f64, to: f64) -> f64 {
        (to - from).abs() * self.cost
    }

    /// The multiples above `value` that may be advised: first and last.
    fn above(&self, value: f64) -> Option<(f64, f64)> {
        if self.direction == Direction::Down {
            return None;
        }
        let first = self.from(value.next_up().max(self.low));
        let last = self.up_to(self.high.min(value + self.largest_step));
        (first <= last).then_some((first, last))
    }

    /// The multiples below `value` that may be advised: nearest and farthest.
    fn below(&self, value: f64) -> Option<(f64, f64)> {
        if self.direction == Direction::Up {
            return None;
        }
        let first = self.up_to(value.next_down().min(self.high));
        let last = self.from(self.low.max(value - self.largest_step));
        (first >= last).then_some((first, last))
    }

    /// The nearest multiple that may be advised above `above` and up to `at_most`, where `value` does not lie.
    pub(super) fn within(&self, value: f64, above: f64, at_most: f64) -> Option<f64> {
        if value <= above {
            let (first, last) = self.above(value)?;
            let to = self.from(first.max(above.next_up()));
            (to <= last && to <= at_most).then_some(to)
        } else {
            let (first, last) = self.below(value)?;
            let to = self.up_to(first.min(at_most));
            (to >= last && to > above).then_some(to)
        }
    }

    /// For each step between `cuts` that `value` does not lie in, the nearest multiple that may be advised.
    pub(super) fn in_steps(&self, value: f64, cuts: &[f64]) -> Vec<f64> {
        let at = cuts.partition_point(|cut| *cut <= value);
        let mut found = Vec::new();
        if let Some((first, last)) = self.above(value) {
            for (place, cut) in cuts.iter().enumerate().skip(at) {
                let nearest = self.from(cut.max(first));
                let is_here = cuts.get(place + 1).is_none_or(|next| nearest < *next);
                if is_here && nearest <= last {
                    found.push(nearest);
                }
            }
        }
        if let Some((first, last)) = self.below(value) {
            for (place, cut) in cuts[..at].iter().enumerate() {
                let nearest = self.up_to(cut.next_down().min(first));
                let is_here = place == 0 || nearest >= cuts[place - 1];
                if is_here && nearest >= last {
                    found.push(nearest);
                }
            }
        }
        found
    }

    /// The line along which the score rises by `slope` per unit: the nearest and the farthest multiple.
    pub(super) fn line(&self, value: f64, slope: f64) -> Option<(f64, f64)> {
        match slope {
            up if up > 0.0 => self.above(value),
            down if down < 0.0 => self.below(value),
            _ => None,
        }
    }

    /// A whole line as a way, with its first share and its step.
    pub(super) fn shares(
        &self,
        value: f64,
        (first, last): (f64, f64),
        slope: f64,
    ) -> (Way, f64, f64) {
        let whole = (last - value).abs();
        let end = Way {
            cost: self.cost(value, last),
            gain: whole * slope.abs(),
        };
        (end, (first - value).abs() / whole, self.step / whole)
    }

    /// The multiple at a share of a line.
    pub(super) fn at_share(&self, value: f64, last: f64, share: f64) -> f64 {
        let at = share.mul_add(last - value, value);
        self.multiple((at / self.step).round())
    }
}
