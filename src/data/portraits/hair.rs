//! Hair as locks: each a bundle of strands around a spine, from its root to its tip. The drawn rendering inks a lock's
//! outline; the photographic one combs single strands along it.

use super::{
    attributes::{Bangs, HairStyle, Portrait},
    geometry::{Head, Pose},
    path::{Point, at, cubic, smooth, wave},
    random::Dice,
};

/// Segments of a spine.
const SEGMENTS: usize = 16;

/// A bundle of strands on the frame.
#[derive(Clone, Debug)]
pub struct Lock {
    /// From root to tip.
    pub spine: Vec<Point>,
    /// Half its breadth at each point of the spine.
    pub half: Vec<f32>,
}

impl Lock {
    /// The strand at `across` from -1 (left of the direction of growth, as seen) to 1.
    pub fn strand(&self, across: f32) -> Vec<Point> {
        let last = self.spine.len() - 1;
        let normal = |i: usize| (self.spine[(i + 1).min(last)] - self.spine[i.saturating_sub(1)]).normal();
        (0..=last).map(|i| self.spine[i] + normal(i) * (self.half[i] * across)).collect()
    }

    /// The closed outline of the whole lock.
    pub fn outline(&self) -> Vec<Point> {
        self.strip(-1.0, 1.0, 0.0, 1.0)
    }

    /// The closed outline of the part between two strands, from the fraction `from` of the length to `to`.
    pub fn strip(&self, left: f32, right: f32, from: f32, to: f32) -> Vec<Point> {
        let last = (self.spine.len() - 1) as f32;
        let (first, end) = ((from * last) as usize, (to * last).ceil() as usize);
        let mut outline = self.strand(left)[first..=end].to_vec();
        outline.extend(self.strand(right)[first..=end].iter().rev());
        outline
    }

    /// The closed outline of the dark side of the lock: a wedge that grows from nothing at the fraction `from` of its
    /// length to the whole `side` (-1 or 1) beyond the strand `side * inner` at its tip.
    pub fn wedge(&self, side: f32, inner: f32, from: f32) -> Vec<Point> {
        let last = self.spine.len() - 1;
        let first = (from * last as f32) as usize;
        let mut outline = self.strand(side * 1.1)[first..].to_vec();
        for i in (first..=last).rev() {
            let t = smooth(0.0, 0.6, (i - first) as f32 / (last - first) as f32);
            outline.push(self.point(i as f32 / last as f32, side * (1.0 + (inner - 1.0) * t)));
        }
        outline
    }

    /// The point at `along` (0 root, 1 tip) and `across`.
    pub fn point(&self, along: f32, across: f32) -> Point {
        let last = self.spine.len() - 1;
        let place = along.clamp(0.0, 1.0) * last as f32;
        let i = (place as usize).min(last - 1);
        let t = place - i as f32;
        let normal = (self.spine[i + 1] - self.spine[i]).normal();
        let half = self.half[i] * (1.0 - t) + self.half[i + 1] * t;
        self.spine[i].toward(self.spine[i + 1], t) + normal * (half * across)
    }
}

/// How a lock ends.
#[derive(Clone, Copy)]
enum Tip {
    Pointed,
    Cut,
}

/// Where a lock lies.
#[derive(Clone, Copy)]
enum Lies {
    /// On the front of the skull, and never beyond its outline.
    OnSkull,
    /// At a depth, and never beyond the skull's outline.
    Beside(f32),
    /// At a depth.
    Free(f32),
}

/// All the hair of a head, each list from the hindmost lock to the foremost.
pub struct Hair {
    /// Behind the neck and shoulders.
    pub back: Vec<Lock>,
    /// Gathered hair in front of the back hair but behind the face.
    pub tails: Vec<Lock>,
    /// Hair rolled into balls: locks as broad as they are long.
    pub buns: Vec<Lock>,
    /// Where gathered hair is tied.
    pub ties: Vec<Point>,
    /// The hair that covers the skull above the forehead.
    pub cap: Vec<Point>,
    /// Combed over the skull from the parting to the hairline.
    pub crown: Vec<Lock>,
    /// In front of the face.
    pub front: Vec<Lock>,
    /// Whether the ears show.
    pub ears: bool,
}

