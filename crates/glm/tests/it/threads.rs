//! The number of threads changes nothing, not even the last bit.

use crate::support::{outcome, strings};
use helder_glm::{
    Design, ElasticNet, Family, FirthRegression, Glm, LogisticFit, LogisticRegression, Response,
};

fn bits(fit: &LogisticFit) -> Vec<u64> {
    let single = [fit.log_likelihood, fit.max_abs_gradient];
    let all = fit
        .estimates()
        .into_iter()
        .chain(fit.covariance.clone())
        .chain(fit.robust_covariance.clone())
        .chain(single);
    all.map(f64::to_bits).collect()
}

#[test]
fn one_and_four_threads_give_the_same_bits() {
    let data = crate::support::adult(false);
    let reference = crate::support::reference("adult.json");
    let (_, train) = data.split();
    let design = data.design(
        &strings(&reference["numeric"]),
        &strings(&reference["categorical"]),
        &train,
    );
    let y = outcome(&data, reference["target"].as_str().unwrap(), &train);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| LogisticRegression::new().fit(&design, &y).unwrap())
    };
    let one = on(1);
    for threads in [2, 4] {
        assert_eq!(bits(&one), bits(&on(threads)), "{threads} threads");
    }
}

/// Every family, a path and a penalised likelihood on rows of three chunks, in one text with all digits.
fn everything() -> String {
    let n = 5_000;
    let column = |step: usize| -> Vec<f64> {
        (0..n)
            .map(|row| ((row * step) % 101) as f64 / 17.0)
            .collect()
    };
    let design = Design::new(n, [("a", column(7)), ("b", column(31)), ("c", column(57))]).unwrap();
    let y: Vec<f64> = (0..n)
        .map(|row| ((row * row + row / 3) % 7 % 4) as f64)
        .collect();
    let yes: Vec<f64> = y.iter().map(|y| f64::from(u8::from(*y > 1.0))).collect();
    let exposure = column(13).iter().map(|x| x + 1.0).collect::<Vec<f64>>();
    let mut said: Vec<String> = Vec::new();
    for family in [Family::Gaussian, Family::GaussianLog, Family::Poisson] {
        let fit = Glm::new(family).fit(&design, &Response::new(&y)).unwrap();
        said.push(format!("{fit:?}"));
    }
    for family in [Family::Binomial, Family::BinomialCloglog] {
        let response = Response::new(&yes).weights(&exposure);
        let fit = Glm::new(family).fit(&design, &response).unwrap();
        said.push(format!("{fit:?}"));
    }
    let rates = Response::new(&y).exposure(&exposure);
    let counts = Glm::negative_binomial().fit(&design, &rates).unwrap();
    let path = ElasticNet::new(Family::Poisson, 0.5)
        .fit(&design, &rates)
        .unwrap();
    let firth = FirthRegression::new()
        .without_profile()
        .fit(&design, &Response::new(&yes))
        .unwrap();
    said.push(format!("{counts:?} {path:?} {firth:?}"));
    said.join("\n")
}

#[test]
fn every_family_gives_the_same_bits_on_one_and_on_three_threads() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(everything)
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn coefficients_chosen_beforehand_are_recovered() {
    let truth = [-0.5, 0.8, -1.2];
    let mut state = 42_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let n = 50_000;
    let a: Vec<f64> = (0..n).map(|_| uniform() * 4.0 - 2.0).collect();
    let b: Vec<f64> = (0..n)
        .map(|_| f64::from(u8::from(uniform() < 0.3)))
        .collect();
    let y: Vec<bool> = (0..n)
        .map(|i| uniform() < 1.0 / (1.0 + (-(truth[0] + truth[1] * a[i] + truth[2] * b[i])).exp()))
        .collect();
    let design = Design::new(n, [("a", a), ("b", b)]).unwrap();
    let fit = LogisticRegression::new().fit(&design, &y).unwrap();
    for (coefficient, truth) in fit.coefficients.iter().zip(truth) {
        assert!(
            (coefficient.estimate - truth).abs() < 4.0 * coefficient.standard_error,
            "{}",
            coefficient.name
        );
        assert!(
            (coefficient.robust_standard_error / coefficient.standard_error - 1.0).abs() < 0.05
        );
    }
}
