//! `helder link`: versions on a platform that runs, or files on one of their own.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use helder_client::Client;
use helder_types::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Embedded,
    api::{OwnFolder, read_object},
    series::{self, Previous},
};
use crate::{
    arguments::LinkArguments,
    figures,
    plan::{self, LinkResult, Upload},
    screen::{Screen, count},
    session::{Access, Session},
};

/// Links what the command line names.
///
/// # Errors
/// When a file cannot be read or written, or the platform refuses.
pub(super) async fn link(access: &Access, wanted: &LinkArguments, screen: Screen) -> Result<()> {
    let is_own = !wanted.files.is_empty()
        && wanted.project.is_none()
        && access.gateway.is_none()
        && series::run_of(&wanted.series).is_none();
    if !is_own {
        let session = access.session()?;
        let made = linked(&session, wanted, screen).await?;
        return screen.result(&made);
    }
    let own = OwnFolder::new(series::folder(&wanted.series)?.or(wanted.series.keep.as_deref()))?;
    let embedded = Embedded::start(&own.path, Some(([127, 0, 0, 1], 0).into())).await?;
    let address = embedded.platform.url();
    let session = Session::on(&embedded.folder, &address, access.gemeente.clone())?;
    let made = linked(&session, wanted, screen).await;
    embedded.platform.stop().await?;
    screen.result(&made?)
}

async fn linked(session: &Session, wanted: &LinkArguments, screen: Screen) -> Result<LinkResult> {
    let client = session.acting_as(Role::DataSteward)?;
    let previous = series::previous(&client, &wanted.series).await?;
    let (project, left, right) = if wanted.files.is_empty() {
        let project = wanted.project.context("name the project with --project")?;
        let left = wanted.left.context("name a dataset version with --left")?;
        (project, left, wanted.right)
    } else {
        let project = match wanted.project.or(previous.as_ref().map(|run| run.project)) {
            Some(project) => project,
            None => own_project(session).await?,
        };
        let (left, right) =
            brought_in(&client, wanted, (project, previous.as_ref()), screen).await?;
        (project, left, right)
    };
    let mut body = body(wanted, project, left, right)?;
    if let Some(asked) = series::asked(&wanted.series, previous.as_ref()) {
        body["incremental"] = asked;
    }
    let made = plan::link(&client, screen, "linkage", &body).await?;
    let id = made.linkage_run_id;
    screen.heading(&format!("Linkage run {id}: {} links", count(made.links)));
    figures::linkage(screen, &made.outcome);
    series::show(screen, &made.outcome);
    if let Some(folder) = &wanted.out {
        write(&client, &made, folder, screen).await?;
    }
    Ok(made)
}

/// The body of `POST /linkage-runs`.
fn body(wanted: &LinkArguments, project: Uuid, left: Uuid, right: Option<Uuid>) -> Result<Value> {
    let mut body = json!({"projectId": project, "left": left, "groupBy": wanted.group_by});
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body[key] = value;
        }
    };
    set("right", right.map(|right| json!(right)));
    set("threshold", wanted.threshold.map(|least| json!(least)));
    set("oneToOne", wanted.one_to_one.map(|only| json!(only)));
    set(
        "datasetName",
        wanted.dataset_name.as_ref().map(|name| json!(name)),
    );
    set("spec", wanted.spec.as_deref().map(read_object).transpose()?);
    set(
        "truth",
        wanted.truth.as_deref().map(|names| {
            let (left, right) = names.split_once('=').unwrap_or((names, names));
            json!({"by": "columns", "left": left, "right": right})
        }),
    );
    Ok(body)
}

/// The files as dataset versions.
async fn brought_in(
    client: &Client,
    wanted: &LinkArguments,
    (project, previous): (Uuid, Option<&Previous>),
    screen: Screen,
) -> Result<(Uuid, Option<Uuid>)> {
    let first = wanted.left_contract.as_deref();
    let contracts = [first, wanted.right_contract.as_deref().or(first)];
    let mut versions = Vec::new();
    let mut rows = Vec::new();
    let sources = series::sources(previous, wanted.files.len())?;
    for ((file, contract), source) in wanted.files.iter().zip(contracts).zip(sources) {
        let contract = contract.map(read_object).transpose()?;
        let contract = contract.or(source.map(|source| source.contract.clone()));
        let name = file.file_name().context("that is no file")?;
        let name = name.to_string_lossy();
        let upload = Upload {
            project,
            name: &name,
            description: "",
            file,
            contract: contract.as_ref(),
            dataset: source.map(|source| source.dataset_id),
        };
        let made = plan::upload(client, screen, upload)
            .await
            .with_context(|| format!("{}", file.display()))?;
        rows.push(vec![
            made.name.clone(),
            count(made.rows_in),
            count(made.rows_accepted),
            count(made.rows_quarantined),
        ]);
        versions.push(made.dataset_version_id);
    }
    screen.heading("Files: rows in = accepted + set apart");
    screen.table(&["file", "in", "accepted", "set apart"], &rows);
    match versions[..] {
        [left] => Ok((left, None)),
        [left, right] => Ok((left, Some(right))),
        _ => bail!("name one file or two"),
    }
}

/// A project on a platform that only this command uses: nothing leaves the machine, and it is gone afterwards.
async fn own_project(session: &Session) -> Result<Uuid> {
    let client = session.acting_as(Role::ModelOwner)?;
    let body = json!({
        "name": "helder link",
        "challenge": "Twee bestanden hebben geen gemeenschappelijk nummer.",
        "question": "Wie staat in beide bestanden, en wie staat er vaker in?",
        "doelbinding": "Koppelen op de eigen computer; het platform van deze opdracht verdwijnt daarna.",
        "grondslag": {"article": "AVG, artikel 6 lid 1 onder e", "title": "Taak van algemeen belang"},
        "verwerkingsactiviteit": "urn:helder:link",
        "bewaartermijn": "P1Y",
        "until": "2099-12-31",
        "phase": "development",
        "steps": ["ingest", "linkage"]
    });
    let made: Value = client.post("/registry/v1/projects", &body).await?.body;
    let id = made["id"].as_str().and_then(|id| id.parse().ok());
    id.context("the project has no identifier")
}

/// Writes what the run found to `folder`.
async fn write(client: &Client, made: &LinkResult, folder: &Path, screen: Screen) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let run = format!("/linkage/v1/linkage-runs/{}", made.linkage_run_id);
    let is_within = made.outcome.get("clusters").is_some();
    let mut files = vec![
        ("links.csv", format!("{run}/links"), "text/csv"),
        ("unlinked.csv", format!("{run}/unlinked"), "text/csv"),
        ("report.html", format!("{run}/report"), "text/html"),
    ];
    if is_within {
        files.push(("clusters.csv", format!("{run}/clusters"), "text/csv"));
        files.push(("conflicts.csv", format!("{run}/conflicts"), "text/csv"));
    }
    if made.outcome.get("continuation").is_some() {
        files.push(("entities.csv", format!("{run}/entities"), "text/csv"));
        files.push(("changes.csv", format!("{run}/changes"), "text/csv"));
    }
    let keep = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    for (name, path, media_type) in files {
        keep(name, &client.get_text(&path, media_type).await?)?;
    }
    let whole: Value = client.get(&run).await?.body;
    keep("run.json", &serde_json::to_string_pretty(&whole)?)?;
    screen.line(&format!("written to {}", folder.display()));
    Ok(())
}
