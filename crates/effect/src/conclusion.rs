//! What may and may not be concluded: fixed sentences, with the figures filled in.

use serde::Serialize;

use crate::{
    HazardRatio, Power, Reason, Sensitivity, Text, TimeDependent,
    text::{en, nl},
};

/// The conclusion, no stronger than the data allow.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conclusion {
    /// In one word.
    pub verdict: Verdict,
    /// What may be said.
    pub may: Vec<Statement>,
    /// What may not be said.
    pub may_not: Vec<Statement>,
    /// What would be needed to say more.
    pub needed: Vec<Statement>,
}

/// A conclusion in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Nothing can be said of the effect.
    NoStatement,
    /// No difference was shown; an effect that matters may or may not lie within the limits.
    NoDifferenceShown,
    /// After the start, people leave faster than people like them.
    Faster,
    /// After the start, people leave more slowly than people like them.
    Slower,
}

/// A sentence of the conclusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement {
    /// Which sentence.
    pub code: Code,
    /// It.
    pub text: Text,
}

/// The sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Code {
    /// Nothing is said, and why.
    NothingToSay,
    /// The data cannot show an effect smaller than this.
    SmallestVisible,
    /// Events needed.
    EventsNeeded,
    /// The pace differs.
    PaceDiffers,
    /// The pace does not clearly differ.
    PaceNotDifferent,
    /// No difference shown is not no effect.
    NotNoEffect,
    /// The limits leave out effects of relevant size.
    NoRelevantEffect,
    /// An association is no cause.
    NotCause,
    /// How strong something unmeasured must be.
    Unmeasured,
    /// The result is easily explained away.
    Fragile,
    /// Methods disagree.
    MethodsDisagree,
    /// A new trial, or measuring what is missing.
    Trial,
    /// Nothing follows for one person.
    NotOnePerson,
}

/// What the conclusion is drawn from.
pub(crate) struct Findings<'a> {
    pub(crate) power: &'a Power,
    pub(crate) gate: Result<(), Reason>,
    pub(crate) time_dependent: &'a TimeDependent,
    pub(crate) sensitivity: Option<&'a Sensitivity>,
}

pub(crate) fn conclude(findings: &Findings<'_>) -> Conclusion {
    match (findings.gate, findings.time_dependent.adjusted.value()) {
        (Ok(()), Some(adjusted)) => of_estimate(findings, adjusted),
        (Err(reason), _) => nothing(findings.power, reason),
        (Ok(()), None) => nothing(findings.power, Reason::NoEstimate),
    }
}

fn nothing(power: &Power, reason: Reason) -> Conclusion {
    let why = reason.text();
    let nothing = say(
        Code::NothingToSay,
        format!(
            "Over het effect van de voorziening op de uitstroom is met deze gegevens niets te zeggen. {}",
            why.nl
        ),
        format!(
            "Nothing can be said from this data about the effect of the provision on outflow. {}",
            why.en
        ),
    );
    let mut needed = Vec::new();
    if reason == Reason::NoPower {
        needed.extend(smallest_visible(power));
        needed.extend(events_needed(power));
    }
    Conclusion {
        verdict: Verdict::NoStatement,
        may: Vec::new(),
        may_not: vec![nothing, not_no_effect()],
        needed,
    }
}

fn smallest_visible(power: &Power) -> Option<Statement> {
    let smallest = power.smallest_detectable_hazard_ratio?;
    Some(say(
        Code::SmallestVisible,
        format!(
            "Deze gemeente is te klein om een effect te zien kleiner dan {} keer zo snelle (of langzame) uitstroom. Afgesproken is dat een \
             effect van {} keer er al toe doet.",
            nl(smallest, 2),
            nl(power.smallest_relevant_hazard_ratio, 2)
        ),
        format!(
            "This municipality is too small to see an effect under {} times as fast (or slow) an outflow. An effect of {} times was \
             declared to matter.",
            en(smallest, 2),
            en(power.smallest_relevant_hazard_ratio, 2)
        ),
    ))
}

