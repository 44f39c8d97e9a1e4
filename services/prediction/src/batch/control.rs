//! A random control sample, mixed with those picked by score: who works through the list sees no difference.
//!
//! The seed is drawn when the batch is asked, before anything is scored, and only its digest is shown. Once it is revealed, everybody
//! can draw again: the sample are the rows whose SHA-256 of `{seed} sample {row}` is smallest, and the list stands in the order of
//! SHA-256 of `{seed} order {row}`.

use std::collections::BTreeSet;

use helder_platform::{
    clock,
    problem::{Problem, Result},
};
use helder_types::Digest;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ranking::Scored;
use crate::wire::{BatchControl, NewControl, WorkItem};

/// A control sample as it is stored, seed and all.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Control {
    picked: u32,
    sample: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sensitive_features: Vec<String>,
    /// 64 hexadecimal digits, 244 random bits.
    seed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revealed: Option<Revealed>,
}

/// Who opened it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Revealed {
    by: String,
    at: String,
}

impl Control {
    /// Draws the seed.
    pub(crate) fn draw(new: NewControl) -> Self {
        let half = || Uuid::new_v4().simple().to_string();
        Self {
            picked: new.picked,
            sample: new.sample,
            sensitive_features: new.sensitive_features,
            seed: half() + &half(),
            revealed: None,
        }
    }

    /// Opens it; who did so first stays.
    pub(crate) fn reveal(&mut self, by: &str) {
        self.revealed.get_or_insert_with(|| Revealed {
            by: by.to_owned(),
            at: clock::now(),
        });
    }

    /// What may be seen of it.
    pub(crate) fn shown(&self) -> BatchControl {
        BatchControl {
            picked: self.picked,
            sample: self.sample,
            sensitive_features: self.sensitive_features.clone(),
            commitment: self.commitment(),
            seed: self.revealed.as_ref().map(|_| self.seed.clone()),
            revealed_by: self.revealed.as_ref().map(|revealed| revealed.by.clone()),
            revealed_at: self.revealed.as_ref().map(|revealed| revealed.at.clone()),
        }
    }

    /// Columns that the result is told by.
    pub(super) fn sensitive_features(&self) -> &[String] {
        &self.sensitive_features
    }

    /// SHA-256 of the seed as it is written.
    pub(super) fn commitment(&self) -> Digest {
        Digest::of(self.seed.as_bytes())
    }

    /// Those with the highest scores and the sample, each once, in random order and with marks.
    ///
    /// * `ranked` – highest score first
    pub(super) fn work_list(&self, ranked: &[Scored]) -> Vec<WorkItem> {
        let rows: Vec<i64> = ranked.iter().map(|scored| scored.row).collect();
        let sampled = self.sampled(&rows);
        let mut listed: Vec<_> = ranked
            .iter()
            .enumerate()
            .map(|(place, scored)| (scored, place < self.picked as usize))
            .filter(|(scored, picked)| *picked || sampled.contains(&scored.row))
            .map(|(scored, picked)| (self.key("order", scored.row), scored, picked))
            .collect();
        listed.sort_unstable_by_key(|(key, scored, _)| (*key, scored.row));
        listed
            .into_iter()
            .zip(1..)
            .map(|((_, scored, picked), number)| WorkItem {
                number,
                row: scored.row,
                pseudonym: scored.pseudonym.map(|digits| format!("{digits:032x}")),
                picked: Some(picked),
                sampled: Some(sampled.contains(&scored.row)),
            })
            .collect()
    }

    /// The rows drawn: all of them when there are no more than were asked.
    fn sampled(&self, rows: &[i64]) -> BTreeSet<i64> {
        let mut keyed: Vec<_> = rows
            .iter()
            .map(|row| (self.key("sample", *row), *row))
            .collect();
        let drawn = keyed.len().min(self.sample as usize);
        if drawn < keyed.len() {
            keyed.select_nth_unstable(drawn);
        }
        keyed[..drawn].iter().map(|(_, row)| *row).collect()
    }

    fn key(&self, what: &str, row: i64) -> [u8; 32] {
        *Digest::of(format!("{} {what} {row}", self.seed).as_bytes()).as_bytes()
    }
}

/// A list as it is stored.
pub(super) fn written(list: &[WorkItem]) -> Result<Vec<u8>> {
    serde_json::to_vec(list).map_err(Problem::internal)
}

/// Items after number `after`, at most `limit`; without marks until the sample is revealed.
///
/// # Errors
/// When the stored list cannot be read.
pub(crate) fn page(
    stored: &[u8],
    (after, limit): (usize, usize),
    control: &BatchControl,
) -> Result<Vec<WorkItem>> {
    let list: Vec<WorkItem> = serde_json::from_slice(stored).map_err(Problem::internal)?;
    let is_open = control.seed.is_some();
    let blind = |item: WorkItem| WorkItem {
        picked: item.picked.filter(|_| is_open),
        sampled: item.sampled.filter(|_| is_open),
        ..item
    };
    Ok(list
        .into_iter()
        .skip(after)
        .take(limit)
        .map(blind)
        .collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn control(seed: &str, sample: u32) -> Control {
        Control {
            picked: 3,
            sample,
            sensitive_features: Vec::new(),
            seed: seed.to_owned(),
            revealed: None,
        }
    }

    #[test]
    fn whoever_knows_the_seed_draws_the_same_with_sha256sum() {
        // for row in 1 2 3 4 5; do printf 'ab sample %d' $row | sha256sum; done: the two smallest are of rows 1 and 5.
        let rows = [1, 2, 3, 4, 5];
        let control = control("ab", 2);
        assert_eq!(control.sampled(&rows), BTreeSet::from([1, 5]));
        assert_eq!(
            control.commitment().hex(),
            "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603"
        );
    }

    #[test]
    fn every_row_has_the_same_chance_whatever_its_place() {
        let rows: Vec<i64> = (1..=20).collect();
        let mut drawn: BTreeMap<i64, u32> = BTreeMap::new();
        let draws = 4_000;
        for seed in 0..draws {
            for row in control(&seed.to_string(), 5).sampled(&rows) {
                *drawn.entry(row).or_default() += 1;
            }
        }
        // Binomial(4 000, 1/4): standard deviation 27; five of them hold for all twenty rows.
        assert_eq!(drawn.len(), 20);
        for (row, times) in drawn {
            assert!(times.abs_diff(1_000) < 5 * 28, "row {row}: {times}");
        }
    }

    #[test]
    fn a_sample_as_large_as_the_file_is_the_file() {
        assert_eq!(control("ab", 9).sampled(&[4, 2]), BTreeSet::from([2, 4]));
        assert!(control("ab", 9).sampled(&[]).is_empty());
    }

    #[test]
    fn every_draw_has_a_seed_of_its_own() {
        let new = NewControl {
            picked: 1,
            sample: 1,
            sensitive_features: Vec::new(),
        };
        let (one, other) = (Control::draw(new.clone()), Control::draw(new));
        assert_eq!(one.seed.len(), 64);
        assert_ne!(one.seed, other.seed);
        assert!(one.shown().seed.is_none());
    }
}
