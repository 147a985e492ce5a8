//! The curves of runs side by side: the metric of each against its steps. Runs that differ in their seed alone, by the
//! names of their folders (`plain-seed1`, `plain-seed2`), have one colour and one name.

use std::{fs, path::Path};

use super::{
    canvas::{Anchor, Axes, COLOURS, Canvas, Place, Range, page},
    results::Failure,
};

/// A run by its folder's name, and its metric at its steps.
pub struct Curve {
    pub name: String,
    /// What was measured.
    pub metric: String,
    pub points: Vec<(f64, f64)>,
}

/// Numbers along the steps, about.
const TICKS: f64 = 5.0;

/// Reads the `metrics.csv` of a run.
pub fn read(file: &Path) -> Result<Curve, Failure> {
    let text = fs::read_to_string(file)?;
    let folder = file.parent().and_then(Path::file_name).map_or_else(String::new, |name| name.display().to_string());
    parse(folder, &text)
}

/// The rows below a line that names `step`, `metric` and `mean` among its columns; lines that begin with # are notes.
pub fn parse(name: String, text: &str) -> Result<Curve, Failure> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |wanted: &str| header.iter().position(|name| *name == wanted);
    let (Some(step), Some(metric), Some(mean)) = (column("step"), column("metric"), column("mean")) else {
        return Err(format!("{name} has no columns step, metric and mean").into());
    };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let point = |row: &Vec<&str>| Ok((row[step].parse()?, row[mean].parse()?));
    let points = rows.iter().map(point).collect::<Result<Vec<_>, Failure>>()?;
    let metric = rows.first().map_or_else(String::new, |row| row[metric].to_owned());
    Ok(Curve { name, metric, points })
}

impl Curve {
    /// The name without the seed that it ends in.
    fn kind(&self) -> &str {
        let is_number = |seed: &str| !seed.is_empty() && seed.bytes().all(|byte| byte.is_ascii_digit());
        self.name.rsplit_once("-seed").filter(|(_, seed)| is_number(seed)).map_or(&self.name, |(kind, _)| kind)
    }
}

/// The kinds of curves in the order of their first ones, and how many there are of each.
fn kinds(curves: &[Curve]) -> Vec<(&str, usize)> {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for curve in curves {
        match kinds.iter_mut().find(|(kind, _)| *kind == curve.kind()) {
            Some((_, count)) => *count += 1,
            None => kinds.push((curve.kind(), 1)),
        }
    }
    kinds
}

pub fn draw(curves: &[Curve]) -> Result<String, Failure> {
    let all = || curves.iter().flat_map(|curve| curve.points.iter().copied());
    let last = all().map(|(step, _)| step).fold(0.0, f64::max);
    page([760, 460], |canvas| {
        let axes = Axes {
            canvas,
            left: 80,
            top: 30,
            right: 730,
            bottom: 400,
            x: Range::linear(0.0, last),
            y: Range::around(all().map(|(_, value)| value)),
        };
        axes.draw(&even(last), &axes.y.ticks())?;
        axes.name("steps", curves.first().map_or("", |curve| curve.metric.as_str()))?;
        let kinds = kinds(curves);
        for (place, (kind, count)) in kinds.iter().enumerate() {
            let name = if *count > 1 { format!("{kind}, {count} seeds") } else { (*kind).to_owned() };
            legend(canvas, place as i32, COLOURS[place % COLOURS.len()], &name)?;
        }
        for curve in curves {
            let kind = kinds.iter().position(|(kind, _)| *kind == curve.kind()).expect("each is of a kind");
            let colour = COLOURS[kind % COLOURS.len()];
            let points: Vec<Place> = curve.points.iter().map(|(step, value)| axes.place(*step, *value)).collect();
            canvas.line(points.clone(), colour, 2)?;
            points.into_iter().try_for_each(|point| canvas.dot(point, 3, colour))?;
        }
        Ok(())
    })
}

/// Upper right, where curves that fall leave room.
fn legend(canvas: &Canvas<'_>, place: i32, colour: plotters::style::RGBColor, name: &str) -> Result<(), Failure> {
    let y = 48 + 22 * place;
    canvas.line(vec![(520, y), (550, y)], colour, 2)?;
    canvas.text(name, (558, y), Anchor::Left, 15)
}

/// Round numbers from 0 to the last step.
fn even(last: f64) -> Vec<f64> {
    let raw = (last / TICKS).max(1.0);
    let power = 10_f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| *step >= raw).unwrap_or(raw);
    (0..).map(|n| f64::from(n) * step).take_while(|tick| *tick <= last).collect()
}
