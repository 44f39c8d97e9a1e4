//! Is it as good in every area, and which one is off?

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    CalibrationLine, EvaluationError, Heterogeneity, Part, calibration::line, error::check,
    special::two_sided_p, stability,
};

/// One area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Area {
    /// Its figures.
    #[serde(flatten)]
    pub part: Part,
    /// Line through the log-odds within the area, where it has five times as many rows of each outcome as may be shown.
    pub line: Option<CalibrationLine>,
    /// Positives found minus expected, in standard deviations of what is expected if the probabilities are right.
    pub deviation: f64,
    /// Chance of a deviation at least as large if the probabilities are right.
    pub p_value: f64,
    /// The same for all areas together (Holm).
    pub p_value_holm: f64,
    /// The probabilities are off here: that chance is at most 5 %.
    pub off: bool,
}

/// Figures per area.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Areas {
    /// Areas with enough rows of each outcome, by name.
    pub areas: Vec<Area>,
    /// How many areas are too small to show by themselves.
    pub pooled_areas: usize,
    /// Those together; `None` without any, or when they are too small even together and nothing else could be added.
    pub pooled: Option<Part>,
    /// Of the discrimination, over the areas shown; `None` with fewer than two.
    pub discrimination: Option<Heterogeneity>,
    /// Of found against expected, over the areas shown; `None` with fewer than two.
    pub calibration: Option<Heterogeneity>,
}

/// Figures per area. Areas with fewer than `smallest` positives or negatives are told together as one, with the next smallest until they
/// have as many; nothing else is told of them.
///
/// * `y`, `probabilities`, `names` – shape `(n,)`
///
/// # Errors
/// [`EvaluationError`] when lengths differ, nothing is given, or a value is no probability.
/// # Source
/// Heterogeneity: as [`stability`]. Deviation: D.J. Spiegelhalter, Statistics in Medicine 5(5), 1986, 10.1002/sim.4780050506, per area as in a
/// funnel plot (Statistics in Medicine 24(8), 2005, 10.1002/sim.1970). Areas together: S. Holm, Scandinavian Journal of Statistics 6(2), 1979.
pub fn areas<S: AsRef<str>>(
    y: &[bool],
    probabilities: &[f64],
    names: &[S],
    smallest: usize,
) -> Result<Areas, EvaluationError> {
    check(y, probabilities)?;
    if names.len() != y.len() {
        return Err(EvaluationError::LengthMismatch {
            outcomes: y.len(),
            scores: names.len(),
        });
    }
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, name) in names.iter().enumerate() {
        members.entry(name.as_ref()).or_default().push(row);
    }
    let small = pooled(y, &members, smallest);
    // One part of no name holds the small ones; it is looked at apart, so that it is in no test.
    let of = |wanted: bool| -> Vec<usize> {
        let those = members
            .iter()
            .filter(|(name, _)| small.contains(*name) == wanted);
        those.flat_map(|(_, rows)| rows.iter().copied()).collect()
    };
    let pick = |rows: &[usize]| -> (Vec<bool>, Vec<f64>) {
        rows.iter().map(|&row| (y[row], probabilities[row])).unzip()
    };
    let shown = of(false);
    let (own_y, own_p) = pick(&shown);
    let own_names: Vec<&str> = shown.iter().map(|&row| names[row].as_ref()).collect();
    let found = if shown.is_empty() {
        None
    } else {
        Some(stability(&own_y, &own_p, &own_names, smallest)?)
    };
    let rest = of(true);
    let pool = if rest.is_empty() {
        None
    } else {
        let (own_y, own_p) = pick(&rest);
        let together = stability(&own_y, &own_p, &vec![""; rest.len()], smallest)?;
        together
            .parts
            .into_iter()
            .next()
            .filter(|part| part.observed.is_some())
    };
    let mut all: Vec<Area> = Vec::new();
    for part in found.iter().flat_map(|found| &found.parts) {
        let rows = &members[part.name.as_str()];
        let (own_y, own_p) = pick(rows);
        let positives = own_y.iter().filter(|y| **y).count();
        let expected: f64 = own_p.iter().sum();
        let variance: f64 = own_p.iter().map(|p| p * (1.0 - p)).sum();
        let deviation = if variance > 0.0 {
            (positives as f64 - expected) / variance.sqrt()
        } else {
            0.0
        };
        let enough = positives.min(rows.len() - positives) >= 5 * smallest;
        let p_value = two_sided_p(deviation);
        all.push(Area {
            part: part.clone(),
            line: enough.then(|| line(&own_y, &own_p)).flatten(),
            deviation,
            p_value,
            p_value_holm: p_value,
            off: false,
        });
    }
    holm(&mut all);
    Ok(Areas {
        areas: all,
        pooled_areas: small.len(),
        pooled: pool,
        discrimination: found.as_ref().and_then(|found| found.discrimination),
        calibration: found.as_ref().and_then(|found| found.calibration),
    })
}

/// Areas that are not shown by themselves: the small ones, and the next smallest until they have enough of each outcome together, and are more
/// than one: the figures of all rows are public.
fn pooled<'a>(
    y: &[bool],
    members: &BTreeMap<&'a str, Vec<usize>>,
    smallest: usize,
) -> BTreeSet<&'a str> {
    let mut order: Vec<(usize, usize, &str)> = members
        .iter()
        .map(|(name, rows)| {
            let positives = rows.iter().filter(|&&row| y[row]).count();
            (positives, rows.len() - positives, *name)
        })
        .collect();
    order.sort_by_key(|(positives, negatives, name)| (*positives.min(negatives), *name));
    let mut found = BTreeSet::new();
    let (mut positives, mut negatives) = (0, 0);
    for (p, n, name) in order {
        let is_small = p.min(n) < smallest;
        let is_safe = found.len() != 1 && positives >= smallest && negatives >= smallest;
        if !is_small && (found.is_empty() || is_safe) {
            break;
        }
        positives += p;
        negatives += n;
        found.insert(name);
    }
    found
}

