//! What cannot be estimated is said, with the name of the column.
use crate::support::{outcome, strings};
use helder_glm::{Design, GlmError, LogisticRegression, Penalty};

fn tiny(name: &str) -> (Design, Vec<bool>) {
    let reference = crate::support::reference("separation.json");
    let rows = reference[name]["data"].as_array().unwrap().clone();
    let column = |key: &str| {
        rows.iter()
            .map(|row| row[key].as_f64().unwrap())
            .collect::<Vec<f64>>()
    };
    let y = column("y").into_iter().map(|y| y > 0.5).collect();
    (
        Design::new(rows.len(), [("x", column("x")), ("z", column("z"))]).unwrap(),
        y,
    )
}

fn separation(design: &Design, y: &[bool]) -> (Vec<String>, usize) {
    match LogisticRegression::new().fit(design, y).unwrap_err() {
        GlmError::Separation {
            columns,
            rows_separated,
        } => (columns, rows_separated),
        other => panic!("{other}"),
    }
}

#[test]
fn complete_separation_names_its_column() {
    let (design, y) = tiny("tiny_complete");
    let (columns, rows) = separation(&design, &y);
    assert_eq!((columns[0].as_str(), rows), ("x", 8));
}

#[test]
fn separation_at_a_border_names_its_column() {
    let (design, y) = tiny("tiny_quasi");
    let x: Vec<f64> = (0..design.n_rows()).map(|row| design.row(row)[1]).collect();
    let (columns, rows) = separation(&Design::new(x.len(), [("x", &x)]).unwrap(), &y);
    assert_eq!(columns, ["x"]);
    assert_eq!(rows, 6, "two rows lie on the border");
}

#[test]
fn a_second_column_that_breaks_the_tie_is_named_too() {
    let (design, y) = tiny("tiny_quasi");
    let (columns, _) = separation(&design, &y);
    assert_eq!(columns, ["x", "z"]);
}

#[test]
fn a_level_without_positives_is_named_in_adult() {
    let data = crate::support::adult(true);
    let reference = crate::support::reference("adult.json");
    let (_, train) = data.split();
    let design = data.design(
        &strings(&reference["numeric"]),
        &strings(&reference["categorical"]),
        &train,
    );
    let y = outcome(&data, reference["target"].as_str().unwrap(), &train);
    let (columns, rows) = separation(&design, &y);
    assert_eq!(columns, ["workclass=Never-worked"]);
    let never = data.text("workclass");
    assert_eq!(
        rows,
        train
            .iter()
            .filter(|&&row| never[row] == "Never-worked")
            .count()
    );
}

#[test]
fn a_combination_of_two_columns_that_separates_is_named() {
    let (a, b): (Vec<f64>, Vec<f64>) = (0..200)
        .map(|i| (f64::from(i * 37 % 101), f64::from(i * 53 % 97)))
        .unzip();
    let noise: Vec<f64> = (0..200).map(|i| f64::from(i * 29 % 83)).collect();
    let y: Vec<bool> = a.iter().zip(&b).map(|(a, b)| a - b > 0.5).collect();
    let design = Design::new(200, [("a", &a), ("b", &b), ("noise", &noise)]).unwrap();
    let (mut columns, _) = separation(&design, &y);
    columns.truncate(2);
    columns.sort();
    assert_eq!(columns, ["a", "b"]);
}

#[test]
fn almost_separated_data_still_have_an_estimate() {
    let (design, mut y) = tiny("tiny_complete");
    y[0] = true;
    y[7] = false;
    let fit = LogisticRegression::new().fit(&design, &y).unwrap();
    assert!(fit.max_abs_gradient < 1e-10);
}

#[test]
fn a_penalty_serves_separated_data() {
    let (design, y) = tiny("tiny_complete");
    let fit = LogisticRegression::new()
        .penalty(Penalty::L2 { strength: 1.0 })
        .fit(&design, &y)
        .unwrap();
    assert!(
        fit.coefficients
            .iter()
            .all(|c| c.estimate.is_finite() && c.standard_error.is_finite())
    );
    assert!(fit.coefficients[1].estimate > 0.0);
}

#[test]
fn one_class_is_refused() {
    let design = Design::new(3, [("x", [1.0, 2.0, 3.0])]).unwrap();
    let fault = LogisticRegression::new()
        .fit(&design, &[true; 3])
        .unwrap_err();
    assert_eq!(
        fault,
        GlmError::OneClass {
            rows: 3,
            class: true
        }
    );
}

#[test]
fn wrong_settings_and_lengths_are_refused() {
    let design = Design::new(2, [("x", [1.0, 2.0])]).unwrap();
    let penalised = LogisticRegression::new().penalty(Penalty::L2 { strength: f64::NAN });
    assert!(matches!(
        penalised.fit(&design, &[true, false]),
        Err(GlmError::Setting { .. })
    ));
    assert!(matches!(
        LogisticRegression::new().fit(&design, &[true]),
        Err(GlmError::LengthMismatch { .. })
    ));
    let wide = Design::new(2, [("a", [1.0, 2.0]), ("b", [1.0, 4.0]), ("c", [3.0, 1.0])]).unwrap();
    let refused = LogisticRegression::new().fit(&wide, &[true, false]);
    assert!(refused.is_err(), "two rows cannot carry four coefficients");
}
