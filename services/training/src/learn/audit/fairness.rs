//! Sections of `fairness.json`.

use std::collections::BTreeSet;

use helder_fairness::{
    CountedGroup, Exploration, FairnessReport, GroupMetrics, LabelAudit, LabelSensitivity, Proxy,
    ProxyAuc, Settings, Verdict, by_group, explore, fairness_report, intersect, label_sensitivity,
};
use serde::Serialize;

use super::{Material, NotJudged, ShareDrift, paths, paths::CausalPaths, proxies, truth};
use crate::learn::{LearnError, plan::CausalGraph};

/// Most sensitive features whose combinations are judged: ten pairs.
const MOST_CROSSED: usize = 5;
/// Most combined groups of one pair of features.
const MOST_COMBINED: usize = 100;

/// What `fairness.json` says beyond the report per feature.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct FairnessSections {
    /// Reports on pairs of sensitive features: groups are written `first|second`.
    pub intersections: Vec<FairnessReport>,
    /// The worst verdict of those; absent without pairs. It does not enter the verdict of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intersection_verdict: Option<Verdict>,
    /// What was held to cause what; absent when no graph was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causal_graph: Option<CausalGraph>,
    /// Per sensitive feature: other rules, labels, proxies.
    pub audits: Vec<FeatureAudit>,
    /// Whether the share picked has moved since the first period: of everybody, and of each group.
    pub drift: Vec<ShareDrift>,
    /// What could not be judged, and why.
    pub not_judged: Vec<NotJudged>,
}

/// One sensitive feature, audited.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct FeatureAudit {
    pub sensitive_feature: String,
    /// Who would be picked under other rules, and the price; absent when nobody is picked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploration: Option<Exploration>,
    /// What if outcomes of one group were registered less often?
    pub label_sensitivity: Vec<LabelSensitivity>,
    /// Whether outcomes were registered equally, as a check of a sample found; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_audit: Option<LabelAudit>,
    /// Along which ways of the causal graph a difference in score comes; absent where nobody drew one with this feature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causal_paths: Option<CausalPaths>,
    /// How well each input tells the groups apart; the most telling first.
    pub proxies: Vec<Proxy>,
    /// How well all inputs together do, per group.
    pub whole_set: Vec<ProxyAuc>,
}

impl FairnessSections {
    /// All sections that these rows allow.
    pub(in crate::learn) fn of(
        material: &Material<'_>,
        reports: &[FairnessReport],
        settings: Settings,
    ) -> Result<Self, LearnError> {
        let mut not_judged = Vec::new();
        let crossed = &material.sensitive[..material.sensitive.len().min(MOST_CROSSED)];
        let mut intersections = Vec::new();
        for (place, (first, groups)) in crossed.iter().enumerate() {
            for (second, others) in &crossed[place + 1..] {
                let name = format!("{first}|{second}");
                let both = intersect(groups, others);
                let combined = both.iter().collect::<BTreeSet<_>>().len();
                if combined > MOST_COMBINED {
                    not_judged.push(NotJudged::new(
                        "many-groups",
                        format!(
                            "{name}: {combined} combinaties zijn er te veel om te vergelijken."
                        ),
                        format!("{name}: {combined} combinations are too many to compare."),
                    ));
                    continue;
                }
                let report = fairness_report(
                    &name,
                    material.y,
                    material.picked,
                    material.p,
                    &both,
                    settings,
                );
                intersections.push(report.map_err(LearnError::internal)?);
            }
        }
        let mut audits = Vec::new();
        for (place, ((name, groups), report)) in material.sensitive.iter().zip(reports).enumerate()
        {
            let mut audited = audit(material, place, name, groups, report, settings)?;
            audited.label_audit =
                truth::labels(material, (name, groups), settings, &mut not_judged)?;
            audited.causal_paths = paths::follow(material, (name, groups), report, &mut not_judged);
            audits.push(audited);
        }
        let is_checked = audits.iter().any(|audit| audit.label_audit.is_some());
        tell(reports, is_checked, &mut not_judged);
        not_judged.push(causes(material.asked.is_some()));
        if material.is_private {
            not_judged.push(NotJudged::new(
                "private",
                "Hoe goed alle gegevens samen de groepen uit elkaar houden, is niet gemeten: dat leert van rijen die beschermd zijn.",
                "How well all inputs together tell the groups apart was not measured: that learns from rows that are protected.",
            ));
        }
        if material.sensitive.len() > MOST_CROSSED {
            not_judged.push(NotJudged::new(
                "many-features",
                format!("Combinaties zijn alleen gemaakt van de eerste {MOST_CROSSED} kenmerken."),
                format!("Only the first {MOST_CROSSED} features were combined."),
            ));
        }
        Ok(Self {
            intersection_verdict: intersections.iter().map(|report| report.verdict).max(),
            intersections,
            causal_graph: material.asked.as_ref().map(|asked| asked.plan.clone()),
            audits,
            drift: truth::moved(material)?,
            not_judged,
        })
    }
}

