//! The outcome "economically homeless within twelve months": its causes, and how unfairly it is registered.

use std::{collections::BTreeSet, io};

use serde::Serialize;

use crate::{
    day::Day,
    dice::Dice,
    person::{Group, Living, Sex, Tenure},
    shapes::Extract,
    world::{World, Year},
};

/// Share of adults with the outcome in a year.
pub(crate) const BASE_RATE: f64 = 0.002_5;
/// Share of outcomes that is registered, in group A and in group B.
pub(crate) const REGISTERED: [f64; 2] = [0.85, 0.60];
/// Share of interviews with a soft score, for people without and with the outcome ahead.
pub(crate) const INTERVIEWED: [f64; 2] = [0.362, 0.21];
/// How much higher consultants score group B, in standard deviations.
pub(crate) const SOFT_BIAS: f64 = 0.4;

/// Log-odds of the outcome. Sizes are a design choice; directions follow Benjaminsen (2016).
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(
    missing_docs,
    reason = "the names of the fields say it; one sentence each would repeat them"
)]
pub struct Effects {
    pub age_18_26: f64,
    pub age_27_44: f64,
    pub age_65_plus: f64,
    pub male: f64,
    pub single: f64,
    pub breakup: f64,
    pub breakup_and_private_rent: f64,
    pub eviction_order: f64,
    pub rent_signal: f64,
    pub each_kind_of_signal: f64,
    pub energy_delivery_ends: f64,
    pub income_fall: f64,
    pub sanction: f64,
    pub flexible_contract: f64,
    pub temporary_lease: f64,
    pub lodging: f64,
    pub owner: f64,
    pub release_from_detention: f64,
    pub leaving_youth_care: f64,
    pub problem_debt: f64,
    pub income_z: f64,
    pub accepted_help: f64,
    pub group_b: f64,
}

/// The truth.
pub const EFFECTS: Effects = Effects {
    age_18_26: 0.5,
    age_27_44: 0.2,
    age_65_plus: -1.2,
    male: 0.35,
    single: 0.3,
    breakup: 1.4,
    breakup_and_private_rent: 0.5,
    eviction_order: 2.3,
    rent_signal: 1.1,
    each_kind_of_signal: 0.35,
    energy_delivery_ends: 0.6,
    income_fall: 0.6,
    sanction: 0.7,
    flexible_contract: 0.3,
    temporary_lease: 0.6,
    lodging: 1.5,
    owner: -1.0,
    release_from_detention: 1.6,
    leaving_youth_care: 1.5,
    problem_debt: 0.5,
    income_z: -0.35,
    accepted_help: -0.7,
    group_b: 0.0,
};

/// An adult on a reference date.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PersonYear {
    /// Person.
    pub person: u32,
    /// Reference date, as its calendar year.
    pub year: i16,
    /// On welfare on that day.
    pub welfare: bool,
    /// Log-odds of the outcome without the intercept.
    pub log_odds: f32,
    /// When it happened, if it did.
    pub event: Option<Day>,
    /// Whether the municipality registered it.
    pub registered: bool,
    /// Not yet homeless before this date.
    pub at_risk: bool,
}

/// The adults of 1 January with what the past year means for them.
pub(crate) fn reference_date(world: &World, day: Day) -> Vec<PersonYear> {
    world
        .adults(day)
        .into_iter()
        .map(|person| PersonYear {
            person,
            year: day.year() as i16,
            welfare: world.person(person).welfare.is_some(),
            log_odds: log_odds(world, person, day) as f32,
            event: None,
            registered: false,
            at_risk: true,
        })
        .collect()
}

fn log_odds(world: &World, person: u32, day: Day) -> f64 {
    let e = &EFFECTS;
    let who = world.person(person);
    let household = world.household_of(person);
    let recent = &who.recent;
    let age = who.age(day);
    let when = |condition: bool, effect: f64| if condition { effect } else { 0.0 };
    let age_effect = match age {
        ..27 => e.age_18_26,
        27..45 => e.age_27_44,
        45..65 => 0.0,
        _ => e.age_65_plus,
    };
    world.places.buurt(household.address).effect
        + age_effect
        + when(who.sex == Sex::Man, e.male)
        + when(world.living(person, day) == Living::Single, e.single)
        + when(recent.breakup, e.breakup)
        + when(
            recent.breakup && household.tenure.private(),
            e.breakup_and_private_rent,
        )
        + when(recent.eviction_order, e.eviction_order)
        + when(
            recent.signal_kinds & crate::signals::RENT != 0,
            e.rent_signal,
        )
        + e.each_kind_of_signal * f64::from(recent.signal_kinds.count_ones())
        + when(recent.energy_end, e.energy_delivery_ends)
        + when(recent.income_drop, e.income_fall)
        + when(recent.sanction, e.sanction)
        + when(who.flexible, e.flexible_contract)
        + when(household.tenure == Tenure::Temporary, e.temporary_lease)
        + when(household.tenure == Tenure::Lodging, e.lodging)
        + when(household.tenure == Tenure::Owner, e.owner)
        + when(recent.detention, e.release_from_detention)
        + when(recent.youth_exit, e.leaving_youth_care)
        + when(household.debt, e.problem_debt)
        + e.income_z * who.income_z.clamp(-3.0, 3.0)
        + when(recent.helped, e.accepted_help)
        + when(who.group == Group::B, e.group_b)
}

