//! Rules for picking, labels that miss people, and features that betray a group.

use helder_evaluation::{Confusion, Proportion};
use helder_fairness::{
    CountedGroup, Feature, Measure, Policy, Settings, Verdict, corrected, explore, label_audit,
    label_sensitivity, proxies, standardised_difference, whole_set,
};
use helder_glm::{LogisticRegression, Penalty};

use crate::support::{self, outcome, strings};

/// A generator for made-up people.
fn dice(mut state: u64) -> impl FnMut() -> f64 {
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// People whose outcome follows their probability; group b has lower probabilities.
fn people(n: usize) -> (Vec<bool>, Vec<f64>, Vec<&'static str>) {
    let mut dice = dice(3);
    let (mut y, mut p, mut groups) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let is_b = dice() < 0.3;
        let chance = (dice() * if is_b { 0.5 } else { 0.8 }).powi(2);
        y.push(dice() < chance);
        p.push(chance);
        groups.push(if is_b { "b" } else { "a" });
    }
    (y, p, groups)
}

#[test]
fn each_rule_equals_what_it_promises_and_tells_its_price() {
    let (y, p, groups) = people(6_000);
    let found = explore(&y, &p, &groups, 900, Settings::default()).unwrap();
    assert_eq!(found.policies.len(), 4);
    let one = &found.policies[0];
    assert_eq!(
        (
            one.true_positives_lost,
            one.extra_false_positives,
            one.replaced
        ),
        (0, 0, 0)
    );
    for outcome in &found.policies {
        assert_eq!(outcome.picked, 900, "{:?}", outcome.policy);
        assert_eq!(outcome.true_positives + outcome.false_positives, 900);
        // Among equally many picked, each positive lost is a false alarm more.
        assert_eq!(outcome.true_positives_lost, outcome.extra_false_positives);
        let promised = match outcome.policy {
            Policy::OneThreshold => continue,
            Policy::EqualSelection => outcome.selection_difference,
            Policy::EqualOpportunity => outcome.true_positive_difference,
            Policy::EqualFalseAlarms => outcome.false_positive_difference,
        };
        assert!(promised.unwrap() < 0.005, "{outcome:?}");
        assert!(one.selection_difference.unwrap() > 0.05);
        assert!(outcome.true_positives_lost > 0 && outcome.replaced > 0);
        let limits = outcome.true_positives_lost_interval_95;
        assert!(limits.low < outcome.true_positives_lost as f64);
        assert!(limits.high > outcome.true_positives_lost as f64);
    }
    let by_hand = helder_evaluation::at_capacity(&y, &p, 900).unwrap();
    assert_eq!(one.true_positives, by_hand.confusion.true_positives);
    let last = found.curve.last().unwrap();
    assert_eq!((last.picked, last.selection_difference), (6_000, Some(0.0)));
    for point in &found.curve {
        let counts = helder_evaluation::at_capacity(&y, &p, point.picked).unwrap();
        assert_eq!(point.true_positives, counts.confusion.true_positives);
    }
}

#[test]
fn small_groups_share_a_threshold_and_show_no_figure() {
    let (y, p, mut groups) = people(3_000);
    for row in 0..6 {
        groups[row * 7] = "c";
    }
    let found = explore(&y, &p, &groups, 200, Settings::default()).unwrap();
    for outcome in &found.policies {
        assert_eq!(outcome.picked, 200);
        assert!(outcome.groups.iter().all(|group| group.group != "c"));
    }
    let few = explore(
        &[true, false],
        &[0.5, 0.5],
        &["a", "b"],
        5,
        Settings::default(),
    )
    .unwrap();
    assert!(few.policies.iter().all(|outcome| outcome.groups.is_empty()));
    assert!(explore(&[true], &[0.5], &["a"], 0, Settings::default()).is_err());
    assert!(explore::<&str>(&[], &[], &[], 1, Settings::default()).is_err());
}

