//! From planned commands to command buffers: one compute pass as long as only kernels follow each other, one submit as
//! long as it stays short.

use super::{
    device::{WgpuDevice, lock},
    pace,
    pipeline::Pipelines,
    timing::Timer,
};
use crate::gpu::{
    Error,
    device::{Command, PipelineId, Range},
};

/// Every launch's Params get a block of this size in one buffer, bound at an offset. WebGPU guarantees that offsets of
/// 256 bytes are allowed.
const PARAMS_BLOCK: usize = 256;

/// Bind groups that are kept; a training step has a few hundred.
const BOUND_LIMIT: usize = 8192;

/// What identifies a bind group: the kernel, the ranges, and the size of the buffer of Params (it grows at times).
pub(super) type BindKey = (PipelineId, Vec<Range>, u64);

/// The buffer that holds the Params of all launches of a list.
#[derive(Default)]
pub(super) struct Params {
    buffer: Option<wgpu::Buffer>,
    written: Vec<u8>,
}

impl Params {
    /// Gathers the Params of all launches; a list like the last one needs no write.
    fn write(&mut self, device: &WgpuDevice, commands: &[Command]) -> Result<wgpu::Buffer, Error> {
        let mut bytes = Vec::new();
        for command in commands {
            if let Command::Dispatch { params, .. } = command {
                assert!(params.len() <= PARAMS_BLOCK, "Params are larger than their block");
                bytes.extend_from_slice(params);
                bytes.resize(bytes.len().next_multiple_of(PARAMS_BLOCK), 0);
            }
        }
        let needed = bytes.len().max(PARAMS_BLOCK) as u64;
        let buffer = match &self.buffer {
            Some(buffer) if buffer.size() >= needed => buffer.clone(),
            _ => {
                let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
                self.written.clear();
                let size = needed.next_power_of_two().max(1 << 16);
                self.buffer.insert(device.memory.create(size, usage)?).clone()
            }
        };
        if !self.written.starts_with(&bytes) {
            device.queue.write_buffer(&buffer, 0, &bytes);
            self.written = bytes;
        }
        Ok(buffer)
    }
}

impl WgpuDevice {
    /// Encodes and submits a list.
    pub(super) fn encode(&self, commands: Vec<Command>) -> Result<(), Error> {
        let mut pipelines = lock(&self.pipelines);
        let mut timer = lock(&self.timer);
        let params = lock(&self.params).write(self, &commands)?;
        let mut stream = Stream::new(self, timer.as_mut());
        let mut reads = Vec::new();
        let mut block = 0;
        for command in commands {
            match command {
                Command::Upload { slot, mut bytes } => {
                    bytes.resize(bytes.len().next_multiple_of(4), 0);
                    self.queue.write_buffer(&self.memory.slot(slot.index), 0, &bytes);
                }
                Command::Fill { slot, word } => {
                    let size = self.memory.slot(slot.index).size();
                    let pattern = self.pattern(size, word)?;
                    stream.encoder().copy_buffer_to_buffer(&pattern, 0, &self.memory.slot(slot.index), 0, size);
                }
                Command::Read { range, ticket } => {
                    let target = lock(&self.reads).buffer(&self.memory, range.bytes)?;
                    let source = self.memory.slot(range.slot.index);
                    stream.encoder().copy_buffer_to_buffer(&source, range.offset, &target, 0, range.bytes);
                    reads.push((ticket, target, range.bytes));
                }
                Command::Dispatch { name, pipeline, ranges, groups, work, .. } => {
                    let group = self.bind_group(&mut pipelines, pipeline, ranges, &params);
                    let compiled = &pipelines.compiled(pipeline).0;
                    stream.launch(name, work, |pass| {
                        pass.set_pipeline(compiled);
                        pass.set_bind_group(0, &group, &[block]);
                        pass.dispatch_workgroups(groups[0], groups[1], groups[2]);
                    });
                    block += PARAMS_BLOCK as u32;
                }
            }
        }
        stream.flush();
        for (ticket, buffer, bytes) in reads {
            lock(&self.reads).start(ticket, buffer, bytes);
        }
        Ok(())
    }

