//! P-values of several questions.

use crate::Multiplicity;

/// Corrected p-values in the order given, each at least the one given and at most 1.
///
/// # Source
/// Holm 1979 (jstor 4615733); Benjamini & Hochberg 1995 (doi 10.1111/j.2517-6161.1995.tb02031.x). Compared with R 4.2.2 (`p.adjust`).
pub fn adjusted_p_values(p_values: &[f64], method: Multiplicity) -> Vec<f64> {
    let m = p_values.len();
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![1.0; m];
    match method {
        Multiplicity::Holm => {
            let mut least: f64 = 0.0;
            for (rank, &i) in order.iter().enumerate() {
                least = least.max((m - rank) as f64 * p_values[i]);
                adjusted[i] = least.min(1.0);
            }
        }
        Multiplicity::BenjaminiHochberg => {
            let mut most: f64 = 1.0;
            for (rank, &i) in order.iter().enumerate().rev() {
                most = most.min(m as f64 / (rank + 1) as f64 * p_values[i]);
                adjusted[i] = most;
            }
        }
    }
    adjusted
}
