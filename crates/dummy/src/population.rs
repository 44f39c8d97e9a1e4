//! New households: the first population, and everybody who moves in later.

use std::io;

use crate::{
    day::Day,
    dice::Dice,
    person::{Group, Household, Person, Recent, Sex, Tenure},
    world::World,
};

/// Share of households in group B.
const GROUP_B: f64 = 0.32;
/// Share of members with their household's group.
const SAME_GROUP: f64 = 0.94;

/// What kind of household moves in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Single,
    Couple,
    Family,
    SingleParent,
}

/// Makes one household that is registered on `day`, and returns its number of members.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn move_in(
    world: &mut World,
    dice: &mut Dice,
    day: Day,
    newcomer: bool,
) -> io::Result<usize> {
    let group = if dice.chance(GROUP_B) {
        Group::B
    } else {
        Group::A
    };
    let kind = draw_kind(dice, newcomer);
    let age = draw_age(dice, kind, group, newcomer);
    let tenure = draw_tenure(dice, kind == Kind::Single, kind == Kind::Family, age, group);
    let address = take_address(world, dice, group);
    let number = world.households.len() as u32;
    world.households.push(Household {
        address,
        former_address: None,
        tenure,
        members: Vec::new(),
        debt: false,
        known_to_help: false,
        touched: newcomer,
    });
    let since = if newcomer {
        day
    } else {
        day.plus(-dice.between(0, 7_000))
    };
    let sex = if dice.chance(if kind == Kind::SingleParent {
        0.17
    } else {
        0.52
    }) {
        Sex::Man
    } else {
        Sex::Woman
    };
    let head = add_head(
        world,
        dice,
        number,
        day,
        since,
        (age, sex, group),
        kind == Kind::Single,
    );
    if matches!(kind, Kind::Couple | Kind::Family) {
        let other_sex = match (sex, dice.chance(0.96)) {
            (Sex::Man, true) | (Sex::Woman, false) => Sex::Woman,
            _ => Sex::Man,
        };
        let other_age = (f64::from(age) + 3.0 * dice.normal())
            .round()
            .clamp(18.0, 98.0) as i32;
        let partner = add_head(
            world,
            dice,
            number,
            day,
            since,
            (other_age, other_sex, group),
            false,
        );
        world.persons[partner as usize].partner_surname = Some(world.person(head).names.surname);
        world.persons[head as usize].partner_surname = Some(world.person(partner).names.surname);
    }
    if matches!(kind, Kind::Family | Kind::SingleParent) {
        let children = 1 + dice.weighted(&[0.40, 0.42, 0.18]);
        for _ in 0..children {
            let child_age = (f64::from(age) - 31.0 + 4.0 * dice.normal()).clamp(0.0, 22.0);
            let born = day.plus(-(child_age * 365.25) as i32 - dice.between(0, 364));
            add_child(world, dice, number, born, since.max(born));
        }
    }
    if newcomer {
        world.note_household(dice, number, day, "vestiging")?;
    } else {
        for member in world.households[number as usize].members.clone() {
            let from = world.person(member).registered;
            world.note_residence(dice, member, from, "eerste")?;
        }
    }
    Ok(world.households[number as usize].members.len())
}

fn draw_kind(dice: &mut Dice, newcomer: bool) -> Kind {
    let weights = if newcomer {
        [0.62, 0.18, 0.16, 0.04]
    } else {
        [0.485, 0.25, 0.195, 0.07]
    };
    [Kind::Single, Kind::Couple, Kind::Family, Kind::SingleParent][dice.weighted(&weights)]
}

fn draw_age(dice: &mut Dice, kind: Kind, group: Group, newcomer: bool) -> i32 {
    let younger = group.choose(1.0, 1.35) * if newcomer { 2.0 } else { 1.0 };
    match kind {
        Kind::Single => {
            let band = dice.weighted(&[0.33 * younger, 0.27 * younger, 0.18, 0.22]);
            let (low, high) = [(18, 29), (30, 49), (50, 66), (67, 93)][band];
            dice.between(low, high)
        }
        Kind::Couple => {
            let band = dice.weighted(&[0.22 * younger, 0.28 * younger, 0.24, 0.26]);
            let (low, high) = [(21, 34), (35, 54), (55, 66), (67, 90)][band];
            dice.between(low, high)
        }
        Kind::Family => {
            (41.0 - group.choose(0.0, 2.0) + 7.0 * dice.normal()).clamp(22.0, 62.0) as i32
        }
        Kind::SingleParent => {
            (40.0 - group.choose(0.0, 2.0) + 8.0 * dice.normal()).clamp(19.0, 62.0) as i32
        }
    }
}

