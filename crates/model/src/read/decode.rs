//! The tree as a model. One function per part of the format, in the order of the file.

mod actionable;
mod cases;
mod edits;
mod groups;
mod hazard;
mod interval;
mod preparation;
mod provision;
mod terms;
mod training;
mod tree;

use helder_types::Fault;

use super::{
    fields::{Faults, Fields, Place},
    json::Json,
};
use crate::{
    Accountant, Algorithm, Calibration, Category, CategoryTerm, Centre, FORMAT, Family,
    GeneralisedFit, Input, InputType, Intercept, KMeansFit, Kind, LevelTerm, LinearFit, Link,
    Meaning, Mechanism, MissingRule, Model, Output, Privacy, Standardisation, TrainingRange,
    UnknownCategory,
};

/// Reads the parts; every fault of form at once.
pub(super) fn model(tree: &Json) -> Result<Model, Vec<Fault>> {
    let faults = Faults::default();
    let model = document(&Place {
        json: tree,
        pointer: String::new(),
        faults: &faults,
    });
    let faults = faults.into_inner();
    match model {
        Some(model) if faults.is_empty() => Ok(model),
        _ => Err(faults),
    }
}

fn document(place: &Place<'_>) -> Option<Model> {
    let mut fields = place.fields()?;
    let format = fields.required("format")?;
    if *format.json != Json::Text(FORMAT.to_owned()) {
        format.fault(
            "unknown-format",
            format!("this version of Helder reads {FORMAT}"),
        );
        return None;
    }
    let name = fields.text("name");
    let title = meaning(&mut fields, "title");
    let kinds = [
        ("binary_classification", Kind::BinaryClassification),
        ("clustering", Kind::Clustering),
        ("regression", Kind::Regression),
        ("survival", Kind::Survival),
    ];
    let links = [
        ("logit", Link::Logit),
        ("none", Link::None),
        ("identity", Link::Identity),
        ("log", Link::Log),
        ("cloglog", Link::Cloglog),
    ];
    let kind = fields
        .required("kind")
        .and_then(|place| place.one_of(&kinds));
    let output = fields.required("output").and_then(|place| output(&place));
    let inputs = fields.list("inputs", |place| input(&place));
    let link = fields
        .required("link")
        .and_then(|place| place.one_of(&links));
    let algorithm = algorithm(&mut fields);
    let calibration = fields
        .required("calibration")
        .and_then(|place| calibration(&place));
    let similar_cases = fields
        .optional("similarCases")
        .map(|place| cases::similar_cases(&place));
    let privacy = fields.optional("privacy").map(|place| privacy(&place));
    let provisions = fields
        .optional("provisions")
        .map(|place| provision::provisions(&place));
    let training = fields
        .required("training")
        .and_then(|place| training::training(&place));
    fields.done();
    Some(Model {
        format: FORMAT.to_owned(),
        name,
        title,
        kind: kind?,
        output: output?,
        inputs: inputs.into_iter().collect::<Option<_>>()?,
        link: link?,
        algorithm: algorithm?,
        calibration: calibration?,
        similar_cases: similar_cases.map_or(Some(None), |cases| cases.map(Some))?,
        privacy: privacy.map_or(Some(None), |privacy| privacy.map(Some))?,
        provisions: provisions.map_or(Some(None), |found| found.map(Some))?,
        training: training?,
    })
}

fn meaning(fields: &mut Fields<'_>, key: &'static str) -> Meaning {
    let empty = Meaning {
        nl: String::new(),
        en: String::new(),
    };
    fields
        .required(key)
        .and_then(|place| texts(&place))
        .unwrap_or(empty)
}

fn texts(place: &Place<'_>) -> Option<Meaning> {
    let mut fields = place.fields()?;
    let meaning = Meaning {
        nl: fields.text("nl"),
        en: fields.text("en"),
    };
    fields.done();
    Some(meaning)
}

fn output(place: &Place<'_>) -> Option<Output> {
    let mut fields = place.fields()?;
    let output = Output {
        name: fields.text("name"),
        meaning: meaning(&mut fields, "meaning"),
        horizon: fields.optional_text("horizon"),
    };
    fields.done();
    Some(output)
}

