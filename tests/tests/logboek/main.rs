//! Logboek Dataverwerkingen: the conformance suite on its own, against the address that `LOGBOEK_URL` names. See README.md.
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

mod records;
mod suite;

use suite::Subject;

#[tokio::test]
async fn the_logboek_at_the_address_conforms() {
    let Ok(url) = std::env::var("LOGBOEK_URL") else {
        helder_testkit::not_run("no logboek was asked; LOGBOEK_URL names none");
        return;
    };
    let acts = std::env::var("LOGBOEK_ACTS").ok().map(|file| {
        let text = std::fs::read_to_string(file).unwrap();
        serde_json::from_str(&text).unwrap()
    });
    let extensions = std::env::var("LOGBOEK_SET_EXTENSIONS").unwrap_or_default();
    let subject = Subject {
        url,
        token: std::env::var("LOGBOEK_TOKEN").ok(),
        acts: acts.unwrap_or_default(),
        known: std::env::var("LOGBOEK_KNOWN").ok(),
        set_extensions: extensions.split_whitespace().map(str::to_owned).collect(),
    };
    let (faults, looked_at) = suite::run(&subject).await;
    println!("{looked_at} demands looked at");
    assert!(
        faults.is_empty(),
        "{} not met:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
