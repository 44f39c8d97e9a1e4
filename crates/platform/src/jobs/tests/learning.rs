//! How learning goes is seen while it goes.

use std::sync::mpsc::channel;

use helder_types::job::{JobLearning, LearningRound};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn losses_are_seen_while_the_job_runs() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let (go_on, wait) = channel::<()>();
        let wait = std::sync::Mutex::new(wait);
        let said = JobLearning {
            round: 40,
            max_rounds: 5_000,
            training_loss: 0.1 + 0.2,
            validation_loss: 0.4,
            kept_bags: 3,
            curve: vec![LearningRound {
                round: 20,
                training_loss: 0.5,
                validation_loss: 0.6,
            }],
        };
        let told = said.clone();
        let run = move |job: &JobContext| {
            job.progress("fitting", 60, 600, "rounds");
            job.learning(&told)?;
            wait.lock().unwrap().recv().unwrap();
            effect(job)
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        let id = queue(&store).await;
        let mut seen = None;
        for _ in 0..2_000 {
            let job = http::get(&store, &anna(), id).await.unwrap();
            assert_ne!(job.state, JobState::Failed, "{job:?}");
            seen = job.learning;
            if seen.is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(seen, Some(said));
        go_on.send(()).unwrap();
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}
