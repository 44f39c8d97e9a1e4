//! Learning from a frame, without network, database or clock: rows in, model and proofs out.
//!
//! Same frame, same plan, same code: same bytes, on any number of threads.

mod audit;
mod card;
mod columns;
mod ebm;
mod edit;
mod error;
mod estimate;
mod fill;
mod folds;
mod groups;
mod judge;
mod means;
mod memory;
mod plan;
mod preparation;
mod prepare;
mod private;
mod proof;
mod regress;
mod scorecard;
pub(crate) mod select;
mod size;
mod spells;
mod splines;
mod split;
mod survival;
mod table;
mod terms;
mod trees;

#[cfg(test)]
mod tests;

use std::path::Path;

use helder_model::{Model, Parent, Provisions, Training};
use helder_types::Digest;

pub(crate) use edit::{Former, NewEdit, check as check_edit, edit, plan_after};
pub(crate) use error::LearnError;
pub(crate) use plan::{AlgorithmName, NewTrainingRun};
pub(crate) use spells::spells;

/// Version of the code that learns; part of every model.
pub(crate) const CODE_VERSION: &str = concat!("helder-training ", env!("CARGO_PKG_VERSION"));

/// From what a frame was made.
#[derive(Clone, Debug)]
pub(crate) struct FrameOrigin {
    /// The frame.
    pub digest: Digest,
    /// Files it was made of.
    pub parents: Vec<Parent>,
    /// What a report on outflow of the frame says of provisions, where the plan names one.
    pub provisions: Option<Provisions>,
}

/// What came out: the files of a model version, and the figures to show at once.
#[derive(Clone, Debug)]
pub(crate) struct Learned {
    /// `model.json`.
    pub model: Vec<u8>,
    /// `evaluation.json`.
    pub evaluation: Vec<u8>,
    /// `fairness.json`.
    pub fairness: Vec<u8>,
    /// `provenance.json`.
    pub provenance: Vec<u8>,
    /// `card.html`.
    pub card: Vec<u8>,
    /// `evaluation.html`; absent for amounts, counts and shares.
    pub evaluation_page: Option<Vec<u8>>,
    /// `fairness.html`; absent for groups.
    pub fairness_page: Option<Vec<u8>>,
}

/// Learns from the frame in `file` as `plan` says.
///
/// `checkpoint` is called between the steps; when it says true, the work stops with [`LearnError::Stopped`].
///
/// # Errors
/// [`LearnError::Invalid`] with all faults of the plan against the frame, or of the data against the algorithm.
#[cfg(test)]
pub(crate) fn learn(
    file: &Path,
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    checkpoint: &(dyn Fn(&str) -> bool + Sync),
) -> Result<Learned, LearnError> {
    let onlooker = Onlooker {
        step: checkpoint,
        stop: &|| checkpoint("fitting"),
        news: &|_| {},
        chance: &|| None,
        keeper: None,
        memory: None,
    };
    learn_watched(file, plan, origin, &onlooker)
}

/// Who looks on.
#[derive(Clone, Copy)]
pub(crate) struct Onlooker<'a> {
    /// Told every step that begins; says true when the work must stop.
    pub step: &'a (dyn Fn(&str) -> bool + Sync),
    /// Asked within steps; says true when the work must stop.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Told how boosting goes, from several threads.
    pub news: &'a (dyn Fn(helder_ebm::Progress) + Sync),
    /// Random bits for noise that a promise of privacy asks for: of the operating system, kept nowhere. `None` when there are none.
    pub chance: &'a (dyn Fn() -> Option<u64> + Sync),
    /// Keeps finished bags of a boosting for another attempt; `None` where nothing is kept.
    pub keeper: Option<&'a dyn helder_ebm::Keeper>,
    /// Bytes of memory that learning may take; `None` without a limit.
    pub memory: Option<u64>,
}

