//! What killed writers leave, in a folder and on a real S3 server (where `HELDER_TEST_S3_URL` names a bucket).
#![expect(clippy::unwrap_used, reason = "a test may end in a panic")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    mem,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use helder_platform::{
    objects::{ABANDONED, Empty, Objects, Swept},
    scratch::{self, JobFolder},
};
use helder_types::OrganisationId;
use object_store::{MultipartUpload, ObjectStoreExt as _, PutPayload, aws::AmazonS3Builder};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

fn here() -> OrganisationId {
    "GM0758".parse().unwrap()
}

/// Gives a file the age of one that nobody has touched for so long.
fn age(file: &Path, days: u64) {
    let since = Duration::from_hours(24 * days);
    let at = std::time::SystemTime::now() - since;
    fs::File::options()
        .append(true)
        .open(file)
        .unwrap()
        .set_modified(at)
        .unwrap();
}

/// Another process of this program, in the middle of its work.
struct Process(Child);

impl Process {
    /// Starts one that does `work` on the store at `objects`, and waits until it says that it is in the middle of it.
    fn amid(work: &str, objects: &str, scratch: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([work, "--exact", "--ignored", "--nocapture"])
            .env("HELDER_TEST_WORK_ON", objects)
            .env("HELDER_TEST_SCRATCH", scratch)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let amid = said.lines().map_while(Result::ok);
        assert!({ amid }.any(|line| line.ends_with("amid")), "{work}");
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What a process does in which it is killed; nothing when nobody started it for that.
fn work_on() -> Option<String> {
    std::env::var("HELDER_TEST_WORK_ON").ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of another test"]
async fn writes_half_a_file_until_it_is_killed() {
    let Some(folder) = work_on() else { return };
    let objects = Objects::open(&folder).unwrap();
    let mut writer = objects.writer(&here()).unwrap();
    writer.write_all(&vec![7; 1 << 20]).unwrap();
    let scratch = std::env::var("HELDER_TEST_SCRATCH").unwrap();
    let folder = JobFolder::new(Path::new(&scratch), "frame").unwrap();
    fs::write(folder.path().join("frame.parquet"), "half").unwrap();
    writeln!(std::io::stdout(), "amid").unwrap();
    std::future::pending::<()>().await;
    drop((writer, folder));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of another test"]
async fn uploads_parts_until_it_is_killed() {
    let Some(bucket) = work_on() else { return };
    let objects = Objects::open(&bucket).unwrap();
    let mut writer = objects.writer(&here()).unwrap();
    for part in 0..100_u8 {
        writer.write_all(&vec![part; 2 << 20]).unwrap();
    }
    writeln!(std::io::stdout(), "amid").unwrap();
    writer.finish_async().await.unwrap();
}

#[tokio::test]
async fn what_a_killed_process_had_under_way_goes_and_what_the_living_have_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (root, scratch) = (folder.path().join("objects"), folder.path().join("scratch"));
    fs::create_dir(&scratch).unwrap();
    let url = format!("file:{}", root.display());
    let objects = Objects::open(&url).unwrap();
    let half = || fs::read_dir(root.join(".incoming")).unwrap().count();
    let killed = Process::amid("writes_half_a_file_until_it_is_killed", &url, &scratch);
    let mut left = fs::read_dir(root.join(".incoming")).unwrap();
    let left = left.next().unwrap().unwrap().path();
    let living = Process::amid("writes_half_a_file_until_it_is_killed", &url, &scratch);
    let folders = || {
        let names = fs::read_dir(&scratch).unwrap();
        names
            .filter(|it| it.as_ref().unwrap().path().is_dir())
            .count()
    };
    assert_eq!((half(), folders()), (2, 2));
    assert_eq!(scratch::sweep(&scratch), 0, "both live");
    killed.kill();
    assert_eq!((half(), folders()), (2, 2), "nobody was there to remove it");
    assert_eq!(scratch::sweep(&scratch), 1);
    assert_eq!(folders(), 1);
    // A half file is told apart by its age alone: a day later the dead one's has not changed.
    age(&left, 2);
    let swept = objects.sweep(ABANDONED, &mut Empty::new()).await.unwrap();
    assert_eq!((swept.files, half()), (1, 1));
    living.kill();
    assert_eq!((scratch::sweep(&scratch), folders()), (1, 0));
}

#[tokio::test]
async fn half_files_of_killed_writers_go_after_a_day_and_copies_that_are_read_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Objects::local(folder.path().join("objects")).unwrap();
    let kept = objects
        .put_bytes(&here(), Bytes::from("whole"))
        .await
        .unwrap();
    let scratch = folder.path().join("objects/.incoming");
    // The names that writers and readers give.
    for (name, days) in [("oA", 0), ("oB", 2), ("rA", 2), ("rB", 8)] {
        fs::write(scratch.join(name), "half").unwrap();
        age(&scratch.join(name), days);
    }
    let living = objects.writer(&here()).unwrap();
    let swept = objects.sweep(ABANDONED, &mut Empty::new()).await.unwrap();
    assert_eq!(
        swept,
        Swept {
            files: 2,
            uploads: 0
        }
    );
    for (name, is_there) in [("oA", true), ("oB", false), ("rA", true), ("rB", false)] {
        assert_eq!(scratch.join(name).exists(), is_there, "{name}");
    }
    living.finish_async().await.unwrap();
    assert!(objects.exists(&here(), &kept).await.unwrap());
}

#[tokio::test]
async fn parts_of_uploads_that_nobody_ends_go_and_those_of_others_and_of_the_living_stay() {
    let Ok(url) = std::env::var("HELDER_TEST_S3_URL") else {
        // Past the capture of the test harness: what was not tested is seen in every run.
        let _ = writeln!(
            std::io::stderr(),
            "NOT RUN: HELDER_TEST_S3_URL names no bucket"
        );
        return;
    };
    let bucket = url.trim_start_matches("s3://").split('/').next().unwrap();
    let prefix = format!("swept-{}", std::process::id());
    let objects = Objects::open(&format!("s3://{bucket}/{prefix}")).unwrap();
    let store = AmazonS3Builder::from_env()
        .with_url(format!("s3://{bucket}"))
        .build()
        .unwrap();
    // As a process leaves it that is killed: nobody ends it and nobody removes it.
    let begin = async |key: String, parts: usize| {
        let mut upload = store.put_multipart(&key.into()).await.unwrap();
        for _ in 0..parts {
            let part = PutPayload::from(vec![7; 5 << 20]);
            upload.put_part(part).await.unwrap();
        }
        mem::forget(upload);
    };
    begin(format!("{prefix}/GM0772/{DIGEST}"), 1).await;
    begin(format!("{prefix}/GM0772/{}", DIGEST.replace('9', "0")), 0).await;
    // Not named as objects are, and of another store that begins alike.
    begin(format!("{prefix}/something"), 1).await;
    begin(format!("{prefix}-other/GM0758/{DIGEST}"), 1).await;
    let left = async || {
        let endpoint = std::env::var("AWS_ENDPOINT").unwrap();
        let listing = reqwest::get(format!("{endpoint}/{bucket}?uploads")).await;
        let listing = listing.unwrap().text().await.unwrap();
        listing.matches(&format!("<Key>{prefix}")).count()
    };
    assert_eq!(left().await, 4);
    // A process that is killed while its parts go up.
    let store_url = format!("s3://{bucket}/{prefix}");
    let killed = Process::amid(
        "uploads_parts_until_it_is_killed",
        &store_url,
        Path::new("."),
    );
    for _ in 0..3000 {
        if left().await == 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    killed.kill();
    assert_eq!(left().await, 5);

    // Each had a part just now, so somebody may be at work: nothing goes. The one without a part is remembered.
    let mut empty = Empty::new();
    let swept = objects.sweep(ABANDONED, &mut empty).await.unwrap();
    assert_eq!((swept.uploads, left().await), (0, 5));
    // A while later they have not moved.
    let swept = objects.sweep(Duration::ZERO, &mut empty).await.unwrap();
    assert_eq!((swept.uploads, left().await), (3, 2));
    let swept = objects.sweep(Duration::ZERO, &mut empty).await.unwrap();
    assert_eq!((swept.uploads, left().await), (0, 2));
    // The store works as before, and what was under way elsewhere can still be removed by its owner.
    let digest = objects
        .put_bytes(&here(), Bytes::from("whole"))
        .await
        .unwrap();
    objects.delete(&here(), &digest).await.unwrap();
}
