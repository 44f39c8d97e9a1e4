//! Weights, clusters, strata with delayed entry, one client's curve: what the public references leave out, on made spells that are
//! always here (`tests/reference/make.R`).

use std::path::Path;

use helder_survival::{
    Aft, Cox, CoxFit, Design, Law, LogRankWeight, Residuals, Spells, TieMethod, TimeScale,
    aalen_johansen, fine_gray, gray_test, kaplan_meier, log_rank,
};
use serde_json::Value;

use crate::support::{Data, ask, close, digits, fewest, floats};

pub(crate) struct Made {
    pub(crate) data: Data,
    pub(crate) expected: Value,
}

impl Made {
    pub(crate) fn read() -> Self {
        Self::beside("spells.json")
    }

    /// The made spells with another file of expectations.
    pub(crate) fn beside(expectations: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
        let text = std::fs::read_to_string(folder.join(expectations)).unwrap();
        Self {
            data: Data::read(folder.join("spells.csv")),
            expected: serde_json::from_str(&text).unwrap(),
        }
    }

    pub(crate) fn without_entry(&self) -> Spells {
        Spells::competing(&self.data.numbers("time"), &self.labels("cause")).unwrap()
    }

    pub(crate) fn spells(&self) -> Spells {
        self.without_entry()
            .entered_at(&self.data.numbers("entry"))
            .unwrap()
    }

    pub(crate) fn weighted(&self) -> Spells {
        self.spells()
            .weighted(&self.data.numbers("weight"))
            .unwrap()
    }

    pub(crate) fn labels(&self, name: &str) -> Vec<u32> {
        self.data
            .numbers(name)
            .into_iter()
            .map(|value| value as u32)
            .collect()
    }

    pub(crate) fn design(&self, names: &[&str]) -> Design {
        Design::new(
            names
                .iter()
                .map(|name| ((*name).to_owned(), self.data.numbers(name)))
                .collect(),
        )
        .unwrap()
    }
}

fn check(name: &str, fit: &CoxFit, spells: &Spells, design: &Design, expected: &Value) {
    let of = |value: fn(&helder_survival::CoxCoefficient) -> f64| {
        fit.coefficients.iter().map(value).collect::<Vec<_>>()
    };
    ask(
        &format!("{name}: coefficients"),
        fewest(of(|c| c.estimate), &expected["coef"]),
        9.0,
    );
    ask(
        &format!("{name}: errors"),
        fewest(of(|c| c.standard_error), &expected["se"]),
        9.0,
    );
    ask(
        &format!("{name}: likelihoods"),
        fewest(
            [fit.null_log_likelihood, fit.log_likelihood],
            &expected["loglik"],
        ),
        11.0,
    );
    if expected["robust"].is_array() {
        let robust = of(|c| c.robust_standard_error.unwrap_or(f64::NAN));
        ask(
            &format!("{name}: robust errors"),
            fewest(robust, &expected["robust"]),
            9.0,
        );
    }
    let concordance = fit.concordance(spells, design).unwrap().index;
    ask(
        &format!("{name}: concordance"),
        digits(concordance, expected["concordance"].as_f64().unwrap()),
        11.0,
    );
}

#[test]
fn weights_clusters_strata_offset_and_exact_ties() {
    let made = Made::read();
    let three = made.design(&["age", "debt", "work"]);
    let clustered = three.clone().clustered_by(&made.labels("household"));
    let fit = Cox::new().fit(&made.weighted(), &clustered).unwrap();
    check(
        "weighted, by household",
        &fit,
        &made.weighted(),
        &clustered,
        &made.expected["weighted_cluster"],
    );
    let fit = Cox::new()
        .ties(TieMethod::Breslow)
        .robust()
        .fit(&made.weighted(), &three)
        .unwrap();
    check(
        "weighted, Breslow",
        &fit,
        &made.weighted(),
        &three,
        &made.expected["weighted_breslow_robust"],
    );
    let strata = made
        .design(&["age", "work"])
        .stratified_by(&made.labels("district"));
    let fit = Cox::new().fit(&made.spells(), &strata).unwrap();
    check(
        "strata and entries",
        &fit,
        &made.spells(),
        &strata,
        &made.expected["strata_entry"],
    );
    let two = made.design(&["age", "work"]);
    let fit = Cox::new()
        .ties(TieMethod::Exact)
        .fit(&made.without_entry(), &two)
        .unwrap();
    check(
        "exact",
        &fit,
        &made.without_entry(),
        &two,
        &made.expected["exact"],
    );
    let debt: Vec<f64> = made
        .data
        .numbers("debt")
        .iter()
        .map(|debt| debt / 10_000.0)
        .collect();
    let offset = two.with_offset(&debt);
    let fit = Cox::new().fit(&made.spells(), &offset).unwrap();
    check(
        "offset",
        &fit,
        &made.spells(),
        &offset,
        &made.expected["offset"],
    );
}

