//! What a plan says to do to raw values before anything else.

use std::collections::{BTreeMap, BTreeSet};

use helder_platform::body::pointer_token;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AlgorithmName, Feature, NewTrainingRun};
use crate::learn::{preparation::OTHER, prepare::MISSING};

/// Smallest and largest number of converted units per raw unit.
const SCALES: std::ops::RangeInclusive<f64> = 1e-12..=1e12;
/// Largest number that is added.
const FARTHEST_OFFSET: f64 = 1e15;
/// Farthest end.
const FARTHEST_END: f64 = 1e100;
/// Most groups of a feature, and most categories in one.
const MOST_GROUPS: usize = 200;
const MOST_MEMBERS: usize = 1_000;
/// Largest share that is cut off at an end.
const LARGEST_SHARE: f64 = 0.25;

/// A number in another unit, or with its ends cut off: (the number, not below `lowest` and not above `highest`) × `scale` + `offset`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewConversion {
    /// Unit after conversion, for instance `euro`; that of the feature where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 40)]
    pub unit: Option<String>,
    /// Converted units per unit of the column, for instance 0.01 from eurocent to euro; above 0.
    #[serde(default = "one")]
    #[schema(default = 1.0, minimum = 1e-12, maximum = 1e12)]
    pub scale: f64,
    /// Added after that, in converted units.
    #[serde(default)]
    #[schema(default = 0.0, minimum = -1e15, maximum = 1e15)]
    pub offset: f64,
    /// Lower numbers count as this one; in the unit of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<f64>,
    /// Higher numbers count as this one; in the unit of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<f64>,
    /// Learns `lowest` and `highest` (winsorising): the numbers below and above which at most this share of the rows learned from lies.
    /// Absent where the ends are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(exclusive_minimum = 0.0, maximum = 0.25)]
    pub cut_off_share: Option<f64>,
}

const fn one() -> f64 {
    1.0
}

impl Feature {
    /// Whether raw values are prepared.
    pub(crate) fn is_prepared(&self) -> bool {
        !self.groups.is_empty() || self.least_rows.is_some() || self.conversion.is_some()
    }

    fn preparation_faults(&self, at: &str, fault: &mut impl FnMut(String, &str, &str)) {
        if self.conversion.is_some() && (!self.groups.is_empty() || self.least_rows.is_some()) {
            let detail = "numbers are converted and categories grouped: no feature is both";
            fault(format!("{at}/conversion"), "wrong-kind", detail);
        }
        if self
            .least_rows
            .is_some_and(|least| !(2..=1_000_000).contains(&least))
        {
            fault(
                format!("{at}/leastRows"),
                "out-of-range",
                "from 2 to 1,000,000 rows",
            );
        }
        if let Some(conversion) = &self.conversion {
            let at = format!("{at}/conversion");
            let is_same = (conversion.scale - 1.0).abs() == 0.0 && conversion.offset == 0.0;
            if !is_same && self.unit.is_some() && conversion.unit.is_none() {
                fault(
                    format!("{at}/unit"),
                    "missing",
                    "name the unit after conversion",
                );
            }
            conversion.faults(&at, fault);
        }
        let at = format!("{at}/groups");
        group_faults(&at, &self.groups, fault);
        let elsewhere = |(name, members): (&String, &Vec<String>)| {
            name != OTHER && members.iter().any(|member| member == OTHER)
        };
        if self.least_rows.is_some() && self.groups.iter().any(elsewhere) {
            let detail =
                "what few rows have counts as `other`: that category cannot be in another group";
            fault(at, "group-clashes", detail);
        }
    }
}

fn group_faults(
    at: &str,
    groups: &BTreeMap<String, Vec<String>>,
    fault: &mut impl FnMut(String, &str, &str),
) {
    if groups.len() > MOST_GROUPS {
        fault(at.to_owned(), "items", "give at most 200 groups");
    }
    let mut seen = BTreeSet::new();
    for (name, members) in groups {
        let at = format!("{at}/{}", pointer_token(name));
        if name.trim().is_empty() || name.chars().count() > 100 || name == MISSING {
            let detail = "name each group in 1 to 100 characters, other than (missing)";
            fault(at.clone(), "length", detail);
        }
        if members.is_empty() || members.len() > MOST_MEMBERS {
            fault(at.clone(), "items", "a group has 1 to 1,000 categories");
        }
        for (n, member) in members.iter().enumerate() {
            let at = format!("{at}/{n}");
            if member.is_empty() || member == MISSING {
                let detail = "a missing value has its own rule: name categories";
                fault(at.clone(), "wrong-kind", detail);
            }
            if !seen.insert(member) {
                fault(at.clone(), "repeated", "each category in one group, once");
            }
            if member != name && groups.contains_key(member) {
                fault(at, "repeated", "this is the name of another group");
            }
        }
    }
}

impl NewConversion {
    fn faults(&self, at: &str, fault: &mut impl FnMut(String, &str, &str)) {
        let mut within = |key: &str, holds: bool, detail: &str| {
            if !holds {
                fault(format!("{at}/{key}"), "out-of-range", detail);
            }
        };
        within(
            "scale",
            SCALES.contains(&self.scale),
            "above 0: from 1e-12 to 1e12",
        );
        let is_near = self.offset.abs() <= FARTHEST_OFFSET;
        within("offset", is_near, "from -1e15 to 1e15");
        for (key, end) in [("lowest", self.lowest), ("highest", self.highest)] {
            let is_number = end.is_none_or(|end| end.abs() < FARTHEST_END);
            within(key, is_number, "a number smaller than 1e100");
        }
        if let (Some(lowest), Some(highest)) = (self.lowest, self.highest) {
            within(
                "lowest",
                lowest < highest,
                "the lowest is below the highest",
            );
        }
        if let Some(share) = self.cut_off_share {
            let is_share = share > 0.0 && share <= LARGEST_SHARE;
            within("cutOffShare", is_share, "above 0 and at most 0.25");
            if self.lowest.is_some() || self.highest.is_some() {
                let detail = "the ends are given or learned, not both";
                fault(format!("{at}/cutOffShare"), "wrong-kind", detail);
            }
        }
    }
}

impl NewTrainingRun {
    /// Faults of what is done to raw values.
    pub(super) fn preparation(&self, fault: &mut impl FnMut(String, &str, &str)) {
        for (n, feature) in self.features.iter().enumerate() {
            let at = format!("/features/{n}");
            feature.preparation_faults(&at, fault);
            if self.privacy.is_some() && feature.is_prepared() {
                let detail = "a private model takes values as they are: group and convert in the frame's query";
                fault(at.clone(), "wrong-kind", detail);
            }
            let is_grouped = !feature.groups.is_empty() || feature.least_rows.is_some();
            let takes_numbers = matches!(
                self.algorithm,
                AlgorithmName::KMeans | AlgorithmName::GaussianMixture
            );
            if is_grouped && takes_numbers {
                let detail = "this algorithm takes numbers: no categories to group";
                fault(at, "wrong-kind", detail);
            }
        }
        if self.offset.as_ref().is_some_and(Feature::is_prepared) {
            let detail = "a known part of the score counts as it is";
            fault("/offset".to_owned(), "wrong-kind", detail);
        }
    }
}
