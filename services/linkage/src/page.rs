//! The linkage report: counts per step, blocking rules, match weights, m and u. Holds no record and no value.

use helder_record_linkage::{
    blocking::RuleCount,
    model::{Source, TrainedComparison, TrainedModel},
    run::{Step, WeightBin},
};
use helder_report::{BarChart, Cell, Histogram, KeyFigure, Page, Section, Table, Text};

use crate::wire::{LinkageRun, Outcome};

/// The whole report as HTML.
pub(crate) fn render(run: &LinkageRun, outcome: &Outcome) -> String {
    let mut page = Page::new(Text::new("Verslag van een koppeling", "Linkage report"))
        .lead(Text::new(
            "Deze koppeling zoekt gegevens van dezelfde persoon in twee bestanden. Dit verslag laat zien hoe, en hoe zeker dat is.",
            "This linkage looks for records of the same person in two datasets. This report shows how, and how sure it is.",
        ))
        .fact(Text::new("Koppeling", "Linkage run"), Cell::code(run.id.to_string()))
        .fact(Text::new("Project", "Project"), Cell::code(run.project_id.to_string()))
        .fact(Text::new("Linkerbestand", "Left version"), Cell::code(run.left.to_string()))
        .fact(Text::new("Rechterbestand", "Right version"), Cell::code(run.right.to_string()))
        .fact(Text::new("Gevraagd op", "Asked at"), Cell::text(run.created_at.clone()))
        .fact(Text::new("Resultaat", "Linked dataset"), Cell::code(outcome.linked_dataset.digest.to_string()))
        .section(figures(outcome))
        .section(steps(outcome));
    if !outcome.blocking_rules.is_empty() {
        page = page.section(rules(outcome));
    }
    if let Some(model) = &outcome.model {
        page = page
            .section(weights(&outcome.weight_bins, model))
            .section(training(model));
        for comparison in &model.comparisons {
            page = page.section(levels(comparison));
        }
    }
    page.render()
}

fn figures(outcome: &Outcome) -> Section {
    let figure = |nl: &str, en: &str, value| KeyFigure::new(Text::new(nl, en), value);
    let mut figures = vec![
        figure("Gevonden koppelingen", "Links", Cell::count(outcome.links)),
        figure("Regels links", "Left rows", Cell::count(outcome.left_rows)),
        figure(
            "Regels rechts",
            "Right rows",
            Cell::count(outcome.right_rows),
        ),
    ];
    let mut section = Section::new(Text::new("In het kort", "At a glance"));
    if let Some(error) = outcome.expected_error {
        figures.push(figure(
            "Verwachte precisie",
            "Expected precision",
            Cell::percent(error.precision, 1),
        ));
        figures.push(figure(
            "Verwachte volledigheid",
            "Expected recall",
            Cell::percent(error.recall, 1),
        ));
        section = section.figures(figures).warning(Text::new(
            "De verwachte precisie en volledigheid komen uit het model zelf, niet uit een controle door mensen. Paren die geen enkele \
             zoekregel bereikt, tellen niet mee.",
            "Expected precision and recall come from the model itself, not from a check by people. Pairs that no blocking rule reaches \
             are not counted.",
        ));
    } else {
        section = section.figures(figures);
    }
    section
}

fn steps(outcome: &Outcome) -> Section {
    let mut table = Table::new(Text::new("Stappen in volgorde", "Steps in order"))
        .column(Text::new("Stap", "Step"))
        .column(Text::new("Op", "On"))
        .number(Text::new("Paren bekeken", "Pairs looked at"))
        .number(Text::new("Koppelingen", "Links"))
        .number(Text::new("Links zonder koppeling", "Left without link"))
        .number(Text::new("Rechts zonder koppeling", "Right without link"));
    for step in &outcome.steps {
        let name = match step.step {
            Step::Deterministic => Text::new("gelijk pseudoniem", "equal pseudonym"),
            Step::Probabilistic => Text::new("gewogen vergelijking", "weighed comparison"),
        };
        table.push([
            Cell::both(name),
            Cell::code(step.on.clone()),
            Cell::count(step.pairs),
            Cell::count(step.links),
            Cell::count(step.left_unlinked),
            Cell::count(step.right_unlinked),
        ]);
    }
    Section::new(Text::new("Stappen", "Steps")).table(table)
}

fn rules(outcome: &Outcome) -> Section {
    let mut table = Table::new(Text::new(
        "Zoekregels: welke paren worden bekeken",
        "Blocking rules: which pairs are looked at",
    ))
    .column(Text::new("Regel", "Rule"))
    .number(Text::new("Paren", "Pairs"))
    .number(Text::new("Nieuwe paren", "New pairs"))
    .number(Text::new("Grootste groep", "Largest group"))
    .number(Text::new("Overgeslagen paren", "Skipped pairs"));
    let mut skipped = 0;
    for rule in &outcome.blocking_rules {
        let RuleCount {
            rule: name,
            pairs,
            largest_block,
            skipped_pairs,
            ..
        } = &rule.count;
        skipped += skipped_pairs;
        table.push([
            Cell::text(name.clone()),
            Cell::count(*pairs),
            Cell::count(rule.new_pairs),
            Cell::count(*largest_block),
            Cell::count(*skipped_pairs),
        ]);
    }
    let section = Section::new(Text::new("Zoekregels", "Blocking rules")).table(table);
    if skipped == 0 {
        return section;
    }
    section.warning(Text::new(
        "Sommige groepen waren te groot en zijn overgeslagen door hun regel. Andere regels kunnen deze paren nog bereiken.",
        "Some groups were too large and were skipped by their rule. Other rules may still reach these pairs.",
    ))
}