#[test]
fn corrected_rates_are_those_of_the_truth() {
    // 100 true positives in each half of the decisions, 60 % registered.
    let truth = Confusion {
        true_positives: 100,
        false_positives: 200,
        true_negatives: 600,
        false_negatives: 100,
    };
    let seen = Confusion {
        true_positives: 60,
        false_positives: 240,
        true_negatives: 640,
        false_negatives: 60,
    };
    let found = corrected(seen, 0.6).unwrap();
    assert!((found.base_rate - 0.2).abs() < 1e-12);
    for (rate, measure) in [
        (found.true_positive_rate, Measure::TruePositiveRate),
        (found.false_positive_rate, Measure::FalsePositiveRate),
        (found.precision.unwrap(), Measure::Precision),
    ] {
        assert!((rate.as_registered - measure.of(truth).value().unwrap()).abs() < 1e-12);
    }
    let rate = found.true_positive_rate;
    assert!((rate.all_passed_over - 0.3).abs() < 1e-12 && (rate.all_picked - 0.7).abs() < 1e-12);
    assert!(corrected(seen, 0.0).is_none() && corrected(seen, f64::NAN).is_none());
    assert!(corrected(Confusion::default(), 0.5).is_none());
    assert!(
        corrected(seen, 0.01).is_none(),
        "more would be missing than there are rows"
    );
}

#[test]
fn labels_that_look_fair_have_a_tipping_point() {
    // Equal on the labels; group b's positives may be registered less often.
    let counts = |times: usize| Confusion {
        true_positives: 60 * times,
        false_positives: 140 * times,
        true_negatives: 740 * times,
        false_negatives: 60 * times,
    };
    let groups = [
        CountedGroup::new("a", counts(5)),
        CountedGroup::new("b", counts(2)),
    ];
    let found = label_sensitivity(&groups, 0.1);
    let b = &found[1];
    let of = |measure| {
        b.tipping_points
            .iter()
            .find(|t| t.measure == measure)
            .unwrap()
    };
    // 60/200 to 60/(200 r): outside 0.1 from r = 0.75 on.
    let precision = of(Measure::Precision).as_registered.unwrap();
    assert!((precision - 0.75).abs() < 1e-9, "{precision}");
    assert!(of(Measure::TruePositiveRate).as_registered.is_none());
    // 60/(120/r) below 0.4: from r = 0.8 on.
    let worst = of(Measure::TruePositiveRate).least_favourable.unwrap();
    assert!((worst - 0.8).abs() < 1e-9, "{worst}");
    assert!(b.scenarios.len() > 10);
}

#[test]
fn an_audit_sample_shows_unequal_registration() {
    let sample = |a: usize, b: usize| {
        [
            ("a".to_owned(), Proportion::new(a, 200)),
            ("b".to_owned(), Proportion::new(b, 150)),
            ("c".to_owned(), Proportion::new(1, 3)),
        ]
    };
    let found = label_audit(&sample(170, 90), 0.1, 10).unwrap();
    assert_eq!(found.verdict, Verdict::OutsideBound);
    assert_eq!(found.groups.len(), 2);
    assert!((found.comparisons[0].difference - 0.25).abs() < 1e-12);
    assert_eq!(
        label_audit(&sample(170, 120), 0.1, 10).unwrap().verdict,
        Verdict::NotEnoughData
    );
    assert!(label_audit(&[], 0.1, 10).is_err());
}

#[test]
fn a_proxy_is_found_and_noise_is_not() {
    let mut dice = dice(5);
    let n = 4_000;
    let groups: Vec<&str> = (0..n)
        .map(|_| if dice() < 0.25 { "b" } else { "a" })
        .collect();
    let area: Vec<Option<String>> = groups
        .iter()
        .map(|group| {
            let area = (dice() * 10.0) as usize / if *group == "b" { 3 } else { 1 };
            Some(format!("area {area}"))
        })
        .collect();
    // Highest in the middle for b: no line would see it.
    let hill: Vec<Option<f64>> = groups
        .iter()
        .map(|group| {
            Some(if *group == "b" {
                0.4 + 0.2 * dice()
            } else {
                dice()
            })
        })
        .collect();
    let noise: Vec<Option<f64>> = (0..n).map(|_| Some(dice()).filter(|v| *v > 0.1)).collect();
    let missing: Vec<Option<f64>> = groups
        .iter()
        .map(|group| Some(1.0).filter(|_| dice() < if *group == "b" { 0.3 } else { 0.9 }))
        .collect();
    let constant = vec![Some(f64::INFINITY); n];
    let features = [
        ("area".to_owned(), Feature::Levels(&area)),
        ("hill".to_owned(), Feature::Numbers(&hill)),
        ("noise".to_owned(), Feature::Numbers(&noise)),
        ("missing".to_owned(), Feature::Numbers(&missing)),
        ("constant".to_owned(), Feature::Numbers(&constant)),
    ];
    let found = proxies(&features, &groups, 0.65, 10, 1).unwrap();
    let verdicts: Vec<Verdict> = found
        .iter()
        .map(|proxy| proxy.best.as_ref().unwrap().verdict)
        .collect();
    let (outside, within) = (Verdict::OutsideBound, Verdict::WithinBound);
    let expected = [outside, outside, within, outside];
    assert_eq!(verdicts[..4], expected, "{found:#?}");
    assert!((found[2].best.as_ref().unwrap().auc - 0.5).abs() < 0.03);
    assert!(found[2].cramers_v.unwrap() < 0.05 && found[0].cramers_v.unwrap() > 0.3);
    let limits = found[0].cramers_v_interval_95.unwrap();
    assert!((limits.low..limits.high).contains(&found[0].cramers_v.unwrap()));
    assert!(found[4].cramers_v.is_none());
    assert!((found[4].best.as_ref().unwrap().auc - 0.5).abs() < 0.03);
    assert!(proxies(&features, &groups[..5], 0.65, 10, 1).is_err());
    assert!(proxies(&features, &groups, 0.4, 10, 1).is_err());
}

