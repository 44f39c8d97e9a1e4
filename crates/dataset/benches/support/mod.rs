pub(crate) mod contract;
pub(crate) mod generate;
pub(crate) mod run;
