//! One pass over rows as they came, for many rows with many per time: nothing is put in order.
//!
//! Sums of a risk set are sums over all rows that end then or later. So the rows are read once for sums per time of end, which are then added
//! up from the latest time on; and once more for the curvature, in which every row counts `vᵢ = rᵢ (A(tᵢ) − δᵢ b)` times, with the cumulative
//! hazard `A`, less the outer products of the means. Rows in order would be read once only, but writing them takes longer than both.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use fearless_simd::{Level, dispatch};

use super::{
    TieMethod,
    ordered::{LANES, Ordered, scale_of, standardised_rows},
    pass::{Hazard, Pass, RiskSets, cumulative},
    risk_set::{Logs, RiskSet},
    tiles::{BLOCK, Lane, Tiles, add_scaled, product, scale_into},
};
use crate::{Design, Spells, matrix::Symmetric};

/// Rows as they came.
pub(crate) struct Streamed<'a> {
    columns: Vec<&'a [f64]>,
    weight: Option<&'a [f64]>,
    offset: Option<&'a [f64]>,
    /// Sum over the events of their weight times the columns, moved and scaled, and of it times their offset.
    observed: Vec<Lane>,
    observed_offset: f64,
    /// Twice the tie of each row, and one more when it ends without the event.
    sums_of: Vec<u32>,
}

impl<'a> Streamed<'a> {
    /// Gives `rows` what their columns are moved by and multiplied with.
    pub(super) fn new(
        spells: &'a Spells,
        design: &'a Design,
        columns: &[usize],
        rows: &mut Ordered<'_>,
    ) -> Self {
        let mut sums_of = vec![0; rows.place.len()];
        for (t, tie) in rows.ties.iter().enumerate() {
            for row in tie.first..tie.end {
                sums_of[rows.place[row] as usize] = 2 * t as u32 + u32::from(!rows.event[row]);
            }
        }
        let mut streamed = Self {
            columns: columns.iter().map(|&c| &design.columns[c][..]).collect(),
            observed: vec![[0.0; LANES]; rows.width],
            observed_offset: 0.0,
            weight: spells.weight.as_deref(),
            offset: design.offset.as_deref(),
            sums_of,
        };
        let moments = dispatch!(Level::new(), _simd => streamed.moments());
        for (k, of) in moments.columns.iter().enumerate() {
            let mean = of.all / moments.weight;
            let spread = (of.squares / moments.weight - mean * mean).max(0.0).sqrt();
            let (centre, scale) = (of.origin + mean, scale_of(spread));
            rows.centre.push(centre);
            rows.scale.push(scale);
            // What rows are moved by is the centre as it was rounded.
            let observed = (of.events - (centre - of.origin) * moments.events) * scale;
            streamed.observed[k / LANES][k % LANES] = observed;
        }
        streamed.observed_offset = moments.offset;
        streamed
    }

    /// Sums over all rows, each row read once.
    #[inline(always)]
    fn moments(&self) -> Moments {
        // The heaviest row is the origin: its own distance from the mean bounds what is lost to rounding.
        let heaviest = self.weight.and_then(|weight| {
            let places = 0..weight.len();
            places.max_by(|&a, &b| weight[a].total_cmp(&weight[b]))
        });
        let origin = heaviest.unwrap_or(0);
        let mut sums = Moments {
            weight: 0.0,
            events: 0.0,
            offset: 0.0,
            columns: self
                .columns
                .iter()
                .map(|column| Moment::from(column[origin]))
                .collect(),
        };
        let (mut weights, mut of_events) = ([1.0; CHUNK], [0.0; CHUNK]);
        for (c, sums_of) in self.sums_of.chunks(CHUNK).enumerate() {
            let first = c * CHUNK;
            let weights = &mut weights[..sums_of.len()];
            let of_events = &mut of_events[..sums_of.len()];
            if let Some(weight) = self.weight {
                weights.copy_from_slice(&weight[first..][..sums_of.len()]);
            }
            for ((event, weight), at) in of_events.iter_mut().zip(&*weights).zip(sums_of) {
                *event = if at % 2 == 0 { *weight } else { 0.0 };
            }
            sums.weight += weights.iter().sum::<f64>();
            sums.events += of_events.iter().sum::<f64>();
            if let Some(offset) = self.offset {
                let pairs = offset[first..].iter().zip(&*of_events);
                sums.offset += pairs.map(|(offset, event)| offset * event).sum::<f64>();
            }
            for (column, moment) in self.columns.iter().zip(&mut sums.columns) {
                moment.add(&column[first..][..weights.len()], weights, of_events);
            }
        }
        sums
    }

