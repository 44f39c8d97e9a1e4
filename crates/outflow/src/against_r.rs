//! The figures of a report are those of R: `tests/reference/welfare_spells.R` says how they were made, `welfare_spells.json` holds them.
//!
//! A report keeps six significant digits. So each figure is compared twice: to 1e-9 as it is before digits are dropped, and as it stands in
//! the finished report, where it is R's figure rounded in the same way.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::{
    CauseMethod, Column, HazardResult, Limits, OutflowAnalysis, OutflowSpec, Table, Test, analyse,
};

thread_local! {
    static UNROUNDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether reports of this thread keep all digits.
pub(crate) fn is_unrounded() -> bool {
    UNROUNDED.get()
}

/// Largest difference before digits are dropped, as part of the figure.
const CLOSE: f64 = 1e-9;
/// Half a unit of the sixth digit, at most, as part of the figure.
const HALF_A_DIGIT: f64 = 5e-6;
const CAUSES: [&str; 4] = ["werk", "partner", "verhuizing", "overig"];

/// Figures compared so far, and how far apart.
struct Compared {
    tolerance: f64,
    n: usize,
    n_periods: usize,
    worst: (f64, String),
}

impl Compared {
    /// What the report withholds is not compared.
    fn figure(&mut self, found: Option<f64>, wanted: &Value, what: &str) {
        let Some(found) = found else { return };
        let wanted = wanted.as_f64().unwrap_or(f64::NAN);
        let apart = (found - wanted).abs() / wanted.abs();
        assert!(
            found.to_bits() == wanted.to_bits() || apart <= self.tolerance,
            "{what}: {found} in the report, {wanted} in R"
        );
        if apart > self.worst.0 {
            self.worst = (apart, what.to_owned());
        }
        self.n += 1;
    }

    fn limits(&mut self, found: Option<Limits>, wanted: [&Value; 3], what: &str) {
        let Some(found) = found else { return };
        let own = [Some(found.estimate), found.lower, found.upper];
        for (own, wanted) in own.into_iter().zip(wanted) {
            self.figure(own, wanted, what);
        }
    }

    fn horizons(&mut self, found: &[Option<Limits>], wanted: &Value, what: &str) {
        for (place, own) in found.iter().enumerate() {
            let of = |name: &str| &wanted[name][place];
            self.limits(
                *own,
                [of("estimate"), of("lower"), of("upper")],
                &format!("{what}, horizon {place}"),
            );
        }
    }

    fn stay(&mut self, found: &crate::Stay, wanted: &Value, what: &str) {
        self.figure(
            Some(found.spells as f64),
            &wanted["spells"],
            &format!("{what}: spells"),
        );
        self.horizons(
            &found.within,
            &wanted["within"],
            &format!("{what}: chance to have left"),
        );
        self.limits(
            found.median,
            parts(&wanted["median"]),
            &format!("{what}: median"),
        );
        self.limits(
            found.average_months,
            parts(&wanted["average"]),
            &format!("{what}: average"),
        );
    }

    fn test(&mut self, found: Option<Test>, wanted: &Value, what: &str) {
        let Some(found) = found else {
            assert!(wanted.is_null(), "{what}: R has a test");
            return;
        };
        let own = [
            ("chi", found.chi_squared),
            ("df", f64::from(found.degrees_of_freedom)),
            ("p", found.p_value),
            ("holm", found.p_value_adjusted),
        ];
        for (name, own) in own {
            self.figure(Some(own), &wanted[name], &format!("{what}: {name}"));
        }
    }

    fn characteristics(&mut self, found: &OutflowAnalysis, wanted: &Value) {
        for one in &found.characteristics {
            let what = &one.column;
            let wanted = &wanted["characteristics"][what];
            self.test(one.test, &wanted["test"], what);
            for (cause, name) in one.causes.iter().zip(CAUSES) {
                self.test(
                    cause.test,
                    &wanted["causes"][name],
                    &format!("{what}, {name}"),
                );
            }
            for (place, level) in one.levels.iter().enumerate() {
                let what = format!("{what}, level {place}");
                let wanted = &wanted["levels"][place];
                self.stay(&level.stay, wanted, &what);
                self.limits(
                    level.average_difference,
                    parts(&wanted["difference"]),
                    &format!("{what}: difference of averages"),
                );
                for (own, name) in level.causes.iter().zip(CAUSES) {
                    self.horizons(own, &wanted["causes"][name], &format!("{what}: {name}"));
                }
            }
        }
    }

    fn hazards(&mut self, found: &OutflowAnalysis, wanted: &Value) {
        let names = ["any"].into_iter().chain(CAUSES);
        for (model, name) in found.hazards.iter().zip(names) {
            let wanted = &wanted["hazards"][name];
            let HazardResult::Fitted {
                ended,
                ratios,
                proportional_p_value,
                cut_months,
                ..
            } = &model.result
            else {
                panic!("{name}: {:?}", model.result);
            };
            self.figure(Some(*ended as f64), &wanted["ended"], name);
            self.figure(*proportional_p_value, &wanted["proportional"], name);
            self.figure(*cut_months, &wanted["cut"], name);
            for (place, own) in ratios.iter().enumerate() {
                let what = format!("{name}, ratio {place}");
                let figures = [
                    ("ratio", Some(own.ratio)),
                    ("lower", Some(own.lower)),
                    ("upper", Some(own.upper)),
                    ("p", Some(own.p_value)),
                    ("holm", Some(own.p_value_adjusted)),
                    ("change", own.change_p_value),
                ];
                for (name, own) in figures {
                    let wanted = &wanted["ratios"][name][place];
                    self.figure(own, wanted, &format!("{what}: {name}"));
                }
                let periods = own.periods.iter().flatten().zip(["early", "late"]);
                for (own, period) in periods {
                    self.n_periods += 1;
                    let figures = [
                        ("ratio", own.ratio),
                        ("lower", own.lower),
                        ("upper", own.upper),
                    ];
                    for (name, own) in figures {
                        let wanted = &wanted[period][name][place];
                        self.figure(Some(own), wanted, &format!("{what}, {period}: {name}"));
                    }
                }
            }
        }
    }
}

fn parts(limits: &Value) -> [&Value; 3] {
    ["estimate", "lower", "upper"].map(|name| &limits[name])
}

/// The made spells: all of them, or those that were seen from their beginning.
fn spells(whole: bool) -> Table {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/data/welfare_spells/welfare_spells.csv"
    );
    let mut reader = csv::Reader::from_path(file).unwrap();
    let names = reader.headers().unwrap().clone();
    let entry = names.iter().position(|n| n == "gezien_vanaf_dag").unwrap();
    let rows = reader.records().map(Result::unwrap);
    let rows: Vec<csv::StringRecord> = rows.filter(|row| !whole || &row[entry] == "0").collect();
    let client = |row: &csv::StringRecord| row[0].parse().map(|n: f64| (n / 2.0).floor()).ok();
    let person = Column::Number(rows.iter().map(client).collect());
    let columns = names.iter().enumerate().map(|(place, name)| {
        let text = |row: &csv::StringRecord| Some(row[place].to_owned()).filter(|t| !t.is_empty());
        let column = if ["reden_einde", "opleiding"].contains(&name) {
            Column::Text(rows.iter().map(text).collect())
        } else {
            Column::Number(rows.iter().map(|row| row[place].parse().ok()).collect())
        };
        (name.to_owned(), column)
    });
    Table::new(columns.chain([("persoon".to_owned(), person)])).unwrap()
}

