//! How much there is to read in a model.

use helder_model::{Algorithm, LinearFit, TermsFit, TreeFit};
use helder_selection::Reading;

/// Numbers that tell what counts how much, and how many of them one score is the sum of. None for what gives no probability.
pub(super) fn reading(algorithm: &Algorithm) -> Option<Reading> {
    match algorithm {
        Algorithm::LogisticRegression(fit) => Some(linear(fit)),
        Algorithm::ExplainableBoosting(fit) => Some(curves(fit)),
        Algorithm::Scorecard(fit) => {
            let says = fit
                .inputs
                .iter()
                .filter(|input| input.points.iter().any(|points| *points > 0));
            Some(Reading {
                numbers: says.clone().map(|input| input.points.len()).sum(),
                terms: says.count(),
            })
        }
        Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => Some(questions(fit)),
        // What gives no probability, and what nobody has said how to count: then it is proposed only when nothing simpler is near.
        _ => None,
    }
}

/// Weights that are not zero.
fn linear(fit: &LinearFit) -> Reading {
    let count = |weights: &mut dyn Iterator<Item = f64>| weights.filter(|w| *w != 0.0).count();
    let numbers = count(&mut fit.linear_terms.iter().map(|term| term.coefficient));
    let bends: Vec<usize> = fit
        .spline_terms
        .iter()
        .map(|term| count(&mut term.columns.iter().map(|column| column.coefficient)))
        .collect();
    let curves = bends.iter().filter(|columns| **columns > 0).count();
    let missing = count(&mut fit.missing_terms.iter().map(|term| term.coefficient));
    let by_category: Vec<usize> = fit
        .category_terms
        .iter()
        .map(|term| count(&mut term.levels.iter().map(|level| level.coefficient)))
        .collect();
    Reading {
        numbers: numbers + missing + [&bends, &by_category].into_iter().flatten().sum::<usize>(),
        terms: numbers
            + curves
            + missing
            + by_category.iter().filter(|levels| **levels > 0).count(),
    }
}

/// Steps of curves and cells of tables; neighbours that say the same are one.
fn curves(fit: &TermsFit) -> Reading {
    let steps = |scores: &[f64]| {
        let changes = scores
            .windows(2)
            .filter(|pair| pair[0].to_bits() != pair[1].to_bits())
            .count();
        let says = scores.iter().any(|score| *score != 0.0);
        if says { changes + 1 } else { 0 }
    };
    let curves: Vec<usize> = fit.curves.iter().map(|c| steps(&c.scores)).collect();
    let tables = fit.pairs.iter().map(|pair| {
        let rows = pair.scores.iter();
        rows.map(|row| steps(row)).sum::<usize>()
    });
    let all: Vec<usize> = curves.into_iter().chain(tables).collect();
    Reading {
        numbers: all.iter().sum(),
        terms: all.iter().filter(|numbers| **numbers > 0).count(),
    }
}

/// Questions and probabilities; a score is the sum of what the answers on the longest way change.
fn questions(fit: &TreeFit) -> Reading {
    let mut depths = vec![0; fit.nodes.len()];
    for (place, node) in fit.nodes.iter().enumerate() {
        for below in node
            .split
            .iter()
            .flat_map(|split| [split.first, split.second])
        {
            // A node stands before those below it.
            depths[below as usize] = depths[place] + 1;
        }
    }
    Reading {
        numbers: fit.nodes.len(),
        terms: depths.into_iter().max().unwrap_or(0),
    }
}
