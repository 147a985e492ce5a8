//! What the benches write with `--json`, as the plots read it.

use std::{collections::BTreeSet, error::Error};

use serde::{Deserialize, Serialize};

/// Whatever prevents a picture.
pub type Failure = Box<dyn Error>;

/// The results of one bench.
#[derive(Serialize, Deserialize)]
#[serde(tag = "bench", rename_all = "lowercase")]
pub enum Results {
    Kernels(Kernels),
    Scale(Scale),
}

/// Every kernel by itself.
#[derive(Serialize, Deserialize)]
pub struct Kernels {
    pub adapter: String,
    pub records: Vec<Kernel>,
}

/// A line of the table of `kernels`.
#[derive(Serialize, Deserialize)]
pub struct Kernel {
    pub kernel: String,
    pub shape: String,
    pub seconds: f64,
    pub flops: f64,
    pub bytes: f64,
}

/// Training steps at several sizes.
#[derive(Serialize, Deserialize)]
pub struct Scale {
    pub adapter: String,
    pub records: Vec<Point>,
}

/// A training step of a network, one of whose sizes is another than in the other records of its axis.
#[derive(Serialize, Deserialize)]
pub struct Point {
    pub network: String,
    /// `batch`, `resolution` or `channels`.
    pub axis: String,
    /// The size along that axis.
    pub value: f64,
    /// Pictures in a batch.
    pub batch: f64,
    pub seconds_per_image: f64,
    /// Where the adapter has no clock for launches nobody counts them.
    pub flops_per_image: Option<f64>,
    pub memory_bytes: f64,
}

impl Results {
    pub fn adapter(&self) -> &str {
        match self {
            Self::Kernels(kernels) => &kernels.adapter,
            Self::Scale(scale) => &scale.adapter,
        }
    }
}

impl Kernel {
    pub fn gflops(&self) -> f64 {
        self.flops / self.seconds / 1e9
    }

    pub fn gigabytes(&self) -> f64 {
        self.bytes / self.seconds / 1e9
    }
}

impl Kernels {
    /// The most that the probe of arithmetic reached, in GFLOP/s.
    pub fn peak(&self) -> Option<f64> {
        self.records.iter().filter(|record| record.kernel == "fma").map(Kernel::gflops).reduce(f64::max)
    }

    /// What the probe of memory reached, in GB/s, with its shape.
    pub fn rates(&self) -> Vec<(f64, &str)> {
        let copies = self.records.iter().filter(|record| record.kernel == "copy");
        copies.map(|record| (record.gigabytes(), record.shape.as_str())).collect()
    }
}

impl Scale {
    /// The networks by name.
    pub fn networks(&self) -> Vec<&str> {
        self.records.iter().map(|point| point.network.as_str()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

/// Kernels of which there are none.
pub fn made_up_kernels() -> Results {
    let record = |kernel: &str, shape: &str, seconds, flops, bytes| Kernel {
        kernel: kernel.to_owned(),
        shape: shape.to_owned(),
        seconds,
        flops,
        bytes,
    };
    let ladder = [("naive", 40.0), ("tiled", 4.0), ("lanes", 3.0), ("panels", 1.5)];
    let ops = ["matmul", "conv2d", "conv2d_backward_input", "conv2d_backward_weight"];
    let rungs = ops.iter().flat_map(|op| {
        ladder.map(|(rung, times)| record(&format!("{op}_{rung}"), "a shape", 1e-3 * times, 5e8, 1e6 * times))
    });
    let others = [
        record("fma", "[1024]", 1e-3, 1e9, 1e4),
        record("copy", "[33554432]", 1e-3, 0.0, 1e7),
        record("copy", "[1024]", 1e-4, 0.0, 4e6),
        record("relu", "[1024]", 1e-4, 1e4, 1e6),
        record("sum", "[1024]", 1e-4, 1e5, 1e6),
    ];
    let records = others.into_iter().chain(rungs).collect();
    Results::Kernels(Kernels { adapter: "Made-up adapter".to_owned(), records })
}

/// Steps that nobody took.
pub fn made_up_scale() -> Results {
    let point = |axis: &str, value: f64, growth: f64| Point {
        network: "a network".to_owned(),
        axis: axis.to_owned(),
        value,
        batch: if axis == "batch" { value } else { 4.0 },
        seconds_per_image: 1e-3 * value.powf(0.9 * growth),
        flops_per_image: Some(1e8 * value.powf(growth)),
        memory_bytes: 1e6 * value,
    };
    let axes = [("batch", 0.0, 1.0), ("resolution", 2.0, 32.0), ("channels", 2.0, 16.0)];
    let along = |(axis, growth, least): (&str, f64, f64)| [1.0, 2.0, 4.0].map(|n| point(axis, n * least, growth));
    Results::Scale(Scale { adapter: "Made-up adapter".to_owned(), records: axes.into_iter().flat_map(along).collect() })
}
