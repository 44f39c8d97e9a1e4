//! Has a share moved? A test that may be read after every new row.

use serde::{Deserialize, Serialize};
use statrs::function::beta::ln_beta;

use crate::{EvaluationError, Interval, Proportion};

/// A share against its past.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The past.
    pub before: Proportion,
    /// What has been seen since.
    pub after: Proportion,
    /// Share since minus share in the past; `None` when either is of nothing.
    pub difference: Option<f64>,
    /// Newcombe's interval at 95 % of the difference, as if it were looked at once.
    pub difference_interval_95: Option<Interval>,
    /// How many times likelier the new rows are under some other share than under the past one (natural logarithm); 0 or
    /// less says nothing.
    pub log_evidence: f64,
    /// The evidence at which the alarm goes off (natural logarithm).
    pub log_evidence_needed: f64,
    /// The share has moved. False alarms come in at most `alpha` of all series, however often one looks.
    pub alarm: bool,
}

/// Compares the rows since (`after`) with the past (`before`), with at most `alpha` false alarms over the whole series.
///
/// The past is known from a sample only: half of `alpha` goes to its exact interval, and the new rows must be unlikely
/// under every share within it.
///
/// # Errors
/// [`EvaluationError::Setting`] unless `0 < alpha < 1`; [`EvaluationError::Empty`] without a past.
/// # Source
/// Beta mixture as test martingale: Robbins, Annals of Mathematical Statistics 41(5), 1970, 10.1214/aoms/1177696786; Ville's
/// inequality; review in Ramdas et al., Statistical Science 38(4), 2023, 10.1214/23-STS894.
pub fn drift(before: Proportion, after: Proportion, alpha: f64) -> Result<Drift, EvaluationError> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(EvaluationError::Setting {
            setting: "the share of false alarms",
            demand: "between 0 and 1",
        });
    }
    let past = before
        .clopper_pearson(1.0 - alpha / 2.0)
        .ok_or(EvaluationError::Empty)?;
    let (count, left) = (
        after.count as f64,
        after.total.saturating_sub(after.count) as f64,
    );
    // The past share under which the new rows are likeliest.
    let nearest = after
        .value()
        .map_or(past.low, |share| share.clamp(past.low, past.high));
    let log = |times: f64, chance: f64| {
        if times > 0.0 {
            times * chance.ln()
        } else {
            0.0
        }
    };
    let under_past = log(count, nearest) + log(left, 1.0 - nearest);
    let mixture = ln_beta(count + 0.5, left + 0.5) - ln_beta(0.5, 0.5);
    let log_evidence = if under_past.is_finite() {
        mixture - under_past
    } else {
        // Impossible under every share of the past.
        f64::MAX
    };
    let log_evidence_needed = (2.0 / alpha).ln();
    Ok(Drift {
        before,
        after,
        difference: after.value().zip(before.value()).map(|(a, b)| a - b),
        difference_interval_95: after.difference_interval(before),
        log_evidence,
        log_evidence_needed,
        alarm: log_evidence >= log_evidence_needed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_after_every_row_seldom_alarms_without_cause() {
        let mut state = 17_u64;
        let mut uniform = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let mut alarms = 0;
        for _ in 0..300 {
            let before = Proportion::new((0..400).filter(|_| uniform() < 0.3).count(), 400);
            let mut seen = 0;
            for n in 1..=600 {
                seen += usize::from(uniform() < 0.3);
                if n % 5 == 0 && drift(before, Proportion::new(seen, n), 0.05).unwrap().alarm {
                    alarms += 1;
                    break;
                }
            }
        }
        assert!(alarms <= 15, "{alarms} of 300");
    }

    #[test]
    fn a_real_move_is_told_and_nothing_new_is_not() {
        let before = Proportion::new(300, 1000);
        assert!(
            drift(before, Proportion::new(110, 200), 0.05)
                .unwrap()
                .alarm
        );
        assert!(drift(before, Proportion::new(20, 200), 0.05).unwrap().alarm);
        assert!(!drift(before, Proportion::new(0, 0), 0.05).unwrap().alarm);
        assert!(!drift(before, Proportion::new(62, 200), 0.05).unwrap().alarm);
        let never = Proportion::new(0, 10);
        let found = drift(never, Proportion::new(50, 50), 0.05).unwrap();
        assert!(found.alarm && found.log_evidence.is_finite());
        assert!(drift(Proportion::new(0, 0), before, 0.05).is_err());
        assert!(drift(before, before, f64::NAN).is_err());
    }
}
