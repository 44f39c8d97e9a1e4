//! Hazards that cross: Cox's regression must be wrong, curves with time in pairs right.

use helder_ebm::{Column, Settings, Value};
use helder_hazard::{DiscreteHazard, HazardCurve, TIME};
use helder_survival::{Cox, Design, Intervals, Spells};

const MONTHS: usize = 24;

/// Chance to end in a month of who is still there: one group leaves early, the other late; debt slows both down.
fn hazard(month: usize, group: f64, debt: f64) -> f64 {
    let share = month as f64 / MONTHS as f64;
    let base = if group > 0.0 {
        0.20 - 0.18 * share
    } else {
        0.02 + 0.18 * share
    };
    let odds = base / (1.0 - base) * (-0.05 * debt).exp();
    odds / (1.0 + odds)
}

struct Made {
    spells: Spells,
    group: Vec<f64>,
    debt: Vec<f64>,
}

fn made(n: usize) -> Made {
    let mut state = 20_u64;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (mut time, mut ended, mut entry) = (Vec::new(), Vec::new(), Vec::new());
    let (mut group, mut debt) = (Vec::new(), Vec::new());
    while time.len() < n {
        let of = (
            f64::from(u8::from(uniform() < 0.5)),
            (10.0 * uniform()).floor(),
        );
        let enters = if uniform() < 0.3 {
            (6.0 * uniform()).floor()
        } else {
            0.0
        };
        let lost = (6.0 + 30.0 * uniform()).floor();
        let ends = (0..MONTHS).find(|&month| uniform() < hazard(month, of.0, of.1));
        let end = ends.map_or(MONTHS as f64, |month| month as f64 + 1.0);
        if end.min(lost) <= enters {
            continue;
        }
        time.push(end.min(lost));
        ended.push(ends.is_some() && end <= lost);
        entry.push(enters);
        group.push(of.0);
        debt.push(of.1);
    }
    let spells = Spells::new(&time, &ended)
        .unwrap()
        .entered_at(&entry)
        .unwrap();
    Made {
        spells,
        group,
        debt,
    }
}

fn truth(group: f64, debt: f64) -> Vec<f64> {
    let mut stays = 1.0;
    (0..MONTHS)
        .map(|month| {
            stays *= 1.0 - hazard(month, group, debt);
            stays
        })
        .collect()
}

fn worst(curve: &[f64], truth: &[f64]) -> f64 {
    curve
        .iter()
        .zip(truth)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

fn numeric(name: &str, values: &[f64]) -> Column {
    Column::Numeric {
        name: name.to_owned(),
        values: values.to_vec(),
    }
}

#[test]
fn where_hazards_cross_curves_with_time_are_right_and_cox_is_wrong() {
    let Made {
        spells,
        group,
        debt,
    } = made(6_000);
    let columns = [numeric("group", &group), numeric("debt", &debt)];
    let model = DiscreteHazard::new(Intervals::of_width(1.0, MONTHS).unwrap())
        .ebm(&spells, &columns, &Settings::default())
        .unwrap();
    let ebm = &model.causes[0];
    let of_time = ebm.pairs.iter().any(|pair| {
        let names = pair.inputs.map(|input| ebm.inputs[input].0.as_str());
        names.contains(&TIME) && names.contains(&"group")
    });
    assert!(of_time, "the pair of group and time is found");

    let design = Design::new(vec![("group".to_owned(), group), ("debt".to_owned(), debt)]).unwrap();
    let cox = Cox::new().fit(&spells, &design).unwrap();
    let (mut held, mut asked) = (0, 0);
    for group in [0.0, 1.0] {
        for debt in [0.0, 4.0, 9.0] {
            let truth = truth(group, debt);
            let curve: HazardCurve = model
                .curve(&[Value::Number(group), Value::Number(debt)], 0.95)
                .unwrap();
            let ours: Vec<f64> = curve.points.iter().map(|point| point.survival).collect();
            let x = [group, debt];
            let client = cox.client(&x, 0.0, 0).unwrap();
            let theirs: Vec<f64> = (1..=MONTHS)
                .map(|end| client.at(end as f64).survival)
                .collect();
            let (of_ebm, of_cox) = (worst(&ours, &truth), worst(&theirs, &truth));
            println!("group {group}, debt {debt}: worst error {of_ebm:.3}, Cox {of_cox:.3}");
            assert!(of_ebm < 0.05, "group {group}, debt {debt}: {of_ebm}");
            assert!(of_cox > 2.0 * of_ebm && of_cox > 0.08, "Cox: {of_cox}");
            for (point, truth) in curve.points.iter().zip(&truth) {
                let (low, high) = point.survival_limits.unwrap();
                asked += 1;
                held += i32::from(low <= *truth && *truth <= high);
            }
        }
    }
    println!("limits of 95 % hold {held} of {asked} true chances");
    assert!(f64::from(held) > 0.8 * f64::from(asked));
}
