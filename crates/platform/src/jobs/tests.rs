mod killed;
mod learning;
mod parts;
mod turns;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use diesel::prelude::*;
use helder_types::{
    Caller,
    job::{Job, JobState},
};
use uuid::Uuid;

use super::{
    JobContext, JobHandler, MAX_FAULTS, MAX_LEASES, Pace, Runner, SUSPECT_AFTER, enqueue, http,
};
use crate::{
    audit,
    problem::{Problem, Result},
    schema::{audit as audit_table, jobs},
    store::{Store, Work},
    testing::{TestDatabase, caller, on_every_database},
};

const QUICK: Pace = Pace {
    lease: Duration::from_millis(600),
    heartbeat: Duration::from_millis(60),
    poll: Duration::from_millis(30),
    pause: Duration::from_millis(10),
    parallel: 2,
};

fn anna() -> Caller {
    caller("GM0772", "anna", &[]).unwrap()
}

/// A handler from a closure.
struct Does<F>(F);

impl<F: Fn(&JobContext) -> Result<()> + Send + Sync + 'static> JobHandler for Does<F> {
    fn kind(&self) -> &'static str {
        "test"
    }

    fn run(&self, job: &JobContext) -> Result<()> {
        (self.0)(job)
    }
}

fn handlers(
    run: impl Fn(&JobContext) -> Result<()> + Send + Sync + 'static,
) -> Vec<Arc<dyn JobHandler>> {
    vec![Arc::new(Does(run))]
}

async fn queue(store: &Store) -> Uuid {
    store
        .of(&anna().organisation)
        .write(|conn| enqueue(conn, &anna(), "test", &41))
        .await
        .unwrap()
        .id
}

