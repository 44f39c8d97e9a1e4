//! Starts a whole platform for a test.
