//! Every bias that is put into the municipality is found from the outside, with its size; and labels that are fair on paper are
//! not taken for fairness. One municipality serves all checks.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use helder_dummy::{Parameters, Settings, generate};
use helder_evaluation::{Confusion, Feature, Proportion, top_k};
use helder_fairness::{
    Compared, CountedGroup, Share, Verdict, by_group, compare, corrected, fairness_report,
    label_audit, label_sensitivity, proxies, standardised_difference,
};

/// One adult on one 1 January, with what only the truth knows.
struct PersonYear {
    group: String,
    probability: f64,
    outcome: bool,
    registered: bool,
}

struct World {
    folder: PathBuf,
    parameters: Parameters,
    /// Group by BSN, as the population register prints it.
    groups: HashMap<String, String>,
    years: Vec<PersonYear>,
    /// Probability by BSN and year.
    probability: HashMap<(String, String), f64>,
    bsn_of_row: HashMap<u64, String>,
}

fn rows(folder: &Path, file: &str) -> Vec<HashMap<String, String>> {
    let bytes = std::fs::read(folder.join(file)).unwrap();
    // Windows-1252 and UTF-8 alike: only ASCII columns are read.
    let text = String::from_utf8_lossy(&bytes).replace('\u{FEFF}', "");
    let delimiter = [b';', b',', b'\t']
        .into_iter()
        .max_by_key(|d| {
            text.lines()
                .next()
                .unwrap()
                .bytes()
                .filter(|b| b == d)
                .count()
        })
        .unwrap();
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            header
                .iter()
                .cloned()
                .zip(row.iter().map(str::to_owned))
                .collect()
        })
        .collect()
}

impl World {
    fn make(folder: &Path) -> Self {
        let settings = Settings {
            seed: 7,
            inhabitants: 70_000,
            years: 8,
            ..Settings::default()
        };
        let parameters = generate(folder, &settings, &mut |_, _| {})
            .unwrap()
            .parameters;
        let extracts = folder.join("extracts");
        let (mut groups, mut bsn_of_row) = (HashMap::new(), HashMap::new());
        for (at, row) in rows(&extracts, "brp_personen.csv").into_iter().enumerate() {
            bsn_of_row.insert(at as u64 + 1, row["bsn"].clone());
            groups.insert(row["bsn"].clone(), row["groep"].clone());
        }
        let (mut years, mut probability) = (Vec::new(), HashMap::new());
        for row in rows(&folder.join("truth"), "person_years.csv") {
            let p: f64 = row["probability"].parse().unwrap();
            if let Some(bsn) = bsn_of_row.get(&row["brp_row"].parse().unwrap()) {
                probability.insert((bsn.clone(), row["reference_date"][..4].to_owned()), p);
            }
            if row["at_risk"] == "1" && !row["outcome"].is_empty() {
                years.push(PersonYear {
                    group: row["group"].clone(),
                    probability: p,
                    outcome: row["outcome"] == "1",
                    registered: row["registered"] == "1",
                });
            }
        }
        Self {
            folder: extracts,
            parameters,
            groups,
            years,
            probability,
            bsn_of_row,
        }
    }
}

fn near(what: &str, found: f64, truth: f64) {
    println!("{what}: found {found:.3}, put in {truth:.3}");
    assert!((found / truth - 1.0).abs() < 0.2, "{what}: {found} {truth}");
}

/// Ratio of the shares of B and A, with its interval.
fn ratio(what: &str, shares: &BTreeMap<String, Proportion>) -> f64 {
    let sides: Vec<CountedGroup<'_>> = ["B", "A"]
        .into_iter()
        .map(|group| CountedGroup::of_share(group, shares[group]))
        .collect();
    let found = compare(&sides, &[Compared::Share(Share::Share)], 0.01, 0.8).remove(0);
    println!("{what}: {:?} {:?}", found.ratio, found.ratio_interval_95);
    assert!(found.p_value_holm < 0.001, "{what} is found");
    found.ratio.unwrap()
}

#[test]
fn every_injected_bias_is_found_with_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::make(folder.path());
    let audit = registration(&world);
    sanctions(&world);
    soft_scores(&world);
    misspelt_names(&world);
    neighbourhood(&world);
    label_bias_is_not_taken_for_fairness(&world, audit);
}

