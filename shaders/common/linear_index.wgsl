// linear_index: the place of an invocation in a launch along one dimension.
//
// A launch of more than 65 535 workgroups, WebGPU's limit for one dimension, is folded into rows; this unfolds it.
fn linear_index(group: vec3<u32>, groups: vec3<u32>, lane: u32, width: u32) -> u32 {
    return (group.y * groups.x + group.x) * width + lane;
}