    /// Weighted hazard ratios of a block of rows, the first of which is at `first`.
    #[inline(always)]
    fn risks(&self, risk: &mut [f64], first: usize, factors: &[Lane], block: &[Lane]) {
        if factors.as_flattened().iter().any(|factor| *factor != 0.0) {
            for (risk, x) in risk.iter_mut().zip(block.chunks_exact(factors.len())) {
                *risk = product(factors, x);
            }
        }
        if let Some(offset) = self.offset {
            for (risk, offset) in risk.iter_mut().zip(&offset[first..]) {
                *risk += offset;
            }
        }
        for risk in &mut *risk {
            *risk = risk.exp();
        }
        if let Some(weight) = self.weight {
            for (risk, weight) in risk.iter_mut().zip(&weight[first..]) {
                *risk *= weight;
            }
        }
    }

    /// One row as `rows` would have it in order.
    pub(super) fn lanes(&self, rows: &Ordered<'_>, place: usize) -> Vec<Lane> {
        let mut lanes = vec![[0.0; LANES]; rows.width];
        let range = place..place + 1;
        standardised_rows(
            &mut lanes,
            &self.columns,
            range,
            (&rows.centre, &rows.scale),
        );
        lanes
    }
}

/// Rows whose weights are looked up at once.
const CHUNK: usize = 1024;

/// Sums over all rows, of which centres and scales follow.
struct Moments {
    weight: f64,
    /// Weight of the events, and of it times their offset.
    events: f64,
    offset: f64,
    columns: Vec<Moment>,
}

/// Weighted sums of what a column lies beyond its value in one row.
struct Moment {
    origin: f64,
    all: f64,
    squares: f64,
    events: f64,
}

impl Moment {
    const fn from(origin: f64) -> Self {
        Self {
            origin,
            all: 0.0,
            squares: 0.0,
            events: 0.0,
        }
    }

    /// With two lanes of running sums, so that an addition need not wait for the one before.
    #[inline(always)]
    fn add(&mut self, column: &[f64], weights: &[f64], of_events: &[f64]) {
        const STEP: usize = 2 * LANES;
        let (mut all, mut squares, mut events) = ([0.0; STEP], [0.0; STEP], [0.0; STEP]);
        let rows = column.chunks(STEP).zip(weights.chunks(STEP));
        for ((column, weights), of_events) in rows.zip(of_events.chunks(STEP)) {
            for (k, ((x, weight), event)) in column.iter().zip(weights).zip(of_events).enumerate() {
                let beyond = x - self.origin;
                let weighted = weight * beyond;
                all[k] += weighted;
                squares[k] = weighted.mul_add(beyond, squares[k]);
                events[k] = event.mul_add(beyond, events[k]);
            }
        }
        self.all += all.iter().sum::<f64>();
        self.squares += squares.iter().sum::<f64>();
        self.events += events.iter().sum::<f64>();
    }
}

/// Sums over the rows of each tie, those with the event and the others apart: of their risk, and of it times the columns.
struct TieSums {
    width: usize,
    /// Per tie and end one lane of which the first value is the sum of risks, then the columns.
    sums: Vec<Lane>,
}

impl TieSums {
    #[inline(always)]
    fn add(&mut self, at: usize, risk: f64, x: &[Lane]) {
        let sums = &mut self.sums[at * (self.width + 1)..][..=self.width];
        sums[0][0] += risk;
        add_scaled(&mut sums[1..], risk, x);
    }

    fn of(&self, at: usize) -> (f64, &[Lane]) {
        let sums = &self.sums[at * (self.width + 1)..][..=self.width];
        (sums[0][0], &sums[1..])
    }
}