fn weights(bins: &[WeightBin], model: &TrainedModel) -> Section {
    let (low, high) = (
        bins.first().map_or(0, |bin| bin.weight),
        bins.last().map_or(0, |bin| bin.weight),
    );
    let (low, high) = (low.max(-60), high.min(100));
    let mut counts = vec![0; (high - low + 1).max(1) as usize];
    for bin in bins {
        counts[(bin.weight.clamp(low, high) - low) as usize] += bin.pairs;
    }
    let edges: Vec<f64> = (low..=high + 1).map(f64::from).collect();
    Section::new(Text::new("Gewichten van de paren", "Match weights"))
        .paragraph(Text::new(
            format!("Een gewicht boven 0 pleit voor dezelfde persoon. Vóór het vergelijken is het gewicht {:.1}.", model.prior_weight),
            format!("A weight above 0 speaks for the same person. Before comparing, the weight is {:.1}.", model.prior_weight),
        ))
        .chart(Histogram::new(
            Text::new("Paren per gewicht, vóór de weging van andere kandidaten", "Pairs by match weight, before other candidates are weighed"),
            Text::new("gewicht (bits)", "match weight (bits)"),
            edges,
            counts,
        ))
}

fn training(model: &TrainedModel) -> Section {
    let convergence = &model.convergence;
    let mut table = Table::new(Text::new(
        "Waarvan het model leerde",
        "What the model learned from",
    ))
    .column(Text::new("Regel", "Rule"))
    .number(Text::new("Paren", "Pairs"))
    .number(Text::new("Zelfde persoon", "Same person"))
    .number(Text::new("Huisgenoten", "Household"))
    .number(Text::new("Anderen", "Unrelated"));
    for block in &convergence.blocks {
        table.push([
            Cell::text(block.rule.clone()),
            Cell::count(block.pairs),
            Cell::percent(block.matches, 2),
            Cell::percent(block.household, 2),
            Cell::percent(block.unrelated, 2),
        ]);
    }
    let section = Section::new(Text::new("Leren", "Training"))
        .table(table)
        .facts([
            (
                Text::new("Rondes", "Iterations"),
                Cell::count(u64::from(convergence.iterations)),
            ),
            (
                Text::new("Verwachte ware paren", "Expected true pairs"),
                Cell::number(model.expected_matches, 0),
            ),
        ]);
    if convergence.converged {
        return section;
    }
    section.warning(Text::new(
        "Het leren stopte bij de grens van het aantal rondes voordat alle kansen stilstonden. De laatste stap was klein; zie het aantal rondes.",
        "Training stopped at its iteration limit before every probability stood still. The last step was small; see the iterations.",
    ))
}

fn levels(comparison: &TrainedComparison) -> Section {
    let label = |level: &helder_record_linkage::model::TrainedLevel| {
        Text::new(level.label_nl.clone(), level.label.clone())
    };
    let mut table = Table::new(Text::new("Kansen per niveau", "Probabilities per level"))
        .column(Text::new("Niveau", "Level"))
        .number(Text::new("m (zelfde persoon)", "m (same person)"))
        .number(Text::new("u (anderen)", "u (unrelated)"))
        .number(Text::new("Huisgenoot", "Household"))
        .number(Text::new("Gewicht (bits)", "Weight (bits)"))
        .column(Text::new("Bron van u", "Source of u"));
    for level in &comparison.levels {
        let source = match level.u_source {
            Source::ValueCounts => Text::new("telling van de waarden", "value counts"),
            Source::RandomPairs | Source::Em => Text::new("willekeurige paren", "random pairs"),
        };
        table.push([
            Cell::both(label(level)),
            Cell::number(level.m_probability, 5),
            Cell::number(level.u_probability, 7),
            level
                .household_probability
                .map_or_else(Cell::none, |p| Cell::number(p, 5)),
            Cell::number(level.match_weight, 2),
            Cell::both(source),
        ]);
    }
    Section::new(Text::new(
        format!("Vergelijking: {}", comparison.name),
        format!("Comparison: {}", comparison.name),
    ))
    .chart(
        BarChart::new(
            Text::new("Gewicht per niveau", "Match weight per level"),
            Text::new("log2(m/u), bits", "log2(m/u), bits"),
        )
        .bars(
            comparison
                .levels
                .iter()
                .map(|level| (label(level), level.match_weight)),
        ),
    )
    .table(table)
}
