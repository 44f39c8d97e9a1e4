//! R16–R18: workers that are killed and frozen at drawn moments, jobs that poison or kill whoever does them. Each of the
//! others is done exactly once. The drill `tests/drills/jobs` does it with ten thousand jobs at the pace of production.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, Command, Stdio},
    sync::Mutex,
    time::Instant,
};

use super::*;

/// One job in so many panics whenever it is done.
const POISON: u32 = 97;
/// One in so many ends the process that does it.
const DEADLY: u32 = 499;
/// No job of a dead worker may wait longer for the next.
const AGAIN_WITHIN: Duration = Duration::from_secs(30);

fn set(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().unwrap())
}

fn pace() -> Pace {
    let pace = Pace {
        parallel: 4,
        ..Pace::default()
    };
    if set("HELDER_TEST_PACE", 0) == 1 {
        return pace;
    }
    Pace {
        parallel: 4,
        ..QUICK
    }
}

/// What a worker process does: started by the test below, which kills it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of another test"]
async fn a_worker_until_it_is_killed() {
    let Ok(url) = std::env::var("HELDER_TEST_WORKER_STORE") else {
        return;
    };
    let store = Store::open(&url, &[]).unwrap();
    let run = |job: &JobContext| {
        let number = job.payload::<u32>()?;
        // Past the capture of the test harness.
        writeln!(std::io::stdout(), "began {number}").unwrap();
        if number.is_multiple_of(DEADLY) {
            std::process::abort();
        }
        assert!(!number.is_multiple_of(POISON), "poison");
        std::thread::sleep(Duration::from_millis(u64::from(number % 60)));
        job.succeed(|conn| {
            audit::record(
                conn,
                job.caller(),
                "test.done",
                &format!("/things/{number}"),
            )?;
            Ok(format!("/things/{number}"))
        })
    };
    let runner = Runner::start(&store, handlers(run), pace()).await.unwrap();
    std::future::pending::<()>().await;
    runner.stop(Duration::ZERO).await;
}

/// Who began a job, and when.
#[derive(Default)]
struct Begun {
    /// By job: the worker and the moment, in order.
    of: HashMap<u32, Vec<(u64, Instant)>>,
}

/// Worker processes beside each other.
struct Workers {
    url: String,
    living: Vec<(u64, Child)>,
    started: u64,
    begun: Arc<Mutex<Begun>>,
    /// When which worker died.
    died: HashMap<u64, Instant>,
}

