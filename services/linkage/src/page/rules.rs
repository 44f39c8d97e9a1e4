//! Blocking rules: what each reaches, adds and skips.

use helder_record_linkage::blocking::RuleCount;
use helder_report::{Cell, LineChart, Section, Series, Table, Text};

use super::names;
use crate::wire::Outcome;

pub(super) fn rules(outcome: &Outcome, n_declared: usize) -> Section {
    let recall = outcome.prediction.as_ref().map(|known| &known.rule_recall);
    let mut table = Table::new(Text::new(
        "Zoekregels: welke paren worden bekeken",
        "Blocking rules: which pairs are looked at",
    ))
    .column(Text::new("Regel", "Rule"))
    .column(Text::new("Van", "From"))
    .number(Text::new("Paren", "Pairs"))
    .number(Text::new("Nieuwe paren", "New pairs"))
    .number(Text::new("Samen", "Cumulative"))
    .number(Text::new("Bereikte ware paren", "True pairs reached"))
    .number(Text::new("Grootste groep", "Largest block"))
    .number(Text::new("Overgeslagen groepen", "Skipped blocks"))
    .number(Text::new("Overgeslagen paren", "Skipped pairs"));
    let (mut skipped, mut sum) = (0, 0);
    let mut curve = Vec::new();
    for (place, rule) in outcome.blocking_rules.iter().enumerate() {
        let RuleCount {
            rule: name,
            pairs,
            largest_block,
            skipped_blocks,
            skipped_pairs,
            ..
        } = &rule.count;
        skipped += skipped_pairs;
        sum += rule.new_pairs;
        let reached = recall.and_then(|all| all.get(place).copied());
        if let Some(reached) = reached {
            curve.push([sum as f64, reached]);
        }
        table.push([
            Cell::both(names::rule(name)),
            Cell::both(if place < n_declared {
                Text::new("opdracht", "specification")
            } else {
                Text::new("toegevoegd", "added")
            }),
            Cell::count(*pairs),
            Cell::count(rule.new_pairs),
            Cell::count(sum),
            reached.map_or_else(Cell::none, |reached| Cell::percent(reached, 2)),
            Cell::count(*largest_block),
            Cell::count(*skipped_blocks),
            Cell::count(*skipped_pairs),
        ]);
    }
    let mut section = Section::new(Text::new("Zoekregels", "Blocking rules")).paragraph(Text::new(
        "Alleen paren waarvoor een regel geldt, worden vergeleken; geen paar twee keer. Regels die de bestanden zich kunnen veroorloven, \
         zijn toegevoegd. Het aandeel bereikte ware paren is geschat, zonder controle door mensen.",
        "Only pairs for which a rule holds are compared; no pair twice. Rules that the datasets can afford were added. The share of true \
         pairs reached is estimated, without a check by people.",
    ));
    if curve.len() > 1 {
        let line = Series::step(Text::new("na elke regel", "after each rule"), curve);
        section = section.chart(
            LineChart::new(
                Text::new(
                    "Ware paren bereikt, tegen bekeken paren",
                    "True pairs reached, by pairs looked at",
                ),
                Text::new("bekeken paren", "pairs looked at"),
                Text::new("aandeel bereikt", "share reached"),
            )
            .series(line),
        );
    }
    section = section.table(table);
    if let Some(large) = large_blocks(outcome) {
        section = section.table(large);
    }
    if skipped == 0 {
        return section;
    }
    section.warning(Text::new(
        "Sommige groepen waren te groot en zijn overgeslagen door hun regel. Andere regels kunnen deze paren nog bereiken.",
        "Some groups were too large and were skipped by their rule. Other rules may still reach these pairs.",
    ))
}

/// Groups over the cap: their size, what was done, and what became of their pairs. Never the value that their records share.
fn large_blocks(outcome: &Outcome) -> Option<Table> {
    let rules = outcome.blocking_rules.iter();
    let mut blocks = rules
        .flat_map(|rule| {
            let of_rule = rule.count.large_blocks.iter();
            of_rule.map(|block| (&rule.count.rule, block))
        })
        .peekable();
    blocks.peek()?;
    let mut table = Table::new(Text::new("Te grote groepen", "Blocks over the cap"))
        .column(Text::new("Regel", "Rule"))
        .number(Text::new("Links", "Left records"))
        .number(Text::new("Rechts", "Right records"))
        .number(Text::new("Paren", "Pairs"))
        .column(Text::new("Wat er gedaan is", "What was done"))
        .number(Text::new("Bekeken", "Looked at"))
        .number(Text::new("Niet door deze regel", "Not by this rule"));
    for (rule, block) in blocks {
        let done = if block.split_by.is_empty() {
            Text::new("overgeslagen", "skipped")
        } else {
            let by = block.split_by.join(", ");
            Text::new(
                format!("verdeeld op één van: {by}"),
                format!("divided by any of: {by}"),
            )
        };
        table.push([
            Cell::text(rule.clone()),
            Cell::count(block.left_records),
            Cell::count(block.right_records),
            Cell::count(block.pairs),
            Cell::both(done),
            Cell::count(block.kept_pairs),
            Cell::count(block.pairs.saturating_sub(block.kept_pairs)),
        ]);
    }
    Some(table)
}