#[test]
fn all_features_together_give_the_group_away_as_in_the_reference() {
    let cases = [
        ("adult", support::adult(false), "adult.json"),
        (
            "german credit",
            support::german_credit(),
            "german_credit.json",
        ),
    ];
    for (name, data, file) in cases {
        let reference = support::reference(file);
        let Some(expected) = reference["proxy_auc"].as_object() else {
            continue;
        };
        let (test, train) = data.split();
        let sensitive: Vec<&String> = expected.keys().collect();
        let without = |key: &str| -> Vec<String> {
            strings(&reference[key])
                .into_iter()
                .filter(|name| !sensitive.contains(&name))
                .collect()
        };
        let (numeric, categorical) = (without("numeric"), without("categorical"));
        for (feature, expected) in expected {
            let predicting = expected["predicting"].as_str().unwrap();
            let group = predicting.split(" == ").nth(1).unwrap();
            let target = format!("{feature} == {group}");
            // A little shrinkage: some occupations have one sex only.
            let fit = LogisticRegression::new()
                .penalty(Penalty::L2 { strength: 1.0 })
                .fit(
                    &data.design(&numeric, &categorical, &train),
                    &outcome(&data, &target, &train),
                )
                .unwrap();
            let scores = fit
                .probabilities(&data.design(&numeric, &categorical, &test))
                .unwrap();
            let found = whole_set(group, &outcome(&data, &target, &test), &scores, 0.65).unwrap();
            let theirs = expected["auc"].as_f64().unwrap();
            println!(
                "{name}: {predicting}: {:.4}, in the reference {theirs:.4}",
                found.auc
            );
            assert!((found.auc - theirs).abs() < 0.002, "{predicting}");
        }
    }
}

#[test]
fn a_score_that_is_higher_for_a_group_at_equal_risk_is_measured() {
    let mut dice = dice(8);
    let (mut values, mut member, mut strata) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..6_000 {
        let is_b = dice() < 0.3;
        let risk = (dice() * 10.0) as usize;
        // Group b has more risk; its score is 0.4 standard deviations higher at equal risk.
        let risk = if is_b { (risk + 3).min(9) } else { risk };
        let noise = (0..12).map(|_| dice()).sum::<f64>() - 6.0;
        let score = 0.5 * risk as f64 + noise + if is_b { 0.4 } else { 0.0 };
        values.push(Some(score).filter(|_| dice() < 0.4));
        member.push(is_b);
        strata.push(risk);
    }
    let fair = standardised_difference(&values, &member, &strata).unwrap();
    println!("at equal risk {:.3} {:?}", fair.value, fair.interval_95);
    assert!((fair.value - 0.4).abs() < 0.08);
    assert!((fair.interval_95.low..fair.interval_95.high).contains(&0.4));
    let raw = standardised_difference(&values, &member, &vec![0; member.len()]).unwrap();
    assert!(raw.value > 0.6, "the risk itself differs: {}", raw.value);
    assert!(standardised_difference(&[], &[], &[]).is_none());
    assert!(
        standardised_difference(
            &[Some(1.0); 6],
            &[true, false, true, false, true, false],
            &[0; 6]
        )
        .is_none()
    );
}