impl Workers {
    fn start_one(&mut self) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "jobs::tests::killed::a_worker_until_it_is_killed",
                "--exact",
            ])
            .args(["--ignored", "--nocapture"])
            .env("HELDER_TEST_WORKER_STORE", &self.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (name, begun) = (self.started, Arc::clone(&self.begun));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The harness may have written before it on the same line.
                let number = line.rsplit_once("began ").map(|(_, number)| number.parse());
                if let Some(Ok(number)) = number {
                    let mut begun = begun.lock().unwrap();
                    let all = begun.of.entry(number).or_default();
                    all.push((name, Instant::now()));
                }
            }
        });
        self.living.push((self.started, child));
        self.started += 1;
    }

    fn kill(&mut self, which: usize) {
        let (name, mut child) = self.living.remove(which);
        child.kill().unwrap();
        child.wait().unwrap();
        self.died.insert(name, Instant::now());
    }

    /// Those that ended by themselves: a deadly job.
    fn bury(&mut self) -> usize {
        let mut dead = 0;
        let died = &mut self.died;
        self.living.retain_mut(|(name, child)| {
            let is_dead = child.try_wait().unwrap().is_some();
            if is_dead {
                died.insert(*name, Instant::now());
                dead += 1;
            }
            !is_dead
        });
        dead
    }

    fn signal(&self, which: usize, signal: &str) {
        let id = self.living[which].1.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// How often somebody else began one of these jobs that a dead worker had begun, and the longest that it waited for that.
    fn begun_again(&self, jobs: &HashSet<u32>) -> (usize, Duration) {
        let begun = self.begun.lock().unwrap();
        let all = begun.of.iter().filter(|(job, _)| jobs.contains(job));
        let waits = all.flat_map(|(_, all)| all.windows(2));
        let waits = waits.filter_map(|pair| {
            let died = self.died.get(&pair[0].0)?;
            Some(pair[1].1.saturating_duration_since(*died))
        });
        let waits: Vec<_> = waits.collect();
        (waits.len(), waits.into_iter().max().unwrap_or_default())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for (_, child) in &mut self.living {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How many jobs are in which state.
async fn states(store: &Store) -> BTreeMap<String, i64> {
    store
        .of(&anna().organisation)
        .read(|conn| {
            let found = jobs::table
                .group_by(jobs::state)
                .select((jobs::state, diesel::dsl::count_star()))
                .load(conn)?;
            Ok(found.into_iter().collect())
        })
        .await
        .unwrap()
}

/// Draws numbers; the same for the same seed (`SplitMix64`, Steele, Lea, Flood 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

async fn queue_all(store: &Store, count: u32) {
    for first in (1..=count).step_by(500) {
        let last = count.min(first + 499);
        let own = store.of(&anna().organisation);
        let queued = own.write(move |conn| {
            for number in first..=last {
                enqueue(conn, &anna(), "test", &number)?;
            }
            Ok(())
        });
        queued.await.unwrap();
    }
}

/// Kills, freezes and starts workers until nothing is left to do; says what it did.
async fn storm(store: &Store, workers: &mut Workers, count: u32, mut draw: Draw) -> String {
    // The embedded database has one process, which nobody freezes: it would hold the only lock.
    let beside = if store.is_embedded() { 1 } else { 3 };
    let (start, mut kills, mut freezes, mut deaths) = (Instant::now(), 0, 0, 0);
    loop {
        deaths += workers.bury();
        while workers.living.len() < beside {
            workers.start_one();
        }
        tokio::time::sleep(Duration::from_millis(150 + draw.below(700))).await;
        let left = states(store).await;
        if !left.contains_key("queued") && !left.contains_key("running") {
            break;
        }
        let which = draw.below(workers.living.len() as u64) as usize;
        if beside > 1 && draw.below(4) == 0 {
            // Longer than the lease: it comes back and finds that others went on.
            workers.signal(which, "-STOP");
            tokio::time::sleep(pace().lease + pace().poll * 2).await;
            workers.signal(which, "-CONT");
            freezes += 1;
        } else if kills == 0 || draw.below(3) == 0 {
            workers.kill(which);
            kills += 1;
        }
        let limit = Duration::from_mins(1) * (1 + count / 100);
        assert!(start.elapsed() < limit, "{left:?}");
    }
    format!(
        "{kills} kills, {freezes} freezes, {deaths} deaths by deadly jobs, {:.0} s",
        start.elapsed().as_secs_f64()
    )
}

async fn all_done_once(database: TestDatabase, count: u32, seed: u64) {
    let store = database.open(&[]).unwrap();
    queue_all(&store, count).await;
    let mut workers = Workers {
        url: database.url.clone(),
        living: Vec::new(),
        started: 0,
        begun: Arc::default(),
        died: HashMap::new(),
    };
    let story = storm(&store, &mut workers, count, Draw(seed)).await;
    let bad = i64::from(count / POISON + count / DEADLY - count / (POISON * DEADLY));
    let good = i64::from(count) - bad;
    let left = states(&store).await;
    assert_eq!(left.get("succeeded"), Some(&good), "{left:?}");
    assert_eq!(left.get("failed").copied().unwrap_or_default(), bad);
    let done: Vec<(String, i64)> = store
        .of(&anna().organisation)
        .read(|conn| {
            let all = audit_table::table
                .group_by(audit_table::object)
                .select((audit_table::object, diesel::dsl::count_star()));
            Ok(all.load(conn)?)
        })
        .await
        .unwrap();
    assert!(done.iter().all(|(_, times)| *times == 1), "{done:?}");
    assert_eq!(done.len() as i64, good);
    let reasons: Vec<Option<String>> = store
        .of(&anna().organisation)
        .read(|conn| {
            let failed = jobs::table.filter(jobs::state.eq("failed"));
            Ok(failed.select(jobs::problem).load(conn)?)
        })
        .await
        .unwrap();
    let told = |reason: &Option<String>| reason.as_ref().is_some_and(|it| it.contains("given up"));
    assert!(reasons.iter().all(told), "{reasons:?}");
    // A suspect waits on purpose, until nothing else is left to do.
    let unsuspected: Vec<String> = store
        .of(&anna().organisation)
        .read(|conn| {
            let few = jobs::table.filter(jobs::leases.le(SUSPECT_AFTER));
            Ok(few.select(jobs::payload).load(conn)?)
        })
        .await
        .unwrap();
    let suspects = count as usize - unsuspected.len();
    let unsuspected = unsuspected.iter().map(|it| it.parse().unwrap()).collect();
    let (again, wait) = workers.begun_again(&unsuspected);
    println!(
        "{}: {count} jobs, {story}; {good} done once, {bad} given up with the reason; {suspects} were suspects; {again} times \
         somebody else began another job that a dead worker had begun, after {:.1} s at most",
        if store.is_embedded() {
            "SQLite"
        } else {
            "PostgreSQL"
        },
        wait.as_secs_f64(),
    );
    assert!(wait < AGAIN_WITHIN, "{wait:?}");
    assert!(again > 0 || count < 1000, "nobody died in a job");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_may_end_its_process_runs_last_and_alone() {
    on_every_database(|database| async move {
        let store = database.open(&[]).unwrap();
        let suspect = queue(&store).await;
        let own = store.of(&anna().organisation);
        let lost = own.write(|conn| {
            let all = diesel::update(jobs::table).set(jobs::leases.eq(SUSPECT_AFTER));
            Ok(all.execute(conn)?)
        });
        assert_eq!(lost.await.unwrap(), 1);
        for _ in 0..8 {
            queue(&store).await;
        }
        let (order, running) = (
            Arc::new(Mutex::new(Vec::new())),
            Arc::new(AtomicUsize::new(0)),
        );
        let (seen, beside) = (Arc::clone(&order), Arc::clone(&running));
        let run = move |job: &JobContext| {
            let others = beside.fetch_add(1, Ordering::SeqCst);
            seen.lock().unwrap().push((job.id(), others));
            std::thread::sleep(Duration::from_millis(20));
            // One that came meanwhile waits for it.
            assert!(job.id() != suspect || beside.load(Ordering::SeqCst) == 1);
            beside.fetch_sub(1, Ordering::SeqCst);
            effect(job)
        };
        let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
        assert_eq!(ended(&store, suspect).await.state, JobState::Succeeded);
        runner.stop(Duration::from_secs(1)).await;
        let order = order.lock().unwrap().clone();
        assert_eq!(order.len(), 9);
        assert_eq!(order[8], (suspect, 0), "{order:?}");
    })
    .await
    .unwrap();
}

/// `HELDER_TEST_JOBS`, `HELDER_TEST_SEED` and `HELDER_TEST_PACE=1` (the pace of production) make it a drill.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jobs_of_killed_frozen_and_poisoned_workers_are_done_exactly_once() {
    let count = set("HELDER_TEST_JOBS", 240) as u32;
    let seed = set("HELDER_TEST_SEED", 1);
    on_every_database(|database| all_done_once(database, count, seed))
        .await
        .unwrap();
}
