//! Subjects of a plan, by what the model asks.

use std::collections::BTreeSet;

use anyhow::Result;
use helder_client::Client;
use serde_json::Value;

use super::{Plan, json_table};
use crate::screen::Screen;

/// The subjects without values of features that training left out of the model: some algorithms do, and a model is sent nothing that it
/// does not ask. Any other name stays, so that the platform says what is wrong with it.
///
/// # Errors
/// When the model cannot be read.
pub(super) async fn asked(
    client: &Client,
    screen: Screen,
    plan: &Plan,
    version: &str,
) -> Result<Vec<Value>> {
    let path = format!("/registry/v1/model-versions/{version}/files/model.json");
    let model: Value = client.get(&path).await?.body;
    let inputs = model["inputs"].as_array().into_iter().flatten();
    let inputs: BTreeSet<&str> = inputs.filter_map(|input| input["name"].as_str()).collect();
    let training = plan.training.as_ref().map(json_table).unwrap_or_default();
    let features = training["features"].as_array().into_iter().flatten();
    let left: BTreeSet<&str> = features
        .filter_map(|feature| feature["name"].as_str())
        .filter(|name| !inputs.contains(name))
        .collect();
    let mut subjects: Vec<Value> = plan.predict.iter().map(json_table).collect();
    let mut told = BTreeSet::new();
    for subject in &mut subjects {
        if let Some(values) = subject["values"].as_object_mut() {
            values.retain(|name, _| {
                let known = left.get(name.as_str());
                told.extend(known);
                known.is_none()
            });
        }
    }
    if !told.is_empty() {
        let names: Vec<&str> = told.into_iter().collect();
        screen.line(&format!(
            "not sent, because the model does not ask it: {}",
            names.join(", ")
        ));
    }
    Ok(subjects)
}