/// A comb: draws locks onto the frame for one head.
struct Comb<'a> {
    head: &'a Head,
    pose: &'a Pose,
    dice: Dice,
}

impl Comb<'_> {
    /// A lock along the Bezier curve `knots` (head coordinates), `half` wide at its widest.
    fn lock(&mut self, knots: [Point; 4], half: f32, tip: Tip, lies: Lies) -> Lock {
        self.waved(knots, half, tip, lies, 0.0)
    }

    /// A lock that swings to and fro by `swing` as it falls.
    fn waved(&mut self, knots: [Point; 4], half: f32, tip: Tip, lies: Lies, swing: f32) -> Lock {
        let phase = self.dice.uniform();
        let spine = cubic(knots, SEGMENTS).into_iter().enumerate().map(|(i, p)| {
            let t = i as f32 / SEGMENTS as f32;
            let p = p + at(swing * wave(1.6 * t + phase) * smooth(0.25, 0.6, t), 0.0);
            match lies {
                Lies::OnSkull => self.pose.project(self.within_skull(p), self.head.depth(p.x) * self.top(p)),
                Lies::Beside(depth) => self.pose.project(self.within_skull(p), depth * self.top(p)),
                Lies::Free(depth) => self.pose.project(p, depth),
            }
        });
        let spine = spine.collect();
        let half = (0..=SEGMENTS).map(|i| half * self.pose_zoom() * profile(tip, i as f32 / SEGMENTS as f32)).collect();
        Lock { spine, half }
    }

    /// The nearest point towards the middle of the skull that leaves room for a lock's breadth.
    fn within_skull(&self, p: Point) -> Point {
        let (s, c) = (self.head.skull, self.head.skull_centre);
        let v = p - c;
        let reach = at(v.x / s.x, v.y / s.y).length();
        if v.y < 0.0 && reach > 0.93 { c + v * (0.93 / reach) } else { p }
    }

    /// The share of depth that is left towards the top of the skull, where it curves away.
    fn top(&self, p: Point) -> f32 {
        let v = ((p.y - self.head.skull_centre.y) / self.head.skull.y).clamp(-1.0, 0.0);
        (1.0 - v * v).sqrt()
    }

    /// A ball of hair wound about the axis `radius`, whose length is its radius.
    fn ball(&self, centre: Point, radius: Point) -> Lock {
        let place = |i: usize| wave(0.5 * i as f32 / SEGMENTS as f32 - 0.25);
        let spine = (0..=SEGMENTS).map(|i| centre + radius * place(i)).collect();
        let half = (0..=SEGMENTS).map(|i| radius.length() * (1.0 - place(i) * place(i)).max(0.0).sqrt()).collect();
        Lock { spine, half }
    }

    fn pose_zoom(&self) -> f32 {
        (self.pose.place(at(1.0, 0.0)) - self.pose.place(at(0.0, 0.0))).length()
    }
}

/// Breadth of a lock along its length: gathered at the root, full in the middle.
fn profile(tip: Tip, t: f32) -> f32 {
    let root = 0.2 + 0.8 * smooth(-0.1, 0.55, t);
    match tip {
        Tip::Pointed => root * (1.0 - t * t * t).sqrt() * ((1.0 - t) / 0.45).min(1.0),
        Tip::Cut => root,
    }
}

impl Hair {
    /// Grows the hair of `p` on `head`.
    pub fn grow(p: &Portrait, head: &Head, pose: &Pose) -> Hair {
        let mut comb = Comb { head, pose, dice: Dice::new(p.detail as u64, 1) };
        let mut hair = Hair {
            back: Vec::new(),
            tails: Vec::new(),
            buns: Vec::new(),
            ties: Vec::new(),
            cap: cap(p, head, pose),
            crown: Vec::new(),
            front: Vec::new(),
            ears: matches!(
                p.hair_style,
                HairStyle::Short | HairStyle::Ponytail | HairStyle::Buns | HairStyle::TwinTails
            ),
        };
        hair.grow_back(p, &mut comb);
        hair.grow_sides(p, &mut comb);
        hair.grow_bangs(p, &mut comb);
        hair
    }

