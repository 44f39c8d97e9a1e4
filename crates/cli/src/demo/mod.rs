//! `helder demo`: the main job on a fresh dummy municipality, judged against the truth.

mod judge;
mod show;
mod truth;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, Result, bail};
use helder_types::Role;
use serde::Serialize;
use toml::Value;

use crate::{
    arguments::DemoArguments,
    command::{Embedded, run_on_signal, runtime},
    folder::DataFolder,
    plan::{self, Plan, PlanResult},
    screen::Screen,
    session::{Access, Session},
};

/// The plan; dates and capacity are filled in.
const PLAN: &str = include_str!("plan.toml");
/// The query of its frames.
const QUERY: &str = include_str!("frame.sql");
/// The query of spells on welfare.
const SPELLS: &str = include_str!("spells.sql");
/// The extracts are made on 1 January of this year.
const END_YEAR: i32 = 2026;
/// Reference dates kept apart for judging.
const TEST_YEARS: i32 = 2;
/// Fewest inhabitants with which the demo makes sense.
const SMALLEST: usize = 10_000;

/// What the demo came to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DemoResult<'a> {
    seconds: f64,
    data: &'a Path,
    plan: &'a PlanResult,
    against_truth: &'a judge::Judgement,
}

/// Does the main job.
///
/// # Errors
/// At the first step that fails.
pub(crate) fn demo(access: &Access, wanted: &DemoArguments, screen: Screen) -> Result<()> {
    if wanted.inhabitants < SMALLEST {
        bail!(
            "fewer than {SMALLEST} inhabitants have too few outcomes to learn from and to judge by"
        );
    }
    if wanted.years < 3 {
        bail!(
            "two reference dates are kept apart for judging, so the demo needs --years of at least 3"
        );
    }
    let data = fresh(access.data.as_deref())?;
    let start = Instant::now();
    let folder = DataFolder::open(&data)?;
    let municipality = folder.path("dummy");
    make_municipality(&municipality, wanted, screen)?;
    let plan = fill_in(wanted, &municipality)?;
    runtime()?.block_on(async {
        let embedded = Embedded::start(&data, wanted.listen).await?;
        let url = embedded.platform.url();
        let session = Session::on(&embedded.folder, &url, plan.gemeente.clone())?;
        screen.line(&format!("The platform runs on {url}."));
        let worked = work(&plan, &session, screen, &municipality, wanted).await;
        match worked {
            Ok((result, judgement)) => {
                let seconds = start.elapsed().as_secs_f64();
                let reports = save_reports(&session, &result, &folder.path("reports")).await?;
                show::where_to_look(screen, &result, &url, (&data, &reports));
                screen.line(&format!("\nDone in {seconds:.0} seconds."));
                screen.result(&DemoResult {
                    seconds,
                    data: &data,
                    plan: &result,
                    against_truth: &judgement,
                })?;
                if wanted.exit {
                    return embedded.platform.stop().await;
                }
                screen.line("The platform goes on answering; Ctrl-C stops it.");
                run_on_signal(embedded.platform).await
            }
            Err(error) => {
                embedded.platform.stop().await?;
                Err(error)
            }
        }
    })
}

/// The chain, and the judgement against the truth.
async fn work(
    plan: &Plan,
    session: &Session,
    screen: Screen,
    municipality: &Path,
    wanted: &DemoArguments,
) -> Result<(PlanResult, judge::Judgement)> {
    let result = plan::run(plan, session, screen).await?;
    let truth = truth::PersonYears::read(&municipality.join("truth/person_years.csv"))?;
    let client = session.acting_as(Role::Analyst)?;
    let mut scored = Vec::new();
    for (batch, date) in result.batches.iter().zip(test_dates()) {
        scored.push((date, judge::scores(&client, screen, batch.batch_id).await?));
    }
    let judgement = judge::judge(&truth, &scored, capacity(wanted))?;
    show::judgement(screen, &result, &judgement);
    Ok((result, judgement))
}

/// A report saved as a file.
struct Report {
    what: String,
    file: PathBuf,
}

/// Saves the pages that a browser cannot open without a token.
async fn save_reports(
    session: &Session,
    result: &PlanResult,
    folder: &Path,
) -> Result<Vec<Report>> {
    std::fs::create_dir_all(folder)?;
    // The privacy officer may read every report.
    let client = session.acting_as(Role::PrivacyOfficer)?;
    let mut saved = Vec::new();
    for page in result.pages.iter().filter(|page| page.needs_token) {
        let html = client
            .get_text(&page.path, "text/html")
            .await
            .with_context(|| page.what.clone())?;
        let file = folder.join(format!(
            "{}.html",
            page.what.replace(' ', "-").to_lowercase()
        ));
        std::fs::write(&file, html)?;
        saved.push(Report {
            what: page.what.clone(),
            file,
        });
    }
    Ok(saved)
}

