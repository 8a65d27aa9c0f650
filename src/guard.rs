//! Panics of other libraries as errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs code whose panics become errors; a panic hook should print nothing then.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs `work`; a panic becomes its message. For libraries that panic on damaged input.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(outer);
    done.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        let first = text.and_then(|text| text.lines().next());
        first.unwrap_or("it gave no reason").to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_the_first_line_of_its_reason() {
        assert_eq!(guarded(|| 7), Ok(7));
        let failed = guarded(|| panic!("no {}\nat all", "room"));
        assert_eq!(failed, Err::<(), _>("no room".to_owned()));
        let inner = guarded(|| {
            let inner = guarded(|| panic!("inner")).unwrap_err();
            assert!(is_guarded());
            inner
        });
        assert_eq!(inner, Ok("inner".to_owned()));
        assert!(!is_guarded());
    }
}
