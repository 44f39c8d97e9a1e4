//! How well rows lie within their own group.

use rayon::prelude::*;

use crate::{Matrix, lloyd::squared_distance};

/// Mean silhouette over all rows, in `[-1, 1]`; near 0 when groups run into each other.
///
/// A row that is alone in its group counts 0. Costs `rows²` distances.
/// * `labels` – shape `(rows,)`, values below `k`
///
/// # Source
/// Rousseeuw, J. Comput. Appl. Math. 20, 1987, <https://doi.org/10.1016/0377-0427(87)90125-7>. Compared with scikit-learn 1.9.1.
pub fn silhouette(data: &Matrix, labels: &[usize], k: usize) -> f64 {
    let mut sizes = vec![0_usize; k];
    for label in labels {
        sizes[*label] += 1;
    }
    let per_row: Vec<f64> = (0..data.rows())
        .into_par_iter()
        .map(|index| {
            let own = labels[index];
            if sizes[own] <= 1 {
                return 0.0;
            }
            let mut sums = vec![0.0; k];
            for (other, label) in data.each_row().zip(labels) {
                sums[*label] += squared_distance(data.row(index), other).sqrt();
            }
            let within = sums[own] / (sizes[own] - 1) as f64;
            let nearest = (0..k)
                .filter(|group| *group != own && sizes[*group] > 0)
                .map(|group| sums[group] / sizes[group] as f64)
                .fold(f64::INFINITY, f64::min);
            let widest = within.max(nearest);
            if widest > 0.0 && nearest.is_finite() {
                (nearest - within) / widest
            } else {
                0.0
            }
        })
        .collect();
    per_row.iter().sum::<f64>() / per_row.len() as f64
}
