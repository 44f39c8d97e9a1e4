//! What people decide about a run of a series, with the built program: the next run obeys it and goes on from the first.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command},
    time::Duration,
};

use serde_json::Value;

/// Runs the program on the platform in `data`; the JSON that it printed.
#[track_caller]
fn helder(folder: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_helder"))
        .current_dir(folder)
        .args(["--json"])
        .args(arguments)
        .env_remove("HELDER_GATEWAY")
        .env_remove("HELDER_TOKEN")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} {said}\n{told}");
    serde_json::from_str(&said).unwrap()
}

/// A running platform; stopped when it goes.
struct Running(Child);

impl Running {
    fn on(folder: &Path) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_helder"))
            .current_dir(folder)
            .args(["up", "--listen", "127.0.0.1:0", "--data", "data"])
            .stdout(fs::File::create(folder.join("up.log")).unwrap())
            .stderr(fs::File::create(folder.join("up.err")).unwrap())
            .spawn()
            .unwrap();
        let mut running = Self(child);
        while !folder.join("data/address").exists() {
            let ended = running.0.try_wait().unwrap();
            let said = || fs::read_to_string(folder.join("up.err")).unwrap();
            assert!(ended.is_none(), "{}", said());
            std::thread::sleep(Duration::from_millis(50));
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// 120 invented people in the same order; with `slip` every ninth surname misses its last letter.
fn people(folder: &Path, name: &str, slip: bool) {
    let given = ["Anna", "Bram", "Chris", "Daan", "Eva", "Fleur", "Gijs"];
    let sur = ["Bakker", "Visser", "Smit", "Meijer", "Mulder", "Peters"];
    let mut text = String::from("voornamen,geslachtsnaam,geboortedatum,postcode,huisnummer,wie\n");
    for n in 0..120_usize {
        let mut sur = sur[(n * 5 + n / 3) % sur.len()].to_owned();
        if slip && n % 9 == 0 {
            sur.pop();
        }
        let given = given[(n * 3 + n / 7) % given.len()];
        let (year, month, day) = (1940 + (n * 13) % 60, 1 + (n * 5) % 12, 1 + (n * 11) % 28);
        let (postcode, number) = (5600 + n % 90, 1 + n % 50);
        writeln!(
            text,
            "{given},{sur},{year}-{month:02}-{day:02},{postcode}AB,{number},p{n}"
        )
        .unwrap();
    }
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn a_run_made_again_goes_on_from_the_one_before_and_obeys_what_people_decided() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    people(at, "brp.csv", false);
    people(at, "wmo.csv", true);
    let link = ["link", "brp.csv", "wmo.csv", "--record-key", "wie"];
    let first = helder(
        at,
        &[&link[..], &["--out", "uit", "--keep", "data"]].concat(),
    );
    let _platform = Running::on(at);
    let on = |arguments: &[&str]| helder(at, &[&["--data", "data"], arguments].concat());
    let run = first["linkageRunId"].as_str().unwrap();
    let start = [
        "clerical",
        "start",
        run,
        "--size",
        "6",
        "--second-share",
        "0",
    ];
    let review = on(&start)["id"].as_str().unwrap().to_owned();

    // Both files hold the same people in the same order. One true pair is said to be two people.
    let mut contrary = false;
    for _ in 0..6 {
        let pair = on(&["clerical", "next", &review]);
        let explained = &pair["explanation"];
        let is_one = explained["leftRow"] == explained["rightRow"];
        let is_match = is_one && contrary;
        contrary |= is_one;
        let verdict = if is_match { "match" } else { "no-match" };
        let id = pair["pairId"].as_str().unwrap();
        on(&["clerical", "decide", &review, id, verdict]);
    }
    assert!(contrary);

    let next = on(&["clerical", "relink", &review, "--previous", run]);
    let went_on = &next["outcome"]["continuation"];
    assert_eq!(went_on["previous"], run);
    assert_eq!(went_on["everything"], false);
    let work = &went_on["work"];
    for changed in ["added", "removed", "changed"] {
        assert_eq!(work[changed], 0, "{changed}: {work}");
    }
    let held = &next["review"]["labels"]["held"];
    assert_eq!((&held["held"], &held["changed"]), (&6.into(), &0.into()));
    // Who were one person are two now, and everybody else keeps the number.
    assert_eq!(
        (&went_on["split"], &went_on["ended"]),
        (&1.into(), &0.into())
    );
    let links = |run: &Value| run["outcome"]["links"].as_u64().unwrap();
    assert_eq!(links(&next) + 1, links(&first));
}
