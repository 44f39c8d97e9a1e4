//! Groups: whether there are any, how firm they are, and what sets each apart.

use helder_report::{
    Cell, HeatMap, IntervalChart, IntervalRow, Page, Section, Table, Text, number,
};
use helder_segmentation::Firmness;

use super::{shared, text};
use crate::learn::{
    groups::{CandidateSummary, GroupsSummary, LIKELY_WITHOUT, ProfileSummary, StartsSummary},
    plan::NewTrainingRun,
};

/// Agreement of searches from which borders between groups are firm.
const FIRM: f64 = 0.75;

/// For the model card.
pub(super) fn sections(plan: &NewTrainingRun, groups: &GroupsSummary) -> Vec<Section> {
    let first = vec![found(groups).chart(side_by_side(plan, groups))];
    let firm = firmness(groups).into_iter();
    let each = groups.profiles.iter().map(|profile| card(plan, profile));
    first.into_iter().chain(firm).chain(each).collect()
}

/// `evaluation.html`.
pub(super) fn evaluation_page(plan: &NewTrainingRun, groups: &GroupsSummary) -> Page {
    let title = &plan.model.title;
    let mut page = Page::new(Text::new(
        format!("Hoe goed zijn de groepen? {}", title.nl),
        format!("How good are the groups? {}", title.en),
    ))
    .lead(Text::new(
        "Dit rapport zegt of er groepen zijn, hoe zeker dat is, en wat elke groep anders maakt.",
        "This report says whether there are groups, how sure that is, and what sets each group apart.",
    ));
    for section in sections(plan, groups) {
        page = page.section(section);
    }
    page.section(shared::conclusion())
}

/// The numbers of groups that were tried, and whether there are groups at all.
fn found(groups: &GroupsSummary) -> Section {
    let section = Section::new(Text::new("De groepen", "The groups")).paragraph(Text::new(
        "Groepen beschrijven gegevens. Ze zeggen niets over oorzaken.",
        "Groups describe data. They say nothing about causes.",
    ));
    let section = section.table(tried(&groups.candidates));
    match groups.chance_without_groups {
        Some(chance) if chance <= LIKELY_WITHOUT => section.paragraph(Text::new(
            "De groepen verklaren meer dan groepen in nagemaakte bestanden waarin geen groepen zitten.",
            "The groups explain more than groups do in made files that hold no groups.",
        )),
        Some(_) => section.warning(Text::new(
            "Let op: dit aantal groepen is gevraagd. In nagemaakte bestanden zonder groepen lukt zo'n verdeling even goed. Zie dit als \
             een handige verdeling, niet als soorten mensen.",
            "Note: this number of groups was asked for. Files made without groups can be divided as well. Take this as a handy \
             division, not as kinds of people.",
        )),
        None => section,
    }
}

/// A measure of a number of groups, where its algorithm has it.
type Measure = fn(&CandidateSummary) -> Option<f64>;

fn tried(candidates: &[CandidateSummary]) -> Table {
    let measures: [(Text, Measure, usize); 5] = [
        (
            Text::new(
                "BIC (het laagst past best)",
                "BIC (the lowest describes best)",
            ),
            |c| c.bic,
            0,
        ),
        (Text::new("Silhouet", "Silhouette"), |c| c.silhouette, 3),
        (Text::new("Stabiliteit", "Stability"), |c| c.stability, 3),
        (
            Text::new("Komt terug (Jaccard)", "Found again (Jaccard)"),
            |c| c.jaccard,
            2,
        ),
        (
            Text::new(
                "Groep die het minst terugkomt",
                "Group that is found again least",
            ),
            |c| c.jaccard_least,
            2,
        ),
    ];
    let there: Vec<_> = measures
        .into_iter()
        .filter(|(_, of, _)| candidates.iter().any(|c| of(c).is_some()))
        .collect();
    let mut table = Table::new(Text::new(
        "Aantallen groepen die zijn geprobeerd",
        "Numbers of groups that were tried",
    ))
    .number(Text::new("Groepen", "Groups"));
    for (title, ..) in &there {
        table = table.number(title.clone());
    }
    for candidate in candidates {
        let cells = there.iter().map(|(_, of, decimals)| {
            of(candidate).map_or_else(Cell::none, |value| Cell::number(value, *decimals))
        });
        table.push(std::iter::once(Cell::count(candidate.groups as u64)).chain(cells));
    }
    table
}

