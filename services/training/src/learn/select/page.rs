//! The comparison as a page, for whoever must decide.

use helder_report::{
    Cell, IntervalChart, IntervalRow, KeyFigure, Page, Section, Table, Text, number,
};
use helder_selection::{Estimate, Limit, Reason, ReasonCode, Role, State};

use super::{SelectionDocument, document::Line};

/// The whole page. `seconds` per line.
pub(crate) fn page(document: &SelectionDocument, seconds: &[f64]) -> Page {
    let by = match document.folds.by.as_str() {
        "rows" => Text::new("geloot per rij", "drawn by row"),
        "reference_date" => Text::new(
            "latere peildatums beoordelen wat eerdere leerden",
            "later reference dates judge what earlier ones taught",
        ),
        column => Text::new(
            format!("gelijke waarden van {column} blijven bij elkaar"),
            format!("equal values of {column} stay together"),
        ),
    };
    let folds = &document.folds;
    Page::new(Text::new(
        format!("Welk model past bij {}?", document.target),
        format!("Which model fits {}?", document.target),
    ))
    .lead(Text::new(
        "Alle manieren zijn op dezelfde rijen vergeleken, met rijen die het model en de keuze van de instellingen niet hebben gezien. \
         Het voorstel is het eenvoudigste dat niet van het beste te onderscheiden is. Een mens beslist.",
        "All ways were compared on the same rows, by rows that neither the model nor the choice of settings had seen. The proposal is \
         the simplest that cannot be told from the best. A person decides.",
    ))
    .fact(
        Text::new("Rijen vergeleken", "Rows compared"),
        Cell::count(document.rows.compared as u64),
    )
    .fact(
        Text::new("Apart gehouden, nog door niemand gezien", "Kept apart, seen by nobody yet"),
        Cell::count(document.rows.kept_apart as u64),
    )
    .fact(
        Text::new("Delen", "Folds"),
        Cell::both(Text::new(
            format!("{} buiten, {} binnen; {}", folds.outer.len(), folds.inner, by.nl),
            format!("{} outer, {} inner; {}", folds.outer.len(), folds.inner, by.en),
        )),
    )
    .fact(
        Text::new("Modellen geleerd", "Models learned"),
        Cell::text(format!("{} / {}", document.budget.fits_done, document.budget.fits)),
    )
    .fact(
        Text::new("Analysetabel", "Frame"),
        Cell::code(document.frame_digest.to_string()),
    )
    .section(proposal(document))
    .section(comparison(document, seconds))
    .section(settings(document))
    .section(reading_guide())
}

/// What a line is called.
fn name(line: &Line) -> Text {
    match line.compared.role {
        Role::BaseRate => Text::new("iedereen dezelfde kans", "everybody the same probability"),
        Role::SimpleRule => {
            let column = line.column.clone().unwrap_or_default();
            Text::new(format!("regel: {column}"), format!("rule: {column}"))
        }
        Role::Ceiling => Text::new(
            "zwarte doos (maatstaf, geen kandidaat)",
            "black box (yardstick, no candidate)",
        ),
        Role::Candidate => {
            let code = line
                .algorithm
                .and_then(|algorithm| serde_json::to_value(algorithm).ok());
            match code.as_ref().and_then(|code| code.as_str()) {
                Some("logistic-regression") => {
                    Text::new("logistische regressie", "logistic regression")
                }
                Some("explainable-boosting") => Text::same("explainable boosting"),
                Some("scorecard") => Text::new("scorekaart", "scorecard"),
                Some("decision-tree") => Text::new("beslisboom", "decision tree"),
                Some("rule-list") => Text::new("regellijst", "rule list"),
                other => Text::same(other.unwrap_or_default()),
            }
        }
    }
}

fn label(document: &SelectionDocument, place: usize) -> Text {
    document
        .lines
        .get(place)
        .map_or_else(|| Text::same(""), name)
}

fn proposal(document: &SelectionDocument) -> Section {
    let mut section = Section::new(Text::new("Het voorstel", "The proposal"));
    section = match document.proposal.contender {
        Some(place) => section.figures([KeyFigure::new(
            Text::new("Voorgesteld", "Proposed"),
            Cell::both(label(document, place)),
        )]),
        None => section.warning(Text::new(
            "Er is geen voorstel: geen enkel model is beter dan iedereen dezelfde kans geven.",
            "There is no proposal: no model is better than giving everybody the same probability.",
        )),
    };
    let reasons = document
        .reasons()
        .iter()
        .map(|reason| told(document, reason));
    let untried = document
        .lines
        .iter()
        .flat_map(|line| &line.settings)
        .filter(|setting| matches!(setting.outcome, State::NotTried { .. }))
        .count();
    let more = (untried > 0).then(|| {
        Text::new(
            format!("Niet geprobeerd, want het budget was op: {untried} instellingen. Ze staan hieronder."),
            format!("Not tried, as the budget was spent: {untried} settings. They stand below."),
        )
    });
    section.list(reasons.chain(more)).paragraph(Text::new(
        "Wie anders beslist, zegt waarom in de beoordeling van het model.",
        "Whoever decides otherwise says why in the review of the model.",
    ))
}

