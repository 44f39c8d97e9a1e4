//! Care: Wmo, youth care, and people who come out of detention.

use std::io;

use crate::{
    day::Day,
    dice::factor_for,
    person::Sex,
    shapes::Extract,
    sheet::euros,
    world::{World, Year},
};

/// Wmo clients per inhabitant in a year (KWB Eindhoven 2021).
pub(crate) const WMO: f64 = 0.076;
/// Share of people under 23 who use youth care in a year (Eindhoven).
pub(crate) const YOUTH: f64 = 0.091;
/// Releases from detention per adult in a year.
const RELEASES: f64 = 0.001_6;

/// Wmo provisions of this year.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn wmo(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("wmo", year);
    let here = world.present(year.end);
    let mut clients = 0_usize;
    for person in &here {
        let who = &mut world.persons[*person as usize];
        if who.wmo > 0 && !dice.chance(0.84) {
            who.wmo = 0;
        }
        clients += usize::from(who.wmo > 0);
    }
    let weight = |world: &World, p: u32| {
        let who = world.person(p);
        let age = f64::from(who.age(year.end));
        if who.wmo > 0 || age < 18.0 {
            0.0
        } else {
            (0.062 * (age - 40.0)).exp() + 0.15
        }
    };
    let wanted = (WMO * world.settings.inhabitants as f64 - clients as f64).max(0.0);
    let factor = factor_for(here.iter().map(|p| weight(world, *p)), wanted);
    for person in here {
        let starts = dice.chance(factor * weight(world, person));
        if starts {
            world.persons[person as usize].wmo = 1 + dice.below(5) as u8;
        }
        let product = world.person(person).wmo;
        if product == 0 {
            continue;
        }
        world.tally.wmo_clients += 1;
        let (from, until) = world.window(person, year);
        let begin = if starts { dice.day(from, until) } else { from };
        // The provider changed all product codes in the middle of the history.
        let recoded =
            year.start.year() >= world.settings.end_year - i32::from(world.settings.years) / 2;
        let (code, unit, price) = match (product, recoded) {
            (1, false) => ("01A01", "minuut", 0.52),
            (1, true) => ("01006", "minuut", 0.58),
            (2, false) => ("02A03", "uur", 54.2),
            (2, true) => ("02017", "uur", 58.9),
            (3, _) => ("07A05", "dagdeel", 47.75),
            (4, _) => ("11B01", "stuk", 61.3),
            _ => ("12A02", "stuk", 14.05),
        };
        let volume = match unit {
            "minuut" => dice.between(1_500, 9_000),
            "uur" => dice.between(20, 240),
            "dagdeel" => dice.between(40, 200),
            _ => 12,
        };
        let late = (-60.0 * (1.0 - dice.unit()).ln()) as i32;
        let row = vec![
            world.bsn(person),
            code.to_owned(),
            begin.dutch(),
            until.plus(-1).max(begin).dutch(),
            volume.to_string(),
            unit.to_owned(),
            euros(price),
            until.plus(15 + late.min(400)).dutch(),
            begin.plus(dice.between(1, 30)).dutch(),
        ];
        world.extracts.row(Extract::Wmo, row)?;
    }
    Ok(())
}

/// Youth care of this year, and who came out of a stay on turning 18.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn youth(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("youth", year);
    let young: Vec<u32> = world
        .present(year.end)
        .into_iter()
        .filter(|p| world.person(*p).age(year.end) < 23)
        .collect();
    let mut users = 0_usize;
    for person in &young {
        let who = &mut world.persons[*person as usize];
        who.youth_care = who.youth_care && dice.chance(0.6);
        users += usize::from(who.youth_care);
    }
    let weight = |world: &World, p: u32| {
        let who = world.person(p);
        let age = f64::from(who.age(year.end));
        let peak = |centre: f64, width: f64| (-0.5 * ((age - centre) / width).powi(2)).exp();
        if who.youth_care {
            0.0
        } else {
            0.15 + peak(9.0, 3.0) + 0.9 * peak(15.0, 2.5) + 0.25 * peak(19.0, 2.0)
        }
    };
    let wanted = (YOUTH * young.len() as f64 - users as f64).max(0.0);
    let factor = factor_for(young.iter().map(|p| weight(world, *p)), wanted);
    world.tally.young += young.len();
    for person in young {
        let starts = dice.chance(factor * weight(world, person));
        if starts {
            world.persons[person as usize].youth_care = true;
        }
        if !world.person(person).youth_care {
            continue;
        }
        world.tally.youth_users += 1;
        let (from, until) = world.window(person, year);
        let begin = if starts { dice.day(from, until) } else { from };
        let age = world.person(person).age(year.end);
        let stay = dice.chance(if (16..20).contains(&age) { 0.20 } else { 0.07 });
        let mut end = until.plus(-1).max(begin);
        if stay && (18..20).contains(&age) && dice.chance(0.7) {
            end = dice.day(begin, until);
            let who = &mut world.persons[person as usize];
            who.youth_care = false;
            who.recent.youth_exit = true;
            world.tally.youth_exits += 1;
        }
        let row = vec![
            world.bsn(person),
            if stay { "verblijf" } else { "ambulant" }.to_owned(),
            begin.dutch(),
            end.dutch(),
            end.plus(dice.between(1, 30)).dutch(),
        ];
        world.extracts.row(Extract::YouthCare, row)?;
    }
    Ok(())
}

/// People who came out of detention, as the municipality's aftercare hears it.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn releases(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("aftercare", year);
    let adults = world.adults(year.end);
    let weight = |world: &World, p: u32| {
        let who = world.person(p);
        let age = who.age(year.end);
        let sex = if who.sex == Sex::Man { 1.0 } else { 0.07 };
        if age > 65 {
            0.0
        } else {
            sex * if age < 45 { 2.0 } else { 1.0 }
        }
    };
    let factor = factor_for(
        adults.iter().map(|p| weight(world, *p)),
        RELEASES * adults.len() as f64,
    );
    for person in adults {
        if !dice.chance(factor * weight(world, person)) {
            continue;
        }
        world.persons[person as usize].recent.detention = true;
        let (from, until) = world.window(person, year);
        let day: Day = dice.day(from, until);
        let row = vec![
            world.bsn(person),
            day.dutch(),
            day.plus(dice.between(0, 20)).dutch(),
        ];
        world.extracts.row(Extract::Aftercare, row)?;
    }
    Ok(())
}
