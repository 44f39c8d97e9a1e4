//! From raw values to those that are learned from: what the plan asks, as an explicit rule that goes into the model.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use helder_model::{CategoryGroup, Conversion, Input, Preparation};
use helder_types::Fault;

use super::{
    LearnError,
    plan::{Feature, NewConversion, SMALLEST_GROUP},
    prepare::{MOST_LEVELS, Unfit, rare_levels},
    table::{Column, Table},
};

/// Level of the categories that few rows have.
pub(super) const OTHER: &str = "other";

/// The rule of a feature, with what is learned from the `train` rows filled in; `None` where values are taken as they are.
///
/// # Errors
/// [`Unfit`] when the column is of another kind, or the groups clash with its categories.
pub(super) fn learn(
    feature: &Feature,
    column: &Column,
    train: &[usize],
) -> Result<Option<Preparation>, Unfit> {
    if let Some(asked) = &feature.conversion {
        let (Column::Integer(values) | Column::Number(values)) = column else {
            return Err(("wrong-kind", "only numbers are converted".to_owned()));
        };
        let known: Vec<f64> = train.iter().filter_map(|&row| values[row]).collect();
        return Ok(Some(Preparation::Conversion(conversion(
            feature, asked, known,
        ))));
    }
    if feature.groups.is_empty() && feature.least_rows.is_none() {
        return Ok(None);
    }
    let Column::Text(values) = column else {
        return Err(("wrong-kind", "only categories are grouped".to_owned()));
    };
    let groups = groups(feature, values, train)?;
    Ok((!groups.is_empty()).then_some(Preparation::Groups { groups }))
}

fn conversion(feature: &Feature, asked: &NewConversion, mut known: Vec<f64>) -> Conversion {
    let (mut lowest, mut highest) = (asked.lowest, asked.highest);
    if let (Some(share), false) = (asked.cut_off_share, known.is_empty()) {
        known.sort_by(f64::total_cmp);
        // At most the share lies below, and above; both ends occur in the rows.
        let beyond = (share * known.len() as f64).floor() as usize;
        let ends = (known[beyond], known[known.len() - 1 - beyond]);
        // Where nothing lies between them there are no ends to cut off.
        if ends.0 < ends.1 {
            (lowest, highest) = (Some(ends.0), Some(ends.1));
        }
    }
    Conversion {
        unit: asked.unit.clone().or_else(|| feature.unit.clone()),
        scale: asked.scale,
        offset: asked.offset,
        lowest,
        highest,
    }
}

/// The groups that occur in the rows, in byte order; what occurs too little is listed, so that prediction does what training did.
fn groups(
    feature: &Feature,
    values: &[Option<String>],
    train: &[usize],
) -> Result<Vec<CategoryGroup>, Unfit> {
    let in_group: BTreeMap<&str, &str> = feature
        .groups
        .iter()
        .flat_map(|(name, members)| members.iter().map(|m| (m.as_str(), name.as_str())))
        .collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for raw in train.iter().filter_map(|&row| values[row].as_deref()) {
        let is_other = feature.groups.contains_key(raw) && in_group.get(raw) != Some(&raw);
        if is_other {
            let detail = "a group is called as a category that is not in it: give the group another name, or put the category in it";
            return Err(("group-clashes", detail.to_owned()));
        }
        *counts
            .entry(in_group.get(raw).copied().unwrap_or(raw))
            .or_default() += 1;
    }
    let mut made: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, members) in &feature.groups {
        if counts.contains_key(name.as_str()) {
            made.insert(name, members.iter().map(String::as_str).collect());
        }
    }
    if let Some(least) = feature.least_rows {
        let few: Vec<&str> = counts
            .iter()
            .filter(|(level, count)| **count < least as usize && **level != OTHER)
            .map(|(level, _)| *level)
            .collect();
        let declared = || {
            let members = feature.groups.get(OTHER).into_iter().flatten();
            members.map(String::as_str).collect()
        };
        for level in &few {
            // A group of which few rows are goes there with all it holds, and by its name.
            let mut members = made.remove(level).unwrap_or_default();
            members.insert(level);
            made.entry(OTHER).or_insert_with(declared).extend(members);
        }
        if few.len() > MOST_LEVELS {
            let detail = format!(
                "`{}` has more than {MOST_LEVELS} categories with few rows, and each would stand in the model: it is an identifier or free text",
                feature.name
            );
            return Err(("too-many-levels", detail));
        }
        let singled = counts.iter().filter(|(level, count)| {
            **count < SMALLEST_GROUP && !feature.groups.contains_key(**level)
        });
        let rows: usize = singled.map(|(_, count)| count).sum();
        if rows * 5 > train.len() {
            return Err(("rare-levels", rare_levels(&feature.name)));
        }
    }
    let group = |(level, members): (&str, BTreeSet<&str>)| CategoryGroup {
        level: level.to_owned(),
        members: members.into_iter().map(str::to_owned).collect(),
    };
    Ok(made.into_iter().map(group).collect())
}

/// The column as it is learned from.
pub(super) fn worked<'a>(preparation: Option<&Preparation>, column: &'a Column) -> Cow<'a, Column> {
    match (preparation, column) {
        (Some(Preparation::Conversion(how)), Column::Integer(values) | Column::Number(values)) => {
            let each = values.iter();
            let each = each.map(|value| value.map(|raw| how.converted(raw)));
            Cow::Owned(Column::Number(each.collect()))
        }
        (Some(Preparation::Groups { groups }), Column::Text(values)) => {
            let counts_as: BTreeMap<&str, &String> = groups
                .iter()
                .flat_map(|group| group.members.iter().map(|m| (m.as_str(), &group.level)))
                .collect();
            let level = |raw: &String| (*counts_as.get(raw.as_str()).unwrap_or(&raw)).clone();
            Cow::Owned(Column::Text(
                values.iter().map(|raw| raw.as_ref().map(level)).collect(),
            ))
        }
        _ => Cow::Borrowed(column),
    }
}

impl Table {
    /// The column of an input as the model works with it.
    pub(super) fn worked(&self, input: &Input) -> Result<Cow<'_, Column>, LearnError> {
        Ok(worked(
            input.preparation.as_ref(),
            self.column(&input.name)?,
        ))
    }
}

/// Where a plan is wrong about what is done to a feature.
pub(super) fn blamed(n: usize, feature: &Feature, (code, detail): Unfit) -> Fault {
    let key = if feature.conversion.is_some() {
        "conversion"
    } else if feature.groups.is_empty() {
        "leastRows"
    } else {
        "groups"
    };
    Fault::new(format!("/features/{n}/{key}"), code, detail)
}