fn input(place: &Place<'_>) -> Option<Input> {
    let mut fields = place.fields()?;
    let types = [
        ("number", InputType::Number),
        ("integer", InputType::Integer),
        ("boolean", InputType::Boolean),
        ("category", InputType::Category),
    ];
    let name = fields.text("name");
    let kind = fields
        .required("type")
        .and_then(|place| place.one_of(&types));
    let unit = fields.optional_text("unit");
    let training_range = fields.optional("trainingRange").map(|place| range(&place));
    let categories = fields
        .optional("categories")
        .map_or_else(Vec::new, |place| place.list(|place| category(&place)));
    let unknown_category = fields
        .optional("unknownCategory")
        .map(|place| unknown_category(&place));
    let missing = fields.required("missing").and_then(|place| missing(&place));
    let preparation = fields
        .optional("preparation")
        .map(|place| preparation::preparation(&place));
    let meaning = meaning(&mut fields, "meaning");
    let source_field = fields.optional_text("sourceField");
    let justification = fields.text("justification");
    let actionable = fields
        .optional("actionable")
        .map(|place| actionable::actionable(&place));
    fields.done();
    Some(Input {
        name,
        kind: kind?,
        unit,
        training_range: training_range.map_or(Some(None), |range| range.map(Some))?,
        categories: categories.into_iter().collect::<Option<_>>()?,
        unknown_category: unknown_category.map_or(Some(None), |rule| rule.map(Some))?,
        missing: missing?,
        preparation: preparation.map_or(Some(None), |how| how.map(Some))?,
        meaning,
        source_field,
        justification,
        actionable: actionable.map_or(Some(None), |how| how.map(Some))?,
    })
}

fn range(place: &Place<'_>) -> Option<TrainingRange> {
    let mut fields = place.fields()?;
    let range = TrainingRange {
        minimum: fields.number("minimum"),
        maximum: fields.number("maximum"),
    };
    fields.done();
    Some(range)
}

fn category(place: &Place<'_>) -> Option<Category> {
    let mut fields = place.fields()?;
    let level = fields.text("level");
    let meaning = fields.optional("meaning").and_then(|place| texts(&place));
    fields.done();
    Some(Category { level, meaning })
}

fn missing(place: &Place<'_>) -> Option<MissingRule> {
    #[derive(Clone, Copy)]
    enum Rule {
        Indicator,
        Median,
        Level,
        OwnEffect,
        LeftOut,
        Reject,
    }
    let rules = [
        ("median_and_indicator", Rule::Indicator),
        ("median", Rule::Median),
        ("level", Rule::Level),
        ("own_effect", Rule::OwnEffect),
        ("left_out", Rule::LeftOut),
        ("reject", Rule::Reject),
    ];
    let mut fields = place.fields()?;
    let rule = match fields.required("rule")?.one_of(&rules)? {
        Rule::Indicator => MissingRule::MedianAndIndicator {
            value: fields.number("value"),
        },
        Rule::Median => MissingRule::Median {
            value: fields.number("value"),
        },
        Rule::Level => MissingRule::Level {
            level: fields.text("level"),
        },
        Rule::OwnEffect => MissingRule::OwnEffect,
        Rule::LeftOut => MissingRule::LeftOut,
        Rule::Reject => MissingRule::Reject,
    };
    fields.done();
    Some(rule)
}

fn unknown_category(place: &Place<'_>) -> Option<UnknownCategory> {
    let mut fields = place.fields()?;
    let names_a_level = fields
        .required("rule")?
        .one_of(&[("level", true), ("reject", false)])?;
    let rule = if names_a_level {
        UnknownCategory::Level {
            level: fields.text("level"),
        }
    } else {
        UnknownCategory::Reject
    };
    fields.done();
    Some(rule)
}

