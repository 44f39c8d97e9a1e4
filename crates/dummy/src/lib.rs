//! The dummy municipality: invented people with known truth.