    fn grow_back(&mut self, p: &Portrait, comb: &mut Comb<'_>) {
        let s = comb.head.skull;
        let c = comb.head.skull_centre;
        let long = |comb: &mut Comb<'_>,
                    count: usize,
                    bulge: f32,
                    reach: f32,
                    spread: f32,
                    swing: f32,
                    tip: Tip|
         -> Vec<Lock> {
            // From the outside in, so that the middle lies on top.
            let order = (0..count).map(|i| if i % 2 == 0 { i / 2 } else { count - 1 - i / 2 });
            order
                .map(|i| {
                    let u = 2.0 * i as f32 / (count - 1) as f32 - 1.0;
                    let end = c.y + reach + comb.dice.bell(0.06);
                    let knots = [
                        at(c.x + 0.2 * u * s.x, c.y - 0.8 * s.y),
                        at(c.x + 1.15 * bulge * u * s.x, c.y - 0.8 * s.y),
                        at(c.x + bulge * u * s.x, c.y + 0.45 * reach),
                        at(c.x + spread * u * s.x + comb.dice.bell(0.04), end),
                    ];
                    comb.waved(knots, 0.2, tip, Lies::Free(-0.12), swing)
                })
                .collect()
        };
        match p.hair_style {
            HairStyle::Short => self.back = long(comb, 9, 0.98, 0.6, 0.98, 0.0, Tip::Pointed),
            HairStyle::Bob => self.back = long(comb, 9, 1.1, 0.85, 0.9, 0.0, Tip::Pointed),
            HairStyle::Long => self.back = long(comb, 8, 1.08, 1.5, 1.12, 0.0, Tip::Cut),
            HairStyle::Wavy => self.back = long(comb, 8, 1.12, 1.5, 1.25, 0.055, Tip::Cut),
            HairStyle::TwinTails => {
                self.back = long(comb, 7, 0.9, 0.5, 0.6, 0.0, Tip::Pointed);
                for side in [-1.0, 1.0] {
                    let tie = at(c.x + side * s.x * 0.86, c.y - 0.55 * s.y);
                    for out in [0.0, 1.0, 0.5] {
                        let knots = [
                            tie,
                            tie + at(side * (0.16 + 0.26 * out), -0.16 - 0.05 * out),
                            tie + at(side * (0.2 + 0.3 * out), 0.62),
                            tie + at(side * (0.0 + 0.26 * out), 1.35),
                        ];
                        let lock = comb.waved(knots, 0.17, Tip::Pointed, Lies::Free(-0.05), 0.03);
                        self.tails.push(lock);
                    }
                    self.ties.push(comb.pose.project(tie, -0.05));
                }
            }
            HairStyle::Ponytail => {
                self.back = long(comb, 7, 0.9, 0.5, 0.6, 0.0, Tip::Pointed);
                let side = if p.parting < 0.0 { 1.0 } else { -1.0 };
                let tie = at(c.x + side * s.x * 0.55, c.y - 0.86 * s.y);
                for out in [0.0, 1.0, 0.5] {
                    let knots = [
                        tie,
                        tie + at(side * (0.26 + 0.16 * out), -0.18),
                        tie + at(side * (0.42 + 0.16 * out), 0.5),
                        tie + at(side * (0.2 + 0.24 * out), 1.3),
                    ];
                    let lock = comb.waved(knots, 0.17, Tip::Pointed, Lies::Free(-0.2), 0.03);
                    self.tails.push(lock);
                }
                self.ties.push(comb.pose.project(tie, -0.2));
            }
            HairStyle::Buns => {
                self.back = long(comb, 7, 0.9, 0.5, 0.6, 0.0, Tip::Pointed);
                for side in [-1.0, 1.0] {
                    let centre = at(c.x + side * s.x * 0.74, c.y - 0.84 * s.y);
                    let lean = at(side * 0.5, 1.0) * (0.2 / at(0.5, 1.0).length());
                    let lock = comb.ball(comb.pose.project(centre, -0.05), lean);
                    self.buns.push(lock);
                }
            }
        }
    }

