//! How boosting goes, from the news of its bags.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use helder_ebm::Progress;
use helder_types::job::{JobLearning, LearningRound};

/// Points of the curve at most.
const MOST_POINTS: usize = 100;
/// Least time between two answers: news comes far more often.
const BETWEEN: Duration = Duration::from_millis(200);

/// A bag with its stride, learning curves or pairs.
type Course = (usize, u64, bool);

/// Everything heard so far.
#[derive(Default)]
pub(super) struct Courses(Mutex<Heard>);

#[derive(Default)]
struct Heard {
    /// Last round of each course.
    reached: BTreeMap<Course, usize>,
    /// Per round of curves: courses, and the sums of their losses.
    sums: BTreeMap<usize, (f64, f64, f64)>,
    bags: usize,
    max_rounds: usize,
    /// Courses that a former attempt had finished.
    kept: u64,
    told: Option<Instant>,
}

/// Where boosting is.
pub(super) struct Standing {
    /// Rounds and losses.
    pub(super) learning: JobLearning,
    /// Rounds of all courses together.
    pub(super) done: u64,
    /// The same at the end, as courses so far let expect.
    pub(super) total: u64,
}

impl Courses {
    /// Forgets the course: another model begins. What was taken over stays counted.
    pub(super) fn clear(&self) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *heard = Heard {
            kept: heard.kept,
            ..Heard::default()
        };
    }

    /// Takes news; answers at most five times a second.
    pub(super) fn hear(&self, news: &Progress) -> Option<Standing> {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.take(news);
        if heard.told.is_some_and(|told| told.elapsed() < BETWEEN) {
            return None;
        }
        heard.told = Some(Instant::now());
        heard.standing()
    }
}

impl Heard {
    fn take(&mut self, news: &Progress) {
        let stride = news.stride.learning_rate.to_bits()
            ^ (news.stride.max_leaves as u64)
            ^ ((news.stride.smoothing_rounds as u64) << 8);
        let course = (news.bag, stride, news.is_pairs);
        self.reached.insert(course, news.round);
        self.kept += u64::from(news.is_kept);
        self.bags = news.bags;
        self.max_rounds = news.max_rounds;
        if !news.is_pairs && news.loss.is_finite() && news.training_loss.is_finite() {
            let sum = self.sums.entry(news.round).or_default();
            sum.0 += 1.0;
            sum.1 += news.training_loss;
            sum.2 += news.loss;
        }
    }

    fn standing(&self) -> Option<Standing> {
        let every = self.sums.len().div_ceil(MOST_POINTS).max(1);
        let point = |(round, (n, training, kept)): (&usize, &(f64, f64, f64))| LearningRound {
            round: *round as u64,
            training_loss: training / n,
            validation_loss: kept / n,
        };
        let curve: Vec<LearningRound> = self.sums.iter().step_by(every).map(point).collect();
        let last = self.sums.iter().next_back().map(point)?;
        let done: usize = self
            .reached
            .values()
            .map(|round| round + Progress::EVERY)
            .sum();
        // Every bag learns its curves, perhaps with several strides, and then its pairs.
        let of_pairs = self.reached.keys().filter(|(.., is_pairs)| *is_pairs);
        let mains = self.reached.len() - of_pairs.count();
        let courses = mains.max(self.bags) + self.bags;
        let mean = done as f64 / self.reached.len().max(1) as f64;
        let total = (mean * courses as f64).round() as usize;
        Some(Standing {
            learning: JobLearning {
                round: last.round,
                max_rounds: self.max_rounds as u64,
                training_loss: last.training_loss,
                validation_loss: last.validation_loss,
                kept_bags: self.kept,
                curve,
            },
            done: done as u64,
            total: total.max(done) as u64,
        })
    }
}

#[cfg(test)]
mod tests {
    use helder_ebm::Stride;

    use super::*;

    fn news(bag: usize, round: usize, loss: f64) -> Progress {
        Progress {
            bag,
            bags: 2,
            stride: Stride::CALM,
            round,
            max_rounds: 5_000,
            is_pairs: false,
            loss,
            training_loss: loss - 0.1,
            is_kept: false,
        }
    }

    #[test]
    fn losses_are_means_over_bags_and_the_curve_stays_short() {
        let courses = Courses::default();
        let first = courses.hear(&news(0, 0, 0.7)).unwrap();
        assert_eq!(first.learning.curve.len(), 1);
        assert!(courses.hear(&news(1, 0, 0.5)).is_none(), "too soon");
        for round in 1..=300 {
            courses.hear(&news(0, round * 20, 0.4));
        }
        let standing = courses.0.lock().unwrap().standing().unwrap();
        let learning = &standing.learning;
        assert_eq!((learning.round, learning.max_rounds), (6_000, 5_000));
        assert!((learning.curve[0].validation_loss - 0.6).abs() < 1e-12);
        assert!((learning.training_loss - 0.3).abs() < 1e-12);
        assert!((50..=100).contains(&learning.curve.len()));
        assert_eq!(standing.done, 6_020 + 20);
        assert!(standing.total >= standing.done);
        courses.hear(&Progress {
            training_loss: f64::NAN,
            is_kept: true,
            ..news(0, 400, 0.9)
        });
        let standing = courses.0.lock().unwrap().standing().unwrap();
        assert_eq!(standing.learning.kept_bags, 1);
        assert!((standing.learning.training_loss - 0.3).abs() < 1e-12);
        courses.clear();
        assert!(courses.0.lock().unwrap().standing().is_none());
    }
}