/// Holm's p-values, and who is off by them.
fn holm(areas: &mut [Area]) {
    let mut order: Vec<usize> = (0..areas.len()).collect();
    order.sort_by(|&a, &b| areas[a].p_value.total_cmp(&areas[b].p_value));
    let mut largest = 0.0_f64;
    for (rank, &place) in order.iter().enumerate() {
        let of_all = areas[place].p_value * (order.len() - rank) as f64;
        largest = largest.max(of_all.min(1.0));
        areas[place].p_value_holm = largest;
        areas[place].off = largest <= 0.05;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `SplitMix64`.
    fn unit(place: u64, stream: u64) -> f64 {
        let mut z = place
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Areas of `sizes` rows; outcomes of area `k` follow `share(k, p)`.
    fn town(
        sizes: &[usize],
        seed: u64,
        share: impl Fn(usize, f64) -> f64,
    ) -> (Vec<bool>, Vec<f64>, Vec<String>) {
        let mut all = (Vec::new(), Vec::new(), Vec::new());
        for (area, size) in sizes.iter().enumerate() {
            for row in 0..*size {
                let place = (area * 1_000_003 + row) as u64;
                let p = 0.05 + 0.5 * unit(place, seed * 2 + 1);
                all.0.push(unit(place, seed * 2 + 2) < share(area, p));
                all.1.push(p);
                all.2.push(format!("wijk {area:02}"));
            }
        }
        all
    }

    #[test]
    fn an_area_that_is_off_is_named_and_others_are_not() {
        let (y, p, names) = town(&[800; 12], 1, |area, p| if area == 7 { p * 0.6 } else { p });
        let found = areas(&y, &p, &names, 10).unwrap();
        let off: Vec<&str> = found
            .areas
            .iter()
            .filter(|area| area.off)
            .map(|area| area.part.name.as_str())
            .collect();
        assert_eq!(off, ["wijk 07"]);
        assert!(found.calibration.unwrap().p_value < 1e-4);
        assert!(found.areas[7].deviation < -4.0 && found.areas[0].line.is_some());
        assert_eq!((found.pooled_areas, found.pooled), (0, None));
    }

    #[test]
    fn where_no_area_is_off_one_town_in_twenty_has_a_false_alarm_at_most() {
        let towns = 1_000;
        let (mut alarms, mut differs) = (0, 0);
        for seed in 0..towns {
            let (y, p, names) = town(&[120; 20], seed, |_, p| p);
            let found = areas(&y, &p, &names, 10).unwrap();
            alarms += usize::from(found.areas.iter().any(|area| area.off));
            let calibration = found.calibration.map(|found| found.p_value);
            differs += usize::from(calibration.is_some_and(|p| p <= 0.05));
        }
        // 5 % of 1,000 and three standard errors.
        assert!((20..=71).contains(&alarms), "{alarms}");
        assert!((29..=71).contains(&differs), "{differs}");
    }

    #[test]
    fn small_areas_are_told_together_and_never_alone() {
        let (y, p, names) = town(&[900, 900, 60, 9, 700], 3, |_, p| p);
        let found = areas(&y, &p, &names, 10).unwrap();
        assert_eq!(found.pooled_areas, 2);
        let pooled = found.pooled.unwrap();
        assert_eq!(pooled.rows, Some(69));
        let names: Vec<&str> = found.areas.iter().map(|a| a.part.name.as_str()).collect();
        assert_eq!(names, ["wijk 00", "wijk 01", "wijk 04"]);
        // All of them small, even together.
        let (y, p, names) = town(&[6, 5], 3, |_, p| p);
        let found = areas(&y, &p, &names, 10).unwrap();
        assert!(found.areas.is_empty() && found.pooled.is_none() && found.pooled_areas == 2);
        // Two small ones that are few together take the next with them.
        let (y, p, names) = town(&[500, 600, 5, 4], 3, |_, p| p);
        let found = areas(&y, &p, &names, 10).unwrap();
        assert_eq!((found.pooled_areas, found.areas.len()), (3, 1));
        assert!(areas::<&str>(&[], &[], &[], 10).is_err());
        assert!(areas(&[true], &[0.5], &["a", "b"], 10).is_err());
    }

    #[test]
    fn holms_p_values_are_those_of_r() {
        let area = |p_value| Area {
            part: Part {
                name: String::new(),
                suppressed: false,
                rows: None,
                observed: None,
                observed_interval_95: None,
                mean_probability: None,
                observed_per_expected: None,
                observed_per_expected_interval_95: None,
                auc: None,
                brier: None,
            },
            line: None,
            deviation: 0.0,
            p_value,
            p_value_holm: p_value,
            off: false,
        };
        // R 4: p.adjust(c(0.01, 0.04, 0.03, 0.005, 0.6), "holm")
        let mut all: Vec<Area> = [0.01, 0.04, 0.03, 0.005, 0.6].map(area).to_vec();
        holm(&mut all);
        let wanted = [0.04, 0.09, 0.09, 0.025, 0.6];
        for (area, wanted) in all.iter().zip(wanted) {
            assert!((area.p_value_holm - wanted).abs() < 1e-15);
            assert_eq!(area.off, wanted <= 0.05);
        }
    }
}
