//! What a driver has compiled, kept from one run to the next, so that the second start is quick.

use crate::gpu::Cache;

/// A driver's cache of pipelines, and the file it comes from. It is written when the device goes.
pub(super) struct Kept {
    cache: wgpu::PipelineCache,
    folder: Cache,
    name: String,
    /// Bytes that came from the file.
    before: usize,
}

impl Kept {
    /// The cache for an adapter; `None` where its driver has none to be kept.
    #[expect(unsafe_code, reason = "wgpu cannot know where the bytes come from")]
    pub(super) fn open(device: &wgpu::Device, info: &wgpu::AdapterInfo, folder: Cache) -> Option<Self> {
        let name = wgpu::util::pipeline_cache_key(info)?;
        let data = folder.kept(&name);
        let descriptor = wgpu::PipelineCacheDescriptor { label: Some("sumi"), data: data.as_deref(), fallback: true };
        // SAFETY: the bytes are those that `get_data` returned to `keep` below, which the checksum in front of them
        // proves; wgpu itself refuses those of another adapter or driver, and begins with an empty cache instead.
        let cache = unsafe { device.create_pipeline_cache(&descriptor) };
        Some(Self { cache, folder, name, before: data.map_or(0, |data| data.len()) })
    }

    /// What pipelines are created with.
    pub(super) fn cache(&self) -> &wgpu::PipelineCache {
        &self.cache
    }
}

impl Drop for Kept {
    /// Keeps what has come to it. A disk that does not take it costs the next start its time, and nothing else.
    fn drop(&mut self) {
        let data = self.cache.get_data().filter(|data| data.len() != self.before);
        if let Some(data) = data {
            let _ = self.folder.keep(&self.name, &data);
        }
    }
}
