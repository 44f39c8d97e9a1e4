//! Along which ways of the causal graph a difference between groups comes.

use std::collections::BTreeSet;

use helder_fairness::{
    BoxedScore, FairnessReport, PathPart, PathReport, Route, boxed_parts, path_reports,
};
use helder_model::{Algorithm, Asked as Region, Model, Row, Scorer, TreeFit};
use serde::Serialize;

use super::{Material, NotJudged, SMALLEST_GROUP};
use crate::learn::{
    LearnError,
    judge::{each_block, each_row},
    plan::{CausalGraph, NewTrainingRun},
    split::Rows,
    table::Table,
};

/// The graph of the plan, with what it takes to follow it.
pub(in crate::learn) struct Asked<'a> {
    pub(super) plan: &'a CausalGraph,
    graph: helder_fairness::CausalGraph,
    parts: Parts,
}

/// What an answer is made of, on each row judged.
enum Parts {
    /// Of a sum: inputs and contribution of each part.
    Sum(Vec<(Vec<String>, Vec<f64>)>),
    /// Of a tree or a rule list: its inputs, and its leaves.
    Boxes(Vec<String>, BoxedScore),
}

impl Parts {
    /// Those of some rows, as a graph tells them apart.
    fn of(
        &self,
        graph: &helder_fairness::CausalGraph,
        sensitive: &str,
        rows: &[usize],
    ) -> Vec<(Vec<String>, Vec<f64>)> {
        match self {
            Self::Sum(parts) => {
                let own = |values: &[f64]| rows.iter().map(|row| values[*row]).collect();
                let parts = parts.iter();
                parts
                    .map(|(inputs, values)| (inputs.clone(), own(values)))
                    .collect()
            }
            Self::Boxes(inputs, score) => {
                let own = |holds: &[bool]| rows.iter().map(|row| holds[*row]).collect();
                let asked = score.asked.iter();
                let score = BoxedScore {
                    asked: asked.map(|(input, holds)| (*input, own(holds))).collect(),
                    boxes: score.boxes.clone(),
                };
                boxed_parts(graph, sensitive, inputs, &score)
            }
        }
    }
}

/// How one sensitive feature reaches the score.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CausalPaths {
    /// Whether the score is no sum, so that it was taken apart into what inputs say alone and together.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_taken_apart: bool,
    /// Each group against all others, without rows of groups that are too small to show.
    pub groups: Vec<PathReport>,
}

impl<'a> Asked<'a> {
    /// Follows what each part of the answer says on the rows judged; `None` without a graph.
    ///
    /// # Errors
    /// [`LearnError::Internal`] for a graph that was not checked, or a model that does not score.
    pub(in crate::learn) fn of(
        table: &Table,
        plan: &'a NewTrainingRun,
        rows: &Rows,
        model: &Model,
    ) -> Result<Option<Self>, LearnError> {
        let Some(asked) = &plan.causal_graph else {
            return Ok(None);
        };
        let graph = asked
            .read()
            .map_err(|_| LearnError::internal("the causal graph was not checked"))?;
        let scorer = Scorer::new(model).map_err(LearnError::internal)?;
        let parts = match &model.algorithm {
            Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => {
                boxes(table, fit, (model, &scorer), &rows.test)?
            }
            _ => sum(table, (model, &scorer), &rows.test)?,
        };
        Ok(Some(Self {
            plan: asked,
            graph,
            parts,
        }))
    }
}

fn sum(
    table: &Table,
    (model, scorer): (&Model, &Scorer),
    rows: &[usize],
) -> Result<Parts, LearnError> {
    let name = |place: usize| model.inputs.get(place).map(|input| input.name.clone());
    let mut parts: Vec<(Vec<String>, Vec<f64>)> = scorer
        .terms()
        .iter()
        .map(|term| {
            let inputs = [Some(term.input), term.other].into_iter().flatten();
            let inputs = inputs.filter_map(name).collect();
            (inputs, Vec::with_capacity(rows.len()))
        })
        .collect();
    each_block(table, scorer, rows, &mut |answers| {
        for (term, (_, values)) in parts.iter_mut().enumerate() {
            values.extend_from_slice(answers.contributions(term));
        }
    })?;
    Ok(Parts::Sum(parts))
}

fn boxes(
    table: &Table,
    fit: &TreeFit,
    (model, scorer): (&Model, &Scorer),
    rows: &[usize],
) -> Result<Parts, LearnError> {
    // Leaves ask much the same, so what is asked is kept once.
    let mut regions: Vec<(usize, Region)> = Vec::new();
    let mut boxes = Vec::new();
    for leaf in fit.leaves(&model.inputs) {
        let places = leaf.asked.into_iter().map(|asked| {
            regions
                .iter()
                .position(|known| *known == asked)
                .unwrap_or_else(|| {
                    regions.push(asked);
                    regions.len() - 1
                })
        });
        let places = places.collect();
        boxes.push((fit.nodes[leaf.node].score, places));
    }
    let mut holds: Vec<Vec<bool>> = vec![Vec::with_capacity(rows.len()); regions.len()];
    each_row(table, scorer, rows, &mut |row| {
        for ((input, region), holds) in regions.iter().zip(&mut holds) {
            holds.push(lies_in(row, *input, region));
        }
    })?;
    let inputs = model.inputs.iter().map(|input| input.name.clone());
    let asked = regions.into_iter().map(|(input, _)| input).zip(holds);
    Ok(Parts::Boxes(
        inputs.collect(),
        BoxedScore {
            asked: asked.collect(),
            boxes,
        },
    ))
}