fn told(document: &SelectionDocument, reason: &Reason) -> Text {
    let than = reason.than.map(|place| label(document, place));
    let than = than.unwrap_or_else(|| Text::same(""));
    let by = reason.difference.map_or_else(String::new, |difference| {
        let [mean, low, high] =
            [difference.mean, difference.low, difference.high].map(|v| number::decimal(v, 4));
        format!(" ({mean}; {low} – {high})")
    });
    let (nl, en) = match reason.code {
        ReasonCode::LowestLoss => (
            "Geen kandidaat heeft een lager log-verlies.".to_owned(),
            "No candidate has a lower log loss.".to_owned(),
        ),
        ReasonCode::SimplestWithinOneStandardError => (
            format!(
                "Het beste, {}, is minder dan één standaardfout beter{by}, en daarin valt meer te lezen.",
                than.nl
            ),
            format!(
                "The best, {}, is better by less than one standard error{by}, and there is more to read in it.",
                than.en
            ),
        ),
        ReasonCode::NothingLearned => (
            "Met geen enkele kandidaat viel iets te leren.".to_owned(),
            "Nothing could be learned with any candidate.".to_owned(),
        ),
        ReasonCode::BetterThanBaseRate => (
            format!("Beter dan iedereen dezelfde kans geven{by}."),
            format!("Better than giving everybody the same probability{by}."),
        ),
        ReasonCode::NotBetterThanBaseRate => (
            format!("Niet beter dan iedereen dezelfde kans geven{by}."),
            format!("Not better than giving everybody the same probability{by}."),
        ),
        ReasonCode::BetterThanRule => (
            format!("Beter dan de eenvoudige {}{by}.", than.nl),
            format!("Better than the simple {}{by}.", than.en),
        ),
        ReasonCode::RuleAsGood => (
            format!(
                "De eenvoudige {} is even goed, of niet te onderscheiden{by}. Vraag of er een model nodig is.",
                than.nl
            ),
            format!(
                "The simple {} is as good, or cannot be told from it{by}. Ask whether a model is needed.",
                than.en
            ),
        ),
        ReasonCode::CeilingNotBetter => (
            format!("Een zwarte doos is niet beter{by}: leesbaar zijn kost hier niets."),
            format!("A black box is not better{by}: being readable costs nothing here."),
        ),
        ReasonCode::CeilingBetter => (
            format!(
                "Een zwarte doos heeft een lager log-verlies{by}: dat kost het hier om leesbaar te zijn."
            ),
            format!(
                "A black box has a lower log loss{by}: that is what being readable costs here."
            ),
        ),
    };
    Text::new(nl, en)
}

fn cell(estimate: Option<Estimate>, decimals: usize) -> Cell {
    estimate.map_or_else(Cell::none, |e| {
        Cell::interval(e.mean, e.low, e.high, decimals)
    })
}

