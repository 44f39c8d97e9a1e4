//! Group metrics of predictions, with counts and intervals.
