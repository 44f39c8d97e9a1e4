//! One pass over the risk sets: partial likelihood, its slope and its curvature at given coefficients.
//!
//! A risk set's products need not be summed row by row: with the cumulative hazard `A` every row counts
//! `vᵢ = rᵢ (A(tᵢ) − A(eᵢ) − δᵢ b)` times, so the curvature is one product `Xᵀ diag(v) X` less the outer products of the means,
//! and the slope is `Xᵀ (δ − v)`: the martingale residuals.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use fearless_simd::{Level, dispatch};

use super::{
    TieMethod,
    ordered::{LANES, Ordered, Ties},
};
use crate::matrix::Symmetric;

type Lane = [f64; LANES];

/// Rows whose products are added together: they stay in the first-level cache.
const BLOCK: usize = 64;
/// Tiles summed in registers while a block is read.
const TILES: usize = 3;

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
    /// Per row: `rᵢ`, the weighted hazard ratio.
    pub(crate) risk: Vec<f64>,
    /// Per row: events expected of it, `vᵢ`.
    pub(crate) expected: Vec<f64>,
    /// Per tie: what is known of its risk set.
    pub(crate) hazards: Vec<Hazard>,
}

/// The events of a tie and those at risk.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hazard {
    /// Rise of the baseline cumulative hazard.
    pub(crate) rise: f64,
    /// How much less of it the tie's own events met (Efron), `b`.
    pub(crate) own: f64,
}

/// Sums over a risk set `(S)` and over the events of its tie `(D)`, as `k` of the `d` events have gone.
pub(crate) struct RiskSet {
    s0: f64,
    s1: Vec<Lane>,
    d0: f64,
    d1: Vec<Lane>,
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

