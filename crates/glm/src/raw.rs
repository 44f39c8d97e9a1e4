//! From coefficients of the moved and scaled columns to those of the columns as they are.

use crate::work::Work;

impl Work<'_> {
    /// Coefficients of the columns as they are, from those of the moved and scaled ones.
    pub(crate) fn raw(&self, gamma: &[f64]) -> Vec<f64> {
        let mut beta: Vec<f64> = gamma.iter().zip(&self.scale).map(|(g, s)| g * s).collect();
        let moved: f64 = (1..beta.len()).map(|k| beta[k] * self.centre[k]).sum();
        beta[0] = gamma[0] - moved;
        beta
    }

    /// Covariance of the coefficients of the columns as they are.
    pub(crate) fn raw_covariance(&self, covariance: &[f64]) -> Vec<f64> {
        let p = self.width();
        // beta = T gamma: the diagonal holds the scales, the first row what moving does to the intercept.
        let mut half = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..p {
                half[i * p + j] = self.scale[i] * covariance[i * p + j];
            }
        }
        let moved = |column: usize, values: &[f64], step: usize, base: usize| -> f64 {
            values[base + column * step]
                - (1..p)
                    .map(|k| self.centre[k] * self.scale[k] * values[base + k * step])
                    .sum::<f64>()
        };
        for (j, entry) in half[..p].iter_mut().enumerate() {
            *entry = moved(0, covariance, p, j);
        }
        let mut raw = vec![0.0; p * p];
        for i in 0..p {
            for j in 0..p {
                raw[i * p + j] = half[i * p + j] * self.scale[j];
            }
            raw[i * p] = moved(0, &half, 1, i * p);
        }
        for i in 0..p {
            for j in 0..i {
                let mean = f64::midpoint(raw[i * p + j], raw[j * p + i]);
                raw[i * p + j] = mean;
                raw[j * p + i] = mean;
            }
        }
        raw
    }
}
