//! Input that no model can come from gives one clear error or a defined answer: never a panic, never NaN.
use helder_glm::{Design, Family, Glm, GlmError, GlmFit, Response};

const FAMILIES: [Family; 6] = [
    Family::Gaussian,
    Family::GaussianLog,
    Family::Binomial,
    Family::BinomialCloglog,
    Family::Poisson,
    Family::NegativeBinomial { theta: 2.0 },
];

fn line(n: usize) -> Vec<f64> {
    (0..n).map(|row| ((row * 7) % 13) as f64).collect()
}

fn coins(n: usize) -> Vec<f64> {
    (0..n)
        .map(|row| f64::from(u8::from(row % 3 == 0)))
        .collect()
}

fn design(columns: &[(&str, Vec<f64>)]) -> Design {
    Design::new(columns[0].1.len(), columns.to_vec()).unwrap()
}

fn finite(fit: &GlmFit) -> bool {
    let numbers = fit.coefficients.iter().flat_map(|c| {
        [
            c.estimate,
            c.standard_error,
            c.robust_standard_error,
            c.z,
            c.p_value,
        ]
    });
    numbers
        .chain([
            fit.log_likelihood,
            fit.deviance,
            fit.null_deviance,
            fit.aic,
            fit.bic,
        ])
        .chain(fit.dispersion)
        .all(f64::is_finite)
}

/// Every family on the same outcome; the answer is an error or all finite.
fn all(design: &Design, response: &Response<'_>) -> Vec<Result<GlmFit, GlmError>> {
    let fits = FAMILIES
        .map(Glm::new)
        .into_iter()
        .chain([Glm::negative_binomial()]);
    fits.map(|glm| {
        let fit = glm.fit(design, response);
        if let Ok(fit) = &fit {
            assert!(finite(fit), "{:?}: {fit:?}", fit.family);
        }
        fit
    })
    .collect()
}

#[test]
fn outcomes_out_of_range_are_counted() {
    let design = design(&[("x", line(12))]);
    let with = |at: usize, value: f64| {
        let mut y = coins(12);
        y[at] = value;
        y
    };
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for fit in all(&design, &Response::new(&with(3, bad))) {
            assert!(
                matches!(
                    fit,
                    Err(GlmError::Outside {
                        what: "outcome",
                        rows: 1,
                        ..
                    })
                ),
                "{fit:?}"
            );
        }
    }
    for bad in [-1.0, 0.5, 1e300] {
        let y = with(3, bad);
        for family in [Family::Binomial, Family::Poisson] {
            let fault = Glm::new(family)
                .fit(&design, &Response::new(&y))
                .unwrap_err();
            assert!(
                matches!(fault, GlmError::Outside { rows: 1, .. }),
                "{fault}"
            );
            assert!(
                !fault.to_string().contains(&bad.to_string()),
                "no value is repeated"
            );
        }
        all(&design, &Response::new(&y));
    }
    let trials = vec![1.0; 12];
    let two = with(3, 2.0);
    let fault = Glm::new(Family::Binomial).fit(&design, &Response::new(&two).trials(&trials));
    assert!(matches!(
        fault,
        Err(GlmError::Outside {
            demand: "at most the number of trials",
            ..
        })
    ));
}

