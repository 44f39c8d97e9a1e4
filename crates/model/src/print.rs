//! A model as plain text: for a terminal, an e-mail or the annex of a decision letter, 80 columns wide.

mod groups;
mod hazard;
mod interval;
mod linear;
mod sheet;
mod sums;
mod tree;

use crate::{Algorithm, Calibration, Family, Input, Language, Meaning, MissingRule, Model};
use sheet::Sheet;

/// Most stretches shown of one curve, unless all steps are asked for.
const MOST_STRETCHES: usize = 12;

impl Model {
    /// The whole model in words and tables: what it says, what it asks, and every number that counts.
    ///
    /// Curves with many steps are shown as twelve stretches with their lowest and highest score; `whole` shows every step. Nothing is
    /// left out otherwise. Numbers are rounded; the file has all digits.
    pub fn printed(&self, language: Language, whole: bool) -> String {
        let mut sheet = Sheet::new(language);
        sheet.title(sheet.pick(&self.title));
        let says = sheet.say("Zegt", "Says");
        sheet.fact(says, &self.answer(&sheet));
        let how = sheet.pick(&self.method()).to_owned();
        let method = sheet.say("Methode", "Method");
        sheet.fact(method, &how);
        self.origin(&mut sheet);
        self.asked(&mut sheet);
        let most = if whole { usize::MAX } else { MOST_STRETCHES };
        match &self.algorithm {
            Algorithm::LogisticRegression(fit) => linear::logistic(&mut sheet, fit),
            Algorithm::GeneralisedLinear(fit) => linear::generalised(&mut sheet, fit),
            Algorithm::CoxRegression(fit) => hazard::hazards(&mut sheet, fit),
            Algorithm::HazardBoosting(fit) => interval::hazards(&mut sheet, self, fit, most),
            Algorithm::HazardRegression(fit) => interval::regressions(&mut sheet, self, fit),
            Algorithm::ExplainableBoosting(fit) => sums::terms(&mut sheet, self, fit, most),
            Algorithm::Scorecard(fit) => sums::points(&mut sheet, self, fit),
            Algorithm::KMeans(fit) => groups::k_means(&mut sheet, fit),
            Algorithm::KPrototypes(fit) => groups::prototypes(&mut sheet, self, fit),
            Algorithm::GaussianMixture(fit) => groups::mixture(&mut sheet, fit),
            Algorithm::DecisionTree(fit) | Algorithm::RuleList(fit) => tree::tree(&mut sheet, fit),
        }
        if let Calibration::Logistic { intercept, slope } = self.calibration {
            let (a, b) = (sheet.value(intercept), sheet.value(slope));
            let said = format!("score = {a} + {b} × score");
            let name = sheet.say("Eerst herijkt", "Calibrated first");
            sheet.fact(name, &said);
        }
        sheet.done()
    }

    fn answer(&self, sheet: &Sheet) -> String {
        let meaning = sheet.pick(&self.output.meaning);
        match &self.output.horizon {
            Some(horizon) => format!("{meaning} ({horizon})"),
            None => meaning.to_owned(),
        }
    }

    fn origin(&self, sheet: &mut Sheet) {
        let training = &self.training;
        let rows = training.rows;
        let learned = match (training.events, sheet.language()) {
            (Some(events), Language::Dutch) => {
                format!("{rows} rijen, waarvan {events} met de uitkomst")
            }
            (Some(events), Language::English) => {
                format!("{rows} rows, {events} of them with the outcome")
            }
            (None, Language::Dutch) => format!("{rows} rijen"),
            (None, Language::English) => format!("{rows} rows"),
        };
        let from = sheet.say("Geleerd van", "Learned from");
        sheet.fact(from, &learned);
        let frame = sheet.say("Analysetabel", "Frame");
        sheet.fact(frame, &training.frame_digest.to_string());
        let code = sheet.say("Programma", "Code");
        sheet.fact(code, &training.code_version);
        let inputs = |edit: &crate::Edit| -> Vec<Input> {
            let removed = edit.former.inputs.iter().map(|placed| &placed.was);
            self.inputs.iter().chain(removed).cloned().collect()
        };
        for edit in self.edits() {
            let known = inputs(edit);
            let changed = sheet.say("Aangepast", "Changed");
            sheet.fact(
                changed,
                &format!("{} {}: {}", edit.at, edit.by, edit.reason),
            );
            for change in &edit.changes {
                let meaning = change.meaning(&known);
                let said = sheet.pick(&meaning).to_owned();
                sheet.fact("", &said);
            }
        }
    }

