//! Rasteriser: outlines become masks of exact pixel coverage, and colour is laid on through masks.

use super::{
    colour::{Colour, mix},
    path::{Point, at},
};

/// How much of each pixel a shape covers, 0 to 1, within the box `x0..x1`, `y0..y1` of a square picture; 0 outside it.
#[derive(Clone, Debug)]
pub struct Mask {
    size: usize,
    x0: usize,
    y0: usize,
    x1: usize,
    y1: usize,
    cover: Vec<f32>,
}

impl Mask {
    /// Coverage of the closed `outline` (frame units) on a picture of `size` pixels a side; overlaps count once.
    ///
    /// Each edge adds to the pixels that it crosses the signed area to its right; a running sum along a row turns these
    /// differences into coverage. This is exact for straight edges, whatever their slope.
    pub fn fill(size: usize, outline: &[Point]) -> Mask {
        let half = size as f32 / 2.0;
        let pixel = |p: &Point| at((p.x + 1.0) * half, (p.y + 1.0) * half);
        let (mut low, mut high) = (at(f32::MAX, f32::MAX), at(f32::MIN, f32::MIN));
        for p in outline.iter().map(pixel) {
            low = at(low.x.min(p.x), low.y.min(p.y));
            high = at(high.x.max(p.x), high.y.max(p.y));
        }
        let bound = |v: f32| v.clamp(0.0, size as f32) as usize;
        let (x0, y0) = (bound(low.x.floor()), bound(low.y.floor()));
        let (x1, y1) = (bound(high.x.ceil()).max(x0), bound(high.y.ceil()).max(y0));
        let mut mask = Mask { size, x0, y0, x1, y1, cover: Vec::new() };
        let (width, height) = (x1 - x0, y1 - y0);
        if width == 0 || height == 0 {
            return mask;
        }
        // One spare column takes what an edge in the last column hands on to the right.
        let stride = width + 1;
        mask.cover = vec![0.0; stride * height];
        let origin = at(x0 as f32, y0 as f32);
        for i in 0..outline.len() {
            let (a, b) = (pixel(&outline[i]) - origin, pixel(&outline[(i + 1) % outline.len()]) - origin);
            mask.edge(a, b, width, height);
        }
        for row in 0..height {
            let mut sum = 0.0;
            for x in 0..width {
                sum += mask.cover[row * stride + x];
                mask.cover[row * width + x] = sum.abs().min(1.0);
            }
        }
        mask.cover.truncate(width * height);
        mask
    }

    /// Adds the signed area of the edge `a` to `b` (pixels from the box's corner) to the rows that it crosses.
    fn edge(&mut self, a: Point, b: Point, width: usize, height: usize) {
        if a.y == b.y {
            return;
        }
        let (sign, top, bottom) = if a.y < b.y { (1.0, a, b) } else { (-1.0, b, a) };
        let slope = (bottom.x - top.x) / (bottom.y - top.y);
        let first = top.y.max(0.0);
        let last = bottom.y.min(height as f32);
        if first >= last {
            return;
        }
        let stride = width + 1;
        for row in first as usize..(last.ceil() as usize).min(height) {
            let from = first.max(row as f32);
            let to = last.min(row as f32 + 1.0);
            let drop = sign * (to - from);
            let clamp = |x: f32| x.clamp(0.0, width as f32);
            let enter = clamp(top.x + (from - top.y) * slope);
            let leave = clamp(top.x + (to - top.y) * slope);
            let (left, right) = (enter.min(leave), enter.max(leave));
            let line = &mut self.cover[row * stride..(row + 1) * stride];
            let cell = (left as usize).min(width - 1);
            if right <= cell as f32 + 1.0 {
                // The edge stays within one pixel of this row.
                let share = 1.0 - (0.5 * (left + right) - cell as f32);
                line[cell] += drop * share;
                line[cell + 1] += drop * (1.0 - share);
                continue;
            }
            // Share the drop among the pixels crossed: in each, what lies to the right of the edge is covered.
            let per_pixel = drop / (right - left);
            for x in cell..(right.ceil() as usize).min(width) {
                let (l, r) = (left.max(x as f32), right.min(x as f32 + 1.0));
                let part = per_pixel * (r - l);
                let share = 1.0 - (0.5 * (l + r) - x as f32);
                line[x] += part * share;
                line[x + 1] += part * (1.0 - share);
            }
        }
    }

