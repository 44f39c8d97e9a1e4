//! What a job has finished is there for its next attempt, and for nobody once the job has ended.

use std::sync::Mutex;

use tempfile::TempDir;

use super::*;
use crate::{
    jobs::parts::{MOST_BYTES, Parts},
    keyring::{KeyRing, MasterKeys},
    schema::job_parts,
};

const NAME: &str = "bag 7";
const PLAIN: &[u8] = b"scores of people, one after the other";

fn ring(folder: &TempDir) -> KeyRing {
    let masters = MasterKeys::from_file_or_new(&folder.path().join("master.key")).unwrap();
    let shelf = format!("file:{}", folder.path().join("shelf").display());
    KeyRing::open(masters, &shelf).unwrap()
}

async fn stored(store: &Store) -> Vec<Vec<u8>> {
    let of_anna = store.of(&anna().organisation);
    of_anna
        .read(|conn| Ok(job_parts::table.select(job_parts::sealed).load(conn)?))
        .await
        .unwrap()
}

/// What the second attempt does.
type End = fn(&JobContext) -> Result<()>;

/// The first attempt keeps a part and meets a fault; the second finds it and ends.
async fn kept_and_ended(database: &TestDatabase, end: End) -> (Job, Vec<Vec<u8>>) {
    let store = database.open(&[]).unwrap();
    let folder = TempDir::new().unwrap();
    let ring = ring(&folder);
    let between: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let seen = Arc::clone(&between);
    let run = move |job: &JobContext| {
        let parts = job.parts(&ring)?;
        if job.attempt() == 1 {
            assert_eq!(parts.get(NAME)?, None);
            assert!(parts.put(NAME, PLAIN)?);
            assert!(!parts.put(NAME, b"others")?, "what is there stays");
            assert!(!parts.put("large", &vec![0; MOST_BYTES as usize])?);
            return Err(Problem::internal("a fault of ours"));
        }
        let lying = |conn: &mut crate::store::Conn| {
            Ok(job_parts::table.select(job_parts::sealed).load(conn)?)
        };
        *seen.lock().unwrap() = job.store().read_blocking(lying)?;
        assert_eq!(parts.get(NAME)?.as_deref(), Some(PLAIN));
        end(job)
    };
    let runner = Runner::start(&store, handlers(run), QUICK).await.unwrap();
    let job = ended(&store, queue(&store).await).await;
    runner.stop(Duration::from_secs(1)).await;
    assert_eq!(job.attempts, 2, "{job:?}");
    assert!(stored(&store).await.is_empty(), "gone with the job");
    let between = between.lock().unwrap().clone();
    (job, between)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_kept_is_sealed_found_by_the_next_attempt_and_gone_with_the_job() {
    on_every_database(async |database: TestDatabase| {
        let ends: [(End, JobState); 2] = [
            (effect, JobState::Succeeded),
            (
                |_| Err(Problem::bad_request("wrong", "cannot be done")),
                JobState::Failed,
            ),
        ];
        for (end, state) in ends {
            let (job, between) = kept_and_ended(&database, end).await;
            assert_eq!(job.state, state, "{job:?}");
            let [sealed] = between.as_slice() else {
                panic!("{} parts", between.len());
            };
            assert!(!sealed.windows(6).any(|bytes| bytes == &PLAIN[..6]));
        }
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_lost_the_job_keeps_nothing_and_one_that_is_stopped_while_it_waits_leaves_nothing() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        let folder = TempDir::new().unwrap();
        let ring = ring(&folder);
        let (tell, told) = mpsc::channel::<Parts>();
        let tell = Mutex::new(tell);
        let run = move |job: &JobContext| {
            let parts = job.parts(&ring)?;
            parts.put(NAME, PLAIN)?;
            tell.lock().unwrap().send(parts).unwrap();
            Err(Problem::internal("a fault of ours"))
        };
        let slow = Pace {
            pause: Duration::from_hours(1),
            ..QUICK
        };
        let runner = Runner::start(&store, handlers(run), slow).await.unwrap();
        let id = queue(&store).await;
        let parts = tokio::task::spawn_blocking(move || told.recv().unwrap());
        let parts = parts.await.unwrap();
        // The job waits for its second attempt: nobody has it.
        for _ in 0..2_000 {
            if http::get(&store, &anna(), id).await.unwrap().state == JobState::Queued {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let late = tokio::task::spawn_blocking(move || parts.put("bag 8", PLAIN));
        assert!(!late.await.unwrap().unwrap());
        assert_eq!(stored(&store).await.len(), 1);
        let job = http::cancel(&store, &anna(), id).await.unwrap();
        assert_eq!(job.state, JobState::Cancelled);
        assert!(stored(&store).await.is_empty());
        runner.stop(Duration::from_secs(1)).await;
    })
    .await
    .unwrap();
}
