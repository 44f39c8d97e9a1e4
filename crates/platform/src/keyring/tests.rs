use std::{
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use helder_types::{Bsn, OrganisationId};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Change, KeyRing, KeyRingError, MasterKeys, SEGMENT_BYTES, Sealer, change_masters};

fn breda() -> OrganisationId {
    "GM0758".parse().unwrap()
}

fn master(fill: u8) -> String {
    let mut key = [fill; 32];
    key[0] = 1;
    STANDARD.encode(key)
}

fn ring(folder: &TempDir) -> KeyRing {
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    KeyRing::open(
        masters,
        &format!("file:{}", folder.path().join("shelf").display()),
    )
    .unwrap()
}

fn seal(sealer: &Sealer, plain: &[u8]) -> Vec<u8> {
    let mut writer = sealer.writer(Vec::new()).unwrap();
    for block in plain.chunks(77_777) {
        writer.write_all(block).unwrap();
    }
    writer.finish().unwrap()
}

fn open(sealer: &Sealer, sealed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    sealer.reader(sealed)?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[tokio::test]
async fn a_person_has_one_pseudonym_per_project() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let (project, other) = (Uuid::now_v7(), Uuid::now_v7());
    let bsn = Bsn::parse(b"249566758").unwrap();
    let first = ring
        .pseudonymiser(&breda(), project)
        .await
        .unwrap()
        .bsn(bsn);
    assert!(first.iter().all(u8::is_ascii_hexdigit));
    // Another process with the same folder.
    assert_eq!(
        self::ring(&folder)
            .pseudonymiser(&breda(), project)
            .await
            .unwrap()
            .bsn(bsn),
        first
    );
    assert_ne!(
        ring.pseudonymiser(&breda(), other).await.unwrap().bsn(bsn),
        first
    );
    assert_ne!(
        ring.pseudonymiser(&"GM0363".parse().unwrap(), project)
            .await
            .unwrap()
            .bsn(bsn),
        first
    );
    let pseudonymiser = ring.pseudonymiser(&breda(), project).await.unwrap();
    assert_ne!(pseudonymiser.other("client", b"249566758"), first);
    assert_ne!(
        pseudonymiser.other("a", b"b"),
        pseudonymiser.other("ab", b"")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_first_users_at_once_get_the_same_key() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let project = Uuid::now_v7();
    let bsn = Bsn::parse(b"249566758").unwrap();
    let users: Vec<_> = (0..32)
        .map(|_| {
            let ring = ring.clone();
            tokio::spawn(async move {
                ring.pseudonymiser(&breda(), project)
                    .await
                    .unwrap()
                    .bsn(bsn)
            })
        })
        .collect();
    let mut pseudonyms = Vec::new();
    for user in users {
        pseudonyms.push(user.await.unwrap());
    }
    pseudonyms.dedup();
    assert_eq!(pseudonyms.len(), 1);
}

#[tokio::test]
async fn a_destroyed_key_stays_destroyed_and_the_others_stay() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let (project, other) = (Uuid::now_v7(), Uuid::now_v7());
    ring.pseudonymiser(&breda(), project).await.unwrap();
    ring.pseudonymiser(&breda(), other).await.unwrap();
    ring.destroy_pseudonyms(&breda(), project).await.unwrap();
    let refused = ring.pseudonymiser(&breda(), project).await.unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (409, "key-destroyed")
    );
    ring.pseudonymiser(&breda(), other).await.unwrap();
    let sealed = seal(&ring.sealer(&breda()).await.unwrap(), b"name");
    let held = ring.sealer(&breda()).await.unwrap();
    ring.destroy_identities(&breda()).await.unwrap();
    assert!(ring.sealer(&breda()).await.is_err());
    assert_eq!(
        open(&held, &sealed).unwrap(),
        b"name",
        "a reader already holding the key may finish"
    );
    let kept = std::fs::read_to_string(folder.path().join("shelf/GM0758/identity.key")).unwrap();
    assert!(kept.starts_with("destroyed 20"));
}

