//! Counts and rates: the numbers of R and statsmodels, on open data in full and on the rest where it is at hand.
use crate::support::{Data, digits, fewest_digits, floats, reference};
use helder_glm::{Design, Family, Glm, GlmFit, Response};
use serde_json::Value;

/// Month factor (`01` left out) and months since the first, as the reference has them.
fn seasons(months: &[&str], first: (i32, i32)) -> Design {
    let number = |text: &str| text.parse::<i32>().unwrap();
    let mut columns: Vec<(String, Vec<f64>)> = (2..=12)
        .map(|month| {
            let column = months
                .iter()
                .map(|m| f64::from(u8::from(number(&m[5..7]) == month)));
            (format!("m{month:02}"), column.collect())
        })
        .collect();
    let t = months
        .iter()
        .map(|m| f64::from((number(&m[..4]) - first.0) * 12 + number(&m[5..7]) - first.1));
    columns.push(("t".into(), t.collect()));
    Design::new(months.len(), columns).unwrap()
}

struct Case {
    design: Design,
    y: Vec<f64>,
    exposure: Option<Vec<f64>>,
}

impl Case {
    fn emergency() -> Self {
        let mut data = Data::open("tests/data/ae_attendances/ae_attendances.csv.gz");
        data.keep(|row| row("type") == "1" && row("attendances") != "0");
        Self {
            design: seasons(&data.text("period"), (2016, 4)),
            y: data.numbers("breaches"),
            exposure: Some(data.numbers("attendances")),
        }
    }

    fn wards() -> Self {
        let data = Data::open("tests/data/synthetic_wards/wards.csv.gz");
        Self {
            design: seasons(&data.text("month"), (2019, 1)),
            y: data.numbers("signals"),
            exposure: Some(data.numbers("population")),
        }
    }

    fn visits(data: &Data) -> Self {
        let is = |column: &str, level: &str| -> Vec<f64> {
            let found = data.text(column).into_iter();
            found
                .map(|text| f64::from(u8::from(text == level)))
                .collect()
        };
        let columns = [
            ("hospital", data.numbers("hospital")),
            ("poor", is("health", "poor")),
            ("excellent", is("health", "excellent")),
            ("chronic", data.numbers("chronic")),
            ("male", is("gender", "male")),
            ("school", data.numbers("school")),
            ("ins", is("insurance", "yes")),
        ];
        let y = data.numbers("visits");
        Self {
            design: Design::new(y.len(), columns).unwrap(),
            y,
            exposure: None,
        }
    }

    /// Months since the first and whether it is winter.
    fn winters(&self) -> (Design, Vec<f64>) {
        let months: Vec<f64> = self.design.column(12).collect();
        let winter: Vec<f64> = (0..self.y.len())
            .map(|row| {
                let cells = self.design.row(row);
                // January is the month without a column.
                let january = cells[1..12].iter().all(|cell| *cell == 0.0);
                f64::from(u8::from(january || cells[1] > 0.5 || cells[11] > 0.5))
            })
            .collect();
        let columns = [("months", &months), ("winter", &winter)];
        (Design::new(months.len(), columns).unwrap(), winter)
    }

