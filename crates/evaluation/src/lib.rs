//! How good predictions are: discrimination, calibration, capacity.
