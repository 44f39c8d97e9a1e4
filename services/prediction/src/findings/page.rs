//! The result as a page for people.

use helder_report::{Cell, KeyFigure, Page, Section, Table, Text, number};

use crate::wire::{
    ControlContrast, ControlCounts, ControlEstimate, ControlFeature, ControlGroup, ControlMissed,
    ControlNotTold, ControlResult, ControlVerdict,
};

/// What a control sample came to, Dutch with English beside.
pub(crate) fn page(result: &ControlResult) -> Page {
    let mut page = Page::new(Text::new(
        "Wat de controlesteekproef zegt",
        "What the control sample says",
    ))
    .lead(Text::new(
        "Op de lijst stonden mensen met de hoogste scores en mensen die door het lot zijn gekozen, door elkaar. Wie de mensen bekeek, wist niet wie waarom op de lijst stond.",
        "On the list stood people with the highest scores and people drawn by lot, mixed. Those who looked at them did not know who was on it why.",
    ))
    .fact(Text::new("Model", "Model"), Cell::text(&result.model))
    .fact(Text::new("Versie", "Version"), Cell::code(result.model_digest.to_string()))
    .fact(Text::new("Rijen met een score", "Rows with a score"), Cell::count(result.rows_scored))
    .fact(Text::new("Lijst geopend", "List opened"), Cell::text(moment(&result.revealed_at)))
    .fact(Text::new("Geopend door", "Opened by"), Cell::text(&result.revealed_by))
    .section(found(result))
    .section(missed_section(result.missed.as_ref()));
    for feature in &result.features {
        page = page.section(by_group(feature));
    }
    page.section(how(result))
}

fn found(result: &ControlResult) -> Section {
    let mut section = Section::new(Text::new("Wat is gevonden", "What was found"));
    if let Some(contrast) = &result.contrast {
        section = section.figures(figures(result)).paragraph(said(contrast));
        if let Some(ratio) = &result.ratio {
            section = section.paragraph(times(ratio.lower, ratio.upper));
        }
    } else {
        section = section.warning(Text::new(
            "Van te weinig mensen is vastgesteld wat er aan de hand is. Er moeten er minstens 10 zijn onder wie het model koos, en 10 onder de anderen.",
            "Of too few people it was told what is the matter. There must be at least 10 among those the model picked, and 10 among the others.",
        ));
    }
    let mut table = Table::new(Text::new("Per deel van de lijst", "Per part of the list"))
        .column(Text::new("Deel", "Part"))
        .number(Text::new("Op de lijst", "On the list"))
        .number(Text::new("Gevonden", "Found"))
        .number(Text::new("Niet gevonden", "Not found"))
        .number(Text::new("Niet vast te stellen", "Could not be told"))
        .number(Text::new("Niets ingevuld", "Nothing filled in"))
        .number(Text::new(
            "Aandeel gevonden (95%-interval)",
            "Share found (95% interval)",
        ));
    let mut parts = vec![
        (
            Text::new("Gekozen door het model", "Picked by the model"),
            result.picked,
        ),
        (
            Text::new(
                "Door het lot, niet door het model gekozen",
                "By lot, not picked by the model",
            ),
            result.rest,
        ),
    ];
    // Where it would tell of few people it is left out: nobody misses it.
    if result.sample.is_some() {
        parts.push((Text::new("Hele steekproef", "Whole sample"), result.sample));
    }
    for (part, counts) in parts {
        table.push(counted(part, counts));
    }
    let missing = [result.picked, result.rest].into_iter().flatten();
    let missing: u64 = missing.map(|counts| counts.missing).sum();
    section = section.table(table);
    if missing > 0 {
        section = section.warning(not_filled_in(missing));
    }
    section
}

fn not_filled_in(missing: u64) -> Text {
    let (nl, en) = if missing == 1 {
        ("1 rij".to_owned(), "1 row".to_owned())
    } else {
        let count = number::count(missing);
        (format!("{count} rijen"), format!("{count} rows"))
    };
    Text::new(
        format!(
            "Bij {nl} is niets ingevuld. Die telt dit rapport niet mee. Dat klopt alleen als ze niet anders zijn dan de rest."
        ),
        format!(
            "At {en} nothing was filled in. This report leaves them out. That holds only if they are no different from the others."
        ),
    )
}

/// A time of the platform, to the minute.
fn moment(utc: &str) -> String {
    match (utc.get(..10), utc.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => utc.to_owned(),
    }
}

