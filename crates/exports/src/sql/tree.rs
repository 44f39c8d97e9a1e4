//! A tree or a rule list as one `SELECT`: which leaf a row comes to, and what the answers on the way there add, input by input.

use std::{collections::HashMap, fmt::Write as _};

use helder_model::{
    Input, InputType, MissingRule, TreeFit, TreeSplit, TreeTest, UnknownCategory, Way,
};

use super::{
    Dialect, answer, comment, exact, given, given_columns, head, name, number, text, worked,
};
use crate::{ExportError, sum::Sum};

/// Most inputs, as for other models, and most nodes: every database takes questions nested so deep.
const MOST_INPUTS: usize = 600;
const MOST_NODES: usize = 800;

/// The statement. `sum` has the score of the root as its base, and no parts.
pub(super) fn sql(sum: &Sum<'_>, fit: &TreeFit, dialect: Dialect) -> Result<String, ExportError> {
    let inputs = &sum.model.inputs;
    for (found, most) in [(inputs.len(), MOST_INPUTS), (fit.nodes.len(), MOST_NODES)] {
        if found > most {
            return Err(ExportError::TooManyParts { found, most });
        }
    }
    let places = inputs.iter().enumerate();
    let tree = Tree {
        fit,
        inputs,
        dialect,
        places: places
            .map(|(place, input)| (input.name.as_str(), place))
            .collect(),
    };
    let mut out = head(sum, dialect);
    out.push_str(&given_columns(sum, dialect));
    out.push_str("\n), helder_read AS (\n  SELECT helder_given.*");
    for place in 0..inputs.len() {
        let _ = write!(out, ",\n    {} AS {}", tree.read(place), read(place));
    }
    let refusals = (0..inputs.len()).flat_map(|place| tree.refusals(place));
    let refusals: Vec<String> = refusals.collect();
    let _ = write!(
        out,
        ",\n    CASE WHEN {} THEN 1 ELSE 0 END AS helder_refused",
        either(&refusals)
    );
    let _ = write!(
        out,
        "\n  FROM helder_given\n), helder_way AS (\n  SELECT helder_read.*,\n    CASE WHEN helder_refused = 1 THEN NULL ELSE {} END AS helder_leaf\n  FROM helder_read\n), helder_parts AS (\n  SELECT helder_way.*",
        tree.way(0)?
    );
    for (place, adds) in tree.adds()?.iter().enumerate() {
        let title = comment(&inputs[place].meaning.nl);
        let _ = write!(out, ",\n    -- {title}\n    CAST(CASE helder_leaf");
        for (leaf, adds) in adds {
            let _ = write!(out, " WHEN {leaf} THEN {}", number(*adds));
        }
        let _ = write!(
            out,
            " END AS DOUBLE PRECISION) AS helder_part_{}",
            place + 1
        );
    }
    let _ = write!(
        out,
        "\n  FROM helder_way\n), helder_sum AS (\n  SELECT helder_parts.*,\n    CAST({} AS DOUBLE PRECISION)",
        number(sum.base)
    );
    // Without a question there is no part to be absent where a row is refused.
    for place in 1..=inputs.len() {
        let _ = write!(out, " + helder_part_{place}");
    }
    let _ = writeln!(
        out,
        " AS helder_score\n  FROM helder_parts\n)\nSELECT helder_sum.*,\n  {} AS helder_{}\nFROM helder_sum;",
        answer(sum),
        sum.answer_name()
    );
    Ok(out)
}

struct Tree<'a> {
    fit: &'a TreeFit,
    inputs: &'a [Input],
    dialect: Dialect,
    places: HashMap<&'a str, usize>,
}

/// What one input adds at each leaf.
type Adds = Vec<(usize, f64)>;

