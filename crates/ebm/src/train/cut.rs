//! Where a shape function takes a step: the cuts that lower the loss most, or drawn ones.

use super::random::Draws;
use crate::{Direction, monotone};

/// Sums of gradient and curvature.
pub(super) type Sums = [f64; 2];

/// Curvature below which a step would go anywhere.
const FLAT: f64 = 1e-4;
/// A level's mean is pulled to zero as if so much curvature more without gradient were there, when levels are put in order.
const DOUBT: f64 = 10.0;

fn plus(a: Sums, b: Sums) -> Sums {
    [a[0] + b[0], a[1] + b[1]]
}

fn minus(a: Sums, b: Sums) -> Sums {
    [a[0] - b[0], a[1] - b[1]]
}

/// How much a Newton step for these rows lowers the loss, twice.
pub(super) fn gain(sums: Sums) -> f64 {
    if sums[1] < FLAT {
        return 0.0;
    }
    sums[0] * sums[0] / sums[1]
}

pub(super) fn step(sums: Sums) -> f64 {
    if sums[1] < FLAT {
        return 0.0;
    }
    -sums[0] / sums[1]
}

/// Most leaves of a step.
pub(crate) const MOST_LEAVES: usize = 8;

/// Where cuts may lie and how they are found.
pub(super) struct Rule<'a> {
    /// At most [`MOST_LEAVES`].
    pub(super) leaves: usize,
    pub(super) min_leaf_rows: f64,
    /// What a cut after the first must gain.
    pub(super) min_gain: f64,
    /// Which way steps must go; only where bins have an order.
    pub(super) direction: Option<Direction>,
    /// Cuts are drawn from here, or the best ones taken.
    pub(super) draws: Option<&'a mut Draws>,
}

/// A stretch of bins, from one place up to another.
#[derive(Clone, Copy)]
struct Leaf {
    from: usize,
    to: usize,
}

/// Newton steps of one column in a few leaves.
///
/// * `sums`, `rows` – per bin; the first is missing, the last unknown
/// * `steps` – per bin, overwritten
///
/// Missing values have a step of their own, as if one row of doubt were among them; unknown levels have none.
///
/// Returns how much the steps together lower the loss, twice, were they taken whole.
pub(super) fn column_steps(
    sums: &[Sums],
    rows: &[f64],
    is_ordered: bool,
    rule: &mut Rule<'_>,
    order: &mut Vec<u8>,
    steps: &mut [f32],
) -> f64 {
    steps.fill(0.0);
    let n = sums.len() - 2;
    steps[0] = (-sums[0][0] / (sums[0][1] + 1.0)) as f32;
    order.clear();
    order.extend((1..=n).map(|bin| bin as u8));
    if !is_ordered {
        let mean = |bin: u8| sums[bin as usize][0] / (sums[bin as usize][1] + DOUBT);
        order.sort_by(|a, b| mean(*a).total_cmp(&mean(*b)).then(a.cmp(b)));
    }
    if n == 0 {
        // Nobody has a value.
        return sums[0][0] * sums[0][0] / (sums[0][1] + 1.0);
    }
    let mut leaves = [Leaf { from: 0, to: n }; MOST_LEAVES];
    let mut count = 1;
    while count < rule.leaves {
        // The first cut serves the greed; more must be worth it by themselves.
        let wanted = if count == 1 { 1e-9 } else { rule.min_gain };
        let found = match rule.draws.as_deref_mut() {
            Some(_) if count > 1 => None,
            Some(draws) => drawn(&leaves[..count], rows, order, rule.min_leaf_rows, draws),
            None => best(
                &leaves[..count],
                sums,
                rows,
                order,
                rule.min_leaf_rows,
                wanted,
            ),
        };
        let Some((leaf, place)) = found else { break };
        leaves[count] = Leaf {
            from: place,
            to: leaves[leaf].to,
        };
        leaves[leaf].to = place;
        count += 1;
    }
    let leaves = &mut leaves[..count];
    leaves.sort_unstable_by_key(|leaf| leaf.from);
    let mut sizes = [0.0; MOST_LEAVES];
    let mut totals = [[0.0; 2]; MOST_LEAVES];
    for ((leaf, total), size) in leaves.iter().zip(&mut totals).zip(&mut sizes) {
        let bins = &order[leaf.from..leaf.to];
        *total = bins
            .iter()
            .fold([0.0; 2], |all, bin| plus(all, sums[*bin as usize]));
        *size = step(*total);
    }
    if let Some(direction) = rule.direction {
        // Steps that each go the right way add up to a curve that does.
        let weights: Vec<f64> = totals[..count].iter().map(|total| total[1]).collect();
        monotone::towards(direction, &mut sizes[..count], &weights);
    }
    let mut lowered = sums[0][0] * sums[0][0] / (sums[0][1] + 1.0);
    for ((leaf, [g, h]), size) in leaves.iter().zip(totals).zip(sizes) {
        lowered -= size * (2.0 * g + size * h);
        for bin in &order[leaf.from..leaf.to] {
            steps[*bin as usize] = size as f32;
        }
    }
    lowered
}

