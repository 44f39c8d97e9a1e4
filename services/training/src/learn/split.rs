//! Which rows train and which test.

use helder_types::Digest;

use super::{
    LearnError,
    plan::{NewSplit, NewTrainingRun},
    table::{Column, Table},
};

/// Row numbers, ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows to judge on; the same ones when nothing is kept apart.
    pub test: Vec<usize>,
    /// The model is judged on what it learned from.
    pub same: bool,
}

/// Splits the rows by the rule of the plan.
///
/// # Errors
/// [`LearnError::Invalid`] when the rule does not fit the column, or leaves one side empty.
pub(super) fn split(table: &Table, plan: &NewTrainingRun) -> Result<Rows, LearnError> {
    let all = 0..table.n_rows();
    let is_test: Vec<bool> = match &plan.split {
        NewSplit::None => {
            let rows: Vec<usize> = all.collect();
            return Ok(Rows {
                train: rows.clone(),
                test: rows,
                same: true,
            });
        }
        NewSplit::Random {
            test_share,
            group: None,
        } => all
            .map(|row| drawn(plan.seed, &(row as u64).to_le_bytes(), *test_share))
            .collect(),
        NewSplit::Random {
            test_share,
            group: Some(group),
        } => {
            let values = known(table, group, "/split/group")?;
            values
                .iter()
                .map(|value| drawn(plan.seed, value.as_bytes(), *test_share))
                .collect()
        }
        NewSplit::Column { column, value } => known(table, column, "/split/column")?
            .into_iter()
            .map(|found| found == *value)
            .collect(),
        NewSplit::Time { test_from } => {
            let Column::Date(days) = table.column(super::plan::REFERENCE_DATE)? else {
                return Err(LearnError::fault(
                    "/split",
                    "wrong-kind",
                    "`reference_date` of this frame is no date",
                ));
            };
            let from = test_from
                .since(jiff::civil::date(1970, 1, 1))
                .map_err(LearnError::internal)?
                .get_days();
            let days: Option<Vec<i32>> = days.iter().copied().collect();
            let missing = || {
                LearnError::fault(
                    "/split",
                    "missing-value",
                    "`reference_date` is missing in some rows",
                )
            };
            days.ok_or_else(missing)?
                .into_iter()
                .map(|day| day >= from)
                .collect()
        }
    };
    let (test, train): (Vec<usize>, Vec<usize>) =
        (0..table.n_rows()).partition(|&row| is_test[row]);
    if test.is_empty() || train.is_empty() {
        let detail =
            "the rule puts all rows on one side: nothing is left to learn from, or to judge on";
        return Err(LearnError::fault("/split", "one-sided-split", detail));
    }
    Ok(Rows {
        train,
        test,
        same: false,
    })
}

/// Texts of a column without gaps.
pub(super) fn known(table: &Table, name: &str, pointer: &str) -> Result<Vec<String>, LearnError> {
    let texts = table.column(name)?.texts().ok_or_else(|| {
        LearnError::fault(
            pointer,
            "wrong-kind",
            format!("`{name}` has decimals: take a text, boolean or whole number"),
        )
    })?;
    let all: Option<Vec<String>> = texts.into_iter().collect();
    all.ok_or_else(|| {
        LearnError::fault(
            pointer,
            "missing-value",
            format!("`{name}` is missing in some rows"),
        )
    })
}

/// Whether the unit `name` falls on the test side: the first 64 bits of a hash, as a share of their range.
fn drawn(seed: u32, name: &[u8], share: f64) -> bool {
    let mut bytes = b"helder-split/1".to_vec();
    bytes.extend(seed.to_le_bytes());
    bytes.extend(name);
    let digest = Digest::of(&bytes);
    let head: [u8; 8] = std::array::from_fn(|place| digest.as_bytes()[place]);
    ((u64::from_le_bytes(head) >> 11) as f64 / (1_u64 << 53) as f64) < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_keeps_its_share_and_depends_on_the_seed_only() {
        let count = |seed| {
            (0..20_000_u64)
                .filter(|row| drawn(seed, &row.to_le_bytes(), 0.3))
                .count()
        };
        assert!((5_800..6_200).contains(&count(7)));
        assert_eq!(count(7), count(7));
        assert_ne!(count(7), count(8));
    }
}
