//! Generalised linear models by iteratively reweighted least squares, with standard errors.
