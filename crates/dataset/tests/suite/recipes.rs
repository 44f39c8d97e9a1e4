//! Recipes over the parts of a version.

use helder_dataset::{
    Contract, DatasetError, Limits, Recipe, quality,
    recipe::{self, RecipeSinks},
};
use serde_json::json;

use crate::support::{Outcome, batches, contract, csv, table};

fn version() -> (Outcome, Contract) {
    let fields = contract(json!({"fields": [
        {"name": "bsn", "semanticType": "bsn"}, {"name": "naam", "semanticType": "geslachtsnaam"}, {"name": "adres"},
        {"name": "code"}, {"name": "sinds"}, {"name": "schuld", "semanticType": "bedrag"}]}));
    let text = "bsn,naam,adres,code,sinds,schuld\n\
                249566758,Jan van der Berg,Dorpsstraat 12a,\" a \",12-03-2024,600.00\n\
                010000008,JOS\u{c9} DE VRIES,Kade 3,B,onbekend,20\n\
                010000008,JOS\u{c9} DE VRIES,Kade 3,B,onbekend,20\n\
                ,Piet Jansen,Plein 1944 5,x,01-01-2020,900\n";
    (csv(text.as_bytes(), Some(&fields)).unwrap(), fields)
}

fn run(
    version: &Outcome,
    steps: &serde_json::Value,
) -> Result<recipe::Cleaned<Vec<u8>>, DatasetError> {
    let recipe: Recipe = serde_json::from_value(json!({ "steps": steps })).unwrap();
    let (analysis, identity) = (batches(&version.analysis), batches(&version.identity));
    let columns = recipe::columns_of(&analysis[0].schema(), Some(&identity[0].schema()));
    let sinks = RecipeSinks {
        analysis: Vec::new(),
        identity: Some(Vec::new()),
        quarantine: Vec::new(),
    };
    recipe::clean(
        &recipe,
        &columns,
        analysis.into_iter().map(Ok),
        Some(identity.into_iter().map(Ok)),
        sinks,
        &Limits::default(),
        &mut |_| Ok(()),
    )
}

#[test]
fn every_step_does_its_work_and_says_how_much() {
    let (version, fields) = version();
    let steps = json!([
        {"kind": "trim", "columns": ["code"]},
        {"kind": "unify-case", "columns": ["code"], "to": "upper"},
        {"kind": "map-codes", "column": "code", "codes": {"A": "aanvraag", "B": "besluit"}, "otherwise": "missing"},
        {"kind": "parse-dates", "column": "sinds", "formats": ["%d-%m-%Y"]},
        {"kind": "fold-diacritics", "columns": ["naam"]},
        {"kind": "split-names", "column": "naam"},
        {"kind": "normalise-addresses", "column": "adres"},
        {"kind": "deduplicate", "keys": ["bsn_pseudonym"]},
        {"kind": "derive", "name": "hoog", "type": "boolean", "expression": "schuld > 50000"},
        {"kind": "filter", "keep": "not is_missing(bsn_pseudonym)", "reason": "zonder BSN niet te koppelen"}
    ]);
    let recipe: Recipe = serde_json::from_value(json!({ "steps": steps.clone() })).unwrap();
    let made = run(&version, &steps).unwrap();
    assert_eq!(
        (made.rows_in, made.rows_accepted, made.rows_removed),
        (4, 2, 2)
    );
    assert_eq!(
        table(&made.sinks.analysis),
        [
            vec!["_row", "bsn_pseudonym", "code", "sinds", "schuld", "hoog"],
            vec![
                "1",
                "pseudonym-of-a-person-0000000596",
                "aanvraag",
                "2024-03-12",
                "60000",
                "true"
            ],
            vec![
                "2",
                "pseudonym-of-a-person-0000000128",
                "besluit",
                "-",
                "2000",
                "false"
            ],
        ]
    );
    let identity = table(made.sinks.identity.as_ref().unwrap());
    assert_eq!(
        identity[0][2..],
        [
            "voornamen",
            "voorvoegsel",
            "geslachtsnaam",
            "straatnaam",
            "huisnummer",
            "huisnummertoevoeging"
        ]
    );
    assert_eq!(
        identity[1][2..],
        ["Jan", "van der", "Berg", "Dorpsstraat", "12", "A"]
    );
    assert_eq!(identity[2][2..5], ["JOSE", "de", "VRIES"]);
    let touched: Vec<_> = made
        .steps
        .iter()
        .map(|step| {
            (
                step.rows_touched,
                step.rows_removed,
                step.values_set_missing,
            )
        })
        .collect();
    assert_eq!(
        touched[3],
        (2, 0, 2),
        "two dates read, two texts that are none"
    );
    assert_eq!(touched[7], (1, 1, 0));
    assert_eq!(touched[9], (1, 1, 0));
    let after = recipe::contract_after(&fields, &recipe);
    assert!(after.field("naam").is_none() && after.field("hoog").is_some());
    let report = quality::report(&made.profiles, &after, Vec::new(), None);
    assert_eq!((report.rows_in, report.rows_accepted), (4, 2));
    assert!(
        !serde_json::to_string(&report)
            .unwrap()
            .contains("pseudonym-of")
    );
    let left_out =
        helder_dataset::write::read_quarantine(bytes::Bytes::from(made.sinks.quarantine), 0, 10)
            .unwrap();
    assert_eq!(left_out[1].reason, "zonder BSN niet te koppelen");
}

#[test]
fn all_faults_of_a_recipe_come_at_once() {
    let (version, _) = version();
    let steps = json!([
        {"kind": "trim", "columns": ["bestaat_niet", "schuld"]},
        {"kind": "unify-case", "columns": ["bsn_pseudonym"], "to": "upper"},
        {"kind": "derive", "name": "x", "type": "integer", "expression": "length(naam) +"},
        {"kind": "filter", "keep": "naam = 'Jansen'", "reason": " "},
        {"kind": "split-names", "column": "naam"},
        {"kind": "trim", "columns": ["naam"]}
    ]);
    let Err(DatasetError::Refused(faults)) = run(&version, &steps) else {
        panic!("accepted")
    };
    let found: Vec<_> = faults
        .iter()
        .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("/steps/0/columns/0", "unknown-column"),
            ("/steps/0/columns/1", "not-text"),
            ("/steps/1/columns/0", "pseudonym"),
            ("/steps/2/expression", "expression"),
            ("/steps/3/keep", "identifying"),
            ("/steps/3/reason", "length"),
            ("/steps/5/columns/0", "unknown-column"),
        ]
    );
}
