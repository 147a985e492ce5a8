//! Ctrl-C, and a polite request to end from the system: the first ends the run after its step, the second at once.

use std::{
    process::exit,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

/// What a shell expects of a program that Ctrl-C ended.
pub const EXIT_CODE: u8 = 130;

static HEARD: AtomicU32 = AtomicU32::new(0);
static SAVING_PAYS: AtomicBool = AtomicBool::new(false);

/// Listens from now on. Until [`save_first`] there is nothing to save, and the program ends at once.
pub fn listen() {
    // Without a handler Ctrl-C still ends the program, by killing it: the last checkpoint outlives that.
    let _ = ctrlc::set_handler(|| {
        if HEARD.fetch_add(1, Ordering::Relaxed) > 0 || !SAVING_PAYS.load(Ordering::Relaxed) {
            exit(i32::from(EXIT_CODE));
        }
    });
}

/// From now on there is a state worth saving.
pub fn save_first() {
    SAVING_PAYS.store(true, Ordering::Relaxed);
}

/// Whether an end was asked for.
pub fn heard() -> bool {
    HEARD.load(Ordering::Relaxed) > 0
}
