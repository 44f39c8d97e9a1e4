//! `helder doctor` and `helder config check`: each check seen good and bad.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use helder_testkit::{Fault, FaultyProxy, Platform, helder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What the command said.
struct Said {
    good: bool,
    json: Value,
    all: String,
}

impl Said {
    /// State and words of the finding about `check` whose subject contains `of`.
    #[track_caller]
    fn finding(&self, check: &str, of: &str, state: &str) -> String {
        let findings = self.json["findings"].as_array().unwrap();
        let found = findings.iter().find(|it| {
            it["check"] == check && it["of"].as_str().unwrap().contains(of) && it["state"] == state
        });
        let found = found.unwrap_or_else(|| panic!("no {state} {check} {of}: {}", self.json));
        format!("{} {}", found["seen"], found["advice"])
    }
}

fn run(words: &[&str], folder: &Path, files: &[PathBuf], environment: &[(&str, &str)]) -> Said {
    let mut command = Command::new(helder().unwrap());
    command
        .args(words)
        .args(files)
        .arg("--data")
        .arg(folder)
        .envs(environment.iter().copied());
    said(command)
}

/// What the doctor says of a platform.
fn of(platform: &Platform) -> Said {
    let mut command = platform.command().unwrap();
    command.arg("doctor");
    said(command)
}

fn said(mut command: Command) -> Said {
    let output = command.arg("--json").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    Said {
        good: output.status.success(),
        json: serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} {errors}")),
        all: format!("{text}{errors}"),
    }
}

fn doctor(folder: &Path, files: &[PathBuf]) -> Said {
    run(&["doctor"], folder, files, &[])
}

/// Settings of separate programs on this database and object store.
fn settings(folder: &Path, store: &str, objects: &str) {
    let output = Command::new(helder().unwrap())
        .args([
            "config",
            "processes",
            "--store",
            store,
            "--objects",
            objects,
        ])
        .arg("--out")
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn files(folder: &TempDir) -> String {
    format!("file:{}", folder.path().join("bytes").display())
}

#[tokio::test]
async fn a_platform_that_runs_is_healthy_and_so_are_its_settings() {
    let platform = Platform::start().await.unwrap();
    let said = of(&platform);
    assert!(said.good && said.json["healthy"] == true, "{}", said.all);
    for (check, of) in [
        ("database", "registry"),
        ("database", "prediction"),
        ("keys", "master keys"),
        ("keys", "signing key of ingest"),
        ("key shelf", ""),
    ] {
        said.finding(check, of, "good");
    }
    // How much room this machine has is not ours to say.
    let disk = |it: &&Value| it["check"] == "disk" && it["state"] != "bad";
    let findings = said.json["findings"].as_array().unwrap();
    assert!(findings.iter().any(|it| disk(&it)), "{}", said.all);
    assert!(run(&["config", "check"], &platform.data(), &[], &[]).good);
    // For people, the same in words.
    let output = platform.command().unwrap().arg("doctor").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && text.contains("good"), "{text}");
    assert!(!platform.data().join("objects/helder-doctor").exists());
}

#[test]
fn all_faults_of_the_settings_are_named_at_once_and_no_value_is() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("helder.toml"),
        "lisen = \"geheim\"\nworkers = \"geheim\"\n[objects]\nurl = \"ftp://geheim\"\n\
         [gateway]\nburst = \"geheim\"\n[[gateway.issuers]]\nissuer = \"http://geheim.example\"\n",
    )
    .unwrap();
    let said = run(
        &["config", "check"],
        folder.path(),
        &[],
        &[("HELDER_LIMITS__CALL_S", "geheim")],
    );
    assert!(!said.good);
    for key in [
        "lisen",
        "workers",
        "limits.call_s",
        "gateway.burst",
        "gateway.issuers[0].audience",
    ] {
        assert!(said.all.contains(key), "{key}: {}", said.all);
    }
    assert!(!said.all.contains("geheim"), "{}", said.all);

    settings(
        folder.path(),
        "postgres://helder@127.0.0.1:1/none",
        "s3://bucket/x",
    );
    let file = |name: &str| folder.path().join(format!("{name}.toml"));
    let all: Vec<_> = [
        "gateway",
        "registry",
        "ingest",
        "linkage",
        "training",
        "prediction",
    ]
    .into_iter()
    .map(file)
    .collect();
    let environment = [
        ("AWS_ENDPOINT", "https://s3.example.nl"),
        ("AWS_REGION", "nl"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "a"),
    ];
    let said = run(&["config", "check"], folder.path(), &all, &environment);
    assert!(said.good, "{}", said.all);
    // What can be read and not be used.
    let text = fs::read_to_string(file("ingest")).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.insert("peers".into(), toml::Table::new().into());
    table["store"]["url"] = "mysql://u:geheim@h/d".into();
    table["objects"]["url"] = "geheim".into();
    table["keyring"]["shelf"] = "geheim".into();
    table["keyring"]
        .as_table_mut()
        .unwrap()
        .remove("master_file");
    fs::write(file("ingest"), table.to_string()).unwrap();
    let plain = [
        ("AWS_ENDPOINT", "http://s3.example.nl"),
        ("AWS_ALLOW_HTTP", "false"),
    ];
    let said = run(&["config", "check"], folder.path(), &all, &plain);
    assert!(!said.good);
    for key in [
        "peers.registry",
        "store.url",
        "key objects",
        "keyring.shelf",
        "keyring.master_keys",
        "allow_http",
    ] {
        assert!(said.all.contains(key), "{key}: {}", said.all);
    }
    assert!(!said.all.contains("geheim"), "{}", said.all);
}

