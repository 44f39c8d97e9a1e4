//! The workbook, computed by `LibreOffice`.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use helder_exports::{Filled, workbook};
use helder_model::Model;

use crate::made::{Given, Row, Told, count, models, rows, trees};

/// Rows of one workbook; `LibreOffice` keeps a whole one in memory.
const AT_ONCE: usize = 10_000;

fn filled(row: &Row) -> Vec<Filled> {
    let cell = |given: &Given| match given {
        Given::Missing => Filled::Missing,
        Given::Number(number) => Filled::Number(*number),
        Given::Boolean(boolean) => Filled::Boolean(*boolean),
        Given::Text(text) => Filled::Text(text.clone()),
    };
    row.values.iter().map(cell).collect()
}

/// Score and answer of each row, as `LibreOffice` computes them.
fn computed(folder: &Path, model: &Model, rows: &[Row]) -> Vec<Option<(f64, f64)>> {
    let book = folder.join("book.xlsx");
    let cells: Vec<Vec<Filled>> = rows.iter().map(filled).collect();
    fs::write(&book, workbook(model, &cells).unwrap()).unwrap();
    let done = Command::new("soffice")
        .arg(format!(
            "-env:UserInstallation=file://{}/profile",
            folder.display()
        ))
        .args(["--headless", "--convert-to", "fods", "--outdir"])
        .arg(folder)
        .arg(&book)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(done.success());
    let text = fs::read_to_string(folder.join("book.fods")).unwrap();
    // The first sheet; two rows stand above the subjects.
    let sheet = text.split("<table:table ").nth(1).unwrap();
    let lines: Vec<&str> = sheet.split("<table:table-row").skip(3).collect();
    let inputs = model.inputs.len();
    let results = lines.iter().take(rows.len()).map(|line| {
        let computed: Vec<Option<f64>> = line
            .split("<table:table-cell")
            .filter(|cell| cell.contains("table:formula="))
            .map(|cell| {
                let value = cell.split("office:value=\"").nth(1)?.split('"').next()?;
                (!cell.contains("#N/A") && !cell.contains("Err:")).then(|| value.parse().unwrap())
            })
            .collect();
        assert!(computed.len() > inputs, "{line}");
        let last = &computed[computed.len() - 2..];
        last[0].zip(last[1])
    });
    results.collect()
}

#[test]
fn libreoffice_gives_the_score_of_the_service() {
    same_scores(models(), "LibreOffice");
}

#[test]
fn libreoffice_gives_the_score_of_trees_and_rule_lists() {
    same_scores(trees(), "LibreOffice, trees");
}

fn same_scores(models: Vec<Model>, what: &str) {
    let is_there = Command::new("soffice")
        .arg("--version")
        .stdout(Stdio::null())
        .status()
        .is_ok();
    if !is_there {
        println!("NOT RUN: soffice (LibreOffice) is not here to compute the workbook");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for model in models {
        let rows = rows(&model, count(20), false);
        for part in rows.chunks(AT_ONCE) {
            let found = computed(folder.path(), &model, part);
            assert_eq!(found.len(), part.len());
            for (row, found) in part.iter().zip(found) {
                // A row without anything stays empty.
                if row.values.iter().any(|given| *given != Given::Missing) {
                    told.compare(&model, row, found);
                }
            }
        }
    }
    told.say(what);
    assert!(told.refused > 0);
}
