//! Counting training rows.

use super::{CaseCell, CaseNode, CaseSplit, SMALLEST_CELL, SimilarCases, Withheld};
use crate::{Answer, Input, InputType, Row, Scorer, Side, scorer::Incomplete};

/// Inputs that rows are cut by, at most.
const MOST_INPUTS: usize = 3;
/// Parts that an input is cut into, at most, beside one for unknown values.
const MOST_PARTS: usize = 4;
/// A cell holds at least this share of the rows, so that its own share means something.
const LEAST_SHARE: f64 = 0.005;
/// And so many rows that this many with the event, and without it, may be expected: else hardly a count could be told.
const LEAST_EVENTS: f64 = 20.0;
/// Round cuts: values of persons do not end up in the model.
const FINEST: f64 = 100.0;

/// What the model works with: a number, a level, or neither.
#[derive(Clone, Copy, Default)]
struct Known {
    number: Option<f64>,
    level: Option<usize>,
}

struct Material<'a> {
    inputs: &'a [Input],
    /// Per input to cut by: its values.
    values: Vec<Vec<Known>>,
    outcomes: &'a [bool],
    /// Inputs to cut by, the one that weighs most first.
    order: Vec<usize>,
    least: usize,
}

impl SimilarCases {
    /// Counts the training rows of a model of probabilities; `None` for other models, and where there are too few rows to tell apart
    /// those with the event. Rows are asked for twice, one by one, and not kept.
    ///
    /// * `outcomes` – whether each row had the event
    /// * `fill` – sets all inputs of the row at this place
    ///
    /// # Errors
    /// What `fill` says, and [`Incomplete`] when a row misses inputs.
    pub fn count<E: From<Incomplete>>(
        scorer: &Scorer,
        outcomes: &[bool],
        fill: impl Fn(usize, &mut Row) -> Result<(), E>,
    ) -> Result<Option<Self>, E> {
        let n = outcomes.len();
        let smallest = SMALLEST_CELL as usize;
        if n < 2 * smallest {
            return Ok(None);
        }
        let Some(order) = heaviest(scorer, n, &fill)? else {
            return Ok(None);
        };
        let mut values = vec![Vec::with_capacity(n); order.len()];
        let mut row = scorer.row();
        for at in 0..n {
            row.clear();
            fill(at, &mut row)?;
            for (input, values) in order.iter().zip(&mut values) {
                values.push(Known {
                    number: row.number(*input),
                    level: row.level(*input),
                });
            }
        }
        let material = Material {
            inputs: scorer.inputs(),
            values,
            outcomes,
            order,
            least: least_rows(outcomes),
        };
        let all: Vec<usize> = (0..n).collect();
        let mut cells = material.node(&all, 0);
        withhold(&mut cells);
        Ok(Some(Self { cells }))
    }
}

fn least_rows(outcomes: &[bool]) -> usize {
    let n = outcomes.len();
    let events = outcomes.iter().filter(|event| **event).count();
    let rarest = events.min(n - events).max(1);
    let by_events = (LEAST_EVENTS * n as f64 / rarest as f64).ceil() as usize;
    let by_share = (LEAST_SHARE * n as f64).ceil() as usize;
    by_events.max(by_share).max(SMALLEST_CELL as usize)
}

/// The inputs that weigh most, by mean size of what they add; a pair counts for both of its inputs by half.
fn heaviest<E: From<Incomplete>>(
    scorer: &Scorer,
    n: usize,
    fill: &impl Fn(usize, &mut Row) -> Result<(), E>,
) -> Result<Option<Vec<usize>>, E> {
    let mut weights = vec![0.0; scorer.inputs().len()];
    let (mut row, mut answer) = (scorer.row(), Answer::default());
    for at in 0..n {
        row.clear();
        fill(at, &mut row)?;
        scorer.score(&row, &mut answer)?;
        if answer.probability.is_none() {
            return Ok(None);
        }
        for (term, contribution) in scorer.terms().iter().zip(&answer.contributions) {
            let size = contribution.abs();
            match term.other {
                Some(other) => {
                    weights[term.input] += size / 2.0;
                    weights[other] += size / 2.0;
                }
                None => weights[term.input] += size,
            }
        }
    }
    let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > 0.0).collect();
    order.sort_by(|a, b| weights[*b].total_cmp(&weights[*a]).then(a.cmp(b)));
    order.truncate(MOST_INPUTS);
    Ok(Some(order))
}

