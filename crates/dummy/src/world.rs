//! The municipality while it is being simulated.

use std::io;

use crate::{
    Settings,
    bsn::BsnRange,
    day::Day,
    dice::Dice,
    extracts::Extracts,
    names::Names,
    person::{Exit, Household, Living, Person},
    places::Places,
    rates::Tally,
    shapes::Extract,
};

/// Everything that is true at one moment, and the files it leaves behind.
pub(crate) struct World {
    /// What was asked.
    pub settings: Settings,
    /// Name lists.
    pub names: Names,
    /// Numbers.
    pub bsns: BsnRange,
    /// Addresses.
    pub places: Places,
    /// Everybody who ever lived here.
    pub persons: Vec<Person>,
    /// Every household that ever was.
    pub households: Vec<Household>,
    /// Files.
    pub extracts: Extracts,
    /// True person of each signal and each row of arrears: (row, person).
    pub signal_links: Vec<(u64, u32)>,
    /// As `signal_links`, for the workbook of arrears.
    pub arrears_links: Vec<(u64, u32)>,
    /// Counts for the base rates.
    pub tally: Tally,
}

/// One simulated calendar year.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Year {
    /// 1 January.
    pub start: Day,
    /// 1 January of the next year.
    pub end: Day,
}

impl World {
    /// The random numbers of a subject in a year.
    pub(crate) fn dice(&self, subject: &str, year: Year) -> Dice {
        Dice::new(
            self.settings.seed,
            &format!("{subject} {}", year.start.year()),
        )
    }

    /// The nine digits of a person's BSN.
    pub(crate) fn bsn(&self, person: u32) -> String {
        self.bsns.bsn(person as usize).to_string()
    }

    /// Persons registered on `day`, in order.
    pub(crate) fn present(&self, day: Day) -> Vec<u32> {
        (0..self.persons.len() as u32)
            .filter(|p| self.persons[*p as usize].present(day))
            .collect()
    }

    /// Adults registered on `day`, in order.
    pub(crate) fn adults(&self, day: Day) -> Vec<u32> {
        let mut found = self.present(day);
        found.retain(|p| self.persons[*p as usize].age(day) >= 18);
        found
    }

    /// The person.
    pub(crate) fn person(&self, person: u32) -> &Person {
        &self.persons[person as usize]
    }

    /// The household a person belongs to (or belonged to last).
    pub(crate) fn household_of(&self, person: u32) -> &Household {
        &self.households[self.persons[person as usize].household as usize]
    }

    /// How a person lives on `day`.
    pub(crate) fn living(&self, person: u32, day: Day) -> Living {
        let who = self.person(person);
        if !who.heads {
            return if who.age(day) < 18 {
                Living::Child
            } else {
                Living::GrownChild
            };
        }
        let members = &self.household_of(person).members;
        let heads = members.iter().filter(|m| self.person(**m).heads).count();
        match (heads, members.len() > heads) {
            (0 | 1, false) => Living::Single,
            (0 | 1, true) => Living::SingleParent,
            (_, false) => Living::Couple,
            (_, true) => Living::Family,
        }
    }

    /// First and last-but-one day in `year` on which the person is registered.
    pub(crate) fn window(&self, person: u32, year: Year) -> (Day, Day) {
        let who = self.person(person);
        let until = who.gone.map_or(year.end, |(gone, _)| gone.min(year.end));
        (who.registered.max(year.start), until)
    }

    /// Writes a change in how a person lives.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note_residence(
        &mut self,
        dice: &mut Dice,
        person: u32,
        day: Day,
        event: &str,
    ) -> io::Result<()> {
        let household = self.household_of(person);
        let address = *self.places.get(household.address);
        let tenure = household.tenure;
        let gone = self.person(person).gone.is_some();
        // Most changes are registered within six weeks, a few only after half a year.
        let delay = if dice.chance(0.04) {
            dice.between(60, 180)
        } else {
            dice.between(0, 45)
        };
        let known = if event == "eerste" {
            day
        } else {
            day.plus(delay)
        };
        let row = vec![
            self.bsn(person),
            day.dutch(),
            event.to_owned(),
            self.places.buurten[usize::from(address.buurt)].code.clone(),
            address.postcode(),
            address.number(),
            address.suffix().to_owned(),
            tenure.dutch().to_owned(),
            if gone {
                "uitgeschreven"
            } else {
                self.living(person, day).dutch()
            }
            .to_owned(),
            known.dutch(),
        ];
        self.extracts.row(Extract::Residences, row).map(drop)
    }

    /// Writes the change for every member of a household.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn note_household(
        &mut self,
        dice: &mut Dice,
        household: u32,
        day: Day,
        event: &str,
    ) -> io::Result<()> {
        for member in self.households[household as usize].members.clone() {
            self.note_residence(dice, member, day, event)?;
        }
        Ok(())
    }

    /// Takes a person out of the register and the household; gives the dwelling back when it is empty.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn remove(
        &mut self,
        dice: &mut Dice,
        person: u32,
        day: Day,
        why: Exit,
    ) -> io::Result<()> {
        self.persons[person as usize].gone = Some((day, why));
        let event = match why {
            Exit::Died => "overlijden",
            Exit::Left => "vertrek",
        };
        self.note_residence(dice, person, day, event)?;
        let household = self.persons[person as usize].household;
        self.detach(person);
        if why == Exit::Died {
            self.note_household(dice, household, day, "gezinswijziging")?;
        }
        Ok(())
    }

    /// Takes a person out of its household. A household without heads makes its eldest member one; an
    /// empty one gives its dwelling back.
    pub(crate) fn detach(&mut self, person: u32) {
        let place = self.persons[person as usize].household as usize;
        let household = &mut self.households[place];
        household.members.retain(|m| *m != person);
        household.touched = true;
        if household.members.is_empty() {
            self.places.release(household.address);
        } else if !household
            .members
            .iter()
            .any(|m| self.persons[*m as usize].heads)
            && let Some(eldest) = household
                .members
                .iter()
                .copied()
                .min_by_key(|m| self.persons[*m as usize].born)
        {
            self.persons[eldest as usize].heads = true;
        }
    }
}
