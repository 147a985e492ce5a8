//! How a run begins: in a folder of its own, or from a checkpoint.

use std::{collections::VecDeque, path::Path};

use super::{Listener, Run, watching::Watching};
use crate::{
    gpu::Gpu,
    parallel::World,
    train::{
        Error,
        checkpoint::{self, Checkpoint, Header, family},
        config::{RecipeFlags, RunConfig},
        flags::RunFlags,
        metric::Meter,
        parallel::{self, Start},
        plan,
        preset::Length,
        recipe::{Ready, Recipe},
        report::{Folder, Lock, LossLog, sheet},
    },
};

/// What a resume starts from: the run's configuration with the flags taken over, and what they changed.
pub struct Resumed {
    /// The folder of the run.
    pub folder: Folder,
    /// Its configuration.
    pub config: RunConfig,
    changes: Vec<String>,
}

impl Resumed {
    /// Reads the configuration of a run and takes the flags over.
    ///
    /// # Errors
    /// When there is no run, or a flag asks for what its networks cannot change.
    pub fn read(path: &Path, flags: &RunFlags, own: &dyn RecipeFlags) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let mut config = folder.read_config()?;
        let changes = config.apply(flags, own);
        if !changes.refused.is_empty() {
            return Err(Error::Config(changes.refused.join("\n")));
        }
        config.check()?;
        Ok(Self { folder, config, changes: changes.made })
    }
}

impl Run {
    /// Begins a run in a folder of its own: `out`, or the next free one below `runs`. Of several processes the others
    /// [`parallel::follow`].
    ///
    /// # Errors
    /// When the folder is taken, there are no pictures, the batch cannot be shared out, or the device failed.
    pub fn start(
        gpu: &Gpu,
        world: &World,
        mut config: RunConfig,
        out: Option<&Path>,
        tell: &mut dyn Listener,
    ) -> Result<Self, Error> {
        out.map_or(Ok(()), Folder::check_free)?;
        plan::check(gpu, world, &config, false, tell)?;
        Start::tell(gpu, world, &config, None)?;
        let ready = config.networks.read(&config, tell)?;
        config.networks.take_classes(&ready.classes, false)?;
        let folder = Folder::create(out, &config.recipe)?;
        let lock = Lock::take(folder.path())?;
        Self::begin(gpu, world, config, (folder, lock), ready, tell)
    }

