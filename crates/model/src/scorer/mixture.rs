//! The most probable of several normal distributions.

use super::{Answer, Nearest, Row, bounded};
use crate::{Meaning, MixtureFit, ModelError, groups::whitener};

#[derive(Clone, Debug)]
pub(super) struct Mixture {
    /// Mean and scale per input.
    standard: Vec<[f64; 2]>,
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    name: Meaning,
    means: Vec<f64>,
    /// Inverse of the lower factor of the covariance: lower triangle, row by row.
    whitener: Vec<Vec<f64>>,
    /// Logarithm of the weight over the root of the determinant.
    constant: f64,
}

impl Mixture {
    /// # Errors
    /// [`ModelError`] for a covariance that is not positive definite; the check refuses it before.
    pub(super) fn new(fit: &MixtureFit) -> Result<Self, ModelError> {
        let group = |component: &crate::Component| {
            let whitener = whitener(&component.covariance)?;
            // Minus half the logarithm of the determinant is the sum of the logarithms on the inverse factor's diagonal.
            let diagonal = whitener.iter().filter_map(|row| row.last());
            Some(Group {
                name: component.name.clone(),
                means: component.means.clone(),
                constant: component.weight.ln() + diagonal.map(|x| x.ln()).sum::<f64>(),
                whitener,
            })
        };
        let groups = fit.components.iter().map(group);
        Ok(Self {
            standard: fit
                .standardisation
                .iter()
                .map(|s| [s.mean, s.scale])
                .collect(),
            groups: groups
                .collect::<Option<_>>()
                .ok_or_else(|| ModelError(Vec::new()))?,
        })
    }

    pub(super) fn name(&self, group: usize) -> Option<&Meaning> {
        self.groups.get(group).map(|group| &group.name)
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        let (inputs, groups) = (self.standard.len(), self.groups.len());
        let mut buffer = std::mem::take(&mut answer.distances);
        buffer.clear();
        buffer.resize(3 * inputs + groups, 0.0);
        let (here, rest) = buffer.split_at_mut(inputs);
        let (white, far) = rest.split_at_mut(2 * inputs);
        for ((here, [mean, scale]), cell) in here.iter_mut().zip(&self.standard).zip(row.cells()) {
            *here = bounded((cell.number - mean) / scale);
        }
        for (far, group) in far.iter_mut().zip(&self.groups) {
            group.whiten(here, &mut white[..inputs]);
            *far = white[..inputs].iter().map(|white| white * white).sum();
        }
        let log = |group: usize| self.groups[group].constant - 0.5 * far[group];
        let (first, second) = two_largest(groups, log);
        let (near_white, far_white) = white.split_at_mut(inputs);
        self.groups[first].whiten(here, near_white);
        self.groups[second].whiten(here, far_white);
        answer.contributions.clear();
        answer.contributions.extend((0..inputs).map(|input| {
            let near = self.groups[first].part(here, near_white, input);
            0.5 * (self.groups[second].part(here, far_white, input) - near)
        }));
        answer.base_score = self.groups[first].constant - self.groups[second].constant;
        answer.score = answer.base_score + answer.contributions.iter().sum::<f64>();
        answer.points.clear();
        answer.probability = None;
        answer.value = None;
        answer.interval = None;
        let beside: f64 = (0..groups).map(|g| (log(g) - log(first)).exp()).sum();
        answer.nearest = Some(Nearest {
            group: first,
            squared_distance: far[first],
            certainty: Some(1.0 / beside),
        });
        answer.distances = buffer;
    }
}

/// Places of the largest and the next; of equal ones the first.
fn two_largest(n: usize, value: impl Fn(usize) -> f64) -> (usize, usize) {
    let (mut first, mut second) = (0, None);
    for place in 1..n {
        if value(place) > value(first) {
            second = Some(first);
            first = place;
        } else if second.is_none_or(|second| value(place) > value(second)) {
            second = Some(place);
        }
    }
    (first, second.unwrap_or(first))
}

impl Group {
    /// The place in directions of equal spread, counted from the mean.
    fn whiten(&self, here: &[f64], white: &mut [f64]) {
        for (white, row) in white.iter_mut().zip(&self.whitener) {
            let away = here.iter().zip(&self.means).map(|(x, mean)| x - mean);
            *white = row.iter().zip(away).map(|(w, away)| w * away).sum();
        }
    }

    /// What an input adds to the squared distance: how far it lies from the mean, times the same with the other inputs taken into account.
    fn part(&self, here: &[f64], white: &[f64], input: usize) -> f64 {
        let rows = self.whitener.iter().zip(white).skip(input);
        let back: f64 = rows.map(|(row, white)| row[input] * white).sum();
        (here[input] - self.means[input]) * back
    }
}
