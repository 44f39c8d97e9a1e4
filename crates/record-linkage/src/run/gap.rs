//! How far the best other candidate of a link stayed behind.

use super::{Link, RunResult, ScoredPair};

/// The gap of every link to its runner-up, in bits: its match weight less that of the best pair that shares a record with it, on either
/// side, and is no link itself. Above zero the link agrees better; below zero the assignment as a whole, or the records of the group, spoke
/// for it. In the order of [`RunResult::links`].
///
/// Both weights are taken before the bar of the other records ([`ScoredPair::rival_bar`]): that bar holds the runner-up already, and would
/// count it twice. So the gap is the log2 of how many times better the link explains the two records than its best alternative.
///
/// `None` where nothing came near enough to be weighed, and for a link that was not weighed itself (equal pseudonyms, decided by people).
///
/// # Source
/// The difference between best and second best candidate: Fellegi and Sunter's weights as used for assignment in Jaro, *Advances in
/// record-linkage methodology as applied to matching the 1985 census of Tampa, Florida*, JASA 84 (1989).
pub fn runner_up_gaps(found: &RunResult, is_within: bool) -> Vec<Option<f64>> {
    let row = |pair: (u32, u32)| [pair.0 as usize, pair.1 as usize];
    let (mut n_left, mut n_right) = (0, 0);
    for pair in &found.scored {
        let [left, right] = row((pair.left, pair.right));
        n_left = n_left.max(left + 1);
        n_right = n_right.max(right + 1);
    }
    // Within one table a record competes from whichever side it stands on.
    let n_left = if is_within {
        n_left.max(n_right)
    } else {
        n_left
    };
    let mut best = [
        vec![f64::NEG_INFINITY; n_left],
        vec![f64::NEG_INFINITY; if is_within { 0 } else { n_right }],
    ];
    let right_side = usize::from(!is_within);
    let of_link = |link: &Link| (link.left, link.right);
    let of_pair = |pair: &ScoredPair| (pair.left, pair.right);
    for pair in &found.scored {
        let known = found.links.binary_search_by_key(&of_pair(pair), of_link);
        if known.is_ok() {
            continue;
        }
        let [left, right] = row(of_pair(pair));
        for (side, place) in [(0, left), (right_side, right)] {
            best[side][place] = best[side][place].max(alone(pair));
        }
    }
    let gap = |link: &Link| {
        let place = found
            .scored
            .binary_search_by_key(&of_link(link), of_pair)
            .ok()
            .filter(|_| link.match_weight.is_finite())?;
        let [left, right] = row(of_link(link));
        let runner_up = best[0][left].max(best[right_side][right]);
        runner_up
            .is_finite()
            .then(|| alone(&found.scored[place]) - runner_up)
    };
    found.links.iter().map(gap).collect()
}

/// Weight of a pair by itself.
fn alone(pair: &ScoredPair) -> f64 {
    pair.match_weight - pair.rival_bar
}

#[cfg(test)]
mod tests {
    use super::{super::Step, *};

    fn link(left: u32, right: u32, match_weight: f64) -> Link {
        Link {
            left,
            right,
            match_weight,
            match_probability: 0.9,
            step: Step::Probabilistic,
        }
    }

    /// Left, right, weight by itself, bar.
    fn scored(pairs: &[(u32, u32, f64, f64)]) -> Vec<ScoredPair> {
        let pairs = pairs.iter();
        pairs
            .map(|(left, right, weight, bar)| ScoredPair {
                left: *left,
                right: *right,
                rival_bar: *bar,
                match_weight: weight + bar,
            })
            .collect()
    }

    #[test]
    fn the_runner_up_is_the_best_pair_of_either_record_that_is_no_link() {
        let found = RunResult {
            links: vec![
                link(0, 0, 8.0),
                link(1, 1, 5.0),
                link(2, 2, f64::INFINITY),
                link(4, 4, 6.0),
            ],
            scored: scored(&[
                (0, 0, 8.5, -0.5),
                (0, 1, 3.0, -9.0),
                // Another link of a record is no runner-up, and a pair of two other records is not either.
                (1, 1, 7.0, -2.0),
                (3, 0, 6.0, -4.0),
                (3, 9, 11.0, 0.0),
                (4, 4, 6.0, 0.0),
            ]),
            ..RunResult::default()
        };
        assert_eq!(
            runner_up_gaps(&found, false),
            [Some(2.5), Some(4.0), None, None]
        );
        // In one table row 0 is also the right row of the pair of 3 and 0, and row 4 has none still.
        assert_eq!(
            runner_up_gaps(&found, true),
            [Some(2.5), Some(4.0), None, None]
        );
        let elsewhere = RunResult {
            links: vec![link(0, 1, 4.0)],
            scored: scored(&[(0, 1, 4.0, 0.0), (1, 2, 6.0, -3.0)]),
            ..RunResult::default()
        };
        assert_eq!(runner_up_gaps(&elsewhere, false), [None]);
        // There row 1 competes with row 2, better than the link it is in.
        assert_eq!(runner_up_gaps(&elsewhere, true), [Some(-2.0)]);
    }
}
