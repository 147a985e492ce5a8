//! The relief of a face: how far its skin stands out towards the viewer at each pixel, and what follows from that for
//! light.

use super::{
    attributes::{Expression, Portrait},
    canvas::{blur, place},
    geometry::{Head, Pose},
    light::{Vector, unit},
    path::{Point, smooth},
};

/// Height of the skin over the picture's pixels.
pub struct Relief {
    size: usize,
    height: Vec<f32>,
    /// The height, blurred: what the skin around a place is like.
    around: Vec<f32>,
}

/// A mound of height 1 around (`x`, `y`), 0 beyond the half axes `rx`, `ry`.
fn mound(p: Point, x: f32, y: f32, rx: f32, ry: f32) -> f32 {
    let (u, v) = ((p.x - x) / rx, (p.y - y) / ry);
    let inside = (1.0 - u * u - v * v).max(0.0);
    inside * inside * (3.0 - 2.0 * inside)
}

impl Relief {
    /// The relief of `p`, whose head is `head`.
    pub fn of(p: &Portrait, head: &Head, pose: &Pose, size: usize) -> Relief {
        let widths = widths(head);
        let smile = match p.expression {
            Expression::Smile => 0.7,
            Expression::Laugh | Expression::Joy => 1.0,
            _ => 0.0,
        };
        let height: Vec<f32> = (0..size * size)
            .map(|i| {
                let turned = pose.unplace(place(size, i % size, i / size));
                // Nothing of the face lies beyond the hair.
                if turned.x.abs() > head.skull.x || turned.y < -0.75 {
                    return 0.0;
                }
                elevation(head, &widths, smile, widths.front(pose, turned))
            })
            .collect();
        let mut height = height;
        blur(&mut height, size, 0.004 * size as f32 / 2.0);
        let mut around = height.clone();
        blur(&mut around, size, 0.03 * size as f32 / 2.0);
        Relief { size, height, around }
    }

    /// The surface's normal at a pixel.
    pub fn normal(&self, x: usize, y: usize) -> Vector {
        let n = self.size;
        let at = |x: usize, y: usize| self.height[y.min(n - 1) * n + x.min(n - 1)];
        let step = 4.0 / n as f32;
        let dx = (at(x + 1, y) - at(x.saturating_sub(1), y)) / step;
        let dy = (at(x, y + 1) - at(x, y.saturating_sub(1))) / step;
        unit([-dx, -dy, 1.0])
    }

    /// 1 on open skin, less in hollows.
    pub fn open(&self, x: usize, y: usize) -> f32 {
        let i = y * self.size + x;
        (1.0 + 8.0 * (self.height[i] - self.around[i])).clamp(0.35, 1.15)
    }

    /// The part of the light from `key` that reaches a pixel past what stands between.
    pub fn shade(&self, x: usize, y: usize, key: Vector) -> f32 {
        const STEPS: usize = 9;
        let reach = 0.2;
        let mut hidden = 0.0f32;
        let start = self.height[y * self.size + x];
        for k in 1..=STEPS {
            let t = reach * k as f32 / STEPS as f32;
            let pixels = t * self.size as f32 / 2.0;
            let (i, j) = (x as f32 + key[0] * pixels + 0.5, y as f32 + key[1] * pixels + 0.5);
            if i < 0.0 || j < 0.0 || i >= self.size as f32 || j >= self.size as f32 {
                break;
            }
            let over = self.height[j as usize * self.size + i as usize] - start - key[2] * t;
            hidden = hidden.max(over / (0.012 + 0.22 * t));
        }
        1.0 - 0.5 * smooth(0.0, 1.0, hidden)
    }
}

/// Half-width of the face, and depth of its outline, at 64 heights from the hair to the chin.
struct Widths {
    top: f32,
    step: f32,
    half: [(f32, f32); 64],
}

