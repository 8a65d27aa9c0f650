//! Panics of other libraries as errors.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Does what may panic where it should fail, as when a file is damaged: then says why. Nothing is
/// printed of it.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let told = take_hook();
        set_hook(Box::new(move |panic| {
            if !GUARDED.get() {
                told(panic);
            }
        }));
    });
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
        let inner = guarded(|| guarded(|| panic!("inner")).unwrap_err());
        assert_eq!(inner, Ok("inner".to_owned()));
        assert!(!GUARDED.get());
    }
}
