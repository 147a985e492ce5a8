//! What tests and benches share: the device, the list of cases, and how two results are compared.
#![allow(dead_code, reason = "tests and benches each use a part")]

pub mod cases;
pub mod compare;

use std::sync::{Mutex, OnceLock, PoisonError};

use sumi::gpu::{AdapterKind, FamilyKind, Gpu, Options, Precision, adapters};

/// The adapter that tests run on, where the environment names another than the best one:
/// `SUMI_TEST_ADAPTER=llvmpipe cargo test --release`.
pub fn wanted_adapter() -> Option<String> {
    std::env::var("SUMI_TEST_ADAPTER").ok().filter(|name| !name.is_empty())
}

/// A device that could multiply by cooperative matrices where the adapter can, with bounds checks, NaN in fresh memory
/// and a guard behind every tensor, shared by all tests.
pub fn gpu() -> Gpu {
    static GPU: OnceLock<Gpu> = OnceLock::new();
    GPU.get_or_init(|| checked(None)).clone()
}

/// The same with the kernels of one family, whatever the adapter.
fn gpu_with(kind: FamilyKind) -> Gpu {
    static GPUS: [OnceLock<Gpu>; 3] = [const { OnceLock::new() }; 3];
    GPUS[kind as usize].get_or_init(|| checked(Some(kind))).clone()
}

/// A device for each family that this adapter can run, the one that suits it first.
pub fn families() -> Vec<Gpu> {
    let best = gpu();
    let adapter = best.adapter();
    let lanes = adapter.kind.is_cpu() && adapter.lanes.is_some_and(|lanes| lanes <= 32);
    let kinds = [FamilyKind::Panels, FamilyKind::Tiled].into_iter().chain(lanes.then_some(FamilyKind::Lanes));
    let others = kinds.filter(|kind| adapter.family_of(*kind) != best.family()).map(gpu_with);
    [best.clone()].into_iter().chain(others).collect()
}

/// A device as programs open it, unchecked, for each instruction set of the CPU with each family of kernels; the best
/// one with the family that suits it first.
pub fn levels() -> Vec<Gpu> {
    static GPUS: OnceLock<Vec<Gpu>> = OnceLock::new();
    let kinds = [FamilyKind::Panels, FamilyKind::Tiled, FamilyKind::Lanes];
    let native = || adapters().into_iter().filter(|info| info.kind == AdapterKind::Native);
    let options =
        |index: usize, kind| Options { adapter: Some(index.to_string()), family: Some(kind), ..Options::default() };
    let all = || native().flat_map(|info| kinds.map(|kind| open(&options(info.index, kind)))).collect();
    GPUS.get_or_init(all).clone()
}

/// A device of one's own, as a program opens it, for tests that measure what it holds.
pub fn own_gpu() -> Gpu {
    open(&Options { adapter: wanted_adapter(), precision: Precision::Mixed, ..Options::default() })
}

fn checked(family: Option<FamilyKind>) -> Gpu {
    let options = Options { checked: true, family, precision: Precision::Mixed, ..Options::default() };
    open(&Options { adapter: wanted_adapter(), ..options })
}

/// Opens a device.
pub fn open(options: &Options) -> Gpu {
    one_at_a_time(|| Gpu::open(options)).unwrap_or_else(|error| panic!("the tests need an adapter: {error}"))
}

/// Does what opens devices while nobody else does: drivers have crashed when two were opened at once.
pub fn one_at_a_time<T>(open: impl FnOnce() -> T) -> T {
    static OPENING: Mutex<()> = Mutex::new(());
    let _guard = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    open()
}
