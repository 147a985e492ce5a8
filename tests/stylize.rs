//! `stylize` and `export`: weights from everywhere against PyTorch's pictures, and both programs as black boxes.

use std::{
    fs,
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use image::{DynamicImage, Rgb, RgbImage, Rgba, RgbaImage};
use sumi::{
    gpu::{Gpu, Options},
    nn::Module,
    tensor::Tensor,
    train::{
        anime,
        checkpoint::{Checkpoint, Header},
        config::Networks,
        cut, cyclegan, dcgan,
        generator::{Direction, Generator},
        recipe::{Counters, Trained},
        stylize::{Stylist, Tile},
    },
    weights,
};
use tempfile::TempDir;

use crate::{
    common::{gpu, wanted_adapter},
    golden::networks,
};

/// The files that hold a generator from picture to picture.
const GENERATORS: [&str; 5] =
    ["cyclegan_generator", "cyclegan_generator_old", "cut_generator", "animegan2_generator", "cartoongan_generator"];

/// A folder to run programs in.
struct Place(TempDir);

/// What a program did.
struct Outcome {
    code: Option<i32>,
    out: Vec<u8>,
    err: String,
}

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    fn run(&self, program: &str, arguments: &[&str], input: &[u8]) -> Outcome {
        let mut command = Command::new(program);
        command.current_dir(self.0.path()).args(arguments).env("XDG_RUNTIME_DIR", self.0.path());
        if let Some(adapter) = wanted_adapter() {
            command.arg("--adapter").arg(adapter);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        let input = input.to_vec();
        // From a thread, for the program may write before it has read all. It may also end before.
        let feeder = std::thread::spawn(move || stdin.write_all(&input).is_ok());
        let Output { status, stdout, stderr } = child.wait_with_output().expect("the program ends");
        feeder.join().expect("the feeder ends");
        let err = String::from_utf8(stderr).expect("programs print text");
        Outcome { code: status.code(), out: stdout, err }
    }

    fn stylize(&self, weights: &str, arguments: &[&str]) -> Outcome {
        self.run(env!("CARGO_BIN_EXE_stylize"), &[&["--weights", weights], arguments].concat(), &[])
    }

    fn export(&self, arguments: &[&str]) -> Outcome {
        self.run(env!("CARGO_BIN_EXE_export"), arguments, &[])
    }

    fn save(&self, relative: &str, picture: impl Into<DynamicImage>) {
        picture.into().save(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
    }

    fn open(&self, relative: &str) -> DynamicImage {
        image::open(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"))
    }

    /// The names in a folder, sorted.
    fn names(&self, relative: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(relative)).unwrap_or_else(|error| panic!("{relative}: {error}"));
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("a name").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Outcome {
    #[track_caller]
    fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}\n{}", self.text(), self.err);
        self
    }

    /// Ended with this code and one message that holds all of `words`, and no panic.
    #[track_caller]
    fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.text(), self.err);
        assert_eq!(self.err.matches("error: ").count(), 1, "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "'{word}' is not in: {}", self.err);
        }
        self
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.out).into_owned()
    }
}

fn golden(file: &str) -> String {
    networks::path(file).to_string_lossy().into_owned()
}

/// A picture with something to see in it.
fn scene(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let wave = |k: f32| (127.0 + 120.0 * (0.37 * k * x as f32 + 0.23 * y as f32).sin()) as u8;
        Rgb([wave(1.0), wave(0.6), (x * 11 + y * 5) as u8])
    })
}