    fn response(&self) -> Response<'_> {
        let response = Response::new(&self.y);
        match &self.exposure {
            Some(exposure) => response.exposure(exposure),
            None => response,
        }
    }

    fn assert_equals(&self, name: &str, r: &Value, python: &Value) {
        let poisson = Glm::new(Family::Poisson)
            .fit(&self.design, &self.response())
            .unwrap();
        let expected = &r["poisson"];
        let mut measured = Measured::of(name, "poisson", &poisson, expected);
        measured.one(
            "log-likelihood",
            poisson.log_likelihood,
            &expected["loglik"],
            10.0,
        );
        measured.one("deviance", poisson.deviance, &expected["deviance"], 10.0);
        measured.one(
            "null deviance",
            poisson.null_deviance,
            &expected["null_deviance"],
            10.0,
        );
        measured.one("AIC", poisson.aic, &expected["aic"], 10.0);
        measured.one(
            "chi-square",
            poisson.pearson_chi2.unwrap(),
            &expected["pearson_chi2"],
            10.0,
        );
        measured.one(
            "dispersion",
            poisson.dispersion.unwrap(),
            &expected["quasi_dispersion"],
            10.0,
        );
        assert_eq!(poisson.residual_df as u64, expected["df"].as_u64().unwrap());
        let statistic = poisson.coefficients.iter().map(|c| c.z);
        measured.each("z", statistic, &expected["stat"], 7.0);
        measured.assert();

        let quasi = Glm::new(Family::Poisson)
            .quasi()
            .fit(&self.design, &self.response())
            .unwrap();
        let factor = expected["quasi_dispersion"].as_f64().unwrap().sqrt();
        for (quasi, plain) in quasi.coefficients.iter().zip(&poisson.coefficients) {
            assert!(digits(quasi.standard_error, factor * plain.standard_error) > 9.0);
        }

        let fit = Glm::negative_binomial()
            .fit(&self.design, &self.response())
            .unwrap();
        let expected = &r["negbin"];
        let mut measured = Measured::of(name, "negative binomial", &fit, expected);
        let theta = fit.theta.clone().unwrap();
        measured.one(
            "2 log-likelihood",
            2.0 * fit.log_likelihood,
            &expected["twologlik"],
            10.0,
        );
        measured.one("deviance", fit.deviance, &expected["deviance"], 10.0);
        // The peers stop when theta moves by less than about 1e-9; they agree with each other to 10 digits.
        measured.one("theta", theta.estimate.unwrap(), &expected["theta"], 9.5);
        // MASS takes the curvature at the last value but one of its search.
        measured.one(
            "s.e. of theta",
            theta.standard_error.unwrap(),
            &expected["se_theta"],
            4.5,
        );
        let peer = &python["nb2"];
        measured.each(
            "statsmodels coefficients",
            fit.estimates(),
            &peer["coef"],
            10.0,
        );
        measured.one("statsmodels alpha", theta.alpha, &peer["alpha"], 9.5);
        measured.one(
            "statsmodels log-likelihood",
            fit.log_likelihood,
            &peer["loglik"],
            10.0,
        );
        measured.each(
            "joint s.e.",
            theta.joint_standard_errors.iter().copied(),
            &peer["se_joint"],
            7.0,
        );
        measured.one(
            "s.e. of alpha",
            theta.alpha_standard_error.unwrap(),
            &peer["se_alpha"],
            7.0,
        );
        measured.assert();
    }
}

/// Agreeing digits beside those asked.
struct Measured {
    name: String,
    all: Vec<(String, f64, f64)>,
}

impl Measured {
    fn of(name: &str, model: &str, fit: &GlmFit, expected: &Value) -> Self {
        let mut measured = Self {
            name: format!("{name}, {model} ({} steps)", fit.iterations),
            all: Vec::new(),
        };
        measured.each("coefficients", fit.estimates(), &expected["coef"], 10.0);
        let errors = fit.coefficients.iter().map(|c| c.standard_error);
        measured.each("standard errors", errors, &expected["se"], 7.0);
        measured
    }

    fn one(&mut self, what: &str, ours: f64, theirs: &Value, asked: f64) {
        let found = digits(ours, theirs.as_f64().unwrap());
        self.all.push((what.into(), found, asked));
    }

    fn each(
        &mut self,
        what: &str,
        ours: impl IntoIterator<Item = f64>,
        theirs: &Value,
        asked: f64,
    ) {
        let found = fewest_digits(ours, &floats(theirs));
        self.all.push((what.into(), found, asked));
    }

    fn assert(self) {
        for (what, found, _) in &self.all {
            println!("{}: {what}: {found:.1} digits", self.name);
        }
        for (what, found, asked) in self.all {
            assert!(
                found >= asked,
                "{}: {what}: {found} digits, asked {asked}",
                self.name
            );
        }
    }
}

#[test]
fn emergency_breaches_per_attendance_equal_r_and_statsmodels() {
    Case::emergency().assert_equals(
        "emergency",
        &reference("glm_ae_offset.json"),
        &reference("glm_ae_offset_python.json"),
    );
}

#[test]
fn signals_per_inhabitant_equal_r_and_statsmodels() {
    Case::wards().assert_equals(
        "wards",
        &reference("glm_synth_dev_wards.json"),
        &reference("glm_synth_dev_wards_python.json"),
    );
}

