//! One pass over the risk sets: partial likelihood, its slope and its curvature at given coefficients.
//!
//! With many rows per time ([`tied`]) the rows are read once: the products of a risk set are summed up as it grows and counted at each time.
//! Else ([`sparse`]) they need not be summed row by row: with the cumulative hazard `A` every row counts
//! `vᵢ = rᵢ (A(tᵢ) − A(eᵢ) − δᵢ b)` times, so the curvature is one product `Xᵀ diag(v) X` less the outer products of the means,
//! and the slope is `Xᵀ (δ − v)`: the martingale residuals.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use fearless_simd::{Level, dispatch};

use super::{
    TieMethod,
    ordered::{LANES, MANY_ROWS, Ordered, Ties},
    risk_set::{Logs, RiskSet},
    streamed,
    tiles::{BLOCK, Lane, Tiles, add_scaled, product, scale_into},
};
use crate::matrix::Symmetric;

/// What a pass yields.
pub(crate) struct Pass {
    pub(crate) log_likelihood: f64,
    /// Shape `(p,)`.
    pub(crate) gradient: Vec<f64>,
    pub(crate) information: Symmetric,
    pub(crate) risk_sets: RiskSets,
}

/// What a pass finds per row and per tie.
pub(crate) struct RiskSets {
    /// Per row: `rᵢ`, the weighted hazard ratio; empty where rows are read as they came.
    pub(crate) risk: Vec<f64>,
    /// Per tie: what is known of its risk set.
    pub(crate) hazards: Vec<Hazard>,
    /// Per tie, where there are few of them: the hazard's rise times the mean columns then, shape `(ties, p)`.
    pub(crate) means: Option<Vec<f64>>,
}

/// The events of a tie and those at risk.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hazard {
    /// Rise of the baseline cumulative hazard.
    pub(crate) rise: f64,
    /// How much less of it the tie's own events met (Efron), `b`.
    pub(crate) own: f64,
    /// Variance of the rise for known coefficients.
    pub(crate) variance: f64,
}

impl Pass {
    /// Evaluates the likelihood at `gamma`, the coefficients of the moved and scaled columns.
    pub(crate) fn at(rows: &Ordered, gamma: &[f64], method: TieMethod) -> Self {
        let level = Level::new();
        let mut factors = vec![[0.0; LANES]; rows.width];
        factors.as_flattened_mut()[..rows.p].copy_from_slice(gamma);
        if let Some(streamed) = &rows.streamed {
            dispatch!(level, _simd => streamed::pass(rows, streamed, &factors, method))
        } else if rows.entered.is_none() && rows.place.len() >= MANY_ROWS * rows.ties.len() {
            dispatch!(level, _simd => tied(rows, &factors, method))
        } else {
            dispatch!(level, _simd => sparse(rows, &factors, method))
        }
    }
}

/// Weighted hazard ratio of a row; an event's score counts in the log-likelihood.
#[inline(always)]
fn risk_of(rows: &Ordered, factors: &[Lane], row: usize, log_likelihood: &mut f64) -> f64 {
    let offset = rows.offset.as_ref().map_or(0.0, |offset| offset[row]);
    let score = offset + product(factors, rows.lanes(row));
    if rows.event[row] {
        *log_likelihood += rows.weight[row] * score;
    }
    rows.weight[row] * score.exp()
}

/// Sums over rows: of their risk, of it times the columns, and of it times the columns' products.
struct Sums {
    s0: f64,
    s1: Vec<Lane>,
    s2: Tiles,
}

impl Sums {
    fn zeros(width: usize) -> Self {
        Self {
            s0: 0.0,
            s1: vec![[0.0; LANES]; width],
            s2: Tiles::zeros(width),
        }
    }

    #[inline(always)]
    fn clear(&mut self) {
        self.s0 = 0.0;
        self.s1.fill([0.0; LANES]);
        self.s2.clear();
    }

    #[inline(always)]
    fn add(&mut self, other: &Self) {
        self.s0 += other.s0;
        add_scaled(&mut self.s1, 1.0, &other.s1);
        self.s2.add_scaled(1.0, &other.s2);
    }
}

