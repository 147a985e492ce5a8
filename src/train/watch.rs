//! Signs that a training goes wrong although its numbers are finite: a generator that draws one picture, a
//! discriminator that has won, augmentation that the generator has learnt to draw. Each is a sentence, said once for as
//! long as it holds. Only looked at; nothing here changes a step.

use super::objective::Objective;

/// Below this part of the real pictures' mean distance, drawn ones are too much alike. A healthy run of the preset
/// `small` comes from 0.3 at step 150 to 0.9 at step 1500.
const COLLAPSED: f64 = 0.3;

/// Sheets of earlier steps are not looked at: they show what the first weights draw, not what was learnt.
const BEGINNING: u64 = 100;

/// Until a generator has been better once, this many steps are given to it.
const PATIENCE: u64 = 1000;

/// Sheets in a row that must show the same.
const SHEETS: u32 = 2;

/// Logged rows in a row in which the discriminator is sure.
const ROWS: u32 = 20;

/// Pictures are compared as so many means a side: what they show, not the grain.
const CELLS: usize = 8;

/// How many more drawn than real pictures may have a grey border, or how much more grey they may hold.
const GREY: f64 = 0.1;

/// How much wider the brightness of drawn pictures may be spread than that of real ones.
const SPREAD: f64 = 1.5;

/// Bytes around the middle grey, which is the zero that translation and cutout leave, and how far from it counts.
const ZERO: (u8, u8) = (128, 6);

/// Pictures of `side` by `side` pixels, three bytes each, as sheets show them.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Pixels of a side.
    pub side: usize,
    /// The bytes of each picture.
    pub pictures: Vec<Vec<u8>>,
}

/// Which changes of the pictures a discriminator sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Policy {
    /// Brightness, saturation and contrast.
    pub colour: bool,
    /// Moved, with zeros behind.
    pub translation: bool,
    /// A square of zeros.
    pub cutout: bool,
}

/// What was seen so far of one run.
#[derive(Debug, Default)]
pub struct Watch {
    objective: Option<Objective>,
    policy: Policy,
    /// Whether pictures were different enough once.
    was_diverse: bool,
    alike: u32,
    leaking: u32,
    sure: u32,
}

impl Policy {
    /// From a list such as `color,translation`.
    pub fn of(list: &str) -> Self {
        let has = |name: &str| list.split(',').any(|word| word.trim() == name);
        Self { colour: has("color") || has("colour"), translation: has("translation"), cutout: has("cutout") }
    }
}

impl Watch {
    /// For a run with D(x) and D(G(z)) of this objective, and pictures that the discriminator sees changed.
    pub fn new(objective: Option<Objective>, policy: Policy) -> Self {
        Self { objective, policy, ..Self::default() }
    }

    /// Looks at the scores of a logged step.
    pub fn scores(&mut self, real: f32, fake: f32) -> Option<String> {
        let has_won = self.objective.and_then(certainty).is_some_and(|[high, low]| real > high && fake < low);
        self.sure = if has_won { self.sure.saturating_add(1) } else { 0 };
        (self.sure == ROWS).then(|| {
            format!(
                "the discriminator has won: D(x) {real:.3} and D(G(z)) {fake:.3}, as clearly in the last {ROWS} rows; \
                 the generator learns little. Try a smaller --ndf, a larger --ngf, a lower --lr, or more pictures"
            )
        })
    }

    /// Looks at a sheet that was drawn after `step`, beside real pictures.
    pub fn sheet(&mut self, step: u64, drawn: &Shown, real: &Shown) -> Vec<String> {
        if step < BEGINNING {
            return Vec::new();
        }
        self.collapse(step, drawn, real).into_iter().chain(self.leak(drawn, real)).collect()
    }

    fn collapse(&mut self, step: u64, drawn: &Shown, real: &Shown) -> Option<String> {
        let among_real = mean_distance(real);
        if among_real == 0.0 || drawn.pictures.len() < 2 {
            return None;
        }
        let ratio = mean_distance(drawn) / among_real;
        let alike = ratio < COLLAPSED && (self.was_diverse || step >= PATIENCE);
        self.was_diverse |= ratio >= COLLAPSED;
        self.alike = if alike { self.alike.saturating_add(1) } else { 0 };
        (self.alike == SHEETS).then(|| {
            format!(
                "the drawn pictures are nearly all alike (mode collapse): their mean distance is {:.0} % of that of \
                 the real ones. Go back to an earlier checkpoint (--keep-last keeps some), or try a lower --lr, a \
                 larger --batch, or another --objective or --seed",
                100.0 * ratio
            )
        })
    }

