//! The made welfare spells of the reference: their truth is known.

use helder_survival::{Cox, Design, Spells, TieMethod, expose};
use serde_json::Value;

use crate::{
    cox::check,
    support::{ask, fewest, with_reference},
};

/// Spells of clients whose education is known.
struct Welfare {
    columns: Vec<(String, Vec<f64>)>,
    spells: Spells,
    provision: Vec<Option<f64>>,
    expected: Value,
}

fn welfare() -> Option<Welfare> {
    let (mut data, expected) = with_reference("synth_dev_spells.csv", "survival_synth_dev.json")?;
    let known: Vec<bool> = data
        .text("education")
        .iter()
        .map(|education| !education.is_empty())
        .collect();
    data.keep(|row| known[row]);
    let [kids, woman, partner, age, debt] =
        ["kids", "woman", "partner", "age", "debt_eur"].map(|n| data.numbers(n));
    let flag = |of: &dyn Fn(usize) -> bool| {
        (0..data.len())
            .map(|i| f64::from(u8::from(of(i))))
            .collect::<Vec<_>>()
    };
    let columns = [
        ("age10", age.iter().map(|age| (age - 40.0) / 10.0).collect()),
        ("education", data.numbers("education")),
        ("health_barrier", data.numbers("health_barrier")),
        ("kw", flag(&|i| kids[i] > 0.0 && woman[i] == 1.0)),
        ("prior_spells", data.numbers("prior_spells")),
        ("dbt", flag(&|i| debt[i] > 0.0)),
        (
            "u27",
            flag(&|i| partner[i] == 0.0 && kids[i] == 0.0 && age[i] < 27.0),
        ),
    ];
    let work: Vec<bool> = data
        .numbers("status")
        .iter()
        .map(|&status| status == 1.0)
        .collect();
    let spells = Spells::new(&data.numbers("time_days"), &work).unwrap();
    Some(Welfare {
        columns: columns
            .map(|(name, values)| (name.to_owned(), values))
            .to_vec(),
        spells: spells.entered_at(&data.numbers("entry_days")).unwrap(),
        provision: data
            .text("provision_day")
            .iter()
            .map(|day| day.parse().ok())
            .collect(),
        expected,
    })
}

#[test]
fn outflow_to_work_with_delayed_entry() {
    let Some(Welfare {
        columns,
        spells,
        expected,
        ..
    }) = welfare()
    else {
        return;
    };
    let design = Design::new(columns).unwrap();
    check(
        "made spells",
        &spells,
        &design,
        TieMethod::Efron,
        &expected["cox_work_cause_specific"],
    );
}

#[test]
fn a_provision_counts_from_its_beginning() {
    let Some(Welfare {
        mut columns,
        spells,
        provision,
        expected,
    }) = welfare()
    else {
        return;
    };
    let ever = provision
        .iter()
        .map(|day| f64::from(u8::from(day.is_some())));
    columns.push(("prov".to_owned(), ever.collect()));
    let wrong = Cox::new()
        .fit(&spells, &Design::new(columns.clone()).unwrap())
        .unwrap();
    let found = wrong.coefficients.iter().map(|c| c.estimate);
    ask(
        "ever received",
        fewest(found, &expected["immortal_time_wrong"]["coef"]),
        9.0,
    );
    let names = columns.iter().map(|(name, _)| name.clone());
    let cut = expose(&spells, &provision).unwrap();
    assert_eq!(
        cut.spells.len() as f64,
        expected["rows_time_dependent"].as_f64().unwrap()
    );
    let long = |(_, values): &(String, Vec<f64>)| cut.origin.iter().map(|&i| values[i]).collect();
    let mut values: Vec<Vec<f64>> = columns.iter().map(long).collect();
    *values.last_mut().unwrap() = cut
        .exposed
        .iter()
        .map(|&exposed| f64::from(u8::from(exposed)))
        .collect();
    let design = Design::new(names.zip(values).collect()).unwrap();
    check(
        "provision during the spell",
        &cut.spells,
        &design,
        TieMethod::Efron,
        &expected["time_dependent_provision"],
    );
    let right = Cox::new().fit(&cut.spells, &design).unwrap();
    let last = |fit: &helder_survival::CoxFit| fit.coefficients.last().unwrap().estimate;
    // What "ever" says is another number: 0.13 beside 0.54.
    assert!(
        last(&wrong) < 0.2 && last(&right) > 0.5,
        "{} {}",
        last(&wrong),
        last(&right)
    );
}
