//! How the privacy loss is shared out over the questions, and how much noise that leaves in each answer.

use super::account::Loss;

/// Share of the squared loss for the number of rows and of positive outcomes, by which the rest is shared out.
const WHOLE: f64 = 0.01;
/// Share for the counts that bins are made of.
const BINNING: f64 = 0.1;
/// Least weight of the counts of the bins themselves beside the outcomes' half.
const LEAST_COUNTS: f64 = 0.03;
/// What the last of [`looks`] leave of the noise of all: with weights 2 / (round + 1) the answers of three rounds have the
/// variance of 2.25, so that sums of probabilities weigh a bit more than sums of outcomes.
///
/// [`looks`]: super::PrivateSettings::rounds
const EXPECTED: f64 = 1.15;
/// Bins of a number: so many times the root of how far the outcomes of all rows stand out of the noise.
const BINS: f64 = 2.0;
/// Bins at least and at most.
const FEWEST_AND_MOST: [f64; 2] = [8.0, 32.0];
/// Bins, and noise of each in log-odds, by which it is judged whether rows are enough.
const JUDGED: [f64; 2] = [8.0, 0.5];

/// Where probabilities are counted: those outside count as its ends. It is narrow where outcomes are rare, so that one row
/// changes a sum of probabilities by little.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// Probabilities are counted from here.
    pub(super) centre: f64,
    /// What one row changes a sum by, at most.
    pub(super) half: f64,
}

impl Window {
    /// * `share` – of positive outcomes, as an answer told it
    fn of(share: f64) -> Self {
        let half = 0.5 * (8.0 * share.min(1.0 - share) + 0.1).min(1.0);
        let centre = if share <= 0.5 { half } else { 1.0 - half };
        Self { centre, half }
    }

    /// How far the middle, from which outcomes are counted, lies from the centre.
    pub(super) fn away(self) -> f64 {
        0.5 - self.centre
    }
}

/// Deviations of the noise of the answers about the whole.
pub(super) struct WholeNoise {
    /// Of the number of rows: one row changes it by 1.
    pub(super) rows: f64,
    /// Of the sum of outcomes from the middle: one row changes it by a half.
    pub(super) outcomes: f64,
}

pub(super) fn whole(loss: Loss) -> WholeNoise {
    let deviation = (2.0 / WHOLE).sqrt() / loss.0;
    WholeNoise {
        rows: deviation,
        outcomes: 0.5 * deviation,
    }
}

/// Deviations of the noise in the sums of a bin, when each column gets the same part.
///
/// What is learned of a bin is outcomes − probabilities + [`Window::away`] × rows. With the whole loss given, the variance of
/// that sum is smallest when each of the three gets a share in proportion to what one row changes it by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Budget {
    pub(super) window: Window,
    /// Of the count of a cell that bins are made of.
    pub(super) cell: f64,
    /// Of the count of a bin.
    pub(super) count: f64,
    /// Of the sum of outcomes from the middle.
    pub(super) outcomes: f64,
    /// Of the sum of probabilities in the window, in each round.
    pub(super) expected: f64,
    rounds: f64,
}

impl Budget {
    /// * `share` – of positive outcomes, as an answer told it
    pub(super) fn of(loss: Loss, columns: usize, rounds: usize, share: f64) -> Self {
        let window = Window::of(share);
        let weights = [
            window.away().abs().max(LEAST_COUNTS),
            0.5,
            EXPECTED * window.half,
        ];
        let all: f64 = weights.iter().sum();
        let [counts, outcomes, expected] =
            weights.map(|weight| weight / all * (1.0 - WHOLE - BINNING));
        let (columns, rounds) = (columns as f64, rounds as f64);
        let deviation =
            |most: f64, share: f64, answers: f64| most * (answers / share).sqrt() / loss.0;
        Self {
            window,
            cell: deviation(1.0, BINNING, columns),
            count: deviation(1.0, counts, columns),
            outcomes: deviation(0.5, outcomes, columns),
            expected: deviation(window.half, expected, columns * rounds),
            rounds,
        }
    }

    /// The noise of what is learned of a bin from the answers of all rounds.
    fn together(&self) -> f64 {
        let counts = self.window.away() * self.count;
        let expected = self.expected / (0.75 * self.rounds).sqrt();
        (self.outcomes.powi(2) + counts.powi(2) + expected.powi(2)).sqrt()
    }

    /// Into how many bins a number is cut, at most.
    ///
    /// * `information` – rows times the variance of the outcome
    pub(super) fn bins(&self, information: f64) -> f64 {
        let [fewest, most] = FEWEST_AND_MOST;
        (BINS * (information / self.together()).sqrt()).clamp(fewest, most)
    }

    /// Rows from which curves say more than noise.
    ///
    /// * `variance` – of the outcome
    pub(super) fn needed_rows(&self, variance: f64) -> f64 {
        JUDGED[0] * self.together() / (JUDGED[1] * variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_questions_together_lose_what_there_is() {
        for (share, columns, rounds) in [(0.5, 7, 3), (0.01, 30, 2), (0.97, 1, 9)] {
            let loss = Loss(0.4);
            let WholeNoise { rows, outcomes } = whole(loss);
            let budget = Budget::of(loss, columns, rounds, share);
            let of_column = [
                (1.0, budget.cell),
                (1.0, budget.count),
                (0.5, budget.outcomes),
            ];
            let of_round = [(budget.window.half, budget.expected)];
            let all = [(1.0, rows), (0.5, outcomes)]
                .into_iter()
                .chain((0..columns).flat_map(|_| of_column))
                .chain((0..columns * rounds).flat_map(|_| of_round));
            let together = Loss::together(all.map(|(most, deviation)| Loss(most / deviation)));
            assert!((together.0 / loss.0 - 1.0).abs() < 1e-12, "{together:?}");
        }
    }

    #[test]
    fn rare_outcomes_have_a_narrow_window_that_holds_their_probabilities() {
        let rare = Window::of(0.01);
        assert!(rare.half < 0.1 && rare.centre - rare.half <= 0.0);
        let usual = Window::of(0.99);
        assert!((usual.centre + usual.half - 1.0).abs() < 1e-12 && usual.away() < 0.0);
        let even = Window::of(0.4);
        assert!((even.half - 0.5).abs() < 1e-12 && even.away().abs() < 1e-12);
    }
}
