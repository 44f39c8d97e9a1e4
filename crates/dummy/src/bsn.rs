//! Numbers for invented people that pass the eleven-test.

/// BSNs that no living person holds: the top of the number space, which the `RvIG` uses for its test
/// persons (`9999…`).
///
/// Only 9,090 numbers start with `9999`, so a larger municipality takes those starting with `999`
/// (90,909) or `99` (909,091). The order is scattered: neighbours in the register have no neighbouring numbers.
#[derive(Debug)]
pub(crate) struct BsnRange {
    stems: Vec<u32>,
    step: usize,
}

impl BsnRange {
    /// The smallest range with at least `needed` numbers.
    pub(crate) fn for_population(needed: usize) -> Self {
        let stems = [9_999_u32, 999, 99]
            .into_iter()
            .map(valid_stems)
            .find(|stems| stems.len() >= needed)
            .unwrap_or_else(|| valid_stems(9));
        let mut step = (stems.len() as f64 * 0.618_033_988_749_895) as usize | 1;
        while gcd(step, stems.len()) != 1 {
            step += 2;
        }
        Self { stems, step }
    }

    /// The BSN of the `index`th person: nine digits, different for every index below the range's size.
    pub(crate) fn bsn(&self, index: usize) -> u32 {
        let stem = self.stems[(index % self.stems.len()) * self.step % self.stems.len()];
        stem * 10 + check_digit(stem)
    }
}

/// All eight-digit stems with this prefix for which a ninth digit exists.
fn valid_stems(prefix: u32) -> Vec<u32> {
    let width = 10_u32.pow(8 - prefix.ilog10() - 1);
    // Equal digits are a filler, not a number.
    (prefix * width..(prefix + 1) * width)
        .filter(|stem| check_digit(*stem) < 10 && *stem != 99_999_999)
        .collect()
}

/// Ninth digit: the weighted sum (9 8 7 6 5 4 3 2) modulo 11; 10 means that there is none.
fn check_digit(stem: u32) -> u32 {
    let mut rest = stem;
    let mut sum = 0;
    for weight in 2..=9 {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    sum % 11
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use helder_types::Bsn;

    use super::*;

    #[test]
    fn every_number_passes_the_eleven_test_and_is_unique() {
        for (needed, prefix) in [(9_000, "9999"), (60_000, "999"), (120_000, "99")] {
            let range = BsnRange::for_population(needed);
            let mut seen = HashSet::new();
            for index in 0..needed {
                let text = range.bsn(index).to_string();
                assert!(
                    text.starts_with(prefix) && Bsn::parse(text.as_bytes()).is_ok(),
                    "{text}"
                );
                assert!(seen.insert(text));
            }
        }
    }
}
