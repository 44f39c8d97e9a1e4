//! What labels say: how far reviewers agree, and how good the links of the run are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Interval {
    /// The estimate.
    pub estimate: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How far two people agree who decided independently, by their first decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agreement {
    /// Pairs that two people decided.
    pub pairs: u64,
    /// Pairs on which they said the same.
    pub agreed: u64,
    /// Cohen's kappa over match, no match and unsure: 0 is what chance gives, 1 is always the same. The interval is the asymptotic one of
    /// Fleiss, Cohen and Everitt, *Psychological Bulletin* 72 (1969). Absent when everybody said one thing only, which leaves nothing to chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kappa: Option<Interval>,
}

/// What the random share says of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimates {
    /// Share of the links that are right: Wilson's interval.
    pub precision: Interval,
    /// Share of the true pairs, among those that came near enough to be scored, that are linked. True pairs that no blocking rule reaches
    /// are not in it. Absent until every stratum has a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recall: Option<Interval>,
    /// Labels it rests on.
    pub labels: u64,
    /// Pairs of the random share that were left unsure, and are left out.
    pub unsure: u64,
}

/// A part of the pairs from which the random share was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stratum {
    /// Name.
    pub name: String,
    /// Whether its pairs are links.
    pub is_linked: bool,
    /// Pairs in it.
    pub pairs: u64,
}

/// Labels of one stratum.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Settled as match.
    pub matches: u64,
    /// Settled as match or no match.
    pub decided: u64,
    /// Settled as unsure.
    pub unsure: u64,
}

/// Wilson, *JASA* 22 (1927).
fn wilson(matches: u64, decided: u64) -> Interval {
    let (k, n) = (matches as f64, decided.max(1) as f64);
    let (p, zz) = (k / n, Z * Z / n);
    let middle = (p + zz / 2.0) / (1.0 + zz);
    let half = Z / (1.0 + zz) * (p * (1.0 - p) / n + zz / (4.0 * n)).sqrt();
    Interval {
        estimate: p,
        low: (middle - half).max(0.0),
        high: (middle + half).min(1.0),
    }
}

/// Cohen's kappa of a table of counts: rows are what the first said, columns what the second said.
pub(crate) fn agreement(table: [[u64; 3]; 3]) -> Option<Agreement> {
    let pairs: u64 = table.iter().flatten().sum();
    if pairs == 0 {
        return None;
    }
    let n = pairs as f64;
    let p = table.map(|row| row.map(|count| count as f64 / n));
    let first = p.map(|row| row.iter().sum::<f64>());
    let second = [0, 1, 2].map(|j| p.iter().map(|row| row[j]).sum::<f64>());
    let observed: f64 = (0..3).map(|i| p[i][i]).sum();
    let chance: f64 = (0..3).map(|i| first[i] * second[i]).sum();
    let kappa = (chance < 1.0 - 1e-12).then(|| {
        let kappa = (observed - chance) / (1.0 - chance);
        let mut spread = -(kappa - chance * (1.0 - kappa)).powi(2);
        for i in 0..3 {
            for j in 0..3 {
                spread += p[i][j]
                    * if i == j {
                        (1.0 - (first[i] + second[i]) * (1.0 - kappa)).powi(2)
                    } else {
                        (1.0 - kappa).powi(2) * (second[i] + first[j]).powi(2)
                    };
            }
        }
        let error = (spread.max(0.0) / n).sqrt() / (1.0 - chance);
        Interval {
            estimate: kappa,
            low: (kappa - Z * error).max(-1.0),
            high: (kappa + Z * error).min(1.0),
        }
    });
    Some(Agreement {
        pairs,
        agreed: (0..3).map(|i| table[i][i]).sum(),
        kappa,
    })
}

/// Precision and recall from a stratified random share. `None` until there is a label among the links.
///
/// The number of true pairs is summed over the strata; its interval, and that of the ratio, are put together from Wilson's by MOVER: Zou
/// and Donner, *Statistics in Medicine* 27 (2008), and 31 (2012) for ratios. No simulation, and it stands counts of zero.
pub(crate) fn estimates(strata: &[(Stratum, Seen)]) -> Option<Estimates> {
    let sum = |is_linked: bool| {
        let mut total = Interval {
            estimate: 0.0,
            low: 0.0,
            high: 0.0,
        };
        let (mut below, mut above) = (0.0, 0.0);
        for (stratum, seen) in strata {
            if stratum.is_linked != is_linked || stratum.pairs == 0 {
                continue;
            }
            if seen.decided == 0 {
                return None;
            }
            let share = wilson(seen.matches, seen.decided);
            let pairs = stratum.pairs as f64;
            total.estimate += pairs * share.estimate;
            below += (pairs * (share.estimate - share.low)).powi(2);
            above += (pairs * (share.high - share.estimate)).powi(2);
        }
        total.low = (total.estimate - below.sqrt()).max(0.0);
        total.high = total.estimate + above.sqrt();
        Some(total)
    };
    let (linked, seen) = strata
        .iter()
        .find(|(stratum, seen)| stratum.is_linked && stratum.pairs > 0 && seen.decided > 0)?;
    debug_assert!(linked.is_linked);
    let (found, missed) = (sum(true)?, sum(false));
    Some(Estimates {
        precision: wilson(seen.matches, seen.decided),
        recall: missed.and_then(|missed| recall(found, missed)),
        labels: strata.iter().map(|(_, seen)| seen.decided).sum(),
        unsure: strata.iter().map(|(_, seen)| seen.unsure).sum(),
    })
}

