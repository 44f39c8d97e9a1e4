//! One rule as a sort-merge join: rows with one key lie together, block after block.

use std::ops::Range;

use rayon::prelude::*;

use super::RuleCount;
use crate::number::chunk_of;

/// Pairs per task; fixed, so that nothing depends on the number of threads.
pub(crate) const TASK_PAIRS: u64 = 1 << 16;

/// Parts by the upper bits of a key: a power of two. Keys are hashes, so that parts are of about one size.
const PARTS: usize = 64;
/// Keys with their rows, from all rows of one side.
pub(super) struct Keyed(Vec<Chunk>);

/// Keys of some rows, part by part.
struct Chunk {
    keyed: Vec<(u64, u32)>,
    /// Where each part starts, and the end.
    starts: Vec<u32>,
}

const fn part_of(key: u64) -> usize {
    (key >> 58) as usize % PARTS
}

impl Keyed {
    /// Lists the keys that `keys` puts in place for each of `n` rows.
    pub(super) fn list(
        n: usize,
        keys: impl Fn(usize, &mut Vec<u64>, &mut Vec<u64>) + Sync,
    ) -> Self {
        let size = chunk_of(n);
        let chunks = (0..n.div_ceil(size)).into_par_iter();
        let chunks = chunks.map_init(
            || (Vec::new(), Vec::new(), Vec::new()),
            |(keyed, found, work), chunk| {
                keyed.clear();
                for row in chunk * size..((chunk + 1) * size).min(n) {
                    keys(row, found, work);
                    keyed.extend(found.iter().map(|key| (*key, row as u32)));
                }
                Chunk::new(keyed)
            },
        );
        Self(chunks.collect())
    }

    /// The keys of a part with their rows, sorted.
    fn part(&self, part: usize) -> Vec<(u64, u32)> {
        let of = |chunk: &Chunk| chunk.starts[part] as usize..chunk.starts[part + 1] as usize;
        let mut all = Vec::with_capacity(self.0.iter().map(|chunk| of(chunk).len()).sum());
        for chunk in &self.0 {
            all.extend_from_slice(&chunk.keyed[of(chunk)]);
        }
        all.sort_unstable();
        all
    }
}

impl Chunk {
    fn new(keyed: &[(u64, u32)]) -> Self {
        let mut starts = vec![0_u32; PARTS + 1];
        for (key, _) in keyed {
            starts[part_of(*key) + 1] += 1;
        }
        for part in 0..PARTS {
            starts[part + 1] += starts[part];
        }
        let (mut next, mut sorted) = (starts.clone(), vec![(0, 0); keyed.len()]);
        for keyed in keyed {
            let place = &mut next[part_of(keyed.0)];
            sorted[*place as usize] = *keyed;
            *place += 1;
        }
        Self {
            keyed: sorted,
            starts,
        }
    }
}

/// Rows with one key on both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub(crate) key: u64,
    left: (u32, u32),
    right: (u32, u32),
}

/// A block over the cap.
pub(super) struct Large {
    pub(super) key: u64,
    pub(super) pairs: u64,
    pub(super) rows: [Vec<u32>; 2],
}

/// The blocks of a rule.
pub(crate) struct Joined {
    blocks: Vec<Block>,
    rows: [Vec<u32>; 2],
}

/// Some left rows of some blocks: what a worker does at a time.
#[derive(Clone, Debug)]
pub(crate) struct Task(Vec<(u32, Range<u32>)>);

fn rows_of(keyed: &[(u64, u32)]) -> impl Iterator<Item = u32> {
    keyed.iter().map(|(_, row)| *row)
}

fn group(keyed: &[(u64, u32)], at: usize) -> usize {
    let key = keyed[at].0;
    // Blocks are short as a rule: look ahead one by one, then by halves.
    let near = keyed[at..]
        .iter()
        .take(16)
        .take_while(|(other, _)| *other == key)
        .count();
    if near < 16 {
        at + near
    } else {
        at + keyed[at..].partition_point(|(other, _)| *other == key)
    }
}

