//! Timestamps around every launch, for profiles.

use wgpu::{BufferUsages, Features};

use super::device::poll;
use crate::gpu::{Timing, Work};

/// Launches that one query set can time.
const LAUNCHES: u32 = 1024;

/// Times launches with the device's clock. A profile waits for each command buffer, so it is not for training at speed.
pub(super) struct Timer {
    device: wgpu::Device,
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    readable: wgpu::Buffer,
    seconds_per_tick: f64,
    launches: Vec<(&'static str, Work)>,
    done: Vec<Timing>,
}

impl Timer {
    /// `None` when the adapter has no timestamps.
    pub(super) fn new(device: &wgpu::Device, queue: &wgpu::Queue) -> Option<Self> {
        if !device.features().contains(Features::TIMESTAMP_QUERY) {
            return None;
        }
        let count = 2 * LAUNCHES;
        let buffer = |usage| {
            let size = u64::from(count) * 8;
            device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        Some(Self {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count,
            }),
            resolved: buffer(BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC),
            readable: buffer(BufferUsages::COPY_DST | BufferUsages::MAP_READ),
            seconds_per_tick: f64::from(queue.get_timestamp_period()) * 1e-9,
            device: device.clone(),
            launches: Vec::new(),
            done: Vec::new(),
        })
    }

    pub(super) fn is_full(&self) -> bool {
        self.launches.len() as u32 == LAUNCHES
    }

    /// A pass of its own for one launch, timed from its beginning to its end. Every adapter that has timestamps has
    /// them there; inside a pass some have none.
    pub(super) fn pass(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        name: &'static str,
        work: Work,
    ) -> wgpu::ComputePass<'static> {
        let first = 2 * self.launches.len() as u32;
        self.launches.push((name, work));
        let timestamp_writes = Some(wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(first),
            end_of_pass_write_index: Some(first + 1),
        });
        encoder
            .begin_compute_pass(&wgpu::ComputePassDescriptor { label: Some(name), timestamp_writes })
            .forget_lifetime()
    }

    /// Records at the end of a command buffer that its timestamps are to be read.
    pub(super) fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        let count = 2 * self.launches.len() as u32;
        if count > 0 {
            encoder.resolve_query_set(&self.queries, 0..count, &self.resolved, 0);
            encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.readable, 0, u64::from(count) * 8);
        }
    }

    /// Waits for the command buffer and takes its times in.
    pub(super) fn collect(&mut self) {
        if self.launches.is_empty() {
            return;
        }
        let bytes = self.launches.len() as u64 * 16;
        self.readable.slice(..bytes).map_async(wgpu::MapMode::Read, |_| ());
        let timeout = Some(std::time::Duration::from_secs(60));
        // A device that failed has no times to give; the failure itself is reported by the next call.
        let _ = poll(&self.device, wgpu::PollType::Wait { submission_index: None, timeout });
        if let Ok(view) = self.readable.slice(..bytes).get_mapped_range() {
            let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&view);
            for (launch, (kernel, work)) in self.launches.iter().enumerate() {
                let seconds = ticks[2 * launch + 1].saturating_sub(ticks[2 * launch]) as f64 * self.seconds_per_tick;
                self.done.push(Timing { kernel, seconds, work: *work });
            }
        }
        self.readable.unmap();
        self.launches.clear();
    }

    pub(super) fn take(&mut self) -> Vec<Timing> {
        std::mem::take(&mut self.done)
    }
}
