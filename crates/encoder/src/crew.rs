//! Threads that do one step after another together.
//!
//! A step of a short pass takes some hundredths of a millisecond, less than putting a thread to
//! sleep and waking it, so waiting threads spin. Nobody waits for a thread that is busy elsewhere:
//! the others do its parts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{hint, thread};

/// A step has fewer parts than this.
const MAX_PARTS: usize = 1 << 12;

/// The ticket that tells threads to leave.
const END: usize = usize::MAX;

/// How often a thread spins before it yields its core: for some hundredths of a millisecond.
const SPINS: usize = 1000;

/// Calls `lead` on this thread with a function that runs a step. A step calls `work(step, part)` once
/// for each part, on this thread and on idle threads of the current pool, and returns when all parts
/// are done.
pub(crate) fn steps(
    parts: usize,
    work: impl Fn(usize, usize) + Sync,
    lead: impl FnOnce(&dyn Fn(usize)) + Send,
) {
    let crew = Crew {
        parts: parts.min(MAX_PARTS - 1),
        ticket: AtomicUsize::new(MAX_PARTS - 1),
        done: AtomicUsize::new(0),
        work,
    };
    rayon::scope(|scope| {
        for _ in 1..crew.parts {
            scope.spawn(|_| crew.help());
        }
        let _end = End(&crew.ticket);
        lead(&|step| crew.step(step));
    });
}

struct Crew<W> {
    parts: usize,
    /// `MAX_PARTS` times the step, plus the next part to take.
    ticket: AtomicUsize,
    /// How many parts of the step are done.
    done: AtomicUsize,
    work: W,
}

impl<W: Fn(usize, usize) + Sync> Crew<W> {
    fn step(&self, step: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.ticket.store(step * MAX_PARTS, Ordering::Release);
        while self.work_on(self.ticket.load(Ordering::Acquire)) {}
        let mut spins = 0;
        while self.done.load(Ordering::Acquire) < self.parts {
            pause(&mut spins);
        }
    }

    fn help(&self) {
        let mut spins = 0;
        loop {
            match self.ticket.load(Ordering::Acquire) {
                END => return,
                ticket if self.work_on(ticket) => spins = 0,
                _ => pause(&mut spins),
            }
        }
    }

    /// Does the ticket's part unless another thread has taken it. False if the step has no part left.
    fn work_on(&self, ticket: usize) -> bool {
        let part = ticket % MAX_PARTS;
        if part >= self.parts {
            return false;
        }
        let taken =
            self.ticket
                .compare_exchange(ticket, ticket + 1, Ordering::AcqRel, Ordering::Relaxed);
        if taken.is_ok() {
            let _done = Done(&self.done);
            (self.work)(ticket / MAX_PARTS, part);
        }
        true
    }
}

/// Tells threads to leave when it is dropped, also by a panic.
struct End<'a>(&'a AtomicUsize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(END, Ordering::Release);
    }
}

/// Counts a part as done when it is dropped, also by a panic.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

fn pause(spins: &mut usize) {
    *spins += 1;
    if *spins < SPINS {
        hint::spin_loop();
    } else {
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn in_pool(threads: usize, job: impl FnOnce() + Send) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(job);
    }

    #[test]
    fn each_part_of_each_step_is_done_once_before_the_next_step() {
        for (threads, parts) in [(1, 3), (3, 3), (2, 7), (4, 1)] {
            let done = Mutex::new(Vec::new());
            in_pool(threads, || {
                let work = |step, part| done.lock().unwrap().push((step, part));
                steps(parts, work, |step| (0..200).for_each(step));
            });
            let mut done = done.into_inner().unwrap();
            for step in done.chunks_mut(parts) {
                step.sort_unstable();
            }
            let all = (0..200).flat_map(|step| (0..parts).map(move |part| (step, part)));
            assert!(all.eq(done), "{threads} threads, {parts} parts");
        }
    }

    #[test]
    fn a_part_that_panics_does_not_block_the_others() {
        for bad in 0..2 {
            let result = std::panic::catch_unwind(|| {
                in_pool(2, || {
                    let work = |step, part| assert!((step, part) != (5, bad), "as told");
                    steps(2, work, |step| (0..10).for_each(step));
                });
            });
            assert!(result.is_err());
        }
    }
}
