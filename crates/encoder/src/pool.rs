//! Thread pools for passes.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// A pool of `threads` threads; 0 means one for each processor that this process may use.
///
/// With as many threads as processors, each thread is pinned to its own processor (on Linux).
/// Otherwise Linux may wake two threads on one processor while another is idle, and threads that
/// share a pass then take turns.
///
/// # Errors
/// [`ThreadPoolBuildError`] where the threads cannot be started.
pub fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(keep_apart)
        .build()
}

/// Pins the calling thread, by its index in the pool, to its own processor if there are as many as
/// threads.
#[cfg(target_os = "linux")]
fn keep_apart(thread: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let Ok(allowed) = sched_getaffinity(None) else {
        return;
    };
    let mut processors = (0..CpuSet::MAX_CPU).filter(|&processor| allowed.is_set(processor));
    if allowed.count() as usize != rayon::current_num_threads() {
        return;
    }
    if let Some(own) = processors.nth(thread) {
        let mut only = CpuSet::new();
        only.set(own);
        // If the system refuses, the thread stays unpinned.
        let _ = sched_setaffinity(None, &only);
    }
}

#[cfg(not(target_os = "linux"))]
fn keep_apart(_thread: usize) {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::collections::HashSet;

    use rustix::thread::{CpuSet, sched_getaffinity};

    use super::*;

    /// The processors that each thread of a pool may use.
    fn processors(threads: usize) -> Vec<Vec<usize>> {
        let pool = pool(threads).unwrap();
        pool.broadcast(|_| {
            let allowed = sched_getaffinity(None).unwrap();
            let all = 0..CpuSet::MAX_CPU;
            all.filter(|&processor| allowed.is_set(processor)).collect()
        })
    }

    #[test]
    fn threads_are_pinned_if_there_is_a_processor_for_each() {
        let count = sched_getaffinity(None).unwrap().count() as usize;
        let own = processors(count);
        assert!(own.iter().all(|own| own.len() == 1), "{own:?}");
        assert_eq!(own.iter().collect::<HashSet<_>>().len(), count);
        let free = processors(count + 1);
        assert!(free.iter().all(|free| free.len() == count), "{free:?}");
    }
}
