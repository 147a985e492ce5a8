//! Clothes and things worn on the head, as outlined pieces that both renderings colour in their own way.

use super::{
    attributes::{Accessory, Outfit, Portrait},
    colour::{Colour, WHITE, hex, mix, scale},
    geometry::{Head, Pose},
    palette,
    path::{Point, at, circle, closed, cubic, ellipse, stroke},
};

/// Where in the stack of layers a piece lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Behind the hair on the skull.
    Behind,
    /// On neck and shoulders.
    Body,
    /// On the face, under the bangs.
    Face,
    /// On the hair.
    Hair,
}

/// One piece of one colour.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Its border.
    pub outline: Vec<Point>,
    /// Its colour, as a display value.
    pub colour: Colour,
    /// Its place among the layers.
    pub layer: Layer,
    /// Whether it shines.
    pub glossy: bool,
}

/// Everything worn, hindmost piece first. `hair` is the colour of the hair, for ears that must match it.
pub fn pieces(p: &Portrait, head: &Head, pose: &Pose, hair: Colour) -> Vec<Piece> {
    let mut tailor = Tailor { p, head, pose, layer: Layer::Body, pieces: Vec::new() };
    tailor.outfit();
    tailor.accessory(hair);
    tailor.pieces
}

struct Tailor<'a> {
    p: &'a Portrait,
    head: &'a Head,
    pose: &'a Pose,
    layer: Layer,
    pieces: Vec<Piece>,
}

