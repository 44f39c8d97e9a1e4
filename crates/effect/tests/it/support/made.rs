//! Made spells with a known effect: delayed entry, ways out that compete, and a provision whose start depends on what also moves
//! the outflow.

use helder_effect::{Column, Missing, Settings, Study};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How spells are made. Hazards per day; a person has an age, a barrier (yes or no) and an employability.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// Logarithm of the hazard ratio of the provision for outflow to work.
    pub(crate) effect: f64,
    /// The same in the first 180 days of the provision, where it is another.
    pub(crate) at_first: Option<f64>,
    /// Outflow to work of somebody average.
    pub(crate) work: f64,
    /// Outflow by other ways.
    pub(crate) other: f64,
    /// Start of the provision.
    pub(crate) start: f64,
    /// Pulls of age, barrier and employability on work, on other ways and on the start.
    pub(crate) on_work: [f64; 3],
    pub(crate) on_other: [f64; 3],
    pub(crate) on_start: [f64; 3],
    /// Share of spells that are first seen late.
    pub(crate) late: f64,
    /// Days between which follow-up ends.
    pub(crate) follow_up: (f64, f64),
}

pub(crate) const WORLD: World = World {
    effect: 0.4,
    at_first: None,
    work: 0.0010,
    other: 0.0005,
    start: 0.0012,
    on_work: [-0.4, -0.6, 0.4],
    on_other: [0.3, 0.2, 0.0],
    on_start: [-0.3, -0.5, 0.5],
    late: 0.25,
    follow_up: (400.0, 1500.0),
};

/// Spells with all that is true of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) entry: Vec<f64>,
    pub(crate) end: Vec<f64>,
    pub(crate) cause: Vec<u32>,
    pub(crate) provision: Vec<Option<f64>>,
    pub(crate) age: Vec<f64>,
    pub(crate) barrier: Vec<f64>,
    pub(crate) employability: Vec<f64>,
}

/// A waiting time.
pub(crate) fn exponential(rng: &mut ChaCha8Rng, rate: f64) -> f64 {
    -(1.0 - rng.r#gen::<f64>()).ln() / rate
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let angle = std::f64::consts::TAU * rng.r#gen::<f64>();
    exponential(rng, 0.5).sqrt() * angle.cos()
}

/// Age, barrier and employability of somebody.
pub(crate) fn somebody(rng: &mut ChaCha8Rng) -> [f64; 3] {
    let age = normal(rng);
    let barrier = f64::from(u8::from(rng.r#gen::<f64>() < 0.4));
    [age, barrier, normal(rng)]
}

fn score(pull: [f64; 3], x: [f64; 3]) -> f64 {
    pull.iter().zip(x).map(|(a, b)| a * b).sum::<f64>().exp()
}

impl World {
    /// `n` spells that were seen.
    pub(crate) fn make(&self, n: usize, seed: u64) -> Made {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut made = Made::default();
        while made.end.len() < n {
            let x = somebody(&mut rng);
            let begins = exponential(&mut rng, self.start * score(self.on_start, x));
            self.live(&mut rng, x, begins, &mut made);
        }
        made
    }

    /// The true chance of outflow to work within `days`, with or without the provision.
    pub(crate) fn chance(&self, x: [f64; 3], exposed: bool, days: f64) -> f64 {
        let effect = if exposed { self.effect.exp() } else { 1.0 };
        let work = self.work * score(self.on_work, x) * effect;
        let all = work + self.other * score(self.on_other, x);
        work / all * (1.0 - (-all * days).exp())
    }

    /// Adds the spell of somebody whose provision begins then, when it is seen.
    pub(crate) fn live(&self, rng: &mut ChaCha8Rng, x: [f64; 3], begins: f64, made: &mut Made) {
        let work = self.work * score(self.on_work, x);
        let before = exponential(rng, work);
        let leaves = if before < begins {
            before
        } else {
            match self.at_first.map(|it| exponential(rng, work * it.exp())) {
                Some(first) if first < 180.0 => begins + first,
                Some(_) => begins + 180.0 + exponential(rng, work * self.effect.exp()),
                None => begins + exponential(rng, work * self.effect.exp()),
            }
        };
        let other = exponential(rng, self.other * score(self.on_other, x));
        let (low, high) = self.follow_up;
        let lost = low + (high - low) * rng.r#gen::<f64>();
        let is_late = rng.r#gen::<f64>() < self.late;
        let entry = if is_late {
            (rng.r#gen::<f64>() * low).floor()
        } else {
            0.0
        };
        let end = leaves.min(other).min(lost).ceil();
        if end <= entry {
            return;
        }
        made.entry.push(entry);
        made.end.push(end);
        made.cause.push(if leaves.min(other) > lost {
            0
        } else if leaves < other {
            1
        } else {
            2
        });
        made.provision
            .push((begins.ceil() < end).then(|| begins.ceil()));
        made.age.push(x[0]);
        made.barrier.push(x[1]);
        made.employability.push(x[2]);
    }
}

impl Made {
    /// The true difference in chance among all in sight on a day.
    pub(crate) fn true_difference(&self, world: &World, day: f64, days: f64) -> f64 {
        let there = (0..self.end.len()).filter(|&i| self.entry[i] <= day && day < self.end[i]);
        let (mut n, mut sum) = (0.0, 0.0);
        for i in there {
            let x = [self.age[i], self.barrier[i], self.employability[i]];
            n += 1.0;
            sum += world.chance(x, true, days) - world.chance(x, false, days);
        }
        sum / n
    }

    /// The study; without employability something that matters is not measured.
    pub(crate) fn study(&self, with_employability: bool) -> Study<'_> {
        let column = |name: &str, values| Column {
            name: name.to_owned(),
            values,
            missing: Missing::Refuse,
        };
        let mut columns = vec![
            column("age", &self.age[..]),
            column("barrier", &self.barrier),
        ];
        if with_employability {
            columns.push(column("employability", &self.employability));
        }
        Study {
            person: None,
            entry: &self.entry,
            end: &self.end,
            cause: &self.cause,
            provision: &self.provision,
            columns,
            groupings: Vec::new(),
            settings: Settings::default(),
        }
    }
}
