//! Pictures from files to files.

use std::{
    fs,
    io::{Cursor, Write},
    path::Path,
    process::ExitCode,
    time::Instant,
};

use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, Rgba, RgbaImage, imageops};
use indicatif::ProgressBar;
use sumi::{
    data::{open_picture, picture_size},
    train::{
        Error,
        stylize::{Plan, Stylist},
    },
    weights::replace::replace,
};

use super::{
    Arguments,
    outputs::Work,
    terminal::{Bands, aside, bar, line},
};

/// Draws them all, and skips what cannot be drawn with a sentence.
pub fn draw(stylist: &mut Stylist, work: &[Work], arguments: &Arguments) -> Result<ExitCode, Error> {
    line(&format!("Weights: {}", stylist.about()));
    line(&format!("Adapter {}", stylist.gpu().adapter()));
    introduce(stylist, work, arguments)?;
    fs::create_dir_all(&arguments.out).map_err(Error::io("make", &arguments.out))?;
    let (start, mut skipped) = (Instant::now(), 0);
    let many = bar(work.len(), "{bar:24} {pos}/{len} pictures, {eta} left  {msg}");
    for (number, item) in work.iter().enumerate() {
        let name = item.source.display();
        many.set_message(name.to_string());
        match one(stylist, item, arguments, work.len() == 1, &many) {
            Ok(plan) => {
                let [height, width] = plan.size;
                let told = format!("{} ({width}×{height}, {} of {})", item.target.display(), number + 1, work.len());
                many.suspend(|| line(&told));
            }
            // What ails the device ails all pictures.
            Err(error @ Error::Gpu(_)) => return Err(error),
            Err(error) => {
                skipped += 1;
                many.suspend(|| aside(&format!("skipped {name}: {error}")));
            }
        }
        many.inc(1);
    }
    many.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    line(&format!("{} pictures in {seconds:.1} s, in {}", work.len() - skipped, arguments.out.display()));
    if skipped == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Error::Config(format!("{skipped} of {} pictures could not be drawn; the sentences above say why", work.len())))
}

/// Tells what the largest picture will take, from the pictures' headers.
fn introduce(stylist: &Stylist, work: &[Work], arguments: &Arguments) -> Result<(), Error> {
    let sizes = work.iter().filter_map(|item| Some((picture_size(&item.source)?, item)));
    let sizes = sizes.map(|(size, item)| (within(size, arguments.long_side), item));
    let Some((size, item)) = sizes.max_by_key(|([height, width], _)| height * width) else { return Ok(()) };
    match stylist.plan(size) {
        Ok(plan) if work.len() == 1 => line(&plan.describe()),
        Ok(plan) => {
            line(&format!("{} pictures; the largest is {}: {}", work.len(), item.source.display(), plan.describe()));
        }
        Err(error) if work.len() == 1 => return Err(error),
        Err(error) => aside(&format!("warning: {}: {error}", item.source.display())),
    }
    Ok(())
}

/// [height, width] that a picture comes to.
fn within([height, width]: [usize; 2], long_side: Option<u32>) -> [usize; 2] {
    let long = height.max(width);
    match long_side.map(|side| side as usize) {
        Some(side) if side < long => [height, width].map(|this| ((this * side + long / 2) / long).max(1)),
        _ => [height, width],
    }
}

fn one(
    stylist: &mut Stylist,
    item: &Work,
    arguments: &Arguments,
    alone: bool,
    many: &ProgressBar,
) -> Result<Plan, Error> {
    let opened = open_picture(&item.source)?;
    let (mut rgb, mut alpha) = (opened.rgb, opened.alpha);
    let [height, width] = within([rgb.height() as usize, rgb.width() as usize], arguments.long_side);
    if rgb.dimensions() != (width as u32, height as u32) {
        let filter = imageops::FilterType::CatmullRom;
        rgb = imageops::resize(&rgb, width as u32, height as u32, filter);
        alpha = alpha.map(|alpha| imageops::resize(&alpha, width as u32, height as u32, filter));
    }
    let plan = stylist.plan([height, width])?;
    if plan.rows.is_some() && !alone {
        many.suspend(|| line(&format!("{}: {}", item.source.display(), plan.describe())));
    }
    let bands = Bands::new(plan.cost.bands);
    let drawn = stylist.draw(&rgb, &plan, &|| bands.step());
    bands.close();
    let mut drawn = drawn?;
    if arguments.side_by_side {
        drawn = beside(&rgb, &drawn);
        alpha = alpha.map(|alpha| beside_alpha(&alpha));
    }
    drop(rgb);
    save(drawn, alpha, &item.target)?;
    Ok(plan)
}

fn beside(left: &RgbImage, right: &RgbImage) -> RgbImage {
    let mut both = RgbImage::new(left.width() + right.width(), left.height());
    imageops::replace(&mut both, left, 0, 0);
    imageops::replace(&mut both, right, i64::from(left.width()), 0);
    both
}

fn beside_alpha(alpha: &GrayImage) -> GrayImage {
    GrayImage::from_fn(2 * alpha.width(), alpha.height(), |x, y| *alpha.get_pixel(x % alpha.width(), y))
}

/// Writes a PNG file with the opacity, in one move: what is there under its name is whole.
fn save(drawn: RgbImage, alpha: Option<GrayImage>, path: &Path) -> Result<(), Error> {
    let picture = match alpha {
        None => DynamicImage::from(drawn),
        Some(alpha) => DynamicImage::from(RgbaImage::from_fn(drawn.width(), drawn.height(), |x, y| {
            let [red, green, blue] = drawn.get_pixel(x, y).0;
            Rgba([red, green, blue, alpha.get_pixel(x, y)[0]])
        })),
    };
    let mut png = Cursor::new(Vec::new());
    let encoded = picture.write_to(&mut png, ImageFormat::Png).map_err(std::io::Error::other);
    let written = encoded.and_then(|()| png.flush()).and_then(|()| replace(path, png.get_ref()));
    written.map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::within;

    #[test]
    fn pictures_are_made_smaller_and_never_larger() {
        assert_eq!(within([300, 400], Some(200)), [150, 200]);
        assert_eq!(within([300, 400], Some(400)), [300, 400]);
        assert_eq!(within([300, 400], Some(4000)), [300, 400]);
        assert_eq!(within([1, 30_000], Some(64)), [1, 64]);
        assert_eq!(within([3, 2], None), [3, 2]);
    }
}
