//! Each distinct value once, with a number: tables of numbers beside the values, so that nothing is held twice.

use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

/// A hasher for tables that only this process sees: multiply and rotate. Results never depend on it, only speed does.
#[derive(Clone, Copy, Default)]
pub(crate) struct FastHasher(u64);

pub(crate) type FastHash = BuildHasherDefault<FastHasher>;

impl FastHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Hasher for FastHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(
                word.iter()
                    .rev()
                    .fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            );
        }
        let rest = words.remainder().iter().rev();
        self.add(rest.fold(bytes.len() as u64, |sum, byte| sum << 8 | u64::from(*byte)));
    }

    fn write_u8(&mut self, n: u8) {
        self.add(u64::from(n));
    }

    fn write_u16(&mut self, n: u16) {
        self.add(u64::from(n));
    }

    fn write_u32(&mut self, n: u32) {
        self.add(u64::from(n));
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }
}

/// Open addressing over numbers: per slot the upper half of the hash, and the number plus one; 0 is empty. That half alone says where a slot
/// lies, so a table grows without looking at the items again.
#[derive(Clone, Debug, Default)]
struct Slots(Vec<(u32, u32)>);

const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Slots {
    /// The number whose item `is_it`, or the place for a new one.
    #[inline]
    fn find(&self, hash: u64, is_it: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mask = self.0.len().wrapping_sub(1);
        let tag = tag(hash);
        let mut at = tag as usize & mask;
        loop {
            match self.0.get(at) {
                None | Some((_, 0)) => return Err(at),
                Some((other, number)) if *other == tag && is_it(*number as usize - 1) => {
                    return Ok(*number as usize - 1);
                }
                Some(_) => at = (at + 1) & mask,
            }
        }
    }

    /// The first number that may be meant, without asking whether it is.
    #[inline]
    fn guess(&self, hash: u64) -> Option<usize> {
        let at = tag(hash) as usize & self.0.len().wrapping_sub(1);
        (self.0.get(at)?.1 as usize).checked_sub(1)
    }

    fn set(&mut self, slot: usize, hash: u64, number: usize) {
        self.0[slot] = (tag(hash), number as u32 + 1);
    }

    /// Makes room for one more than `n` items.
    #[inline]
    fn grow(&mut self, n: usize) {
        if (n + 1) * 4 > self.0.len() * 3 {
            let size = (self.0.len() * 2).max(64);
            let before = std::mem::replace(&mut self.0, vec![(0, 0); size]);
            for slot in before.into_iter().filter(|(_, number)| *number != 0) {
                self.put(slot);
            }
        }
    }

    /// Room for `n` items, all of them set.
    fn grow_to(&mut self, n: usize, hash_of: impl Fn(usize) -> u64) {
        let size = ((n + 1) * 4 / 3 + 1).next_power_of_two().max(64);
        self.0 = vec![(0, 0); size];
        for number in 0..n {
            self.put((tag(hash_of(number)), number as u32 + 1));
        }
    }

    fn put(&mut self, slot: (u32, u32)) {
        let mask = self.0.len() - 1;
        let mut at = slot.0 as usize & mask;
        while self.0[at].1 != 0 {
            at = (at + 1) & mask;
        }
        self.0[at] = slot;
    }
}

/// Finds the place of a value in a list of distinct ones that it does not hold itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finder(Slots);

impl Finder {
    /// Over `values`, which stay as they are from here on.
    pub(crate) fn of<V: Hash>(values: &[V]) -> Self {
        let mut slots = Slots::default();
        let hash = |i: usize| FastHash::default().hash_one(&values[i]);
        slots.grow_to(values.len(), hash);
        Self(slots)
    }

    /// Place of `value` among the `values` it was made over.
    pub(crate) fn find<V: Hash + Eq>(&self, values: &[V], value: &V) -> Option<usize> {
        let hash = FastHash::default().hash_one(value);
        self.0.find(hash, |i| values[i] == *value).ok()
    }
}

/// Distinct values, numbered from 0 in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Distinct<V> {
    values: Vec<V>,
    slots: Slots,
}

impl<V: Hash + Eq> Distinct<V> {
    pub(crate) fn new() -> Self {
        Self {
            values: Vec::new(),
            slots: Slots::default(),
        }
    }

    /// Number of `value`, and whether it is new.
    pub(crate) fn number(&mut self, value: V) -> (usize, bool) {
        self.slots.grow(self.values.len());
        let hashed = FastHash::default().hash_one(&value);
        match self.slots.find(hashed, |i| self.values[i] == value) {
            Ok(number) => (number, false),
            Err(slot) => {
                self.slots.set(slot, hashed, self.values.len());
                self.values.push(value);
                (self.values.len() - 1, true)
            }
        }
    }