/// What a random check with known outcomes would find: the share of outcomes registered, per group.
fn registration(world: &World) -> [f64; 2] {
    let shares: Vec<(String, Proportion)> = ["A", "B"]
        .into_iter()
        .map(|group| {
            let happened = || {
                world
                    .years
                    .iter()
                    .filter(|row| row.outcome && row.group == group)
            };
            let registered = happened().filter(|row| row.registered).count();
            (
                group.to_owned(),
                Proportion::new(registered, happened().count()),
            )
        })
        .collect();
    let found = label_audit(&shares, 0.1, 10).unwrap();
    assert_eq!(found.verdict, Verdict::OutsideBound);
    let [a, b] = [0, 1].map(|at: usize| found.groups[at].registered.value.unwrap());
    near("registered, group A", a, world.parameters.registered[0]);
    near("registered, group B", b, world.parameters.registered[1]);
    near(
        "registered, difference",
        a - b,
        world.parameters.registered[0] - world.parameters.registered[1],
    );
    [a, b]
}

/// Day as year, month, day in one number; 0 when it is none.
fn day(text: &str) -> u32 {
    let mut parts = text.split('-').map(|part| part.parse::<u32>().unwrap_or(0));
    match (parts.next(), parts.next(), parts.next()) {
        (Some(day), Some(month), Some(year)) if year > 1_000 => year * 10_000 + month * 100 + day,
        (Some(year), Some(month), Some(day)) => year * 10_000 + month * 100 + day,
        _ => 0,
    }
}

fn sanctions(world: &World) {
    // On welfare at midsummer of each year, and of those a sanction in that year.
    let mut at_risk: HashMap<(String, u32), bool> = HashMap::new();
    let last = world.parameters.reference_dates.last().unwrap()[..4]
        .parse::<u32>()
        .unwrap();
    for spell in rows(&world.folder, "bijstand.csv") {
        let (from, to) = (
            day(&spell["Startdatum periodiek algemeen"]),
            day(&spell["Einddatum periodiek algemeen"]),
        );
        for year in last - 8..last {
            let midsummer = year * 10_000 + 701;
            if from > 0 && from <= midsummer && (to == 0 || to > midsummer) {
                at_risk.insert((spell["BSN"].clone(), year), false);
            }
        }
    }
    for row in rows(&world.folder, "maatregelen.csv") {
        if let Some(sanctioned) =
            at_risk.get_mut(&(row["bsn"].clone(), day(&row["datum"]) / 10_000))
        {
            *sanctioned = true;
        }
    }
    let mut shares: BTreeMap<String, Proportion> = BTreeMap::new();
    for ((bsn, _), sanctioned) in at_risk {
        if let Some(group) = world.groups.get(&bsn) {
            let share = shares.entry(group.clone()).or_insert(Proportion::new(0, 0));
            share.total += 1;
            share.count += usize::from(sanctioned);
        }
    }
    near("sanctions, B over A", ratio("sanctions", &shares), 2.0);
}

fn soft_scores(world: &World) {
    let (mut values, mut member, mut risk) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows(&world.folder, "gesprekken.csv") {
        let score: Option<f64> = row["probleemscore"].replace(',', ".").parse().ok();
        let year = (day(&row["datum"]) / 10_000 + 1).to_string();
        let known = world.probability.get(&(row["bsn"].clone(), year));
        if let (Some(group), Some(p)) = (world.groups.get(&row["bsn"]), known) {
            values.push(score);
            member.push(group == "B");
            risk.push(p.ln());
        }
    }
    // People of equal true risk: fortieths of it.
    let mut order: Vec<usize> = (0..risk.len()).collect();
    order.sort_by(|&a, &b| risk[a].total_cmp(&risk[b]));
    let mut strata = vec![0; risk.len()];
    for (place, row) in order.into_iter().enumerate() {
        strata[row] = place * 40 / risk.len();
    }
    let found = standardised_difference(&values, &member, &strata).unwrap();
    println!("soft score at equal risk {found:?}");
    assert!(found.interval_95.low > 0.0);
    near(
        "soft score, B above A in standard deviations",
        found.value,
        0.4,
    );
}

fn misspelt_names(world: &World) {
    let letters = |text: &str| -> String {
        text.to_lowercase()
            .chars()
            .filter(char::is_ascii_alphabetic)
            .collect()
    };
    let mut names: HashMap<String, [String; 2]> = HashMap::new();
    for row in rows(&world.folder, "brp_personen.csv") {
        let own = (
            row["geslachtsnaam"].clone(),
            row["geslachtsnaam_partner"].clone(),
        );
        if own.0.is_ascii() && own.1.is_ascii() {
            names.insert(row["bsn"].clone(), [letters(&own.0), letters(&own.1)]);
        }
    }
    let signals = rows(&world.folder, "vroegsignalen.csv");
    let column = signals[0]
        .keys()
        .find(|name| name.contains("achternaam") || name.contains("naam"))
        .unwrap()
        .clone();
    let mut shares: BTreeMap<String, Proportion> = BTreeMap::new();
    for link in rows(&world.folder.join("../truth"), "signal_links.csv") {
        let signal = &signals[link["row"].parse::<usize>().unwrap() - 1];
        let bsn = &world.bsn_of_row[&link["brp_row"].parse::<u64>().unwrap()];
        let (Some([own, partner]), Some(group)) = (names.get(bsn), world.groups.get(bsn)) else {
            continue;
        };
        let written = letters(&signal[&column]);
        let is_right = written.contains(own.as_str())
            || (!partner.is_empty() && written.contains(partner.as_str()));
        let share = shares.entry(group.clone()).or_insert(Proportion::new(0, 0));
        share.total += 1;
        share.count += usize::from(!is_right);
    }
    let found = ratio("misspelt names", &shares);
    near("misspelt names in signals, B over A", found, 3.0);
}

