//! burn, answering `benches/compare/run`: convolutions and DCGAN training steps, timed on request.
//!
//! Its argument is the backend: `wgpu` (the adapter that burn picks), `wgpu-cpu` (a software adapter) or `flex` (burn's
//! own code for the CPU).

mod dcgan;
#[path = "../../../layer.rs"]
mod layer;
#[path = "../../requests.rs"]
mod requests;

use burn::{
    backend::{Dispatch, ops::ModuleOps},
    tensor::{Device, DeviceKind, Distribution, Tensor, ops::ConvOptions},
};

use self::{
    dcgan::Trainer,
    layer::{Direction, Layer},
    requests::{Hello, Peer, Run, serve},
};

struct Burn {
    backend: String,
    device: Device,
}

fn main() -> std::io::Result<()> {
    let backend = std::env::args().nth(1).unwrap_or_default();
    let device = match backend.as_str() {
        "wgpu" => Device::wgpu(DeviceKind::DefaultDevice),
        "wgpu-cpu" => Device::wgpu(DeviceKind::Cpu),
        "flex" => Device::flex(),
        other => panic!("the backend is wgpu, wgpu-cpu or flex, not {other:?}"),
    };
    serve(&mut Burn { backend, device })
}

/// Waits until the device is idle.
fn wait(device: &Device) -> Result<(), String> {
    device.sync().map_err(|error| format!("{error:?}"))
}

impl Peer for Burn {
    fn hello(&mut self) -> Hello {
        let (device, driver) = match self.device.identity() {
            Some(identity) => (identity.name, identity.fingerprint),
            None => ("CPU".to_owned(), String::new()),
        };
        Hello { version: format!("burn 0.22.1, {}", self.backend), device, driver, peak_gflops: None }
    }

    fn convolution(&mut self, layer: &Layer, direction: Direction) -> Result<Run, String> {
        let device = self.device.clone();
        let operation = operation(&device, layer, direction);
        wait(&device)?;
        Ok(Box::new(move |runs| {
            for _ in 0..runs {
                drop(operation());
            }
            wait(&device)
        }))
    }

    fn step(&mut self, width: usize, batch: usize) -> Result<Run, String> {
        let device = self.device.clone();
        let mut trainer = Trainer::new(&device, width, batch);
        Ok(Box::new(move |runs| {
            for _ in 0..runs {
                trainer.step();
            }
            wait(&device)
        }))
    }
}

/// One direction of a convolution. The gradients are the two ops that burn's own backward pass launches.
fn operation(device: &Device, layer: &Layer, direction: Direction) -> Box<dyn Fn() -> Tensor<4>> {
    let Layer { n, h, w, c_in, c_out, k, stride, padding, groups, .. } = *layer;
    let normal = |shape: [usize; 4]| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), device);
    let output = |size: usize| (size + 2 * padding - k) / stride + 1;
    let x = normal([n, c_in, h, w]);
    let weight = normal([c_out, c_in / groups, k, k]);
    let dy = normal([n, c_out, output(h), output(w)]);
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    Box::new(move || {
        let (x, weight, dy) = (x.clone().into_dispatch(), weight.clone().into_dispatch(), dy.clone().into_dispatch());
        let options = options.clone();
        Tensor::from_dispatch(match direction {
            Direction::Forward => Dispatch::conv2d(x, weight, None, options),
            Direction::InputGradient => Dispatch::conv2d_x_backward(x, weight, dy, options),
            Direction::WeightGradient => Dispatch::conv2d_weight_backward(x, weight, dy, options),
        })
    })
}
