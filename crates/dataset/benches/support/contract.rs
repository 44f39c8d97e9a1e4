//! The contract of the bench file: types for all columns, and the seven rules that the peers check too.

use helder_dataset::Contract;

pub(crate) fn contract() -> Result<Contract, serde_json::Error> {
    serde_json::from_value(serde_json::json!({"fields": [
        {"name": "client", "type": "string"},
        {"name": "bsn", "semanticType": "bsn", "constraints": {"required": true}},
        {"name": "geboortedatum", "semanticType": "geboortedatum", "format": "%Y-%m-%d", "constraints": {"required": true}},
        {"name": "geslacht", "semanticType": "geslacht"},
        {"name": "postcode", "semanticType": "postcode", "constraints": {"required": true}},
        {"name": "huisnummer", "semanticType": "huisnummer"},
        {"name": "gemeentecode", "semanticType": "gemeentecode"},
        {"name": "buurtcode", "semanticType": "buurtcode"},
        {"name": "regeling", "semanticType": "code"},
        {"name": "ingangsdatum", "type": "date", "format": "%Y-%m-%d", "constraints": {"required": true}},
        {"name": "einddatum", "type": "date", "format": "%Y-%m-%d"},
        {"name": "maandbedrag", "semanticType": "bedrag"},
        {"name": "schuld", "semanticType": "bedrag"},
        {"name": "huishoudgrootte", "type": "integer", "constraints": {"minimum": 1, "maximum": 20}},
        {"name": "leeftijd", "type": "integer", "constraints": {"minimum": 0, "maximum": 120}},
        {"name": "score", "type": "number", "constraints": {"minimum": 0, "maximum": 1}},
        {"name": "status", "semanticType": "code"}
    ]}))
}
