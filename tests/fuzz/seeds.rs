//! Valid files, small ones: what is altered in a large file is mostly numbers that mean nothing.

use std::{fs, io::Cursor, path::Path, sync::OnceLock};

use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use sumi::{
    gpu::{AdapterInfo, Cache, Choice, Entry, Gpu, Options, Tuning, adapters},
    philox::Philox,
    train::{
        checkpoint::{Checkpoint, Header},
        config::{Networks, RunConfig},
        dcgan,
        latent::Points,
        preset::{Preset, RECIPES},
        recipe::Trained,
    },
};

/// The largest seed, in bytes.
const LARGEST: u64 = 8000;

/// A picture of each kind that is read.
pub fn pictures() -> Vec<Vec<u8>> {
    let mut random = Philox::new(1, 0);
    let mut byte = || random.next_u32() as u8;
    let colours = RgbImage::from_fn(19, 17, |_, _| Rgb([byte(), byte(), byte()]));
    let formats = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Gif];
    let mut all: Vec<_> = formats.into_iter().map(|format| encode(colours.clone(), format)).collect();
    all.extend(png());
    let glass = RgbaImage::from_fn(9, 7, |x, y| Rgba([x as u8 * 20, y as u8 * 30, 99, (x * y) as u8 * 4]));
    all.push(encode(glass.clone(), ImageFormat::WebP));
    all.push(encode(glass, ImageFormat::Gif));
    all.extend(below("tests/data/fixtures", |name| name.ends_with("jpg") || name.ends_with("png")));
    all
}

/// PNG in colours, in grey, with opacity, in 16 bits and with a palette.
pub fn png() -> Vec<Vec<u8>> {
    let grey = GrayImage::from_fn(12, 5, |x, y| Luma([(x * 20 + y) as u8]));
    let glass = RgbaImage::from_fn(9, 7, |x, y| Rgba([x as u8 * 20, y as u8 * 30, 99, (x * y) as u8 * 4]));
    let deep = ImageBuffer::from_fn(6, 6, |x, y| Rgb([x as u16 * 9000, y as u16 * 9000, 77]));
    let mut all = vec![encode(grey, ImageFormat::Png), encode(glass, ImageFormat::Png)];
    all.push(encode(DynamicImage::ImageRgb16(deep), ImageFormat::Png));
    all.extend(below("tests/data/fixtures", |name| name.ends_with("png")));
    all
}

fn encode(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let (mut file, picture) = (Cursor::new(Vec::new()), picture.into());
    picture.write_to(&mut file, format).expect("the picture can be encoded");
    file.into_inner()
}

/// The small files of a folder of the repository.
fn below(folder: &str, wanted: impl Fn(&str) -> bool) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("a file").path()).collect();
    paths.sort();
    let small = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() < LARGEST);
    let named = |path: &Path| path.file_name().and_then(|name| name.to_str()).is_some_and(&wanted);
    paths.retain(|path| small(path) && named(path));
    paths.iter().map(|path| fs::read(path).expect("it can be read")).collect()
}

/// PyTorch's, and a checkpoint of our own.
pub fn safetensors() -> Vec<Vec<u8>> {
    let mut all = below("tests/golden/weights", |name| name.ends_with(".safetensors"));
    all.extend(checkpoint());
    all
}

/// What `torch.save` writes today.
pub fn torch_zip() -> Vec<Vec<u8>> {
    torch(|bytes| bytes.starts_with(b"PK"))
}

/// What it wrote before 1.6.
pub fn torch_legacy() -> Vec<Vec<u8>> {
    torch(|bytes| !bytes.starts_with(b"PK"))
}

fn torch(wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut all = below("tests/golden/weights", |name| name.ends_with(".pth"));
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    let taken = |bytes: &Vec<u8>| {
        let path = place.path().join("weights");
        fs::write(&path, bytes).expect("a temporary folder can be written");
        wanted(bytes) && sumi::weights::read(&path).is_ok()
    };
    // Some of them are there to be refused.
    all.retain(taken);
    all
}

/// A checkpoint of the smallest networks.
pub fn checkpoint() -> Vec<Vec<u8>> {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    vec![WHOLE.get_or_init(small_checkpoint).clone()]
}

fn small_checkpoint() -> Vec<u8> {
    let native = Options { adapter: Some("native".into()), ..Options::default() };
    let gpu = Gpu::open(&native).expect("the CPU is there");
    let config = dcgan::Config { size: 16, nz: 2, ngf: 1, ndf: 1, ..dcgan::Config::default() };
    let trainer = dcgan::Trainer::new(&gpu, &config);
    let header = Header::new(&gpu, Networks::Dcgan(config), true, trainer.counters(), trainer.counters());
    Checkpoint::of(&gpu, header, trainer.tensors()).expect("the CPU works").to_bytes()
}

/// The configuration of each preset.
pub fn config() -> Vec<Vec<u8>> {
    let presets = RECIPES.into_iter().flat_map(Preset::all);
    presets.map(|preset| toml::to_string(&RunConfig::of(preset)).expect("it can be written").into_bytes()).collect()
}

/// The columns of [`losses`].
pub const COLUMNS: [&str; 2] = ["d_loss", "g_loss"];

/// Rows of losses.
pub fn losses() -> Vec<Vec<u8>> {
    vec![b"step,epoch,d_loss,g_loss\n1,0,1.5,0.25\n10,0,1.25,inf\n20,1,NaN,3e-7\n30,1,1,".to_vec()]
}

/// Tables of labels as people write them.
pub fn labels() -> Vec<Vec<u8>> {
    let comma = "file,hair\na.png,black\nsub/b.png,\"light, blond\"\n";
    let others = ["hair;path\r\nred;x/y.jpg\r\n", "image\thair\n1.png\tgrün\n"];
    [comma].into_iter().chain(others).map(|text| text.as_bytes().to_vec()).collect()
}

/// Points of a latent space.
pub fn points() -> Vec<Vec<u8>> {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    let path = place.path().join("points.safetensors");
    let points = Points::new(3, (0..6).map(|i| i as f32).collect()).of_classes(vec![1, 0]);
    points.save(&path).expect("a temporary folder can be written");
    vec![fs::read(path).expect("it was written just now")]
}

/// An adapter whose choices are measured.
pub fn adapter() -> AdapterInfo {
    static ADAPTER: OnceLock<AdapterInfo> = OnceLock::new();
    ADAPTER.get_or_init(|| adapters().pop().expect("the CPU is there")).clone()
}

/// Measured choices.
pub fn tuning() -> Vec<Vec<u8>> {
    let place = tempfile::tempdir().expect("a temporary folder can be made");
    let entry = |kernel: &str, shape: &[u32]| Entry {
        kernel: kernel.to_owned(),
        shape: shape.to_vec(),
        choice: Choice { tile: vec![8, 6, 2], parts: 3 },
    };
    let tuning = Tuning::new([entry("matmul_panels", &[64, 32, 16]), entry("conv2d_panels", &[1, 2, 3, 4])]);
    let path = Cache::new(place.path()).write_tuning(&adapter(), &tuning).expect("there is room");
    vec![fs::read(path).expect("it was written")]
}
