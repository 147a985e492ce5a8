//! A white page, and axes on it: what the plots have in common. Everything is dark on white, and text keeps out of the
//! way of other text.

use plotters::{
    backend::SVGBackend,
    coord::Shift,
    drawing::{DrawingArea, IntoDrawingArea},
    element::{Circle, PathElement, Rectangle, Text},
    style::{
        Color, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::results::Failure;

pub const INK: RGBColor = RGBColor(30, 30, 30);
pub const PALE: RGBColor = RGBColor(222, 222, 222);
/// Seven colours that people with any kind of eyes can tell apart (Okabe and Ito, 2008), but for the yellow, which is
/// too bright on white.
pub const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(110, 110, 110),
];

/// Pixels.
pub type Place = (i32, i32);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// A page that is drawn on.
pub struct Canvas<'a> {
    area: Area<'a>,
}

/// Where a text is held.
#[derive(Clone, Copy)]
pub enum Anchor {
    Left,
    Middle,
    Right,
}

/// Draws a page of so many pixels: SVG.
pub fn page(size: [u32; 2], draw: impl FnOnce(&Canvas<'_>) -> Result<(), Failure>) -> Result<String, Failure> {
    let mut picture = String::new();
    let canvas = Canvas { area: SVGBackend::with_string(&mut picture, (size[0], size[1])).into_drawing_area() };
    canvas.area.fill(&RGBColor(255, 255, 255)).map_err(failed)?;
    draw(&canvas)?;
    canvas.area.present().map_err(failed)?;
    drop(canvas);
    Ok(picture)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    format!("the picture cannot be drawn: {error}").into()
}

fn style(size: i32, colour: RGBColor) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&colour)
}

impl Canvas<'_> {
    /// Text whose middle is as high as the place.
    pub fn text(&self, text: &str, at: Place, anchor: Anchor, size: i32) -> Result<(), Failure> {
        let side = match anchor {
            Anchor::Left => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::Right => HPos::Right,
        };
        let style = style(size, INK).pos(Pos::new(side, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), at, style)).map_err(failed)
    }

    /// Text from below to above.
    pub fn upright(&self, text: &str, at: Place, size: i32) -> Result<(), Failure> {
        let font = ("sans-serif", size).into_font().transform(FontTransform::Rotate270);
        let style = TextStyle::from(font).color(&INK).pos(Pos::new(HPos::Center, VPos::Center));
        self.area.draw(&Text::new(text.to_owned(), at, style)).map_err(failed)
    }

    pub fn line(&self, points: Vec<Place>, colour: RGBColor, width: u32) -> Result<(), Failure> {
        let style = ShapeStyle { color: colour.to_rgba(), filled: false, stroke_width: width };
        self.area.draw(&PathElement::new(points, style)).map_err(failed)
    }

    /// A straight line of dashes.
    pub fn dashes(&self, from: Place, to: Place, colour: RGBColor) -> Result<(), Failure> {
        const DASH: f64 = 6.0;
        let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
        let length = dx.hypot(dy);
        let at = |along: f64| {
            let part = along.min(length) / length.max(1.0);
            (from.0 + (dx * part).round() as i32, from.1 + (dy * part).round() as i32)
        };
        let mut along = 0.0;
        while along < length {
            self.line(vec![at(along), at(along + DASH)], colour, 2)?;
            along += 2.0 * DASH - 2.0;
        }
        Ok(())
    }

    pub fn dot(&self, at: Place, radius: i32, colour: RGBColor) -> Result<(), Failure> {
        self.area.draw(&Circle::new(at, radius, colour.filled())).map_err(failed)
    }

    pub fn bar(&self, from: Place, to: Place, colour: RGBColor) -> Result<(), Failure> {
        self.area.draw(&Rectangle::new([from, to], colour.filled())).map_err(failed)
    }
}

/// A range of values along an axis.
#[derive(Clone, Copy)]
pub struct Range {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Range {
    pub fn linear(from: f64, to: f64) -> Self {
        Self { from, to, logarithmic: false }
    }

    /// From the power of ten below the least value to the one above the largest.
    pub fn decades(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (least, most) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
        let (from, to) = (least.log10().floor(), most.log10().ceil());
        Self { from: 10_f64.powf(from), to: 10_f64.powf(to.max(from + 1.0)), logarithmic: true }
    }

    /// Logarithmic, with a little room at both ends.
    pub fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (least, most) = (values.clone().fold(f64::INFINITY, f64::min), values.fold(0.0, f64::max));
        Self { from: least / 1.3, to: most * 1.3, logarithmic: true }
    }

