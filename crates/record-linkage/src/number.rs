//! Numbers for distinct things, found by all cores together: the same numbers as one core would give.
//!
//! Things are shared out by their hash, so that equal ones come to one worker, whose table is small enough for its cache. Numbers follow from
//! the places of the first of each, so they do not depend on who found them.

use std::hash::{BuildHasher as _, Hash};

use rayon::prelude::*;

use crate::distinct::FastHash;

/// Shares by hash: a power of two.
const SHARDS: usize = 64;
/// Things hashed at a time: an eighth of all. Large pieces of memory go back to the system when they are given up, small ones stay.
pub(crate) fn chunk_of(n: usize) -> usize {
    (n / 8).next_power_of_two().clamp(1 << 13, 1 << 17)
}

/// What is distinct among many things.
pub(crate) struct Numbered {
    /// Number of each thing: 0 for the first, and then as new ones come.
    pub(crate) codes: Vec<u32>,
    /// Place of the first thing of each number.
    pub(crate) firsts: Vec<u32>,
}

/// A thing, or nothing where it is looked up by its place; part of its hash; its place.
#[derive(Clone, Copy)]
struct Entry<T> {
    thing: T,
    tag: u32,
    place: u32,
}

/// Things of a chunk, share by share.
struct Chunk<T> {
    entries: Vec<Entry<T>>,
    /// Where each share starts, and the end.
    starts: Vec<u32>,
}

impl<T: Copy> Chunk<T> {
    fn new(entries: &[(usize, Entry<T>)]) -> Self {
        let mut starts = vec![0_u32; SHARDS + 1];
        for (shard, _) in entries {
            starts[shard + 1] += 1;
        }
        for shard in 0..SHARDS {
            starts[shard + 1] += starts[shard];
        }
        let mut next = starts.clone();
        let mut sorted: Vec<Entry<T>> = entries.iter().map(|(_, entry)| *entry).collect();
        for (shard, entry) in entries {
            sorted[next[*shard] as usize] = *entry;
            next[*shard] += 1;
        }
        Self {
            entries: sorted,
            starts,
        }
    }

    fn share(&self, shard: usize) -> &[Entry<T>] {
        &self.entries[self.starts[shard] as usize..self.starts[shard + 1] as usize]
    }
}

/// What is distinct within a share.
struct Share {
    /// Number within the share of each thing, chunk after chunk.
    numbers: Vec<u32>,
    /// Where each chunk starts among them.
    starts: Vec<u32>,
    /// Place of the first thing of each number.
    firsts: Vec<u32>,
}

impl Share {
    fn new<T: Copy>(
        chunks: &[Chunk<T>],
        shard: usize,
        same: impl Fn(&Entry<T>, &Entry<T>) -> bool,
    ) -> Self {
        let n: usize = chunks.iter().map(|chunk| chunk.share(shard).len()).sum();
        let mut out = Self {
            numbers: Vec::with_capacity(n),
            starts: Vec::with_capacity(chunks.len()),
            firsts: Vec::new(),
        };
        let mut firsts: Vec<Entry<T>> = Vec::new();
        let mut slots = vec![0_u32; 64];
        for chunk in chunks {
            out.starts.push(out.numbers.len() as u32);
            for entry in chunk.share(shard) {
                if (firsts.len() + 1) * 2 > slots.len() {
                    slots = vec![0; slots.len() * 4];
                    for (number, first) in (1..).zip(&firsts) {
                        let slot = find(&slots, first.tag, |_| false);
                        slots[slot] = number;
                    }
                }
                let is_it = |number: u32| {
                    let first = &firsts[number as usize - 1];
                    first.tag == entry.tag && same(first, entry)
                };
                let slot = find(&slots, entry.tag, is_it);
                if slots[slot] == 0 {
                    firsts.push(*entry);
                    slots[slot] = firsts.len() as u32;
                }
                out.numbers.push(slots[slot] - 1);
            }
        }
        out.firsts = firsts.iter().map(|first| first.place).collect();
        out
    }
}

/// The slot of a thing, or the free one where it belongs.
#[inline]
fn find(slots: &[u32], tag: u32, is_it: impl Fn(u32) -> bool) -> usize {
    let mask = slots.len() - 1;
    let mut at = tag as usize & mask;
    while slots[at] != 0 && !is_it(slots[at]) {
        at = (at + 1) & mask;
    }
    at
}

