// frame: a picture and a larger one around it, the Params of pad2d and crop2d.
struct Frame {
    n: u32,
    h_small: u32,
    w_small: u32,
    h_large: u32,
    w_large: u32,
    c: u32,
    top: u32, // where the small picture begins in the large one
    left: u32,
}
