//! What the reasons say.

use helder_model::{Answer, Language, Reasons, Scorer, Value};

use crate::examples::{groups, regression};

fn reasons(values: [Value<'_>; 5]) -> Vec<(String, String)> {
    let model = regression();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let mut row = scorer.row();
    for (input, value) in values.into_iter().enumerate() {
        scorer.set(&mut row, input, value).unwrap();
    }
    let mut answer = Answer::default();
    scorer.score(&row, &mut answer).unwrap();
    (0..5)
        .map(|i| reasons.meaning(&row, i, answer.contributions[i]))
        .map(|m| (m.nl, m.en))
        .collect()
}

#[test]
fn a_reason_names_the_input_its_value_and_the_direction() {
    let found = reasons([
        Value::Integer(123_456),
        Value::Boolean(true),
        Value::Text("huur"),
        Value::Number(2.5),
        Value::Integer(2),
    ]);
    let wanted = [
        (
            "Huurachterstand van het huishouden: € 1234,56. Dit verhoogt de kans.",
            "Huurachterstand of the household: € 1234.56. This raises the probability.",
        ),
        (
            "Bijstand van het huishouden: ja. Dit verhoogt de kans.",
            "Bijstand of the household: yes. This raises the probability.",
        ),
        (
            "Woonvorm van het huishouden: een huurhuis. Dit verhoogt de kans.",
            "Woonvorm of the household: a rented home. This raises the probability.",
        ),
        (
            "Meldingen van het huishouden: 2,5 per maand. Dit verhoogt de kans.",
            "Meldingen of the household: 2.5 per maand. This raises the probability.",
        ),
        (
            "Kinderen van het huishouden: 2. Dit verlaagt de kans.",
            "Kinderen of the household: 2. This lowers the probability.",
        ),
    ];
    assert_eq!(found, wanted.map(|(nl, en)| (nl.to_owned(), en.to_owned())));
}

#[test]
fn what_is_missing_or_unknown_is_said_so() {
    let found = reasons([
        Value::Null,
        Value::Boolean(false),
        Value::Text("boot"),
        Value::Null,
        Value::Integer(0),
    ]);
    for place in [0, 2, 3] {
        assert!(
            found[place].0.contains(": niet bekend. Dit "),
            "{}",
            found[place].0
        );
        assert!(
            found[place].1.contains(": not known. This "),
            "{}",
            found[place].1
        );
    }
}

#[test]
fn reasons_for_json_are_escaped_already() {
    let mut model = groups();
    model.inputs[0].meaning.nl = "leeftijd \"in\u{1} jaren\" \\ <b>".to_owned();
    let (scorer, plain, json) = (
        Scorer::new(&model).unwrap(),
        Reasons::plain(&model),
        Reasons::json(&model),
    );
    let mut row = scorer.row();
    scorer.set(&mut row, 0, Value::Integer(41)).unwrap();
    let mut out = b"\"".to_vec();
    json.write(&mut out, &row, 0, 0.0, Language::Dutch);
    out.push(b'"');
    let read: String = serde_json::from_slice(&out).unwrap();
    assert_eq!(read, plain.meaning(&row, 0, 0.0).nl);
    assert_eq!(
        read,
        "Leeftijd \"in\u{1} jaren\" \\ <b>: 41. Dit maakt geen verschil."
    );
}

#[test]
fn a_change_of_the_odds_below_one_percent_is_called_almost_no_difference() {
    let model = regression();
    let (scorer, reasons) = (Scorer::new(&model).unwrap(), Reasons::plain(&model));
    let row = scorer.row();
    let effect = |contribution| {
        let text = reasons.meaning(&row, 0, contribution).nl;
        text.rsplit_once(". ").unwrap().1.to_owned()
    };
    assert_eq!(effect(0.0), "Dit maakt voor de kans geen verschil.");
    assert_eq!(
        effect(-0.009),
        "Dit maakt voor de kans bijna geen verschil."
    );
    assert_eq!(effect(0.011), "Dit verhoogt de kans.");
    assert_eq!(effect(-0.011), "Dit verlaagt de kans.");
}