    fn bind_group(
        &self,
        pipelines: &mut Pipelines,
        pipeline: PipelineId,
        ranges: Vec<Range>,
        params: &wgpu::Buffer,
    ) -> wgpu::BindGroup {
        let key = (pipeline, ranges, params.size());
        if let Some(group) = pipelines.bound.get(&key) {
            return group.clone();
        }
        if pipelines.bound.len() >= BOUND_LIMIT {
            pipelines.bound.clear();
        }
        let buffers: Vec<_> = key.1.iter().map(|range| self.memory.slot(range.slot.index)).collect();
        let block = wgpu::BufferSize::new(PARAMS_BLOCK as u64);
        let mut entries = vec![wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer: params, offset: 0, size: block }),
        }];
        for (position, (range, buffer)) in key.1.iter().zip(&buffers).enumerate() {
            let size = wgpu::BufferSize::new(range.bytes);
            entries.push(wgpu::BindGroupEntry {
                binding: position as u32 + 1,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding { buffer, offset: range.offset, size }),
            });
        }
        let layout = &pipelines.compiled(pipeline).1;
        let group =
            self.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries });
        pipelines.bound.insert(key, group.clone());
        group
    }

    /// A buffer of at least `bytes` full of one word, the source of fills on a checked device.
    fn pattern(&self, bytes: u64, word: u32) -> Result<wgpu::Buffer, Error> {
        let mut pattern = lock(&self.pattern);
        if let Some((buffer, of)) = &*pattern
            && buffer.size() >= bytes
            && *of == word
        {
            return Ok(buffer.clone());
        }
        let size = bytes.next_power_of_two();
        let buffer = self.memory.create(size, wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST)?;
        self.queue.write_buffer(&buffer, 0, bytemuck::cast_slice(&vec![word; size as usize / 4]));
        *pattern = Some((buffer.clone(), word));
        Ok(buffer)
    }
}

/// The command buffer being filled: opens passes and submits by itself.
struct Stream<'a> {
    device: &'a WgpuDevice,
    timer: Option<&'a mut Timer>,
    // Declared before the encoder, so that an open pass ends first.
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    cost: f64,
}

impl<'a> Stream<'a> {
    fn new(device: &'a WgpuDevice, timer: Option<&'a mut Timer>) -> Self {
        Self { device, timer, pass: None, encoder: None, cost: 0.0 }
    }

    /// The encoder, outside of any pass.
    fn encoder(&mut self) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        self.encoder.get_or_insert_with(|| self.device.device.create_command_encoder(&Default::default()))
    }

    fn launch(&mut self, name: &'static str, work: crate::gpu::Work, record: impl FnOnce(&mut wgpu::ComputePass<'_>)) {
        let cost = pace::cost(work);
        let full = self.cost > 0.0 && self.cost + cost > lock(&self.device.pace).budget();
        if full || self.timer.as_ref().is_some_and(|timer| timer.is_full()) {
            self.flush();
        }
        if let Some(timer) = self.timer.take() {
            record(&mut timer.pass(self.encoder(), name, work));
            self.timer = Some(timer);
        } else {
            if self.pass.is_none() {
                let pass = self.encoder().begin_compute_pass(&Default::default()).forget_lifetime();
                self.pass = Some(pass);
            }
            record(self.pass.as_mut().expect("a pass was opened"));
        }
        self.cost += cost;
    }

    /// Submits what has been recorded.
    fn flush(&mut self) {
        self.pass = None;
        let Some(mut encoder) = self.encoder.take() else { return };
        if let Some(timer) = &mut self.timer {
            timer.resolve(&mut encoder);
        }
        self.device.start(encoder, self.cost);
        if let Some(timer) = &mut self.timer {
            timer.collect();
        }
        self.cost = 0.0;
    }
}