#[tokio::test]
async fn sealed_files_of_every_length_open_again() {
    let folder = TempDir::new().unwrap();
    let sealer = ring(&folder).sealer(&breda()).await.unwrap();
    for size in [
        0,
        1,
        SEGMENT_BYTES - 1,
        SEGMENT_BYTES,
        SEGMENT_BYTES + 1,
        3 * SEGMENT_BYTES,
        3 * SEGMENT_BYTES + 5,
    ] {
        let plain: Vec<u8> = (0..size).map(|n| (n / 251) as u8).collect();
        let sealed = seal(&sealer, &plain);
        assert!(open(&sealer, &sealed).unwrap() == plain, "{size}");
        assert!(
            size < 64
                || !sealed
                    .windows(32)
                    .any(|window| window == &plain[size - 32..])
        );
        assert_ne!(sealed, seal(&sealer, &plain), "no two files share a key");
    }
}

#[tokio::test]
async fn a_cut_moved_changed_or_foreign_segment_does_not_open() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let sealer = ring.sealer(&breda()).await.unwrap();
    let plain = vec![9; 3 * SEGMENT_BYTES];
    let sealed = seal(&sealer, &plain);
    let (head, step) = (24, SEGMENT_BYTES + 16);
    assert_eq!(sealed.len(), head + 3 * step);
    for cut in [
        0,
        7,
        head - 1,
        head,
        head + 5,
        head + step,
        head + 2 * step,
        sealed.len() - 1,
    ] {
        assert!(open(&sealer, &sealed[..cut]).is_err(), "cut at {cut}");
    }
    let mut longer = sealed.clone();
    longer.push(0);
    assert!(open(&sealer, &longer).is_err());
    let mut swapped = sealed.clone();
    let (first, rest) = swapped[head..].split_at_mut(step);
    first.swap_with_slice(&mut rest[..step]);
    assert!(open(&sealer, &swapped).is_err());
    let repeated = [&sealed[..head + step], &sealed[head..]].concat();
    assert!(open(&sealer, &repeated).is_err());
    for place in [0, 9, head, head + step + 3, sealed.len() - 1] {
        let mut flipped = sealed.clone();
        flipped[place] ^= 4;
        assert!(open(&sealer, &flipped).is_err(), "flipped at {place}");
    }
    let other = ring.sealer(&"GM0363".parse().unwrap()).await.unwrap();
    assert!(open(&other, &sealed).is_err());
}

#[tokio::test]
async fn after_a_fault_the_reader_never_claims_a_good_end() {
    let folder = TempDir::new().unwrap();
    let sealer = ring(&folder).sealer(&breda()).await.unwrap();
    let sealed = seal(&sealer, b"some names");
    let mut reader = sealer.reader(&sealed[..sealed.len() - 3]).unwrap();
    for _ in 0..3 {
        assert!(reader.read(&mut [0; 64]).is_err());
    }
}

#[tokio::test]
async fn a_new_master_key_still_opens_what_the_old_one_wrapped() {
    let folder = TempDir::new().unwrap();
    let shelf = format!("file:{}", folder.path().display());
    let project = Uuid::now_v7();
    let bsn = Bsn::parse(b"249566758").unwrap();
    let pseudonym = |text: String| {
        let shelf = shelf.clone();
        async move {
            let ring = KeyRing::open(MasterKeys::from_text(&text).unwrap(), &shelf).unwrap();
            ring.pseudonymiser(&breda(), project)
                .await
                .map(|pseudonymiser| pseudonymiser.bsn(bsn))
        }
    };
    let before = pseudonym(format!("k1:{}", master(3))).await.unwrap();
    let after = pseudonym(format!("k2:{}\nk1:{}", master(4), master(3)))
        .await
        .unwrap();
    assert_eq!(before, after);
    let refused = pseudonym(format!("k2:{}", master(4))).await.unwrap_err();
    assert_eq!(refused.status().as_u16(), 500);
}