/// [`learn`] with news of how it goes.
///
/// # Errors
/// As [`learn`]; [`LearnError::Memory`] when it would take more memory than it may.
pub(crate) fn learn_watched(
    file: &Path,
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    onlooker: &Onlooker<'_>,
) -> Result<Learned, LearnError> {
    let step = |name: &str| {
        if (onlooker.step)(name) {
            Err(LearnError::Stopped)
        } else {
            Ok(())
        }
    };
    step("reading the frame")?;
    let reads = memory::to_read(file, plan)?;
    memory::fits(onlooker.memory, "reading the frame", reads)?;
    let table = table::read(file, plan)?;
    let rows = split::split(&table, plan)?;
    if let Some(privacy) = &plan.privacy {
        step("fitting")?;
        within(onlooker, &table, plan, &[], &rows)?;
        let origin = private::sealed(onlooker)?;
        let learned = private::learn(&table, plan, privacy, &origin, &rows, onlooker)?;
        tells_anything(&table, &rows, &learned.model)?;
        size::stored(&learned.model)?;
        step("judging")?;
        let judged = private::judge(&table, plan, &rows, &learned)?;
        step("writing")?;
        return proof::write(plan, &origin, &learned.model, &judged);
    }
    let (model, judged) = match plan.algorithm {
        grouping if grouping.is_grouping() => {
            step("grouping")?;
            within(onlooker, &table, plan, &[], &rows)?;
            let grouped = groups::group(&table, plan, &rows, onlooker.stop)?;
            let training = training(plan, origin, rows.train.len(), None);
            let model = document(plan, training, grouped.parts);
            step("judging")?;
            let judged = judge::groups(&table, plan, &rows, &model, grouped.summary)?;
            (model, judged)
        }
        survival if survival.is_survival() => {
            step("preparing")?;
            let prepared = prepare::prepare(&table, plan, &rows.train)?;
            step("fitting")?;
            within(onlooker, &table, plan, &prepared.inputs, &rows)?;
            let fitted = survival::fit(&table, plan, &prepared, &rows, onlooker)?;
            let training = training(plan, origin, rows.train.len(), Some(fitted.events));
            let mut model = document(plan, training, fitted.parts);
            model.provisions.clone_from(&origin.provisions);
            size::stored(&model)?;
            survival::with_classes(&table, plan, &rows, &mut model)?;
            step("judging")?;
            let judged = survival::judge(&table, plan, &rows, &model, fitted.summary)?;
            (model, judged)
        }
        estimates if estimates.estimates() => {
            step("preparing")?;
            step("fitting")?;
            let (model, how) = teach(&table, plan, origin, &rows, onlooker)?;
            tells_anything(&table, &rows, &model)?;
            step("judging")?;
            let mut judged = means::judge(&table, plan, &rows, &model)?;
            if let Learning::Regression(summary) = how {
                judged.evaluation.fit = Some(*summary);
            }
            (model, judged)
        }
        _ => {
            step("preparing")?;
            let teach = |rows: &split::Rows| teach(&table, plan, origin, rows, onlooker);
            step("fitting")?;
            let (mut model, how) = teach(&rows)?;
            tells_anything(&table, &rows, &model)?;
            size::stored(&model)?;
            step("judging")?;
            let mut judged = judge::probabilities(&table, plan, &rows, &model)?;
            match how {
                Learning::Regression(summary) => judged.evaluation.fit = Some(*summary),
                Learning::Boosting(summary) => judged.evaluation.boosting = Some(*summary),
                Learning::Tree(summary) => judged.evaluation.tree = Some(*summary),
                Learning::Scorecard(mut summary, unrounded) => {
                    if let Some(rounded) = &judged.evaluation.predictions {
                        let cost = scorecard::cost(&table, plan, &rows, rounded, &unrounded)?;
                        summary.rounding = Some(cost);
                    }
                    judged.evaluation.scorecard = Some(*summary);
                }
            }
            step("learning curve")?;
            let model_of = |rows: &split::Rows| teach(rows).map(|(model, _)| model);
            if let Some(sections) = &mut judged.evaluation.sections {
                sections.learning_curve =
                    audit::learning_curve(&table, plan, &rows, &model, &model_of)?;
            }
            model.similar_cases = fill::similar_cases(&table, plan, &rows, &model)?;
            (model, judged)
        }
    };
    step("writing")?;
    proof::write(plan, origin, &model, &judged)
}

/// Refuses a fit that would take more memory than it may.
fn within(
    onlooker: &Onlooker<'_>,
    table: &table::Table,
    plan: &NewTrainingRun,
    inputs: &[helder_model::Input],
    rows: &split::Rows,
) -> Result<(), LearnError> {
    let needed = memory::to_learn(table, plan, inputs, rows);
    memory::fits(onlooker.memory, "learning", needed)
}

/// How learning went.
enum Learning {
    Regression(Box<regress::FitSummary>),
    Boosting(Box<ebm::BoostingSummary>),
    Tree(Box<trees::TreeSummary>),
    /// With the model before its weights were rounded to points.
    Scorecard(Box<scorecard::ScorecardSummary>, Box<Model>),
}

