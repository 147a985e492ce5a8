//! The pool of pictures that a discriminator is shown (Shrivastava et al., 2017): some of them older than the generator
//! of today, so that it does not forget what it once caught.

use crate::{
    gpu::Gpu,
    ops::elementwise::{copy_into, fill},
    philox::Philox,
    tensor::Tensor,
};

/// Choices of the p-th picture shown to pool q come from block p of stream `POOLS + q`.
const POOLS: u64 = 5 << 40;

/// Elements between places of the pool are a multiple of so many: a tensor may start at every 256th byte of a buffer.
const ALIGNMENT: usize = 64;

/// Pictures kept on the device.
pub struct ImagePool {
    pictures: Option<Tensor>,
    size: usize,
    shown: u64,
    seed: u64,
    stream: u64,
}

impl ImagePool {
    /// An empty pool for `size` pictures of `[height, width]`; `number` keeps apart pools that share a seed.
    pub fn new(gpu: &Gpu, size: usize, [height, width]: [usize; 2], seed: u64, number: u64) -> Self {
        let pictures = (size > 0).then(|| {
            let pictures = Tensor::empty(gpu, [size, (height * width * 3).next_multiple_of(ALIGNMENT)]);
            fill(&pictures, 0.0);
            pictures
        });
        Self { pictures, size, shown: 0, seed, stream: POOLS + number }
    }

    /// What is shown in the place of one picture, `[1, H, W, 3]`: while the pool is not full the picture itself, which
    /// is kept; afterwards with probability ½ the picture, else one of those kept, whose place it takes.
    pub fn exchange(&mut self, picture: &Tensor) -> Tensor {
        let shown = self.shown;
        self.shown += 1;
        let Some(pool) = &self.pictures else { return picture.clone() };
        let slot = |place: usize| {
            let slot = pool.part(pool.len() / self.size * place, picture.shape());
            slot.expect("places of the pool are aligned")
        };
        if shown < self.size as u64 {
            copy_into(picture, &slot(shown as usize));
            return picture.clone();
        }
        let mut random = Philox::at(self.seed, self.stream, shown);
        if random.next_u32() >> 31 == 0 {
            return picture.clone();
        }
        let kept = slot(random.below(self.size as u32) as usize);
        let out = Tensor::empty(picture.gpu(), picture.shape());
        copy_into(&kept, &out);
        copy_into(picture, &kept);
        out
    }

    /// The pictures, as a checkpoint holds them; none where the pool has no places.
    pub fn tensor(&self) -> Option<Tensor> {
        self.pictures.clone()
    }

    /// How many pictures have been shown.
    pub fn shown(&self) -> u64 {
        self.shown
    }

    /// Sets that number, after the pictures were loaded.
    pub fn set_shown(&mut self, shown: u64) {
        self.shown = shown;
    }
}
