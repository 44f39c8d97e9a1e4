//! An expert's changes to a learned model: made on the stored file with the rows it was learned from, and judged on the same
//! test rows before and after.

mod effect;

use std::path::Path;

use helder_model::{
    Algorithm, Answers, Change, EditError, Effect, EffectFigure, LearnedFrom, Model, Scorer,
    Signed, Value,
};
use helder_platform::body::Check;
use helder_types::Fault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    FrameOrigin, LearnError, Learned, Onlooker, audit,
    ebm::{BoostingSummary, TermSummary},
    judge, memory,
    plan::NewTrainingRun,
    proof, split,
    table::{self, Table},
};

pub(super) use effect::EditEffect;

/// Most changes of one edit.
const MOST_CHANGES: usize = 100;

/// Changes to the curves of a model, made together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewEdit {
    /// Why: for those who approve it, and for those it touches. It stands in the model file.
    #[schema(min_length = 10, max_length = 2000)]
    pub reason: String,
    /// What, in this order.
    #[schema(min_items = 1, max_items = 100)]
    pub changes: Vec<Change>,
}

impl Check for NewEdit {
    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let reason = self.reason.trim().chars().count();
        if reason < 10 || self.reason.chars().count() > 2_000 {
            faults.push(Fault::new(
                "/reason",
                "length",
                "say why, in 10 to 2000 characters",
            ));
        }
        if self.changes.is_empty() || self.changes.len() > MOST_CHANGES {
            faults.push(Fault::new("/changes", "items", "give 1 to 100 changes"));
        }
        faults
    }
}

/// What there is before an edit.
pub(crate) struct Former<'a> {
    /// `model.json`.
    pub model: &'a [u8],
    /// `evaluation.json`.
    pub evaluation: &'a serde_json::Value,
    /// The plan it was learned by.
    pub plan: &'a NewTrainingRun,
}

/// The plan of the edited model: without the features that `changes` remove.
pub(crate) fn plan_after(former: &NewTrainingRun, changes: &[Change]) -> NewTrainingRun {
    let is_removed = |name: &str| {
        changes
            .iter()
            .any(|change| matches!(change, Change::Remove { input } if input == name))
    };
    let mut plan = former.clone();
    plan.features.retain(|feature| !is_removed(&feature.name));
    let monotone = &mut plan.hyperparameters.monotone;
    monotone.retain(|curbed| !is_removed(&curbed.feature));
    plan
}

/// Every fault of `edit` against a model file, found without the rows it was learned from; pointers are into the request.
///
/// # Errors
/// [`LearnError::Invalid`] with the faults, [`LearnError::Internal`] when the file is no model.
pub(crate) fn check(model: &[u8], edit: &NewEdit) -> Result<(), LearnError> {
    let model = Model::from_json(model).map_err(LearnError::internal)?;
    if model.privacy.is_some() {
        let detail = "an edit counts rows that this model promised to protect: train another";
        return Err(LearnError::fault("", "breaks-privacy", detail));
    }
    let signed = Signed {
        by: "-",
        at: "-",
        reason: &edit.reason,
    };
    model
        .edited(&edit.changes, signed, &NoRows)
        .map(|_| ())
        .map_err(told)
}

