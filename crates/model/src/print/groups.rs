//! Groups as cards: where each lies, how certain it is, and what that is measured in.

use super::sheet::{Sheet, bar};
use crate::{KMeansFit, Language, MixtureFit, Model, PrototypesFit, Standardisation};

pub(super) fn k_means(sheet: &mut Sheet, fit: &KMeansFit) {
    for group in &fit.centres {
        let name = sheet.pick(&group.name).to_owned();
        let rows = sheet.say("rijen", "rows");
        sheet.headed(&format!("{name} ({} {rows})", group.rows));
        centre(sheet, &fit.standardisation, &group.values);
    }
    scale(sheet, &fit.standardisation);
    sheet.paragraph(
        "Iemand hoort bij de groep met het dichtstbijzijnde midden, gemeten in sd.",
        "Somebody belongs to the group with the nearest centre, measured in sd.",
    );
}

pub(super) fn prototypes(sheet: &mut Sheet, model: &Model, fit: &PrototypesFit) {
    let (_, named) = model.numbers_and_names();
    for group in &fit.prototypes {
        headed(sheet, &group.name, group.rows, group.stability);
        centre(sheet, &fit.standardisation, &group.means);
        let modes: Vec<Vec<String>> = named
            .iter()
            .zip(&group.modes)
            .map(|(input, mode)| {
                let share = |share: Option<f64>| {
                    share.map_or_else(String::new, |share| sheet.decimal(share, 2))
                };
                vec![
                    model.inputs[*input].name.clone(),
                    mode.level.clone(),
                    share(mode.share),
                    share(mode.overall),
                ]
            })
            .collect();
        if !modes.is_empty() {
            let words = [
                sheet.say("Gegeven", "Input"),
                sheet.say("Meest", "Mostly"),
                sheet.say("Aandeel", "Share"),
                sheet.say("Van allen", "Of all"),
            ];
            table(sheet, words, &modes);
        }
        let steps: Vec<Vec<String>> = group
            .certainty
            .iter()
            .map(|step| {
                let below = step.below.map_or_else(String::new, |below| {
                    format!("< {}", sheet.decimal(below, 3))
                });
                vec![
                    below,
                    step.rows.to_string(),
                    sheet.decimal(step.share, 3),
                    bar(step.share, 1.0),
                ]
            })
            .collect();
        let words = [
            sheet.say("Voorsprong", "Lead"),
            sheet.say("Rijen", "Rows"),
            sheet.say("Zekerheid", "Certainty"),
            "",
        ];
        table(sheet, words, &steps);
    }
    scale(sheet, &fit.standardisation);
    let gamma = sheet.significant(fit.gamma, 5);
    sheet.paragraph(
        &format!("Iemand hoort bij de dichtstbijzijnde groep: het kwadraat van elke afstand in sd, plus {gamma} voor elk soort gegeven dat anders is. Niet bekend telt niet mee. De voorsprong is 1 min die afstand gedeeld door die tot de volgende groep. De zekerheid is hoe vaak iemand met zo'n voorsprong opnieuw in de groep kwam, als de groepen zonder hem werden gemaakt."),
        &format!("Somebody belongs to the nearest group: the square of every distance in sd, plus {gamma} for every kind that differs. Not known is left out. The lead is 1 minus that distance over the distance to the next group. The certainty is how often somebody with such a lead came into the group again when groups were made without them."),
    );
}

pub(super) fn mixture(sheet: &mut Sheet, fit: &MixtureFit) {
    for group in &fit.components {
        headed(sheet, &group.name, group.rows, group.stability);
        let weight = sheet.decimal(group.weight, 4);
        let name = sheet.say("Aandeel", "Share");
        sheet.fact(name, &weight);
        centre(sheet, &fit.standardisation, &group.means);
        let names = fit.standardisation.iter().zip(&group.covariance);
        let rows: Vec<Vec<String>> = names
            .map(|(scale, row)| {
                let values: Vec<String> = row.iter().map(|x| sheet.decimal(*x, 3)).collect();
                vec![scale.input.clone(), values.join("  ")]
            })
            .collect();
        let words = [
            sheet.say("Gegeven", "Input"),
            sheet.say("Covariantie", "Covariance"),
        ];
        table(sheet, words, &rows);
    }
    scale(sheet, &fit.standardisation);
    sheet.paragraph(
        "Iemand hoort bij de groep met de grootste kans. Die kans volgt uit het aandeel, het midden en de covariantie van elke groep.",
        "Somebody belongs to the most probable group. That probability follows from the share, the centre and the covariance of each group.",
    );
}

fn headed(sheet: &mut Sheet, name: &crate::Meaning, rows: u64, stability: f64) {
    let name = sheet.pick(name).to_owned();
    let stability = sheet.decimal(stability, 2);
    sheet.headed(&match sheet.language() {
        Language::Dutch => format!("{name} ({rows} rijen, terug te vinden {stability})"),
        Language::English => format!("{name} ({rows} rows, found again {stability})"),
    });
}

fn centre(sheet: &mut Sheet, scales: &[Standardisation], values: &[f64]) {
    let lines: Vec<Vec<String>> = scales
        .iter()
        .zip(values)
        .map(|(scale, value)| {
            vec![
                scale.input.clone(),
                sheet.significant(scale.mean + value * scale.scale, 5),
                sheet.signed(*value),
                bar(*value, 2.0),
            ]
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    let words = [
        sheet.say("Gegeven", "Input"),
        sheet.say("Midden", "Centre"),
        sheet.say("Afstand (sd)", "Distance (sd)"),
        "",
    ];
    table(sheet, words, &lines);
}

fn scale(sheet: &mut Sheet, scales: &[Standardisation]) {
    if scales.is_empty() {
        return;
    }
    sheet.heading("Schaal", "Scale");
    let lines: Vec<Vec<String>> = scales
        .iter()
        .map(|scale| {
            vec![
                scale.input.clone(),
                sheet.significant(scale.mean, 6),
                sheet.significant(scale.scale, 6),
            ]
        })
        .collect();
    let words = [
        sheet.say("Gegeven", "Input"),
        sheet.say("Gemiddelde", "Mean"),
        "sd",
    ];
    table(sheet, words, &lines);
}

fn table<const N: usize>(sheet: &mut Sheet, words: [&str; N], lines: &[Vec<String>]) {
    let words = words.map(str::to_owned);
    let headings: Vec<&str> = words.iter().map(String::as_str).collect();
    sheet.table(&headings, lines);
}
