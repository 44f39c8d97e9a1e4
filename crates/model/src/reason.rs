//! Reasons in plain language, put together from pieces made once per model.

use std::io::Write as _;

use crate::{Algorithm, Input, InputType, Kind, Meaning, Model, Row, Term, scorer::raw_name};

/// Language of a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Dutch, level B1.
    Dutch,
    /// English.
    English,
}

/// The pieces of every reason a model can give.
///
/// *Verhoogt* and *verlaagt* compare with the average of the training rows, as the contributions do. A change of the odds
/// by less than one percent is called almost no difference.
#[derive(Clone, Debug)]
pub struct Reasons {
    inputs: Vec<[Pieces; 2]>,
    terms: Vec<Term>,
    effects: [[String; 4]; 2],
    /// Contributions smaller than this make almost no difference.
    noticeable: f64,
}

#[derive(Clone, Debug)]
struct Pieces {
    /// `Aantal maanden bijstand: `
    lead: String,
    /// After the number: ` maanden`.
    unit: String,
    is_cents: bool,
    /// Level names, or no/yes for a boolean.
    names: Vec<String>,
    unknown: String,
}

/// Unit of amounts in this project; shown in euros.
const CENTS: &str = "eurocent";

/// Between the two inputs of a pair; a pair says what they add together beyond what each adds alone.
const TOGETHER: [&str; 2] = [", samen met: ", ", together with: "];

/// Below this the odds change by less than one percent, which nobody should act on.
const NOTICEABLE_LOG_ODDS: f64 = 0.01;

/// A hundredth of the spread around the estimate, or of the estimate itself where the score is a logarithm.
fn noticeable(model: &Model) -> f64 {
    match &model.algorithm {
        Algorithm::GeneralisedLinear(fit) => fit
            .residual_variance
            .map_or(NOTICEABLE_LOG_ODDS, |variance| 0.01 * variance.sqrt()),
        _ => NOTICEABLE_LOG_ODDS,
    }
}

impl Reasons {
    /// Reasons as plain text.
    pub fn plain(model: &Model) -> Self {
        Self::with(model, str::to_owned)
    }

    /// Reasons ready to stand between the quotes of a JSON string.
    pub fn json(model: &Model) -> Self {
        Self::with(model, json_escape)
    }

    fn with(model: &Model, escape: fn(&str) -> String) -> Self {
        let inputs = model
            .inputs
            .iter()
            .map(|input| {
                [Language::Dutch, Language::English]
                    .map(|language| Pieces::new(input, language, escape))
            })
            .collect();
        let effects = match model.kind {
            Kind::BinaryClassification => [
                [
                    ". Dit verhoogt de kans.",
                    ". Dit verlaagt de kans.",
                    ". Dit maakt voor de kans geen verschil.",
                    ". Dit maakt voor de kans bijna geen verschil.",
                ],
                [
                    ". This raises the probability.",
                    ". This lowers the probability.",
                    ". This makes no difference.",
                    ". This makes almost no difference.",
                ],
            ],
            Kind::Regression => [
                [
                    ". Dit verhoogt de schatting.",
                    ". Dit verlaagt de schatting.",
                    ". Dit maakt voor de schatting geen verschil.",
                    ". Dit maakt voor de schatting bijna geen verschil.",
                ],
                [
                    ". This raises the estimate.",
                    ". This lowers the estimate.",
                    ". This makes no difference.",
                    ". This makes almost no difference.",
                ],
            ],
            Kind::Clustering => [
                [
                    ". Dit past bij deze groep.",
                    ". Dit past minder bij deze groep.",
                    ". Dit maakt geen verschil.",
                    ". Dit maakt bijna geen verschil.",
                ],
                [
                    ". This fits this group.",
                    ". This fits this group less.",
                    ". This makes no difference.",
                    ". This makes almost no difference.",
                ],
            ],
            Kind::Survival => [
                [
                    ". Hierdoor stroomt iemand sneller uit.",
                    ". Hierdoor stroomt iemand langzamer uit.",
                    ". Dit maakt voor de uitstroom geen verschil.",
                    ". Dit maakt voor de uitstroom bijna geen verschil.",
                ],
                [
                    ". With this, somebody leaves sooner.",
                    ". With this, somebody leaves later.",
                    ". This makes no difference.",
                    ". This makes almost no difference.",
                ],
            ],
        };
        Self {
            inputs,
            terms: model.terms(),
            effects: effects.map(|texts| texts.map(escape)),
            noticeable: match model.kind {
                // A hazard, as odds, that changes by less than one percent.
                Kind::BinaryClassification | Kind::Survival => NOTICEABLE_LOG_ODDS,
                Kind::Regression => noticeable(model),
                Kind::Clustering => 0.0,
            },
        }
    }

