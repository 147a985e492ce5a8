//! Runs whose device goes away: what they say, what they leave, and where they go on. Tests, in a module of their own
//! because they make folders.

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crate::{
        gpu::{self, AdapterKind, Gpu},
        parallel::World,
        train::{
            Error,
            checkpoint::Checkpoint,
            config::RunConfig,
            cyclegan, dcgan,
            flags::RunFlags,
            run::{Listener, Outcome, Resumed, Run},
        },
    };

    /// Longer than any run here.
    const NEVER: u64 = 1 << 40;

    struct Silent;

    impl Listener for Silent {
        fn say(&mut self, _: &str) {}
        fn warn(&mut self, sentence: &str) {
            panic!("nothing else goes wrong: {sentence}");
        }
        fn preparing(&mut self, _: usize, _: usize) {}
        fn begin(&mut self, _: u64, _: u64, _: usize) {}
        fn step(&mut self, _: u64, _: Duration) {}
        fn figures(&mut self, _: u64, _: u64, _: &str) {}
        fn should_stop(&self) -> bool {
            false
        }
    }

    fn flags() -> RunFlags {
        let (every, log_every, batch) = (Some(2), Some(1), Some(2));
        RunFlags {
            steps: Some(5),
            checkpoint_every: every,
            sample_every: every,
            log_every,
            batch,
            ..RunFlags::default()
        }
    }

    fn tiny(recipe: &str) -> RunConfig {
        let mut config = match recipe {
            "dcgan" => RunConfig::new(&flags(), &dcgan::Flags::default(), AdapterKind::Native),
            _ => RunConfig::new(&flags(), &cyclegan::Flags::default(), AdapterKind::Native),
        }
        .expect("there is such a preset");
        config.source.portraits = 4;
        use crate::train::config::Networks::{Cyclegan, Dcgan};
        match &mut config.networks {
            Dcgan(dcgan) => (dcgan.size, dcgan.nz, dcgan.ngf, dcgan.ndf) = (16, 8, 4, 4),
            Cyclegan(cyclegan) => {
                (cyclegan.common.size, cyclegan.common.load_size) = ([16; 2], [18; 2]);
                (cyclegan.ngf, cyclegan.ndf, cyclegan.blocks, cyclegan.pool_size) = (4, 4, 1, 3);
            }
            _ => panic!("these two are enough"),
        }
        config
    }

    fn start(gpu: &Gpu, recipe: &str, folder: &Path) -> Result<Outcome, Error> {
        Run::start(gpu, &World::alone(), tiny(recipe), Some(folder), &mut Silent)?.train(&mut Silent)
    }

    fn resume(gpu: &Gpu, recipe: &str, folder: &Path) -> Result<Outcome, Error> {
        let resumed = match recipe {
            "dcgan" => Resumed::read(folder, &RunFlags::default(), &dcgan::Flags::default()),
            _ => Resumed::read(folder, &RunFlags::default(), &cyclegan::Flags::default()),
        };
        Run::resume(gpu, &World::alone(), resumed?, &mut Silent)?.train(&mut Silent)
    }

    #[test]
    fn a_run_that_lost_its_device_goes_on_to_the_same_bits() {
        let place = tempfile::tempdir().expect("a temporary folder can be made");
        let healthy = || Gpu::lost_after(NEVER).expect("the CPU is there");
        for recipe in ["dcgan", "cyclegan"] {
            let straight = place.path().join(recipe);
            let gpu = healthy();
            assert_eq!(start(&gpu, recipe, &straight).expect("nothing is wrong"), Outcome::Finished);
            let lists = gpu.submits();
            let state = |folder: &Path| {
                let read = Checkpoint::read(&folder.join("checkpoint.safetensors"));
                read.map(|checkpoint| (checkpoint.header.steps(), checkpoint.to_bytes()))
            };
            let whole = state(&straight).expect("it is whole");
            let mut saved = Vec::new();
            for after in (0..lists).step_by(lists as usize / 7) {
                let folder = place.path().join(format!("{recipe}-{after}"));
                let gpu = Gpu::lost_after(after).expect("the CPU is there");
                let error = start(&gpu, recipe, &folder).expect_err("the device went away");
                assert!(matches!(error, Error::Gpu(gpu::Error::Lost { .. })), "{error}");
                let said = error.to_string();
                assert!(said.contains("the device was lost") && said.contains("--resume"), "{said}");
                // Whole and of an earlier step, or not there yet.
                saved.push(state(&folder).map_or(0, |(steps, _)| steps));
                // And once more, on the way.
                let again = Gpu::lost_after(3).expect("the CPU is there");
                resume(&again, recipe, &folder).expect_err("the device went away");
                assert_eq!(resume(&healthy(), recipe, &folder).expect("nothing is wrong"), Outcome::Finished);
                assert!(state(&folder).expect("it is whole") == whole, "{recipe}, lost after {after} of {lists} lists");
            }
            assert!(saved.contains(&0) && saved.iter().any(|steps| *steps > 2), "{recipe}: {saved:?}");
        }
    }
}
