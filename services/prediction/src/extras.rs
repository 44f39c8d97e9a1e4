//! What is asked beside a prediction, written beside it. Not on the hot path: most questions ask none of it.

use helder_model::{
    Answer, Counterfactual, Goal, Row, Withheld,
    counterfactual::{Outcome, USUAL_CHANGES},
};
use helder_types::Fault;

use crate::{
    served::Served,
    wire::{
        CounterfactualAnswer, CounterfactualGoal, CounterfactualOutcome, InputChange, InputValue,
        SimilarCasesAnswer,
    },
};

/// Most subjects for whom is asked what would change the answer: each may take a millisecond.
pub const MAX_COUNTERFACTUALS: usize = 20;
/// Most inputs that may change at once.
const MAX_CHANGES: u32 = 10;

/// What is asked beside the prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Extras {
    /// What would change it.
    pub counterfactual: Option<CounterfactualGoal>,
    /// How many training rows resemble it.
    pub similar_cases: bool,
    /// The whole curve.
    pub survival_curve: bool,
}

/// A goal that was checked.
#[derive(Clone, Copy, Debug)]
struct Aim {
    goal: Goal,
    most_changes: usize,
}

/// What is asked beside the prediction, found to be askable of this model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Checked {
    aim: Option<Aim>,
    similar_cases: bool,
    survival_curve: bool,
}

impl Extras {
    /// Checks against the model and the number of subjects.
    ///
    /// # Errors
    /// Every fault, with pointers.
    pub fn check(self, served: &Served, subjects: usize) -> Result<Checked, Vec<Fault>> {
        let mut faults = Vec::new();
        let aim = self.counterfactual.and_then(|asked| {
            let aim = aim(asked, served, &mut faults);
            if subjects > MAX_COUNTERFACTUALS {
                let detail = format!("ask this for at most {MAX_COUNTERFACTUALS} subjects at once");
                faults.push(Fault::new("/counterfactual", "too-many", detail));
            }
            aim
        });
        if self.survival_curve && served.ends.is_none() {
            let detail = "only survival models have a curve over time";
            faults.push(Fault::new("/survivalCurve", "wrong-kind", detail));
        }
        if faults.is_empty() {
            Ok(Checked {
                aim,
                similar_cases: self.similar_cases,
                survival_curve: self.survival_curve,
            })
        } else {
            Err(faults)
        }
    }
}

fn aim(asked: CounterfactualGoal, served: &Served, faults: &mut Vec<Fault>) -> Option<Aim> {
    let mut fault = |pointer: &str, code: &str, detail: &str| {
        faults.push(Fault::new(
            format!("/counterfactual{pointer}"),
            code,
            detail,
        ));
    };
    let most_changes = asked.most_changes.unwrap_or(USUAL_CHANGES as u32);
    if !(1..=MAX_CHANGES).contains(&most_changes) {
        fault("/mostChanges", "out-of-range", "from 1 to 10 inputs");
    }
    let (goal, pointer) = match (asked.at_most, asked.at_least) {
        (Some(goal), None) => (Goal::AtMost(goal), "/atMost"),
        (None, Some(goal)) => (Goal::AtLeast(goal), "/atLeast"),
        _ => {
            fault("", "one-of", "give one of atMost and atLeast");
            return None;
        }
    };
    let Some(ready) = &served.counterfactuals else {
        fault(
            "",
            "wrong-kind",
            "the answer of this model has no direction to change in",
        );
        return None;
    };
    if let Err(error) = ready.check(goal) {
        fault(pointer, "out-of-range", &error.to_string());
    }
    Some(Aim {
        goal,
        most_changes: most_changes as usize,
    })
}

impl Checked {
    /// Writes `,"counterfactual":{…},"similarCases":{…}`, or what of it was asked; of survival models always `,"survival":{…}`.
    pub(crate) fn write(&self, out: &mut Vec<u8>, served: &Served, row: &Row, answer: &Answer) {
        if let (Some(aim), Some(ready)) = (&self.aim, &served.counterfactuals)
            // The goal was checked, so it is one for this model.
            && let Ok(found) = ready.find(&served.scorer, (row, answer), aim.goal, aim.most_changes)
        {
            out.extend_from_slice(b",\"counterfactual\":");
            let told = told(&found, served, (row, answer), aim.goal);
            // Writing into memory cannot fail.
            let _ = serde_json::to_writer(&mut *out, &told);
        }
        if let Some(ends) = &served.ends
            // The row was scored, so it is complete.
            && let Ok(Some(outlook)) = served.scorer.outlook(row, self.survival_curve)
        {
            out.extend_from_slice(b",\"survival\":");
            let _ = serde_json::to_writer(&mut *out, &ends.told(served, row, &outlook));
        }
        if let (true, Some(cases)) = (self.similar_cases, &served.cases) {
            let similar = cases.like(row);
            let names = similar.inputs.iter();
            let name = |input: &usize| Some(served.scorer.inputs().get(*input)?.name.clone());
            let cell = similar.cell;
            let told = SimilarCasesAnswer {
                inputs: names.filter_map(name).collect(),
                rows: cell.rows,
                training_rows: similar.total,
                events: cell.events,
                share: cell.events.map(|events| events as f64 / cell.rows as f64),
                withheld: cell.withheld.map(|why| withheld(why).to_owned()),
                text: cases.meaning(&similar),
            };
            out.extend_from_slice(b",\"similarCases\":");
            let _ = serde_json::to_writer(&mut *out, &told);
        }
    }
}

const fn withheld(why: Withheld) -> &'static str {
    match why {
        Withheld::Few => "few",
        Withheld::Most => "most",
        Withheld::Protects => "protects",
    }
}

fn told(
    found: &Counterfactual,
    served: &Served,
    before: (&Row, &Answer),
    goal: Goal,
) -> CounterfactualAnswer {
    let inputs = served.scorer.inputs();
    let value = |row: &Row, input: usize| {
        let raw = row.raw_category(input);
        let raw = raw.and_then(|at| inputs[input].raw_categories().nth(at));
        match (raw, row.raw_number(input)) {
            (Some((category, _)), _) => InputValue::Text(category.to_owned()),
            (None, Some(number)) => InputValue::Number(number),
            (None, None) => InputValue::Null,
        }
    };
    let texts = found.changes(&served.plain, before.0);
    let (outcome, changes) = match &found.outcome {
        Outcome::Reached => (CounterfactualOutcome::Reached, Vec::new()),
        Outcome::None => (CounterfactualOutcome::None, Vec::new()),
        Outcome::NothingActionable => (CounterfactualOutcome::NothingActionable, Vec::new()),
        Outcome::Change(changes) => {
            let each = changes.iter().zip(texts).map(|(change, text)| InputChange {
                input: inputs[change.input].name.clone(),
                from: value(before.0, change.input),
                to: value(&found.row, change.input),
                text,
            });
            (CounterfactualOutcome::Change, each.collect())
        }
    };
    CounterfactualAnswer {
        outcome,
        is_exact: found.is_exact,
        changes,
        probability: found.answer.probability,
        value: found.answer.value,
        text: found.meaning(&served.plain, before, goal),
    }
}
