//! The statements, run by the databases.

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _,
    declare_sql_function, sql_query,
    sql_types::{Bool, Double, Nullable, Text},
};
use helder_exports::{Form, export};
use helder_model::{InputType, Model};

use crate::made::{Given, Row, Told, count, models, rows, trees};

#[declare_sql_function]
extern "SQL" {
    /// The bundled SQLite comes without its mathematical functions.
    fn exp(x: Nullable<Double>) -> Nullable<Double>;
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Nullable<Double>)]
    score: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    answer: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    points: Option<f64>,
}

fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn create(model: &Model) -> String {
    let columns = model.inputs.iter().map(|input| {
        let kind = match input.kind {
            InputType::Number | InputType::Integer => "DOUBLE PRECISION",
            InputType::Boolean => "BOOLEAN",
            InputType::Category => "TEXT",
        };
        format!(", {} {kind}", name(&input.name))
    });
    format!(
        "DROP TABLE IF EXISTS subjects; CREATE TABLE subjects (helder_place INTEGER{})",
        columns.collect::<String>()
    )
}

fn select(model: &Model, form: Form) -> String {
    let statement = String::from_utf8(export(model, form).unwrap()).unwrap();
    let statement = statement.trim_end().trim_end_matches(';');
    let answer = if statement.contains("AS helder_probability") {
        "helder_probability"
    } else {
        "helder_value"
    };
    let points = if statement.contains("AS helder_points") {
        "helder_points"
    } else {
        "CAST(NULL AS DOUBLE PRECISION)"
    };
    format!(
        "SELECT helder_score AS score, {answer} AS answer, {points} AS points FROM ({statement}) AS scored ORDER BY helder_place"
    )
}

/// Fills the table row by row; numbers are bound, so that no text of them is read.
macro_rules! fill {
    ($connection:expr, $model:expr, $rows:expr, $mark:expr) => {
        for (place, row) in $rows.iter().enumerate() {
            let marks: String = (1..=row.values.len()).map($mark).collect();
            let insert = format!("INSERT INTO subjects VALUES ({place}{marks})");
            let mut query = sql_query(insert).into_boxed();
            for (value, input) in row.values.iter().zip(&$model.inputs) {
                query = match (value, input.kind) {
                    (Given::Number(number), _) => query.bind::<Nullable<Double>, _>(Some(*number)),
                    (Given::Boolean(boolean), _) => query.bind::<Nullable<Bool>, _>(Some(*boolean)),
                    (Given::Text(text), _) => query.bind::<Nullable<Text>, _>(Some(text.as_str())),
                    (Given::Missing, InputType::Boolean) => {
                        query.bind::<Nullable<Bool>, _>(None::<bool>)
                    }
                    (Given::Missing, InputType::Category) => {
                        query.bind::<Nullable<Text>, _>(None::<&str>)
                    }
                    (Given::Missing, _) => query.bind::<Nullable<Double>, _>(None::<f64>),
                };
            }
            query.execute($connection)?;
        }
    };
}

fn compare(told: &mut Told, model: &Model, rows: &[Row], found: Vec<Found>) {
    assert_eq!(rows.len(), found.len());
    for (row, found) in rows.iter().zip(found) {
        told.compare(model, row, found.score.zip(found.answer));
        if let (Some(points), Some((.., total))) = (found.points, row.answer) {
            assert_eq!(points.to_bits(), f64::from(total).to_bits());
        }
    }
}

#[test]
fn sqlite_gives_the_score_of_the_service() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    exp_utils::register_impl(&mut connection, |x: Option<f64>| x.map(f64::exp)).unwrap();
    let mut told = Told::default();
    for model in models().into_iter().chain(trees()) {
        let rows = rows(&model, count(2_000), true);
        connection.batch_execute(&create(&model)).unwrap();
        connection
            .transaction::<_, diesel::result::Error, _>(|connection| {
                fill!(connection, model, rows, |_| ", ?".to_owned());
                Ok(())
            })
            .unwrap();
        let select = select(&model, Form::Sqlite);
        compare(
            &mut told,
            &model,
            &rows,
            sql_query(select).load(&mut connection).unwrap(),
        );
    }
    told.say("SQLite");
    assert!(told.refused * 100 > told.rows && told.refused * 2 < told.rows);
    assert_eq!(told.unequal_bits, 0);
}