/// Makes the edit and judges it: the files of a new version.
///
/// # Errors
/// [`LearnError::Invalid`] with every change that does not fit; [`LearnError::Memory`] when it would take more than it may; otherwise as
/// for learning.
pub(crate) fn edit(
    file: &Path,
    plan: &NewTrainingRun,
    origin: &FrameOrigin,
    former: &Former<'_>,
    (edit, signed): (&NewEdit, Signed<'_>),
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
    // The former model is judged too, so what it asks is read.
    let reads = memory::to_read(file, former.plan)?;
    memory::fits(onlooker.memory, "reading the frame", reads)?;
    let table = table::read(file, former.plan)?;
    let needed = memory::to_edit(&table, former.plan, former.model.len() as u64);
    memory::fits(onlooker.memory, "editing", needed)?;
    let rows = split::split(&table, former.plan)?;
    let was = Model::from_json(former.model).map_err(LearnError::internal)?;
    step("editing")?;
    let learned_from = TrainRows {
        table: &table,
        rows: &rows.train,
    };
    let mut model = was
        .edited(&edit.changes, signed, &learned_from)
        .map_err(told)?;
    step("judging the former model")?;
    let before = judge::probabilities(&table, former.plan, &rows, &was)?;
    step("judging the edited model")?;
    let mut judged = judge::probabilities(&table, plan, &rows, &model)?;
    let figures = effect::figures(&before, &judged);
    note(&mut model, rows.test.len(), &figures);
    judged.evaluation.boosting = Some(summary(&table, &rows.train, &model, former)?);
    judged.evaluation.edit = Some(EditEffect::of(&model, figures, &before, &judged)?);
    if let Some(sections) = &mut judged.evaluation.sections {
        sections.not_judged.push(audit::NotJudged::new(
            "edited",
            "De leercurve is die van het model zoals het leerde, niet van het model zoals een deskundige het veranderde.",
            "The learning curve is of the model as it learned, not of the model as an expert changed it.",
        ));
    }
    step("writing")?;
    proof::write(plan, origin, &model, &judged)
}

/// The figures go into the model file, with the edit they belong to.
fn note(model: &mut Model, rows: usize, figures: &[EffectFigure]) {
    if let Algorithm::ExplainableBoosting(fit) = &mut model.algorithm
        && let Some(last) = fit.edits.last_mut()
    {
        last.effect = Some(Effect {
            rows: rows as u64,
            figures: figures.to_vec(),
        });
    }
}

/// How the boosting went, with the weight of every term as it is now.
fn summary(
    table: &Table,
    train: &[usize],
    model: &Model,
    former: &Former<'_>,
) -> Result<BoostingSummary, LearnError> {
    let mut summary: BoostingSummary =
        serde_json::from_value(former.evaluation["boosting"].clone())
            .map_err(LearnError::internal)?;
    let scorer = Scorer::new(model).map_err(LearnError::internal)?;
    let names = |input: usize| model.inputs[input].name.clone();
    let mut terms: Vec<TermSummary> = model
        .terms()
        .iter()
        .map(|term| TermSummary {
            inputs: [Some(term.input), term.other]
                .into_iter()
                .flatten()
                .map(names)
                .collect(),
            importance: 0.0,
        })
        .collect();
    judge::each_block(table, &scorer, train, &mut |answers: &Answers| {
        for (place, term) in terms.iter_mut().enumerate() {
            for contribution in answers.contributions(place) {
                term.importance += contribution.abs() / train.len() as f64;
            }
        }
    })?;
    terms.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    summary
        .silent
        .retain(|name| model.inputs.iter().any(|input| input.name == *name));
    summary.terms = terms;
    Ok(summary)
}

/// The rows a model was learned from.
struct TrainRows<'a> {
    table: &'a Table,
    rows: &'a [usize],
}

impl LearnedFrom for TrainRows<'_> {
    fn each(&self, input: &str, each: &mut dyn FnMut(Value<'_>)) -> Result<(), EditError> {
        let column = self.table.column(input).map_err(|_| {
            EditError(vec![Fault::new(
                "/input",
                "unknown-column",
                "the frame has no such column",
            )])
        })?;
        for &row in self.rows {
            each(column.value(row));
        }
        Ok(())
    }
}

/// No rows: enough to see whether changes fit.
struct NoRows;

impl LearnedFrom for NoRows {
    fn each(&self, _: &str, _: &mut dyn FnMut(Value<'_>)) -> Result<(), EditError> {
        Ok(())
    }
}

/// Pointers of the model crate start in the list of changes, but for those of the signature.
fn told(EditError(faults): EditError) -> LearnError {
    let place = |fault: Fault| Fault {
        pointer: match fault.pointer.as_str() {
            "/by" | "/at" | "/reason" => fault.pointer,
            inside => format!("/changes{inside}"),
        },
        ..fault
    };
    LearnError::Invalid(faults.into_iter().map(place).collect())
}
