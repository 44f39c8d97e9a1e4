//! Noisy answers to questions about rows, and the book of what they cost.

use super::account::Loss;
use crate::EbmError;

/// Random bits. In service they come from the random source of the operating system: who knows them can take the noise off
/// again. `None` when there are none.
pub type Chance<'a> = dyn FnMut() -> Option<u64> + 'a;

/// Steps of 1 in which residuals are counted. Sums of whole numbers are exact, so that the last digits of an answer tell
/// nothing of the rows, as those of sums of floats would.
///
/// # Source
/// Mironov (2012), "On significance of the least significant bits for differential privacy", doi:10.1145/2382196.2382264.
pub(super) const UNIT: f64 = 1_048_576.0;

/// A value in [`UNIT`]s, cut off at `most` either way. Towards 0, so that rounding never makes it more.
pub(super) fn in_units(value: f64, most: f64) -> i64 {
    (value.clamp(-most, most) * UNIT).trunc() as i64
}

/// Answers questions with noise, and writes down every answer.
pub(super) struct Teller<'a> {
    chance: &'a mut Chance<'a>,
    /// Of the answers so far.
    pub(super) losses: Vec<Loss>,
    spare: Option<f64>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(chance: &'a mut Chance<'a>) -> Self {
        Self {
            chance,
            losses: Vec::new(),
            spare: None,
        }
    }

    /// Sums over bins where every row is in one bin: one question, whatever the number of bins, because one row changes one
    /// sum only.
    ///
    /// * `sums` – in [`UNIT`]s
    /// * `deviation` – of the noise of each sum
    /// * `most` – what one row changes a sum by, at most
    pub(super) fn sums(
        &mut self,
        sums: &[i64],
        deviation: f64,
        most: f64,
    ) -> Result<Vec<f64>, EbmError> {
        self.losses.push(Loss(most / deviation));
        sums.iter()
            .map(|sum| {
                let noise = (self.normal()? * deviation * UNIT).round();
                // Both are whole numbers below 2^53: their sum is exact.
                Ok((*sum as f64 + noise) / UNIT)
            })
            .collect()
    }

    /// A sum over all rows.
    ///
    /// * `values` – one per row, cut off at `most` either way
    /// * `deviation` – of the noise
    pub(super) fn sum(
        &mut self,
        values: impl Iterator<Item = f64>,
        deviation: f64,
        most: f64,
    ) -> Result<f64, EbmError> {
        let sum = values.map(|value| in_units(value, most)).sum();
        let told = self.sums(&[sum], deviation, most)?;
        Ok(told.first().copied().unwrap_or_default())
    }

    /// A standard normal value.
    ///
    /// # Source
    /// Box and Muller (1958), doi:10.1214/aoms/1177706645.
    fn normal(&mut self) -> Result<f64, EbmError> {
        if let Some(spare) = self.spare.take() {
            return Ok(spare);
        }
        let mut uniform = || -> Result<f64, EbmError> {
            let bits = (self.chance)().ok_or(EbmError::NoChance)?;
            Ok(((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64)
        };
        let radius = (-2.0 * uniform()?.ln()).sqrt();
        let angle = 2.0 * std::f64::consts::PI * uniform()?;
        self.spare = Some(radius * angle.sin());
        Ok(radius * angle.cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chance(mut state: u64) -> impl FnMut() -> Option<u64> {
        move || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            Some(z ^ (z >> 31))
        }
    }

    #[test]
    fn every_answer_has_noise_of_the_stated_size_and_is_written_down() {
        let mut source = chance(5);
        let mut teller = Teller::new(&mut source);
        let sums = vec![3 * UNIT as i64; 20_000];
        for deviation in [0.5, 40.0] {
            let told = teller.sums(&sums, deviation, 1.0).unwrap();
            let mean = told.iter().sum::<f64>() / 20_000.0;
            let square = told.iter().map(|x| (x - 3.0).powi(2)).sum::<f64>() / 20_000.0;
            // Four standard errors of a mean and of a variance.
            assert!((mean - 3.0).abs() < 4.0 * deviation / 20_000_f64.sqrt());
            assert!(
                (square / (deviation * deviation) - 1.0).abs() < 4.0 * (2.0 / 20_000.0_f64).sqrt()
            );
            let far = told
                .iter()
                .filter(|x| (*x - 3.0).abs() > 1.96 * deviation)
                .count();
            assert!((850..1_150).contains(&far), "{far}");
        }
        assert_eq!(teller.losses, [Loss(2.0), Loss(0.025)]);
        let two = [
            teller.sums(&[0; 4], 1.0, 0.5).unwrap(),
            teller.sums(&[0; 4], 1.0, 0.5).unwrap(),
        ];
        assert_ne!(two[0], two[1], "asked twice, drawn twice");
        // Answers are multiples of the unit: nothing is in their last digits.
        let steps = two.concat().iter().all(|x| (x * UNIT).fract() == 0.0);
        assert!(steps);
    }

    #[test]
    fn without_random_bits_there_is_no_answer() {
        let mut none = || None;
        let mut teller = Teller::new(&mut none);
        assert_eq!(teller.sums(&[1], 1.0, 1.0), Err(EbmError::NoChance));
    }
}