    /// Reads what [`Self::number`] will ask for each of these values, without waiting for one after the other; the number means nothing.
    pub(crate) fn touch(&self, values: &[V]) -> usize {
        let hash = |value: &V| FastHash::default().hash_one(value);
        let is_there = |value: &&V| {
            let guess = self.slots.guess(hash(value));
            guess.and_then(|number| self.values.get(number)) == Some(*value)
        };
        values.iter().filter(is_there).count()
    }

    /// Number of `value`, if it is known.
    pub(crate) fn find(&self, value: &V) -> Option<usize> {
        let hash = FastHash::default().hash_one(value);
        self.slots.find(hash, |i| self.values[i] == *value).ok()
    }

    /// The values, without the way to find them.
    pub(crate) fn into_values(self) -> Vec<V> {
        self.values
    }
}

/// Distinct texts, numbered from 0, one after the other in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<u32>,
    slots: Slots,
}

impl Texts {
    fn hash(text: &str) -> u64 {
        let mut hasher = FastHasher::default();
        hasher.write(text.as_bytes());
        hasher.finish()
    }

    /// Number of `text`, and whether it is new.
    pub(crate) fn number(&mut self, text: &str) -> (usize, bool) {
        self.slots.grow(self.ends.len());
        let (bytes, ends) = (&self.bytes, &self.ends);
        let hashed = Self::hash(text);
        match self
            .slots
            .find(hashed, |i| Self::at(bytes, ends, i) == text)
        {
            Ok(number) => (number, false),
            Err(slot) => {
                self.bytes.push_str(text);
                self.slots.set(slot, hashed, self.ends.len());
                self.ends.push(self.bytes.len() as u32);
                (self.ends.len() - 1, true)
            }
        }
    }

    #[inline]
    fn at<'a>(bytes: &'a str, ends: &[u32], number: usize) -> &'a str {
        let start = number.checked_sub(1).map_or(0, |before| ends[before]);
        &bytes[start as usize..ends[number] as usize]
    }

    /// Reads what [`Self::number`] will ask for each of these texts, without waiting for one after the other; the number means nothing.
    pub(crate) fn touch<'a>(&self, texts: impl Iterator<Item = &'a str>) -> usize {
        const AT_ONCE: usize = 64;
        let mut numbers = [0; AT_ONCE];
        let mut n = 0;
        for (slot, text) in numbers.iter_mut().zip(texts) {
            *slot = self.slots.guess(Self::hash(text)).unwrap_or(0);
            n += 1;
        }
        let mut sum = 0;
        for number in &mut numbers[..n] {
            *number = self.ends.get(*number).map_or(0, |end| *end as usize);
        }
        for end in &numbers[..n] {
            let byte = self.bytes.as_bytes().get(end.saturating_sub(1));
            sum += byte.map_or(0, |byte| usize::from(*byte));
        }
        sum
    }

    /// Number of `text`, if it is known. Nothing is found after [`Self::close`] until [`Self::reopen`].
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        let is_it = |i: usize| Self::at(&self.bytes, &self.ends, i) == text;
        self.slots.find(Self::hash(text), is_it).ok()
    }

    /// Takes up numbering again after [`Self::close`].
    pub(crate) fn reopen(&mut self) {
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.slots
            .grow_to(ends.len(), |i| Self::hash(Self::at(bytes, ends, i)));
    }

    /// Text of a number.
    pub(crate) fn get(&self, number: usize) -> Option<&str> {
        (number < self.ends.len()).then(|| Self::at(&self.bytes, &self.ends, number))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes of the texts alone.
    pub(crate) fn text_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.capacity() + 4 * self.ends.capacity() + 8 * self.slots.0.capacity()
    }

    /// Gives back what only numbering needs.
    pub(crate) fn close(&mut self) {
        self.slots = Slots::default();
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_things_get_one_number_through_many_growths() {
        let (mut distinct, mut texts) = (Distinct::new(), Texts::default());
        for round in 0..2 {
            for i in 0..5000_usize {
                let text = format!("{}", i * 7919 % 5003);
                assert_eq!(texts.number(&text), (i, round == 0));
                assert_eq!(distinct.number(text.clone()), (i, round == 0));
                assert_eq!(
                    (texts.get(i), distinct.find(&text)),
                    (Some(text.as_str()), Some(i))
                );
            }
        }
        assert_eq!(
            (texts.len(), texts.get(5000), distinct.find(&"x".to_owned())),
            (5000, None, None)
        );
        texts.close();
        assert_eq!((texts.find("0"), texts.get(0)), (None, Some("0")));
        texts.reopen();
        assert_eq!((texts.find("0"), texts.find("5003")), (Some(0), None));
        let finder = Finder::of(&distinct.values);
        for i in [0, 77, 4999] {
            let value = distinct.values[i].clone();
            assert_eq!(finder.find(&distinct.values, &value), Some(i));
        }
        assert_eq!(finder.find(&distinct.values, &"x".to_owned()), None);
        assert_eq!(texts.get(4999), Some(distinct.into_values()[4999].as_str()));
    }
}
