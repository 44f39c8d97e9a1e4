//! Values for gaps, drawn from what the other columns say.

use helder_glm::{Design, Family, Glm, GlmError, GlmFit, Penalty, Response};
use rand::Rng;
use rand_xoshiro::Xoshiro256PlusPlus;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::{cholesky, design::Predictor};

/// Known rows whose value may be given to a gap.
pub(crate) const DONORS: usize = 5;

/// What a fit says, and what it might have said in another sample.
struct Drawn<'a> {
    estimates: Vec<f64>,
    /// Coefficients drawn from their posterior.
    possible: Vec<f64>,
    /// Values of the predictor of each coefficient but the intercept.
    columns: Vec<&'a [f64]>,
}

impl Drawn<'_> {
    /// Linear predictor of some rows.
    fn predictor(&self, coefficients: &[f64], rows: &[usize]) -> Vec<f64> {
        let mut sums = vec![coefficients[0]; rows.len()];
        for (coefficient, values) in coefficients[1..].iter().zip(&self.columns) {
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum += coefficient * values[*row];
            }
        }
        sums
    }
}

/// A standard normal draw.
fn normal(random: &mut Xoshiro256PlusPlus) -> f64 {
    let (u, v): (f64, f64) = (random.r#gen(), random.r#gen());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

fn fit(
    predictors: &[&Predictor],
    known: &[usize],
    family: Family,
    y: &[f64],
) -> Result<GlmFit, GlmError> {
    let columns = predictors.iter().map(|(name, values)| {
        let values: Vec<f64> = known.iter().map(|row| values[*row]).collect();
        (name.as_str(), values)
    });
    let design = Design::new(known.len(), columns)?;
    let response = Response::new(y);
    match Glm::new(family).fit(&design, &response) {
        // A level that decides the outcome by itself, or too many columns for the rows: pulled towards none.
        Err(
            GlmError::Separation { .. }
            | GlmError::TooFewRows { .. }
            | GlmError::NotConverged { .. },
        ) => Glm::new(family)
            .penalty(Penalty::L2 { strength: 1.0 })
            .fit(&design, &response),
        other => other,
    }
}

fn posterior<'a>(
    predictors: &[&'a Predictor],
    fit: &GlmFit,
    random: &mut Xoshiro256PlusPlus,
) -> Option<Drawn<'a>> {
    let p = fit.coefficients.len();
    let estimates = fit.estimates();
    let mut spread = 1.0;
    if fit.family == Family::Gaussian {
        let df = fit.residual_df.max(1) as f64;
        let chi = ChiSquared::new(df)
            .ok()?
            .inverse_cdf(random.r#gen::<f64>().clamp(1e-12, 1.0 - 1e-12));
        spread = (df / chi).sqrt();
    }
    let factor = cholesky::cholesky(&fit.covariance, p)?;
    let noise: Vec<f64> = (0..p).map(|_| normal(random)).collect();
    let possible = (0..p)
        .map(|i| estimates[i] + spread * (0..=i).map(|j| factor[i * p + j] * noise[j]).sum::<f64>())
        .collect();
    let columns = fit.coefficients[1..].iter().map(|coefficient| {
        let own = predictors
            .iter()
            .find(|(name, _)| *name == coefficient.name)?;
        Some(own.1.as_slice())
    });
    Some(Drawn {
        columns: columns.collect::<Option<_>>()?,
        estimates,
        possible,
    })
}

/// Numbers for gaps: each is the value of one of the five known rows that are expected to be most alike (predictive mean matching), so
/// that no impossible value comes in. `shift` is added to each.
///
/// # Source
/// Little, Journal of Business & Economic Statistics 6(3), 1988; matching of type 1 as in van Buuren 2018, Flexible Imputation of Missing
/// Data, §3.4.
pub(crate) fn numbers(
    values: &mut [f64],
    known: &[usize],
    gaps: &[usize],
    predictors: &[&Predictor],
    shift: f64,
    random: &mut Xoshiro256PlusPlus,
) {
    let observed: Vec<f64> = known.iter().map(|row| values[*row]).collect();
    let drawn = fit(predictors, known, Family::Gaussian, &observed)
        .ok()
        .and_then(|fit| posterior(predictors, &fit, random));
    let Some(said) = drawn else {
        // Nothing can be learned from other columns: any known value is as good.
        for row in gaps {
            values[*row] = observed[random.gen_range(0..observed.len())] + shift;
        }
        return;
    };
    let estimated = said.predictor(&said.estimates, known);
    let mut donors: Vec<usize> = (0..known.len()).collect();
    donors.sort_by(|a, b| estimated[*a].total_cmp(&estimated[*b]).then(a.cmp(b)));
    let ordered: Vec<f64> = donors.iter().map(|d| estimated[*d]).collect();
    let goals = said.predictor(&said.possible, gaps);
    for (row, goal) in gaps.iter().zip(goals) {
        let place = nearest(&ordered, goal, random);
        values[*row] = observed[donors[place]] + shift;
    }
}

/// Place of one of the five nearest of `ordered` to `goal`, by chance; where many are equally near, any of them may be among the five.
fn nearest(ordered: &[f64], goal: f64, random: &mut Xoshiro256PlusPlus) -> usize {
    let mut high = ordered.partition_point(|value| *value < goal);
    let mut low = high;
    while high - low < DONORS.min(ordered.len()) {
        let left = (low > 0).then(|| goal - ordered[low - 1]);
        let right = (high < ordered.len()).then(|| ordered[high] - goal);
        match (left, right) {
            (Some(left), Some(right)) if left <= right => low -= 1,
            (Some(_), None) => low -= 1,
            (_, Some(_)) => high += 1,
            (None, None) => break,
        }
    }
    let place = random.gen_range(low..high);
    let value = ordered[place];
    let first = ordered.partition_point(|other| *other < value);
    let last = ordered.partition_point(|other| *other <= value);
    random.gen_range(first..last)
}

/// Levels for gaps: by logistic regressions of one level against those after it, the most frequent first. `lift` adds to the log odds of a
/// level.
pub(crate) fn levels(
    codes: &mut [Option<u32>],
    known: &[usize],
    gaps: &[usize],
    predictors: &[&Predictor],
    lift: Option<(u32, f64)>,
    random: &mut Xoshiro256PlusPlus,
) {
    let mut counts: Vec<(usize, u32)> = Vec::new();
    for row in known {
        let Some(code) = codes[*row] else { continue };
        match counts.iter_mut().find(|(_, c)| *c == code) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, code)),
        }
    }
    counts.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    // Chance of each level per gap, level by level.
    let mut left: Vec<f64> = vec![1.0; gaps.len()];
    let mut chances: Vec<Vec<f64>> = Vec::new();
    let mut rest: Vec<usize> = known.to_vec();
    for (place, (count, code)) in counts.iter().enumerate() {
        if place + 1 == counts.len() {
            chances.push(std::mem::take(&mut left));
            break;
        }
        let y: Vec<f64> = rest
            .iter()
            .map(|row| f64::from(u8::from(codes[*row] == Some(*code))))
            .collect();
        let drawn = fit(predictors, &rest, Family::Binomial, &y)
            .ok()
            .and_then(|fit| posterior(predictors, &fit, random));
        let alone = *count as f64 / rest.len() as f64;
        let here: Vec<f64> = drawn.map_or_else(
            || vec![alone; gaps.len()],
            |said| {
                let logits = said.predictor(&said.possible, gaps).into_iter();
                logits.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
            },
        );
        chances.push(left.iter().zip(&here).map(|(l, h)| l * h).collect());
        left.iter_mut().zip(&here).for_each(|(l, h)| *l *= 1.0 - h);
        rest.retain(|row| codes[*row] != Some(*code));
    }
    let odds: Vec<f64> = counts
        .iter()
        .map(|(_, code)| match lift {
            Some((level, by)) if level == *code => by.exp(),
            _ => 1.0,
        })
        .collect();
    for (place, row) in gaps.iter().enumerate() {
        let total: f64 = chances.iter().zip(&odds).map(|(c, o)| c[place] * o).sum();
        let mut draw = random.r#gen::<f64>() * total;
        let mut chosen = counts[0].1;
        for ((chance, odd), (_, code)) in chances.iter().zip(&odds).zip(&counts) {
            chosen = *code;
            draw -= chance[place] * odd;
            if draw < 0.0 {
                break;
            }
        }
        codes[*row] = Some(chosen);
    }
}
