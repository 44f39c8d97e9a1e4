//! How often the 95 % limits hold the truth, per estimator, on made spells: `cargo run --release -p helder-effect --example effect_coverage`.
//! Arguments: the number of seeds (500), and spells per seed (2000).

#[path = "../tests/it/support/made.rs"]
mod made;

use helder_effect::analyse;
use made::{Made, WORLD};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seeds: u64 = arguments.next().map_or(Ok(500), |it| it.parse())?;
    let spells: usize = arguments.next().map_or(Ok(2000), |it| it.parse())?;
    let mut tallies: Vec<Tally> = Vec::new();
    let marginal = marginal_truth()?;
    println!(
        "truth: conditional {:.4}, marginal {marginal:.4}",
        WORLD.effect
    );
    let large = WORLD.make(1_000_000, 1_000_003);
    let difference = large.true_difference(&WORLD, DAY, HORIZON);
    println!("truth: difference in chance {difference:.4}");
    drop(large);
    let confounded = |name: &str| format!("{name}, confounder not measured");
    for seed in 0..seeds {
        let made = WORLD.make(spells, seed);
        let mut study = made.study(true);
        study.settings.landmarks = vec![DAY / 2.0, DAY];
        study.settings.horizons = vec![HORIZON];
        // The table is about limits, so that nothing is withheld for want of power.
        study.settings.smallest_relevant_hazard_ratio = 9.0;
        study.settings.smallest_relevant_difference = 0.9;
        let effect = analyse(&study)?;
        let mut tally = |name: &str, truth: f64, estimate: f64, error: f64| {
            add(&mut tallies, name, truth, estimate, error);
        };
        if let Some(it) = &effect.ever_received.ever_received {
            let name = "ever received (refused by the crate)";
            tally(name, WORLD.effect, it.estimate, it.standard_error);
        }
        let time_dependent = &effect.time_dependent;
        if let Some(it) = time_dependent.crude.value() {
            let name = "time-dependent, nothing held equal";
            tally(name, WORLD.effect, it.estimate, it.standard_error);
        }
        if let Some(it) = time_dependent.adjusted.value() {
            let name = "time-dependent Cox, adjusted";
            tally(name, WORLD.effect, it.estimate, it.standard_error);
        }
        if let Some(it) = time_dependent.weighted.value() {
            let (estimate, error) = (it.hazard_ratio.estimate, it.hazard_ratio.standard_error);
            tally("time-dependent Cox, weighted", marginal, estimate, error);
            let known = it.standard_error_known_weights;
            tally("  with weights taken as known", marginal, estimate, known);
        }
        if let Some(landmarks) = effect.landmarks.value() {
            let landmark = &landmarks.each[1];
            if let Some(it) = landmark.adjusted.value() {
                tally("landmark Cox", WORLD.effect, it.estimate, it.standard_error);
            }
            if let Some(it) = landmarks.pooled.value() {
                let name = "landmark Cox, two landmarks";
                tally(name, WORLD.effect, it.estimate, it.standard_error);
            }
            if let Some(it) = landmark.differences[0].difference.value() {
                let robust = it.doubly_robust;
                let name = "difference in chance, doubly robust";
                tally(name, difference, robust.estimate, robust.standard_error);
                let error = robust.standard_error;
                tally("  by weights alone", difference, it.weighted, error);
                tally(
                    "  by the outcome model alone",
                    difference,
                    it.regression,
                    error,
                );
                tally("  as they are", difference, it.crude, error);
            }
        }
        study.columns.pop();
        let effect = analyse(&study)?;
        if let Some(it) = effect.time_dependent.adjusted.value() {
            let name = confounded("adjusted");
            add(
                &mut tallies,
                &name,
                WORLD.effect,
                it.estimate,
                it.standard_error,
            );
        }
    }
    println!(
        "{:<44}{:>8}{:>9}{:>9}{:>9}{:>9}{:>8}",
        "estimator", "seeds", "truth", "mean", "spread", "s.e.", "covers"
    );
    for tally in tallies {
        tally.print();
    }
    Ok(())
}

