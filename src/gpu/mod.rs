//! Devices behind one interface: memory, kernels, and lists of commands.
//!
//! A [`Gpu`] is a handle to an open device. Ops record [`Dispatch`]es on it; [`Gpu::submit`] plans their memory and
//! starts them; [`Gpu::read`] gives a handle to values that arrive later. Nothing of a driver's interface shows here:
//! what stands behind `device::Device` is wgpu, for GPUs, or native, for the CPU.

mod adapter;
mod buffer;
mod cache;
mod constants;
mod device;
mod error;
mod fusion;
mod kernel;
mod native;
mod planning;
mod pool;
mod profile;
mod readback;
mod recorder;
mod trace;
mod tuning;
mod wgpu;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

pub use sumi_compiler as shader;

pub use self::{
    adapter::{AdapterInfo, AdapterKind, Family, FamilyKind, Limits, Precision, choose},
    buffer::Buffer,
    cache::{Cache, Measured, kernels},
    error::Error,
    kernel::{Binding, Dispatch, Epilogue, Grid, Kernel, Map, Work},
    native::available_memory,
    pool::{MemoryUse, size_class},
    profile::{Profile, Row, Timing},
    readback::Readback,
    trace::NotFinite,
    tuning::{Asked, Choice, Entry, Tuning},
};
use self::{constants::Constants, device::Device, planning::Planning, pool::Pool, recorder::Recorder};

/// How a device is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Index or part of the name of the adapter; the best one when `None`.
    pub adapter: Option<String>,
    /// Compile shaders with bounds checks, fill fresh memory with NaN and guard the end of every tensor. For tests: the
    /// native adapter has such kernels only in builds with the feature `checked` of sumi-native.
    pub checked: bool,
    /// Use this family of kernels instead of the one that suits the adapter best. For tests and benches.
    pub family: Option<FamilyKind>,
    /// Run every launch as it was recorded: no kernel does the bias, the activation or the sum that follows it. For
    /// tests and benches.
    pub unfused: bool,
    /// The folder of what was measured on this machine (`bench tune`) and what its drivers compiled. Without one
    /// nothing is looked up and nothing kept, so that results depend on the adapter alone.
    pub cache: Option<PathBuf>,
    /// [`Precision::Mixed`] asks the adapter for what such kernels need, if it has that. Products are computed in f32
    /// all the same until [`crate::ops::mixed`] has tried the kernels and switched to them.
    pub precision: Precision,
}

/// An open device. Clones share it; it may be used from several threads.
#[derive(Clone)]
pub struct Gpu(Arc<Inner>);

struct Inner {
    device: Arc<dyn Device>,
    pool: Arc<Pool>,
    recorder: Recorder,
    constants: Constants,
    profile: Mutex<Profile>,
    family: Family,
    tuning: Tuning,
    notes: Vec<String>,
    mixed: AtomicBool,
    /// Whether nothing is ever run.
    plans: bool,
}

/// The adapters of this machine, in the order that `--adapter INDEX` counts: the drivers', then the CPU with each
/// instruction set that it has, best first.
pub fn adapters() -> Vec<AdapterInfo> {
    let mut adapters = wgpu::adapters();
    adapters.extend(native::adapters(adapters.len()));
    adapters
}

impl Gpu {
    /// Opens a device.
    ///
    /// # Errors
    /// When there is no adapter, none of that name, or it refuses.
    pub fn open(options: &Options) -> Result<Self, Error> {
        let adapters = adapters();
        let chosen = choose(&adapters, options.adapter.as_deref())?;
        let cache = options.cache.as_ref().map(Cache::new);
        let device: Arc<dyn Device> = match chosen.kind {
            AdapterKind::Native => native::open(chosen, options.checked)?,
            _ => wgpu::open(chosen, options, cache.clone())?,
        };
        // Of the device and not of the adapter: checked kernels have lanes of their own.
        let opened = device.info();
        let family = options.family.map_or_else(|| opened.family(), |kind| opened.family_of(kind));
        let (tuning, note) = cache.map(|cache| cache.tuning(opened)).unwrap_or_default();
        Ok(Self::with(device.clone(), family, options, tuning, Vec::from_iter(note), false))
    }

