//! Proportional hazards along penalised curves.

use serde::Serialize;

use super::{
    Cox, SmoothCurve, SmoothFit, TieMethod,
    fit::varies,
    newton::{self, Surface},
    ordered::Ordered,
};
use crate::{
    Design, PSpline, Spells, SurvivalError,
    matrix::{Cholesky, Symmetric, dot},
};

const MOST_STEPS: usize = 60;
/// Rounds over the curves, and tries per curve, of a search for degrees of freedom.
const MOST_ROUNDS: usize = 40;
const MOST_TRIES: usize = 80;
/// How near the degrees of freedom come to what was asked.
const NEAR: f64 = 1e-10;
/// Smallest and largest logarithm of a penalty in a search.
const PENALTIES: [f64; 2] = [-14.0, 16.0];

/// How much a curve may bend.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Smoothing {
    /// The penalty is `θ / (1 − θ)` times half the sum of squared second differences; above 0 (free) and below 1 (a line).
    Theta(f64),
    /// The penalty is searched that leaves so many degrees of freedom: above 1, which is a line, and at most the stretches of the spline.
    DegreesOfFreedom(f64),
}

/// A column that counts as a penalised curve.
#[derive(Clone, Debug, PartialEq)]
pub struct SmoothTerm {
    /// Name of the column.
    pub name: String,
    /// Its values, shape `(n,)`.
    pub values: Vec<f64>,
    /// The pieces of the curve.
    pub spline: PSpline,
    /// How much it may bend.
    pub smoothing: Smoothing,
}

/// The rows, and where the columns of each curve are.
struct Problem<'a> {
    cox: &'a Cox,
    rows: Ordered<'static>,
    names: Vec<String>,
    terms: &'a [SmoothTerm],
    /// First column of each curve.
    first: Vec<usize>,
    /// Of each curve, in the scale of the rows.
    roughness: Vec<Vec<f64>>,
}

/// Where the penalised likelihood is highest.
struct Top {
    gamma: Vec<f64>,
    log_likelihood: f64,
    penalty: f64,
    inverse: Symmetric,
    /// `inverse × information × inverse`.
    sampling: Symmetric,
}

impl Cox {
    /// Estimates columns and penalised curves together (P-splines). `self` says ties and confidence; a penalty of its own or robust errors
    /// have no part in it.
    ///
    /// # Errors
    /// As [`Cox::fit`]; exact ties; a smoothing outside its range; columns that do not vary or follow from each other; degrees of freedom
    /// that no penalty gives.
    ///
    /// # Source
    /// Eilers & Marx 1996 (doi 10.1214/ss/1038425655); degrees of freedom and errors: Gray 1992 (doi 10.1080/01621459.1992.10476248).
    /// Compared with R 4.2.2, survival 3.5-3 (`coxph` with `pspline`).
    pub fn fit_smooth(
        &self,
        spells: &Spells,
        design: &Design,
        terms: &[SmoothTerm],
    ) -> Result<SmoothFit, SurvivalError> {
        let problem = Problem::new(self, spells, design, terms)?;
        let mut penalties: Vec<f64> = terms.iter().map(|term| term.smoothing.start()).collect();
        let mut gamma = vec![0.0; problem.rows.p];
        let mut top = problem.top(&penalties, &gamma)?;
        let asked: Vec<(usize, f64)> = terms
            .iter()
            .enumerate()
            .filter_map(|(k, term)| match term.smoothing {
                Smoothing::DegreesOfFreedom(asked) => Some((k, asked)),
                Smoothing::Theta(_) => None,
            })
            .collect();
        for round in 0.. {
            let far = |(k, asked): &(usize, f64)| {
                Ok::<f64, SurvivalError>((problem.df_of_curve(&top, *k)? - asked).abs())
            };
            let farthest = asked.iter().map(far).collect::<Result<Vec<f64>, _>>()?;
            if farthest.iter().all(|far| *far <= NEAR) {
                break;
            }
            if round == MOST_ROUNDS {
                return Err(SurvivalError::NotConverged {
                    iterations: MOST_ROUNDS,
                });
            }
            for (k, asked) in &asked {
                top = problem.search((*k, *asked), &mut penalties, &mut gamma)?;
            }
        }
        problem.told(&top, &penalties)
    }
}