impl Joined {
    /// Brings the rows of both sides together, key by key. Blocks over the cap are left out and noted in `large`.
    pub(super) fn of(
        [left, right]: [Keyed; 2],
        within: bool,
        max_block_pairs: u64,
        count: &mut RuleCount,
        large: &mut Vec<Large>,
    ) -> Self {
        let parts: Vec<(Self, RuleCount, Vec<Large>)> = (0..PARTS)
            .into_par_iter()
            .map(|part| {
                let mut count = RuleCount::none(String::new());
                let mut large = Vec::new();
                let lists = [left.part(part), right.part(part)];
                let [left, right] = &lists;
                let joined =
                    Self::merge(left, right, within, max_block_pairs, &mut count, &mut large);
                (joined, count, large)
            })
            .collect();
        drop((left, right));
        let n_rows = |side: usize| parts.iter().map(|(part, ..)| part.rows[side].len()).sum();
        let mut out = Self {
            blocks: Vec::with_capacity(parts.iter().map(|(part, ..)| part.blocks.len()).sum()),
            rows: [0, 1].map(|side| Vec::with_capacity(n_rows(side))),
        };
        for (part, found, over) in parts {
            count.blocks += found.blocks;
            count.pairs += found.pairs;
            count.largest_block = count.largest_block.max(found.largest_block);
            large.extend(over);
            out.append(&part);
        }
        out
    }

    /// Puts the blocks of another behind its own.
    fn append(&mut self, other: &Self) {
        let [left, right] = [0, 1].map(|side| {
            let start = self.rows[side].len() as u32;
            self.rows[side].extend_from_slice(&other.rows[side]);
            start
        });
        self.blocks.extend(other.blocks.iter().map(|block| Block {
            key: block.key,
            left: (block.left.0 + left, block.left.1 + left),
            right: (block.right.0 + right, block.right.1 + right),
        }));
    }

    /// Merges two sorted lists. Blocks over the cap are left out and noted in `large`.
    fn merge(
        left: &[(u64, u32)],
        right: &[(u64, u32)],
        within: bool,
        max_block_pairs: u64,
        count: &mut RuleCount,
        large: &mut Vec<Large>,
    ) -> Self {
        let mut out = Self {
            blocks: Vec::new(),
            rows: [Vec::new(), Vec::new()],
        };
        let (mut l, mut r) = (0, 0);
        while l < left.len() && r < right.len() {
            match left[l].0.cmp(&right[r].0) {
                std::cmp::Ordering::Less => l += 1,
                std::cmp::Ordering::Greater => r += 1,
                std::cmp::Ordering::Equal => {
                    let key = left[l].0;
                    let (l_end, r_end) = (group(left, l), group(right, r));
                    let n = (l_end - l) as u64;
                    let pairs = if within {
                        n * (n - 1) / 2
                    } else {
                        n * (r_end - r) as u64
                    };
                    count.largest_block = count.largest_block.max(pairs);
                    if pairs > max_block_pairs {
                        large.push(Large {
                            key,
                            pairs,
                            rows: [
                                rows_of(&left[l..l_end]).collect(),
                                rows_of(&right[r..r_end]).collect(),
                            ],
                        });
                    } else {
                        count.blocks += 1;
                        count.pairs += pairs;
                        out.push(key, rows_of(&left[l..l_end]), rows_of(&right[r..r_end]));
                    }
                    (l, r) = (l_end, r_end);
                }
            }
        }
        out
    }

    /// Adds a block.
    pub(super) fn push(
        &mut self,
        key: u64,
        lefts: impl Iterator<Item = u32>,
        rights: impl Iterator<Item = u32>,
    ) {
        let starts = [self.rows[0].len() as u32, self.rows[1].len() as u32];
        self.rows[0].extend(lefts);
        self.rows[1].extend(rights);
        self.blocks.push(Block {
            key,
            left: (starts[0], self.rows[0].len() as u32),
            right: (starts[1], self.rows[1].len() as u32),
        });
    }

    /// Leaves out the blocks whose key does not please.
    pub(crate) fn retain(&mut self, keep: impl Fn(u64) -> bool) {
        self.blocks.retain(|block| keep(block.key));
    }