fn neighbourhood(world: &World) {
    let people = rows(&world.folder, "brp_personen.csv");
    let step = people.len() / 20_000;
    let sample: Vec<_> = people.iter().step_by(step.max(1)).collect();
    let groups: Vec<&str> = sample.iter().map(|row| row["groep"].as_str()).collect();
    let areas: Vec<Option<String>> = sample
        .iter()
        .map(|row| Some(row["buurtcode"].clone()))
        .collect();
    let features = [("buurt".to_owned(), Feature::Levels(&areas))];
    let found = proxies(&features, &groups, 0.55, 10, 1).unwrap().remove(0);
    let best = found.best.unwrap();
    // The truth: everybody, each neighbourhood by its own share of B.
    let mut shares: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
    for row in &people {
        shares.entry(&row["buurtcode"]).or_default()[usize::from(row["groep"] == "B")] += 1.0;
    }
    let mut by_share: Vec<[f64; 2]> = shares.into_values().collect();
    by_share.sort_by(|x, y| (x[1] / (x[0] + x[1])).total_cmp(&(y[1] / (y[0] + y[1]))));
    let (mut wins, mut below) = (0.0, 0.0);
    for [a, b] in by_share {
        wins += b * (below + a / 2.0);
        below += a;
    }
    let members = people.iter().filter(|row| row["groep"] == "B").count() as f64;
    let truth = wins / members / below;
    near(
        "neighbourhood as proxy, AUC above chance",
        best.auc - 0.5,
        truth - 0.5,
    );
    assert_eq!(best.verdict, Verdict::OutsideBound);
}

/// A model that is perfect on the labels, in a world where labels miss group B.
fn label_bias_is_not_taken_for_fairness(world: &World, audit: [f64; 2]) {
    let share = |group: &str| audit[usize::from(group == "B")];
    let y: Vec<bool> = world.years.iter().map(|row| row.registered).collect();
    let truth: Vec<bool> = world.years.iter().map(|row| row.outcome).collect();
    let p: Vec<f64> = world
        .years
        .iter()
        .map(|row| (row.probability * share(&row.group)).min(1.0))
        .collect();
    let groups: Vec<&str> = world.years.iter().map(|row| row.group.as_str()).collect();
    let picked = top_k(&p, 5_000);
    let settings = helder_fairness::Settings {
        smallest_group: 10,
        largest_difference: 0.1,
        ..helder_fairness::Settings::default()
    };
    // On the labels it looks right in both groups.
    let on_labels = fairness_report("group", &y, &picked, &p, &groups, settings).unwrap();
    for group in &on_labels.groups {
        let gap = group.calibration_gap.unwrap().interval_95().unwrap();
        assert!(gap.low < 0.0 && gap.high > 0.0, "{}: {gap:?}", group.group);
    }
    // In truth it says too little of both, and least of B.
    let real = by_group(&truth, &picked, &p, &groups).unwrap();
    assert!(real[1].calibration_gap.interval_95().unwrap().low > 0.0);
    let seen = by_group(&y, &picked, &p, &groups).unwrap();
    for (at, (seen, real)) in seen.iter().zip(&real).enumerate() {
        let found = corrected(seen.counts, audit[at]).unwrap();
        let base = |counts: Confusion| {
            (counts.true_positives + counts.false_negatives) as f64 / seen.rows() as f64
        };
        near(
            &format!("true base rate of {}", seen.group),
            found.base_rate,
            base(real.counts),
        );
        let precision = found.precision.unwrap().as_registered;
        near(
            &format!("true precision in {}", seen.group),
            precision,
            real.counts.precision().value().unwrap(),
        );
    }
    // And the report says from which registered share on a verdict would turn.
    let sides: Vec<CountedGroup<'_>> = seen.iter().map(CountedGroup::from).collect();
    let sensitivity = label_sensitivity(&sides, 0.02);
    let b = &sensitivity[1];
    assert!(
        b.tipping_points
            .iter()
            .any(|t| t.least_favourable.is_some_and(|share| share >= audit[1]))
    );
}