#[inline(always)]
fn tied(rows: &Ordered, factors: &[Lane], method: TieMethod) -> Pass {
    let (p, width) = (rows.p, rows.width);
    let mut log_likelihood = 0.0;
    let mut logs = Logs::default();
    let mut risk = vec![0.0; rows.place.len()];
    let mut scaled = vec![[0.0; LANES]; BLOCK * width];
    let mut all = Sums::zeros(width);
    let mut own = Sums::zeros(width);
    let mut slope = vec![[0.0; LANES]; width];
    let mut products = Tiles::zeros(width);
    let mut means = Symmetric::zeros(p);
    let mut hazards = vec![Hazard::default(); rows.ties.len()];
    let mut weighted_means = vec![0.0; rows.ties.len() * p];
    let mut set = RiskSet::new(rows);
    for (t, tie) in rows.ties.iter().enumerate() {
        if tie.is_first {
            all.clear();
        }
        own.clear();
        for (from, until, events) in [
            (tie.first, tie.events_end, true),
            (tie.events_end, tie.end, false),
        ] {
            let sums = if events { &mut own } else { &mut all };
            for first in (from..until).step_by(BLOCK) {
                let end = until.min(first + BLOCK);
                for row in first..end {
                    let x = rows.lanes(row);
                    let r = risk_of(rows, factors, row, &mut log_likelihood);
                    risk[row] = r;
                    let scaled = &mut scaled[(row - first) * width..][..width];
                    scale_into(scaled, r, x);
                    sums.s0 += r;
                    add_scaled(&mut sums.s1, 1.0, scaled);
                    if events {
                        add_scaled(&mut slope, rows.weight[row], x);
                    }
                }
                let x = &rows.x[first * width..end * width];
                sums.s2.add_rows(&scaled[..x.len()], x);
            }
        }
        if tie.events_end > tie.first {
            all.add(&own);
        }
        if tie.n_events == 0 {
            continue;
        }
        set.s0 = all.s0;
        set.d0 = own.s0;
        let rise = set.rise(tie, method, &mut logs);
        hazards[t] = Hazard {
            rise: rise.hazard,
            own: rise.own,
            variance: rise.squares[0],
        };
        add_scaled(&mut slope, -rise.hazard, &all.s1);
        products.add_scaled(rise.hazard, &all.s2);
        let s1 = &all.s1.as_flattened()[..p];
        let of_tie = &mut weighted_means[t * p..(t + 1) * p];
        for (mean, s1) in of_tie.iter_mut().zip(s1) {
            *mean = rise.squares[0] * s1;
        }
        means.add_outer(rise.squares[0], s1);
        if tie.n_events > 1 && method == TieMethod::Efron {
            add_scaled(&mut slope, rise.own, &own.s1);
            products.add_scaled(-rise.own, &own.s2);
            let d1 = &own.s1.as_flattened()[..p];
            means.add_mixed(-rise.squares[1], s1, d1);
            means.add_outer(rise.squares[2], d1);
            for (mean, d1) in of_tie.iter_mut().zip(d1) {
                *mean -= rise.squares[1] * d1;
            }
        }
    }
    let mut information = products.symmetric(p);
    information.add_scaled(-1.0, &means);
    Pass {
        log_likelihood: log_likelihood - logs.total(),
        gradient: slope.as_flattened()[..p].to_vec(),
        information,
        risk_sets: RiskSets {
            risk,
            hazards,
            means: Some(weighted_means),
        },
    }
}

