//! Welfare spells: how long they last, who gets them, and how the case system writes them down.

use std::io;

use crate::{
    day::Day,
    dice::{Dice, factor_for},
    lengths::{elapsed, length_at, survival},
    person::{Exit, Living, Spell, Tenure},
    shapes::Extract,
    world::{World, Year},
};

/// Welfare recipients per inhabitant (KWB Eindhoven 2021).
pub(crate) const STOCK: f64 = 0.028_3;
/// Days in a month.
const MONTH: f64 = 365.25 / 12.0;
/// Share of spells the system splits in two records early on, which is why its raw records look shorter
/// than the spells (VNG's dummy set against CBS).
const SPLIT: f64 = 0.19;
/// Share of ended spells without a reason (CBS 2015: 76 % known).
pub(crate) const NO_REASON: f64 = 0.24;

/// The recipients on the first day.
pub(crate) fn begin(world: &mut World, day: Day) {
    let mut dice = Dice::new(world.settings.seed, "welfare stock");
    let candidates = candidates(world, day);
    let target = STOCK * world.present(day).len() as f64;
    let factor = factor_for(candidates.iter().map(|c| c.1), target);
    for (person, weight) in candidates {
        if !dice.chance(factor * weight) {
            continue;
        }
        let past = elapsed(&mut dice);
        let total = length_at(1.0 - survival(past) * (1.0 - dice.unit()));
        let since_adult = f64::from(day.0 - world.person(person).born.0) - 18.0 * 365.25;
        let start = day.plus(-(past * MONTH).min(since_adult) as i32);
        let end = day.plus(((total - past) * MONTH) as i32 + 1);
        world.persons[person as usize].welfare = Some(Spell { start, end });
    }
}

/// Adults of working age without welfare, with their relative risk.
fn candidates(world: &World, day: Day) -> Vec<(u32, f64)> {
    world
        .adults(day)
        .into_iter()
        .filter_map(|p| {
            let who = world.person(p);
            let age = who.age(day);
            if who.welfare.is_some() || age >= 57 || !who.heads {
                return None;
            }
            let household = world.household_of(p);
            let mut weight = (-0.8 * who.income_z).exp() * who.group.choose(1.0, 1.6);
            weight *= match world.living(p, day) {
                Living::Single => 1.5,
                Living::SingleParent => 2.2,
                _ => 0.6,
            };
            weight *= if household.tenure == Tenure::Owner {
                0.15
            } else {
                1.0
            };
            weight *= if who.recent.income_drop { 2.0 } else { 1.0 };
            weight *= if household.debt { 1.5 } else { 1.0 };
            Some((p, weight))
        })
        .collect()
}

/// A year of starting and ending spells; the stock on 31 December is the base rate.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn flow(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("welfare", year);
    let stock_before = world
        .present(year.start)
        .iter()
        .filter(|p| world.person(**p).welfare.is_some())
        .count();
    let mut ended = 0;
    for person in 0..world.persons.len() as u32 {
        let Some(spell) = world.person(person).welfare else {
            continue;
        };
        if let Some((end, reason)) = ending(world, person, spell, year) {
            finish(
                world,
                &mut dice,
                person,
                Spell { end, ..spell },
                Some(reason),
            )?;
            ended += 1;
        }
    }
    let target = STOCK * world.settings.inhabitants as f64;
    let running = world
        .present(year.end)
        .iter()
        .filter(|p| world.person(**p).welfare.is_some())
        .count();
    let still_there: f64 = (0..12).map(|m| survival(f64::from(m) + 0.5)).sum::<f64>() / 12.0;
    let inflow = ((target - running as f64) / still_there).max(0.0);
    let candidates = candidates(world, year.end);
    let factor = factor_for(candidates.iter().map(|c| c.1), inflow);
    let mut chosen: Vec<(u32, f64)> = Vec::new();
    for (person, weight) in candidates {
        if dice.chance(factor * weight) {
            let score = staying(world, person, year.end) + dice.normal();
            chosen.push((person, score));
        }
    }
    // Lengths follow the source exactly; who gets the long ones depends on the person.
    let mut lengths: Vec<f64> = (0..chosen.len())
        .map(|k| length_at((k as f64 + dice.unit()) / chosen.len() as f64))
        .collect();
    lengths.sort_by(f64::total_cmp);
    chosen.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let mut starts: Vec<(u32, f64)> = chosen
        .iter()
        .zip(lengths)
        .map(|((p, _), months)| (*p, months))
        .collect();
    starts.sort_by_key(|(person, _)| *person);
    for (person, months) in starts {
        let (from, until) = world.window(person, year);
        let start = dice.day(from, until);
        let spell = Spell {
            start,
            end: start.plus((months * MONTH) as i32 + 1),
        };
        world.persons[person as usize].welfare = Some(spell);
        if let Some((end, reason)) = ending(world, person, spell, year) {
            finish(
                world,
                &mut dice,
                person,
                Spell { end, ..spell },
                Some(reason),
            )?;
            ended += 1;
        }
    }
    let stock_after = world
        .present(year.end)
        .iter()
        .filter(|p| world.person(**p).welfare.is_some())
        .count();
    world.tally.welfare_stock.push(stock_after);
    world.tally.welfare_outflow += ended;
    world.tally.welfare_mean_stock += (stock_before + stock_after) as f64 / 2.0;
    Ok(())
}

