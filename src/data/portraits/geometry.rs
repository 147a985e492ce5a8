//! The head that both renderings share: where its landmarks are in space, and how its pose throws them on the frame.

use super::{
    attributes::Portrait,
    path::{Point, at, closed, smooth},
};

/// Lean, turn, nod, shift and zoom of a head, as a projection of space onto the frame.
#[derive(Clone, Copy, Debug)]
pub struct Pose {
    roll: [f32; 2],
    yaw: [f32; 2],
    pitch: [f32; 2],
    shift: Point,
    zoom: f32,
}

/// Point about which the head leans: the top of the neck.
const NECK: Point = at(0.0, 0.45);

/// Cosine and sine of a small angle by their series, the same bits on every machine.
fn small_angle(a: f32) -> [f32; 2] {
    let s = a * a;
    [1.0 - s / 2.0 + s * s / 24.0, a * (1.0 - s / 6.0 + s * s / 120.0)]
}

impl Pose {
    /// The pose of a portrait.
    pub fn of(p: &Portrait) -> Pose {
        Pose {
            roll: small_angle(p.tilt),
            yaw: small_angle(p.turn),
            pitch: small_angle(p.nod),
            shift: at(p.shift[0], p.shift[1]),
            zoom: p.zoom,
        }
    }

    /// Where the point (x, y, z) of the head appears; z points at the viewer, 0 in the plane of the ears.
    pub fn project(&self, p: Point, z: f32) -> Point {
        let turned = at(p.x * self.yaw[0] + z * self.yaw[1], p.y * self.pitch[0] + z * self.pitch[1]);
        self.place(turned)
    }

    /// Leans, zooms and shifts a point of the frame.
    pub fn place(&self, p: Point) -> Point {
        let v = p - NECK;
        let leaned = at(v.x * self.roll[0] - v.y * self.roll[1], v.x * self.roll[1] + v.y * self.roll[0]);
        (leaned + NECK) * self.zoom + self.shift
    }

    /// The point that `place` puts at `p`.
    pub fn unplace(&self, p: Point) -> Point {
        let v = (p - self.shift) * (1.0 / self.zoom) - NECK;
        at(v.x * self.roll[0] + v.y * self.roll[1], v.y * self.roll[0] - v.x * self.roll[1]) + NECK
    }

    /// How far a point at depth `z` moves when the head turns and nods.
    pub fn parallax(&self, z: f32) -> Point {
        at(z * self.yaw[1], z * self.pitch[1])
    }
}

/// Measures of a head, frame units, seen from the front.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// Half axes and centre of the hair's outline around the skull.
    pub skull: Point,
    pub skull_centre: Point,
    /// Half-widths of the face at `cheek_y` and `jaw_y`.
    pub cheek: f32,
    pub cheek_y: f32,
    pub jaw: f32,
    pub jaw_y: f32,
    /// Half-width of the flat of the chin, and its height.
    pub chin: f32,
    pub chin_y: f32,
    /// Distance of the eyes from the middle, their height and half axes.
    pub eye: Point,
    pub eye_half: Point,
    pub brow_y: f32,
    pub nose_y: f32,
    pub mouth_y: f32,
    pub mouth: f32,
    /// Where bangs end.
    pub fringe_y: f32,
    /// Where the forehead meets the hair.
    pub hairline_y: f32,
    pub neck: f32,
    pub shoulder_y: f32,
}

