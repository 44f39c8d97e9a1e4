//! Exact least-squares steps.

use rayon::prelude::*;

use crate::Matrix;

/// Rounds after which even a slow case has settled; each lowers the inertia or ends.
const MOST_STEPS: usize = 1_000;

pub(crate) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// Nearest centre per row with its squared distance; the first of equally near ones.
pub(crate) fn assign(data: &Matrix, centres: &[Vec<f64>]) -> Vec<(usize, f64)> {
    (0..data.rows())
        .into_par_iter()
        .map(|index| {
            let row = data.row(index);
            let mut best = (0, f64::INFINITY);
            for (group, centre) in centres.iter().enumerate() {
                let distance = squared_distance(row, centre);
                if distance < best.1 {
                    best = (group, distance);
                }
            }
            best
        })
        .collect()
}

/// Runs assignment and mean until no row changes group. A centre that loses all rows stays where it is.
pub(crate) fn settle(
    data: &Matrix,
    mut centres: Vec<Vec<f64>>,
) -> (Vec<Vec<f64>>, Vec<usize>, f64, usize) {
    let mut labels: Vec<usize> = Vec::new();
    for step in 0..MOST_STEPS {
        let nearest = assign(data, &centres);
        let next: Vec<usize> = nearest.iter().map(|(group, _)| *group).collect();
        if next == labels {
            // Summed in row order, so the same on any number of threads.
            return (
                centres,
                labels,
                nearest.iter().map(|(_, distance)| distance).sum(),
                step,
            );
        }
        labels = next;
        let mut sums = vec![vec![0.0; data.columns()]; centres.len()];
        let mut sizes = vec![0_usize; centres.len()];
        for (row, group) in data.each_row().zip(&labels) {
            sizes[*group] += 1;
            for (sum, value) in sums[*group].iter_mut().zip(row) {
                *sum += value;
            }
        }
        for ((centre, sum), size) in centres.iter_mut().zip(sums).zip(sizes) {
            if size > 0 {
                *centre = sum.into_iter().map(|value| value / size as f64).collect();
            }
        }
    }
    let inertia = assign(data, &centres)
        .iter()
        .map(|(_, distance)| distance)
        .sum();
    (centres, labels, inertia, MOST_STEPS)
}