#[test]
fn residuals_and_proportional_hazards() {
    let made = Made::read();
    let (spells, design) = (made.spells(), made.design(&["age", "debt", "work"]));
    let fit = Cox::new().fit(&spells, &design).unwrap();
    check("plain", &fit, &spells, &design, &made.expected["plain"]);
    let Residuals {
        martingale,
        deviance,
        score,
        dfbeta,
        schoenfeld,
        ..
    } = fit.residuals(&spells, &design).unwrap();
    ask(
        "martingale",
        close(&martingale, &made.expected["martingale"]),
        11.0,
    );
    ask(
        "deviance",
        close(&deviance, &made.expected["deviance"]),
        11.0,
    );
    for j in 0..3 {
        ask(
            "dfbeta",
            close(&dfbeta[j], &made.expected["dfbeta"][j]),
            10.0,
        );
        ask("score", close(&score[j], &made.expected["score"][j]), 10.0);
        let expected = made.expected["schoenfeld"].as_array().unwrap();
        let mut ours: Vec<f64> = schoenfeld.iter().map(|(_, row)| row[j]).collect();
        let mut theirs: Vec<f64> = expected
            .iter()
            .map(|row| row[j].as_f64().unwrap())
            .collect();
        // Events at one time stand in another order there.
        ours.sort_by(f64::total_cmp);
        theirs.sort_by(f64::total_cmp);
        ask("Schoenfeld", close(&ours, &serde_json::json!(theirs)), 10.0);
    }
    let test = |fit: &CoxFit, spells: &Spells, design: &Design, scale, key: &str| {
        let found = fit.proportional_hazards(spells, design, scale).unwrap();
        let all = found
            .columns
            .iter()
            .map(|(_, test)| test)
            .chain([&found.all])
            .map(|test| test.chi_squared);
        ask(key, fewest(all, &made.expected[key]), 8.0);
    };
    let strata = made
        .design(&["age", "work"])
        .stratified_by(&made.labels("district"));
    let fit = Cox::new().fit(&spells, &strata).unwrap();
    test(&fit, &spells, &strata, TimeScale::KaplanMeier, "zph_strata");
    let two = made.design(&["age", "work"]);
    let fit = Cox::new().fit(&made.weighted(), &two).unwrap();
    test(
        &fit,
        &made.weighted(),
        &two,
        TimeScale::Identity,
        "zph_weighted",
    );
}

#[test]
fn what_one_client_may_expect() {
    let made = Made::read();
    let (spells, design) = (made.spells(), made.design(&["age", "debt", "work"]));
    let fit = Cox::new().fit(&spells, &design).unwrap();
    let client = fit.client(&[33.0, 1200.0, 1.0], 0.0, 0).unwrap();
    let expected = &made.expected["client"];
    let points: Vec<_> = floats(&expected["time"])
        .iter()
        .map(|&time| client.at(time))
        .collect();
    ask(
        "chance",
        fewest(points.iter().map(|point| point.survival), &expected["surv"]),
        10.0,
    );
    ask(
        "hazard",
        fewest(
            points.iter().map(|point| point.cumulative_hazard),
            &expected["cumhaz"],
        ),
        10.0,
    );
    let errors = points
        .iter()
        .map(|point| point.standard_error * point.survival);
    ask("error", fewest(errors, &expected["std_err"]), 9.0);
    ask(
        "lower",
        fewest(
            points.iter().map(|point| point.lower.unwrap()),
            &expected["lower"],
        ),
        9.0,
    );
    ask(
        "upper",
        fewest(
            points.iter().map(|point| point.upper.unwrap()),
            &expected["upper"],
        ),
        9.0,
    );
    let curve = client.curve();
    let last = curve.iter().rfind(|(time, _)| *time <= 12.0).unwrap();
    assert_eq!(last.1, points[2].survival);
    let median = client.quantile(0.5).time.unwrap();
    assert!(client.at(median).survival <= 0.5 && client.at(median - 1.0).survival > 0.5);
    let strata = made
        .design(&["age", "work"])
        .stratified_by(&made.labels("district"));
    let fit = Cox::new().fit(&spells, &strata).unwrap();
    let client = fit.client(&[33.0, 1.0], 0.0, 2).unwrap();
    let expected = &made.expected["client_stratum_2"];
    let points: Vec<_> = [3.0, 6.0, 12.0, 24.0]
        .iter()
        .map(|&time| client.at(time))
        .collect();
    ask(
        "stratum: chance",
        fewest(points.iter().map(|point| point.survival), &expected["surv"]),
        10.0,
    );
    ask(
        "stratum: lower",
        fewest(
            points.iter().map(|point| point.lower.unwrap()),
            &expected["lower"],
        ),
        9.0,
    );
    assert!(fit.client(&[33.0, 1.0], 0.0, 9).is_none());
}