#[test]
fn keys_that_are_gone_open_to_all_spoilt_or_old_are_told() {
    let folder = TempDir::new().unwrap();
    settings(
        folder.path(),
        "postgres://helder@127.0.0.1:1/none",
        &files(&folder),
    );
    let registry = [folder.path().join("registry.toml")];
    let key = folder.path().join("keys/registry.key");
    let (of, text) = ("signing key of registry", fs::read(&key).unwrap());
    doctor(folder.path(), &registry).finding("keys", of, "good");

    let mode = |mode| fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o604);
    let said = doctor(folder.path(), &registry);
    assert!(
        said.finding("keys", of, "bad").contains("604"),
        "{}",
        said.all
    );
    mode(0o600);
    fs::File::options()
        .write(true)
        .open(&key)
        .unwrap()
        .set_modified(std::time::SystemTime::now() - std::time::Duration::from_hours(24 * 400))
        .unwrap();
    let said = doctor(folder.path(), &registry);
    assert!(said.finding("keys", of, "attention").contains("400 days"));
    fs::write(&key, "spoilt").unwrap();
    doctor(folder.path(), &registry).finding("keys", of, "bad");
    fs::remove_file(&key).unwrap();
    doctor(folder.path(), &registry).finding("keys", of, "bad");
    fs::write(&key, text).unwrap();
    fs::write(folder.path().join("keys/master.keys"), "k1:kort").unwrap();
    doctor(folder.path(), &registry).finding("keys", "master keys", "bad");
}

