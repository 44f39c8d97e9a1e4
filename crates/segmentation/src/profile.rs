//! What sets a group apart.

use serde::{Deserialize, Serialize};

use crate::{KMeans, Standardisation};

/// One group as shown to people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Number of the group, 0 is the largest.
    pub group: usize,
    /// Rows; withheld for a group under the smallest allowed size.
    pub size: Option<usize>,
    /// Mean per column in the column's own unit, shape `(columns,)`; withheld likewise.
    pub means: Option<Vec<f64>>,
    /// Columns by how far the group lies from the overall mean, farthest first, in standard deviations; withheld likewise.
    pub differences: Option<Vec<(usize, f64)>>,
}

/// Profiles of a fit on standardised data. Groups under `smallest_allowed` rows show nothing.
pub fn profiles(fitted: &KMeans, scale: &Standardisation, smallest_allowed: usize) -> Vec<Profile> {
    fitted
        .centres
        .iter()
        .zip(&fitted.sizes)
        .enumerate()
        .map(|(group, (centre, size))| {
            if *size < smallest_allowed {
                return Profile {
                    group,
                    size: None,
                    means: None,
                    differences: None,
                };
            }
            let mut differences: Vec<(usize, f64)> = centre.iter().copied().enumerate().collect();
            differences.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
            Profile {
                group,
                size: Some(*size),
                means: Some(scale.undo(centre)),
                differences: Some(differences),
            }
        })
        .collect()
}
