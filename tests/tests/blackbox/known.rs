//! Identifiers of things that exist, so that a generated request gets as far as it can.

use std::collections::BTreeMap;

use helder_types::Role;
use serde_json::{Value, json};

use crate::{
    described::Described,
    journey::{self, People, id},
    made::{Made, PREDICT, subject, tensors},
    support::{Caller, HERE, NOWHERE},
};

/// What one run of the chain left behind, by the place where it is named.
pub(crate) struct Known {
    /// Identifier by service and folder in the path.
    places: BTreeMap<(&'static str, &'static str), String>,
    /// Identifier by the name of a field.
    fields: BTreeMap<&'static str, String>,
    /// Bodies that are accepted, by template.
    bodies: BTreeMap<&'static str, Value>,
}

impl Known {
    /// Adds a source, a recipe and an alias to what is there, and knows it all.
    pub(crate) async fn of(people: &People, made: &Made) -> Self {
        let steward = &people.steward;
        let source = id(&steward
            .create("/ingest/v1/sources", json!({"name": "Burgerzaken"}))
            .await);
        let recipe = json!({"name": "netjes", "recipe": {"steps": [{"kind": "trim", "columns": ["groep"]}]}});
        let recipe = id(&steward.create("/ingest/v1/recipes", recipe).await);
        let contract = json!({"name": "personen", "contract": journey::persons_contract()});
        let contract_id = id(&steward
            .create("/ingest/v1/contracts", contract.clone())
            .await);
        let batch =
            json!({"model": "dreigende-dakloosheid", "datasetVersionId": id(&made.data.persons)});
        let version = people
            .owner
            .get(&format!("/registry/v1/model-versions/{}", made.version))
            .await
            .json();
        let digest = version["digest"].as_str().unwrap_or_default().to_owned();
        let model = version["modelId"].as_str().unwrap_or_default().to_owned();
        let dataset = made.data.persons["datasetId"].as_str().unwrap().to_owned();
        let places = [
            ("ingest", "contracts", contract_id.clone()),
            ("ingest", "dataset-versions", id(&made.data.persons)),
            ("ingest", "datasets", dataset),
            ("ingest", "recipes", recipe.clone()),
            ("ingest", "sources", source.clone()),
            ("linkage", "linkage-runs", id(&made.linkage)),
            ("training", "frames", id(&made.frame)),
            ("training", "training-runs", id(&made.training)),
            ("registry", "artifacts", digest.clone()),
            ("registry", "catalogue-entries", digest),
            ("registry", "model-versions", made.version.clone()),
            ("registry", "models", model),
            ("registry", "files", "model.json".to_owned()),
            ("registry", "aliases", "beste".to_owned()),
            ("registry", "organisations", HERE.to_owned()),
            ("registry", "projects", made.data.project.clone()),
            ("registry", "permits", "ingest".to_owned()),
            ("prediction", "models", "dreigende-dakloosheid".to_owned()),
            ("prediction", "versions", made.version.clone()),
            ("prediction", "model-versions", made.version.clone()),
        ];
        let fields = [
            ("projectId", made.data.project.clone()),
            ("datasetVersionId", id(&made.data.persons)),
            ("left", id(&made.data.persons)),
            ("right", id(&made.data.signals)),
            ("frameId", id(&made.frame)),
            ("linkageRunId", id(&made.linkage)),
            ("modelVersionId", made.version.clone()),
            ("contractId", contract_id),
            ("sourceId", source),
            ("recipeId", recipe),
            ("parents", id(&made.data.persons)),
        ];
        let bodies = [
            ("/ingest/v1/contracts", contract),
            ("/linkage/v1/linkage-runs", journey::linkage(&made.data)),
            (
                "/training/v1/frames",
                journey::frame(&made.data, &id(&made.linkage)),
            ),
            (
                "/training/v1/training-runs",
                journey::training(&made.data, &id(&made.frame)),
            ),
            ("/registry/v1/projects", journey::new_project()),
            ("/prediction/v1/models/{model}/predictions", subject()),
            (
                "/prediction/v1/model-versions/{version}/_reproduce",
                subject(),
            ),
            ("/oip/v2/models/{model}/infer", tensors()),
            ("/oip/v2/models/{model}/versions/{version}/infer", tensors()),
            ("/prediction/v1/batches", batch),
            (
                "/prediction/v1/batches/{id}/findings",
                json!({"findings": [{"number": 1, "outcome": "found"}]}),
            ),
        ];
        Self {
            places: places
                .map(|(service, folder, id)| ((service, folder), id))
                .into(),
            fields: fields.into(),
            bodies: bodies.into(),
        }
    }

    /// The path of an operation on what exists; on nothing where nothing of the kind does.
    pub(crate) fn path(&self, operation: &Described) -> String {
        operation.path(|folder| {
            let known = self
                .places
                .iter()
                .find(|((service, name), _)| *service == operation.service && *name == folder);
            known.map_or_else(|| NOWHERE.to_owned(), |(_, id)| id.clone())
        })
    }

    /// Bodies for an operation: those of its schema, and one that is accepted where that asks more than a schema says.
    pub(crate) fn bodies(&self, operation: &Described) -> Vec<Value> {
        let ids = |name: &str| {
            let known = self.fields.get(name);
            known.cloned().unwrap_or_else(|| NOWHERE.to_owned())
        };
        let mut bodies = operation.bodies(&ids);
        bodies.extend(self.bodies.get(operation.template.as_str()).cloned());
        bodies
    }
}

/// Somebody who may do this; nobody for what only services do.
pub(crate) fn who_may<'a>(people: &'a People, operation: &Described) -> Option<&'a Caller> {
    let Some(permission) = operation.permission else {
        return Some(&people.consumer);
    };
    [
        (Role::DataSteward, &people.steward),
        (Role::Analyst, &people.analyst),
        (Role::ModelOwner, &people.owner),
        (Role::PrivacyOfficer, &people.officer),
        (Role::Consumer, &people.consumer),
        (Role::Auditor, &people.auditor),
    ]
    .into_iter()
    .find(|(role, _)| role.permissions().contains(&permission))
    .map(|(_, caller)| caller)
}

/// Whether the platform still does its main job.
pub(crate) async fn assert_goes_on(people: &People) {
    let reply = people.consumer.post(PREDICT, &subject()).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}
