//! A service in the gateway's own process is asked as one behind a connection.

use helder_types::{Permission, Role};

use crate::world::{JSON, World};

const PATH: &str = "/prediction/v1/models/m/predictions?a=b%20c";
const FOREIGN: &str = "X-Helder-Caller: me\r\nCookie: a=b\r\nForwarded: for=1\r\nIdempotency-Key: k1\r\n\
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";

/// What belongs to a connection, not to the question.
const OF_CONNECTIONS: [&str; 1] = ["host"];

#[actix_web::test]
async fn the_service_sees_and_the_client_gets_the_same_as_over_a_connection() {
    let mut told = Vec::new();
    for world in [World::beside(|_| ()), World::with(|_| ())] {
        let lines = format!("{JSON}{FOREIGN}");
        let mut reply = world
            .as_role(Role::Consumer, "POST", PATH, &lines, b"{}")
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let seen = world.stub.last();
        let token = seen
            .header("authorization")
            .unwrap()
            .strip_prefix("Bearer ")
            .unwrap();
        let caller = world.verifier.verify(token).unwrap();
        assert_eq!(caller.organisation.as_str(), "GM0772");
        assert!(caller.may(Permission::PredictionPredict));
        let trace = seen.header("traceparent").unwrap();
        assert!(
            trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
            "{trace}"
        );
        assert_eq!(
            seen.header("x-request-id"),
            Some(reply.header("x-request-id"))
        );
        let mut names: Vec<_> = seen.headers.iter().map(|(name, _)| name.clone()).collect();
        names.retain(|name| !OF_CONNECTIONS.contains(&name.as_str()));
        names.sort_unstable();
        for changing in ["x-request-id", "date"] {
            assert!(reply.headers.remove(changing).is_some(), "{changing}");
        }
        told.push((names, seen.target, seen.body, reply.headers, reply.body));
    }
    assert_eq!(told[0], told[1]);
}

#[actix_web::test]
async fn who_may_not_ask_is_refused_before_the_service_is_reached() {
    let world = World::beside(|_| ());
    world
        .send("POST", PATH, JSON, b"{}")
        .await
        .assert_problem(401);
    let reply = world
        .as_role(Role::DataSteward, "POST", PATH, JSON, b"{}")
        .await;
    reply.assert_problem(403);
    assert_eq!(world.stub.hits(), 0);
}

#[actix_web::test]
async fn a_large_or_unmeasured_body_takes_the_connection() {
    let world = World::beside(|config| config.json_bytes = 1 << 20);
    let ask = async |lines: &str, body: &[u8]| {
        let reply = world
            .as_role(
                Role::Consumer,
                "POST",
                PATH,
                &format!("{JSON}{lines}"),
                body,
            )
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        world.stub.last()
    };
    let small = ask("", &vec![b' '; 64 << 10]).await;
    assert_eq!((small.body_bytes, small.header("host")), (64 << 10, None));
    let large = ask("", &vec![b' '; (64 << 10) + 1]).await;
    assert_eq!(large.body_bytes, (64 << 10) + 1);
    assert!(large.header("host").is_some());
    let reply = world
        .as_role(
            Role::Consumer,
            "POST",
            PATH,
            JSON,
            &vec![b' '; (1 << 20) + 1],
        )
        .await;
    reply.assert_problem(413);
}

#[actix_web::test]
async fn a_small_body_over_its_limit_is_refused() {
    let world = World::beside(|config| config.json_bytes = 10);
    let reply = world
        .as_role(Role::Consumer, "POST", PATH, JSON, &[b' '; 11])
        .await;
    reply.assert_problem(413);
    assert_eq!(world.stub.hits(), 0);
}
