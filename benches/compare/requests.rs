//! How `run` talks with the programs that it compares: a request a line on standard input, an answer a line on standard
//! output, both JSON. `README.md` lists them. Ours, burn's and candle's programs share this file.

use std::{
    any::Any,
    io::{self, BufRead, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use serde::{Deserialize, Serialize};

use super::layer::{Direction, Layer};

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
enum Request {
    Hello,
    Convolution { layer: Box<Layer>, direction: Direction },
    Step { width: usize, batch: usize },
    Sample { runs: usize },
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
enum Answer {
    Hello(Hello),
    Seconds { seconds: f64 },
    Missing { missing: String },
}

/// Who answers, and on what.
#[derive(Serialize)]
pub struct Hello {
    pub version: String,
    pub device: String,
    pub driver: String,
    /// What the device's arithmetic was measured to reach, where the program has a probe of it.
    pub peak_gflops: Option<f64>,
}

/// Does the work so many times and waits until it is done.
pub type Run = Box<dyn FnMut(usize) -> Result<(), String>>;

/// A program that can be compared. What it cannot do it says in words.
pub trait Peer {
    fn hello(&mut self) -> Hello;

    /// One direction of a convolution, its operands in memory.
    fn convolution(&mut self, layer: &Layer, direction: Direction) -> Result<Run, String>;

    /// A training step of DCGAN-64 with as many channels in the generator's last hidden stage and in the
    /// discriminator's first.
    fn step(&mut self, width: usize, batch: usize) -> Result<Run, String>;
}

/// Answers until standard input ends. What is made ready is run once, which may include its compilation.
pub fn serve(peer: &mut dyn Peer) -> io::Result<()> {
    let mut ready: Option<Run> = None;
    for line in io::stdin().lock().lines() {
        let request = serde_json::from_str(&line?)?;
        let answer = catch_unwind(AssertUnwindSafe(|| answer(peer, &mut ready, request)));
        let answer = answer.unwrap_or_else(|panic| Err(words(panic.as_ref())));
        let answer = answer.unwrap_or_else(|missing| Answer::Missing { missing });
        let mut output = io::stdout().lock();
        serde_json::to_writer(&mut output, &answer)?;
        writeln!(output)?;
        output.flush()?;
    }
    Ok(())
}

fn answer(peer: &mut dyn Peer, ready: &mut Option<Run>, request: Request) -> Result<Answer, String> {
    let runs = match request {
        Request::Hello => return Ok(Answer::Hello(peer.hello())),
        Request::Sample { runs } => runs,
        Request::Convolution { layer, direction } => {
            *ready = None;
            *ready = Some(peer.convolution(&layer, direction)?);
            1
        }
        Request::Step { width, batch } => {
            *ready = None;
            *ready = Some(peer.step(width, batch)?);
            1
        }
    };
    let run = ready.as_mut().ok_or("nothing is ready to be sampled")?;
    let begun = Instant::now();
    run(runs)?;
    Ok(Answer::Seconds { seconds: begun.elapsed().as_secs_f64() / runs as f64 })
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked").lines().next().unwrap_or_default().to_owned()
}