    /// Appends the reason for one term of a scored row (see [`Model::terms`]).
    ///
    /// Nothing is appended for a term the model does not have.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        row: &Row,
        term: usize,
        contribution: f64,
        language: Language,
    ) {
        let place = usize::from(language == Language::English);
        let Some(term) = self.terms.get(term) else {
            return;
        };
        for (count, input) in [Some(term.input), term.other]
            .into_iter()
            .flatten()
            .enumerate()
        {
            let Some(pieces) = self.inputs.get(input).map(|pieces| &pieces[place]) else {
                return;
            };
            if count > 0 {
                out.extend_from_slice(TOGETHER[place].as_bytes());
            }
            out.extend_from_slice(pieces.lead.as_bytes());
            pieces.value(out, row, input, language);
        }
        let effect = match contribution {
            0.0 => 2,
            small if small.abs() < self.noticeable => 3,
            up if up > 0.0 => 0,
            _ => 1,
        };
        out.extend_from_slice(self.effects[place][effect].as_bytes());
    }

    /// From what to what an input goes between two rows, in both languages.
    pub fn change(&self, before: &Row, after: &Row, input: usize) -> Meaning {
        let languages = [
            (Language::Dutch, ["van ", " naar "]),
            (Language::English, ["from ", " to "]),
        ];
        let [nl, en] = languages.map(|(language, words)| {
            let mut out = Vec::new();
            let place = usize::from(language == Language::English);
            if let Some(pieces) = self.inputs.get(input).map(|pieces| &pieces[place]) {
                out.extend_from_slice(pieces.lead.as_bytes());
                for (word, row) in words.into_iter().zip([before, after]) {
                    out.extend_from_slice(word.as_bytes());
                    pieces.value(&mut out, row, input, language);
                }
            }
            String::from_utf8_lossy(&out).into_owned()
        });
        Meaning { nl, en }
    }

    /// The reason in both languages.
    pub fn meaning(&self, row: &Row, term: usize, contribution: f64) -> Meaning {
        let [nl, en] = [Language::Dutch, Language::English].map(|language| {
            let mut out = Vec::new();
            self.write(&mut out, row, term, contribution, language);
            String::from_utf8_lossy(&out).into_owned()
        });
        Meaning { nl, en }
    }
}

impl Pieces {
    fn new(input: &Input, language: Language, escape: fn(&str) -> String) -> Self {
        let pick = |meaning: &Meaning| match language {
            Language::Dutch => meaning.nl.clone(),
            Language::English => meaning.en.clone(),
        };
        let (no, yes, unknown) = match language {
            Language::Dutch => ("nee", "ja", "niet bekend"),
            Language::English => ("no", "yes", "not known"),
        };
        let names = match input.kind {
            InputType::Boolean => vec![no.to_owned(), yes.to_owned()],
            InputType::Category => input
                .raw_categories()
                .filter_map(|raw| raw_name(input, raw))
                .map(|name| pick(&name))
                .collect(),
            InputType::Number | InputType::Integer => Vec::new(),
        };
        let is_cents = input.unit.as_deref() == Some(CENTS);
        let unit = input
            .unit
            .as_deref()
            .filter(|_| !is_cents)
            .map(|unit| format!(" {unit}"))
            .unwrap_or_default();
        let meaning = pick(&input.meaning);
        let lead = format!("{}: ", capitalised(meaning.trim().trim_end_matches('.')));
        Self {
            lead: escape(&lead),
            unit: escape(&unit),
            is_cents,
            names: names.iter().map(|name| escape(name)).collect(),
            unknown: unknown.to_owned(),
        }
    }

    fn value(&self, out: &mut Vec<u8>, row: &Row, input: usize, language: Language) {
        if row.is_substituted(input) {
            return out.extend_from_slice(self.unknown.as_bytes());
        }
        let level = row
            .raw_category(input)
            .or_else(|| row.number(input).map(|number| number as usize));
        if let Some(name) = level
            .filter(|_| !self.names.is_empty())
            .and_then(|level| self.names.get(level))
        {
            return out.extend_from_slice(name.as_bytes());
        }
        let Some(number) = row.raw_number(input) else {
            return;
        };
        let start = out.len();
        // Writing into memory cannot fail.
        if self.is_cents {
            let _ = write!(out, "€ {:.2}", number / 100.0);
        } else if number.fract() == 0.0 && number.abs() < 1e15 {
            let _ = serde_json::to_writer(&mut *out, &(number as i64));
        } else {
            let _ = serde_json::to_writer(&mut *out, &number);
        }
        if language == Language::Dutch {
            out[start..]
                .iter_mut()
                .filter(|byte| **byte == b'.')
                .for_each(|byte| *byte = b',');
        }
        out.extend_from_slice(self.unit.as_bytes());
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

fn json_escape(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
