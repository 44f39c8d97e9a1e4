//! The model card: what it does, what it uses, how good and how fair it is. For anybody.

mod actionable;
mod boosting;
mod causes;
mod edits;
mod estimates;
pub(super) mod evaluation_page;
mod fairness;
pub(super) mod fairness_page;
mod groups;
mod intervals;
mod privacy;
mod provisions;
mod quality;
mod regressions;
mod scorecard;
mod shared;
mod splines;
mod survival;
mod trees;
mod truth;

use helder_model::{Algorithm, Family, Meaning, Model};
use helder_report::{Cell, Page, Section, Table, Text};
use helder_types::Digest;

use super::{judge::Judged, plan::NewTrainingRun};

/// The whole page.
pub(super) fn card(plan: &NewTrainingRun, model: &Model, digest: &Digest, judged: &Judged) -> Page {
    let rows = judged.evaluation.rows;
    let mut page = Page::new(text(&model.title))
        .lead(Text::new(
            "Dit model geeft advies. Een medewerker beslist altijd zelf.",
            "This model advises. A member of staff always decides.",
        ))
        .fact(
            Text::new("Wat het zegt", "What it says"),
            Cell::both(text(&model.output.meaning)),
        )
        .fact(Text::new("Methode", "Method"), Cell::both(method(model)))
        .fact(
            Text::new("Modelbestand", "Model file"),
            Cell::code(digest.to_string()),
        )
        .fact(
            Text::new("Analysetabel", "Frame"),
            Cell::code(model.training.frame_digest.to_string()),
        )
        .fact(
            Text::new("Geleerd van", "Learned from"),
            Cell::count(rows.train as u64),
        )
        .fact(
            Text::new("Programma", "Code"),
            Cell::code(model.training.code_version.clone()),
        )
        .section(inputs(model));
    if let Some(promised) = &plan.privacy {
        page = page.section(privacy::promise(promised));
    }
    if let Some(fit) = &judged.evaluation.fit {
        page = page.section(quality::coefficients(fit, model));
    }
    let boosting = judged.evaluation.boosting.as_ref();
    if let Some(section) = boosting.and_then(|summary| boosting::terms(model, summary)) {
        page = page.section(section);
    }
    let scorecard = judged.evaluation.scorecard.as_ref();
    if let Some(section) = scorecard.and_then(|summary| scorecard::card(model, summary)) {
        page = page.section(section);
    }
    let tree = judged.evaluation.tree.as_ref();
    if let Some(section) = tree.and_then(|summary| trees::tree(model, summary)) {
        page = page.section(section);
    }
    if let Some(effect) = &judged.evaluation.edit {
        page = page.section(edits::edits(model, effect));
    }
    if let Some(predictions) = &judged.evaluation.predictions {
        let mut section = quality::quality(predictions, rows.test);
        if rows.judged_on_training_rows {
            section = section.warning(shared::judged_on_training_rows());
        }
        page = page.section(section);
    }
    if let Some(found) = &judged.evaluation.estimates {
        let mut section = estimates::estimates(found, rows.test);
        if rows.judged_on_training_rows {
            section = section.warning(shared::judged_on_training_rows());
        }
        page = page.section(section);
    }
    if let Some(quality) = &judged.evaluation.survival {
        for section in survival::sections(model, quality, rows) {
            page = page.section(section);
        }
    }
    if let Some(groups) = &judged.evaluation.groups {
        for section in groups::sections(plan, groups) {
            page = page.section(section);
        }
    }
    page.section(fairness::fairness(plan, &judged.fairness))
}

fn text(meaning: &Meaning) -> Text {
    Text::new(meaning.nl.clone(), meaning.en.clone())
}

