//! What is done to raw values before anything else.

use std::collections::HashMap;

use super::Check;
use crate::{CategoryGroup, Conversion, FARTHEST, Input, InputType, Preparation};

/// Smallest and largest number of converted units per raw unit.
const SCALES: std::ops::RangeInclusive<f64> = 1e-12..=1e12;
/// Largest that is added.
const FARTHEST_OFFSET: f64 = 1e15;

impl Check {
    pub(super) fn input_preparation(&mut self, at: &str, input: &Input) {
        let at = format!("{at}/preparation");
        match &input.preparation {
            None => {}
            Some(Preparation::Groups { groups }) => {
                self.that(
                    input.kind == InputType::Category,
                    format!("{at}/rule"),
                    "wrong-kind",
                    "only categories are grouped",
                );
                self.groups(&at, input, groups);
            }
            Some(Preparation::Conversion(conversion)) => {
                self.that(
                    matches!(input.kind, InputType::Number | InputType::Integer),
                    format!("{at}/rule"),
                    "wrong-kind",
                    "only numbers are converted",
                );
                self.conversion(&at, conversion);
            }
        }
    }

    fn groups(&mut self, at: &str, input: &Input, groups: &[CategoryGroup]) {
        self.that(
            !groups.is_empty(),
            format!("{at}/groups"),
            "empty-list",
            "at least one group",
        );
        let mut counts_as: HashMap<&str, &str> = input
            .categories
            .iter()
            .map(|known| (known.level.as_str(), known.level.as_str()))
            .collect();
        let known = counts_as.clone();
        let mut seen = HashMap::new();
        for (place, group) in groups.iter().enumerate() {
            let at = format!("{at}/groups/{place}");
            let is_new = seen.insert(group.level.as_str(), place).is_none();
            self.that(
                is_new && known.contains_key(group.level.as_str()),
                format!("{at}/level"),
                "unknown-level",
                "this is one of the categories, once",
            );
            self.that(
                !group.members.is_empty(),
                format!("{at}/members"),
                "empty-list",
                "a group has members",
            );
            for (n, member) in group.members.iter().enumerate() {
                let before = counts_as.insert(member, &group.level);
                let is_own_name =
                    *member == group.level && group.members[..n].iter().all(|m| m != member);
                self.that(
                    !member.is_empty() && (before.is_none() || is_own_name),
                    format!("{at}/members/{n}"),
                    "duplicate-name",
                    "each raw category counts as one level, once",
                );
            }
        }
    }

    fn conversion(&mut self, at: &str, conversion: &Conversion) {
        self.that(
            SCALES.contains(&conversion.scale),
            format!("{at}/scale"),
            "out-of-range",
            "above 0: from 1e-12 to 1e12",
        );
        self.that(
            conversion.offset.abs() <= FARTHEST_OFFSET,
            format!("{at}/offset"),
            "out-of-range",
            "from -1e15 to 1e15",
        );
        for (name, end) in [
            ("lowest", conversion.lowest),
            ("highest", conversion.highest),
        ] {
            self.that(
                end.is_none_or(|end| end.abs() < FARTHEST),
                format!("{at}/{name}"),
                "out-of-range",
                "a number smaller than 1e100",
            );
        }
        if let (Some(lowest), Some(highest)) = (conversion.lowest, conversion.highest) {
            self.that(
                lowest < highest,
                format!("{at}/lowest"),
                "out-of-range",
                "the lowest is below the highest",
            );
        }
    }
}
