//! The recipes from picture to picture: runs end to end with drawn portraits and with folders, flags under the names
//! that people know, and what cannot be meant.

use std::{
    fs,
    process::{Child, Stdio},
};

use super::{Outcome, Place, is_png};

/// A recipe with the smallest networks there are.
pub struct Tiny {
    pub name: &'static str,
    pub size: &'static str,
    pub flags: &'static str,
    /// The first line of its `losses.csv`.
    columns: &'static str,
}

pub const RECIPES: [Tiny; 3] = [
    Tiny {
        name: "cyclegan",
        size: "16",
        flags: "--ngf 4 --ndf 4 --blocks 1 --n-layers-d 2 --pool-size 2",
        columns: "step,epoch,D_A,G_A,cycle_A,idt_A,D_B,G_B,cycle_B,idt_B",
    },
    Tiny {
        name: "cut",
        size: "32",
        flags: "--ngf 4 --ndf 4 --blocks 1 --nce-width 8 --patches 8",
        columns: "step,epoch,G_GAN,D_real,D_fake,G,NCE,NCE_Y",
    },
    Tiny {
        name: "anime",
        size: "16",
        flags: "--ngf 4 --ndf 4 --blocks 1 --nce-width 8 --patches 8 --warm-up 1",
        columns: "step,epoch,D_real,D_fake,G_GAN,NCE,colour,tv,idt",
    },
];

/// Runs `train` with the words of a line.
fn train(place: &Place, line: &str) -> Outcome {
    place.train(&line.split_whitespace().collect::<Vec<_>>())
}

impl Tiny {
    /// A new run of it.
    pub fn train(&self, place: &Place, more: &str) -> Outcome {
        train(place, &self.line(more))
    }

    /// The same, not waited for.
    pub fn start(&self, place: &Place, more: &str) -> Child {
        let line = self.line(more);
        let words: Vec<_> = line.split_whitespace().collect();
        let mut command = place.command(env!("CARGO_BIN_EXE_train"), &words);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("train starts")
    }

    fn line(&self, more: &str) -> String {
        format!("{} --size {} {} {more}", self.name, self.size, self.flags)
    }
}

/// A folder of so many pictures of several sizes.
fn pictures(place: &Place, folder: &str, count: u8, tint: u8) {
    fs::create_dir_all(place.path(folder)).expect("the folder can be made");
    for n in 0..count {
        let pixel = |x: u32, y: u32| image::Rgb([(x * 5) as u8, (y * 4) as u8 ^ n.wrapping_mul(40), tint]);
        let picture = image::RgbImage::from_fn(40 + u32::from(n), 50 - u32::from(n), pixel);
        picture.save(place.path(&format!("{folder}/{n}.png"))).expect("the folder can be written");
    }
}

#[test]
fn help_names_what_people_know() {
    let place = Place::new();
    for (recipe, words) in [
        ("cyclegan", ["--lambda-a", "--pool-size", "--n-epochs-decay", "cyclegan256"]),
        ("cut", ["--lambda-nce", "--patches", "trainA", "fastcut"]),
        ("anime", ["--photos", "--warm-up", "--lambda-smooth", "anime128"]),
    ] {
        let help = place.train(&[recipe, "--help"]).succeeded().out;
        assert!(words.iter().all(|word| help.contains(word)), "{words:?}: {help}");
    }
}

/// The rate does not fall here, for it falls by the part of the run that is over: two runs of other lengths are the
/// same for as long as it stays. `training::translators` has the resume with a falling one.
#[test]
fn drawn_portraits_are_translated_and_a_resume_is_no_interruption() {
    let place = Place::new();
    for recipe in &RECIPES {
        let name = recipe.name;
        let of = |steps: u64, run: &str| {
            let every = "--portraits 6 --log-every 1 --decay 0 --sample-every 4";
            recipe.train(&place, &format!("{every} --steps {steps} --out {run}")).succeeded()
        };
        let [straight, parts] = ["straight", "parts"].map(|part| format!("{name}-{part}"));
        let told = of(6, &straight);
        for word in ["drawing portraits", "6 pictures of A and 6 of B", "parameters"] {
            assert!(told.out.contains(word), "{name}: '{word}' is not in: {}", told.out);
        }
        of(4, &parts);
        train(&place, &format!("{name} --resume {parts} --steps 6")).succeeded();
        for file in ["checkpoint.safetensors", "losses.csv", "samples/000006.png"] {
            let [one, other] = [&straight, &parts].map(|run| place.read(&format!("{run}/{file}")));
            assert!(one == other, "{name}: {file}");
        }
        assert_eq!(place.text(&format!("{straight}/losses.csv")).lines().next(), Some(recipe.columns));
        assert_eq!(place.logged(&straight), (1..=6).collect::<Vec<_>>());
        for sheet in ["000000", "000004", "real"] {
            assert!(is_png(&place.read(&format!("{straight}/samples/{sheet}.png"))), "{name}: {sheet}");
        }
    }
    // Eight photographs, each with its translation; CycleGAN's third column is the way back.
    let size = |run: &str| {
        let sheet = image::open(place.path(&format!("{run}/samples/000006.png"))).expect("a picture");
        sheet.into_rgb8().dimensions()
    };
    assert_eq!(size("cyclegan-straight"), (3 * 98 + 2, 8 * 98 + 2));
    assert_eq!(size("anime-straight"), (2 * 98 + 2, 8 * 98 + 2));
}

#[track_caller]
fn assert_config(place: &Place, run: &str, lines: &[&str]) {
    let config = place.text(&format!("{run}/config.toml"));
    for line in lines {
        assert!(config.lines().any(|l| l == *line), "'{line}' is not in: {config}");
    }
}

