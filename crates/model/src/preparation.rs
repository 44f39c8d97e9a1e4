//! What is done to a raw value before anything else: categories that count as one, numbers in another unit, ends that are cut off.

use serde::Serialize;

use crate::{FARTHEST, Input, Meaning, TrainingRange};

/// What turns the raw value of an input into the one that the model works with.
///
/// An input that has it speaks of the raw value in `type`, `unit`, `trainingRange` and, for numbers, `actionable`; of the value that the
/// model works with in `categories`, in `missing`, and so does everything that was fitted.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Preparation {
    /// Raw categories that count as one level.
    Groups {
        /// At least one; no raw category in two.
        groups: Vec<CategoryGroup>,
    },
    /// A number in another unit, or with its ends cut off.
    Conversion(Conversion),
}

/// Raw categories that count as one level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CategoryGroup {
    /// One of the input's categories. It is a raw category too, so that advice can name it.
    pub level: String,
    /// The raw categories, at least one.
    pub members: Vec<String>,
}

/// A linear conversion: the raw number, not below `lowest` and not above `highest`, times `scale`, plus `offset`. It rises.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    /// Unit of the converted number, for instance `euro`; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Converted units per raw unit, from 1e-12 to 1e12.
    pub scale: f64,
    /// Added after scaling, in converted units, from -1e15 to 1e15.
    pub offset: f64,
    /// Raw numbers below it count as this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest: Option<f64>,
    /// Raw numbers above it count as this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highest: Option<f64>,
}

impl Conversion {
    /// The number that the model works with.
    pub fn converted(&self, raw: f64) -> f64 {
        let [lowest, highest] = self.ends();
        raw.max(lowest).min(highest) * self.scale + self.offset
    }

    /// The raw numbers between which something changes.
    pub fn ends(&self) -> [f64; 2] {
        [
            self.lowest.unwrap_or(-FARTHEST),
            self.highest.unwrap_or(FARTHEST),
        ]
    }

    /// The smallest raw number whose converted number is at least `cut`, exact to the last bit: minus infinity when all are, infinity when
    /// none is.
    pub fn raw_cut(&self, cut: f64) -> f64 {
        let [lowest, highest] = self.ends();
        if self.converted(lowest) >= cut {
            return f64::NEG_INFINITY;
        }
        if self.converted(highest) < cut {
            return f64::INFINITY;
        }
        // The conversion never falls, so numbers that reach the cut follow on those that do not.
        let (mut below, mut from) = (order(lowest), order(highest));
        while below.abs_diff(from) > 1 {
            let middle = below.midpoint(from);
            if self.converted(at_order(middle)) >= cut {
                from = middle;
            } else {
                below = middle;
            }
        }
        at_order(from)
    }

    /// The largest raw number whose converted number is at most `cut`: infinity when all are, minus infinity when none is.
    pub fn raw_up_to(&self, cut: f64) -> f64 {
        if cut.is_infinite() {
            return cut;
        }
        let above = self.raw_cut(cut.next_up());
        if above.is_infinite() {
            above
        } else {
            above.next_down()
        }
    }
}

/// The place of a number among all, so that the next number has the next place.
fn order(number: f64) -> i64 {
    let bits = number.to_bits() as i64;
    if bits < 0 { i64::MIN - bits } else { bits }
}

/// The number at a place.
fn at_order(place: i64) -> f64 {
    let bits = if place < 0 { i64::MIN - place } else { place };
    f64::from_bits(bits as u64)
}

impl Input {
    /// How the raw number is converted; `None` where it is not.
    pub const fn conversion(&self) -> Option<&Conversion> {
        match &self.preparation {
            Some(Preparation::Conversion(conversion)) => Some(conversion),
            Some(Preparation::Groups { .. }) | None => None,
        }
    }

    /// Raw categories that count as one level; empty where each is a level.
    pub fn groups(&self) -> &[CategoryGroup] {
        match &self.preparation {
            Some(Preparation::Groups { groups }) => groups,
            Some(Preparation::Conversion(_)) | None => &[],
        }
    }

    /// Every raw category with the position of the level it counts as: the levels themselves first, then what the groups hold besides.
    pub fn raw_categories(&self) -> impl Iterator<Item = (&str, usize)> {
        let place = |level: &str| self.categories.iter().position(|c| c.level == level);
        let levels = self.categories.iter().map(|c| c.level.as_str());
        let groups = self.groups().iter();
        let members = groups.filter_map(move |group| {
            let at = place(&group.level)?;
            let members = group.members.iter().map(String::as_str);
            Some(members.map(move |member| (member, at)))
        });
        let is_level = |(member, at): &(&str, usize)| {
            self.categories.get(*at).is_some_and(|c| c.level == *member)
        };
        let members = members.flatten().filter(move |member| !is_level(member));
        levels.zip(0..).chain(members)
    }

