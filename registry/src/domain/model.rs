//! Models and their names.

use helder_platform::body::Check;
use helder_types::{Bsn, Fault, OrganisationId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::text::{Faults, LONG, SHORT};

/// A text in plain Dutch (B1) and in English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meaning {
    /// Dutch, language level B1.
    #[schema(min_length = 1, max_length = 200)]
    pub nl: String,
    /// English.
    #[schema(min_length = 1, max_length = 200)]
    pub en: String,
}

/// What a model is asked to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewModel {
    /// The project it is made for.
    pub project_id: Uuid,
    /// Name in paths, unique in the organisation.
    #[schema(min_length = 2, max_length = 80, pattern = "^[a-z][a-z0-9-]{1,79}$")]
    pub name: String,
    /// What it is called, for people.
    pub title: Meaning,
    /// What it is for, in plain Dutch.
    #[serde(default)]
    #[schema(max_length = 4000)]
    pub description: String,
}

/// What to change of a model; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ModelChange {
    /// What it is called, for people.
    pub title: Option<Meaning>,
    /// What it is for, in plain Dutch.
    #[schema(max_length = 4000)]
    pub description: Option<String>,
}

/// A model: a name under which versions follow each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// The project it is made for.
    pub project_id: Uuid,
    /// Name in paths.
    pub name: String,
    /// What it is called, for people.
    pub title: Meaning,
    /// What it is for.
    pub description: String,
    /// The version that answers now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_version_id: Option<Uuid>,
    /// Other names for versions.
    pub aliases: Vec<Alias>,
    /// Counts changes; the `ETag`.
    pub revision: i64,
    /// When it was made, UTC.
    pub created_at: String,
    /// When it was last changed, UTC.
    pub updated_at: String,
}

/// A name for a version that may move, for instance `challenger`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Alias {
    /// The name.
    pub alias: String,
    /// What it stands for now.
    pub model_version_id: Uuid,
}

impl Check for NewModel {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        if !is_name(&self.name) {
            faults.add(
                "/name",
                "name",
                "2 to 80 lower-case letters, digits and hyphens, starting with a letter",
            );
        }
        faults.optional_text("/name", &self.name, 80);
        check_texts(&mut faults, Some(&self.title), Some(&self.description));
        faults.into_result().err().unwrap_or_default()
    }
}

impl Check for ModelChange {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        check_texts(
            &mut faults,
            self.title.as_ref(),
            self.description.as_deref(),
        );
        faults.into_result().err().unwrap_or_default()
    }
}

fn check_texts(faults: &mut Faults, title: Option<&Meaning>, description: Option<&str>) {
    if let Some(title) = title {
        faults.text("/title/nl", &title.nl, SHORT);
        faults.text("/title/en", &title.en, SHORT);
    }
    if let Some(description) = description {
        faults.optional_text("/description", description, LONG);
    }
}

/// A name that is safe in a path and names nobody, for models and aliases.
pub(crate) fn is_name(text: &str) -> bool {
    (2..=80).contains(&text.len())
        && text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !Bsn::stands_in(text)
}
