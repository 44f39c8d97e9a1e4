//! The points table, added up by a reader that knows nothing but the table.

use std::collections::HashMap;

use helder_exports::{Form, export};
use helder_model::FARTHEST;

use crate::made::{Given, Row, Told, count, models, rows, trees};

struct Line(Vec<String>);

impl Line {
    fn text(&self, at: usize) -> String {
        let text = &self.0[at];
        text.strip_prefix('\'').unwrap_or(text).to_owned()
    }

    fn number(&self, at: usize) -> Option<f64> {
        (!self.0[at].is_empty()).then(|| self.0[at].parse().unwrap())
    }

    /// Whether a value is what the five fields from `at` on ask; `known` are the levels of the part.
    fn holds(&self, at: usize, values: &HashMap<&str, &Given>, known: &[String]) -> bool {
        let Some(value) = values.get(self.text(at).as_str()) else {
            return true;
        };
        match (self.0[at + 1].as_str(), value) {
            ("missing", Given::Missing)
            | ("no", Given::Boolean(false))
            | ("yes", Given::Boolean(true)) => true,
            ("number", Given::Number(value)) => {
                self.number(at + 2).is_none_or(|from| *value >= from)
                    && self.number(at + 3).is_none_or(|below| *value < below)
            }
            ("level", Given::Text(level)) => self.text(at + 4) == *level,
            ("other level", Given::Text(level)) => !known.contains(level),
            _ => false,
        }
    }
}

/// Score and answer by the table.
fn added_up(lines: &[Line], names: &[&str], row: &Row) -> Option<(f64, f64)> {
    let values: HashMap<&str, &Given> = names.iter().copied().zip(&row.values).collect();
    let last: usize = lines
        .iter()
        .map(|line| line.0[0].parse::<usize>().unwrap())
        .max()?;
    let fixed = |is: &str| {
        lines
            .iter()
            .find(|line| line.0[0] == "0" && line.0[2] == is)
    };
    let mut score = fixed("start")?.number(13)?;
    for part in 1..=last {
        let part = part.to_string();
        let of_part: Vec<&Line> = lines.iter().filter(|line| line.0[0] == part).collect();
        let known = |at: usize| -> Vec<String> {
            let levels = of_part.iter().filter(|line| line.0[at + 1] == "level");
            levels.map(|line| line.text(at + 4)).collect()
        };
        let (first, second) = (known(1), known(6));
        let line = of_part
            .iter()
            .find(|line| line.holds(1, &values, &first) && line.holds(6, &values, &second))?;
        let line_value = match (
            line.number(11),
            line.number(12),
            values.get(line.text(1).as_str()),
        ) {
            (Some(slope), Some(centre), Some(Given::Number(value))) => {
                let converted = of_part.iter().find(|line| line.0[2] == "converted");
                let worked = converted.map_or(Some(value.clamp(-FARTHEST, FARTHEST)), |line| {
                    let lowest = line.number(3).unwrap_or(-FARTHEST);
                    let highest = line.number(4).unwrap_or(FARTHEST);
                    Some(value.clamp(lowest, highest) * line.number(11)? + line.number(13)?)
                });
                slope * (worked? - centre)
            }
            _ => 0.0,
        };
        score += line_value + line.number(13)?;
    }
    if let Some(line) = fixed("points to score") {
        score = line.number(13)? + line.number(11)? * score;
    }
    let mut odds = score;
    if let Some(line) = fixed("calibration") {
        odds = line.number(13)? + line.number(11)? * score;
    }
    let answer = match fixed("answer")?.0[5].as_str() {
        "logistic" => 1.0 / (1.0 + (-odds.clamp(-700.0, 700.0)).exp()),
        "exponential" => odds.clamp(-700.0, 700.0).exp(),
        _ => odds,
    };
    Some((score, answer))
}