#[test]
fn curves_and_tests_with_weights_strata_and_three_groups() {
    let made = Made::read();
    let expected = &made.expected["km_weighted_entry"];
    let curve = kaplan_meier(&made.weighted(), 0.95);
    let at = |time: f64| {
        curve
            .points
            .iter()
            .rfind(|point| point.time <= time)
            .unwrap()
    };
    let points: Vec<_> = floats(&expected["time"]).into_iter().map(at).collect();
    ask(
        "survival",
        fewest(points.iter().map(|point| point.survival), &expected["surv"]),
        12.0,
    );
    ask(
        "error",
        fewest(
            points.iter().map(|point| point.standard_error),
            &expected["std_err"],
        ),
        12.0,
    );
    ask(
        "lower",
        fewest(
            points.iter().map(|point| point.lower.unwrap()),
            &expected["lower"],
        ),
        12.0,
    );
    let district = made.labels("district");
    let spells = made.without_entry();
    let strata = log_rank(
        &spells,
        &district,
        Some(&made.labels("work")),
        LogRankWeight::LogRank,
    )
    .unwrap();
    let expected = &made.expected["log_rank_strata"];
    ask(
        "log-rank in strata",
        digits(strata.chi_squared, expected["chisq"].as_f64().unwrap()),
        11.0,
    );
    let half = log_rank(
        &spells,
        &district,
        None,
        LogRankWeight::FlemingHarrington { rho: 0.5 },
    )
    .unwrap();
    ask(
        "rho 0.5",
        digits(
            half.chi_squared,
            made.expected["log_rank_rho_half"]["chisq"]
                .as_f64()
                .unwrap(),
        ),
        11.0,
    );
    for (key, rho) in [("gray", 0.0), ("gray_rho_1", 1.0)] {
        let found = (1..=2).map(|cause| {
            gray_test(&spells, &district, cause, rho)
                .unwrap()
                .chi_squared
        });
        ask(key, fewest(found, &made.expected[key]), 9.0);
    }
    let expected = &made.expected["aalen_johansen"];
    let curve = aalen_johansen(&made.spells(), 0.95);
    for (t, time) in floats(&expected["time"]).into_iter().enumerate() {
        let point = curve.at(time).unwrap();
        let all = || std::iter::once(&point.survival).chain(&point.causes);
        ask(
            "shares by cause",
            fewest(all().map(|state| state.share), &expected["pstate"][t]),
            12.0,
        );
        ask(
            "their errors",
            fewest(
                all().map(|state| state.standard_error),
                &expected["std_err"][t],
            ),
            10.0,
        );
    }
}

#[test]
fn weighted_time_and_shares_by_cause() {
    let made = Made::read();
    let design = made.design(&["age", "debt", "work"]);
    let fit = fine_gray(&made.without_entry(), &design, 1).unwrap();
    ask(
        "Fine-Gray",
        fewest(
            fit.coefficients.iter().map(|c| c.estimate),
            &made.expected["fine_gray"]["coef"],
        ),
        10.0,
    );
    ask(
        "its errors",
        fewest(
            fit.coefficients.iter().map(|c| c.standard_error),
            &made.expected["fine_gray"]["se"],
        ),
        10.0,
    );
    let weighted = made
        .without_entry()
        .weighted(&made.data.numbers("weight"))
        .unwrap();
    let fit = Aft::new(Law::LogNormal)
        .fit(&weighted.any(), &design)
        .unwrap();
    let expected = &made.expected["aft_weighted"];
    ask(
        "log-normal",
        fewest(
            fit.coefficients.iter().map(|c| c.estimate),
            &expected["coef"],
        ),
        8.0,
    );
    ask(
        "its scale",
        digits(fit.scale, expected["scale"].as_f64().unwrap()),
        8.0,
    );
}
