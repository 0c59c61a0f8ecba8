//! Shards side by side.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread::{self, available_parallelism};

/// Threads that stand ready, one less than there are processors; none where there is but one. A thread that is made when
/// it is needed often begins on the processor that made it, and only once that has nothing else to do.
static HELPERS: LazyLock<Option<ThreadPool>> = LazyLock::new(|| {
    let others = available_parallelism().map_or(1, usize::from) - 1;
    let helpers = || ThreadPoolBuilder::new().num_threads(others).build().ok();
    (others > 0).then(helpers).flatten()
});

/// Held by whoever is helped.
static HELPED: Mutex<()> = Mutex::new(());

/// Does the work for every item, on as many threads as are allowed, and returns the results in order.
///
/// Items are taken one by one, so that a thread that got small ones takes more of them. A panic in the work is a panic
/// here.
pub fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            match items.get(number) {
                Some(item) => done.push((number, work(item))),
                None => return done,
            }
        }
    };
    let others = Mutex::new(Vec::new());
    let help = || {
        let done = take();
        let mut others = others.lock().unwrap_or_else(PoisonError::into_inner);
        others.extend(done);
    };
    let mut results = match (&*HELPERS, HELPED.try_lock()) {
        (Some(helpers), Ok(_helped)) => helpers.in_place_scope(|scope| {
            (1..threads).for_each(|_| scope.spawn(|_| help()));
            take()
        }),
        // Nobody waits until another's work is done: that may be a long one.
        _ => thread::scope(|scope| {
            (1..threads).for_each(|_| drop(scope.spawn(help)));
            take()
        }),
    };
    results.extend(others.into_inner().unwrap_or_else(PoisonError::into_inner));
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_their_order() {
        let items: Vec<usize> = (0..1000).collect();
        for threads in [0, 1, 2, 7] {
            let squares = in_parallel(threads, &items, |n| n * n);
            assert!(
                squares
                    .iter()
                    .enumerate()
                    .all(|(n, square)| n * n == *square)
            );
            assert_eq!(squares.len(), 1000);
        }
        assert!(in_parallel(4, &[], |n: &usize| *n).is_empty());
    }

    #[test]
    fn who_finds_the_helpers_busy_does_not_wait_for_them() {
        let done = AtomicUsize::new(0);
        // Both items of the outer work end only when the inner work, asked for in the midst of it, has.
        let sums = in_parallel(2, &[0, 1], |place| {
            if *place == 0 {
                let inner = in_parallel(2, &[1, 2, 3], |n| n * 2);
                done.fetch_add(inner.len(), Ordering::Release);
            }
            while done.load(Ordering::Acquire) < 3 {
                thread::yield_now();
            }
            *place
        });
        assert_eq!(sums, [0, 1]);
    }

    #[test]
    #[should_panic = "broken"]
    fn a_panic_is_not_lost() {
        in_parallel(2, &[1, 2], |n| assert!(*n == 3, "broken"));
    }
}
