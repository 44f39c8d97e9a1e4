//! Every effect stands in the lowest term that can hold it: a pair says only what its two columns do not say alone.

/// Takes row and column means out of a table.
///
/// * `table`, `weights` – cells row by row, `across` per row; the weights are rows of data
///
/// Returns what was taken out of each row and each column. Cells without data do not count and change like the others.
///
/// # Source
/// Lengerich, Tan, Chang, Hooker and Caruana (2020), "Purifying interaction effects with the functional ANOVA",
/// proceedings.mlr.press/v108/lengerich20a.html.
pub(crate) fn purify(table: &mut [f64], weights: &[f64], across: usize) -> [Vec<f64>; 2] {
    let rows = table.len() / across;
    let mut taken = [vec![0.0; rows], vec![0.0; across]];
    for _ in 0..200 {
        let mut most = 0.0_f64;
        for (side, taken) in taken.iter_mut().enumerate() {
            let (lines, length) = if side == 0 {
                (rows, across)
            } else {
                (across, rows)
            };
            let cell = |line: usize, place: usize| {
                if side == 0 {
                    line * across + place
                } else {
                    place * across + line
                }
            };
            for line in 0..lines {
                let (mut sum, mut weight) = (0.0, 0.0);
                for place in 0..length {
                    let cell = cell(line, place);
                    sum += table[cell] * weights[cell];
                    weight += weights[cell];
                }
                if weight == 0.0 {
                    continue;
                }
                let mean = sum / weight;
                for place in 0..length {
                    table[cell(line, place)] -= mean;
                }
                taken[line] += mean;
                most = most.max(mean.abs());
            }
        }
        if most < 1e-14 {
            break;
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_and_what_is_left_add_up_and_what_is_left_has_no_means() {
        let table = [1.0, 5.0, -2.0, 0.5, 3.0, 7.0];
        let weights = [3.0, 1.0, 2.0, 1.0, 4.0, 1.0];
        let mut left = table;
        let [rows, columns] = purify(&mut left, &weights, 3);
        for cell in 0..6 {
            let sum = left[cell] + rows[cell / 3] + columns[cell % 3];
            assert!((sum - table[cell]).abs() < 1e-12);
        }
        for row in 0..2 {
            let mean: f64 = (0..3)
                .map(|c| left[row * 3 + c] * weights[row * 3 + c])
                .sum();
            assert!(mean.abs() < 1e-10);
        }
        for column in 0..3 {
            let mean: f64 = (0..2)
                .map(|r| left[r * 3 + column] * weights[r * 3 + column])
                .sum();
            assert!(mean.abs() < 1e-10);
        }
    }
}
