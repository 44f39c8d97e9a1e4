//! Answers to questions, in words.

use helder_model::{Input, InputType, Meaning, MissingRule, TreeSplit, TreeTest, Way};
use helder_report::number;

/// Unit of amounts; shown in euros.
const CENTS: &str = "eurocent";
/// Levels that are named; the model file has them all.
const MOST_NAMED: usize = 8;

/// The answer that leads the first or the second way; none where the input is not among these.
pub(in crate::learn) fn answer(
    split: &TreeSplit,
    inputs: &[Input],
    is_first: bool,
) -> Option<Meaning> {
    let input = inputs.iter().find(|input| input.name == split.input)?;
    let what = match (&split.test, input.kind) {
        (TreeTest::AtMost(_), InputType::Boolean) => yes_or_no(!is_first),
        (TreeTest::Above(_), InputType::Boolean) => yes_or_no(is_first),
        (TreeTest::AtMost(cut), _) => reaches(input, *cut, !is_first),
        (TreeTest::Above(cut), _) => reaches(input, *cut, is_first),
        (TreeTest::OneOf(levels), _) => one_of(input, levels, is_first),
        (TreeTest::Known(known), _) if *known == is_first => Meaning::new("bekend", "known"),
        (TreeTest::Known(_), _) => Meaning::new("niet bekend", "not known"),
    };
    let takes_missing = (split.missing == Way::First) == is_first;
    let is_told = takes_missing
        && input.missing == MissingRule::OwnEffect
        && !matches!(split.test, TreeTest::Known(_));
    let [nl, en] = if is_told {
        [" of niet bekend", " or not known"]
    } else {
        ["", ""]
    };
    let name = &input.meaning;
    Some(Meaning::new(
        format!("{}: {}{nl}", name.nl.trim().trim_end_matches('.'), what.nl),
        format!("{}: {}{en}", name.en.trim().trim_end_matches('.'), what.en),
    ))
}

fn yes_or_no(is_yes: bool) -> Meaning {
    if is_yes {
        Meaning::new("ja", "yes")
    } else {
        Meaning::new("nee", "no")
    }
}

fn reaches(input: &Input, cut: f64, is_above: bool) -> Meaning {
    let (nl, en) = shown(input, cut);
    if is_above {
        Meaning::new(format!("meer dan {nl}"), format!("more than {en}"))
    } else {
        Meaning::new(format!("hoogstens {nl}"), format!("at most {en}"))
    }
}

/// A number with its unit, as it is, in both languages.
fn shown(input: &Input, cut: f64) -> (String, String) {
    if input.worked_unit() == Some(CENTS) {
        let euros = cut / 100.0;
        return (
            format!("€ {}", number::decimal(euros, 2)),
            format!("€ {euros:.2}"),
        );
    }
    let unit = input
        .worked_unit()
        .map(|unit| format!(" {unit}"))
        .unwrap_or_default();
    let size = cut.abs();
    let plain = if size == 0.0 || (1e-6..1e15).contains(&size) {
        format!("{cut}")
    } else {
        format!("{cut:e}")
    };
    (
        format!("{}{unit}", plain.replace('.', ",")),
        format!("{plain}{unit}"),
    )
}

fn one_of(input: &Input, levels: &[String], is_first: bool) -> Meaning {
    let named = |pick: fn(&Meaning) -> &String, more: &str, or: &str| {
        let of_level = |level: &String| {
            let category = input
                .categories
                .iter()
                .find(|category| category.level == *level);
            let meaning = category.and_then(|category| category.meaning.as_ref());
            meaning.map_or_else(|| level.clone(), |meaning| pick(meaning).clone())
        };
        let mut names: Vec<String> = levels.iter().take(MOST_NAMED).map(of_level).collect();
        if levels.len() > MOST_NAMED {
            names.push(format!("{} {more}", levels.len() - MOST_NAMED));
        }
        match names.split_last() {
            Some((last, others)) if !others.is_empty() => {
                format!("{} {or} {last}", others.join(", "))
            }
            _ => names.concat(),
        }
    };
    let nl = named(|meaning| &meaning.nl, "andere", "of");
    let en = named(|meaning| &meaning.en, "others", "or");
    if is_first {
        Meaning::new(nl, en)
    } else {
        Meaning::new(format!("niet {nl}"), format!("not {en}"))
    }
}