#[inline(always)]
fn sparse(rows: &Ordered, factors: &[Lane], method: TieMethod) -> Pass {
    let (p, width) = (rows.p, rows.width);
    let mut log_likelihood = 0.0;
    let mut logs = Logs::default();
    let mut risk = vec![0.0; rows.place.len()];
    let mut set = RiskSet::new(rows);
    let mut hazards = vec![Hazard::default(); rows.ties.len()];
    let mut mixed = Symmetric::zeros(p);
    // Means of risk sets with one event each, a block of them at a time.
    let mut means = Tiles::zeros(width);
    let mut waiting = vec![[0.0; LANES]; BLOCK * width];
    let mut scaled = waiting.clone();
    let mut n_waiting = 0;
    for (t, tie) in rows.ties.iter().enumerate() {
        for (row, risk) in (tie.first..).zip(&mut risk[tie.first..tie.end]) {
            *risk = risk_of(rows, factors, row, &mut log_likelihood);
        }
        set.reach(rows, &risk, t);
        if tie.n_events == 0 {
            continue;
        }
        let rise = set.rise(tie, method, &mut logs);
        hazards[t] = Hazard {
            rise: rise.hazard,
            own: rise.own,
            variance: rise.squares[0],
        };
        let here = n_waiting * width..(n_waiting + 1) * width;
        waiting[here.clone()].copy_from_slice(&set.s1);
        scale_into(&mut scaled[here], rise.squares[0], &set.s1);
        n_waiting += 1;
        if n_waiting == BLOCK {
            means.add_rows(&scaled, &waiting);
            n_waiting = 0;
        }
        if tie.n_events > 1 && method == TieMethod::Efron {
            let (s1, d1) = (&set.s1.as_flattened()[..p], &set.d1.as_flattened()[..p]);
            mixed.add_mixed(-rise.squares[1], s1, d1);
            mixed.add_outer(rise.squares[2], d1);
        }
    }
    means.add_rows(&scaled[..n_waiting * width], &waiting[..n_waiting * width]);
    let expected = expected(rows, &risk, &hazards);
    let (gradient, mut information) = products(rows, &expected);
    information.add_scaled(-1.0, &means.symmetric(p));
    information.add_scaled(-1.0, &mixed);
    Pass {
        log_likelihood: log_likelihood - logs.total(),
        gradient,
        information,
        risk_sets: RiskSets {
            risk,
            hazards,
            means: None,
        },
    }
}

/// Events expected of each row: its risk times the baseline hazard it lived through.
pub(super) fn expected(rows: &Ordered, risk: &[f64], hazards: &[Hazard]) -> Vec<f64> {
    let cumulative = cumulative(&rows.ties, hazards.iter().map(|hazard| hazard.rise));
    let mut expected = vec![0.0; risk.len()];
    for (t, tie) in rows.ties.iter().enumerate() {
        for row in tie.first..tie.end {
            let mut lived = cumulative[t];
            if rows.event[row] {
                lived -= hazards[t].own;
            }
            if let Some(entered) = &rows.entered {
                lived -= cumulative
                    .get(entered.before[row] as usize)
                    .copied()
                    .unwrap_or(0.0);
            }
            expected[row] = risk[row] * lived;
        }
    }
    expected
}

/// Sums per stratum from the first time to each tie; ties stand with the latest first.
pub(crate) fn cumulative(ties: &[Ties], rises: impl DoubleEndedIterator<Item = f64>) -> Vec<f64> {
    let mut sums = vec![0.0; ties.len()];
    let mut sum = 0.0;
    for (t, rise) in (0..ties.len()).rev().zip(rises.rev()) {
        if ties.get(t + 1).is_none_or(|later| later.is_first) {
            sum = 0.0;
        }
        sum += rise;
        sums[t] = sum;
    }
    sums
}

/// `Xᵀ (δ w − v)` and `Xᵀ diag(v) X`.
#[inline(always)]
fn products(rows: &Ordered, expected: &[f64]) -> (Vec<f64>, Symmetric) {
    let (p, width) = (rows.p, rows.width);
    let mut slope = vec![[0.0; LANES]; width];
    let mut products = Tiles::zeros(width);
    let mut scaled = vec![[0.0; LANES]; BLOCK * width];
    let mut first = 0;
    for x in rows.x.chunks((BLOCK * width).max(1)) {
        let expected = &expected[first..][..x.len() / width];
        for (r, row) in x.chunks_exact(width).enumerate() {
            let observed = if rows.event[first + r] {
                rows.weight[first + r]
            } else {
                0.0
            };
            add_scaled(&mut slope, observed - expected[r], row);
            scale_into(&mut scaled[r * width..][..width], expected[r], row);
        }
        products.add_rows(&scaled[..x.len()], x);
        first += expected.len();
    }
    (slope.as_flattened()[..p].to_vec(), products.symmetric(p))
}
