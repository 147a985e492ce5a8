//! Panics of code that is not ours, kept from ending the run and from the terminal.

use std::{
    cell::Cell,
    panic::{self, UnwindSafe},
    sync::Once,
};

thread_local! {
    /// Whether a panic of this thread is expected.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// What `work` gives, or `None` where it panicked. Nothing is printed of that panic; all others go to the hook that was
/// there before the first call.
pub(super) fn quietly<T>(work: impl FnOnce() -> T + UnwindSafe) -> Option<T> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !QUIET.get() {
                before(panic);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(work);
    QUIET.set(false);
    result.ok()
}

#[cfg(test)]
mod tests {
    use std::{env, process::Command};

    use super::quietly;

    /// Set for the test below when it runs itself.
    const INNER: &str = "SUMI_TEST_QUIET";

    #[test]
    fn an_expected_panic_is_neither_fatal_nor_heard() {
        if env::var_os(INNER).is_some() {
            assert_eq!((quietly(|| 3), quietly(|| panic!("expected"))), (Some(3), None));
            return;
        }
        let test = "data::quiet::tests::an_expected_panic_is_neither_fatal_nor_heard";
        let mut command = Command::new(env::current_exe().expect("this program has a path"));
        let output = command.args(["--exact", test, "--nocapture"]).env(INNER, "1").output().expect("it starts again");
        assert!(output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
    }
}