/// Numbers `n` small things that `thing` gives.
pub(crate) fn number_keys<K: Copy + Eq + Hash + Send + Sync>(
    n: usize,
    thing: impl Fn(usize) -> K + Sync,
) -> Numbered {
    let hashed = |place: usize| {
        let thing = thing(place);
        (FastHash::default().hash_one(thing), thing)
    };
    number(n, hashed, |a, b| a.thing == b.thing)
}

/// Numbers things that lie in memory.
pub(crate) fn number_values<V: Eq + Hash + Sync>(values: &[V]) -> Numbered {
    let hashed = |place: usize| (FastHash::default().hash_one(&values[place]), ());
    number(values.len(), hashed, |a, b| {
        values[a.place as usize] == values[b.place as usize]
    })
}

fn number<T: Copy + Send + Sync>(
    n: usize,
    hashed: impl Fn(usize) -> (u64, T) + Sync,
    same: impl Fn(&Entry<T>, &Entry<T>) -> bool + Sync,
) -> Numbered {
    let size = chunk_of(n);
    let chunks: Vec<Chunk<T>> = (0..n.div_ceil(size))
        .into_par_iter()
        .map_init(Vec::new, |entries, chunk| {
            let places = chunk * size..((chunk + 1) * size).min(n);
            entries.clear();
            entries.extend(places.map(|place| {
                let (hash, thing) = hashed(place);
                let entry = Entry {
                    thing,
                    tag: (hash >> 20) as u32,
                    place: place as u32,
                };
                ((hash >> 58) as usize % SHARDS, entry)
            }));
            Chunk::new(entries)
        })
        .collect();
    let shares: Vec<Share> = (0..SHARDS)
        .into_par_iter()
        .map(|shard| Share::new(&chunks, shard, &same))
        .collect();
    // How many first things come before each place.
    let mut is_first = vec![0_u64; n.div_ceil(64) + 1];
    for place in shares.iter().flat_map(|share| &share.firsts) {
        is_first[*place as usize / 64] |= 1 << (place % 64);
    }
    let mut n_distinct = 0;
    let before: Vec<u32> = is_first
        .iter()
        .map(|bits| {
            n_distinct += bits.count_ones();
            n_distinct - bits.count_ones()
        })
        .collect();
    let number_at = |place: u32| {
        let word = place as usize / 64;
        before[word] + (is_first[word] & ((1 << (place % 64)) - 1)).count_ones()
    };
    let numbers: Vec<Vec<u32>> = shares
        .par_iter()
        .map(|share| share.firsts.iter().map(|place| number_at(*place)).collect())
        .collect();
    let mut codes = vec![0_u32; n];
    codes
        .par_chunks_mut(size)
        .zip(&chunks)
        .enumerate()
        .for_each(|(i, (codes, chunk))| {
            for (shard, share) in shares.iter().enumerate() {
                let found = &share.numbers[share.starts[i] as usize..];
                for (entry, number) in chunk.share(shard).iter().zip(found) {
                    codes[entry.place as usize - i * size] = numbers[shard][*number as usize];
                }
            }
        });
    let mut firsts = vec![0_u32; n_distinct as usize];
    for (share, numbers) in shares.iter().zip(&numbers) {
        for (place, number) in share.firsts.iter().zip(numbers) {
            firsts[*number as usize] = *place;
        }
    }
    Numbered { codes, firsts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_one_by_one_on_any_number_of_threads() {
        for n in [0, 1, 100, 1 << 13, (3 << 13) + 77, 150_000] {
            let thing = |place: usize| [place as u32 * 7919 % 9001 / 3, (place % 2) as u32];
            let (mut known, mut firsts) = (std::collections::HashMap::new(), Vec::new());
            let codes: Vec<u32> = (0..n)
                .map(|place| {
                    *known.entry(thing(place)).or_insert_with(|| {
                        firsts.push(place as u32);
                        firsts.len() as u32 - 1
                    })
                })
                .collect();
            let values: Vec<String> = (0..n).map(|place| format!("{:?}", thing(place))).collect();
            for threads in [1, 4] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(|| {
                    for found in [number_keys(n, thing), number_values(&values)] {
                        assert_eq!((&found.codes, &found.firsts), (&codes, &firsts), "{n}");
                    }
                });
            }
        }
    }
}