/// How slowly people leave: women with children and older people stay long, young single men leave fast.
fn staying(world: &World, person: u32, day: Day) -> f64 {
    let who = world.person(person);
    let age = match who.age(day) {
        ..27 => -0.35,
        27..45 => 0.0,
        _ => 0.45,
    };
    let living = match world.living(person, day) {
        Living::Single if who.sex == crate::person::Sex::Woman => 0.15,
        Living::SingleParent => 0.30,
        _ => -0.25,
    };
    age + living
}

/// Whether and why a spell ends this year.
fn ending(world: &World, person: u32, spell: Spell, year: Year) -> Option<(Day, &'static str)> {
    let who = world.person(person);
    let (born_year, month, day) = who.born.parts();
    let pension = Day::new(born_year + 67, month, day.min(28));
    let gone = who.gone.map(|(day, why)| {
        (
            day,
            match why {
                Exit::Died => "overlijden",
                Exit::Left => "verhuizing naar andere gemeente",
            },
        )
    });
    [
        Some((spell.end, "")),
        Some((pension, "bereiken AOW-leeftijd")),
        gone,
    ]
    .into_iter()
    .flatten()
    .min_by_key(|(day, _)| *day)
    .filter(|(day, _)| *day < year.end)
    .map(|(day, reason)| (day.max(spell.start.plus(1)), reason))
}

/// Closes a spell and writes it. An empty reason is drawn.
fn finish(
    world: &mut World,
    dice: &mut Dice,
    person: u32,
    spell: Spell,
    reason: Option<&str>,
) -> io::Result<()> {
    world.persons[person as usize].welfare = None;
    let months = f64::from(spell.end.0 - spell.start.0) / MONTH;
    world.tally.ended_months.push(months as f32);
    write(world, dice, person, spell, reason)
}

/// Writes the spells that still run when the extract is made.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write_running(world: &mut World) -> io::Result<()> {
    let mut dice = Dice::new(world.settings.seed, "welfare running");
    for person in 0..world.persons.len() as u32 {
        if let Some(spell) = world.person(person).welfare {
            write(world, &mut dice, person, spell, None)?;
        }
    }
    Ok(())
}

/// One spell as the case system keeps it: now and then as two records that touch or overlap.
fn write(
    world: &mut World,
    dice: &mut Dice,
    person: u32,
    spell: Spell,
    reason: Option<&str>,
) -> io::Result<()> {
    let days = spell.end.0 - spell.start.0;
    let file = 400_000 + world.extracts.rows(Extract::Welfare);
    let cause = dice.pick(&[
        "02 einde relatie",
        "11 einde dienstverband",
        "14 einde WW-uitkering",
        "25 detentie",
        "41 verhuizing",
        "43 uit asielzoekerscentrum",
        "99 overig",
    ]);
    if days > 130 && dice.chance(SPLIT) {
        let cut = spell.start.plus(dice.between(30, 120));
        let first = Spell {
            start: spell.start,
            end: cut,
        };
        let overlap = if dice.chance(0.3) {
            -dice.between(1, 10)
        } else {
            dice.between(0, 20)
        };
        let second = Spell {
            start: cut.plus(overlap),
            end: spell.end,
        };
        write_record(
            world,
            dice,
            person,
            first,
            Some("wijziging leefvorm"),
            (file, cause),
        )?;
        return write_record(world, dice, person, second, reason, (file, cause));
    }
    write_record(world, dice, person, spell, reason, (file, cause))
}

fn write_record(
    world: &mut World,
    dice: &mut Dice,
    person: u32,
    spell: Spell,
    reason: Option<&str>,
    (file, cause): (u64, &str),
) -> io::Result<()> {
    let living = world.living(person, spell.start);
    let who = world.person(person);
    let code = match living {
        Living::Single => "1",
        Living::SingleParent => "2",
        Living::Couple | Living::Family => "3",
        _ => "9",
    };
    let ended = reason.is_some();
    let reason = match reason {
        None => String::new(),
        Some(_) if dice.chance(NO_REASON) => String::new(),
        Some("") => dice
            .pick(&[
                "werkaanvaarding",
                "werkaanvaarding",
                "samenwonen",
                "geen inlichtingen",
                "andere inkomsten",
                "studie",
            ])
            .to_owned(),
        Some(reason) => reason.to_owned(),
    };
    let (born, _, _) = who.born.parts();
    let sex = who.sex.letter();
    world.tally.end_reasons[0] += usize::from(ended);
    world.tally.end_reasons[1] += usize::from(ended && reason.is_empty());
    let row = vec![
        file.to_string(),
        (700_000 + u64::from(person)).to_string(),
        world.bsn(person),
        born.to_string(),
        sex.to_owned(),
        "Client".to_owned(),
        spell.start.dutch(),
        if ended {
            spell.end.dutch()
        } else {
            String::new()
        },
        code.to_owned(),
        living.dutch().to_owned(),
        cause.to_owned(),
        reason,
        if ended {
            spell.end.plus(dice.between(3, 40)).dutch()
        } else {
            String::new()
        },
        spell.start.plus(dice.between(5, 45)).dutch(),
    ];
    world.tally.raw_months.push((
        (f64::from(spell.end.0 - spell.start.0) / MONTH) as f32,
        ended,
        spell.start,
    ));
    world.extracts.row(Extract::Welfare, row).map(drop)
}
