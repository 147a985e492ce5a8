//! Pictures of any size through a generator: whole, or in bands where they would not fit.

use std::{iter::successors, path::PathBuf};

use image::RgbImage;

use super::{
    Error,
    generator::{Direction, Generator, STRIDE},
    report::sheet::{picture, to_bytes},
};
use crate::{
    gpu::{AdapterKind, Gpu, Options, available_memory},
    nn::{
        Layer, Module, Sequential,
        bands::{self, Cost},
        parameter_count,
    },
    ops::elementwise::unpack_bytes,
};

/// Whether a picture is computed in bands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tile {
    /// Where it would not fit otherwise.
    #[default]
    Auto,
    /// Always, as high as suits the memory.
    Bands,
    /// Always, of so many rows of the picture.
    Rows(usize),
}

/// How a picture will be computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// [height, width] of the picture.
    pub size: [usize; 2],
    /// The same with what is added below and on the right, so that the network takes it.
    pub padded: [usize; 2],
    /// Rows of a band of the picture; `None` where it is computed whole.
    pub rows: Option<usize>,
    /// What it takes.
    pub cost: Cost,
    /// What it would take whole.
    pub whole: Cost,
    /// Bytes of host memory in all, pictures and weights included, and the device's where that is the same.
    pub memory: u64,
}

/// Draws pictures with one generator.
pub struct Stylist {
    options: Options,
    weights: PathBuf,
    direction: Direction,
    gpu: Gpu,
    generator: Generator,
    tile: Tile,
    drawn: Option<[usize; 2]>,
}

/// Of what is available, the part that is planned with: the rest is for what cannot be foreseen.
const PLANNED: f64 = 0.85;

/// What bands take of the device where it has more: larger ones are hardly faster.
const COMFORT: u64 = 1 << 30;

/// Bytes per second to the device and back, about: of a bus, and of memory that is copied several times.
const SPEED: f64 = 2e9;

/// The program itself, its kernels and its tables (measured).
const PROGRAM: u64 = 96 << 20;