    fn leak(&mut self, drawn: &Shown, real: &Shown) -> Option<String> {
        let Policy { colour, translation, cutout } = self.policy;
        let signs = [
            (colour, "brightness spread", brightness_spread(drawn), SPREAD * brightness_spread(real) + 4.0),
            (translation, "share with a grey border", grey_borders(drawn), grey_borders(real) + GREY),
            (cutout, "share of grey pixels", grey_pixels(drawn), grey_pixels(real) + GREY),
        ];
        let sign = signs.into_iter().find(|(is_on, _, found, most)| *is_on && found > most);
        self.leaking = if sign.is_some() { self.leaking.saturating_add(1) } else { 0 };
        let (_, name, found, most) = sign.filter(|_| self.leaking == SHEETS)?;
        Some(format!(
            "the generator seems to draw what only augmentation does: {name} {found:.2}, and {most:.2} is the most \
             that the real pictures explain. Augment less (--ada-target), or without that change"
        ))
    }
}

/// Above the first D(x) and below the second D(G(z)), a discriminator is sure; `None` where scores have no such ends.
fn certainty(objective: Objective) -> Option<[f32; 2]> {
    // Probabilities; outputs that are drawn to 1 and 0; outputs beyond both margins, where no loss is left.
    match objective {
        Objective::Minimax | Objective::NonSaturating => Some([0.98, 0.02]),
        Objective::Lsgan => Some([0.95, 0.05]),
        Objective::Hinge => Some([1.0, -1.0]),
        #[allow(unreachable_patterns, reason = "objectives without margins have no such ends")]
        _ => None,
    }
}

/// The mean over all pairs of the root mean square difference, in bytes, of the pictures' cells.
pub fn mean_distance(shown: &Shown) -> f64 {
    let cells: Vec<_> = shown.pictures.iter().map(|picture| cells(picture, shown.side)).collect();
    let (mut sum, mut pairs) = (0.0, 0_u32);
    for (place, one) in cells.iter().enumerate() {
        for other in &cells[..place] {
            let squares: f64 = one.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
            sum += (squares / one.len() as f64).sqrt();
            pairs += 1;
        }
    }
    sum / f64::from(pairs.max(1))
}

/// A picture as means of squares, a number for each and each colour.
fn cells(picture: &[u8], side: usize) -> Vec<f64> {
    let each = (side / CELLS).max(1);
    let across = side / each;
    let mut sums = vec![0.0; across * across * 3];
    for y in 0..across * each {
        for x in 0..across * each {
            for c in 0..3 {
                sums[(y / each * across + x / each) * 3 + c] += f64::from(picture[(y * side + x) * 3 + c]);
            }
        }
    }
    sums.iter().map(|sum| sum / (each * each) as f64).collect()
}