/// The furthest that two pictures of one size are apart, in steps of 1/255.
fn apart(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

#[test]
fn weights_of_others_draw_what_pytorch_draws() {
    for case in networks::cases() {
        let half_pixel = case.variant.as_deref().is_none_or(|variant| variant == "half_pixel");
        if !GENERATORS.contains(&case.file) || case.input_name != "even" || !half_pixel {
            continue;
        }
        let generator = Generator::open(&gpu(), &networks::path(case.file), Direction::AtoB).expect("it is one");
        let swap = |values: &[f64]| -> Vec<f32> {
            let cartoon = case.file.starts_with("cartoon");
            let pixel =
                |pixel: &[f64]| if cartoon { [pixel[2], pixel[1], pixel[0]] } else { [pixel[0], pixel[1], pixel[2]] };
            values.chunks_exact(3).flat_map(pixel).map(|value| value as f32).collect()
        };
        let x = Tensor::from_slice(&gpu(), &case.input.shape[..], &swap(&case.input.values));
        let tape = &generator.tape;
        let y = tape.no_grad(|| generator.network.forward(&tape.constant(x)));
        let (found, expected) = (y.value().to_vec().expect("the device works"), swap(&case.output.values));
        let error = found.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error < 1e-4, "{}: off by {error:.1e}", case.file);
    }
}

/// A run's folder with a checkpoint of these networks.
fn checkpoint(place: &Place, run: &str, gpu: &Gpu, networks: Networks, trained: &dyn Trained) {
    let header = Header::new(gpu, networks, false, trained.counters(), Counters::new());
    let checkpoint = Checkpoint::of(gpu, header, trained.tensors()).expect("the device works");
    fs::create_dir(place.path(run)).expect("the folder can be made");
    checkpoint.write(&place.path(&format!("{run}/checkpoint.safetensors"))).expect("it can be written");
}

#[test]
fn a_run_draws_with_the_generator_it_is_asked_for_and_so_does_its_export() {
    let (place, gpu) = (Place::new(), &gpu());
    let config = cyclegan::Config { ngf: 4, ndf: 2, blocks: 1, pool_size: 0, ..cyclegan::Config::default() };
    let cycle = cyclegan::Trainer::new(gpu, &config);
    checkpoint(&place, "cycle", gpu, Networks::Cyclegan(config), &cycle);
    let config = cut::Config { ngf: 4, ndf: 2, blocks: 2, nce_width: 4, ..cut::Config::default() };
    checkpoint(&place, "cut", gpu, Networks::Cut(config.clone()), &cut::Trainer::new(gpu, &config));
    let config = anime::Config { ngf: 4, ndf: 2, blocks: 2, nce_width: 4, ..anime::Config::default() };
    checkpoint(&place, "anime", gpu, Networks::Anime(config.clone()), &anime::Trainer::new(gpu, &config));
    let config = dcgan::Config { size: 16, ngf: 4, ndf: 4, nz: 8, ..dcgan::Config::default() };
    checkpoint(&place, "noise", gpu, Networks::Dcgan(config.clone()), &dcgan::Trainer::new(gpu, &config));

    place.save("a.png", scene(30, 22));
    let draw = |weights: &str, out: &str, more: &[&str]| {
        let told = place.stylize(weights, &[&["a.png", "--out", out], more].concat()).succeeded().text();
        (place.open(&format!("{out}/a.png")).into_rgb8(), told)
    };
    let (there, told) = draw("cycle", "there", &[]);
    assert!(told.contains("cyclegan after 0 steps, its G_A") && told.contains("parameters"), "{told}");
    let (back, told) = draw("cycle/checkpoint.safetensors", "back", &["--direction", "BtoA"]);
    assert!(told.contains("its G_B") && there != back, "{told}");
    place.stylize("cut", &["a.png", "--direction", "BtoA"]).failed(1, &["cut", "leave --direction out"]);
    place.stylize("noise", &["a.png"]).failed(1, &["dcgan", "noise", "`sample`"]);

    for (run, more, published) in [
        ("cycle", &["--direction", "BtoA"][..], "CycleGAN resnet generator, 1 blocks, ngf 4"),
        ("cut", &[], "CUT resnet generator, antialiased, 2 blocks, ngf 4"),
        ("anime", &[], "AnimeGANv2 generator, width 4"),
    ] {
        let file = format!("{run}.safetensors");
        place.export(&[&[run, "--out", &file], more].concat()).succeeded();
        let (before, _) = draw(run, &format!("{run}-run"), more);
        let (after, told) = draw(&file, &format!("{run}-file"), &[]);
        assert!(told.contains(published), "{told}");
        assert_eq!(before, after, "{run}");
    }
    let dict = weights::read(&place.path("cut.safetensors")).expect("it was written");
    assert_eq!(dict.shape("model.7.filt"), Some(&[8, 1, 3, 3][..]));
    assert_eq!(dict.shape("model.18.filt"), Some(&[8, 1, 4, 4][..]));
    place.export(&["cut", "--out", "cut.safetensors"]).failed(1, &["exists already", "--overwrite"]);
    place.export(&["noise", "--out", "n.safetensors"]).failed(1, &["noise"]);
    assert!(!place.path("n.safetensors").exists());
}

