//! What a model says about the rows of a block.

use super::{Answer, Block, Incomplete, Interval, Nearest, Scorer, order};

/// What a model says about the rows of a block, to the last bit what [`Scorer::score`] says of each. Reuse it: its buffers are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    rows: usize,
    terms: usize,
    pub(super) base_score: f64,
    /// Of families that score row by row, the base score of each.
    own_base_scores: Vec<f64>,
    pub(super) scores: Vec<f64>,
    /// Empty where the model gives none, as the next three.
    pub(super) probabilities: Vec<f64>,
    pub(super) values: Vec<f64>,
    pub(super) intervals: Vec<Interval>,
    pub(super) nearest: Vec<Nearest>,
    /// Term by term, [`Block::ROWS`] each.
    contributions: Vec<f64>,
    /// Input by input, [`Block::ROWS`] each; empty but for scorecards.
    points: Vec<u32>,
    /// Which step or cell each row lies in, term by term, kept for its buffer.
    pub(super) entries: Vec<u32>,
}

impl Answers {
    /// Rows answered.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Scores, one per row; see [`Answer::score`].
    pub fn scores(&self) -> &[f64] {
        &self.scores
    }

    /// Where the score of a row begins; see [`Answer::base_score`].
    pub fn base_score(&self, row: usize) -> f64 {
        let own = self.own_base_scores.get(row);
        own.copied().unwrap_or(self.base_score)
    }

    /// Probability of the event; `None` where the model gives none, or for a row that is not there.
    pub fn probability(&self, row: usize) -> Option<f64> {
        self.probabilities.get(row).copied()
    }

    /// The expected amount, count or share; `None` for probabilities and groups.
    pub fn value(&self, row: usize) -> Option<f64> {
        self.values.get(row).copied()
    }

    /// 95 % interval of the probability or of the value; see [`Answer::interval`].
    pub fn interval(&self, row: usize) -> Option<Interval> {
        self.intervals.get(row).copied()
    }

    /// The group; `None` for models of other things.
    pub fn nearest(&self, row: usize) -> Option<Nearest> {
        self.nearest.get(row).copied()
    }

    /// What one term adds to the score of each row; nothing for a term that is not there.
    pub fn contributions(&self, term: usize) -> &[f64] {
        let mut of_terms = self.contributions.chunks_exact(Block::ROWS);
        of_terms.nth(term).map_or(&[], |of| &of[..self.rows])
    }

    /// Positions of the `N` terms with the largest contributions (by size, not sign) of each row, the largest first: the beginning of
    /// [`Answer::order`]. Places beyond the number of terms hold that number.
    pub fn largest<const N: usize>(&self, found: &mut Vec<[usize; N]>) {
        found.clear();
        order::largest(&self.contributions, self.terms, self.rows, found);
    }

    /// The whole answer of one row.
    pub fn copy(&self, row: usize, answer: &mut Answer) {
        answer.score = self.scores.get(row).copied().unwrap_or(0.0);
        answer.base_score = self.base_score(row);
        answer.probability = self.probability(row);
        answer.value = self.value(row);
        answer.interval = self.interval(row);
        answer.nearest = self.nearest(row);
        answer.contributions.clear();
        let contributions = self.contributions.chunks_exact(Block::ROWS);
        answer.contributions.extend(contributions.map(|of| of[row]));
        answer.points.clear();
        let points = self.points.chunks_exact(Block::ROWS);
        answer.points.extend(points.map(|of| of[row]));
        order::by_size(&answer.contributions, &mut answer.order);
    }

    /// Makes room for the answers of a block, with nothing in it but base scores.
    fn begin(&mut self, rows: usize, terms: usize) {
        (self.rows, self.terms) = (rows, terms);
        self.scores.clear();
        self.own_base_scores.clear();
        self.probabilities.clear();
        self.values.clear();
        self.intervals.clear();
        self.nearest.clear();
        self.points.clear();
        self.contributions.resize(terms * Block::ROWS, 0.0);
    }

    /// Sets the score of every row to the base, to which terms then add.
    pub(super) fn start_from(&mut self, base_score: f64) {
        self.base_score = base_score;
        self.scores.resize(self.rows, base_score);
    }

    /// Room for the contributions of one term, the scores they add to, and which entry each row lies in.
    pub(super) fn term(&mut self, term: usize) -> (&mut [f64], &mut [f64]) {
        let own = &mut self.contributions[term * Block::ROWS..][..self.rows];
        (own, &mut self.scores)
    }

    /// Room for the points of one input.
    pub(super) fn points(&mut self, input: usize) -> &mut [u32] {
        let from = input * Block::ROWS;
        self.points.resize(from + Block::ROWS, 0);
        &mut self.points[from..][..self.rows]
    }

    /// Takes over the answer of one row; rows come in order.
    fn put(&mut self, row: usize, answer: &Answer) {
        self.own_base_scores.push(answer.base_score);
        self.scores.push(answer.score);
        self.probabilities.extend(answer.probability);
        self.values.extend(answer.value);
        self.intervals.extend(answer.interval);
        self.nearest.extend(answer.nearest);
        for (term, contribution) in answer.contributions.iter().enumerate() {
            self.contributions[term * Block::ROWS + row] = *contribution;
        }
    }
}

impl Scorer {
    /// Scores all rows of a block. `answers` is overwritten.
    ///
    /// # Errors
    /// [`Incomplete`] names all inputs that were not set in every row.
    pub fn score_block(&self, block: &Block, answers: &mut Answers) -> Result<(), Incomplete> {
        block.complete(self.inputs.len())?;
        answers.begin(block.rows(), self.terms.len());
        match &self.engine {
            super::Engine::Linear(linear) => linear.score_block(block, answers),
            super::Engine::Terms(terms) => terms.score_block(block, answers),
            super::Engine::Points(points) => points.score_block(block, answers),
            super::Engine::Tree(tree) => tree.score_block(block, answers),
            // Their rows share no search and no table: one after the other.
            super::Engine::Nearest(_)
            | super::Engine::Prototypes(_)
            | super::Engine::Mixture(_)
            | super::Engine::Hazards(_)
            | super::Engine::Intervals(_) => {
                let (mut row, mut answer) = (self.row(), Answer::default());
                for place in 0..block.rows() {
                    block.copy_row(place, &mut row);
                    self.score(&row, &mut answer)?;
                    answers.put(place, &answer);
                }
            }
        }
        Ok(())
    }
}
