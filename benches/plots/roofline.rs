//! The roofline (Williams, Waterman and Patterson, 2009): how fast each kernel computes against how much it computes
//! for each byte. No kernel can be above the roof: on the left memory holds it down, on the right arithmetic.

use super::{
    canvas::{Anchor, Axes, COLOURS, INK, Labels, Range, number, page},
    results::{Failure, Kernel, Kernels},
};

/// Kinds of kernels by what their names hold; the first that fits counts, and the last takes the rest.
const KINDS: [(&str, &[&str]); 7] = [
    ("weight gradients", &["conv2d_backward_weight"]),
    ("input gradients", &["conv2d_backward_input"]),
    ("convolutions", &["conv2d"]),
    ("matrix products", &["matmul"]),
    ("normalisations", &["norm"]),
    ("optimizers", &["adam", "sgd"]),
    ("elementwise, sums, losses, …", &[""]),
];

/// Kernels that are not work but measure the roofs.
const PROBES: [&str; 2] = ["fma", "copy"];

const SIZE: [u32; 2] = [1240, 720];

pub fn draw(kernels: &Kernels) -> Result<String, Failure> {
    let peak = kernels.peak().ok_or("there is no line of the probe fma: run the bench of all kernels")?;
    let mut rates = kernels.rates();
    rates.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (fastest, _) = *rates.first().ok_or("there is no line of the probe copy: run the bench of all kernels")?;
    let points: Vec<&Kernel> = kernels
        .records
        .iter()
        .filter(|record| record.flops > 0.0 && record.bytes > 0.0 && !PROBES.contains(&record.kernel.as_str()))
        .collect();
    let intensity = |record: &&Kernel| record.flops / record.bytes;
    let ridge = peak / fastest;
    page(SIZE, |canvas| {
        let axes = Axes {
            canvas,
            left: 90,
            top: 60,
            right: 900,
            bottom: 650,
            x: Range::decades(points.iter().map(intensity).chain([ridge])),
            y: Range::decades(points.iter().map(|record| record.gflops()).chain([1.01 * peak])),
        };
        canvas.text(&format!("Roofline: {}", kernels.adapter), (90, 30), Anchor::Left, 20)?;
        axes.draw(&axes.x.ticks(), &axes.y.ticks())?;
        axes.name("flops for each byte of memory", "GFLOP/s")?;

        let mut labels = Labels::default();
        roofs(&axes, &mut labels, peak, &rates)?;
        for record in &points {
            let (x, y) = axes.place(intensity(record), record.gflops());
            labels.keep_free([x - 3, y - 3, x + 3, y + 3]);
            canvas.dot((x, y), 5, COLOURS[kind(&record.kernel)])?;
        }
        // The best of each kernel first: where room is short, the others stay without a name.
        let mut named: Vec<&&Kernel> = points.iter().collect();
        named.sort_by(|a, b| b.gflops().total_cmp(&a.gflops()));
        let mut seen = Vec::new();
        for record in named {
            if !seen.contains(&&record.kernel) {
                seen.push(&record.kernel);
                labels.put(&axes, &record.kernel, axes.place(intensity(record), record.gflops()), 12)?;
            }
        }
        for (row, ((name, _), colour)) in KINDS.iter().zip(COLOURS).enumerate() {
            let y = 80 + 26 * row as i32;
            canvas.dot((930, y), 6, colour)?;
            canvas.text(name, (946, y), Anchor::Left, 15)?;
        }
        Ok(())
    })
}

/// Each rate of memory as a slope, up to the peak of arithmetic.
fn roofs(axes: &Axes<'_, '_>, labels: &mut Labels, peak: f64, rates: &[(f64, &str)]) -> Result<(), Failure> {
    let ([from, to], [low, _]) = (axes.x.ends(), axes.y.ends());
    let canvas = axes.canvas;
    for (number_of, (rate, shape)) in rates.iter().enumerate() {
        let (ridge, start) = (peak / rate, from.max(low / rate));
        let ends = (axes.place(start, start * rate), axes.place(ridge, peak));
        let row = 300 + 30 * number_of as i32;
        for (from, to) in [ends, ((918, row), (944, row))] {
            match number_of {
                0 => canvas.line(vec![from, to], INK, 2)?,
                _ => canvas.dashes(from, to, INK)?,
            }
        }
        // Names stay off the slopes.
        for part in 0..=200 {
            let along = |a: i32, b: i32| a + (b - a) * part / 200;
            let (x, y) = (along(ends.0.0, ends.1.0), along(ends.0.1, ends.1.1));
            labels.keep_free([x - 2, y - 2, x + 2, y + 2]);
        }
        canvas.text(&format!("copy {shape}: {} GB/s", number(*rate)), (952, row), Anchor::Left, 14)?;
    }
    let (left, right) = (axes.place(peak / rates[0].0, peak), axes.place(to, peak));
    canvas.line(vec![left, right], INK, 2)?;
    labels.keep_free([left.0, left.1 - 1, right.0, left.1 + 1]);
    let row = 300 + 30 * rates.len() as i32;
    canvas.line(vec![(918, row), (944, row)], INK, 2)?;
    canvas.text(&format!("fma: {} GFLOP/s", number(peak)), (952, row), Anchor::Left, 14)?;
    Ok(())
}

fn kind(kernel: &str) -> usize {
    let fits = |(_, parts): &(&str, &[&str])| parts.iter().any(|part| kernel.contains(part));
    KINDS.iter().position(fits).unwrap_or(KINDS.len() - 1)
}
