//! Hair of the photographic rendering: each lock is combed with single strands, and each strand takes light for itself.

use super::{
    canvas::{Canvas, Mask},
    colour::{Colour, mix, scale},
    geometry::{Head, Pose},
    hair::Lock,
    light::{Light, Vector, unit},
    path::{Point, floor},
    random::Dice,
};

/// What a head of hair is combed with.
pub struct Brush<'a> {
    /// Whose hair it is.
    pub head: &'a Head,
    /// How the head is held.
    pub pose: &'a Pose,
    /// What it is lit by.
    pub light: &'a Light,
    /// Colour of the hair as a filter of light.
    pub albedo: Colour,
    /// Where each strand falls.
    pub dice: Dice,
}

impl Brush<'_> {
    /// Normal of the head's hair at a place: an ellipsoid above, a cylinder below its middle.
    pub fn normal(&self, p: Point) -> Vector {
        let q = self.pose.unplace(p) - self.head.skull_centre;
        let x = (q.x / (self.head.skull.x * 1.15)).clamp(-1.0, 1.0);
        let y = (q.y / (self.head.skull.y * 1.08)).clamp(-1.0, 0.12);
        let flat = x * x + y * y;
        let k = if flat > 0.96 { (0.96 / flat).sqrt() } else { 1.0 };
        [x * k, y * k, (1.0 - flat * k * k).max(0.0).sqrt()]
    }

    /// Paints a lock: a dark ground, then its strands. `shade` is how much of the key light arrives there.
    pub fn lock(&mut self, canvas: &mut Canvas, lock: &Lock, shade: f32) {
        let mask = Mask::fill(canvas.size, &lock.strip(-1.0, 1.0, 0.0, 0.92));
        let ground = scale(self.albedo, 0.75);
        canvas.blend(&mask, |under, c, p| {
            let n = self.normal(p);
            mix(under, self.light.matte(ground, n, shade, 0.7, 0.0), c)
        });
        let scale_px = canvas.size as f32 / 2.0;
        let widest = lock.half.iter().fold(0.0f32, |a, &b| a.max(b)) * scale_px;
        let count = (widest * 2.6) as usize + 5;
        for _ in 0..count {
            self.strand(canvas, lock, shade);
        }
    }

    fn strand(&mut self, canvas: &mut Canvas, lock: &Lock, shade: f32) {
        let d = &mut self.dice;
        let across = d.range(-1.06, 1.06);
        // Strands of one lock keep together, but not quite.
        let stray = across + d.bell(0.12);
        let tone = d.range(0.72, 1.22) * (1.08 - 0.28 * across * across);
        let jitter = d.bell(0.13) - 0.05;
        let start = d.range(0.0, 0.12);
        let end = d.range(0.91, 1.04);
        let points: Vec<Point> = (0..=12)
            .map(|i| {
                let t = i as f32 / 12.0;
                let along = start + (end - start) * t;
                let p = lock.point(along, across + (stray - across) * t);
                if along > 1.0 { p + (p - lock.point(0.9, stray)) * ((along - 1.0) * 5.0) } else { p }
            })
            .collect();
        let albedo = scale(self.albedo, tone);
        for i in 0..12 {
            let (a, b) = (points[i], points[i + 1]);
            let n = self.normal(a);
            let way = b - a;
            let z = -(n[0] * way.x + n[1] * way.y) / n[2].max(0.3);
            let colour = self.light.strand(albedo, unit([way.x, way.y, z]), n, shade, jitter);
            // Thinner towards the tip.
            let alpha = 0.72 * (1.0 - 0.6 * (i as f32 / 12.0) * (i as f32 / 12.0));
            line(canvas, a, b, colour, alpha);
        }
    }
}

/// A hair-thin line, one pixel broad, laid on with opacity `alpha`.
pub fn line(canvas: &mut Canvas, a: Point, b: Point, colour: Colour, alpha: f32) {
    let half = canvas.size as f32 / 2.0;
    let steps = ((b - a).length() * half * 1.25).ceil().max(1.0) as usize;
    for k in 0..steps {
        let p = a.toward(b, k as f32 / steps as f32);
        let (x, y) = ((p.x + 1.0) * half - 0.5, (p.y + 1.0) * half - 0.5);
        let (i, j) = (floor(x), floor(y));
        let (u, v) = (x - i as f32, y - j as f32);
        for (di, dj, w) in [(0, 0, (1.0 - u) * (1.0 - v)), (1, 0, u * (1.0 - v)), (0, 1, (1.0 - u) * v), (1, 1, u * v)]
        {
            let (i, j) = (i + di, j + dj);
            if i >= 0 && j >= 0 && (i as usize) < canvas.size && (j as usize) < canvas.size {
                let pixel = &mut canvas.pixels[j as usize * canvas.size + i as usize];
                *pixel = mix(*pixel, colour, w * alpha);
            }
        }
    }
}
