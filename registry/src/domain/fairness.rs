//! What a version's fairness report says, and the conclusion of the person who answers for it.
//!
//! The registry measures nothing: it reads the verdicts that training wrote in `fairness.json`.

use helder_types::Fault;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::text::{Faults, LONG};

/// Most risks of one conclusion.
const MOST_RISKS: usize = 20;

/// Judgement of differences between groups, as training wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FairnessVerdict {
    /// The differences stay below the bound.
    WithinBound,
    /// Too few people to say so, or nothing to compare.
    NotEnoughData,
    /// A difference is larger than the bound.
    OutsideBound,
}

/// What the fairness report of a version says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FairnessStanding {
    /// The verdict of the whole report; `notEnoughData` when it states none.
    pub verdict: FairnessVerdict,
    /// Sensitive features, and pairs of them written `first|second`, whose verdict is not `withinBound`.
    pub open: Vec<OpenVerdict>,
}

/// A sensitive feature, or a pair of them, that is not within bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenVerdict {
    /// The feature; a pair is written `first|second`.
    pub sensitive_feature: String,
    /// Outside the bound, or not enough data.
    pub verdict: FairnessVerdict,
}

/// What a reviewer concludes from verdicts that are not within bound. Shown in the catalogue, without the name of who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FairnessConclusion {
    /// Why this model may be used all the same. For everybody to read: name nobody in it.
    #[schema(min_length = 1, max_length = 4000)]
    pub text: String,
    /// Each risk that is accepted, with what is done about it.
    #[schema(min_items = 1, max_items = 20)]
    pub accepted_risks: Vec<String>,
}

impl FairnessVerdict {
    /// The written form.
    const fn as_str(self) -> &'static str {
        match self {
            Self::WithinBound => "withinBound",
            Self::NotEnoughData => "notEnoughData",
            Self::OutsideBound => "outsideBound",
        }
    }

    fn stated(report: &Value) -> Self {
        report
            .get("verdict")
            .and_then(|verdict| Self::deserialize(verdict).ok())
            .unwrap_or(Self::NotEnoughData)
    }
}

impl FairnessStanding {
    /// Reads `fairness.json`. What states no known verdict counts as not enough data.
    pub(crate) fn of_report(report: &Value) -> Self {
        let open = ["sensitiveFeatures", "intersections"]
            .into_iter()
            .filter_map(|list| report.get(list)?.as_array())
            .flatten()
            .filter_map(|feature| {
                let name = feature.get("sensitiveFeature").and_then(Value::as_str);
                let verdict = FairnessVerdict::stated(feature);
                (verdict != FairnessVerdict::WithinBound).then(|| OpenVerdict {
                    sensitive_feature: name.unwrap_or_default().to_owned(),
                    verdict,
                })
            })
            .collect();
        Self {
            verdict: FairnessVerdict::stated(report),
            open,
        }
    }
}

/// What an approval without a conclusion leaves open: one fault per verdict, nothing when all are within bound.
///
/// * `standing` – absent for a version registered before verdicts were read: what it says is not known
pub(crate) fn unanswered(standing: Option<&FairnessStanding>) -> Vec<Fault> {
    let fault = |said: String| {
        let detail =
            format!("{said}: give the review a fairnessConclusion with text and acceptedRisks");
        Fault::new("/fairnessConclusion", "no-fairness-conclusion", detail)
    };
    let Some(standing) = standing else {
        return vec![fault(
            "the verdict of the fairness report is not known".to_owned(),
        )];
    };
    let mut faults: Vec<_> = standing
        .open
        .iter()
        .map(|open| {
            let (feature, verdict) = (&open.sensitive_feature, open.verdict.as_str());
            fault(format!("the fairness report says {verdict} for {feature}"))
        })
        .collect();
    if faults.is_empty() && standing.verdict != FairnessVerdict::WithinBound {
        let verdict = standing.verdict.as_str();
        faults.push(fault(format!("the fairness report says {verdict}")));
    }
    faults
}

impl FairnessConclusion {
    /// Adds what is wrong with it.
    pub(crate) fn check(&self, faults: &mut Faults) {
        faults.text("/fairnessConclusion/text", &self.text, LONG);
        let risks = "/fairnessConclusion/acceptedRisks";
        if self.accepted_risks.is_empty() {
            faults.add(risks, "empty", "name at least one risk that is accepted");
        }
        if self.accepted_risks.len() > MOST_RISKS {
            let detail = format!("name at most {MOST_RISKS} risks");
            faults.add(risks, "too-many", &detail);
        }
        for (n, risk) in self.accepted_risks.iter().take(MOST_RISKS).enumerate() {
            faults.text(&format!("{risks}/{n}"), risk, LONG);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_verdict_that_is_not_within_bound_asks_for_an_answer() {
        let report = json!({
            "verdict": "outsideBound",
            "sensitiveFeatures": [
                {"sensitiveFeature": "gender", "verdict": "withinBound"},
                {"sensitiveFeature": "origin", "verdict": "outsideBound"},
            ],
            "intersections": [{"sensitiveFeature": "gender|origin", "verdict": "notEnoughData"}],
        });
        let standing = FairnessStanding::of_report(&report);
        let faults = unanswered(Some(&standing));
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(faults[0].detail.contains("outsideBound for origin"));
        assert!(faults[1].detail.contains("notEnoughData for gender|origin"));
    }

    #[test]
    fn what_is_within_bound_asks_nothing() {
        let report = json!({"verdict": "withinBound",
            "sensitiveFeatures": [{"sensitiveFeature": "gender", "verdict": "withinBound"}]});
        let standing = FairnessStanding::of_report(&report);
        assert!(standing.open.is_empty());
        assert!(unanswered(Some(&standing)).is_empty());
    }

    #[test]
    fn a_feature_outside_its_bound_counts_whatever_the_whole_report_claims() {
        let report = json!({"verdict": "withinBound",
            "sensitiveFeatures": [{"sensitiveFeature": "origin", "verdict": "outsideBound"}]});
        let standing = FairnessStanding::of_report(&report);
        assert_eq!(unanswered(Some(&standing)).len(), 1);
    }

    #[test]
    fn a_report_without_a_verdict_and_a_version_without_a_reading_are_not_taken_for_fair() {
        for report in [json!({}), json!({"verdict": "fine"}), json!([1])] {
            let standing = FairnessStanding::of_report(&report);
            assert_eq!(standing.verdict, FairnessVerdict::NotEnoughData);
            assert_eq!(unanswered(Some(&standing)).len(), 1, "{report}");
        }
        assert_eq!(unanswered(None).len(), 1);
    }
}
