//! The sentences, in Dutch (B1) and English.

use super::{Code, Statement, Verdict};
use crate::{
    Balance, ByDuration, Differences, HazardRatio, Interaction, Power, Reason, Sensitivity, Text,
    text::{en, nl},
};

pub(super) fn nothing(reason: Reason) -> Statement {
    let why = reason.text();
    say(
        Code::NothingToSay,
        format!(
            "Over het effect van de voorziening op de uitstroom is met deze gegevens niets te zeggen. {}",
            why.nl
        ),
        format!(
            "Nothing can be said from this data about the effect of the provision on outflow. {}",
            why.en
        ),
    )
}

pub(super) fn smallest_visible(power: &Power) -> Option<Statement> {
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

pub(super) fn events_needed(power: &Power) -> Option<Statement> {
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

pub(super) fn pace(verdict: Verdict, adjusted: &HazardRatio) -> Statement {
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

pub(super) fn not_no_effect() -> Statement {
    say(
        Code::NotNoEffect,
        "Dit betekent niet dat de voorziening niet werkt. Het is niet te zien.",
        "This does not mean that the provision does not work. It cannot be seen.",
    )
}

pub(super) fn no_relevant_effect(relevant: f64) -> Statement {
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

pub(super) fn not_cause() -> Statement {
    say(
        Code::NotCause,
        "Dit bewijst niet dat het verschil door de voorziening komt. Wie een voorziening krijgt, kan ook verschillen in iets dat niet in de \
         gegevens staat, zoals motivatie of kansen op werk, of in iets dat pas tijdens de uitkering veranderde.",
        "This does not prove that the provision causes the difference. People who get it may also differ in something that the data do not \
         hold, such as motivation or chances on the labour market, or in something that only changed during the spell.",
    )
}

pub(super) fn unmeasured(sensitivity: &Sensitivity) -> Statement {
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

pub(super) fn trial() -> Statement {
    say(
        Code::Trial,
        "Meer zekerheid geeft loten wie eerst mag beginnen als er te weinig plaatsen zijn, of vastleggen wat nu niet wordt gemeten.",
        "Drawing lots for who may begin first when places are scarce, or recording what is not measured now, would give more certainty.",
    )
}

pub(super) fn not_one_person() -> Statement {
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

pub(super) fn fragile() -> Statement {
    say(
        Code::Fragile,
        "Het verschil is niet sterk genoeg om op te bouwen. Een kenmerk dat niet is gemeten en zo sterk is als de kenmerken die wél zijn \
         gemeten, kan het verklaren.",
        "The difference is not strong enough to build on. Something that was not measured and is as strong as what was measured could \
         explain it.",
    )
}

pub(super) fn methods_disagree() -> Statement {
    say(
        Code::MethodsDisagree,
        "Twee manieren van rekenen geven een verschillend antwoord. Kies niet het antwoord dat het beste uitkomt.",
        "Two ways of calculating give different answers. Do not choose the one that suits best.",
    )
}

pub(super) fn chance(day: f64, horizon: f64, found: &Differences) -> Statement {
    let it = found.doubly_robust;
    let [less, low, high] = [it.estimate, it.lower, it.upper].map(|it| 100.0 * it);
    let (day, horizon) = (en(day, 0), en(horizon, 0));
    if it.may_be_zero() {
        return say(
            Code::ChanceNotDifferent,
            format!(
                "Van 100 mensen die na {day} dagen nog een uitkering hebben, stromen er binnen {horizon} dagen niet duidelijk meer of minder \
                 uit als zij de voorziening dan al hebben: {} op de 100, met een marge van {} tot {}.",
                nl(less, 0),
                nl(low, 0),
                nl(high, 0)
            ),
            format!(
                "Of 100 people still on benefit after {day} days, not clearly more or fewer leave within {horizon} days if they have the \
                 provision by then: {} of 100, with limits of {} to {}.",
                en(less, 0),
                en(low, 0),
                en(high, 0)
            ),
        );
    }
    let (word, word_en) = if less > 0.0 {
        ("meer", "more")
    } else {
        ("minder", "fewer")
    };
    let (near, far) = if less > 0.0 {
        (low, high)
    } else {
        (-high, -low)
    };
    say(
        Code::ChanceDiffers,
        format!(
            "Van 100 mensen die na {day} dagen nog een uitkering hebben, stromen er binnen {horizon} dagen naar schatting {} {word} uit als zij \
             de voorziening dan al hebben, met een marge van {} tot {}. Dat geldt als vergelijkbare mensen echt vergelijkbaar zijn.",
            nl(less.abs(), 0),
            nl(near, 0),
            nl(far, 0)
        ),
        format!(
            "Of 100 people still on benefit after {day} days, an estimated {} {word_en} leave within {horizon} days if they have the provision \
             by then, with limits of {} to {}. This holds if comparable people are truly comparable.",
            en(less.abs(), 0),
            en(near, 0),
            en(far, 0)
        ),
    )
}

pub(super) fn not_alike(day: f64, balance: &Balance) -> Statement {
    let apart = balance.columns.iter();
    let apart = apart.max_by(|a, b| {
        a.difference_after
            .abs()
            .total_cmp(&b.difference_after.abs())
    });
    let name = apart.map_or("", |column| column.name.as_str());
    let (day, size) = (en(day, 0), balance.largest_difference);
    say(
        Code::NotAlike,
        format!(
            "Na {day} dagen zijn mensen met en zonder voorziening niet goed gelijk te maken. Het grootste verschil zit in {name} ({} keer de \
             spreiding).",
            nl(size, 2)
        ),
        format!(
            "After {day} days, people with and without the provision cannot be made alike well. The largest difference is in {name} ({} \
             standard deviations).",
            en(size, 2)
        ),
    )
}

pub(super) fn no_overlap(day: f64, balance: &Balance) -> Statement {
    let (day, share) = (en(day, 0), 100.0 * balance.outside_share);
    say(
        Code::NoOverlap,
        format!(
            "Na {day} dagen heeft {} procent van de mensen bijna altijd of bijna nooit de voorziening. Voor hen is geen verschil te berekenen.",
            nl(share, 0)
        ),
        format!(
            "After {day} days, {} percent of the people almost always or almost never have the provision. No difference can be calculated \
             for them.",
            en(share, 0)
        ),
    )
}

pub(super) fn groups_differ(grouping: &str, interaction: &Interaction) -> Statement {
    let p = interaction.adjusted_p_value;
    say(
        Code::GroupsDiffer,
        format!(
            "Het verschil is niet voor alle groepen van {grouping} even groot (p = {}, rekening houdend met alle vragen).",
            nl(p, 3)
        ),
        format!(
            "The difference is not equally large for all groups of {grouping} (p = {}, counting all questions).",
            en(p, 3)
        ),
    )
}

pub(super) fn groups_not_different(grouping: &str, interaction: &Interaction) -> Statement {
    let p = interaction.adjusted_p_value;
    say(
        Code::GroupsNotDifferent,
        format!(
            "Zeg niet dat de voorziening voor de ene groep van {grouping} beter werkt dan voor de andere. Dat is niet aangetoond (p = {}).",
            nl(p, 2)
        ),
        format!(
            "Do not say that the provision works better for one group of {grouping} than for another. This was not shown (p = {}).",
            en(p, 2)
        ),
    )
}

pub(super) fn other_at_first(found: &ByDuration) -> Statement {
    let days = en(found.first_days, 0);
    let (first, later) = (found.first.hazard_ratio, found.later.hazard_ratio);
    say(
        Code::OtherAtFirst,
        format!(
            "Het verschil is in het begin anders dan later: in de eerste {days} dagen {} keer zo snel, daarna {} keer. Eén cijfer voor alles samen \
             zegt dan weinig.",
            nl(first, 2),
            nl(later, 2)
        ),
        format!(
            "The difference is not the same at first and later: {} times as fast in the first {days} days, {} times after them. One figure for \
             both then says little.",
            en(first, 2),
            en(later, 2)
        ),
    )
}
