//! Words of short values there are few of: pairs of letters, and signs at their place. Hashed once, looked up per record.

use crate::prf::Prf;

/// Most bigrams of a name that go into its filter.
const MOST_GRAMS: usize = 18;

/// The pairs of neighbouring letters of a name, each once, as places in [`Grams`].
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct GramList {
    n: u8,
    places: [u16; MOST_GRAMS],
}

impl GramList {
    pub(crate) fn len(&self) -> usize {
        usize::from(self.n)
    }
}

/// Words of all pairs of letters, digits and the end of a name; a name has ten, so they are hashed once.
pub(crate) struct Grams(Vec<u64>);

impl Grams {
    const SIGNS: usize = 37;

    fn sign(byte: u8) -> usize {
        match byte {
            b'a'..=b'z' => usize::from(byte - b'a') + 1,
            b'0'..=b'9' => usize::from(byte - b'0') + 27,
            _ => 0,
        }
    }

    pub(crate) fn new(prf: &Prf) -> Self {
        let pair = |i: usize| [(i / Self::SIGNS) as u8, (i % Self::SIGNS) as u8];
        Self(
            (0..Self::SIGNS * Self::SIGNS)
                .map(|i| prf.word("bigram", &pair(i)))
                .collect(),
        )
    }

    /// Pairs of neighbouring letters, the ends of the name included.
    pub(crate) fn of(name: &str) -> GramList {
        let (mut list, mut before) = (GramList::default(), 0);
        for byte in name.bytes().chain([b' ']).take(MOST_GRAMS) {
            let sign = Self::sign(byte);
            let place = (before * Self::SIGNS + sign) as u16;
            before = sign;
            let n = list.len();
            if !list.places[..n].contains(&place) {
                list.places[n] = place;
                list.n += 1;
            }
        }
        list
    }

    /// Words of the pairs of a name.
    pub(crate) fn words(&self, list: &GramList) -> impl Iterator<Item = u64> {
        let places = list.places.iter().take(list.len());
        places.map(|place| self.0[usize::from(*place)])
    }
}

/// Words of single signs at their place: digits of a date and signs of a postcode.
pub(crate) struct Signs {
    digits: Vec<[u64; 10]>,
    postcode: Vec<[u64; 128]>,
}

impl Signs {
    pub(crate) fn new(prf: &Prf) -> Self {
        let digit = |place: u8| std::array::from_fn(|sign| prf.word("digit", &[place, sign as u8]));
        let sign =
            |place: u8| std::array::from_fn(|sign| prf.word("postcode sign", &[place, sign as u8]));
        Self {
            digits: (0..8).map(digit).collect(),
            postcode: (0..6).map(sign).collect(),
        }
    }

    /// Words of the digits of a date, from the first.
    pub(crate) fn digits(&self, digits: [u8; 8]) -> impl Iterator<Item = u64> {
        let words = self.digits.iter().zip(digits);
        words.map(|(words, digit)| words[usize::from(digit % 10)])
    }

    /// Words of the signs of a postcode, from the first.
    pub(crate) fn postcode(&self, signs: [u8; 6]) -> impl Iterator<Item = u64> {
        let words = self.postcode.iter().zip(signs);
        words.map(|(words, sign)| words[usize::from(sign & 127)])
    }
}