/// Probability at `intercept`.
pub(crate) fn probability(intercept: f64, log_odds: f32) -> f64 {
    1.0 / (1.0 + (-(intercept + f64::from(log_odds))).exp())
}

/// The intercept at which the expected share of adults with a first event per year is [`BASE_RATE`].
///
/// `years` in order of time, without the last reference date. People leave the risk set after an event, so each
/// person-year counts with the probability of getting there.
pub(crate) fn solve_intercept(years: &[Vec<PersonYear>], persons: usize) -> f64 {
    let (mut low, mut high) = (-20.0, 5.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        let mut left = vec![1.0_f32; persons];
        let (mut events, mut people) = (0.0_f64, 0.0_f64);
        for row in years.iter().flatten() {
            let here = &mut left[row.person as usize];
            let p = probability(middle, row.log_odds);
            events += f64::from(*here) * p;
            people += f64::from(*here);
            *here *= 1.0 - p as f32;
        }
        if events < BASE_RATE * people {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Lets the outcomes happen and registers part of them.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn happen(
    world: &mut World,
    years: &mut [Vec<PersonYear>],
    intercept: f64,
) -> io::Result<()> {
    let mut dice = Dice::new(world.settings.seed, "outcome");
    let mut past: BTreeSet<u32> = BTreeSet::new();
    let last = years.len() - 1;
    for (place, rows) in years.iter_mut().enumerate() {
        for row in rows.iter_mut() {
            row.at_risk = !past.contains(&row.person);
            if !row.at_risk || place == last || !dice.chance(probability(intercept, row.log_odds)) {
                continue;
            }
            past.insert(row.person);
            let start = Day::new(i32::from(row.year), 1, 1);
            let year = Year {
                start,
                end: Day::new(i32::from(row.year) + 1, 1, 1),
            };
            let (from, until) = world.window(row.person, year);
            let group = world.person(row.person).group;
            row.event = Some(dice.day(from, until));
            row.registered = dice.chance(REGISTERED[group as usize]);
        }
    }
    let mut events: Vec<(Day, u32)> = years
        .iter()
        .flatten()
        .filter(|row| row.registered)
        .filter_map(|row| row.event.map(|day| (day, row.person)))
        .collect();
    events.sort_unstable();
    for (day, person) in events {
        let source = dice.pick(&["briefadres", "opvang", "Wmo-melding", "bijstand dakloze"]);
        let row = vec![
            world.bsn(person),
            day.dutch(),
            source.to_owned(),
            day.plus(dice.between(1, 55)).dutch(),
        ];
        world.extracts.row(Extract::Homelessness, row)?;
    }
    Ok(())
}

/// Soft scores of people on welfare: missing more often where it matters, and higher for group B.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn interview(world: &mut World, years: &[Vec<PersonYear>]) -> io::Result<()> {
    let mut dice = Dice::new(world.settings.seed, "interviews");
    for rows in years {
        let mut held = Vec::new();
        for row in rows.iter().filter(|row| row.welfare) {
            let ahead = usize::from(row.event.is_some());
            world.tally.interviews_possible[ahead] += 1;
            if !dice.chance(INTERVIEWED[ahead]) {
                continue;
            }
            world.tally.interviews_held[ahead] += 1;
            let group = world.person(row.person).group;
            let z = 0.35 * f64::from(row.log_odds) + dice.normal() + group.choose(0.0, SOFT_BIAS);
            let reference = Day::new(i32::from(row.year), 1, 1);
            let day = reference
                .plus(-dice.between(20, 300))
                .max(world.person(row.person).registered);
            held.push((day, row.person, z));
        }
        held.sort_by_key(|(day, person, _)| (*day, *person));
        for (day, person, z) in held {
            let score = format!("{:.1}", (5.0 + 1.5 * z).clamp(1.0, 10.0)).replace('.', ",");
            let row = vec![
                world.bsn(person),
                day.dutch(),
                score,
                day.plus(dice.between(0, 10)).dutch(),
            ];
            world.extracts.row(Extract::Interviews, row)?;
        }
    }
    Ok(())
}