/// What is asked; of the spells seen whole, with the person.
fn spec(whole: bool) -> OutflowSpec {
    let words = |text: &str| json!({"nl": text, "en": text});
    let kinds = CAUSES.iter().zip(["work", "partner", "moved", "other"]);
    let causes = kinds.map(|(code, kind)| json!({"codes": [code], "kind": kind}));
    let number = |column: &str, bands: [f64; 2], per: f64| json!({"column": column, "kind": "number", "bands": bands, "per": per, "title": words(column)});
    let category = |column: &str, reference: &str| json!({"column": column, "kind": "category", "reference": reference, "title": words(column)});
    serde_json::from_value(json!({
        "title": words("uitstroom"),
        "time": "dagen",
        "entry": "gezien_vanaf_dag",
        "person": whole.then_some("persoon"),
        "ends": {"cause": "reden_einde", "causes": causes.collect::<Vec<_>>()},
        "characteristics": [
            number("leeftijd", [27.0, 45.0], 10.0),
            number("schuld", [1.0, 5_000.0], 5_000.0),
            category("vrouw", "0"),
            category("opleiding", "laag"),
        ],
        "horizons": [3, 6, 12, 24],
        "mostGroups": 2,
        "seed": 7,
    }))
    .unwrap()
}

/// Compares a whole report, with all digits and as it is finished.
fn equals_r(name: &str, whole: bool, method: CauseMethod) -> [usize; 2] {
    let wanted: Value =
        serde_json::from_str(include_str!("../tests/reference/welfare_spells.json")).unwrap();
    let table = spells(whole);
    [(true, CLOSE), (false, HALF_A_DIGIT)].map(|(unrounded, tolerance)| {
        UNROUNDED.set(unrounded);
        let found = analyse(&table, &spec(whole), name, &|_| false).unwrap();
        UNROUNDED.set(false);
        // What a reader of the stored report finds.
        let json = serde_json::to_string(&found).unwrap();
        let found: OutflowAnalysis = serde_json::from_str(&json).unwrap();
        let mut compared = Compared {
            tolerance,
            n: 0,
            n_periods: 0,
            worst: (0.0, String::new()),
        };
        let wanted = &wanted[name];
        let methods = found.characteristics.iter().flat_map(|one| &one.causes);
        assert!(methods.map(|one| one.method).all(|own| own == method));
        compared.stay(&found.overall, &wanted["overall"], "all");
        for (cause, name) in found.causes.iter().zip(CAUSES) {
            compared.horizons(&cause.within, &wanted["causes"][name], name);
        }
        compared.characteristics(&found, wanted);
        compared.hazards(&found, wanted);
        assert!(compared.n_periods >= 2, "a ratio that changes is compared");
        println!(
            "{name}: {} figures equal those of R, the farthest {:e} apart ({})",
            compared.n, compared.worst.0, compared.worst.1
        );
        compared.n
    })
}

#[test]
fn every_figure_of_spells_that_came_into_sight_late_is_that_of_r() {
    let [close, rounded] = equals_r("late", false, CauseMethod::CauseSpecificLogRank);
    assert!(close == rounded && close > 700, "{close} {rounded}");
}

#[test]
fn every_figure_of_spells_seen_from_their_beginning_is_that_of_r() {
    let [close, rounded] = equals_r("whole", true, CauseMethod::Gray);
    assert!(close == rounded && close > 700, "{close} {rounded}");
}