    /// Pairs in all blocks.
    pub(crate) fn n_pairs(&self) -> u64 {
        let pairs = |block: &Block| {
            u64::from(block.left.1 - block.left.0) * u64::from(block.right.1 - block.right.0)
        };
        self.blocks.iter().map(pairs).sum()
    }

    /// All work of this rule in pieces of about one size, in order; a large block is cut between its left rows.
    pub(crate) fn tasks(&self) -> Vec<Task> {
        let (mut tasks, mut open, mut size) = (Vec::new(), Vec::new(), 0);
        for (place, block) in self.blocks.iter().enumerate() {
            let width = u64::from(block.right.1 - block.right.0);
            let mut from = block.left.0;
            while from < block.left.1 {
                let room = (TASK_PAIRS.saturating_sub(size) / width.max(1))
                    .max(1)
                    .min(u64::from(block.left.1 - from)) as u32;
                open.push((place as u32, from..from + room));
                size += u64::from(room) * width;
                from += room;
                if size >= TASK_PAIRS {
                    tasks.push(Task(std::mem::take(&mut open)));
                    size = 0;
                }
            }
        }
        if !open.is_empty() {
            tasks.push(Task(open));
        }
        tasks
    }

    /// The blocks of a task: key, left rows and right rows.
    pub(crate) fn blocks_of<'a>(
        &'a self,
        task: &'a Task,
    ) -> impl Iterator<Item = (u64, &'a [u32], &'a [u32])> {
        task.0.iter().map(move |(place, lefts)| {
            let block = self.blocks[*place as usize];
            (
                block.key,
                &self.rows[0][lefts.start as usize..lefts.end as usize],
                &self.rows[1][block.right.0 as usize..block.right.1 as usize],
            )
        })
    }

    /// The left rows of a task, each with its block's key and right rows.
    pub(crate) fn rows_of<'a>(
        &'a self,
        task: &'a Task,
    ) -> impl Iterator<Item = (u64, u32, &'a [u32])> {
        self.blocks_of(task)
            .flat_map(|(key, lefts, rights)| lefts.iter().map(move |left| (key, *left, rights)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_in_parts_is_what_one_merge_joins_on_any_number_of_threads() {
        // Some keys are shared by many rows, some rows have several keys or none.
        let keys_of = |row: usize, salt: u64| {
            let key = |n: u64| crate::comparison::mix(n, 3);
            let group = (row as u64 * salt) % 5000;
            match row % 7 {
                0 => vec![],
                1 => vec![key(group), key(group / 90 + 10_000)],
                _ => vec![key(group)],
            }
        };
        let list = |n: usize, salt: u64| {
            let listed = (0..n).flat_map(|row| {
                let keys = keys_of(row, salt).into_iter();
                keys.map(move |key| (key, row as u32))
            });
            let mut listed: Vec<(u64, u32)> = listed.collect();
            listed.sort_unstable();
            listed
        };
        let (mut count, mut large) = (RuleCount::none("r".into()), Vec::new());
        let (left, right) = (list(30_000, 7), list(20_000, 11));
        let whole = Joined::merge(&left, &right, false, 400, &mut count, &mut large);
        assert!(count.blocks > 1000 && large.len() > 5);
        for threads in [1, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let found = pool.build().unwrap().install(|| {
                let keyed = [(30_000, 7), (20_000, 11)].map(|(n, salt)| {
                    Keyed::list(n, |row, keys, _| {
                        keys.clear();
                        keys.extend(keys_of(row, salt));
                    })
                });
                let (mut count, mut large) = (RuleCount::none("r".into()), Vec::new());
                let joined = Joined::of(keyed, false, 400, &mut count, &mut large);
                (joined, count, large)
            });
            assert_eq!(found.1, count);
            assert_eq!(found.0.rows, whole.rows);
            let blocks = |joined: &Joined| format!("{:?}", joined.blocks);
            assert_eq!(blocks(&found.0), blocks(&whole));
            let over = |all: &[Large]| {
                let all = all.iter().map(|l| (l.key, l.pairs, l.rows.clone()));
                all.collect::<Vec<_>>()
            };
            assert_eq!(over(&found.2), over(&large));
        }
    }
}