impl Smoothing {
    fn is_within(self, terms: usize) -> bool {
        match self {
            Self::Theta(theta) => theta > 0.0 && theta < 1.0,
            Self::DegreesOfFreedom(asked) => asked > 1.0 && asked <= terms as f64,
        }
    }

    /// The penalty to begin with.
    fn start(self) -> f64 {
        match self {
            Self::Theta(theta) => theta / (1.0 - theta),
            Self::DegreesOfFreedom(_) => 1.0,
        }
    }
}

impl<'a> Problem<'a> {
    fn new(
        cox: &'a Cox,
        spells: &Spells,
        design: &Design,
        terms: &'a [SmoothTerm],
    ) -> Result<Self, SurvivalError> {
        design.check(spells.len())?;
        if cox.ties == TieMethod::Exact {
            return Err(SurvivalError::Setting {
                what: "ties along penalised curves",
                demand: "Efron's or Breslow's",
            });
        }
        if !(cox.confidence > 0.0 && cox.confidence < 1.0) {
            return Err(SurvivalError::Setting {
                what: "confidence",
                demand: "above 0 and below 1",
            });
        }
        if let Some(term) = terms
            .iter()
            .find(|term| !term.smoothing.is_within(term.spline.terms()))
        {
            return Err(match term.smoothing {
                Smoothing::Theta(_) => SurvivalError::Setting {
                    what: "theta of a curve",
                    demand: "above 0 and below 1",
                },
                Smoothing::DegreesOfFreedom(_) => SurvivalError::Setting {
                    what: "degrees of freedom of a curve",
                    demand: "above 1 and at most the stretches of its spline",
                },
            });
        }
        if spells.n_events() == 0 {
            return Err(SurvivalError::NoEvents {
                spells: spells.len(),
            });
        }
        let mut columns = Vec::new();
        let mut first = Vec::new();
        for term in terms {
            crate::spells::same_length(&term.name, spells.len(), term.values.len())?;
            if term.values.iter().any(|value| !value.is_finite()) {
                return Err(SurvivalError::NotFinite(vec![term.name.clone()]));
            }
            first.push(columns.len());
            let rows: Vec<Vec<f64>> = term.values.iter().map(|x| term.spline.basis(*x)).collect();
            let names = term.spline.names(&term.name).into_iter().enumerate();
            columns.extend(names.map(|(k, name)| {
                let column: Vec<f64> = rows.iter().map(|row| row[k]).collect();
                (name, column)
            }));
        }
        let lines = design.names.iter().zip(&design.columns);
        if columns.is_empty() || lines.clone().any(|(_, values)| !varies(values)) {
            return Err(SurvivalError::NothingVaries);
        }
        columns.extend(lines.map(|(name, values)| (name.clone(), values.clone())));
        let joined = Design {
            strata: design.strata.clone(),
            offset: design.offset.clone(),
            ..Design::new(columns)?
        };
        let all: Vec<usize> = (0..joined.columns.len()).collect();
        let rows = Ordered::new(spells, &joined, &all);
        let scaled = |(term, first): (&SmoothTerm, &usize)| {
            let p = term.spline.width();
            let mut matrix = term.spline.roughness();
            for (place, value) in matrix.iter_mut().enumerate() {
                *value *= rows.scale[first + place / p] * rows.scale[first + place % p];
            }
            matrix
        };
        Ok(Self {
            cox,
            roughness: terms.iter().zip(&first).map(scaled).collect(),
            names: joined.names,
            rows,
            terms,
            first,
        })
    }

