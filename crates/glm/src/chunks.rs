//! Sums over rows that do not depend on the number of threads.

use rayon::prelude::*;

/// Rows per chunk. Fixed: the borders of chunks, and so the order of additions, never depend on the machine.
pub(crate) const CHUNK_ROWS: usize = 2048;

/// Runs `work` on fixed chunks of `0..n_rows` in parallel and folds the parts in chunk order.
pub(crate) fn reduce<T: Send>(
    n_rows: usize,
    work: impl Fn(std::ops::Range<usize>) -> T + Sync,
    fold: impl FnMut(T, T) -> T,
) -> Option<T> {
    let n_chunks = n_rows.div_ceil(CHUNK_ROWS);
    let parts: Vec<T> = (0..n_chunks)
        .into_par_iter()
        .map(|chunk| work(chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(n_rows)))
        .collect();
    parts.into_iter().reduce(fold)
}

/// Adds `part` to `sum`, element by element.
pub(crate) fn add(sum: &mut [f64], part: &[f64]) {
    for (s, p) in sum.iter_mut().zip(part) {
        *s += p;
    }
}
