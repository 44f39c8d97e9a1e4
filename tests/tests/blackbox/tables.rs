//! R25–R26, Z5: tables as an operator brings them up to date, forth and back, also while the former version serves; and who
//! may see which rows of them.

use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, sql_query, sql_types,
};
use helder_testkit::{Platform, helder};
use serde_json::Value;

use crate::{
    database::{QUESTIONS, Watch, settled, start_clients},
    journey::People,
    ledger::Ledger,
    made::active,
    reckoning::{Before, check_jobs, check_log, check_rows},
    support::{ELSEWHERE, HERE},
};

const SERVICES: [&str; 5] = ["registry", "ingest", "linkage", "training", "prediction"];

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = sql_types::Text)]
    line: String,
}

/// Texts that a query gives.
fn lines(conn: &mut PgConnection, sql: &str) -> Vec<String> {
    let found: Vec<Line> = sql_query(sql).load(conn).unwrap();
    found.into_iter().map(|found| found.line).collect()
}

/// The server as another role; it lets roles in without a password.
fn as_role(url: &str, role: &str) -> PgConnection {
    let (_, address) = url.rsplit_once('@').unwrap();
    PgConnection::establish(&format!("postgres://{role}@{address}")).unwrap()
}

/// `helder migrate` with these words: whether it went well, and what it said.
fn migrate(store: &str, words: &[&str]) -> (bool, Value) {
    let output = Command::new(helder().unwrap())
        .args(["migrate", "--json", "--store", store])
        .args(words)
        .output()
        .unwrap();
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.success(), said)
}

/// Tables, columns, indices and policies of everything.
fn shape(store: &str) -> BTreeSet<String> {
    let Some(pattern) = store.strip_prefix("sqlite:") else {
        let schemas = "('registry', 'ingest', 'linkage', 'training', 'prediction')";
        let mut conn = PgConnection::establish(store).unwrap();
        let sql = format!(
            "SELECT concat_ws(' ', table_schema, table_name, column_name, data_type, is_nullable, column_default) AS line
             FROM information_schema.columns WHERE table_schema IN {schemas}
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN {schemas}
             UNION ALL SELECT concat_ws(' ', schemaname, tablename, policyname, cmd, roles::text, qual, with_check)
             FROM pg_policies WHERE schemaname IN {schemas}"
        );
        return lines(&mut conn, &sql).into_iter().collect();
    };
    let mut found = BTreeSet::new();
    for service in SERVICES {
        let file = pattern.replace("{service}", service);
        let mut conn = SqliteConnection::establish(&file).unwrap();
        let rows: Vec<Line> =
            sql_query("SELECT type || name || coalesce(sql, '') AS line FROM sqlite_master")
                .load(&mut conn)
                .unwrap();
        found.extend(
            rows.into_iter()
                .map(|row| format!("{service} {}", row.line)),
        );
    }
    found
}

/// All tables forth, all back, forth again.
fn forth_and_back(store: &str) {
    let first = shape(store);
    assert!(first.len() > 60, "{}", first.len());
    let (_, said) = migrate(store, &["--check"]);
    for service in SERVICES {
        let mine = said.as_array().unwrap().iter();
        let mine = mine.clone().find(|one| one["service"] == service).unwrap();
        let count = mine["applied"].as_array().unwrap().len();
        let down = count.to_string();
        let (is_good, undone) = migrate(store, &["--service", service, "--down", &down]);
        assert!(is_good, "{service}");
        assert_eq!(undone[0]["undone"].as_array().unwrap().len(), count);
        let (is_good, _) = migrate(store, &["--service", service, "--down", "1"]);
        assert!(!is_good, "{service}: there is nothing left to take back");
    }
    let (is_good, said) = migrate(store, &["--check"]);
    assert!(!is_good, "there is work to do: {said}");
    let left = shape(store);
    let left: Vec<_> = left
        .iter()
        .filter(|line| !line.contains("__diesel_schema_migrations"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(migrate(store, &[]).0);
    assert_eq!(shape(store), first);
    assert!(migrate(store, &["--check"]).0);
}

#[test]
fn tables_go_forth_and_back_and_forth_again_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}/{{service}}.db", folder.path().display());
    assert!(migrate(&store, &[]).0);
    forth_and_back(&store);
    assert!(Path::new(folder.path()).join("registry.db").is_file());
}