impl Stylist {
    /// Opens a device, and the weights on it.
    ///
    /// # Errors
    /// When either cannot be had.
    pub fn open(options: Options, weights: PathBuf, direction: Direction, tile: Tile) -> Result<Self, Error> {
        let gpu = Gpu::open(&options)?;
        let generator = Generator::open(&gpu, &weights, direction)?;
        gpu.finish()?;
        Ok(Self { options, weights, direction, gpu, generator, tile, drawn: None })
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// What the weights were taken for, in words.
    pub fn about(&self) -> &str {
        &self.generator.about
    }

    /// How a picture of [height, width] will be computed.
    ///
    /// # Errors
    /// When it does not fit, even in bands: the sentence says which size does.
    pub fn plan(&self, size: [usize; 2]) -> Result<Plan, Error> {
        self.plan_within(size, self.memory())
    }

    /// The same with so many bytes of host memory, which on the CPU is the device's too.
    ///
    /// # Errors
    /// As [`Stylist::plan`].
    pub fn plan_within(&self, size: [usize; 2], memory: u64) -> Result<Plan, Error> {
        if let Some(plan) = self.fitting(size, memory) {
            return Ok(plan);
        }
        let smallest = self.planned(size, Some(1));
        let long = size[0].max(size[1]);
        let scaled = |to: usize| size.map(|side| (side * to / long).max(1));
        let fits = |to: &usize| self.fitting(scaled(*to), memory).is_some();
        // The largest of sizes that are an eighth apart.
        let mut sizes = successors(Some(long * 7 / 8), |long| Some(long * 7 / 8)).take_while(|long| *long >= 32);
        let advice = match sizes.find(fits) {
            Some(long) => format!("--long-side {long} would"),
            None => "close other programs, or choose another --adapter".to_owned(),
        };
        let limit = self.gpu.adapter().limits.binding_bytes;
        Err(Error::Config(match smallest.cost.largest > limit {
            true => format!(
                "a picture of {}×{} pixels does not fit the adapter even in bands of one row ({} at once, of which {} \
                 can be bound); {advice}",
                size[1],
                size[0],
                bytes(smallest.cost.largest),
                bytes(limit)
            ),
            false => format!(
                "a picture of {}×{} pixels needs {} of memory even in bands, and {} can be had; {advice}",
                size[1],
                size[0],
                bytes(smallest.memory),
                bytes(memory)
            ),
        }))
    }

    /// Draws a picture as planned. `progress` is called [`Cost::bands`] times.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// When the plan is for another size.
    pub fn draw(&mut self, source: &RgbImage, plan: &Plan, progress: &dyn Fn()) -> Result<RgbImage, Error> {
        let [height, width] = plan.size;
        assert_eq!(source.dimensions(), (width as u32, height as u32), "the plan is for another picture");
        self.renew(plan)?;
        let pixels = padded(source, plan.padded);
        let Generator { network, tape, .. } = &self.generator;
        let mut drawn = Vec::with_capacity(pixels.len());
        let [h, w] = plan.padded;
        match plan.rows {
            None => {
                let x = tape.constant(unpack_bytes(&self.gpu, [1, h, w, 3], &pixels));
                drop(pixels);
                let y = tape.no_grad(|| network.forward(&x));
                drop(x);
                drawn = to_bytes(&y.value().to_vec()?);
                progress();
            }
            Some(rows) => {
                let values = pixels.iter().map(|byte| f32::from(*byte) / 127.5 - 1.0).collect();
                drop(pixels);
                let layers = layers(network);
                let mut each = |_, band: Vec<f32>| drawn.extend(to_bytes(&band));
                bands::forward(tape, &layers, values, [h, w, 3], rows, &mut each, progress)?;
            }
        }
        self.drawn = Some(plan.padded);
        let kept: Vec<u8> = drawn.chunks_exact(3 * w).take(height).flat_map(|row| &row[..3 * width]).copied().collect();
        Ok(picture(&kept, plan.size))
    }

    /// The same for a frame of a video, bytes `[height, width, 3]`.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// When the plan is for another size.
    pub fn draw_frame(&mut self, frame: Vec<u8>, plan: &Plan) -> Result<Vec<u8>, Error> {
        let [height, width] = plan.size;
        let source = RgbImage::from_raw(width as u32, height as u32, frame).expect("a frame has the plan's size");
        Ok(self.draw(&source, plan, &|| {})?.into_raw())
    }

    /// A device keeps the memory that it has had, in pieces that suit pictures of one size. On the CPU a new one costs
    /// next to nothing, so there each size has its own, and the memory is what was told.
    fn renew(&mut self, plan: &Plan) -> Result<(), Error> {
        let other = self.drawn.is_some_and(|before| before != plan.padded);
        if other && self.gpu.adapter().kind == AdapterKind::Native {
            self.gpu = Gpu::open(&self.options)?;
            self.generator = Generator::open(&self.gpu, &self.weights, self.direction)?;
            self.gpu.finish()?;
        }
        Ok(())
    }

    /// Bytes of host memory that can be had, this device's own included where it is given back.
    fn memory(&self) -> u64 {
        let own = if self.gpu.adapter().kind == AdapterKind::Native { self.gpu.memory().bytes } else { 0 };
        (PLANNED * available_memory().saturating_add(own) as f64) as u64
    }

    /// The best plan that fits so much host memory, and the adapter.
    fn fitting(&self, size: [usize; 2], memory: u64) -> Option<Plan> {
        let limit = self.gpu.adapter().limits.binding_bytes;
        let fits = |plan: &Plan| plan.cost.largest <= limit && plan.memory <= memory;
        let heights = successors(Some(1024), |rows| Some(rows / 2)).take_while(|rows| *rows > 0);
        let heights = heights.filter(|rows| *rows < size[0].max(2));
        match self.tile {
            Tile::Rows(rows) => Some(self.planned(size, Some(rows))).filter(fits),
            Tile::Auto => {
                let whole = self.planned(size, None);
                if fits(&whole) {
                    return Some(whole);
                }
                self.in_bands(size, heights, &fits)
            }
            Tile::Bands => self.in_bands(size, heights, &fits),
        }
    }

    /// In the highest bands that fit and are no larger than needed.
    fn in_bands(
        &self,
        size: [usize; 2],
        heights: impl Iterator<Item = usize>,
        fits: &dyn Fn(&Plan) -> bool,
    ) -> Option<Plan> {
        let mut plans = heights.map(|rows| self.planned(size, Some(rows)));
        let comfortable = |plan: &Plan| plan.cost.device + plan.cost.staging <= COMFORT || plan.rows == Some(1);
        plans.find(|plan| comfortable(plan) && fits(plan))
    }

    /// The plan for bands of so many rows, or for the whole.
    fn planned(&self, size: [usize; 2], rows: Option<usize>) -> Plan {
        let least = self.generator.least_side();
        let padded = size.map(|side| side.max(least).next_multiple_of(STRIDE));
        let [h, w] = padded;
        let layers = layers(&self.generator.network);
        let whole = bands::whole(&layers, [h, w, 3]);
        let cost = rows.map_or(whole, |rows| bands::in_bands(&layers, [h, w, 3], rows));
        // On the device, packed for a kernel, and twice more while they are read.
        let weights = 4 * 4 * parameter_count(&self.generator.network) as u64;
        // The picture as it was read, with its opacity, padded, drawn, cropped and written; and as numbers.
        let pictures = 24 * (h * w) as u64;
        let host = if self.gpu.adapter().kind.is_cpu() { cost.memory() + weights } else { cost.held + cost.staging };
        Plan { size, padded, rows, cost, whole, memory: host + pictures + PROGRAM }
    }
}

impl Plan {
    /// What it takes, for a person.
    pub fn describe(&self) -> String {
        let Self { size: [height, width], cost, whole, .. } = self;
        let memory = format!("{width}×{height} pixels, about {} of memory", bytes(self.memory));
        let Some(rows) = self.rows else { return format!("{memory}, computed whole") };
        let more = (100.0 * (cost.flops / whole.flops - 1.0)).max(0.0);
        let seconds = cost.moved as f64 / SPEED;
        format!(
            "{memory}, in bands of {rows} rows ({} bands in all passes): {} of activations wait in memory and {} on \
             the device; {} are carried to and fro, which takes about {seconds:.0} s, and {more:.0} % is computed \
             twice",
            cost.bands,
            bytes(cost.held),
            bytes(cost.device),
            bytes(cost.moved)
        )
    }
}

/// The layers of a generator.
fn layers(network: &Sequential) -> Vec<Layer<'_>> {
    network.structure().expect("generators are made of layers that can be computed in bands")
}

