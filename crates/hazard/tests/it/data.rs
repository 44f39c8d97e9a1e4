//! Cox, a regression by interval and curves by interval on the same split of public data, judged on rows that they have not seen.

use std::path::PathBuf;

use helder_ebm::{Column, Settings, Value};
use helder_hazard::{DiscreteHazard, HazardCurve, Link, TimeEffect};
use helder_survival::{
    Censoring, Cox, Design, Intervals, Spells, concordance, integrated_brier_score,
};

struct Task {
    name: &'static str,
    spells: Spells,
    columns: Vec<(String, Vec<f64>)>,
    intervals: Intervals,
}

struct Csv {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Csv {
    fn read(name: &str) -> Option<Self> {
        let Some(folder) = std::env::var_os("HELDER_REFERENCE_DATA") else {
            eprintln!("NOT RUN: HELDER_REFERENCE_DATA names no folder with {name}");
            return None;
        };
        let mut csv = csv::Reader::from_path(PathBuf::from(folder).join("ml").join(name)).unwrap();
        let header = csv.headers().unwrap().iter().map(str::to_owned).collect();
        let rows = csv
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect());
        Some(Self {
            header,
            rows: rows.collect(),
        })
    }

    /// Numbers; `yes`, `married` and `black` are 1, other words 0.
    fn numbers(&self, name: &str) -> Vec<f64> {
        let place = self.header.iter().position(|known| known == name).unwrap();
        let words = ["yes", "married", "black"];
        self.rows
            .iter()
            .map(|row| {
                let flag = f64::from(u8::from(words.contains(&row[place].as_str())));
                row[place].parse().unwrap_or(flag)
            })
            .collect()
    }

    fn columns(&self, names: &[&str]) -> Vec<(String, Vec<f64>)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), self.numbers(name)))
            .collect()
    }
}

fn ended(values: &[f64], when: f64) -> Vec<bool> {
    values.iter().map(|&value| value == when).collect()
}

fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    let width = |width, count| Intervals::of_width(width, count).unwrap();
    if let Some(csv) = Csv::read("recid.csv") {
        let names = [
            "workprg", "priors", "tserved", "felon", "alcohol", "drugs", "black", "married",
            "educ", "age",
        ];
        tasks.push(Task {
            name: "recid",
            spells: Spells::new(&csv.numbers("durat"), &ended(&csv.numbers("cens"), 0.0)).unwrap(),
            columns: csv.columns(&names),
            intervals: width(3.0, 23),
        });
    }
    if let Some(csv) = Csv::read("unempdur.csv") {
        let names = [
            "ui", "reprate", "disrate", "logwage", "tenure", "slack", "abolpos", "explose",
            "stateur", "houshead", "married", "female", "child", "nonwhite", "age", "schlt12",
            "schgt12", "bluecoll",
        ];
        let [full, part, unknown] = ["censor1", "censor2", "censor3"].map(|name| csv.numbers(name));
        let ended: Vec<bool> = (0..full.len())
            .map(|i| full[i] + part[i] + unknown[i] > 0.0)
            .collect();
        tasks.push(Task {
            name: "unempdur",
            spells: Spells::new(&csv.numbers("spell"), &ended).unwrap(),
            columns: csv.columns(&names),
            intervals: width(1.0, 20),
        });
    }
    if let Some(csv) = Csv::read("rossi.csv") {
        let names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"];
        tasks.push(Task {
            name: "rossi",
            spells: Spells::new(&csv.numbers("week"), &ended(&csv.numbers("arrest"), 1.0)).unwrap(),
            columns: csv.columns(&names),
            intervals: width(4.0, 12),
        });
    }
    if let Some(csv) = Csv::read("synth_dev_spells.csv") {
        let names = [
            "age",
            "woman",
            "kids",
            "partner",
            "debt_eur",
            "health_barrier",
            "prior_spells",
        ];
        tasks.push(Task {
            name: "welfare, to work",
            spells: Spells::new(
                &csv.numbers("time_days"),
                &ended(&csv.numbers("status"), 1.0),
            )
            .unwrap()
            .entered_at(&csv.numbers("entry_days"))
            .unwrap(),
            columns: csv.columns(&names),
            intervals: width(182.0, 8),
        });
    }
    tasks
}

