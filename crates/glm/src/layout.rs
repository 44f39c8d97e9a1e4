//! How columns are moved and scaled before they are summed.

use crate::{Design, chunks::CHUNK_ROWS, response::Checked, work::Work};

/// Up to here all rows are looked at; above, the first rows of every chunk.
const FEW_CHUNKS: usize = 8;
const SAMPLE_ROWS: usize = 32;
/// Lists of filled cells are faster than whole columns when fewer than one cell in so many is filled.
const SPARSE: f64 = 5.0;

/// All columns of the design, moved by about their mean (unless mostly 0) and scaled to about 1.
///
/// Neither changes what is estimated: they keep the sums exact when a column's values lie far from 0.
pub(crate) fn of<'a>(design: &'a Design, response: &'a Checked<'a>) -> Work<'a> {
    let n_chunks = design.n_rows().div_ceil(CHUNK_ROWS);
    let rows = if n_chunks <= FEW_CHUNKS {
        CHUNK_ROWS
    } else {
        SAMPLE_ROWS
    };
    let p = design.width();
    let mut work = Work {
        design,
        response,
        columns: (0..p).collect(),
        centre: vec![0.0; p],
        scale: vec![1.0; p],
        sparse: false,
    };
    let mut filled_per_row = 1.0;
    for j in 1..p {
        let sample = || {
            (0..n_chunks).flat_map(|chunk| {
                let column = design.chunk_column(chunk, j);
                column[..rows.min(column.len())].iter().copied()
            })
        };
        let count = sample().count().max(1) as f64;
        let filled = sample().filter(|x| *x != 0.0).count() as f64 / count;
        if filled >= 0.5 {
            work.centre[j] = sample().map(|x| x / count).sum();
        }
        filled_per_row += if filled >= 0.5 { 1.0 } else { filled };
        let reach = sample().fold(0.0_f64, |most, x| most.max((x - work.centre[j]).abs()));
        let reach = if reach > 0.0 {
            reach
        } else {
            work.centre[j].abs()
        };
        work.scale[j] = power_of_two_near_inverse(reach);
    }
    work.sparse = p as f64 > SPARSE * filled_per_row;
    work
}

/// A power of two `s` with `s · reach` between 1/2 and 2; 1 when there is nothing to scale.
fn power_of_two_near_inverse(reach: f64) -> f64 {
    if reach.is_normal() {
        (-reach.log2().round().clamp(-1000.0, 1000.0)).exp2()
    } else {
        1.0
    }
}
