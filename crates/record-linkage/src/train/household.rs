//! What is assumed of members of one household before anything is learned.

use crate::{comparison::HARDLY_TRUE, em::BlockShares, spec::ComparisonSpec};

pub(super) fn is_address(comparison: &ComparisonSpec) -> bool {
    matches!(comparison, ComparisonSpec::Address { .. })
}

/// Starting distribution of a comparison among records of one person. Whether a column that nobody explained follows from the person is not
/// known: a number that each file gave its rows anew differs in all true pairs, and taken for a sign it would give them to another class
/// before anything is learned. So there EM starts halfway between a sign and nothing at all.
pub(super) fn match_start(comparison: &ComparisonSpec, start: &[f64], u: &[f64]) -> Vec<f64> {
    let share_of_start = match comparison {
        ComparisonSpec::Text { .. }
        | ComparisonSpec::Exact { .. }
        | ComparisonSpec::Number { .. }
        | ComparisonSpec::FreeText { .. }
        | ComparisonSpec::List { .. }
        | ComparisonSpec::Composed { .. } => 0.5,
        _ => 1.0,
    };
    start
        .iter()
        .zip(u)
        .map(|(start, u)| share_of_start * start + (1.0 - share_of_start) * u)
        .collect()
}

/// Starting distribution of a comparison among members of one household.
pub(super) fn household_start(comparison: &ComparisonSpec, m: &[f64], u: &[f64]) -> Vec<f64> {
    let share_of_m = match comparison {
        ComparisonSpec::Address { .. } => 1.0,
        ComparisonSpec::Surname { .. } | ComparisonSpec::SurnamePrefix { .. } => 0.6,
        ComparisonSpec::GivenNames { .. } => 0.05,
        ComparisonSpec::Date { .. } => 0.01,
        ComparisonSpec::Sex { .. } | ComparisonSpec::Bsn { .. } => 0.0,
        // A phone at home may be everybody's.
        ComparisonSpec::Phone { .. } => 0.5,
        ComparisonSpec::Text { .. }
        | ComparisonSpec::Exact { .. }
        | ComparisonSpec::Email { .. }
        | ComparisonSpec::Number { .. }
        | ComparisonSpec::FreeText { .. }
        | ComparisonSpec::List { .. }
        | ComparisonSpec::Composed { .. } => 0.3,
    };
    m.iter()
        .zip(u)
        .map(|(m, u)| share_of_m * m + (1.0 - share_of_m) * u)
        .collect()
}

/// Few members of a household share a given name, fewer a birth date: without this a class of "relatives" could take over true pairs
/// whose birth date was typed wrong.
pub(super) fn household_cap(comparison: &ComparisonSpec) -> Option<(usize, f64)> {
    match comparison {
        ComparisonSpec::GivenNames { .. } => Some((5, 0.10)),
        ComparisonSpec::Date { .. } => Some((1, 0.05)),
        _ => None,
    }
}

/// Two records of one person rarely differ in year, month and day at once: errors are made by the keystroke. What EM cannot tell from
/// one name and one address is which of father and son it sees, so it is told.
pub(super) fn match_cap(comparison: &ComparisonSpec) -> Option<(usize, f64)> {
    match comparison {
        ComparisonSpec::Date { .. } => Some((HARDLY_TRUE, 0.02)),
        _ => None,
    }
}

/// Household pairs per true pair, from the block that selects on the address.
pub(super) fn household_ratio(
    blocks: &[BlockShares],
    is_household: impl Iterator<Item = bool>,
) -> Option<f64> {
    blocks
        .iter()
        .zip(is_household)
        .find(|(_, household)| *household)
        .map(|(block, _)| (block.household / block.matches).clamp(1e-6, 50.0))
}