fn counted(part: Text, counts: Option<ControlCounts>) -> Vec<Cell> {
    let Some(counts) = counts else {
        let mut cells = vec![Cell::both(part)];
        cells.extend((0..5).map(|_| Cell::none()));
        cells.push(few());
        return cells;
    };
    let numbers = [
        counts.listed,
        counts.found,
        counts.not_found,
        counts.undetermined,
        counts.missing,
    ];
    let mut cells = vec![Cell::both(part)];
    cells.extend(numbers.map(Cell::count));
    cells.push(counts.share.map_or_else(Cell::none, percentages));
    cells
}

fn few() -> Cell {
    Cell::both(Text::new("minder dan 10 mensen", "fewer than 10 people"))
}

fn percentages(estimate: ControlEstimate) -> Cell {
    Cell::text(interval(estimate))
}

fn interval(
    ControlEstimate {
        value,
        lower,
        upper,
    }: ControlEstimate,
) -> String {
    format!(
        "{} ({} – {})",
        number::percent(value, 1),
        number::percent(lower, 1),
        number::percent(upper, 1)
    )
}

fn figures(result: &ControlResult) -> Vec<KeyFigure> {
    let share = |counts: Option<ControlCounts>| counts.and_then(|counts| counts.share);
    [
        (
            Text::new("Raak bij wie het model koos", "Right among those picked"),
            share(result.picked),
        ),
        (
            Text::new(
                "Gevonden bij wie het model niet koos",
                "Found among those not picked",
            ),
            share(result.rest),
        ),
    ]
    .into_iter()
    .filter_map(|(label, share)| {
        let share = share?;
        let figure = KeyFigure::new(label, Cell::percent(share.value, 0));
        let limits = format!(
            "{} – {}",
            number::percent(share.lower, 0),
            number::percent(share.upper, 0)
        );
        Some(figure.note(Text::same(limits)))
    })
    .collect()
}

/// What two shares beside each other say.
fn said(contrast: &ControlContrast) -> Text {
    let ControlEstimate { lower, upper, .. } = contrast.difference;
    let points = |share: f64| number::decimal(share.abs() * 100.0, 1);
    match contrast.verdict {
        ControlVerdict::Higher => Text::new(
            format!(
                "Het model kiest beter dan het lot: onder wie het koos, is het {} tot {} procentpunt vaker raak.",
                points(lower),
                points(upper)
            ),
            format!(
                "The model picks better than the lot: among those it picked it is right {} to {} percentage points more often.",
                points(lower),
                points(upper)
            ),
        ),
        ControlVerdict::Lower => Text::new(
            format!(
                "Het model kiest slechter dan het lot: onder wie het koos, is het {} tot {} procentpunt minder vaak raak.",
                points(upper),
                points(lower)
            ),
            format!(
                "The model picks worse than the lot: among those it picked it is right {} to {} percentage points less often.",
                points(upper),
                points(lower)
            ),
        ),
        ControlVerdict::NotEnoughData => not_enough(contrast),
    }
}

fn not_enough(contrast: &ControlContrast) -> Text {
    match contrast.smallest_detectable_difference {
        Some(least) => Text::new(
            format!(
                "Te weinig gegevens. Met deze aantallen valt alleen een verschil van {} procentpunt of meer op. Dat betekent niet dat er geen verschil is.",
                number::decimal(least * 100.0, 1)
            ),
            format!(
                "Not enough data. With these numbers only a difference of {} percentage points or more shows. That does not mean that there is none.",
                number::decimal(least * 100.0, 1)
            ),
        ),
        None => Text::new(
            "Te weinig gegevens. Met deze aantallen valt geen enkel verschil op, hoe groot ook.",
            "Not enough data. With these numbers no difference shows, however large.",
        ),
    }
}

fn times(lower: f64, upper: Option<f64>) -> Text {
    let low = number::decimal(lower, 1);
    upper.map_or_else(
        || {
            Text::new(
                format!(
                    "Onder wie het model koos, wordt minstens {low} keer zo vaak iets gevonden als onder de anderen. Een bovengrens is er niet: misschien is er onder de anderen niemand."
                ),
                format!(
                    "Among those the model picked something is found at least {low} times as often as among the others. There is no upper limit: perhaps there is nobody among the others."
                ),
            )
        },
        |upper| {
            let high = number::decimal(upper, 1);
            Text::new(
                format!(
                    "Onder wie het model koos, wordt {low} tot {high} keer zo vaak iets gevonden als onder de anderen (95%-interval)."
                ),
                format!(
                    "Among those the model picked something is found {low} to {high} times as often as among the others (95% interval)."
                ),
            )
        },
    )
}

