//! One rule as a sort-merge join: rows with one key lie together, block after block.

use std::ops::Range;

use rayon::prelude::*;

use super::RuleCount;

/// Pairs per task; fixed, so that nothing depends on the number of threads.
pub(crate) const TASK_PAIRS: u64 = 1 << 16;

/// Rows of one side under a rule, sorted by key and row.
pub(super) fn sorted(mut keyed: Vec<(u64, u32)>) -> Vec<(u64, u32)> {
    keyed.par_sort_unstable();
    keyed
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
    /// Merges two sorted lists. Blocks over the cap are left out and noted in `large`.
    pub(super) fn merge(
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
