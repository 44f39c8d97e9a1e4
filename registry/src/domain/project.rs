//! A project: the dossier of one social question, and the ground under all data work for it.

use helder_platform::body::Check;
use helder_types::{Fault, OrganisationId, ProjectStep};
use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::text::{Faults, LONG, SHORT};

/// Longest address, in characters.
const ADDRESS: usize = 1000;

/// How far a project is. Decides which steps it has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Phase {
    /// Question and ground are being written; no data work.
    Preparation,
    /// Data may be brought in, linked and used for training; no predictions.
    Development,
    /// Everything, on trial.
    Pilot,
    /// Everything.
    Production,
    /// Over; nothing any more.
    Ended,
}

impl Phase {
    /// The written form.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Preparation => "preparation",
            Self::Development => "development",
            Self::Pilot => "pilot",
            Self::Production => "production",
            Self::Ended => "ended",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        match text {
            "preparation" => Self::Preparation,
            "development" => Self::Development,
            "pilot" => Self::Pilot,
            "production" => Self::Production,
            // Whatever else stands there allows nothing.
            _ => Self::Ended,
        }
    }
}

/// Grondslag: the law that allows the work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Grondslag {
    /// Law and article, for instance `Wet gemeentelijke schuldhulpverlening, artikel 3`.
    #[schema(min_length = 1, max_length = 200)]
    pub article: String,
    /// What it says, in a few words.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// Where to read it, an https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub link: Option<String>,
}

/// What a project is asked to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewProject {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The social problem.
    #[schema(min_length = 1, max_length = 4000)]
    pub challenge: String,
    /// What is asked of the data.
    #[schema(min_length = 1, max_length = 4000)]
    pub question: String,
    /// Purpose for which the data may be used.
    #[schema(min_length = 1, max_length = 4000)]
    pub doelbinding: String,
    /// Law that allows it. Without it every step is refused.
    #[serde(default)]
    pub grondslag: Option<Grondslag>,
    /// URI of the processing activity in the organisation's register.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = "^(https?|urn):[!#-;=?-\\[\\]-_a-~]+$"
    )]
    pub verwerkingsactiviteit: String,
    /// Retention period, an ISO 8601 duration such as `P5Y`.
    #[schema(min_length = 2, max_length = 40)]
    pub bewaartermijn: String,
    /// Last day of that period; data work is refused after it.
    #[schema(value_type = String, format = Date)]
    pub until: String,
    /// How far the project is.
    pub phase: Phase,
    /// Steps that fit the purpose.
    #[schema(max_items = 4)]
    pub steps: Vec<ProjectStep>,
}

/// What to change of a project; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProjectChange {
    /// What it is called.
    #[schema(min_length = 1, max_length = 200)]
    pub name: Option<String>,
    /// The social problem.
    #[schema(min_length = 1, max_length = 4000)]
    pub challenge: Option<String>,
    /// What is asked of the data.
    #[schema(min_length = 1, max_length = 4000)]
    pub question: Option<String>,
    /// Purpose for which the data may be used.
    #[schema(min_length = 1, max_length = 4000)]
    pub doelbinding: Option<String>,
    /// Law that allows it.
    pub grondslag: Option<Grondslag>,
    /// URI of the processing activity.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = "^(https?|urn):[!#-;=?-\\[\\]-_a-~]+$"
    )]
    pub verwerkingsactiviteit: Option<String>,
    /// Retention period.
    #[schema(min_length = 2, max_length = 40)]
    pub bewaartermijn: Option<String>,
    /// Last day of that period.
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<String>,
    /// How far the project is.
    pub phase: Option<Phase>,
    /// Steps that fit the purpose.
    #[schema(max_items = 4)]
    pub steps: Option<Vec<ProjectStep>>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Project {
    /// Identifier.
    pub id: Uuid,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// What it is called.
    pub name: String,
    /// The social problem.
    pub challenge: String,
    /// What is asked of the data.
    pub question: String,
    /// Purpose for which the data may be used.
    pub doelbinding: String,
    /// Law that allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grondslag: Option<Grondslag>,
    /// URI of the processing activity.
    pub verwerkingsactiviteit: String,
    /// Retention period, an ISO 8601 duration.
    pub bewaartermijn: String,
    /// Last day of that period.
    #[schema(value_type = String, format = Date)]
    pub until: Date,
    /// How far the project is.
    pub phase: Phase,
    /// Steps that fit the purpose.
    pub steps: Vec<ProjectStep>,
    /// Counts changes; the `ETag`.
    pub revision: i64,
    /// When it was made, UTC.
    pub created_at: String,
    /// When it was last changed, UTC.
    pub updated_at: String,
}

