//! An issuer over https, with a certificate of an authority of its own, as many a municipality has.

use std::{net::SocketAddr, path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

use crate::{
    process::{Running, ask, command, trusting},
    publisher::{Mood, Publisher, Signer},
    world::World,
};

/// An authority; its certificate lies in a file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(file: &Path) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(file, certificate.pem()).unwrap();
        Self {
            issuer: Issuer::new(params, key),
        }
    }

    /// Terminates TLS for `name` before `behind`.
    async fn front(&self, name: &str, behind: SocketAddr) -> u16 {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut secured) = acceptor.accept(stream).await else {
                        return;
                    };
                    let mut behind = TcpStream::connect(behind).await.unwrap();
                    let _ = copy_bidirectional(&mut secured, &mut behind).await;
                });
            }
        });
        port
    }
}

#[actix_web::test]
async fn keys_come_over_https_from_whom_the_system_trusts() {
    let folder = tempfile::tempdir().unwrap();
    let (trusted, foreign) = (
        folder.path().join("ca.pem"),
        folder.path().join("other.pem"),
    );
    let authority = Authority::new(&trusted);
    Authority::new(&foreign);
    let signer = Signer::new("one");
    let publisher = Publisher::start(&[&signer]);
    let behind: SocketAddr = publisher.url["http://".len()..].parse().unwrap();
    let world = World::start();
    for (name, authorities, status) in [
        ("localhost", &trusted, 200),
        // Signed by somebody unknown, and for another name.
        ("localhost", &foreign, 503),
        ("login.example.nl", &trusted, 503),
    ] {
        let port = authority.front(name, behind).await;
        let issuer = format!("https://localhost:{port}");
        publisher.be(Mood::Says(
            json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}),
        ));
        let looks = publisher.looks();
        let text = trusting(
            &world.stub.url,
            &format!(r#"issuer = "{issuer}", audience = "helder", refetch_s = 1"#),
        );
        let mut command = command(folder.path(), &text);
        let (_running, address) = Running::start(command.env("SSL_CERT_FILE", authorities));
        let token = signer.token(&issuer);
        let mut reply = ask(&address, &token).await;
        for _ in 0..20 {
            if reply.status == status {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            reply = ask(&address, &token).await;
        }
        assert_eq!(reply.status, status, "{name}: {}", reply.text());
        assert_eq!(publisher.looks() > looks, status == 200);
    }
}
