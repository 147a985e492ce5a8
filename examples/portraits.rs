//! Writes a sheet of built-in portraits: each person drawn and, below, photographed. Prints the labels of the first
//! row.
//!
//! `cargo run --release --example portraits -- [FILE [PEOPLE [SIZE [SEED]]]]`

use std::{env, error::Error, time::Instant};

use image::{RgbImage, imageops};
use sumi::data::portraits::{ATTRIBUTES, Portrait, Rendering};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = arguments.next().unwrap_or_else(|| "portraits.png".into());
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |a| a.parse());
    let (people, size, seed) = (number(32)?, number(128)?, number(7)?);
    let columns = (1024 / size).max(1);
    let rows = people.div_ceil(columns);
    let mut sheet = RgbImage::new((columns * size) as u32, (rows * 2 * size) as u32);
    for (rendering, offset) in [(Rendering::Anime, 0), (Rendering::Photo, size)] {
        let start = Instant::now();
        for index in 0..people {
            let picture = Portrait::new(seed, index).draw(rendering, size as u32);
            let (x, y) = (index % columns * size, index / columns * 2 * size + offset);
            imageops::replace(&mut sheet, &picture, x as i64, y as i64);
        }
        let each = start.elapsed().as_secs_f64() * 1e3 / people as f64;
        println!("{rendering:?}: {each:.2} ms a portrait of {size} px");
    }
    for index in 0..columns.min(people) {
        let labels: Vec<&str> = Portrait::new(seed, index)
            .attributes()
            .iter()
            .zip(ATTRIBUTES)
            .map(|((_, class), (_, names))| names[*class])
            .collect();
        println!("{index}: {}", labels.join(", "));
    }
    sheet.save(&file)?;
    println!("{file}");
    Ok(())
}
