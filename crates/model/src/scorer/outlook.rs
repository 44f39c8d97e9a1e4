//! What a survival model says of one row.

/// How long it may take, and which cause may end it. Chances are of people like this one, not of how this person will fare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlook {
    /// When half of those like this one have ended, by any cause.
    pub median: MedianTime,
    /// Chance at each horizon that it has not ended.
    pub lasting: Vec<Chance>,
    /// Per cause, in the order of the model.
    pub causes: Vec<OutlookCause>,
    /// Place of the risk class among those of the model; `None` where it has none.
    pub risk_class: Option<usize>,
    /// The whole curve, when asked.
    pub curve: Option<OutlookCurve>,
}

/// A time in days with its 95 % interval; each `None` where the curve does not come so low within the training data.
///
/// The ends of the interval are at the knots of the model, so where times were thinned they lie up to one knot late.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MedianTime {
    /// First time at which at most half is left.
    pub time: Option<f64>,
    /// Lower end.
    pub lower: Option<f64>,
    /// Upper end.
    pub upper: Option<f64>,
}

/// A chance at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Chance {
    /// Days after the beginning.
    pub time: f64,
    /// In `[0, 1]`.
    pub chance: f64,
    /// 95 % interval on the scale of log(−log), with the uncertainty of the coefficients; `None` where the chance is 0 or 1, or the
    /// model keeps no covariance.
    pub interval: Option<super::Interval>,
    /// The time lies beyond the last end in training: the chance is that of the last end, and says too little.
    pub is_beyond: bool,
}

/// One cause.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutlookCause {
    /// Logarithm of the hazard ratio beside the average training row; the sum of the contributions. Of hazards by interval that of the
    /// odds, averaged over the intervals by how many training rows were at risk in each.
    pub score: f64,
    /// One per term, counted from the average training row.
    pub contributions: Vec<f64>,
    /// Contributions that change with time, when the curve was asked; empty where hazards are proportional.
    pub over_time: Vec<OverTime>,
    /// Chance at each horizon of an end by this cause until then.
    pub ended: Vec<Chance>,
}

/// Shares by time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutlookCurve {
    /// Times of the model, days.
    pub time: Vec<f64>,
    /// Chance that it has not ended just after each.
    pub lasting: Vec<f64>,
    /// Per cause: chance of an end by it until just after each.
    pub ended: Vec<Vec<f64>>,
}

/// What an input adds as time goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OverTime {
    /// Place of the input.
    pub input: usize,
    /// Log odds of an end by the cause, in each interval.
    pub contributions: Vec<f64>,
}