fn missed_section(missed: Option<&ControlMissed>) -> Section {
    let section = Section::new(Text::new("Wie het model mist", "Whom the model misses"));
    let Some(missed) = missed else {
        return section.paragraph(Text::new(
            "Daarover valt niets te zeggen, omdat er te weinig mensen zijn bekeken.",
            "Nothing can be said of it, because too few people were looked at.",
        ));
    };
    let whole = |value: f64| number::count(value.round() as u64);
    let ControlEstimate {
        value,
        lower,
        upper,
    } = missed.cases;
    let rows = number::count(missed.rows);
    let section = section.paragraph(Text::new(
        format!("Het model koos {rows} rijen niet. Naar schatting is er bij {} daarvan toch iets aan de hand: tussen {} en {} (95%-interval). Niemand kijkt daarnaar als alleen de hoogste scores tellen. Staat iemand vaker in het bestand, dan telt elke rij.", whole(value), whole(lower), whole(upper)),
        format!("The model did not pick {rows} rows. By estimate something is the matter with {} of them all the same: between {} and {} (95% interval). Nobody looks at them if only the highest scores count. Who stands in the file more than once counts once per row.", whole(value), whole(lower), whole(upper)),
    ));
    match missed.share {
        Some(share) => section.paragraph(Text::new(
            format!("Van iedereen bij wie iets aan de hand is, mist het model {}.", interval(share)),
            format!("Of all with whom something is the matter the model misses {}.", interval(share)),
        )),
        None => section.paragraph(Text::new(
            "Er is bij niemand iets gevonden. Welk deel het model mist, is dus niet te zeggen.",
            "With nobody anything was found. Which part the model misses can therefore not be told.",
        )),
    }
}

