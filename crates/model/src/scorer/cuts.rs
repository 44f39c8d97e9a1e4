//! How many cuts a number reaches, found without a search.

/// Most cuts in one strip.
const IN_STRIP: usize = 3;
/// Most strips; where cuts lie closer than that, they are searched.
const MOST_STRIPS: usize = 1_024;

/// Ascending cuts.
#[derive(Clone, Debug)]
pub(super) struct Cuts {
    /// The cuts, and after them [`IN_STRIP`] that no number reaches.
    cuts: Vec<f64>,
    strips: Option<Strips>,
}

/// The line of numbers in strips of one width, the first and the last without an end.
///
/// Which strip a number lies in is arithmetic that never falls where the number rises: cuts of an earlier strip lie below it,
/// those of a later one above it, and only the few of its own strip are looked at, all of them: no branch to guess.
#[derive(Clone, Debug)]
struct Strips {
    lowest: f64,
    per_unit: f64,
    /// The last strip, at most [`MOST_STRIPS`].
    last: f64,
    /// Per strip, the cuts in earlier ones.
    before: Vec<u32>,
}

impl Cuts {
    /// `cuts` are finite and rise.
    pub(super) fn new(cuts: &[f64]) -> Self {
        let end = [f64::NAN; IN_STRIP];
        let sizes = std::iter::successors(Some(4), |strips| Some(strips * 2));
        Self {
            cuts: cuts.iter().copied().chain(end).collect(),
            strips: sizes
                .take_while(|strips| *strips <= MOST_STRIPS)
                .find_map(|strips| Strips::new(cuts, strips)),
        }
    }

    /// Cuts that are at most `number`; none where it is no number.
    #[inline]
    pub(super) fn reached(&self, number: f64) -> usize {
        let Some(strips) = &self.strips else {
            return self.cuts.partition_point(|cut| *cut <= number);
        };
        let before = strips.before[strips.of(number)] as usize;
        let own = &self.cuts[before..before + IN_STRIP];
        let reached = own.iter().map(|cut| u32::from(*cut <= number));
        before + reached.sum::<u32>() as usize
    }
}

impl Strips {
    /// `None` where too many cuts share a strip.
    fn new(cuts: &[f64], strips: usize) -> Option<Self> {
        let (lowest, highest) = (*cuts.first()?, *cuts.last()?);
        let mut made = Self {
            lowest,
            per_unit: if highest > lowest {
                strips as f64 / (highest - lowest)
            } else {
                0.0
            },
            last: (strips - 1) as f64,
            before: vec![0; strips],
        };
        if !made.per_unit.is_finite() {
            return None;
        }
        let mut own = vec![0; strips];
        for cut in cuts {
            own[made.of(*cut)] += 1;
        }
        let mut sum = 0;
        for (before, own) in made.before.iter_mut().zip(&own) {
            *before = sum;
            sum += own;
        }
        own.iter()
            .all(|own| *own as usize <= IN_STRIP)
            .then_some(made)
    }

    /// The strip of a number; the first for what is no number.
    #[inline]
    fn of(&self, number: f64) -> usize {
        // Beyond this the numbers are whole, so that adding it rounds and leaves the strip in the last bits: a cast that has
        // to think of no number and of numbers beyond all whole ones takes three times as long.
        const WHOLE: f64 = (1_u64 << 52) as f64;
        let strip = (number - self.lowest) * self.per_unit;
        let strip = if strip > 0.0 { strip } else { 0.0 };
        let strip = if strip < self.last { strip } else { self.last };
        (strip + WHOLE).to_bits() as u16 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_reaches_the_cuts_a_search_finds() {
        let even: Vec<f64> = (0..100).map(f64::from).collect();
        let squeezed: Vec<f64> = (0..200).map(|at| (f64::from(at) / 8.0).exp()).collect();
        let close: Vec<f64> = (0..9)
            .map(|at| f64::from_bits(1.0_f64.to_bits() + at))
            .collect();
        let wide = vec![-f64::MAX, -1.0, 0.0, f64::MIN_POSITIVE, f64::MAX];
        let tiny = vec![0.0, 5e-324, 1e-323];
        for cuts in [vec![], vec![3.5], even, squeezed, close, wide, tiny] {
            let found = Cuts::new(&cuts);
            let beside = cuts
                .iter()
                .flat_map(|cut| [cut.next_down(), *cut, cut.next_up()]);
            let others = (-300..300).map(|at| f64::from(at) * 0.77);
            let ends = [
                f64::NAN,
                f64::INFINITY,
                f64::NEG_INFINITY,
                f64::MAX,
                f64::MIN,
                -0.0,
                1e100,
            ];
            for number in beside.chain(others).chain(ends) {
                let searched = cuts.partition_point(|cut| *cut <= number);
                assert_eq!(found.reached(number), searched, "{number} in {cuts:?}");
            }
        }
    }
}
