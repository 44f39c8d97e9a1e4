//! Where a cut lies between two values.

/// A number `c` with `low <= c < high`, both finite: their middle, or the shortest number near it.
///
/// A cut with few digits reads better, and points less at the two people beside it.
pub(crate) fn between(low: f64, high: f64, is_rounded: bool) -> f64 {
    let middle = low / 2.0 + high / 2.0;
    let middle = if middle >= high { low } else { middle };
    if !is_rounded {
        return middle;
    }
    let largest = (high - low).log10().floor().clamp(-300.0, 300.0) as i32 + 1;
    let rounded = |digits: i32, round: fn(f64) -> f64| {
        let unit = 10_f64.powi(digits.abs());
        let rounded = if digits < 0 {
            round(middle * unit) / unit
        } else {
            round(middle / unit) * unit
        };
        rounded + 0.0
    };
    (0..20)
        .map(|step| largest - step)
        .flat_map(|digits| [rounded(digits, f64::round), rounded(digits, f64::floor)])
        .find(|cut| *cut >= low && *cut < high && cut.is_finite())
        .unwrap_or(middle)
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn a_cut_is_the_shortest_number_that_parts() {
        for (low, high, cut) in [
            (24.0, 25.0, 24.0),
            (24.0, 26.0, 25.0),
            (1_187.0, 1_213.0, 1_200.0),
            (0.123, 0.131, 0.13),
            (-3.0, 8.0, 0.0),
            (1.0, 1.000_000_1, 1.0),
            (0.0, 1.0, 0.0),
            (-f64::MAX, f64::MAX, 0.0),
        ] {
            let found = between(low, high, true);
            assert!(
                (found - cut).abs() < f64::MIN_POSITIVE,
                "{low} {high}: {found}"
            );
        }
    }

    #[test]
    fn a_cut_is_finite_and_parts_whatever_lies_around_it() {
        let odd = [
            -f64::MAX,
            -1e300,
            -1.0,
            -f64::MIN_POSITIVE,
            0.0,
            5e-324,
            1e-300,
            1.0,
            1.0 + f64::EPSILON,
            1e300,
            f64::MAX,
        ];
        for (place, low) in odd.iter().enumerate() {
            for high in &odd[place + 1..] {
                for is_rounded in [false, true] {
                    let cut = between(*low, *high, is_rounded);
                    assert!(
                        cut.is_finite() && cut >= *low && cut < *high,
                        "{low} {high}: {cut}"
                    );
                }
            }
        }
    }
}