#[inline(always)]
pub(super) fn pass(
    rows: &Ordered<'_>,
    streamed: &Streamed<'_>,
    factors: &[Lane],
    method: TieMethod,
) -> Pass {
    let (p, width, n) = (rows.p, rows.width, rows.place.len());
    let mut block = vec![[0.0; LANES]; BLOCK * width];
    let mut risk = vec![0.0; n];
    let mut slope = streamed.observed.clone();
    let mut sums = TieSums {
        width,
        sums: vec![[0.0; LANES]; 2 * rows.ties.len() * (width + 1)],
    };
    let standard = (&rows.centre[..], &rows.scale[..]);
    for (b, risk) in risk.chunks_mut(BLOCK).enumerate() {
        let range = b * BLOCK..b * BLOCK + risk.len();
        standardised_rows(&mut block, &streamed.columns, range.clone(), standard);
        streamed.risks(risk, range.start, factors, &block);
        let at = &streamed.sums_of[range];
        for ((risk, at), x) in risk.iter().zip(at).zip(block.chunks_exact(width)) {
            sums.add(*at as usize, *risk, x);
        }
    }
    let log_likelihood = streamed.observed_offset + product(factors, &streamed.observed);
    let mut logs = Logs::default();
    let mut hazards = vec![Hazard::default(); rows.ties.len()];
    let mut weighted_means = vec![0.0; rows.ties.len() * p];
    let mut means = Symmetric::zeros(p);
    let mut set = RiskSet::new(rows);
    for (t, tie) in rows.ties.iter().enumerate() {
        if tie.is_first {
            set.clear();
        }
        let ((own0, own1), (others0, others1)) = (sums.of(2 * t), sums.of(2 * t + 1));
        set.s0 += own0 + others0;
        add_scaled(&mut set.s1, 1.0, own1);
        add_scaled(&mut set.s1, 1.0, others1);
        if tie.n_events == 0 {
            continue;
        }
        set.d0 = own0;
        let rise = set.rise(tie, method, &mut logs);
        hazards[t] = Hazard {
            rise: rise.hazard,
            own: rise.own,
            variance: rise.squares[0],
        };
        add_scaled(&mut slope, -rise.hazard, &set.s1);
        let s1 = &set.s1.as_flattened()[..p];
        let of_tie = &mut weighted_means[t * p..(t + 1) * p];
        for (mean, s1) in of_tie.iter_mut().zip(s1) {
            *mean = rise.squares[0] * s1;
        }
        means.add_outer(rise.squares[0], s1);
        if tie.n_events > 1 && method == TieMethod::Efron {
            add_scaled(&mut slope, rise.own, own1);
            let d1 = &own1.as_flattened()[..p];
            means.add_mixed(-rise.squares[1], s1, d1);
            means.add_outer(rise.squares[2], d1);
            for (mean, d1) in of_tie.iter_mut().zip(d1) {
                *mean -= rise.squares[1] * d1;
            }
        }
    }
    let mut information = products(rows, streamed, &risk, &hazards).symmetric(p);
    information.add_scaled(-1.0, &means);
    Pass {
        log_likelihood: log_likelihood - logs.total(),
        gradient: slope.as_flattened()[..p].to_vec(),
        information,
        risk_sets: RiskSets {
            risk: Vec::new(),
            hazards,
            means: Some(weighted_means),
        },
    }
}

/// `Xᵀ diag(v) X`.
#[inline(always)]
fn products(
    rows: &Ordered<'_>,
    streamed: &Streamed<'_>,
    risk: &[f64],
    hazards: &[Hazard],
) -> Tiles {
    let cumulative = cumulative(&rows.ties, hazards.iter().map(|hazard| hazard.rise));
    let ends = cumulative.iter().zip(hazards);
    // What a row lives through, when it ends with the event and when not.
    let lived: Vec<f64> = ends
        .flat_map(|(all, hazard)| [all - hazard.own, *all])
        .collect();
    let width = rows.width;
    let mut products = Tiles::zeros(width);
    let mut block = vec![[0.0; LANES]; BLOCK * width];
    let mut scaled = block.clone();
    let standard = (&rows.centre[..], &rows.scale[..]);
    for (b, risk) in risk.chunks(BLOCK).enumerate() {
        let range = b * BLOCK..b * BLOCK + risk.len();
        standardised_rows(&mut block, &streamed.columns, range.clone(), standard);
        let own = risk.iter().zip(&streamed.sums_of[range]);
        let pairs = scaled
            .chunks_exact_mut(width)
            .zip(block.chunks_exact(width));
        for ((risk, at), (scaled, x)) in own.zip(pairs) {
            scale_into(scaled, risk * lived[*at as usize], x);
        }
        let values = risk.len() * width;
        products.add_rows(&scaled[..values], &block[..values]);
    }
    products
}