impl Tailor<'_> {
    fn add(&mut self, outline: Vec<Point>, colour: Colour) {
        self.pieces.push(Piece { outline, colour, layer: self.layer, glossy: false });
    }

    fn add_glossy(&mut self, outline: Vec<Point>, colour: Colour) {
        self.pieces.push(Piece { outline, colour, layer: self.layer, glossy: true });
    }

    /// A closed curve on the body, which moves with the head's shift but neither leans nor turns.
    fn body(&self, knots: &[(f32, f32)]) -> Vec<Point> {
        let shift = at(self.p.shift[0] * 0.6, self.p.shift[1]);
        closed(&knots.iter().map(|&(x, y)| at(x, y) + shift).collect::<Vec<_>>(), 5)
    }

    /// A polygon on the body.
    fn panel(&self, corners: &[(f32, f32)]) -> Vec<Point> {
        let shift = at(self.p.shift[0] * 0.6, self.p.shift[1]);
        corners.iter().map(|&(x, y)| at(x, y) + shift).collect()
    }

    fn outfit(&mut self) {
        let (n, y) = (self.head.neck, self.head.shoulder_y);
        let accent = palette::accent(self.p);
        let shoulders = |s: &Self, rise: f32| {
            s.body(&[
                (-n * 1.05, y - 0.06 - rise),
                (0.0, y + 0.1 - rise),
                (n * 1.05, y - 0.06 - rise),
                (0.62, y + 0.02),
                (0.95, y + 0.3),
                (1.0, y + 0.8),
                (-1.0, y + 0.8),
                (-0.95, y + 0.3),
                (-0.62, y + 0.02),
            ])
        };
        match self.p.outfit {
            Outfit::Sailor => {
                let cloth = hex(0xf6f4f2);
                self.add(shoulders(self, 0.0), cloth);
                let navy = mix(scale(accent, 0.45), hex(0x26305c), 0.5);
                for side in [-1.0, 1.0] {
                    let collar = self.panel(&[
                        (side * n * 0.95, y - 0.12),
                        (side * (n + 0.22), y - 0.02),
                        (side * 0.5, y + 0.14),
                        (side * 0.04, y + 0.32),
                        (side * n * 0.62, y + 0.03),
                    ]);
                    self.add(collar, navy);
                }
                let knot = self.panel(&[(-0.12, y + 0.2), (0.12, y + 0.2), (0.2, y + 0.45), (-0.2, y + 0.45)]);
                self.add(knot, accent);
            }
            Outfit::Shirt => {
                let jacket = mix(scale(accent, 0.5), hex(0x3a3a48), 0.45);
                self.add(shoulders(self, 0.0), jacket);
                let front = self.panel(&[(-n, y - 0.05), (n, y - 0.05), (0.1, y + 0.5), (-0.1, y + 0.5)]);
                self.add(front, WHITE);
                for side in [-1.0, 1.0] {
                    let flap = self.panel(&[
                        (side * n * 1.0, y - 0.15),
                        (side * (n + 0.13), y - 0.03),
                        (side * (n + 0.02), y + 0.16),
                        (side * 0.02, y + 0.08),
                    ]);
                    self.add(flap, hex(0xfaf8f6));
                }
                let tie = self.panel(&[(-0.06, y + 0.07), (0.06, y + 0.07), (0.09, y + 0.4), (-0.09, y + 0.4)]);
                self.add(tie, accent);
            }
            Outfit::Hoodie => {
                self.add(shoulders(self, 0.02), accent);
                for side in [-1.0, 1.0] {
                    let hood = self.body(&[
                        (side * n * 0.98, y - 0.15),
                        (side * (n + 0.16), y - 0.12),
                        (side * (n + 0.24), y + 0.02),
                        (side * (n + 0.02), y + 0.2),
                        (side * 0.03, y + 0.28),
                        (side * n * 0.75, y + 0.05),
                    ]);
                    self.add(hood, mix(accent, WHITE, 0.18));
                }
            }
            Outfit::Turtleneck => {
                let wool = mix(accent, hex(0x4a4650), 0.4);
                self.add(shoulders(self, 0.0), wool);
                let roll = self.body(&[
                    (-n * 1.12, y - 0.2),
                    (0.0, y - 0.11),
                    (n * 1.12, y - 0.2),
                    (n * 1.22, y + 0.02),
                    (0.0, y + 0.13),
                    (-n * 1.22, y + 0.02),
                ]);
                self.add(roll, mix(wool, WHITE, 0.1));
            }
        }
    }

    /// A point on the hair's surface: `x`, `y` in half axes of the skull.
    fn on_skull(&self, x: f32, y: f32, z: f32) -> Point {
        let (s, c) = (self.head.skull, self.head.skull_centre);
        self.pose.project(at(c.x + x * s.x, c.y + y * s.y), z)
    }

    /// The side away from the parting, where there is room for things.
    fn side(&self) -> f32 {
        if self.p.parting < 0.0 { 1.0 } else { -1.0 }
    }

    fn accessory(&mut self, hair: Colour) {
        let colour = palette::partner(self.p);
        self.layer = Layer::Hair;
        match self.p.accessory {
            Accessory::None => {}
            Accessory::Glasses => self.glasses(),
            Accessory::Bow => {
                let centre = self.on_skull(self.side() * 0.5, -0.84, 0.1);
                self.bow(centre, 0.3, colour);
            }
            Accessory::Hairband => {
                let arc = |y: f32| [(-0.96, -0.12), (-0.86, y - 0.2), (0.86, y - 0.2), (0.96, -0.12)];
                let knots = arc(-0.72).map(|(x, y)| self.on_skull(x, y, 0.3 * (1.0 - x * x)));
                let line = cubic(knots, 20);
                self.add_glossy(stroke(&line, |_| 0.1), colour);
            }
            Accessory::Flower => {
                let centre = self.on_skull(self.side() * 0.7, -0.48, 0.25);
                for k in 0..5 {
                    let turn = k as f32 / 5.0 + 0.05;
                    let out = at(super::path::wave(turn + 0.25), super::path::wave(turn));
                    let petal = ellipse(centre + out * 0.1, out * 0.1, out.normal() * 0.075);
                    self.add(petal, mix(colour, WHITE, 0.3));
                }
                self.add(circle(centre, 0.05), hex(0xf8d65a));
            }
            Accessory::Clips => {
                for k in [0.0, 1.0] {
                    let a = self.on_skull(self.side() * (0.74 + 0.04 * k), -0.3 + 0.15 * k, 0.2);
                    let b = a + at(-self.side() * 0.2, -0.05);
                    self.add_glossy(stroke(&[a, b], |_| 0.06), colour);
                }
            }
            Accessory::CatEars => {
                for side in [-1.0, 1.0] {
                    let ear = |k: f32, base: f32| {
                        let point = |x: f32, y: f32| self.on_skull(side * x, y, 0.0);
                        let (inner, tip, outer) =
                            (point(0.26 + base, -0.92), point(0.68, -1.36 + k), point(0.92 - base, -0.55));
                        let bulge = at(side * 0.05, -0.01);
                        closed(
                            &[inner, inner.toward(tip, 0.5) - bulge * 0.4, tip, tip.toward(outer, 0.5) + bulge, outer],
                            5,
                        )
                    };
                    let (outer, inner) = (ear(0.0, 0.0), ear(0.15, 0.14));
                    self.add(outer, hair);
                    self.add(inner, mix(hair, hex(0xffc4c8), 0.75));
                }
            }
            Accessory::Headphones => {
                let knots = [(-1.02, 0.0), (-1.0, -1.34), (1.0, -1.34), (1.02, 0.0)];
                let line = cubic(knots.map(|(x, y)| self.on_skull(x, y, 0.1)), 20);
                self.add_glossy(stroke(&line, |_| 0.085), mix(colour, WHITE, 0.15));
                for side in [-1.0, 1.0] {
                    let centre = self.on_skull(side * 0.98, 0.14, 0.0);
                    self.add_glossy(ellipse(centre, at(0.12, 0.0), at(0.0, 0.19)), hex(0x3a3a44));
                    let face = ellipse(centre + at(side * 0.035, 0.0), at(0.08, 0.0), at(0.0, 0.13));
                    self.add_glossy(face, colour);
                }
            }
        }
    }

    fn bow(&mut self, centre: Point, size: f32, colour: Colour) {
        for side in [-1.0, 1.0] {
            let knots = [
                centre,
                centre + at(side * 0.55, -0.42) * size,
                centre + at(side * 1.0, -0.5) * size,
                centre + at(side * 1.05, 0.2) * size,
                centre + at(side * 0.5, 0.3) * size,
            ];
            self.add(closed(&knots, 5), colour);
        }
        self.add(ellipse(centre, at(0.18, 0.0) * size, at(0.0, 0.24) * size), scale(colour, 0.88));
    }

    fn glasses(&mut self) {
        self.layer = Layer::Face;
        let h = self.head;
        let frame = mix(scale(palette::accent(self.p), 0.5), hex(0x2a2430), 0.5);
        let lens = |side: f32| -> Vec<Point> {
            let (w, t) = (1.28 * h.eye_half.x.max(0.12), 1.12 * h.eye_half.y.max(0.1));
            let corner = |x: f32, y: f32| {
                let at_x = h.eye.x + x * w;
                self.pose.project(at(side * at_x, h.eye.y + 0.02 + y * t), h.depth(at_x))
            };
            closed(
                &[
                    corner(-0.9, -0.75),
                    corner(0.0, -0.92),
                    corner(0.95, -0.8),
                    corner(0.98, 0.2),
                    corner(0.6, 0.9),
                    corner(-0.55, 0.9),
                    corner(-0.98, 0.25),
                ],
                5,
            )
        };
        let width = 0.032;
        let (left, right) = (lens(-1.0), lens(1.0));
        let bridge = [left[0].toward(left[30], 0.3), right[0].toward(right[30], 0.3)];
        let middle = bridge[0].toward(bridge[1], 0.5) + at(0.0, -0.02);
        self.add_glossy(stroke(&[bridge[0], middle, bridge[1]], |_| width), frame);
        for (side, rim) in [(-1.0, left), (1.0, right)] {
            let temple = self.pose.project(at(side * h.cheek, h.eye.y - 0.04), 0.0);
            self.add_glossy(stroke(&[rim[12], temple], |_| width), frame);
            let mut ring = rim.clone();
            ring.push(rim[0]);
            ring.push(rim[1]);
            self.add_glossy(stroke(&ring, |_| width), frame);
        }
    }
}