/// found / (found + missed), by the interval of missed / found.
fn recall(found: Interval, missed: Interval) -> Option<Interval> {
    if found.estimate <= 0.0 || found.low <= 0.0 {
        return None;
    }
    let product = missed.estimate * found.estimate;
    let root = |of_missed: f64, of_found: f64| {
        let inside = product.powi(2)
            - of_missed
                * of_found
                * (2.0 * missed.estimate - of_missed)
                * (2.0 * found.estimate - of_found);
        inside.max(0.0).sqrt()
    };
    let below = found.high * (2.0 * found.estimate - found.high);
    let above = found.low * (2.0 * found.estimate - found.low);
    let low = if below > 0.0 {
        (product - root(missed.low, found.high)) / below
    } else {
        missed.low / found.high
    };
    let high = (product + root(missed.high, found.low)) / above;
    let share = |ratio: f64| 1.0 / (1.0 + ratio.max(0.0));
    Some(Interval {
        estimate: share(missed.estimate / found.estimate),
        low: share(high),
        high: share(low),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 5e-4, "{a} {b}");
    }

    #[test]
    fn kappa_and_its_interval_are_those_of_the_book() {
        // Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), table 18.1: kappa 0.68, s.e. 0.087 (n = 100).
        let found = agreement([[75, 1, 4], [5, 4, 1], [0, 0, 10]]).unwrap();
        let kappa = found.kappa.unwrap();
        assert_eq!((found.pairs, found.agreed), (100, 89));
        assert!((kappa.estimate - 0.676).abs() < 0.002, "{kappa:?}");
        assert!(
            ((kappa.high - kappa.low) / (2.0 * Z) - 0.087).abs() < 0.002,
            "{kappa:?}"
        );
        assert!(
            agreement([[7, 0, 0], [0; 3], [0; 3]])
                .unwrap()
                .kappa
                .is_none()
        );
        assert_eq!(agreement([[0; 3]; 3]), None);
    }

    #[test]
    fn precision_has_wilsons_interval() {
        let found = wilson(48, 50);
        close(found.low, 0.8654);
        close(found.high, 0.9890);
        let all = wilson(10, 10);
        close(all.low, 0.7225);
        close(all.high, 1.0);
    }

    fn strata(counts: [(u64, u64, u64); 2]) -> Vec<(Stratum, Seen)> {
        let [links, rest] = counts;
        [(true, links), (false, rest)]
            .into_iter()
            .map(|(is_linked, (pairs, decided, matches))| {
                let stratum = Stratum {
                    name: is_linked.to_string(),
                    is_linked,
                    pairs,
                };
                let seen = Seen {
                    matches,
                    decided,
                    unsure: 1,
                };
                (stratum, seen)
            })
            .collect()
    }

    #[test]
    fn recall_weighs_the_strata_and_its_interval_holds_it() {
        // 1,000 links of which 90 % are right, 400 others of which 10 % are missed: 900 found, 40 missed.
        let found = estimates(&strata([(1000, 100, 90), (400, 50, 5)])).unwrap();
        close(found.precision.estimate, 0.9);
        let recall = found.recall.unwrap();
        close(recall.estimate, 900.0 / 940.0);
        assert!(recall.low > 0.88 && recall.low < 0.94, "{recall:?}");
        assert!(recall.high > 0.97 && recall.high < 1.0, "{recall:?}");
        assert_eq!((found.labels, found.unsure), (150, 2));
    }

    #[test]
    fn nothing_missed_in_the_share_is_not_nothing_missed() {
        let found = estimates(&strata([(1000, 50, 50), (400, 20, 0)])).unwrap();
        let recall = found.recall.unwrap();
        close(recall.estimate, 1.0);
        close(recall.high, 1.0);
        // 16 % of 400 may be matches: 64 beside a thousand.
        assert!(recall.low > 0.92 && recall.low < 0.95, "{recall:?}");
        assert!(
            estimates(&strata([(1000, 50, 50), (400, 0, 0)]))
                .unwrap()
                .recall
                .is_none()
        );
        assert_eq!(estimates(&strata([(1000, 0, 0), (400, 20, 0)])), None);
    }

    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        // Every outcome of 40 links with 90 % right and 40 others with 5 % matches, by its probability.
        fn binomial(n: u64, p: f64) -> Vec<f64> {
            let mut found = vec![(1.0 - p).powi(n as i32)];
            for k in 1..=n {
                let last = found[k as usize - 1];
                found.push(last * (n - k + 1) as f64 / k as f64 * p / (1.0 - p));
            }
            found
        }
        let truth = 900.0 / (900.0 + 20.0);
        let mut held = 0.0;
        for (found, p) in binomial(40, 0.9).into_iter().enumerate() {
            for (missed, q) in binomial(40, 0.05).into_iter().enumerate() {
                let seen = [(1000, 40, found as u64), (400, 40, missed as u64)];
                let recall = estimates(&strata(seen)).and_then(|found| found.recall);
                if recall.is_some_and(|recall| recall.low <= truth && truth <= recall.high) {
                    held += p * q;
                }
            }
        }
        assert!(held > 0.93, "{held}");
    }
}