    /// Likelihood, slope and curvature with the penalty, and the penalty alone.
    fn penalised(&self, penalties: &[f64], gamma: &[f64]) -> Result<(Surface, f64), SurvivalError> {
        let plain = Cox {
            l2: 0.0,
            ..*self.cox
        };
        let mut at = newton::surface(&plain, &self.rows, gamma)?;
        let mut all = 0.0;
        for ((first, matrix), penalty) in self.first.iter().zip(&self.roughness).zip(penalties) {
            let p = matrix.len().isqrt();
            let own = &gamma[*first..first + p];
            for (i, row) in matrix.chunks_exact(p).enumerate() {
                let slope = penalty * dot(row, own);
                all += slope * own[i] / 2.0;
                at.gradient[first + i] -= slope;
                for (j, value) in row.iter().enumerate().take(i + 1) {
                    at.information.add(first + i, first + j, penalty * value);
                }
            }
        }
        at.log_likelihood -= all;
        Ok((at, all))
    }

    /// The top of the penalised likelihood, by Newton's steps from `gamma`.
    fn top(&self, penalties: &[f64], gamma: &[f64]) -> Result<Top, SurvivalError> {
        let mut gamma = gamma.to_vec();
        let (mut at, mut penalty) = self.penalised(penalties, &gamma)?;
        let mut last = f64::INFINITY;
        for steps in 1..=MOST_STEPS {
            let singular = || SurvivalError::MonotoneLikelihood(self.names.clone());
            let factor = Cholesky::new(&at.information).ok_or_else(singular)?;
            let step = factor.solve(&at.gradient);
            let decrement = dot(&step, &at.gradient);
            // Newton squares what is missing: where a small step no longer shrinks, what is left is rounding.
            let is_there = decrement <= 1e-24 || (decrement <= 1e-14 && decrement >= last / 4.0);
            if is_there {
                return Ok(self.at_top(gamma, (at, penalty), &factor, penalties));
            }
            last = decrement;
            let mut share = 1.0;
            (gamma, at, penalty) = loop {
                let next: Vec<f64> = gamma
                    .iter()
                    .zip(&step)
                    .map(|(gamma, step)| gamma + share * step)
                    .collect();
                let (then, penalty) = self.penalised(penalties, &next)?;
                if then.log_likelihood >= at.log_likelihood - 1e-11 * at.log_likelihood.abs() {
                    break (next, then, penalty);
                }
                share /= 2.0;
                if share < 1e-6 {
                    return Err(SurvivalError::NotConverged { iterations: steps });
                }
            };
        }
        Err(SurvivalError::NotConverged {
            iterations: MOST_STEPS,
        })
    }

    fn at_top(
        &self,
        gamma: Vec<f64>,
        (at, penalty): (Surface, f64),
        factor: &Cholesky,
        penalties: &[f64],
    ) -> Top {
        let inverse = factor.inverse();
        let mut information = at.information;
        for ((first, matrix), strength) in self.first.iter().zip(&self.roughness).zip(penalties) {
            let p = matrix.len().isqrt();
            for (i, row) in matrix.chunks_exact(p).enumerate() {
                for (j, value) in row.iter().enumerate().take(i + 1) {
                    information.add(first + i, first + j, -strength * value);
                }
            }
        }
        let p = self.rows.p;
        let mut sampling = Symmetric::zeros(p);
        for i in 0..p {
            let row: Vec<f64> = (0..p).map(|k| inverse.get(i, k)).collect();
            let through = inverse.times(&information.times(&row));
            for (j, value) in through.iter().enumerate().take(i + 1) {
                sampling.add(i, j, *value);
            }
        }
        Top {
            gamma,
            log_likelihood: at.log_likelihood + penalty,
            penalty,
            inverse,
            sampling,
        }
    }

    /// Columns of a curve.
    fn columns(&self, curve: usize) -> Vec<usize> {
        let first = self.first[curve];
        (first..first + self.terms[curve].spline.width()).collect()
    }

    fn df_of_curve(&self, top: &Top, curve: usize) -> Result<f64, SurvivalError> {
        df(top, &self.columns(curve)).ok_or(SurvivalError::NothingVaries)
    }