impl NewProject {
    /// The project of `organisation` that was asked.
    ///
    /// # Errors
    /// All faults at once.
    pub(crate) fn into_project(
        self,
        organisation: OrganisationId,
        id: Uuid,
        now: &str,
    ) -> Result<Project, Vec<Fault>> {
        let until = checked_until(self.faults(), Some(&self.until), Date::ZERO)?;
        Ok(Project {
            id,
            organisation,
            name: self.name,
            challenge: self.challenge,
            question: self.question,
            doelbinding: self.doelbinding,
            grondslag: self.grondslag,
            verwerkingsactiviteit: self.verwerkingsactiviteit,
            bewaartermijn: self.bewaartermijn,
            until,
            phase: self.phase,
            steps: self.steps,
            revision: 1,
            created_at: now.to_owned(),
            updated_at: now.to_owned(),
        })
    }
}

impl ProjectChange {
    /// The project after this change.
    ///
    /// # Errors
    /// All faults at once.
    pub(crate) fn apply(self, project: Project, now: &str) -> Result<Project, Vec<Fault>> {
        let until = checked_until(self.faults(), self.until.as_deref(), project.until)?;
        Ok(Project {
            name: self.name.unwrap_or(project.name),
            challenge: self.challenge.unwrap_or(project.challenge),
            question: self.question.unwrap_or(project.question),
            doelbinding: self.doelbinding.unwrap_or(project.doelbinding),
            grondslag: self.grondslag.or(project.grondslag),
            verwerkingsactiviteit: self
                .verwerkingsactiviteit
                .unwrap_or(project.verwerkingsactiviteit),
            bewaartermijn: self.bewaartermijn.unwrap_or(project.bewaartermijn),
            until,
            phase: self.phase.unwrap_or(project.phase),
            steps: self.steps.unwrap_or(project.steps),
            revision: project.revision + 1,
            updated_at: now.to_owned(),
            ..project
        })
    }
}

impl Check for NewProject {
    /// What holds for a change of everything.
    fn faults(&self) -> Vec<Fault> {
        let all = self.clone();
        ProjectChange {
            name: Some(all.name),
            challenge: Some(all.challenge),
            question: Some(all.question),
            doelbinding: Some(all.doelbinding),
            grondslag: all.grondslag,
            verwerkingsactiviteit: Some(all.verwerkingsactiviteit),
            bewaartermijn: Some(all.bewaartermijn),
            until: Some(all.until),
            phase: Some(all.phase),
            steps: Some(all.steps),
        }
        .faults()
    }
}

impl Check for ProjectChange {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        for (pointer, text, longest) in [
            ("/name", &self.name, SHORT),
            ("/challenge", &self.challenge, LONG),
            ("/question", &self.question, LONG),
            ("/doelbinding", &self.doelbinding, LONG),
            (
                "/verwerkingsactiviteit",
                &self.verwerkingsactiviteit,
                ADDRESS,
            ),
        ] {
            if let Some(text) = text {
                faults.text(pointer, text, longest);
            }
        }
        if let Some(grondslag) = &self.grondslag {
            faults.text("/grondslag/article", &grondslag.article, SHORT);
            faults.text("/grondslag/title", &grondslag.title, SHORT);
            if grondslag
                .link
                .as_ref()
                .is_some_and(|link| !is_web_address(link))
            {
                faults.add(
                    "/grondslag/link",
                    "not-an-address",
                    "an https address, without spaces",
                );
            }
        }
        if self
            .verwerkingsactiviteit
            .as_ref()
            .is_some_and(|uri| !is_uri(uri))
        {
            faults.add(
                "/verwerkingsactiviteit",
                "not-a-uri",
                "a URI such as https://… or urn:…",
            );
        }
        if self
            .bewaartermijn
            .as_ref()
            .is_some_and(|term| !is_duration(term))
        {
            faults.add(
                "/bewaartermijn",
                "not-a-duration",
                "an ISO 8601 duration, for instance P5Y",
            );
        }
        if self
            .until
            .as_ref()
            .is_some_and(|until| date(until).is_none())
        {
            faults.add("/until", "not-a-date", "a date written YYYY-MM-DD");
        }
        let mut steps = self.steps.iter().flatten();
        while let Some(step) = steps.next() {
            if steps.clone().any(|later| later == step) {
                faults.add("/steps", "repeated", "name each step once");
            }
        }
        faults.into_result().err().unwrap_or_default()
    }
}