/// Every policy that opens rows across organisations, and each service has: table, name of the work, command.
const ACROSS_EVERYWHERE: [&str; 16] = [
    "idempotency_keys expiry DELETE",
    "idempotency_keys expiry SELECT",
    "job_parts lease DELETE",
    "job_parts lease SELECT",
    "jobs lease SELECT",
    "jobs lease UPDATE",
    "jobs log_term DELETE",
    "jobs log_term SELECT",
    "jobs numbers SELECT",
    "audit log_term DELETE",
    "audit log_term SELECT",
    "log_removals log_term INSERT",
    "processing_acts log_term DELETE",
    "processing_acts log_term SELECT",
    "processing_subjects log_term DELETE",
    "processing_subjects log_term SELECT",
];

/// The others, with their schema.
const ACROSS: [&str; 22] = [
    "linkage encodings offer_term SELECT",
    "linkage linkage_states state_term SELECT",
    "linkage encodings exchange SELECT",
    "ingest dataset_versions retention SELECT",
    "ingest jobs staging SELECT",
    "ingest staged_uploads staging SELECT",
    "prediction processing_segments processing_log INSERT",
    "registry model_versions publication SELECT",
    "registry models publication SELECT",
    "registry organisations publication SELECT",
    "registry projects publication SELECT",
    "prediction processing_segments log_term DELETE",
    "prediction processing_segments log_term SELECT",
    "prediction processing_segments subject_places SELECT",
    "prediction subject_places log_term DELETE",
    "prediction subject_places log_term SELECT",
    "prediction subject_places log_term UPDATE",
    "prediction subject_places_recent log_term DELETE",
    "prediction subject_places_recent log_term SELECT",
    "prediction subject_places_recent log_term UPDATE",
    "prediction subject_places_recent processing_log INSERT",
    "prediction subject_places_recent subject_places SELECT",
];

#[tokio::test]
async fn every_table_keeps_organisations_apart_and_every_way_across_is_known() {
    let mut platform = Platform::start().await.unwrap();
    let Some(url) = platform.database().map(str::to_owned) else {
        return;
    };
    let people = People::of(&platform, HERE);
    crate::journey::bring_in(&platform, &people).await;
    let mut all = PgConnection::establish(&url).unwrap();

    let tables = lines(
        &mut all,
        "SELECT c.relnamespace::regnamespace || '.' || c.relname AS line FROM pg_class c
         WHERE c.relnamespace::regnamespace::text IN ('registry', 'ingest', 'linkage', 'training', 'prediction')
           AND c.relkind IN ('r', 'p') AND c.relname <> '__diesel_schema_migrations' ORDER BY 1",
    );
    assert!(tables.len() > 30, "{tables:?}");
    let open = lines(
        &mut all,
        "SELECT c.oid::regclass::text AS line FROM pg_class c
         WHERE c.relnamespace::regnamespace::text IN ('registry', 'ingest', 'linkage', 'training', 'prediction')
           AND c.relkind IN ('r', 'p') AND c.relname <> '__diesel_schema_migrations'
           AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
         UNION ALL
         -- Whatever a column is called that says whose a row is.
         SELECT DISTINCT table_schema || '.' || table_name FROM information_schema.columns
         WHERE table_schema IN ('registry', 'ingest', 'linkage', 'training', 'prediction')
           AND column_name ~ 'organisation|tenant|gemeente'
           AND NOT EXISTS (SELECT 1 FROM pg_policies WHERE schemaname = table_schema AND tablename = table_name
                           AND qual LIKE '%helder.organisation%')",
    );
    assert!(open.is_empty(), "without row-level security: {open:?}");
    let across = lines(
        &mut all,
        "SELECT concat_ws(' ', schemaname, tablename,
                          substring(policyname from 'across_(.*)_[a-z]+$'), cmd) AS line
         FROM pg_policies WHERE policyname LIKE 'across%' ORDER BY 1",
    );
    let everywhere = SERVICES
        .into_iter()
        .flat_map(|service| ACROSS_EVERYWHERE.map(|line| format!("{service} {line}")));
    let known: BTreeSet<_> = everywhere.chain(ACROSS.map(str::to_owned)).collect();
    assert_eq!(across.into_iter().collect::<BTreeSet<_>>(), known);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/adr/0014-row-level-security.md");
    let page = std::fs::read_to_string(page).unwrap();
    for line in &known {
        let work = line.split(' ').nth(2).unwrap().replace('_', "-");
        assert!(page.contains(&format!("\n| `{work}` |")), "{work}");
    }

    // Every table, as the role of its service, without any filter.
    let mut filled = 0;
    for table in &tables {
        let count = |conn: &mut PgConnection| -> i64 {
            let sql = format!("SELECT count(*)::text AS line FROM {table}");
            lines(conn, &sql)[0].parse().unwrap()
        };
        let (service, _) = table.split_once('.').unwrap();
        let mut own = as_role(&url, &format!("helder_{service}"));
        let there = count(&mut all);
        filled += usize::from(there > 0);
        assert_eq!(count(&mut own), 0, "{table} without an organisation");
        for (gemeente, seen) in [(ELSEWHERE, 0), (HERE, there), ("", 0)] {
            own.batch_execute(&format!(
                "BEGIN; SELECT set_config('helder.organisation', '{gemeente}', true)"
            ))
            .unwrap();
            assert_eq!(count(&mut own), seen, "{table} as {gemeente}");
            own.batch_execute("COMMIT").unwrap();
            assert_eq!(count(&mut own), 0, "{table} afterwards");
        }
        let others = format!("SELECT 1 FROM {table}");
        for other in SERVICES.iter().filter(|other| **other != service) {
            let refused = as_role(&url, &format!("helder_{other}")).batch_execute(&others);
            assert!(refused.is_err(), "{table} as {other}");
        }
    }
    assert!(filled >= 10, "{filled} tables have rows");

    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    let owner = platform.owner().unwrap();
    forth_and_back(&owner);
    platform.restart().await.unwrap();
}

