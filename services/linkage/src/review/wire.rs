//! What goes over the wire.

use helder_types::{Fault, job::JobState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::figures::{Agreement, Estimates};
use crate::{follow::Incremental, wire::PairExplanation};

/// A review task to set up.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewLinkageReview {
    /// A run that has succeeded.
    pub linkage_run_id: Uuid,
    /// Pairs in the queue.
    #[serde(default = "size")]
    #[schema(minimum = 1, maximum = 2000)]
    pub size: u32,
    /// Share of them that is drawn at random, for the estimates of precision and recall.
    #[serde(default = "random_share")]
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub random_share: f64,
    /// Share of them that a second person decides as well, without seeing the first decision.
    #[serde(default = "second_share")]
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub second_share: f64,
    /// How long a pair is one reviewer's, in seconds.
    #[serde(default = "lease_seconds")]
    #[schema(minimum = 1, maximum = 86400)]
    pub lease_seconds: u32,
    /// The same seed gives the same queue.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 4_294_967_295_i64)]
    pub seed: u32,
}

const fn size() -> u32 {
    200
}
const fn random_share() -> f64 {
    0.3
}
const fn second_share() -> f64 {
    0.2
}
const fn lease_seconds() -> u32 {
    900
}

impl NewLinkageReview {
    /// All faults.
    pub(crate) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut check = |is_good: bool, pointer: &str, detail: &str| {
            if !is_good {
                faults.push(Fault::new(pointer, "out-of-range", detail));
            }
        };
        check((1..=2000).contains(&self.size), "/size", "from 1 to 2000");
        for (share, pointer) in [
            (self.random_share, "/randomShare"),
            (self.second_share, "/secondShare"),
        ] {
            check((0.0..=1.0).contains(&share), pointer, "from 0 to 1");
        }
        check(
            (1..=86_400).contains(&self.lease_seconds),
            "/leaseSeconds",
            "from 1 to 86400",
        );
        faults
    }
}

/// A review task.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkageReview {
    /// Identifier.
    pub id: Uuid,
    /// Project of the run.
    pub project_id: Uuid,
    /// The job that makes the queue.
    pub job_id: Uuid,
    /// Where that job stands.
    pub state: JobState,
    /// As asked.
    pub settings: NewLinkageReview,
    /// How far the reviewers are.
    pub progress: Progress,
    /// How far two people agree who decided independently. Absent until there are pairs that two people decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Precision and recall of the run, from the random share. Absent until it says something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimates: Option<Estimates>,
    /// Who asked.
    pub created_by: String,
    /// When, UTC.
    pub created_at: String,
}

/// How far the reviewers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// Pairs in the queue.
    pub pairs: u64,
    /// Pairs that need no further decision.
    pub settled: u64,
    /// Of those: match.
    pub matches: u64,
    /// Of those: no match.
    pub no_matches: u64,
    /// Of those: unsure.
    pub unsure: u64,
}

/// What a reviewer decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    /// One person.
    Match,
    /// Two persons.
    NoMatch,
    /// The records do not tell.
    Unsure,
}

/// Why. A list and no free text: a remark would hold names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Reason {
    /// Differences are typing or reading errors.
    TypingError,
    /// The person moved.
    Moved,
    /// The person took, or gave up, the name of a partner.
    NameChanged,
    /// Another member of the household.
    HouseholdMember,
    /// Two persons who happen to look alike.
    Namesake,
    /// Too little is filled in.
    TooLittle,
    /// Checked in another register.
    CheckedElsewhere,
}

/// A decision to keep.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDecision {
    /// The pair, as given by `_next`.
    pub pair_id: Uuid,
    /// What it is.
    pub verdict: Verdict,
    /// Why.
    #[serde(default)]
    pub reason: Option<Reason>,
}

/// A decision as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decision {
    /// Identifier, in order of time.
    pub id: Uuid,
    /// The pair.
    pub pair_id: Uuid,
    /// What was decided.
    pub verdict: Verdict,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The decision that this one replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supersedes: Option<Uuid>,
    /// By whom.
    pub decided_by: String,
    /// When, UTC.
    pub decided_at: String,
}

/// A decision about a settled pair, with the pair: a label.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewLabel {
    /// The decision.
    #[serde(flatten)]
    pub decision: Decision,
    /// Whether it was the first, the second or the third of its pair: 1, 2, 3.
    #[schema(minimum = 1, maximum = 3)]
    pub part: i64,
    /// What the pair was settled as.
    pub settled_as: Verdict,
    /// Row of the left version of the run.
    pub left_row: i64,
    /// Row of the right version of the run.
    pub right_row: i64,
    /// Stable key of the left record: equal as long as the record is unchanged.
    pub left_key: String,
    /// Stable key of the right record.
    pub right_key: String,
    /// `teach` when chosen for what it teaches, else the stratum of the random share.
    pub stratum: String,
}

/// A pair to decide about.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewPair {
    /// Names the pair in the decision.
    pub pair_id: Uuid,
    /// Until when the pair is this reviewer's, UTC.
    pub leased_until: String,
    /// Both records side by side.
    pub fields: Vec<FieldPair>,
    /// Why the run gave the pair its weight.
    pub explanation: PairExplanation,
}

/// A field of both records. Absent values are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FieldPair {
    /// Column of the left version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_column: Option<String>,
    /// Column of the right version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right_column: Option<String>,
    /// Value of the left record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
    /// Value of the right record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

/// A run to do again with the decisions of a review.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Relink {
    /// Left dataset version. Absent: that of the reviewed run.
    #[serde(default)]
    pub left: Option<Uuid>,
    /// Right dataset version. Absent: that of the reviewed run.
    #[serde(default)]
    pub right: Option<Uuid>,
    /// Makes the new run one of a series. With `previous` (the reviewed run, or another one of its series) it keeps that series' model and
    /// numbers of persons, and links only what versions and decisions changed; without, a new series begins, whose model learns from the
    /// decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incremental: Option<Incremental>,
}

/// What became of the labels that a run used.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedLabels {
    /// The review they come from.
    pub linkage_review_id: Uuid,
    /// Labels given to the run: settled pairs, without those left unsure.
    pub given: u64,
    /// Counts; absent until the run is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// How many labels hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Labels whose two records are both there, unchanged.
    pub held: u64,
    /// Labels of which a record has changed or gone: they say nothing about this run, and the pair may be reviewed again.
    pub changed: u64,
}

/// What people made of a run.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReview {
    /// The newest review of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linkage_review_id: Option<Uuid>,
    /// How far two people agree who decided independently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// Precision and recall, with 95 % intervals, from labels of the random share.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimates: Option<Estimates>,
    /// Labels of an earlier review that this run was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<UsedLabels>,
}
