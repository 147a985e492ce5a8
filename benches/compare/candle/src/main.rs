//! candle's CPU backend, answering `benches/compare/run`: the convolutions, each direction as candle's own backward
//! pass computes it. It trains no DCGAN here.

#[path = "../../../layer.rs"]
mod layer;
#[path = "../../requests.rs"]
mod requests;

use candle_core::{DType, Device, Result, Tensor};

use self::{
    layer::{Direction, Layer},
    requests::{Hello, Peer, Run, serve},
};

struct Candle;

fn main() -> std::io::Result<()> {
    serve(&mut Candle)
}

impl Peer for Candle {
    fn hello(&mut self) -> Hello {
        let version = "candle 0.11.1".to_owned();
        Hello { version, device: "CPU".into(), driver: "gemm".into(), peak_gflops: None }
    }

    fn convolution(&mut self, layer: &Layer, direction: Direction) -> std::result::Result<Run, String> {
        if layer.groups > 1 && direction != Direction::Forward {
            return Err("candle has no op for one gradient of a convolution in groups".into());
        }
        let operation = operation(layer, direction).map_err(|error| error.to_string())?;
        Ok(Box::new(move |runs| {
            for _ in 0..runs {
                operation().map_err(|error| error.to_string())?;
            }
            Ok(())
        }))
    }

    fn step(&mut self, _: usize, _: usize) -> std::result::Result<Run, String> {
        Err("not written for candle".into())
    }
}

fn operation(layer: &Layer, direction: Direction) -> Result<Box<dyn Fn() -> Result<Tensor>>> {
    let Layer { n, h, w, c_in, c_out, k, stride, padding, groups, .. } = *layer;
    let normal = |shape: [usize; 4]| Tensor::randn(0f32, 1.0, &shape, &Device::Cpu)?.to_dtype(DType::F32);
    let x = normal([n, c_in, h, w])?;
    let weight = normal([c_out, c_in / groups, k, k])?;
    let output = |size: usize| (size + 2 * padding - k) / stride + 1;
    let dy = normal([n, c_out, output(h), output(w)])?;
    Ok(match direction {
        Direction::Forward => Box::new(move || x.conv2d(&weight, padding, stride, 1, groups)),
        Direction::InputGradient => {
            let extra = h - ((output(h) - 1) * stride + k - 2 * padding);
            Box::new(move || dy.conv_transpose2d(&weight, padding, extra, stride, 1))
        }
        Direction::WeightGradient => Box::new(move || {
            let turned = x.transpose(0, 1)?.conv2d(&dy.transpose(0, 1)?, padding, 1, stride, 1)?;
            turned.transpose(0, 1)?.narrow(2, 0, k)?.narrow(3, 0, k)
        }),
    })
}
