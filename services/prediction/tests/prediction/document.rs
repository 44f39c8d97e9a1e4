//! The document of the service.

use crate::world::everything;

#[test]
fn the_document_asks_one_permission_per_operation() {
    let document = serde_json::to_value(helder_prediction::openapi()).unwrap();
    let mut operations = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scopes = operation["security"][0]["bearer"]
                .as_array()
                .unwrap_or_else(|| panic!("{method} {path}"));
            assert_eq!(scopes.len(), 1, "{method} {path}");
            assert!(
                everything()
                    .permissions
                    .iter()
                    .any(|permission| scopes[0] == permission.as_str())
            );
            assert!(
                operation["summary"].is_string() && operation["operationId"].is_string(),
                "{method} {path}"
            );
            operations += 1;
        }
    }
    assert_eq!(operations, 16);
}
