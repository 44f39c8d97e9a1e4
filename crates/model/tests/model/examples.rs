//! Models made in code, and generated ones.

use helder_model::{
    Algorithm, Calibration, Category, CategoryTerm, Centre, FORMAT, Family, GeneralisedFit, Input,
    InputType, Intercept, KMeansFit, Kind, LevelTerm, LinearFit, LinearTerm, Link, Meaning,
    MissingRule, MissingTerm, Model, Output, Parent, Split, Standardisation, Training,
    TrainingRange, UnknownCategory,
};
use helder_types::Digest;

pub(crate) fn input(name: &str, kind: InputType, missing: MissingRule) -> Input {
    let is_number = matches!(kind, InputType::Number | InputType::Integer);
    let is_category = kind == InputType::Category;
    let level = |level: &str| Category {
        level: level.to_owned(),
        meaning: None,
    };
    Input {
        name: name.to_owned(),
        kind,
        unit: None,
        training_range: is_number.then_some(TrainingRange {
            minimum: 0.0,
            maximum: 100.0,
        }),
        categories: if is_category {
            ["huur", "koop", "overig"].map(level).into()
        } else {
            Vec::new()
        },
        unknown_category: is_category.then(|| UnknownCategory::Level {
            level: "overig".to_owned(),
        }),
        missing,
        meaning: Meaning::new(
            format!("{name} van het huishouden"),
            format!("{name} of the household"),
        ),
        source_field: Some(format!("bron.{name}")),
        justification: "Hangt volgens onderzoek samen met schulden.".to_owned(),
        preparation: None,
        actionable: None,
    }
}

fn training() -> Training {
    Training {
        parents: vec![Parent {
            name: "persons".to_owned(),
            digest: Digest::of(b"persons"),
        }],
        frame_digest: Digest::of(b"frame"),
        rows: 12_000,
        events: Some(180),
        split: Split::Time {
            test_from: "2024-01-01".to_owned(),
        },
        seed: 7,
        code_version: "helder-training 0.1.0".to_owned(),
        sensitive_features: vec!["geboorteland".to_owned()],
    }
}

/// Every kind of input and rule, covariance and calibration.
#[expect(
    clippy::too_many_lines,
    reason = "one example, read from top to bottom"
)]
pub(crate) fn regression() -> Model {
    let mut rent = input(
        "huurachterstand",
        InputType::Integer,
        MissingRule::MedianAndIndicator { value: 0.0 },
    );
    rent.unit = Some("eurocent".to_owned());
    rent.training_range = Some(TrainingRange {
        minimum: 0.0,
        maximum: 1_250_000.0,
    });
    let mut signals = input(
        "meldingen",
        InputType::Number,
        MissingRule::Median { value: 0.5 },
    );
    signals.unit = Some("per maand".to_owned());
    let mut home = input(
        "woonvorm",
        InputType::Category,
        MissingRule::Level {
            level: "overig".to_owned(),
        },
    );
    home.categories[0].meaning = Some(Meaning::new("een huurhuis", "a rented home"));
    let inputs = vec![
        rent,
        input("bijstand", InputType::Boolean, MissingRule::Reject),
        home,
        signals,
        input("kinderen", InputType::Integer, MissingRule::Reject),
    ];
    let term = |input: &str, coefficient: f64, mean: f64| LinearTerm {
        input: input.to_owned(),
        coefficient,
        standard_error: Some(0.1),
        mean,
    };
    let level = |level: &str, coefficient: f64, mean: f64| LevelTerm {
        level: level.to_owned(),
        coefficient,
        standard_error: Some(0.2),
        mean,
    };
    let fit = LinearFit {
        intercept: Intercept {
            coefficient: -4.2,
            standard_error: Some(0.3),
        },
        linear_terms: vec![
            term("huurachterstand", 1.0 / 300_000.0, 41_237.625),
            term("bijstand", 0.8, 0.11),
            term("meldingen", 0.35, 0.9),
            term("kinderen", -0.05, 0.7),
        ],
        spline_terms: vec![],
        category_terms: vec![CategoryTerm {
            input: "woonvorm".to_owned(),
            reference_level: "koop".to_owned(),
            levels: vec![level("huur", 0.6, 0.45), level("overig", 0.9, 0.05)],
        }],
        missing_terms: vec![MissingTerm {
            input: "huurachterstand".to_owned(),
            coefficient: 0.2,
            standard_error: Some(0.15),
            mean: 0.08,
        }],
        covariance: None,
    };
    let mut covariance: Vec<Vec<f64>> = (0..fit.parameter_count())
        .map(|i| vec![0.001; i + 1])
        .collect();
    for (place, row) in covariance.iter_mut().enumerate() {
        row[place] = 0.01 * (place + 1) as f64;
    }
    covariance[1] = vec![-1e-9, 4e-13];
    for row in covariance.iter_mut().skip(2) {
        row[1] = 1e-10;
    }
    Model {
        format: FORMAT.to_owned(),
        name: "economic-homelessness".to_owned(),
        title: Meaning::new(
            "Kans op economische dakloosheid",
            "Probability of economic homelessness",
        ),
        kind: Kind::BinaryClassification,
        output: Output {
            name: "dakloos_12m".to_owned(),
            meaning: Meaning::new(
                "dakloos worden door geldproblemen",
                "becoming homeless through money problems",
            ),
            horizon: Some("P12M".to_owned()),
        },
        inputs,
        link: Link::Logit,
        algorithm: Algorithm::LogisticRegression(LinearFit {
            covariance: Some(covariance),
            ..fit
        }),
        calibration: Calibration::Logistic {
            intercept: 0.02,
            slope: 0.97,
        },
        similar_cases: None,
        privacy: None,
        provisions: None,
        training: training(),
    }
}

