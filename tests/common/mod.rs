//! What tests and benches share: the device, the list of cases, and how two results are compared.
#![allow(dead_code, reason = "tests and benches each use a part")]

pub mod cases;
pub mod compare;

use std::sync::{Mutex, OnceLock, PoisonError};

use sumi::gpu::{Family, Gpu, Options};

/// A device with bounds checks, NaN in fresh memory and a guard behind every tensor, shared by all tests.
pub fn gpu() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    opened(&GPU, &Options { checked: true, ..Options::default() })
}

/// The same with the kernels for GPUs, whatever the adapter.
pub fn gpu_tiled() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    opened(&GPU, &Options { checked: true, force_tiled: true, ..Options::default() })
}

/// The device of each family that this adapter can run.
pub fn families() -> Vec<Gpu> {
    match gpu().family() {
        Family::Tiled => vec![gpu()],
        Family::Lanes { .. } => vec![gpu(), gpu_tiled()],
    }
}

/// A device of one's own, as a program opens it, for tests that measure what it holds.
pub fn own_gpu() -> Gpu {
    opened(&OnceLock::new(), &Options::default())
}

fn opened(cell: &OnceLock<Gpu>, options: &Options) -> Gpu {
    // One at a time: drivers have crashed when two devices were opened at once.
    static OPENING: Mutex<()> = Mutex::new(());
    let _guard = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    cell.get_or_init(|| Gpu::open(options).unwrap_or_else(|error| panic!("the tests need an adapter: {error}"))).clone()
}
