//! One number of groups, tried and judged: is every group large enough to tell of, and found again in other samples?

use crate::{
    Evidence, Matrix, Mixed, Mixture, MixtureOptions, Prototypes, PrototypesOptions,
    SegmentationError, Stability, gaussian_mixture, k_prototypes, mixed::UNKNOWN,
    stability::ACCIDENT,
};

/// Samples that judge stability.
const RESAMPLES: usize = 30;
/// Single starts that are compared pair by pair.
const SINGLE_STARTS: usize = 5;
/// How many times the ridge a variance may be and still stand for none at all.
const NO_SPREAD: f64 = 10.0;

/// A fit for one number of groups, with what speaks for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tried<F> {
    /// The fit.
    pub fitted: F,
    /// Group per row as somebody new would get it, shape `(rows,)`.
    pub labels: Vec<usize>,
    /// Rows per group, shape `(k,)`.
    pub sizes: Vec<usize>,
    /// How well the groups are found again.
    pub stability: Stability,
    /// What forbids to use them; `None` where nothing does.
    pub flaw: Option<Flaw>,
}

/// What forbids to use groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A group has fewer rows than may be told of.
    SmallGroup,
    /// In some group a column is known of fewer rows than may be told of.
    SeldomKnown {
        /// Index of the first such column: numbers first, then categories.
        column: usize,
    },
    /// A normal group has no spread of its own in a column, once those before it are known.
    NoSpread {
        /// Index of the first such column.
        column: usize,
    },
}

impl<F> Tried<F> {
    /// The lowest overlap of a group with itself in other samples (Jaccard, in `[0, 1]`).
    pub fn least_stability(&self) -> f64 {
        let each = self.stability.jaccard.iter().copied();
        each.fold(1.0, f64::min)
    }

    /// Whether the groups may be used, and none of them is an accident of the sample.
    pub fn is_worthy(&self) -> bool {
        self.flaw.is_none() && self.least_stability() >= ACCIDENT
    }
}

impl Prototypes {
    /// Fits and judges one number of groups.
    ///
    /// * `smallest` – fewest rows that a group, and every column of it, may tell of
    ///
    /// # Errors
    /// As [`k_prototypes`].
    pub fn tried(
        data: &Mixed,
        options: &PrototypesOptions,
        smallest: usize,
    ) -> Result<Tried<Self>, SegmentationError> {
        let fitted = k_prototypes(data, options)?;
        let stability = fitted.stability(data, options, RESAMPLES, SINGLE_STARTS)?;
        let nearest = fitted.assign(data).into_iter();
        let labels: Vec<usize> = nearest.map(|(group, _)| group).collect();
        let sizes = sizes(&labels, fitted.means.len());
        let flaw = small(&sizes, smallest).or_else(|| seldom(data, &labels, &sizes, smallest));
        Ok(Tried {
            fitted,
            labels,
            sizes,
            stability,
            flaw,
        })
    }

    /// The place of the largest number of groups that is worthy and explains more than one group less does without groups; `None` where no
    /// number is, or where groups are not there at all.
    ///
    /// * `tried` – in the order of their numbers of groups   * `level` – the largest probability of groups that are none
    pub fn chosen(tried: &[Tried<Self>], evidence: &Evidence, level: f64) -> Option<usize> {
        if evidence.p_value > level {
            return None;
        }
        let fits = |tried: &Tried<Self>| {
            tried.is_worthy() && tried.fitted.means.len() <= evidence.stands_out_at
        };
        tried.iter().rposition(fits)
    }
}

impl Mixture {
    /// Fits and judges one number of groups.
    ///
    /// * `smallest` – fewest rows for which a group may be the most probable one
    ///
    /// # Errors
    /// As [`gaussian_mixture`].
    pub fn tried(
        data: &Matrix,
        options: &MixtureOptions,
        smallest: usize,
    ) -> Result<Tried<Self>, SegmentationError> {
        let fitted = gaussian_mixture(data, options)?;
        let stability = fitted.stability(data, options, RESAMPLES, SINGLE_STARTS)?;
        let labels = fitted.labels(data)?;
        let sizes = sizes(&labels, fitted.weights.len());
        let spread = fitted.no_spread(options.ridge)?;
        let flat = spread.map(|column| Flaw::NoSpread { column });
        Ok(Tried {
            flaw: flat.or_else(|| small(&sizes, smallest)),
            fitted,
            labels,
            sizes,
            stability,
        })
    }

    /// The place of the worthy number of groups with the smallest BIC; `None` where no number is worthy, or one group describes the rows
    /// better.
    ///
    /// * `one` – the fit of a single group
    pub fn chosen(tried: &[Tried<Self>], one: &Self) -> Option<usize> {
        let worthy = tried.iter().enumerate().filter(|(_, t)| t.is_worthy());
        let best = worthy.min_by(|(_, a), (_, b)| a.fitted.bic.total_cmp(&b.fitted.bic));
        best.filter(|(_, tried)| tried.fitted.bic < one.bic)
            .map(|(place, _)| place)
    }

    /// The first column that has no spread of its own in some group, once the columns before it are known: what is left is the ridge.
    ///
    /// # Errors
    /// [`SegmentationError::Library`] for covariances that cannot be inverted.
    pub fn no_spread(&self, ridge: f64) -> Result<Option<usize>, SegmentationError> {
        let own = self.own_variances()?;
        let flat = |own: &Vec<f64>| own.iter().position(|v| *v < NO_SPREAD * ridge);
        Ok(own.iter().filter_map(flat).min())
    }
}

fn sizes(labels: &[usize], k: usize) -> Vec<usize> {
    let mut sizes = vec![0; k];
    for &label in labels {
        sizes[label] += 1;
    }
    sizes
}

fn small(sizes: &[usize], smallest: usize) -> Option<Flaw> {
    let is_small = sizes.iter().any(|size| *size < smallest);
    is_small.then_some(Flaw::SmallGroup)
}

/// The first column that too few rows of some group know.
fn seldom(data: &Mixed, labels: &[usize], sizes: &[usize], smallest: usize) -> Option<Flaw> {
    let columns = data.n_numbers() + data.levels().len();
    let mut known = vec![vec![0; sizes.len()]; columns];
    for (row, &label) in labels.iter().enumerate() {
        let numbers = data.numbers(row).iter().map(|x| !x.is_nan());
        let codes = data.categories(row).iter().map(|code| *code != UNKNOWN);
        for (known, is_known) in known.iter_mut().zip(numbers.chain(codes)) {
            known[label] += usize::from(is_known);
        }
    }
    let few = |known: &Vec<usize>| known.iter().any(|n| *n < smallest);
    let column = known.iter().position(few)?;
    Some(Flaw::SeldomKnown { column })
}
