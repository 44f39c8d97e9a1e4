//! Sums over rows that do not depend on the number of threads.

use rayon::prelude::*;

/// Rows per chunk. Fixed: the borders of chunks, and so the order of additions, never depend on the machine.
pub(crate) const CHUNK_ROWS: usize = 2048;

/// Most groups of chunks that are summed side by side; bounds the memory for partial sums.
const MOST_GROUPS: usize = 64;

/// Runs `work` on groups of neighbouring chunks in parallel and folds the parts in the order of the rows.
///
/// `work` gets the numbers of its chunks. Every `stride`-th chunk takes part; 1 is all rows.
pub(crate) fn reduce<T: Send>(
    n_rows: usize,
    stride: usize,
    work: impl Fn(&[usize]) -> T + Sync + Send,
    fold: impl FnMut(T, T) -> T,
) -> Option<T> {
    let chunks: Vec<usize> = (0..n_rows.div_ceil(CHUNK_ROWS)).step_by(stride).collect();
    let per_group = chunks.len().div_ceil(MOST_GROUPS).max(1);
    let parts: Vec<T> = chunks.par_chunks(per_group).map(work).collect();
    parts.into_iter().reduce(fold)
}

/// Adds `part` to `sum`, element by element.
pub(crate) fn add(sum: &mut [f64], part: &[f64]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}
