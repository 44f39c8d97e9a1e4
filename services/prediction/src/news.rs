//! Word from the registry that is newer than a question.
//!
//! The registry is asked twice a second. Whoever asks for a version that nobody here knows of yet may have activated it a
//! moment ago, perhaps through another replica: the registry is asked once more before the answer is that there is none.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

/// Least time between two questions, however many want to know.
const SHORTEST: Duration = Duration::from_millis(50);
/// Longest wait for newer word.
const LONGEST: Duration = Duration::from_secs(1);

/// Between who asks the registry and who waits for its answer.
pub(crate) struct News {
    /// Whether anybody asks and the last answer came.
    is_heard: AtomicBool,
    wanted: Notify,
    /// When the last question was asked whose answer has been read.
    read: watch::Sender<Option<Instant>>,
}

impl Default for News {
    fn default() -> Self {
        Self {
            is_heard: AtomicBool::new(false),
            wanted: Notify::new(),
            read: watch::Sender::new(None),
        }
    }
}

impl News {
    /// Waits until the registry was asked after now and its answer was read; not at all while it does not answer.
    pub(crate) async fn newer(&self) {
        if !self.is_heard.load(Ordering::Relaxed) {
            return;
        }
        let now = Instant::now();
        let mut read = self.read.subscribe();
        self.wanted.notify_one();
        let is_newer = |asked: &Option<Instant>| asked.is_some_and(|asked| asked >= now);
        // Too late is no fault: the caller then says what is known.
        drop(timeout(LONGEST, read.wait_for(is_newer)).await);
    }

    /// The answer to a question asked at `asked` has been read.
    pub(crate) fn heard(&self, asked: Instant) {
        self.is_heard.store(true, Ordering::Relaxed);
        self.read.send_replace(Some(asked));
    }

    /// The registry did not answer: nobody waits for it.
    pub(crate) fn silent(&self) {
        self.is_heard.store(false, Ordering::Relaxed);
        self.read.send_replace(Some(Instant::now()));
    }

    /// Until the next question: `pause`, or shorter when somebody wants to know.
    pub(crate) async fn pause(&self, pause: Duration) {
        tokio::time::sleep(SHORTEST.min(pause)).await;
        drop(timeout(pause.saturating_sub(SHORTEST), self.wanted.notified()).await);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Answers every question after `answer`; counts them.
    async fn ask_on(news: Arc<News>, answer: Duration, asked: watch::Sender<usize>) {
        loop {
            let now = Instant::now();
            asked.send_modify(|asked| *asked += 1);
            tokio::time::sleep(answer).await;
            news.heard(now);
            news.pause(Duration::from_hours(1)).await;
        }
    }

    #[tokio::test]
    async fn a_question_is_answered_by_word_that_is_newer_and_many_share_it() {
        let news = Arc::new(News::default());
        let count = watch::Sender::new(0);
        tokio::spawn(ask_on(
            Arc::clone(&news),
            Duration::from_millis(20),
            count.clone(),
        ));
        let mut first = news.read.subscribe();
        first.wait_for(Option::is_some).await.unwrap();
        let before = *count.borrow();

        let since = Instant::now();
        let waiting = (0..100).map(|_| {
            let news = Arc::clone(&news);
            tokio::spawn(async move { news.newer().await })
        });
        for one in waiting.collect::<Vec<_>>() {
            one.await.unwrap();
        }
        assert!(news.read.borrow().unwrap() >= since);
        let questions = *count.borrow() - before;
        assert!(questions <= 3, "{questions} questions for one moment");
    }

    #[tokio::test]
    async fn nobody_waits_for_a_registry_that_does_not_answer() {
        let news = Arc::new(News::default());
        // Nobody asks at all.
        timeout(LONGEST / 2, news.newer()).await.unwrap();
        news.heard(Instant::now());
        let waiting = {
            let news = Arc::clone(&news);
            tokio::spawn(async move { news.newer().await })
        };
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(!waiting.is_finished());
        news.silent();
        timeout(LONGEST / 2, waiting).await.unwrap().unwrap();
        timeout(LONGEST / 2, news.newer()).await.unwrap();
    }
}