fn events_needed(power: &Power) -> Option<Statement> {
    let needed = power.events_needed?;
    let times = power.times_as_many?;
    Some(say(
        Code::EventsNeeded,
        format!(
            "Nodig zijn ongeveer {needed} mensen die uitstromen: {} keer zo veel als nu. Volg mensen langer, of doe het samen met andere gemeenten.",
            nl(times, 1)
        ),
        format!(
            "About {needed} people who leave are needed: {} times as many as now. Follow people for longer, or work together with other \
             municipalities.",
            en(times, 1)
        ),
    ))
}

fn of_estimate(findings: &Findings<'_>, adjusted: &HazardRatio) -> Conclusion {
    let relevant = findings.power.smallest_relevant_hazard_ratio;
    let verdict = if adjusted.may_be_one() {
        Verdict::NoDifferenceShown
    } else if adjusted.estimate > 0.0 {
        Verdict::Faster
    } else {
        Verdict::Slower
    };
    let mut may = vec![pace(verdict, adjusted)];
    let mut may_not = Vec::new();
    if verdict == Verdict::NoDifferenceShown {
        if adjusted.upper < relevant && adjusted.lower > 1.0 / relevant {
            may.push(no_relevant_effect(relevant));
        } else {
            may_not.push(not_no_effect());
        }
    } else {
        may_not.push(not_cause());
    }
    if let (Some(sensitivity), Verdict::Faster | Verdict::Slower) = (findings.sensitivity, verdict)
    {
        may.push(unmeasured(sensitivity));
        may_not.extend(fragile(sensitivity, adjusted));
    }
    may_not.extend(methods_disagree(findings, adjusted));
    may_not.push(not_one_person());
    Conclusion {
        verdict,
        may,
        may_not,
        needed: vec![trial()],
    }
}

fn pace(verdict: Verdict, adjusted: &HazardRatio) -> Statement {
    let figures = |of: fn(f64, usize) -> String| {
        [adjusted.hazard_ratio, adjusted.lower, adjusted.upper].map(|it| of(it, 2))
    };
    let ([ratio, low, high], [ratio_en, low_en, high_en]) = (figures(nl), figures(en));
    if verdict == Verdict::NoDifferenceShown {
        return say(
            Code::PaceNotDifferent,
            format!(
                "Na de start van de voorziening stromen mensen niet duidelijk sneller of langzamer uit dan vergelijkbare mensen zonder: {ratio} \
                 keer zo snel, met een marge van {low} tot {high}."
            ),
            format!(
                "After the provision begins, people do not clearly leave faster or more slowly than comparable people without it: {ratio_en} \
                 times as fast, with limits of {low_en} to {high_en}."
            ),
        );
    }
    let (word, word_en) = if verdict == Verdict::Faster {
        ("sneller", "faster")
    } else {
        ("langzamer", "more slowly")
    };
    say(
        Code::PaceDiffers,
        format!(
            "Na de start van de voorziening stromen mensen {word} uit dan vergelijkbare mensen zonder: {ratio} keer zo snel, met een marge van \
             {low} tot {high}. Vergelijkbaar betekent: gelijk op wat in de gegevens staat."
        ),
        format!(
            "After the provision begins, people leave {word_en} than comparable people without it: {ratio_en} times as fast, with limits of \
             {low_en} to {high_en}. Comparable means: equal in what the data hold."
        ),
    )
}

fn not_no_effect() -> Statement {
    say(
        Code::NotNoEffect,
        "Dit betekent niet dat de voorziening niet werkt. Het is niet te zien.",
        "This does not mean that the provision does not work. It cannot be seen.",
    )
}

fn no_relevant_effect(relevant: f64) -> Statement {
    say(
        Code::NoRelevantEffect,
        format!(
            "Een verschil dat ertoe doet ({} keer zo snel of zo langzaam) past niet bij deze gegevens, als vergelijkbare mensen echt \
             vergelijkbaar zijn.",
            nl(relevant, 2)
        ),
        format!(
            "A difference that matters ({} times as fast or as slow) does not fit this data, if comparable people are truly comparable.",
            en(relevant, 2)
        ),
    )
}

