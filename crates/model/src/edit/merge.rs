//! Categories that count the same: their steps become one, in the curve and in the tables.

use super::{
    EditError,
    apply::{Work, step_of_level},
    count::cells,
    curve::mean,
};
use crate::{Curve, Deviations, InputType, PairTable, Side};

impl Work<'_> {
    pub(super) fn merge(&mut self, name: &str, levels: &[String]) -> Result<(), EditError> {
        let place = self.input(name, "/input")?;
        let input = &self.model.inputs[place];
        if input.kind != InputType::Category {
            return Err(EditError::one(
                "/input",
                "wrong-kind",
                "name a category: a number is levelled with `flatten`",
            ));
        }
        let side = &self.fit.curves[place].side;
        let mut steps = Vec::new();
        for (at, level) in levels.iter().enumerate() {
            steps.push(step_of_level(side, level).ok_or_else(|| {
                EditError::one(
                    format!("/levels/{at}"),
                    "unknown-level",
                    "the input has no such level",
                )
            })?);
        }
        steps.sort_unstable();
        steps.dedup();
        if steps.len() < 2 {
            return Err(EditError::one(
                "/levels",
                "same-already",
                "name levels of two steps or more: these count the same already",
            ));
        }
        self.bench(place)?.pool(&steps);
        let curve: &mut Curve = &mut self.fit.curves[place];
        // What stands in the steps now counts the same in the tables too.
        let together: Vec<String> = joined(&mut curve.side, &steps);
        without(&mut curve.scores, &steps[1..]);
        without(&mut curve.standard_errors, &steps[1..]);
        without(&mut curve.deviations, &steps[1..]);
        for pair in 0..self.fit.pairs.len() {
            let is = |side: &Side| side.input == name;
            let (first, second) = (&self.fit.pairs[pair].first, &self.fit.pairs[pair].second);
            if is(first) || is(second) {
                let down = is(first);
                self.merge_in_table(pair, down, &together)?;
            }
        }
        Ok(())
    }

    /// Lines of a table that hold levels of `together` become one: their mean over the rows, cell by cell, which leaves the
    /// weighted margins zero.
    fn merge_in_table(
        &mut self,
        pair: usize,
        down: bool,
        together: &[String],
    ) -> Result<(), EditError> {
        let (inputs, rows) = (&self.model.inputs, self.rows);
        let table = &mut self.fit.pairs[pair];
        let weights = cells(rows, table, inputs)?;
        if !down {
            transpose(table);
        }
        let weight = |step: usize, across: usize| {
            if down {
                weights[step][across]
            } else {
                weights[across][step]
            }
        };
        let mut steps: Vec<usize> = together
            .iter()
            .filter_map(|level| step_of_level(&table.first, level))
            .collect();
        steps.sort_unstable();
        steps.dedup();
        if let (Some(first), true) = (steps.first().copied(), steps.len() > 1) {
            for across in 0..table.scores[first].len() {
                let over = |of: &Vec<Vec<f64>>| {
                    mean(
                        steps
                            .iter()
                            .map(|step| (of[*step][across], weight(*step, across))),
                    )
                };
                let (score, mut error) = (over(&table.scores), over(&table.standard_errors));
                if let Some(bags) = &self.fit.bags {
                    let of: Vec<(&Deviations, f64)> = steps
                        .iter()
                        .map(|step| (&table.deviations[*step][across], weight(*step, across)))
                        .collect();
                    let pooled = Deviations::mean(&of);
                    error = bags.standard_error(&pooled);
                    table.deviations[first][across] = pooled;
                }
                table.scores[first][across] = score;
                table.standard_errors[first][across] = error;
            }
            let _ = joined(&mut table.first, &steps);
            without(&mut table.scores, &steps[1..]);
            without(&mut table.standard_errors, &steps[1..]);
            without(&mut table.deviations, &steps[1..]);
        }
        if !down {
            transpose(table);
        }
        Ok(())
    }
}

/// The levels of `steps` move into the first of them; all of these levels.
fn joined(side: &mut Side, steps: &[usize]) -> Vec<String> {
    let Some(groups) = &mut side.levels else {
        return Vec::new();
    };
    let all: Vec<String> = steps
        .iter()
        .flat_map(|step| groups[*step].clone())
        .collect();
    groups[steps[0]].clone_from(&all);
    without(groups, &steps[1..]);
    all
}

/// Takes out the items at `places`, which rise; a list that is kept empty stays so.
fn without<T>(list: &mut Vec<T>, places: &[usize]) {
    for place in places.iter().rev() {
        if *place < list.len() {
            list.remove(*place);
        }
    }
}

fn transpose(table: &mut PairTable) {
    fn turned<T: Clone>(of: &[Vec<T>]) -> Vec<Vec<T>> {
        let across = of.first().map_or(0, Vec::len);
        (0..across)
            .map(|place| of.iter().map(|row| row[place].clone()).collect())
            .collect()
    }
    std::mem::swap(&mut table.first, &mut table.second);
    table.scores = turned(&table.scores);
    table.standard_errors = turned(&table.standard_errors);
    table.deviations = turned(&table.deviations);
}
