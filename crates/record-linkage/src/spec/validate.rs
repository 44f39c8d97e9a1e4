//! Checks of a spec against two tables. Finds all faults at once.

use std::collections::BTreeSet;

use helder_types::Fault;

use super::{BlockingRule, ComparisonSpec, LevelSpec, LinkageSpec, MAX_COMPARISONS, MAX_LEVELS};

impl LinkageSpec {
    /// Everything wrong with the spec, given the names of the columns on both sides; empty when it can run. Pointers start at the spec.
    pub fn faults(&self, left: &BTreeSet<String>, right: &BTreeSet<String>) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut column = |pointer: String, name: &str, side: &BTreeSet<String>, which: &str| {
            if !side.contains(name) {
                faults.push(Fault::new(
                    pointer,
                    "unknown-column",
                    format!("the {which} dataset has no such column to link on"),
                ));
            }
        };
        let identifiers = [
            ("deterministic", &self.deterministic),
            ("teaching", &self.teaching),
        ];
        for (field, pairs) in identifiers {
            for (i, pair) in pairs.iter().enumerate() {
                column(format!("/{field}/{i}/left"), &pair.left, left, "left");
                column(format!("/{field}/{i}/right"), &pair.right, right, "right");
            }
        }
        for (i, comparison) in self.comparisons.iter().enumerate() {
            for (field, l, r) in comparison.columns() {
                if let Some(name) = l {
                    column(format!("/comparisons/{i}/{field}"), name, left, "left");
                }
                if let Some(name) = r {
                    column(format!("/comparisons/{i}/{field}"), name, right, "right");
                }
            }
        }
        self.shape_faults(&mut faults);
        faults
    }

    fn shape_faults(&self, faults: &mut Vec<Fault>) {
        if self.comparisons.is_empty() && self.deterministic.is_empty() {
            faults.push(Fault::new(
                "/comparisons",
                "empty",
                "name at least one comparison or one pair of pseudonyms",
            ));
        }
        if self.comparisons.len() > MAX_COMPARISONS {
            faults.push(Fault::new(
                "/comparisons",
                "too-many",
                format!("at most {MAX_COMPARISONS} comparisons"),
            ));
        }
        let mut names = BTreeSet::new();
        for (i, comparison) in self.comparisons.iter().enumerate() {
            if comparison.name().is_empty() || !names.insert(comparison.name()) {
                faults.push(Fault::new(
                    format!("/comparisons/{i}/name"),
                    "not-unique",
                    "give each comparison a name of its own",
                ));
            }
            if let ComparisonSpec::Address {
                postcode: None,
                street: None,
                town: None,
                ..
            } = comparison
            {
                faults.push(Fault::new(
                    format!("/comparisons/{i}"),
                    "incomplete",
                    "an address needs a postcode, a street or a town",
                ));
            }
        }
        for (i, comparison) in self.comparisons.iter().enumerate() {
            let Some(levels) = comparison.composed_levels() else {
                continue;
            };
            let at = format!("/comparisons/{i}/levels");
            if levels.is_empty() || levels.len() > MAX_LEVELS {
                faults.push(Fault::new(
                    &at,
                    "out-of-range",
                    format!("1 to {MAX_LEVELS} levels"),
                ));
            }
            for (j, fault) in levels.iter().map(LevelSpec::fault).enumerate() {
                if let Some(fault) = fault {
                    faults.push(Fault::new(format!("{at}/{j}/when"), "out-of-range", fault));
                }
            }
        }
        if !self.comparisons.is_empty() && self.blocking_rules.is_empty() {
            faults.push(Fault::new(
                "/blockingRules",
                "empty",
                "name at least one blocking rule, or every pair would be compared",
            ));
        }
        self.rule_faults("/blockingRules", &self.blocking_rules, faults);
        self.rule_faults("/trainingRules", &self.training_rules, faults);
        if !(self.threshold > 0.0 && self.threshold < 1.0) {
            faults.push(Fault::new(
                "/threshold",
                "out-of-range",
                "a probability between 0 and 1, both excluded",
            ));
        }
        if !(0.0..=10_000.0).contains(&self.pairs_per_record) {
            faults.push(Fault::new(
                "/pairsPerRecord",
                "out-of-range",
                "between 0 and 10000",
            ));
        }
        for (pointer, value, least, most) in [
            ("/randomPairs", self.random_pairs, 1_000, 100_000_000),
            ("/maxBlockPairs", self.max_block_pairs, 1, 10_000_000_000),
            (
                "/maxTrainingPairs",
                self.max_training_pairs,
                1_000,
                1_000_000_000,
            ),
            ("/maxIterations", u64::from(self.max_iterations), 1, 10_000),
        ] {
            if !(least..=most).contains(&value) {
                faults.push(Fault::new(
                    pointer,
                    "out-of-range",
                    format!("a number from {least} to {most}"),
                ));
            }
        }
    }

    fn rule_faults(&self, pointer: &str, rules: &[BlockingRule], faults: &mut Vec<Fault>) {
        if rules.len() > 32 {
            faults.push(Fault::new(pointer, "too-many", "at most 32 rules"));
        }
        for (i, rule) in rules.iter().enumerate() {
            if rule.keys.is_empty() {
                faults.push(Fault::new(
                    format!("{pointer}/{i}/keys"),
                    "empty",
                    "a rule needs at least one key",
                ));
            }
            for (j, key) in rule.keys.iter().enumerate() {
                let at = format!("{pointer}/{i}/keys/{j}");
                match self
                    .position(&key.comparison)
                    .and_then(|p| self.comparisons.get(p))
                {
                    None => faults.push(Fault::new(
                        format!("{at}/comparison"),
                        "unknown-comparison",
                        "no comparison has this name",
                    )),
                    Some(comparison) if !comparison.keys().contains(&key.key) => {
                        let known: Vec<_> = comparison
                            .keys()
                            .iter()
                            .filter_map(|k| serde_json::to_value(k).ok())
                            .collect();
                        let known: Vec<_> =
                            known.iter().filter_map(serde_json::Value::as_str).collect();
                        faults.push(Fault::new(
                            format!("{at}/key"),
                            "unknown-key",
                            format!("this comparison offers {}", known.join(", ")),
                        ));
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{ColumnPair, KeyFunction};

    #[test]
    fn all_faults_are_named_at_once() {
        let mut spec = LinkageSpec::new(
            vec![
                ComparisonSpec::Date {
                    name: "d".into(),
                    column: ColumnPair::new("born", "geboren"),
                },
                ComparisonSpec::Exact {
                    name: "d".into(),
                    column: ColumnPair::same("x"),
                },
                ComparisonSpec::Address {
                    name: "a".into(),
                    postcode: None,
                    number: None,
                    addition: None,
                    street: None,
                    town: None,
                },
            ],
            vec![
                BlockingRule::new(&[("d", KeyFunction::Town), ("e", KeyFunction::Whole)]),
                BlockingRule::new(&[]),
            ],
        );
        spec.threshold = 1.0;
        spec.random_pairs = 3;
        let columns = |names: &[&str]| {
            names
                .iter()
                .map(ToString::to_string)
                .collect::<BTreeSet<_>>()
        };
        let faults = spec.faults(&columns(&["born"]), &columns(&["x"]));
        let pointers: Vec<_> = faults.iter().map(|f| f.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/comparisons/0/column",
                "/comparisons/1/column",
                "/comparisons/1/name",
                "/comparisons/2",
                "/blockingRules/0/keys/0/key",
                "/blockingRules/0/keys/1/comparison",
                "/blockingRules/1/keys",
                "/threshold",
                "/randomPairs",
            ]
        );
    }

    #[test]
    fn a_spec_survives_its_own_json_and_unknown_fields_are_refused() {
        let spec = LinkageSpec::new(
            vec![ComparisonSpec::Date {
                name: "d".into(),
                column: ColumnPair::same("born"),
            }],
            vec![BlockingRule::new(&[("d", KeyFunction::YearMonth)])],
        );
        let text = serde_json::to_string(&spec).unwrap();
        assert_eq!(serde_json::from_str::<LinkageSpec>(&text).unwrap(), spec);
        assert!(
            serde_json::from_str::<LinkageSpec>(&text.replace("\"seed\"", "\"sead\"")).is_err()
        );
        assert!(
            serde_json::from_str::<LinkageSpec>(&text.replace("\"column\"", "\"kolom\"")).is_err()
        );
    }
}