/// What a newer version might do to the tables of a service: all that a migration may that only expands.
fn expansion(service: &str) -> String {
    let table = match service {
        "registry" => "projects",
        "ingest" => "datasets",
        "linkage" => "linkage_runs",
        "training" => "frames",
        _ => "processing_segments",
    };
    let more = if service == "registry" {
        "ALTER TABLE events ADD COLUMN colour TEXT;"
    } else {
        ""
    };
    format!(
        "BEGIN; SET LOCAL search_path = {service}; SET LOCAL lock_timeout = '1s';
         ALTER TABLE {table} ADD COLUMN colour TEXT;
         ALTER TABLE {table} ADD COLUMN weight BIGINT NOT NULL DEFAULT 7;
         ALTER TABLE jobs ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
         CREATE INDEX {table}_by_colour ON {table} (organisation, colour);
         {more}
         CREATE TABLE colours (organisation TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (organisation, id));
         INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000');
         COMMIT"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_former_version_serves_on_while_its_tables_grow() {
    if std::env::var("HELDER_TEST_STORE").as_deref() != Ok("postgres") {
        return;
    }
    let mut platform = Platform::start().await.unwrap();
    let owner = platform.owner().unwrap();
    let people = People::of(&platform, HERE);
    let made = Arc::new(active(&platform, &people).await);
    settled(&people).await;
    let before = Before::of(&people).await;
    let (ledger, watch, stop) = (Ledger::default(), Watch::default(), Arc::default());
    let clients = start_clients(&people, &made, &ledger, &watch, &stop);
    let start = Instant::now();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for service in SERVICES {
        let (sql, owner) = (expansion(service), owner.clone());
        // As `helder migrate`: a table in use is waited for a moment, and come back to.
        tokio::task::spawn_blocking(move || {
            let grown = (0..40).any(|_| {
                let mut conn = PgConnection::establish(&owner).unwrap();
                conn.batch_execute(&sql).is_ok()
            });
            assert!(grown, "{sql}");
            // Closes what came, and has nothing else to do.
            assert!(migrate(&owner, &[]).0);
        })
        .await
        .unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    clients.join_all().await;
    assert_eq!(ledger.open(), Vec::<String>::new(), "refused");
    for (what, _) in QUESTIONS {
        let (good, bad) = watch.since(start, what);
        println!("{what}: {good} good, {bad} not");
        assert!(good > 10 && bad == 0, "{what}: {good} good, {bad} not");
    }
    // And a program of the former version that starts now.
    assert!(platform.stop(Duration::from_secs(30)).await.unwrap());
    platform.restart().await.unwrap();
    let (is_good, said) = migrate(&owner, &["--check"]);
    assert!(is_good, "{said}");
    assert_eq!(said[0]["newer"][0], "29990101000000");
    check_rows(&people, &ledger, &before).await;
    check_jobs(&people, &ledger, &before, &made).await;
    check_log(&people, &ledger, &before).await;
}
