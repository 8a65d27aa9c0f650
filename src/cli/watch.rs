//! The progress display of a long run, and its end on Ctrl-C.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use newshound::corpus::Progress;
use newshound::reader::Meter;

use super::{Stop, say};

/// Time between two updates of the bar.
const DRAW: Duration = Duration::from_millis(200);

/// Time between two lines where there is no terminal.
const LINE: Duration = Duration::from_secs(60);

/// Shows the progress of a run on standard error: as a bar on a terminal, otherwise as a
/// line a minute.
pub(crate) struct Watch<'p> {
    progress: &'p Progress,
    meter: Meter,
    quiet: bool,
}

impl<'p> Watch<'p> {
    pub(crate) fn new(progress: &'p Progress, meter: &Meter, quiet: bool) -> Self {
        Self {
            progress,
            meter: meter.clone(),
            quiet,
        }
    }

    /// Does the work while its progress is shown.
    pub(crate) fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        if self.quiet {
            return work();
        }
        let (end, ended) = channel::<()>();
        thread::scope(|scope| {
            scope.spawn(move || {
                let (every, bar) = match io::stderr().is_terminal() {
                    true => (DRAW, Some(self.bar())),
                    false => (LINE, None),
                };
                let started = Instant::now();
                while ended.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                    self.show(bar.as_ref(), started.elapsed());
                }
                if let Some(bar) = bar {
                    bar.finish_and_clear();
                }
            });
            let done = work();
            drop(end);
            done
        })
    }

    fn bar(&self) -> ProgressBar {
        let bar = ProgressBar::no_length();
        let style = ProgressStyle::with_template("{wide_bar} {percent}% {msg} {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar
    }

    fn show(&self, bar: Option<&ProgressBar>, elapsed: Duration) {
        let count = |counter: &AtomicU64| grouped(counter.load(Ordering::Relaxed) as f64);
        let words = self.progress.words.load(Ordering::Relaxed) as f64;
        let mut message = format!(
            "{} documents, {} words/s",
            count(&self.progress.documents),
            grouped(words / elapsed.as_secs_f64())
        );
        if self.progress.failed.load(Ordering::Relaxed) > 0 {
            message += &format!(", {} failed", count(&self.progress.failed));
        }
        let (read, size) = (
            self.meter.bytes(),
            self.progress.size.load(Ordering::Relaxed),
        );
        match bar {
            Some(bar) => {
                if size > 0 {
                    bar.set_length(size.max(read));
                }
                bar.set_position(read);
                bar.set_message(message);
            }
            None if size > 0 => {
                let share = 100.0 * read.min(size) as f64 / size as f64;
                say(&format!("{message}, {share:.0}% read"));
            }
            None => say(&message),
        }
    }
}

/// A number, rounded to an integer, with its digits in groups of three.
pub(crate) fn grouped(number: f64) -> String {
    newshound::report::grouped(number.round() as u64)
}

/// Lets the first Ctrl-C or termination signal end the run after what is begun, and the second at
/// once.
pub(crate) fn stop_on_interrupt(progress: &Arc<Progress>) -> Result<(), Stop> {
    let progress = progress.clone();
    ctrlc::set_handler(move || {
        if progress.stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("finishing what is begun; press Ctrl-C again to stop at once");
    })
    .map_err(|e| Stop::Fatal(format!("cannot listen for Ctrl-C: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped() {
        let found = [0.0, 999.0, 1000.4, 1_234_567.0].map(grouped);
        assert_eq!(found, ["0", "999", "1,000", "1,234,567"]);
    }
}
