//! Who is at risk at a tie: their sums, and what each of the tie's events adds.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use super::{
    TieMethod,
    ordered::{LANES, Ordered, Ties},
    tiles::{Lane, add_scaled},
};

/// Sums over a risk set `(S)` and over the events of its tie `(D)`, as `k` of the `d` events have gone.
pub(crate) struct RiskSet {
    pub(super) s0: f64,
    pub(super) s1: Vec<Lane>,
    pub(super) d0: f64,
    pub(super) d1: Vec<Lane>,
}

impl RiskSet {
    pub(crate) fn new(rows: &Ordered) -> Self {
        Self {
            s0: 0.0,
            s1: vec![[0.0; LANES]; rows.width],
            d0: 0.0,
            d1: vec![[0.0; LANES]; rows.width],
        }
    }

    pub(super) fn clear(&mut self) {
        self.s0 = 0.0;
        self.s1.fill([0.0; LANES]);
    }

    /// Brings the set to a tie: rows that end there come in, rows that had not entered yet go out.
    #[inline(always)]
    pub(crate) fn reach(&mut self, rows: &Ordered, risk: &[f64], t: usize) {
        let tie = &rows.ties[t];
        if tie.is_first {
            self.clear();
        }
        for (row, &risk) in (tie.first..tie.end).zip(&risk[tie.first..tie.end]) {
            self.s0 += risk;
            add_scaled(&mut self.s1, risk, rows.lanes(row));
        }
        if let Some(entered) = &rows.entered {
            let from = if tie.is_first {
                tie.first
            } else {
                entered.until[t - 1]
            };
            for &row in &entered.order[from..entered.until[t]] {
                let row = row as usize;
                self.s0 -= risk[row];
                add_scaled(&mut self.s1, -risk[row], rows.lanes(row));
            }
        }
        if tie.n_events > 1 {
            self.d0 = 0.0;
            self.d1.fill([0.0; LANES]);
            for row in (tie.first..tie.end).filter(|&row| rows.event[row]) {
                self.d0 += risk[row];
                add_scaled(&mut self.d1, risk[row], rows.lanes(row));
            }
        }
    }

    /// Per event of the tie: the hazard that it adds, and the share of the tie's own events that does not count any more.
    pub(crate) fn steps(&self, tie: &Ties, method: TieMethod) -> impl Iterator<Item = (f64, f64)> {
        let (times, each) = events(tie, method);
        let d0 = if tie.n_events > 1 { self.d0 } else { 0.0 };
        let s0 = self.s0;
        (0..times).map(move |k| {
            let gone = k as f64 / tie.n_events as f64;
            (each / (s0 - gone * d0), gone)
        })
    }

    /// All events of the tie together; their part of the log-likelihood goes to `logs`.
    #[inline(always)]
    pub(super) fn rise(&self, tie: &Ties, method: TieMethod, logs: &mut Logs) -> Rise {
        let (times, each) = events(tie, method);
        let d0 = if times > 1 { self.d0 } else { 0.0 };
        let share = 1.0 / tie.n_events as f64;
        let mut rise = Rise::default();
        for k in 0..times {
            let gone = k as f64 * share;
            let left = self.s0 - gone * d0;
            logs.add(each, left);
            let inverse = 1.0 / left;
            let step = each * inverse;
            let square = step * inverse;
            rise.hazard += step;
            rise.own += gone * step;
            rise.squares[0] += square;
            rise.squares[1] += gone * square;
            rise.squares[2] += gone * gone * square;
        }
        rise
    }

    /// Mean of column `j` in the risk set, as `gone` of the tie's own events does not count.
    pub(crate) fn mean(&self, tie: &Ties, gone: f64, j: usize) -> f64 {
        if tie.n_events > 1 {
            (self.s1.as_flattened()[j] - gone * self.d1.as_flattened()[j])
                / (self.s0 - gone * self.d0)
        } else {
            self.s1.as_flattened()[j] / self.s0
        }
    }
}

/// How many steps a tie's events are taken in, and the weight of each.
fn events(tie: &Ties, method: TieMethod) -> (usize, f64) {
    match method {
        TieMethod::Efron => (tie.n_events, tie.events_weight / tie.n_events as f64),
        TieMethod::Breslow | TieMethod::Exact => (1.min(tie.n_events), tie.events_weight),
    }
}

/// What the events of a tie add to the baseline hazard, and what is needed of it for the curvature.
#[derive(Clone, Copy, Default)]
pub(super) struct Rise {
    /// Rise of the baseline cumulative hazard.
    pub(super) hazard: f64,
    /// How much less of it the tie's own events met.
    pub(super) own: f64,
    /// Sums of the squared steps over the weight of each, with the share that was gone to the power 0, 1 and 2.
    pub(super) squares: [f64; 3],
}

/// `Σ weight · ln(value)`, with one logarithm for many values of equal weight: products are watched to stay within the range of numbers.
#[derive(Default)]
pub(super) struct Logs {
    sum: f64,
    weight: f64,
    product: f64,
}

/// Numbers of which the product of two is still a number.
const WITHIN: std::ops::Range<f64> = 1e-150..1e150;

impl Logs {
    #[inline(always)]
    pub(super) fn add(&mut self, weight: f64, value: f64) {
        if weight.total_cmp(&self.weight).is_ne() || !WITHIN.contains(&self.product) {
            self.flush();
            self.weight = weight;
        }
        if WITHIN.contains(&value) {
            self.product *= value;
        } else {
            self.sum += weight * value.ln();
        }
    }

    fn flush(&mut self) {
        if self.weight > 0.0 {
            self.sum += self.weight * self.product.ln();
        }
        self.product = 1.0;
    }

    /// The sum.
    pub(super) fn total(mut self) -> f64 {
        self.flush();
        self.sum
    }
}