/// The landmark, and days from there, of the difference in chance.
const DAY: f64 = 180.0;
const HORIZON: f64 = 365.0;
/// Days of an interval of the pace of starting.
const WIDTH: f64 = 25.0;

/// What the weighted analysis estimates: the hazard ratio of a very large trial in which everybody begins at the pace that the made
/// spells show on average.
fn marginal_truth() -> Result<f64, Box<dyn std::error::Error>> {
    let waiting: Made = WORLD.make(1_000_000, 1_000_001);
    // Pace by interval of 25 days among all who have none yet.
    let mut begun = vec![0.0; 61];
    let mut days = vec![0.0; 61];
    for i in 0..waiting.end.len() {
        let until = waiting.provision[i].unwrap_or(waiting.end[i]);
        let mut from = waiting.entry[i];
        while from < until {
            let k = (from / WIDTH) as usize;
            let next = until.min((k + 1) as f64 * WIDTH);
            days[k] += next - from;
            from = next;
        }
        if let Some(day) = waiting.provision[i].filter(|day| *day > waiting.entry[i]) {
            begun[((day - 0.5) / WIDTH) as usize] += 1.0;
        }
    }
    let starts = |mut hazard: f64| {
        for k in 0..begun.len() {
            let rate = if days[k] > 0.0 {
                begun[k] / days[k]
            } else {
                0.0
            };
            if hazard < rate * WIDTH {
                return k as f64 * WIDTH + hazard / rate;
            }
            hazard -= rate * WIDTH;
        }
        f64::INFINITY
    };
    let mut rng = ChaCha8Rng::seed_from_u64(1_000_002);
    let mut trial = Made::default();
    while trial.end.len() < 2_000_000 {
        let x = made::somebody(&mut rng);
        let begins = starts(made::exponential(&mut rng, 1.0));
        WORLD.live(&mut rng, x, begins, &mut trial);
    }
    let mut study = trial.study(true);
    study.columns.clear();
    let spells =
        helder_survival::Spells::competing(study.end, study.cause)?.entered_at(study.entry)?;
    let parts = helder_survival::expose(&spells, study.provision)?;
    let exposed = parts
        .exposed
        .iter()
        .map(|it| f64::from(u8::from(*it)))
        .collect();
    let design = helder_survival::Design::new(vec![("provision".to_owned(), exposed)])?;
    let fit = helder_survival::Cox::new().fit(&parts.spells.only(1), &design)?;
    Ok(fit.coefficients[0].estimate)
}

#[derive(Default)]
struct Tally {
    name: String,
    truth: f64,
    n: f64,
    sum: f64,
    squares: f64,
    errors: f64,
    held: f64,
}

fn add(tallies: &mut Vec<Tally>, name: &str, truth: f64, estimate: f64, error: f64) {
    let place = tallies
        .iter()
        .position(|it| it.name == name)
        .unwrap_or_else(|| {
            tallies.push(Tally {
                name: name.to_owned(),
                truth,
                ..Tally::default()
            });
            tallies.len() - 1
        });
    let tally = &mut tallies[place];
    tally.n += 1.0;
    tally.sum += estimate;
    tally.squares += estimate * estimate;
    tally.errors += error;
    tally.held += f64::from(u8::from((estimate - truth).abs() < 1.959_964 * error));
}

impl Tally {
    fn print(&self) {
        let mean = self.sum / self.n;
        let spread = ((self.squares / self.n - mean * mean) * self.n / (self.n - 1.0)).sqrt();
        println!(
            "{:<44}{:>8}{:>9.4}{:>9.4}{:>9.4}{:>9.4}{:>7.1}%",
            self.name,
            self.n,
            self.truth,
            mean,
            spread,
            self.errors / self.n,
            100.0 * self.held / self.n
        );
    }
}