/// By what right a household of this make-up lives.
pub(crate) fn draw_tenure(
    dice: &mut Dice,
    single: bool,
    family: bool,
    age: i32,
    group: Group,
) -> Tenure {
    let mut weights = if single && age < 30 {
        [0.12, 0.34, 0.38, 0.07, 0.09]
    } else if single {
        [0.38, 0.45, 0.12, 0.02, 0.03]
    } else if family {
        [0.66, 0.25, 0.08, 0.01, 0.0]
    } else {
        [0.60, 0.28, 0.11, 0.01, 0.0]
    };
    if group == Group::B {
        weights[0] *= 0.62;
        weights[2] *= 1.15;
        weights[3] *= 1.25;
        weights[4] *= 1.25;
    }
    [
        Tenure::Owner,
        Tenure::Social,
        Tenure::Private,
        Tenure::Temporary,
        Tenure::Lodging,
    ][dice.weighted(&weights)]
}

/// A dwelling; the groups spread unevenly over the neighbourhoods.
pub(crate) fn take_address(world: &mut World, dice: &mut Dice, group: Group) -> u32 {
    let direction = group.choose(-0.4, 0.9);
    world.places.take(dice, |buurt| direction * buurt.tilt)
}

fn add_head(
    world: &mut World,
    dice: &mut Dice,
    household: u32,
    day: Day,
    since: Day,
    (age, sex, group): (i32, Sex, Group),
    alone: bool,
) -> u32 {
    let born = day.plus(-(f64::from(age) * 365.25) as i32 - dice.between(1, 364));
    let names = world.names.draw(dice, sex);
    let group = other_group(dice, group);
    let home = 0.15 + dice.normal()
        - if alone { 0.30 } else { 0.0 }
        - group.choose(0.0, 0.35)
        - if age < 27 { 0.45 } else { 0.0 };
    let flexible = dice.chance(flexible_share(age, group));
    add(
        world,
        Person {
            born,
            sex,
            group,
            names,
            partner_surname: None,
            household,
            heads: true,
            registered: since.max(born),
            gone: None,
            income_z: home,
            income_home: home,
            flexible,
            welfare: None,
            youth_care: false,
            wmo: 0,
            recent: Recent::default(),
        },
    )
}

/// A child of the household, born on `born`.
pub(crate) fn add_child(
    world: &mut World,
    dice: &mut Dice,
    household: u32,
    born: Day,
    registered: Day,
) -> u32 {
    let sex = if dice.chance(0.512) {
        Sex::Man
    } else {
        Sex::Woman
    };
    let first = world.households[household as usize]
        .members
        .first()
        .copied();
    let (surname, group) = first.map_or((None, Group::A), |p| {
        let parent = world.person(p);
        (Some(parent.names.surname), parent.group)
    });
    let names = match surname {
        Some(surname) => world.names.draw_child(dice, sex, surname),
        None => world.names.draw(dice, sex),
    };
    let home = -0.75 + 0.8 * dice.normal() - group.choose(0.0, 0.25);
    let flexible = dice.chance(flexible_share(20, group));
    add(
        world,
        Person {
            born,
            sex,
            group,
            names,
            partner_surname: None,
            household,
            heads: false,
            registered,
            gone: None,
            income_z: home,
            income_home: home,
            flexible,
            welfare: None,
            youth_care: false,
            wmo: 0,
            recent: Recent::default(),
        },
    )
}

fn add(world: &mut World, person: Person) -> u32 {
    let number = world.persons.len() as u32;
    world.households[person.household as usize]
        .members
        .push(number);
    world.persons.push(person);
    number
}

fn other_group(dice: &mut Dice, group: Group) -> Group {
    match (group, dice.chance(SAME_GROUP)) {
        (group, true) => group,
        // Keeps the share of B in the population where it is.
        (_, false) => {
            if dice.chance(GROUP_B) {
                Group::B
            } else {
                Group::A
            }
        }
    }
}

/// Share of people of this age on a flexible contract.
pub(crate) fn flexible_share(age: i32, group: Group) -> f64 {
    let share = match age {
        ..27 => 0.42,
        27..45 => 0.20,
        45..67 => 0.11,
        _ => 0.0,
    };
    share * group.choose(1.0, 1.25)
}
