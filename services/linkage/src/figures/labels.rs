//! Labels, and links judged by them.

use std::collections::{BTreeSet, HashMap, HashSet};

use helder_platform::problem::{Problem, Result};
use helder_record_linkage::RunResult;

use super::{Sides, share};
use crate::{
    parts::Records,
    versions::Labels,
    wire::{Measured, MeasuredAtThreshold},
};

/// More true pairs than this are not judged: the labels are then no labels of persons.
const MOST_PAIRS: u64 = 20_000_000;

/// What labels say, by places in the tables.
pub(crate) enum Truths {
    /// A number per row; rows with one number are one person, 0 is unknown.
    Persons {
        /// Of left rows.
        left: Vec<u32>,
        /// Of right rows.
        right: Vec<u32>,
        /// Whether both are one table.
        is_within: bool,
    },
    /// Labelled pairs.
    Pairs {
        /// The true ones.
        same: HashSet<(u32, u32)>,
        /// The others that were looked at; `None` when every pair that is not listed is wrong.
        different: Option<HashSet<(u32, u32)>>,
        /// Rows of either side.
        rows: [usize; 2],
    },
}

/// Links judged.
pub(super) struct Judged {
    /// Per link of the run whether it is true, where the labels know.
    pub(super) links: Vec<Option<bool>>,
    /// True pairs, each with whether it is linked.
    pub(super) pairs: Vec<(u32, u32, bool)>,
}

impl Truths {
    /// Equal values of a column on either side.
    ///
    /// # Errors
    /// 500 when a table lacks its column.
    pub(crate) fn of_columns(sides: Sides<'_>, left: &str, right: &str) -> Result<Self> {
        let column = |records: &Records, name: &str| {
            let column = records.table.column(name);
            column
                .cloned()
                .ok_or_else(|| Problem::internal("a label column was not read"))
        };
        let (l, r) = (column(sides.left, left)?, column(sides.right, right)?);
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        for code in 1..=l.n_distinct() as u32 {
            if let Some(text) = l.text(code) {
                numbers.insert(text, code);
            }
        }
        let mut next = l.n_distinct() as u32;
        let of_right: Vec<u32> = (0..=r.n_distinct() as u32)
            .map(|code| match r.text(code) {
                None => 0,
                Some(text) => numbers.get(text).copied().unwrap_or_else(|| {
                    next += 1;
                    next
                }),
            })
            .collect();
        Ok(Self::Persons {
            left: l.codes().to_vec(),
            right: r
                .codes()
                .iter()
                .map(|code| of_right[*code as usize])
                .collect(),
            is_within: sides.is_within,
        })
    }

    /// Pairs of row numbers in a table of labels. A pair of rows that were not accepted counts for nothing.
    ///
    /// # Errors
    /// 409 `labels-unreadable` when a row number is none.
    pub(crate) fn of_pairs(sides: Sides<'_>, table: &Records, labels: &Labels) -> Result<Self> {
        let Labels::Pairs {
            left, right, same, ..
        } = labels
        else {
            return Err(Problem::internal("labels are columns"));
        };
        let unreadable = || {
            Problem::conflict(
                "labels-unreadable",
                "a row number in the version with labels is no whole number",
            )
        };
        let column = |name: &str| {
            let column = table.table.column(name);
            column.ok_or_else(|| Problem::internal("a label column was not read"))
        };
        let (l, r) = (column(left)?, column(right)?);
        let said = same.as_deref().map(column).transpose()?;
        let (mut yes, mut no) = (HashSet::new(), HashSet::new());
        for place in 0..table.rows.len() {
            let row = |column: &helder_record_linkage::Column| {
                let text = column.text(column.codes()[place]).ok_or_else(unreadable)?;
                text.parse::<i64>().map_err(|_| unreadable())
            };
            let (Some(a), Some(b)) = (sides.left.place(row(l)?), sides.right.place(row(r)?)) else {
                continue;
            };
            let (a, b) = (a as u32, b as u32);
            if sides.is_within && a == b {
                continue;
            }
            let pair = if sides.is_within {
                (a.min(b), a.max(b))
            } else {
                (a, b)
            };
            let is_same =
                said.is_none_or(|column| column.text(column.codes()[place]).is_some_and(is_yes));
            if is_same {
                yes.insert(pair)
            } else {
                no.insert(pair)
            };
        }
        Ok(Self::Pairs {
            same: yes,
            different: said.map(|_| no),
            rows: [sides.left.rows.len(), sides.right.rows.len()],
        })
    }

