//! The body, its list, and one subject in it.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    MAX_SUBJECTS, Reader, Subject,
    beside::{Goal, Switch},
    text::{Id, Key, MAX_ID},
    values::Values,
};

/// The whole body.
pub(super) struct Body<'r, 'a, 's>(pub(super) &'r mut Reader<'a, 's>);

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
        let mut beside = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            if ["counterfactual", "similarCases", "survivalCurve"].contains(&&*key) {
                let is_repeated = beside.contains(&key);
                if is_repeated {
                    self.0.fault(
                        format!("/{key}"),
                        "duplicate-key",
                        "this key stands twice in its object",
                    );
                    map.next_value::<IgnoredAny>()?;
                } else if key == "counterfactual" {
                    map.next_value_seed(Goal(self.0))?;
                } else {
                    map.next_value_seed(Switch(self.0, &key))?;
                }
                beside.push(key);
            } else if key != "subjects" {
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

/// The list of subjects.
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
/// One subject.
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
