//! The learning core on real and made-up frames.

mod actionable;
mod areas;
mod cards;
mod causes;
mod client_groups;
mod counts;
mod degenerate;
mod ebm;
mod edits;
mod faults;
mod folds;
mod frame;
mod groups;
mod memory;
mod parity;
mod preparation;
mod private;
mod repeat;
mod reports;
mod scorecard;
mod selections;
mod serving;
mod splines;
mod survival;
mod trees;
mod truth;