    pub fn ends(&self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// From 0 to 1.
    fn part(&self, value: f64) -> f64 {
        match self.logarithmic {
            true => (value / self.from).log10() / (self.to / self.from).log10(),
            false => (value - self.from) / (self.to - self.from),
        }
    }

    /// Powers of ten, and where there are few of them also twice and five times as much.
    pub fn ticks(&self) -> Vec<f64> {
        let decades = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
        let steps: &[f64] = if (self.to / self.from).log10() > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let all = decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
        all.filter(|tick| (-1e-9..=1.0 + 1e-9).contains(&self.part(*tick))).collect()
    }
}

/// A frame with axes, in pixels of a canvas.
pub struct Axes<'a, 'page> {
    pub canvas: &'a Canvas<'page>,
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
    pub x: Range,
    pub y: Range,
}

impl Axes<'_, '_> {
    pub fn place(&self, x: f64, y: f64) -> Place {
        let along = f64::from(self.right - self.left) * self.x.part(x);
        let up = f64::from(self.bottom - self.top) * self.y.part(y);
        (self.left + along.round() as i32, self.bottom - up.round() as i32)
    }

    /// Grid, frame and the numbers at both axes.
    pub fn draw(&self, x_ticks: &[f64], y_ticks: &[f64]) -> Result<(), Failure> {
        for &tick in x_ticks {
            let (x, _) = self.place(tick, self.y.from);
            self.canvas.line(vec![(x, self.top), (x, self.bottom)], PALE, 1)?;
            self.canvas.text(&number(tick), (x, self.bottom + 14), Anchor::Middle, 14)?;
        }
        for &tick in y_ticks {
            let (_, y) = self.place(self.x.from, tick);
            self.canvas.line(vec![(self.left, y), (self.right, y)], PALE, 1)?;
            self.canvas.text(&number(tick), (self.left - 7, y), Anchor::Right, 14)?;
        }
        let Self { left, top, right, bottom, .. } = *self;
        self.canvas.line(vec![(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], INK, 1)
    }

    /// What the axes say.
    pub fn name(&self, x: &str, y: &str) -> Result<(), Failure> {
        let middle = i32::midpoint(self.left, self.right);
        self.canvas.text(x, (middle, self.bottom + 36), Anchor::Middle, 15)?;
        self.canvas.upright(y, (self.left - 56, i32::midpoint(self.top, self.bottom)), 15)
    }
}

/// A number as short as it can be read: 0.01, 5, 200, 10k, 2M.
pub fn number(value: f64) -> String {
    let (scaled, unit) = match value {
        _ if value >= 1e9 => (value / 1e9, "G"),
        _ if value >= 1e6 => (value / 1e6, "M"),
        _ if value >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = (2.0 - scaled.abs().max(1e-6).log10().floor()).max(0.0) as usize;
    let text = format!("{scaled:.digits$}");
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{short}{unit}")
}

/// Texts that keep out of each other's way: one that finds no room is left out.
#[derive(Default)]
pub struct Labels {
    taken: Vec<[i32; 4]>,
}

impl Labels {
    /// Keeps a rectangle free of text: left, top, right, bottom.
    pub fn keep_free(&mut self, rectangle: [i32; 4]) {
        self.taken.push(rectangle);
    }

    /// Puts a text beside a place within the axes, where there is room. Whether there was.
    pub fn put(&mut self, axes: &Axes<'_, '_>, text: &str, (x, y): Place, size: i32) -> Result<bool, Failure> {
        // Sans-serif letters are on average little more than half as wide as they are high.
        let (width, half) = ((0.58 * f64::from(size) * text.chars().count() as f64) as i32, size / 2);
        let sides = [(x + 8, y, Anchor::Left), (x - 8, y, Anchor::Right)];
        let diagonals = [-13, 13].into_iter().flat_map(|up| {
            [(x + 6, y + up, Anchor::Left), (x - 6, y + up, Anchor::Right), (x, y + up, Anchor::Middle)]
        });
        for (x, y, anchor) in sides.into_iter().chain(diagonals) {
            let left = match anchor {
                Anchor::Left => x,
                Anchor::Middle => x - width / 2,
                Anchor::Right => x - width,
            };
            let own = [left, y - half, left + width, y + half];
            let inside = own[0] > axes.left && own[2] < axes.right && own[1] > axes.top && own[3] < axes.bottom;
            let apart =
                |other: &[i32; 4]| own[0] > other[2] || own[2] < other[0] || own[1] > other[3] || own[3] < other[1];
            if inside && self.taken.iter().all(apart) {
                self.taken.push(own);
                axes.canvas.text(text, (x, y), anchor, size)?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}
