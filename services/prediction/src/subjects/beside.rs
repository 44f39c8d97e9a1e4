//! What is asked beside the predictions.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{Reader, text::Key};
use crate::wire::CounterfactualGoal;

/// Where the answers should go.
pub(super) struct Goal<'r, 'a, 's>(pub(super) &'r mut Reader<'a, 's>);

impl Goal<'_, '_, '_> {
    fn wrong(self) {
        self.0
            .fault("/counterfactual", "wrong-type", "an object is wanted here");
    }
}

impl<'de> DeserializeSeed<'de> for Goal<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Goal<'_, 'de, '_> {
    type Value = ();
    wants!("an object");
    wrong_unless!(map);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut goal = CounterfactualGoal {
            at_most: None,
            at_least: None,
            most_changes: None,
        };
        let mut seen = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let pointer = format!("/counterfactual/{key}");
            let known = ["atMost", "atLeast", "mostChanges"].contains(&&*key);
            if !known {
                reader.unknown("/counterfactual", &key);
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if seen.contains(&key) {
                let detail = "this key stands twice in its object";
                reader.fault(pointer, "duplicate-key", detail);
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Value = map.next_value()?;
            let number = value.as_f64().filter(|number| number.is_finite());
            match &*key {
                "mostChanges" => {
                    goal.most_changes = value.as_u64().and_then(|n| u32::try_from(n).ok());
                    if goal.most_changes.is_none() {
                        let detail = "a whole number from 1 to 10 is wanted here";
                        reader.fault(pointer, "wrong-type", detail);
                    }
                }
                _ if number.is_none() => {
                    reader.fault(pointer, "wrong-type", "a finite number is wanted here");
                }
                "atMost" => goal.at_most = number,
                _ => goal.at_least = number,
            }
            seen.push(key);
        }
        reader.extras.counterfactual = Some(goal);
        Ok(())
    }
}

/// Whether similar cases are asked, or the curve: whatever the key says.
pub(super) struct Switch<'r, 'a, 's, 'k>(pub(super) &'r mut Reader<'a, 's>, pub(super) &'k str);

impl<'de> DeserializeSeed<'de> for Switch<'_, 'de, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match <Value as serde::Deserialize>::deserialize(deserializer)? {
            Value::Bool(asked) if self.1 == "similarCases" => {
                self.0.extras.similar_cases = asked;
            }
            Value::Bool(asked) => self.0.extras.survival_curve = asked,
            _ => self.0.fault(
                format!("/{}", self.1),
                "wrong-type",
                "true or false is wanted here",
            ),
        }
        Ok(())
    }
}
