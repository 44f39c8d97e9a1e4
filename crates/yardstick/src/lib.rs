#![doc = include_str!("../README.md")]

mod boost;
mod error;

pub use error::YardstickError;

use boost::Boosted;

/// Depths that are tried.
const DEPTHS: [usize; 2] = [3, 6];

/// Learns from `train`, stops by `stop`, and answers the probability of the outcome for the rows `asked`, in their order.
///
/// * `columns` – per input one number per row, NaN where it is missing   * `outcome` – per row whether it happened
/// * `train`, `stop`, `asked` – row numbers; `stop` shares no person with `train`, or learning stops too late
///
/// # Errors
/// [`YardstickError`] when rows or columns do not fit, one class is missing, or the trees cannot be grown.
pub fn probabilities(
    columns: &[Vec<f64>],
    outcome: &[bool],
    train: &[usize],
    stop: &[usize],
    asked: &[usize],
    seed: u64,
) -> Result<Vec<f64>, YardstickError> {
    check(columns, outcome, [train, stop, asked])?;
    let mut best: Option<Boosted> = None;
    for depth in DEPTHS {
        let boosted = Boosted::learn(columns, outcome, train, stop, depth, seed)?;
        if best
            .as_ref()
            .is_none_or(|best| boosted.loss() < best.loss())
        {
            best = Some(boosted);
        }
    }
    let best = best.ok_or(YardstickError::Empty)?;
    Ok(best.probabilities(columns, asked))
}

fn check(
    columns: &[Vec<f64>],
    outcome: &[bool],
    parts: [&[usize]; 3],
) -> Result<(), YardstickError> {
    let [train, stop, asked] = parts;
    if columns.is_empty() || train.is_empty() || stop.is_empty() {
        return Err(YardstickError::Empty);
    }
    let n = outcome.len();
    if columns.iter().any(|column| column.len() != n) {
        return Err(YardstickError::Rows);
    }
    if train.iter().chain(stop).chain(asked).any(|row| *row >= n) {
        return Err(YardstickError::Rows);
    }
    if columns.iter().flatten().any(|value| value.is_infinite()) {
        return Err(YardstickError::Infinite);
    }
    for part in [train, stop] {
        let positives = part.iter().filter(|row| outcome[**row]).count();
        if positives == 0 || positives == part.len() {
            return Err(YardstickError::OneClass);
        }
    }
    Ok(())
}
