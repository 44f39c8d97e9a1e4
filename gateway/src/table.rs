//! What exists and who may: read from the committed OpenAPI documents, and nothing else.

use std::{collections::BTreeMap, sync::Arc};

use helder_platform::routes::RouteTable;
use helder_types::Permission;
use http::Method;
use serde_json::Value;

/// A committed document, who answers what it describes, and the path under which everybody may read it.
pub(crate) struct Document {
    pub(crate) name: &'static str,
    pub(crate) service: &'static str,
    /// What stands before the paths in the document.
    pub(crate) base: &'static str,
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
}

macro_rules! document {
    ($service:literal) => {
        Document {
            name: $service,
            service: $service,
            base: concat!("/", $service, "/v1"),
            path: concat!("/", $service, "/v1/openapi.json"),
            text: include_str!(concat!("../../openapi/", $service, ".json")),
        }
    };
}

/// The services in the order in which data passes them, and the other protocol that prediction speaks.
pub(crate) const DOCUMENTS: [Document; 6] = [
    document!("ingest"),
    document!("linkage"),
    document!("training"),
    document!("registry"),
    document!("prediction"),
    Document {
        name: "oip",
        service: "prediction",
        base: "/oip",
        path: "/oip/openapi.json",
        text: include_str!("../../openapi/oip.json"),
    },
];

/// What a request body may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// JSON, small.
    Json,
    /// A file, streamed.
    Upload,
    /// No body is told.
    None,
}

/// One operation of one service.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Service by name.
    pub service: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Public path template, `/ingest/v1/datasets/{id}`.
    pub path: String,
    /// `operationId` of the document.
    pub id: String,
    /// The permission asked; none for operations open to all.
    pub permission: Option<Permission>,
    /// What the body may be.
    pub body: BodyKind,
    /// Media types of its answers of success; none when they have no content.
    pub answers: Vec<String>,
    /// `info.version` of the document, for `API-Version`.
    pub version: String,
    /// Its place among all operations, under which it is counted; `table` gives it.
    pub number: usize,
}

/// Why the documents cannot be used; a committed document never gives this (a test reads them all).
#[derive(Debug, thiserror::Error)]
#[error("openapi document of {name}: {reason}")]
pub struct DocumentError {
    name: String,
    reason: String,
}

/// All operations of all services.
///
/// # Errors
/// `DocumentError`: an operation says nothing about security, or asks a permission that does not exist. Both would
/// otherwise open a door by omission.
pub fn operations() -> Result<Vec<Operation>, DocumentError> {
    let mut all = Vec::new();
    for Document {
        name,
        service,
        base,
        text,
        ..
    } in DOCUMENTS
    {
        let wrong = |reason: String| DocumentError {
            name: name.to_owned(),
            reason,
        };
        let document: Value =
            serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let version = document["info"]["version"]
            .as_str()
            .unwrap_or("0.0.0")
            .to_owned();
        let paths = document["paths"].as_object().cloned().unwrap_or_default();
        for (path, item) in paths {
            for (method, operation) in item.as_object().into_iter().flatten() {
                let method = match method.as_str() {
                    "get" => Method::GET,
                    "post" => Method::POST,
                    "put" => Method::PUT,
                    "patch" => Method::PATCH,
                    "delete" => Method::DELETE,
                    _ => continue,
                };
                let id = operation["operationId"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned();
                let permission = permission(operation)
                    .map_err(|reason| wrong(format!("{method} {path}: {reason}")))?;
                all.push(Operation {
                    service,
                    method,
                    path: format!("{base}{path}"),
                    id,
                    permission,
                    body: body_kind(operation),
                    answers: answers(operation),
                    version: version.clone(),
                    number: 0,
                });
            }
        }
    }
    Ok(all)
}

fn permission(operation: &Value) -> Result<Option<Permission>, String> {
    let security = operation["security"]
        .as_array()
        .ok_or("says nothing about security")?;
    let scopes: Vec<&str> = security
        .iter()
        .filter_map(|requirement| requirement["bearer"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match (security.is_empty(), scopes.as_slice()) {
        (true, _) => Ok(None),
        // `{}` among the requirements also means open to all.
        (false, [])
            if security.iter().all(|requirement| {
                requirement
                    .as_object()
                    .is_some_and(serde_json::Map::is_empty)
            }) =>
        {
            Ok(None)
        }
        (false, [scope]) => scope
            .parse()
            .map(Some)
            .map_err(|_| format!("unknown permission {scope}")),
        _ => Err("asks not exactly one permission".to_owned()),
    }
}

fn body_kind(operation: &Value) -> BodyKind {
    let Some(content) = operation["requestBody"]["content"].as_object() else {
        return BodyKind::None;
    };
    if content
        .keys()
        .all(|media| media == "application/json" || media == "application/merge-patch+json")
    {
        BodyKind::Json
    } else {
        BodyKind::Upload
    }
}

/// Media types of all answers of success.
fn answers(operation: &Value) -> Vec<String> {
    let mut found: Vec<String> = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'))
        .filter_map(|(_, answer)| answer["content"].as_object())
        .flat_map(|content| content.keys().cloned())
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The operations as a table to look requests up in.
pub(crate) fn table(operations: Vec<Operation>) -> RouteTable<Arc<Operation>> {
    let mut table = RouteTable::new();
    for (number, mut operation) in operations.into_iter().enumerate() {
        operation.number = number;
        let (method, path) = (operation.method.clone(), operation.path.clone());
        table.add(method, &path, Arc::new(operation));
    }
    table
}

/// API version per first part of a path, for answers that no operation stands behind.
pub(crate) fn versions(operations: &[Operation]) -> BTreeMap<String, String> {
    operations
        .iter()
        .filter_map(|operation| {
            let first = operation.path.split('/').nth(1)?;
            Some((first.to_owned(), operation.version.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_committed_document_can_be_used() {
        let operations = operations().unwrap();
        for Document { service, base, .. } in DOCUMENTS {
            let is_of = |operation: &Operation| {
                operation.service == service && operation.path.starts_with(base)
            };
            assert!(operations.iter().any(is_of), "{base}");
        }
        let mut ids: Vec<_> = operations
            .iter()
            .map(|operation| (operation.service, operation.id.as_str()))
            .collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "an operationId stands twice");
    }

    #[test]
    fn silence_about_security_is_an_error() {
        let operation = serde_json::json!({"operationId": "x"});
        assert!(permission(&operation).is_err());
        let two = serde_json::json!({"security": [{"bearer": ["ingest:read", "ingest:write"]}]});
        assert!(permission(&two).is_err());
        let unknown = serde_json::json!({"security": [{"bearer": ["ingest:everything"]}]});
        assert!(permission(&unknown).is_err());
        let open = serde_json::json!({"security": []});
        assert_eq!(permission(&open).unwrap(), None);
    }
}
