//! Housing arrears and eviction orders, as the corporations hand them over: without BSN, in a workbook.

use crate::{
    day::Day,
    dice::{Dice, factor_for},
    dirt,
    extracts::Cell,
    person::Tenure,
    world::{World, Year},
};

/// Share of social tenants in arrears on the reference day (Aedes: 135,000 of about 2.2 million, 2022).
pub(crate) const ARREARS: f64 = 0.061;
/// Eviction orders per inhabitant in a year.
const ORDERS: f64 = 45.0 / 240_000.0;

/// The arrears of 1 December and the year's eviction orders.
pub(crate) fn report(world: &mut World, year: Year) {
    let mut dice = world.dice("housing", year);
    let tenants: Vec<usize> = (0..world.households.len())
        .filter(|h| world.households[*h].tenure.rents() && !world.households[*h].members.is_empty())
        .collect();
    let social: Vec<usize> = tenants
        .iter()
        .copied()
        .filter(|h| world.households[*h].tenure == Tenure::Social)
        .collect();
    let risk = |world: &World, h: usize| {
        let state = &world.households[h];
        let head = world.person(state.members[0]);
        if head.age(year.end) < 18 {
            return 0.0;
        }
        let signalled = head.recent.signal_kinds & crate::signals::RENT != 0;
        (-0.3 * head.income_z).exp()
            * if state.debt { 8.0 } else { 1.0 }
            * if signalled { 6.0 } else { 1.0 }
    };
    let factor = factor_for(
        social.iter().map(|h| risk(world, *h)),
        ARREARS * social.len() as f64,
    );
    world.tally.social_tenants += social.len();
    let day = Day::new(year.start.year(), 12, 1);
    for household in social {
        if dice.chance(factor * risk(world, household)) {
            world.tally.in_arrears += 1;
            let months = 1 + dice.weighted(&[0.5, 0.25, 0.13, 0.07, 0.05]) as i32;
            write(world, &mut dice, household, (day, months, false));
        }
    }
    let order_risk = |world: &World, h: usize| {
        let private = if world.households[h].tenure.private() {
            1.3
        } else {
            1.0
        };
        risk(world, h).powi(2) * private
    };
    let orders = ORDERS * world.settings.inhabitants as f64;
    let factor = factor_for(tenants.iter().map(|h| order_risk(world, *h)), orders);
    for household in tenants {
        if !dice.chance(factor * order_risk(world, household)) {
            continue;
        }
        world.tally.eviction_orders += 1;
        for member in world.households[household].members.clone() {
            world.persons[member as usize].recent.eviction_order = true;
        }
        let day = dice.day(year.start, Day::new(year.start.year(), 12, 10));
        write(world, &mut dice, household, (day, 0, true));
    }
}

fn write(
    world: &mut World,
    dice: &mut Dice,
    household: usize,
    (day, months, order): (Day, i32, bool),
) {
    let state = &world.households[household];
    let Some(&head) = state.members.first() else {
        return;
    };
    let address = *world.places.get(state.address);
    let written = dirt::write_down(world, dice, head);
    let months = if order { dice.between(3, 9) } else { months };
    let rent = 560.0 + 90.0 * dice.normal();
    let born = if written.born.is_empty() {
        Cell::Empty
    } else {
        // A workbook has real dates; a mistyped one that does not exist cannot be a cell.
        Cell::Date(world.person(head).born.parts())
    };
    let row = vec![
        Cell::Number((100_000 + household) as f64),
        Cell::Text(world.names.initials(&world.person(head).names)),
        text(written.prefix),
        Cell::Text(written.surname),
        born,
        Cell::Text(address.postcode()),
        address.number().parse().map_or(Cell::Empty, Cell::Number),
        text(dirt::suffix(dice, address.suffix())),
        Cell::Number(f64::from(months)),
        Cell::Number((rent * f64::from(months) * 100.0).round() / 100.0),
        Cell::Date(day.parts()),
        Cell::Text(if order { "ja" } else { "nee" }.to_owned()),
        Cell::Date(day.plus(dice.between(2, 20)).parts()),
    ];
    let ordinal = world.extracts.arrears(row);
    world.arrears_links.push((ordinal, head));
}

fn text(value: String) -> Cell {
    if value.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(value)
    }
}
