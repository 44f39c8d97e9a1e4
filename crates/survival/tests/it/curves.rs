//! Curves and tests without a regression.

use helder_survival::{
    Cause, KaplanMeier, LogRank, LogRankWeight, Spells, aalen_johansen, gray_test, kaplan_meier,
    log_rank,
};
use serde_json::Value;

use crate::support::{Data, ask, digits, fewest, with_reference};

fn check_kaplan_meier(name: &str, curve: &KaplanMeier, expected: &Value) {
    let mut fewest = [16.0_f64; 5];
    for point in expected["curve"].as_array().unwrap() {
        let time = point["time"].as_f64().unwrap();
        let found = curve
            .points
            .iter()
            .find(|found| found.time == time)
            .unwrap();
        assert_eq!(
            found.n_risk,
            point["n_risk"].as_f64().unwrap(),
            "{name} at {time}"
        );
        assert_eq!(
            found.n_event,
            point["n_event"].as_f64().unwrap(),
            "{name} at {time}"
        );
        let of = |key: &str, value: f64| {
            point[key]
                .as_f64()
                .map_or(16.0, |expected| digits(value, expected))
        };
        let now = [
            of("surv", found.survival),
            of("se_greenwood_of_S", found.standard_error),
            found.lower.map_or(16.0, |lower| of("lower", lower)),
            found.upper.map_or(16.0, |upper| of("upper", upper)),
            of("nelson_aalen", found.cumulative_hazard).min(of(
                "se_nelson_aalen",
                found.cumulative_hazard_standard_error,
            )),
        ];
        for (fewest, now) in fewest.iter_mut().zip(now) {
            *fewest = fewest.min(now);
        }
    }
    for (what, found) in ["survival", "Greenwood", "lower", "upper", "Nelson-Aalen"]
        .iter()
        .zip(fewest)
    {
        ask(&format!("{name}: {what}"), found, 12.0);
    }
    let median = curve.quantile(0.5);
    assert_eq!(median.time, expected["median"].as_f64(), "{name}");
    assert_eq!(median.lower, expected["median_lower"].as_f64(), "{name}");
    assert_eq!(median.upper, expected["median_upper"].as_f64(), "{name}");
    assert_eq!(
        curve.quantile(0.25).time,
        expected["quantile25"].as_f64(),
        "{name}"
    );
    assert_eq!(
        curve.quantile(0.75).time,
        expected["quantile75"].as_f64(),
        "{name}"
    );
    let rmst = &expected["rmst"];
    let mean = curve.restricted_mean(rmst["tau"].as_f64().unwrap());
    ask(
        &format!("{name}: restricted mean"),
        digits(mean.mean, rmst["rmst"].as_f64().unwrap()),
        12.0,
    );
    ask(
        &format!("{name}: its error"),
        digits(mean.standard_error, rmst["se"].as_f64().unwrap()),
        12.0,
    );
}

fn check_log_rank(name: &str, spells: &Spells, group: &[u32], expected: &Value) {
    for (key, weight) in [
        ("logrank", LogRankWeight::LogRank),
        (
            "peto_peto_rho1",
            LogRankWeight::FlemingHarrington { rho: 1.0 },
        ),
    ] {
        let LogRank {
            groups,
            chi_squared,
            degrees_of_freedom,
            p_value,
        } = log_rank(spells, group, None, weight).unwrap();
        let expected = &expected[key];
        let name = format!("{name}: {key}");
        ask(
            &format!("{name} observed"),
            fewest(
                groups.iter().map(|group| group.observed),
                &expected["observed"],
            ),
            9.0,
        );
        ask(
            &format!("{name} expected"),
            fewest(
                groups.iter().map(|group| group.expected),
                &expected["expected"],
            ),
            9.0,
        );
        ask(
            &format!("{name} statistic"),
            digits(chi_squared, expected["chisq"].as_f64().unwrap()),
            9.0,
        );
        ask(
            &format!("{name} p"),
            digits(p_value, expected["p"].as_f64().unwrap()),
            9.0,
        );
        assert_eq!(degrees_of_freedom as f64, expected["df"].as_f64().unwrap());
    }
}

fn labels(values: &[f64]) -> Vec<u32> {
    values.iter().map(|&value| value as u32).collect()
}

fn events(values: &[f64]) -> Vec<bool> {
    values.iter().map(|&value| value == 1.0).collect()
}

/// Ends of `unempdur`: full-time, part-time or other job.
pub(crate) fn causes_of_unempdur(data: &Data) -> Vec<Cause> {
    let [full, part, other] = ["censor1", "censor2", "censor3"].map(|name| data.numbers(name));
    (0..data.len())
        .map(|i| {
            if full[i] == 1.0 {
                1
            } else if part[i] == 1.0 {
                2
            } else {
                3 * u32::from(other[i] == 1.0)
            }
        })
        .collect()
}

#[test]
fn curves_and_log_rank_of_rossi_are_those_of_r() {
    let Some((data, expected)) = with_reference("rossi.csv", "survival_rossi.json") else {
        return;
    };
    let spells = Spells::new(&data.numbers("week"), &events(&data.numbers("arrest"))).unwrap();
    check_kaplan_meier("rossi", &kaplan_meier(&spells, 0.95), &expected["km"]);
    check_log_rank(
        "rossi",
        &spells,
        &labels(&data.is("fin", "yes")),
        &expected["logrank_by_fin"],
    );
}

