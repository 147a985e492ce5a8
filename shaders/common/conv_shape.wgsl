// conv_shape: extents and hyper-parameters of a convolution, the Params of every kernel in conv/.
//
// The names are those of the convolution x -> y, also where a kernel goes the other way.
struct ConvShape {
    n: u32,
    h_in: u32,
    w_in: u32,
    c_in: u32,
    h_out: u32,
    w_out: u32,
    c_out: u32,
    k_h: u32,
    k_w: u32,
    stride_h: u32,
    stride_w: u32,
    padding_h: u32,
    padding_w: u32,
    dilation_h: u32,
    dilation_w: u32,
    groups: u32,
    step_h: u32, // stride / gcd(stride, dilation): see first_tap
    step_w: u32,
    has_bias: u32, // the epilogue: see epilogue
    operand: u32,
    slope: f32,
}
