//! The nearest of several centres.

use super::{Answer, Nearest, Row, bounded};
use crate::{KMeansFit, Meaning};

#[derive(Clone, Debug)]
pub(super) struct Centres {
    /// Mean and scale per input.
    standard: Vec<[f64; 2]>,
    names: Vec<Meaning>,
    /// One centre after the other.
    values: Vec<f64>,
}

impl Centres {
    pub(super) fn new(fit: &KMeansFit) -> Self {
        Self {
            standard: fit
                .standardisation
                .iter()
                .map(|s| [s.mean, s.scale])
                .collect(),
            names: fit
                .centres
                .iter()
                .map(|centre| centre.name.clone())
                .collect(),
            values: fit
                .centres
                .iter()
                .flat_map(|centre| centre.values.iter().copied())
                .collect(),
        }
    }

    pub(super) fn name(&self, group: usize) -> Option<&Meaning> {
        self.names.get(group)
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        let cells = row.cells();
        let place = |input: usize| {
            bounded((cells[input].number - self.standard[input][0]) / self.standard[input][1])
        };
        let inputs = self.standard.len();
        // Ties go to the first group, as in training.
        let (mut nearest, mut second) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for (group, centre) in self.values.chunks_exact(inputs).enumerate() {
            let distance: f64 = centre
                .iter()
                .enumerate()
                .map(|(input, at)| (place(input) - at).powi(2))
                .sum();
            if distance < nearest.0 {
                second = nearest;
                nearest = (distance, group);
            } else if distance < second.0 {
                second = (distance, group);
            }
        }
        let at = |group: usize, input: usize| self.values[group * inputs + input];
        answer.contributions.clear();
        answer.points.clear();
        answer.score = 0.0;
        for input in 0..inputs {
            let here = place(input);
            let (near, far) = (here - at(nearest.1, input), here - at(second.1, input));
            // far² − near², without losing digits where both are large.
            let contribution = if second.0.is_finite() {
                (far - near) * (far + near)
            } else {
                0.0
            };
            answer.score += contribution;
            answer.contributions.push(contribution);
        }
        answer.base_score = 0.0;
        answer.probability = None;
        answer.value = None;
        answer.interval = None;
        answer.nearest = Some(Nearest {
            group: nearest.1,
            squared_distance: nearest.0,
            certainty: None,
        });
    }
}
