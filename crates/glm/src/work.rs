//! Passes over the rows: everything that is summed while fitting.

#![expect(
    clippy::inline_always,
    reason = "what is not inlined is compiled without vector instructions"
)]

use fearless_simd::{Level, dispatch};

use crate::{
    Design, Family,
    chunks::{self, CHUNK_ROWS},
    cross::Cross,
    family::Block,
    lanes::{BLOCK, Column, LANES, Sums, add_product, total},
    response::Checked,
};

/// The design as the fit sees it: chosen columns, each moved and scaled so that its values are near 1.
///
/// Scales are powers of two, so that scaling rounds nothing. The first column is the intercept.
pub(crate) struct Work<'a> {
    pub(crate) design: &'a Design,
    pub(crate) response: &'a Checked<'a>,
    /// Columns of the design.
    pub(crate) columns: Vec<usize>,
    /// What is subtracted from each.
    pub(crate) centre: Vec<f64>,
    /// What the difference is multiplied by.
    pub(crate) scale: Vec<f64>,
    /// Whether most values are 0 even after moving.
    pub(crate) sparse: bool,
}

/// What one pass yields.
pub(crate) struct Pass {
    /// Up to a constant of the data.
    pub(crate) log_likelihood: f64,
    /// Shape `(p,)`.
    pub(crate) gradient: Vec<f64>,
    /// Expected information, row-major, both triangles, shape `(p, p)`.
    pub(crate) information: Vec<f64>,
    /// `Σ sᵢ² zᵢ zᵢᵀ` with the score `sᵢ`, when asked.
    pub(crate) score_products: Option<Vec<f64>>,
}

/// What a pass shall do.
#[derive(Clone, Copy)]
pub(crate) enum Task<'b> {
    /// Likelihood, gradient and information at coefficients; with `meat` also the products of scores.
    Newton {
        family: Family,
        gamma: &'b [f64],
        meat: bool,
    },
    /// `Σ w z zᵀ` only.
    Products,
    /// Observed information of a negative binomial; the gradient is the derivative of the score towards `θ`.
    ObservedNegativeBinomial { theta: f64, gamma: &'b [f64] },
}

/// Buffers and sums of one group of chunks.
struct Scratch {
    block: Block,
    z: Vec<Column>,
    scored: Vec<Column>,
    likelihood: Sums,
    gradient: Vec<Sums>,
    information: Cross,
    meat: Option<Cross>,
}

impl Scratch {
    fn new(p: usize, sparse: bool, meat: bool) -> Self {
        Self {
            block: Block::new(),
            z: vec![[0.0; BLOCK]; p],
            scored: vec![[0.0; BLOCK]; if meat { p } else { 0 }],
            likelihood: [0.0; LANES],
            gradient: vec![[0.0; LANES]; p],
            information: Cross::new(p, sparse),
            meat: meat.then(|| Cross::new(p, sparse)),
        }
    }
}

