//! Regressions of the logarithm of time beside R's `survreg`.

use helder_survival::{Aft, Design, Law, Spells};
use serde_json::Value;

use crate::support::{ask, digits, fewest, with_reference};

fn check(name: &str, spells: &Spells, design: &Design, expected: &Value) {
    let law = match expected["dist"].as_str().unwrap() {
        "weibull" => Law::Weibull,
        "exponential" => Law::Exponential,
        "lognormal" => Law::LogNormal,
        "loglogistic" => Law::LogLogistic,
        other => panic!("{other}"),
    };
    let name = format!("{name}, {law:?}");
    let fit = Aft::new(law).fit(spells, design).unwrap();
    // R stops early; the likelihood tells on how many digits it is right, the coefficients on half as many.
    ask(
        &format!("{name}: coefficients"),
        fewest(
            fit.coefficients.iter().map(|c| c.estimate),
            &expected["coef"],
        ),
        5.0,
    );
    let errors = fit
        .coefficients
        .iter()
        .map(|c| c.standard_error)
        .chain(fit.log_scale_standard_error);
    ask(
        &format!("{name}: standard errors"),
        fewest(errors, &expected["se"]),
        5.0,
    );
    ask(
        &format!("{name}: scale"),
        digits(fit.scale, expected["scale"].as_f64().unwrap()),
        5.0,
    );
    let likelihoods = [fit.null_log_likelihood, fit.log_likelihood];
    ask(
        &format!("{name}: log-likelihood"),
        fewest(likelihoods, &expected["loglik"]),
        9.0,
    );
    ask(
        &format!("{name}: AIC"),
        digits(fit.aic, expected["aic"].as_f64().unwrap()),
        9.0,
    );
}

fn names(expected: &Value) -> Vec<String> {
    let names: Vec<String> = serde_json::from_value(expected["names"].clone()).unwrap();
    names.into_iter().skip(1).collect()
}

#[test]
fn four_laws_of_time() {
    if let Some((data, expected)) = with_reference("rossi.csv", "survival_rossi.json") {
        let arrest: Vec<bool> = data
            .numbers("arrest")
            .iter()
            .map(|&arrest| arrest == 1.0)
            .collect();
        let spells = Spells::new(&data.numbers("week"), &arrest).unwrap();
        let design = Design::new(crate::cox::rossi(&data, &[])).unwrap();
        for expected in expected["aft"].as_array().unwrap() {
            check("rossi", &spells, &design, expected);
        }
    }
    if let Some((data, expected)) = with_reference("recid.csv", "survival_recid.json") {
        let ended: Vec<bool> = data
            .numbers("cens")
            .iter()
            .map(|&censored| censored == 0.0)
            .collect();
        let spells = Spells::new(&data.numbers("durat"), &ended).unwrap();
        for expected in expected["aft"].as_array().unwrap() {
            let columns = names(expected)
                .into_iter()
                .map(|name| (name.clone(), data.numbers(&name)));
            check(
                "recid",
                &spells,
                &Design::new(columns.collect()).unwrap(),
                expected,
            );
        }
    }
    let Some((data, expected)) = with_reference("unempdur.csv", "survival_unempdur.json") else {
        return;
    };
    let causes = crate::curves::causes_of_unempdur(&data);
    let spells = Spells::competing(&data.numbers("spell"), &causes)
        .unwrap()
        .any();
    for key in ["aft_weibull", "aft_loglogistic"] {
        let columns = names(&expected[key])
            .into_iter()
            .map(|name| (name.clone(), data.numbers(&name)));
        check(
            "unempdur",
            &spells,
            &Design::new(columns.collect()).unwrap(),
            &expected[key],
        );
    }
}