#[test]
fn visits_equal_r_and_statsmodels() {
    let Some(folder) = crate::support::reference_data() else {
        return;
    };
    let data = Data::read(std::fs::File::open(folder.join("nmes1988.csv")).unwrap());
    let read = |name: &str| crate::support::json(folder.join("reference").join(name));
    Case::visits(&data).assert_equals(
        "visits",
        &read("glm_nmes1988.json"),
        &read("glm_nmes1988_python.json"),
    );
}

#[test]
fn a_logarithm_as_offset_is_the_same_as_an_exposure() {
    let case = Case::wards();
    let logs: Vec<f64> = case
        .exposure
        .as_ref()
        .unwrap()
        .iter()
        .map(|e| e.ln())
        .collect();
    let glm = Glm::new(Family::Poisson);
    let exposed = glm.fit(&case.design, &case.response()).unwrap();
    let offset = glm
        .fit(&case.design, &Response::new(&case.y).offset(&logs))
        .unwrap();
    assert_eq!(exposed, offset);
}

#[test]
fn overdispersion_is_found_where_it_is_and_only_there() {
    let case = Case::emergency();
    let extra = reference("glm_extra.json");
    let (design, _) = case.winters();
    let fit = Glm::new(Family::Poisson)
        .fit(&design, &case.response())
        .unwrap();
    let found = fit.overdispersion.unwrap();
    for (ours, theirs) in [
        (found.linear, &extra["overdispersion"]["linear"]),
        (found.quadratic, &extra["overdispersion"]["quadratic"]),
    ] {
        assert!(digits(ours.alpha, theirs["alpha"].as_f64().unwrap()) > 9.0);
        assert!(digits(ours.z, theirs["z"].as_f64().unwrap()) > 9.0);
        assert!(ours.p_value < 1e-10);
    }

    // Counts whose variance is smaller than their mean: 0 to 3 in turn.
    let even: Vec<f64> = (0..400).map(|row| f64::from(row % 4)).collect();
    let nothing = Design::new(400, Vec::<(String, Vec<f64>)>::new()).unwrap();
    let fit = Glm::new(Family::Poisson)
        .fit(&nothing, &Response::new(&even))
        .unwrap();
    assert!(fit.overdispersion.unwrap().linear.p_value > 0.5);
    let fit = Glm::negative_binomial()
        .fit(&nothing, &Response::new(&even))
        .unwrap();
    let theta = fit.theta.unwrap();
    assert_eq!(
        (theta.estimate, theta.alpha),
        (None, 0.0),
        "Poisson, and said so"
    );
    assert_eq!(fit.family, Family::Poisson);
}

#[test]
fn breaches_out_of_attendances_equal_statsmodels() {
    let case = Case::emergency();
    let (design, winter) = case.winters();
    let trials = case.exposure.as_ref().unwrap();
    let offset: Vec<f64> = winter.iter().map(|w| 0.1 * w).collect();
    let response = Response::new(&case.y).trials(trials).offset(&offset);
    let extra = reference("glm_extra.json");
    let counts = Glm::new(Family::Binomial).fit(&design, &response).unwrap();
    let rates = Glm::new(Family::Poisson)
        .fit(&design, &case.response())
        .unwrap();
    for (name, fit) in [("binomial_counts", counts), ("poisson_rates", rates)] {
        let expected = &extra[name];
        let mut measured = Measured::of("emergency", name, &fit, expected);
        let robust = fit.coefficients.iter().map(|c| c.robust_standard_error);
        measured.each("robust", robust, &expected["se_hc0"], 7.0);
        measured.one(
            "log-likelihood",
            fit.log_likelihood,
            &expected["loglik"],
            10.0,
        );
        measured.one("deviance", fit.deviance, &expected["deviance"], 10.0);
        measured.one(
            "null deviance",
            fit.null_deviance,
            &expected["null_deviance"],
            10.0,
        );
        measured.one(
            "chi-square",
            fit.pearson_chi2.unwrap(),
            &expected["pearson_chi2"],
            10.0,
        );
        measured.assert();
    }
}
