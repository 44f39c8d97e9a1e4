//! Cox regressions beside R's.

use helder_survival::{Cox, CoxFit, Design, Spells, TieMethod, TimeScale};
use serde_json::Value;

use crate::support::{Data, ask, digits, fewest, floats, with_reference};

pub(crate) fn check(
    name: &str,
    spells: &Spells,
    design: &Design,
    ties: TieMethod,
    expected: &Value,
) {
    let fit = Cox::new().ties(ties).fit(spells, design).unwrap();
    let column = |of: fn(&helder_survival::CoxCoefficient) -> f64| {
        fit.coefficients.iter().map(of).collect::<Vec<_>>()
    };
    let names: Vec<&str> = fit.coefficients.iter().map(|c| c.name.as_str()).collect();
    match expected["names"].as_str() {
        Some(one) => assert_eq!(names, [one]),
        None => assert_eq!(serde_json::json!(names), expected["names"]),
    }
    let one =
        |key: &str, place: usize, found: f64| digits(found, expected[key][place].as_f64().unwrap());
    let asked = 9.0;
    ask(
        &format!("{name}: coefficients"),
        fewest(column(|c| c.estimate), &expected["coef"]),
        asked,
    );
    ask(
        &format!("{name}: standard errors"),
        fewest(column(|c| c.standard_error), &expected["se"]),
        asked,
    );
    ask(
        &format!("{name}: z"),
        fewest(column(|c| c.z), &expected["z"]),
        asked,
    );
    ask(
        &format!("{name}: p"),
        fewest(column(|c| c.p_value), &expected["p"]),
        8.0,
    );
    ask(
        &format!("{name}: null log-likelihood"),
        one("loglik", 0, fit.null_log_likelihood),
        12.0,
    );
    ask(
        &format!("{name}: log-likelihood"),
        one("loglik", 1, fit.log_likelihood),
        12.0,
    );
    ask(
        &format!("{name}: score test"),
        one("score_test", 0, fit.score_test.unwrap().chi_squared),
        asked,
    );
    ask(
        &format!("{name}: likelihood ratio"),
        one("lr_test", 0, fit.likelihood_ratio_test.unwrap().chi_squared),
        asked,
    );
    ask(
        &format!("{name}: AIC"),
        digits(fit.aic, expected["aic"].as_f64().unwrap()),
        12.0,
    );
    ask(
        &format!("{name}: concordance"),
        digits(
            fit.concordance(spells, design).unwrap().index,
            expected["concordance"].as_f64().unwrap(),
        ),
        12.0,
    );
    if ties != TieMethod::Exact {
        check_residuals(name, &fit, spells, design, expected);
        check_proportional(name, &fit, spells, design, expected);
    }
}

fn check_residuals(name: &str, fit: &CoxFit, spells: &Spells, design: &Design, expected: &Value) {
    let asked = 9.0;
    if let [baseline] = &fit.baselines[..] {
        let times = floats(&expected["baseline"]["time"]);
        let at = |time: &f64| baseline.time.partition_point(|t| t <= time).checked_sub(1);
        let found = times
            .iter()
            .map(|time| at(time).map_or(0.0, |t| baseline.cumulative_hazard[t]));
        ask(
            &format!("{name}: baseline"),
            fewest(found, &expected["baseline"]["cumhaz"]),
            asked,
        );
    }
    let residuals = fit.residuals(spells, design).unwrap();
    ask(
        &format!("{name}: martingale"),
        fewest(
            residuals.martingale[..5].to_vec(),
            &expected["martingale_first5"],
        ),
        asked,
    );
    ask(
        &format!("{name}: deviance"),
        fewest(
            residuals.deviance[..5].to_vec(),
            &expected["deviance_first5"],
        ),
        8.0,
    );
    let squares: f64 = residuals.deviance.iter().map(|d| d * d).sum();
    ask(
        &format!("{name}: sum of deviances"),
        digits(squares, expected["deviance_sum_sq"].as_f64().unwrap()),
        asked,
    );
    let scores = fit.scores(spells, design).unwrap();
    ask(
        &format!("{name}: scores"),
        fewest(
            scores[..5].to_vec(),
            &expected["linear_predictor_uncentred_first5"],
        ),
        8.0,
    );
}

