//! The whole run: years pass, outcomes happen, files appear.

use std::path::Path;

use serde::Serialize;

use crate::{
    GenerateError, Parameters,
    bsn::BsnRange,
    care,
    day::Day,
    dice::Dice,
    extracts::{Defect, Extracts},
    housing, life, money,
    names::Names,
    outcome::{self, PersonYear},
    person::Recent,
    places::Places,
    population,
    rates::{self, Tally},
    register, signals, truth, welfare,
    world::{World, Year},
};

/// What to make.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// The same seed, size and years give the same bytes.
    pub seed: u64,
    /// Inhabitants on every 1 January, 500 to 400,000.
    pub inhabitants: usize,
    /// Reference dates with an outcome, 1 to 20; the history holds one year more.
    pub years: u8,
    /// The extracts are made on 1 January of this year, the last reference date.
    pub end_year: i32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 1,
            inhabitants: 240_000,
            years: 10,
            end_year: 2026,
        }
    }
}

/// How far a run is: called with the years done and the years in all.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// What was made.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// As in `truth/parameters.json`.
    pub parameters: Parameters,
    /// Rows nobody can use.
    pub defects: Vec<Defect>,
}

/// Makes a municipality: `extracts/` for whoever works with it, `truth/` for whoever judges the work.
///
/// * `folder`: made if it does not exist; files of an earlier run are overwritten
/// * `progress`: told after every simulated year
///
/// # Errors
/// [`GenerateError::Settings`] for a size outside its range; otherwise when a file cannot be written.
pub fn generate(
    folder: &Path,
    settings: &Settings,
    progress: Progress<'_>,
) -> Result<Summary, GenerateError> {
    check(settings)?;
    let extracts = folder.join("extracts");
    let mut world = begin(&extracts, settings)?;
    let mut years = pass_years(&mut world, progress)?;
    let labelled = &years[..years.len() - 1];
    let intercept = outcome::solve_intercept(labelled, world.persons.len());
    outcome::happen(&mut world, &mut years, intercept)?;
    outcome::interview(&mut world, &years)?;
    welfare::write_running(&mut world)?;
    let rows = register::write(&mut world)?;
    let parameters = describe(&world, &years, intercept);
    let World {
        extracts: files, ..
    } = &mut world;
    let finished = std::mem::replace(files, Extracts::closed()).finish(&extracts)?;
    let (files, defects) = finished;
    let parameters = Parameters {
        files,
        ..parameters
    };
    truth::write(
        &folder.join("truth"),
        &world,
        &years,
        &rows,
        &defects,
        &parameters,
    )?;
    Ok(Summary {
        parameters,
        defects,
    })
}

fn check(settings: &Settings) -> Result<(), GenerateError> {
    if !(500..=400_000).contains(&settings.inhabitants) {
        return Err(GenerateError::Settings(
            "a municipality has 500 to 400,000 inhabitants here".into(),
        ));
    }
    if !(1..=20).contains(&settings.years) {
        return Err(GenerateError::Settings(
            "the history has 1 to 20 years with an outcome".into(),
        ));
    }
    if !(2000..=2100).contains(&settings.end_year) {
        return Err(GenerateError::Settings(
            "the history ends between 2000 and 2100".into(),
        ));
    }
    Ok(())
}

/// The municipality on its first day.
fn begin(extracts: &Path, settings: &Settings) -> Result<World, GenerateError> {
    let mut dice = Dice::new(settings.seed, "population");
    let households = settings.inhabitants / 2;
    let places = Places::new(&mut Dice::new(settings.seed, "places"), households);
    let ever =
        settings.inhabitants + settings.inhabitants * (usize::from(settings.years) + 1) / 12 + 500;
    let mut world = World {
        settings: settings.clone(),
        names: Names::embedded()?,
        bsns: BsnRange::for_population(ever),
        places,
        persons: Vec::with_capacity(ever),
        households: Vec::with_capacity(households * 3 / 2),
        extracts: Extracts::create(extracts, settings.seed)?,
        signal_links: Vec::new(),
        arrears_links: Vec::new(),
        tally: Tally::default(),
    };
    let first = Day::new(settings.end_year - i32::from(settings.years) - 1, 1, 1);
    let mut here = 0;
    while here < settings.inhabitants {
        here += population::move_in(&mut world, &mut dice, first, false)?;
    }
    welfare::begin(&mut world, first);
    Ok(world)
}

/// Lives the years; returns the adults of each reference date.
fn pass_years(
    world: &mut World,
    progress: Progress<'_>,
) -> Result<Vec<Vec<PersonYear>>, GenerateError> {
    let last = world.settings.end_year;
    let first = last - i32::from(world.settings.years) - 1;
    let mut years = Vec::new();
    for calendar in first..last {
        let year = Year {
            start: Day::new(calendar, 1, 1),
            end: Day::new(calendar + 1, 1, 1),
        };
        let starts = calendar == first;
        if !starts {
            years.push(outcome::reference_date(world, year.start));
        }
        for person in &mut world.persons {
            person.recent = Recent::default();
        }
        life::live(world, year)?;
        money::incomes(world, year, starts)?;
        money::debts(world, year, starts)?;
        welfare::flow(world, year)?;
        money::sanctions(world, year)?;
        signals::report(world, year)?;
        housing::report(world, year);
        care::wmo(world, year)?;
        care::youth(world, year)?;
        care::releases(world, year)?;
        world.tally.years += 1;
        progress((calendar - first + 1) as usize, (last - first) as usize);
    }
    years.push(outcome::reference_date(world, Day::new(last, 1, 1)));
    Ok(years)
}

fn describe(world: &World, years: &[Vec<PersonYear>], intercept: f64) -> Parameters {
    let labelled = &years[..years.len() - 1];
    let mut people = [0_u64; 2];
    let mut events = [0_u64; 2];
    for row in labelled.iter().flatten().filter(|row| row.at_risk) {
        let group = world.person(row.person).group as usize;
        people[group] += 1;
        events[group] += u64::from(row.event.is_some());
    }
    let last = world.settings.end_year;
    let first = last - i32::from(world.settings.years) - 1;
    let (from, until) = (Day::new(first, 1, 1), Day::new(last, 1, 1));
    Parameters {
        settings: world.settings.clone(),
        effects: outcome::EFFECTS,
        intercept,
        registered: outcome::REGISTERED,
        outcome_by_group: [0, 1].map(|g| events[g] as f64 / people[g].max(1) as f64),
        reference_dates: (first + 1..=last)
            .map(|year| Day::new(year, 1, 1).iso())
            .collect(),
        person_years: people.iter().sum(),
        events: events.iter().sum(),
        raw_welfare_survival: [1, 2, 3, 5, 8]
            .into_iter()
            .filter(|y| *y <= u32::from(world.settings.years))
            .map(|y| {
                (
                    y,
                    rates::raw_survival(world, from, until, f64::from(y) * 12.0),
                )
            })
            .collect(),
        base_rates: rates::base_rates(world, years),
        files: Vec::new(),
    }
}
