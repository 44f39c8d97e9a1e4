//! What holds for every form without running it.

use helder_exports::{ExportError, Form, export};
use helder_model::Model;

use crate::made::{models, trees};

#[test]
fn equal_models_give_equal_bytes_and_groups_have_no_score() {
    for (one, other) in models().iter().zip(models()) {
        for form in Form::ALL {
            assert!(export(one, form).unwrap() == export(&other, form).unwrap());
            assert_eq!(Form::from_name(form.as_str()), Some(form));
        }
    }
    let groups = include_bytes!("../../../model/tests/formats/1/client-groups.json");
    let groups = Model::from_json(groups).unwrap();
    for form in Form::ALL {
        assert!(matches!(
            export(&groups, form),
            Err(ExportError::NoScore("k_means"))
        ));
    }
    for tree in trees() {
        for form in Form::ALL {
            assert_eq!(export(&tree, form).unwrap(), export(&tree, form).unwrap());
        }
    }
    let survival = include_bytes!("../../../model/tests/formats/1/benefit-outflow.json");
    let survival = Model::from_json(survival).unwrap();
    for form in Form::ALL {
        let error = export(&survival, form).unwrap_err();
        assert!(matches!(error, ExportError::NoScore("cox_regression")));
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn a_title_cannot_end_its_comment_nor_a_name_its_quotes() {
    let model = models().pop().unwrap();
    assert!(model.title.nl.contains('\n'));
    for form in [Form::Sqlite, Form::Postgres] {
        let statement = String::from_utf8(export(&model, form).unwrap()).unwrap();
        let outside: Vec<&str> = statement
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .collect();
        assert!(outside.iter().all(|line| !line.contains("DROP TABLE")));
        // One statement: what ends it stands at its end.
        let ends = outside.iter().filter(|line| line.contains(';')).count();
        assert!(ends == 1 && statement.trim_end().ends_with(';'));
        assert!(statement.contains("\"a \"\"quoted\"\" name\""));
        assert!(statement.contains("'it''s'"));
    }
}

#[test]
fn a_text_that_a_spreadsheet_would_run_is_no_formula_in_the_table() {
    let model = models().pop().unwrap();
    let table = String::from_utf8(export(&model, Form::Points).unwrap()).unwrap();
    assert!(table.contains(",'=1+1,") && !table.contains(",=1+1"));
}