impl Head {
    /// Proportions of drawn people: large eyes, low in a face that ends in a point.
    pub fn anime(p: &Portrait) -> Head {
        let wide = p.face_width;
        Head {
            skull: at(0.69 * p.volume, 0.76 * p.volume),
            skull_centre: at(0.0, -0.08),
            cheek: 0.535 * wide,
            cheek_y: 0.16,
            jaw: 0.36 * wide,
            jaw_y: 0.56,
            chin: 0.075 * wide,
            chin_y: 0.79 + p.chin,
            eye: at(0.262 * wide, 0.215),
            eye_half: at(0.158 * p.eye_size, 0.172 * p.eye_size),
            brow_y: -0.055 - 0.06 * (p.eye_size - 1.0),
            nose_y: 0.45,
            mouth_y: 0.595 + 0.5 * p.chin,
            mouth: 0.1,
            fringe_y: 0.215 - 0.172 * p.eye_size,
            hairline_y: -0.42,
            neck: 0.17,
            shoulder_y: 0.93,
        }
    }

    /// Proportions of people: eyes half way down the head, and a chin with a jaw.
    pub fn natural(p: &Portrait) -> Head {
        let wide = p.face_width;
        Head {
            skull: at(0.585 * p.volume, 0.75 * p.volume),
            skull_centre: at(0.0, -0.12),
            cheek: 0.465 * wide,
            cheek_y: 0.08,
            jaw: 0.35 * wide,
            jaw_y: 0.48,
            chin: 0.1 * wide,
            chin_y: 0.76 + p.chin,
            eye: at(0.205 * wide, 0.07),
            eye_half: at(0.118 + 0.05 * (p.eye_size - 1.0), 0.058 * p.eye_size),
            brow_y: -0.082,
            nose_y: 0.305,
            mouth_y: 0.49 + 0.4 * p.chin,
            mouth: 0.16,
            fringe_y: -0.1,
            hairline_y: -0.5,
            neck: 0.25,
            shoulder_y: 0.95,
        }
    }

    /// Depth of the front of the face and hair at a distance `x` from the middle.
    pub fn depth(&self, x: f32) -> f32 {
        let u = x / (self.skull.x * 1.05);
        0.5 * (1.0 - u * u).max(0.0).sqrt()
    }

    /// (half-width, height, depth) down one side of the face. The jaw lies further forward the nearer it is to the
    /// chin.
    pub fn side(&self) -> [(f32, f32, f32); 7] {
        [
            (self.cheek * 0.72, self.hairline_y - 0.1, 0.1),
            (self.cheek * 0.97, self.cheek_y - 0.36, 0.0),
            (self.cheek, self.cheek_y, 0.02),
            (self.cheek * 0.6 + self.jaw * 0.42, self.cheek_y * 0.45 + self.jaw_y * 0.55, 0.07),
            (self.jaw, self.jaw_y, 0.15),
            (self.jaw * 0.55 + self.chin * 0.5, self.jaw_y * 0.4 + self.chin_y * 0.6 + 0.015, 0.26),
            (self.chin, self.chin_y - 0.012, 0.33),
        ]
    }

    /// The face on the frame, from under the hair to the chin.
    pub fn face(&self, pose: &Pose) -> Vec<Point> {
        let side = self.side();
        let right = side.iter().map(|&(x, y, z)| pose.project(at(x, y), z));
        let left = side.iter().rev().map(|&(x, y, z)| pose.project(at(-x, y), z));
        closed(&right.chain(left).collect::<Vec<_>>(), 5)
    }

    /// The point at (`right`, `down`) half axes from the centre of the eye on `side` (-1 or 1); `right` counts
    /// outwards.
    pub fn eye_point(&self, pose: &Pose, side: f32, slant: f32, outward: f32, down: f32) -> Point {
        let x = self.eye.x + outward * self.eye_half.x;
        let y = self.eye.y + down * self.eye_half.y - slant * outward * self.eye_half.y * 0.14;
        pose.project(at(side * x, y), self.depth(x) - 0.06)
    }

    /// A point of the middle of the face, raised by `z` above it.
    pub fn face_point(&self, pose: &Pose, x: f32, y: f32, z: f32) -> Point {
        let chin = smooth(self.mouth_y, self.chin_y, y);
        pose.project(at(x, y), self.depth(x) - 0.1 - 0.08 * chin + z)
    }
}
