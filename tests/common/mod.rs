//! What tests and benches share: the device, the list of cases, and how two results are compared.
#![allow(dead_code, reason = "tests and benches each use a part")]

pub mod cases;
pub mod compare;

use std::sync::{Mutex, OnceLock, PoisonError};

use sumi::gpu::{Family, FamilyKind, Gpu, Options};

/// A device with bounds checks, NaN in fresh memory and a guard behind every tensor, shared by all tests.
pub fn gpu() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    opened(&GPU, &Options { checked: true, ..Options::default() })
}

/// The same with the kernels of one family, whatever the adapter.
fn gpu_with(kind: FamilyKind) -> Gpu {
    static GPUS: [OnceLock<Gpu>; 3] = [const { OnceLock::new() }; 3];
    opened(&GPUS[kind as usize], &Options { checked: true, family: Some(kind), ..Options::default() })
}

/// A device for each family that this adapter can run, the one that suits it first.
pub fn families() -> Vec<Gpu> {
    let (tiled, panels) = (|| gpu_with(FamilyKind::Tiled), || gpu_with(FamilyKind::Panels));
    match gpu().family() {
        Family::Tiled => vec![gpu(), panels()],
        Family::Lanes { .. } => vec![gpu(), tiled(), panels()],
        Family::Panels { .. } => vec![gpu(), tiled()],
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