/// A folder without a platform: the one asked for, or the first free one beside the default.
fn fresh(asked: Option<&Path>) -> Result<PathBuf> {
    let taken = |folder: &Path| folder.join("keys").exists() || folder.join("stores").exists();
    if let Some(folder) = asked {
        if taken(folder) {
            bail!(
                "{} holds a platform already; the demo needs a fresh folder",
                folder.display()
            );
        }
        return Ok(folder.to_owned());
    }
    let mut folders = std::iter::once(PathBuf::from(".helder"))
        .chain((2..1_000).map(|number| PathBuf::from(format!(".helder-{number}"))));
    folders
        .find(|folder| !taken(folder))
        .context("no free folder; give one with --data")
}

fn make_municipality(folder: &Path, wanted: &DemoArguments, screen: Screen) -> Result<()> {
    let settings = helder_dummy::Settings {
        seed: wanted.seed,
        inhabitants: wanted.inhabitants,
        years: wanted.years,
        end_year: END_YEAR,
    };
    let bar = screen.bar("inventing a municipality");
    let summary = helder_dummy::generate(folder, &settings, &mut |done, all| {
        bar.at(done as u64, all as u64, "years");
    })?;
    drop(bar);
    show::municipality(screen, &summary, folder);
    Ok(())
}

/// Reference dates that judge.
fn test_dates() -> impl Iterator<Item = String> {
    (END_YEAR - TEST_YEARS..END_YEAR).map(date)
}

fn date(year: i32) -> String {
    format!("{year}-01-01")
}

/// How many people can be offered help: one in a hundred adults on the test dates.
fn capacity(wanted: &DemoArguments) -> usize {
    (wanted.inhabitants * 8 / 10 * TEST_YEARS as usize / 100).max(10)
}

/// The plan with its dates: all labelled dates to learn from, each test date and the newest date to score.
fn fill_in(wanted: &DemoArguments, municipality: &Path) -> Result<Plan> {
    std::fs::write(municipality.join("frame.sql"), QUERY)?;
    let first = END_YEAR - i32::from(wanted.years);
    std::fs::write(municipality.join("spells.sql"), SPELLS)?;
    let text = PLAN.replace("{{first_day}}", &date(first));
    let mut plan = Plan::parse(&text, municipality)?;
    let [frame, episodes, spells] = plan.frames.as_mut_slice() else {
        bail!("the plan of the demo has three frames");
    };
    frame.reference_dates = (first..END_YEAR).map(date).collect();
    for of_spells in [episodes, spells] {
        of_spells.reference_dates = vec![date(END_YEAR)];
    }
    let shape = frame.clone();
    // The test dates are scored to be judged, the newest one to be used.
    for (day, top) in test_dates()
        .map(|day| (day, 0))
        .chain([(date(END_YEAR), 10)])
    {
        let name = format!("stand van {day}");
        plan.frames.push(plan::Frame {
            name: name.clone(),
            reference_dates: vec![day],
            ..shape.clone()
        });
        plan.batches.push(plan::Batch { frame: name, top });
    }
    let training = plan
        .training
        .as_mut()
        .context("the plan of the demo trains")?;
    training.insert(
        "capacity".to_owned(),
        Value::Integer(capacity(wanted) as i64),
    );
    if let Some(Value::Table(split)) = training.get_mut("split") {
        split.insert(
            "testFrom".to_owned(),
            Value::String(date(END_YEAR - TEST_YEARS)),
        );
    }
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_learns_from_the_past_and_judges_on_the_last_two_years() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = DemoArguments {
            exit: true,
            inhabitants: 40_000,
            years: 6,
            seed: 1,
            listen: None,
        };
        let plan = fill_in(&wanted, folder.path()).unwrap();
        assert_eq!(plan.sources.len(), 13);
        assert_eq!(plan.frames.len(), 6);
        assert_eq!(plan.frames[0].reference_dates.len(), 6);
        for of_spells in &plan.frames[1..3] {
            assert_eq!(of_spells.reference_dates, ["2026-01-01"]);
        }
        assert_eq!(plan.frames[5].reference_dates, ["2026-01-01"]);
        let training = plan.training.unwrap();
        assert_eq!(training["split"]["testFrom"].as_str(), Some("2024-01-01"));
        assert_eq!(training["capacity"].as_integer(), Some(640));
    }

    #[test]
    fn a_used_folder_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(fresh(Some(folder.path())).unwrap(), folder.path());
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        assert!(fresh(Some(folder.path())).is_err());
    }
}
