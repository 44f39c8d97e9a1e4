//! Whether a project allows a step of data work now, and if not, why.

use helder_types::ProjectStep;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::project::{Phase, Project};

/// Answer to "may this project do this now?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Permit {
    /// Whether the step may be done now.
    pub allowed: bool,
    /// Stable code of the reason: `no-lawful-basis`, `retention-over`, `phase`, `step-not-named`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why not, and what to do about it, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// URI of the project's activity in the register of processing activities, under which the work goes on record.
    pub verwerkingsactiviteit: String,
}

/// Looks at lawful basis, retention, phase and named steps, in this order; `today` is a Dutch calendar day.
pub(crate) fn permit(project: &Project, step: ProjectStep, today: Date) -> Permit {
    let refusal = if project.grondslag.is_none() {
        Some((
            "no-lawful-basis",
            "the project names no lawful basis (grondslag); add the law and article that allow this work".to_owned(),
        ))
    } else if today > project.until {
        Some((
            "retention-over",
            format!(
                "the retention period (bewaartermijn) of the project ended on {}",
                project.until
            ),
        ))
    } else if !project.phase.allows(step) {
        let (step, phase) = (step.as_str(), project.phase.as_str());
        Some((
            "phase",
            format!(
                "a project in phase {phase} does not allow {step}; {}",
                project.phase.advice()
            ),
        ))
    } else if !project.steps.contains(&step) {
        let step = step.as_str();
        Some((
            "step-not-named",
            format!("{step} is not among the steps of the project; add it if it fits the purpose"),
        ))
    } else {
        None
    };
    match refusal {
        None => Permit {
            allowed: true,
            code: None,
            reason: None,
            verwerkingsactiviteit: project.verwerkingsactiviteit.clone(),
        },
        Some((code, reason)) => Permit {
            allowed: false,
            code: Some(code.to_owned()),
            reason: Some(reason),
            verwerkingsactiviteit: project.verwerkingsactiviteit.clone(),
        },
    }
}

impl Phase {
    /// Which steps this phase has room for.
    const fn allows(self, step: ProjectStep) -> bool {
        match self {
            Self::Preparation | Self::Ended => false,
            Self::Development => !matches!(step, ProjectStep::Prediction),
            Self::Pilot | Self::Production => true,
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Preparation => "data work starts in phase development",
            Self::Development => "predictions start in phase pilot",
            Self::Pilot | Self::Production => "",
            Self::Ended => "the project is over",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::project::tests::example;

    const ALL: [ProjectStep; 4] = [
        ProjectStep::Ingest,
        ProjectStep::Linkage,
        ProjectStep::Training,
        ProjectStep::Prediction,
    ];

    fn today() -> Date {
        "2026-11-22".parse().unwrap()
    }

    #[test]
    fn a_project_in_order_allows_the_steps_it_names() {
        let mut project = example();
        assert!(
            ALL.iter()
                .all(|step| permit(&project, *step, today()).allowed)
        );
        project.steps = vec![ProjectStep::Ingest];
        assert!(permit(&project, ProjectStep::Ingest, today()).allowed);
        assert_eq!(
            permit(&project, ProjectStep::Linkage, today())
                .code
                .unwrap(),
            "step-not-named"
        );
    }

    #[test]
    fn without_lawful_basis_nothing_is_allowed() {
        let mut project = example();
        project.grondslag = None;
        for step in ALL {
            let refused = permit(&project, step, today());
            assert_eq!(refused.code.unwrap(), "no-lawful-basis");
            assert!(refused.reason.unwrap().contains("grondslag"));
        }
    }

    #[test]
    fn the_last_day_of_the_retention_period_still_counts() {
        let mut project = example();
        project.until = today();
        assert!(permit(&project, ProjectStep::Ingest, today()).allowed);
        project.until = today().yesterday().unwrap();
        let refused = permit(&project, ProjectStep::Ingest, today());
        assert_eq!(refused.code.unwrap(), "retention-over");
        assert!(refused.reason.unwrap().contains("2026-11-21"));
    }

    #[test]
    fn each_phase_has_its_own_room() {
        let mut project = example();
        for (phase, room) in [
            (Phase::Preparation, [false, false, false, false]),
            (Phase::Development, [true, true, true, false]),
            (Phase::Pilot, [true; 4]),
            (Phase::Production, [true; 4]),
            (Phase::Ended, [false; 4]),
        ] {
            project.phase = phase;
            assert_eq!(
                ALL.map(|step| permit(&project, step, today()).allowed),
                room,
                "{phase:?}"
            );
        }
    }
}
