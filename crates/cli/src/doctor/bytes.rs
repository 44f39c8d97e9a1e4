//! The object store, tried with an object of our own, and the shelf of keys.

use helder_platform::{
    keyring::{KeyRing, MasterKeys},
    objects::Objects,
};

use super::{
    Finding,
    patient::{Patient, Secret},
    told,
};

const CHECK: &str = "objects";
const SHELF: &str = "key shelf";

pub(super) async fn look(patient: &Patient) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some((url, bucket)) = &patient.objects {
        let kind = if url.starts_with("s3:") {
            "bucket"
        } else {
            "folder"
        };
        found.push(match Objects::open_with(url, bucket) {
            Err(error) => Finding::bad(CHECK, kind, told(&error))
                .advice("look at objects.url and objects.bucket"),
            Ok(objects) => match objects.probe().await {
                Ok(()) => Finding::good(
                    CHECK,
                    kind,
                    "an object was written, read, kept from a second writer, and deleted",
                ),
                Err(failed) => {
                    let seen = format!("it did not {}: {}", failed.act, told(&failed.problem));
                    let advice = match failed.act {
                        "refuse a second writer" => {
                            "the store must honour If-None-Match: *; take one that does"
                        }
                        _ => "look at address, access keys and rights: put, get, head and delete are needed",
                    };
                    Finding::bad(CHECK, kind, seen).advice(advice)
                }
            },
        });
    }
    if let Some((masters, shelf)) = &patient.keyring {
        let bucket = patient.objects.as_ref().map(|(_, bucket)| bucket.clone());
        // What is wrong with the master keys themselves is told elsewhere.
        let masters = match masters {
            Secret::Text(text) => MasterKeys::from_text(text),
            Secret::File(file) | Secret::MadeFile(file) => MasterKeys::from_file(file),
        };
        if let Ok(masters) = masters {
            let asked = match KeyRing::open_with(masters, shelf, &bucket.unwrap_or_default()) {
                Ok(ring) => ring.ping().await.map_err(|problem| told(&problem)),
                Err(error) => Err(told(&error)),
            };
            let kind = if shelf.starts_with("s3:") {
                "bucket"
            } else {
                "folder"
            };
            found.push(match asked {
                Ok(()) => Finding::good(SHELF, kind, "it answers"),
                Err(seen) => Finding::bad(SHELF, kind, seen)
                    .advice("without it nothing sealed or pseudonymous can be made or read"),
            });
        }
    }
    found
}
