//! Provisions: of survival models only, and either what may be expected or why nothing may.

use super::Check;
use crate::{Kind, Model, Provision};

/// Most provisions of a report.
const MOST_PROVISIONS: usize = 20;
/// Most sentences and differences of one.
const MOST_OF_EACH: usize = 100;

impl Check {
    pub(super) fn provisions(&mut self, model: &Model) {
        let Some(found) = &model.provisions else {
            return;
        };
        self.that(
            model.kind == Kind::Survival,
            "/provisions",
            "wrong-kind",
            "only survival models carry what is expected of provisions",
        );
        self.that(
            (1..=MOST_PROVISIONS).contains(&found.each.len()),
            "/provisions/each",
            "too-many",
            "there are 1 to 20 provisions",
        );
        for (place, one) in found.each.iter().enumerate() {
            self.provision(&format!("/provisions/each/{place}"), one);
        }
    }

    fn provision(&mut self, at: &str, one: &Provision) {
        self.text(format!("{at}/name"), &one.name);
        self.texts(&format!("{at}/meaning"), &one.meaning);
        self.texts(&format!("{at}/outcome"), &one.outcome);
        let says = [one.differences.len(), one.may.len(), one.may_not.len()];
        let holds = match &one.reason {
            Some(reason) => {
                self.texts(&format!("{at}/reason"), reason);
                says == [0; 3]
            }
            None => says.iter().all(|n| (1..=MOST_OF_EACH).contains(n)),
        };
        self.that(
            holds,
            at,
            "not-allowed",
            "either a reason, or differences with what may and may not be concluded",
        );
        for (name, texts) in [("may", &one.may), ("mayNot", &one.may_not)] {
            for (place, text) in texts.iter().enumerate() {
                self.texts(&format!("{at}/{name}/{place}"), text);
            }
        }
        for (place, difference) in one.differences.iter().enumerate() {
            let (low, middle, high) = (difference.lower, difference.difference, difference.upper);
            let ranged = [low, middle, high].iter().all(|v| (-1.0..=1.0).contains(v));
            self.that(
                ranged && low <= middle && middle <= high && difference.within_months > 0,
                format!("{at}/differences/{place}"),
                "out-of-range",
                "a difference from -1 to 1 within its interval, within a month or more",
            );
        }
    }
}
