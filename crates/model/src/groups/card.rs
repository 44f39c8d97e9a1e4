//! What sets a group apart, for whoever meets somebody of it.

use super::{MixtureFit, PrototypesFit};
use crate::{Algorithm, InputType, KMeansFit, Meaning, Model, Standardisation};

/// A group at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupCard {
    /// What it is called.
    pub name: Meaning,
    /// Training rows in it.
    pub rows: u64,
    /// How well it is found again in other samples, in `[0, 1]`; absent where that was not measured.
    pub stability: Option<f64>,
    /// What differs most from everybody first.
    pub traits: Vec<GroupTrait>,
}

/// One input of a group beside everybody.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupTrait {
    /// Position of the input.
    pub input: usize,
    /// In the group.
    pub group: TraitValue,
    /// In all training rows.
    pub all: f64,
    /// The difference, in standard deviations of all training rows.
    pub difference: f64,
}

/// What is told of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum TraitValue {
    /// Mean, in the unit of the input; for a boolean the share that is true.
    Mean(f64),
    /// The most frequent level, with the share that has it.
    Level(String, f64),
}

impl Model {
    /// What sets each group apart, in the order of the groups; empty for models without groups. Categories of which few people have the most
    /// frequent level, or few do not, are left out.
    pub fn group_cards(&self) -> Vec<GroupCard> {
        match &self.algorithm {
            Algorithm::KMeans(fit) => self.of_k_means(fit),
            Algorithm::KPrototypes(fit) => self.of_prototypes(fit),
            Algorithm::GaussianMixture(fit) => self.of_mixture(fit),
            _ => Vec::new(),
        }
    }

    fn of_k_means(&self, fit: &KMeansFit) -> Vec<GroupCard> {
        let places: Vec<usize> = (0..self.inputs.len()).collect();
        let card = |centre: &crate::Centre| GroupCard {
            name: centre.name.clone(),
            rows: centre.rows,
            stability: None,
            traits: by_size(numbers(&fit.standardisation, &places, &centre.values)),
        };
        fit.centres.iter().map(card).collect()
    }

    fn of_mixture(&self, fit: &MixtureFit) -> Vec<GroupCard> {
        let places: Vec<usize> = (0..self.inputs.len()).collect();
        let card = |component: &super::Component| GroupCard {
            name: component.name.clone(),
            rows: component.rows,
            stability: Some(component.stability),
            traits: by_size(numbers(&fit.standardisation, &places, &component.means)),
        };
        fit.components.iter().map(card).collect()
    }

    fn of_prototypes(&self, fit: &PrototypesFit) -> Vec<GroupCard> {
        let (places, named) = self.numbers_and_names();
        let card = |group: &super::Prototype| {
            let of_mode = |(input, mode): (&usize, &super::Mode)| {
                let (share, all) = mode.share.zip(mode.overall)?;
                let spread = (all * (1.0 - all)).sqrt();
                (spread > 0.0).then(|| GroupTrait {
                    input: *input,
                    group: TraitValue::Level(mode.level.clone(), share),
                    all,
                    difference: (share - all) / spread,
                })
            };
            let modes = named.iter().zip(&group.modes).filter_map(of_mode);
            let traits = numbers(&fit.standardisation, &places, &group.means).chain(modes);
            GroupCard {
                name: group.name.clone(),
                rows: group.rows,
                stability: Some(group.stability),
                traits: by_size(traits),
            }
        };
        fit.prototypes.iter().map(card).collect()
    }

    /// Positions of the inputs that are numbers, and of those that are categories or booleans.
    pub(crate) fn numbers_and_names(&self) -> (Vec<usize>, Vec<usize>) {
        let is_number = |input: &usize| {
            let kind = self.inputs[*input].kind;
            matches!(kind, InputType::Number | InputType::Integer)
        };
        (0..self.inputs.len()).partition(is_number)
    }
}

fn numbers<'a>(
    scales: &'a [Standardisation],
    places: &'a [usize],
    values: &'a [f64],
) -> impl Iterator<Item = GroupTrait> + 'a {
    let scaled = places.iter().zip(scales).zip(values);
    scaled.map(|((input, scale), value)| GroupTrait {
        input: *input,
        group: TraitValue::Mean(scale.mean + value * scale.scale),
        all: scale.mean,
        difference: *value,
    })
}

fn by_size(traits: impl Iterator<Item = GroupTrait>) -> Vec<GroupTrait> {
    let mut traits: Vec<GroupTrait> = traits.collect();
    traits.sort_by(|a, b| {
        let (a_size, b_size) = (a.difference.abs(), b.difference.abs());
        b_size.total_cmp(&a_size).then(a.input.cmp(&b.input))
    });
    traits
}
