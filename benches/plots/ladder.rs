//! The ladder: the same work by each form of a kernel, from the one that is the formula to the best, in percent of what
//! the adapter was measured to be able to.

use plotters::style::RGBColor;

use super::{
    canvas::{Anchor, Axes, COLOURS, Range, number, page},
    results::{Failure, Kernel, Kernels},
};

/// What is shown on all its rungs.
const OPS: [&str; 4] = ["matmul", "conv2d", "conv2d_backward_input", "conv2d_backward_weight"];

const BAR: i32 = 22;
/// Pixels from one op to the next, its bars left out.
const GAP: i32 = 22;
const TOP: i32 = 64;

/// An op, and its kernels, the slowest first.
struct Ladder<'a> {
    op: &'a str,
    shape: &'a str,
    rungs: Vec<&'a Kernel>,
}

pub fn draw(kernels: &Kernels) -> Result<String, Failure> {
    let peak = kernels.peak().ok_or("there is no line of the probe fma: run the bench of all kernels")?;
    let ladders: Vec<_> = OPS.iter().filter_map(|op| ladder(kernels, op)).collect();
    let height: i32 = ladders.iter().map(|ladder| ladder.rungs.len() as i32 * BAR + GAP + 20).sum();
    let bottom = TOP + height.max(60);
    page([1000, (bottom + 70) as u32], |canvas| {
        let axes = Axes {
            canvas,
            left: 270,
            top: TOP,
            right: 860,
            bottom,
            x: Range::linear(0.0, 100.0),
            y: Range::linear(0.0, 1.0),
        };
        canvas.text(&format!("Ladders: {}", kernels.adapter), (20, 30), Anchor::Left, 20)?;
        axes.draw(&[0.0, 20.0, 40.0, 60.0, 80.0, 100.0], &[])?;
        let measured = format!("% of the probe fma, {} GFLOP/s", number(peak));
        canvas.text(&measured, (565, bottom + 40), Anchor::Middle, 15)?;
        let mut y = TOP + 8;
        for Ladder { op, shape, rungs } in &ladders {
            canvas.text(&format!("{op} {shape}"), (axes.left + 8, y + 10), Anchor::Left, 14)?;
            y += 24;
            for rung in rungs {
                let percent = 100.0 * rung.gflops() / peak;
                let (end, _) = axes.place(percent.min(100.0), 0.0);
                canvas.bar((axes.left + 1, y), (end.max(axes.left + 2), y + BAR - 5), colour(&rung.kernel))?;
                let middle = y + (BAR - 5) / 2;
                canvas.text(&rung.kernel, (axes.left - 8, middle), Anchor::Right, 14)?;
                let reached = format!("{} %, {} GFLOP/s", number(percent), number(rung.gflops()));
                // Behind the bar, or where that is long within it.
                let (x, anchor) = if percent > 75.0 { (end - 8, Anchor::Right) } else { (end + 8, Anchor::Left) };
                canvas.text(&reached, (x, middle), anchor, 13)?;
                y += BAR;
            }
            y += GAP - 4;
        }
        Ok(())
    })
}

/// Each technique has a colour of its own; those to come share the grey.
fn colour(kernel: &str) -> RGBColor {
    let known = ["naive", "tiled", "lanes", "panels"];
    known.iter().position(|technique| kernel.ends_with(technique)).map_or(COLOURS[6], |place| COLOURS[place])
}

/// The rungs of an op: all its kernels at the shape of its first, the naive one.
fn ladder<'a>(kernels: &'a Kernels, op: &'a str) -> Option<Ladder<'a>> {
    let first = kernels.records.iter().find(|record| record.kernel == format!("{op}_naive"))?;
    let technique = |kernel: &str| kernel.strip_prefix(op)?.strip_prefix('_').map(|rest| !rest.contains("backward"));
    let of_op = |record: &&Kernel| technique(&record.kernel) == Some(true) && record.shape == first.shape;
    let mut rungs: Vec<&Kernel> = Vec::new();
    for record in kernels.records.iter().filter(of_op) {
        // One that also helps another op, at the same shape, was seen already.
        if rungs.iter().all(|rung| rung.kernel != record.kernel) {
            rungs.push(record);
        }
    }
    rungs.sort_by(|a, b| a.gflops().total_cmp(&b.gflops()));
    Some(Ladder { op, shape: &first.shape, rungs })
}