/// What PyTorch saved comes back as PyTorch saved it, names and all; the blurring filters are made anew.
#[test]
fn an_export_of_a_published_file_has_its_tensors() {
    let place = Place::new();
    for file in GENERATORS {
        place.export(&[&golden(file), "--out", "again.safetensors", "--overwrite"]).succeeded();
        let before = weights::read(&networks::path(file)).expect("it is golden");
        let after = weights::read(&place.path("again.safetensors")).expect("it was written");
        let unused = |name: &str| file.ends_with("old") && (name.contains("running") || name.contains("num_batches"));
        let expected: Vec<_> = before.tensors.iter().filter(|(name, _)| !unused(name)).collect();
        assert_eq!(after.tensors.iter().collect::<Vec<_>>(), expected, "{file}");
    }
}

#[test]
fn pictures_of_every_size_come_back_in_it() {
    let place = Place::new();
    fs::create_dir(place.path("in")).expect("the folder can be made");
    for [width, height] in [[1, 1], [2, 300], [300, 2], [17, 31], [32, 32]] {
        place.save(&format!("in/{width}x{height}.png"), scene(width, height));
    }
    let veil = RgbaImage::from_fn(20, 13, |x, y| Rgba([200, (9 * x) as u8, 40, (12 * x + y) as u8]));
    place.save("in/veil.png", veil.clone());
    for file in GENERATORS {
        let told = place.stylize(&golden(file), &["in", "--out", file]).succeeded().text();
        assert!(told.contains("6 pictures in ") && told.contains(" of memory, computed whole"), "{told}");
        for name in place.names("in") {
            let (before, after) = (place.open(&format!("in/{name}")), place.open(&format!("{file}/{name}")));
            assert_eq!((before.width(), before.height()), (after.width(), after.height()), "{name}");
        }
        let drawn = place.open(&format!("{file}/veil.png")).into_rgba8();
        assert!(drawn.pixels().zip(veil.pixels()).all(|(a, b)| a[3] == b[3]), "the opacity is carried over");
        assert!(!place.open(&format!("{file}/32x32.png")).color().has_alpha());
    }
}

#[test]
fn bands_of_any_height_draw_the_same_picture() {
    let place = Place::new();
    place.save("a.png", scene(50, 70));
    for file in GENERATORS {
        let draw = |out: &str, more: &[&str]| {
            let out = format!("{file}-{out}");
            let told = place.stylize(&golden(file), &[&["a.png", "--out", &out], more].concat()).succeeded().text();
            (place.open(&format!("{out}/a.png")).into_rgb8(), told)
        };
        let (whole, _) = draw("whole", &[]);
        for (tile, words) in
            [("--tile", "in bands of 64 rows"), ("--tile=16", "in bands of 16 rows"), ("--tile=1", "1 rows")]
        {
            let (bands, told) = draw(tile, &[tile]);
            assert!(told.contains(words) && told.contains("wait in memory"), "{told}");
            assert!(apart(&whole, &bands) <= 1, "{file} {tile}: {} steps apart", apart(&whole, &bands));
        }
    }
}