    /// The CPU, which goes away after so many lists of commands.
    #[cfg(test)]
    pub(crate) fn lost_after(lists: u64) -> Result<Self, Error> {
        let info = native::adapters(0).remove(0);
        let device = device::lost::Lost::after(lists, native::open(&info, false)?);
        Ok(Self::on(Arc::new(device), info.family(), &Options::default()))
    }

    /// A device that plans as this one does and runs nothing: [`Gpu::memory`] of it tells what the same launches would
    /// take of this one. Kernels are not compiled for it, and all that is read from it is zero.
    pub fn planning(&self) -> Self {
        let Inner { recorder, family, tuning, .. } = &*self.0;
        let device = Arc::new(Planning::new(self.adapter().clone()));
        let options = Options { checked: recorder.checked, unfused: recorder.unfused, ..Options::default() };
        let planning = Self::with(device, *family, &options, Tuning::new(tuning.entries()), Vec::new(), true);
        planning.set_precision(self.precision());
        planning
    }

    /// Bytes of memory that can still be had for this device; `None` where its driver does not tell. On the CPU it is
    /// what this machine, or the container that we run in, can give without swapping.
    pub fn available_memory(&self) -> Option<u64> {
        if self.adapter().kind.is_cpu() {
            Some(available_memory()).filter(|bytes| *bytes < u64::MAX)
        } else {
            self.driver_memory()
        }
    }

    /// Bytes that the adapter's driver still has for this process, or where it keeps no account of that, all that the
    /// adapter has; `None` where there is no driver, or it does not tell. Vulkan's drivers are asked, others not.
    pub fn driver_memory(&self) -> Option<u64> {
        self.0.device.free_memory()
    }

    #[cfg(test)]
    fn on(device: Arc<dyn Device>, family: Family, options: &Options) -> Self {
        Self::with(device, family, options, Tuning::default(), Vec::new(), false)
    }

    fn with(
        device: Arc<dyn Device>,
        family: Family,
        &Options { checked, unfused, .. }: &Options,
        tuning: Tuning,
        notes: Vec<String>,
        plans: bool,
    ) -> Self {
        let pool = Arc::new(Pool::new(device.clone(), checked));
        // What was never written has no guard zone to be compared.
        let recorder = Recorder::new(device.clone(), pool.clone(), checked && !plans, unfused);
        Self(Arc::new(Inner {
            device,
            pool,
            recorder,
            constants: Constants::default(),
            profile: Mutex::default(),
            family,
            tuning,
            notes,
            mixed: AtomicBool::new(false),
            plans,
        }))
    }

    /// The adapter it was opened on.
    pub fn adapter(&self) -> &AdapterInfo {
        self.0.device.info()
    }

    /// The family of kernels in use where one form cannot serve every adapter.
    pub fn family(&self) -> Family {
        self.0.family
    }

    /// The choices that were measured on this adapter, as far as there are any.
    pub fn tuning(&self) -> &Tuning {
        &self.0.tuning
    }

    /// What there is to be said about how the device was opened: sentences about [`Options::cache`].
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// How products are computed.
    pub fn precision(&self) -> Precision {
        if self.0.mixed.load(Ordering::Relaxed) { Precision::Mixed } else { Precision::F32 }
    }

    /// Changes how the products to come are computed. [`Precision::Mixed`] is for devices on which the kernels were
    /// found to be right; see [`crate::ops::mixed`].
    pub(crate) fn set_precision(&self, precision: Precision) {
        self.0.mixed.store(precision == Precision::Mixed, Ordering::Relaxed);
    }

    /// Memory of `bytes` whose contents are whatever is first written to it.
    pub fn buffer(&self, bytes: usize) -> Buffer {
        Buffer::new(bytes as u64, self.0.pool.clone())
    }