/// The cut that gains most over no cut: its leaf and place.
fn best(
    leaves: &[Leaf],
    sums: &[Sums],
    rows: &[f64],
    order: &[u8],
    min_rows: f64,
    wanted: f64,
) -> Option<(usize, usize)> {
    let mut found = None;
    let mut most = wanted;
    for (which, leaf) in leaves.iter().enumerate() {
        let bins = &order[leaf.from..leaf.to];
        let (mut right, mut right_rows) = ([0.0; 2], 0.0);
        for bin in bins {
            right = plus(right, sums[*bin as usize]);
            right_rows += rows[*bin as usize];
        }
        let whole = gain(right);
        let (mut left, mut left_rows) = ([0.0; 2], 0.0);
        for (place, bin) in bins.iter().enumerate().take(bins.len().saturating_sub(1)) {
            let here = sums[*bin as usize];
            left = plus(left, here);
            right = minus(right, here);
            left_rows += rows[*bin as usize];
            right_rows -= rows[*bin as usize];
            if left_rows < min_rows || right_rows < min_rows {
                continue;
            }
            let more = gain(left) + gain(right) - whole;
            if more > most {
                most = more;
                found = Some((which, leaf.from + place + 1));
            }
        }
    }
    found
}

/// A cut drawn among all places; none when it leaves too few rows on a side.
fn drawn(
    leaves: &[Leaf],
    rows: &[f64],
    order: &[u8],
    min_rows: f64,
    draws: &mut Draws,
) -> Option<(usize, usize)> {
    let places: usize = leaves.iter().map(|leaf| leaf.to - leaf.from - 1).sum();
    if places == 0 {
        return None;
    }
    let mut drawn = draws.below(places);
    for (which, leaf) in leaves.iter().enumerate() {
        let inside = leaf.to - leaf.from - 1;
        if drawn >= inside {
            drawn -= inside;
            continue;
        }
        let place = leaf.from + drawn + 1;
        let count = |bins: &[u8]| bins.iter().map(|bin| rows[*bin as usize]).sum::<f64>();
        let is_wide = count(&order[leaf.from..place]) >= min_rows
            && count(&order[place..leaf.to]) >= min_rows;
        return is_wide.then_some((which, place));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(sums: &[Sums], is_ordered: bool, direction: Option<Direction>) -> Vec<f32> {
        let rows = vec![10.0; sums.len()];
        let mut rule = Rule {
            leaves: 2,
            min_leaf_rows: 4.0,
            min_gain: 10.0,
            direction,
            draws: None,
        };
        let mut steps = vec![0.0; sums.len()];
        column_steps(
            sums,
            &rows,
            is_ordered,
            &mut rule,
            &mut Vec::new(),
            &mut steps,
        );
        steps
    }

    #[test]
    fn the_step_lies_where_the_gradient_turns() {
        let sums = [
            [0.0, 0.0],
            [-2.0, 2.0],
            [-2.0, 2.0],
            [4.0, 2.0],
            [4.0, 2.0],
            [0.0, 0.0],
        ];
        assert_eq!(steps(&sums, true, None), [0.0, 1.0, 1.0, -2.0, -2.0, 0.0]);
        let rising = steps(&sums, true, Some(Direction::Rising));
        assert_eq!(rising, [0.0, -0.5, -0.5, -0.5, -0.5, 0.0]);
        let falling = steps(&sums, true, Some(Direction::Falling));
        assert_eq!(falling, [0.0, 1.0, 1.0, -2.0, -2.0, 0.0]);
    }

    #[test]
    fn levels_have_no_order_and_missing_is_apart() {
        let sums = [
            [3.0, 2.0],
            [4.0, 2.0],
            [-2.0, 2.0],
            [4.0, 2.0],
            [-2.0, 2.0],
            [0.0, 0.0],
        ];
        assert_eq!(steps(&sums, false, None), [-1.0, -2.0, 1.0, -2.0, 1.0, 0.0]);
    }
}
