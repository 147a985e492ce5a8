//! Cost against work: what a picture takes in a training step, in time and in memory, while one size grows; and in
//! dashes what it would take if it grew as the flops do.

use super::{
    canvas::{Anchor, Axes, COLOURS, Canvas, INK, Place, Range, page},
    results::{Failure, Point, Scale},
};

/// What grows, and how it is called.
const AXES: [(&str, &str); 3] =
    [("batch", "pictures in a batch"), ("resolution", "resolution in pixels"), ("channels", "channels")];

/// Pixels of a panel, and from one to the next.
const PANEL: [i32; 2] = [320, 230];
const STEP: [i32; 2] = [420, 320];

pub fn draw(scale: &Scale, network: &str) -> Result<String, Failure> {
    page([1290, 750], |canvas| {
        canvas.text(&format!("{network}: {}", scale.adapter), (90, 28), Anchor::Left, 20)?;
        legend(canvas)?;
        for (column, (axis, name)) in AXES.iter().enumerate() {
            let of_axis = |point: &&Point| point.network == network && point.axis == *axis;
            let points: Vec<&Point> = scale.records.iter().filter(of_axis).collect();
            let time = |point: &Point| 1e3 * point.seconds_per_image;
            let memory = |point: &Point| point.memory_bytes / point.batch / f64::from(1 << 20);
            let left = 90 + STEP[0] * column as i32;
            panel(canvas, [left, 90], &points, name, "ms a picture", time)?;
            panel(canvas, [left, 90 + STEP[1]], &points, name, "MiB a picture", memory)?;
        }
        Ok(())
    })
}

fn legend(canvas: &Canvas<'_>) -> Result<(), Failure> {
    canvas.line(vec![(90, 60), (120, 60)], COLOURS[0], 2)?;
    canvas.text("measured", (128, 60), Anchor::Left, 15)?;
    canvas.dashes((230, 60), (262, 60), INK)?;
    canvas.text("growing as the flops of a picture do, from the first point on", (270, 60), Anchor::Left, 15)
}

fn panel(
    canvas: &Canvas<'_>,
    [left, top]: [i32; 2],
    points: &[&Point],
    x_name: &str,
    y_name: &str,
    figure: impl Fn(&Point) -> f64,
) -> Result<(), Failure> {
    let Some(first) = points.first() else { return Ok(()) };
    let by_flops = |point: &Point| Some(figure(first) * point.flops_per_image? / first.flops_per_image?);
    let predicted: Vec<(f64, f64)> = points.iter().filter_map(|point| Some((point.value, by_flops(point)?))).collect();
    let values: Vec<f64> = points.iter().map(|point| point.value).collect();
    let figures: Vec<f64> = points.iter().map(|point| figure(point)).collect();
    let axes = Axes {
        canvas,
        left,
        top,
        right: left + PANEL[0],
        bottom: top + PANEL[1],
        x: Range::around(values.iter().copied()),
        y: Range::decades(figures.iter().copied().chain(predicted.iter().map(|(_, y)| *y))),
    };
    axes.draw(&values, &axes.y.ticks())?;
    axes.name(x_name, y_name)?;
    let predicted: Vec<Place> = predicted.into_iter().map(|(x, y)| axes.place(x, y)).collect();
    for ends in predicted.windows(2) {
        canvas.dashes(ends[0], ends[1], INK)?;
    }
    let places: Vec<Place> = values.iter().zip(&figures).map(|(x, y)| axes.place(*x, *y)).collect();
    canvas.line(places.clone(), COLOURS[0], 2)?;
    places.into_iter().try_for_each(|place| canvas.dot(place, 4, COLOURS[0]))
}