fn algorithm(fields: &mut Fields<'_>) -> Option<Algorithm> {
    type Read = fn(&Place<'_>) -> Option<Algorithm>;
    let known: [(&str, Read); 12] = [
        ("logistic_regression", |place| {
            linear(place).map(Algorithm::LogisticRegression)
        }),
        ("k_means", |place| k_means(place).map(Algorithm::KMeans)),
        ("explainable_boosting", |place| {
            terms::fit(place).map(Algorithm::ExplainableBoosting)
        }),
        ("generalised_linear", |place| {
            generalised(place).map(Algorithm::GeneralisedLinear)
        }),
        ("scorecard", |place| {
            terms::points(place).map(Algorithm::Scorecard)
        }),
        ("decision_tree", |place| {
            tree::fit(place).map(Algorithm::DecisionTree)
        }),
        ("rule_list", |place| {
            tree::fit(place).map(Algorithm::RuleList)
        }),
        ("cox_regression", |place| {
            hazard::fit(place).map(Algorithm::CoxRegression)
        }),
        ("hazard_boosting", |place| {
            interval::fit(place).map(Algorithm::HazardBoosting)
        }),
        ("hazard_regression", |place| {
            interval::regression(place).map(Algorithm::HazardRegression)
        }),
        ("k_prototypes", |place| {
            groups::prototypes(place).map(Algorithm::KPrototypes)
        }),
        ("gaussian_mixture", |place| {
            groups::mixture(place).map(Algorithm::GaussianMixture)
        }),
    ];
    let read = fields.required("algorithm")?.one_of(&known);
    let place = fields.required("fitted")?;
    read?(&place)
}

fn generalised(place: &Place<'_>) -> Option<GeneralisedFit> {
    let families = [
        Family::Gaussian,
        Family::Poisson,
        Family::NegativeBinomial,
        Family::Binomial,
    ]
    .map(|family| (family.as_str(), family));
    let mut fields = place.fields()?;
    let family = fields
        .required("family")
        .and_then(|place| place.one_of(&families));
    let theta = fields.optional_number("theta");
    let residual_variance = fields.optional_number("residualVariance");
    let critical = fields.number("critical");
    let per = fields.optional_text("per");
    let linear = fields.required("linear").and_then(|place| linear(&place));
    fields.done();
    Some(GeneralisedFit {
        family: family?,
        theta,
        residual_variance,
        critical,
        per,
        linear: linear?,
    })
}

fn linear(place: &Place<'_>) -> Option<LinearFit> {
    let mut fields = place.fields()?;
    let intercept = fields.required("intercept").and_then(|place| {
        let mut fields = place.fields()?;
        let coefficient = fields.number("coefficient");
        let standard_error = fields.optional_number("standardError");
        fields.done();
        Some(Intercept {
            coefficient,
            standard_error,
        })
    });
    let terms = hazard::terms(&mut fields);
    fields.done();
    let terms = terms?;
    Some(LinearFit {
        intercept: intercept?,
        linear_terms: terms.linear_terms,
        spline_terms: terms.spline_terms,
        category_terms: terms.category_terms,
        missing_terms: terms.missing_terms,
        covariance: terms.covariance,
    })
}

/// What each kind of term has in common; `key` names what the term is of.
fn effect(place: &Place<'_>, key: &'static str) -> Option<(String, f64, Option<f64>, f64)> {
    let mut fields = place.fields()?;
    let name = fields.text(key);
    let coefficient = fields.number("coefficient");
    let standard_error = fields.optional_number("standardError");
    let mean = fields.number("mean");
    fields.done();
    Some((name, coefficient, standard_error, mean))
}

fn category_term(place: &Place<'_>) -> Option<CategoryTerm> {
    let mut fields = place.fields()?;
    let input = fields.text("input");
    let reference_level = fields.text("referenceLevel");
    let levels = fields.list("levels", |place| {
        let (level, coefficient, standard_error, mean) = effect(&place, "level")?;
        Some(LevelTerm {
            level,
            coefficient,
            standard_error,
            mean,
        })
    });
    fields.done();
    Some(CategoryTerm {
        input,
        reference_level,
        levels: levels.into_iter().collect::<Option<_>>()?,
    })
}

fn k_means(place: &Place<'_>) -> Option<KMeansFit> {
    let mut fields = place.fields()?;
    let scales = fields.list("standardisation", |place| standardisation(&place));
    let centres = fields.list("centres", |place| {
        let mut fields = place.fields()?;
        let name = meaning(&mut fields, "name");
        let rows = fields.count("rows");
        let values = fields.list("values", |place| place.number());
        fields.done();
        Some(Centre { name, rows, values })
    });
    let inertia = fields.number("inertia");
    fields.done();
    Some(KMeansFit {
        standardisation: scales.into_iter().collect::<Option<_>>()?,
        centres: centres.into_iter().collect::<Option<_>>()?,
        inertia,
    })
}

fn standardisation(place: &Place<'_>) -> Option<Standardisation> {
    let mut fields = place.fields()?;
    let (input, mean, scale) = (
        fields.text("input"),
        fields.number("mean"),
        fields.number("scale"),
    );
    fields.done();
    Some(Standardisation { input, mean, scale })
}

fn calibration(place: &Place<'_>) -> Option<Calibration> {
    let mut fields = place.fields()?;
    let calibration = if fields
        .required("method")?
        .one_of(&[("none", false), ("logistic", true)])?
    {
        Calibration::Logistic {
            intercept: fields.number("intercept"),
            slope: fields.number("slope"),
        }
    } else {
        Calibration::None
    };
    fields.done();
    Some(calibration)
}

fn privacy(place: &Place<'_>) -> Option<Privacy> {
    let mut fields = place.fields()?;
    let (epsilon, delta) = (fields.number("epsilon"), fields.number("delta"));
    let mechanism = fields
        .required("mechanism")
        .and_then(|place| place.one_of(&[("gaussian_sums", Mechanism::GaussianSums)]));
    let accountant = fields
        .required("accountant")
        .and_then(|place| place.one_of(&[("gaussian_dp", Accountant::GaussianDp)]));
    fields.done();
    Some(Privacy {
        epsilon,
        delta,
        mechanism: mechanism?,
        accountant: accountant?,
    })
}
