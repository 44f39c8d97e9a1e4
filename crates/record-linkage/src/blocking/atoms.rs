//! What blocking rules ask of the rows, one column per key function: each value is read once, however many rules ask for it.

use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::{
    bound::Bound,
    comparison::Side,
    spec::{BlockingRule, KeyFunction, LinkageSpec},
};

/// Rows per task.
const CHUNK_ROWS: usize = 8192;

/// One key function of one comparison, over all rows of both sides.
pub(crate) struct Atom {
    pub(super) comparison: usize,
    key: KeyFunction,
    sides: [AtomSide; 2],
}

/// Keys of one side; 0 stands for none.
enum AtomSide {
    /// At most one per row.
    One(Vec<u32>),
    /// Several for some rows: those of row `i` lie at `starts[i]..starts[i + 1]`.
    Many { starts: Vec<u32>, values: Vec<u32> },
}

/// Keys are numbers already, or 64-bit hashes of which both halves are kept. Two different values get one key once in 2³² at worst; then a
/// rule holds for a pair more, never for one less.
fn fold(key: u64) -> u32 {
    match (key ^ (key >> 32)) as u32 {
        0 => u32::MAX,
        folded => folded,
    }
}

impl AtomSide {
    fn read(bound: &Bound, comparison: usize, key: KeyFunction, side: Side) -> Self {
        let n = bound.n_rows(side);
        let chunks: Vec<(Vec<u32>, Vec<u32>)> = (0..n.div_ceil(CHUNK_ROWS))
            .into_par_iter()
            .map(|chunk| {
                let rows = chunk * CHUNK_ROWS..((chunk + 1) * CHUNK_ROWS).min(n);
                let (mut ends, mut values, mut found) = (
                    Vec::with_capacity(rows.len()),
                    Vec::with_capacity(rows.len()),
                    Vec::new(),
                );
                for row in rows {
                    found.clear();
                    bound.atom_keys(comparison, side, row, key, &mut found);
                    let start = values.len();
                    for key in found.iter().copied().map(fold) {
                        if !values[start..].contains(&key) {
                            values.push(key);
                        }
                    }
                    ends.push(values.len() as u32);
                }
                (ends, values)
            })
            .collect();
        let one_each = |ends: &[u32]| {
            ends.iter()
                .zip(std::iter::once(&0).chain(ends))
                .all(|(end, start)| end - start <= 1)
        };
        if chunks.iter().all(|(ends, _)| one_each(ends)) {
            let of_chunk = |(ends, values): &(Vec<u32>, Vec<u32>)| {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                ends.iter()
                    .zip(starts)
                    .map(|(end, start)| {
                        if *end > start {
                            values[start as usize]
                        } else {
                            0
                        }
                    })
                    .collect::<Vec<_>>()
            };
            return Self::One(chunks.iter().flat_map(of_chunk).collect());
        }
        let (mut starts, mut values) = (Vec::with_capacity(n + 1), Vec::new());
        starts.push(0);
        for (ends, part) in chunks {
            let base = values.len() as u32;
            starts.extend(ends.iter().map(|end| base + end));
            values.extend(part);
        }
        Self::Many { starts, values }
    }

    /// Reads the keys of these rows without waiting for one after the other; the number means nothing.
    fn touch(&self, rows: &[u32]) -> u64 {
        let of = |row: &u32| match self {
            Self::One(values) => values[*row as usize],
            Self::Many { starts, values } => {
                let start = starts[*row as usize] as usize;
                values.get(start).copied().unwrap_or(0)
            }
        };
        rows.iter().map(|row| u64::from(of(row))).sum()
    }

    #[inline]
    fn of(&self, row: usize) -> &[u32] {
        match self {
            Self::One(values) => {
                let value = &values[row..=row];
                if value[0] == 0 { &[] } else { value }
            }
            Self::Many { starts, values } => {
                &values[starts[row] as usize..starts[row + 1] as usize]
            }
        }
    }
}

/// Atoms that were read, for whoever asks again.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<Arc<Atom>>>);

impl Kept {
    /// The atom, read now unless it was read before.
    fn get(&self, comparison: usize, key: KeyFunction, read: impl FnOnce() -> Atom) -> Arc<Atom> {
        let is_it = |atom: &&Arc<Atom>| atom.comparison == comparison && atom.key == key;
        let known = |kept: &Vec<Arc<Atom>>| kept.iter().find(is_it).cloned();
        // Never locked while it is read: a worker that waits for the others may take up a task that asks here.
        if let Some(atom) = self.0.lock().ok().as_deref().and_then(known) {
            return atom;
        }
        let atom = Arc::new(read());
        if let Ok(mut kept) = self.0.lock() {
            kept.push(Arc::clone(&atom));
        }
        atom
    }
}