async fn ended(store: &Store, id: Uuid) -> Job {
    for _ in 0..2000 {
        let job = http::get(store, &anna(), id).await.unwrap();
        if job.state.is_final() {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the job does not end");
}

async fn effects(store: &Store) -> i64 {
    store
        .of(&anna().organisation)
        .read(|conn| Ok(audit_table::table.count().get_result(conn)?))
        .await
        .unwrap()
}

fn effect(job: &JobContext) -> Result<()> {
    job.succeed(|conn| {
        audit::record(conn, job.caller(), "test.done", "/things/1")?;
        Ok("/test/v1/things/1".to_owned())
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_runs_once_and_says_what_it_made() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let run = |job: &JobContext| {
            assert_eq!(job.payload::<u32>()?, 41);
            job.progress("reading", 3, 9, "rows");
            effect(job)
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        let job = ended(&store, queue(&store).await).await;
        assert_eq!(job.state, JobState::Succeeded, "{job:?}");
        assert_eq!(job.result.as_deref(), Some("/test/v1/things/1"));
        assert!(job.finished_at.is_some());
        assert_eq!(effects(&store).await, 1);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_of_a_dead_process_is_taken_up_and_done_once() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let id = queue(&store).await;
        // A process that took the job and was killed: a lease that nobody renews.
        store
            .across(Work::LEASE)
            .write(|conn| super::lease::take(conn, &["test"], QUICK.lease, None, true))
            .await
            .unwrap()
            .unwrap();
        let runner = Runner::start_beside_others(&store, handlers(effect), QUICK);
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        assert_eq!(effects(&store).await, 1);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_embedded_process_takes_the_jobs_of_its_dead_former_self_at_once() {
    let database = TestDatabase::sqlite().unwrap();
    let store = database.open(&[]).unwrap();
    let id = queue(&store).await;
    let hour = Duration::from_hours(1);
    store
        .across(Work::LEASE)
        .write(move |conn| super::lease::take(conn, &["test"], hour, None, true))
        .await
        .unwrap()
        .unwrap();
    let runner = Runner::start(&store, handlers(effect), QUICK)
        .await
        .unwrap();
    assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
    runner.stop(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_worker_that_only_seemed_dead_cannot_write_after_another_took_over() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let id = queue(&store).await;
        let (started, has_started) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let may_go = std::sync::Mutex::new(may_go);
        let (said, outcome) = mpsc::channel();
        // The first worker stands still without heartbeat (as under SIGSTOP), then wants to write.
        let frozen = Pace {
            heartbeat: Duration::from_hours(1),
            parallel: 1,
            ..QUICK
        };
        let first = Runner::start_beside_others(
            &store,
            handlers(move |job| {
                started.send(()).unwrap();
                may_go.lock().unwrap().recv().unwrap();
                let wrote = effect(job);
                said.send(wrote.is_ok()).unwrap();
                wrote
            }),
            frozen,
        );
        tokio::task::spawn_blocking(move || has_started.recv().unwrap())
            .await
            .unwrap();
        let second = Runner::start_beside_others(&store, handlers(effect), QUICK);
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        go.send(()).unwrap();
        let wrote = tokio::task::spawn_blocking(move || outcome.recv().unwrap())
            .await
            .unwrap();
        assert!(!wrote, "the fence lets nobody through");
        first.stop(Duration::from_secs(1)).await;
        second.stop(Duration::from_secs(1)).await;
        assert_eq!(effects(&store).await, 1);
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_job_keeps_its_lease_and_shows_its_progress() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let slow = move |job: &JobContext| {
            counted.fetch_add(1, Ordering::SeqCst);
            for n in 0..30 {
                job.checkpoint()?;
                job.progress("reading", n, 30, "rows");
                std::thread::sleep(Duration::from_millis(50));
            }
            effect(job)
        };
        let first = Runner::start_beside_others(&store, handlers(slow.clone()), QUICK);
        let second = Runner::start_beside_others(&store, handlers(slow), QUICK);
        let id = queue(&store).await;
        let mut seen = 0;
        while seen == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let job = http::get(&store, &anna(), id).await.unwrap();
            assert!(!job.state.is_final());
            seen = job.progress.done;
        }
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        first.stop(Duration::from_secs(1)).await;
        second.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_workers_do_each_of_many_jobs_once() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let runners: Vec<_> = (0..4)
            .map(|_| Runner::start_beside_others(&store, handlers(effect), QUICK))
            .collect();
        let mut jobs = Vec::new();
        for _ in 0..40 {
            jobs.push(queue(&store).await);
        }
        for id in jobs {
            assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        }
        assert_eq!(effects(&store).await, 40);
        for runner in runners {
            runner.stop(Duration::from_secs(1)).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_waiting_job_and_a_running_job_can_be_cancelled_an_ended_one_not() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let waiting = queue(&store).await;
        assert_eq!(
            http::cancel(&store, &anna(), waiting).await.unwrap().state,
            JobState::Cancelled
        );
        let (started, has_started) = mpsc::channel();
        let run = move |job: &JobContext| {
            started.send(()).unwrap();
            loop {
                job.checkpoint()?;
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        let running = queue(&store).await;
        tokio::task::spawn_blocking(move || has_started.recv().unwrap())
            .await
            .unwrap();
        http::cancel(&store, &anna(), running).await.unwrap();
        assert_eq!(ended(&store, running).await.state, JobState::Cancelled);
        let again = http::cancel(&store, &anna(), running).await.unwrap_err();
        assert_eq!(again.status().as_u16(), 409);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_comes_by_no_checkpoint_is_cancelled_all_the_same_and_makes_nothing() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let (started, has_started) = mpsc::channel();
        let (let_go, may_go) = mpsc::channel::<()>();
        let may_go = std::sync::Mutex::new(may_go);
        let run = move |job: &JobContext| {
            started.send(()).unwrap();
            // Deep in work that asks nobody.
            may_go.lock().unwrap().recv().unwrap();
            effect(job)
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        let id = queue(&store).await;
        tokio::task::spawn_blocking(move || has_started.recv().unwrap())
            .await
            .unwrap();
        http::cancel(&store, &anna(), id).await.unwrap();
        assert_eq!(ended(&store, id).await.state, JobState::Cancelled);
        let told = effects(&store).await;
        let_go.send(()).unwrap();
        runner.stop(Duration::from_secs(5)).await;
        let job = http::get(&store, &anna(), id).await.unwrap();
        assert_eq!(
            (job.state, effects(&store).await),
            (JobState::Cancelled, told)
        );
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_poison_job_is_given_up_with_the_reason_and_the_next_job_runs() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let run = move |job: &JobContext| {
            let runs = counted.fetch_add(1, Ordering::SeqCst);
            assert!(runs >= MAX_FAULTS as usize, "poison");
            effect(job)
        };
        let runner = Runner::start(
            &store,
            handlers(run),
            Pace {
                parallel: 1,
                ..QUICK
            },
        )
        .await
        .unwrap();
        let poison = ended(&store, queue(&store).await).await;
        assert_eq!(poison.state, JobState::Failed);
        let problem = poison.problem.unwrap();
        assert_eq!(problem.status, 500);
        assert!(
            problem.detail.contains("given up after 4 tries"),
            "{}",
            problem.detail
        );
        assert!(
            !problem.detail.contains("poison"),
            "the cause is for the log only"
        );
        assert_eq!(
            ended(&store, queue(&store).await).await.state,
            JobState::Succeeded
        );
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_kills_its_worker_again_and_again_is_given_up() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let id = queue(&store).await;
        store
            .of(&anna().organisation)
            .write(|conn| {
                diesel::update(jobs::table)
                    .set(jobs::leases.eq(MAX_LEASES))
                    .execute(conn)?;
                Ok(())
            })
            .await
            .unwrap();
        let runner = Runner::start(&store, handlers(effect), QUICK)
            .await
            .unwrap();
        let job = ended(&store, id).await;
        assert_eq!(job.state, JobState::Failed);
        assert!(job.problem.unwrap().detail.contains("25 times"));
        assert_eq!(effects(&store).await, 0);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fault_of_the_client_fails_at_once_and_a_passing_fault_of_ours_is_tried_again() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = runs.clone();
        let run = move |job: &JobContext| match counted.fetch_add(1, Ordering::SeqCst) {
            0 => Err(Problem::bad_request("no-rows", "the file has no rows")),
            1 | 2 => Err(Problem::unavailable("away", 1)),
            _ => effect(job),
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        let refused = ended(&store, queue(&store).await).await;
        assert_eq!(refused.state, JobState::Failed);
        assert_eq!(refused.problem.unwrap().kind, "urn:helder:problem:no-rows");
        assert_eq!(
            ended(&store, queue(&store).await).await.state,
            JobState::Succeeded
        );
        assert_eq!(runs.load(Ordering::SeqCst), 4);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_clean_stop_gives_the_job_back_and_the_next_process_finishes_it() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let (started, has_started) = mpsc::channel();
        let endless = move |job: &JobContext| {
            started.send(()).unwrap();
            loop {
                job.checkpoint()?;
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let runner = Runner::start(&store, handlers(endless), QUICK)
            .await
            .unwrap();
        let id = queue(&store).await;
        tokio::task::spawn_blocking(move || has_started.recv().unwrap())
            .await
            .unwrap();
        runner.stop(Duration::from_secs(5)).await;
        assert_eq!(
            http::get(&store, &anna(), id).await.unwrap().state,
            JobState::Queued
        );
        let runner = Runner::start_beside_others(&store, handlers(effect), QUICK);
        assert_eq!(ended(&store, id).await.state, JobState::Succeeded);
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_foreign_job_is_as_absent_as_one_that_never_was() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let id = queue(&store).await;
        let bert = caller("GM0363", "bert", &[]).unwrap();
        let foreign = http::get(&store, &bert, id).await.unwrap_err();
        let absent = http::get(&store, &bert, Uuid::now_v7()).await.unwrap_err();
        assert_eq!(foreign.details(), absent.details());
        assert_eq!(foreign.status().as_u16(), 404);
        assert_eq!(
            http::cancel(&store, &bert, id)
                .await
                .unwrap_err()
                .status()
                .as_u16(),
            404
        );
        assert_eq!(
            http::get(&store, &anna(), id).await.unwrap().state,
            JobState::Queued
        );
    })
    .await
    .unwrap();
}
