//! Every reader of foreign bytes against files that nobody meant: valid ones cut, spliced, bent, with lengths and
//! numbers that are not true, and plain noise. None may panic, take longer than its limit, or take more memory than a
//! file of its size deserves.
//!
//! ```sh
//! cargo test --release --test fuzz                                   some seconds for each reader
//! cargo test --release --test fuzz -- --seconds 600 weights          ten minutes for those of that name
//! cargo test --release --test fuzz -- pictures --input FILE          one file, such as a failure left it
//! ```
//!
//! What a seed gives is the same each time. A failure leaves its file beside the program and names it.

mod mutate;
mod readers;
mod seeds;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{ExitCode, exit},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use peak_alloc::PeakAlloc;
use sumi::philox::Philox;

use readers::{Reader, readers};

/// Counts what is allocated by all threads.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Since `BEGUN` of which millisecond the reader has been at its file, and 0 between two files.
static SINCE: AtomicU64 = AtomicU64::new(0);

/// What is asked of this program. What `cargo test` hands to all test programs is not minded.
#[derive(Parser)]
#[command(ignore_errors = true)]
struct Arguments {
    /// Readers whose name holds one of these; all without any
    readers: Vec<String>,
    /// Seconds for each reader
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Another seed, other files
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Read this file once, and leave
    #[arg(long)]
    input: Option<PathBuf>,
    /// What test programs are asked for a list of tests with
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let chosen = |name: &str| arguments.readers.is_empty() || arguments.readers.iter().any(|part| name.contains(part));
    let mut failed = false;
    for (place, reader) in readers().into_iter().enumerate().filter(|(_, reader)| chosen(reader.name)) {
        let outcome = match &arguments.input {
            Some(input) => {
                let bytes = fs::read(input).unwrap_or_else(|error| panic!("{}: {error}", input.display()));
                Session::new(reader).read(&bytes).map(|_| ())
            }
            None => fuzz(reader, &mut Philox::new(arguments.seed, place as u64), arguments.seconds),
        };
        if let Err(failure) = outcome {
            eprintln!("{failure}");
            failed = true;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Shows a reader altered files for so long.
fn fuzz(reader: Reader, random: &mut Philox, seconds: f64) -> Result<(), String> {
    let (name, begun) = (reader.name, Instant::now());
    let seeds = reader.seeds();
    let mut session = Session::new(reader);
    for seed in &seeds {
        let whole = session.read(seed)?;
        if !whole {
            return Err(format!("fuzz {name}: a whole file is not taken, so that nothing is tried"));
        }
    }
    let (mut files, mut taken) = (0_u64, 0_u64);
    while begun.elapsed().as_secs_f64() < seconds {
        let bytes = session.reader.repaired(mutate::mutate(random, &seeds, session.reader.texts), random);
        taken += u64::from(session.read(&bytes)?);
        files += 1;
    }
    let Session { slowest, largest, .. } = session;
    println!(
        "fuzz {name}: {files} files, of which {taken} were taken; the slowest took {:.0} ms, the most memory was {:.1} \
         MiB",
        slowest.as_secs_f64() * 1e3,
        largest as f64 / f64::from(1 << 20)
    );
    if files > 1000 && (taken == 0 || taken == files) {
        return Err(format!("fuzz {name}: {taken} of {files} files were taken, so that the files try nothing"));
    }
    Ok(())
}

/// A reader with a folder for its files.
struct Session {
    reader: Reader,
    folder: tempfile::TempDir,
    slowest: Duration,
    largest: usize,
}

impl Session {
    fn new(reader: Reader) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let (path, left) = (folder.path().join(reader.file), left(reader.name));
        let (name, limit) = (reader.name, reader.seconds * 1000);
        // A reader that hangs cannot be stopped from within; the program ends.
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_millis(100));
                let since = SINCE.load(Ordering::Relaxed);
                if since > 0 && now() > since + limit {
                    let _ = fs::copy(&path, &left);
                    eprintln!("fuzz {name}: {} took longer than {} s", left.display(), limit / 1000);
                    exit(1);
                }
            }
        });
        Self { reader, folder, slowest: Duration::ZERO, largest: 0 }
    }

    /// Whether a file is taken for a whole one.
    fn read(&mut self, bytes: &[u8]) -> Result<bool, String> {
        let path = self.folder.path().join(self.reader.file);
        fs::write(&path, bytes).expect("a temporary folder can be written");
        let (before, begun) = (MEMORY.current_usage(), Instant::now());
        MEMORY.reset_peak_usage();
        SINCE.store(now(), Ordering::Relaxed);
        let read = catch_unwind(AssertUnwindSafe(|| (self.reader.read)(&path)));
        SINCE.store(0, Ordering::Relaxed);
        self.slowest = self.slowest.max(begun.elapsed());
        let memory = MEMORY.peak_usage().saturating_sub(before);
        self.largest = self.largest.max(memory);
        let failure = |what: String| {
            let left = left(self.reader.name);
            let _ = fs::write(&left, bytes);
            format!("fuzz {}: {what}; the file is {}", self.reader.name, left.display())
        };
        if memory > self.reader.memory(bytes.len()) {
            return Err(failure(format!("{memory} bytes of memory for a file of {} bytes", bytes.len())));
        }
        read.map_err(|_| failure("a panic".to_owned()))
    }
}

/// Where a file that is no good is left.
fn left(name: &str) -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|path| path.parent().map(Path::to_owned));
    beside.unwrap_or_default().join(format!("fuzz-{}.bin", name.replace(' ', "-")))
}

/// Milliseconds since the start, from 1.
fn now() -> u64 {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    BEGUN.get_or_init(Instant::now).elapsed().as_millis() as u64 + 1
}
