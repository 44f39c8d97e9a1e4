//! Time of 2,000 resamples over four groups of 100,000 rows: `cargo bench -p helder-fairness`. Goal: at most 10 ms.

use helder_evaluation::Confusion;
use helder_fairness::bootstrap;

fn main() {
    divan::main();
}

#[divan::bench(args = [1_000, 100_000, 10_000_000])]
fn two_thousand_resamples(bencher: divan::Bencher<'_, '_>, rows: usize) {
    let groups = [0.4, 0.3, 0.2, 0.1].map(|share| {
        let part = |of: f64| (rows as f64 * share * of) as usize;
        Confusion {
            true_positives: part(0.15),
            false_positives: part(0.2),
            true_negatives: part(0.5),
            false_negatives: part(0.15),
        }
    });
    bencher.bench(|| bootstrap(divan::black_box(&groups), 2_000, 7));
}
