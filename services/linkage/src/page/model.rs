//! What the model learned: match weights, training, m and u per level.

use super::names;
use crate::wire::GapBin;
use helder_record_linkage::{
    model::{Source, TrainedComparison, TrainedLevel, TrainedModel},
    run::WeightBin,
};
use helder_report::{BarChart, Cell, Histogram, PairedBarChart, Section, Table, Text};

pub(super) fn weights(bins: &[WeightBin], model: &TrainedModel) -> Section {
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

/// How far the best other candidate of each link stayed behind.
pub(super) fn gaps(bins: &[GapBin], links: u64) -> Section {
    let with: u64 = bins.iter().map(|bin| bin.links).sum();
    let behind = bins.iter().filter(|bin| bin.gap < 0);
    let section = Section::new(Text::new(
        "Voorsprong op de beste andere kandidaat",
        "Gap to the best other candidate",
    ))
    .paragraph(Text::new(
        "Hoeveel beter past een koppeling dan het beste andere paar met een van beide regels dat niet gekoppeld is? Een kleine voorsprong \
         betekent dat de keuze ook anders had kunnen uitvallen: kijk daar het eerst.",
        "How much better does a link agree than the best other pair with one of its records that is no link? A small gap means that the \
         choice might have been another: look there first.",
    ))
    .facts([
        (Text::new("Koppelingen met een andere kandidaat", "Links with another candidate"), Cell::count(with)),
        (
            Text::new("Zonder andere kandidaat, of niet gewogen", "Without another candidate, or not weighed"),
            Cell::count(links.saturating_sub(with)),
        ),
        (
            Text::new("Andere kandidaat past beter", "Other candidate agrees better"),
            Cell::count(behind.map(|bin| bin.links).sum()),
        ),
    ]);
    let (Some(first), Some(last)) = (bins.first(), bins.last()) else {
        return section;
    };
    let (low, high) = (
        first.gap.max(-20),
        last.gap.clamp(-20, 60).max(first.gap.max(-20)),
    );
    let mut counts = vec![0; (high - low + 1) as usize];
    for bin in bins {
        counts[(bin.gap.clamp(low, high) - low) as usize] += bin.links;
    }
    section.chart(Histogram::new(
        Text::new("Koppelingen per voorsprong", "Links by gap"),
        Text::new("voorsprong (bits)", "gap (bits)"),
        (low..=high + 1).map(f64::from).collect::<Vec<f64>>(),
        counts,
    ))
}

pub(super) fn training(model: &TrainedModel) -> Section {
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
            Cell::both(names::rule(&block.rule)),
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

pub(super) fn levels(comparison: &TrainedComparison) -> Section {
    let label = |level: &TrainedLevel| Text::new(level.label_nl.clone(), level.label.clone());
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
    let mut agreement = PairedBarChart::new(
        Text::new(
            "Hoe vaak per niveau (m en u)",
            "How often per level (m and u)",
        ),
        Text::new("aandeel van de paren", "share of the pairs"),
        [
            Text::new("m: zelfde persoon", "m: same person"),
            Text::new("u: anderen", "u: unrelated"),
        ],
    );
    for level in &comparison.levels {
        agreement = agreement.row(label(level), [level.m_probability, level.u_probability]);
    }
    Section::new(Text::new(
        format!("Vergelijking: {}", comparison.name),
        format!("Comparison: {}", comparison.name),
    ))
    .chart(agreement)
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
