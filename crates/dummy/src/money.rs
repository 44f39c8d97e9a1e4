//! Income, contracts, problem debts and sanctions.

use std::io;

use crate::{
    day::Day,
    dice::{Dice, factor_for},
    population::flexible_share,
    shapes::Extract,
    sheet::euros,
    world::{World, Year},
};

/// Share of people of working age whose income falls by more than a fifth in a year.
const FALLS: f64 = 0.05;
/// Share of households with problem debts (CBS: 7.6 to 8.3 %).
pub(crate) const PROBLEM_DEBT: f64 = 0.079_5;
/// Share of households with problem debts that debt help knows (CBS).
pub(crate) const KNOWN_TO_HELP: f64 = 0.144;
/// Share of problem debts that is gone a year later.
const DEBT_ENDS: f64 = 0.25;
/// Yearly share of welfare recipients with a sanction in group A; twice that in group B.
pub(crate) const SANCTIONED: f64 = 0.06;

/// Net monthly income in euros of somebody at `z`.
pub(crate) fn monthly_income(z: f64) -> f64 {
    1_950.0 * (0.42 * z).exp()
}

/// Income of everybody who is or becomes an adult this year.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn incomes(world: &mut World, year: Year, first: bool) -> io::Result<()> {
    let mut dice = world.dice("income", year);
    let adults = world.adults(year.end);
    let weight = |world: &World, p: u32| {
        let who = world.person(p);
        let working_age = (18..67).contains(&who.age(year.end));
        let flexible = if who.flexible { 2.4 } else { 1.0 };
        let parted = if who.recent.breakup { 1.6 } else { 1.0 };
        if working_age {
            flexible * parted * who.group.choose(1.0, 1.2)
        } else {
            0.0
        }
    };
    let of_age = adults
        .iter()
        .filter(|p| world.person(**p).age(year.end) < 67)
        .count();
    let factor = factor_for(
        adults.iter().map(|p| weight(world, *p)),
        FALLS * of_age as f64,
    );
    for person in adults {
        let (from, until) = world.window(person, year);
        let new = first
            || world.person(person).registered >= year.start
            || world.person(person).age(year.start) < 18;
        if new {
            write_income(world, &mut dice, person, from)?;
        }
        let age = world.person(person).age(year.end);
        if dice.chance(factor * weight(world, person)) {
            let fall = 0.62 - 0.55 * dice.unit().max(1e-9).ln();
            let who = &mut world.persons[person as usize];
            who.income_z -= fall.min(2.5);
            who.recent.income_drop = true;
            world.tally.income_falls += 1;
            let day = dice.day(from, until);
            write_income(world, &mut dice, person, day)?;
        } else if age < 67 && dice.chance(0.16) {
            let share = flexible_share(age, world.person(person).group);
            let who = &mut world.persons[person as usize];
            who.income_z += 0.7 * (who.income_home - who.income_z).max(-0.3) + 0.05 * dice.normal();
            who.flexible = dice.chance(share);
            let day = dice.day(from, until);
            write_income(world, &mut dice, person, day)?;
        } else if age == 67 && world.person(person).flexible {
            world.persons[person as usize].flexible = false;
            let day = dice.day(from, until);
            write_income(world, &mut dice, person, day)?;
        }
    }
    Ok(())
}

/// One row of the income file; the register learns it two months later, now and then with a revision.
fn write_income(world: &mut World, dice: &mut Dice, person: u32, day: Day) -> io::Result<()> {
    let who = world.person(person);
    let (kind, contract) = if who.age(day) >= 67 {
        ("AOW en pensioen", "geen")
    } else if who.welfare.is_some() {
        ("bijstand", "geen")
    } else if who.flexible {
        ("loon", "flexibel")
    } else {
        ("loon", "vast")
    };
    let amount = monthly_income(who.income_z);
    let bsn = world.bsn(person);
    let known = day.plus(dice.between(50, 75));
    let mut row = vec![
        bsn,
        day.dutch(),
        kind.to_owned(),
        contract.to_owned(),
        euros(amount),
        known.dutch(),
    ];
    if dice.chance(0.03) {
        let mut early = row.clone();
        early[4] = euros(amount * (1.0 + 0.04 * dice.normal()));
        row[5] = known.plus(dice.between(30, 120)).dutch();
        world.extracts.row(Extract::Income, early)?;
    }
    world.extracts.row(Extract::Income, row).map(drop)
}