#[test]
fn bands_are_chosen_where_the_whole_does_not_fit() {
    let options = Options { adapter: Some("native".into()), ..Options::default() };
    let weights = networks::path("cartoongan_generator");
    let stylist = Stylist::open(options, weights, Direction::AtoB, Tile::Auto).expect("the CPU is everywhere");
    let size = [2000, 1500];
    let whole = stylist.plan_within(size, u64::MAX).expect("it fits");
    assert_eq!((whole.rows, whole.cost.held), (None, 0));
    let bands = stylist.plan_within(size, whole.memory - 1).expect("bands fit");
    assert!(bands.rows.is_some() && bands.cost.held > 0 && bands.memory < whole.memory, "{bands:?}");
    assert!(bands.cost.flops >= whole.cost.flops && bands.cost.flops < 1.2 * whole.cost.flops);

    let little = bands.memory / 3;
    let refused = stylist.plan_within(size, little).expect_err("not even bands fit").to_string();
    let long = refused.split("--long-side ").nth(1).and_then(|rest| rest.split(' ').next());
    let long: usize = long.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{refused}"));
    assert!((32..2000).contains(&long) && refused.contains("1500×2000"), "{refused}");
    assert!(stylist.plan_within([long, long * 3 / 4], little).is_ok(), "what is advised is true: {refused}");
    let none = stylist.plan_within(size, 1 << 20).expect_err("the program itself is larger").to_string();
    assert!(none.contains("--adapter"), "{none}");
}

#[test]
fn names_sizes_and_what_is_there_already() {
    let (place, weights) = (Place::new(), golden("cyclegan_generator"));
    for folder in ["in", "other"] {
        fs::create_dir(place.path(folder)).expect("the folder can be made");
    }
    place.save("in/a.png", scene(40, 20));
    place.save("in/a.bmp", scene(20, 20));
    place.save("other/a.png", scene(24, 16));
    place.stylize(&weights, &["in", "other/a.png", "--out", "out", "--side-by-side", "--long-side", "20"]).succeeded();
    assert_eq!(place.names("out"), ["a-2.png", "a-3.png", "a.png"]);
    let size = |name: &str| {
        let picture = place.open(&format!("out/{name}"));
        (picture.width(), picture.height())
    };
    // The bitmap comes first: folders are read in the order of names.
    assert_eq!([size("a.png"), size("a-2.png"), size("a-3.png")], [(40, 20), (40, 10), (40, 13)]);
    let left = image::imageops::crop_imm(&place.open("out/a.png").into_rgb8(), 0, 0, 20, 20).to_image();
    assert_eq!(left, scene(20, 20), "the picture itself is on the left");

    let before = fs::read(place.path("out/a.png")).expect("it is there");
    place.stylize(&weights, &["other/a.png", "--out", "out"]).failed(1, &["out/a.png exists already", "--overwrite"]);
    assert_eq!(fs::read(place.path("out/a.png")).expect("it is there"), before);
    place.stylize(&weights, &["other/a.png", "--out", "out", "--overwrite"]).succeeded();
    assert_eq!(size("a.png"), (24, 16));
    place.stylize(&weights, &["other", "--out", "other", "--overwrite"]).failed(1, &["written over", "--out"]);
}

#[test]
fn a_broken_picture_among_many_is_skipped() {
    let (place, weights) = (Place::new(), golden("cyclegan_generator"));
    fs::create_dir(place.path("in")).expect("the folder can be made");
    place.save("in/a.png", scene(20, 20));
    place.save("in/c.jpg", scene(20, 20));
    let whole = fs::read(place.path("in/a.png")).expect("it was written");
    fs::write(place.path("in/b.png"), &whole[..whole.len() / 2]).expect("it can be written");
    let told = place.stylize(&weights, &["in", "nowhere.png"]).failed(1, &["skipped in/b.png", "2 of 4"]);
    assert!(told.err.contains("skipped nowhere.png: cannot read the picture"), "{}", told.err);
    assert_eq!(place.names("stylized"), ["a.png", "c.png"], "and nothing is left half written");

    fs::create_dir(place.path("empty")).expect("the folder can be made");
    place.stylize(&weights, &["empty", "--out", "none"]).failed(1, &["empty", "there are none"]);
    place.stylize(&weights, &[]).failed(2, &["PICTURE"]);
    assert!(!place.path("none").exists());
}

