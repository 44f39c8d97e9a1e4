//! What the generated municipality looks like, beside what it should look like.

use serde::Serialize;

use crate::{
    care,
    day::Day,
    dirt, money,
    outcome::{self, PersonYear},
    person::Group,
    register, signals, welfare,
    world::World,
};

/// Counts kept while the years pass.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub years: usize,
    pub households: usize,
    pub problem_debts: usize,
    pub debts_known: usize,
    pub income_falls: usize,
    pub on_welfare_by_group: [usize; 2],
    pub sanctioned_by_group: [usize; 2],
    pub welfare_stock: Vec<usize>,
    pub welfare_mean_stock: f64,
    pub welfare_outflow: usize,
    pub ended_months: Vec<f32>,
    pub raw_months: Vec<(f32, bool, Day)>,
    pub end_reasons: [usize; 2],
    pub signals: usize,
    pub signals_by_kind: [usize; 4],
    pub energy_ends: usize,
    pub handling: [usize; 4],
    pub signal_dirt: [usize; 4],
    pub signals_by_group: [usize; 2],
    pub misspelt_by_group: [usize; 2],
    pub social_tenants: usize,
    pub in_arrears: usize,
    pub eviction_orders: usize,
    pub wmo_clients: usize,
    pub young: usize,
    pub youth_users: usize,
    pub youth_exits: usize,
    pub interviews_possible: [usize; 2],
    pub interviews_held: [usize; 2],
    pub addresses_wrong: usize,
}

/// One base rate.
#[derive(Clone, Debug, Serialize)]
pub struct BaseRate {
    /// What is measured.
    pub quantity: &'static str,
    /// What it should be.
    pub target: f64,
    /// What it is.
    pub measured: f64,
    /// Number of events behind `measured`.
    pub events: u64,
}

impl BaseRate {
    /// Whether the rate lies within a relative `tolerance`, widened by three standard errors of a count.
    pub fn holds(&self, tolerance: f64) -> bool {
        let chance = 3.0 / (self.events.max(1) as f64).sqrt();
        (self.measured / self.target - 1.0).abs() <= tolerance.hypot(chance)
    }
}

/// The base rates of the whole run, summed over its years.
pub(crate) fn base_rates(world: &World, years: &[Vec<PersonYear>]) -> Vec<BaseRate> {
    let mut rates = Vec::new();
    let mut add = |quantity, target, events: usize, of: f64| {
        let measured = events as f64 / of.max(1.0);
        rates.push(BaseRate {
            quantity,
            target,
            measured,
            events: events as u64,
        });
    };
    outcome_rates(world, years, &mut add);
    welfare_rates(world, &mut add);
    signal_rates(world, &mut add);
    bias_rates(&world.tally, &mut add);
    household_rates(world, &mut add);
    name_rates(world, &mut add);
    rates
}

fn inhabitant_years(world: &World) -> f64 {
    (world.settings.inhabitants * world.tally.years) as f64
}