fn lies_in(row: &Row, input: usize, region: &Region) -> bool {
    match region {
        Region::Number {
            above,
            at_most,
            or_missing,
        } => row
            .number(input)
            .map_or(*or_missing, |number| *above < number && number <= *at_most),
        Region::Levels { may, or_none } => {
            let level = row.level(input).and_then(|level| may.get(level));
            level.copied().unwrap_or(*or_none)
        }
    }
}

/// The ways of one sensitive feature; `None` without a graph that holds it. What cannot be judged is told.
pub(super) fn follow(
    material: &Material<'_>,
    (name, groups): (&str, &[String]),
    report: &FairnessReport,
    not_judged: &mut Vec<NotJudged>,
) -> Option<CausalPaths> {
    let asked = material.asked.as_ref()?;
    if !asked.graph.holds(name) {
        not_judged.push(NotJudged::new(
            "feature-not-in-graph",
            format!("{name} staat niet in het oorzakenmodel. Waardoor verschillen ontstaan, zegt dit rapport daar niet."),
            format!("{name} is not in the causal graph. What causes its differences, this report does not say."),
        ));
        return None;
    }
    // Rows of hidden groups are left out on both sides: their figures cannot be computed from what is shown.
    let shown: BTreeSet<&str> = report
        .groups
        .iter()
        .filter(|group| group.rows.is_some())
        .map(|group| group.group.as_str())
        .collect();
    let rows: Vec<usize> = (0..groups.len())
        .filter(|row| shown.contains(groups[*row].as_str()))
        .collect();
    let own: Vec<String> = rows.iter().map(|row| groups[*row].clone()).collect();
    let parts = asked.parts.of(&asked.graph, name, &rows);
    let found = path_reports(&asked.graph, name, &own, &parts, SMALLEST_GROUP);
    if found.is_empty() {
        not_judged.push(NotJudged::new(
            "too-few-for-ways",
            format!("{name}: er zijn te weinig rijen om verschillen langs wegen te volgen."),
            format!("{name}: there are too few rows to follow differences along ways."),
        ));
        return None;
    }
    limits(name, &found, not_judged);
    Some(CausalPaths {
        is_taken_apart: matches!(asked.parts, Parts::Boxes(..)),
        groups: found,
    })
}

/// What these figures cannot say of one sensitive feature.
fn limits(name: &str, found: &[PathReport], not_judged: &mut Vec<NotJudged>) {
    let inputs = |is_one: &dyn Fn(&PathPart) -> bool| {
        let parts = found.iter().flat_map(|report| &report.parts);
        let named: BTreeSet<&str> = parts
            .filter(|part| is_one(part))
            .map(|part| part.input.as_str())
            .collect();
        named.into_iter().collect::<Vec<_>>().join(", ")
    };
    let mut tell = |code, inputs: String, nl: &str, en: &str| {
        if !inputs.is_empty() {
            let (nl, en) = (
                format!("{name}: {nl} ({inputs})."),
                format!("{name}: {en} ({inputs})."),
            );
            not_judged.push(NotJudged::new(code, nl, en));
        }
    };
    tell(
        "mixed-ways",
        inputs(&|part| part.route == Route::Mixed),
        "deze gegevens worden langs toegestane en niet-toegestane wegen bereikt. Hoeveel er langs elk komt, is niet te zeggen",
        "these inputs are reached by ways that are justified and ways that are not. How much comes by each cannot be said",
    );
    tell(
        "not-in-graph",
        inputs(&|part| part.route == Route::NotInGraph),
        "deze gegevens staan niet in het oorzakenmodel. Waar hun verschil vandaan komt, is niet te zeggen",
        "these inputs are not in the causal graph. Where their difference comes from cannot be said",
    );
    tell(
        "common-causes",
        inputs(&|part| part.common_cause),
        "iets anders beïnvloedt het kenmerk en ook deze gegevens. Hun verschil komt dan niet alleen door het kenmerk",
        "something else causes the feature and these inputs too. Their difference is then not caused by the feature alone",
    );
    tell(
        "graph-contradicted",
        inputs(&|part| part.contradicts_graph),
        "volgens het oorzakenmodel bereikt het kenmerk deze gegevens niet, maar de groepen verschillen er meer dan door toeval. Het oorzakenmodel \
         mist hier iets",
        "by the causal graph the feature does not reach these inputs, yet the groups differ there by more than chance. The graph misses \
         something here",
    );
}
