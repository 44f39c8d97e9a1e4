//! Saying that a test is left out.

use std::{
    io::{self, Write as _},
    thread,
};

/// Says on the standard error that the test which calls this is left out here, and why. Past the capture of the test harness,
/// which shows nothing of tests that pass: what was not tested is seen in every run.
pub fn not_run(why: &str) {
    let test = thread::current();
    let name = test.name().unwrap_or("a test");
    // Where nobody listens, nobody is told.
    let _ = writeln!(io::stderr(), "NOT RUN: {name}: {why}");
}