    /// A buffer holding `values`.
    pub fn upload<T: bytemuck::NoUninit>(&self, values: &[T]) -> Buffer {
        self.0.recorder.upload(bytemuck::cast_slice(values).to_vec())
    }

    /// A buffer for `count` numbers that `make` makes. A device that only plans does not ask for them.
    pub fn upload_made(&self, count: usize, make: impl FnOnce(usize) -> Vec<f32>) -> Buffer {
        if self.0.plans { self.0.recorder.upload_to(4 * count as u64, Vec::new()) } else { self.upload(&make(count)) }
    }

    /// A buffer holding `words`, to be read and never written: the same words are the same buffer, so that what
    /// depends on shapes alone is uploaded once.
    pub fn constant(&self, words: &[u32]) -> Buffer {
        self.0.constants.get(words, |words| self.upload(words))
    }

    /// Records a launch.
    pub fn dispatch(&self, dispatch: Dispatch) {
        self.0.recorder.dispatch(dispatch);
    }

    /// Records a read.
    pub fn read(&self, binding: impl Into<Binding>) -> Readback {
        self.0.recorder.read(binding.into())
    }

    /// Starts what was recorded. Does not wait for it, but for earlier submits when several are still under way; the
    /// native adapter does the work before this returns.
    ///
    /// # Errors
    /// When memory is full, a kernel is not for this adapter, or the device failed. After an error the device is to be
    /// given up: what the list would have computed is lost.
    pub fn submit(&self) -> Result<(), Error> {
        let result = self.0.recorder.submit();
        self.gather_profile()?;
        result
    }

    /// Starts what was recorded and waits until the device is idle.
    ///
    /// # Errors
    /// As [`Gpu::submit`].
    pub fn finish(&self) -> Result<(), Error> {
        self.0.recorder.finish()?;
        self.gather_profile()
    }

    /// Reads values now: records the read, submits and waits.
    ///
    /// # Errors
    /// As [`Gpu::submit`].
    pub fn fetch(&self, binding: impl Into<Binding>) -> Result<Vec<f32>, Error> {
        let readback = self.read(binding);
        self.submit()?;
        readback.wait()
    }

    /// How much device memory has been created, and how many buffers.
    pub fn memory(&self) -> MemoryUse {
        self.0.pool.usage()
    }

    /// How many command buffers the driver has been handed. A list of commands is one as long as its declared work is
    /// expected to take a tenth of a second, and several when it is more: drivers kill what runs for seconds. On the
    /// native adapter, where no driver is in between, each list is one.
    pub fn submits(&self) -> u64 {
        self.0.device.submits()
    }

    /// Starts timing every kernel. False when the adapter has no timestamps.
    pub fn start_profile(&self) -> bool {
        *self.0.profile.lock().unwrap_or_else(PoisonError::into_inner) = Profile::default();
        self.0.device.start_profile()
    }

    /// What has been timed since [`Gpu::start_profile`].
    pub fn profile(&self) -> Profile {
        self.0.profile.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on looks at what each launch has written, until it has found something that is not finite; `known` are
    /// tensors with a name. Every launch is waited for and read back. Results stay the same.
    pub fn start_trace(&self, known: Vec<(String, Binding)>) {
        *self.0.recorder.trace() = Some(trace::Trace::new(known));
    }

    /// What has been found since [`Gpu::start_trace`].
    pub fn traced(&self) -> Option<NotFinite> {
        self.0.recorder.trace().as_ref()?.found()
    }

    /// Ends the trace, and tells what it has found.
    pub fn end_trace(&self) -> Option<NotFinite> {
        self.0.recorder.trace().take()?.found()
    }

    fn gather_profile(&self) -> Result<(), Error> {
        let timings = self.0.device.take_profile()?;
        self.0.profile.lock().unwrap_or_else(PoisonError::into_inner).extend(timings);
        Ok(())
    }
}

impl std::fmt::Debug for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gpu on {}", self.adapter())
    }
}
