//! Threads that do step after step together.
//!
//! The steps of a short pass take some hundredths of a millisecond, less than it takes to put a
//! thread to sleep and to wake it: whoever waits here looks again and again. A thread that is busy
//! elsewhere is not waited for, as the others do its parts.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::{hint, thread};

/// More parts than a step may have.
const MANY: usize = 1 << 12;

/// The ticket that ends the work.
const END: usize = usize::MAX;

/// Looks before a thread lets others have its core: some hundredths of a millisecond.
const LOOKS: usize = 1000;

/// Calls `lead` on this thread. It is given a function that does a step: `work` is called with the
/// step and the number of each part, on this thread and on those of the current pool that are idle.
pub(crate) fn steps(
    parts: usize,
    work: impl Fn(usize, usize) + Sync,
    lead: impl FnOnce(&dyn Fn(usize)) + Send,
) {
    let crew = Crew {
        parts: parts.min(MANY - 1),
        ticket: AtomicUsize::new(MANY - 1),
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
    /// `MANY` times the step, plus the number of the part that is to be done next.
    ticket: AtomicUsize,
    /// Parts of the step that are done.
    done: AtomicUsize,
    work: W,
}

impl<W: Fn(usize, usize) + Sync> Crew<W> {
    fn step(&self, step: usize) {
        self.done.store(0, Ordering::Relaxed);
        self.ticket.store(step * MANY, Ordering::Release);
        while self.work_on(self.ticket.load(Ordering::Acquire)) {}
        let mut looks = 0;
        while self.done.load(Ordering::Acquire) < self.parts {
            pause(&mut looks);
        }
    }

    fn help(&self) {
        let mut looks = 0;
        loop {
            match self.ticket.load(Ordering::Acquire) {
                END => return,
                ticket if self.work_on(ticket) => looks = 0,
                _ => pause(&mut looks),
            }
        }
    }

    /// Does the part of a ticket, if there is one that no other thread has taken.
    fn work_on(&self, ticket: usize) -> bool {
        let part = ticket % MANY;
        if part >= self.parts {
            return false;
        }
        let taken =
            self.ticket
                .compare_exchange(ticket, ticket + 1, Ordering::AcqRel, Ordering::Relaxed);
        if taken.is_ok() {
            let _done = Done(&self.done);
            (self.work)(ticket / MANY, part);
        }
        true
    }
}

/// Ends the work, should it panic too.
struct End<'a>(&'a AtomicUsize);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(END, Ordering::Release);
    }
}

/// Counts a part, should it panic too.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

fn pause(looks: &mut usize) {
    *looks += 1;
    if *looks < LOOKS {
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
    fn a_part_that_panics_does_not_hold_the_others_up() {
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
