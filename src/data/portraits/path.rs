//! Points, curves and closed outlines, in frame units: x to the right and y down, each from -1 to 1.
//! Only `+ - * / sqrt` are used, whose results IEEE 754 fixes, so that a picture is the same on every machine.

use std::ops::{Add, Mul, Sub};

/// A point, or a vector, in the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Down.
    pub y: f32,
}

/// The point (x, y).
pub const fn at(x: f32, y: f32) -> Point {
    Point { x, y }
}

impl Add for Point {
    type Output = Point;
    fn add(self, o: Point) -> Point {
        at(self.x + o.x, self.y + o.y)
    }
}

impl Sub for Point {
    type Output = Point;
    fn sub(self, o: Point) -> Point {
        at(self.x - o.x, self.y - o.y)
    }
}

impl Mul<f32> for Point {
    type Output = Point;
    fn mul(self, k: f32) -> Point {
        at(self.x * k, self.y * k)
    }
}

impl Point {
    /// The point `t` of the way to `other`.
    pub fn toward(self, other: Point, t: f32) -> Point {
        self + (other - self) * t
    }

    /// Euclidean length.
    pub fn length(self) -> f32 {
        (self.x * self.x + self.y * self.y).sqrt()
    }

    /// The vector of length 1 a quarter turn from this one; zero stays zero.
    pub fn normal(self) -> Point {
        let length = self.length().max(1e-9);
        at(-self.y / length, self.x / length)
    }
}

/// sin(2 pi x) by a refined parabola, within 0.001.
pub fn wave(x: f32) -> f32 {
    let phase = x - floor(x) as f32;
    let (u, sign) = if phase < 0.5 { (phase * 2.0, 1.0) } else { (phase * 2.0 - 1.0, -1.0) };
    let arch = 4.0 * u * (1.0 - u);
    sign * arch * (0.775 + 0.225 * arch)
}

/// The largest whole number not above `x`, for |x| < 2^31; in one instruction, where `f32::floor` may be a call.
pub fn floor(x: f32) -> i32 {
    let cut = x as i32;
    if cut as f32 > x { cut - 1 } else { cut }
}

/// 0 below `low`, 1 above `high`, a smooth step between.
pub fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// `segments + 1` points of the cubic Bezier curve with control points `p`.
pub fn cubic(p: [Point; 4], segments: usize) -> Vec<Point> {
    (0..=segments)
        .map(|i| {
            let t = i as f32 / segments as f32;
            let s = 1.0 - t;
            p[0] * (s * s * s) + p[1] * (3.0 * s * s * t) + p[2] * (3.0 * s * t * t) + p[3] * (t * t * t)
        })
        .collect()
}

/// The open Catmull-Rom curve through `knots`, `steps` points a span.
pub fn curve(knots: &[Point], steps: usize) -> Vec<Point> {
    let last = knots.len() - 1;
    let mut points = Vec::with_capacity(last * steps + 1);
    for i in 0..last {
        let window = [knots[i.saturating_sub(1)], knots[i], knots[i + 1], knots[(i + 2).min(last)]];
        span(window, steps, &mut points);
    }
    points.push(knots[last]);
    points
}

/// The closed Catmull-Rom curve through `knots`, `steps` points a span.
pub fn closed(knots: &[Point], steps: usize) -> Vec<Point> {
    let n = knots.len();
    let mut points = Vec::with_capacity(n * steps);
    for i in 0..n {
        span([knots[(i + n - 1) % n], knots[i], knots[(i + 1) % n], knots[(i + 2) % n]], steps, &mut points);
    }
    points
}

fn span(w: [Point; 4], steps: usize, points: &mut Vec<Point>) {
    for k in 0..steps {
        let t = k as f32 / steps as f32;
        let slope = (w[2] - w[0]) * 0.5;
        let bend = w[0] - w[1] * 2.5 + w[2] * 2.0 - w[3] * 0.5;
        let twist = (w[1] - w[2]) * 1.5 + (w[3] - w[0]) * 0.5;
        points.push(w[1] + slope * t + bend * (t * t) + twist * (t * t * t));
    }
}

/// The outline of an ellipse whose half axes are the vectors `a` and `b`.
pub fn ellipse(centre: Point, a: Point, b: Point) -> Vec<Point> {
    const STEPS: usize = 28;
    (0..STEPS)
        .map(|i| {
            let turn = i as f32 / STEPS as f32;
            centre + a * wave(turn + 0.25) + b * wave(turn)
        })
        .collect()
}

/// The outline of a circle.
pub fn circle(centre: Point, radius: f32) -> Vec<Point> {
    ellipse(centre, at(radius, 0.0), at(0.0, radius))
}

/// The outline of a brush stroke along `line`; `width(t)` is its breadth at the fraction `t` of the points.
pub fn stroke(line: &[Point], width: impl Fn(f32) -> f32) -> Vec<Point> {
    let last = line.len() - 1;
    let side = |sign: f32| {
        line.iter().enumerate().map(move |(i, &p)| {
            let along = line[(i + 1).min(last)] - line[i.saturating_sub(1)];
            (p, along.normal() * sign, i as f32 / last as f32)
        })
    };
    let left = side(0.5).map(|(p, n, t)| p + n * width(t));
    let mut outline: Vec<Point> = left.collect();
    let right: Vec<Point> = side(-0.5).map(|(p, n, t)| p + n * width(t)).collect();
    outline.extend(right.into_iter().rev());
    outline
}

/// The points of a line, moved by `by`.
pub fn shifted(points: &[Point], by: Point) -> Vec<Point> {
    points.iter().map(|&p| p + by).collect()
}
