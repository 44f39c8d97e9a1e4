//! The nearest of several prototypes.

use super::{Answer, Nearest, Row, bounded};
use crate::{CertaintyStep, Input, InputType, Meaning, Model, PrototypesFit};

#[derive(Clone, Debug)]
pub(super) struct Prototypes {
    /// Position, mean and scale of the inputs that are numbers.
    numbers: Vec<(usize, [f64; 2])>,
    /// Positions of the others.
    named: Vec<usize>,
    gamma: f64,
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    name: Meaning,
    means: Vec<f64>,
    /// Position of the level, or 0 and 1 of a boolean.
    modes: Vec<u32>,
    certainty: Vec<CertaintyStep>,
}

/// Position of a level as it is compared.
fn mode(input: &Input, level: &str) -> u32 {
    let known = input.categories.iter();
    match input.kind {
        InputType::Boolean => u32::from(level == "true"),
        _ => known
            .zip(0..)
            .find(|(category, _)| category.level == level)
            .map_or(u32::MAX, |(_, place)| place),
    }
}

impl Prototypes {
    pub(super) fn new(fit: &PrototypesFit, model: &Model) -> Self {
        let (numbers, named) = model.numbers_and_names();
        let groups = fit.prototypes.iter().map(|group| Group {
            name: group.name.clone(),
            means: group.means.clone(),
            modes: named
                .iter()
                .zip(&group.modes)
                .map(|(input, at)| mode(&model.inputs[*input], &at.level))
                .collect(),
            certainty: group.certainty.clone(),
        });
        let scales = fit.standardisation.iter().map(|s| [s.mean, s.scale]);
        Self {
            groups: groups.collect(),
            numbers: numbers.into_iter().zip(scales).collect(),
            named,
            gamma: fit.gamma,
        }
    }

    pub(super) fn name(&self, group: usize) -> Option<&Meaning> {
        self.groups.get(group).map(|group| &group.name)
    }

    pub(super) fn score(&self, row: &Row, answer: &mut Answer) {
        // Ties go to the first group.
        let (mut nearest, mut second) = ((f64::INFINITY, 0), (f64::INFINITY, 0));
        for (place, group) in self.groups.iter().enumerate() {
            let distance = self.distance(row, group);
            if distance < nearest.0 {
                second = nearest;
                nearest = (distance, place);
            } else if distance < second.0 {
                second = (distance, place);
            }
        }
        answer.contributions.clear();
        answer
            .contributions
            .resize(self.numbers.len() + self.named.len(), 0.0);
        let (near, far) = (&self.groups[nearest.1], &self.groups[second.1]);
        for (place, (input, scale)) in self.numbers.iter().enumerate() {
            let Some(here) = standard(row, *input, *scale) else {
                continue;
            };
            let (near, far) = (here - near.means[place], here - far.means[place]);
            // far² − near², without losing digits where both are large.
            answer.contributions[*input] = (far - near) * (far + near);
        }
        for (place, input) in self.named.iter().enumerate() {
            let part = |group: &Group| self.gamma * f64::from(differs(row, *input, group, place));
            answer.contributions[*input] = part(far) - part(near);
        }
        answer.score = answer.contributions.iter().sum();
        answer.base_score = 0.0;
        answer.points.clear();
        answer.probability = None;
        answer.value = None;
        answer.interval = None;
        let lead = if second.0 > 0.0 {
            1.0 - nearest.0 / second.0
        } else {
            0.0
        };
        answer.nearest = Some(Nearest {
            group: nearest.1,
            squared_distance: nearest.0,
            certainty: certainty(&near.certainty, lead),
        });
    }

    fn distance(&self, row: &Row, group: &Group) -> f64 {
        let numbers = self.numbers.iter().zip(&group.means);
        let numbers = numbers.filter_map(|((input, scale), mean)| {
            let away = standard(row, *input, *scale)? - mean;
            Some(away * away)
        });
        let named = self.named.iter().enumerate();
        let differ: u32 = named
            .map(|(place, input)| u32::from(differs(row, *input, group, place)))
            .sum();
        numbers.sum::<f64>() + self.gamma * f64::from(differ)
    }
}

/// The standardised number; `None` where it is not known.
fn standard(row: &Row, input: usize, [mean, scale]: [f64; 2]) -> Option<f64> {
    let number = row.number(input)?;
    Some(bounded((number - mean) / scale))
}

/// 1 where the value is known and is not the mode.
fn differs(row: &Row, input: usize, group: &Group, place: usize) -> u8 {
    let boolean = row.number(input).map(|number| u32::from(number > 0.5));
    let own = boolean.or_else(|| row.level(input).and_then(|level| u32::try_from(level).ok()));
    u8::from(own.is_some_and(|own| own != group.modes[place]))
}

/// Share of the first step that the lead lies below.
fn certainty(steps: &[CertaintyStep], lead: f64) -> Option<f64> {
    let step = steps
        .iter()
        .find(|step| step.below.is_none_or(|below| lead < below));
    step.map(|step| step.share)
}