/// Would the same groups be found again? `None` where only a mean over all groups is known, which stands with what was tried.
fn firmness(groups: &GroupsSummary) -> Option<Section> {
    let starts = groups.starts?;
    let mut table = Table::new(Text::new(
        "Komt elke groep terug?",
        "Is each group found again?",
    ))
    .column(Text::new("Groep", "Group"))
    .number(Text::new("Rijen", "Rows"))
    .number(Text::new("Komt terug (Jaccard)", "Found again (Jaccard)"))
    .column(Text::new("Oordeel", "Verdict"));
    for profile in &groups.profiles {
        let overlap = profile.jaccard.unwrap_or(0.0);
        table.push([
            Cell::both(text(&profile.name)),
            profile
                .rows
                .map_or_else(Cell::none, |n| Cell::count(n as u64)),
            Cell::number(overlap, 2),
            Cell::both(verdict(Firmness::of(overlap))),
        ]);
    }
    let samples = starts.samples;
    let section = Section::new(Text::new(
        "Hoe vast liggen de groepen?",
        "How firm are the groups?",
    ))
    .paragraph(Text::new(
        format!("De groepen zijn {samples} keer opnieuw gemaakt, elke keer met een nieuwe steekproef uit dezelfde rijen. Hieronder staat hoeveel van elke groep dan terugkomt: 1 is alles, 0 is niets."),
        format!("The groups were made again {samples} times, each time from a new sample of the same rows. Below stands how much of each group is found again: 1 is all of it, 0 is nothing."),
    ))
    .table(table);
    Some(searches(section, starts))
}

fn verdict(firmness: Firmness) -> Text {
    match firmness {
        Firmness::Reliable => Text::new("stabiel", "stable"),
        Firmness::Doubtful => Text::new("grens onzeker", "borders uncertain"),
        Firmness::Accident => Text::new("toeval van de steekproef", "accident of the sample"),
    }
}

/// How far two searches agree.
fn searches(section: Section, starts: StartsSummary) -> Section {
    let [mean, least] = [starts.single_starts_agree, starts.single_starts_agree_least]
        .map(|value| number::decimal(value, 2));
    let section = section.paragraph(Text::new(
        format!("Een zoektocht begint op een toevallige plek. Twee zoektochten die elk maar één keer beginnen, komen gemiddeld voor {mean} overeen en in het slechtste geval voor {least} (1 is gelijk, 0 is toeval). Daarom is vaker gezocht en is de beste indeling gekozen."),
        format!("A search begins in a random place. Two searches that each begin once only agree to {mean} on average and to {least} in the worst case (1 is the same, 0 is chance). That is why more searches were made and the best division was kept."),
    ));
    if starts.single_starts_agree_least >= FIRM {
        return section;
    }
    section.warning(Text::new(
        "De grenzen tussen de groepen zijn vaag. Gebruik ze om over te praten, niet om mensen in te delen.",
        "The borders between the groups are vague. Use them to talk about, not to sort people.",
    ))
}

/// What a column is, in the words of the plan.
fn words(plan: &NewTrainingRun, column: &str) -> Text {
    let feature = plan.features.iter().find(|f| f.name == column);
    feature.map_or_else(|| Text::same(column), |feature| text(&feature.meaning))
}

/// How far a group lies from everybody, per column: a mean, or the share of a level.
fn differences<'a>(
    plan: &'a NewTrainingRun,
    profile: &'a ProfileSummary,
) -> impl Iterator<Item = (Text, f64)> + 'a {
    let means = profile.means.iter();
    let means = means.map(|mean| (words(plan, &mean.column), mean.difference));
    let levels = profile.levels.iter().map(|one| {
        let name = words(plan, &one.column);
        let level = level(&one.level);
        let title = Text::new(
            format!("{}: {}", name.nl, level.nl),
            format!("{}: {}", name.en, level.en),
        );
        (title, one.difference)
    });
    means.chain(levels)
}

/// Values of booleans in words; levels of categories as they are.
fn level(level: &str) -> Text {
    match level {
        "true" => Text::new("ja", "yes"),
        "false" => Text::new("nee", "no"),
        other => Text::same(other),
    }
}

