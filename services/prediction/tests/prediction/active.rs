//! What may answer, and what stops.

use std::{
    fs,
    time::{Duration, Instant},
};

use helder_prediction::active::Active;
use helder_types::Digest;

use crate::support::{GROUPS, MODEL, Place, breda, version};

#[actix_web::test]
async fn a_model_in_force_is_found_by_name_and_id_and_nothing_else_is() {
    let place = Place::new();
    let active = place.active("vroeg", MODEL).await;
    for name in ["vroeg", "00000000-0000-0000-0000-000000000001"] {
        assert_eq!(
            active.find(&breda(), name).unwrap().version.model_name,
            "vroeg"
        );
    }
    let other = "GM0772".parse().unwrap();
    for problem in [active.find(&other, "vroeg"), active.find(&breda(), "laat")]
        .map(|found| found.err().unwrap())
    {
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (404, "model-not-active")
        );
    }
}

#[actix_web::test]
async fn what_the_registry_no_longer_lists_stops_at_once() {
    let place = Place::new();
    let active = place.active("vroeg", MODEL).await;
    active.apply(Vec::new(), Instant::now()).await;
    assert_eq!(
        active.find(&breda(), "vroeg").err().unwrap().code(),
        "model-not-active"
    );
}

#[actix_web::test]
async fn a_silent_registry_stops_everything_after_the_patience() {
    let place = Place::new();
    let active = Active::new(
        place.objects.clone(),
        place.keyring.clone(),
        Duration::from_millis(150),
    );
    assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);
    active
        .apply(
            vec![version("vroeg", place.put(MODEL).await)],
            Instant::now(),
        )
        .await;
    assert!(active.find(&breda(), "vroeg").is_ok());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);
    active.confirm(Instant::now());
    assert!(active.find(&breda(), "vroeg").is_ok());
}

#[actix_web::test]
async fn a_tampered_file_does_not_answer_and_neither_does_the_version_before_it() {
    let place = Place::new();
    let active = place.active("vroeg", MODEL).await;
    let digest = place.put(GROUPS).await;
    let path = find_file(place.folder.path(), &digest);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "a tamperer would")]
    permissions.set_readonly(false);
    fs::set_permissions(&path, permissions).unwrap();
    fs::write(&path, bytes).unwrap();
    active
        .apply(vec![version("vroeg", digest)], Instant::now())
        .await;
    assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);
}

#[actix_web::test]
async fn an_absent_or_senseless_file_does_not_answer() {
    let place = Place::new();
    let active = place.active("vroeg", MODEL).await;
    for digest in [
        Digest::of(b"absent"),
        place.put(b"{}").await,
        place.put(b"\x80\x04\x95 pickle").await,
    ] {
        active
            .apply(vec![version("vroeg", digest)], Instant::now())
            .await;
        assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);
    }
}

#[actix_web::test]
async fn a_start_waits_for_a_store_that_is_away_and_for_nothing_else() {
    let place = Place::new();
    let digest = place.put(MODEL).await;
    let (objects, aside) = (
        place.folder.path().join("objects").join(breda().as_str()),
        place.folder.path().join("aside"),
    );
    fs::rename(&objects, &aside).unwrap();
    // Not absent: it cannot be looked at.
    fs::write(&objects, b"no folder").unwrap();
    let active = Active::new(
        place.objects.clone(),
        place.keyring.clone(),
        Duration::from_mins(1),
    );
    assert!(!active.has_started(), "the registry has not spoken yet");
    active
        .apply(vec![version("vroeg", digest)], Instant::now())
        .await;
    assert!(!active.has_started(), "what is in force was not read");
    assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);

    fs::remove_file(&objects).unwrap();
    fs::rename(&aside, &objects).unwrap();
    let since = Instant::now();
    while !active.has_started() {
        assert!(since.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
        active.load().await;
    }
    assert!(active.find(&breda(), "vroeg").is_ok());

    // From now on it takes requests, also when something new cannot be read; and a file that is not there
    // holds up nobody.
    fs::rename(&objects, &aside).unwrap();
    fs::write(&objects, b"no folder").unwrap();
    let other = version("nieuw", Digest::of(b"new"));
    active.apply(vec![other], Instant::now()).await;
    assert!(active.has_started());
    fs::remove_file(&objects).unwrap();
    let absent = Active::new(
        place.objects.clone(),
        place.keyring.clone(),
        Duration::from_mins(1),
    );
    absent
        .apply(
            vec![version("vroeg", Digest::of(b"absent"))],
            Instant::now(),
        )
        .await;
    assert!(absent.has_started());
}

#[actix_web::test]
async fn a_destroyed_key_stops_the_model() {
    let place = Place::new();
    let digest = place.put(MODEL).await;
    place
        .keyring
        .pseudonymiser(&breda(), version("vroeg", digest).project_id)
        .await
        .unwrap();
    place
        .keyring
        .destroy_pseudonyms(&breda(), version("vroeg", digest).project_id)
        .await
        .unwrap();
    let active = place.active("vroeg", MODEL).await;
    assert_eq!(active.find(&breda(), "vroeg").err().unwrap().status(), 503);
}

fn find_file(folder: &std::path::Path, digest: &Digest) -> std::path::PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().contains(&digest.hex()[2..])
                || path.to_string_lossy().contains(&digest.hex())
            {
                return path;
            }
        }
    }
    unreachable!("the object is stored")
}
