// epilogue: what is done to a result before it is stored, so that no launch of its own need load and store it again.
//
// A bias has been added by then. An element of a tensor of the output's shape, the operand, is added (how = 1), or
// decides in the result's place whether the slope applies (how = 2): the gradient of an activation, where the operand
// is what the activation gave. What is not above 0 is multiplied by the slope: 1 leaves it, 0 is relu.
fn epilogue(value: f32, operand: f32, how: u32, slope: f32) -> f32 {
    let sum = select(value, value + operand, how == 1u);
    let decisive = select(sum, operand, how == 2u);
    return select(slope * sum, sum, decisive > 0.0);
}

// The same for four neighbours.
fn epilogue4(value: vec4<f32>, operand: vec4<f32>, how: u32, slope: f32) -> vec4<f32> {
    let sum = select(value, value + operand, how == 1u);
    let decisive = select(sum, operand, how == 2u);
    return select(slope * sum, sum, decisive > vec4(0.0));
}
