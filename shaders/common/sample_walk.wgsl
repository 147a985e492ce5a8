// sample_walk: how pictures are shared out where every sample has numbers of its own.
//
// A sample is a line of elements, walked in steps of one or a few whole pixels: an invocation owns one place of the
// step and therefore meets a single channel, neighbours read neighbours, and what is read lies one behind the other. A
// workgroup owns some neighbouring places and a run of steps, all of one sample.
struct SampleWalk {
    n: u32,      // samples
    length: u32, // elements of a sample, H * W * c
    c: u32,
    groups: u32, // of channels that share their statistics
    step: u32,   // elements of a step, a multiple of c
    run: u32,    // elements of a run, a multiple of step
    has_bias: u32, // the epilogue of group_norm, which takes none: see epilogue
    operand: u32,
    slope: f32,
}

// What a workgroup owns.
struct Stretch {
    n: u32,     // the sample; from walk.n on there is none
    index: u32, // of the run among those of all samples
    place: u32, // the first of its places in the step
    start: u32, // the first element of the run
    end: u32,   // one behind the last
    whole: u32, // steps of the run in which every place has an element; a last one may be shorter
}

fn stretch_of(walk: SampleWalk, workgroup: u32, width: u32) -> Stretch {
    let across = (walk.step + width - 1) / width;
    let runs = (walk.length + walk.run - 1) / walk.run;
    let index = workgroup / across;
    let n = index / runs;
    let start = index % runs * walk.run;
    let end = min(start + walk.run, walk.length);
    let line = n * walk.length;
    return Stretch(n, index, workgroup % across * width, line + start, line + end, (end - start) / walk.step);
}

// The whole part of a / b for numbers up to 2^20. By floats, because processors divide vectors of those at once, and
// integers one by one. The half keeps the quotient so far from the next whole number that rounding does not reach it.
fn quotient(a: u32, b: u32) -> u32 {
    return u32((f32(a) + 0.5) / f32(b));
}