/// The date asked, or the one there was, once nothing is wrong.
fn checked_until(
    faults: Vec<Fault>,
    asked: Option<&str>,
    there_was: Date,
) -> Result<Date, Vec<Fault>> {
    if faults.is_empty() {
        Ok(asked.and_then(date).unwrap_or(there_was))
    } else {
        Err(faults)
    }
}

fn date(text: &str) -> Option<Date> {
    if text.len() == 10 {
        text.parse().ok()
    } else {
        None
    }
}

fn is_duration(text: &str) -> bool {
    text.starts_with('P') && text.parse::<Span>().is_ok_and(Span::is_positive)
}

fn is_web_address(text: &str) -> bool {
    text.len() <= ADDRESS && text.starts_with("https://") && is_uri(text)
}

/// Scheme, colon, and visible ASCII without quotes or angle brackets. The registry never opens it.
fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        matches!(scheme, "https" | "http" | "urn")
            && !rest.is_empty()
            && rest
                .bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\' | b'`'))
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn new() -> NewProject {
        serde_json::from_value(serde_json::json!({
            "name": "Vroeg eropaf",
            "challenge": "Inwoners raken hun huis kwijt door schulden.",
            "question": "Wie loopt het risico binnen een jaar economisch dakloos te worden?",
            "doelbinding": "Vroegtijdig hulp aanbieden bij schulden.",
            "grondslag": {"article": "Wgs, artikel 3", "title": "Vroegsignalering"},
            "verwerkingsactiviteit": "https://register.example.nl/verwerkingen/12",
            "bewaartermijn": "P5Y",
            "until": "2031-12-31",
            "phase": "production",
            "steps": ["ingest", "linkage", "training", "prediction"],
        }))
        .unwrap()
    }

    pub(crate) fn example() -> Project {
        new()
            .into_project(
                "GM0772".parse().unwrap(),
                Uuid::nil(),
                "2026-01-01T00:00:00.000000Z",
            )
            .unwrap()
    }

    #[test]
    fn all_faults_of_a_project_are_told_at_once() {
        let mut wrong = new();
        wrong.name = " ".into();
        wrong.question = "hoe gaat het met 249566758?".into();
        wrong.verwerkingsactiviteit = "javascript:alert(1)".into();
        wrong.bewaartermijn = "vijf jaar".into();
        wrong.until = "31-12-2031".into();
        wrong.grondslag.as_mut().unwrap().link = Some("file:///etc/passwd".into());
        wrong.steps = vec![ProjectStep::Ingest, ProjectStep::Ingest];
        let faults = wrong
            .into_project("GM0772".parse().unwrap(), Uuid::nil(), "")
            .unwrap_err();
        let mut pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(
            pointers,
            [
                "/bewaartermijn",
                "/grondslag/link",
                "/name",
                "/question",
                "/steps",
                "/until",
                "/verwerkingsactiviteit"
            ]
        );
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let change = ProjectChange {
            phase: Some(Phase::Ended),
            ..ProjectChange::default()
        };
        let changed = change
            .apply(example(), "2026-02-01T00:00:00.000000Z")
            .unwrap();
        assert_eq!(changed.phase, Phase::Ended);
        assert_eq!(changed.revision, 2);
        assert_eq!(changed.grondslag, example().grondslag);
    }

    #[test]
    fn what_the_registry_decides_is_not_accepted_from_a_client() {
        for key in [
            "organisation",
            "tenant",
            "status",
            "approvedBy",
            "revision",
            "id",
        ] {
            let body = serde_json::json!({key: "GM0363"});
            assert!(
                serde_json::from_value::<ProjectChange>(body).is_err(),
                "{key}"
            );
        }
    }
}
