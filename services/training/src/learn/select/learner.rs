//! Contenders learning on the rows of a fold.

use helder_selection::{Answer, Failure, Fold, Learner, Role, Rule};

use super::{
    Watch, ceiling::Ceiling, plan::NewSelection, reading::reading, simple, simple::SimpleRule,
};
use crate::learn::{FrameOrigin, LearnError, Onlooker, judge, split::Rows, table::Table, teach};

/// Learns whatever is asked from rows of one table.
pub(super) struct FoldLearner<'a> {
    plan: &'a NewSelection,
    origin: &'a FrameOrigin,
    table: &'a Table,
    outcome: &'a [bool],
    /// Per contender: as what, and which candidate.
    parts: Vec<(Role, Option<usize>)>,
    simple: Option<SimpleRule>,
    ceiling: Ceiling<'a>,
    watch: &'a Watch<'a>,
}

impl<'a> FoldLearner<'a> {
    /// # Errors
    /// [`LearnError::Invalid`] when the column of the simple rule is no rule.
    pub(super) fn new(
        plan: &'a NewSelection,
        origin: &'a FrameOrigin,
        (table, outcome, rule): (&'a Table, &'a [bool], Rule<'a>),
        watch: &'a Watch<'a>,
    ) -> Result<Self, LearnError> {
        let simple = plan
            .simple_rule
            .as_deref()
            .map(|column| SimpleRule::new(table, column))
            .transpose()?;
        let contenders = plan.contenders();
        Ok(Self {
            plan,
            origin,
            table,
            outcome,
            parts: contenders
                .into_iter()
                .map(|(shape, candidate)| (shape.role, candidate))
                .collect(),
            simple,
            ceiling: Ceiling::new(table, plan, outcome, rule)?,
            watch,
        })
    }

    /// What one fit may take of all memory: as many as there are threads learn at a time, from one table.
    fn share(&self, all: u64) -> u64 {
        let table = self.table.bytes();
        table + all.saturating_sub(table) / rayon::current_num_threads() as u64
    }

    /// What all fits at a time take when one takes so much.
    fn all(&self, one: u64) -> u64 {
        let table = self.table.bytes();
        table + one.saturating_sub(table) * rayon::current_num_threads() as u64
    }

    fn candidate(
        &self,
        candidate: usize,
        setting: usize,
        fold: &Fold,
    ) -> Result<Answer, LearnError> {
        let run = self.plan.run(candidate, setting);
        let rows = Rows {
            train: fold.train.clone(),
            test: fold.test.clone(),
            same: false,
        };
        let onlooker = Onlooker {
            step: &|_| (self.watch.stop)(),
            stop: self.watch.stop,
            news: &|_| {},
            chance: &|| None,
            keeper: None,
            memory: self.watch.memory.map(|all| self.share(all)),
        };
        let (model, _) = teach(self.table, &run, self.origin, &rows, &onlooker).map_err(
            |error| match error {
                LearnError::Memory { stage, needed, .. } => LearnError::Memory {
                    stage,
                    needed: self.all(needed),
                    allowed: self.watch.memory.unwrap_or(u64::MAX),
                },
                other => other,
            },
        )?;
        Ok(Answer {
            probabilities: judge::score(self.table, &model, &fold.test)?,
            reading: reading(&model.algorithm),
        })
    }
}

impl Learner for FoldLearner<'_> {
    type Stop = LearnError;

    fn learn(
        &self,
        contender: usize,
        setting: usize,
        fold: &Fold,
    ) -> Result<Answer, Failure<LearnError>> {
        if (self.watch.stop)() {
            return Err(Failure::Stop(LearnError::Stopped));
        }
        let said = |probabilities| Answer {
            probabilities,
            reading: None,
        };
        let learned = match (self.parts[contender], &self.simple) {
            ((_, Some(candidate)), _) => self.candidate(candidate, setting, fold),
            ((Role::Ceiling, _), _) => self.ceiling.probabilities(fold).map(said),
            ((Role::SimpleRule, _), Some(rule)) => Ok(said(rule.probabilities(self.outcome, fold))),
            _ => Ok(said(simple::base_rate(self.outcome, fold))),
        };
        learned.map_err(|error| match error {
            LearnError::Invalid(faults) => {
                let code = faults.first().map(|fault| fault.code.clone());
                let details: Vec<&str> = faults.iter().map(|f| f.detail.as_str()).collect();
                Failure::Unfit {
                    code: code.unwrap_or_default(),
                    detail: details.join("; "),
                }
            }
            other => Failure::Stop(other),
        })
    }
}