    /// A mask of zeros over the whole picture.
    pub fn empty(size: usize) -> Mask {
        Mask { size, x0: 0, y0: 0, x1: size, y1: size, cover: vec![0.0; size * size] }
    }

    /// The union of several outlines.
    pub fn union<'a>(size: usize, outlines: impl IntoIterator<Item = &'a [Point]>) -> Mask {
        let mut all = Mask::empty(size);
        for outline in outlines {
            all.add(&Mask::fill(size, outline));
        }
        all
    }

    /// Adds another mask; `self` must span the picture.
    pub fn add(&mut self, other: &Mask) {
        for y in other.y0..other.y1 {
            for x in other.x0..other.x1 {
                let c = &mut self.cover[y * self.size + x];
                *c = 1.0 - (1.0 - *c) * (1.0 - other.get(x, y));
            }
        }
    }

    /// Coverage of the pixel in column `x` of row `y`.
    pub fn get(&self, x: usize, y: usize) -> f32 {
        if x < self.x0 || x >= self.x1 || y < self.y0 || y >= self.y1 {
            return 0.0;
        }
        self.cover[(y - self.y0) * (self.x1 - self.x0) + x - self.x0]
    }

    /// This mask where `clip` covers.
    pub fn within(mut self, clip: &Mask) -> Mask {
        self.weigh(|x, y| clip.get(x, y));
        self
    }

    /// This mask where `hole` does not cover.
    pub fn without(mut self, hole: &Mask) -> Mask {
        self.weigh(|x, y| 1.0 - hole.get(x, y));
        self
    }

    fn weigh(&mut self, weight: impl Fn(usize, usize) -> f32) {
        let width = self.x1 - self.x0;
        for (i, c) in self.cover.iter_mut().enumerate() {
            *c *= weight(self.x0 + i % width, self.y0 + i / width);
        }
    }

    /// The mask spread by three box blurs of about `radius` frame units, close to a Gaussian.
    pub fn blurred(&self, radius: f32) -> Mask {
        let radius = radius * self.size as f32 / 2.0;
        let margin = 3 * (radius as usize + 1);
        let (x0, y0) = (self.x0.saturating_sub(margin), self.y0.saturating_sub(margin));
        let (x1, y1) = ((self.x1 + margin).min(self.size), (self.y1 + margin).min(self.size));
        let (width, height) = (x1 - x0, y1 - y0);
        let mut cover = vec![0.0; width * height];
        for y in self.y0..self.y1 {
            let from = (y - self.y0) * (self.x1 - self.x0);
            let to = (y - y0) * width + self.x0 - x0;
            cover[to..to + self.x1 - self.x0].copy_from_slice(&self.cover[from..from + self.x1 - self.x0]);
        }
        blur(&mut cover, width, radius);
        Mask { size: self.size, x0, y0, x1, y1, cover }
    }
}

/// Blurs a plane of rows of `width` in place: three box passes each way, `radius` pixels; its borders repeat.
pub fn blur(plane: &mut [f32], width: usize, radius: f32) {
    if width == 0 || plane.is_empty() {
        return;
    }
    let height = plane.len() / width;
    let mut other = vec![0.0; plane.len()];
    // Down the columns, a whole row at a time; along the rows the same after turning the plane on its side.
    for (width, height) in [(width, height), (height, width)] {
        for _ in 0..3 {
            box_pass(plane, &mut other, width, radius);
            plane.copy_from_slice(&other);
        }
        for y in 0..height {
            for x in 0..width {
                other[x * height + y] = plane[y * width + x];
            }
        }
        plane.copy_from_slice(&other);
    }
}

/// Averages each column of `plane` over `2 radius + 1` rows, the outermost weighed by the fraction of the radius.
fn box_pass(plane: &[f32], out: &mut [f32], width: usize, radius: f32) {
    let height = plane.len() / width;
    let whole = radius as usize;
    let part = radius - whole as f32;
    let norm = 1.0 / (2.0 * radius + 1.0);
    let row = |y: isize| {
        let y = y.clamp(0, height as isize - 1) as usize;
        &plane[y * width..(y + 1) * width]
    };
    let whole = whole as isize;
    let mut sum = vec![0.0; width];
    for y in -whole..=whole {
        for (s, v) in sum.iter_mut().zip(row(y)) {
            *s += v;
        }
    }
    for (y, out) in out.chunks_exact_mut(width).enumerate() {
        let y = y as isize;
        let (above, below, leaving) = (row(y - whole - 1), row(y + whole + 1), row(y - whole));
        for x in 0..width {
            out[x] = (sum[x] + part * (above[x] + below[x])) * norm;
            sum[x] += below[x] - leaving[x];
        }
    }
}

