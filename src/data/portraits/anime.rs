//! The drawn rendering: flat cel colours, one step of shadow, inked lines, and eyes with lights in them.

use super::{
    attributes::{Background, Expression, Portrait},
    canvas::{Canvas, Mask},
    colour::{Colour, Ramp, WHITE, filter, hex, mix, ramp, scale},
    geometry::{Head, Pose},
    hair::{CAP_STEPS, Hair, Lock},
    palette,
    path::{Point, at, circle, closed, curve, ellipse, shifted, smooth, stroke, wave},
    random::Dice,
    wardrobe::{Layer, Piece, pieces},
};

/// Draws `p` at `size` pixels a side.
pub fn draw(p: &Portrait, size: usize) -> image::RgbImage {
    let (head, pose) = (Head::anime(p), Pose::of(p));
    let skin = ramp(palette::skin(p));
    let skin = Ramp { shade: filter(skin.base, hex(0xf2b8b4)), line: mix(skin.line, hex(0x7a2f2a), 0.5), ..skin };
    let hair = ramp(palette::hair(p));
    let worn = pieces(p, &head, &pose, hair.base);
    let locks = Hair::grow(p, &head, &pose);
    // Lines thinner than this vanish in a small picture.
    let pen = 0.014 + 0.35 / size as f32;
    let mut canvas = Canvas { size, pixels: Vec::new() };
    canvas.pixels = background(p, size);
    let mut painter = Painter { p, head, pose, skin, hair, pen, canvas };
    painter.behind(&locks, &worn);
    painter.body(&worn);
    painter.face(&locks);
    painter.features();
    painter.worn(&worn, Layer::Face);
    painter.front(&locks);
    painter.brows();
    painter.worn(&worn, Layer::Hair);
    painter.canvas.into_image()
}

/// The colours behind the head.
fn background(p: &Portrait, size: usize) -> Vec<Colour> {
    let wall = palette::wall(p);
    let pale = mix(wall, WHITE, 0.6);
    let mut dice = Dice::new(p.detail as u64, 2);
    let (angle, phase) = (dice.range(-1.0, 1.0), dice.uniform());
    // Width over which an edge between two flat colours is softened: a pixel.
    let soft = 2.0 / size as f32;
    let band =
        |v: f32, period: f32| smooth(-soft, soft, ((v / period - (v / period).floor() - 0.5).abs() - 0.25) * period);
    let colour = |q: Point| match p.background {
        Background::Plain => pale,
        Background::Gradient => mix(pale, wall, smooth(-1.0, 1.0, q.y + 0.3 * angle * q.x)),
        Background::Stripes => mix(pale, mix(pale, wall, 0.6), band(q.x + angle * q.y + phase, 0.36)),
        Background::Dots => {
            let grid = at(q.x * 0.8 + q.y * 0.6, q.y * 0.8 - q.x * 0.6) * (1.0 / 0.3);
            let cell = at(grid.x - grid.x.floor() - 0.5, grid.y - grid.y.floor() - 0.5) * 0.3;
            mix(mix(pale, wall, 0.75), WHITE, smooth(soft, -soft, cell.length() - 0.085))
        }
        Background::Sky => mix(hex(0x8cc6f2), hex(0xe4f4fd), smooth(-1.0, 1.0, q.y)),
        Background::Rays => {
            let from = at(0.2 * angle, 0.3);
            let v = q - from;
            // The diamond angle: a turn without an arc tangent.
            let turn = v.y / (v.x.abs() + v.y.abs()).max(1e-6);
            let turn = if v.x < 0.0 { 2.0 - turn } else { turn };
            mix(pale, mix(pale, wall, 0.55), band(turn + phase, 0.25))
        }
    };
    let mut canvas = Canvas::new(size, colour);
    if p.background == Background::Sky {
        for _ in 0..4 {
            let centre = at(dice.range(-1.0, 1.0), dice.range(-0.9, 0.5));
            let mut puffs = Mask::empty(size);
            for k in 0..4 {
                let radius = dice.range(0.1, 0.2);
                puffs.add(&Mask::fill(size, &circle(centre + at(0.16 * k as f32 - 0.25, dice.bell(0.05)), radius)));
            }
            canvas.paint(&puffs, WHITE, 0.85);
        }
    }
    canvas.pixels
}