    fn clear(&mut self) {
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
        let d = tie.n_events as f64;
        let (times, each) = match method {
            TieMethod::Efron => (tie.n_events, tie.events_weight / d),
            TieMethod::Breslow | TieMethod::Exact => (1.min(tie.n_events), tie.events_weight),
        };
        let (s0, d0) = (self.s0, if tie.n_events > 1 { self.d0 } else { 0.0 });
        (0..times).map(move |k| {
            let gone = k as f64 / d;
            (each / (s0 - gone * d0), gone)
        })
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

#[inline(always)]
fn add_scaled(sums: &mut [Lane], factor: f64, row: &[Lane]) {
    for (sums, x) in sums.iter_mut().zip(row) {
        for (sum, x) in sums.iter_mut().zip(x) {
            *sum = factor.mul_add(*x, *sum);
        }
    }
}

impl Pass {
    /// Evaluates the likelihood at `gamma`, the coefficients of the moved and scaled columns.
    pub(crate) fn at(rows: &Ordered, gamma: &[f64], method: TieMethod) -> Self {
        let level = Level::new();
        dispatch!(level, _simd => Self::on(rows, gamma, method))
    }

    #[inline(always)]
    fn on(rows: &Ordered, gamma: &[f64], method: TieMethod) -> Self {
        let (n, p) = (rows.place.len(), rows.p);
        let mut log_likelihood = 0.0;
        let mut risk = vec![0.0; n];
        let mut factors = vec![[0.0; LANES]; rows.width];
        factors.as_flattened_mut()[..p].copy_from_slice(gamma);
        for row in 0..n {
            let mut sums = [0.0; LANES];
            for (x, factors) in rows.lanes(row).iter().zip(&factors) {
                for ((sum, x), factor) in sums.iter_mut().zip(x).zip(factors) {
                    *sum = x.mul_add(*factor, *sum);
                }
            }
            let offset = rows.offset.as_ref().map_or(0.0, |offset| offset[row]);
            let score = offset + sums.iter().sum::<f64>();
            if rows.event[row] {
                log_likelihood += rows.weight[row] * score;
            }
            risk[row] = rows.weight[row] * score.exp();
        }
        let mut set = RiskSet::new(rows);
        let mut hazards = vec![Hazard::default(); rows.ties.len()];
        let mut means = Symmetric::zeros(p);
        for (t, tie) in rows.ties.iter().enumerate() {
            set.reach(rows, &risk, t);
            if tie.n_events == 0 {
                continue;
            }
            // Squares of the steps, without, with and twice with the share that is gone.
            let mut squares = [0.0; 3];
            for (step, gone) in set.steps(tie, method) {
                hazards[t].rise += step;
                hazards[t].own += gone * step;
                let each = tie.events_weight
                    / if method == TieMethod::Efron {
                        tie.n_events as f64
                    } else {
                        1.0
                    };
                log_likelihood -= each * (each / step).ln();
                let square = step * step / each;
                squares[0] += square;
                squares[1] += gone * square;
                squares[2] += gone * gone * square;
            }
            let (s1, d1) = (&set.s1.as_flattened()[..p], &set.d1.as_flattened()[..p]);
            means.add_outer(squares[0], s1);
            if tie.n_events > 1 && method == TieMethod::Efron {
                means.add_mixed(-squares[1], s1, d1);
                means.add_outer(squares[2], d1);
            }
        }
        let expected = expected(rows, &risk, &hazards);
        let (gradient, mut information) = products(rows, &expected);
        information.add_scaled(-1.0, &means);
        Self {
            log_likelihood,
            gradient,
            information,
            risk_sets: RiskSets {
                risk,
                expected,
                hazards,
            },
        }
    }
}

/// Events expected of each row: its risk times the baseline hazard it lived through.
fn expected(rows: &Ordered, risk: &[f64], hazards: &[Hazard]) -> Vec<f64> {
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
    let mut tiles = vec![[[0.0; LANES]; LANES]; width * (width + 1) / 2];
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
            for (to, from) in scaled[r * width..][..width].iter_mut().zip(row) {
                *to = from.map(|x| expected[r] * x);
            }
        }
        let scaled = &scaled[..x.len()];
        let mut rest = &mut tiles[..];
        for i in 0..width {
            let mut j = 0;
            while j <= i {
                let many = TILES.min(i + 1 - j);
                let (now, later) = rest.split_at_mut(many);
                match now {
                    [a, b, c] => [*a, *b, *c] = add_tiles([*a, *b, *c], scaled, x, width, (i, j)),
                    [a, b] => [*a, *b] = add_tiles([*a, *b], scaled, x, width, (i, j)),
                    [a] => [*a] = add_tiles([*a], scaled, x, width, (i, j)),
                    _ => {}
                }
                rest = later;
                j += many;
            }
        }
        first += expected.len();
    }
    let mut information = Symmetric::zeros(p);
    for i in 0..p {
        for j in 0..=i {
            let (ti, tj) = (i / LANES, j / LANES);
            information.add(i, j, tiles[ti * (ti + 1) / 2 + tj][i % LANES][j % LANES]);
        }
    }
    (slope.as_flattened()[..p].to_vec(), information)
}

/// Adds `Σ v xᵢ xⱼᵀ` of lane `i` and `N` lanes from `j` on over a block of rows; `scaled` is `v x`.
#[inline(always)]
fn add_tiles<const N: usize>(
    mut tiles: [[Lane; LANES]; N],
    scaled: &[Lane],
    x: &[Lane],
    width: usize,
    (i, j): (usize, usize),
) -> [[Lane; LANES]; N] {
    for (scaled, row) in scaled.chunks_exact(width).zip(x.chunks_exact(width)) {
        let a = scaled[i];
        let b: [Lane; N] = std::array::from_fn(|k| row[j + k]);
        for (tile, b) in tiles.iter_mut().zip(b) {
            for (sums, a) in tile.iter_mut().zip(a) {
                for (sum, b) in sums.iter_mut().zip(b) {
                    *sum = a.mul_add(b, *sum);
                }
            }
        }
    }
    tiles
}
