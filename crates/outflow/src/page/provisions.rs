//! Provisions.

use helder_report::{Cell, Section, Table, Text};

use super::{count, words};
use crate::{
    OutflowAnalysis,
    provisions::{ProvisionEffect, Ratio},
};

pub(super) fn section(analysis: &OutflowAnalysis) -> Section {
    let section = Section::new(Text::new("Voorzieningen", "Provisions"))
        .paragraph(Text::new(
            "Een traject telt als ‘met’ vanaf de dag waarop de voorziening begon, en als ‘zonder’ tot die dag. Zo tellen de maanden waarin iemand nog moest wachten niet als succes of als mislukking van de voorziening.",
            "A spell counts as ‘with’ from the day the provision began, and as ‘without’ until then. So the months somebody still had to wait count neither as its success nor as its failure.",
        ))
        .warning(Text::new(
            "Dit bewijst niet dat de voorziening werkt. Wie een voorziening krijgt, is gekozen: gemotiveerde of juist moeilijk bemiddelbare cliënten krijgen haar vaker. Alleen een proef waarin het lot beslist, laat zien wat zij doet.",
            "This does not prove that the provision works. Who gets it was chosen: motivated clients, or those hard to place, get it more often. Only a trial in which chance decides shows what it does.",
        ));
    analysis
        .provisions
        .iter()
        .fold(section, |section, one| section.section(provision(one)))
}

fn provision(one: &ProvisionEffect) -> Section {
    let mut table = Table::new(Text::new("Tempo na het begin", "Pace after the beginning"))
        .column(Text::new("Reden", "Reason"))
        .number(Text::new("verhouding (95%-marge)", "ratio (95% interval)"))
        .number(Text::new("p", "p"))
        .number(Text::new(
            "fout geteld: ‘met’ vanaf dag één",
            "counted wrongly: ‘with’ from day one",
        ));
    for end in &one.ends {
        table.push([
            Cell::both(words(&end.words)),
            interval(end.ratio),
            end.ratio
                .map_or_else(Cell::none, |ratio| Cell::p_value(ratio.p_value)),
            interval(end.ratio_when_called_from_first_day),
        ]);
    }
    Section::new(words(&one.words))
        .facts([
            (
                Text::new("Begonnen tijdens het traject", "Began during the spell"),
                count(one.began),
            ),
            (
                Text::new("Begonnen op of na het einde (telt niet)", "Began at the end or later (does not count)"),
                count(one.began_too_late),
            ),
        ])
        .table(table)
        .paragraph(Text::new(
            "De laatste kolom laat zien wat een veelgemaakte fout doet: wie later een voorziening krijgt, moest daarvoor lang genoeg blijven. Wie die tijd meetelt, maakt elke voorziening te zwak.",
            "The last column shows what a common mistake does: who gets a provision later had to stay long enough for it. Counting that time makes any provision look too weak.",
        ))
}

fn interval(ratio: Option<Ratio>) -> Cell {
    ratio.map_or_else(Cell::none, |ratio| {
        Cell::interval(ratio.ratio, ratio.lower, ratio.upper, 2)
    })
}
