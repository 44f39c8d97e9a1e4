//! A share of rows that belong together: several rows of one person, several persons of one household.

use crate::{
    proportion::{Interval, Proportion},
    special::{beta_quantile, t_two_sided, z_two_sided},
};

/// A share of rows that stand in clusters. Rows of one cluster are alike, so they tell less than as many rows of strangers.
///
/// ```
/// use helder_evaluation::{ClusteredShare, Proportion};
/// // Twenty households of three, of whom all or none have the outcome.
/// let households = (0..20).map(|n| Proportion::new(if n % 4 == 0 { 3 } else { 0 }, 3));
/// let share = ClusteredShare::new(households);
/// assert_eq!(share.rows, Proportion::new(15, 60));
/// // Sixty rows tell as much as nineteen strangers do.
/// assert!((share.effective_rows().unwrap() - 19.0).abs() < 1e-9);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClusteredShare {
    /// Rows with the outcome, of all rows.
    pub rows: Proportion,
    /// Clusters that have a row.
    pub clusters: usize,
    /// Sums over clusters of counts squared, totals squared, and their product.
    squares: [f64; 3],
}

impl ClusteredShare {
    /// Counts per cluster; clusters without rows count for nothing.
    pub fn new(clusters: impl IntoIterator<Item = Proportion>) -> Self {
        let mut share = Self::default();
        for cluster in clusters.into_iter().filter(|cluster| cluster.total > 0) {
            let (count, total) = (cluster.count as f64, cluster.total as f64);
            share.rows.count += cluster.count;
            share.rows.total += cluster.total;
            share.clusters += 1;
            share.squares[0] += count * count;
            share.squares[1] += total * total;
            share.squares[2] += count * total;
        }
        share
    }

    /// Variance of the share as a ratio of two sums over clusters, by linearisation; `None` with fewer than two clusters.
    ///
    /// # Source
    /// Cochran, *Sampling Techniques*, 3rd edition (1977), § 11.8 (ultimate clusters, with replacement). Checked against
    /// `svymean` of R's survey 4.1-1.
    pub fn variance(self) -> Option<f64> {
        let share = self.rows.value().filter(|_| self.clusters > 1)?;
        let [counts, totals, both] = self.squares;
        let clusters = self.clusters as f64;
        let residuals = counts - 2.0 * share * both + share * share * totals;
        let rows = self.rows.total as f64;
        Some(clusters / (clusters - 1.0) * residuals.max(0.0) / (rows * rows))
    }

    /// How many rows of strangers would tell as much, above 0 and at most as many as there are; `None` with fewer than two clusters.
    ///
    /// Where all rows or none have the outcome, nothing can be seen of how alike rows are; then those of a cluster count as wholly alike.
    ///
    /// # Source
    /// Kish, *Survey Sampling* (1965), § 8.2 (design effect; wholly alike: (Σ n)² / Σ n²). At most the rows themselves: Parker and
    /// others, Vital and Health Statistics 2(175), 2017.
    pub fn effective_rows(self) -> Option<f64> {
        self.effective(1.0)
    }

    /// Korn and Graubard's interval: the exact one of Clopper and Pearson for as many rows as the clusters are worth, fewer by what
    /// the estimated variance of few clusters leaves open (t instead of normal). `None` with fewer than two clusters, or unless
    /// `0 < confidence < 1`. With clusters of one row it is hardly wider than Clopper and Pearson's.
    ///
    /// # Source
    /// Korn and Graubard, Survey Methodology 24(2), 1998, pages 193–201. Checked against `svyciprop(method = "beta")` of R's survey
    /// 4.1-1, which lets the rows count for more than there are; here they do not.
    pub fn korn_graubard(self, confidence: f64) -> Option<Interval> {
        z_two_sided(confidence)?;
        let share = self.rows.value().filter(|_| self.clusters > 1)?;
        let of_rows = t_two_sided(confidence, self.rows.total - 1);
        let of_clusters = t_two_sided(confidence, self.clusters - 1);
        let rows = self.effective((of_rows / of_clusters).powi(2))?;
        let (count, left) = (rows * share, rows * (1.0 - share));
        let tail = (1.0 - confidence) / 2.0;
        Some(Interval {
            low: if self.rows.count == 0 {
                0.0
            } else {
                beta_quantile(tail, count, left + 1.0)
            },
            high: if self.rows.count == self.rows.total {
                1.0
            } else {
                1.0 - beta_quantile(tail, left, count + 1.0)
            },
        })
    }

    fn effective(self, factor: f64) -> Option<f64> {
        let (share, variance) = (self.rows.value()?, self.variance()?);
        let rows = self.rows.total as f64;
        let of_one = share * (1.0 - share);
        let effective = if of_one > 0.0 {
            // A variance of 0 makes this infinite: the rows themselves are the most.
            of_one / variance
        } else {
            rows * rows / self.squares[1]
        };
        Some((effective * factor).min(rows))
    }
}
