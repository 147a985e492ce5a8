//! The commands: from people to points, and from points to files.

use std::path::{Path, PathBuf};

use clap::Args;
use sumi::train::{
    Error,
    latent::{
        Points,
        direction::{Directions, moved},
        labelled, way,
    },
    noise::Painter,
    report::frames::{Form, save},
};

use super::{
    Common,
    people::{self, search_for, tell},
    terminal::{Told, line},
};

/// `edit invert`.
#[derive(Args)]
pub struct Invert {
    #[command(flatten)]
    common: Common,

    /// Pictures of any size; they are cropped and resized as those of a run
    #[arg(required = true, value_name = "PICTURE")]
    pictures: Vec<PathBuf>,

    /// The file of points that is written: safetensors, a tensor z of a row for each picture [default: the first
    /// picture's name with the ending .safetensors]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write a PNG file too: each picture, and beside it what the generator draws
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,
}

/// `edit interpolate`.
#[derive(Args)]
pub struct Interpolate {
    #[command(flatten)]
    common: Common,

    /// Two people or more: numbers, files of points, pictures
    #[arg(required = true, value_name = "PERSON")]
    people: Vec<String>,

    #[command(flatten)]
    out: Out,
}

/// `edit loop`.
#[derive(Args)]
pub struct Loop {
    #[command(flatten)]
    common: Common,

    /// Two people or more: numbers, files of points, pictures [default: 0 to 5]
    #[arg(value_name = "PERSON")]
    people: Vec<String>,

    #[command(flatten)]
    out: Out,
}

/// `edit direction`.
#[derive(Args)]
pub struct Direction {
    #[command(flatten)]
    common: Common,

    /// People: numbers, files of points, pictures [default: 0 to 5]
    #[arg(value_name = "PERSON")]
    people: Vec<String>,

    /// What tells the classes of the run's pictures, as `train --labels` takes it: an attribute of drawn portraits such
    /// as hair_colour; of --data, folders or a CSV file
    #[arg(long, value_name = "folders|FILE|NAME")]
    labels: String,

    /// The column of the CSV file that holds the classes [default: the one beside that of the files]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,

    /// From which class to which, or a single one: away from all others
    #[arg(long, value_name = "FROM..TO|TO")]
    classes: String,

    /// An attribute that is to stay as it is, named as --labels takes it; once for each
    #[arg(long, value_name = "folders|FILE|NAME")]
    keep: Vec<String>,

    /// How far, in standard deviations of the noise
    #[arg(long, value_name = "LOW..HIGH", default_value = "-3..3", allow_hyphen_values = true, value_parser = range)]
    strength: [f32; 2],

    #[command(flatten)]
    out: Out,
}

/// `edit mix`.
#[derive(Args)]
pub struct Mix {
    #[command(flatten)]
    common: Common,

    /// Two people: numbers, files of points, pictures
    #[arg(required = true, num_args = 2, value_names = ["PERSON", "OTHER"])]
    people: Vec<String>,

    /// An attribute that the first takes from the second, named as `train --labels` takes it; once for each
    #[arg(long, value_name = "folders|FILE|NAME")]
    carry: Vec<String>,

    /// An attribute that is to stay as it is, named likewise; once for each
    #[arg(long, value_name = "folders|FILE|NAME")]
    keep: Vec<String>,

    /// The column of the CSV file that holds the classes [default: the one beside that of the files]
    #[arg(long, value_name = "NAME")]
    label_column: Option<String>,

    #[command(flatten)]
    out: Out,
}

/// Where pictures go, and how many.
#[derive(Args)]
struct Out {
    /// The file that is written: .png, .gif or .webp
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Pictures from one end to the other [default: 8 on a sheet, 24 in an animation]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    steps: Option<u32>,

    /// Pictures a second of an animation
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=50))]
    fps: u32,
}

/// Points that directions are learnt from.
const DRAWN: usize = 4096;

/// The people that are shown where none are named.
const SHOWN: usize = 6;

impl Invert {
    /// Searches, tells how near it came, and writes.
    pub fn run(&self) -> Result<(), Error> {
        let trainer = self.common.open()?;
        let size = trainer.size();
        let wanted = people::read(&*trainer, &self.pictures)?;
        let found = search_for(&*trainer, &wanted, &self.common.search())?;
        tell(&self.pictures, &found);
        let named = || self.pictures[0].with_extension("safetensors");
        let out = self.out.clone().unwrap_or_else(named);
        found.points.save(&out)?;
        line(&out.display().to_string());
        let Some(sheet) = &self.sheet else { return Ok(()) };
        let (each, drawn) = (3 * size * size, found.points.draw(&*trainer)?);
        let pairs = wanted.chunks_exact(each).zip(drawn.chunks_exact(each));
        let bytes: Vec<u8> = pairs.flat_map(|(wanted, drawn)| [wanted, drawn].concat()).collect();
        write(&bytes, size, 2, 0, sheet)
    }
}

