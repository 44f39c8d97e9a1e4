//! The BRP extract of persons, as it stands when the extracts are made.

use std::io;

use crate::{dice::Dice, person::Exit, places::GEMEENTE, shapes::Extract, world::World};

/// Share of persons whose registered address is not where they live (CBS Adreskwaliteit 2021: 97.4 % right).
pub(crate) const ADDRESS_WRONG: f64 = 0.026;
/// Share of persons with an incomplete birth date.
pub(crate) const BIRTH_INCOMPLETE: f64 = 0.02;

/// Writes everybody who is or was registered; returns the ordinal of each person's row.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(world: &mut World) -> io::Result<Vec<u64>> {
    let mut dice = Dice::new(world.settings.seed, "register");
    let mut rows = Vec::with_capacity(world.persons.len());
    for person in 0..world.persons.len() as u32 {
        let who = world.person(person);
        let household = world.household_of(person);
        let wrong = dice.chance(ADDRESS_WRONG);
        let place = if wrong {
            world.places.any(&mut dice)
        } else {
            household.address
        };
        let address = *world.places.get(place);
        let surname = world.names.surname(who.names.surname);
        let partner = who.partner_surname.map(|s| world.names.surname(s));
        let born = if dice.chance(BIRTH_INCOMPLETE) {
            who.born.dutch_incomplete(dice.chance(0.5))
        } else {
            who.born.dutch()
        };
        let (gone, why) = match who.gone {
            Some((day, Exit::Died)) => (day.dutch(), "overlijden"),
            Some((day, Exit::Left)) => (day.dutch(), "vertrek"),
            None => (String::new(), ""),
        };
        let known = who.registered.plus(dice.between(0, 10));
        let fields = vec![
            world.bsn(person),
            world.names.forenames(&who.names),
            surname.prefix.clone(),
            surname.stem.clone(),
            partner.map(|p| p.prefix.clone()).unwrap_or_default(),
            partner.map(|p| p.stem.clone()).unwrap_or_default(),
            born,
            who.sex.letter().to_owned(),
            address.street(),
            address.number(),
            address.suffix().to_owned(),
            address.postcode(),
            GEMEENTE.to_owned(),
            world.places.buurten[usize::from(address.buurt)]
                .code
                .clone(),
            who.group.letter().to_owned(),
            who.registered.dutch(),
            gone,
            why.to_owned(),
            known.dutch(),
        ];
        world.tally.addresses_wrong += usize::from(wrong);
        rows.push(world.extracts.row(Extract::Persons, fields)?);
    }
    Ok(rows)
}
