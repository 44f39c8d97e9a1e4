//! Groups among numbers and categories: none where there are none, found where there are.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be made here fails the test"
)]

use helder_segmentation::{Mixed, mixed_evidence};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// One population: a latent need drives a number, a skewed amount, two yes-or-no columns and a category of four.
fn one_population(seed: u64) -> Mixed {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut normal = || (0..12).map(|_| random.gen_range(0.0..1.0)).sum::<f64>() - 6.0;
    let (mut age, mut debt) = (vec![], vec![]);
    let mut codes = vec![Vec::new(); 3];
    for _ in 0..500 {
        let need = normal();
        age.push(40.0 + 8.0 * need + 6.0 * normal());
        debt.push(f64::max(0.0, (need + normal()).exp() - 1.5));
        codes[0].push(usize::from(need + normal() > 0.5));
        codes[1].push(usize::from(need + normal() > -0.3));
        codes[2].push(((need + normal() + 2.0) as i64).clamp(0, 3) as usize);
    }
    Mixed::new(&[age, debt], &codes).unwrap()
}

/// Three kinds of people.
fn three_groups(seed: u64) -> Mixed {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut age, mut debt) = (vec![], vec![]);
    let mut codes = vec![Vec::new(); 3];
    for i in 0..500 {
        let kind = i % 3;
        let mut around = |centre: f64| centre + random.gen_range(-1.0..1.0);
        age.push(around([24.0, 35.0, 24.0][kind]) * 1.0);
        debt.push(around([2.0, 9.0, 9.0][kind]));
        let mut mostly = |code: usize| if random.gen_bool(0.9) { code } else { 1 - code };
        codes[0].push(mostly([0, 0, 1][kind]));
        codes[1].push(mostly([1, 0, 1][kind]));
        codes[2].push(mostly([0, 1, 0][kind]));
    }
    Mixed::new(&[age, debt], &codes).unwrap()
}

#[test]
fn one_population_is_seldom_called_groups() {
    let called = (0..40).filter(|&seed| {
        let found = mixed_evidence(&one_population(seed), &[2, 3, 4, 5], seed).unwrap();
        found.p_value <= 0.05
    });
    let called = called.count();
    println!("groups seen in {called} of 40 populations without groups");
    assert!(called <= 5, "{called}");
}

#[test]
fn three_groups_are_found_as_three() {
    for seed in 0..10 {
        let found = mixed_evidence(&three_groups(seed), &[2, 3, 4, 5], seed).unwrap();
        assert!(found.p_value <= 0.05, "{found:?}");
        assert_eq!(found.stands_out_at, 3, "{found:?}");
    }
}

#[test]
fn more_groups_than_rows_are_refused() {
    let data = one_population(1);
    for ks in [&[][..], &[1], &[500]] {
        mixed_evidence(&data, ks, 1).unwrap_err();
    }
}