    /// The locks that frame the face.
    fn grow_sides(&mut self, p: &Portrait, comb: &mut Comb<'_>) {
        let (s, c, h) = (comb.head.skull, comb.head.skull_centre, *comb.head);
        let (end, swing, half) = match p.hair_style {
            HairStyle::Short => (h.cheek_y + 0.12, 0.0, 0.085),
            HairStyle::Bob => (h.jaw_y + 0.16, 0.0, 0.125),
            HairStyle::Long => (h.chin_y + 0.35, 0.0, 0.12),
            HairStyle::Wavy => (h.chin_y + 0.35, 0.05, 0.13),
            HairStyle::TwinTails | HairStyle::Ponytail | HairStyle::Buns => (h.jaw_y + 0.1, 0.01, 0.075),
        };
        let part = p.parting * 0.2;
        for side in [-1.0, 1.0] {
            for (k, inset) in [(0, 0.0), (1, 0.09)] {
                let end = end + comb.dice.bell(0.07) - 0.14 * k as f32;
                let knots = [
                    at(part + side * 0.08, c.y - s.y * 0.88),
                    at(side * (s.x * 1.1 - inset), c.y - s.y * 0.82),
                    at(side * (s.x * 1.0 - inset), h.cheek_y - 0.1),
                    at(side * (h.cheek * 0.97 - inset), end),
                ];
                let lock = comb.waved(knots, half, Tip::Pointed, Lies::Beside(0.16), swing);
                self.front.push(lock);
            }
        }
    }

    fn grow_bangs(&mut self, p: &Portrait, comb: &mut Comb<'_>) {
        let h = *comb.head;
        let lid = h.fringe_y;
        let part = p.parting * 0.25;
        // Tips as (x in cheek widths, y, bow: how far the lock swings out on its way, breadth).
        let mut tips: Vec<(f32, f32, f32, f32)> = Vec::new();
        match p.bangs {
            Bangs::Blunt => {
                for i in [0, 6, 1, 5, 2, 4, 3] {
                    let x = -0.84 + 0.28 * i as f32;
                    tips.push((x, lid - 0.02 + comb.dice.bell(0.025) + 0.05 * x * x, 0.02 * x, 0.12));
                }
            }
            Bangs::Jagged => {
                for (k, i) in [0, 5, 1, 4, 2, 3].into_iter().enumerate() {
                    let x = -0.85 + 0.34 * i as f32 + comb.dice.bell(0.06);
                    let drop = if k % 2 == 0 { 0.1 } else { -0.02 };
                    tips.push((x, lid + drop + comb.dice.bell(0.05), 0.1 * (x - part), 0.125));
                }
            }
            Bangs::Parted => {
                for side in [-1.0, 1.0] {
                    for (x, drop) in [(0.42, -0.08), (0.7, 0.1), (0.94, 0.28)] {
                        tips.push((side * x + 0.4 * part, lid + drop + comb.dice.bell(0.05), side * 0.1, 0.12));
                    }
                }
            }
            Bangs::Swept => {
                let side = if p.parting < 0.0 { -1.0 } else { 1.0 };
                for (x, drop) in [(0.9, 0.1), (-0.95, 0.3), (-0.7, 0.17), (-0.4, 0.06), (-0.05, -0.02), (0.35, -0.08)] {
                    let bow = if x > 0.8 { 0.1 * side } else { 0.12 * side };
                    tips.push((side * x, lid + drop + comb.dice.bell(0.04), bow, 0.13));
                }
            }
            Bangs::Forelock => {
                for (x, drop) in [(-0.9, 0.16), (0.9, 0.16), (-0.6, 0.06), (0.6, 0.06), (-0.28, -0.05), (0.3, -0.05)] {
                    tips.push((x, lid + drop + comb.dice.bell(0.05), 0.1 * x, 0.115));
                }
                tips.push((comb.dice.bell(0.06), h.nose_y - 0.1, 0.06 * p.parting, 0.1));
            }
        }
        let root_x = parting(p);
        for i in [0, 8, 1, 7, 2, 6, 3, 5, 4] {
            let u = i as f32 / 4.0 - 1.0;
            let end = at(u * h.skull.x * 0.8, hairline(p, &h, u) + 0.06);
            let knots = [
                at(root_x + 0.12 * u, h.skull_centre.y - h.skull.y * 0.93),
                at(root_x + (u * h.skull.x * 0.9 - root_x) * 0.8, h.skull_centre.y - h.skull.y * (1.02 - 0.1 * u * u)),
                at(u * h.skull.x * 0.95, h.skull_centre.y - h.skull.y * 0.55),
                end,
            ];
            let lock = comb.lock(knots, 0.085, Tip::Pointed, Lies::OnSkull);
            self.crown.push(lock);
        }
        let tip_shape = if matches!(p.bangs, Bangs::Blunt) { Tip::Cut } else { Tip::Pointed };
        let top = h.skull_centre.y - h.skull.y;
        for (x, y, bow, half) in tips {
            let x = x * h.cheek;
            let root = root_x + 0.3 * (x - root_x);
            let drop = y - top;
            let knots = [
                at(root, top + 0.09),
                at(root + 1.0 * (x - root), top + 0.12 * drop),
                at(x + bow, y - 0.42 * drop),
                at(x, y),
            ];
            let lock = comb.lock(knots, half, tip_shape, Lies::OnSkull);
            self.front.push(lock);
        }
        if comb.dice.chance(0.25) {
            let lean = if comb.dice.chance(0.5) { 1.0 } else { -1.0 };
            let knots = [
                at(part, top + 0.06),
                at(part + 0.02 * lean, top - 0.1),
                at(part + 0.1 * lean, top - 0.2),
                at(part + 0.28 * lean, top - 0.03),
            ];
            let lock = comb.lock(knots, 0.035, Tip::Pointed, Lies::Free(0.1));
            self.front.push(lock);
        }
    }
}

