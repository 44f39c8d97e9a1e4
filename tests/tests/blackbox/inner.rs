//! Z9: the services themselves, past the gateway. They listen on loopback; whoever reaches them must still prove who asks.

use helder_testkit::Platform;
use helder_types::Role;

use crate::{
    access::operations,
    support::{Caller, HERE, answer},
};

#[tokio::test]
async fn a_service_called_past_the_gateway_refuses_forged_identity_and_outside_tokens() {
    let platform = Platform::start().await.unwrap();
    let ports = platform.service_ports().unwrap();
    assert!(ports.len() >= 5, "five services listen: {ports:?}");
    let outside = platform.token(Role::ModelOwner, HERE).unwrap();

    for port in ports {
        let url = format!("http://127.0.0.1:{port}");
        let mut reached = 0;
        for operation in operations().iter().filter(|it| it.permission.is_some()) {
            for token in [None, Some(outside.clone())] {
                let request =
                    Caller::new(&url, token).request(operation.method.clone(), &operation.path);
                let forged = request
                    .header("x-helder-organisation", HERE)
                    .header(
                        "x-helder-caller",
                        r#"{"organisation":"GM0772","subject":"x","client":"x","permissions":[]}"#,
                    )
                    .header(
                        "x-helder-permissions",
                        "registry:serve ingest:derive ingest:read",
                    )
                    .header("x-forwarded-for", "127.0.0.1");
                let status = answer(forged.json(&serde_json::json!({}))).await.status;
                // Another service's path does not exist here; its own asks for proof before anything else.
                assert!(
                    matches!(status, 401 | 404),
                    "{operation:?} on port {port}: {status}"
                );
                reached += usize::from(status == 401);
            }
        }
        assert!(reached > 0, "port {port} is no service");
    }
}