#[tokio::test]
async fn a_database_that_is_away_empty_spoilt_or_too_powerful_is_told() {
    let folder = TempDir::new().unwrap();
    settings(
        folder.path(),
        "postgres://helder@127.0.0.1:1/none",
        &files(&folder),
    );
    let registry = [folder.path().join("registry.toml")];
    let said = doctor(folder.path(), &registry);
    assert!(!said.good);
    said.finding("database", "registry", "bad");

    let mut platform = Platform::start().await.unwrap();
    if platform.database().is_none() {
        platform.kill().unwrap();
        let file = platform.data().join("stores/registry.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        let _ = fs::remove_file(platform.data().join("stores/registry.sqlite-wal"));
        let page = 4096.min(bytes.len() - 1);
        bytes[page..].fill(0x5a);
        fs::write(&file, bytes).unwrap();
        doctor(&platform.data(), &[]).finding("database", "registry", "bad");
        fs::remove_file(&file).unwrap();
        doctor(&platform.data(), &[]).finding("database", "registry", "bad");
    }

    let Ok(server) = std::env::var("HELDER_TEST_POSTGRES_URL") else {
        helder_testkit::not_run("on a database server: HELDER_TEST_POSTGRES_URL names none");
        return;
    };
    let joint = if server.contains('?') { '&' } else { '?' };
    let url = format!("{server}{joint}schema=never_made_by_anybody");
    let text = fs::read_to_string(&registry[0]).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table["store"]["url"] = url.into();
    fs::write(&registry[0], table.to_string()).unwrap();
    let said = doctor(folder.path(), &registry);
    assert!(
        said.finding("database", "registry", "bad")
            .contains("no tables")
    );
    // The server that tests start has one role, for everything.
    assert!(
        said.finding("database", "registry", "attention")
            .contains("superuser")
    );
    said.finding("clock", "database", "good");
}

#[test]
fn a_store_that_fails_or_lets_a_second_writer_through_is_told() {
    let folder = TempDir::new().unwrap();
    settings(folder.path(), "sqlite:none", &files(&folder));
    let registry = [folder.path().join("registry.toml")];
    let said = doctor(folder.path(), &registry);
    said.finding("objects", "folder", "good");
    fs::remove_dir_all(folder.path().join("bytes")).unwrap();
    fs::write(folder.path().join("bytes"), "no folder").unwrap();
    doctor(folder.path(), &registry).finding("objects", "folder", "bad");

    settings(folder.path(), "sqlite:none", "s3://helder-test/doctor");
    let tried = |endpoint: SocketAddr| {
        let endpoint = format!("http://{endpoint}");
        let environment = [
            ("AWS_ENDPOINT", endpoint.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "nl"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "a"),
        ];
        run(&["doctor"], folder.path(), &registry, &environment)
    };
    let careless = tried(serve(careless_store()));
    let seen = careless.finding("objects", "bucket", "bad");
    assert!(seen.contains("second writer"), "{seen}");

    let Ok(endpoint) = std::env::var("AWS_ENDPOINT") else {
        helder_testkit::not_run("on a real S3 server: HELDER_TEST_S3_URL names no bucket");
        return;
    };
    let server = endpoint.trim_start_matches("http://").parse().unwrap();
    let proxy = FaultyProxy::before(server).unwrap();
    tried(proxy.address()).finding("objects", "bucket", "good");
    proxy.set(Fault::Error);
    let away = tried(proxy.address());
    assert!(away.finding("objects", "bucket", "bad").contains("write"));
    away.finding("key shelf", "bucket", "bad");
}

#[test]
fn an_issuer_that_is_another_has_no_keys_or_another_time_is_told() {
    let folder = TempDir::new().unwrap();
    settings(folder.path(), "sqlite:none", &files(&folder));
    let gateway = folder.path().join("gateway.toml");
    let asked = |issuer: SocketAddr| {
        let text = fs::read_to_string(&gateway).unwrap();
        let mut table: toml::Table = text.parse().unwrap();
        let issuer = format!("issuer = \"http://{issuer}\"\naudience = \"helder\"");
        let issuers = vec![toml::Value::Table(issuer.parse().unwrap())];
        table["gateway"]["issuers"] = issuers.into();
        fs::write(&gateway, table.to_string()).unwrap();
        doctor(folder.path(), std::slice::from_ref(&gateway))
    };
    let now = "Thu, 01 Jan 1970 00:00:00 GMT";
    let healthy = asked(serve(issuer(true, true, None)));
    assert!(healthy.good, "{}", healthy.all);
    healthy.finding("issuer", "127.0.0.1", "good");
    asked(serve(issuer(false, true, None))).finding("issuer", "127.0.0.1", "bad");
    asked(serve(issuer(true, false, None))).finding("issuer", "127.0.0.1", "bad");
    asked(SocketAddr::from(([127, 0, 0, 1], 1))).finding("issuer", "127.0.0.1", "bad");
    let late = asked(serve(issuer(true, true, Some(now))));
    late.finding("issuer", "127.0.0.1", "good");
    assert!(late.finding("clock", "127.0.0.1", "bad").contains("ahead"));
}

/// Status, more headers, body.
type Answer = (u16, String, Vec<u8>);

/// A request as it came.
struct Asked {
    method: String,
    path: String,
    host: String,
    body: Vec<u8>,
}

/// Answers requests on a thread that ends with the test program.
fn serve(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            std::thread::spawn(move || one(stream, &*answer));
        }
    });
    address
}

fn one(mut stream: TcpStream, answer: &dyn Fn(&Asked) -> Answer) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut host) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "host" => value.trim().clone_into(&mut host),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, headers, body) = answer(&Asked {
        method,
        path,
        host,
        body,
    });
    let head = format!(
        "HTTP/1.1 {status} Answer\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()
}

/// A store that keeps objects and never heard of conditions.
fn careless_store() -> impl Fn(&Asked) -> Answer {
    let kept = Mutex::new(HashMap::<String, Vec<u8>>::new());
    move |asked| {
        let mut kept = kept.lock().unwrap();
        let etag = "etag: \"1\"\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n".to_owned();
        match asked.method.as_str() {
            "PUT" => {
                kept.insert(asked.path.clone(), asked.body.clone());
                (200, etag, Vec::new())
            }
            "DELETE" => {
                kept.remove(&asked.path);
                (204, etag, Vec::new())
            }
            _ => match kept.get(&asked.path) {
                Some(body) => (200, etag, body.clone()),
                None => (404, etag, Vec::new()),
            },
        }
    }
}

/// An issuer that says who it is (or another), has a key (or none that fits), and a clock.
fn issuer(own_name: bool, has_key: bool, date: Option<&'static str>) -> impl Fn(&Asked) -> Answer {
    move |asked| {
        let headers = date.map_or_else(String::new, |date| format!("date: {date}\r\n"));
        let name = if own_name { "" } else { "/other" };
        let body = if asked.path.contains("well-known") {
            json!({"issuer": format!("http://{}{name}", asked.host), "jwks_uri": format!("http://{}/keys", asked.host)})
        } else if has_key {
            // The public key of RFC 8037, appendix A.2.
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})
        } else {
            json!({"keys": [{"kty": "oct", "k": "AAAA"}]})
        };
        (200, headers, body.to_string().into_bytes())
    }
}
