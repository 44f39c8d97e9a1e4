//! Every file of every format version ever written still loads.

use std::{fs, path::PathBuf};

use helder_model::Model;

use crate::{
    advice::advised,
    boosting::boosted,
    cards::card,
    curves::{curved, curved_hazard},
    edits::edited,
    examples::{groups, minimal, regression, visits},
    groups::{mixture, prototypes},
    hazards::{lasting, leaving},
    intervals::leaving_by_quarter,
    prepared::prepared,
    provisions::told,
    regressions::{odds, rates},
    trees::{rules, tree},
};

pub(crate) fn stored() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/formats/1");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_stored_file_loads_and_is_written_back_byte_for_byte() {
    let files = stored();
    assert!(files.len() >= 4);
    for (path, bytes) in files {
        let model =
            Model::from_json(&bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(model.to_json().unwrap(), bytes, "{}", path.display());
    }
}

/// `HELDER_BLESS=1 cargo test -p helder-model` writes the files anew, for a change of the format before its first release.
#[test]
fn the_stored_files_are_what_the_examples_write() {
    for model in vec![
        regression(),
        minimal(),
        groups(),
        boosted(),
        visits(),
        card(),
        edited(),
        advised(),
        rules(),
        tree(),
        leaving(),
        lasting(),
        leaving_by_quarter(),
        told(),
        prepared(),
        prototypes(),
        mixture(),
        curved(),
        curved_hazard(),
        odds(),
        rates(),
    ] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/formats/1/{}.json", model.name));
        let bytes = model.to_json().unwrap();
        if std::env::var_os("HELDER_BLESS").is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "{}", path.display());
        assert_eq!(Model::from_json(&bytes).unwrap(), model);
    }
}

proptest::proptest! {
    #[test]
    fn numbers_come_back_exactly(coefficient in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO, seed: u64) {
        let mut model = crate::examples::wide(&[coefficient], &[0.0]);
        model.training.seed = seed;
        let back = Model::from_json(&model.to_json().unwrap()).unwrap();
        let helder_model::Algorithm::LogisticRegression(fit) = &back.algorithm else { unreachable!() };
        proptest::prop_assert_eq!(fit.linear_terms[0].coefficient.to_bits(), coefficient.to_bits());
        proptest::prop_assert_eq!(back.training.seed, seed);
    }
}
