//! Sections of `evaluation.json`.

use std::collections::BTreeMap;

use helder_evaluation::{
    Areas, CalibrationLine, Capacity, Ceiling, Conformal, Coverage, Covered, DecisionPoint,
    EvaluationError, FeatureCheck, Gaps, LearningCurve, LearningPoint, LinkInfluence, LinkQuality,
    Proportion, Recalibration, RecalibrationKind, Stability, areas, at_capacity, auc, brier,
    calibration, decision_curve, gaps, leakage, learning_sizes, link_influence, log_loss,
    stability,
};
use helder_fairness::FairnessReport;
use helder_model::Model;
use serde::Serialize;

use super::{LEAST, Material, NotJudged, SMALLEST_GROUP, Values, has_both, truth};
use crate::learn::{
    LearnError, judge, plan::NewTrainingRun, regress::outcomes, split::Rows, table::Table,
};

/// Share of prediction sets that may miss the truth.
const ALPHA: f64 = 0.1;
/// Discrimination that no single honest input reaches.
const TOO_GOOD: f64 = 0.9;
/// Inputs whose levels are judged apart, and most levels of one.
const MOST_PARTED: usize = 10;
const MOST_LEVELS: usize = 50;

/// What `evaluation.json` says beyond the first figures.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct EvaluationSections {
    /// Precision, recall and lift at growing capacities.
    pub capacity_curve: Vec<Capacity>,
    /// Net benefit of acting on the model.
    pub decision_curve: Vec<DecisionPoint>,
    /// What recalibration would change, learned on one half of the rows judged and measured on the other.
    pub recalibration: Vec<RecalibrationEntry>,
    /// Prediction sets, learned on one half of the rows judged and measured on the other.
    pub prediction_sets: Vec<SetsEntry>,
    /// As good in every area? Absent where the plan names none, or outcomes are few.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub areas: Option<Areas>,
    /// As good in every period, and at every level of the inputs?
    pub stability: Vec<NamedStability>,
    /// Inputs by themselves: do they know too much?
    pub leakage: Vec<FeatureCheck>,
    /// What missing values do.
    pub gaps: Option<Gaps>,
    /// What the figures would be if outcomes came through links of these qualities.
    pub links: Vec<LinkInfluence>,
    /// Would more rows help?
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_curve: Option<LearningCurve>,
    /// The best any model could do; only where the true probability is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Ceiling>,
    /// What could not be judged, and why.
    pub not_judged: Vec<NotJudged>,
}

/// One way to recalibrate; the first entry is without any.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct RecalibrationEntry {
    /// Kind; absent for the probabilities as they are.
    pub kind: Option<RecalibrationKind>,
    pub log_loss: f64,
    pub brier: f64,
    pub expected_calibration_error: f64,
    pub line: Option<CalibrationLine>,
}

/// Sets of one kind.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct SetsEntry {
    pub coverage: Coverage,
    /// Sensitive feature, where coverage is per group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitive_feature: Option<String>,
    /// Share of sets that should hold the truth.
    pub promised: f64,
    /// Share that did, on rows the limits were not learned from.
    pub covered: Vec<Covered>,
}

/// Stability over one division of the rows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct NamedStability {
    /// `reference_date`, or the input whose levels divide the rows.
    pub by: String,
    #[serde(flatten)]
    pub stability: Stability,
}

impl EvaluationSections {
    /// All sections that these rows allow.
    pub(in crate::learn) fn of(
        material: &Material<'_>,
        reports: &[FairnessReport],
    ) -> Result<Self, LearnError> {
        let (y, p) = (material.y, material.p);
        let mut not_judged = Vec::new();
        let enough = has_both(y, LEAST);
        if !enough {
            not_judged.push(NotJudged::new(
                "few-outcomes",
                "Er zijn te weinig uitkomsten van één soort voor de verdere onderdelen.",
                "There are too few outcomes of one kind for the further sections.",
            ));
        }
        let apart = enough && !material.judged_on_training_rows;
        if material.judged_on_training_rows {
            not_judged.push(NotJudged::new(
                "training-rows",
                "Het model is beoordeeld op de rijen waarvan het leerde. Herijking, voorspelverzamelingen en leercurve zeggen dan niets.",
                "The model was judged on the rows it learned from. Recalibration, prediction sets and the learning curve then say nothing.",
            ));
        }
        let auc = auc(y, p).map_err(LearnError::internal)?;
        Ok(Self {
            ceiling: truth::best(material)?,
            capacity_curve: capacities(y, p)?,
            decision_curve: if enough { decisions(y, p)? } else { Vec::new() },
            recalibration: if apart {
                recalibration(material, &mut not_judged)?
            } else {
                Vec::new()
            },
            prediction_sets: if apart {
                sets(material, reports)?
            } else {
                Vec::new()
            },
            stability: if enough {
                parts(material, &mut not_judged)?
            } else {
                Vec::new()
            },
            areas: if enough {
                everywhere(material, &mut not_judged)?
            } else {
                None
            },
            leakage: if enough {
                suspects(material, auc.value)?
            } else {
                Vec::new()
            },
            gaps: enough.then(|| missing(material)).transpose()?,
            links: if enough {
                links(y, p, &mut not_judged)?
            } else {
                Vec::new()
            },
            learning_curve: None,
            not_judged,
        })
    }
}

