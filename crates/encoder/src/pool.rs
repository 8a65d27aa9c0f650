//! Threads for passes.

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

/// A pool of `threads`; 0 are as many as the processors that are there for this process.
///
/// Where there is a thread for each processor, each stays on its own. Linux may else wake two of them
/// on one processor while another is idle, and threads that share a pass then take turns.
///
/// # Errors
/// [`ThreadPoolBuildError`] where the threads cannot be started.
pub fn pool(threads: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(keep_apart)
        .build()
}

/// Ties the calling thread, of that number in its pool, to a processor of its own, if there is one
/// for each.
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
        // Refused, the thread goes where the system puts it.
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

    /// The processors of each thread of a pool.
    fn processors(threads: usize) -> Vec<Vec<usize>> {
        let pool = pool(threads).unwrap();
        pool.broadcast(|_| {
            let allowed = sched_getaffinity(None).unwrap();
            let all = 0..CpuSet::MAX_CPU;
            all.filter(|&processor| allowed.is_set(processor)).collect()
        })
    }

    #[test]
    fn threads_stay_on_a_processor_of_their_own_where_there_is_one_for_each() {
        let count = sched_getaffinity(None).unwrap().count() as usize;
        let own = processors(count);
        assert!(own.iter().all(|own| own.len() == 1), "{own:?}");
        assert_eq!(own.iter().collect::<HashSet<_>>().len(), count);
        let free = processors(count + 1);
        assert!(free.iter().all(|free| free.len() == count), "{free:?}");
    }
}
