//! A plan: one file that says which files go in, how they are linked, what is asked of them and who decides.

mod chain;
mod compare;
mod episodes;
mod figures;
mod links;
mod model;
mod names;
mod outflow;
mod report;
mod sources;
mod subjects;
mod truth;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use helder_types::Gemeentecode;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

pub(crate) use chain::run;
pub(crate) use compare::{compare, decided};
pub(crate) use links::link;
pub(crate) use model::{build_frame, train};
pub(crate) use names::Names;
pub(crate) use outflow::outflow;
pub(crate) use report::{LinkResult, PlanResult};
pub(crate) use sources::{Upload, upload};

/// A plan. Sections that hold a body of the API are passed on as they stand, names in place of identifiers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Plan {
    /// What it is called.
    pub(crate) name: String,
    /// What it shows or does.
    #[serde(default)]
    pub(crate) description: String,
    /// Municipality for which an own platform runs the plan.
    #[serde(default = "eindhoven")]
    pub(crate) gemeente: Gemeentecode,
    /// Body of `POST /registry/v1/projects`.
    pub(crate) project: Table,
    /// Files.
    #[serde(default)]
    pub(crate) sources: Vec<Source>,
    /// Linkage runs.
    #[serde(default)]
    pub(crate) links: Vec<Link>,
    /// Frames.
    #[serde(default)]
    pub(crate) frames: Vec<Frame>,
    /// Body of `POST /training/v1/selections`, with `frame` in place of the identifiers; a training without `algorithm` takes the
    /// proposed one.
    #[serde(default)]
    pub(crate) selection: Option<Table>,
    /// Spec of `POST /training/v1/outflow-reports`, with `frame` in place of the identifiers.
    #[serde(default)]
    pub(crate) outflow: Option<Table>,
    /// Body of `POST /training/v1/training-runs`, with `frame` in place of the identifiers.
    #[serde(default)]
    pub(crate) training: Option<Table>,
    /// What the privacy officer says.
    #[serde(default)]
    pub(crate) review: Option<Review>,
    /// Subjects to predict for once the model is active.
    #[serde(default)]
    pub(crate) predict: Vec<Table>,
    /// Frames to score whole.
    #[serde(default)]
    pub(crate) batches: Vec<Batch>,
    /// Folder of the plan; files are looked for from here.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// A file and how to read it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Source {
    /// Name in this plan, and of the dataset.
    pub(crate) name: String,
    /// Path from the plan's folder.
    pub(crate) file: PathBuf,
    /// What it holds.
    #[serde(default)]
    pub(crate) description: String,
    /// The whole contract. Absent: the suggested one, with `change` and `drop`.
    #[serde(default)]
    pub(crate) contract: Option<Table>,
    /// Fields of the suggested contract that are to be otherwise, by `name`.
    #[serde(default)]
    pub(crate) change: Vec<Table>,
    /// Fields of the suggested contract to leave out.
    #[serde(default)]
    pub(crate) drop: Vec<String>,
}

/// A linkage run; `left` and `right` name sources.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Link {
    /// Name in this plan.
    pub(crate) name: String,
    /// Source; the register.
    pub(crate) left: String,
    /// Source; the file to find in it.
    pub(crate) right: String,
    /// Least match probability of a link.
    #[serde(default)]
    pub(crate) threshold: Option<f64>,
    /// Each record has at most one partner.
    #[serde(default)]
    pub(crate) one_to_one: Option<bool>,
    /// What to link on. Absent: the suggested specification.
    #[serde(default)]
    pub(crate) spec: Option<Table>,
    /// How to judge the links afterwards. Read on this side only, never sent.
    #[serde(default)]
    pub(crate) truth: Option<Truth>,
}

/// Which records belong together, for scoring.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", untagged)]
pub(crate) enum Truth {
    /// Records whose keys are equal.
    Columns {
        /// Column of the left file.
        left: String,
        /// Column of the right file.
        right: String,
        /// Separator within the value.
        #[serde(default)]
        split: Option<String>,
        /// Which part of the value counts, from 0.
        #[serde(default)]
        part: usize,
    },
    /// A CSV file of pairs of record ordinals.
    Pairs {
        /// The file.
        file: PathBuf,
        /// Its column with the ordinal in the left file.
        left: String,
        /// Its column with the ordinal in the right file.
        right: String,
    },
}

