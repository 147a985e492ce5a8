//! The photographic rendering: the same person with natural proportions, light on curved skin, combed hair, and a lens.

use super::{
    attributes::{Background, Expression, Portrait},
    canvas::{Canvas, Mask, blur, place},
    colour::{Colour, WHITE, filter, grey, hex, mix, plus, saturate, scale},
    geometry::{Head, Pose},
    hair::Hair,
    light::{Light, linear, unit},
    noise::{mottle, speckle},
    palette,
    path::{Point, at, circle, closed, curve, ellipse, shifted, smooth, stroke},
    random::Dice,
    relief::Relief,
    strands::{Brush, line},
    wardrobe::{Layer, Piece, pieces},
};

/// Photographs `p` at `size` pixels a side.
pub fn draw(p: &Portrait, size: usize) -> image::RgbImage {
    // Small pictures are taken at twice the size, so that a strand of hair stays thinner than a pixel.
    let fine = if size < 128 { 2 } else { 1 };
    let (head, pose) = (Head::natural(p), Pose::of(p));
    let wall = linear(mix(palette::wall(p), hex(0x8a8a90), 0.25));
    let light = Light::new(p.light, wall);
    let canvas = Canvas { size: size * fine, pixels: Vec::new() };
    // Dyed hair is duller than ink.
    let hair = scale(linear(saturate(mix(palette::hair(p), hex(0x4a3a30), 0.2), 0.9)), 0.85);
    // Drawn skin is more vivid than skin, the more so the darker it is.
    let drawn = palette::skin(p);
    let skin = linear(saturate(filter(drawn, hex(0xf4e6dc)), 0.6 + 0.25 * grey(drawn)));
    let mut studio = Studio { p, head, pose, light, canvas, hair, skin };
    studio.backdrop(wall);
    let locks = Hair::grow(p, &head, &pose);
    let worn = pieces(p, &head, &pose, palette::hair(p));
    studio.behind(&locks);
    studio.body(&worn);
    studio.defocus(0.007);
    studio.face(&locks);
    studio.worn(&worn, Layer::Face);
    studio.front(&locks);
    studio.worn(&worn, Layer::Hair);
    develop(studio.canvas, size, fine, p.detail)
}

struct Studio<'a> {
    p: &'a Portrait,
    head: Head,
    pose: Pose,
    light: Light,
    /// Linear light.
    canvas: Canvas,
    hair: Colour,
    skin: Colour,
}

