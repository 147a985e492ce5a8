//! Shuffled batches, made ready on a thread of their own before they are asked for.

use std::{
    ops::Range,
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::Pictures;
use crate::philox::Philox;

/// How many batches wait ready.
const READY: usize = 3;

/// The most batches that a loader holds: those that wait, the one being made, and the one handed out last.
pub const WAITING: usize = READY + 2;

/// The order of epoch `e` is drawn from Philox's stream `ORDERS + e`, so that it is nobody else's.
const ORDERS: u64 = 1 << 40;

/// The stream that decides on mirroring: block `p` for the p-th picture handed out.
const FLIPS: u64 = 2 << 40;

/// The stream of the crops' places, counted likewise.
const CROPS: u64 = 3 << 40;

/// Each domain has streams of its own: domain `d` adds `d << DOMAIN` to the three above.
const DOMAIN: u32 = 48;

/// What batches are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoaderConfig {
    /// Pictures in a batch. Every batch has as many.
    pub batch: usize,
    /// The seed of the order, of the crops and of the mirroring.
    pub seed: u64,
    /// Which of a run's sets this is. Loaders of different domains draw independently under one seed, as photographs
    /// and anime have to.
    pub domain: u16,
    /// [height, width] of the part that is cut out of each picture, before mirroring, at a place drawn anew each time.
    /// `None`: whole pictures.
    pub crop: Option<[usize; 2]>,
    /// Whether each picture is mirrored left to right with probability ½, anew each time.
    pub flip: bool,
    /// What becomes of the pictures at the end of an epoch that do not fill a batch. True: left out of this epoch
    /// (the next has another order). False: the batch is filled up from the start of the next epoch. A set smaller
    /// than a batch is always used in the second way: a batch then goes over several epochs.
    pub drop_last: bool,
}

/// Pictures for one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// [N, H, W, 3], bytes: [`Loader::size`] says how high and wide.
    pub pixels: Vec<u8>,
    /// For each attribute of the set's labels, the class of each picture: `[attributes][N]`.
    pub labels: Vec<Vec<u32>>,
    /// The epoch of the first picture, from 0.
    pub epoch: u64,
    /// Which pictures of the set these are: `[N]`.
    pub indices: Vec<u32>,
}

/// Hands out batches without end.
///
/// The n-th batch is a function of the set, the configuration and n alone: the order of an epoch is a shuffle by
/// Philox for this seed and epoch. So a position is a plain number, and a run that starts again at
/// [`Loader::position`] sees what an uninterrupted one would have seen.
///
/// A thread keeps some batches ready, so that a step waits only where making a batch takes longer than a step:
/// [`Loader::waited`] tells. The thread ends with the loader.
#[derive(Debug)]
pub struct Loader {
    plan: Plan,
    position: u64,
    waited: Duration,
    prefetch: Prefetch,
}

impl Loader {
    /// Batches from the first one on.
    ///
    /// Panics where there are no pictures, `config.batch` is 0, or a crop has no pixels or is larger than the pictures.
    pub fn new(pictures: Arc<Pictures>, config: LoaderConfig) -> Self {
        Self::at(pictures, config, 0)
    }

    /// Batches from number `position` on, counted from 0.
    ///
    /// Panics where there are no pictures, `config.batch` is 0, or a crop has no pixels or is larger than the pictures.
    pub fn at(pictures: Arc<Pictures>, config: LoaderConfig, position: u64) -> Self {
        assert!(!pictures.is_empty(), "Loader: there are no pictures to make batches of");
        assert!(config.batch > 0, "Loader: a batch has at least one picture");
        if let Some([height, width]) = config.crop {
            let [whole_height, whole_width] = pictures.size();
            assert!(
                (1..=whole_height).contains(&height) && (1..=whole_width).contains(&width),
                "Loader: a crop of {width}×{height} pixels from pictures of {whole_width}×{whole_height}"
            );
        }
        let plan = Plan { pictures, config };
        let prefetch = Prefetch::start(plan.clone(), position);
        Self { plan, position, waited: Duration::ZERO, prefetch }
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> Batch {
        let start = Instant::now();
        let batch = self.prefetch.next();
        self.waited += start.elapsed();
        self.position += 1;
        batch
    }

    /// Goes on with batch number `position`, counted from 0; those made ready are thrown away.
    pub fn seek(&mut self, position: u64) {
        if position != self.position {
            self.prefetch = Prefetch::start(self.plan.clone(), position);
            self.position = position;
        }
    }

    /// The number of the batch that [`Loader::next_batch`] hands out next: the number of batches before it.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How long all calls of [`Loader::next_batch`] have waited together.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// How many batches it takes to go through the set `epochs` times (leaving out what `drop_last` leaves out).
    pub fn batches_in(&self, epochs: u64) -> u64 {
        (epochs * self.plan.epoch_length()).div_ceil(self.plan.config.batch as u64)
    }

    /// [height, width] of the pictures in a batch: those of the crop, or of the set.
    pub fn size(&self) -> [usize; 2] {
        self.plan.size()
    }

    /// The set that batches are made of.
    pub fn pictures(&self) -> &Arc<Pictures> {
        &self.plan.pictures
    }
}

/// The set and the configuration: all that a batch follows from.
#[derive(Clone, Debug)]
struct Plan {
    pictures: Arc<Pictures>,
    config: LoaderConfig,
}

impl Plan {
    /// How many pictures of an epoch are handed out.
    fn epoch_length(&self) -> u64 {
        let (count, batch) = (self.pictures.len(), self.config.batch);
        let left_out = if self.config.drop_last && batch <= count { count % batch } else { 0 };
        (count - left_out) as u64
    }

