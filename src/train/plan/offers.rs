//! What would fit where a run does not: the same run with one value changed, each found by planning it.

use super::{room::Room, size, within};
use crate::{
    gpu::Gpu,
    parallel::World,
    train::config::{Networks, RunConfig},
};

/// A change to a configuration that saves memory, mostly by half: what its flags say then, and the configuration;
/// `None` where there is nothing left to save.
type Halve = fn(&RunConfig) -> Option<(String, RunConfig)>;

/// So many kinds change one value; what is behind them changes more, and is asked where no single one will do.
const SINGLE: usize = 6;

/// Offers that there is room for: of each kind the largest.
pub(super) fn fitting(gpu: &Gpu, world: &World, config: &RunConfig, resumed: bool, room: &Room) -> Vec<String> {
    // What trained networks cannot change is no offer for them; sizes of translators they can, but have learnt another.
    let kinds: &[Halve] = if resumed {
        &[stages, micro_batch, batch, portraits]
    } else {
        &[stages, micro_batch, batch, portraits, side, width, batch_and_side]
    };
    let of_kind = |halve: &Halve| {
        let mut tried = config.clone();
        loop {
            let (flags, smaller) = halve(&tried)?;
            tried = smaller;
            let meant = tried.check().is_ok() && tried.networks.batch().is_multiple_of(world.size());
            if meant && let Ok(Ok(plan)) = within(gpu, world, &tried, resumed, room) {
                return Some(format!("{flags} ({})", size(plan.total())));
            }
        }
    };
    let mut offers: Vec<String> = kinds[..kinds.len().min(SINGLE)].iter().filter_map(of_kind).collect();
    if offers.is_empty() {
        offers.extend(kinds[kinds.len().min(SINGLE)..].iter().filter_map(of_kind));
    }
    offers
}

fn stages(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let again = &mut config.networks.common_mut()?.checkpoint_activations;
    (!std::mem::replace(again, true)).then_some(("--checkpoint-activations".to_owned(), config))
}

fn micro_batch(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let whole = config.networks.batch();
    let part = config.networks.micro_batch_mut()?;
    let now = if *part == 0 { whole } else { *part };
    *part = half(now, 1)?;
    Some((format!("--micro-batch {part}"), config))
}

fn batch(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let batch = half(config.networks.batch(), 1)?;
    config.networks.set_batch(batch);
    Some((format!("--batch {batch}"), config))
}

fn portraits(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let source = &mut config.source;
    if source.data.is_some() || source.photos.is_some() {
        return None;
    }
    source.portraits = half(source.portraits as usize, 16)? as u32;
    Some((format!("--portraits {}", config.source.portraits), config))
}

fn side(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let flags = match &mut config.networks {
        Networks::Dcgan(dcgan) => {
            dcgan.size = half(dcgan.size, 16)?;
            format!("--size {}", dcgan.size)
        }
        Networks::Faces(faces) => {
            faces.size = half(faces.size, 64)?;
            format!("--size {}", faces.size)
        }
        translator => {
            let common = translator.common_mut()?;
            let [height, width] = [half(common.size[0], 16)? & !3, half(common.size[1], 16)? & !3];
            // As the flag: pictures are then loaded as they are used.
            (common.size, common.load_size) = ([height, width], [height, width]);
            if height == width { format!("--size {height}") } else { format!("--size {width}x{height}") }
        }
    };
    Some((flags, config))
}

fn width(config: &RunConfig) -> Option<(String, RunConfig)> {
    let mut config = config.clone();
    let (ngf, ndf) = match &mut config.networks {
        Networks::Dcgan(dcgan) => (&mut dcgan.ngf, &mut dcgan.ndf),
        Networks::Faces(faces) => (&mut faces.ngf, &mut faces.ndf),
        Networks::Cyclegan(cyclegan) => (&mut cyclegan.ngf, &mut cyclegan.ndf),
        Networks::Cut(cut) => (&mut cut.ngf, &mut cut.ndf),
        Networks::Anime(anime) => (&mut anime.ngf, &mut anime.ndf),
    };
    (*ngf, *ndf) = (half(*ngf, 4)?, half(*ndf, 4)?);
    Some((format!("--ngf {ngf} --ndf {ndf}"), config))
}

fn batch_and_side(config: &RunConfig) -> Option<(String, RunConfig)> {
    let (batch, smaller) = batch(config).unwrap_or_else(|| ("--batch 1".to_owned(), config.clone()));
    let (side, smaller) = side(&smaller)?;
    Some((format!("{batch} {side}"), smaller))
}

/// Half of a number, down to `least`; `None` below it.
fn half(number: usize, least: usize) -> Option<usize> {
    Some(number / 2).filter(|half| *half >= least)
}
