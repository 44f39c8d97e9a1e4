//! The whole analysis.

use helder_model::Meaning;
use serde::{Deserialize, Serialize};

use crate::{
    compare::{self, Comparison},
    error::OutflowError,
    gaps::{self, GapReport},
    groups::{self, ClientGroups},
    hazards::{self, HazardModel},
    honest::{self, Honesty},
    prepare::Prepared,
    provisions::{self, ProvisionEffect},
    quality::Quality,
    spec::OutflowSpec,
    stay::{self, CauseShare, Stay},
    table::Table,
};

/// Format of the document.
pub const FORMAT: &str = "helder-outflow/1";

/// What a frame of spells tells about outflow. No row of it is of one person, and nothing is told of fewer spells than the spec allows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutflowAnalysis {
    /// [`FORMAT`].
    pub format: String,
    /// Where the frame came from: its digest, or the name of a file.
    pub frame: String,
    /// What was asked.
    pub spec: OutflowSpec,
    /// What the data are worth.
    pub quality: Quality,
    /// How long spells last.
    pub overall: Stay,
    /// By which cause they end.
    pub causes: Vec<CauseShare>,
    /// By characteristic.
    pub characteristics: Vec<Comparison>,
    /// What goes together with faster outflow when the rest is equal.
    pub hazards: Vec<HazardModel>,
    /// What is not filled in, and what that does to the conclusions; absent where nearly everything is.
    pub gaps: Option<GapReport>,
    /// How well that tells of clients not seen; absent where it could not be judged.
    pub honesty: Option<Honesty>,
    /// Groups of clients.
    pub groups: ClientGroups,
    /// Provisions.
    pub provisions: Vec<ProvisionEffect>,
    /// What must not be concluded.
    pub limits: Vec<Meaning>,
}

/// Analyses the spells in `table` as `spec` says. The same for the same table, spec and `frame`, on any number of threads.
///
/// `step` is told what begins, and says true when the work must stop.
///
/// # Errors
/// [`OutflowError::Invalid`] with all faults of the spec and the frame; [`OutflowError::Stopped`].
pub fn analyse(
    table: &Table,
    spec: &OutflowSpec,
    frame: &str,
    step: &dyn Fn(Step) -> bool,
) -> Result<OutflowAnalysis, OutflowError> {
    let begin = |now: Step| {
        if step(now) {
            Err(OutflowError::Stopped)
        } else {
            Ok(())
        }
    };
    begin(Step::Checking)?;
    let prepared = Prepared::new(table, spec)?;
    begin(Step::Curves)?;
    let overall = stay::overall(&prepared);
    let causes = stay::causes(&prepared);
    let characteristics = compare::comparisons(&prepared);
    begin(Step::Regression)?;
    let hazards = hazards::models(&prepared);
    begin(Step::Gaps)?;
    let gaps = gaps::gaps(&prepared);
    begin(Step::Judging)?;
    let honesty = honest::honesty(&prepared);
    begin(Step::Groups)?;
    let groups = groups::groups(&prepared)?;
    begin(Step::Provisions)?;
    let provisions = provisions::provisions(&prepared)?;
    let limits = crate::limits::limits(&prepared);
    Ok(OutflowAnalysis {
        format: FORMAT.to_owned(),
        frame: frame.to_owned(),
        spec: spec.clone(),
        quality: prepared.quality,
        overall,
        causes,
        characteristics,
        hazards,
        gaps,
        honesty,
        groups,
        provisions,
        limits,
    })
}

/// Parts of the work, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Checking spec and rows.
    Checking,
    /// Curves and their tests.
    Curves,
    /// Regressions.
    Regression,
    /// What is not filled in.
    Gaps,
    /// Judging on clients not seen.
    Judging,
    /// Groups of clients.
    Groups,
    /// Provisions.
    Provisions,
}

impl Step {
    /// For a progress line.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Checking => "checking the spells",
            Self::Curves => "curves",
            Self::Regression => "regression",
            Self::Gaps => "what is not filled in",
            Self::Judging => "judging on clients not seen",
            Self::Groups => "groups of clients",
            Self::Provisions => "provisions",
        }
    }

    /// How many come before it, and how many there are.
    pub const fn place(self) -> (u64, u64) {
        (self as u64, 7)
    }
}