/// A model of probabilities, learned from the train rows.
fn teach(
    table: &table::Table,
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    rows: &split::Rows,
    onlooker: &Onlooker<'_>,
) -> Result<(Model, Learning), LearnError> {
    let prepared = prepare::prepare(table, plan, &rows.train)?;
    within(onlooker, table, plan, &prepared.inputs, rows)?;
    let training = |events| training(plan, origin, rows.train.len(), events);
    let (parts, events, how) = match plan.algorithm {
        AlgorithmName::ExplainableBoosting => {
            let boosted = ebm::fit(table, plan, &prepared, rows, onlooker)?;
            let how = Learning::Boosting(Box::new(boosted.summary));
            (boosted.parts, Some(boosted.events), how)
        }
        AlgorithmName::DecisionTree | AlgorithmName::RuleList => {
            let grown = trees::fit(table, plan, &prepared, rows)?;
            let how = Learning::Tree(Box::new(grown.summary));
            (grown.parts, Some(grown.events), how)
        }
        AlgorithmName::Scorecard => {
            let carded = scorecard::fit(table, plan, &prepared, rows)?;
            let events = Some(carded.events);
            let unrounded = document(plan, training(events), carded.unrounded);
            let how = Learning::Scorecard(Box::new(carded.summary), Box::new(unrounded));
            (carded.parts, events, how)
        }
        _ => {
            let fitted = regress::fit(table, plan, &prepared, rows)?;
            let how = Learning::Regression(Box::new(fitted.summary));
            (fitted.parts, fitted.events, how)
        }
    };
    Ok((document(plan, training(events), parts), how))
}

/// Rows that are looked at together for a difference.
const LOOKED_AT: usize = 1_000;

/// Refuses a model that answers the same for everybody: it would look like an answer about a person and be none.
fn tells_anything(
    table: &table::Table,
    rows: &split::Rows,
    model: &Model,
) -> Result<(), LearnError> {
    let mut first = None;
    for some in rows.train.chunks(LOOKED_AT) {
        let answers = judge::score(table, model, some)?;
        for answer in answers {
            if (answer - *first.get_or_insert(answer)).abs() > 0.0 {
                return Ok(());
            }
        }
    }
    Err(nothing_told())
}

fn nothing_told() -> LearnError {
    LearnError::fault(
        "/features",
        "nothing-told",
        "the answer would be the same for everybody: these features say nothing of the outcome",
    )
}

/// What an algorithm adds to the model document.
struct ModelParts {
    inputs: Vec<helder_model::Input>,
    algorithm: helder_model::Algorithm,
}

fn training(
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    rows: usize,
    events: Option<usize>,
) -> Training {
    Training {
        parents: origin.parents.clone(),
        frame_digest: origin.digest,
        rows: rows as u64,
        events: events.map(|events| events as u64),
        split: plan.split.stored(),
        seed: u64::from(plan.seed),
        code_version: CODE_VERSION.to_owned(),
        sensitive_features: plan.sensitive_features.clone(),
    }
}

/// The document of a model.
fn document(plan: &NewTrainingRun, training: Training, parts: ModelParts) -> Model {
    use helder_model::{Algorithm, Calibration, FORMAT, Kind, Link, Output};
    let (kind, link) = match &parts.algorithm {
        Algorithm::GeneralisedLinear(fit) => (Kind::Regression, fit.family.link()),
        Algorithm::KMeans(_) | Algorithm::KPrototypes(_) | Algorithm::GaussianMixture(_) => {
            (Kind::Clustering, Link::None)
        }
        Algorithm::CoxRegression(_) => (Kind::Survival, Link::Log),
        Algorithm::HazardBoosting(_) => (Kind::Survival, Link::Logit),
        Algorithm::HazardRegression(_) => {
            let link = plan.hyperparameters.link.unwrap_or_default();
            (Kind::Survival, link.of_model())
        }
        _ => (Kind::BinaryClassification, Link::Logit),
    };
    Model {
        format: FORMAT.to_owned(),
        name: plan.model.name.clone(),
        title: plan.model.title.clone(),
        kind,
        output: Output {
            name: plan.target.clone().unwrap_or_else(|| "group".to_owned()),
            meaning: plan.model.meaning.clone(),
            horizon: plan.model.horizon.clone(),
        },
        inputs: parts.inputs,
        link,
        algorithm: parts.algorithm,
        calibration: Calibration::None,
        similar_cases: None,
        privacy: None,
        provisions: None,
        training,
    }
}
