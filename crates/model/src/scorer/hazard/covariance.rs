//! Sums of rows, and the covariance of coefficients as rows.

/// Numbers of a row that are added up side by side.
const SIDE: usize = 8;

/// A symmetric matrix.
#[derive(Clone, Debug)]
pub(super) struct Covariance(Rows);

/// Rows of one length, one after the other, each made longer with zeros to a multiple of [`SIDE`].
#[derive(Clone, Debug)]
pub(super) struct Rows {
    width: usize,
    cells: Vec<f64>,
}

impl Rows {
    pub(super) fn new<'r>(rows: impl IntoIterator<Item = &'r [f64]>) -> Self {
        let (mut width, mut cells) = (0, Vec::new());
        for row in rows {
            width = row.len().next_multiple_of(SIDE);
            cells.extend_from_slice(row);
            cells.resize(cells.len() + width - row.len(), 0.0);
        }
        Self { width, cells }
    }

    /// Length of a sum of rows; the last numbers of it may be zeros.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn row(&self, place: usize) -> &[f64] {
        &self.cells[place * self.width..][..self.width]
    }

    /// Adds the rows from `first` on, each as often as its weight says, one after the other.
    ///
    /// A few numbers of the sum at a time, which then stay at hand for all rows; each number is the same sum in the same order.
    pub(super) fn add_to(&self, sum: &mut [f64], first: usize, weights: &[f64]) {
        let rows = self.cells.get(first * self.width..).unwrap_or_default();
        for (place, sum) in sum.chunks_exact_mut(SIDE).enumerate() {
            let mut kept = [0.0; SIDE];
            kept.copy_from_slice(sum);
            for (row, weight) in rows.chunks_exact(self.width).zip(weights) {
                let here = row[place * SIDE..][..SIDE].iter();
                for (kept, value) in kept.iter_mut().zip(here) {
                    *kept += weight * value;
                }
            }
            sum.copy_from_slice(&kept);
        }
    }
}

impl Covariance {
    /// * `triangle` – the lower triangle, row by row
    pub(super) fn new(triangle: &[Vec<f64>]) -> Self {
        let size = triangle.len();
        let whole: Vec<Vec<f64>> = (0..size)
            .map(|i| (0..size).map(|j| triangle[i.max(j)][i.min(j)]).collect())
            .collect();
        Self(Rows::new(whole.iter().map(Vec::as_slice)))
    }

    /// Its product with `x`, into `product`.
    pub(super) fn times(&self, x: &[f64], product: &mut Vec<f64>) {
        product.clear();
        product.resize(self.0.width(), 0.0);
        // Symmetric: its rows are its columns.
        self.0.add_to(product, 0, x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_any_length_add_up_in_their_order_to_the_last_bit() {
        for width in 0..20 {
            let row = |at: usize| (0..width).map(move |place| 1.0 / (at * 7 + place + 1) as f64);
            let rows: Vec<Vec<f64>> = (0..9).map(|at| row(at).collect()).collect();
            let made = Rows::new(rows.iter().map(Vec::as_slice));
            let weights = [0.3, -2.0, 0.0, 1e-9, 5.5];
            let mut sum = vec![0.1; made.width()];
            made.add_to(&mut sum, 3, &weights);
            for (place, sum) in sum.iter().take(width).enumerate() {
                let each = weights.iter().zip(&rows[3..]);
                let one = each.fold(0.1, |sum, (weight, row)| sum + weight * row[place]);
                assert_eq!(sum.to_bits(), one.to_bits());
            }
        }
    }

    #[test]
    fn a_product_is_that_of_the_whole_matrix() {
        let covariance = Covariance::new(&[vec![4.0], vec![1.0, 9.0], vec![-2.0, 0.5, 3.0]]);
        let mut product = Vec::new();
        covariance.times(&[1.0, 10.0, 100.0], &mut product);
        assert_eq!(product, [-186.0, 141.0, 303.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
