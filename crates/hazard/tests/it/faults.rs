//! What cannot be answered is refused, with the reason.

use helder_ebm::{Column, Settings, Value};
use helder_hazard::{DiscreteHazard, HazardError, Link, TIME, TimeEffect};
use helder_survival::{Intervals, Spells, SurvivalError};

use crate::made::Made;

fn each(
    hazard: &DiscreteHazard,
    spells: &Spells,
    columns: &[(String, Vec<f64>)],
) -> Result<helder_hazard::GlmHazard, HazardError> {
    hazard.glm(spells, columns, Link::Logit, TimeEffect::EachInterval)
}

#[test]
fn columns_of_another_length_causes_without_ends_and_too_many_rows_are_refused() {
    let made = Made::read();
    let hazard = DiscreteHazard::new(Made::intervals());
    let columns = made.columns(&["age"]);
    let short = vec![("a".to_owned(), vec![1.0]), ("b".to_owned(), vec![])];
    let Err(HazardError::Lengths { names, .. }) = each(&hazard, &made.spells(), &short) else {
        unreachable!("lengths differ")
    };
    assert_eq!(names, ["a", "b"]);
    let nobody = Spells::new(&[1.0, 2.0], &[false, false]).unwrap();
    assert!(matches!(
        each(&hazard, &nobody, &[]),
        Err(HazardError::NoEvents(1))
    ));
    let second = Spells::competing(&[1.0, 2.0, 2.0], &[0, 2, 0]).unwrap();
    assert!(matches!(
        each(&hazard, &second, &[]),
        Err(HazardError::NoEvents(1))
    ));
    let few = DiscreteHazard::new(Made::intervals()).most_rows(1_000);
    let Err(HazardError::Spells(SurvivalError::TooManyPersonPeriods { needed, allowed })) =
        each(&few, &made.spells(), &columns)
    else {
        unreachable!("too many rows")
    };
    assert!(needed > allowed && allowed == 1_000);
    // Numbers that are none are named by the regression.
    let broken = vec![("age".to_owned(), vec![f64::NAN; made.column("age").len()])];
    assert!(matches!(
        each(&hazard, &made.spells(), &broken),
        Err(HazardError::Glm { .. })
    ));
}

#[test]
fn a_column_named_as_the_time_and_descriptions_of_another_shape_are_refused() {
    let made = Made::read();
    let hazard = DiscreteHazard::new(Intervals::of_width(6.0, 4).unwrap());
    let named = |name: &str| {
        [Column::Numeric {
            name: name.to_owned(),
            values: made.column("age"),
        }]
    };
    let calm = Settings {
        bags: Some(1),
        ..Settings::default()
    };
    let any = made.spells().any();
    assert!(matches!(
        hazard.ebm(&any, &named(TIME), &calm),
        Err(HazardError::Ebm { .. })
    ));
    let model = hazard.ebm(&any, &named("age"), &calm).unwrap();
    assert!(model.curve(&[], 0.95).is_err());
    assert!(model.curve(&[Value::Level("x")], 0.95).is_err());
    assert!(matches!(
        model.curve(&[Value::Number(30.0)], 1.0),
        Err(HazardError::Confidence)
    ));
    let curve = model.curve(&[Value::Missing], 0.95).unwrap();
    assert!(
        curve
            .points
            .iter()
            .all(|point| point.survival_limits.is_none())
    );
    let falls = curve
        .points
        .windows(2)
        .all(|pair| pair[1].survival <= pair[0].survival);
    assert!(falls && curve.survival_at(0.0) == 1.0);
    let regression = each(&hazard, &any, &made.columns(&["age"])).unwrap();
    assert!(matches!(
        regression.curve(&[], 0.95),
        Err(HazardError::Values { .. })
    ));
    // Far beyond what was seen the end is certain, and still a number.
    let curve = regression.curve(&[-1e6], 0.95).unwrap();
    assert!(
        curve
            .points
            .iter()
            .all(|point| point.survival.is_finite() && point.hazards[0].is_finite())
    );
}
