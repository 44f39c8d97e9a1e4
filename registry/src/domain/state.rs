//! The life of a model version, and who may move it on.

use helder_platform::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VersionState {
    /// Registered, waits for a review.
    Candidate,
    /// A privacy officer saw no objection; may be activated.
    Approved,
    /// A privacy officer objected; stays as it is.
    Rejected,
    /// Answers. At most one version of a model is active.
    Active,
    /// Stopped; answers again only after a new review and activation.
    Suspended,
    /// Ended for good.
    Retired,
}

/// What a reviewer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// No objection.
    Approve,
    /// Objection.
    Reject,
}

impl VersionState {
    /// The written form.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Retired => "retired",
        }
    }

    pub(crate) fn from_stored(text: &str) -> Self {
        match text {
            "candidate" => Self::Candidate,
            "approved" => Self::Approved,
            "active" => Self::Active,
            "suspended" => Self::Suspended,
            "retired" => Self::Retired,
            // Whatever else stands there, nothing is served from it.
            _ => Self::Rejected,
        }
    }

    /// The state after a review. An active version is stopped by suspending it, not by a review.
    pub(crate) fn reviewed(self, verdict: Verdict) -> Result<Self, Problem> {
        match (self, verdict) {
            (Self::Candidate | Self::Approved | Self::Suspended, Verdict::Approve) => {
                Ok(Self::Approved)
            }
            (Self::Candidate | Self::Approved | Self::Suspended, Verdict::Reject) => {
                Ok(Self::Rejected)
            }
            (Self::Active | Self::Rejected | Self::Retired, _) => Err(self.refuse("reviewed")),
        }
    }

    /// The state after activation.
    pub(crate) fn activated(self) -> Result<Self, Problem> {
        match self {
            Self::Approved => Ok(Self::Active),
            _ => Err(self.refuse("activated")),
        }
    }

    /// The state after a stop.
    pub(crate) fn suspended(self) -> Result<Self, Problem> {
        match self {
            Self::Active => Ok(Self::Suspended),
            _ => Err(self.refuse("suspended")),
        }
    }

    /// The state after the end.
    pub(crate) fn retired(self) -> Result<Self, Problem> {
        match self {
            Self::Candidate | Self::Approved | Self::Active | Self::Suspended => Ok(Self::Retired),
            Self::Rejected | Self::Retired => Err(self.refuse("retired")),
        }
    }

    fn refuse(self, what: &str) -> Problem {
        Problem::conflict(
            "wrong-state",
            format!("a version that is {} cannot be {what}", self.as_str()),
        )
    }
}

impl Verdict {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// Who made, reviewed and activates must be different persons.
pub(crate) fn different_persons(
    actor: &str,
    maker: &str,
    reviewers: &[String],
) -> Result<(), Problem> {
    if actor == maker {
        return Err(Problem::forbidden(
            SAME_PERSON,
            "you made this version; somebody else must decide on it",
        ));
    }
    if reviewers.iter().any(|reviewer| reviewer == actor) {
        return Err(Problem::forbidden(
            SAME_PERSON,
            "you reviewed this version; somebody else must activate it",
        ));
    }
    Ok(())
}

/// Code of a refusal that is written to the event log.
pub(crate) const SAME_PERSON: &str = "same-person";

#[cfg(test)]
mod tests {
    use super::{VersionState as S, *};

    const ALL: [S; 6] = [
        S::Candidate,
        S::Approved,
        S::Rejected,
        S::Active,
        S::Suspended,
        S::Retired,
    ];

    #[test]
    fn only_an_approved_version_becomes_active() {
        for state in ALL {
            assert_eq!(state.activated().is_ok(), state == S::Approved, "{state:?}");
        }
    }

    #[test]
    fn a_suspended_version_needs_a_new_review_before_it_answers_again() {
        assert_eq!(S::Active.suspended().unwrap(), S::Suspended);
        assert!(S::Suspended.activated().is_err());
        assert_eq!(
            S::Suspended
                .reviewed(Verdict::Approve)
                .unwrap()
                .activated()
                .unwrap(),
            S::Active
        );
    }

    #[test]
    fn rejected_and_retired_are_ends() {
        for state in [S::Rejected, S::Retired] {
            assert!(state.reviewed(Verdict::Approve).is_err());
            assert!(
                state.activated().is_err()
                    && state.suspended().is_err()
                    && state.retired().is_err()
            );
        }
    }

    #[test]
    fn states_survive_storage_and_an_unknown_one_serves_nothing() {
        for state in ALL {
            assert_eq!(S::from_stored(state.as_str()), state);
        }
        assert_eq!(S::from_stored("Active"), S::Rejected);
    }

    #[test]
    fn the_maker_and_the_reviewer_cannot_activate() {
        assert!(different_persons("anna", "bert", &["carla".into()]).is_ok());
        assert_eq!(
            different_persons("bert", "bert", &[]).unwrap_err().code(),
            SAME_PERSON
        );
        assert_eq!(
            different_persons("carla", "bert", &["carla".into()])
                .unwrap_err()
                .status()
                .as_u16(),
            403
        );
    }
}