/// The layout and the names of pytorch-CycleGAN-and-pix2pix and of CUT.
#[test]
fn known_flags_with_underscores_are_understood() {
    let place = Place::new();
    pictures(&place, "photo2anime/trainA", 5, 40);
    pictures(&place, "photo2anime/trainB", 4, 200);
    let told = train(
        &place,
        "cyclegan --dataroot photo2anime --ngf 4 --ndf 4 --blocks 1 --n_layers_D 2 --lambda_A 5 --lambda_B 6 \
         --lambda_identity 0 --pool_size 3 --gan_mode hinge --n_epochs 1 --n_epochs_decay 3 --load_size 20 \
         --crop_size 16 --no_flip --beta1 0.4 --batch 1 --out run",
    );
    let told = told.succeeded();
    for word in ["trainA", "5 pictures of A and 4 of B", "There is no testA", "There is no testB"] {
        assert!(told.out.contains(word), "'{word}' is not in: {}", told.out);
    }
    // Four epochs of the larger set.
    assert_eq!(place.saved("run"), 20);
    let networks = ["d_layers = 2", "lambda_a = 5.0", "lambda_b = 6.0", "lambda_identity = 0.0", "pool_size = 3"];
    assert_config(&place, "run", &networks);
    assert_config(
        &place,
        "run",
        &["gan_mode = \"hinge\"", "epochs = 4", "decay = 0.75", "flip = false", "beta1 = 0.4"],
    );

    let told = train(
        &place,
        "cut --preset fastcut --dataroot photo2anime --ngf 4 --ndf 4 --blocks 1 --netF_nc 8 --num_patches 4 \
         --lambda_GAN 2 --lambda_NCE 3 --load_size 36x40 --crop_size 32 --steps 2 --out cut",
    );
    told.succeeded();
    let networks = ["nce_width = 8", "patches = 4", "lambda_gan = 2.0", "lambda_nce = 3.0", "mirror = true"];
    assert_config(&place, "cut", &networks);
}

#[test]
fn two_folders_train_each_recipe_at_any_size() {
    let place = Place::new();
    pictures(&place, "photos", 7, 40);
    pictures(&place, "drawn", 5, 200);
    fs::write(place.path("photos/broken.png"), b"\x89PNG\r\n\x1a\nrest").expect("the folder can be written");
    for recipe in &RECIPES {
        let name = recipe.name;
        let folders = "--photos photos --anime drawn --steps 3";
        let told = recipe.train(&place, &format!("{folders} --preprocess resize_and_crop --out {name}")).succeeded();
        assert!(told.out.contains("6 pictures of A and 4 of B"), "{}", told.out);
        assert!(place.text(&format!("{name}/skipped.txt")).contains("broken.png"), "{name}");
        let wide = Tiny { size: "48x32", ..*recipe };
        wide.train(&place, &format!("{folders} --batch 2 --out {name}-wide")).succeeded();
        let resumed = train(&place, &format!("{name} --resume {name}-wide --steps 4 --size 36"));
        if name == "cyclegan" {
            resumed.failed(1, &["--size", "pools hold pictures of 48x32"]);
        } else {
            resumed.succeeded();
        }
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = Place::new();
    pictures(&place, "half/trainA", 3, 0);
    pictures(&place, "photos", 3, 0);
    fs::create_dir(place.path("empty")).expect("the folder can be made");
    for recipe in &RECIPES {
        let of = |more: &str| recipe.train(&place, &format!("--out run {more}"));
        of("--data half").failed(1, &["trainB", "half"]);
        of("--data missing").failed(1, &["missing"]);
        of("--photos photos").failed(1, &["--anime"]);
        of("--anime photos").failed(1, &["--photos"]);
        of("--photos photos --anime empty").failed(1, &["empty", "no files"]);
        of("--data half --photos photos").failed(2, &["--photos"]);
        of("--n-epochs 5").failed(2, &["--n-epochs-decay"]);
        of("--nz 8").failed(2, &["--nz"]);
        let plain = |more: &str| train(&place, &format!("{} {more}", recipe.name));
        for size in ["65", "8", "24x", "2048"] {
            plain(&format!("--size {size}")).failed(2, &[size]);
        }
        plain("--size 65").failed(2, &["multiples of 4"]);
        plain("--size 64 --load-size 32").failed(1, &["64", "32"]);
        plain("--preset dcgan64").failed(2, &["dcgan64"]);
        plain("--lr 0").failed(2, &["--lr"]);
        plain("--decay 1.5").failed(2, &["--decay"]);
    }
    train(&place, "cyclegan --preset cyclegan128 --size 16 --n-layers-d 3").failed(1, &["n-layers-d", "32 pixels"]);
    train(&place, "cut --preset cut --size 16").failed(1, &["32 pixels"]);
    assert!(!place.path("run").exists() && !place.path("runs").exists(), "a run that never began leaves no folder");

    RECIPES[0].train(&place, "--portraits 2 --steps 1 --out run").succeeded();
    let before = place.text("run/config.toml");
    train(&place, "--resume run --nz 8 --steps 2").failed(1, &["train cyclegan --resume"]);
    train(&place, "cyclegan --resume run --nz 8").failed(2, &["--nz"]);
    train(&place, "cyclegan --resume run --blocks 2").failed(1, &["blocks = 1", "new run"]);
    train(&place, "cut --resume run --patches 2").failed(1, &["train cyclegan --resume"]);
    place.sample(&["run", "--grid", "a.png"]).failed(1, &["cyclegan", "stylize"]);
    assert_eq!(before, place.text("run/config.toml"), "a run that is refused stays as it was");
    // Without flags of its own any `train` goes on with it.
    train(&place, "--resume run --steps 2").succeeded();
    assert_eq!(place.saved("run"), 2);
}