impl Atom {
    fn read(bound: &Bound, comparison: usize, key: KeyFunction) -> Self {
        Self {
            comparison,
            key,
            sides: [Side::Left, Side::Right]
                .map(|side| AtomSide::read(bound, comparison, key, side)),
        }
    }

    #[inline]
    pub(super) fn of(&self, side: Side, row: usize) -> &[u32] {
        self.sides[side as usize].of(row)
    }

    /// See [`AtomSide::touch`].
    pub(super) fn touch(&self, side: Side, rows: &[u32]) -> u64 {
        self.sides[side as usize].touch(rows)
    }

    /// Keys that both rows have.
    #[inline]
    pub(super) fn n_common(&self, left: usize, right: usize) -> usize {
        if let [AtomSide::One(l), AtomSide::One(r)] = &self.sides {
            return usize::from(l[left] != 0 && l[left] == r[right]);
        }
        let other = self.sides[1].of(right);
        self.sides[0]
            .of(left)
            .iter()
            .filter(|key| other.contains(key))
            .count()
    }

    /// Strikes out the pairs of these rows that have no key in common; those of the first left row come first.
    pub(super) fn retain_common(&self, lefts: &[u32], rights: &[u32], held: &mut [bool]) {
        let rows = lefts.iter().zip(held.chunks_exact_mut(rights.len().max(1)));
        if let [AtomSide::One(l), AtomSide::One(r)] = &self.sides {
            let keys: Vec<u32> = rights.iter().map(|right| r[*right as usize]).collect();
            for (left, held) in rows {
                let key = l[*left as usize];
                for (held, other) in held.iter_mut().zip(&keys) {
                    *held &= key != 0 && key == *other;
                }
            }
            return;
        }
        for (left, held) in rows {
            for (held, right) in held.iter_mut().zip(rights) {
                *held = *held && self.n_common(*left as usize, *right as usize) > 0;
            }
        }
    }

    /// Calls `found` with the pairs of these rows that have several keys in common, and their place.
    pub(super) fn for_several_common(
        &self,
        lefts: &[u32],
        rights: &[u32],
        mut found: impl FnMut(usize, usize, usize),
    ) {
        if !self.has_many() {
            return;
        }
        let with_several = |side, rows: &[u32]| -> Vec<(usize, usize)> {
            let rows = rows.iter().map(|row| *row as usize).enumerate();
            rows.filter(|(_, row)| self.of(side, *row).len() > 1)
                .collect()
        };
        let several = with_several(Side::Right, rights);
        for (i, left) in with_several(Side::Left, lefts) {
            for (j, right) in &several {
                if self.n_common(left, *right) > 1 {
                    found(i * rights.len() + j, left, *right);
                }
            }
        }
    }

    pub(super) const fn has_many(&self) -> bool {
        !matches!(&self.sides, [AtomSide::One(_), AtomSide::One(_)])
    }
}

/// The atoms of some rules, and which of them each rule asks. A rule that names what the spec does not compare has no places and never holds.
pub(super) fn read(
    bound: &Bound,
    spec: &LinkageSpec,
    rules: &[BlockingRule],
) -> (Vec<Arc<Atom>>, Vec<Option<Vec<usize>>>) {
    let mut atoms: Vec<Arc<Atom>> = Vec::new();
    // What the declared rules ask is asked again: for learning, and for looking for pairs.
    let again = |comparison: usize, key: KeyFunction| {
        let mut keys = spec.blocking_rules.iter().flat_map(|rule| &rule.keys);
        keys.any(|asked| asked.key == key && spec.position(&asked.comparison) == Some(comparison))
    };
    let mut place = |comparison: usize, key: KeyFunction| {
        let known = atoms
            .iter()
            .position(|atom| atom.comparison == comparison && atom.key == key);
        known.unwrap_or_else(|| {
            let read = || Atom::read(bound, comparison, key);
            atoms.push(if again(comparison, key) {
                bound.atoms().get(comparison, key, read)
            } else {
                Arc::new(read())
            });
            atoms.len() - 1
        })
    };
    let places = rules
        .iter()
        .map(|rule| {
            let known: Option<Vec<(usize, KeyFunction)>> = rule
                .keys
                .iter()
                .map(|key| Some((spec.position(&key.comparison)?, key.key)))
                .collect();
            known.filter(|keys| !keys.is_empty()).map(|keys| {
                keys.into_iter()
                    .map(|(comparison, key)| place(comparison, key))
                    .collect()
            })
        })
        .collect();
    (atoms, places)
}