#[test]
fn postgresql_gives_the_score_of_the_service() {
    let Ok(server) = std::env::var("HELDER_TEST_POSTGRES_URL") else {
        println!("NOT RUN: HELDER_TEST_POSTGRES_URL names no PostgreSQL server");
        return;
    };
    let mut connection = PgConnection::establish(&server).unwrap();
    // Nothing stays: a schema of this connection alone.
    connection
        .batch_execute("SET search_path TO pg_temp")
        .unwrap();
    let mut told = Told::default();
    for model in models().into_iter().chain(trees()) {
        let rows = rows(&model, count(500), true);
        connection
            .batch_execute(&create(&model).replace("CREATE TABLE", "CREATE TEMPORARY TABLE"))
            .unwrap();
        connection
            .transaction::<_, diesel::result::Error, _>(|connection| {
                fill!(connection, model, rows, |at: usize| format!(", ${at}"));
                Ok(())
            })
            .unwrap();
        let select = select(&model, Form::Postgres);
        compare(
            &mut told,
            &model,
            &rows,
            sql_query(select).load(&mut connection).unwrap(),
        );
    }
    told.say("PostgreSQL");
    assert_eq!(told.unequal_bits, 0);
}

#[test]
fn sqlite_refuses_a_text_where_a_number_is_wanted() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    exp_utils::register_impl(&mut connection, |x: Option<f64>| x.map(f64::exp)).unwrap();
    let model = models().remove(3);
    connection
        .batch_execute(
            "CREATE TABLE subjects (helder_place INTEGER, huurachterstand, bijstand, woonvorm); \
             INSERT INTO subjects VALUES (0, 12, 1, 'huur'), (1, 'twelve', 1, 'huur'), (2, '12', 1, 'huur'), (3, 12, 2, 'huur')",
        )
        .unwrap();
    let found: Vec<Found> = sql_query(select(&model, Form::Sqlite))
        .load(&mut connection)
        .unwrap();
    let answered: Vec<bool> = found.iter().map(|found| found.score.is_some()).collect();
    assert_eq!(answered, [true, false, false, false]);
}

#[test]
fn a_tree_says_which_leaf_and_knows_an_empty_text_as_missing() {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    exp_utils::register_impl(&mut connection, |x: Option<f64>| x.map(f64::exp)).unwrap();
    for model in trees() {
        let places = 0..model.inputs.len();
        let is_category = |place: &usize| model.inputs[*place].kind == InputType::Category;
        let Some(category) = places.clone().find(is_category) else {
            continue;
        };
        let mut rows = rows(&model, 200, true);
        for row in &mut rows {
            row.values[category] = Given::Missing;
        }
        let empty = rows.iter().map(|row| Row {
            values: {
                let mut values = row.values.clone();
                values[category] = Given::Text(String::new());
                values
            },
            answer: None,
        });
        let rows: Vec<Row> = empty
            .chain(rows.iter().map(|row| Row {
                values: row.values.clone(),
                answer: None,
            }))
            .collect();
        connection.batch_execute(&create(&model)).unwrap();
        connection
            .transaction::<_, diesel::result::Error, _>(|connection| {
                fill!(connection, model, rows, |_| ", ?".to_owned());
                Ok(())
            })
            .unwrap();
        let found: Vec<Found> = sql_query(select(&model, Form::Sqlite))
            .load(&mut connection)
            .unwrap();
        let scores: Vec<Option<f64>> = found.iter().map(|found| found.score).collect();
        assert_eq!(scores[..200], scores[200..]);
    }
}