/// Precision and the like for the first 1 % to 50 %.
fn capacities(y: &[bool], p: &[f64]) -> Result<Vec<Capacity>, LearnError> {
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
        .into_iter()
        .map(|share| (y.len() as f64 * share).round() as usize)
        .filter(|k| *k >= SMALLEST_GROUP)
        .map(|k| at_capacity(y, p, k).map_err(LearnError::internal))
        .collect()
}

/// Thresholds around the share of positives, where rows on both sides are not few.
fn decisions(y: &[bool], p: &[f64]) -> Result<Vec<DecisionPoint>, LearnError> {
    let base = y.iter().filter(|y| **y).count() as f64 / y.len() as f64;
    let top = (base * 16.0).min(0.9);
    let thresholds: Vec<f64> = (0..=12)
        .map(|at| base / 4.0 * (top / base * 4.0).powf(f64::from(at) / 12.0))
        .collect();
    let points = decision_curve(y, p, &thresholds).map_err(LearnError::internal)?;
    let few = |rows: usize| rows > 0 && rows < SMALLEST_GROUP;
    Ok(points
        .into_iter()
        .filter(|point| !few(point.picked) && !few(y.len() - point.picked))
        .collect())
}

fn pick(values: &[f64], y: &[bool], rows: &[usize]) -> (Vec<bool>, Vec<f64>) {
    rows.iter().map(|&row| (y[row], values[row])).unzip()
}

fn recalibration(
    material: &Material<'_>,
    not_judged: &mut Vec<NotJudged>,
) -> Result<Vec<RecalibrationEntry>, LearnError> {
    let (y, p) = (material.y, material.p);
    let entry = |kind, p: &[f64]| -> Result<RecalibrationEntry, EvaluationError> {
        let found = calibration(y, p)?;
        Ok(RecalibrationEntry {
            kind,
            log_loss: log_loss(y, p)?,
            brier: brier(y, p)?,
            expected_calibration_error: found.expected_calibration_error,
            line: found.line,
        })
    };
    let halves = material.halves();
    let mut entries = vec![entry(None, p).map_err(LearnError::internal)?];
    for kind in RecalibrationKind::ALL {
        let mut said = p.to_vec();
        let mut is_whole = true;
        for (learn, judge) in [(0, 1), (1, 0)] {
            let (own_y, own_p) = pick(p, y, &halves[learn]);
            match Recalibration::fit(kind, &own_y, &own_p) {
                Ok(map) => {
                    for &row in &halves[judge] {
                        said[row] = map.apply(p[row]);
                    }
                }
                // This half does not determine the map: no figure rather than half of one.
                Err(_) => is_whole = false,
            }
        }
        if is_whole {
            entries.push(entry(Some(kind), &said).map_err(LearnError::internal)?);
        } else {
            not_judged.push(NotJudged::new(
                "recalibration-not-determined",
                "Een manier om kansen bij te stellen is met deze uitkomsten niet te leren en ontbreekt in de tabel.",
                "One way to recalibrate cannot be learned from these outcomes and is not in the table.",
            ));
        }
    }
    Ok(entries)
}

fn sets(material: &Material<'_>, reports: &[FairnessReport]) -> Result<Vec<SetsEntry>, LearnError> {
    let none: [String; 0] = [];
    let mut entries = vec![
        sets_of(material, Coverage::Marginal, None, &none, &[])?,
        sets_of(material, Coverage::PerClass, None, &none, &[])?,
    ];
    for ((name, groups), report) in material.sensitive.iter().zip(reports) {
        let shown: Vec<&str> = report
            .groups
            .iter()
            .filter(|group| !group.outcomes_suppressed)
            .map(|group| group.group.as_str())
            .collect();
        if shown.len() > 1 {
            let coverage = Coverage::PerClassAndGroup;
            entries.push(sets_of(material, coverage, Some(name), groups, &shown)?);
        }
    }
    Ok(entries)
}