#[test]
fn curves_and_log_rank_of_recid_are_those_of_r() {
    let Some((data, expected)) = with_reference("recid.csv", "survival_recid.json") else {
        return;
    };
    let ended: Vec<bool> = data
        .numbers("cens")
        .iter()
        .map(|&censored| censored == 0.0)
        .collect();
    let spells = Spells::new(&data.numbers("durat"), &ended).unwrap();
    check_kaplan_meier("recid", &kaplan_meier(&spells, 0.95), &expected["km"]);
    check_log_rank(
        "recid",
        &spells,
        &labels(&data.numbers("black")),
        &expected["logrank_black"],
    );
}

fn check_aalen_johansen(name: &str, spells: &Spells, expected: &Value, asked_of_error: f64) {
    let curve = aalen_johansen(spells, 0.95);
    let times = crate::support::floats(&expected["time"]);
    let (mut shares, mut errors) = (16.0_f64, 16.0_f64);
    for (t, time) in times.iter().enumerate() {
        let point = curve.at(*time).unwrap();
        let all = || std::iter::once(&point.survival).chain(&point.causes);
        shares = shares.min(fewest(
            all().map(|state| state.share),
            &expected["pstate"][t],
        ));
        errors = errors.min(fewest(
            all().map(|state| state.standard_error),
            &expected["se"][t],
        ));
        let sum: f64 = all().map(|state| state.share).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
    ask(&format!("{name}: Aalen-Johansen"), shares, 12.0);
    ask(&format!("{name}: its error"), errors, asked_of_error);
}

#[test]
fn competing_ends_of_unempdur_are_those_of_r() {
    let Some((data, expected)) = with_reference("unempdur.csv", "survival_unempdur.json") else {
        return;
    };
    let spells = Spells::competing(&data.numbers("spell"), &causes_of_unempdur(&data)).unwrap();
    let ui = labels(&data.numbers("ui"));
    check_kaplan_meier(
        "unempdur",
        &kaplan_meier(&spells, 0.95),
        &expected["km_any"],
    );
    check_kaplan_meier(
        "unempdur full-time",
        &kaplan_meier(&spells.only(1), 0.95),
        &expected["km_fulltime"],
    );
    check_log_rank("unempdur", &spells, &ui, &expected["logrank_ui_any"]);
    check_aalen_johansen("unempdur", &spells, &expected["aalen_johansen"], 11.0);
    for (cause, test) in (1..).zip(expected["gray_by_ui"]["test"].as_array().unwrap()) {
        let found = gray_test(&spells, &ui, cause, 0.0).unwrap();
        ask(
            "unempdur: Gray",
            digits(found.chi_squared, test["stat"].as_f64().unwrap()),
            9.0,
        );
    }
}

#[test]
fn competing_ends_of_prostate_are_those_of_r() {
    let Some((mut data, expected)) =
        with_reference("prostate_competing.csv", "survival_prostate_competing.json")
    else {
        return;
    };
    let time = data.numbers("survTime");
    data.keep(|row| time[row] > 0.0);
    let spells =
        Spells::competing(&data.numbers("survTime"), &labels(&data.numbers("status"))).unwrap();
    check_aalen_johansen("prostate", &spells, &expected["aalen_johansen"], 11.0);
    let poor = labels(&data.is("grade", "poor"));
    for (cause, test) in (1..).zip(expected["gray_by_grade"]["test"].as_array().unwrap()) {
        let found = gray_test(&spells, &poor, cause, 0.0).unwrap();
        ask(
            "prostate: Gray",
            digits(found.chi_squared, test["stat"].as_f64().unwrap()),
            9.0,
        );
    }
}

#[test]
fn delayed_entry_is_that_of_r() {
    let Some((mut data, expected)) = with_reference(
        "myeloma_left_truncated.csv",
        "survival_left_truncated_myeloma.json",
    ) else {
        return;
    };
    let (entry, end) = (data.numbers("entry"), data.numbers("futime"));
    data.keep(|row| end[row] > entry[row]);
    let ended = events(&data.numbers("death"));
    let late = Spells::new(&data.numbers("futime"), &ended).unwrap();
    let naive = kaplan_meier(&late, 0.95).quantile(0.5).time;
    assert_eq!(naive, expected["naive_km_ignoring_entry"].as_f64());
    let spells = late.entered_at(&data.numbers("entry")).unwrap();
    let curve = kaplan_meier(&spells, 0.95);
    assert_eq!(curve.quantile(0.5).time, expected["median"].as_f64());
    let mut shares = 16.0_f64;
    for point in expected["km"].as_array().unwrap() {
        let time = point["time"].as_f64().unwrap();
        shares = shares.min(digits(
            curve.survival_at(time),
            point["surv"].as_f64().unwrap(),
        ));
    }
    ask("myeloma: survival", shares, 12.0);
    let Some((data, expected)) = with_reference("synth_dev_spells.csv", "survival_synth_dev.json")
    else {
        return;
    };
    let status = labels(&data.numbers("status"));
    let spells = Spells::competing(&data.numbers("time_days"), &status).unwrap();
    let spells = spells.entered_at(&data.numbers("entry_days")).unwrap();
    check_aalen_johansen(
        "made spells",
        &spells,
        &expected["aalen_johansen_left_truncated"],
        10.0,
    );
}
