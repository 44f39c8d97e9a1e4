//! How certain a prototype is, by how far it leads the next.

use helder_model::CertaintyStep;
use helder_segmentation::LeftOut;

use crate::learn::plan::SMALLEST_GROUP;

/// Steps of one group at most.
const MOST_STEPS: usize = 10;

/// Rows whose leads lie together.
#[derive(Clone, Copy, Default)]
struct Pool {
    /// The smallest lead.
    from: f64,
    rows: usize,
    samples: u64,
    same: u64,
}

impl Pool {
    fn share(&self) -> f64 {
        if self.samples == 0 {
            0.0
        } else {
            self.same as f64 / self.samples as f64
        }
    }

    fn with(self, next: &Self) -> Self {
        Self {
            from: self.from,
            rows: self.rows + next.rows,
            samples: self.samples + next.samples,
            same: self.same + next.same,
        }
    }
}

/// Steps of leads whose rows came into their group again the more often the larger the lead: about equally many rows in each, at least the
/// smallest that may be told of, and neighbours pooled where the share would fall (Ayer et al. 1955, doi 10.1214/aoms/1177728423).
///
/// * `leads` – of the rows of one group, with what samples say that did not hold them; at least [`SMALLEST_GROUP`]
pub(super) fn steps(mut leads: Vec<(f64, LeftOut)>) -> Vec<CertaintyStep> {
    leads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let each = (leads.len() / MOST_STEPS).max(SMALLEST_GROUP);
    let mut pools: Vec<Pool> = Vec::new();
    for (place, (lead, left_out)) in leads.iter().enumerate() {
        // Equal leads stand in one step, and what is left over joins the last.
        let is_full = pools.last().is_some_and(|pool| pool.rows >= each);
        let differs = place > 0 && *lead > leads[place - 1].0;
        if place == 0 || (is_full && differs && leads.len() - place >= each) {
            pools.push(Pool {
                from: *lead,
                ..Pool::default()
            });
        }
        if let Some(pool) = pools.last_mut() {
            pool.rows += 1;
            pool.samples += u64::from(left_out.samples);
            pool.same += u64::from(left_out.same);
        }
    }
    let mut rising: Vec<Pool> = Vec::new();
    for mut pool in pools {
        while let Some(before) = rising.pop_if(|before| before.share() >= pool.share()) {
            pool = before.with(&pool);
        }
        rising.push(pool);
    }
    let ends = rising.iter().skip(1).map(|pool| Some(pool.from));
    let ends: Vec<Option<f64>> = ends.chain([None]).collect();
    let step = |(pool, below): (&Pool, Option<f64>)| CertaintyStep {
        below,
        rows: pool.rows as u64,
        share: pool.share(),
    };
    rising.iter().zip(ends).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::{LeftOut, steps};

    fn rows(n: usize, same: impl Fn(usize) -> u32) -> Vec<(f64, LeftOut)> {
        let one = |i: usize| {
            let same = same(i);
            (i as f64 / n as f64, LeftOut { samples: 10, same })
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn steps_rise_and_hold_ten_rows_each() {
        let found = steps(rows(95, |i| [2, 9, 6, 10][i / 25]));
        let ends: Vec<Option<f64>> = found.iter().map(|step| step.below).collect();
        assert!(found.iter().all(|step| step.rows >= 10), "{found:?}");
        assert_eq!(found.iter().map(|step| step.rows).sum::<u64>(), 95);
        assert!(found.windows(2).all(|pair| pair[0].share < pair[1].share));
        assert!(
            ends.windows(2)
                .all(|pair| pair[1].is_none() || pair[0] < pair[1])
        );
        assert_eq!(ends.last(), Some(&None));
        // The first twenty rows all have the lowest share; the fall from .9 to .6 is pooled.
        assert_eq!((found[0].rows, found[0].share), (20, 0.2));
    }

    #[test]
    fn equal_leads_are_one_step() {
        let mut same = rows(40, |i| u32::from(i % 2 == 0) * 10);
        for row in &mut same {
            row.0 = 0.25;
        }
        let found = steps(same);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].below, found[0].rows, found[0].share),
            (None, 40, 0.5)
        );
    }
}