impl Tree<'_> {
    fn place(&self, split: &TreeSplit) -> Result<usize, ExportError> {
        let found = self.places.get(split.input.as_str()).copied();
        found.ok_or_else(|| ExportError::Incoherent(format!("no input {}", split.input)))
    }

    /// The value that is asked about: what stands in for a gap or for an unknown level included, absent where missing counts by itself.
    fn read(&self, place: usize) -> String {
        let (input, given) = (&self.inputs[place], given(place));
        if input.kind != InputType::Category {
            let given = match input.conversion() {
                // Nothing given stays nothing.
                Some(_) => worked(input, &given, self.dialect),
                None => given,
            };
            return match &input.missing {
                MissingRule::MedianAndIndicator { value } | MissingRule::Median { value } => {
                    format!("COALESCE({given}, {})", exact(*value, self.dialect))
                }
                MissingRule::Level { .. }
                | MissingRule::OwnEffect
                | MissingRule::LeftOut
                | MissingRule::Reject => given,
            };
        }
        let missing = match &input.missing {
            MissingRule::Level { level } => text(level),
            _ => "NULL".to_owned(),
        };
        let unknown = match &input.unknown_category {
            Some(UnknownCategory::Level { level }) => text(level),
            Some(UnknownCategory::Reject) | None => "NULL".to_owned(),
        };
        let mut grouped = String::new();
        for group in input.groups() {
            let is_member = self.is_one_of(&given, group.members.iter().map(String::as_str));
            let _ = write!(grouped, " WHEN {is_member} THEN {}", text(&group.level));
        }
        format!(
            "CASE{grouped} WHEN {} THEN {given} WHEN {} THEN {missing} ELSE {unknown} END",
            self.is_known(place),
            is_missing(input, place),
        )
    }

    fn is_known(&self, place: usize) -> String {
        let known = self.inputs[place].raw_categories();
        self.is_one_of(&given(place), known.map(|(raw, _)| raw))
    }

    fn is_one_of<'l>(&self, what: &str, levels: impl Iterator<Item = &'l str>) -> String {
        // A text without an end cannot be in a database.
        let levels: Vec<String> = levels
            .filter(|level| !level.contains('\0'))
            .map(text)
            .collect();
        if levels.is_empty() {
            return "1 = 0".to_owned();
        }
        let collate = match self.dialect {
            Dialect::Sqlite => " COLLATE BINARY",
            Dialect::Postgres => "",
        };
        format!("{what}{collate} IN ({})", levels.join(", "))
    }

    /// Conditions under which the model gives no answer, whatever is asked on the way.
    fn refusals(&self, place: usize) -> Vec<String> {
        let (input, given) = (&self.inputs[place], given(place));
        let mut out = Vec::new();
        if matches!(input.missing, MissingRule::Reject) {
            out.push(is_missing(input, place));
        }
        match input.kind {
            InputType::Number | InputType::Integer => {
                if self.dialect == Dialect::Sqlite {
                    let column = name(&input.name);
                    out.push(format!("typeof({column}) IN ('text', 'blob')"));
                }
                if input.kind == InputType::Integer {
                    out.push(format!("{given} <> ROUND({given})"));
                }
            }
            InputType::Boolean => out.push(format!("{given} NOT IN (0, 1)")),
            InputType::Category => {
                if !matches!(input.unknown_category, Some(UnknownCategory::Level { .. })) {
                    out.push(format!(
                        "NOT ({} OR {})",
                        is_missing(input, place),
                        self.is_known(place)
                    ));
                }
            }
        }
        out
    }

    /// The leaf that is reached from a node.
    fn way(&self, at: usize) -> Result<String, ExportError> {
        let Some(split) = &self.node(at)?.split else {
            return Ok(at.to_string());
        };
        let [first, second] = [split.first, split.second].map(|next| self.way(next as usize));
        let asked = self.asked(split)?;
        Ok(format!(
            "CASE WHEN {asked} THEN {} ELSE {} END",
            first?, second?
        ))
    }

    fn node(&self, at: usize) -> Result<&helder_model::TreeNode, ExportError> {
        let found = self.fit.nodes.get(at);
        found.ok_or_else(|| ExportError::Incoherent(format!("no node {at}")))
    }

    /// Who goes the first way. A condition about an absent value does not hold.
    fn asked(&self, split: &TreeSplit) -> Result<String, ExportError> {
        let read = read(self.place(split)?);
        let with_missing = |condition: String| match split.missing {
            Way::First => format!("{read} IS NULL OR {condition}"),
            Way::Second => condition,
        };
        Ok(match &split.test {
            TreeTest::AtMost(cut) => {
                with_missing(format!("{read} <= {}", exact(*cut, self.dialect)))
            }
            TreeTest::Above(cut) => with_missing(format!("{read} > {}", exact(*cut, self.dialect))),
            TreeTest::OneOf(levels) => self.is_one_of(&read, levels.iter().map(String::as_str)),
            TreeTest::Known(true) => format!("{read} IS NOT NULL"),
            TreeTest::Known(false) => format!("{read} IS NULL"),
        })
    }

    /// Per input, what its answers add on the way to each leaf: the same sums as the scorer's, in the same order.
    fn adds(&self) -> Result<Vec<Adds>, ExportError> {
        let mut out = vec![Vec::new(); self.inputs.len()];
        let mut open = vec![(0, vec![0.0; self.inputs.len()])];
        while let Some((at, adds)) = open.pop() {
            let node = self.node(at)?;
            let Some(split) = &node.split else {
                for (of_input, adds) in out.iter_mut().zip(&adds) {
                    of_input.push((at, *adds));
                }
                continue;
            };
            for next in [split.first, split.second].map(|next| next as usize) {
                let mut adds = adds.clone();
                adds[self.place(split)?] += self.node(next)?.score - node.score;
                open.push((next, adds));
            }
        }
        for adds in &mut out {
            adds.sort_by_key(|(leaf, _): &(usize, f64)| *leaf);
        }
        Ok(out)
    }
}

fn read(place: usize) -> String {
    format!("helder_read_{}", place + 1)
}

/// As in training: an empty text says nothing, unless it is a level.
fn is_missing(input: &Input, place: usize) -> String {
    let given = given(place);
    let has_empty = input.categories.iter().any(|one| one.level.is_empty());
    if input.kind == InputType::Category && !has_empty {
        format!("({given} IS NULL OR {given} = '')")
    } else {
        format!("{given} IS NULL")
    }
}

fn either(conditions: &[String]) -> String {
    if conditions.is_empty() {
        "1 = 0".to_owned()
    } else {
        conditions.join(" OR ")
    }
}
