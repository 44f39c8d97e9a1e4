//! One pass over the body that refuses what typed reading would let through: keys given twice, deep nesting, and
//! somebody's number in a text.

use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt};

use helder_types::{Bsn, Fault};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::fault::escape;

/// Deepest nesting of arrays and objects read.
pub(super) const MAX_DEPTH: usize = 32;

/// Objects with at most this many keys are compared by walking them.
const FEW: usize = 24;

/// Code of the fault where somebody's number stands.
pub(super) const NUMBER_FAULT: &str = "looks-like-bsn";

/// Most places with somebody's number that are named in one answer.
const MAX_NUMBERS: usize = 100;

/// Refuses at the first fault of form. Otherwise gives every text and key in which a BSN stands: what is sent as JSON is
/// kept and shown, so a BSN has no place in it.
pub(super) fn strict(bytes: &[u8]) -> Result<Vec<Fault>, Fault> {
    let found = RefCell::default();
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Scan {
        depth: 0,
        at: Place::Root,
        found: &found,
    };
    let outcome = seed.deserialize(&mut reader).and_then(|()| reader.end());
    let Found { fault, numbers } = found.into_inner();
    match (fault, outcome) {
        (Some(fault), _) => Err(fault),
        (None, Ok(())) => Ok(numbers),
        (None, Err(_)) => Err(Fault::new(
            "",
            "broken-json",
            "the body is not JSON; check quotes, commas and brackets",
        )),
    }
}

/// What the scan has seen.
#[derive(Default)]
struct Found {
    fault: Option<Fault>,
    numbers: Vec<Fault>,
}

/// Where the scan is, as a list on the stack: no allocation until a fault is found.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => format!("{}/{}", parent.pointer(), escape(key)),
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

#[derive(Clone, Copy)]
struct Scan<'a> {
    depth: usize,
    at: Place<'a>,
    found: &'a RefCell<Found>,
}

impl Scan<'_> {
    fn fail<E: Error>(&self, fault: Fault) -> E {
        self.found.borrow_mut().fault.get_or_insert(fault);
        E::custom("refused")
    }

    fn text(&self, text: &str) {
        if text.len() >= 9 && Bsn::stands_in(text) {
            let numbers = &mut self.found.borrow_mut().numbers;
            if numbers.len() < MAX_NUMBERS {
                numbers.push(Fault::new(
                    self.at.pointer(),
                    NUMBER_FAULT,
                    "this holds what looks like a BSN; leave it out",
                ));
            }
        }
    }

    fn enter<E: Error>(&self) -> Result<usize, E> {
        if self.depth == MAX_DEPTH {
            let detail = format!("nested deeper than {MAX_DEPTH} levels");
            return Err(self.fail(Fault::new("", "too-deep", detail)));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.text(text);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        let mut index = 0;
        while items
            .next_element_seed(Scan {
                depth,
                at: Place::Index(&self.at, index),
                found: self.found,
            })?
            .is_some()
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let depth = self.enter()?;
        let mut few: Vec<Cow<'de, str>> = Vec::new();
        let mut many: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(Key(key)) = entries.next_key()? {
            let at = Place::Key(&self.at, &key);
            if few.contains(&key) || many.contains(&key) {
                return Err(self.fail(Fault::new(
                    at.pointer(),
                    "duplicate-key",
                    "the same key stands here twice",
                )));
            }
            let inner = Scan {
                depth,
                at,
                found: self.found,
            };
            inner.text(&key);
            entries.next_value_seed(inner)?;
            if few.len() < FEW {
                few.push(key);
            } else {
                many.insert(key);
            }
        }
        Ok(())
    }
}

/// A key, borrowed from the body unless it holds escapes.
struct Key<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        reader.deserialize_str(KeyVisitor)
    }
}
