//! What a run's memory is held against.

use super::{Plan, size};
use crate::{
    gpu::{Gpu, available_memory},
    train::config::RunConfig,
};

/// Bytes that there is room for, where anybody knows.
pub(super) struct Room {
    /// On the device, which on a CPU is the machine's memory.
    pub device: Option<u64>,
    /// In the machine's memory.
    pub host: Option<u64>,
    /// Who says so of the device.
    account: &'static str,
}

impl Room {
    /// Of a device, as `--memory` says, else as its driver or the machine does.
    pub fn of(gpu: &Gpu, config: &RunConfig) -> Self {
        let host = Some(available_memory()).filter(|bytes| *bytes < u64::MAX);
        let (device, account) = match config.memory {
            Some(told) => (Some(told), "as --memory says"),
            None if gpu.adapter().kind.is_cpu() => (host, "free on this machine (--memory says otherwise)"),
            None => (gpu.available_memory(), "by its driver's account (--memory says otherwise)"),
        };
        Self { device, host, account }
    }

    /// Whether so much is more than the device has.
    pub fn is_below(&self, bytes: u64) -> bool {
        self.device.is_some_and(|room| bytes > room)
    }

    /// Whether a plan fits: all of it in the one memory, or each part in its own.
    pub fn holds(&self, plan: &Plan) -> bool {
        let host = plan.shared || self.host.is_none_or(|room| plan.pictures <= room);
        host && !self.is_below(plan.total())
    }
}

/// The room in words.
impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.device {
            Some(bytes) => write!(f, "there are {} {}", size(bytes), self.account)?,
            None => f.write_str("the driver does not tell how much there is (--memory does)")?,
        }
        match self.host.filter(|host| self.device != Some(*host)) {
            Some(bytes) => write!(f, ", and {} free on this machine", size(bytes)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Room};

    #[test]
    fn a_plan_fits_where_each_memory_has_room_for_its_part() {
        let of = |shared| Plan {
            parameters: 40,
            gradients: 20,
            moments: 20,
            averages: 0,
            workspace: 20,
            pictures: 50,
            shared,
        };
        let room = |device, host| Room { device: Some(device), host: Some(host), account: "" };
        assert!(room(100, 50).holds(&of(false)) && !room(99, 50).holds(&of(false)));
        assert!(!room(100, 49).holds(&of(false)), "the pictures do not fit beside the device");
        assert!(room(150, 150).holds(&of(true)) && !room(149, 149).holds(&of(true)));
        assert!(room(150, 10).holds(&of(true)), "--memory has the last word where there is one memory");
        assert!(Room { device: None, host: None, account: "" }.holds(&of(false)), "nobody knows");
    }
}
