pub(crate) mod contract;
pub(crate) mod generate;
pub(crate) mod pseudonym;
pub(crate) mod run;
