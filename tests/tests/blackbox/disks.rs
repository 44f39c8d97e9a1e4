//! Disks that are full, and disks that report a fault when asked to keep something.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use helder_testkit::Platform;
use reqwest::Method;
use serde_json::json;

use crate::{
    journey::{self, People, id},
    support::{HERE, answer, eventually, every, stranger},
};

/// A small disk of our own; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// A disk of this size at `folder`, where this user may make one.
    fn at(folder: &Path, size: &str) -> Option<Self> {
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        if !made.is_ok_and(|status| status.success()) {
            helder_testkit::not_run("no disk can be mounted here");
            return None;
        }
        Some(Self(folder.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the platform on it may still be ending.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_it_cannot_keep_and_nothing_is_half() {
    let place = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::at(place.path(), "64m") else {
        return;
    };
    let platform = Platform::start_in(disk.0.clone()).await.unwrap();
    if platform.database().is_some() || platform.bucket().is_some() {
        helder_testkit::not_run("facts or bytes are on another disk");
        return;
    }
    let people = People::of(&platform, HERE);
    let data = journey::bring_in(&platform, &people).await;
    let versions = every(&people.steward, &versions_of(&data.persons))
        .await
        .len();
    let objects = || {
        fs::read_dir(platform.data().join("objects").join(HERE))
            .unwrap()
            .count()
    };
    let before = objects();

    let filler = disk.0.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    let filled = std::io::copy(&mut std::io::repeat(7), &mut file).unwrap_err();
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    drop(file);

    let outside = stranger(&platform);
    let ready = outside.get("/health/ready").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
    assert_eq!(outside.get("/health/live").await.status, 200);
    let upload = people
        .steward
        .request(Method::POST, &versions_of(&data.persons))
        .header("content-type", "text/csv")
        .body(fs::read(platform.folder().join("persons.csv")).unwrap());
    let refused = answer(upload).await;
    refused.assert_problem(503);
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert!(refused.text.contains("storage-full"), "{}", refused.text);
    // The log of a database may have room left from before; then a change is kept, else it is refused. Never half.
    let mut kept = every(&people.owner, "/registry/v1/projects").await.len();
    let mut refused = 0;
    for _ in 0..200 {
        let made = people
            .owner
            .post("/registry/v1/projects", &journey::new_project())
            .await;
        if made.status == 201 {
            kept += 1;
        } else {
            made.assert_problem(503);
            refused += 1;
        }
    }
    println!("{refused} of 200 changes were refused");
    assert!(refused > 0);
    // What is there can be read.
    assert_eq!(
        every(&people.owner, "/registry/v1/projects").await.len(),
        kept
    );
    assert_eq!(
        every(&people.steward, &versions_of(&data.persons))
            .await
            .len(),
        versions
    );
    assert_eq!(objects(), before, "nothing half lies in the store");

    fs::remove_file(&filler).unwrap();
    eventually(Duration::from_secs(10), || async {
        (outside.get("/health/ready").await.status == 200).then_some(())
    })
    .await;
    journey::project(&people.owner).await;
    journey::bring_in(&platform, &people).await;
}

/// R24: lines are lost and counted, answers are as before, and whole lines come again once there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_of_the_log_costs_no_answer() {
    let place = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::at(place.path(), "1m") else {
        return;
    };
    let mut platform = Platform::start().await.unwrap();
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    let (log, filler) = (disk.0.join("helder.log"), disk.0.join("filler"));
    let settings = format!(
        "[telemetry]\nfilter = \"debug\"\nfile = \"{}\"\n",
        log.display()
    );
    fs::write(platform.data().join("helder.toml"), settings).unwrap();
    platform.restart().await.unwrap();
    let people = People::of(&platform, HERE);
    journey::project(&people.owner).await;
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let mut file = fs::File::create(&filler).unwrap();
    std::io::copy(&mut std::io::repeat(7), &mut file).unwrap_err();
    drop(file);

    for _ in 0..200 {
        journey::project(&people.owner).await;
        let absent = people.owner.get("/registry/v1/projects/999").await;
        assert!(matches!(absent.status, 400 | 404), "{}", absent.text);
    }
    let ready = stranger(&platform).get("/health/ready").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let mut lost = 0;
    for port in platform.service_ports().unwrap() {
        let numbers = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await;
        let Ok(numbers) = numbers else { continue };
        let text = numbers.text().await.unwrap();
        let line = "helder_telemetry_dropped_total{helder_signal=\"logs\"} ";
        let line = text.lines().find_map(|it| it.strip_prefix(line));
        lost = lost.max(line.map_or(0, |it| it.parse::<u64>().unwrap()));
    }
    println!("{lost} lines of the log were lost");
    assert!(lost > 0);

    fs::remove_file(&filler).unwrap();
    let project = journey::project(&people.owner).await;
    assert!(platform.stop(Duration::from_secs(20)).await.unwrap());
    let text = fs::read_to_string(&log).unwrap();
    let last = text.lines().rfind(|line| line.contains(" audit: "));
    assert!(
        last.is_some_and(|line| line.contains("operation")),
        "{last:?}"
    );
    assert!(!project.is_empty() && text.ends_with('\n'));
}

fn versions_of(version: &serde_json::Value) -> String {
    let dataset = version["datasetId"].as_str().unwrap();
    format!("/ingest/v1/datasets/{dataset}/dataset-versions")
}

/// Makes every sync of a process fail until dropped.
struct BadDisk(Child);

impl BadDisk {
    async fn under(pid: u32) -> Option<Self> {
        let attached = Command::new("strace")
            .args(["-f", "-q", "-e", "trace=fsync,fdatasync"])
            .args(["-e", "inject=fsync,fdatasync:error=EIO"])
            .args(["-o", "/dev/null", "-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = attached else {
            helder_testkit::not_run("no strace here");
            return None;
        };
        // Attached once every thread says by whom it is traced.
        for _ in 0..200 {
            if child.try_wait().unwrap().is_some() {
                helder_testkit::not_run("strace may not attach here");
                return None;
            }
            let traced = fs::read_dir(format!("/proc/{pid}/task"))
                .unwrap()
                .flatten()
                .all(|task| {
                    fs::read_to_string(task.path().join("status"))
                        .is_ok_and(|text| !text.contains("TracerPid:\t0\n"))
                });
            if traced {
                return Some(Self(child));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = child.kill();
        panic!("strace did not attach");
    }

    /// Lets go of the process.
    fn mended(mut self) {
        let pid = self.0.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_disk_reported_a_fault_nothing_succeeds_until_the_next_start() {
    let mut platform = Platform::start().await.unwrap();
    let people = People::of(&platform, HERE);
    let [pid] = platform.pids()[..] else {
        helder_testkit::not_run("more than one process");
        return;
    };
    if platform.database().is_some() {
        helder_testkit::not_run(
            "the database has a disk of its own, and PostgreSQL looks after it",
        );
        return;
    }
    let first = journey::project(&people.owner).await;
    let Some(bad) = BadDisk::under(pid).await else {
        return;
    };
    for _ in 0..5 {
        let made = people
            .owner
            .post("/registry/v1/projects", &journey::new_project())
            .await;
        made.assert_problem(503);
    }
    bad.mended();
    // The disk says that all is well again. Nobody believes it.
    let made = people
        .owner
        .post("/registry/v1/projects", &journey::new_project())
        .await;
    made.assert_problem(503);
    assert!(made.text.contains("storage-failed"), "{}", made.text);
    let outside = stranger(&platform);
    assert_eq!(outside.get("/health/ready").await.status, 503);
    assert_eq!(outside.get("/health/live").await.status, 200);
    // Others, whose disks reported nothing, go on.
    let body = json!({"projectId": first, "name": "verder"});
    people.steward.create("/ingest/v1/datasets", body).await;

    platform.kill().unwrap();
    platform.restart().await.unwrap();
    let found = every(&people.owner, "/registry/v1/projects").await;
    assert_eq!(id(&found[0]), first);
    // Nobody knows what a failed sync has kept: the one change that met it may be there, whole. None after it is.
    assert!(found.len() <= 2, "{found:?}");
    journey::project(&people.owner).await;
}