fn welfare_rates(world: &World, add: &mut impl FnMut(&'static str, f64, usize, f64)) {
    let t = &world.tally;
    let stock: usize = t.welfare_stock.iter().sum();
    add(
        "welfare recipients per inhabitant",
        welfare::STOCK,
        stock,
        inhabitant_years(world),
    );
    add(
        "share of the welfare stock that leaves in a year",
        0.247,
        t.welfare_outflow,
        t.welfare_mean_stock,
    );
    let ended = t.ended_months.len() as f64;
    for (name, low, high, share) in [
        ("ended welfare spells under 6 months", 0.0, 6.0, 22.0),
        ("ended welfare spells of 6 to 12 months", 6.0, 12.0, 15.0),
        ("ended welfare spells of 1 to 2 years", 12.0, 24.0, 17.0),
        ("ended welfare spells of 2 to 3 years", 24.0, 36.0, 11.0),
        ("ended welfare spells of 3 to 4 years", 36.0, 48.0, 7.0),
        ("ended welfare spells of 4 to 5 years", 48.0, 60.0, 5.0),
        ("ended welfare spells of 5 years and more", 60.0, 1e9, 22.0),
    ] {
        let count = t
            .ended_months
            .iter()
            .filter(|m| (low..high).contains(&f64::from(**m)))
            .count();
        add(name, share / 99.0, count, ended);
    }
    add(
        "ended welfare spells without a reason",
        welfare::NO_REASON,
        t.end_reasons[1],
        t.end_reasons[0] as f64,
    );
}

fn signal_rates(world: &World, add: &mut impl FnMut(&'static str, f64, usize, f64)) {
    let t = &world.tally;
    let all = t.signals as f64;
    add(
        "early signals per inhabitant",
        signals::RATE,
        t.signals,
        inhabitant_years(world),
    );
    let names = [
        "share of signals about rent",
        "share of signals about energy",
        "share of signals about health insurance",
        "share of signals about water",
    ];
    for (place, name) in names.into_iter().enumerate() {
        add(name, signals::KINDS[place].1, t.signals_by_kind[place], all);
    }
    let energy = t.signals_by_kind[1] as f64;
    add(
        "energy signals that end delivery",
        signals::DELIVERY_ENDS,
        t.energy_ends,
        energy,
    );
    add(
        "signals that become a case",
        signals::HANDLING[0],
        t.handling[0],
        all,
    );
    add(
        "cases reached",
        signals::HANDLING[1],
        t.handling[2],
        t.handling[1] as f64,
    );
    add(
        "reached that accept help",
        signals::HANDLING[2],
        t.handling[3],
        t.handling[2] as f64,
    );
    add(
        "signals with a BSN",
        signals::WITH_BSN,
        t.signal_dirt[0],
        all,
    );
    add(
        "signals with a former address",
        signals::OLD_ADDRESS,
        t.signal_dirt[1],
        all,
    );
    add(
        "signals with a mistyped birth date",
        dirt::BIRTH_MISTYPED,
        t.signal_dirt[2],
        t.signal_dirt[3] as f64,
    );
}

fn bias_rates(t: &Tally, add: &mut impl FnMut(&'static str, f64, usize, f64)) {
    for group in [Group::A, Group::B] {
        let place = group as usize;
        let (spelling, sanction) = group.choose(
            (
                "misspelt names in signals, group A",
                "sanctions per welfare recipient, group A",
            ),
            (
                "misspelt names in signals, group B",
                "sanctions per welfare recipient, group B",
            ),
        );
        let signals = t.signals_by_group[place] as f64;
        add(
            spelling,
            dirt::misspelt_share(group),
            t.misspelt_by_group[place],
            signals,
        );
        let recipients = t.on_welfare_by_group[place] as f64;
        add(
            sanction,
            group.choose(1.0, 2.0) * money::SANCTIONED,
            t.sanctioned_by_group[place],
            recipients,
        );
    }
    let names = [
        "interviews where nothing follows",
        "interviews where the outcome follows",
    ];
    for (place, name) in names.into_iter().enumerate() {
        let possible = t.interviews_possible[place] as f64;
        add(
            name,
            outcome::INTERVIEWED[place],
            t.interviews_held[place],
            possible,
        );
    }
}

fn household_rates(world: &World, add: &mut impl FnMut(&'static str, f64, usize, f64)) {
    let t = &world.tally;
    let indebted = t.problem_debts as f64;
    add(
        "households with problem debts",
        money::PROBLEM_DEBT,
        t.problem_debts,
        t.households as f64,
    );
    add(
        "problem debts known to debt help",
        money::KNOWN_TO_HELP,
        t.debts_known,
        indebted,
    );
    add(
        "social tenants in arrears",
        crate::housing::ARREARS,
        t.in_arrears,
        t.social_tenants as f64,
    );
    add(
        "Wmo clients per inhabitant",
        care::WMO,
        t.wmo_clients,
        inhabitant_years(world),
    );
    add(
        "youth care users under 23",
        care::YOUTH,
        t.youth_users,
        t.young as f64,
    );
    let persons = world.persons.len() as f64;
    add(
        "registered addresses that are wrong",
        register::ADDRESS_WRONG,
        t.addresses_wrong,
        persons,
    );
}

fn outcome_rates(
    world: &World,
    years: &[Vec<PersonYear>],
    add: &mut impl FnMut(&'static str, f64, usize, f64),
) {
    let labelled = &years[..years.len() - 1];
    let at_risk = labelled.iter().flatten().filter(|r| r.at_risk).count();
    let events: Vec<&PersonYear> = labelled
        .iter()
        .flatten()
        .filter(|r| r.event.is_some())
        .collect();
    add(
        "outcomes per adult in a year",
        outcome::BASE_RATE,
        events.len(),
        at_risk as f64,
    );
    for group in [Group::A, Group::B] {
        let mine: Vec<_> = events
            .iter()
            .filter(|r| world.person(r.person).group == group)
            .collect();
        let registered = mine.iter().filter(|r| r.registered).count();
        let name = group.choose(
            "outcomes registered, group A",
            "outcomes registered, group B",
        );
        add(
            name,
            outcome::REGISTERED[group as usize],
            registered,
            mine.len() as f64,
        );
    }
}

fn name_rates(world: &World, add: &mut impl FnMut(&'static str, f64, usize, f64)) {
    let persons = world.persons.len() as f64;
    let prefixed = world
        .persons
        .iter()
        .filter(|p| !world.names.surname(p.names.surname).prefix.is_empty())
        .count();
    let marked = world
        .persons
        .iter()
        .filter(|p| {
            let surname = world.names.surname(p.names.surname);
            !surname.stem.is_ascii() || !world.names.forenames(&p.names).is_ascii()
        })
        .count();
    add("surnames with a prefix", 0.24, prefixed, persons);
    add("names with letters outside ASCII", 0.09, marked, persons);
}

/// Share of raw welfare records that start within the history and still run after `months`, by Kaplan and Meier.
pub(crate) fn raw_survival(world: &World, from: Day, until: Day, months: f64) -> f64 {
    let mut spells: Vec<(f64, bool)> = world
        .tally
        .raw_months
        .iter()
        .filter(|(_, _, start)| *start >= from)
        .map(|(length, ended, start)| {
            let seen = f64::from(until.0 - start.0) * 12.0 / 365.25;
            if *ended {
                (f64::from(*length), true)
            } else {
                (seen, false)
            }
        })
        .collect();
    spells.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = 1.0;
    let n = spells.len();
    for (place, (length, ended)) in spells.into_iter().enumerate() {
        if length > months {
            break;
        }
        if ended {
            left *= 1.0 - 1.0 / (n - place) as f64;
        }
    }
    left
}
