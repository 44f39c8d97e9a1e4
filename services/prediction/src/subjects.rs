//! Reads the body of a prediction request straight into rows: no tree of values is built, every fault is named, no value is
//! ever repeated.

use std::{borrow::Cow, fmt};

use helder_model::{Row, Scorer, Value, ValueFault};
use helder_platform::body::pointer_token;
use helder_types::Fault;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Most subjects in one request; more is a batch.
pub const MAX_SUBJECTS: usize = 1_000;
/// Most faults named in one answer.
const MAX_FAULTS: usize = 200;
/// Longest id of a subject, bytes.
const MAX_ID: usize = 200;

/// A subject, ready to be scored.
#[derive(Debug)]
pub struct Subject<'a> {
    /// As the caller names it.
    pub id: Option<Cow<'a, str>>,
    /// Its values.
    pub row: Row,
}

/// Reads `{"subjects": [{"id"?, "values": {…}}]}`.
///
/// # Errors
/// Every fault, with pointers.
pub fn read<'a>(bytes: &'a [u8], scorer: &Scorer) -> Result<Vec<Subject<'a>>, Vec<Fault>> {
    let mut reader = Reader {
        scorer,
        faults: Vec::new(),
        subjects: Vec::new(),
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let outcome = Body(&mut reader)
        .deserialize(&mut json)
        .and_then(|()| json.end());
    if let Err(error) = outcome {
        let detail = format!(
            "the body is not the JSON this asks, line {}, column {}",
            error.line(),
            error.column()
        );
        return Err(vec![Fault::new("", "not-json", detail)]);
    }
    if reader.faults.is_empty() {
        Ok(reader.subjects)
    } else {
        Err(reader.faults)
    }
}

struct Reader<'a, 's> {
    scorer: &'s Scorer,
    faults: Vec<Fault>,
    subjects: Vec<Subject<'a>>,
}

impl Reader<'_, '_> {
    fn fault(&mut self, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(Fault::new(pointer, code, detail));
        }
    }

    fn unknown(&mut self, pointer: &str, key: &str) {
        self.fault(
            format!("{pointer}/{}", pointer_token(key)),
            "unknown-field",
            "this field does not exist here",
        );
    }
}

macro_rules! wants {
    ($what:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($what)
        }
    };
}

/// What stands somewhere, when it is not what was wanted: read over, so that the rest is still checked.
macro_rules! wrong_unless {
    (list) => { wrong_unless!(@scalars); wrong_unless!(@map); };
    (map) => { wrong_unless!(@scalars); wrong_unless!(@list); };
    (@scalars) => {
        fn visit_unit<E>(self) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_bool<E>(self, _: bool) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_i64<E>(self, _: i64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_u64<E>(self, _: u64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_f64<E>(self, _: f64) -> Result<(), E> { self.wrong(); Ok(()) }
        fn visit_str<E>(self, _: &str) -> Result<(), E> { self.wrong(); Ok(()) }
    };
    (@list) => {
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            self.wrong();
            Ok(())
        }
    };
    (@map) => {
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            self.wrong();
            Ok(())
        }
    };
}

struct Body<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl Body<'_, '_, '_> {
    fn wrong(self) {
        self.0.fault("", "wrong-type", "an object is wanted here");
    }
}

impl<'de> DeserializeSeed<'de> for Body<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Body<'_, 'de, '_> {
    type Value = ();
    wants!("an object");
    wrong_unless!(map);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = false;
        while let Some(Key(key)) = map.next_key()? {
            if key != "subjects" {
                self.0.unknown("", &key);
                map.next_value::<IgnoredAny>()?;
            } else if seen {
                self.0.fault(
                    "/subjects",
                    "duplicate-key",
                    "this key stands twice in its object",
                );
                map.next_value::<IgnoredAny>()?;
            } else {
                seen = true;
                map.next_value_seed(Subjects(self.0))?;
            }
        }
        if !seen {
            self.0
                .fault("/subjects", "missing-field", "this field is required");
        }
        Ok(())
    }
}

struct Subjects<'r, 'a, 's>(&'r mut Reader<'a, 's>);

impl Subjects<'_, '_, '_> {
    fn wrong(self) {
        self.0
            .fault("/subjects", "wrong-type", "a list is wanted here");
    }
}

impl<'de> DeserializeSeed<'de> for Subjects<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Subjects<'_, 'de, '_> {
    type Value = ();
    wants!("a list");
    wrong_unless!(list);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut count = 0;
        while count < MAX_SUBJECTS {
            if list
                .next_element_seed(One {
                    reader: self.0,
                    place: count,
                })?
                .is_none()
            {
                break;
            }
            count += 1;
        }
        if count == 0 {
            self.0
                .fault("/subjects", "empty-list", "name at least one subject");
        }
        if count == MAX_SUBJECTS && list.next_element::<IgnoredAny>()?.is_some() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            let detail = format!("at most {MAX_SUBJECTS} subjects at once; use a batch for more");
            self.0.fault("/subjects", "too-many", detail);
        }
        Ok(())
    }
}

struct One<'r, 'a, 's> {
    reader: &'r mut Reader<'a, 's>,
    place: usize,
}

impl One<'_, '_, '_> {
    fn wrong(self) {
        self.reader.fault(
            format!("/subjects/{}", self.place),
            "wrong-type",
            "an object is wanted here",
        );
    }
}

impl<'de> DeserializeSeed<'de> for One<'_, 'de, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One<'_, 'de, '_> {
    type Value = ();
    wants!("an object");
    wrong_unless!(map);

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { reader, place } = self;
        let (mut id, mut row, mut has_id) = (None, reader.scorer.row(), false);
        let mut has_values = false;
        while let Some(Key(key)) = map.next_key()? {
            let duplicate = (key == "id" && has_id) || (key == "values" && has_values);
            if duplicate {
                reader.fault(
                    format!("/subjects/{place}/{key}"),
                    "duplicate-key",
                    "this key stands twice in its object",
                );
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            match &*key {
                "id" => {
                    has_id = true;
                    match map.next_value_seed(Id)? {
                        Some(text) if (1..=MAX_ID).contains(&text.len()) => id = Some(text),
                        _ => reader.fault(
                            format!("/subjects/{place}/id"),
                            "wrong-type",
                            "a text of 1 to 200 bytes is wanted here",
                        ),
                    }
                }
                "values" => {
                    has_values = true;
                    map.next_value_seed(Values {
                        reader,
                        place,
                        row: &mut row,
                    })?;
                }
                _ => {
                    reader.unknown(&format!("/subjects/{place}"), &key);
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if !has_values {
            reader.fault(
                format!("/subjects/{place}/values"),
                "missing-field",
                "this field is required",
            );
        }
        reader.subjects.push(Subject { id, row });
        Ok(())
    }
}

struct Values<'r, 'a, 's, 'w> {
    reader: &'r mut Reader<'a, 's>,
    place: usize,
    row: &'w mut Row,
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

/// A key, borrowed from the body unless it holds escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            wants!("a key");

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.len() > 1_000 {
                    Err(E::custom("key too long"))
                } else {
                    Ok(Key(Cow::Owned(text.to_owned())))
                }
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The id, `None` when it is no text. An absent id is said by leaving the key out or by null… which is refused alike.
struct Id;

impl<'de> DeserializeSeed<'de> for Id {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Id {
    type Value = Option<Cow<'de, str>>;
    wants!("a text");

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.len() > MAX_ID {
            Err(E::custom("id too long"))
        } else {
            Ok(Some(Cow::Owned(text.to_owned())))
        }
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
