//! The rows of a bag, laid out so that one pass over them serves several columns.

use super::loss::{Slope, half_losses, log_loss, slopes};

/// What is known of rows besides their bins.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) outcome: Vec<f32>,
    pub(super) weights: Vec<f32>,
    pub(super) scores: Vec<f32>,
}

impl Rows {
    pub(super) fn pick(outcome: &[f32], weights: &[f32], rows: &[u32], score: f32) -> Self {
        let of = |all: &[f32]| rows.iter().map(|row| all[*row as usize]).collect();
        Self {
            outcome: of(outcome),
            weights: of(weights),
            scores: vec![score; rows.len()],
        }
    }

    pub(super) fn slopes(&self, into: &mut [Slope]) {
        slopes(&self.scores, &self.outcome, &self.weights, into);
    }

    pub(super) fn log_loss(&self) -> f64 {
        log_loss(&self.scores, &self.outcome, &self.weights)
    }

    /// Log loss of the rows at even and at odd places, and of all.
    pub(super) fn losses(&self) -> ([f64; 2], f64) {
        let [even, odd] = half_losses(&self.scores, &self.outcome, &self.weights);
        let all = (even[0] + odd[0]) / (even[1] + odd[1]);
        ([even[0] / even[1], odd[0] / odd[1]], all)
    }
}

/// Draws the rows of a bag: those it learns from, and those that tell it when to stop. The outcomes are divided alike.
pub(super) fn sample(
    outcome: &[f32],
    share: f64,
    draws: &mut super::random::Draws,
) -> [Vec<u32>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    for wanted in [false, true] {
        let mut rows: Vec<u32> = (0..outcome.len() as u32)
            .filter(|row| (outcome[*row as usize] > 0.5) == wanted)
            .collect();
        draws.shuffle(&mut rows);
        // At least one of each outcome to learn from.
        let apart = ((rows.len() as f64 * share).round() as usize).min(rows.len() - 1);
        parts[1].extend(&rows[..apart]);
        parts[0].extend(&rows[apart..]);
    }
    for rows in &mut parts {
        // Neighbours in memory stay neighbours.
        rows.sort_unstable();
    }
    parts
}