impl Material<'_> {
    fn node(&self, members: &[usize], depth: usize) -> CaseNode {
        let Some(&input) = self.order.get(depth) else {
            return self.cell(members);
        };
        let cut = match self.inputs[input].kind {
            InputType::Category => self.levels(members, input, &self.values[depth]),
            _ => self.numbers(members, input, &self.values[depth]),
        };
        match cut {
            Some((side, unknown, parts)) => CaseNode::Split(CaseSplit {
                side,
                unknown_part: unknown.map(|part| part as u64),
                parts: parts
                    .iter()
                    .map(|part| self.node(part, depth + 1))
                    .collect(),
            }),
            None => self.node(members, depth + 1),
        }
    }

    fn cell(&self, members: &[usize]) -> CaseNode {
        let events = members.iter().filter(|row| self.outcomes[**row]).count();
        CaseNode::Cell(CaseCell {
            rows: members.len() as u64,
            events: Some(events as u64),
            withheld: None,
        })
    }

    /// Near the quartiles, at round numbers; unknown values that count by themselves form a part when there are enough.
    fn numbers(
        &self,
        members: &[usize],
        input: usize,
        values: &[Known],
    ) -> Option<(Side, Option<usize>, Vec<Vec<usize>>)> {
        let mut known: Vec<(f64, usize)> = Vec::new();
        let mut unknown: Vec<usize> = Vec::new();
        for &row in members {
            match values[row].number {
                Some(value) => known.push((value, row)),
                None => unknown.push(row),
            }
        }
        known.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let grid = self.grid(input);
        let quartile = |part: usize| known.get(known.len() * part / MOST_PARTS);
        let wanted = (1..MOST_PARTS).filter_map(quartile);
        let mut cuts: Vec<f64> = wanted.map(|(value, _)| round(*value, grid)).collect();
        if self.inputs[input].kind == InputType::Boolean {
            cuts = vec![0.5];
        }
        cuts.dedup();
        // A cut stays when enough lies between it and the one before, and behind it.
        let mut kept: Vec<f64> = Vec::new();
        let below = |cut: f64| known.partition_point(|(value, _)| *value < cut);
        for cut in cuts {
            let start = kept.last().map_or(0, |last| below(*last));
            if below(cut) - start >= self.least && known.len() - below(cut) >= self.least {
                kept.push(cut);
            }
        }
        let mut parts: Vec<Vec<usize>> = vec![Vec::new(); kept.len() + 1];
        for (value, row) in &known {
            parts[kept.partition_point(|cut| cut <= value)].push(*row);
        }
        let has_unknown = !unknown.is_empty();
        let own = has_unknown && unknown.len() >= self.least && known.len() >= self.least;
        let unknown_part = has_unknown.then_some(if own { parts.len() } else { 0 });
        if own {
            parts.push(unknown);
        } else {
            parts[0].extend(unknown);
        }
        (parts.len() > 1).then(|| (self.side(input, Some(kept), None), unknown_part, parts))
    }

    /// The commonest levels each, all others together.
    fn levels(
        &self,
        members: &[usize],
        input: usize,
        values: &[Known],
    ) -> Option<(Side, Option<usize>, Vec<Vec<usize>>)> {
        let levels = &self.inputs[input].categories;
        let mut of_level: Vec<Vec<usize>> = vec![Vec::new(); levels.len()];
        for &row in members {
            let level = values[row].level.unwrap_or(0);
            of_level.get_mut(level)?.push(row);
        }
        let mut order: Vec<usize> = (0..levels.len()).collect();
        order.sort_by(|a, b| of_level[*b].len().cmp(&of_level[*a].len()).then(a.cmp(b)));
        let is_large = |level: &usize| of_level[*level].len() >= self.least;
        let mut alone = order.iter().take_while(|level| is_large(level)).count();
        alone = alone.min(MOST_PARTS - usize::from(alone < order.len()));
        // What is left must be a cell too.
        let rest = |alone: usize| {
            order[alone..]
                .iter()
                .map(|l| of_level[*l].len())
                .sum::<usize>()
        };
        while alone > 0 && alone < order.len() && rest(alone) < self.least {
            alone -= 1;
        }
        let mut groups: Vec<Vec<usize>> = order[..alone].iter().map(|level| vec![*level]).collect();
        if alone < order.len() {
            groups.push(order[alone..].to_vec());
        }
        let parts: Vec<Vec<usize>> = groups
            .iter()
            .map(|group| {
                group
                    .iter()
                    .flat_map(|level| of_level[*level].clone())
                    .collect()
            })
            .collect();
        let names = |group: &Vec<usize>| group.iter().map(|l| levels[*l].level.clone()).collect();
        let named = groups.iter().map(names).collect();
        (parts.len() > 1).then(|| (self.side(input, None, Some(named)), None, parts))
    }

    fn side(&self, input: usize, cuts: Option<Vec<f64>>, levels: Option<Vec<Vec<String>>>) -> Side {
        Side {
            input: self.inputs[input].name.clone(),
            cuts,
            levels,
        }
    }

    fn grid(&self, input: usize) -> f64 {
        let width = self.inputs[input]
            .worked_range()
            .map_or(1.0, |range| range.maximum - range.minimum);
        if width > 0.0 && width.is_finite() {
            10_f64.powf((width / FINEST).log10().floor())
        } else {
            1.0
        }
    }
}

