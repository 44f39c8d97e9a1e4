//! The number of threads changes nothing, not even the last bit.

use helder_ebm::{Ebm, Settings};

use crate::made::made;

#[test]
fn one_and_four_threads_give_the_same_bytes() {
    let data = made(3_000, 11, 0.7);
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let fitted = pool.install(|| {
            Ebm::fit_watched(
                &data.columns,
                &data.outcome,
                None,
                &Settings {
                    bags: Some(14),
                    ..Settings::default()
                },
                &|_| true,
            )
        });
        let fitted = fitted.unwrap();
        assert!(!fitted.model.pairs.is_empty());
        serde_json::to_string(&(fitted.model, fitted.report)).unwrap()
    };
    let one = on(1);
    for threads in [2, 4] {
        assert!(one == on(threads), "{threads} threads");
    }
}
