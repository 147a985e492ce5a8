//! What memory a run will take, known before it takes any.
//!
//! Memory is laid out by our own recorder and pool, whatever the driver. So a run is recorded on a device that plans
//! and does nothing ([`Gpu::planning`]): its first samples and steps, on blank pictures, and steps as late ones are,
//! when warm-ups are over and pools are full. What the plan then holds is what the run will hold.

mod offers;
mod room;

use std::time::Duration;

use self::room::Room;
use super::{
    Error,
    config::{Networks, RunConfig},
    recipe::{Counters, Recipe},
    run::Listener,
};
use crate::{
    data::{WAITING, count_pictures},
    gpu::{self, Gpu},
    ops::elementwise::copy_into,
    parallel::World,
    tensor::Tensor,
};

/// Steps that are planned at the start of a run, and again late in it: from the third on a step takes what the one
/// before it took, and of what happens at random, or every few steps, so many see some.
const STEPS: u64 = 4;

/// A step that is late, and that everything which happens every few steps happens in: a multiple of 1 to 16.
const LATE: u64 = 720_720 << 20;

/// The memory of a run, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Parameters, and what else belongs to the state: running statistics, pools of pictures.
    pub parameters: u64,
    /// Gradients, all of a network together.
    pub gradients: u64,
    /// The moments of the optimizers.
    pub moments: u64,
    /// Averages of parameters.
    pub averages: u64,
    /// Activations, and what kernels need besides: all that a step gives back.
    pub workspace: u64,
    /// Pictures, which stay in host memory, and the batches that wait there ready. Of a folder as many as there are
    /// files that are pictures by name.
    pub pictures: u64,
    /// Whether the device's memory is the host's.
    pub shared: bool,
}

impl Plan {
    /// Plans a run, new or resumed. Of several processes it is the memory of each, but for what averaging gradients
    /// over them takes.
    ///
    /// # Errors
    /// When a tensor is larger than the adapter can bind.
    pub fn of(gpu: &Gpu, world: &World, config: &RunConfig, resumed: bool) -> Result<Self, Error> {
        let mut config = config.clone();
        let pictures = pictures(&config);
        config.source.blank = true;
        config.networks.set_batch(config.networks.batch().div_ceil(world.size()));
        let planning = gpu.planning();
        let mut recipe = (config.networks.read(&config, &mut Silent)?.begin)(&planning, None);
        if resumed {
            load(&*recipe);
            planning.finish()?;
        } else {
            recipe.samples()?;
        }
        steps(&mut *recipe)?;
        late(&mut *recipe);
        steps(&mut *recipe)?;
        recipe.samples()?;
        planning.finish()?;
        let state = State::of(&*recipe);
        let device = planning.memory().bytes;
        let State { parameters, gradients, moments, averages } = state;
        let workspace = device.saturating_sub(parameters + gradients + moments + averages);
        let shared = gpu.adapter().kind.is_cpu();
        Ok(Self { parameters, gradients, moments, averages, workspace, pictures, shared })
    }

    /// The memory of the device.
    pub fn device(&self) -> u64 {
        self.parameters + self.gradients + self.moments + self.averages + self.workspace
    }

    /// What is taken of the memory that the device's is taken from: on a CPU the pictures too.
    pub fn total(&self) -> u64 {
        self.device() + if self.shared { self.pictures } else { 0 }
    }

    /// The plan in a sentence.
    pub fn describe(&self) -> String {
        let parts = [
            ("parameters", self.parameters),
            ("gradients", self.gradients),
            ("moments", self.moments),
            ("averages", self.averages),
            ("activations and workspace", self.workspace),
        ];
        let parts =
            parts.iter().filter(|(_, bytes)| *bytes > 0).map(|(name, bytes)| format!("{name} {}", size(*bytes)));
        let parts: Vec<_> = parts.collect();
        let host = if self.shared { format!("; {} in all", size(self.total())) } else { " in host memory".to_owned() };
        format!(
            "Memory: {} on the device ({}), pictures {}{host}",
            size(self.device()),
            parts.join(", "),
            size(self.pictures)
        )
    }
}

/// Says what memory a run will take, and refuses one that will take more than there is.
///
/// # Errors
/// When it is too much; with what would fit, each found by planning it.
pub fn check(
    gpu: &Gpu,
    world: &World,
    config: &RunConfig,
    resumed: bool,
    tell: &mut dyn Listener,
) -> Result<(), Error> {
    let room = Room::of(gpu, config);
    let reason = match within(gpu, world, config, resumed, &room)? {
        Ok(plan) => {
            tell.say(&format!("{}; {room}", plan.describe()));
            return Ok(());
        }
        Err(reason) => reason,
    };
    let offers = offers::fitting(gpu, world, config, resumed, &room);
    let fitting = match &offers[..] {
        [] => "No smaller batch, size or width that this recipe knows would fit".to_owned(),
        offers => format!("What fits: {}", offers.join("; ")),
    };
    Err(Error::Config(format!("{reason}; {room}. {fitting}")))
}