/// To a multiple of a power of ten, written as people do.
fn round(value: f64, grid: f64) -> f64 {
    if grid < 1.0 {
        let per_unit = (1.0 / grid).round();
        (value * per_unit).round() / per_unit
    } else {
        (value / grid).round() * grid
    }
}

/// Keeps counts of events to itself where they are small, or would give away those that are.
fn withhold(cells: &mut CaseNode) {
    let few = |cell: &CaseCell| cell.events.is_some_and(|events| events < SMALLEST_CELL);
    let most = |cell: &CaseCell| {
        let events = cell.events.unwrap_or(0);
        cell.rows - events < SMALLEST_CELL
    };
    let all: Vec<CaseCell> = cells.cells().into_iter().copied().collect();
    let sum = |of: &dyn Fn(&CaseCell) -> bool, rest: bool| -> u64 {
        let those = all.iter().filter(|cell| of(cell));
        those
            .map(|cell| {
                let events = cell.events.unwrap_or(0);
                if rest { cell.rows - events } else { events }
            })
            .sum()
    };
    let hidden = |cell: &CaseCell| few(cell) || most(cell);
    let is_any = all.iter().any(hidden);
    // With the total of the training rows known, the sum over the cells that are not told is known. One more of them must be able to
    // take up whatever the small counts could be.
    let room = SMALLEST_CELL - 1;
    let (small, large) = (sum(&|c| few(c), false), sum(&|c| !few(c) && most(c), true));
    let n_few = all.iter().filter(|c| few(c)).count() as u64;
    let n_most = all.iter().filter(|c| !few(c) && most(c)).count() as u64;
    let can_protect = |cell: &CaseCell| {
        let events = cell.events.unwrap_or(0);
        let others = cell.rows - events;
        // Its events may be lower by what the few could have more, higher by what they have less; and the reverse for the most.
        let down = (room * n_few - small.min(room * n_few)) + large;
        let up = small + (room * n_most - large.min(room * n_most));
        !hidden(cell) && events >= SMALLEST_CELL + down && others >= SMALLEST_CELL + up
    };
    let protector = all
        .iter()
        .enumerate()
        .filter(|(_, cell)| can_protect(cell))
        .min_by_key(|(place, cell)| (cell.rows, *place))
        .map(|(place, _)| place);
    let mut place = 0;
    cells.each_cell(&mut |cell| {
        let withheld = if few(cell) {
            Some(Withheld::Few)
        } else if most(cell) {
            Some(Withheld::Most)
        } else if is_any && protector.is_none_or(|protector| protector == place) {
            Some(Withheld::Protects)
        } else {
            None
        };
        if withheld.is_some() {
            (cell.events, cell.withheld) = (None, withheld);
        }
        place += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(counts: &[(u64, u64)]) -> CaseNode {
        let cell = |(rows, events): &(u64, u64)| {
            CaseNode::Cell(CaseCell {
                rows: *rows,
                events: Some(*events),
                withheld: None,
            })
        };
        CaseNode::Split(CaseSplit {
            side: Side {
                input: "x".to_owned(),
                cuts: Some((1..counts.len()).map(|n| n as f64).collect()),
                levels: None,
            },
            unknown_part: None,
            parts: counts.iter().map(cell).collect(),
        })
    }

    /// What somebody who knows the file, its rule and the total of events can say of each cell that is not told: least and most.
    fn attacked(told: &CaseNode, total: u64) -> Vec<Option<(u64, u64)>> {
        let cells = told.cells();
        let known: u64 = cells.iter().filter_map(|cell| cell.events).sum();
        let left = total - known;
        let range = |cell: &CaseCell| match cell.withheld {
            Some(Withheld::Few) => (0, 9.min(cell.rows)),
            Some(Withheld::Most) => (cell.rows.saturating_sub(9), cell.rows),
            Some(Withheld::Protects) => (10, cell.rows - 10),
            None => (0, 0),
        };
        let hidden: Vec<(u64, u64)> = cells.iter().map(|cell| range(cell)).collect();
        let least: u64 = hidden.iter().map(|(low, _)| low).sum();
        let most: u64 = hidden.iter().map(|(_, high)| high).sum();
        let of = |(cell, (low, high)): (&&CaseCell, &(u64, u64))| {
            cell.withheld?;
            let others = (least - low, most - high);
            let low = *low.max(&left.saturating_sub(others.1));
            let high = *high.min(&(left - others.0));
            Some((low, high))
        };
        cells.iter().zip(&hidden).map(of).collect()
    }

    #[test]
    fn no_small_count_can_be_worked_out_from_the_others() {
        let cases: [&[(u64, u64)]; 7] = [
            &[(100, 50), (100, 3), (200, 80)],
            &[(100, 98), (100, 50), (60, 30)],
            &[(100, 3), (90, 2), (80, 4), (500, 12)],
            &[(100, 3), (100, 97), (300, 100), (40, 20)],
            &[(20, 0), (30, 30), (50, 25)],
            &[(1000, 9), (900, 11)],
            &[(100, 40), (200, 90)],
        ];
        for counts in cases {
            let total = counts.iter().map(|(_, events)| events).sum();
            let mut told = cells(counts);
            withhold(&mut told);
            let found = attacked(&told, total);
            for (((rows, events), cell), range) in counts.iter().zip(told.cells()).zip(found) {
                let is_small = *events < 10 || rows - events < 10;
                if cell.withheld.is_none() {
                    assert!(!is_small && cell.events == Some(*events), "{counts:?}");
                } else if is_small {
                    // All that the rule says is left open, or no count at all is told.
                    let (low, high) = range.unwrap();
                    let nothing_told = told.cells().iter().all(|cell| cell.events.is_none());
                    assert!(high - low == 9 || nothing_told, "{counts:?} {low} {high}");
                }
            }
        }
        let mut told = cells(cases[6]);
        withhold(&mut told);
        assert!(told.cells().iter().all(|cell| cell.events.is_some()));
    }
}
