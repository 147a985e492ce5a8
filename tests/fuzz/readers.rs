//! The readers, and what they may take. A new reader of foreign bytes gets a line in [`readers`].

use std::path::Path;

use sumi::{
    data::{Fit, Pictures, Table, open_picture, picture_size},
    gpu::Cache,
    philox::Philox,
    train::{
        checkpoint::Checkpoint,
        latent::Points,
        report::{Folder, LossLog},
    },
    weights,
};

use super::{
    mutate::{repair_png, repair_zip},
    seeds,
};

/// A reader of files.
pub struct Reader {
    /// Its name.
    pub name: &'static str,
    /// What its file is called.
    pub file: &'static str,
    /// Reads one; whether it was taken for a whole one.
    pub read: fn(&Path) -> bool,
    /// Seconds that it may take, on a busy machine.
    pub seconds: u64,
    /// Bytes of memory that it may take whatever the size of the file, and for each byte of the file.
    memory: [usize; 2],
    seeds: fn() -> Vec<Vec<u8>>,
    /// Whether its files are texts.
    pub texts: bool,
    /// Mends the checksums of an altered file, which would hide the rest of it from the reader.
    repair: Option<fn(&mut [u8])>,
}

/// What a small file of text or of tensors may take.
const MODEST: [usize; 2] = [8 << 20, 64];

/// A picture's header may claim up to 100 million pixels, which is believed: ten bytes each in the decoder, four of
/// RGBA and three of RGB.
const PICTURES: [usize; 2] = [1800 << 20, 64];

/// All of them.
pub fn readers() -> Vec<Reader> {
    let of = |name, file, seeds, read| {
        let (seconds, memory, texts, repair) = (10, MODEST, false, None);
        Reader { name, file, read, seconds, memory, seeds, texts, repair }
    };
    let text = |name, file, seeds, read| Reader { texts: true, ..of(name, file, seeds, read) };
    let pictures = |name, seeds, read| Reader { seconds: 60, memory: PICTURES, ..of(name, "picture", seeds, read) };
    vec![
        pictures("pictures", seeds::pictures, read_folder),
        Reader { repair: Some(repair_png), ..pictures("pictures png", seeds::png, read_picture) },
        of("weights safetensors", "weights", seeds::safetensors, read_weights),
        Reader { repair: Some(repair_zip), ..of("weights torch zip", "weights", seeds::torch_zip, read_weights) },
        of("weights torch legacy", "weights", seeds::torch_legacy, read_weights),
        of("checkpoint", "checkpoint", seeds::checkpoint, read_checkpoint),
        text("config", "config.toml", seeds::config, read_config),
        text("losses csv", "losses.csv", seeds::losses, |path| LossLog::open(path, &seeds::COLUMNS, 20).is_ok()),
        text("labels csv", "labels.csv", seeds::labels, |path| Table::read(path, None).is_ok()),
        of("points", "points.safetensors", seeds::points, |path| Points::load(path, 3, 2).is_ok()),
        text("tuning", "tuning", seeds::tuning, read_tuning),
    ]
}

impl Reader {
    /// Files that it takes.
    pub fn seeds(&self) -> Vec<Vec<u8>> {
        (self.seeds)()
    }

    /// An altered file, mostly with its checksums mended.
    pub fn repaired(&self, mut bytes: Vec<u8>, random: &mut Philox) -> Vec<u8> {
        if let Some(repair) = self.repair.filter(|_| random.below(8) > 0) {
            repair(&mut bytes);
        }
        bytes
    }

    /// The memory that a file of so many bytes may take.
    pub fn memory(&self, bytes: usize) -> usize {
        self.memory[0] + self.memory[1] * bytes
    }
}

/// As `train --data` reads a folder: decoded, laid on white, resized.
fn read_folder(path: &Path) -> bool {
    let folder = path.parent().expect("the file is in a folder");
    Pictures::open_folder(folder, [16, 24], Fit::Cover, &mut |_, _| {}).is_ok()
}

/// As `stylize` reads a picture: with its opacity.
fn read_picture(path: &Path) -> bool {
    picture_size(path);
    open_picture(path).is_ok()
}

fn read_weights(path: &Path) -> bool {
    weights::read(path).map(|dict| weights::recognise(&dict).is_ok()).is_ok()
}

/// What is taken is what was written: nothing else has its checksum.
fn read_checkpoint(path: &Path) -> bool {
    let Ok(read) = Checkpoint::read(path) else { return false };
    assert!(read.to_bytes() == seeds::checkpoint()[0], "another state is taken for the one that was saved");
    true
}

fn read_config(path: &Path) -> bool {
    let folder = path.parent().expect("the file is in a folder");
    Folder::open(folder).and_then(|folder| folder.read_config()).is_ok()
}

/// The file has a name of its own in the cache.
fn read_tuning(path: &Path) -> bool {
    let cache = Cache::new(path.parent().expect("the file is in a folder"));
    let info = seeds::adapter();
    std::fs::copy(path, cache.tuning_file(&info)).expect("a temporary folder can be written");
    let (tuning, said) = cache.tuning(&info);
    tuning.fingerprint();
    said.is_some_and(|said| said.contains("choices as measured"))
}