fn widths(head: &Head) -> Widths {
    let side = head.side();
    let (top, bottom) = (side[0].1, side[side.len() - 1].1 + 0.03);
    let step = (bottom - top) / 63.0;
    let straight: [(f32, f32); 64] = std::array::from_fn(|i| {
        let y = top + step * i as f32;
        let k = side.iter().position(|s| s.1 > y).unwrap_or(side.len() - 1).max(1);
        let (a, b) = (side[k - 1], side[k]);
        let t = ((y - a.1) / (b.1 - a.1)).clamp(0.0, 1.0);
        (a.0 + (b.0 - a.0) * t, a.2 + (b.2 - a.2) * t)
    });
    // Straight pieces would show as facets: average over a neighbourhood.
    let half = std::array::from_fn(|i: usize| {
        let (from, to) = (i.saturating_sub(5), (i + 5).min(63));
        let sum = straight[from..=to].iter().fold((0.0, 0.0), |sum, v| (sum.0 + v.0, sum.1 + v.1));
        let count = (to - from + 1) as f32;
        (sum.0 / count, sum.1 / count)
    });
    Widths { top, step, half }
}

impl Widths {
    /// Half-width and depth of the outline at height `y`.
    fn at(&self, y: f32) -> (f32, f32) {
        let place = ((y - self.top) / self.step).clamp(0.0, 62.999);
        let i = place as usize;
        let t = place - i as f32;
        let (a, b) = (self.half[i], self.half[i + 1]);
        (a.0 + (b.0 - a.0) * t, a.1 + (b.1 - a.1) * t)
    }

    /// The place on the face seen from the front of a place on the turned face. The shift depends on the depth there,
    /// and this on the place sought: three rounds settle it.
    fn front(&self, pose: &Pose, turned: Point) -> Point {
        let mut front = turned;
        for _ in 0..3 {
            let (half, edge) = self.at(front.y);
            let u = (front.x / half).clamp(-1.0, 1.0);
            let z = edge + (0.4 - edge) * (1.0 - u * u).sqrt();
            front = turned - pose.parallax(z);
        }
        front
    }
}

fn elevation(h: &Head, widths: &Widths, smile: f32, p: Point) -> f32 {
    let half = widths.at(p.y).0 * 1.12;
    let u = p.x / half;
    let v = (p.y - 0.05) / 0.95;
    let round = (1.0 - u * u).max(0.03).sqrt() * (1.0 - v * v).max(0.0).sqrt();
    // The features mirror each other: fold the face along its middle.
    let q = Point { x: p.x.abs(), y: p.y };
    let mut z = 0.46 * round;
    if q.x > half || p.y < -0.6 || p.y > h.chin_y + 0.1 {
        return z;
    }
    let (eye, nose, mouth) = (h.eye, h.nose_y, h.mouth_y);
    z += 0.016 * mound(q, eye.x, h.brow_y + 0.005, 0.18, 0.08);
    z -= 0.05 * mound(q, eye.x * 0.88, eye.y - 0.01, 0.17, 0.11);
    z += 0.04 * mound(q, eye.x, eye.y, 0.14, 0.085);
    z += (0.026 + 0.018 * smile) * mound(q, 0.25, 0.22 - 0.03 * smile, 0.25, 0.32);
    // The bridge of the nose rises and broadens from between the eyes to the tip.
    let along = ((p.y - (eye.y - 0.1)) / (nose - eye.y + 0.1)).max(0.0);
    let end = 1.0 - smooth(nose - 0.015, nose + 0.07, p.y);
    let breadth = 0.07 + 0.02 * along.min(1.0);
    let ridge = (1.0 - (q.x / breadth) * (q.x / breadth)).max(0.0);
    z += ridge * ridge * smooth(0.0, 0.45, along) * (0.008 + 0.036 * along.min(1.0)) * end;
    z += 0.034 * mound(q, 0.0, nose - 0.005, 0.068, 0.066);
    z += 0.022 * mound(q, 0.05, nose + 0.012, 0.042, 0.042);
    // Mouth: the muzzle, two lips, the groove under the nose and that above the chin.
    z += 0.02 * mound(q, 0.0, mouth + 0.02, 0.28, 0.24);
    z -= 0.006 * mound(q, 0.0, (nose + mouth) * 0.5 + 0.02, 0.022, 0.06);
    z += 0.013 * mound(q, 0.0, mouth - 0.03, 0.14, 0.04);
    z += 0.022 * mound(q, 0.0, mouth + 0.036, 0.12, 0.045);
    z -= 0.014 * mound(q, 0.0, mouth + 0.1, 0.12, 0.05);
    z + 0.025 * mound(q, 0.0, h.chin_y - 0.085, 0.13, 0.1)
}