/// The least a model can be.
pub(crate) fn minimal() -> Model {
    let mut model = regression();
    "minimal".clone_into(&mut model.name);
    model.output.horizon = None;
    model.inputs = vec![input("leeftijd", InputType::Number, MissingRule::Reject)];
    model.inputs[0].source_field = None;
    model.algorithm = Algorithm::LogisticRegression(LinearFit {
        intercept: Intercept {
            coefficient: -0.1,
            standard_error: None,
        },
        linear_terms: vec![LinearTerm {
            input: "leeftijd".to_owned(),
            coefficient: 0.1,
            standard_error: None,
            mean: 40.0,
        }],
        spline_terms: vec![],
        category_terms: vec![],
        missing_terms: vec![],
        covariance: None,
    });
    model.calibration = Calibration::None;
    model.training.split = Split::Random {
        test_share: 0.3,
        group: None,
    };
    model
}

/// A count per month, from a negative binomial.
pub(crate) fn visits() -> Model {
    let Algorithm::LogisticRegression(mut linear) = minimal().algorithm else {
        unreachable!()
    };
    linear.intercept = Intercept {
        coefficient: -1.5,
        standard_error: Some(0.2),
    };
    linear.linear_terms[0].coefficient = 0.02;
    linear.linear_terms[0].standard_error = Some(0.004);
    linear.covariance = Some(vec![vec![0.04], vec![-0.0006, 0.000_016]]);
    Model {
        name: "visits".to_owned(),
        title: Meaning::new("Bezoeken aan de Wmo-balie", "Visits to the social desk"),
        kind: Kind::Regression,
        output: Output {
            name: "bezoeken".to_owned(),
            meaning: Meaning::new("bezoeken per maand", "visits per month"),
            horizon: None,
        },
        link: Link::Log,
        algorithm: Algorithm::GeneralisedLinear(GeneralisedFit {
            family: Family::NegativeBinomial,
            theta: Some(1.25),
            residual_variance: None,
            critical: 1.959_963_984_540_054,
            per: Some("maanden".to_owned()),
            linear,
        }),
        similar_cases: None,
        privacy: None,
        provisions: None,
        training: Training {
            events: None,
            ..training()
        },
        ..minimal()
    }
}

/// Two groups on two inputs.
pub(crate) fn groups() -> Model {
    let centre = |name: &str, values: [f64; 2]| Centre {
        name: Meaning::new(format!("groep {name}"), format!("group {name}")),
        rows: 10,
        values: values.to_vec(),
    };
    let standard = |input: &str, mean: f64, scale: f64| Standardisation {
        input: input.to_owned(),
        mean,
        scale,
    };
    Model {
        name: "client-groups".to_owned(),
        title: Meaning::new("Groepen klanten", "Groups of clients"),
        kind: Kind::Clustering,
        output: Output {
            name: "groep".to_owned(),
            meaning: Meaning::new("de groep die het meest lijkt", "the most similar group"),
            horizon: None,
        },
        inputs: vec![
            input(
                "leeftijd",
                InputType::Integer,
                MissingRule::Median { value: 41.0 },
            ),
            input("kinderen", InputType::Boolean, MissingRule::Reject),
        ],
        link: Link::None,
        algorithm: Algorithm::KMeans(KMeansFit {
            standardisation: vec![
                standard("leeftijd", 40.0, 10.0),
                standard("kinderen", 0.5, 0.5),
            ],
            centres: vec![centre("een", [-1.0, -1.0]), centre("twee", [1.0, 1.0])],
            inertia: 3.25,
        }),
        calibration: Calibration::None,
        similar_cases: None,
        privacy: None,
        provisions: None,
        training: Training {
            events: None,
            split: Split::None,
            ..training()
        },
        ..regression()
    }
}

/// A regression on `n` numbers, for speed and properties.
pub(crate) fn wide(coefficients: &[f64], means: &[f64]) -> Model {
    let mut model = minimal();
    let name = |place: usize| format!("x{place}");
    let inputs = coefficients.iter().enumerate();
    model.inputs = inputs
        .clone()
        .map(|(i, _)| input(&name(i), InputType::Number, MissingRule::Reject))
        .collect();
    let terms = inputs
        .zip(means)
        .map(|((i, coefficient), mean)| LinearTerm {
            input: name(i),
            coefficient: *coefficient,
            standard_error: None,
            mean: *mean,
        });
    let Algorithm::LogisticRegression(fit) = &mut model.algorithm else {
        unreachable!()
    };
    fit.linear_terms = terms.collect();
    model
}
