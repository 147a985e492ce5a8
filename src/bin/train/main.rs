//! Trains a network: parses the command line, runs, and turns the outcome into an exit code.

mod arguments;
#[path = "../shared/cache.rs"]
mod cache;
mod interrupt;
mod processes;
mod terminal;

use std::process::ExitCode;

use arguments::{Line, Machine};
use sumi::{
    parallel::World,
    train::{
        Error,
        checkpoint::family,
        config::RunConfig,
        parallel::Start,
        plan,
        run::{Listener, Outcome, Resumed, Run},
    },
};
use terminal::{Terminal, error, line};

fn main() -> ExitCode {
    let world = World::open();
    let outcome = if world.leads() { lead(&world) } else { follow(&world) };
    match outcome {
        Ok(Outcome::Finished) => ExitCode::SUCCESS,
        Ok(Outcome::Interrupted) => ExitCode::from(interrupt::EXIT_CODE),
        Err(failure) if world.is_alone() => {
            error(&failure.to_string());
            ExitCode::FAILURE
        }
        Err(failure) => {
            error(&format!("process {} of {}: {failure}", world.rank(), world.size()));
            world.abort(1)
        }
    }
}

/// The only process, or that which leads several.
fn lead(world: &World) -> Result<Outcome, Error> {
    let arguments = Line::read();
    if arguments.machine.list_adapters {
        Start::tell_nothing(world);
        terminal::list_adapters();
        return Ok(Outcome::Finished);
    }
    interrupt::listen();
    processes::check(world)?;
    train(world, &arguments)
}

/// Any other, which needs no command line.
fn follow(world: &World) -> Result<Outcome, Error> {
    interrupt::listen();
    processes::train_along(world)
}

fn train(world: &World, arguments: &Line) -> Result<Outcome, Error> {
    let mut terminal = Terminal::new();
    let (Machine { out, resume, profile, find_nan, dry_run, .. }, flags) = (&arguments.machine, &arguments.flags);
    let own = &*arguments.own;
    let resumed = resume.as_deref().map(|run| Resumed::read(run, flags, own)).transpose()?;
    let of_run = resumed.as_ref().and_then(|run| run.config.adapter.clone());
    let adapter = flags.adapter.clone().or(of_run);
    let of_run = resumed.as_ref().map(|run| run.config.precision);
    let precision = flags.precision.or(of_run).unwrap_or_default();
    let (gpu, refusal) = processes::open(world, adapter, precision)?;
    if let Some(refusal) = refusal {
        terminal.warn(&refusal.to_string());
    }
    line(&format!("Adapter {}, kernels: {}", gpu.adapter(), family(&gpu)));
    gpu.notes().iter().for_each(|note| line(note));
    if !world.is_alone() {
        line(&format!("{} processes share each batch; this is said by the one that leads", world.size()));
    }
    if *dry_run {
        Start::tell_nothing(world);
        let config = match &resumed {
            Some(resumed) => resumed.config.clone(),
            None => RunConfig::new(flags, own, gpu.adapter().kind)?,
        };
        plan::check(&gpu, world, &config, resumed.is_some(), &mut terminal)?;
        line("Nothing was trained (--dry-run)");
        return Ok(Outcome::Finished);
    }
    let mut run = match resumed {
        Some(resumed) => Run::resume(&gpu, world, resumed, &mut terminal)?,
        None => {
            let config = RunConfig::new(flags, own, gpu.adapter().kind)?;
            line(&terminal::preset_line(&config, gpu.adapter().kind, flags.preset.is_some()));
            Run::start(&gpu, world, config, out.as_deref(), &mut terminal)?
        }
    };
    if *find_nan {
        run.look_at_every_launch();
    }
    let profiled = *profile && gpu.start_profile();
    let outcome = run.train(&mut terminal);
    terminal.close(&run, &gpu);
    if profiled {
        line(&gpu.profile().to_string());
    } else if *profile {
        line("No profile: this adapter has no timestamps");
    }
    let outcome = outcome?;
    line(&match outcome {
        Outcome::Finished => terminal::what_next(&run),
        Outcome::Interrupted => terminal::how_to_go_on(run.folder()),
    });
    Ok(outcome)
}
