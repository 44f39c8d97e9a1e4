//! Every operation as the committed OpenAPI documents describe it, and bodies made from their schemas.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use helder_types::Permission;
use reqwest::Method;
use serde_json::{Map, Value, json};

pub(crate) const SERVICES: [&str; 5] = ["ingest", "linkage", "training", "registry", "prediction"];

/// Documents with who answers them and what stands before their paths.
const DOCUMENTS: [(&str, &str, &str); 6] = [
    ("ingest", "ingest", "/ingest/v1"),
    ("linkage", "linkage", "/linkage/v1"),
    ("training", "training", "/training/v1"),
    ("registry", "registry", "/registry/v1"),
    ("prediction", "prediction", "/prediction/v1"),
    ("oip", "prediction", "/oip"),
];

/// A text that stands where any text may.
const TEXT: &str = "tekst";

/// A documented operation.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    pub(crate) service: &'static str,
    pub(crate) method: Method,
    /// Public path with `{parameters}`.
    pub(crate) template: String,
    pub(crate) permission: Option<Permission>,
    /// Names of query parameters and of headers.
    pub(crate) query: Vec<String>,
    /// Schemas of the query parameters, in the same order, references followed.
    pub(crate) query_schemas: Vec<Value>,
    pub(crate) headers: Vec<String>,
    /// Media types of its body.
    pub(crate) media: Vec<String>,
    /// Media types of its answers of success.
    pub(crate) answers: Vec<String>,
    /// Names of headers per status of its answers, in lower case.
    pub(crate) answer_headers: BTreeMap<String, BTreeSet<String>>,
    /// Version in its document.
    pub(crate) version: String,
    /// Schema of its JSON body.
    pub(crate) schema: Option<Value>,
    /// Schemas by name, for references.
    pub(crate) named: Map<String, Value>,
}

/// All operations of all services.
pub(crate) fn described() -> Vec<Described> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join("openapi");
    let mut found = Vec::new();
    for (name, service, base) in DOCUMENTS {
        let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let named = document["components"]["schemas"].as_object().unwrap();
        for (template, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                let of = |place: &str| {
                    let parameters = operation["parameters"].as_array().into_iter().flatten();
                    let parameters = parameters.filter(|it| it["in"] == place);
                    let names = parameters.map(|it| it["name"].as_str().unwrap().to_owned());
                    names.collect::<Vec<_>>()
                };
                let content = operation["requestBody"]["content"].as_object();
                let schema = content.and_then(|it| it.get("application/json"));
                let query_schemas = operation["parameters"].as_array().into_iter().flatten();
                let query_schemas = query_schemas.filter(|it| it["in"] == "query");
                let query_schemas = query_schemas.map(|it| {
                    let schema = &it["schema"];
                    reference(schema).map_or(schema, |name| &named[name])
                });
                let answers = operation["responses"].as_object().unwrap();
                let answer_headers = answers
                    .iter()
                    .map(|(status, answer)| {
                        let names = answer["headers"].as_object().into_iter().flatten();
                        let names = names.map(|(name, _)| name.to_lowercase());
                        (status.clone(), names.collect())
                    })
                    .collect();
                let answers = answers
                    .iter()
                    .filter(|(status, _)| status.starts_with('2'))
                    .filter_map(|(_, answer)| answer["content"].as_object())
                    .flat_map(|content| content.keys().cloned());
                let scope = operation["security"][0]["bearer"][0].as_str();
                found.push(Described {
                    service,
                    method,
                    template: format!("{base}{template}"),
                    permission: scope.map(|text| text.parse().unwrap()),
                    query: of("query"),
                    query_schemas: query_schemas.cloned().collect(),
                    headers: of("header"),
                    media: content.map_or_else(Vec::new, |it| it.keys().cloned().collect()),
                    answers: answers.collect(),
                    answer_headers,
                    version: document["info"]["version"].as_str().unwrap().to_owned(),
                    schema: schema.map(|it| it["schema"].clone()),
                    named: named.clone(),
                });
            }
        }
    }
    assert!(found.len() > 60, "only {} operations", found.len());
    found
}

impl Described {
    /// The path with every parameter filled in by `value`, which gets the name of the folder before it.
    pub(crate) fn path(&self, mut value: impl FnMut(&str) -> String) -> String {
        let mut before = "";
        let mut path = String::new();
        for segment in self.template.split('/').skip(1) {
            path.push('/');
            if segment.starts_with('{') {
                path.push_str(&value(before));
            } else {
                path.push_str(segment);
            }
            before = segment;
        }
        path
    }

    /// Bodies that follow the schema; together they hold every alternative of it.
    ///
    /// `ids` gives an identifier for the name of a field.
    pub(crate) fn bodies(&self, ids: &dyn Fn(&str) -> String) -> Vec<Value> {
        let Some(schema) = &self.schema else {
            return Vec::new();
        };
        let named = &self.named;
        let mut found: Vec<Value> = Vec::new();
        for choice in 0..12 {
            let maker = Maker { named, ids, choice };
            let body = maker.value(schema, "", 0);
            if !found.contains(&body) {
                found.push(body);
            }
        }
        found
    }

