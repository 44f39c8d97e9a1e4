//! The values of one subject, each set by the rules of the model.

use std::fmt;

use helder_model::{Row, Scorer, Value, ValueFault};
use helder_platform::body::pointer_token;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Reader, text::Key};

/// The values of one subject.
pub(super) struct Values<'r, 'a, 's, 'w> {
    pub(super) reader: &'r mut Reader<'a, 's>,
    pub(super) place: usize,
    pub(super) row: &'w mut Row,
}

impl Values<'_, '_, '_, '_> {
    fn wrong(self) {
        self.reader.fault(
            format!("/subjects/{}/values", self.place),
            "wrong-type",
            "an object is wanted here",
        );
    }
}

impl<'de> DeserializeSeed<'de> for Values<'_, 'de, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_, 'de, '_, '_> {
    type Value = ();
    wants!("an object");
    wrong_unless!(map);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reader, place, row } = self;
        let scorer = reader.scorer;
        let mut expected = 0;
        // Inputs whose value was refused: they are neither missing nor free to be named again.
        let mut refused: Vec<usize> = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            let pointer = || format!("/subjects/{place}/values/{}", pointer_token(&key));
            let Some(input) = scorer.position(&key, expected) else {
                map.next_value::<IgnoredAny>()?;
                reader.fault(
                    pointer(),
                    ValueFault::UnknownInput.code(),
                    ValueFault::UnknownInput.to_string(),
                );
                continue;
            };
            expected = input + 1;
            if row.is_set(input) || refused.contains(&input) {
                map.next_value::<IgnoredAny>()?;
                reader.fault(
                    pointer(),
                    "duplicate-key",
                    "this key stands twice in its object",
                );
                continue;
            }
            if let Err(fault) = map.next_value_seed(Scalar { scorer, row, input })? {
                refused.push(input);
                reader.fault(pointer(), fault.code(), fault.to_string());
            }
        }
        for (input, known) in scorer.inputs().iter().enumerate() {
            if !row.is_set(input) && !refused.contains(&input) {
                let pointer = format!("/subjects/{place}/values/{}", pointer_token(&known.name));
                reader.fault(
                    pointer,
                    "missing-input",
                    "the model asks this input; send null when it is not known",
                );
            }
        }
        Ok(())
    }
}

/// One value, set by the rules of the model.
struct Scalar<'s, 'w> {
    scorer: &'s Scorer,
    row: &'w mut Row,
    input: usize,
}

impl Scalar<'_, '_> {
    fn set(self, value: Value<'_>) -> Result<(), ValueFault> {
        self.scorer.set(self.row, self.input, value)
    }

    /// The fault of a value of a type no input has.
    fn no_scalar(self) -> Result<(), ValueFault> {
        // Not a number is refused by every type, with the words of that type.
        self.set(Value::Number(f64::NAN))
    }
}

impl<'de> DeserializeSeed<'de> for Scalar<'_, '_> {
    type Value = Result<(), ValueFault>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar<'_, '_> {
    type Value = Result<(), ValueFault>;
    wants!("a value");

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.set(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.set(Value::Boolean(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(self.set(Value::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.set(i64::try_from(value).map_or(Value::Number(value as f64), Value::Integer)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.set(Value::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(self.set(Value::Text(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(self.no_scalar())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(self.no_scalar())
    }
}
