//! A real `OpenID` provider: its metadata, its key set, its tokens, its rotation.
//!
//! `scripts/test` installs it and names its folder in `HELDER_TEST_OIDC_PROVIDER`.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use helder_gateway::IssuerConfig;
use helder_types::Role;
use serde_json::Value;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::world::{Reply, World, read_reply};

const PATH: &str = "/ingest/v1/datasets";
const FOLDER: &str = "HELDER_TEST_OIDC_PROVIDER";

struct Provider {
    process: Child,
    issuer: String,
    secret: String,
    control: String,
}

impl Provider {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new("node")
            .arg(folder.join("provider.mjs"))
            // It ends when this end is closed, also when the test is killed.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| said[key].as_str().unwrap().to_owned();
        Self {
            process,
            issuer: text("issuer"),
            secret: text("secret"),
            control: text("control"),
        }
    }

    async fn token(&self) -> String {
        let basic = STANDARD.encode(format!("wmo-application:{}", self.secret));
        let head = format!(
            "Authorization: Basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        );
        let address = self.issuer.strip_prefix("http://").unwrap();
        let reply = post(address, "/token", &head, "grant_type=client_credentials").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        answer["access_token"].as_str().unwrap().to_owned()
    }

    async fn rotate(&self) {
        assert_eq!(post(&self.control, "/", "", "").await.status, 204);
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

async fn post(address: &str, path: &str, head: &str, body: &str) -> Reply {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n{head}Connection: close\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    read_reply(&mut socket).await
}

#[actix_web::test]
async fn a_real_provider_is_discovered_mapped_and_may_rotate_its_keys() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        println!("left out: {FOLDER} names no folder with the provider, see scripts/lib/oidc.sh");
        return;
    };
    let provider = Provider::start(Path::new(&folder));
    let mut issuer = IssuerConfig::discovered(&provider.issuer, "helder");
    issuer.refetch_s = 1;
    // It says `client_id` where the profile says `azp`, and names the organisation by its OIN.
    issuer.claims.client = "client_id".to_owned();
    issuer.claims.organisation = "oin".to_owned();
    issuer.claims.roles = "/realm_access/roles".to_owned();
    let oin = "00000099000000009000".to_owned();
    issuer.organisations = [(oin, "GM9999".parse().unwrap())].into();
    issuer.roles = [("helder-invoer".to_owned(), vec![Role::DataSteward])].into();
    let world = World::with(|config| config.issuers = vec![issuer]);

    let before = provider.token().await;
    assert_eq!(world.get_with(PATH, &before).await.status, 200);
    let inside = world
        .stub
        .last()
        .header("authorization")
        .unwrap()
        .to_owned();
    let inside = inside.strip_prefix("Bearer ").unwrap();
    let caller = world.verifier.verify(inside).unwrap();
    assert_eq!(caller.organisation.as_str(), "GM9999");
    assert_eq!(caller.client, "wmo-application");
    let mut expected = Role::DataSteward.permissions().to_vec();
    expected.sort_unstable();
    assert_eq!(caller.permissions, expected);

    provider.rotate().await;
    let after = provider.token().await;
    let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
    assert_ne!(kid(&before), kid(&after));
    let mut tries = 0;
    while world.get_with(PATH, &after).await.status != 200 {
        tries += 1;
        assert!(tries < 60, "the new key does not count");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(
        world.get_with(PATH, &before).await.status,
        200,
        "both are published"
    );
    let other = provider.token().await.replace('.', ".e");
    assert_eq!(world.get_with(PATH, &other).await.status, 401);
}
