//! Shards side by side.

use rayon::{ThreadPool, ThreadPoolBuilder};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
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

/// The helpers, unless they help another: nobody waits until that is done, it may be long.
fn helped() -> Option<MutexGuard<'static, ()>> {
    match HELPED.try_lock() {
        Ok(helped) => Some(helped),
        // Somebody's work has panicked; the helpers are well.
        Err(TryLockError::Poisoned(helped)) => Some(helped.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Does the work for every item, on as many threads as are allowed, and returns the results in order.
///
/// A panic in the work is a panic here.
pub fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let each =
        |done: &mut Vec<(usize, R)>, number: usize| done.push((number, work(&items[number])));
    let done = fold_in_parallel(threads, items.len(), Vec::new, each);
    let mut results: Vec<(usize, R)> = done.into_iter().flatten().collect();
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Adds up the numbers below `count`, on as many threads as are allowed, and returns the sum of each thread that had any.
///
/// Numbers are taken one by one, so that a thread that began earlier or got small ones takes more of them: which ones are
/// together in a sum is left to chance. A panic in `add` is a panic here.
pub fn fold_in_parallel<A: Send>(
    threads: usize,
    count: usize,
    zero: impl Fn() -> A + Sync,
    add: impl Fn(&mut A, usize) + Sync,
) -> Vec<A> {
    let next = AtomicUsize::new(0);
    let sums = Mutex::new(Vec::new());
    let take = || {
        let mut sum = None;
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            add(sum.get_or_insert_with(&zero), number);
        }
        let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.extend(sum);
    };
    let helpers = 1..threads.min(count);
    if helpers.is_empty() {
        take();
    } else if let (Some(ready), Some(_helped)) = (&*HELPERS, helped()) {
        ready.in_place_scope(|scope| {
            helpers.for_each(|_| scope.spawn(|_| take()));
            take();
        });
    } else {
        thread::scope(|scope| {
            helpers.for_each(|_| drop(scope.spawn(take)));
            take();
        });
    }
    sums.into_inner().unwrap_or_else(PoisonError::into_inner)
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
    fn every_number_is_in_one_sum() {
        for threads in [0, 1, 2, 7] {
            for count in [0, 1, 2, 1000] {
                let sums = fold_in_parallel(threads, count, Vec::new, |sum, number| {
                    sum.push(number);
                });
                assert!(sums.len() <= threads.max(1) && sums.iter().all(|sum| !sum.is_empty()));
                let mut all: Vec<usize> = sums.concat();
                all.sort_unstable();
                assert!(all.into_iter().eq(0..count), "{threads} threads");
            }
        }
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