fn comparison(document: &SelectionDocument, seconds: &[f64]) -> Section {
    let share = number::percent(document.capacity_share, 1);
    let mut table = Table::new(Text::new(
        "Gemiddelde over de delen, met interval van 95 % dat rekent met rijen die delen gemeen hebben",
        "Mean over the folds, with an interval of 95 % that knows that folds share rows",
    ))
    .column(Text::new("Manier", "Way"))
    .number(Text::new("Log-verlies", "Log loss"))
    .number(Text::new("Achter op de beste", "Behind the best"))
    .number(Text::new("Onderscheid (AUC)", "Discrimination (AUC)"))
    .number(Text::new("Kalibratiehelling (ideaal 1)", "Calibration slope (ideal 1)"))
    .number(Text::new(
        format!("Precisie bij {share}"),
        format!("Precision at {share}"),
    ))
    .number(Text::new(
        format!("Keer beter dan loten bij {share}"),
        format!("Lift at {share}"),
    ))
    .number(Text::new("Te lezen per persoon", "To read per person"))
    .number(Text::new("Te lezen in het geheel", "To read in all"))
    .number(Text::new("Seconden", "Seconds"));
    let mut chart = IntervalChart::new(
        Text::new(
            "Log-verlies boven de beste kandidaat",
            "Log loss above the best candidate",
        ),
        Text::new("log-verlies", "log loss"),
    )
    .reference(0.0);
    for (place, line) in document.lines.iter().enumerate() {
        let compared = &line.compared;
        let count = |pick: fn(&helder_selection::Reading) -> usize| {
            let reading = compared.reading.as_ref();
            reading.map_or_else(Cell::none, |reading| Cell::count(pick(reading) as u64))
        };
        table.push([
            Cell::both(name(line)),
            cell(compared.log_loss, 4),
            cell(compared.behind, 4),
            cell(compared.auc, 3),
            cell(compared.calibration_slope, 2),
            cell(compared.precision, 3),
            cell(compared.lift, 2),
            count(|reading| reading.terms),
            count(|reading| reading.numbers),
            seconds
                .get(place)
                .filter(|_| line.algorithm.is_some() || compared.role == Role::Ceiling)
                .map_or_else(Cell::none, |seconds| Cell::number(*seconds, 1)),
        ]);
        if let Some(behind) = compared.behind {
            chart = chart.row(IntervalRow::new(
                name(line),
                behind.mean,
                behind.low,
                behind.high,
            ));
        }
    }
    let mut section = Section::new(Text::new("De vergelijking", "The comparison")).chart(chart);
    for line in &document.lines {
        if let Some(State::Failed { detail, .. }) = &line.outcome {
            let name = name(line);
            section = section.warning(Text::new(
                format!("{}: niet gelukt ({detail}).", name.nl),
                format!("{}: failed ({detail}).", name.en),
            ));
        }
    }
    section.table(table)
}

fn settings(document: &SelectionDocument) -> Section {
    let mut table = Table::new(Text::new("Elke instelling", "Every setting"))
        .column(Text::new("Manier", "Way"))
        .column(Text::new("Instelling", "Setting"))
        .number(Text::new("Log-verlies", "Log loss"))
        .number(Text::new("Gekozen in delen", "Chosen in folds"))
        .column(Text::new("Hoe het ging", "How it went"));
    for line in &document.lines {
        for (place, setting) in line.settings.iter().enumerate() {
            let spelled = serde_json::to_string(&setting.hyperparameters).unwrap_or_default();
            let chosen = line.compared.chosen.iter();
            let chosen = chosen.filter(|chosen| **chosen == place).count();
            let state = match &setting.outcome {
                State::Done => Text::new("gedaan", "done"),
                State::Failed { detail, .. } => Text::new(
                    format!("niet gelukt: {detail}"),
                    format!("failed: {detail}"),
                ),
                State::NotTried { limit } => match limit {
                    Limit::Fits => Text::new(
                        "niet geprobeerd: het aantal modellen was op",
                        "not tried: the number of models was spent",
                    ),
                    Limit::Seconds => Text::new(
                        "niet geprobeerd: de tijd was op",
                        "not tried: the time was spent",
                    ),
                },
            };
            table.push([
                Cell::both(name(line)),
                Cell::code(spelled),
                setting
                    .mean_log_loss
                    .map_or_else(Cell::none, |loss| Cell::number(loss, 4)),
                Cell::count(chosen as u64),
                Cell::both(state),
            ]);
        }
    }
    Section::new(Text::new("De instellingen", "The settings"))
        .paragraph(Text::new(
            "Wie de beste van veel instellingen kiest en die op dezelfde rijen beoordeelt, rekent zich rijk. Daarom kiest elk buitendeel \
             zijn instelling met eigen binnendelen, en gelden de cijfers hierboven.",
            "Whoever picks the best of many settings and judges it by the same rows is fooled. So each outer fold chooses its setting by \
             inner folds of its own, and the figures above count.",
        ))
        .table(table)
}

fn reading_guide() -> Section {
    Section::new(Text::new("Hoe te lezen", "How to read")).list([
        Text::new(
            "Log-verlies: hoe ver de kansen van de uitkomst liggen; lager is beter. De volgorde gaat hierover.",
            "Log loss: how far the probabilities are from the outcome; lower is better. The order is about this.",
        ),
        Text::new(
            "Te lezen per persoon: uit hoeveel delen één score is opgeteld. Te lezen in het geheel: alle getallen van het model.",
            "To read per person: the parts that one score is the sum of. To read in all: every number of the model.",
        ),
        Text::new(
            "De zwarte doos is alleen een maatstaf. Ze wordt niet bewaard en kan geen model worden.",
            "The black box is a yardstick only. It is not kept and cannot become a model.",
        ),
        Text::new(
            "De rijen die apart zijn gehouden, oordelen pas over het model dat straks wordt geleerd.",
            "The rows kept apart judge only the model that will be learned.",
        ),
    ])
}
