//! M13: SQL, markup and line ends in the values of query keys.

use helder_testkit::Platform;

use crate::{
    described::described,
    journey::{self, People},
    known::who_may,
    support::{ELSEWHERE, HERE},
};

const HOSTILE: [&str; 8] = [
    "' OR '1'='1",
    "'; DROP TABLE projects; --",
    "1) UNION SELECT * FROM audit --",
    "\" OR organisation LIKE '%",
    "%' ESCAPE '\\",
    "a\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    "\u{0}\u{1b}[31m",
];

#[tokio::test]
async fn sql_in_a_query_value_is_a_value() {
    let platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let theirs = journey::project(&People::of(&platform, ELSEWHERE).owner).await;
    let ours = journey::project(&people.owner).await;
    let mut sent = 0;
    for operation in described() {
        if operation.method != "GET" || operation.template.contains('{') {
            continue;
        }
        let Some(caller) = who_may(&people, &operation) else {
            continue;
        };
        let path = operation.template.as_str();
        // A key that nobody documents may not reach a database either.
        let keys = operation.query.iter().map(String::as_str);
        for key in keys.chain(["orderBy", "filter", "organisation"]) {
            for value in HOSTILE {
                let request = caller
                    .request(reqwest::Method::GET, path)
                    .query(&[(key, value)]);
                let reply = crate::support::answer(request).await;
                let what = format!("{path}?{key}={value:?}: {} {}", reply.status, reply.text);
                assert!(matches!(reply.status, 200 | 400 | 404), "{what}");
                assert!(!reply.text.contains(&theirs), "{what}");
                assert!(!reply.text.contains("alert(1)"), "{what}");
                assert_eq!(reply.header("set-cookie"), "", "{what}");
                sent += 1;
            }
        }
    }
    println!("{sent} requests");
    assert!(sent > 300, "{sent}");
    let projects = people.owner.get("/registry/v1/projects").await;
    assert!(projects.text.contains(&ours), "{}", projects.text);
}