fn not_cause() -> Statement {
    say(
        Code::NotCause,
        "Dit bewijst niet dat het verschil door de voorziening komt. Wie een voorziening krijgt, kan ook verschillen in iets dat niet in de \
         gegevens staat, zoals motivatie of kansen op werk.",
        "This does not prove that the provision causes the difference. People who get it may also differ in something that the data do not \
         hold, such as motivation or chances on the labour market.",
    )
}

fn unmeasured(sensitivity: &Sensitivity) -> Statement {
    let [point, limit] = [sensitivity.e_value, sensitivity.e_value_of_limit];
    say(
        Code::Unmeasured,
        format!(
            "Iets dat niet is gemeten, kan het hele verschil verklaren als het met zowel de voorziening als de uitstroom samenhangt met een \
             factor {}. Bij factor {} is het verschil al niet meer duidelijk.",
            nl(point, 2),
            nl(limit, 2)
        ),
        format!(
            "Something that was not measured could explain the whole difference if it goes together with both the provision and outflow by a \
             factor of {}. From a factor of {} on, the difference is not clear any more.",
            en(point, 2),
            en(limit, 2)
        ),
    )
}

/// A limit that a weak confounder, or one as strong as the strongest that was measured, would reach.
fn fragile(sensitivity: &Sensitivity, adjusted: &HazardRatio) -> Option<Statement> {
    let pull = sensitivity.strongest_column.as_ref().map_or(0.0, |column| {
        (column.hazard_ratio_without.ln() - adjusted.estimate).abs()
    });
    let room = adjusted.lower.ln().abs().min(adjusted.upper.ln().abs());
    let is_weak = sensitivity.e_value_of_limit < WEAK;
    (is_weak || pull > room).then(|| {
        say(
            Code::Fragile,
            "Het verschil is niet sterk genoeg om op te bouwen. Een kenmerk dat niet is gemeten en zo sterk is als de kenmerken die wél zijn \
             gemeten, kan het verklaren.",
            "The difference is not strong enough to build on. Something that was not measured and is as strong as what was measured could \
             explain it.",
        )
    })
}

/// An E-value that most unmeasured things reach.
const WEAK: f64 = 1.5;

fn methods_disagree(findings: &Findings<'_>, adjusted: &HazardRatio) -> Option<Statement> {
    let weighted = &findings.time_dependent.weighted.value()?.hazard_ratio;
    let apart = (weighted.estimate - adjusted.estimate).abs();
    let noise = weighted.standard_error.hypot(adjusted.standard_error);
    let other_side = weighted.estimate.signum() * adjusted.estimate.signum() < 0.0;
    (apart > 2.0 * noise || other_side && !adjusted.may_be_one()).then(|| {
        say(
            Code::MethodsDisagree,
            "Twee manieren van rekenen geven een verschillend antwoord. Kies niet het antwoord dat het beste uitkomt.",
            "Two ways of calculating give different answers. Do not choose the one that suits best.",
        )
    })
}

fn trial() -> Statement {
    say(
        Code::Trial,
        "Meer zekerheid geeft loten wie eerst mag beginnen als er te weinig plaatsen zijn, of vastleggen wat nu niet wordt gemeten.",
        "Drawing lots for who may begin first when places are scarce, or recording what is not measured now, would give more certainty.",
    )
}

fn not_one_person() -> Statement {
    say(
        Code::NotOnePerson,
        "Dit zegt niets over één persoon. Gebruik het niet om iemand een voorziening te geven of te weigeren.",
        "This says nothing about one person. Do not use it to give or refuse somebody a provision.",
    )
}

fn say(code: Code, nl: impl Into<String>, en: impl Into<String>) -> Statement {
    Statement {
        code,
        text: Text::new(nl, en),
    }
}