    /// Names of all fields that a JSON body may have, at any depth, with their schemas.
    pub(crate) fn fields(&self) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        let mut seen = Vec::new();
        if let Some(schema) = &self.schema {
            collect(schema, &self.named, &mut seen, &mut found);
        }
        found
    }
}

fn collect(
    schema: &Value,
    named: &Map<String, Value>,
    seen: &mut Vec<String>,
    into: &mut BTreeMap<String, Value>,
) {
    if let Some(name) = reference(schema) {
        if !seen.iter().any(|it| it == name) {
            seen.push(name.to_owned());
            collect(&named[name], named, seen, into);
        }
        return;
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        into.insert(name.clone(), field.clone());
        collect(field, named, seen, into);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            collect(&schema[inner], named, seen, into);
        }
    }
    for alternatives in ["oneOf", "anyOf", "allOf"] {
        for inner in schema[alternatives].as_array().into_iter().flatten() {
            collect(inner, named, seen, into);
        }
    }
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"]
        .as_str()
        .map(|path| path.rsplit('/').next().unwrap_or_default())
}

struct Maker<'a> {
    named: &'a Map<String, Value>,
    ids: &'a dyn Fn(&str) -> String,
    /// Which alternative is taken where there are several.
    choice: usize,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > 12 {
            return Value::Null;
        }
        if let Some(target) = reference(schema) {
            let value = self.value(&self.named[target], name, depth + 1);
            return if target == "Digest" {
                json!(format!("sha256:{}", "a1".repeat(32)))
            } else {
                value
            };
        }
        let mut whole = Map::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            if let Value::Object(part) = self.value(part, name, depth + 1) {
                whole.extend(part);
            }
        }
        for key in ["oneOf", "anyOf"] {
            let alternatives = schema[key].as_array().into_iter().flatten();
            let real: Vec<_> = alternatives.filter(|it| it["type"] != "null").collect();
            if !real.is_empty() {
                match self.value(real[self.choice % real.len()], name, depth + 1) {
                    Value::Object(part) => whole.extend(part),
                    other => return other,
                }
            }
        }
        if let Some(listed) = schema["enum"].as_array() {
            return listed[self.choice % listed.len()].clone();
        }
        let kind = schema["type"].as_str().or_else(|| {
            let kinds = schema["type"].as_array()?;
            kinds
                .iter()
                .filter_map(Value::as_str)
                .find(|it| *it != "null")
        });
        match kind {
            Some("string") => self.text(schema, name),
            Some("boolean") => json!(true),
            Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
            Some("number") => json!(0.5),
            Some("array") => {
                let items = &schema["items"];
                let alternatives = items["oneOf"].as_array().map_or(1, Vec::len);
                let many = (0..alternatives).map(|choice| {
                    let other = Maker {
                        choice: self.choice + choice,
                        ..*self
                    };
                    other.value(items, name, depth + 1)
                });
                many.collect()
            }
            _ => {
                for (name, field) in schema["properties"].as_object().into_iter().flatten() {
                    whole.insert(name.clone(), self.value(field, name, depth + 1));
                }
                if schema["additionalProperties"].is_object() {
                    let value = self.value(&schema["additionalProperties"], name, depth + 1);
                    whole.insert("sleutel".to_owned(), value);
                }
                Value::Object(whole)
            }
        }
    }

    fn text(&self, schema: &Value, name: &str) -> Value {
        let text = match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some("uuid"), _) => (self.ids)(name),
            (Some("date"), _) => "2026-01-01".to_owned(),
            (Some("date-time"), _) => "2026-01-01T00:00:00Z".to_owned(),
            (_, Some(pattern)) if pattern.contains("https?") => "urn:een:activiteit".to_owned(),
            (_, Some(pattern)) if pattern.contains("json") => "model.json".to_owned(),
            _ => TEXT.to_owned(),
        };
        json!(text)
    }
}

/// JSON pointers of all texts in `value`.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    leaves(value)
        .into_iter()
        .filter(|place| value.pointer(place).is_some_and(Value::is_string))
        .collect()
}

/// JSON pointers of everything in `value` that is no list or object.
pub(crate) fn leaves(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                open.extend(map.iter().map(|(key, it)| (format!("{place}/{key}"), it)));
            }
            Value::Array(items) => open.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, it)| (format!("{place}/{index}"), it)),
            ),
            _ => found.push(place),
        }
    }
    found
}

/// JSON pointers of all objects in `value`, itself included.
pub(crate) fn objects(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), value)];
    while let Some((place, value)) = open.pop() {
        match value {
            Value::Object(map) => {
                open.extend(map.iter().map(|(key, it)| (format!("{place}/{key}"), it)));
                found.push(place);
            }
            Value::Array(items) => open.extend(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, it)| (format!("{place}/{index}"), it)),
            ),
            _ => {}
        }
    }
    found
}
