//! Early signals of arrears: who is reported, what the municipality does with it, and how it is written.

use std::{collections::BTreeMap, io};

use crate::{
    day::Day,
    dice::{Dice, factor_for},
    dirt,
    money::become_known,
    places::GEMEENTE,
    shapes::Extract,
    sheet::euros,
    world::{World, Year},
};

/// Signals per inhabitant in a year (Divosa, 2022).
pub(crate) const RATE: f64 = 0.040_5;
/// Kinds of creditors: rent, energy, health insurance, water (Divosa, 2023).
pub(crate) const KINDS: [(&str, f64); 4] = [
    ("Huur", 0.19),
    ("Energie", 0.25),
    ("Zorg", 0.45),
    ("Water", 0.11),
];
/// Bit of the rent signal in [`crate::person::Recent::signal_kinds`].
pub(crate) const RENT: u8 = 1;
/// Share of energy signals that report the end of delivery.
pub(crate) const DELIVERY_ENDS: f64 = 0.235;
/// Share of signals that become a case; share of cases reached; share of reached that accept help.
pub(crate) const HANDLING: [f64; 3] = [0.80, 0.20, 1.0 / 3.0];
/// Share of signals with a BSN.
pub(crate) const WITH_BSN: f64 = 0.10;
/// Share of signals with a former address.
pub(crate) const OLD_ADDRESS: f64 = 0.05;
/// Share of signals about couples that are reported for both partners.
const TWICE: f64 = 0.10;

struct Signal {
    person: u32,
    kind: usize,
    day: Day,
    ends: bool,
    case: Option<u64>,
    contact: &'static str,
    result: &'static str,
}

/// The signals of a year.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn report(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("signals", year);
    let mut signals = draw(world, &mut dice, year);
    note_causes(world, &signals);
    handle(world, &mut dice, &mut signals)?;
    for (number, signal) in signals.iter().enumerate() {
        write(world, &mut dice, signal, (year, number))?;
    }
    Ok(())
}

/// Households with relative risks; about half of all signals come from those with problem debts.
fn draw(world: &World, dice: &mut Dice, year: Year) -> Vec<Signal> {
    let mut households: Vec<(usize, f64)> = Vec::new();
    for (place, state) in world.households.iter().enumerate() {
        let Some(&head) = state.members.first() else {
            continue;
        };
        let who = world.person(head);
        if who.age(year.end) < 18 {
            continue;
        }
        let mut weight = if state.debt { 0.62 } else { 0.037 };
        weight *= (-0.25 * who.income_z + 0.5 * dice.normal()).exp();
        weight *= if who.recent.income_drop { 1.5 } else { 1.0 };
        weight *= if who.age(year.end) > 70 { 0.35 } else { 1.0 };
        households.push((place, weight));
    }
    let couples: f64 = households
        .iter()
        .filter(|(h, _)| heads(world, *h).len() > 1)
        .map(|(_, w)| w)
        .sum();
    let all: f64 = households.iter().map(|(_, w)| w).sum();
    let renters: f64 = households
        .iter()
        .filter(|(h, _)| world.households[*h].tenure.rents())
        .map(|(_, w)| w)
        .sum();
    let twice = 1.0 + TWICE * couples / all;
    let factor = RATE * world.settings.inhabitants as f64 / twice / all;
    let rent_share = (KINDS[0].1 * all / renters).min(0.9);
    let mut signals = Vec::new();
    for (place, weight) in households {
        for _ in 0..dice.poisson(factor * weight) {
            let rent = world.households[place].tenure.rents() && dice.chance(rent_share);
            let kind = if rent {
                0
            } else {
                1 + dice.weighted(&[KINDS[1].1, KINDS[2].1, KINDS[3].1])
            };
            let heads = heads(world, place);
            let first = heads[dice.below(heads.len())];
            let (from, until) = world.window(first, year);
            let day = dice.day(from, until);
            let ends = kind == 1 && dice.chance(DELIVERY_ENDS);
            let both = heads.len() > 1 && dice.chance(TWICE);
            for person in heads {
                if person == first || both {
                    signals.push(Signal {
                        person,
                        kind,
                        day,
                        ends,
                        case: None,
                        contact: "",
                        result: "",
                    });
                }
            }
        }
    }
    signals.sort_by_key(|s| (s.day, s.person));
    signals
}

fn heads(world: &World, household: usize) -> Vec<u32> {
    world.households[household]
        .members
        .iter()
        .copied()
        .filter(|m| world.person(*m).heads)
        .take(2)
        .collect()
}

/// What the signals mean for the outcome.
fn note_causes(world: &mut World, signals: &[Signal]) {
    for signal in signals {
        let recent = &mut world.persons[signal.person as usize].recent;
        recent.signal_kinds |= 1 << signal.kind;
        recent.energy_end |= signal.ends;
        world.tally.signals_by_kind[signal.kind] += 1;
        world.tally.energy_ends += usize::from(signal.ends);
    }
    world.tally.signals += signals.len();
}

