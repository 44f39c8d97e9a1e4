//! The whole way of two organisations and a linkage unit, with the built program.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Child, Command, Output},
    time::Duration,
};

fn helder(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_helder"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn works(folder: &Path, arguments: &[&str]) -> String {
    let output = helder(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn fails(folder: &Path, arguments: &[&str]) -> String {
    let output = helder(folder, arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Invented people: number `from..to` of an endless row.
fn people(from: usize, to: usize, header: &str) -> String {
    let heads = [
        "Ber", "Dij", "Kla", "Mul", "Vos", "Wes", "Gro", "Hof", "Lin", "Zan", "Tim",
    ];
    let tails = [
        "gsma", "kstra", "versen", "der", "huis", "terveld", "otjes", "man", "denbeek",
    ];
    let names = [
        "Anna", "Bram", "Carla", "Dirk", "Els", "Femke", "Gerrit", "Hanna", "Ivo", "Jet", "Koen",
        "Lotte", "Mees",
    ];
    let row = |i: usize| {
        let (surname, name) = (
            format!("{}{}", heads[i % 11], tails[i / 11 % 9]),
            names[i % 13],
        );
        format!(
            "p{i};{name};{surname};{}-{:02}-{:02};{} AB;{};111222333\n",
            1940 + i % 71,
            1 + i % 12,
            1 + i % 28,
            1000 + i % 97,
            1 + i % 53
        )
    };
    let rows: Vec<String> = (from..to).map(row).collect();
    format!("{header}\n{}", rows.concat())
}

const HEADER: &str = "nummer;voornamen;achternaam;geboortedatum;postcode;huisnummer;bsn";

#[test]
fn two_organisations_find_the_people_both_know_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.csv"), people(0, 600, HEADER)).unwrap();
    fs::write(at.join("b.csv"), people(300, 900, HEADER)).unwrap();
    works(
        at,
        &["pprl", "key", "--project", "armoede-2026", "--out", "key"],
    );
    let mode = |name: &str| fs::metadata(at.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("key"), 0o600);
    for side in ["a", "b"] {
        let (file, out, rows) = (
            format!("{side}.csv"),
            format!("{side}.pprl"),
            format!("{side}.rows"),
        );
        let said = works(
            at,
            &[
                "pprl", "encode", &file, "--key", "key", "--id", "nummer", "--out", &out, "--rows",
                &rows,
            ],
        );
        assert!(said.contains("600 rows") && !said.contains("bsn"), "{said}");
        assert_eq!(mode(&rows), 0o600);
    }
    let said = works(
        at,
        &[
            "--json",
            "pprl",
            "link",
            "a.pprl",
            "b.pprl",
            "--out",
            "links.csv",
        ],
    );
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["left"], 600);
    works(
        at,
        &[
            "pprl",
            "rows",
            "links.csv",
            "--rows",
            "a.rows",
            "--out",
            "a.linked",
        ],
    );
    works(
        at,
        &[
            "pprl",
            "rows",
            "links.csv",
            "--rows",
            "b.rows",
            "--out",
            "b.linked",
        ],
    );
    let rows = |name: &str| -> HashSet<String> {
        let text = fs::read_to_string(at.join(name)).unwrap();
        text.lines()
            .skip(1)
            .map(|line| line.split(',').next().unwrap().to_owned())
            .collect()
    };
    let expected: HashSet<String> = (300..600).map(|i| format!("p{i}")).collect();
    let found = rows("a.linked");
    assert!(
        found.is_subset(&expected) && found.len() >= 290,
        "{}",
        found.len()
    );
    assert_eq!(rows("b.linked"), found);
    // What travels holds no value, and the links hold no token of a row that is not linked.
    let links = fs::read_to_string(at.join("links.csv")).unwrap();
    for line in fs::read_to_string(at.join("a.rows"))
        .unwrap()
        .lines()
        .skip(1)
    {
        let (token, row) = line.split_once(',').unwrap();
        assert_eq!(links.contains(token), found.contains(row), "{row}");
    }
    for name in ["a.pprl", "b.pprl", "links.csv"] {
        let bytes = fs::read(at.join(name)).unwrap();
        for value in ["Bergsma", "bergsma", "111222333", "1000 AB", "Gerrit"] {
            assert!(
                !bytes
                    .windows(value.len())
                    .any(|window| window == value.as_bytes()),
                "{name} {value}"
            );
        }
    }
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

const PROJECT: &str = r#"
name = "Wie kennen wij beiden"
challenge = "Twee gemeenten helpen soms dezelfde mensen."
question = "Wie is bij beide bekend?"
doelbinding = "Afstemmen van hulp."
grondslag = {article = "Wmo 2015, artikel 5.1.1", title = "Maatschappelijke ondersteuning"}
verwerkingsactiviteit = "https://register.example/verwerkingen/1"
bewaartermijn = "P5Y"
until = "2035-12-31"
phase = "pilot"
steps = ["linkage"]
"#;

#[test]
fn two_organisations_on_one_platform_need_no_third_party() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let _platform = Running::on(at);
    fs::write(at.join("project.toml"), PROJECT).unwrap();
    works(at, &["pprl", "key", "--project", "hulp", "--out", "key"]);
    let of = |gemeente: &str, arguments: &[&str]| -> serde_json::Value {
        let known = ["--json", "--data", "data", "--gemeente", gemeente];
        serde_json::from_str(&works(at, &[&known, arguments].concat())).unwrap()
    };
    let sides = [
        ("a", "GM0772", "GM0796", 0..300),
        ("b", "GM0796", "GM0772", 150..450),
    ];
    let offered = sides.clone().map(|(side, own, partner, people_of)| {
        let [csv, out, rows] = [".csv", ".pprl", ".rows"].map(|end| format!("{side}{end}"));
        fs::write(
            at.join(&csv),
            people(people_of.start, people_of.end, HEADER),
        )
        .unwrap();
        let encode = [
            "pprl", "encode", &csv, "--key", "key", "--id", "nummer", "--out", &out, "--rows",
            &rows,
        ];
        works(at, &encode);
        let project = of(own, &["project", "create", "project.toml"])["id"].clone();
        let project = project.as_str().unwrap();
        let offer = |file: &str| {
            [
                "encoding",
                "offer",
                file,
                "--project",
                project,
                "--partner",
                partner,
            ]
            .map(str::to_owned)
        };
        // What stays at home is not sent by mistake.
        for home in ["key", &rows] {
            let all = [
                ["--data", "data", "--gemeente", own]
                    .map(str::to_owned)
                    .to_vec(),
                offer(home).to_vec(),
            ]
            .concat();
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            assert!(fails(at, &all).contains("was not sent"));
        }
        let offer = offer(&out);
        let offered = of(own, &offer.each_ref().map(String::as_str));
        offered["id"].as_str().unwrap().to_owned()
    });
    let linked = of("GM0796", &["encoding", "link", &offered[1]]);
    assert_eq!(linked["state"], "linked");
    for ((side, own, ..), encoding) in sides.iter().zip(&offered) {
        let [links, rows, out] = [".links", ".rows", ".linked"].map(|end| format!("{side}{end}"));
        let said = of(own, &["encoding", "links", encoding, "--out", &links]);
        assert_eq!(said["links"], linked["links"]);
        works(
            at,
            &["pprl", "rows", &links, "--rows", &rows, "--out", &out],
        );
        let found = fs::read_to_string(at.join(&out)).unwrap();
        let numbers = found.lines().skip(1).map(|line| {
            let (row, _) = line.split_once(',').unwrap();
            row.strip_prefix('p').unwrap().parse::<u32>().unwrap()
        });
        let numbers: HashSet<u32> = numbers.collect();
        let shared = numbers.iter().all(|n| (150..300).contains(n));
        assert!(shared && numbers.len() >= 145, "{}", numbers.len());
    }
    let listed = of("GM0772", &["encoding", "list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
}

#[test]
fn what_is_wrong_is_said_without_a_value_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    works(at, &["pprl", "key", "--project", "armoede", "--out", "key"]);
    assert!(
        fails(at, &["pprl", "key", "--project", "armoede", "--out", "key"])
            .contains("never written over")
    );
    assert!(
        fails(
            at,
            &["pprl", "key", "--project", "Armoede", "--out", "other"]
        )
        .contains("lower-case")
    );
    assert!(!at.join("other").exists());
    let encode = |file: &str, more: &[&str]| {
        let all = [
            &[
                "pprl", "encode", file, "--key", "key", "--out", "e", "--rows", "r",
            ],
            more,
        ]
        .concat();
        let said = fails(at, &all);
        assert!(!at.join("e").exists() && !at.join("r").exists(), "{said}");
        said
    };
    let write = |name: &str, bytes: &[u8]| fs::write(at.join(name), bytes).unwrap();
    write(
        "ragged.csv",
        b"nummer,achternaam,postcode\n1,Geheim,1000AB\n2,Geheim\n3,Geheim,1000AB,x\n",
    );
    let said = encode("ragged.csv", &[]);
    assert!(
        said.contains("line 3") && said.contains("line 4") && !said.contains("Geheim"),
        "{said}"
    );
    write(
        "twice.csv",
        b"nummer,achternaam,postcode\n1,Geheim,1000AB\n1,Geheim,1000AB\n",
    );
    assert!(encode("twice.csv", &["--id", "nummer"]).contains("earlier line"));
    write("latin.csv", b"achternaam,postcode\nBj\xf6rk,1000AB\n");
    assert!(encode("latin.csv", &[]).contains("UTF-8"));
    write("few.csv", b"nummer,wijk\n1,Geheim\n");
    let said = encode("few.csv", &["--surname", "naam"]);
    assert!(
        said.contains("no column naam") && said.contains("too little"),
        "{said}"
    );
    fs::set_permissions(at.join("key"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(encode("twice.csv", &[]).contains("chmod 600"));
    write("no.pprl", b"achternaam\n");
    let said = fails(at, &["pprl", "link", "no.pprl", "no.pprl", "--out", "l"]);
    assert!(
        said.contains("no encoding") && !at.join("l").exists(),
        "{said}"
    );
}
