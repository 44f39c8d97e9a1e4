//! Fine and Gray's regression beside `crr` of cmprsk.

use helder_survival::{Design, Spells, fine_gray};
use serde_json::Value;

use crate::support::{ask, digits, fewest, with_reference};

fn check(name: &str, spells: &Spells, design: &Design, expected: &Value) {
    let fit = fine_gray(spells, design, 1).unwrap();
    ask(
        &format!("{name}: coefficients"),
        fewest(
            fit.coefficients.iter().map(|c| c.estimate),
            &expected["coef"],
        ),
        6.0,
    );
    ask(
        &format!("{name}: errors"),
        fewest(
            fit.coefficients.iter().map(|c| c.standard_error),
            &expected["se"],
        ),
        6.0,
    );
    ask(
        &format!("{name}: log-likelihood"),
        digits(fit.log_likelihood, expected["loglik"].as_f64().unwrap()),
        9.0,
    );
}

#[test]
fn shares_by_one_cause() {
    if let Some((spells, design, expected)) = crate::cox::prostate() {
        check("prostate", &spells, &design, &expected["fine_gray_1"]);
    }
    let Some((data, expected)) = with_reference("unempdur.csv", "survival_unempdur.json") else {
        return;
    };
    let spells = Spells::competing(
        &data.numbers("spell"),
        &crate::curves::causes_of_unempdur(&data),
    )
    .unwrap();
    let names: Vec<String> =
        serde_json::from_value(expected["fine_gray_1"]["names"].clone()).unwrap();
    let columns = names
        .into_iter()
        .map(|name| (name.clone(), data.numbers(&name)));
    check(
        "unempdur",
        &spells,
        &Design::new(columns.collect()).unwrap(),
        &expected["fine_gray_1"],
    );
}