/// A frame: the body of `POST /training/v1/frames`, with names in the tables.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Frame {
    /// Name in this plan, and of the frame.
    pub(crate) name: String,
    /// What one row is about.
    pub(crate) unit: String,
    /// Tables: `alias`, and `source`, `link` or an earlier `frame` (or an identifier), and what else the API takes.
    pub(crate) tables: Vec<Table>,
    /// The query.
    #[serde(default)]
    pub(crate) sql: Option<String>,
    /// File with the query, from the plan's folder.
    #[serde(default)]
    pub(crate) sql_file: Option<PathBuf>,
    /// Days on which the tables are looked at.
    #[serde(default)]
    pub(crate) reference_dates: Vec<String>,
    /// How records become episodes, as the API takes it.
    #[serde(default)]
    pub(crate) episodes: Option<Table>,
}

/// A review.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Review {
    /// `approve` or `reject`.
    pub(crate) verdict: String,
    /// Why.
    pub(crate) remarks: String,
    /// What follows from a fairness report that is not within bound.
    #[serde(default)]
    pub(crate) fairness_conclusion: Option<FairnessConclusion>,
}

/// A written conclusion on fairness verdicts that are not within bound, as the registry takes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct FairnessConclusion {
    /// Why the model may be used all the same.
    pub(crate) text: String,
    /// Each risk that is accepted, with what is done about it.
    pub(crate) accepted_risks: Vec<String>,
}

impl Review {
    /// The review as the registry takes it.
    pub(crate) fn body(&self) -> serde_json::Value {
        let mut body = serde_json::json!({"verdict": self.verdict, "remarks": self.remarks});
        if let Some(conclusion) = &self.fairness_conclusion {
            body["fairnessConclusion"] = serde_json::json!(conclusion);
        }
        body
    }
}

/// A frame to score whole with the model of this plan.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Batch {
    /// Name of the frame.
    pub(crate) frame: String,
    /// Rows of the ranked result to show.
    #[serde(default = "ten")]
    pub(crate) top: usize,
}

fn eindhoven() -> Gemeentecode {
    // The text is a literal that the type's own tests cover.
    "GM0772"
        .parse()
        .unwrap_or_else(|_| unreachable!("GM0772 is a gemeentecode"))
}

const fn ten() -> usize {
    10
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// When the file cannot be read, is no plan, or names what is not in it.
    pub(crate) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(&text, &folder).with_context(|| format!("in the plan {}", file.display()))
    }

    /// A plan from its text.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self> {
        let mut plan: Self = toml::from_str(text)?;
        folder.clone_into(&mut plan.folder);
        plan.check()?;
        Ok(plan)
    }

    /// Every name must lead somewhere.
    fn check(&self) -> Result<()> {
        let sources: Vec<&str> = self.sources.iter().map(|s| s.name.as_str()).collect();
        let links: Vec<&str> = self.links.iter().map(|l| l.name.as_str()).collect();
        let frames: Vec<&str> = self.frames.iter().map(|f| f.name.as_str()).collect();
        let known = |what: &str, names: &[&str], name: &str, place: &str| {
            if names.contains(&name) {
                Ok(())
            } else {
                bail!("{place} names the {what} {name:?}, which is not in the plan")
            }
        };
        for link in &self.links {
            known(
                "source",
                &sources,
                &link.left,
                &format!("the link {:?}", link.name),
            )?;
            known(
                "source",
                &sources,
                &link.right,
                &format!("the link {:?}", link.name),
            )?;
        }
        for (nth, frame) in self.frames.iter().enumerate() {
            let place = format!("the frame {:?}", frame.name);
            if frame.sql.is_some() == frame.sql_file.is_some() {
                bail!("{place} needs either sql or sqlFile");
            }
            for table in &frame.tables {
                if let Some(name) = text_of(table, "source") {
                    known("source", &sources, name, &place)?;
                }
                if let Some(name) = text_of(table, "link") {
                    known("link", &links, name, &place)?;
                }
                if let Some(name) = text_of(table, "frame") {
                    known("earlier frame", &frames[..nth], name, &place)?;
                }
            }
        }
        let learned = [
            ("[selection]", &self.selection),
            ("[outflow]", &self.outflow),
            ("[training]", &self.training),
        ];
        for (place, section) in learned {
            let Some(section) = section else { continue };
            let Some(name) = text_of(section, "frame") else {
                bail!("{place} needs frame, the name of a frame in this plan")
            };
            known("frame", &frames, name, place)?;
        }
        let later = self.review.is_some() || !self.predict.is_empty() || !self.batches.is_empty();
        if later && self.training.is_none() {
            bail!("a review, predictions and batches need [training]");
        }
        for batch in &self.batches {
            known("frame", &frames, &batch.frame, "a batch")?;
        }
        Ok(())
    }

    /// A path from the plan's folder.
    pub(crate) fn path(&self, file: &Path) -> PathBuf {
        self.folder.join(file)
    }
}