/// Group and outcome.
type Key = (Option<String>, Option<bool>);

fn sets_of(
    material: &Material<'_>,
    coverage: Coverage,
    name: Option<&str>,
    groups: &[String],
    shown: &[&str],
) -> Result<SetsEntry, LearnError> {
    let halves = material.halves();
    let mut sums: BTreeMap<Key, (usize, usize, f64)> = BTreeMap::new();
    for (learn, judge) in [(0, 1), (1, 0)] {
        let (learn, judge) = (&halves[learn], &halves[judge]);
        let own = |rows: &[usize]| -> Vec<&str> {
            rows.iter()
                .filter_map(|&row| groups.get(row))
                .map(String::as_str)
                .collect()
        };
        let (y, p) = pick(material.p, material.y, learn);
        let limits = Conformal::fit(coverage, &y, &p, &own(learn), ALPHA);
        let (y, p) = pick(material.p, material.y, judge);
        let found = limits
            .and_then(|limits| limits.covered(&y, &p, &own(judge)))
            .map_err(LearnError::internal)?;
        for entry in found {
            let sum = sums.entry((entry.group, entry.class)).or_default();
            sum.0 += entry.held.count;
            sum.1 += entry.held.total;
            sum.2 += entry.mean_size.unwrap_or(0.0) * entry.held.total as f64;
        }
    }
    let may_be_shown = |group: &Option<String>| {
        group
            .as_ref()
            .is_none_or(|group| shown.contains(&group.as_str()))
    };
    Ok(SetsEntry {
        coverage,
        sensitive_feature: name.map(str::to_owned),
        promised: 1.0 - ALPHA,
        covered: sums
            .into_iter()
            .filter(|((group, _), _)| may_be_shown(group))
            .map(|((group, class), (held, total, size))| {
                let held = Proportion::new(held, total);
                Covered {
                    group,
                    class,
                    held,
                    interval_95: held.wilson(),
                    mean_size: (total > 0).then(|| size / total as f64),
                }
            })
            .collect(),
    })
}

fn parts(
    material: &Material<'_>,
    not_judged: &mut Vec<NotJudged>,
) -> Result<Vec<NamedStability>, LearnError> {
    let mut found = Vec::new();
    let mut divide = |by: &str, names: &[String]| -> Result<(), LearnError> {
        let stability = stability(material.y, material.p, names, SMALLEST_GROUP)
            .map_err(LearnError::internal)?;
        found.push(NamedStability {
            by: by.to_owned(),
            stability,
        });
        Ok(())
    };
    match &material.periods {
        Some(periods) => divide("reference_date", periods)?,
        None => not_judged.push(NotJudged::new(
            "one-period",
            "De rijen hebben geen of maar één peildatum. Of het model later even goed is, is niet te zeggen.",
            "The rows have no or one reference date only. Whether the model is as good later cannot be said.",
        )),
    }
    let mut parted = 0;
    for (name, values) in &material.features {
        let Values::Levels(levels) = values else {
            continue;
        };
        let names: Vec<String> = levels
            .iter()
            .map(|level| {
                level
                    .clone()
                    .unwrap_or_else(|| helder_fairness::MISSING.to_owned())
            })
            .collect();
        let distinct = names
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len();
        if (2..=MOST_LEVELS).contains(&distinct) && parted < MOST_PARTED {
            divide(name, &names)?;
            parted += 1;
        }
    }
    if parted == 0 && material.areas.is_none() {
        not_judged.push(NotJudged::new(
            "no-areas",
            "Geen gegeven verdeelt de rijen in gebieden of andere delen. Of het model overal even goed is, is niet te zeggen.",
            "No input divides the rows into areas or other parts. Whether the model is as good everywhere cannot be said.",
        ));
    }
    Ok(found)
}

