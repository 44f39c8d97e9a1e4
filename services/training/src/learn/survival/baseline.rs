//! The baselines of several causes on one list of times, short enough to store.

use std::collections::BTreeSet;

use helder_model::hazard::MOST_TIMES;
use helder_survival::{Baseline, CoxFit, PathBaseline};

/// Times at which the spread is stored; it holds one number per parameter for each.
const MOST_KNOTS: usize = 100;

/// Baselines on shared times.
pub(super) struct Joined {
    pub(super) times: Vec<f64>,
    /// Times there were before thinning.
    pub(super) all_times: usize,
    pub(super) knots: Vec<u64>,
    pub(super) causes: Vec<Curve>,
}

/// One cause.
pub(super) struct Curve {
    pub(super) cumulative_hazard: Vec<f64>,
    /// Per knot.
    pub(super) variance: Vec<f64>,
    /// Per knot and parameter, in the order of `parameters`.
    pub(super) weighted_means: Vec<Vec<f64>>,
}

/// The baseline of one cause, and how sure it is where that is known.
pub(super) struct Source<'a> {
    time: &'a [f64],
    cumulative_hazard: &'a [f64],
    spread: Option<(&'a CoxFit, &'a Baseline)>,
}

impl<'a> Source<'a> {
    /// Of a regression; `None` without a baseline.
    pub(super) fn of(fit: &'a CoxFit) -> Option<Self> {
        let baseline = fit.baselines.first()?;
        Some(Self {
            time: &baseline.time,
            cumulative_hazard: &baseline.cumulative_hazard,
            spread: Some((fit, baseline)),
        })
    }

    /// Of a regression with a penalty that chooses, of which no spread is known.
    pub(super) fn of_path(baseline: &'a PathBaseline) -> Self {
        Self {
            time: &baseline.time,
            cumulative_hazard: &baseline.cumulative_hazard,
            spread: None,
        }
    }
}

/// Joins the baselines of `sources`, one per cause; `parameters` are the columns in the order of the model.
///
/// Beyond [`MOST_TIMES`] times are thinned evenly: what happens between two that stay counts at the later. The last before each horizon
/// stays, so a single cause loses nothing there; the chances of several change by less than their hazards do between neighbours.
pub(super) fn join(sources: &[Source<'_>], parameters: &[String], horizons: &[f64]) -> Joined {
    let mut all: Vec<f64> = sources
        .iter()
        .flat_map(|source| source.time)
        .copied()
        .collect();
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    let times: Vec<f64> = thinned(&all, MOST_TIMES, horizons)
        .into_iter()
        .map(|at| all[at])
        .collect();
    let knots = thinned(&times, MOST_KNOTS, horizons);
    let causes = sources.iter().map(|source| {
        let before = |time: f64| {
            source
                .time
                .partition_point(|other| *other <= time)
                .checked_sub(1)
        };
        let hazard = |time: &f64| before(*time).map_or(0.0, |at| source.cumulative_hazard[at]);
        let at_knots = || knots.iter().map(|&knot| before(times[knot]));
        let (variance, weighted_means) = match source.spread {
            Some((fit, baseline)) => {
                let place = |name: &String| fit.coefficients.iter().position(|c| c.name == *name);
                let places: Vec<Option<usize>> = parameters.iter().map(place).collect();
                let means = |at: Option<usize>| {
                    let mean = |place: &Option<usize>| {
                        at.zip(*place)
                            .map_or(0.0, |(at, place)| baseline.weighted_means()[at][place])
                    };
                    places.iter().map(mean).collect()
                };
                let variance = |at: Option<usize>| at.map_or(0.0, |at| baseline.variance()[at]);
                (
                    at_knots().map(variance).collect(),
                    at_knots().map(means).collect(),
                )
            }
            None => (
                vec![0.0; knots.len()],
                vec![vec![0.0; parameters.len()]; knots.len()],
            ),
        };
        Curve {
            cumulative_hazard: times.iter().map(hazard).collect(),
            variance,
            weighted_means,
        }
    });
    Joined {
        causes: causes.collect(),
        all_times: all.len(),
        knots: knots.iter().map(|knot| *knot as u64).collect(),
        times,
    }
}

/// Places of at most `most` values, evenly, with the last and the last before each horizon.
fn thinned(values: &[f64], most: usize, horizons: &[f64]) -> Vec<usize> {
    if values.len() <= most {
        return (0..values.len()).collect();
    }
    let last = |horizon: &f64| {
        values
            .partition_point(|value| value <= horizon)
            .checked_sub(1)
    };
    let mut kept: BTreeSet<usize> = horizons.iter().filter_map(last).collect();
    let bins = most - kept.len();
    kept.extend((1..=bins).map(|bin| bin * values.len() / bins - 1));
    kept.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_bound_the_last_and_the_last_before_each_horizon() {
        let values: Vec<f64> = (0..100_000).map(|at| f64::from(at) / 100.0).collect();
        for most in [100, 4_000] {
            let kept = thinned(&values, most, &[91.3125, 365.25, 5_000.0]);
            assert!(kept.len() <= most && kept.len() + 5 > most);
            assert!(kept.contains(&9_131) && kept.contains(&36_525) && kept.ends_with(&[99_999]));
            let widest = kept.windows(2).map(|pair| pair[1] - pair[0]).max();
            assert!(widest <= Some(100_000 / (most - 3) + 1));
        }
        assert_eq!(
            thinned(&values[..50], 100, &[1.0]),
            (0..50).collect::<Vec<_>>()
        );
    }
}