    /// What the model wants to know.
    fn asked(&self, sheet: &mut Sheet) {
        sheet.heading("Gegevens", "Inputs");
        for input in &self.inputs {
            let meaning = sheet.pick(&input.meaning).to_owned();
            let unit = input
                .unit
                .as_ref()
                .map_or_else(String::new, |unit| format!(" ({unit})"));
            let missing = missing(sheet, input);
            sheet.fact(&input.name, &format!("{meaning}{unit}; {missing}"));
            if let Some(preparation) = &input.preparation {
                let said = preparation.meaning(input);
                let said = sheet.pick(&said).to_owned();
                sheet.fact("", &said);
            }
        }
    }

    fn method(&self) -> Meaning {
        let (nl, en) = match &self.algorithm {
            Algorithm::LogisticRegression(_) => ("logistische regressie", "logistic regression"),
            Algorithm::ExplainableBoosting(_) => (
                "explainable boosting: een optelsom van lijnen en tabellen",
                "explainable boosting: a sum of curves and tables",
            ),
            Algorithm::Scorecard(_) => (
                "scorekaart: hele punten die worden opgeteld",
                "scorecard: whole points that are added up",
            ),
            Algorithm::KMeans(_) => (
                "k-means: groepen van wie op elkaar lijken",
                "k-means: groups of those who resemble each other",
            ),
            Algorithm::KPrototypes(_) => (
                "k-prototypes: groepen van wie op elkaar lijken, in getallen en in soorten",
                "k-prototypes: groups of those who resemble each other, in numbers and in kinds",
            ),
            Algorithm::GaussianMixture(_) => (
                "mengsel van normale verdelingen: groepen die in elkaar overlopen",
                "mixture of normal distributions: groups that run into each other",
            ),
            Algorithm::DecisionTree(_) => (
                "beslisboom: vragen die elk de volgende kiezen",
                "decision tree: questions that each choose the next",
            ),
            Algorithm::RuleList(_) => (
                "lijst met regels: de eerste die klopt telt",
                "rule list: the first that holds counts",
            ),
            Algorithm::CoxRegression(_) => (
                "Cox-regressie: hoe snel het gaat, en hoeveel kans er wanneer is",
                "Cox regression: how fast it goes, and how likely it is by when",
            ),
            Algorithm::HazardBoosting(_) => (
                "kans per maand of kwartaal: een optelsom van lijnen en tabellen, met de tijd als een van de gegevens",
                "chance per month or quarter: a sum of curves and tables, the time being one of the inputs",
            ),
            Algorithm::HazardRegression(_) => (
                "kans per maand of kwartaal: elk gegeven telt met een vast gewicht mee",
                "chance per month or quarter: each input counts with a fixed weight",
            ),
            Algorithm::GeneralisedLinear(fit) => match fit.family {
                Family::Gaussian => ("lineaire regressie", "linear regression"),
                Family::Poisson => (
                    "Poissonregressie voor aantallen",
                    "Poisson regression of counts",
                ),
                Family::NegativeBinomial => (
                    "negatief-binomiale regressie voor aantallen",
                    "negative binomial regression of counts",
                ),
                Family::Binomial => (
                    "binomiale regressie voor aandelen",
                    "binomial regression of shares",
                ),
            },
        };
        Meaning::new(nl, en)
    }
}

/// What happens when an input is missing.
fn missing(sheet: &Sheet, input: &Input) -> String {
    match (&input.missing, sheet.language()) {
        (MissingRule::MedianAndIndicator { value } | MissingRule::Median { value }, language) => {
            let value = sheet.value(*value);
            match language {
                Language::Dutch => format!("niet bekend telt als {value}"),
                Language::English => format!("not known counts as {value}"),
            }
        }
        (MissingRule::Level { level }, Language::Dutch) => format!("niet bekend telt als {level}"),
        (MissingRule::Level { level }, Language::English) => format!("not known counts as {level}"),
        (MissingRule::OwnEffect, Language::Dutch) => "niet bekend telt op zichzelf mee".to_owned(),
        (MissingRule::OwnEffect, Language::English) => "not known counts by itself".to_owned(),
        (MissingRule::LeftOut, Language::Dutch) => "niet bekend telt niet mee".to_owned(),
        (MissingRule::LeftOut, Language::English) => "not known is left out".to_owned(),
        (MissingRule::Reject, Language::Dutch) => "moet bekend zijn".to_owned(),
        (MissingRule::Reject, Language::English) => "has to be known".to_owned(),
    }
}