fn method(model: &Model) -> Text {
    if let Algorithm::GeneralisedLinear(fit) = &model.algorithm {
        return match fit.family {
            Family::Gaussian => Text::new(
                "lineaire regressie: elk gegeven telt met een vast bedrag mee",
                "linear regression: each input adds a fixed amount",
            ),
            Family::Binomial => Text::new(
                "binomiale regressie voor aandelen: elk gegeven telt met een vast gewicht mee",
                "binomial regression of shares: each input counts with a fixed weight",
            ),
            Family::Poisson => Text::new(
                "Poissonregressie voor aantallen: elk gegeven vermenigvuldigt met een vaste factor",
                "Poisson regression of counts: each input multiplies by a fixed factor",
            ),
            Family::NegativeBinomial => Text::new(
                "negatief-binomiale regressie voor aantallen: elk gegeven vermenigvuldigt met een vaste factor",
                "negative binomial regression of counts: each input multiplies by a fixed factor",
            ),
        };
    }
    match model.algorithm.as_str() {
        "logistic_regression" => Text::new(
            "logistische regressie: elk gegeven telt met een vast gewicht mee",
            "logistic regression: each input counts with a fixed weight",
        ),
        "explainable_boosting" => Text::new(
            "explainable boosting: de kans is een optelsom van wat elk gegeven doet, en wat sommige gegevens samen doen",
            "explainable boosting: the probability is a sum of what each input does, and what some inputs do together",
        ),
        "scorecard" => Text::new(
            "scorekaart: elk gegeven geeft hele punten, en het totaal van de punten bepaalt de kans",
            "scorecard: each input gives whole points, and the total of the points gives the probability",
        ),
        "decision_tree" => Text::new(
            "beslisboom: een paar vragen na elkaar, en aan het eind de kans",
            "decision tree: a few questions one after the other, and the probability at the end",
        ),
        "cox_regression" => Text::new(
            "Cox-regressie: elk gegeven maakt het met een vaste factor sneller of langzamer",
            "Cox regression: each input makes it faster or slower by a fixed factor",
        ),
        "hazard_boosting" => Text::new(
            "kans per maand of kwartaal: een optelsom van wat elk gegeven doet, ook als dat verandert met de tijd",
            "chance per month or quarter: a sum of what each input does, also where that changes with time",
        ),
        "hazard_regression" => Text::new(
            "kans per maand of kwartaal: elk gegeven maakt het met een vaste factor sneller of langzamer",
            "chance per month or quarter: each input makes it faster or slower by a fixed factor",
        ),
        "rule_list" => Text::new(
            "regellijst: de eerste regel die klopt, geeft de kans",
            "rule list: the first rule that holds gives the probability",
        ),
        "k_prototypes" => Text::new(
            "k-prototypes: personen die op elkaar lijken komen in een groep, naar getallen en soorten samen; wat niet bekend is, telt niet mee",
            "k-prototypes: subjects that resemble each other form a group, by numbers and categories together; what is not known is left out",
        ),
        "gaussian_mixture" => Text::new(
            "mengsel van normale verdelingen: groepen die in elkaar overlopen, met de kans dat iemand bij een groep hoort",
            "mixture of normal distributions: groups that run into each other, with the probability that somebody belongs to one",
        ),
        _ => Text::new(
            "k-means: personen die op elkaar lijken komen in een groep",
            "k-means: subjects that resemble each other form a group",
        ),
    }
}

/// A paragraph per input whose raw values are grouped or converted.
fn prepared(section: Section, model: &Model) -> Section {
    let each = model.inputs.iter().filter_map(|input| {
        let said = input.preparation.as_ref()?.meaning(input);
        let name = text(&input.meaning);
        Some(Text::new(
            format!("{}: {}.", name.nl, said.nl),
            format!("{}: {}.", name.en, said.en),
        ))
    });
    let each: Vec<Text> = each.collect();
    if each.is_empty() {
        return section;
    }
    let lead = Text::new(
        "Het model past deze gegevens eerst aan. Wie het model gebruikt, geeft de waarde zoals die in de bron staat:",
        "The model prepares these inputs first. Whoever uses the model gives the value as it stands in the source:",
    );
    let section = section.paragraph(lead);
    each.into_iter().fold(section, Section::paragraph)
}

fn inputs(model: &Model) -> Section {
    let mut table = Table::new(Text::new(
        "Gegevens die het model gebruikt",
        "Inputs the model uses",
    ))
    .column(Text::new("Gegeven", "Input"))
    .column(Text::new("Eenheid", "Unit"))
    .column(Text::new("Bron", "Source"))
    .column(Text::new("Waarom", "Why"));
    for input in &model.inputs {
        table.push([
            Cell::both(text(&input.meaning)),
            input.unit.clone().map_or_else(Cell::none, Cell::text),
            input
                .source_field
                .clone()
                .map_or_else(Cell::none, Cell::code),
            Cell::text(input.justification.clone()),
        ]);
    }
    let section = Section::new(Text::new("Gegevens", "Inputs")).table(table);
    let section = prepared(section, model);
    let mut section = actionable::with(section, model);
    if !model.training.sensitive_features.is_empty() {
        let names = model.training.sensitive_features.join(", ");
        section = section.paragraph(Text::new(
            format!("Niet gebruikt om te voorspellen, alleen om eerlijkheid te meten: {names}."),
            format!("Not used to predict, only to measure fairness: {names}."),
        ));
    }
    section
}