impl Interpolate {
    /// Draws the way and writes it.
    pub fn run(&self) -> Result<(), Error> {
        let steps = self.out.steps()?;
        let (trainer, people) = open(&self.common, &self.people)?;
        several(&people)?;
        self.out.write(&*trainer, &way::through(&people, steps - 1), steps)
    }
}

impl Loop {
    /// Draws the way round and writes it.
    pub fn run(&self) -> Result<(), Error> {
        let steps = self.out.steps()?;
        let (trainer, people) = open(&self.common, &shown(&self.people))?;
        several(&people)?;
        self.out.write(&*trainer, &way::round(&people, steps), steps)
    }
}

impl Direction {
    /// Learns the direction, moves the people along it, and writes a row for each.
    pub fn run(&self) -> Result<(), Error> {
        let steps = self.out.steps()?;
        let (trainer, people) = open(&self.common, &shown(&self.people))?;
        let learn = |attribute: &String| learn(&*trainer, &self.common, attribute, self.label_column.as_deref());
        let kept = self.keep.iter().map(learn).collect::<Result<Vec<_>, _>>()?;
        let directions = learn(&self.labels)?.keeping(&kept);
        let (from, to) = match self.classes.split_once("..") {
            Some((from, to)) => (Some(directions.class(from)?), directions.class(to)?),
            None => (None, directions.class(&self.classes)?),
        };
        let direction = directions.between(from, to);
        let [low, high] = self.strength;
        let mut points = Points::none(people.nz());
        for person in 0..people.len() {
            for step in 0..steps {
                let strength = low + (high - low) * step as f32 / (steps - 1) as f32;
                points.push(&moved(people.point(person), &direction, strength), people.class(person));
            }
        }
        self.out.write(&*trainer, &points, steps)
    }
}

impl Mix {
    /// Draws the way from one to the other, and below it what carrying attributes makes of the first.
    pub fn run(&self) -> Result<(), Error> {
        let steps = self.out.steps()?;
        let (trainer, people) = open(&self.common, &self.people)?;
        if people.len() != 2 {
            return Err(Error::Config(format!("two people are mixed, and these files hold {}", people.len())));
        }
        let (first, second) = (people.point(0), people.point(1));
        let mut points = way::through(&people, steps - 1);
        let learn = |attribute: &String| learn(&*trainer, &self.common, attribute, self.label_column.as_deref());
        let kept = self.keep.iter().map(learn).collect::<Result<Vec<_>, _>>()?;
        for attribute in &self.carry {
            let directions = learn(attribute)?.keeping(&kept);
            for step in 0..steps {
                points.push(&directions.carry(first, second, step as f64 / (steps - 1) as f64), people.class(0));
            }
        }
        self.out.write(&*trainer, &points, steps)
    }
}

impl Out {
    /// Pictures of a row; refuses a name that no file can have before anything is computed.
    fn steps(&self) -> Result<usize, Error> {
        let usual = if Form::of(&self.out)? == Form::Sheet { 8 } else { 24 };
        Ok(self.steps.unwrap_or(usual) as usize)
    }

    fn write(&self, trainer: &dyn Painter, points: &Points, columns: usize) -> Result<(), Error> {
        write(&points.draw(trainer)?, trainer.size(), columns, 1000 / self.fps, &self.out)
    }
}

fn open(common: &Common, named: &[String]) -> Result<(Box<dyn Painter>, Points), Error> {
    let trainer = common.open()?;
    let people = people::points(&*trainer, named, &common.search())?;
    Ok((trainer, people))
}

fn several(people: &Points) -> Result<(), Error> {
    if people.len() < 2 {
        return Err(Error::Config("there is no way from one person alone; name two or more".into()));
    }
    Ok(())
}

/// Those named, or the first of the seed.
fn shown(named: &[String]) -> Vec<String> {
    if named.is_empty() { (0..SHOWN).map(|number| number.to_string()).collect() } else { named.to_vec() }
}

/// Directions of an attribute, and how far they can be trusted.
fn learn(trainer: &dyn Painter, common: &Common, labels: &str, column: Option<&str>) -> Result<Directions, Error> {
    let pictures = labelled(&common.run, labels, column, &mut Told)?;
    let directions = Directions::learn(trainer, &pictures, DRAWN, common.seed)?;
    let Directions { attribute, right, chance, .. } = &directions;
    line(&format!(
        "{attribute}: told right from the pixels of {:.0} % of held-out pictures ({:.0} % are of the most frequent \
         class)",
        100.0 * right,
        100.0 * chance
    ));
    Ok(directions)
}

fn write(bytes: &[u8], size: usize, columns: usize, milliseconds: u32, file: &Path) -> Result<(), Error> {
    save(bytes, [size; 2], columns, milliseconds, file)?;
    line(&file.display().to_string());
    Ok(())
}

fn range(text: &str) -> Result<[f32; 2], String> {
    let ends = text.split_once("..").and_then(|(low, high)| Some([low.parse().ok()?, high.parse().ok()?]));
    let ends = ends.filter(|ends: &[f32; 2]| ends.iter().all(|end| end.abs() <= 100.0));
    ends.ok_or_else(|| format!("{text} is not a range such as -3..3 of numbers from -100 to 100"))
}