impl Studio<'_> {
    fn mask(&self, outline: &[Point]) -> Mask {
        Mask::fill(self.canvas.size, outline)
    }

    fn backdrop(&mut self, wall: Colour) {
        let p = self.p;
        let mut dice = Dice::new(p.detail as u64, 4);
        let lamp = at(p.light * 0.7, -0.5);
        let near = scale(wall, 0.85);
        let far = mix(scale(wall, 0.3), [0.05, 0.05, 0.06], 0.3);
        let slope = dice.range(-0.4, 0.4);
        let size = self.canvas.size;
        self.canvas = Canvas::new(size, |q| match p.background {
            Background::Sky => {
                let sky = mix(linear(hex(0x6fa6dc)), linear(hex(0xdcebf5)), smooth(-1.0, 0.5, q.y));
                mix(sky, linear(hex(0x6a8a52)), smooth(0.35, 0.6, q.y + 0.05 * mottle(q, 0.3, p.detail)))
            }
            Background::Rays => mix(scale(near, 1.25), far, smooth(0.1, 1.5, (q - at(0.0, -0.1)).length())),
            Background::Stripes => {
                let v = q.x + slope * q.y;
                let blind = super::path::wave(v / 0.42);
                mix(near, far, 0.5 + 0.35 * blind)
            }
            _ => mix(near, far, smooth(0.0, 2.4, (q - lamp).length())),
        });
        if p.background == Background::Dots {
            // Lamps out of focus: each a disc as wide as the lens is open.
            for _ in 0..14 {
                let disc = self.mask(&circle(at(dice.range(-1.0, 1.0), dice.range(-1.0, 0.7)), dice.range(0.08, 0.17)));
                let glow = mix(scale(wall, 2.0), [1.0, 0.85, 0.6], dice.uniform() * 0.7);
                self.canvas.blend(&disc, |under, c, _| plus(under, scale(glow, 0.4 * c)));
            }
        }
        self.defocus(if p.background == Background::Dots { 0.015 } else { 0.05 });
    }

    /// Blurs what has been painted so far: it lies out of the plane of focus.
    fn defocus(&mut self, radius: f32) {
        let size = self.canvas.size;
        for channel in 0..3 {
            let mut plane: Vec<f32> = self.canvas.pixels.iter().map(|p| p[channel]).collect();
            blur(&mut plane, size, radius * size as f32 / 2.0);
            for (pixel, v) in self.canvas.pixels.iter_mut().zip(plane) {
                pixel[channel] = v;
            }
        }
    }

    /// Darkens what lies under a thing that hides the key light.
    fn cast(&mut self, thing: &Mask, depth: f32) {
        self.canvas.blend(thing, |under, c, _| scale(under, 1.0 - depth * c));
    }

    /// A shape of one colour, as if blown up to a cushion whose edge is `round` wide.
    fn cushion(&mut self, outline: &[Point], albedo: Colour, round: f32, gloss: f32, skin: bool) {
        let mask = self.mask(outline);
        let soft = mask.blurred(round);
        let size = self.canvas.size;
        let steep = 3.2 * round * size as f32 / 4.0;
        let (light, detail) = (&self.light, self.p.detail);
        self.canvas.blend(&mask, |under, c, p| {
            let half = size as f32 / 2.0;
            let (x, y) = (((p.x + 1.0) * half) as usize, ((p.y + 1.0) * half) as usize);
            let next = |v: usize| (v + 1).min(size - 1);
            let dx = soft.get(next(x), y) - soft.get(x.saturating_sub(1), y);
            let dy = soft.get(x, next(y)) - soft.get(x, y.saturating_sub(1));
            let n = unit([-dx * steep, -dy * steep, 1.0]);
            let open = 0.6 + 0.4 * smooth(0.3, 0.9, soft.get(x, y));
            let colour = if skin {
                light.skin(albedo, n, 1.0, open)
            } else {
                let weave = 1.0 + 0.1 * mottle(p, 0.02, detail) + 0.06 * mottle(p, 0.15, detail ^ 5);
                light.matte(scale(albedo, weave), n, 1.0, open, gloss)
            };
            mix(under, colour, c)
        });
    }

    fn brush(&self, stream: u64) -> Brush<'_> {
        Brush {
            head: &self.head,
            pose: &self.pose,
            light: &self.light,
            albedo: self.hair,
            dice: Dice::new(self.p.detail as u64, stream),
        }
    }

    /// Combs locks onto the canvas.
    fn comb(&mut self, locks: &[super::hair::Lock], stream: u64, shade: f32) {
        let mut canvas = Canvas { size: self.canvas.size, pixels: std::mem::take(&mut self.canvas.pixels) };
        let mut brush = self.brush(stream);
        for lock in locks {
            brush.lock(&mut canvas, lock, shade);
        }
        self.canvas = canvas;
    }

    fn behind(&mut self, hair: &Hair) {
        self.comb(&hair.back, 5, 0.35);
        self.comb(&hair.tails, 6, 0.85);
        self.comb(&hair.buns, 11, 0.9);
        for &tie in &hair.ties {
            self.cushion(
                &ellipse(tie, at(0.08, 0.0), at(0.0, 0.06)),
                linear(palette::accent(self.p)),
                0.04,
                0.1,
                false,
            );
        }
    }

    fn worn(&mut self, worn: &[Piece], layer: Layer) {
        for piece in worn.iter().filter(|piece| piece.layer == layer) {
            let albedo = linear(mix(saturate(piece.colour, 0.8), hex(0x50505a), 0.15));
            let thin = layer == Layer::Face;
            if layer != Layer::Body {
                let fall = at(-0.02 * self.p.light, 0.025);
                let under = self.mask(&shifted(&piece.outline, fall)).blurred(0.02);
                self.cast(&under, if thin { 0.25 } else { 0.5 });
            }
            let round = if layer == Layer::Body {
                0.1
            } else if thin {
                0.01
            } else {
                0.045
            };
            self.cushion(&piece.outline, albedo, round, if piece.glossy { 0.35 } else { 0.02 }, false);
        }
    }

    fn body(&mut self, worn: &[Piece]) {
        let (h, pose) = (self.head, self.pose);
        let top = h.chin_y - 0.3;
        let foot = at(self.p.shift[0] * 0.8, self.p.shift[1]);
        let neck: Vec<Point> = [pose.project(at(-h.neck, top), -0.02), pose.project(at(h.neck, top), -0.02)]
            .into_iter()
            .chain(
                [(1.0, 0.8), (1.5, 1.3), (-1.5, 1.3), (-1.0, 0.8)]
                    .into_iter()
                    .map(|(s, k)| at(s * h.neck, top + (h.shoulder_y - top) * k + 0.05) + foot),
            )
            .collect();
        self.cushion(&neck, scale(self.skin, 0.85), 0.12, 0.0, true);
        let chin = shifted(&h.face(&pose), at(-0.08 * self.p.light, 0.12));
        let under = self.mask(&chin).blurred(0.05).within(&self.mask(&neck));
        self.cast(&under, 0.62);
        self.worn(worn, Layer::Body);
    }

    fn face(&mut self, hair: &Hair) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        if hair.ears {
            for side in [-1.0, 1.0] {
                let ear = |x: f32, y: f32| pose.project(at(side * (h.cheek + x), h.eye.y + y), -0.06);
                let shell = closed(
                    &[ear(-0.06, -0.1), ear(0.03, -0.1), ear(0.06, -0.02), ear(0.035, 0.12), ear(-0.04, 0.2)],
                    5,
                );
                self.cushion(&shell, filter(self.skin, [1.0, 0.85, 0.82]), 0.035, 0.0, true);
            }
        }
        let size = self.canvas.size;
        let face = self.mask(&h.face(&pose));
        let relief = Relief::of(p, &h, &pose, size);
        let albedo = self.complexion(&face);
        // What the hair keeps from the face: a soft shadow beside and below it.
        let fall = at(-0.035 * p.light, 0.05);
        let fringe: Vec<Vec<Point>> = hair.front.iter().map(|lock| shifted(&lock.outline(), fall)).collect();
        let fringe = Mask::union(size, fringe.iter().map(Vec::as_slice)).blurred(0.022);
        let light = &self.light;
        self.canvas.blend(&face, |under, c, q| {
            let half = size as f32 / 2.0;
            let (x, y) = (((q.x + 1.0) * half) as usize, ((q.y + 1.0) * half) as usize);
            let n = relief.normal(x, y);
            let shade = relief.shade(x, y, light.key) * (1.0 - 0.72 * fringe.get(x, y));
            let open = relief.open(x, y) * (1.0 - 0.3 * fringe.get(x, y));
            mix(under, light.skin(albedo.pixels[y * size + x], n, shade, open), c)
        });
        for side in [-1.0, 1.0] {
            self.eye(side);
            self.brow(side);
        }
        self.nostrils();
        self.mouth();
    }

    /// The colour of the skin, place by place, before light falls on it.
    fn complexion(&self, face: &Mask) -> Canvas {
        let (h, pose, p) = (self.head, self.pose, self.p);
        let size = self.canvas.size;
        let rose = filter(self.skin, [1.0, 0.62, 0.58]);
        let mut albedo = Canvas { size, pixels: vec![self.skin; size * size] };
        albedo.shade(face, 1.0, |q| {
            let blotch = 0.06 * mottle(q, 0.16, p.detail) + 0.04 * mottle(q, 0.05, p.detail ^ 1);
            let pores = 1.0 + 0.035 * mottle(q, 0.012, p.detail ^ 2);
            scale(mix(self.skin, rose, 0.1 + blotch), pores)
        });
        let mut tint = |centre: Point, x: f32, y: f32, colour: Colour, alpha: f32| {
            let spot = Mask::fill(size, &ellipse(centre, at(x, 0.0), at(0.0, y))).blurred(0.05);
            albedo.paint(&spot, colour, alpha);
        };
        for side in [-1.0, 1.0] {
            let cheek = h.face_point(&pose, side * 0.25, h.nose_y - 0.06, 0.0);
            tint(cheek, 0.13, 0.1, rose, 0.3 + 0.5 * p.blush);
            let lid = h.eye_point(&pose, side, 0.0, 0.0, -0.6);
            tint(lid, 0.1, 0.04, filter(self.skin, [0.78, 0.6, 0.56]), 0.5);
        }
        tint(h.face_point(&pose, 0.0, h.nose_y, 0.1), 0.05, 0.04, rose, 0.4);
        // The upper lip is the darker one.
        for (outline, tone) in self.lips().into_iter().zip([0.8, 1.0]) {
            let mask = Mask::fill(size, &outline).blurred(0.008);
            albedo.paint(&mask, scale(filter(self.skin, [0.86, 0.36, 0.38]), tone), 0.9);
        }
        albedo
    }

    /// How far the corners rise, how broad the mouth is and how far it opens.
    fn mouth_shape(&self) -> (f32, f32, f32) {
        match self.p.expression {
            Expression::Calm => (0.01, 1.0, 0.0),
            Expression::Smile => (0.04, 1.15, 0.0),
            Expression::Laugh | Expression::Joy => (0.042, 1.2, 0.05),
            Expression::Surprise => (0.005, 0.62, 0.055),
            Expression::Stern => (-0.01, 0.95, 0.0),
            Expression::Shy => (0.006, 0.82, 0.0),
        }
    }

    /// The upper and the lower lip.
    fn lips(&self) -> [Vec<Point>; 2] {
        let (rise, broad, open) = self.mouth_shape();
        let h = self.head;
        let point = |x: f32, y: f32| h.face_point(&self.pose, x * h.mouth * broad, h.mouth_y + y - rise * x * x, 0.04);
        let gap = open * 0.35;
        let upper = [
            point(-1.0, 0.0),
            point(-0.5, -0.034 - gap),
            point(-0.18, -0.052 - gap),
            point(0.0, -0.043 - gap),
            point(0.18, -0.052 - gap),
            point(0.5, -0.034 - gap),
            point(1.0, 0.0),
            point(0.4, 0.004 - gap),
            point(0.0, 0.008 - gap),
            point(-0.4, 0.004 - gap),
        ];
        let lower = [
            point(-0.95, 0.002),
            point(-0.4, 0.006 + open),
            point(0.0, 0.009 + open),
            point(0.4, 0.006 + open),
            point(0.95, 0.002),
            point(0.5, 0.05 + open),
            point(0.0, 0.068 + open),
            point(-0.5, 0.05 + open),
        ];
        [closed(&upper, 4), closed(&lower, 4)]
    }

    fn mouth(&mut self) {
        let (rise, broad, open) = self.mouth_shape();
        let (h, pose) = (self.head, self.pose);
        let point = |x: f32, y: f32| h.face_point(&pose, x * h.mouth * broad, h.mouth_y + y - rise * x * x, 0.04);
        if open > 0.0 {
            let gap = open * 0.35;
            let hole = closed(
                &[
                    point(-0.9, 0.0),
                    point(-0.4, 0.004 - gap),
                    point(0.0, 0.008 - gap),
                    point(0.4, 0.004 - gap),
                    point(0.9, 0.0),
                    point(0.45, 0.008 + open),
                    point(0.0, 0.011 + open),
                    point(-0.45, 0.008 + open),
                ],
                5,
            );
            let mask = self.mask(&hole);
            self.canvas.paint(&mask.blurred(0.004), [0.07, 0.016, 0.016], 1.0);
            if self.p.expression != Expression::Surprise {
                let teeth =
                    self.mask(&ellipse(point(0.0, -0.008), at(h.mouth * 0.92, 0.0), at(0.0, 0.042))).within(&mask);
                self.canvas.shade(&teeth, 0.95, |q| {
                    let side = ((q.x - point(0.0, 0.0).x) / h.mouth).abs();
                    scale([0.62, 0.57, 0.5], 1.0 - 0.6 * smooth(0.3, 0.9, side))
                });
            }
        }
        if open == 0.0 {
            let seam = curve(
                &[point(-1.05, 0.0), point(-0.4, 0.004), point(0.0, 0.009), point(0.4, 0.004), point(1.05, 0.0)],
                5,
            );
            let mask = self.mask(&stroke(&seam, |t| 0.007 + 0.014 * t * (1.0 - t) * 4.0)).blurred(0.005);
            self.cast(&mask, 0.75);
        }
        let wet =
            self.mask(&ellipse(point(0.12 * self.p.light, 0.036 + open), at(0.045, 0.0), at(0.0, 0.009))).blurred(0.01);
        self.canvas.blend(&wet, |under, c, _| plus(under, [0.13 * c, 0.11 * c, 0.1 * c]));
    }

    fn nostrils(&mut self) {
        for side in [-1.0, 1.0] {
            let hole = self.head.face_point(&self.pose, side * 0.036, self.head.nose_y + 0.036, 0.1);
            let mask = self.mask(&ellipse(hole, at(0.018, side * -0.003), at(0.0, 0.008))).blurred(0.006);
            self.cast(&mask, 0.75);
        }
    }

    fn brow(&mut self, side: f32) {
        let (h, pose) = (self.head, self.pose);
        let (inner, arch) = match self.p.expression {
            Expression::Stern => (0.02, 0.005),
            Expression::Shy => (-0.03, 0.0),
            Expression::Surprise => (-0.02, -0.035),
            _ => (-0.008, -0.014),
        };
        let spine = curve(
            &[(-1.1, 0.02 + inner), (-0.3, -0.002 + inner * 0.3 + arch * 0.6), (0.5, -0.014 + arch), (1.35, 0.02)].map(
                |(x, y)| {
                    let x = h.eye.x + x * h.eye_half.x;
                    pose.project(at(side * x, h.brow_y + y), h.depth(x) - 0.03)
                },
            ),
            8,
        );
        let colour = mix(scale(self.hair, 0.3), [0.03, 0.02, 0.015], 0.45);
        let ground = self.mask(&stroke(&spine, |t| 0.044 * (1.0 - 0.75 * t) * smooth(-0.2, 0.15, t))).blurred(0.008);
        self.canvas.paint(&ground, colour, 0.62);
        let mut dice = Dice::new(self.p.detail as u64, 7);
        let count = self.canvas.size / 5 + 10;
        for _ in 0..count {
            let t = dice.uniform();
            let i = (t * (spine.len() - 2) as f32) as usize;
            let along = spine[i + 1] - spine[i];
            let root = spine[i] + at(0.0, dice.bell(0.013) * (1.0 - 0.7 * t) + 0.003);
            let tip = root + along * (0.03 / along.length().max(1e-6)) + at(0.0, -0.014 * (1.0 - t));
            line(&mut self.canvas, root, tip, colour, 0.25);
        }
    }

    fn eye(&mut self, side: f32) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        let point = |x: f32, y: f32| h.eye_point(&pose, side, p.eye_slant, x, y);
        let lash = mix(scale(self.hair, 0.15), [0.012, 0.008, 0.006], 0.7);
        if p.expression == Expression::Joy {
            let lid = curve(&[point(-1.0, 0.25), point(-0.4, 0.5), point(0.3, 0.52), point(1.05, 0.0)], 5);
            let mask = self.mask(&stroke(&lid, |t| 0.012 + 0.022 * t)).blurred(0.004);
            self.canvas.paint(&mask, lash, 0.9);
            return;
        }
        let open = match p.expression {
            Expression::Surprise => 1.2,
            Expression::Laugh | Expression::Stern => 0.82,
            Expression::Smile => 0.92,
            _ => 1.0,
        };
        let upper =
            [(-1.05, 0.3), (-0.6, -0.5), (0.0, -0.95), (0.55, -0.72), (1.05, 0.0)].map(|(x, y)| point(x, y * open));
        let lower = [(0.6, 0.55), (0.05, 0.78), (-0.55, 0.66)].map(|(x, y)| point(x, y));
        let outline = closed(&upper.into_iter().chain(lower).collect::<Vec<_>>(), 5);
        let ball = self.mask(&outline);
        let centre = point(0.0, 0.0);
        let (wide, tall) = (h.eye_half.x, h.eye_half.y);
        let key = self.p.light;
        self.canvas.shade(&ball, 1.0, |q| {
            let (u, v) = ((q.x - centre.x) / wide, (q.y - centre.y) / tall);
            let lit = 0.5 + 0.12 * u * key - 0.2 * u * u - 0.2 * smooth(0.2, -0.9, v);
            filter([1.0, 0.94, 0.9], [lit, lit, lit])
        });
        // The iris, as wide as the eye is high.
        let gaze = -p.turn * 0.35 * side;
        let middle = point(gaze, -0.08);
        let radius = (tall * 0.98).min(0.058);
        let disc = |r: f32| circle(middle, r);
        let colour = linear(mix(palette::iris(p), hex(0x4a3a30), 0.25));
        let iris = self.mask(&disc(radius)).within(&ball);
        let detail = p.detail;
        self.canvas.shade(&iris, 1.0, |q| {
            let v = q - middle;
            let r = v.length() / radius;
            let spoke = mottle(v * (1.0 / v.length().max(1e-4)), 0.22, detail);
            let ring = mix(scale(colour, 1.15 + 0.35 * spoke), scale(colour, 0.22), smooth(0.62, 1.0, r));
            // The side of the iris across from the lamp gathers its light.
            let glow = 0.75 - 0.5 * (v.x * key - v.y) / radius;
            scale(ring, glow.max(0.3))
        });
        let pupil = self.mask(&disc(radius * 0.4)).within(&ball);
        self.canvas.paint(&pupil, [0.006, 0.005, 0.005], 1.0);
        let lid_shadow = self.mask(&stroke(&curve(&upper, 5), |_| 0.035)).blurred(0.008).within(&ball);
        self.cast(&lid_shadow, 0.6);
        let lamp = self.mask(&circle(middle + at(key * 0.4, -0.42) * radius, radius * 0.21));
        self.canvas.paint(&lamp, WHITE, 0.95);
        // Lids: lashes above, a wet edge below, a fold over the eye.
        // In a small picture a line as fine as lashes are would be lost.
        let fine = 1.0 / self.canvas.size as f32;
        let mut edge = upper.to_vec();
        edge.push(point(1.2, -0.1));
        let brush = self.mask(&stroke(&curve(&edge, 5), |t| {
            fine + 0.008 + 0.02 * smooth(0.0, 0.6, t) * (1.0 - smooth(0.85, 1.0, t))
        }));
        self.canvas.paint(&brush.blurred(0.0035), lash, 0.92);
        let below = curve(&[point(1.0, 0.1), point(0.6, 0.6), point(0.05, 0.84), point(-0.6, 0.7)], 5);
        let rim = self.mask(&stroke(&below, |t| 0.012 * (1.1 - t))).blurred(0.005);
        self.canvas.paint(&rim, mix(lash, self.skin, 0.25), 0.55);
        let fold =
            [(-0.9, -0.35), (-0.45, -1.1), (0.1, -1.5), (0.7, -1.2), (1.2, -0.45)].map(|(x, y)| point(x, y * open));
        let fold = self.mask(&stroke(&curve(&fold, 5), |_| 0.012)).blurred(0.008);
        self.cast(&fold, 0.45);
    }

    fn front(&mut self, hair: &Hair) {
        let cap = self.mask(&hair.cap).blurred(0.008);
        let ground = scale(self.hair, 0.6);
        let mut canvas = Canvas { size: self.canvas.size, pixels: std::mem::take(&mut self.canvas.pixels) };
        let (light, brush) = (&self.light, self.brush(8));
        canvas.blend(&cap, |under, c, q| mix(under, light.matte(ground, brush.normal(q), 0.9, 0.8, 0.0), c));
        self.canvas = canvas;
        self.comb(&hair.crown, 10, 0.95);
        self.comb(&hair.front, 9, 1.0);
    }
}

/// What lens, film and print do: a faint blur, a darker rim, a curve with a toe and a shoulder, and grain.
fn develop(canvas: Canvas, size: usize, fine: usize, key: u32) -> image::RgbImage {
    let weight = 1.0 / (fine * fine) as f32;
    image::RgbImage::from_fn(size as u32, size as u32, |x, y| {
        let mut light = [0.0; 3];
        for j in 0..fine {
            for i in 0..fine {
                light = plus(light, canvas.pixels[(y as usize * fine + j) * canvas.size + x as usize * fine + i]);
            }
        }
        let q = place(size, x as usize, y as usize);
        let vignette = 1.0 - 0.2 * smooth(0.7, 1.6, q.length());
        let grain = 0.022 * (speckle(x as i32, y as i32, key) + speckle(x as i32, y as i32, key ^ 77) - 1.0);
        let print = light.map(|c| {
            let exposed = c * weight * vignette * 1.12;
            let value = (exposed * (1.0 + 0.08 * exposed) / (1.0 + 0.22 * exposed)).max(0.0).sqrt();
            value + grain * (1.0 - 0.5 * value)
        });
        image::Rgb(print.map(|c| (c.clamp(0.0, 1.0) * 255.0 + 0.5) as u8))
    })
}
