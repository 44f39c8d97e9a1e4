//! Which cells stay hidden, so that no small group can be read or computed from the report.

/// Cells to hide, given their sizes: those below `smallest`, and then the next smallest ones until the hidden cells cannot
/// be computed from a total (at least two, together at least `smallest`). Empty cells hide nothing and nobody.
pub fn hidden(sizes: &[usize], smallest: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&cell| sizes[cell] > 0).collect();
    order.sort_by_key(|&cell| (sizes[cell], cell));
    let mut hidden = vec![false; sizes.len()];
    let (mut count, mut sum) = (0, 0);
    for cell in order {
        if sizes[cell] >= smallest && (count == 0 || (count > 1 && sum >= smallest)) {
            break;
        }
        hidden[cell] = true;
        count += 1;
        sum += sizes[cell];
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_small_hides_nothing() {
        assert_eq!(hidden(&[10, 400, 0], 10), [false; 3]);
    }

    #[test]
    fn one_small_cell_takes_the_next_with_it() {
        assert_eq!(hidden(&[300, 4, 50], 10), [false, true, true]);
        assert_eq!(hidden(&[300, 4], 10), [true, true]);
    }

    #[test]
    fn small_cells_together_below_the_limit_take_another() {
        assert_eq!(hidden(&[2, 3, 60, 70], 10), [true, true, true, false]);
        assert_eq!(hidden(&[8, 9, 60, 70], 10), [true, true, false, false]);
    }

    #[test]
    fn a_total_never_gives_a_small_cell_away() {
        for a in 0..15 {
            for b in 0..15 {
                for c in 0..15 {
                    let sizes = [a, b, c];
                    let hides = hidden(&sizes, 10);
                    let inside: Vec<usize> = sizes
                        .iter()
                        .zip(&hides)
                        .filter(|(_, h)| **h)
                        .map(|(s, _)| *s)
                        .collect();
                    assert!(
                        sizes
                            .iter()
                            .zip(&hides)
                            .all(|(s, h)| *h || *s == 0 || *s >= 10)
                    );
                    let everything = inside.iter().sum::<usize>() == sizes.iter().sum::<usize>();
                    assert!(
                        inside.is_empty()
                            || everything
                            || (inside.len() > 1 && inside.iter().sum::<usize>() >= 10)
                    );
                }
            }
        }
    }
}
