//! A year of births, deaths, moves, partings and new couples.

use std::io;

use crate::{
    day::Day,
    dice::Dice,
    person::{Exit, Household, Living, Sex, Tenure},
    population::{add_child, draw_tenure, move_in, take_address},
    world::{World, Year},
};

/// Lives one year. At most one large thing happens to a household in it.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn live(world: &mut World, year: Year) -> io::Result<()> {
    let mut dice = world.dice("life", year);
    for household in &mut world.households {
        household.touched = false;
    }
    deaths(world, &mut dice, year)?;
    for household in 0..world.households.len() as u32 {
        let state = &world.households[household as usize];
        if !state.touched && !state.members.is_empty() {
            change(world, &mut dice, household, year)?;
        }
    }
    unions(world, &mut dice, year)?;
    arrivals(world, &mut dice, year)
}

fn deaths(world: &mut World, dice: &mut Dice, year: Year) -> io::Result<()> {
    for person in world.present(year.start) {
        let age = f64::from(world.person(person).age(year.start));
        if dice.chance((0.000_025 * (0.096 * age).exp()).min(0.6)) {
            let day = dice.day(year.start, year.end);
            world.remove(dice, person, day, Exit::Died)?;
        }
    }
    Ok(())
}

/// What may happen to an untouched household.
fn change(world: &mut World, dice: &mut Dice, household: u32, year: Year) -> io::Result<()> {
    let members = world.households[household as usize].members.clone();
    let Some(&head) = members.first() else {
        return Ok(());
    };
    let tenure = world.households[household as usize].tenure;
    let age = world.person(head).age(year.start);
    let living = world.living(head, year.start);
    let day = dice.day(year.start, year.end);
    let on_welfare = members.iter().any(|m| world.person(*m).welfare.is_some());
    if matches!(living, Living::Couple | Living::Family)
        && dice.chance(if age < 42 { 0.030 } else { 0.010 })
    {
        return part(world, dice, household, day);
    }
    // People on welfare seldom leave town, which also keeps the lengths of spells what the source says.
    if !on_welfare && dice.chance(leave_rate(tenure)) {
        for member in members {
            world.remove(dice, member, day, Exit::Left)?;
        }
        return Ok(());
    }
    let grown = members
        .iter()
        .copied()
        .find(|m| !world.person(*m).heads && (18..30).contains(&world.person(*m).age(year.start)));
    if let Some(child) = grown
        && dice.chance(0.22)
    {
        return leave_home(world, dice, child, day);
    }
    if dice.chance(move_rate(tenure)) {
        return move_house(world, dice, household, day);
    }
    let mother = members.iter().copied().find(|m| {
        let who = world.person(*m);
        who.heads && who.sex == Sex::Woman && (23..40).contains(&who.age(year.start))
    });
    if mother.is_some() && dice.chance(if living == Living::Single { 0.01 } else { 0.13 }) {
        let child = add_child(world, dice, household, day, day);
        world.households[household as usize].touched = true;
        world.note_residence(dice, child, day, "geboorte")?;
        if members.len() < 3 {
            for parent in members {
                world.note_residence(dice, parent, day, "gezinswijziging")?;
            }
        }
    }
    Ok(())
}

fn leave_rate(tenure: Tenure) -> f64 {
    match tenure {
        Tenure::Owner => 0.022,
        Tenure::Social => 0.020,
        Tenure::Private => 0.080,
        Tenure::Temporary | Tenure::Lodging => 0.11,
    }
}

fn move_rate(tenure: Tenure) -> f64 {
    match tenure {
        Tenure::Owner => 0.035,
        Tenure::Social => 0.050,
        Tenure::Private => 0.14,
        Tenure::Temporary => 0.40,
        Tenure::Lodging => 0.34,
    }
}

/// Partners part: one leaves, the children stay with one of them.
fn part(world: &mut World, dice: &mut Dice, household: u32, day: Day) -> io::Result<()> {
    let members = world.households[household as usize].members.clone();
    let heads: Vec<u32> = members
        .iter()
        .copied()
        .filter(|m| world.person(*m).heads)
        .collect();
    let leaver = heads[dice.below(heads.len())];
    for head in &heads {
        world.persons[*head as usize].recent.breakup = true;
    }
    let (group, age) = (world.person(leaver).group, world.person(leaver).age(day));
    let tenure = [
        Tenure::Owner,
        Tenure::Social,
        Tenure::Private,
        Tenure::Temporary,
        Tenure::Lodging,
    ][dice.weighted(&[0.14, 0.30, 0.30, 0.09, 0.17])];
    let stays = world.person(leaver).sex == Sex::Man || dice.chance(0.3);
    let address = take_address(world, dice, group);
    let debt = world.households[household as usize].debt;
    world.detach(leaver);
    let number = found(
        world,
        address,
        world.households[household as usize].address,
        tenure,
    );
    world.households[number as usize].debt = debt && dice.chance(0.5);
    join(world, leaver, number, true);
    if !stays && age < 60 {
        for child in members.into_iter().filter(|m| !heads.contains(m)) {
            world.detach(child);
            join(world, child, number, false);
        }
    }
    world.note_household(dice, number, day, "scheiding")?;
    world.note_household(dice, household, day, "scheiding")
}