/// The outline of the hair above the forehead and temples. Parted hair opens like a curtain below the parting.
fn cap(p: &Portrait, head: &Head, pose: &Pose) -> Vec<Point> {
    let (s, c) = (head.skull, head.skull_centre);
    // Over the top from the left temple to the right one, then back along the hairline.
    let dome = (0..=CAP_STEPS).map(|i| {
        let turn = 0.47 + 0.56 * i as f32 / CAP_STEPS as f32;
        (at(c.x + s.x * wave(turn + 0.25), c.y + s.y * wave(turn)), 0.0)
    });
    let line = (0..=CAP_STEPS).map(|i| {
        let u = 1.0 - 2.0 * i as f32 / CAP_STEPS as f32;
        (at(u * head.cheek * 0.98, hairline(p, head, u)), head.depth(u * head.cheek))
    });
    dome.chain(line).map(|(p, z)| pose.project(p, z)).collect()
}

/// Height of the edge of the hair at `u` (-1 to 1) across the forehead.
fn hairline(p: &Portrait, head: &Head, u: f32) -> f32 {
    let (away, edge) = ((u - parting(p) / head.cheek).abs(), u * u * u * u);
    let drop = match p.bangs {
        Bangs::Parted => (-0.06 + 0.34 * away).min(0.3) + 0.25 * edge,
        _ => 0.1 + 0.4 * edge,
    };
    head.hairline_y + drop
}

/// Steps of the arc over the top of the cap: its first `CAP_STEPS + 1` points.
pub const CAP_STEPS: usize = 24;

/// Where the hair parts, from the middle of the head.
fn parting(p: &Portrait) -> f32 {
    match p.bangs {
        Bangs::Swept => 0.24 * if p.parting < 0.0 { -1.0 } else { 1.0 },
        _ => p.parting * 0.25,
    }
}
