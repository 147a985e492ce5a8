//! The relief of a face: how far its skin stands out towards the viewer at each pixel, and what follows from that for light.

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
                // The place on the face seen from the front: undo the turn, whose shift depends on the depth sought.
                let z = head.depth(turned.x);
                let front = turned - pose.parallax(head.depth(turned.x - pose.parallax(z).x) - 0.1);
                elevation(head, &widths, smile, front)
            })
            .collect();
        let mut around = height.clone();
        blur(&mut around, size, 0.035 * size as f32 / 2.0);
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
        (1.0 + 9.0 * (self.height[i] - self.around[i])).clamp(0.35, 1.15)
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
            hidden = hidden.max(over / (0.008 + 0.15 * t));
        }
        1.0 - 0.75 * smooth(0.0, 1.0, hidden)
    }
}

/// Half-width of the face at 64 heights from the hair to the chin.
struct Widths {
    top: f32,
    step: f32,
    half: [f32; 64],
}

fn widths(head: &Head) -> Widths {
    let side = head.side();
    let (top, bottom) = (side[0].1, side[side.len() - 1].1 + 0.03);
    let step = (bottom - top) / 63.0;
    let half = std::array::from_fn(|i| {
        let y = top + step * i as f32;
        let k = side.iter().position(|s| s.1 > y).unwrap_or(side.len() - 1).max(1);
        let (a, b) = (side[k - 1], side[k]);
        a.0 + (b.0 - a.0) * ((y - a.1) / (b.1 - a.1)).clamp(0.0, 1.0)
    });
    Widths { top, step, half }
}

impl Widths {
    fn at(&self, y: f32) -> f32 {
        let place = ((y - self.top) / self.step).clamp(0.0, 62.999);
        let i = place as usize;
        let t = place - i as f32;
        // Straight pieces would show as facets: average over a neighbourhood.
        let mean = |i: usize| {
            (i.saturating_sub(5)..=(i + 5).min(63)).map(|k| self.half[k]).sum::<f32>()
                / ((i + 5).min(63) - i.saturating_sub(5) + 1) as f32
        };
        mean(i) * (1.0 - t) + mean(i + 1) * t
    }
}

fn elevation(h: &Head, widths: &Widths, smile: f32, p: Point) -> f32 {
    let half = widths.at(p.y) * 1.05;
    let u = p.x / half;
    let v = (p.y - 0.05) / 0.95;
    let round = (1.0 - u * u).max(0.0).sqrt() * (1.0 - v * v).max(0.0).sqrt();
    // The features mirror each other: fold the face along its middle.
    let q = Point { x: p.x.abs(), y: p.y };
    let mut z = 0.5 * round;
    if q.x > half || p.y < -0.6 || p.y > h.chin_y + 0.1 {
        return z;
    }
    let (eye, nose, mouth) = (h.eye, h.nose_y, h.mouth_y);
    z += 0.028 * mound(q, eye.x, h.brow_y + 0.005, 0.17, 0.08);
    z -= 0.062 * mound(q, eye.x * 0.9, eye.y - 0.005, 0.16, 0.1);
    z += 0.04 * mound(q, eye.x, eye.y, 0.125, 0.075);
    z += (0.03 + 0.02 * smile) * mound(q, 0.25, 0.25 - 0.04 * smile, 0.2, 0.2);
    // The bridge of the nose rises and broadens from between the eyes to the tip.
    let along = ((p.y - (eye.y - 0.1)) / (nose - eye.y + 0.1)).max(0.0);
    let end = 1.0 - smooth(nose + 0.005, nose + 0.06, p.y);
    let breadth = 0.055 + 0.025 * along.min(1.0);
    let ridge = (1.0 - (q.x / breadth) * (q.x / breadth)).max(0.0);
    z += ridge * ridge * smooth(0.0, 0.35, along) * (0.035 + 0.065 * along.min(1.0)) * end;
    z += 0.04 * mound(q, 0.0, nose - 0.005, 0.065, 0.06);
    z += 0.045 * mound(q, 0.062, nose + 0.015, 0.042, 0.042);
    // Mouth: the muzzle, two lips, the groove under the nose and that above the chin.
    z += 0.03 * mound(q, 0.0, mouth, 0.2, 0.16);
    z -= 0.01 * mound(q, 0.0, (nose + mouth) * 0.5 + 0.02, 0.022, 0.07);
    z += 0.022 * mound(q, 0.0, mouth - 0.028, 0.15, 0.036);
    z += 0.028 * mound(q, 0.0, mouth + 0.036, 0.125, 0.045);
    z -= 0.022 * mound(q, 0.0, mouth + 0.1, 0.11, 0.045);
    z += 0.035 * mound(q, 0.0, h.chin_y - 0.085, 0.12, 0.09);
    // The fold from nose to mouth.
    z -= 0.012 * (0.4 + smile) * mound(q, 0.155, (nose + mouth) * 0.5, 0.035, 0.12);
    z
}
