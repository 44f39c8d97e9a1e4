//! Private curves.

use helder_ebm::{Bins, Ebm};
use helder_model::{Algorithm, Input};
use helder_types::Fault;

use super::{
    Taught,
    asked::{Asked, with_levels},
    told,
};
use crate::learn::{
    LearnError, ModelParts, Onlooker,
    columns::{directions, train_outcomes},
    ebm::{self, BoostingSummary, TermSummary},
    plan::{NewTrainingRun, Privacy},
    prepare::not_actionable,
    split::Rows,
    table::Table,
};

pub(super) fn fit(
    table: &Table,
    plan: &NewTrainingRun,
    privacy: &Privacy,
    rows: &Rows,
    onlooker: &Onlooker<'_>,
) -> Result<Taught, LearnError> {
    let y = train_outcomes(table, plan, rows)?;
    let mut asked = Asked::of(table, plan, privacy, rows)?;
    asked.settings.monotone = directions(plan, &asked.inputs)?;
    let mut chance = || (onlooker.chance)();
    let found = Ebm::fit_private(&asked.columns, &y, &asked.settings, &mut chance)
        .map_err(|error| told(error, privacy))?;
    let mut inputs = asked.inputs;
    let faults = finish(&mut inputs, &found.model);
    if !faults.is_empty() {
        return Err(LearnError::Invalid(faults));
    }
    Ok(Taught {
        boosting: Some(summary(&inputs, &found.model)),
        parts: ModelParts {
            algorithm: Algorithm::ExplainableBoosting(ebm::terms_fit(&inputs, &found.model)),
            inputs,
        },
        rows: found.rows,
    })
}

/// Levels as the answers told them.
fn finish(inputs: &mut [Input], model: &Ebm) -> Vec<Fault> {
    let mut faults = Vec::new();
    let known = model.inputs.iter().zip(&model.shapes);
    for (n, (input, ((_, bins), shape))) in inputs.iter_mut().zip(known).enumerate() {
        if let Bins::Category { levels } = bins {
            let counts = &shape.counts[1..=levels.len()];
            faults.extend(with_levels(n, input, levels, counts).err());
        }
        faults.extend(not_actionable(n, input));
    }
    faults
}

/// Of noisy counts and curves alone.
fn summary(inputs: &[Input], model: &Ebm) -> BoostingSummary {
    let mut terms: Vec<TermSummary> = model
        .shapes
        .iter()
        .map(|shape| {
            let rows: f64 = shape.counts.iter().sum();
            let sizes = shape.scores.iter().zip(&shape.counts);
            let sum: f64 = sizes.map(|(score, rows)| score.abs() * rows).sum();
            TermSummary {
                inputs: vec![inputs[shape.input].name.clone()],
                importance: sum / rows.max(1.0),
            }
        })
        .collect();
    terms.sort_by(|a, b| b.importance.total_cmp(&a.importance));
    BoostingSummary {
        bags: 1,
        rounds: Vec::new(),
        strides: Vec::new(),
        losses: Vec::new(),
        terms,
        smoothing: None,
        left_out: Vec::new(),
        silent: Vec::new(),
    }
}