fn by_group(feature: &ControlFeature) -> Section {
    let section = Section::new(Text::new(
        format!("Per groep: {}", feature.feature),
        format!("Per group: {}", feature.feature),
    ));
    if let Some(why) = feature.not_told {
        return section.warning(match why {
            ControlNotTold::TooManyGroups => Text::new(
                "Deze kolom heeft meer dan 50 groepen. Daarom staat hier niets.",
                "This column has more than 50 groups. Therefore nothing stands here.",
            ),
            ControlNotTold::DatasetGone => Text::new(
                "De gegevens zijn al verwijderd. Daarom is niet meer te zeggen wie bij welke groep hoort.",
                "The data were deleted already. Therefore it can no longer be told who belongs to which group.",
            ),
        });
    }
    let mut table = Table::new(Text::new(
        "Hoe vaak het raak is, en wie gemist wordt (95%-interval)",
        "How often it is right, and who is missed (95% interval)",
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Rijen met een score", "Rows with a score"))
    .number(Text::new(
        "Raak bij wie het model koos",
        "Right among those picked",
    ))
    .number(Text::new(
        "Gevonden bij wie het model niet koos",
        "Found among those not picked",
    ))
    .number(Text::new(
        "Deel dat het model mist",
        "Share that the model misses",
    ));
    let mut remarks = Vec::new();
    for group in &feature.groups {
        let name = group_name(group);
        let share = |counts: Option<ControlCounts>| {
            counts
                .and_then(|counts| counts.share)
                .map_or_else(few, percentages)
        };
        table.push([
            Cell::both(name.clone()),
            group.rows_scored.map_or_else(few, Cell::count),
            share(group.picked),
            share(group.rest),
            group
                .missed
                .and_then(|missed| missed.share)
                .map_or_else(Cell::none, percentages),
        ]);
        remarks.push(remark(&name, group));
    }
    let mut section = section.table(table).paragraph(Text::new(
        "Waar minder dan 10 mensen achter een cijfer zitten, staat het er niet. Soms staat een tweede groep er dan ook niet, omdat het cijfer anders uit te rekenen is.",
        "Where fewer than 10 people stand behind a figure, it is left out. Sometimes a second group is left out with it, because the figure could be computed otherwise.",
    ));
    let mut remarks: Vec<Vec<Text>> = remarks
        .into_iter()
        .filter(|told| !told.is_empty())
        .collect();
    // Of two groups the second says the same, the other way round.
    if remarks.len() == 2 {
        remarks.truncate(1);
    }
    let remarks = remarks.concat();
    if remarks.is_empty() {
        section = section.warning(Text::new(
            "Over verschillen tussen groepen valt niets te zeggen: te weinig gegevens.",
            "Nothing can be said of differences between groups: not enough data.",
        ));
    } else {
        section = section.list(remarks);
    }
    section
}

fn group_name(group: &ControlGroup) -> Text {
    match group.group.as_deref() {
        None => Text::new("niet ingevuld", "not filled in"),
        Some("true") => Text::new("ja", "yes"),
        Some("false") => Text::new("nee", "no"),
        Some(name) => Text::same(name),
    }
}

/// What can be said of a group beside the others.
fn remark(name: &Text, group: &ControlGroup) -> Vec<Text> {
    let of = |contrast: &ControlContrast, is_picked: bool| {
        let (nl, en) = if is_picked {
            (
                "Is iemand uit deze groep gekozen, dan is dat",
                "When somebody of this group is picked, it is right",
            )
        } else {
            (
                "Is iemand uit deze groep niet gekozen, dan is er",
                "When somebody of this group is not picked, something is the matter",
            )
        };
        let told = match contrast.verdict {
            ControlVerdict::NotEnoughData => {
                let told = not_enough(contrast);
                let (nl, en) = if is_picked {
                    ("gekozen", "picked")
                } else {
                    ("niet gekozen", "not picked")
                };
                return Text::new(
                    format!("{}, {nl}: {}", name.nl, lower_first(&told.nl)),
                    format!("{}, {en}: {}", name.en, lower_first(&told.en)),
                );
            }
            ControlVerdict::Higher => ("vaker", "more often"),
            ControlVerdict::Lower => ("minder vaak", "less often"),
        };
        let rest = if is_picked {
            "raak"
        } else {
            "toch iets aan de hand"
        };
        Text::new(
            format!(
                "{}: {nl} {} {rest} dan bij andere groepen.",
                name.nl, told.0
            ),
            format!("{}: {en} {} than in other groups.", name.en, told.1),
        )
    };
    let picked = group
        .picked_beside_others
        .iter()
        .map(|contrast| of(contrast, true));
    let rest = group
        .rest_beside_others
        .iter()
        .map(|contrast| of(contrast, false));
    picked.chain(rest).collect()
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

fn how(result: &ControlResult) -> Section {
    let mut section = Section::new(Text::new("Hoe dit is bepaald", "How this was found"))
        .paragraph(Text::new(
            "Wie het model koos en wie alleen door het lot op de lijst kwam, zijn verschillende mensen. Hun aandelen staan naast elkaar met intervallen van Wilson, Newcombe en Koopman. Het aantal gemiste mensen is het aandeel onder wie het model niet koos, keer hun aantal.",
            "Those the model picked and those who came on the list by lot only are different people. Their shares stand beside each other with the intervals of Wilson, Newcombe and Koopman. The number of people missed is the share among those not picked, times their number.",
        ));
    if result.corrections.is_empty() {
        return section.paragraph(Text::new(
            "Alles is ingevuld voordat de lijst werd geopend, en niets is later veranderd.",
            "Everything was filled in before the list was opened, and nothing was changed later.",
        ));
    }
    let is_late = result
        .corrections
        .iter()
        .any(|correction| correction.after_reveal);
    if is_late {
        section = section.warning(Text::new(
            "Een deel is ingevuld of veranderd toen de lijst al open was. Toen was te zien wie het model had gekozen.",
            "A part was filled in or changed when the list was already open. Then it could be seen whom the model had picked.",
        ));
    }
    let mut table = Table::new(Text::new("Wat is veranderd", "What was changed"))
        .column(Text::new("Wanneer", "When"))
        .column(Text::new("Wie", "Who"))
        .number(Text::new("Nieuw", "New"))
        .number(Text::new("Veranderd", "Changed"))
        .column(Text::new("Lijst was open", "List was open"))
        .column(Text::new("Reden", "Reason"));
    for correction in &result.corrections {
        let is_open = if correction.after_reveal {
            Text::new("ja", "yes")
        } else {
            Text::new("nee", "no")
        };
        table.push([
            Cell::text(moment(&correction.recorded_at)),
            Cell::text(&correction.recorded_by),
            Cell::count(correction.recorded.into()),
            Cell::count(correction.corrected.into()),
            Cell::both(is_open),
            correction
                .reason
                .as_ref()
                .map_or_else(Cell::none, Cell::text),
        ]);
    }
    section.table(table)
}
