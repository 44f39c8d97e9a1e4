//! One number of groups, tried: what forbids to use it, and which of several is taken.
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use helder_segmentation::{
    Evidence, Firmness, Flaw, KMeansOptions, Matrix, Mixed, Mixture, MixtureOptions, Prototypes,
    PrototypesOptions, Tried, UNKNOWN, mixed_evidence, mixture_evidence,
};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const ROWS: usize = 300;

/// Three clouds on two columns.
fn clouds() -> [Vec<f64>; 2] {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(3);
    let mut around = |centres: [f64; 3]| -> Vec<f64> {
        let mut noise = || (0..6).map(|_| random.gen_range(-0.5..0.5)).sum::<f64>();
        (0..ROWS).map(|row| centres[row % 3] + noise()).collect()
    };
    [around([0.0, 5.0, 0.0]), around([0.0, 0.0, 6.0])]
}

fn prototypes(data: &Mixed, k: usize, smallest: usize) -> Tried<Prototypes> {
    let options = PrototypesOptions {
        k,
        ..PrototypesOptions::default()
    };
    Prototypes::tried(data, &options, smallest).unwrap()
}

fn mixture(data: &Matrix, k: usize) -> Tried<Mixture> {
    let options = MixtureOptions {
        start: KMeansOptions {
            k,
            ..KMeansOptions::default()
        },
        ..MixtureOptions::default()
    };
    Mixture::tried(data, &options, 10).unwrap()
}

fn scaled(columns: &[Vec<f64>]) -> Matrix {
    let rows = (0..ROWS).flat_map(|row| columns.iter().map(move |c| c[row]));
    let all = Matrix::new(rows.collect(), ROWS, columns.len()).unwrap();
    all.standardise().unwrap().0
}

#[test]
fn the_number_of_clouds_is_taken_and_small_or_seldom_known_groups_are_not() {
    let data = Mixed::new(&clouds(), &[]).unwrap();
    let tried: Vec<_> = (2..=5).map(|k| prototypes(&data, k, 10)).collect();
    let evidence = mixed_evidence(&data, &[2, 3, 4, 5], 1).unwrap();
    assert_eq!(Prototypes::chosen(&tried, &evidence, 0.05), Some(1));
    let none = Evidence {
        p_value: 0.2,
        ..evidence
    };
    assert_eq!(Prototypes::chosen(&tried, &none, 0.05), None);
    assert_eq!(prototypes(&data, 3, 101).flaw, Some(Flaw::SmallGroup));
    let seldom = (0..ROWS).map(|row| {
        if row % 40 == 0 {
            row % 80 / 40
        } else {
            usize::from(UNKNOWN)
        }
    });
    let data = Mixed::new(&clouds(), &[seldom.collect()]).unwrap();
    assert_eq!(
        prototypes(&data, 3, 10).flaw,
        Some(Flaw::SeldomKnown { column: 2 })
    );
}

#[test]
fn a_mixture_takes_the_lowest_bic_of_those_that_have_spread() {
    let data = scaled(&clouds());
    let tried: Vec<_> = (2..=4).map(|k| mixture(&data, k)).collect();
    let one = Mixture::from_means(&data, vec![vec![0.0; 2]], &MixtureOptions::default()).unwrap();
    assert_eq!(Mixture::chosen(&tried, &one), Some(1));
    assert!(mixture_evidence(&data, 3, 1).unwrap().p_value < 0.05);
    // Every other row has the same value: a group of them has no spread there.
    let [first, second] = clouds();
    let zeros = second.iter().enumerate();
    let zeros = zeros.map(|(row, x)| if row % 2 == 0 { 0.0 } else { 20.0 + x });
    let flat = mixture(&scaled(&[first.clone(), zeros.collect()]), 2);
    assert_eq!(flat.flaw, Some(Flaw::NoSpread { column: 1 }));
    // A column that is the double of another follows from it, in every group.
    let double = first.iter().map(|x| 2.0 * x + 1.0).collect();
    let follows = mixture(&scaled(&[first, double]), 2);
    assert_eq!(follows.flaw, Some(Flaw::NoSpread { column: 1 }));
}

#[test]
fn overlap_says_how_far_a_group_can_be_relied_on() {
    let said = [0.75, 0.74, 0.6, 0.59].map(Firmness::of);
    let doubt = Firmness::Doubtful;
    assert_eq!(said, [Firmness::Reliable, doubt, doubt, Firmness::Accident]);
    assert!(Firmness::Reliable.warning().is_none() && doubt.warning().is_some());
}
