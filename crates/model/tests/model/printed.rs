//! The printed form: every number that counts, in lines that fit.

use helder_model::{Language, Model};

use crate::{
    boosting::boosted,
    cards::card,
    edits::edited,
    examples::{groups, minimal, regression, visits},
    hazards::{lasting, leaving},
};

fn all() -> Vec<Model> {
    vec![
        regression(),
        minimal(),
        groups(),
        boosted(),
        visits(),
        edited(),
        card(),
        leaving(),
        lasting(),
    ]
}

#[test]
fn every_family_is_printed_in_80_columns_in_both_languages() {
    for model in all() {
        for language in [Language::Dutch, Language::English] {
            let text = model.printed(language, true);
            for line in text.lines() {
                let wide = line.chars().count();
                // A digest or a name of ours is not broken.
                assert!(
                    wide <= 80 || line.contains("sha256:"),
                    "{}: {line}",
                    model.name
                );
                assert_eq!(line, line.trim_end(), "{}", model.name);
            }
            assert!(text.len() > 400, "{text}");
        }
        let dutch = model.printed(Language::Dutch, true);
        println!("{dutch}");
        assert!(dutch.contains(&model.training.frame_digest.to_string()));
        for input in &model.inputs {
            assert!(
                dutch.contains(&input.name),
                "{}: {}",
                model.name,
                input.name
            );
        }
    }
}

#[test]
fn weights_intervals_steps_and_cells_stand_there() {
    let text = regression().printed(Language::English, false);
    for said in [
        "(start)",
        "-4.20000",
        "[-4.788; -3.612]",
        "woonvorm = koop",
        "huurachterstand not known",
        "odds ratio",
        "12000 rows",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let text = boosted().printed(Language::Dutch, false);
    for said in [
        "-2,5",
        "niet bekend",
        "vanaf 50000",
        "+1,1000",
        "0,5 – 50000",
        "0,40",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let text = edited().printed(Language::Dutch, false);
    assert!(text.contains("a.bakker: vanaf 20.000 is het\n"), "{text}");
    assert!(text.contains("niet meer gevraagd"), "{text}");
}

#[test]
fn many_steps_are_taken_together_and_none_is_lost() {
    let mut model = boosted();
    let helder_model::Algorithm::ExplainableBoosting(fit) = &mut model.algorithm else {
        unreachable!("the example has curves")
    };
    let curve = &mut fit.curves[0];
    curve.side.cuts = Some((0..60).map(f64::from).collect());
    curve.scores = (0..62).map(|step| f64::from(step) * 0.1 - 3.0).collect();
    curve.standard_errors = vec![0.1; 62];
    fit.pairs.clear();
    let (short, whole) = (
        model.printed(Language::Dutch, false),
        model.printed(Language::Dutch, true),
    );
    assert!(short.lines().count() + 40 < whole.lines().count());
    // Lowest and highest are told.
    for said in ["-2,9000", "+3,1000", "vanaf 5"] {
        assert!(short.contains(said), "{said}\n{short}");
    }
}
