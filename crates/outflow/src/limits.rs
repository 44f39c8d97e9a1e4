//! What must not be concluded from the analysis.

use helder_model::Meaning;
use helder_report::number;

use crate::prepare::Prepared;

/// Share of unknown reasons above which causes are told with a warning.
const MANY_UNKNOWN: f64 = 0.05;
/// Share of gaps above which a column is named.
const MANY_GAPS: f64 = 0.2;

pub(crate) fn limits(prepared: &Prepared<'_>) -> Vec<Meaning> {
    let smallest = prepared.spec.smallest_cell;
    let mut limits = vec![
        Meaning::new(
            "De cijfers laten zien wat samengaat. Ze bewijzen niet wat de oorzaak is: wie sneller uitstroomt, kan ook op andere punten verschillen die hier niet gemeten zijn.",
            "The figures show what goes together. They do not prove what causes it: those who leave sooner may differ in ways that were not measured.",
        ),
        Meaning::new(
            "Een kans geldt voor een groep. Zij zegt niet wat één cliënt zal doen, en is geen besluit over een persoon.",
            "A chance holds for a group. It does not say what one client will do, and is no decision about a person.",
        ),
        Meaning::new(
            format!(
                "Over minder dan {smallest} trajecten staat hier niets. Kleine groepen zijn samengevoegd of weggelaten; een streepje betekent: te weinig om te tonen, of nog niet te zeggen."
            ),
            format!(
                "Nothing is told of fewer than {smallest} spells. Small groups were put together or left out; a dash means: too few to show, or too early to say."
            ),
        ),
        Meaning::new(
            "Het verleden hoeft zich niet te herhalen. Andere regels, een andere arbeidsmarkt of andere cliënten geven andere cijfers.",
            "The past need not repeat itself. Other rules, another labour market or other clients give other figures.",
        ),
    ];
    if prepared.quality.reason_unknown >= MANY_UNKNOWN {
        let share = number::percent(prepared.quality.reason_unknown, 0);
        limits.push(Meaning::new(
            format!("Van {share} van de beëindigde trajecten is de reden niet bekend. De kansen per reden zijn daardoor te laag."),
            format!("For {share} of the ended spells the reason is not known. Chances per reason are too low because of that."),
        ));
    }
    if prepared.is_delayed {
        limits.push(Meaning::new(
            "Een deel van de trajecten liep al toen de registratie begon. Wie toen al weg was, ontbreekt; de curven houden daar rekening mee, en de eerste maanden rusten op minder trajecten.",
            "Some spells had begun before the registration did. Those who had left by then are missing; the curves allow for it, and the first months rest on fewer spells.",
        ));
    }
    if prepared.spells.causes().iter().all(|cause| *cause > 0) {
        limits.push(Meaning::new(
            "Alle trajecten in dit bestand zijn beëindigd. Staan lopende trajecten er niet in, dan gelden de kansen alleen voor wie is weggegaan: voor alle cliënten samen zijn zij te hoog.",
            "All spells in this file have ended. If those still running were left out, the chances hold only for those who left: for all clients together they are too high.",
        ));
    }
    let persons = prepared.quality.persons;
    if persons.is_some_and(|persons| persons < prepared.quality.used) {
        limits.push(Meaning::new(
            "Sommige mensen hebben meer trajecten. De verhoudingen houden daar rekening mee; de marges van kansen, maanden en toetsen niet, en zijn iets te smal.",
            "Some people have several spells. The ratios allow for that; the intervals of chances and months, and the tests, do not and are a little too narrow.",
        ));
    }
    if prepared.persons.is_none() {
        limits.push(Meaning::new(
            "Er is geen kolom voor de persoon. Heeft iemand meer trajecten, dan zijn de marges te smal.",
            "There is no column for the person. If somebody has several spells, the intervals are too narrow.",
        ));
    }
    let gaps = prepared
        .quality
        .columns
        .iter()
        .filter(|c| c.missing_share >= MANY_GAPS);
    let (nl, en): (Vec<&str>, Vec<&str>) = gaps
        .map(|column| (column.words.nl.as_str(), column.words.en.as_str()))
        .unzip();
    if !nl.is_empty() {
        limits.push(Meaning::new(
            format!(
                "Slecht gevuld: {}. Waar een gegeven ontbreekt, is dat vaak geen toeval.",
                nl.join(", ")
            ),
            format!(
                "Badly filled: {}. Where a value is missing, that is often no accident.",
                en.join(", ")
            ),
        ));
    }
    limits
}
