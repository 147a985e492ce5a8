//! What can go wrong with a device, as sentences that say what to do.

use super::shader::ShaderError;

/// A failure of the adapter or the device. Shapes are not here: a wrong shape is a bug and panics.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is nothing to choose an adapter from.
    #[error("no adapter was found. Install your GPU's driver")]
    NoAdapter,
    /// `--adapter` named something that is not there.
    #[error(
        "no adapter matches '{wanted}'. These are here:\n{known}\nPass --adapter with an index or a part of a name"
    )]
    UnknownAdapter {
        /// What was asked for.
        wanted: String,
        /// The adapters that exist, a line each.
        known: String,
    },
    /// The adapter would not give us a device.
    #[error("the adapter '{adapter}' refused a device: {reason}. Update its driver, or choose another with --adapter")]
    Refused {
        /// The adapter's name.
        adapter: String,
        /// The driver's words.
        reason: String,
    },
    /// A single tensor is larger than the adapter can bind.
    #[error(
        "a tensor of {mib} MiB is larger than the {limit_mib} MiB that this adapter can bind at once. \
         Use a smaller --batch or --size"
    )]
    TooLarge {
        /// Size asked for, in MiB.
        mib: u64,
        /// Largest binding, in MiB.
        limit_mib: u64,
    },
    /// The device's memory is full.
    #[error(
        "the device is out of memory ({mib} MiB more were asked for, {used_mib} MiB are in use). \
         Use a smaller --batch or --size, or close other programs that use the GPU"
    )]
    OutOfMemory {
        /// Size asked for, in MiB.
        mib: u64,
        /// Already allocated by us, in MiB.
        used_mib: u64,
    },
    /// The device's memory was full when the driver needed some itself, of which it does not tell the size.
    #[error(
        "the device ran out of memory while it worked. \
         Use a smaller --batch or --size, or close other programs that use the GPU"
    )]
    Exhausted,
    /// The device went away (driver reset, unplugged, a job killed for taking too long).
    #[error(
        "the device was lost: {reason}. {}Training can go on from its last checkpoint with --resume",
        advice(.reason)
    )]
    Lost {
        /// The driver's words.
        reason: String,
    },
    /// The device did not answer.
    #[error(
        "the device did not answer for {seconds} s. Another program may hold it, or the driver hangs; \
         training can go on from its last checkpoint with --resume"
    )]
    Timeout {
        /// How long we waited.
        seconds: u64,
    },
    /// The driver failed at something that it should be able to do.
    #[error(
        "the driver could not compile or execute a kernel: {reason}. Update it, or choose another adapter with \
         --adapter"
    )]
    Driver {
        /// The driver's words.
        reason: String,
    },
    /// The driver found a fault in our commands: a bug of ours.
    #[error("the device rejected a command, which is a bug in sumi; please report it with this text: {reason}")]
    Validation {
        /// The validation message.
        reason: String,
    },
    /// The kernel asks for something the adapter does not have.
    #[error("kernel '{kernel}' needs {needs}, which the adapter '{adapter}' does not have")]
    Unsupported {
        /// The kernel's name.
        kernel: String,
        /// What it needs.
        needs: String,
        /// The adapter's name.
        adapter: String,
    },
    /// No such variant of the kernel was compiled for the CPU.
    #[error(
        "kernel '{kernel}'{variant} was not compiled for {level}, which is a bug in sumi. Add this variant to \
         shaders/variants.toml and build again, or choose another adapter with --adapter"
    )]
    NotCompiled {
        /// The kernel's name.
        kernel: String,
        /// ` with NAME = value, …`: its `override` constants as they were asked for; empty when there were none.
        variant: String,
        /// The instruction set.
        level: String,
    },
    /// The native adapter was to be opened checked, in a build without checked kernels.
    #[error(
        "the adapter '{adapter}' has no checked kernels in this build: they come with the feature `checked` of \
         sumi-native, which tests switch on"
    )]
    NothingChecked {
        /// The adapter's name.
        adapter: String,
    },
    /// A checked device found a write past the end of a tensor.
    #[error("a kernel wrote past the end of a tensor of {bytes} bytes, which is a bug in sumi")]
    Overrun {
        /// The tensor's size.
        bytes: u64,
    },
    /// A shader did not compile: a bug of ours, named by file and line.
    #[error(transparent)]
    Shader(#[from] ShaderError),
}

/// What else to do about a device that was lost: a driver that runs out of memory may lose it without another word.
fn advice(reason: &str) -> &'static str {
    if reason.to_lowercase().contains("memory") { "Use a smaller --batch or --size. " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::Error;

    #[test]
    fn a_device_lost_for_want_of_memory_advises_a_smaller_batch() {
        let lost = |reason: &str| Error::Lost { reason: reason.into() }.to_string();
        assert!(lost("Not enough Memory left").contains("--batch"));
        assert!(!lost("reset by the driver").contains("--batch"));
    }
}