#[test]
fn the_table_adds_up_to_the_score_of_the_service() {
    let mut told = Told::default();
    for model in models() {
        let table = export(&model, Form::Points).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let lines: Vec<Line> = reader
            .records()
            .map(|line| Line(line.unwrap().iter().map(str::to_owned).collect()))
            .collect();
        let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
        for row in rows(&model, count(300), false) {
            // The table cannot tell a whole number from another.
            told.compare(&model, &row, added_up(&lines, &names, &row));
        }
    }
    told.say("points table");
    assert!(told.refused > 0);
}

/// Whether a value is what a line of a table of leaves says; `levels` are all that the model knows.
fn passes(line: &Line, value: &Given, levels: &[String]) -> bool {
    match (line.0[2].as_str(), value) {
        ("missing", Given::Missing)
        | ("no", Given::Boolean(false))
        | ("yes", Given::Boolean(true)) => true,
        ("number", Given::Number(value)) => {
            line.number(3).is_none_or(|above| *value > above)
                && line.number(4).is_none_or(|up_to| *value <= up_to)
        }
        ("level", Given::Text(level)) => line.text(5) == *level,
        ("other level", Given::Text(level)) => !levels.contains(level),
        _ => false,
    }
}

/// Score and answer by a table of leaves.
fn looked_up(lines: &[Line], names: &[&str], row: &Row) -> Option<(f64, f64)> {
    let of = |leaf: &str| -> Vec<&Line> { lines.iter().filter(|line| line.0[0] == leaf).collect() };
    let every = of("every");
    let levels = |name: &str| -> Vec<String> {
        let known = every.iter().filter(|line| line.text(1) == name);
        let known = known.filter(|line| line.0[2] == "level");
        known.map(|line| line.text(5)).collect()
    };
    // What a leaf asks of an input: some line of it passes, or it says nothing of it.
    let holds = |leaf: &[&Line]| {
        names.iter().zip(&row.values).all(|(name, value)| {
            let mut own = leaf.iter().filter(|line| line.text(1) == *name).peekable();
            own.peek().is_none() || own.any(|line| passes(line, value, &levels(name)))
        })
    };
    if !holds(&every) {
        return None;
    }
    let leaves: std::collections::BTreeSet<&str> =
        lines.iter().map(|line| line.0[0].as_str()).collect();
    let numbers = leaves
        .into_iter()
        .filter(|leaf| leaf.parse::<usize>().is_ok());
    let here: Vec<Vec<&Line>> = numbers.map(of).filter(|leaf| holds(leaf)).collect();
    assert_eq!(here.len(), 1, "one leaf for everybody: {:?}", row.values);
    let fixed = |is: &str| {
        let mut all = of("").into_iter();
        all.find(|line| line.0[2] == is)?.number(6)
    };
    let mut score = fixed("start")?;
    for name in names {
        let mut own = here[0].iter().filter(|line| line.text(1) == *name);
        score += own.next().map_or(0.0, |line| line.number(6).unwrap());
    }
    let odds = fixed("calibration: adds").map_or(score, |adds| {
        adds + fixed("calibration: per score").unwrap() * score
    });
    Some((score, 1.0 / (1.0 + (-odds).exp())))
}

#[test]
fn the_table_of_leaves_gives_everybody_one_leaf_and_its_score() {
    let mut told = Told::default();
    for model in trees() {
        let table = export(&model, Form::Points).unwrap();
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let lines: Vec<Line> = reader
            .records()
            .map(|line| Line(line.unwrap().iter().map(str::to_owned).collect()))
            .collect();
        let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
        // The table knows the last digit of an edge, but no whole number from another.
        let is_whole = |row: &Row| {
            model.inputs.iter().zip(&row.values).all(|(input, given)| {
                input.kind != helder_model::InputType::Integer
                    || !matches!(given, Given::Number(number) if number.fract() != 0.0)
            })
        };
        for row in rows(&model, count(300), true)
            .iter()
            .filter(|row| is_whole(row))
        {
            told.compare(&model, row, looked_up(&lines, &names, row));
        }
    }
    told.say("table of leaves");
    assert!(told.refused > 0);
    assert_eq!(told.unequal_bits, 0);
}
