//! The gateway as a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use helder_platform::identity::TokenMint;
use helder_types::Role;
use tokio::net::TcpStream;

use crate::{
    issuer,
    world::{Reply, World, bearer, read_reply},
};

pub(crate) struct Running(Child);

impl Running {
    /// Starts it, and gives where it listens.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut running = Self(command.spawn().unwrap());
        let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
        let open = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("\"open\""))
            .unwrap();
        // Read on, so that it never waits for somebody to read its log.
        std::thread::spawn(move || lines.map_while(Result::ok).count());
        let line: serde_json::Value = serde_json::from_str(&open).unwrap();
        let address = line["fields"]["address"].as_str().unwrap().to_owned();
        (running, address)
    }
}

/// What it answers to whoever brings this token.
pub(crate) async fn ask(address: &str, token: &str) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let auth = bearer(token);
    let request = format!(
        "GET /ingest/v1/datasets HTTP/1.1\r\nHost: {address}\r\n{auth}Connection: close\r\n\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut socket, request.as_bytes())
        .await
        .unwrap();
    read_reply(&mut socket).await
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn command(folder: &std::path::Path, text: &str) -> Command {
    let file = folder.join("gateway.toml");
    std::fs::write(&file, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_helder-gateway"));
    command
        .arg(file)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn settings(upstream: &str, jwks: &str) -> String {
    let issuer = format!(
        r#"issuer = "{}", audience = "{}", jwks = "file:{jwks}""#,
        issuer::ISSUER,
        issuer::AUDIENCE
    );
    trusting(upstream, &issuer)
}

/// Settings with one issuer, whose keys and values these are.
pub(crate) fn trusting(upstream: &str, issuer: &str) -> String {
    let key = TokenMint::generate("gateway").unwrap().to_base64();
    format!(
        r#"listen = "127.0.0.1:0"
signing_key = "{key}"
upstreams = {{ ingest = "{upstream}" }}
[gateway]
issuers = [{{ {issuer} }}]
[telemetry]
json = true
"#
    )
}

#[actix_web::test]
async fn it_reads_its_settings_serves_and_stops_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let jwks = folder.path().join("jwks.json");
    std::fs::write(&jwks, issuer::trusted().jwks.unwrap().to_string()).unwrap();
    let world = World::start();
    let text = settings(&world.stub.url, &jwks.display().to_string());
    let (mut running, address) = Running::start(&mut command(folder.path(), &text));
    // The committed document may be older than the path asked; either way the token was believed.
    let reply = ask(&address, &issuer::token(Role::DataSteward, "GM0772")).await;
    assert!(matches!(reply.status, 200 | 404), "{}", reply.text());
    let killed = Command::new("kill")
        .arg(running.0.id().to_string())
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(running.0.wait().unwrap().success(), "a clean end");
}

#[test]
fn a_wrong_setting_is_named_and_its_value_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let good = settings("http://127.0.0.1:1", "/nowhere/jwks.json");
    for (text, said) in [
        (good.clone(), "file of jwks cannot be read"),
        (good.replace("listen =", "lisen ="), "lisen"),
        (
            good.replace("http://127.0.0.1:1", "ftp://geheim"),
            "upstreams.ingest",
        ),
        (
            good.replace("signing_key = \"", "signing_key = \"geheim"),
            "signing key",
        ),
        (
            good.replace("[telemetry]", "hosts = 5\n[telemetry]"),
            "gateway.hosts",
        ),
    ] {
        let output = command(folder.path(), &text).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && told.contains(said),
            "{said} not in {told}"
        );
        assert!(!told.contains("geheim"), "{told}");
    }
}
