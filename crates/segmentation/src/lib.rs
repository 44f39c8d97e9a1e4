#![doc = include_str!("../README.md")]

mod agreement;
mod choose;
mod error;
mod evidence;
mod groups;
mod kmeans;
mod lloyd;
mod matrix;
mod mixed;
mod mixed_evidence;
mod mixture;
mod profile;
mod prototypes;
mod silhouette;
mod stability;
mod tried;

pub use agreement::adjusted_rand_index;
pub use choose::{Candidate, Choice, choose};
pub use error::SegmentationError;
pub use evidence::{Evidence, Homogeneous, evidence, mixture_evidence};
pub use kmeans::{KMeans, KMeansOptions, fit};
pub use matrix::{Matrix, Standardisation};
pub use mixed::{Mixed, UNKNOWN};
pub use mixed_evidence::mixed_evidence;
pub use mixture::{Mixture, MixtureOptions, gaussian_mixture};
pub use profile::{Profile, profiles};
pub use prototypes::{Prototypes, PrototypesOptions, k_prototypes};
pub use silhouette::silhouette;
pub use stability::{Firmness, LeftOut, Stability, jaccard, prototypes_stability};
pub use tried::{Flaw, Tried};