/// Cases per household and month; who is reached; who accepts, more often in greater need.
fn handle(world: &mut World, dice: &mut Dice, signals: &mut [Signal]) -> io::Result<()> {
    let mut cases: BTreeMap<(u32, i32), Vec<usize>> = BTreeMap::new();
    for (place, signal) in signals.iter().enumerate() {
        let household = world.person(signal.person).household;
        if dice.chance(HANDLING[0]) {
            cases
                .entry((household, signal.day.parts().1))
                .or_default()
                .push(place);
            world.tally.handling[0] += 1;
        }
    }
    let mut reached = Vec::new();
    for ((household, month), members) in &cases {
        world.tally.handling[1] += 1;
        let number = u64::from(*household) * 12 + *month as u64 + 1;
        let contacted = dice.chance(HANDLING[1]);
        for place in members {
            signals[*place].case = Some(number);
            signals[*place].contact = if contacted { "bereikt" } else { "niet bereikt" };
        }
        if contacted {
            reached.push(members.clone());
        }
    }
    world.tally.handling[2] += reached.len();
    let need = |world: &World, members: &[usize]| {
        let person = world.person(signals[members[0]].person);
        let kinds = person.recent.signal_kinds.count_ones();
        f64::from(kinds)
            * if world.household_of(signals[members[0]].person).debt {
                1.8
            } else {
                1.0
            }
    };
    let weights: Vec<f64> = reached.iter().map(|members| need(world, members)).collect();
    let factor = factor_for(weights.iter().copied(), HANDLING[2] * reached.len() as f64);
    for (members, weight) in reached.into_iter().zip(weights) {
        let accepts = dice.chance(factor * weight);
        for place in &members {
            signals[*place].result = if accepts {
                "hulp aanvaard"
            } else {
                "hulp geweigerd"
            };
        }
        if accepts {
            world.tally.handling[3] += 1;
            let signal = &signals[members[0]];
            world.persons[signal.person as usize].recent.helped = true;
            if world.household_of(signal.person).debt
                && !world.household_of(signal.person).known_to_help
            {
                become_known(
                    world,
                    dice,
                    signal.person,
                    signal.day.plus(20),
                    "vroegsignaal",
                )?;
            }
        }
    }
    Ok(())
}

fn write(
    world: &mut World,
    dice: &mut Dice,
    signal: &Signal,
    (year, number): (Year, usize),
) -> io::Result<()> {
    let written = dirt::write_down(world, dice, signal.person);
    let group = world.person(signal.person).group;
    let household = world.household_of(signal.person);
    let old = dice.chance(OLD_ADDRESS);
    let place = if old {
        household
            .former_address
            .unwrap_or_else(|| world.places.any(dice))
    } else {
        household.address
    };
    let address = *world.places.get(place);
    let has_bsn = dice.chance(WITH_BSN);
    let mistyped =
        !written.born.is_empty() && written.born != world.person(signal.person).born.dutch();
    world.tally.signal_dirt[0] += usize::from(has_bsn);
    world.tally.signal_dirt[1] += usize::from(old);
    world.tally.signal_dirt[2] += usize::from(mistyped);
    world.tally.signal_dirt[3] += usize::from(!written.born.is_empty());
    world.tally.signals_by_group[group as usize] += 1;
    world.tally.misspelt_by_group[group as usize] += usize::from(written.misspelt);
    let amount = match signal.kind {
        0 => 620.0,
        1 => 210.0,
        2 => 290.0,
        _ => 75.0,
    } * (0.6 * dice.normal()).exp();
    let row = vec![
        format!("S{}-{:06}", year.start.year(), number + 1),
        if has_bsn {
            world.bsn(signal.person)
        } else {
            String::new()
        },
        written.forenames,
        written.prefix,
        written.surname,
        written.born,
        address.street(),
        address.number(),
        dirt::suffix(dice, address.suffix()),
        if dice.chance(0.3) {
            address.postcode().replace(' ', "")
        } else {
            address.postcode()
        },
        GEMEENTE.to_owned(),
        KINDS[signal.kind].0.to_owned(),
        euros(amount),
        dice.between(30, 100).to_string(),
        signal.day.dutch(),
        if signal.ends { "ja" } else { "nee" }.to_owned(),
        signal.case.map(|c| format!("Z{c:08}")).unwrap_or_default(),
        signal.contact.to_owned(),
        signal.result.to_owned(),
        signal.day.plus(dice.between(1, 12)).dutch(),
    ];
    let ordinal = world.extracts.row(Extract::Signals, row)?;
    world.signal_links.push((ordinal, signal.person));
    Ok(())
}