#[test]
fn exposures_trials_weights_and_offsets_out_of_range_are_refused() {
    let design = design(&[("x", line(12))]);
    let y = coins(12);
    let poisson = Glm::new(Family::Poisson);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let mut values = vec![1.0; 12];
        values[5] = bad;
        let fault = poisson
            .fit(&design, &Response::new(&y).exposure(&values))
            .unwrap_err();
        assert!(matches!(
            fault,
            GlmError::Outside {
                what: "exposure",
                rows: 1,
                ..
            }
        ));
        let trials = Glm::new(Family::Binomial).fit(&design, &Response::new(&y).trials(&values));
        assert!(matches!(
            trials,
            Err(GlmError::Outside { what: "trials", .. })
        ));
        let weighted = poisson.fit(&design, &Response::new(&y).weights(&values));
        assert_eq!(weighted.is_ok(), bad == 0.0);
    }
    for bad in [1e300, f64::NAN] {
        let offset = vec![bad; 12];
        let fault = poisson
            .fit(&design, &Response::new(&y).offset(&offset))
            .unwrap_err();
        assert!(matches!(
            fault,
            GlmError::Outside {
                what: "offset",
                rows: 12,
                ..
            }
        ));
    }
    let nothing = vec![0.0; 12];
    let fault = poisson
        .fit(&design, &Response::new(&y).weights(&nothing))
        .unwrap_err();
    assert!(matches!(fault, GlmError::Setting { .. }));
    let short = vec![1.0; 11];
    let fault = poisson
        .fit(&design, &Response::new(&y).exposure(&short))
        .unwrap_err();
    assert!(matches!(fault, GlmError::LengthMismatch { .. }));
    let ones = vec![1.0; 12];
    let fault = Glm::new(Family::Binomial).fit(&design, &Response::new(&y).exposure(&ones));
    assert!(matches!(
        fault,
        Err(GlmError::Setting {
            setting: "exposure",
            ..
        })
    ));
    let fault = poisson.fit(&design, &Response::new(&y).trials(&ones));
    assert!(matches!(
        fault,
        Err(GlmError::Setting {
            setting: "trials",
            ..
        })
    ));
    for theta in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let fault = Glm::new(Family::NegativeBinomial { theta }).fit(&design, &Response::new(&y));
        assert!(matches!(
            fault,
            Err(GlmError::Setting {
                setting: "theta",
                ..
            })
        ));
    }
}

#[test]
fn outcomes_without_variation_are_named() {
    let design = design(&[("x", line(12))]);
    let fit = |family, value: f64| Glm::new(family).fit(&design, &Response::new(&[value; 12]));
    assert!(matches!(
        fit(Family::Binomial, 1.0),
        Err(GlmError::OneClass {
            rows: 12,
            class: true
        })
    ));
    assert!(matches!(
        fit(Family::Binomial, 0.0),
        Err(GlmError::OneClass { class: false, .. })
    ));
    assert!(matches!(
        fit(Family::Poisson, 0.0),
        Err(GlmError::AllZero { rows: 12 })
    ));
    assert!(matches!(
        fit(Family::Gaussian, 4.0),
        Err(GlmError::ConstantOutcome { rows: 12 })
    ));
    let zeros = Glm::negative_binomial().fit(&design, &Response::new(&[0.0; 12]));
    assert!(matches!(zeros, Err(GlmError::AllZero { .. })));
    // The same count everywhere is a rate without any spread: defined.
    let fours = fit(Family::Poisson, 4.0).unwrap();
    assert!((fours.intercept() - 4.0_f64.ln()).abs() < 1e-12 && finite(&fours));
    for fit in all(&design, &Response::new(&[4.0; 12])) {
        drop(fit);
    }
}

#[test]
fn columns_that_say_nothing_are_dropped_and_listed() {
    let flat = vec![3.0; 12];
    let twice: Vec<f64> = line(12).iter().map(|x| 2.0 * x).collect();
    let design = design(&[("x", line(12)), ("flat", flat), ("twice", twice)]);
    let y: Vec<f64> = (0..12).map(|row| f64::from(row % 4)).collect();
    for family in [Family::Gaussian, Family::Poisson] {
        let fit = Glm::new(family).fit(&design, &Response::new(&y)).unwrap();
        let dropped: Vec<&str> = fit.dropped.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(dropped, ["flat", "twice"]);
        assert_eq!(fit.dropped[1].combination_of, ["x"]);
        assert!(finite(&fit));
    }
}

#[test]
fn too_few_rows_are_refused() {
    for n in [1, 2] {
        let design = design(&[("x", line(n))]);
        for y in [[1.0, 0.0], [2.0, 5.0]] {
            let fits = all(&design, &Response::new(&y[..n]));
            assert!(
                matches!(
                    fits[0],
                    Err(GlmError::TooFewRows { .. } | GlmError::ConstantOutcome { .. })
                ),
                "{:?}",
                fits[0]
            );
        }
    }
    let empty = Design::new(0, [("x", Vec::<f64>::new())]).unwrap();
    for fit in all(&empty, &Response::new(&[])) {
        assert!(matches!(fit, Err(GlmError::TooFewRows { rows: 0, .. })));
    }
}