    /// Goes on with a run from its checkpoint, or from its start where it ended before the first one. A run that cannot
    /// go on is left as it is.
    ///
    /// # Errors
    /// When the checkpoint cannot be used, all steps are done, there are no pictures, the batch cannot be shared out,
    /// another process trains it, or the device failed.
    pub fn resume(gpu: &Gpu, world: &World, resumed: Resumed, tell: &mut dyn Listener) -> Result<Self, Error> {
        let Resumed { folder, mut config, changes } = resumed;
        let lock = Lock::take(folder.path())?;
        let path = folder.checkpoint();
        let checkpoint = match Checkpoint::read(&path) {
            Err(checkpoint::Error::Missing { .. }) => {
                tell.say(&format!("{} has no checkpoint: starting it from step 0", folder.path().display()));
                changes.iter().for_each(|change| tell.say(change));
                folder.tidy()?;
                plan::check(gpu, world, &config, false, tell)?;
                Start::tell(gpu, world, &config, None)?;
                let ready = config.networks.read(&config, tell)?;
                config.networks.take_classes(&ready.classes, false)?;
                return Self::begin(gpu, world, config, (folder, lock), ready, tell);
            }
            read => read?,
        };
        let header = &checkpoint.header;
        tell.say(&format!("Resuming {} after step {}", folder.path().display(), header.steps()));
        changes.iter().for_each(|change| tell.say(change));
        if (&header.adapter, &header.family) != (&gpu.adapter().arithmetic(), &family(gpu)) {
            tell.warn(&format!(
                "the checkpoint was computed on {} ({} kernels); from here on results differ in the last bits from \
                 those of an uninterrupted run",
                header.adapter, header.family
            ));
        } else if header.tuning != gpu.tuning().fingerprint() {
            let of = |tuning: &str| if tuning.is_empty() { "none".to_owned() } else { tuning.to_owned() };
            tell.warn(&format!(
                "the checkpoint was computed with other measured choices of tiles (`bench tune`: {} then, {} now); \
                 from here on results differ in the last bits from those of an uninterrupted run",
                of(&header.tuning),
                of(&gpu.tuning().fingerprint())
            ));
        }
        if header.processes != world.size() as u64 {
            tell.warn(&format!(
                "the batches were shared out to {} processes, and are now to {}; from here on results differ in the \
                 last bits from those of an uninterrupted run, and with batch normalisation by what it sees of a batch",
                header.processes,
                world.size()
            ));
        }
        plan::check(gpu, world, &config, true, tell)?;
        Start::tell(gpu, world, &config, Some(header))?;
        let ready = config.networks.read(&config, tell)?;
        config.networks.take_classes(&ready.classes, true)?;
        for (part, found) in &ready.pictures {
            let before = header.position.get(part).copied().unwrap_or(0);
            if before != *found {
                tell.warn(&format!("the run had {before} {part} and now has {found}; it goes on with these"));
            }
        }
        let mut recipe = (ready.begin)(gpu, Some(header));
        checkpoint.load_into(&path, recipe.trained_mut())?;
        gpu.finish()?;
        let length = length(&config, &*recipe);
        if header.steps() >= length {
            return Err(Error::Config(format!(
                "the run {} has done its {length} steps; give a larger --steps or --epochs to go on",
                folder.path().display()
            )));
        }
        // From here on the run really goes on, and its folder is written to.
        folder.tidy()?;
        folder.write_config(&config)?;
        folder.write_skipped(&ready.skipped, tell)?;
        let mut run = Self::prepare(gpu, world, config, (folder, lock), recipe, Some(header), tell)?;
        run.saved = Some(header.steps());
        run.introduce(tell);
        Ok(run)
    }

    /// A run at step 0, in a folder that is made.
    fn begin(
        gpu: &Gpu,
        world: &World,
        config: RunConfig,
        (folder, lock): (Folder, Lock),
        ready: Ready,
        tell: &mut dyn Listener,
    ) -> Result<Self, Error> {
        // First of all, so that a run which ends at any moment from here on can be resumed.
        folder.write_config(&config)?;
        folder.write_skipped(&ready.skipped, tell)?;
        let run = Self::prepare(gpu, world, config, (folder, lock), (ready.begin)(gpu, None), None, tell)?;
        run.introduce(tell);
        sheet::save(&run.recipe.real(), &run.folder.real())?;
        Ok(run)
    }

    fn prepare(
        gpu: &Gpu,
        world: &World,
        config: RunConfig,
        (folder, lock): (Folder, Lock),
        mut recipe: Box<dyn Recipe>,
        header: Option<&Header>,
        tell: &mut dyn Listener,
    ) -> Result<Self, Error> {
        parallel::join(gpu, world, &mut *recipe)?;
        let (length, steps, path) = (length(&config, &*recipe), recipe.trained().steps(), folder.losses());
        let log = LossLog::open(&path, recipe.columns(), steps).map_err(Error::io("write", path))?;
        let meter = Meter::begin(gpu, &config, &*recipe, &folder, header, tell)?;
        let (gpu, world, pending) = (gpu.clone(), world.clone(), VecDeque::new());
        Ok(Self {
            watching: Watching::new(&config),
            gpu,
            world,
            config,
            folder,
            recipe,
            log,
            meter,
            length,
            pending,
            saved: None,
            failed: None,
            retries: 0,
            tracing: false,
            reporter: None,
            _lock: lock,
        })
    }

    fn introduce(&self, tell: &mut dyn Listener) {
        tell.say(&self.recipe.introduction());
        tell.say(&format!(
            "The run is kept in {}: samples every {} steps, a checkpoint every {}",
            self.folder.path().display(),
            self.config.sample_every,
            self.config.checkpoint_every
        ));
    }
}

/// Steps of the whole run.
pub(in crate::train) fn length(config: &RunConfig, recipe: &dyn Recipe) -> u64 {
    match config.length {
        Length::Steps(steps) => steps,
        Length::Epochs(epochs) => recipe.batches_in(epochs),
    }
}