    /// Whether two rows are one person, where it is known.
    fn says(&self, left: u32, right: u32) -> Option<bool> {
        match self {
            Self::Persons {
                left: l, right: r, ..
            } => {
                let (a, b) = (l[left as usize], r[right as usize]);
                (a != 0 && b != 0).then_some(a == b)
            }
            Self::Pairs {
                same, different, ..
            } => {
                if same.contains(&(left, right)) {
                    return Some(true);
                }
                match different {
                    None => Some(false),
                    Some(different) => different.contains(&(left, right)).then_some(false),
                }
            }
        }
    }

    /// All true pairs, sorted.
    fn pairs(&self) -> Result<Vec<(u32, u32)>> {
        let mut pairs: Vec<(u32, u32)> = match self {
            Self::Pairs { same, .. } => same.iter().copied().collect(),
            Self::Persons {
                left,
                right,
                is_within,
            } => {
                let mut rows: HashMap<u32, Vec<u32>> = HashMap::new();
                for (row, person) in left.iter().enumerate().filter(|(_, person)| **person != 0) {
                    rows.entry(*person).or_default().push(row as u32);
                }
                let partners = |person: &u32| rows.get(person).map_or(&[][..], Vec::as_slice);
                let n: u64 = right
                    .iter()
                    .map(|person| partners(person).len() as u64)
                    .sum();
                if n > MOST_PAIRS {
                    let detail = format!(
                        "equal labels make {n} pairs, more than {MOST_PAIRS}; they cannot be labels of persons"
                    );
                    return Err(Problem::conflict("labels-too-common", detail));
                }
                let all = right.iter().enumerate().flat_map(|(row, person)| {
                    partners(person).iter().map(move |left| (*left, row as u32))
                });
                all.filter(|(left, right)| !is_within || left < right)
                    .collect()
            }
        };
        pairs.sort_unstable();
        Ok(pairs)
    }

    /// Judges the links of a run.
    ///
    /// # Errors
    /// 409 `labels-too-common`.
    pub(super) fn judge(&self, found: &RunResult) -> Result<Judged> {
        let linked: HashSet<(u32, u32)> = found
            .links
            .iter()
            .map(|link| (link.left, link.right))
            .collect();
        let pairs = self.pairs()?.into_iter();
        Ok(Judged {
            links: found
                .links
                .iter()
                .map(|link| self.says(link.left, link.right))
                .collect(),
            pairs: pairs
                .map(|(l, r)| (l, r, linked.contains(&(l, r))))
                .collect(),
        })
    }

    /// Rows that no label says anything about.
    pub(super) fn rows_without_label(&self) -> [u64; 2] {
        match self {
            Self::Persons { left, right, .. } => {
                [left, right].map(|side| side.iter().filter(|person| **person == 0).count() as u64)
            }
            Self::Pairs {
                different: None, ..
            } => [0, 0],
            Self::Pairs {
                same,
                different,
                rows,
            } => {
                let all = || same.iter().chain(different.iter().flatten());
                let left: BTreeSet<u32> = all().map(|pair| pair.0).collect();
                let right: BTreeSet<u32> = all().map(|pair| pair.1).collect();
                [
                    (rows[0] - left.len()) as u64,
                    (rows[1] - right.len()) as u64,
                ]
            }
        }
    }
}

impl Judged {
    /// Precision and recall from the threshold of the run on.
    pub(super) fn measured(
        &self,
        found: &RunResult,
        threshold: f64,
        rows_without_label: [u64; 2],
    ) -> Measured {
        let foretold = found.quality.thresholds.iter().map(|at| at.threshold);
        let mut thresholds: Vec<f64> = foretold.filter(|known| *known > threshold).collect();
        thresholds.insert(0, threshold);
        let true_pairs = self.pairs.len() as u64;
        let at = |threshold: f64| {
            let above = found
                .links
                .iter()
                .zip(&self.links)
                .filter(|(link, _)| link.match_probability >= threshold);
            let said: Vec<bool> = above.filter_map(|(_, said)| *said).collect();
            let right = said.iter().filter(|said| **said).count() as u64;
            MeasuredAtThreshold {
                threshold,
                precision: share(right, said.len() as u64),
                recall: share(right, true_pairs),
            }
        };
        Measured {
            judged_links: self.links.iter().flatten().count() as u64,
            true_pairs,
            thresholds: thresholds.into_iter().map(at).collect(),
            rows_without_label,
        }
    }
}

fn is_yes(text: &str) -> bool {
    matches!(
        text.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "t" | "ja" | "j" | "yes" | "y" | "waar"
    )
}