fn audit(
    material: &Material<'_>,
    place: usize,
    name: &str,
    groups: &[String],
    report: &FairnessReport,
    settings: Settings,
) -> Result<FeatureAudit, LearnError> {
    let picked = material.picked.iter().filter(|picked| **picked).count();
    let capacity = material.capacity.unwrap_or(picked);
    let exploration = (capacity > 0)
        .then(|| explore(material.y, material.p, groups, capacity, settings))
        .transpose()
        .map_err(LearnError::internal)?;
    let all =
        by_group(material.y, material.picked, material.p, groups).map_err(LearnError::internal)?;
    let shown: Vec<CountedGroup<'_>> = all
        .iter()
        .zip(&report.groups)
        .filter(|(_, shown)| !shown.outcomes_suppressed)
        .map(|(group, _): (&GroupMetrics, _)| CountedGroup::from(group))
        .collect();
    Ok(FeatureAudit {
        sensitive_feature: name.to_owned(),
        exploration,
        label_sensitivity: if shown.len() > 1 {
            label_sensitivity(&shown, settings.largest_difference)
        } else {
            Vec::new()
        },
        label_audit: None,
        causal_paths: None,
        proxies: proxies::each(material, groups, settings)?,
        whole_set: proxies::together(material, place, groups, settings)?,
    })
}

fn tell(reports: &[FairnessReport], is_checked: bool, not_judged: &mut Vec<NotJudged>) {
    if reports.is_empty() {
        not_judged.push(NotJudged::new(
            "no-features",
            "Er is geen gegeven opgegeven om eerlijkheid mee te meten.",
            "No column was given to measure fairness with.",
        ));
    } else if !is_checked {
        not_judged.push(NotJudged::new(
            "labels",
            "Alle cijfers gaan uit van de geregistreerde uitkomst. Of die voor alle groepen even volledig is, staat niet in deze gegevens. \
             Alleen een controle op een steekproef kan dat laten zien.",
            "All figures rely on the registered outcome. Whether that is equally complete for all groups is not in these data. Only a \
             check on a sample can show it.",
        ));
    }
    for report in reports {
        if !report.not_judged.is_empty() {
            let (feature, groups) = (&report.sensitive_feature, report.not_judged.join(", "));
            not_judged.push(NotJudged::new(
                "small-groups",
                format!("{feature}: te weinig rijen of uitkomsten in {groups}."),
                format!("{feature}: too few rows or outcomes in {groups}."),
            ));
        }
    }
}

/// What a graph of causes, or none, leaves unsaid.
fn causes(has_graph: bool) -> NotJudged {
    if has_graph {
        NotJudged::new(
            "graph-assumed",
            "Het oorzakenmodel is een aanname van wie het opgaf. Dat de gegevens het niet tegenspreken, bewijst niet dat het klopt.",
            "The causal graph is an assumption of whoever gave it. That the data do not contradict it does not prove it right.",
        )
    } else {
        NotJudged::new(
            "causes",
            "Er is geen oorzakenmodel opgegeven. Waardoor verschillen ontstaan, zegt dit rapport niet.",
            "No causal graph was given. What causes the differences, this report does not say.",
        )
    }
}
