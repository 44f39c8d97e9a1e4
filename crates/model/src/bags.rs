//! What the averaged models of a boosting say apart: the source of the interval of a prediction.

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

/// What the models that were averaged (bags) share.
///
/// A score is a mean over bags. Each term keeps how every bag differs from that mean, so that the spread of a whole score can be
/// told with all that terms have in common: what one curve of a bag says too much, another often says too little.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bags {
    /// What the standard deviation over the bags is multiplied by to be a standard error, > 0.
    ///
    /// Bags are drawn without replacement with a share `s` of the rows, so that their spread is that of a jackknife that leaves
    /// out many rows: √(s / (1 − s)).
    ///
    /// # Source
    /// Shao and Wu (1989), "A general theory for jackknife variance estimation", doi:10.1214/aos/1176347263.
    pub factor: f64,
    /// Log odds that a deviation of 1 stands for, > 0.
    pub unit: f64,
    /// Deviations of the intercept.
    pub intercept: Deviations,
}

/// How each bag differs from the mean of the bags, in whole units. In the file one text: `12,-7,0,-5`.
///
/// With spaces between them three numbers of three digits would look like a BSN, and the file would be refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deviations(pub Vec<i32>);

impl Deviations {
    /// From log odds per bag, in units of `unit`.
    pub fn of(values: impl IntoIterator<Item = f64>, unit: f64) -> Self {
        // A cast of a float saturates.
        Self(
            values
                .into_iter()
                .map(|value| (value / unit).round() as i32)
                .collect(),
        )
    }

    /// The written form read back; `None` for anything that [`Deviations`] would not write.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |word: &str| {
            let value: i32 = word.parse().ok()?;
            (value.to_string() == word).then_some(value)
        };
        text.split(',')
            .map(plain)
            .collect::<Option<Vec<i32>>>()
            .map(Self)
    }

    /// Mean of some, each with its weight; plain where nothing weighs.
    pub(crate) fn mean(of: &[(&Self, f64)]) -> Self {
        let all: f64 = of.iter().map(|(_, weight)| weight).sum();
        let bags = of.first().map_or(0, |(first, _)| first.0.len());
        let share = |weight: f64| {
            if all > 0.0 {
                weight / all
            } else {
                1.0 / of.len() as f64
            }
        };
        let value = |bag: usize| {
            let terms = of
                .iter()
                .map(|(one, weight)| f64::from(one.0[bag]) * share(*weight));
            terms.sum::<f64>().round() as i32
        };
        Self((0..bags).map(value).collect())
    }

    /// Adds others, bag by bag.
    pub(crate) fn add(&mut self, others: &Self, sign: i32) {
        for (mine, other) in self.0.iter_mut().zip(&others.0) {
            *mine = mine.saturating_add(other.saturating_mul(sign));
        }
    }
}

impl Serialize for Deviations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        for (place, value) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            // Writing to a text cannot fail.
            let _ = write!(text, "{comma}{value}");
        }
        serializer.serialize_str(&text)
    }
}

impl Bags {
    /// Bags.
    pub const fn count(&self) -> usize {
        self.intercept.0.len()
    }

    /// Standard error of a number with these deviations.
    pub(crate) fn standard_error(&self, deviations: &Deviations) -> f64 {
        let squares = deviations
            .0
            .iter()
            .map(|value| (f64::from(*value) * self.unit).powi(2));
        spread(squares.sum(), deviations.0.len(), self.factor)
    }
}

/// Standard error from the sum of squared deviations of so many bags.
pub(crate) fn spread(squares: f64, bags: usize, factor: f64) -> f64 {
    factor * (squares / (bags.max(2) - 1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_read_as_written_and_never_look_like_a_number_of_a_person() {
        // 123 456 782 passes the eleven-test.
        let deviations = Deviations(vec![123, 456, 782]);
        let text = serde_json::to_string(&deviations).unwrap();
        assert_eq!(text, "\"123,456,782\"");
        assert!(!helder_types::Bsn::stands_in(&text));
        assert_eq!(Deviations::parse("123,456,782"), Some(deviations));
        for other in ["", "1 2", "1,", "01", "+1", "1,,2"] {
            assert_eq!(Deviations::parse(other), None, "{other}");
        }
    }
}
