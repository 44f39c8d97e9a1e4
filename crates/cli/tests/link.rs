//! `helder link` on files: a platform of its own, and what it writes.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{fmt::Write as _, path::Path, process::Command};

use serde_json::Value;

/// Runs the program; what it printed.
fn helder(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_helder"))
        .args(arguments)
        .env_remove("HELDER_GATEWAY")
        .env_remove("HELDER_TOKEN")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{told}");
    said
}

fn rows(file: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let records = reader.records().map(Result::unwrap);
    records
        .map(|record| record.iter().map(str::to_owned).collect())
        .collect()
}

/// 400 invented people with an address; with `slip` every ninth surname misses its last letter.
fn people(folder: &Path, name: &str, slip: bool) -> String {
    let given = [
        "Anna", "Bram", "Chris", "Daan", "Eva", "Fleur", "Gijs", "Hanna",
    ];
    let sur = [
        "Bakker", "Visser", "Smit", "Meijer", "Mulder", "Bos", "Vos", "Peters", "Dekker", "Kok",
        "Prins",
    ];
    let towns = ["Eindhoven", "Almere", "Zaandam"];
    let mut text =
        String::from("voornamen,geslachtsnaam,geboortedatum,postcode,huisnummer,wijk,wie\n");
    for n in 0..400_usize {
        let given = given[(n * 7 + n / 8) % given.len()];
        let mut sur = sur[(n * 5 + n / 3) % sur.len()].to_owned();
        if slip && n % 9 == 0 {
            sur.truncate(sur.len() - 1);
        }
        let (year, month, day) = (1940 + (n * 13) % 60, 1 + (n * 5) % 12, 1 + (n * 11) % 28);
        let letters = [b'A' + (n % 26) as u8, b'B' + (n % 24) as u8];
        let letters = String::from_utf8_lossy(&letters)
            .replace("SS", "ST")
            .replace("SA", "ST")
            .replace("SD", "ST");
        let (postcode, number, town) = (5600 + n % 90, 1 + n % 150, towns[n % 3]);
        writeln!(
            text,
            "{given},{sur},{year}-{month:02}-{day:02},{postcode}{letters},{number},{town},p{n}"
        )
        .unwrap();
    }
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn two_files_are_linked_judged_and_reported_on_a_platform_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (
        people(folder.path(), "brp.csv", false),
        people(folder.path(), "wmo.csv", true),
    );
    let out = folder.path().join("koppeling");
    let place = out.display().to_string();
    let said = helder(&[
        "link",
        &a,
        &b,
        "--truth",
        "wie",
        "--group-by",
        "wijk",
        "--one-to-one",
        "true",
        "--out",
        &place,
    ]);
    for told in [
        "What to expect of the weighed links by threshold",
        "Who is linked worse?",
        "everybody",
        "Measured against labels",
        "By wijk",
        "rows have no link",
    ] {
        assert!(said.contains(told), "{told}:\n{said}");
    }
    let links = rows(&out.join("links.csv"));
    let right = links.iter().filter(|link| link[0] == link[1]).count();
    assert!(
        right >= 380 && right * 100 >= links.len() * 98,
        "{right} of {}",
        links.len()
    );
    let unlinked = rows(&out.join("unlinked.csv"));
    assert_eq!(unlinked.len(), 2 * (400 - links.len()));
    let run: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("run.json")).unwrap()).unwrap();
    let measured = &run["outcome"]["measured"]["thresholds"][0];
    assert_eq!(measured["precision"]["count"].as_u64(), Some(right as u64));
    let report = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(report.contains("Gemeten fouten") && !report.contains("Bakker"));
    assert!(!out.join("clusters.csv").exists());
}

