//! Z12: whose turn it is when somebody queues more than there are workers.

use std::sync::Mutex;

use super::*;

const HOG: &str = "GM0772";

fn of(organisation: &str) -> Caller {
    caller(organisation, "anna", &[]).unwrap()
}

async fn queue_of(store: &Store, organisation: &'static str) -> Uuid {
    store
        .of(&of(organisation).organisation)
        .write(move |conn| enqueue(conn, &of(organisation), "test", &41))
        .await
        .unwrap()
        .id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_long_queue_of_one_organisation_makes_no_other_wait_for_more_than_a_job() {
    on_every_database(async |database: TestDatabase| {
        let store = database.open(&[]).unwrap();
        for _ in 0..20 {
            queue_of(&store, HOG).await;
        }
        let others = ["GM0796", "GM0758", "GM0796"];
        let mut last = Uuid::nil();
        for organisation in others {
            last = queue_of(&store, organisation).await;
        }
        let order = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&order);
        let run = move |job: &JobContext| {
            kept.lock()
                .unwrap()
                .push(job.caller().organisation.to_string());
            job.succeed(|_| Ok(String::new()))
        };
        let pace = Pace {
            parallel: 1,
            ..QUICK
        };
        let runner = Runner::start(&store, handlers(run), pace).await.unwrap();
        for _ in 0..2_000 {
            let job = http::get(&store, &of("GM0796"), last).await.unwrap();
            if job.state.is_final() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        runner.stop(Duration::from_secs(1)).await;
        let order = order.lock().unwrap().clone();
        let expected = [HOG, "GM0796", HOG, "GM0758", HOG, "GM0796"];
        // The others may come between themselves in another order, but never after two of the long queue.
        assert!(order.len() >= expected.len(), "{order:?}");
        let first: Vec<_> = order[..expected.len()].iter().map(String::as_str).collect();
        let long = first.iter().filter(|it| **it == HOG).count();
        assert!(long <= 3, "{first:?}");
        assert!(first.windows(2).all(|pair| pair != [HOG, HOG]), "{first:?}");
    })
    .await
    .unwrap();
}
