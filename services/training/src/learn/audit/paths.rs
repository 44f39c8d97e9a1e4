//! Along which ways of the causal graph a difference between groups comes.

use std::collections::BTreeSet;

use helder_fairness::{FairnessReport, PathPart, PathReport, Route, path_reports};
use helder_model::{Model, Scorer};
use serde::Serialize;

use super::{Material, NotJudged, SMALLEST_GROUP};
use crate::learn::{
    LearnError,
    judge::each_block,
    plan::{CausalGraph, NewTrainingRun},
    split::Rows,
    table::Table,
};

/// The graph of the plan, with what it takes to follow it.
pub(in crate::learn) struct Asked<'a> {
    pub(super) plan: &'a CausalGraph,
    graph: helder_fairness::CausalGraph,
    /// Per part of the answer: its inputs, and its contribution on each row judged.
    parts: Vec<(Vec<String>, Vec<f64>)>,
}

/// How one sensitive feature reaches the score.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::learn) struct CausalPaths {
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
        let name = |place: usize| model.inputs.get(place).map(|input| input.name.clone());
        let mut parts: Vec<(Vec<String>, Vec<f64>)> = scorer
            .terms()
            .iter()
            .map(|term| {
                let inputs = [Some(term.input), term.other].into_iter().flatten();
                let inputs = inputs.filter_map(name).collect();
                (inputs, Vec::with_capacity(rows.test.len()))
            })
            .collect();
        each_block(table, &scorer, &rows.test, &mut |answers| {
            for (term, (_, values)) in parts.iter_mut().enumerate() {
                values.extend_from_slice(answers.contributions(term));
            }
        })?;
        Ok(Some(Self {
            plan: asked,
            graph,
            parts,
        }))
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
    let parts: Vec<(Vec<String>, Vec<f64>)> = asked
        .parts
        .iter()
        .map(|(inputs, values)| {
            let values = rows.iter().map(|row| values[*row]);
            (inputs.clone(), values.collect())
        })
        .collect();
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
    Some(CausalPaths { groups: found })
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
