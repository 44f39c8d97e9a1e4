//! Rows gathered into a block and scored together.

use helder_model::{Answers, Block, Row, Scorer};
use helder_platform::problem::{Problem, Result};

use super::{REASONS, ranking::Scored};

/// Rows that wait to be scored, with whom they are of.
pub(super) struct Waiting<'a> {
    scorer: &'a Scorer,
    block: Block,
    who: Vec<(i64, Option<String>)>,
    answers: Answers,
    largest: Vec<[usize; REASONS]>,
    row: Row,
}

impl<'a> Waiting<'a> {
    pub(super) fn new(scorer: &'a Scorer) -> Self {
        Self {
            scorer,
            block: scorer.block(),
            who: Vec::with_capacity(Block::ROWS),
            answers: Answers::default(),
            largest: Vec::with_capacity(Block::ROWS),
            row: scorer.row(),
        }
    }

    /// Adds a complete row, and scores all that wait when no more fit.
    pub(super) fn add(
        &mut self,
        (number, pseudonym): (i64, Option<&str>),
        row: &Row,
        scored: &mut Vec<Scored>,
    ) -> Result<()> {
        self.scorer
            .push(&mut self.block, row)
            .map_err(Problem::internal)?;
        self.who.push((number, pseudonym.map(str::to_owned)));
        if self.block.is_full() {
            self.score(scored)?;
        }
        Ok(())
    }

    /// Scores all that wait, in the order they came.
    pub(super) fn score(&mut self, scored: &mut Vec<Scored>) -> Result<()> {
        let scorer = self.scorer;
        scorer
            .score_block(&self.block, &mut self.answers)
            .map_err(Problem::internal)?;
        self.answers.largest(&mut self.largest);
        for (place, (number, pseudonym)) in self.who.drain(..).enumerate() {
            self.block.copy_row(place, &mut self.row);
            let has_warnings = scorer.warnings(&self.row).next().is_some();
            let outlook = scorer.outlook(&self.row, false);
            let outlook = outlook.map_err(Problem::internal)?;
            let one = Scored::new(
                (number, pseudonym.as_deref()),
                (scorer.terms(), &self.row),
                (&self.answers, place, &self.largest[place]),
                has_warnings,
            );
            scored.push(one.with_outlook(outlook.as_ref()));
        }
        self.block.clear();
        Ok(())
    }
}
