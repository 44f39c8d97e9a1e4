//! The bodies of the protocol, in its own words.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::tensors::{Data, Datatype};

/// What answers here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ServerMetadata {
    /// `helder`.
    pub(super) name: &'static str,
    /// Version of the program.
    pub(super) version: &'static str,
    /// Extensions of the protocol: none.
    pub(super) extensions: Vec<String>,
}

/// Whether the server runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Live {
    /// Always true in an answer.
    pub(super) live: bool,
}

/// Whether the server, or a model, can predict now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// The model, when one was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Always true in an answer; who is not ready answers 404 or 503.
    pub(super) ready: bool,
}

/// What a model takes and gives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ModelMetadata {
    /// Name of the model.
    pub(super) name: String,
    /// The version in force.
    pub(super) versions: Vec<String>,
    /// `helder`.
    pub(super) platform: &'static str,
    /// A tensor for each input of the model. `subject_id` may be sent too: how the caller names each row; the processing
    /// log holds a pseudonym of it.
    pub(super) inputs: Vec<TensorMetadata>,
    /// What comes back.
    pub(super) outputs: Vec<TensorMetadata>,
}

/// A tensor without its values.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TensorMetadata {
    /// Name.
    pub(super) name: String,
    /// Type of its values.
    pub(super) datatype: Datatype,
    /// Size of each dimension; -1 is the number of rows.
    pub(super) shape: Vec<i64>,
    /// What more there is to say of the values of an input; absent where that is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<InputParameters>,
}

/// What to send, as it stands in the source: conversions and groups of categories are part of the model.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InputParameters {
    /// Unit of the number to send.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    /// Categories that the model knows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) categories: Vec<String>,
}

/// Rows to predict for.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct InferenceRequest {
    /// Comes back in the answer.
    #[schema(max_length = 200)]
    pub(super) id: Option<String>,
    /// Not looked at.
    #[expect(dead_code, reason = "read so that the document says it")]
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Value>,
    /// A tensor for each input of the model.
    #[schema(min_items = 1)]
    pub(super) inputs: Vec<RequestTensor>,
    /// The outputs wanted; all when absent.
    #[serde(default)]
    pub(super) outputs: Vec<RequestedOutput>,
}

/// The values of one input, a row each.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RequestTensor {
    /// The input.
    pub(super) name: String,
    /// The number of rows, 1 to 1,000, alone or with a 1 behind it.
    pub(super) shape: Vec<u64>,
    /// Type of the values.
    pub(super) datatype: Datatype,
    /// Not looked at.
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Value>,
    /// The values in the order of the rows, flat or nested; null when one is not known.
    #[serde(default)]
    pub(super) data: Vec<Value>,
}

/// An output by name.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct RequestedOutput {
    /// Name.
    pub(super) name: String,
    /// Not looked at.
    #[expect(dead_code, reason = "read so that the document says it")]
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Value>,
}

/// Advice for every row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InferenceResponse {
    /// Name of the model.
    pub(super) model_name: String,
    /// The version that answered.
    pub(super) model_version: String,
    /// As asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// That this is advice, and where to read about the file that answered.
    pub(super) parameters: ResponseParameters,
    /// The outputs, in the order asked.
    pub(super) outputs: Vec<ResponseTensor>,
}

/// What goes for the whole answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResponseParameters {
    /// Always true: this is advice; a person decides.
    pub(super) advice: bool,
    /// Digest of the file that answered.
    pub(super) model_digest: String,
    /// Where everybody can read about that very file.
    pub(super) catalogue_entry: String,
}

/// The values of one output.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResponseTensor {
    /// The output.
    pub(super) name: &'static str,
    /// Type of the values.
    pub(super) datatype: Datatype,
    /// Size of each dimension.
    pub(super) shape: Vec<u64>,
    /// The values, row by row.
    pub(super) data: Data,
}