/// The plan of a run that there is room for, or why there is none.
fn within(
    gpu: &Gpu,
    world: &World,
    config: &RunConfig,
    resumed: bool,
    room: &Room,
) -> Result<Result<Plan, String>, Error> {
    let least = least(config, world);
    if room.is_below(least) {
        return Ok(Err(format!("Memory: more than {} for the pictures of a batch alone", size(least))));
    }
    Ok(match Plan::of(gpu, world, config, resumed) {
        Err(Error::Gpu(too_large @ gpu::Error::TooLarge { .. })) => Err(too_large.to_string()),
        planned => Ok(planned?).and_then(|plan| if room.holds(&plan) { Ok(plan) } else { Err(plan.describe()) }),
    })
}

/// Less than a run can do with, in bytes, so that none is planned whose pictures alone are too many: those of a batch,
/// the real ones and the generated ones.
fn least(config: &RunConfig, world: &World) -> u64 {
    let [height, width] = match &config.networks {
        Networks::Dcgan(dcgan) => [dcgan.size; 2],
        Networks::Faces(faces) => [faces.size; 2],
        Networks::Cyclegan(cyclegan) => cyclegan.common.size,
        Networks::Cut(cut) => cut.common.size,
        Networks::Anime(anime) => anime.common.size,
    };
    (2 * 4 * 3 * height * width * config.networks.batch().div_ceil(world.size())) as u64
}

/// A number of bytes as people write it.
fn size(bytes: u64) -> String {
    match bytes as f64 {
        bytes if bytes >= f64::from(1 << 30) => format!("{:.2} GiB", bytes / f64::from(1 << 30)),
        bytes if bytes >= f64::from(1 << 20) => format!("{:.1} MiB", bytes / f64::from(1 << 20)),
        bytes => format!("{:.1} KiB", bytes / 1024.0),
    }
}

fn steps(recipe: &mut dyn Recipe) -> Result<(), Error> {
    for _ in 0..STEPS {
        drop(recipe.step(0.0)?);
    }
    Ok(())
}

/// Makes the next step a late one: all is counted far, but for the steps of optimizers.
fn late(recipe: &mut dyn Recipe) {
    let far = |(name, count): (String, u64)| {
        let count = if name.ends_with("_steps") { count } else { LATE };
        (name, count)
    };
    let counters: Counters = recipe.trained().counters().into_iter().map(far).collect();
    recipe.trained_mut().set_counters(&counters);
}

/// Overwrites the state, as a resume does.
fn load(recipe: &dyn Recipe) {
    for (_, tensor) in recipe.trained().tensors() {
        copy_into(&Tensor::made(tensor.gpu(), tensor.shape(), |count| vec![0.0; count]), &tensor);
    }
}

/// Bytes of a state.
struct State {
    parameters: u64,
    gradients: u64,
    moments: u64,
    averages: u64,
}

impl State {
    fn of(recipe: &dyn Recipe) -> Self {
        let mut state = Self { parameters: 0, gradients: 0, moments: 0, averages: 0 };
        for (name, tensor) in recipe.trained().tensors() {
            let bytes = 4 * tensor.shape().len() as u64;
            match name.rsplit('.').next() {
                // There are as many of each moment as there are gradients.
                Some("exp_avg") => (state.gradients, state.moments) = (state.gradients + bytes, state.moments + bytes),
                Some("exp_avg_sq") => state.moments += bytes,
                Some("average") => state.averages += bytes,
                _ => state.parameters += bytes,
            }
        }
        state
    }
}

/// Bytes of a run's pictures.
fn pictures(config: &RunConfig) -> u64 {
    let source = &config.source;
    let count = |folder: Option<std::path::PathBuf>| match folder {
        Some(folder) => count_pictures(folder),
        None => source.portraits as usize,
    };
    let below = |name: &str| source.data.as_ref().map(|data| data.join(name));
    let domains = || {
        let a = count(source.photos.clone().or_else(|| below("trainA")));
        let b = count(source.anime.clone().or_else(|| below("trainB")));
        [a, b]
    };
    // Those of each loader, how large they are kept, and how large they are handed out.
    let (counts, kept, handed_out) = match &config.networks {
        Networks::Dcgan(dcgan) => (vec![count(source.data.clone())], [dcgan.size; 2], [dcgan.size; 2]),
        Networks::Faces(faces) => (vec![count(source.data.clone())], [faces.size; 2], [faces.size; 2]),
        Networks::Cyclegan(cyclegan) => (domains().to_vec(), cyclegan.common.load_size, cyclegan.common.size),
        Networks::Cut(cut) => (domains().to_vec(), cut.common.load_size, cut.common.size),
        Networks::Anime(anime) => {
            // Those with smoothed edges beside the others.
            let [a, b] = domains();
            (vec![a, b, b], anime.common.load_size, anime.common.size)
        }
    };
    let bytes = |count: usize, [height, width]: [usize; 2]| (count * 3 * height * width) as u64;
    let waiting = counts.len() * WAITING * config.networks.batch();
    bytes(counts.iter().sum(), kept) + bytes(waiting, handed_out)
}

/// Nobody is told what a plan does.
struct Silent;

impl Listener for Silent {
    fn say(&mut self, _: &str) {}

    fn warn(&mut self, _: &str) {}

    fn preparing(&mut self, _: usize, _: usize) {}

    fn begin(&mut self, _: u64, _: u64, _: usize) {}

    fn step(&mut self, _: u64, _: Duration) {}

    fn figures(&mut self, _: u64, _: u64, _: &str) {}

    fn should_stop(&self) -> bool {
        false
    }
}