impl Work<'_> {
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Sums over every `stride`-th chunk.
    pub(crate) fn pass(&self, task: Task<'_>, stride: usize) -> Pass {
        let p = self.width();
        let level = Level::new();
        let summed = chunks::reduce(
            self.design.n_rows(),
            stride,
            |chunks| {
                let meat = matches!(task, Task::Newton { meat: true, .. });
                let mut scratch = Scratch::new(p, self.sparse, meat);
                self.add_chunks(level, task, chunks, &mut scratch);
                Pass {
                    log_likelihood: total(&scratch.likelihood),
                    gradient: scratch.gradient.iter().map(total).collect(),
                    information: scratch.information.matrix(p),
                    score_products: scratch.meat.map(|meat| meat.matrix(p)),
                }
            },
            |mut a, b| {
                a.log_likelihood += b.log_likelihood;
                chunks::add(&mut a.gradient, &b.gradient);
                chunks::add(&mut a.information, &b.information);
                if let (Some(a), Some(b)) = (&mut a.score_products, &b.score_products) {
                    chunks::add(a, b);
                }
                a
            },
        );
        summed.unwrap_or_else(|| Pass {
            log_likelihood: 0.0,
            gradient: vec![0.0; p],
            information: vec![0.0; p * p],
            score_products: None,
        })
    }

    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    fn add_chunks(&self, level: Level, task: Task<'_>, chunks: &[usize], scratch: &mut Scratch) {
        use fearless_simd::Simd;
        // Twice the registers of twice the width: all eight running sums at once. The bits are the same.
        if let Some(wide) = level.as_avx512() {
            wide.vectorize(
                #[inline(always)]
                || self.add_blocks::<8>(task, chunks, scratch),
            );
        } else {
            dispatch!(level, _simd => self.add_blocks::<4>(task, chunks, scratch));
        }
    }

    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    fn add_chunks(&self, level: Level, task: Task<'_>, chunks: &[usize], scratch: &mut Scratch) {
        dispatch!(level, _simd => self.add_blocks::<4>(task, chunks, scratch));
    }

    #[inline(always)]
    fn add_blocks<const L: usize>(&self, task: Task<'_>, chunks: &[usize], scratch: &mut Scratch) {
        for &chunk in chunks {
            let rows = CHUNK_ROWS.min(self.design.n_rows() - chunk * CHUNK_ROWS);
            for start in (0..rows).step_by(BLOCK) {
                self.read(chunk, start, BLOCK.min(rows - start), task, scratch);
                add_block::<L>(task, scratch);
            }
        }
    }

    /// Reads a block into the scratch: moved and scaled columns, predictor, outcome and weights.
    #[inline(always)]
    fn read(&self, chunk: usize, start: usize, len: usize, task: Task<'_>, scratch: &mut Scratch) {
        let first = chunk * CHUNK_ROWS + start;
        let rows = first..first + len;
        let block = &mut scratch.block;
        fill(&mut block.y, &self.response.y[rows.clone()]);
        if let Some(weights) = self.response.weights {
            fill(&mut block.weight, &weights[rows.clone()]);
        } else {
            block.weight[..len].fill(1.0);
            block.weight[len..].fill(0.0);
        }
        match self.response.trials {
            Some(trials) => fill(&mut block.trials, &trials[rows.clone()]),
            None => block.trials.fill(1.0),
        }
        match &self.response.offset {
            Some(offset) => fill(&mut block.eta, &offset[rows]),
            None => block.eta.fill(0.0),
        }
        let gamma = match task {
            Task::Newton { gamma, .. } | Task::ObservedNegativeBinomial { gamma, .. } => gamma,
            Task::Products => &[],
        };
        for (k, z) in scratch.z.iter_mut().enumerate() {
            if k == 0 {
                z[..len].fill(1.0);
            } else {
                let values = &self.design.chunk_column(chunk, self.columns[k])[start..start + len];
                let (centre, scale) = (self.centre[k], self.scale[k]);
                for (z, x) in z.iter_mut().zip(values) {
                    *z = (x - centre) * scale;
                }
            }
            z[len..].fill(0.0);
            if let Some(&gamma) = gamma.get(k) {
                for (eta, z) in block.eta.iter_mut().zip(z.iter()) {
                    *eta = gamma.mul_add(*z, *eta);
                }
            }
        }
    }

    /// Blocks of rows with their columns, handed to `work` in order and folded in order; rows that do not count have weight 0.
    pub(crate) fn blocks<T: Send>(
        &self,
        gamma: &[f64],
        start: impl Fn() -> T + Sync + Send,
        work: impl Fn(&mut T, &Block, &[Column]) + Sync + Send,
        fold: impl FnMut(T, T) -> T,
    ) -> Option<T> {
        let task = Task::Newton {
            family: Family::Binomial,
            gamma,
            meat: false,
        };
        chunks::reduce(
            self.design.n_rows(),
            1,
            |chunks| {
                let mut sum = start();
                let mut scratch = Scratch::new(self.width(), self.sparse, false);
                for &chunk in chunks {
                    let rows = CHUNK_ROWS.min(self.design.n_rows() - chunk * CHUNK_ROWS);
                    for first in (0..rows).step_by(BLOCK) {
                        self.read(chunk, first, BLOCK.min(rows - first), task, &mut scratch);
                        work(&mut sum, &scratch.block, &scratch.z);
                    }
                }
                sum
            },
            fold,
        )
    }

    /// Linear predictor (with offset) per row, handed to `work` in groups of rows and folded in order.
    ///
    /// `work` gets the first row of a block and the predictors of its rows.
    pub(crate) fn scan<T: Send>(
        &self,
        gamma: &[f64],
        with_offset: bool,
        start: impl Fn() -> T + Sync,
        work: impl Fn(&mut T, usize, &[f64]) + Sync,
        fold: impl FnMut(T, T) -> T,
    ) -> Option<T> {
        chunks::reduce(
            self.design.n_rows(),
            1,
            |chunks| {
                let mut sum = start();
                let mut eta = vec![0.0; CHUNK_ROWS];
                for &chunk in chunks {
                    let first = chunk * CHUNK_ROWS;
                    let len = CHUNK_ROWS.min(self.design.n_rows() - first);
                    let eta = &mut eta[..len];
                    match (&self.response.offset, with_offset) {
                        (Some(offset), true) => eta.copy_from_slice(&offset[first..first + len]),
                        _ => eta.fill(0.0),
                    }
                    for (k, gamma) in gamma.iter().enumerate() {
                        if *gamma == 0.0 {
                            continue;
                        }
                        if k == 0 {
                            for eta in eta.iter_mut() {
                                *eta += gamma;
                            }
                            continue;
                        }
                        let (centre, scale) = (self.centre[k], self.scale[k]);
                        let values = self.design.chunk_column(chunk, self.columns[k]);
                        for (eta, x) in eta.iter_mut().zip(values) {
                            *eta += gamma * ((x - centre) * scale);
                        }
                    }
                    work(&mut sum, first, eta);
                }
                sum
            },
            fold,
        )
    }
}

#[inline(always)]
fn fill(block: &mut Column, values: &[f64]) {
    let len = values.len();
    block[..len].copy_from_slice(values);
    block[len..].fill(0.0);
}

/// Adds the block in the scratch to its sums.
#[inline(always)]
fn add_block<const L: usize>(task: Task<'_>, scratch: &mut Scratch) {
    let block = &mut scratch.block;
    match task {
        Task::Newton { family, .. } => block.evaluate(family, &mut scratch.likelihood),
        Task::ObservedNegativeBinomial { theta, .. } => block.observe(theta),
        Task::Products => {
            for (root, weight) in block.root.iter_mut().zip(&block.weight) {
                *root = weight.sqrt();
            }
        }
    }
    if !matches!(task, Task::Products) {
        for (sums, z) in scratch.gradient.iter_mut().zip(&scratch.z) {
            add_product(sums, &block.score, z);
        }
    }
    if let Some(meat) = &mut scratch.meat {
        for (scored, z) in scratch.scored.iter_mut().zip(&scratch.z) {
            for (scored, (z, score)) in scored.iter_mut().zip(z.iter().zip(&block.score)) {
                *scored = z * score;
            }
        }
        meat.add::<L>(&scratch.scored);
    }
    for z in &mut scratch.z {
        for (z, root) in z.iter_mut().zip(&block.root) {
            *z *= root;
        }
    }
    scratch.information.add::<L>(&scratch.z);
}