impl Frame {
    /// The query, wherever it stands.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub(crate) fn query(&self, folder: &Path) -> Result<String> {
        match (&self.sql, &self.sql_file) {
            (Some(sql), _) => Ok(sql.clone()),
            (None, Some(file)) => {
                let path = folder.join(file);
                std::fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))
            }
            (None, None) => bail!("the frame {:?} has no query", self.name),
        }
    }
}

/// A text in a table.
pub(crate) fn text_of<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

/// TOML as JSON; dates become text.
pub(crate) fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::String(text) => text.clone().into(),
        Value::Integer(number) => (*number).into(),
        Value::Float(number) => (*number).into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Datetime(moment) => moment.to_string().into(),
        Value::Array(items) => items.iter().map(json).collect(),
        Value::Table(table) => json_table(table),
    }
}

/// A TOML table as a JSON object.
pub(crate) fn json_table(table: &Table) -> serde_json::Value {
    table
        .iter()
        .map(|(key, value)| (key.clone(), json(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        name = "small"
        [project]
        name = "p"
        until = 2030-01-01
        [[sources]]
        name = "a"
        file = "a.csv"
        [[links]]
        name = "l"
        left = "a"
        right = "a"
        truth = { left = "rec_id", right = "rec_id", split = "-", part = 1 }
    "#;

    #[test]
    fn a_plan_keeps_dates_as_text_for_the_api() {
        let plan = Plan::parse(SMALL, Path::new("x")).unwrap();
        assert_eq!(json_table(&plan.project)["until"], "2030-01-01");
        assert_eq!(plan.path(Path::new("a.csv")), Path::new("x/a.csv"));
        assert!(matches!(
            plan.links[0].truth,
            Some(Truth::Columns { part: 1, .. })
        ));
    }

    #[test]
    fn every_plan_of_the_repository_can_be_read_and_finds_its_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plans");
        let mut plans = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_some_and(|end| end == "toml") {
                let plan = Plan::read(&file).unwrap();
                for source in &plan.sources {
                    assert!(
                        plan.path(&source.file).is_file(),
                        "{}: {}",
                        plan.name,
                        source.file.display()
                    );
                }
                plans += 1;
            }
        }
        assert_eq!(plans, 5);
    }

    #[test]
    fn a_name_that_leads_nowhere_is_told() {
        for (from, to, said) in [
            ("left = \"a\"", "left = \"b\"", "the source \"b\""),
            (
                "[[sources]]",
                "[training]\nframe = \"f\"\n[[sources]]",
                "the frame \"f\"",
            ),
            (
                "name = \"small\"",
                "name = \"small\"\nsorces = 1",
                "unknown field `sorces`",
            ),
        ] {
            let error = Plan::parse(&SMALL.replacen(from, to, 1), Path::new("")).unwrap_err();
            assert!(format!("{error:#}").contains(said), "{error:#}");
        }
    }
}