    /// Makes the batch of a number. `order` is the order of the epoch last used.
    fn batch(&self, number: u64, order: &mut Order) -> Batch {
        let count = self.config.batch as u64;
        let (first, length) = (number * count, self.epoch_length());
        let indices = self.indices(first..first + count, order);
        let [height, width] = self.size();
        let mut pixels = Vec::with_capacity(indices.len() * 3 * height * width);
        for (place, &index) in (first..).zip(&indices) {
            let [top, left] = self.corner(place);
            let mirrored = self.config.flip && self.draws(FLIPS, place).next_u32() >> 31 == 1;
            let rows = self.pictures.picture(index as usize).chunks_exact(3 * self.pictures.width());
            for row in rows.skip(top).take(height) {
                let row = &row[3 * left..3 * (left + width)];
                if mirrored {
                    pixels.extend(row.rchunks_exact(3).flatten());
                } else {
                    pixels.extend_from_slice(row);
                }
            }
        }
        let attributes = &self.pictures.labels().attributes;
        let labels = attributes.iter().map(|a| indices.iter().map(|&i| a.values[i as usize]).collect()).collect();
        Batch { pixels, labels, epoch: first / length, indices }
    }

    fn size(&self) -> [usize; 2] {
        self.config.crop.unwrap_or(self.pictures.size())
    }

    /// The random words of one purpose for the picture handed out at a place.
    fn draws(&self, purpose: u64, block: u64) -> Philox {
        Philox::at(self.config.seed, self.stream(purpose), block)
    }

    fn stream(&self, purpose: u64) -> u64 {
        purpose + (u64::from(self.config.domain) << DOMAIN)
    }

    /// [top, left] of what is shown of the picture handed out at a place.
    fn corner(&self, place: u64) -> [usize; 2] {
        let Some([height, width]) = self.config.crop else { return [0, 0] };
        let mut draws = self.draws(CROPS, place);
        let mut below = |spare: usize| draws.below(spare as u32 + 1) as usize;
        [below(self.pictures.height() - height), below(self.pictures.width() - width)]
    }

    /// The pictures at some places of the endless sequence of epochs.
    fn indices(&self, places: Range<u64>, order: &mut Order) -> Vec<u32> {
        let length = self.epoch_length();
        let index = |place| order.of(place / length, self)[(place % length) as usize];
        places.map(index).collect()
    }
}

/// The order of one epoch, kept because the next batch mostly needs it again.
#[derive(Default)]
struct Order {
    epoch: Option<u64>,
    indices: Vec<u32>,
}

impl Order {
    fn of(&mut self, epoch: u64, plan: &Plan) -> &[u32] {
        if self.epoch != Some(epoch) {
            self.epoch = Some(epoch);
            self.indices.clear();
            self.indices.extend((0_u32..).take(plan.pictures.len()));
            Philox::new(plan.config.seed, plan.stream(ORDERS + epoch)).shuffle(&mut self.indices);
        }
        &self.indices
    }
}

/// The thread that makes batches, and the channel they come through.
#[derive(Debug)]
struct Prefetch {
    batches: Option<Receiver<Batch>>,
    thread: Option<JoinHandle<()>>,
}

impl Prefetch {
    fn start(plan: Plan, position: u64) -> Self {
        let (sender, batches) = sync_channel(READY);
        let work = move || {
            let mut order = Order::default();
            let mut made = (position..).map(|number| plan.batch(number, &mut order));
            // Sending fails once the loader is gone: then the work is done.
            while made.next().is_some_and(|batch| sender.send(batch).is_ok()) {}
        };
        Self { batches: Some(batches), thread: Some(thread::spawn(work)) }
    }

    fn next(&self) -> Batch {
        let batch = self.batches.as_ref().and_then(|batches| batches.recv().ok());
        batch.expect("the thread makes batches as long as the loader lives")
    }
}

impl Drop for Prefetch {
    fn drop(&mut self) {
        // The channel first: the thread may be waiting for room in it.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