/// Each area against what was said of it.
fn everywhere(
    material: &Material<'_>,
    not_judged: &mut Vec<NotJudged>,
) -> Result<Option<Areas>, LearnError> {
    let Some(names) = &material.areas else {
        return Ok(None);
    };
    let found =
        areas(material.y, material.p, names, SMALLEST_GROUP).map_err(LearnError::internal)?;
    let (small, shown) = (found.pooled_areas, found.areas.len());
    if small > 0 {
        not_judged.push(NotJudged::new(
            "small-areas",
            format!("{small} gebieden zijn te klein om apart te tonen: daar overkwam het minder dan {SMALLEST_GROUP} mensen, of overkwam het minder dan \
                     {SMALLEST_GROUP} mensen niet, of ze verbergen zo'n gebied. Ze zijn samengenomen."),
            format!("{small} areas are too small to show apart: it happened to fewer than {SMALLEST_GROUP} people there, or did not happen to fewer \
                     than {SMALLEST_GROUP}, or they hide such an area. They were taken together."),
        ));
    }
    if shown < 2 {
        not_judged.push(NotJudged::new(
            "few-areas",
            "Er zijn geen twee gebieden die groot genoeg zijn. Of het model overal even goed is, is niet te zeggen.",
            "No two areas are large enough. Whether the model is as good everywhere cannot be said.",
        ));
    }
    Ok(Some(found))
}

fn suspects(material: &Material<'_>, auc: f64) -> Result<Vec<FeatureCheck>, LearnError> {
    let features: Vec<_> = material
        .features
        .iter()
        .map(|(name, values)| (name.clone(), values.feature()))
        .collect();
    leakage(material.y, &features, Some(auc), TOO_GOOD).map_err(LearnError::internal)
}

fn missing(material: &Material<'_>) -> Result<Gaps, LearnError> {
    let features: Vec<_> = material
        .features
        .iter()
        .map(|(name, values)| (name.clone(), values.feature().gaps()))
        .collect();
    gaps(material.y, material.p, &features, SMALLEST_GROUP).map_err(LearnError::internal)
}

/// Links of three qualities: a frame does not know through which links its outcome came.
fn links(
    y: &[bool],
    p: &[f64],
    not_judged: &mut Vec<NotJudged>,
) -> Result<Vec<LinkInfluence>, LearnError> {
    not_judged.push(NotJudged::new(
        "links-unknown",
        "Een analysetabel weet niet hoe goed de koppeling was. Zoek precisie en volledigheid op in het koppelrapport en lees de regel die daarbij past.",
        "A frame does not know how good the linkage was. Look precision and recall up in the linkage report and read the line that fits.",
    ));
    [(0.99, 0.98), (0.97, 0.92), (0.9, 0.8)]
        .into_iter()
        .map(|(precision, recall)| {
            let quality = LinkQuality { precision, recall };
            link_influence(y, p, quality).map_err(LearnError::internal)
        })
        .collect()
}

/// Teaches on an eighth, a quarter, half and all of the rows, and judges on the same rows kept apart. `None` when rows were not
/// kept apart or are too few.
///
/// # Errors
/// [`LearnError::Internal`] when the judging fails; a part that cannot be taught on has no figure.
pub(in crate::learn) fn learning_curve(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    whole: &Model,
    teach: &dyn Fn(&Rows) -> Result<Model, LearnError>,
) -> Result<Option<LearningCurve>, LearnError> {
    let outcomes = outcomes(table, plan)?;
    let y: Vec<bool> = rows.test.iter().map(|&row| outcomes[row]).collect();
    let sizes = learning_sizes(rows.train.len(), 4, 20 * SMALLEST_GROUP);
    if rows.same || sizes.len() < 2 || !has_both(&y, LEAST) {
        return Ok(None);
    }
    // Neighbours in a file resemble each other: rows are taken in the order of a hash.
    let mut order = rows.train.clone();
    order.sort_by_key(|&row| {
        let mixed = (row as u64 ^ u64::from(plan.seed)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    });
    let points = sizes
        .into_iter()
        .map(|size| {
            let mut train = order[..size].to_vec();
            train.sort_unstable();
            let positives = train.iter().filter(|&&row| outcomes[row]).count();
            let part = Rows {
                train,
                test: rows.test.clone(),
                same: false,
            };
            let p = if size == rows.train.len() {
                Some(judge::score(table, whole, &rows.test)?)
            } else {
                // Too few rows for this model is an answer, not a fault.
                match teach(&part) {
                    Ok(model) => Some(judge::score(table, &model, &rows.test)?),
                    Err(LearnError::Stopped) => return Err(LearnError::Stopped),
                    Err(_) => None,
                }
            };
            let auc = p.as_ref().map(|p| auc(&y, p)).transpose();
            let log_loss = p.as_ref().map(|p| log_loss(&y, p)).transpose();
            Ok(LearningPoint {
                rows: size,
                positives,
                auc: auc.map_err(LearnError::internal)?,
                log_loss: log_loss.map_err(LearnError::internal)?,
            })
        })
        .collect::<Result<Vec<_>, LearnError>>()?;
    Ok(Some(LearningCurve::new(points)))
}
