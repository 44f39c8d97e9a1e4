//! What a provision may be expected to do, for an answer about one client: only where the report allows it.

use helder_model::{ExpectedDifference, Meaning, Provision};

use crate::provisions::{ProvisionEffect, ProvisionLandmark};

/// Largest standardised difference at which those with and without count as alike.
///
/// # Source
/// Austin 2009 (doi 10.1002/sim.3697).
const ALIKE: f64 = 0.1;

/// Every provision of a report as a model may carry it: with its differences in chance where the report allows a conclusion, else with
/// the reason why not and nothing else.
///
/// Allowed is what meets all of these: the data have the power to see what matters; after the start people leave clearly faster or
/// slower; those with and without were alike at the landmark; and the difference in chance goes the way of the pace.
pub fn expected(provisions: &[ProvisionEffect]) -> Vec<Provision> {
    provisions.iter().map(one).collect()
}

fn one(found: &ProvisionEffect) -> Provision {
    let told = differences(found);
    let blank = Provision {
        name: found.column.clone(),
        meaning: found.words.clone(),
        outcome: found.outcome.clone(),
        reason: None,
        differences: Vec::new(),
        may: Vec::new(),
        may_not: Vec::new(),
    };
    match told {
        Ok(differences) => Provision {
            differences,
            may: found.may.clone(),
            may_not: found
                .may_not
                .iter()
                .cloned()
                .chain([not_one_person()])
                .collect(),
            ..blank
        },
        Err(reason) => Provision {
            reason: Some(reason),
            ..blank
        },
    }
}

fn differences(found: &ProvisionEffect) -> Result<Vec<ExpectedDifference>, Meaning> {
    let sign = match found.verdict.as_str() {
        "faster" => 1.0,
        "slower" => -1.0,
        "noDifferenceShown" => {
            return Err(Meaning::new(
                "Het rapport laat geen duidelijk verschil zien. Dat is niet hetzelfde als geen verschil.",
                "The report shows no clear difference. That is not the same as no difference.",
            ));
        }
        _ => {
            return Err(found.may_not.first().cloned().unwrap_or_else(|| {
                Meaning::new(
                    "Over het effect is niets te zeggen.",
                    "Nothing can be said of the effect.",
                )
            }));
        }
    };
    let alike = |one: &&ProvisionLandmark| one.largest_difference.is_some_and(|d| d <= ALIKE);
    let balanced: Vec<&ProvisionLandmark> = found.landmarks.iter().filter(alike).collect();
    if balanced.is_empty() {
        return Err(Meaning::new(
            "Mensen met en zonder de voorziening waren niet vergelijkbaar te maken. Daarom staat hier geen verschil in kans.",
            "People with and without the provision could not be made alike. There is therefore no difference in chance here.",
        ));
    }
    let shown: Vec<ExpectedDifference> = balanced
        .iter()
        .flat_map(|one| {
            one.differences.iter().map(|at| ExpectedDifference {
                from_months: one.months,
                within_months: at.months,
                difference: at.difference[0],
                lower: at.difference[1],
                upper: at.difference[2],
            })
        })
        .collect();
    if shown.is_empty() {
        return Err(Meaning::new(
            "Voor een verschil in kans zijn er te weinig gegevens.",
            "There are too few data for a difference in chance.",
        ));
    }
    // A limit on the other side of 0 than the pace: clearly the other way.
    let is_opposite =
        |at: &ExpectedDifference| at.lower.max(-at.upper) > 0.0 && at.difference * sign < 0.0;
    if shown.iter().any(is_opposite) {
        return Err(Meaning::new(
            "Twee manieren van rekenen spreken elkaar tegen. Daarom staat hier geen verschil in kans.",
            "Two ways of reckoning contradict each other. There is therefore no difference in chance here.",
        ));
    }
    Ok(shown)
}

fn not_one_person() -> Meaning {
    Meaning::new(
        "Dit is een gemiddelde van mensen die er toen nog waren. Voor één persoon volgt er niets uit, ook geen recht op of plicht tot de voorziening.",
        "This is an average of people who were still there then. Nothing follows from it for one person, neither a right to the provision nor a duty.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provisions::HorizonDifference;

    fn found(verdict: &str, largest: f64, difference: [f64; 3]) -> ProvisionEffect {
        let text = |text: &str| vec![Meaning::new(text, text)];
        ProvisionEffect {
            column: "cursus".to_owned(),
            words: Meaning::new("cursus", "course"),
            outcome: Meaning::new("werk", "work"),
            began: Some(400),
            began_too_late: Some(0),
            verdict: verdict.to_owned(),
            may: text("mag"),
            may_not: text("mag niet"),
            needed: Vec::new(),
            ever_received: Meaning::new("ooit", "ever"),
            smallest_visible_ratio: Some(1.2),
            ratio: None,
            weighted: None,
            e_values: None,
            landmarks: vec![ProvisionLandmark {
                months: 6,
                horizon_months: 12,
                difference: Some(difference),
                differences: [3, 12]
                    .map(|months| HorizonDifference { months, difference })
                    .to_vec(),
                largest_difference: Some(largest),
            }],
            groups: Vec::new(),
        }
    }

    #[test]
    fn a_clear_conclusion_of_people_alike_is_told_with_what_may_and_may_not_be_said() {
        let told = &expected(&[found("faster", 0.05, [0.08, 0.02, 0.14])])[0];
        assert_eq!(told.reason, None);
        let months: Vec<(u32, u32)> = (told.differences.iter())
            .map(|at| (at.from_months, at.within_months))
            .collect();
        assert_eq!(months, [(6, 3), (6, 12)]);
        let at = &told.differences[0];
        assert_eq!((at.difference, at.lower, at.upper), (0.08, 0.02, 0.14));
        assert_eq!((told.may.len(), told.may_not.len()), (1, 2));
        assert!(told.may_not[1].nl.contains("één persoon"));
        // A difference that may be 0 contradicts nothing.
        assert!(
            expected(&[found("slower", 0.05, [0.01, -0.02, 0.04])])[0]
                .reason
                .is_none()
        );
    }

    #[test]
    fn whatever_is_missing_leaves_the_reason_and_nothing_else() {
        let usual = [0.08, 0.02, 0.14];
        let mut silent = found("faster", 0.05, usual);
        silent.landmarks[0].differences.clear();
        for (of, words) in [
            (found("noStatement", 0.05, usual), "mag niet"),
            (
                found("noDifferenceShown", 0.05, usual),
                "geen duidelijk verschil",
            ),
            (found("faster", 0.11, usual), "niet vergelijkbaar"),
            (found("slower", 0.05, usual), "spreken elkaar tegen"),
            (silent, "te weinig gegevens"),
        ] {
            let told = &expected(&[of])[0];
            assert!(told.reason.as_ref().unwrap().nl.contains(words), "{told:?}");
            assert!(told.differences.is_empty() && told.may.is_empty() && told.may_not.is_empty());
        }
    }
}
