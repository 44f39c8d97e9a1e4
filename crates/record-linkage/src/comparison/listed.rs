//! Words of a name, in place as a rule: looking at them reads no second piece of memory.

use super::reading::Worded;

/// Words in place.
const IN_PLACE: usize = 5;

/// Any number of words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Listed {
    first: [u32; IN_PLACE],
    n: u32,
    /// All of them, where they are more.
    all: Option<Box<[u32]>>,
}

impl FromIterator<u32> for Listed {
    fn from_iter<I: IntoIterator<Item = u32>>(words: I) -> Self {
        let (mut out, mut words) = (Self::default(), words.into_iter());
        for (slot, word) in out.first.iter_mut().zip(&mut words) {
            *slot = word;
            out.n += 1;
        }
        if out.n as usize == IN_PLACE {
            let all: Vec<u32> = out.first.iter().copied().chain(words).collect();
            out.all = (all.len() > IN_PLACE).then(|| all.into());
        }
        out
    }
}

impl Listed {
    /// See [`super::features::Features::touch_rows`].
    pub(super) fn touch(&self) -> u64 {
        u64::from(self.n)
    }

    /// The words.
    #[inline]
    pub(super) fn words(&self) -> &[u32] {
        match &self.all {
            None => &self.first[..self.n as usize],
            Some(all) => all,
        }
    }
}

impl Worded for Listed {
    fn renumber(&mut self, numbers: &[u32]) {
        self.first.renumber(numbers);
        for word in self.all.iter_mut().flatten() {
            *word = numbers[*word as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_kept_and_renumbered() {
        for n in 0..9_u32 {
            let mut listed: Listed = (1..=n).collect();
            assert_eq!(listed.words(), (1..=n).collect::<Vec<_>>());
            let numbers: Vec<u32> = (0..=n).map(|word| word * 10).collect();
            listed.renumber(&numbers);
            assert_eq!(
                listed.words(),
                (1..=n).map(|word| word * 10).collect::<Vec<_>>()
            );
            let again: Listed = (1..=n).map(|word| word * 10).collect();
            assert_eq!(listed, again);
        }
    }
}