/// A grown child gets a home of its own.
fn leave_home(world: &mut World, dice: &mut Dice, child: u32, day: Day) -> io::Result<()> {
    let group = world.person(child).group;
    let age = world.person(child).age(day);
    let old = world.household_of(child).address;
    let parents = world.person(child).household;
    let tenure = draw_tenure(dice, true, false, age, group);
    let address = take_address(world, dice, group);
    world.detach(child);
    let number = found(world, address, old, tenure);
    join(world, child, number, true);
    world.note_residence(dice, child, day, "verhuizing")?;
    world.note_household(dice, parents, day, "gezinswijziging")
}

/// The household moves within the municipality.
fn move_house(world: &mut World, dice: &mut Dice, household: u32, day: Day) -> io::Result<()> {
    let place = household as usize;
    let Some(&head) = world.households[place].members.first() else {
        return Ok(());
    };
    let (group, age) = (world.person(head).group, world.person(head).age(day));
    let living = world.living(head, day);
    let tenure = draw_tenure(
        dice,
        living == Living::Single,
        living == Living::Family,
        age,
        group,
    );
    let address = take_address(world, dice, group);
    let state = &mut world.households[place];
    world.places.release(state.address);
    state.former_address = Some(state.address);
    state.address = address;
    state.tenure = if state.members.len() > 1 && tenure == Tenure::Lodging {
        Tenure::Private
    } else {
        tenure
    };
    state.touched = true;
    world.note_household(dice, household, day, "verhuizing")
}

/// Singles of about the same age become couples.
fn unions(world: &mut World, dice: &mut Dice, year: Year) -> io::Result<()> {
    let mut free: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
    for person in world.present(year.end) {
        let who = world.person(person);
        let household = world.household_of(person);
        let untouched = !household.touched && who.heads && who.registered <= year.start;
        let alone = household.members.len() == 1
            || household
                .members
                .iter()
                .filter(|m| world.person(**m).heads)
                .count()
                == 1;
        if untouched && alone && (20..62).contains(&who.age(year.start)) && dice.chance(0.055) {
            free[usize::from(who.sex == Sex::Woman)].push(person);
        }
    }
    for side in &mut free {
        side.sort_by_key(|p| world.person(*p).born);
    }
    let [men, women] = free;
    for (man, woman) in men.into_iter().zip(women) {
        let day = dice.day(year.start, year.end);
        let keep_his =
            rank(world.household_of(man).tenure) >= rank(world.household_of(woman).tenure);
        let (host, guest) = if keep_his { (man, woman) } else { (woman, man) };
        let target = world.person(host).household;
        let old = world.household_of(guest).address;
        let guests: Vec<(u32, bool)> = world
            .household_of(guest)
            .members
            .iter()
            .map(|m| (*m, world.person(*m).heads))
            .collect();
        for (member, heads) in guests {
            world.detach(member);
            join(world, member, target, heads);
        }
        let state = &mut world.households[target as usize];
        state.former_address = Some(old);
        state.touched = true;
        if state.tenure == Tenure::Lodging {
            state.tenure = Tenure::Private;
        }
        world.persons[man as usize].partner_surname = Some(world.person(woman).names.surname);
        world.persons[woman as usize].partner_surname = Some(world.person(man).names.surname);
        world.note_household(dice, target, day, "samenwonen")?;
    }
    Ok(())
}

const fn rank(tenure: Tenure) -> u8 {
    match tenure {
        Tenure::Owner => 4,
        Tenure::Social => 3,
        Tenure::Private => 2,
        Tenure::Temporary => 1,
        Tenure::Lodging => 0,
    }
}

/// Newcomers until the municipality has its number of inhabitants again.
fn arrivals(world: &mut World, dice: &mut Dice, year: Year) -> io::Result<()> {
    let mut here = world.present(year.end).len();
    while here < world.settings.inhabitants {
        let day = dice.day(year.start, year.end);
        here += move_in(world, dice, day, true)?;
    }
    Ok(())
}

/// An empty household at an address.
fn found(world: &mut World, address: u32, former: u32, tenure: Tenure) -> u32 {
    world.households.push(Household {
        address,
        former_address: Some(former),
        tenure,
        members: Vec::new(),
        debt: false,
        known_to_help: false,
        touched: true,
    });
    world.households.len() as u32 - 1
}

fn join(world: &mut World, person: u32, household: u32, heads: bool) {
    world.persons[person as usize].household = household;
    world.persons[person as usize].heads = heads;
    world.households[household as usize].members.push(person);
}