/// Problem debts come and go; a few become known to debt help.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn debts(world: &mut World, year: Year, first: bool) -> io::Result<()> {
    let mut dice = world.dice("debts", year);
    let live: Vec<usize> = (0..world.households.len())
        .filter(|h| !world.households[*h].members.is_empty())
        .collect();
    let ends = if first { 0.0 } else { DEBT_ENDS };
    for household in &live {
        let state = &mut world.households[*household];
        if state.debt && dice.chance(ends) {
            state.debt = false;
            state.known_to_help = false;
        }
    }
    let weight = |world: &World, h: usize| {
        let state = &world.households[h];
        let head = world.person(state.members[0]);
        let mut weight = (-0.6 * head.income_z).exp() * head.group.choose(1.0, 1.35);
        weight *= if state.tenure.rents() { 1.8 } else { 0.7 };
        weight *= if head.recent.breakup || head.recent.income_drop {
            1.8
        } else {
            1.0
        };
        if state.debt || head.age(year.end) > 75 {
            0.0
        } else {
            weight
        }
    };
    let have = live.iter().filter(|h| world.households[**h].debt).count() as f64;
    let wanted = (PROBLEM_DEBT * live.len() as f64 - have).max(0.0);
    let factor = factor_for(live.iter().map(|h| weight(world, *h)), wanted);
    let chosen: Vec<usize> = live
        .iter()
        .copied()
        .filter(|h| dice.chance(factor * weight(world, *h)))
        .collect();
    for household in chosen {
        world.households[household].debt = true;
    }
    let indebted: Vec<usize> = live
        .iter()
        .copied()
        .filter(|h| world.households[*h].debt)
        .collect();
    let known = indebted
        .iter()
        .filter(|h| world.households[**h].known_to_help)
        .count();
    let missing = (KNOWN_TO_HELP * indebted.len() as f64 - known as f64).max(0.0);
    let share = missing / (indebted.len() - known).max(1) as f64;
    for household in &indebted {
        if !world.households[*household].known_to_help && dice.chance(share) {
            let head = world.households[*household].members[0];
            let (from, until) = world.window(head, year);
            let day = dice.day(from, until);
            become_known(world, &mut dice, head, day, "eigen aanmelding")?;
        }
    }
    world.tally.households += live.len();
    world.tally.problem_debts += indebted.len();
    world.tally.debts_known += indebted
        .iter()
        .filter(|h| world.households[**h].known_to_help)
        .count();
    Ok(())
}

/// Registers a household with debt help.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn become_known(
    world: &mut World,
    dice: &mut Dice,
    person: u32,
    day: Day,
    cause: &str,
) -> io::Result<()> {
    let household = world.person(person).household as usize;
    world.households[household].known_to_help = true;
    let debt = 9_000.0 * (0.9 * dice.normal()).exp();
    let row = vec![
        world.bsn(person),
        day.dutch(),
        cause.to_owned(),
        euros(debt),
        day.plus(dice.between(0, 14)).dutch(),
    ];
    world.extracts.row(Extract::DebtHelp, row).map(drop)
}

/// Benefits stopped or cut: twice as often in group B, whatever people do.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn sanctions(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("sanctions", year);
    for person in world.present(year.end) {
        let Some(spell) = world.person(person).welfare else {
            continue;
        };
        let group = world.person(person).group;
        world.tally.on_welfare_by_group[group as usize] += 1;
        if !dice.chance(group.choose(SANCTIONED, 2.0 * SANCTIONED)) {
            continue;
        }
        world.tally.sanctioned_by_group[group as usize] += 1;
        world.persons[person as usize].recent.sanction = true;
        let (from, until) = world.window(person, year);
        let day = dice.day(from.max(spell.start).min(until.plus(-1)), until);
        let kind = dice.pick(&[
            "verlaging 30%",
            "verlaging 100%",
            "opschorting",
            "intrekking",
        ]);
        let amount = 200.0 + 900.0 * dice.unit();
        let row = vec![
            world.bsn(person),
            day.dutch(),
            kind.to_owned(),
            euros(amount),
            day.plus(dice.between(1, 21)).dutch(),
        ];
        world.extracts.row(Extract::Sanctions, row)?;
    }
    Ok(())
}