#[test]
fn people_who_are_twice_in_one_file_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (
        people(folder.path(), "een.csv", false),
        people(folder.path(), "twee.csv", true),
    );
    let (first, second) = (
        std::fs::read_to_string(a).unwrap(),
        std::fs::read_to_string(b).unwrap(),
    );
    let both = folder.path().join("samen.csv");
    let again: Vec<&str> = second.lines().skip(1).step_by(4).collect();
    std::fs::write(&both, format!("{first}{}\n", again.join("\n"))).unwrap();
    let out = folder.path().join("dubbelen");
    let (file, place) = (both.display().to_string(), out.display().to_string());
    let said = helder(&["link", &file, "--truth", "wie", "--out", &place, "--json"]);
    let made: Value = serde_json::from_str(&said).unwrap();
    let persons = made["outcome"]["clusters"]["clusters"].as_u64().unwrap();
    assert!(persons.abs_diff(400) <= 8, "{persons}");
    let grouped = rows(&out.join("clusters.csv"));
    assert!(grouped.len().abs_diff(200) <= 16, "{}", grouped.len());
    assert!(out.join("conflicts.csv").exists());
}

/// Rows of a CSV by client number of both sides: left file, right file, whether linked.
fn clients(out: &Path, left: &str, right: &str) -> Vec<(String, String)> {
    let who = |file: &str| -> Vec<String> {
        rows(Path::new(file))
            .into_iter()
            .map(|row| row[6].clone())
            .collect()
    };
    let (left, right) = (who(left), who(right));
    let place = |text: &String| text.parse::<usize>().unwrap() - 1;
    let links = rows(&out.join("links.csv")).into_iter();
    let mut found: Vec<_> = links
        .map(|link| {
            (
                left[place(&link[0])].clone(),
                right[place(&link[1])].clone(),
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn what_changed_since_a_kept_run_is_linked_and_persons_keep_their_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("bewaard");
    let kept = kept.to_str().unwrap();
    let (a, b) = (
        people(folder.path(), "brp.csv", false),
        people(folder.path(), "wmo.csv", true),
    );
    // The next version of the second file: other order, five people gone, and under another name.
    let text = std::fs::read_to_string(&b).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let header = lines.remove(0);
    lines.truncate(lines.len() - 5);
    lines.reverse();
    let next = folder.path().join("wmo-nieuw.csv");
    std::fs::write(&next, format!("{header}\n{}\n", lines.join("\n"))).unwrap();
    let next = next.to_str().unwrap();
    let link = |files: [&str; 2], out: &str, more: &[&str]| -> (Value, std::path::PathBuf) {
        let out = folder.path().join(out);
        let mut arguments = vec!["link", files[0], files[1], "--json"];
        arguments.extend(["--out", out.to_str().unwrap()]);
        arguments.extend(more);
        let made = serde_json::from_str(&helder(&arguments)).unwrap();
        (made, out)
    };
    let (_, first) = link([&a, &b], "eerst", &["--record-key", "wie", "--keep", kept]);
    let (made, second) = link([&a, next], "daarna", &["--previous", kept]);
    let (all, third) = link([&a, next], "alles", &["--previous", kept, "--everything"]);

    // Only what changed was looked at, and it says what linking everything says.
    let work = |made: &Value| made["outcome"]["continuation"]["work"].clone();
    assert_eq!(
        (&work(&made)["removed"], &work(&made)["added"]),
        (&5.into(), &0.into())
    );
    assert_eq!(work(&made)["changed"], 0);
    let persons = |out: &Path| rows(&out.join("entities.csv"));
    assert_eq!(persons(&second), persons(&third));
    assert_eq!(clients(&second, &a, next), clients(&third, &a, next));
    assert_eq!(
        made["outcome"]["linkedDataset"],
        all["outcome"]["linkedDataset"]
    );
    let before = clients(&first, &a, &b);
    assert!(
        clients(&second, &a, next)
            .iter()
            .all(|link| before.contains(link))
    );

    // Everybody who is still there keeps the number.
    let left = |out: &Path| -> Vec<Vec<String>> {
        persons(out)
            .into_iter()
            .filter(|row| row[0] == "left")
            .collect()
    };
    assert_eq!(left(&first), left(&second));
    let changes = rows(&second.join("changes.csv"));
    assert!(
        changes.iter().all(|change| change[0] != "created"),
        "{changes:?}"
    );

    // One file does not go on from two.
    let output = Command::new(env!("CARGO_BIN_EXE_helder"))
        .args(["link", &a, "--previous", kept])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && told.contains("over 2 files"),
        "{told}"
    );
}