struct Painter<'a> {
    p: &'a Portrait,
    head: Head,
    pose: Pose,
    skin: Ramp,
    hair: Ramp,
    /// Breadth of a line, frame units.
    pen: f32,
    canvas: Canvas,
}

impl Painter<'_> {
    fn mask(&self, outline: &[Point]) -> Mask {
        Mask::fill(self.canvas.size, outline)
    }

    /// Inks the border of a closed outline.
    fn ink_around(&mut self, outline: &[Point], colour: Colour) {
        let mut ring = outline.to_vec();
        ring.extend_from_slice(&outline[..2]);
        let pen = self.pen;
        self.canvas.fill(&stroke(&ring, |_| pen), colour);
    }

    /// Inks a line that swells in the middle, `weight` pens broad.
    fn ink(&mut self, line: &[Point], weight: f32, colour: Colour) {
        let pen = self.pen * weight;
        self.canvas.fill(&stroke(line, |t| pen * (0.35 + 2.6 * t * (1.0 - t))), colour);
    }

    fn behind(&mut self, hair: &Hair, worn: &[Piece]) {
        let dark =
            Ramp { light: self.hair.base, base: self.hair.shade, shade: scale(self.hair.shade, 0.86), ..self.hair };
        self.silhouette(&hair.back, dark.line);
        for lock in &hair.back {
            self.lock(lock, dark, 0.5);
        }
        for lock in &hair.tails {
            self.lock(lock, self.hair, 0.2);
        }
        for bun in &hair.buns {
            self.bun(bun);
        }
        for &tie in &hair.ties {
            let band = ellipse(tie, at(0.1, 0.0), at(0.0, 0.07));
            self.canvas.fill(&band, palette::accent(self.p));
            self.ink_around(&band, self.hair.line);
        }
        self.worn(worn, Layer::Behind);
    }

    fn bun(&mut self, bun: &Lock) {
        let outline = bun.outline();
        let mask = self.mask(&outline);
        self.canvas.paint(&mask, self.hair.base, 1.0);
        let lit = self.mask(&shifted(&outline, at(self.p.light * 0.06, -0.06)));
        self.canvas.paint(&mask.without(&lit), self.hair.shade, 1.0);
        for across in [-0.45, 0.35] {
            self.ink(&bun.strand(across)[2..], 0.8, self.hair.line);
        }
        self.ink_around(&outline, self.hair.line);
    }

    /// Inks the silhouette of several locks; what falls inside them is painted over.
    fn silhouette(&mut self, locks: &[Lock], colour: Colour) {
        let pen = self.pen;
        for lock in locks {
            for side in [-1.0, 1.0] {
                self.canvas.fill(&stroke(&lock.strand(side), |_| pen * 1.1 + 0.006), colour);
            }
        }
    }

    /// One lock of hair, shadowed on the side away from the light; its lines fade in from the fraction `from`.
    fn lock(&mut self, lock: &Lock, ink: Ramp, from: f32) {
        let mask = self.mask(&lock.outline());
        self.canvas.paint(&mask, ink.base, 1.0);
        // A spine grows downwards: its normal points to the left of the picture.
        let dark = self.p.light;
        let shade = self.mask(&lock.wedge(dark, 0.1, 0.3)).within(&mask);
        self.canvas.paint(&shade, ink.shade, 0.9);
        let pen = self.pen;
        for side in [-1.0, 1.0] {
            let edge = lock.strand(side);
            let line = stroke(&edge, |t| pen * smooth(from, from + 0.35, t));
            self.canvas.fill(&line, ink.line);
        }
    }

    fn worn(&mut self, worn: &[Piece], layer: Layer) {
        for piece in worn.iter().filter(|piece| piece.layer == layer) {
            let ink = ramp(piece.colour);
            let mask = self.mask(&piece.outline);
            self.canvas.paint(&mask, ink.base, 1.0);
            let thin = piece.glossy && layer == Layer::Face;
            if !thin {
                let lit = self.mask(&shifted(&piece.outline, at(self.p.light * 0.035, -0.045)));
                self.canvas.paint(&mask.without(&lit), ink.shade, 0.8);
                self.ink_around(&piece.outline, ink.line);
            }
        }
    }

    fn body(&mut self, worn: &[Piece]) {
        let (h, pose) = (self.head, self.pose);
        let top = h.chin_y - 0.25;
        let neck: Vec<Point> = [(-1.0, 0.0), (1.0, 0.0)]
            .into_iter()
            .map(|(s, _)| pose.project(at(s * h.neck, top), -0.02))
            .chain([(1.0, 0.9), (1.35, 1.3), (-1.35, 1.3), (-1.0, 0.9)].into_iter().map(|(s, k)| {
                at(s * h.neck, top + (h.shoulder_y - top) * k + 0.05) + at(self.p.shift[0] * 0.8, self.p.shift[1])
            }))
            .collect();
        let mask = self.mask(&neck);
        self.canvas.paint(&mask, self.skin.base, 1.0);
        self.ink_around(&neck, self.skin.line);
        let chin = shifted(&h.face(&pose), at(-0.03 * self.p.light, 0.13));
        let under = self.mask(&chin).within(&mask);
        self.canvas.paint(&under, self.skin.shade, 1.0);
        self.worn(worn, Layer::Body);
    }

    fn face(&mut self, hair: &Hair) {
        let (h, pose) = (self.head, self.pose);
        if hair.ears {
            for side in [-1.0, 1.0] {
                let ear = |x: f32, y: f32| pose.project(at(side * (h.cheek + x), h.eye.y + y), -0.02);
                let shell = closed(
                    &[ear(-0.06, -0.12), ear(0.05, -0.13), ear(0.085, -0.03), ear(0.03, 0.12), ear(-0.06, 0.16)],
                    5,
                );
                self.canvas.fill(&shell, self.skin.base);
                self.ink_around(&shell, self.skin.line);
                self.ink(&curve(&[ear(0.05, -0.08), ear(0.03, -0.02), ear(0.01, 0.07)], 5), 0.8, self.skin.shade);
            }
        }
        let outline = h.face(&pose);
        let face = self.mask(&outline);
        self.ink_around(&outline, self.skin.line);
        self.canvas.paint(&face, self.skin.base, 1.0);
        // The cheek away from the light.
        let lit = self.mask(&shifted(&outline, at(self.p.light * 0.075, -0.03)));
        self.canvas.paint(&face.clone().without(&lit), self.skin.shade, 0.75);
        // The bangs shade the forehead.
        let fall = at(-0.02 * self.p.light, 0.06);
        let fringe: Vec<Vec<Point>> = hair.front.iter().map(|lock| shifted(&lock.outline(), fall)).collect();
        let fringe = Mask::union(self.canvas.size, fringe.iter().map(Vec::as_slice)).within(&face);
        self.canvas.paint(&fringe, self.skin.shade, 1.0);
    }

    fn features(&mut self) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        for side in [-1.0, 1.0] {
            let cheek = h.face_point(&pose, side * h.eye.x * 1.22, h.eye.y + h.eye_half.y + 0.09, 0.0);
            let rose = mix(self.skin.base, hex(0xff6f78), 0.6);
            for (grow, alpha) in [(1.0, 0.22), (0.7, 0.25)] {
                let spot = self.mask(&ellipse(cheek, at(0.12 * grow, 0.0), at(0.0, 0.055 * grow)));
                self.canvas.paint(&spot, rose, alpha * (0.25 + 0.75 * p.blush));
            }
        }
        let tip = h.face_point(&pose, 0.0, h.nose_y, 0.08);
        let dark = -p.light;
        let nose = [tip + at(dark * 0.005, -0.035), tip + at(dark * 0.03, 0.012), tip + at(dark * -0.012, 0.014)];
        self.canvas.fill(&nose, mix(self.skin.shade, self.skin.line, 0.35));
        self.mouth();
        for side in [-1.0, 1.0] {
            self.eye(side);
        }
    }

    fn mouth(&mut self) {
        let (h, pose) = (self.head, self.pose);
        let point = |x: f32, y: f32| h.face_point(&pose, x * h.mouth, h.mouth_y + y, 0.02);
        let line = mix(self.skin.line, hex(0x6a1f28), 0.5);
        let inside = hex(0xb5414d);
        match self.p.expression {
            Expression::Calm => {
                self.ink(&curve(&[point(-0.65, 0.0), point(0.0, 0.008), point(0.65, 0.0)], 6), 1.2, line);
            }
            Expression::Stern => {
                self.ink(&curve(&[point(-0.75, 0.012), point(0.0, -0.008), point(0.75, 0.012)], 6), 1.3, line);
            }
            Expression::Smile => {
                self.ink(&curve(&[point(-1.0, -0.018), point(0.0, 0.03), point(1.0, -0.018)], 6), 1.4, line);
            }
            Expression::Shy => {
                let knots =
                    [point(-0.8, 0.0), point(-0.4, -0.016), point(0.0, 0.006), point(0.4, -0.016), point(0.8, 0.0)];
                self.ink(&curve(&knots, 5), 1.2, line);
            }
            Expression::Surprise => {
                let hole = ellipse(point(0.0, 0.015), at(0.05, 0.0), at(0.0, 0.062));
                self.canvas.fill(&hole, inside);
                self.ink_around(&hole, line);
            }
            Expression::Laugh | Expression::Joy => {
                let hole = closed(
                    &[
                        point(-1.15, -0.03),
                        point(0.0, -0.012),
                        point(1.15, -0.03),
                        point(0.75, 0.075),
                        point(0.0, 0.115),
                        point(-0.75, 0.075),
                    ],
                    5,
                );
                let mask = self.mask(&hole);
                self.canvas.paint(&mask, inside, 1.0);
                let tongue = self.mask(&ellipse(point(0.0, 0.115), at(0.075, 0.0), at(0.0, 0.05))).within(&mask);
                self.canvas.paint(&tongue, hex(0xf08a8a), 1.0);
                let teeth = self.mask(&ellipse(point(0.0, -0.035), at(0.11, 0.0), at(0.0, 0.045))).within(&mask);
                self.canvas.paint(&teeth, WHITE, 1.0);
                self.ink_around(&hole, line);
            }
        }
    }

    fn eye(&mut self, side: f32) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        let point = |x: f32, y: f32| h.eye_point(&pose, side, p.eye_slant, x, y);
        let lash = mix(self.hair.line, hex(0x1c1220), 0.55);
        if p.expression == Expression::Joy {
            let arch = curve(
                &[point(-0.95, 0.35), point(-0.5, -0.12), point(0.1, -0.25), point(0.65, -0.02), point(1.0, 0.42)],
                5,
            );
            self.ink(&arch, 3.0, lash);
            self.ink(&curve(&[point(0.75, 0.1), point(1.15, 0.15)], 3), 1.5, lash);
            return;
        }
        // The lids: `open` lowers the upper one.
        let open = match p.expression {
            Expression::Surprise => 1.06,
            Expression::Stern => 0.78,
            Expression::Shy => 0.86,
            _ => 0.97,
        };
        let lid = [(-1.0, 0.22), (-0.72, -0.52), (-0.15, -0.98), (0.45, -0.95), (0.88, -0.5), (1.03, 0.05)];
        let upper = lid.map(|(x, y): (f32, f32)| point(x, y * open + (1.0 - open) * 0.2));
        let lower = [(0.86, 0.62), (0.4, 0.94), (-0.25, 0.95), (-0.8, 0.62)].map(|(x, y)| point(x, y));
        let knots: Vec<Point> = upper.into_iter().chain(lower).collect();
        let white = self.mask(&closed(&knots, 5));
        self.canvas.paint(&white, hex(0xfdfbfd), 1.0);
        self.iris(side, &white);
        // The upper lid throws a shadow on the ball.
        let shade: Vec<Point> = curve(&upper, 5);
        let shadow = self.mask(&stroke(&shifted(&shade, at(0.0, 0.03)), |_| 0.06)).within(&white);
        self.canvas.paint(&shadow, hex(0x5a4a78), 0.35);
        // Lashes: broad above and outside, with a flick; a touch below the outer corner.
        let mut line = upper[..5].to_vec();
        line.extend([point(1.04, -0.14), point(1.24, -0.02)]);
        let breadth = 0.036 * h.eye_half.y / 0.17 + 0.35 * self.pen;
        let brush = stroke(&curve(&line, 5), |t| {
            breadth * (0.25 + 1.35 * smooth(0.0, 0.4, t)) * (1.0 - smooth(0.78, 1.0, t)) + 0.004
        });
        self.canvas.fill(&brush, lash);
        let below = curve(&[point(0.98, 0.3), point(0.78, 0.72), point(0.35, 0.97), point(-0.2, 0.99)], 5);
        let pen = self.pen;
        self.canvas.fill(&stroke(&below, |t| pen * 1.1 * (1.0 - t)), mix(lash, self.skin.line, 0.4));
        let crease = curve(&[(-0.55, -1.02), (0.1, -1.3), (0.7, -1.08)].map(|(x, y)| point(x, y * open)), 5);
        self.ink(&crease, 0.8, mix(self.skin.line, self.skin.shade, 0.4));
    }

    fn iris(&mut self, side: f32, white: &Mask) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        // Both eyes look at the viewer: the iris moves against the turn of the head.
        let gaze = -p.turn * 0.5 * side;
        let point = |x: f32, y: f32| h.eye_point(&pose, side, p.eye_slant, gaze - 0.06 + x, y);
        let disc = |x: f32, y: f32, rx: f32, ry: f32| {
            let centre = point(x, y);
            let across = (point(x + rx, y) - point(x - rx, y)) * 0.5;
            ellipse(centre, across, (point(x, y + ry) - point(x, y - ry)) * 0.5)
        };
        let colour = palette::iris(p);
        let (dark, deep) = (mix(scale(colour, 0.42), hex(0x1c1030), 0.35), mix(scale(colour, 0.2), hex(0x100818), 0.5));
        let glow = mix(colour, WHITE, 0.45);
        let (rx, ry) = (0.68, 0.96);
        let ball = self.mask(&disc(0.0, 0.02, rx, ry)).within(white);
        self.canvas.paint(&ball, deep, 1.0);
        let inner = self.mask(&disc(0.0, 0.04, rx * 0.88, ry * 0.9)).within(white);
        let (top, bottom) = (point(0.0, -ry).y, point(0.0, ry).y);
        self.canvas.shade(&inner, 1.0, |q| {
            let t = (q.y - top) / (bottom - top);
            mix(dark, colour, smooth(0.25, 0.62, t))
        });
        let crescent = self.mask(&disc(0.0, 0.5, rx * 0.66, ry * 0.42)).within(&inner);
        self.canvas.paint(&crescent, glow, 0.75);
        let pupil = self.mask(&disc(0.0, 0.0, rx * 0.4, ry * 0.46)).within(white);
        self.canvas.paint(&pupil, deep, 0.95);
        // Lights: a large one towards the lamp, a small one opposite. They stand on the same side in both eyes.
        let lamp = p.light * side;
        let large = self.mask(&disc(lamp * 0.3, -0.42, 0.27, 0.29)).within(white);
        self.canvas.paint(&large, WHITE, 1.0);
        let small = self.mask(&disc(-lamp * 0.3, 0.44, 0.14, 0.14)).within(white);
        self.canvas.paint(&small, WHITE, 0.9);
    }

    fn front(&mut self, hair: &Hair) {
        let cap = self.mask(&hair.cap);
        let (size, pen) = (self.canvas.size, self.pen);
        self.silhouette(&hair.front, self.hair.line);
        self.canvas.fill(&stroke(&hair.cap[..=CAP_STEPS], |_| pen * 1.1 + 0.006), self.hair.line);
        self.canvas.fill(&stroke(&hair.cap[CAP_STEPS + 1..], |_| pen * 1.2), self.hair.line);
        self.canvas.paint(&cap, self.hair.base, 1.0);
        for lock in &hair.front {
            self.lock(lock, self.hair, 0.4);
        }
        // The ring of light that lies on every drawn head of hair, broken at each lock.
        let mut all =
            Mask::union(size, hair.front.iter().map(|l| l.outline()).collect::<Vec<_>>().iter().map(Vec::as_slice));
        all.add(&cap);
        let ring = self.mask(&self.shine()).within(&all);
        self.canvas.paint(&ring, self.hair.light, 0.8);
    }

    /// A band around the skull, thin at its ends, with a few small teeth above and long ones below.
    fn shine(&self) -> Vec<Point> {
        const TEETH: usize = 20;
        let (s, c) = (self.head.skull, self.head.skull_centre);
        let mut dice = Dice::new(self.p.detail as u64, 3);
        let mut edge = |y: f32, tooth: f32, breadth: f32| -> Vec<Point> {
            (0..=TEETH)
                .map(|i| {
                    let inner = i > 0 && i < TEETH;
                    let u = 2.0 * i as f32 / TEETH as f32 - 1.0 + if inner { dice.bell(0.045) } else { 0.0 };
                    let fade = 1.0 - u * u;
                    let jag = if i % 2 == 0 { 0.0 } else { tooth * dice.range(0.3, 1.0) };
                    let y = c.y + s.y * (y + 0.26 * u * u) + (jag + breadth) * fade.max(0.0);
                    self.pose.project(at(c.x + 0.84 * s.x * u, y), self.head.depth(u * s.x) * 0.8)
                })
                .collect()
        };
        let mut band = edge(-0.66, 0.03, -0.02);
        band.extend(edge(-0.66, 0.085, 0.028).into_iter().rev());
        band
    }

    fn brows(&mut self) {
        let (h, pose, p) = (self.head, self.pose, self.p);
        let (inner, arch) = match p.expression {
            Expression::Stern => (0.05, -0.02),
            Expression::Shy => (-0.05, 0.0),
            Expression::Surprise | Expression::Joy => (-0.04, -0.05),
            Expression::Laugh => (-0.02, -0.035),
            _ => (0.0, -0.025),
        };
        for side in [-1.0, 1.0] {
            let point = |x: f32, y: f32| {
                let x = h.eye.x + x * h.eye_half.x;
                pose.project(at(side * x, h.brow_y + y), h.depth(x))
            };
            let line = curve(&[point(-0.85, inner + 0.01), point(0.1, arch), point(1.0, 0.02)], 6);
            let pen = self.pen * 1.7;
            let brow = self.mask(&stroke(&line, |t| pen * (0.5 + 0.9 * wave(0.1 + 0.3 * t)) * (1.0 - t * t * 0.6)));
            self.canvas.paint(&brow, self.hair.line, 0.75);
        }
    }
}