/// The standard deviation of the pictures' mean brightness, in bytes.
fn brightness_spread(shown: &Shown) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let of = |picture: &Vec<u8>| picture.iter().map(|byte| f64::from(*byte)).sum::<f64>() / picture.len().max(1) as f64;
    let means: Vec<f64> = shown.pictures.iter().map(of).collect();
    let middle = mean(&means);
    mean(&means.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

/// The share of the pictures of which a whole border row or column is the grey of zero.
fn grey_borders(shown: &Shown) -> f64 {
    let side = shown.side;
    let has_one = |picture: &&Vec<u8>| {
        let row = |y: usize| (0..side).all(|x| is_zero(&picture[(y * side + x) * 3..][..3]));
        let column = |x: usize| (0..side).all(|y| is_zero(&picture[(y * side + x) * 3..][..3]));
        row(0) || row(side - 1) || column(0) || column(side - 1)
    };
    shown.pictures.iter().filter(has_one).count() as f64 / shown.pictures.len().max(1) as f64
}

/// The share of all pixels that are the grey of zero.
fn grey_pixels(shown: &Shown) -> f64 {
    let all = shown.pictures.iter().flat_map(|picture| picture.chunks_exact(3));
    let grey = all.clone().filter(|pixel| is_zero(pixel)).count();
    grey as f64 / all.count().max(1) as f64
}

fn is_zero(pixel: &[u8]) -> bool {
    pixel.iter().all(|byte| byte.abs_diff(ZERO.0) <= ZERO.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 16;

    /// Sixteen pictures, each of one colour drawn by `colour`, changed by `change`.
    fn shown(colour: impl Fn(u8) -> u8, change: impl Fn(usize, &mut [u8])) -> Shown {
        let picture = |n: u8| {
            let mut bytes: Vec<u8> = [colour(n), 40, 200].repeat(SIDE * SIDE);
            change(usize::from(n), &mut bytes);
            bytes
        };
        Shown { side: SIDE, pictures: (0..16).map(picture).collect() }
    }

    fn plain(colour: impl Fn(u8) -> u8) -> Shown {
        shown(colour, |_, _| {})
    }

    fn watch(policy: &str) -> Watch {
        Watch::new(Some(Objective::NonSaturating), Policy::of(policy))
    }

    #[test]
    fn pictures_that_become_alike_are_noticed_once_and_beginners_are_left_alone() {
        let (real, alike) = (plain(|n| n * 15), plain(|n| 100 + n));
        let mut early = watch("");
        assert!((0..5).all(|n| early.sheet(100 * n, &alike, &real).is_empty()), "it has hardly begun");
        let mut untrained = watch("");
        assert!((0..5).all(|n| untrained.sheet(50 * n, if n < 2 { &real } else { &alike }, &real).is_empty()));
        let mut fallen = watch("");
        assert!(fallen.sheet(200, &real, &real).is_empty() && fallen.sheet(300, &alike, &real).is_empty());
        let said = fallen.sheet(400, &alike, &real);
        assert!(said.len() == 1 && said[0].contains("7 %") && said[0].contains("--keep-last"), "{said:?}");
        assert!(fallen.sheet(500, &alike, &real).is_empty(), "once is enough");
        assert!(fallen.sheet(600, &real, &real).is_empty() && fallen.sheet(700, &alike, &real).is_empty());
        assert_eq!(fallen.sheet(800, &alike, &real).len(), 1, "it happened again");
        let mut late = watch("");
        assert!(late.sheet(5000, &alike, &real).is_empty() && late.sheet(5100, &alike, &real).len() == 1);
    }

    #[test]
    fn a_sure_discriminator_is_noticed_by_the_scale_of_its_objective() {
        let said = |objective, real, fake| {
            let mut watch = Watch::new(Some(objective), Policy::default());
            (0..100).filter_map(|_| watch.scores(real, fake)).collect::<Vec<_>>()
        };
        assert!(said(Objective::NonSaturating, 0.99, 0.01)[0].contains("D(x) 0.990"));
        assert_eq!(said(Objective::Hinge, 1.4, -2.0).len(), 1);
        for (objective, real, fake) in
            [(Objective::Minimax, 0.9, 0.01), (Objective::Hinge, 0.99, 0.01), (Objective::Lsgan, 0.9, 0.1)]
        {
            assert!(said(objective, real, fake).is_empty(), "{objective:?}");
        }
        let mut wavering = watch("");
        assert!((0..100).all(|n| wavering.scores(0.99, if n % 15 == 0 { 0.5 } else { 0.01 }).is_none()));
    }

    #[test]
    fn augmentation_in_the_samples_is_noticed_where_there_is_some() {
        let real = plain(|n| 100 + n);
        let bright = plain(|n| n * 17);
        let moved = shown(|n| 100 + n, |n, bytes| bytes[..SIDE * 3 * (n % 2)].fill(128));
        let cut = shown(|n| 100 + n, |_, bytes| bytes[..SIDE * SIDE].fill(126));
        for (policy, drawn, word) in [
            ("color,translation", &bright, "brightness"),
            ("translation,cutout", &moved, "border"),
            ("cutout", &cut, "grey pixels"),
        ] {
            let mut watching = watch(policy);
            let first: Vec<_> =
                watching.sheet(109, drawn, &real).into_iter().filter(|s| s.contains("augment")).collect();
            assert!(first.is_empty(), "{first:?}");
            let said = watching.sheet(110, drawn, &real).concat();
            assert!(said.contains(word), "{policy}: {said}");
            assert!(watch("").leak(drawn, &real).is_none());
        }
        let mut honest = watch("color,translation,cutout");
        assert!((0..3).all(|_| honest.leak(&moved, &moved).is_none()), "real pictures may have grey borders too");
    }
}
