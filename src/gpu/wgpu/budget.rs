//! What memory a driver still has for us. wgpu does not pass that on, so that Vulkan is asked itself.

#[cfg(not(target_vendor = "apple"))]
use ash::{ext::memory_budget, vk};

/// Bytes that the driver still gives this process of the device's own memory (`VK_EXT_memory_budget`), or where it has
/// no account of that, all that the device has. `None` where it is not a Vulkan driver.
#[cfg(not(target_vendor = "apple"))]
#[expect(unsafe_code, reason = "the calls are those of a C interface")]
pub(super) fn free_memory(device: &wgpu::Device) -> Option<u64> {
    // SAFETY: the device is asked for its handles, and not destroyed; it outlives what is done with them here.
    let device = unsafe { device.as_hal::<wgpu::hal::api::Vulkan>() }?;
    let (shared, physical) = (device.shared_instance(), device.raw_physical_device());
    let instance = shared.raw_instance();
    if shared.instance_api_version() < vk::API_VERSION_1_1 {
        return None;
    }
    // SAFETY: the physical device is one of this instance, as in the other calls below.
    let (of_device, extensions) = unsafe {
        let extensions = instance.enumerate_device_extension_properties(physical);
        (instance.get_physical_device_properties(physical), extensions.ok()?)
    };
    if of_device.api_version < vk::API_VERSION_1_1 {
        return None;
    }
    let keeps_account =
        extensions.iter().any(|extension| extension.extension_name_as_c_str() == Ok(memory_budget::NAME));
    let mut budget = vk::PhysicalDeviceMemoryBudgetPropertiesEXT::default();
    let mut properties = vk::PhysicalDeviceMemoryProperties2::default();
    if keeps_account {
        properties = properties.push_next(&mut budget);
    }
    // SAFETY: as above, and the structure behind the first is one that this driver knows.
    unsafe { instance.get_physical_device_memory_properties2(physical, &mut properties) };
    let properties = properties.memory_properties;
    let heaps = properties.memory_heaps_as_slice().iter().enumerate();
    let own = heaps.filter(|(_, heap)| heap.flags.contains(vk::MemoryHeapFlags::DEVICE_LOCAL));
    let (place, heap) = own.max_by_key(|(_, heap)| heap.size)?;
    let free = budget.heap_budget[place].saturating_sub(budget.heap_usage[place]);
    Some(if keeps_account { free } else { heap.size })
}

/// Metal's devices tell nothing here.
#[cfg(target_vendor = "apple")]
pub(super) fn free_memory(_: &wgpu::Device) -> Option<u64> {
    None
}