#[test]
fn weights_that_cannot_be_used_are_explained() {
    let place = Place::new();
    place.save("a.png", scene(16, 16));
    let bytes = fs::read(networks::path("animegan2_generator")).expect("it is golden");
    fs::write(place.path("text.pth"), "these are no weights\n").expect("it can be written");
    fs::write(place.path("cut.pth"), &bytes[..bytes.len() / 2]).expect("it can be written");
    let mut lying = 1_000_000_u64.to_le_bytes().to_vec();
    lying.extend(br#"{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}"#);
    fs::write(place.path("lying.safetensors"), lying).expect("it can be written");
    let system = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/weights/system.pth");

    // Weights that training has blown up.
    let file = fs::read(networks::path("cartoongan_generator")).expect("it is golden");
    fs::write(place.path("whole.pth"), &file).expect("it can be written");
    place.export(&["whole.pth", "--out", "nan.safetensors"]).succeeded();
    let mut file = fs::read(place.path("nan.safetensors")).expect("it was written");
    let end = file.len() - 4;
    file[end..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(place.path("nan.safetensors"), file).expect("it can be written");

    let cases: [(&str, &[&str]); 8] = [
        ("text.pth", &["text.pth", "it is a text"]),
        ("cut.pth", &["cut.pth", "broken"]),
        ("lying.safetensors", &["lying.safetensors", "broken"]),
        (system, &["nothing in a weights file is ever run"]),
        ("nan.safetensors", &["NaN"]),
        ("missing.pth", &["missing.pth", "no file"]),
        (&golden("cyclegan_discriminator"), &["judges pictures"]),
        (&golden("cut_heads"), &["no known network"]),
    ];
    for (weights, words) in cases {
        place.stylize(weights, &["a.png"]).failed(1, words);
    }
    fs::create_dir(place.path("folder")).expect("the folder can be made");
    place.stylize("folder", &["a.png"]).failed(1, &["no checkpoint"]);
    assert!(!place.path("stylized").exists(), "nothing was drawn, and no folder is left");
}

#[test]
fn a_video_goes_through_a_frame_at_a_time() {
    let (place, weights) = (Place::new(), golden("cyclegan_generator"));
    let video = |size: &str, input: &[u8]| {
        place.run(env!("CARGO_BIN_EXE_stylize"), &["--weights", &weights, "--video", size], input)
    };
    let frames: Vec<u8> = [scene(20, 14), scene(20, 14), RgbImage::new(20, 14)].map(RgbImage::into_raw).concat();
    let told = video("20x14", &frames).succeeded();
    let drawn: Vec<&[u8]> = told.out.chunks(3 * 20 * 14).collect();
    assert_eq!(told.out.len(), frames.len());
    assert!(drawn[0] == drawn[1] && drawn[1] != drawn[2], "each frame is drawn by itself");
    place.save("frame.png", scene(20, 14));
    place.stylize(&weights, &["frame.png"]).succeeded();
    assert_eq!(place.open("stylized/frame.png").into_rgb8().into_raw(), drawn[0], "as a picture is");
    assert!(told.err.contains("3 frames in"), "{}", told.err);

    let cut =
        video("20x14", &frames[..frames.len() - 5]).failed(1, &["after 2 frames", "835 bytes instead of the 840"]);
    assert_eq!(cut.out.len(), 2 * 840, "whole frames have gone through");
    assert!(video("20x14", &[]).succeeded().out.is_empty());
    video("20", &[]).failed(2, &["1280x720"]);
}