fn check_proportional(
    name: &str,
    fit: &CoxFit,
    spells: &Spells,
    design: &Design,
    expected: &Value,
) {
    if let Some(zph) = expected.get("schoenfeld_zph").filter(|zph| zph.is_object()) {
        for (key, scale) in [
            ("km", TimeScale::KaplanMeier),
            ("identity", TimeScale::Identity),
            ("rank", TimeScale::Rank),
            ("log", TimeScale::Log),
        ] {
            let test = fit.proportional_hazards(spells, design, scale).unwrap();
            let found = test
                .columns
                .iter()
                .map(|(_, test)| test)
                .chain([&test.all])
                .map(|test| test.chi_squared);
            ask(
                &format!("{name}: proportional hazards, {key}"),
                fewest(found, &zph[key]["chisq"]),
                6.0,
            );
        }
    }
}

fn numeric(data: &Data, names: &[&str]) -> Design {
    Design::new(
        names
            .iter()
            .map(|name| ((*name).to_owned(), data.numbers(name)))
            .collect(),
    )
    .unwrap()
}

pub(crate) fn rossi(data: &Data, without: &[&str]) -> Vec<(String, Vec<f64>)> {
    let coded = [
        ("fin", "yes"),
        ("race", "black"),
        ("wexp", "yes"),
        ("mar", "married"),
        ("paro", "yes"),
    ];
    let of = |name: &str| match coded.iter().find(|(coded, _)| *coded == name) {
        Some((_, one)) => data.is(name, one),
        None => data.numbers(name),
    };
    let names = ["fin", "age", "race", "wexp", "mar", "paro", "prio"];
    names
        .iter()
        .filter(|name| !without.contains(name))
        .map(|name| ((*name).to_owned(), of(name)))
        .collect()
}

#[test]
fn rossi_under_three_rules_for_ties_and_by_stratum() {
    let Some((data, expected)) = with_reference("rossi.csv", "survival_rossi.json") else {
        return;
    };
    let arrest: Vec<bool> = data
        .numbers("arrest")
        .iter()
        .map(|&arrest| arrest == 1.0)
        .collect();
    let spells = Spells::new(&data.numbers("week"), &arrest).unwrap();
    let design = Design::new(rossi(&data, &[])).unwrap();
    check(
        "rossi, Efron",
        &spells,
        &design,
        TieMethod::Efron,
        &expected["cox_efron"],
    );
    check(
        "rossi, Breslow",
        &spells,
        &design,
        TieMethod::Breslow,
        &expected["cox_breslow"],
    );
    check(
        "rossi, exact",
        &spells,
        &design,
        TieMethod::Exact,
        &expected["cox_exact"],
    );
    let wexp: Vec<u32> = data
        .is("wexp", "yes")
        .iter()
        .map(|&wexp| wexp as u32)
        .collect();
    let by_stratum = Design::new(rossi(&data, &["wexp"]))
        .unwrap()
        .stratified_by(&wexp);
    check(
        "rossi by wexp",
        &spells,
        &by_stratum,
        TieMethod::Efron,
        &expected["cox_strat_wexp"],
    );
}

#[test]
fn rossi_with_employment_that_changes_by_week() {
    let Some((data, expected)) = with_reference("rossi.csv", "survival_rossi.json") else {
        return;
    };
    let columns = rossi(&data, &[]);
    let (weeks, arrest) = (data.numbers("week"), data.numbers("arrest"));
    let employed: Vec<Vec<&str>> = (1..=52)
        .map(|week| data.text(&format!("emp{week}")))
        .collect();
    for (key, lag) in [("emp", 0), ("emp_lag", 1)] {
        let (mut start, mut end, mut event) = (Vec::new(), Vec::new(), Vec::new());
        let mut long: Vec<Vec<f64>> = vec![Vec::new(); columns.len() + 1];
        for i in 0..data.len() {
            let last = weeks[i] as usize;
            for week in 1 + lag..=last {
                start.push(week as f64 - 1.0);
                end.push(week as f64);
                event.push(arrest[i] == 1.0 && week == last);
                for (long, (_, column)) in long.iter_mut().zip(&columns) {
                    long.push(column[i]);
                }
                long[columns.len()].push(f64::from(u8::from(employed[week - 1 - lag][i] == "yes")));
            }
        }
        let names = columns
            .iter()
            .map(|(name, _)| name.clone())
            .chain([key.to_owned()]);
        let design = Design::new(names.zip(long).collect()).unwrap();
        let spells = Spells::new(&end, &event)
            .unwrap()
            .entered_at(&start)
            .unwrap();
        check(
            key,
            &spells,
            &design,
            TieMethod::Efron,
            &expected["time_varying"][key],
        );
    }
}