    /// Limits of the number that the model works with, the first not included, the second included, as limits of the raw number.
    pub fn raw_limits(&self, limits: [f64; 2]) -> [f64; 2] {
        let raw = |limit: f64| {
            self.conversion()
                .map_or(limit, |conversion| conversion.raw_up_to(limit))
        };
        limits.map(raw)
    }

    /// Smallest and largest number in training as the model works with them.
    pub fn worked_range(&self) -> Option<TrainingRange> {
        let range = self.training_range?;
        Some(self.conversion().map_or(range, |conversion| TrainingRange {
            minimum: conversion.converted(range.minimum),
            maximum: conversion.converted(range.maximum),
        }))
    }

    /// Unit of the number that the model works with.
    pub fn worked_unit(&self) -> Option<&str> {
        self.conversion()
            .map_or(self.unit.as_deref(), |conversion| {
                conversion.unit.as_deref()
            })
    }
}

impl Preparation {
    /// What is done to the raw value, for a reader.
    pub fn meaning(&self, input: &Input) -> Meaning {
        match self {
            Self::Groups { groups } => {
                let each = groups.iter();
                let said: Vec<String> = each
                    .map(|group| format!("{} = {}", group.level, group.members.join(", ")))
                    .collect();
                let said = said.join("; ");
                Meaning::new(
                    format!("telt samen: {said}"),
                    format!("counts as one: {said}"),
                )
            }
            Self::Conversion(conversion) => {
                let [nl, en] = [true, false].map(|is_dutch| conversion.told(input, is_dutch));
                Meaning::new(nl, en)
            }
        }
    }
}

impl Conversion {
    fn told(&self, input: &Input, is_dutch: bool) -> String {
        let pick = |nl: &'static str, en: &'static str| if is_dutch { nl } else { en };
        let number = |number: f64| {
            let plain = number.to_string();
            if is_dutch {
                plain.replace('.', ",")
            } else {
                plain
            }
        };
        let mut said = Vec::new();
        let raw_unit = input
            .unit
            .as_deref()
            .map_or_else(String::new, |u| format!(" {u}"));
        if let Some(lowest) = self.lowest {
            let below = pick("lager telt als", "lower counts as");
            said.push(format!("{below} {}{raw_unit}", number(lowest)));
        }
        if let Some(highest) = self.highest {
            let above = pick("hoger telt als", "higher counts as");
            said.push(format!("{above} {}{raw_unit}", number(highest)));
        }
        let is_same = (self.scale - 1.0).abs() == 0.0 && self.offset == 0.0;
        if !is_same || self.unit != input.unit {
            let times = format!("× {}", number(self.scale));
            let plus = match self.offset {
                0.0 => String::new(),
                below if below < 0.0 => format!(" − {}", number(-below)),
                above => format!(" + {}", number(above)),
            };
            let unit = self.unit.as_deref().unwrap_or_default();
            let becomes = pick("omgerekend:", "converted:");
            said.push(
                format!("{becomes} {times}{plus} {unit}")
                    .trim_end()
                    .to_owned(),
            );
        }
        said.join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_raw_cut_is_the_first_number_that_reaches_the_cut() {
        let [none, low, high] = [None, Some(-250.0), Some(120_050.0)];
        let mut found = 0;
        for (scale, offset) in [
            (0.01, 0.0),
            (1.0 / 12.0, 0.0),
            (1.8, 32.0),
            (1e-12, -7.0),
            (1e12, 1e15),
        ] {
            for (lowest, highest) in [(none, none), (low, high), (low, none)] {
                let conversion = Conversion {
                    unit: None,
                    scale,
                    offset,
                    lowest,
                    highest,
                };
                for raw in [-3.0, -0.0, 0.0, 0.1, 7.0, 99_999.99, 1e9, 1e-300, 5e-324] {
                    let cut = conversion.converted(raw);
                    let first = conversion.raw_cut(cut);
                    if first.is_infinite() {
                        assert!(conversion.converted(conversion.ends()[0]) >= cut);
                        continue;
                    }
                    found += 1;
                    assert!(first <= raw, "{first} {raw}");
                    assert!(conversion.converted(first) >= cut);
                    let last = conversion.raw_up_to(cut);
                    assert!(last.is_infinite() || conversion.converted(last) <= cut);
                    assert!(last.is_infinite() || conversion.converted(last.next_up()) > cut);
                    assert!(conversion.converted(first.next_down()) < cut);
                }
                assert!(conversion.raw_cut(f64::MAX) == f64::INFINITY);
                assert!(conversion.raw_cut(f64::MIN) == f64::NEG_INFINITY);
            }
        }
        assert!(found > 80, "{found}");
    }
}