/// Integrated Brier score and concordance of chances per test row and end of an interval.
fn judge(task: &Task, train: &Spells, test: &Spells, chances: &[f64]) -> (f64, f64) {
    let times = task.intervals.ends();
    let last = times[times.len() - 1];
    // Followed until the last time; later ends are not judged.
    let seen: Vec<f64> = test.times().iter().map(|t| t.min(last + 1e-6)).collect();
    let cause: Vec<bool> = test
        .times()
        .iter()
        .zip(test.causes())
        .map(|(time, cause)| *cause > 0 && *time <= last)
        .collect();
    let followed = Spells::new(&seen, &cause).unwrap();
    let censoring = Censoring::of(train);
    let brier = integrated_brier_score(&censoring, &followed, chances, times).unwrap();
    // Who is expected to stay longest ends last.
    let m = times.len();
    let score: Vec<f64> = chances
        .chunks(m)
        .map(|row| -row.iter().sum::<f64>())
        .collect();
    (brier, concordance(&followed, &score).index)
}

#[test]
fn curves_by_interval_are_judged_beside_cox_on_rows_left_out() {
    for task in tasks() {
        let n = task.spells.len();
        let row =
            |i: usize| -> Vec<f64> { task.columns.iter().map(|(_, values)| values[i]).collect() };
        let (test, train): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| i % 5 == 0);
        // Only spells in sight from their beginning can be judged by these measures.
        let from_start = |i: &usize| task.spells.entry_of(*i).is_none_or(|entry| entry <= 0.0);
        let test: Vec<usize> = test.into_iter().filter(|i| from_start(i)).collect();
        let part = |rows: &[usize]| -> Vec<(String, Vec<f64>)> {
            let pick = |(name, values): &(String, Vec<f64>)| {
                (name.clone(), rows.iter().map(|&i| values[i]).collect())
            };
            task.columns.iter().map(pick).collect()
        };
        let (learn, unseen) = (task.spells.at(&train), task.spells.at(&test));
        let columns = part(&train);
        let cox = Cox::new()
            .fit(&learn, &Design::new(columns.clone()).unwrap())
            .unwrap();
        let hazard = DiscreteHazard::new(task.intervals.clone());
        let glm = hazard
            .glm(&learn, &columns, Link::Cloglog, TimeEffect::EachInterval)
            .unwrap();
        let inputs: Vec<Column> = columns
            .iter()
            .map(|(name, values)| Column::Numeric {
                name: name.clone(),
                values: values.clone(),
            })
            .collect();
        let ebm = hazard.ebm(&learn, &inputs, &Settings::default()).unwrap();
        let times = task.intervals.ends();
        let of_curves = |curve: &dyn Fn(&[f64]) -> HazardCurve| -> Vec<f64> {
            test.iter()
                .flat_map(|&i| curve(&row(i)).points.into_iter().map(|p| p.survival))
                .collect()
        };
        let of_cox: Vec<f64> = test
            .iter()
            .flat_map(|&i| {
                let x = row(i);
                let client = cox.client(&x, 0.0, 0).unwrap();
                times
                    .iter()
                    .map(|&time| client.at(time).survival)
                    .collect::<Vec<f64>>()
            })
            .collect();
        let of_glm = of_curves(&|x| glm.curve(x, 0.95).unwrap());
        let of_ebm = of_curves(&|x| {
            let values: Vec<Value<'_>> = x.iter().map(|&x| Value::Number(x)).collect();
            ebm.curve(&values, 0.95).unwrap()
        });
        let judged =
            [&of_cox, &of_glm, &of_ebm].map(|chances| judge(&task, &learn, &unseen, chances));
        println!(
            "{} ({} test rows): integrated Brier score of Cox {:.4}, regression {:.4}, curves {:.4}; concordance {:.4}, {:.4}, {:.4}",
            task.name,
            test.len(),
            judged[0].0,
            judged[1].0,
            judged[2].0,
            judged[0].1,
            judged[1].1,
            judged[2].1
        );
        // The same model of effects as Cox's; curves may only gain, but for chance.
        assert!((judged[1].0 - judged[0].0).abs() < 0.002, "{}", task.name);
        assert!((judged[1].1 - judged[0].1).abs() < 0.02, "{}", task.name);
        assert!(judged[2].0 < judged[0].0 + 0.003, "{}", task.name);
        assert!(judged[2].1 > judged[0].1 - 0.015, "{}", task.name);
    }
}
