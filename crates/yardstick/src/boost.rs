//! One boosting.

use forust_ml::{GradientBooster, Matrix, metric::Metric, objective::ObjectiveType};

use crate::YardstickError;

/// Trees at most.
const MOST_TREES: usize = 1_000;
/// Trees without gain on the rows to stop by.
const PATIENCE: usize = 40;
const LEARNING_RATE: f32 = 0.05;
/// Share of the columns that a tree looks at, where there are many; rounded down, few would be none.
const COLUMNS_OF_A_TREE: f64 = 0.8;
const MANY_COLUMNS: usize = 5;
/// Bins of a column.
const BINS: u16 = 255;
/// Least curvature of a leaf.
const LEAF: f32 = 3.0;
/// Nobody is certain: the log loss of a wrong certainty has no bound.
const LEAST: f64 = 1e-6;

/// What was learned; lives no longer than one call.
pub(crate) struct Boosted {
    booster: GradientBooster,
    loss: f64,
}

impl Boosted {
    /// Trees of one depth.
    pub(crate) fn learn(
        columns: &[Vec<f64>],
        outcome: &[bool],
        train: &[usize],
        stop: &[usize],
        depth: usize,
        seed: u64,
    ) -> Result<Self, YardstickError> {
        let (x, y) = part(columns, outcome, train);
        let (stop_x, stop_y) = part(columns, outcome, stop);
        let share = if columns.len() < MANY_COLUMNS {
            1.0
        } else {
            COLUMNS_OF_A_TREE
        };
        let mut booster = GradientBooster::default()
            .set_objective_type(ObjectiveType::LogLoss)
            .set_iterations(MOST_TREES)
            .set_learning_rate(LEARNING_RATE)
            .set_max_depth(depth)
            .set_min_leaf_weight(LEAF)
            .set_nbins(BINS)
            .set_colsample_bytree(share)
            .set_initialize_base_score(true)
            .set_evaluation_metric(Some(Metric::LogLoss))
            .set_early_stopping_rounds(Some(PATIENCE))
            .set_seed(seed)
            // One thread: folds are learned side by side, and sums keep their order.
            .set_parallel(false);
        let weights = vec![1.0; train.len().max(stop.len())];
        let evaluation = vec![(
            Matrix::new(&stop_x, stop.len(), columns.len()),
            stop_y.as_slice(),
            &weights[..stop.len()],
        )];
        booster
            .fit(
                &Matrix::new(&x, train.len(), columns.len()),
                &y,
                &weights[..train.len()],
                Some(evaluation),
            )
            .map_err(YardstickError::Grow)?;
        let mut boosted = Self { booster, loss: 0.0 };
        let p = boosted.probabilities(columns, stop);
        let losses = p.iter().zip(&stop_y);
        let losses = losses.map(|(p, y)| -if *y > 0.5 { p.ln() } else { (1.0 - p).ln() });
        boosted.loss = losses.sum::<f64>() / stop.len() as f64;
        Ok(boosted)
    }

    /// Log loss of the rows to stop by.
    pub(crate) const fn loss(&self) -> f64 {
        self.loss
    }

    /// Probability of each of `rows`.
    pub(crate) fn probabilities(&self, columns: &[Vec<f64>], rows: &[usize]) -> Vec<f64> {
        let x = values(columns, rows);
        let scores = self
            .booster
            .predict(&Matrix::new(&x, rows.len(), columns.len()), false);
        let probability = |score: f64| (1.0 / (1.0 + (-score).exp())).clamp(LEAST, 1.0 - LEAST);
        scores.into_iter().map(probability).collect()
    }
}

/// Column after column, as the library wants them.
fn values(columns: &[Vec<f64>], rows: &[usize]) -> Vec<f64> {
    let of = |column: &Vec<f64>| rows.iter().map(|row| column[*row]).collect::<Vec<_>>();
    columns.iter().flat_map(of).collect()
}

fn part(columns: &[Vec<f64>], outcome: &[bool], rows: &[usize]) -> (Vec<f64>, Vec<f64>) {
    let y = rows.iter().map(|row| f64::from(u8::from(outcome[*row])));
    (values(columns, rows), y.collect())
}