/// A square picture in the making.
pub struct Canvas {
    /// Pixels a side.
    pub size: usize,
    /// Row by row from the top.
    pub pixels: Vec<Colour>,
}

impl Canvas {
    /// A canvas whose pixel centres take the colour that `colour` gives for their place in frame units.
    pub fn new(size: usize, colour: impl Fn(Point) -> Colour) -> Canvas {
        let pixels = (0..size * size).map(|i| colour(place(size, i % size, i / size))).collect();
        Canvas { size, pixels }
    }

    /// Lays a flat colour on the inside of `outline`.
    pub fn fill(&mut self, outline: &[Point], colour: Colour) {
        self.paint(&Mask::fill(self.size, outline), colour, 1.0);
    }

    /// Lays `colour` through `mask`, with opacity `alpha`.
    pub fn paint(&mut self, mask: &Mask, colour: Colour, alpha: f32) {
        self.shade(mask, alpha, |_| colour);
    }

    /// Lays a colour that depends on the place (frame units) through `mask`, with opacity `alpha`.
    pub fn shade(&mut self, mask: &Mask, alpha: f32, colour: impl Fn(Point) -> Colour) {
        self.blend(mask, |under, c, p| mix(under, colour(p), c * alpha));
    }

    /// Replaces each covered pixel by `blend(old, coverage, place)`.
    pub fn blend(&mut self, mask: &Mask, blend: impl Fn(Colour, f32, Point) -> Colour) {
        let width = mask.x1 - mask.x0;
        for (i, &c) in mask.cover.iter().enumerate() {
            if c > 0.0 {
                let (x, y) = (mask.x0 + i % width, mask.y0 + i / width);
                let pixel = &mut self.pixels[y * self.size + x];
                *pixel = blend(*pixel, c, place(self.size, x, y));
            }
        }
    }

    /// The picture in 8 bits a channel.
    pub fn into_image(self) -> image::RgbImage {
        let size = self.size as u32;
        image::RgbImage::from_fn(size, size, |x, y| {
            let p = self.pixels[y as usize * self.size + x as usize];
            image::Rgb(p.map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8))
        })
    }
}

/// Centre of a pixel in frame units.
pub fn place(size: usize, x: usize, y: usize) -> Point {
    let unit = 2.0 / size as f32;
    at((x as f32 + 0.5) * unit - 1.0, (y as f32 + 0.5) * unit - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coverage is area: a shape that no pixel grid fits must still sum to it.
    #[test]
    fn coverage_sums_to_the_area() {
        let triangle = [at(-0.63, -0.71), at(0.57, -0.22), at(-0.11, 0.83)];
        let want = 0.5 * ((0.57 + 0.63) * (0.83 + 0.71) - (-0.11 + 0.63) * (-0.22 + 0.71));
        for size in [16, 33, 64] {
            let mask = Mask::fill(size, &triangle);
            let got = mask.cover.iter().sum::<f32>() * 4.0 / (size * size) as f32;
            assert!((got - want).abs() < 1e-4, "size {size}: area {got}, want {want}");
        }
    }

    #[test]
    fn a_shape_that_leaves_the_picture_is_cut_at_its_edge() {
        let square = [at(-3.0, -3.0), at(0.0, -3.0), at(0.0, 0.5), at(-3.0, 0.5)];
        let mask = Mask::fill(8, &square);
        for y in 0..8 {
            for x in 0..8 {
                let want = if x < 4 && y < 6 { 1.0 } else { 0.0 };
                assert!((mask.get(x, y) - want).abs() < 1e-6, "({x}, {y}): {} not {want}", mask.get(x, y));
            }
        }
    }

    #[test]
    fn blur_keeps_the_total() {
        let mut plane = vec![0.0; 32 * 32];
        plane[16 * 32 + 16] = 1.0;
        blur(&mut plane, 32, 1.7);
        assert!((plane.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        assert!(plane[16 * 32 + 16] < 0.2);
    }
}
