//! The same in plain language.

use super::{Counterfactual, Goal, Outcome};
use crate::{Answer, Language, Meaning, Reasons, Row};

/// What a model would do after a change says nothing of the world.
const CAVEAT: [&str; 2] = [
    " Dit is wat het model uitrekent. Het belooft niet dat het in het echt zo gaat.",
    " This is what the model computes. It does not promise that this happens in reality.",
];

impl Counterfactual {
    /// Each change in both languages, in the order of the changes.
    pub fn changes(&self, reasons: &Reasons, before: &Row) -> Vec<Meaning> {
        let Outcome::Change(changes) = &self.outcome else {
            return Vec::new();
        };
        let each = changes.iter();
        each.map(|change| reasons.change(before, &self.row, change.input))
            .collect()
    }

    /// All of it in both languages. `before` is what was asked, with its answer.
    pub fn meaning(&self, reasons: &Reasons, before: (&Row, &Answer), goal: Goal) -> Meaning {
        let [nl, en] = [Language::Dutch, Language::English]
            .map(|language| self.text(reasons, before, goal, language));
        Meaning { nl, en }
    }

    fn text(
        &self,
        reasons: &Reasons,
        (row, answer): (&Row, &Answer),
        goal: Goal,
        language: Language,
    ) -> String {
        let is_dutch = language == Language::Dutch;
        let pick = |nl: &str, en: &str| (if is_dutch { nl } else { en }).to_owned();
        let is_share = answer.probability.is_some();
        let what = match (is_share, is_dutch) {
            (true, true) => "De kans",
            (true, false) => "The probability",
            (false, true) => "De schatting",
            (false, false) => "The estimate",
        };
        let shown = |number: f64| number_text(number, is_share, language);
        let wanted = match goal {
            Goal::AtMost(goal) => format!("{} {}", shown(goal), pick("of lager", "or lower")),
            Goal::AtLeast(goal) => format!("{} {}", shown(goal), pick("of hoger", "or higher")),
        };
        let of = |answer: &Answer| answer.probability.or(answer.value).unwrap_or(answer.score);
        let now = shown(of(answer));
        match &self.outcome {
            Outcome::Reached => pick(
                &format!("{what} is {now}. Dat is al {wanted}. Er hoeft niets te veranderen."),
                &format!("{what} is {now}. That is {wanted} already. Nothing needs to change."),
            ),
            Outcome::NothingActionable => pick(
                "Bij dit model staat niet wat iemand zelf kan veranderen. Daarom geeft het hierover geen advies.",
                "This model does not say what somebody can change. So it gives no advice on that.",
            ),
            Outcome::None if self.is_exact => pick(
                &format!(
                    "{what} is nu {now}. Met wat iemand zelf kan veranderen, wordt dat niet {wanted}."
                ),
                &format!(
                    "{what} is {now} now. With what somebody can change, it does not become {wanted}."
                ),
            ),
            Outcome::None => pick(
                &format!(
                    "{what} is nu {now}. Er is geen verandering gevonden waarmee dat {wanted} wordt. Niet alles is bekeken."
                ),
                &format!(
                    "{what} is {now} now. No change was found that makes it {wanted}. Not everything was looked at."
                ),
            ),
            Outcome::Change(changes) => {
                let each: Vec<String> = changes
                    .iter()
                    .map(|change| {
                        let text = reasons.change(row, &self.row, change.input);
                        if is_dutch { text.nl } else { text.en }
                    })
                    .collect();
                let each = each.join("; ");
                let then = shown(of(&self.answer));
                let smallest = if self.is_exact {
                    String::new()
                } else {
                    pick(
                        " Misschien is er een kleinere verandering.",
                        " There may be a smaller change.",
                    )
                };
                let text = pick(
                    &format!("{what} is nu {now}. Dat wordt {then} als dit verandert: {each}."),
                    &format!("{what} is {now} now. It becomes {then} if this changes: {each}."),
                );
                format!("{text}{smallest}{}", CAVEAT[usize::from(!is_dutch)])
            }
        }
    }
}

/// A probability as a percentage with one decimal where it needs one; another number with at most three decimals.
pub(crate) fn number_text(number: f64, is_share: bool, language: Language) -> String {
    let trimmed = |text: String| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    };
    let text = if is_share {
        // Never 0 % or 100 % for what is neither.
        let percent = number * 100.0;
        let words = if language == Language::Dutch {
            ["minder dan ", "meer dan "]
        } else {
            ["less than ", "more than "]
        };
        let digits = if (0.1..=99.9).contains(&percent) {
            1
        } else {
            4
        };
        let (lead, shown) = match percent {
            low if low > 0.0 && low < 0.0001 => (words[0], 0.0001),
            high if high < 100.0 && high > 99.9999 => (words[1], 99.9999),
            other => ("", other),
        };
        format!("{lead}{}%", trimmed(format!("{shown:.digits$}")))
    } else {
        trimmed(format!("{number:.3}"))
    };
    if language == Language::Dutch {
        text.replace('.', ",")
    } else {
        text
    }
}
