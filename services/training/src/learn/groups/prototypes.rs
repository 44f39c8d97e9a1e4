//! k-prototypes: numbers and categories together, and what is not known parts nobody.

use helder_model::{
    Algorithm, Input, InputType, MissingRule, Mode, Prototype, PrototypesFit, Standardisation,
    UnknownCategory,
};
use helder_segmentation::{
    Evidence, Mixed, Prototypes, PrototypesOptions, SegmentationError, Tried, UNKNOWN,
    mixed_evidence,
};
use helder_types::Fault;

use super::{
    CandidateSummary, Grouped, GroupsSummary, LIKELY_WITHOUT, bounded, certainty, constant,
    likely_without, names, no_groups, numbers_of_groups, refused, starts, told, try_each,
};
use crate::learn::{
    LearnError, ModelParts,
    plan::{NewTrainingRun, SMALLEST_GROUP},
    prepare,
    split::Rows,
    table::{Column, Table},
};

pub(super) fn group(
    table: &Table,
    plan: &NewTrainingRun,
    rows: &Rows,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Grouped, LearnError> {
    let clients = Clients::of(table, plan, rows)?;
    let seed = u64::from(plan.seed);
    let default = PrototypesOptions::default();
    let gamma = plan.hyperparameters.gamma.unwrap_or(default.gamma);
    let ks = numbers_of_groups(plan, clients.data.rows());
    let is_asked = plan.hyperparameters.groups.is_some();
    let evidence = mixed_evidence(&clients.data, &ks, seed).ok();
    // Whether there are groups at all does not take every row: seen first, it saves the search.
    if !is_asked && evidence.as_ref().is_some_and(is_likely_without) {
        return Err(likely_without());
    }
    let tried = try_each(plan, &ks, stop, |k| {
        let options = PrototypesOptions {
            k,
            gamma,
            seed,
            ..default
        };
        Prototypes::tried(&clients.data, &options, SMALLEST_GROUP)
    })?;
    let place = match &evidence {
        _ if is_asked => 0,
        Some(evidence) => {
            Prototypes::chosen(&tried, evidence, LIKELY_WITHOUT).ok_or_else(not_found_again)?
        }
        None => return Err(not_found_again()),
    };
    let chosen = tried.get(place).ok_or_else(not_found_again)?;
    if let Some(flaw) = chosen.flaw {
        return Err(refused(flaw, |column| clients.places[column]));
    }
    let summary = GroupsSummary {
        groups: chosen.sizes.len(),
        cost: Some(chosen.fitted.cost),
        candidates: tried.iter().map(candidate).collect(),
        chance_without_groups: evidence.map(|evidence| evidence.p_value),
        starts: Some(starts(&chosen.stability)),
        ..GroupsSummary::default()
    };
    let fit = clients.laid_down(chosen);
    Ok(Grouped {
        summary,
        parts: ModelParts {
            algorithm: Algorithm::KPrototypes(fit),
            inputs: clients.inputs,
        },
    })
}

fn is_likely_without(evidence: &Evidence) -> bool {
    evidence.p_value > LIKELY_WITHOUT
}

fn not_found_again() -> LearnError {
    no_groups(&format!(
        "no number of groups has at least {SMALLEST_GROUP} rows in each group and is found again in other samples: these columns show no \
         groups"
    ))
}

fn candidate(tried: &Tried<Prototypes>) -> CandidateSummary {
    let each = &tried.stability.jaccard;
    CandidateSummary {
        groups: tried.sizes.len(),
        cost: Some(tried.fitted.cost),
        jaccard: Some(each.iter().sum::<f64>() / each.len() as f64),
        jaccard_least: Some(tried.least_stability()),
        ..CandidateSummary::default()
    }
}

/// The train rows, as k-prototypes takes them.
struct Clients {
    inputs: Vec<Input>,
    /// Positions of the inputs: numbers first, then categories and booleans.
    places: Vec<usize>,
    /// Per category or boolean, the values that codes stand for.
    levels: Vec<Vec<String>>,
    /// Per category or boolean, the code of every row.
    codes: Vec<Vec<usize>>,
    data: Mixed,
}

impl Clients {
    fn of(table: &Table, plan: &NewTrainingRun, rows: &Rows) -> Result<Self, LearnError> {
        let mut inputs = prepare::prepare(table, plan, &rows.train)?.inputs;
        let (mut number_places, mut code_places) = (Vec::new(), Vec::new());
        let (mut numbers, mut codes, mut levels) = (Vec::new(), Vec::new(), Vec::new());
        let mut faults = Vec::new();
        for (place, input) in inputs.iter_mut().enumerate() {
            let column = table.worked(input)?;
            left_out(input);
            if let Column::Integer(values) | Column::Number(values) = &*column {
                let known = rows.train.iter().map(|&row| values[row]);
                numbers.push(known.map(|x| x.unwrap_or(f64::NAN)).collect::<Vec<f64>>());
                number_places.push(place);
                continue;
            }
            let texts = column.texts().unwrap_or_default();
            let own = names_of_codes(input);
            let code = |row: &usize| {
                let text = texts[*row].as_deref();
                text.and_then(|text| own.iter().position(|level| level == text))
                    .unwrap_or(usize::from(UNKNOWN))
            };
            let of_rows: Vec<usize> = rows.train.iter().map(code).collect();
            if input.kind == InputType::Category {
                input.unknown_category = most_frequent(&of_rows, &own);
            }
            if !varies(&of_rows) {
                faults.push(constant(place));
            }
            codes.push(of_rows);
            levels.push(own);
            code_places.push(place);
        }
        let by_place = (0..inputs.len()).map(|place| {
            let column = number_places.iter().position(|own| *own == place);
            column.map_or(&[][..], |column| numbers[column].as_slice())
        });
        bounded(by_place)?;
        for (values, place) in numbers.iter().zip(&number_places) {
            let mut known = values.iter().filter(|x| !x.is_nan());
            let first = known.next();
            if !known.any(|x| first.is_some_and(|first| (x - first).abs() > 0.0)) {
                faults.push(constant(*place));
            }
        }
        if !faults.is_empty() {
            faults.sort_by(|a: &Fault, b: &Fault| a.pointer.cmp(&b.pointer));
            return Err(LearnError::Invalid(faults));
        }
        let data = Mixed::new(&numbers, &codes).map_err(|error| match error {
            SegmentationError::Constant { columns } => {
                let faults = columns
                    .iter()
                    .map(|column| constant(number_places[*column]));
                LearnError::Invalid(faults.collect())
            }
            other => told(other, plan),
        })?;
        Ok(Self {
            places: number_places.into_iter().chain(code_places).collect(),
            inputs,
            levels,
            codes,
            data,
        })
    }

    fn laid_down(&self, chosen: &Tried<Prototypes>) -> PrototypesFit {
        let leads = chosen.fitted.assign(&self.data);
        let own = |group: usize| {
            let rows = leads.iter().zip(&chosen.stability.left_out);
            let own = rows.filter(move |((label, _), _)| *label == group);
            own.map(|((_, lead), left_out)| (*lead, *left_out))
                .collect()
        };
        let prototypes = names(chosen.sizes.len())
            .enumerate()
            .map(|(group, name)| Prototype {
                name,
                rows: chosen.sizes[group] as u64,
                stability: chosen.stability.jaccard[group],
                means: chosen.fitted.means[group].clone(),
                modes: self.modes(chosen, group),
                certainty: certainty::steps(own(group)),
            });
        let scales = self.places.iter().zip(self.data.scales());
        let standardisation = scales.map(|(place, (mean, scale))| Standardisation {
            input: self.inputs[*place].name.clone(),
            mean: *mean,
            scale: *scale,
        });
        PrototypesFit {
            standardisation: standardisation.collect(),
            gamma: chosen.fitted.gamma,
            prototypes: prototypes.collect(),
            cost: chosen.fitted.cost,
        }
    }

    fn modes(&self, chosen: &Tried<Prototypes>, group: usize) -> Vec<Mode> {
        let of_group = |row: &usize| chosen.labels[*row] == group;
        let modes = chosen.fitted.modes[group]
            .iter()
            .map(|mode| usize::from(*mode));
        modes
            .zip(self.codes.iter().zip(&self.levels))
            .map(|(mode, (codes, levels))| Mode {
                level: levels[mode].clone(),
                share: share(
                    mode,
                    (0..codes.len()).filter(of_group).map(|row| codes[row]),
                ),
                overall: share(mode, codes.iter().copied()),
            })
            .collect()
    }
}

/// What is missing is left out, and no level of its own.
fn left_out(input: &mut Input) {
    input.missing = MissingRule::LeftOut;
    input
        .categories
        .retain(|known| known.level != prepare::MISSING);
}

/// What an unknown category counts as, with a warning.
fn most_frequent(codes: &[usize], levels: &[String]) -> Option<UnknownCategory> {
    let count = |code: usize| codes.iter().filter(|own| **own == code).count();
    let counts: Vec<usize> = (0..levels.len()).map(count).collect();
    let most = counts.iter().max()?;
    let place = counts.iter().position(|count| count == most)?;
    Some(UnknownCategory::Level {
        level: levels[place].clone(),
    })
}

/// Values of a category or a boolean, in the order of their codes.
fn names_of_codes(input: &Input) -> Vec<String> {
    match input.kind {
        InputType::Boolean => vec!["false".to_owned(), "true".to_owned()],
        _ => input.categories.iter().map(|c| c.level.clone()).collect(),
    }
}

/// Whether at least two values are known.
fn varies(codes: &[usize]) -> bool {
    let mut known = codes.iter().filter(|code| **code != usize::from(UNKNOWN));
    let first = known.next();
    known.any(|code| Some(code) != first)
}

/// Share of the known codes that are `mode`, in hundredths; `None` where it would tell of a few rows.
fn share(mode: usize, codes: impl Iterator<Item = usize>) -> Option<f64> {
    let (mut own, mut rest) = (0_usize, 0_usize);
    for code in codes.filter(|code| *code != usize::from(UNKNOWN)) {
        if code == mode {
            own += 1;
        } else {
            rest += 1;
        }
    }
    let is_small = |n: usize| (1..SMALLEST_GROUP).contains(&n);
    let known = own + rest;
    if known == 0 || is_small(own) || is_small(rest) {
        return None;
    }
    Some((100.0 * own as f64 / known as f64).round() / 100.0)
}