#[test]
fn recid_unempdur_and_prostate() {
    if let Some((data, expected)) = with_reference("recid.csv", "survival_recid.json") {
        let ended: Vec<bool> = data
            .numbers("cens")
            .iter()
            .map(|&censored| censored == 0.0)
            .collect();
        let spells = Spells::new(&data.numbers("durat"), &ended).unwrap();
        let names: Vec<String> =
            serde_json::from_value(expected["cox_efron"]["names"].clone()).unwrap();
        let design = numeric(&data, &names.iter().map(String::as_str).collect::<Vec<_>>());
        check(
            "recid",
            &spells,
            &design,
            TieMethod::Efron,
            &expected["cox_efron"],
        );
    }
    if let Some((data, expected)) = with_reference("unempdur.csv", "survival_unempdur.json") {
        let causes = crate::curves::causes_of_unempdur(&data);
        let spells = Spells::competing(&data.numbers("spell"), &causes).unwrap();
        let names: Vec<String> =
            serde_json::from_value(expected["cox_any_efron"]["names"].clone()).unwrap();
        let design = numeric(&data, &names.iter().map(String::as_str).collect::<Vec<_>>());
        check(
            "unempdur",
            &spells.any(),
            &design,
            TieMethod::Efron,
            &expected["cox_any_efron"],
        );
        check(
            "unempdur, Breslow",
            &spells.any(),
            &design,
            TieMethod::Breslow,
            &expected["cox_any_breslow"],
        );
        for cause in 1..=3 {
            let expected = &expected[format!("cause_specific_{cause}")];
            check(
                &format!("unempdur, cause {cause}"),
                &spells.only(cause),
                &design,
                TieMethod::Efron,
                expected,
            );
        }
    }
    let Some((spells, design, expected)) = prostate() else {
        return;
    };
    for cause in 1..=2 {
        let expected = &expected[format!("cs{cause}")];
        check(
            &format!("prostate, cause {cause}"),
            &spells.only(cause),
            &design,
            TieMethod::Efron,
            expected,
        );
    }
}

pub(crate) fn prostate() -> Option<(Spells, Design, Value)> {
    let (mut data, expected) =
        with_reference("prostate_competing.csv", "survival_prostate_competing.json")?;
    let time = data.numbers("survTime");
    data.keep(|row| time[row] > 0.0);
    let status: Vec<u32> = data
        .numbers("status")
        .iter()
        .map(|&status| status as u32)
        .collect();
    let spells = Spells::competing(&data.numbers("survTime"), &status).unwrap();
    let levels = [
        ("poor", "grade", "poor"),
        ("t2", "stage", "T2"),
        ("t1c", "stage", "T1c"),
        ("a70", "ageGroup", "70-74"),
        ("a75", "ageGroup", "75-79"),
        ("a80", "ageGroup", "80+"),
    ];
    let columns = levels.map(|(name, column, level)| (name.to_owned(), data.is(column, level)));
    Some((spells, Design::new(columns.to_vec()).unwrap(), expected))
}

#[test]
fn delayed_entry_of_myeloma() {
    if let Some((mut data, expected)) = with_reference(
        "myeloma_left_truncated.csv",
        "survival_left_truncated_myeloma.json",
    ) {
        let (entry, end) = (data.numbers("entry"), data.numbers("futime"));
        data.keep(|row| end[row] > entry[row]);
        let died: Vec<bool> = data
            .numbers("death")
            .iter()
            .map(|&death| death == 1.0)
            .collect();
        let spells = Spells::new(&data.numbers("futime"), &died).unwrap();
        let spells = spells.entered_at(&data.numbers("entry")).unwrap();
        check(
            "myeloma",
            &spells,
            &numeric(&data, &["year"]),
            TieMethod::Efron,
            &expected["cox_year"],
        );
    }
}
