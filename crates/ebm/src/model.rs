//! A learned model: a sum of tables.

use serde::{Deserialize, Serialize};

use crate::{
    Bins, Direction, EbmError, PairTerm, ShapeTerm, Value,
    bins::Coarse,
    monotone, purify,
    train::{Learned, pairs::Pair},
};

/// What a term adds to the score of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contribution {
    /// Places of its inputs, the second of a pair.
    pub inputs: (usize, Option<usize>),
    /// Log-odds.
    pub score: f64,
}

/// An additive model of the log-odds of an outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ebm {
    /// Name and bins of each input.
    pub inputs: Vec<(String, Bins)>,
    /// Log-odds where nothing is added: of the mean training row.
    pub intercept: f64,
    /// A term per input, in their order.
    pub shapes: Vec<ShapeTerm>,
    /// Terms of pairs, the one that gains most first.
    pub pairs: Vec<PairTerm>,
    /// How the models that were averaged differ; absent with one.
    pub bags: Option<BagSpread>,
}

/// Bags whose deviations a model keeps: enough to tell a spread, and no more to store.
const SPREAD: usize = 14;

/// How the averaged models (bags; of many the first) differ from their mean, log-odds.
///
/// What one term of a bag says too much another often says too little, so that standard errors of terms do not add up to that of a
/// score: the deviations of a bag do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BagSpread {
    /// What a standard deviation over the bags is multiplied by to be a standard error (see [`ShapeTerm::band`]).
    pub factor: f64,
    /// Per bag.
    pub intercept: Vec<f64>,
    /// Per input, bin and bag.
    pub shapes: Vec<Vec<Vec<f64>>>,
    /// Per pair, cell and bag.
    pub pairs: Vec<Vec<Vec<f64>>>,
}

