//! Finished bags of a boosting, kept for the next attempt of its job.

use helder_ebm::Keeper;
use helder_platform::{
    jobs::{JobContext, Parts},
    keyring::KeyRing,
    problem::Problem,
};

use crate::learn::{AlgorithmName, CODE_VERSION, NewTrainingRun};

/// Where the bags of one run are kept.
pub(super) struct Bags(Parts);

impl Bags {
    /// `None` for what is learned in one piece, for a promise of privacy, whose noise is kept nowhere, and where nothing can be sealed: what
    /// is not kept is only learned again.
    pub(super) fn of(job: &JobContext, plan: &NewTrainingRun, keyring: &KeyRing) -> Option<Self> {
        let has_bags = matches!(
            plan.algorithm,
            AlgorithmName::ExplainableBoosting | AlgorithmName::HazardBoosting
        );
        if !has_bags || plan.privacy.is_some() {
            return None;
        }
        job.parts(keyring).map(Self).inspect_err(Problem::log).ok()
    }
}

/// Another version of the code may learn other bags.
fn of_this_code(name: &str) -> String {
    format!("{CODE_VERSION} {name}")
}

impl Keeper for Bags {
    fn kept(&self, name: &str) -> Option<Vec<u8>> {
        let found = self.0.get(&of_this_code(name));
        found.inspect_err(Problem::log).ok().flatten()
    }

    fn keep(&self, name: &str, bytes: Vec<u8>) {
        if let Err(problem) = self.0.put(&of_this_code(name), &bytes) {
            problem.log();
        }
    }
}