/// All groups in one picture: how far each lies from everybody, number by number.
fn side_by_side(plan: &NewTrainingRun, groups: &GroupsSummary) -> HeatMap {
    // Each profile has its own order, what sets it apart first.
    let first = groups.profiles.first();
    let columns: Vec<&str> = first
        .iter()
        .flat_map(|profile| &profile.means)
        .map(|mean| mean.column.as_str())
        .collect();
    let values = columns.iter().map(|column| {
        let of_group = |profile: &ProfileSummary| {
            let found = profile.means.iter().find(|mean| mean.column == *column);
            found.map_or(f64::NAN, |mean| mean.difference)
        };
        groups.profiles.iter().map(of_group).collect()
    });
    let values = values.collect();
    HeatMap::new(
        Text::new(
            "De groepen naast elkaar: afstand tot het gemiddelde van allen, in standaarddeviaties",
            "The groups side by side: distance from the mean of all, in standard deviations",
        ),
        (
            Text::new("gegeven", "input"),
            columns.iter().map(|column| words(plan, column)).collect(),
        ),
        (
            Text::new("groep", "group"),
            groups.profiles.iter().map(|p| text(&p.name)).collect(),
        ),
        values,
    )
}

/// One group.
fn card(plan: &NewTrainingRun, profile: &ProfileSummary) -> Section {
    let rows =
        differences(plan, profile).map(|(title, far)| IntervalRow::new(title, far, far, far));
    let mut section = Section::new(text(&profile.name));
    if let Some(rows) = profile.rows {
        let rows = number::count(rows as u64);
        section = section.paragraph(Text::new(
            format!("{rows} rijen om van te leren."),
            format!("{rows} rows to learn from."),
        ));
    }
    let warning = profile
        .jaccard
        .and_then(|overlap| Firmness::of(overlap).warning());
    if let Some((nl, en)) = warning {
        section = section.warning(Text::new(nl, en));
    }
    section = section.chart(
        IntervalChart::new(
            text(&profile.name),
            Text::new("afstand tot allen, sd", "distance from all, sd"),
        )
        .reference(0.0)
        .rows(rows),
    );
    if !profile.means.is_empty() {
        section = section.table(means(plan, profile));
    }
    if !profile.levels.is_empty() {
        section = section.table(levels(plan, profile));
    }
    if !profile.certainty.is_empty() {
        section = section.table(certainty(profile));
    }
    section
}

fn means(plan: &NewTrainingRun, profile: &ProfileSummary) -> Table {
    let mut table = Table::new(Text::new("Getallen", "Numbers"))
        .column(Text::new("Gegeven", "Input"))
        .number(Text::new("Gemiddelde", "Mean"))
        .number(Text::new(
            "Afstand tot allen (sd)",
            "Distance from all (sd)",
        ));
    for mean in &profile.means {
        table.push([
            Cell::both(words(plan, &mean.column)),
            Cell::number(mean.mean, 3),
            Cell::number(mean.difference, 2),
        ]);
    }
    table
}

fn levels(plan: &NewTrainingRun, profile: &ProfileSummary) -> Table {
    let mut table = Table::new(Text::new(
        "Wat het vaakst voorkomt",
        "What is most frequent",
    ))
    .column(Text::new("Gegeven", "Input"))
    .column(Text::new("Waarde", "Value"))
    .number(Text::new("Deze groep", "This group"))
    .number(Text::new("Allen", "All"));
    for one in &profile.levels {
        table.push([
            Cell::both(words(plan, &one.column)),
            Cell::both(level(&one.level)),
            Cell::percent(one.share, 0),
            Cell::percent(one.all, 0),
        ]);
    }
    table
}

/// How often somebody comes into the group again, by how much nearer it is than the next.
fn certainty(profile: &ProfileSummary) -> Table {
    let mut table = Table::new(Text::new(
        "Hoe zeker het is dat iemand bij deze groep hoort",
        "How certain it is that somebody belongs to this group",
    ))
    .column(Text::new(
        "Hoeveel dichterbij dan de volgende groep (0 is even ver, 1 is gelijk aan het midden)",
        "How much nearer than the next group (0 is as far, 1 is equal to the centre)",
    ))
    .number(Text::new("Rijen", "Rows"))
    .number(Text::new(
        "Komt er opnieuw in, als de groepen zonder hem of haar worden gemaakt",
        "Comes into it again when groups are made without them",
    ));
    let mut from = 0.0;
    for step in &profile.certainty {
        let to = step.below.unwrap_or(1.0);
        let [low, high] = [from, to].map(|lead| number::decimal(lead, 2));
        let [low_en, high_en] = [&low, &high].map(|text| text.replace(',', "."));
        table.push([
            Cell::both(Text::new(
                format!("{low} tot {high}"),
                format!("{low_en} to {high_en}"),
            )),
            Cell::count(step.rows),
            Cell::percent(step.share, 0),
        ]);
        from = to;
    }
    table
}
