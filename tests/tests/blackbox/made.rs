//! What a whole run of the chain leaves behind, for tests that start from there.

use std::time::Duration;

use helder_testkit::Platform;
use serde_json::{Value, json};

use crate::{
    journey::{self, Data, People, id},
    support::{Caller, eventually},
};

/// Everything one run of the chain makes.
pub(crate) struct Made {
    pub(crate) data: Data,
    pub(crate) linkage: Value,
    pub(crate) frame: Value,
    pub(crate) training: Value,
    pub(crate) version: String,
}

/// Files in, linked, framed, trained; the version is a candidate.
pub(crate) async fn candidate(platform: &Platform, people: &People) -> Made {
    let data = journey::bring_in(platform, people).await;
    let (linkage, frame) = journey::linked_frame(people, &data).await;
    let training = journey::run(
        &people.analyst,
        "/training/v1/training-runs",
        &journey::training(&data, &id(&frame)),
    )
    .await;
    let version = journey::model_version(&training);
    Made {
        data,
        linkage,
        frame,
        training,
        version,
    }
}

/// A candidate, reviewed by the privacy officer and activated by the owner, so that whoever asks from now on is answered.
pub(crate) async fn active(platform: &Platform, people: &People) -> Made {
    let made = candidate(platform, people).await;
    let version = format!("/registry/v1/model-versions/{}", made.version);
    let reviews = format!("{version}/reviews");
    let mut approval = journey::approval();
    let reviewed = people.officer.post(&reviews, &approval).await;
    if reviewed.status == 400 {
        // A former version of the platform, which does not know conclusions on fairness.
        if let Some(approval) = approval.as_object_mut() {
            approval.remove("fairnessConclusion");
        }
        people.officer.create(&reviews, approval).await;
    }
    people
        .owner
        .create(&format!("{version}/_activate"), json!({}))
        .await;
    made
}

pub(crate) fn subject() -> Value {
    json!({"subjects": [{"id": "client-1", "values": {"leeftijd": 31, "schuld": 6200, "uitkering": true, "melding": 1}}]})
}

/// The same for the Open Inference Protocol.
pub(crate) fn tensors() -> Value {
    let tensor = |name: &str, datatype: &str, value: Value| json!({"name": name, "datatype": datatype, "shape": [1], "data": [value]});
    json!({"inputs": [
        tensor("leeftijd", "INT64", json!(31)),
        tensor("schuld", "INT64", json!(6200)),
        tensor("uitkering", "BOOL", json!(true)),
        tensor("melding", "INT64", json!(1)),
        tensor("subject_id", "BYTES", json!("client-1")),
    ]})
}

pub(crate) const PREDICT: &str = "/prediction/v1/models/dreigende-dakloosheid/predictions";

/// Asks until the version that was activated just now is served.
pub(crate) async fn predicted(consumer: &Caller) -> Value {
    eventually(Duration::from_secs(5), || async {
        let reply = consumer.post(PREDICT, &subject()).await;
        (reply.status == 200).then(|| reply.json())
    })
    .await
}