#[test]
fn a_column_made_from_the_outcome_is_a_perfect_fit() {
    let x = line(40);
    let y: Vec<f64> = x.iter().map(|x| 3.0 * x - 2.0).collect();
    let fit = Glm::new(Family::Gaussian).fit(&design(&[("x", x)]), &Response::new(&y));
    assert_eq!(fit.unwrap_err(), GlmError::PerfectFit);
}

#[test]
fn huge_and_tiny_units_change_nothing_but_the_unit() {
    let x = line(200);
    let y: Vec<f64> = (0..200)
        .map(|row| f64::from((row * 5 + row / 7) % 4))
        .collect();
    let plain = Glm::new(Family::Poisson)
        .fit(&design(&[("x", x.clone())]), &Response::new(&y))
        .unwrap();
    for unit in [1e-130, 1e-9, 1e9, 1e130] {
        let scaled: Vec<f64> = x.iter().map(|x| x * unit).collect();
        let design = design(&[("x", scaled)]);
        let fit = Glm::new(Family::Poisson)
            .fit(&design, &Response::new(&y))
            .unwrap();
        let ratio = fit.coefficients[1].z / plain.coefficients[1].z;
        assert!((ratio - 1.0).abs() < 1e-9, "{unit:e}: {ratio}");
        all(&design, &Response::new(&y));
    }
    for unit in [1e-300, 1e300] {
        let scaled: Vec<f64> = x.iter().map(|x| x * unit).collect();
        for fit in all(&design(&[("x", scaled)]), &Response::new(&y)) {
            let fault = fit.unwrap_err();
            let named = matches!(&fault, GlmError::Scale(name) if name == "x");
            assert!(
                named || matches!(fault, GlmError::Outside { .. }),
                "{fault}"
            );
        }
    }
    // A far origin costs the digits that the values themselves have lost, and no more.
    let far: Vec<f64> = x.iter().map(|x| x + 1e9).collect();
    let fit = Glm::new(Family::Poisson)
        .fit(&design(&[("x", far)]), &Response::new(&y))
        .unwrap();
    let ratio = fit.coefficients[1].estimate / plain.coefficients[1].estimate;
    assert!((ratio - 1.0).abs() < 1e-9, "{ratio}");
}

#[test]
fn counts_that_are_zero_in_a_level_are_separated() {
    let level: Vec<f64> = (0..60)
        .map(|row| f64::from(u8::from(row % 6 == 0)))
        .collect();
    let y: Vec<f64> = (0..60)
        .map(|row| {
            if row % 6 == 0 {
                0.0
            } else {
                f64::from(1 + row % 4)
            }
        })
        .collect();
    let design = design(&[("x", line(60)), ("level", level)]);
    for glm in [
        Glm::new(Family::Poisson),
        Glm::new(Family::NegativeBinomial { theta: 1.5 }),
    ] {
        let fault = glm.fit(&design, &Response::new(&y)).unwrap_err();
        let GlmError::Separation {
            columns,
            rows_separated,
        } = fault
        else {
            panic!("{fault}");
        };
        assert_eq!(
            (columns.as_slice(), rows_separated),
            (&["level".to_owned()][..], 10)
        );
    }
}

#[test]
fn levels_without_failures_are_separated_for_shares_and_for_hazards() {
    let level: Vec<f64> = (0..60)
        .map(|row| f64::from(u8::from(row % 6 == 0)))
        .collect();
    let trials = vec![4.0; 60];
    let y: Vec<f64> = (0..60)
        .map(|row| {
            if row % 6 == 0 {
                4.0
            } else {
                f64::from(1 + row % 3)
            }
        })
        .collect();
    let design = design(&[("x", line(60)), ("level", level)]);
    for family in [Family::Binomial, Family::BinomialCloglog] {
        let fault = Glm::new(family)
            .fit(&design, &Response::new(&y).trials(&trials))
            .unwrap_err();
        assert!(
            matches!(&fault, GlmError::Separation { columns, .. } if columns == &["level"]),
            "{fault}"
        );
    }
}