    /// The penalty of one curve at which it has the degrees of freedom asked, the others' staying as they are: they fall as it rises.
    fn search(
        &self,
        (curve, asked): (usize, f64),
        penalties: &mut [f64],
        gamma: &mut Vec<f64>,
    ) -> Result<Top, SurvivalError> {
        let mut try_at = |log: f64| -> Result<(f64, Top), SurvivalError> {
            penalties[curve] = log.exp();
            let top = self.top(penalties, gamma)?;
            gamma.clone_from(&top.gamma);
            Ok((self.df_of_curve(&top, curve)? - asked, top))
        };
        let [mut low, mut high] = PENALTIES;
        let (mut over, mut under) = (try_at(low)?.0, try_at(high)?.0);
        if over < 0.0 || under > 0.0 {
            return Err(SurvivalError::Setting {
                what: "degrees of freedom of a curve",
                demand: "what some penalty leaves: more than a line has, fewer than the column's values can tell",
            });
        }
        let mut side = 0;
        for _ in 0..MOST_TRIES {
            // False position, with the end that stays weighing half (Illinois): faster than halves, and as safe.
            let middle = (low * under - high * over) / (under - over);
            let middle = if middle > low && middle < high {
                middle
            } else {
                f64::midpoint(low, high)
            };
            let (found, top) = try_at(middle)?;
            if found.abs() <= NEAR || high - low < 1e-13 {
                return Ok(top);
            }
            if found > 0.0 {
                (low, over) = (middle, found);
                if side == 1 {
                    under /= 2.0;
                }
                side = 1;
            } else {
                (high, under) = (middle, found);
                if side == -1 {
                    over /= 2.0;
                }
                side = -1;
            }
        }
        Err(SurvivalError::NotConverged {
            iterations: MOST_TRIES,
        })
    }

    fn told(self, top: &Top, penalties: &[f64]) -> Result<SmoothFit, SurvivalError> {
        let scale = &self.rows.scale;
        let unscaled = |of: &Symmetric| -> Vec<Vec<f64>> {
            let entry = |i: usize, j: usize| of.get(i, j) * scale[i] * scale[j];
            let row = |i: usize| (0..scale.len()).map(|j| entry(i, j)).collect();
            (0..scale.len()).map(row).collect()
        };
        let curves = self.terms.iter().enumerate().map(|(k, term)| {
            Ok(SmoothCurve {
                name: term.name.clone(),
                spline: term.spline.clone(),
                theta: penalties[k] / (1.0 + penalties[k]),
                degrees_of_freedom: self.df_of_curve(top, k)?,
                first: self.first[k],
            })
        });
        let curves = curves.collect::<Result<Vec<_>, SurvivalError>>()?;
        let bent: usize = self.terms.iter().map(|term| term.spline.width()).sum();
        let lines = (bent..self.rows.p).map(|j| df(top, &[j]).ok_or(SurvivalError::NothingVaries));
        Ok(SmoothFit {
            degrees_of_freedom: lines.collect::<Result<_, _>>()?,
            estimates: self.rows.unscaled(&top.gamma),
            covariance: unscaled(&top.inverse),
            sampling_covariance: unscaled(&top.sampling),
            curves,
            log_likelihood: top.log_likelihood,
            penalty: top.penalty,
            confidence: self.cox.confidence,
            names: self.names,
        })
    }
}

/// Degrees of freedom of some columns: how much of their variance is not held back, `tr(H⁻¹ⱼⱼ⁻¹ Vⱼⱼ)`.
fn df(top: &Top, columns: &[usize]) -> Option<f64> {
    let factor = Cholesky::new(&top.inverse.part(columns))?;
    let sampling = top.sampling.part(columns);
    let diagonal = (0..columns.len()).map(|j| {
        let column: Vec<f64> = (0..columns.len()).map(|i| sampling.get(i, j)).collect();
        factor.solve(&column)[j]
    });
    Some(diagonal.sum())
}