#[tokio::test]
async fn a_master_key_is_replaced_in_four_steps_and_the_old_one_is_then_of_no_use() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.keys");
    let mut shelves = vec![format!("file:{}", folder.path().join("shelf").display())];
    if let Ok(url) = std::env::var("HELDER_TEST_S3_URL") {
        shelves.push(format!("{url}/{}", Uuid::new_v4()));
    } else {
        // Past the capture of the test harness: what was not tested is seen in every run.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN on a real server: HELDER_TEST_S3_URL names no bucket"
        );
    }
    for shelf in shelves {
        let _ = std::fs::remove_file(&path);
        MasterKeys::from_file_or_new(&path).unwrap();
        let old = std::fs::read_to_string(&path).unwrap();
        let open = || KeyRing::open(MasterKeys::from_file(&path).unwrap(), &shelf).unwrap();
        let (project, gone) = (Uuid::now_v7(), Uuid::now_v7());
        let bsn = Bsn::parse(b"249566758").unwrap();
        let pseudonym = async |ring: KeyRing| {
            let made = ring.pseudonymiser(&breda(), project).await;
            made.map(|pseudonymiser| pseudonymiser.bsn(bsn))
        };
        let before = pseudonym(open()).await.unwrap();
        let sealed = seal(&open().sealer(&breda()).await.unwrap(), b"some names");
        open().pseudonymiser(&breda(), gone).await.unwrap();
        open().destroy_pseudonyms(&breda(), gone).await.unwrap();

        change_masters(&path, &Change::Add("k2".into())).unwrap();
        assert!(change_masters(&path, &Change::Add("k2".into())).is_err());
        assert_eq!(MasterKeys::from_file(&path).unwrap().names(), ["k1", "k2"]);
        assert_eq!(open().rewrap().await.unwrap().already, 2);
        change_masters(&path, &Change::Use("k2".into())).unwrap();
        assert_eq!(open().wrapped_by("k1").await.unwrap(), 2);
        let done = open().rewrap().await.unwrap();
        assert_eq!((done.rewrapped, done.already, done.destroyed), (2, 0, 1));
        assert_eq!(open().wrapped_by("k1").await.unwrap(), 0);
        change_masters(&path, &Change::Drop("k1".into())).unwrap();
        assert!(change_masters(&path, &Change::Drop("k2".into())).is_err());

        assert_eq!(pseudonym(open()).await.unwrap(), before);
        let mut read = Vec::new();
        let sealer = open().sealer(&breda()).await.unwrap();
        sealer
            .reader(&sealed[..])
            .unwrap()
            .read_to_end(&mut read)
            .unwrap();
        assert_eq!(read, b"some names");
        let refused = open().pseudonymiser(&breda(), gone).await.err().unwrap();
        assert_eq!(refused.code(), "key-destroyed");
        let with_old = KeyRing::open(MasterKeys::from_text(&old).unwrap(), &shelf).unwrap();
        assert!(pseudonym(with_old).await.is_err());
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_key_destroyed_while_it_is_rewrapped_stays_destroyed() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let project = Uuid::now_v7();
    ring.pseudonymiser(&breda(), project).await.unwrap();
    let purpose = format!("pseudonym-{project}");
    let lying = ring.shelf.get(&breda(), &purpose).await.unwrap().unwrap();
    ring.destroy_pseudonyms(&breda(), project).await.unwrap();
    let back = ring
        .shelf
        .exchange(&breda(), &purpose, &lying, lying.clone())
        .await
        .unwrap();
    assert!(!back);
    assert!(ring.pseudonymiser(&breda(), project).await.is_err());
}

#[tokio::test]
async fn a_key_moved_to_another_organisation_does_not_open_there() {
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    ring.sealer(&breda()).await.unwrap();
    let shelf = folder.path().join("shelf");
    std::fs::create_dir_all(shelf.join("GM0363")).unwrap();
    std::fs::copy(
        shelf.join("GM0758/identity.key"),
        shelf.join("GM0363/identity.key"),
    )
    .unwrap();
    assert!(ring.sealer(&"GM0363".parse().unwrap()).await.is_err());
}

#[test]
fn the_master_file_is_made_for_its_owner_only_and_refused_when_others_can_read_it() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("keys/master.key");
    MasterKeys::from_file_or_new(&path).unwrap();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = std::fs::read(&path).unwrap();
    MasterKeys::from_file_or_new(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        MasterKeys::from_file_or_new(&path),
        Err(KeyRingError::Exposed)
    ));
}

#[test]
fn weak_or_misspelt_master_keys_are_refused_without_being_shown() {
    let zero = STANDARD.encode([0; 32]);
    let short = STANDARD.encode([5; 16]);
    for text in [
        "",
        "k1",
        &format!("k1:{zero}"),
        &format!("k1:{short}"),
        &format!("k1:{0}\nk1:{0}", master(3)),
        ":x",
    ] {
        let error = MasterKeys::from_text(text).err().unwrap();
        assert!(matches!(error, KeyRingError::Master), "{text}");
        assert!(!error.to_string().contains(&zero));
    }
}