impl Ebm {
    /// The bins of a row, and which inputs have a level that training did not see.
    ///
    /// # Errors
    /// When the row has another number of values than there are inputs, or a value of the other kind.
    pub fn bins(&self, row: &[Value<'_>]) -> Result<(Vec<u8>, Vec<usize>), EbmError> {
        if row.len() != self.inputs.len() {
            return Err(EbmError::Values {
                found: row.len(),
                expected: self.inputs.len(),
            });
        }
        let mut unknown = Vec::new();
        let mut bins = Vec::with_capacity(row.len());
        for (place, (value, (name, of))) in row.iter().zip(&self.inputs).enumerate() {
            bins.push(match (value, of) {
                (Value::Missing, _) => 0,
                (Value::Number(value), Bins::Numeric { cuts }) => Bins::of_number(cuts, *value).0,
                (Value::Level(level), Bins::Category { levels }) => {
                    let found = levels.iter().position(|known| known == level);
                    if found.is_none() {
                        unknown.push(place);
                    }
                    found.unwrap_or(levels.len()) as u8 + 1
                }
                _ => return Err(EbmError::Kind(name.clone())),
            });
        }
        Ok((bins, unknown))
    }

    /// Log-odds of a row in bins.
    pub fn score(&self, bins: &[u8]) -> f64 {
        self.contributions(bins)
            .fold(self.intercept, |sum, term| sum + term.score)
    }

    /// What each term adds; with the intercept they add up to the score, in this order to the last bit.
    pub fn contributions(&self, bins: &[u8]) -> impl Iterator<Item = Contribution> {
        let shapes = self.shapes.iter().map(|term| Contribution {
            inputs: (term.input, None),
            score: term.scores[bins[term.input] as usize],
        });
        let pairs = self.pairs.iter().map(|term| Contribution {
            inputs: (term.inputs[0], Some(term.inputs[1])),
            score: term.score(bins),
        });
        shapes.chain(pairs)
    }

    /// Standard error of the score of a row in bins, from the spread over the bags; `None` with one bag.
    ///
    /// Times 1.96 on either side it is an interval of the mean for rows like this, not of one outcome. As with [`ShapeTerm::band`]
    /// what early stopping smooths away is not in it; how often it holds the truth is measured in `tests/it/bands.rs`.
    pub fn standard_error(&self, bins: &[u8]) -> Option<f64> {
        let spread = self.bags.as_ref()?;
        let sums = self.of_bags(spread, bins);
        let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
        Some(spread.factor * (squares / (sums.len() as f64 - 1.0).max(1.0)).sqrt())
    }

    /// Per bag what it adds to the error of the score of a row in bins: of one row the squares sum up to the square of
    /// [`Ebm::standard_error`], of two rows the products to their covariance. None with one bag.
    pub fn deviations(&self, bins: &[u8]) -> Vec<f64> {
        let Some(spread) = &self.bags else {
            return Vec::new();
        };
        let mut sums = self.of_bags(spread, bins);
        let share = spread.factor / (sums.len() as f64 - 1.0).max(1.0).sqrt();
        for sum in &mut sums {
            *sum *= share;
        }
        sums
    }

    /// How far the score of each bag lies from their mean.
    fn of_bags(&self, spread: &BagSpread, bins: &[u8]) -> Vec<f64> {
        let mut sums = spread.intercept.clone();
        let mut add = |of: &[f64]| {
            for (sum, deviation) in sums.iter_mut().zip(of) {
                *sum += deviation;
            }
        };
        for (shape, bins_of) in self.shapes.iter().zip(&spread.shapes) {
            add(&bins_of[bins[shape.input] as usize]);
        }
        for (pair, cells) in self.pairs.iter().zip(&spread.pairs) {
            add(&cells[pair.cell(bins)]);
        }
        sums
    }

    /// Makes the curve of a numeric input rise (or fall) throughout. What is missing keeps its score relative to the mean;
    /// pairs keep their tables.
    ///
    /// # Errors
    /// When there is no such numeric input.
    pub fn make_monotone(&mut self, name: &str, direction: Direction) -> Result<(), EbmError> {
        let place = self
            .inputs
            .iter()
            .position(|(known, bins)| known == name && bins.is_ordered())
            .ok_or_else(|| EbmError::NoInput(name.to_owned()))?;
        let term = &mut self.shapes[place];
        let last = term.scores.len() - 1;
        // Pooling keeps the weighted mean, so neither the intercept nor the missing bin moves.
        monotone::towards(direction, &mut term.scores[1..last], &term.counts[1..last]);
        Ok(())
    }
}

/// Bags become one model: pairs purified, curves centred, means and spreads taken.
///
/// * `drawn` – share of the rows that a bag learns from
pub(crate) fn assemble(
    inputs: Vec<(String, Bins)>,
    counts: &[Vec<f64>],
    coarse: &[Coarse],
    pairs: &[Pair],
    pair_counts: &[Vec<f64>],
    mut bags: Vec<Learned>,
    drawn: f64,
) -> Ebm {
    // The factor of a jackknife that leaves out many rows.
    let wider = (drawn / (1.0 - drawn)).sqrt();
    for bag in &mut bags {
        for ((pair, table), weights) in pairs.iter().zip(&mut bag.pairs).zip(pair_counts) {
            forget_unseen(pair, table, counts, coarse);
            let taken = purify::purify(table, weights, pair.across);
            for (column, taken) in pair.columns.iter().zip(&taken) {
                for (value, of) in bag.shapes[*column].iter_mut().zip(&coarse[*column].of) {
                    *value += taken[*of as usize];
                }
            }
            forget_unseen(pair, table, counts, coarse);
        }
        for (shape, counts) in bag.shapes.iter_mut().zip(counts) {
            let rows: f64 = counts.iter().sum();
            let mean = shape.iter().zip(counts).map(|(v, n)| v * n).sum::<f64>() / rows;
            for value in shape.iter_mut() {
                *value -= mean;
            }
            bag.intercept += mean;
            // Nothing was learned of what nobody has: unknown levels, missing values where none was missing.
            for (value, rows) in shape.iter_mut().zip(counts) {
                if *rows == 0.0 {
                    *value = 0.0;
                }
            }
        }
    }
    let spread = |of: &dyn Fn(&Learned) -> &[f64]| -> (Vec<f64>, Vec<f64>) {
        let n = bags.len() as f64;
        let length = bags.first().map_or(0, |bag| of(bag).len());
        (0..length)
            .map(|place| {
                let mean = bags.iter().map(|bag| of(bag)[place]).sum::<f64>() / n;
                let squares = bags.iter().map(|bag| (of(bag)[place] - mean).powi(2));
                (
                    mean,
                    wider * (squares.sum::<f64>() / (n - 1.0).max(1.0)).sqrt(),
                )
            })
            .unzip()
    };
    let shapes = (0..inputs.len())
        .map(|input| {
            let (scores, standard_errors) = spread(&|bag| &bag.shapes[input]);
            ShapeTerm {
                input,
                scores,
                standard_errors,
                counts: counts[input].clone(),
            }
        })
        .collect();
    let pairs = pairs
        .iter()
        .enumerate()
        .map(|(place, pair)| {
            let (scores, standard_errors) = spread(&|bag| &bag.pairs[place]);
            PairTerm {
                inputs: pair.columns,
                coarse: pair.columns.map(|column| coarse[column].of.clone()),
                across: pair.across,
                scores,
                standard_errors,
                counts: pair_counts[place].clone(),
            }
        })
        .collect();
    let intercept = bags.iter().map(|bag| bag.intercept).sum::<f64>() / bags.len() as f64;
    let few = &bags[..bags.len().min(SPREAD)];
    let from_mean = |of: &dyn Fn(&Learned) -> f64| -> Vec<f64> {
        let mean = few.iter().map(of).sum::<f64>() / few.len() as f64;
        few.iter().map(|bag| of(bag) - mean).collect()
    };
    let apart = |length: usize, of: &dyn Fn(&Learned, usize) -> f64| -> Vec<Vec<f64>> {
        let bin = |place: usize| from_mean(&|bag| of(bag, place));
        (0..length).map(bin).collect()
    };
    let spread = (bags.len() > 1).then(|| BagSpread {
        factor: wider,
        intercept: from_mean(&|bag| bag.intercept),
        shapes: (0..inputs.len())
            .map(|input| apart(counts[input].len(), &|bag, bin| bag.shapes[input][bin]))
            .collect(),
        pairs: (0..pair_counts.len())
            .map(|pair| apart(pair_counts[pair].len(), &|bag, cell| bag.pairs[pair][cell]))
            .collect(),
    });
    Ebm {
        inputs,
        intercept,
        shapes,
        pairs,
        bags: spread,
    }
}

/// Cells of what training did not see add nothing.
fn forget_unseen(pair: &Pair, table: &mut [f64], counts: &[Vec<f64>], coarse: &[Coarse]) {
    let [first, second] = pair.columns;
    let is_unseen = |column: usize, place: usize| {
        place + 1 == coarse[column].all || (place == 0 && counts[column][0] == 0.0)
    };
    for (cell, value) in table.iter_mut().enumerate() {
        if is_unseen(first, cell / pair.across) || is_unseen(second, cell % pair.across) {
            *value = 0.0;
        }
    }
}
