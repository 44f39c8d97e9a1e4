//! JSON into a tree, within limits, refusing what readers disagree about: duplicate keys, numbers without a finite value.

use std::{cell::RefCell, collections::HashSet, fmt};

use helder_types::Fault;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::{MAX_DEPTH, MAX_FAULTS, MAX_VALUES};

/// A JSON value. Objects keep their order; keys are unique.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Boolean(bool),
    /// A number without fraction or exponent that fits; everything else is a `Number`.
    Whole(i128),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// Reads one JSON document.
pub(super) fn parse(bytes: &[u8]) -> Result<Json, Vec<Fault>> {
    let state = State::default();
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let tree = Node {
        state: &state,
        depth: 0,
    }
    .deserialize(&mut deserializer);
    let tree = tree.and_then(|tree| deserializer.end().map(|()| tree));
    let mut state = state.0.into_inner();
    match tree {
        Ok(tree) if state.faults.is_empty() => Ok(tree),
        Ok(_) => Err(state.faults),
        Err(error) => {
            // serde_json repeats parts of the input in some messages; place and kind say enough.
            let place = format!("line {}, column {}", error.line(), error.column());
            let (code, what) = match state.limit {
                Some(limit) => limit,
                None if error.is_eof() => ("not-json", "the file ends too early"),
                None => (
                    "not-json",
                    "this is not JSON (or a number without a finite value)",
                ),
            };
            state.faults.push(Fault::new(
                pointer(&state.path),
                code,
                format!("{what}, {place}"),
            ));
            Err(state.faults)
        }
    }
}

#[derive(Default)]
struct State(RefCell<Inner>);

#[derive(Default)]
struct Inner {
    path: Vec<Step>,
    values: usize,
    faults: Vec<Fault>,
    limit: Option<(&'static str, &'static str)>,
}

enum Step {
    Key(String),
    Index(usize),
}

/// RFC 6901, keys cut at 64 characters.
fn pointer(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        out.push('/');
        match step {
            Step::Key(key) => out.push_str(&super::fields::escape(key)),
            Step::Index(index) => out.push_str(&index.to_string()),
        }
    }
    out
}

impl State {
    fn stop<E: serde::de::Error>(&self, code: &'static str, what: &'static str) -> E {
        self.0.borrow_mut().limit = Some((code, what));
        E::custom(what)
    }

    fn enter(&self, step: Step) {
        self.0.borrow_mut().path.push(step);
    }

    fn leave(&self) {
        self.0.borrow_mut().path.pop();
    }

    fn duplicate(&self) {
        let mut inner = self.0.borrow_mut();
        if inner.faults.len() < MAX_FAULTS {
            let place = pointer(&inner.path);
            inner.faults.push(Fault::new(
                place,
                "duplicate-key",
                "this key stands twice in its object",
            ));
        }
    }
}

#[derive(Clone, Copy)]
struct Node<'a> {
    state: &'a State,
    depth: usize,
}

impl Node<'_> {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(self.state.stop("too-deep", "nested deeper than any model"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        let values = {
            let mut inner = self.state.0.borrow_mut();
            inner.values += 1;
            inner.values
        };
        if values > MAX_VALUES {
            return Err(self
                .state
                .stop("too-many-values", "more values than any model"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Whole(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json, E> {
        if value.is_finite() {
            Ok(Json::Number(value))
        } else {
            Err(E::custom("not finite"))
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let node = self.deeper::<A::Error>()?;
        let mut items = Vec::new();
        loop {
            self.state.enter(Step::Index(items.len()));
            let Some(item) = list.next_element_seed(node)? else {
                break;
            };
            self.state.leave();
            items.push(item);
        }
        self.state.leave();
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let node = self.deeper::<A::Error>()?;
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.len() > 1_000 {
                return Err(A::Error::custom("key too long"));
            }
            self.state.enter(Step::Key(key.clone()));
            if !seen.insert(key.clone()) {
                self.state.duplicate();
            }
            let value = map.next_value_seed(node)?;
            self.state.leave();
            entries.push((key, value));
        }
        Ok(Json::Object(entries))
    }
}
