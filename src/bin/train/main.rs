//! Trains a network: parses the command line, runs, and turns the outcome into an exit code.

mod arguments;
mod interrupt;
mod terminal;

use std::process::ExitCode;

use arguments::{Line, Machine};
use sumi::{
    gpu::Options,
    ops::mixed,
    train::{
        Error,
        checkpoint::family,
        config::RunConfig,
        run::{Listener, Outcome, Resumed, Run},
    },
};
use terminal::{Terminal, error, line};

fn main() -> ExitCode {
    let arguments = Line::read();
    if arguments.machine.list_adapters {
        terminal::list_adapters();
        return ExitCode::SUCCESS;
    }
    interrupt::listen();
    match train(&arguments) {
        Ok(code) => code,
        Err(failure) => {
            error(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn train(arguments: &Line) -> Result<ExitCode, Error> {
    let mut terminal = Terminal::new();
    let (Machine { out, resume, profile, .. }, flags) = (&arguments.machine, &arguments.flags);
    let own = &*arguments.own;
    let resumed = resume.as_deref().map(|run| Resumed::read(run, flags, own)).transpose()?;
    let of_run = resumed.as_ref().and_then(|run| run.config.adapter.clone());
    let adapter = flags.adapter.clone().or(of_run);
    let of_run = resumed.as_ref().map(|run| run.config.precision);
    let precision = flags.precision.or(of_run).unwrap_or_default();
    let (gpu, refusal) = mixed::open(&Options { adapter, precision, ..Options::default() })?;
    if let Some(refusal) = refusal {
        terminal.warn(&refusal.to_string());
    }
    line(&format!("Adapter {}, kernels: {}", gpu.adapter(), family(&gpu)));
    let mut run = match resumed {
        Some(resumed) => Run::resume(&gpu, resumed, &mut terminal)?,
        None => {
            let config = RunConfig::new(flags, own, gpu.adapter().kind)?;
            line(&terminal::preset_line(&config, gpu.adapter().kind, flags.preset.is_some()));
            Run::start(&gpu, config, out.as_deref(), &mut terminal)?
        }
    };
    let profiled = *profile && gpu.start_profile();
    let outcome = run.train(&mut terminal);
    terminal.close(&run, &gpu);
    if profiled {
        line(&gpu.profile().to_string());
    } else if *profile {
        line("No profile: this adapter has no timestamps");
    }
    match outcome? {
        Outcome::Finished => line(&terminal::what_next(&run)),
        Outcome::Interrupted => {
            line(&terminal::how_to_go_on(run.folder()));
            return Ok(ExitCode::from(interrupt::EXIT_CODE));
        }
    }
    Ok(ExitCode::SUCCESS)
}