/// Bytes for a person.
fn bytes(count: u64) -> String {
    let mib = count as f64 / f64::from(1 << 20);
    if mib < 1024.0 { format!("{:.0} MiB", mib.ceil()) } else { format!("{:.1} GiB", mib / 1024.0) }
}

/// The bytes of a picture with mirror images of it below and on the right.
fn padded(picture: &RgbImage, [height, width]: [usize; 2]) -> Vec<u8> {
    let (w, h) = (picture.width() as usize, picture.height() as usize);
    let row = |y: usize| &picture.as_raw()[3 * w * mirrored(y, h)..][..3 * w];
    let mut bytes = Vec::with_capacity(3 * height * width);
    for y in 0..height {
        bytes.extend_from_slice(row(y));
        for x in w..width {
            let x = 3 * mirrored(x, w);
            bytes.extend_from_slice(&row(y)[x..x + 3]);
        }
    }
    bytes
}

/// The place that a place beyond the end shows, going to and fro without repeating the ends.
fn mirrored(place: usize, len: usize) -> usize {
    if len == 1 {
        return 0;
    }
    let place = place % (2 * (len - 1));
    place.min(2 * (len - 1) - place)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::{bytes, mirrored, padded};

    #[test]
    fn places_go_to_and_fro() {
        assert_eq!((0..8).map(|i| mirrored(i, 3)).collect::<Vec<_>>(), [0, 1, 2, 1, 0, 1, 2, 1]);
        assert_eq!([mirrored(0, 1), mirrored(5, 1), mirrored(4, 4)], [0, 0, 2]);
    }

    #[test]
    fn a_picture_is_mirrored_below_and_on_the_right() {
        let picture = RgbImage::from_fn(2, 2, |x, y| Rgb([(10 * y + x) as u8; 3]));
        let red: Vec<u8> = padded(&picture, [3, 4]).chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(red, [0, 1, 0, 1, 10, 11, 10, 11, 0, 1, 0, 1]);
    }

    #[test]
    fn bytes_are_rounded_up() {
        assert_eq!(bytes(1), "1 MiB");
        assert_eq!(bytes(3 << 29), "1.5 GiB");
    }
}
