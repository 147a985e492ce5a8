//! Into a module and out of it.

use sumi::{
    autograd::{Tape, Var},
    nn::{BatchNorm2d, Conv2d, ConvTranspose2d, Linear, Module, Parameter, Sequential, init::Init},
    ops::{conv::Conv2d as Config, shape::reshape, tape},
    tensor::Tensor,
    weights::{Error, Kind, StateDict, layout, load_into, read, write_safetensors},
};

use super::{array, dict};
use crate::common::gpu;

/// The script's network.
struct Network {
    features: Sequential,
    head: Linear,
}

impl Network {
    fn new(tape: &Tape) -> Self {
        let init = &mut Init::new(1, 0);
        let features = Sequential::new()
            .with(Conv2d::new(tape, init, 3, 4, 3, Config::default(), true, 0.1))
            .with(ConvTranspose2d::new(tape, init, 4, 2, 3, Config::default(), 0, true, 0.1));
        Self { features, head: Linear::new(tape, init, 2, 5, true) }
    }
}

impl Module for Network {
    fn forward(&self, x: &Var) -> Var {
        let x = self.features.forward(x);
        self.head.forward(&reshape(&x, [x.shape().len() / 2, 2]))
    }

    fn parameters(&self) -> Vec<(String, Parameter)> {
        let named = |prefix: &str, of: &dyn Module| {
            of.parameters().into_iter().map(|(name, p)| (format!("{prefix}.{name}"), p)).collect::<Vec<_>>()
        };
        [named("features", &self.features), named("head", &self.head)].concat()
    }
}

fn same(name: &str) -> String {
    name.to_owned()
}

fn none(_: &str) -> bool {
    false
}

fn pictures(name: &str) -> bool {
    matches!(name, "input" | "output")
}

fn state(module: &dyn Module) -> Vec<(String, Vec<f32>)> {
    let values = |tensor: &Tensor| tensor.to_vec().expect("the device works");
    let parameters = module.parameters().into_iter().map(|(name, p)| (name, values(p.var().value())));
    parameters.chain(module.buffers().into_iter().map(|(name, tensor)| (name, values(&tensor)))).collect()
}

fn network_file() -> StateDict {
    super::read("network.safetensors")
}

#[test]
fn a_network_of_pytorch_gives_the_same_output() {
    let tape = tape(&gpu());
    let (network, dict) = (Network::new(&tape), network_file());
    load_into(&network, &dict, &same, &pictures).expect("they fit");

    let [n, c, h, w] = [1, 3, 5, 6];
    let input = &dict.tensors["input"].values;
    let channels_last: Vec<f32> =
        (0..h * w).flat_map(|position| (0..c).map(move |channel| input[channel * h * w + position])).collect();
    let x = tape.constant(Tensor::from_slice(tape.gpu(), [n, h, w, c], &channels_last));
    let output = network.forward(&x).value().to_vec().expect("the device works");
    let expected = &dict.tensors["output"].values;
    let largest = expected.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert_eq!(output.len(), expected.len());
    for (ours, theirs) in output.iter().zip(expected) {
        assert!((ours - theirs).abs() <= 1e-5 * largest, "{ours} is not {theirs}");
    }
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("network.safetensors");
    let tape = tape(&gpu());
    let (network, again) = (Network::new(&tape), Network::new(&tape));
    load_into(&network, &network_file(), &same, &pictures).expect("they fit");
    std::fs::write(&path, "something that was there before").expect("the folder can be written");
    write_safetensors(&path, &network, &|name| format!("net.{name}")).expect("the folder can be written");

    let written = read(&path).expect("it is whole");
    assert_eq!(written.kind, Kind::Safetensors);
    let original = network_file();
    for (name, array) in &written.tensors {
        assert_eq!(array, &original.tensors[name.trim_start_matches("net.")], "{name}: PyTorch's own layout");
    }
    assert_eq!(written.tensors.len() + 2, original.tensors.len());
    load_into(&again, &written, &|name| format!("net.{name}"), &none).expect("they fit");
    assert_eq!(state(&again), state(&network));

    let nowhere = write_safetensors(&folder.path().join("no/folder"), &network, &same);
    assert!(matches!(nowhere, Err(Error::Unwritable { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 1, "nothing half written");
}

#[test]
fn running_statistics_are_loaded_too() {
    let tape = tape(&gpu());
    let norm = Sequential::new().with(BatchNorm2d::new(&tape, &mut Init::new(1, 0), 3, 0.02));
    let names = ["weight", "bias", "running_mean", "running_var"];
    let file = dict(names.iter().enumerate().map(|(i, name)| {
        let mut array = array(&[3]);
        array.values.iter_mut().for_each(|value| *value += i as f32);
        (format!("0.{name}"), array)
    }));
    load_into(&norm, &file, &same, &none).expect("they fit");
    for (name, values) in state(&norm) {
        assert_eq!(values, file.tensors[&name].values, "{name}");
    }
}

#[test]
fn every_difference_is_named_and_nothing_is_loaded() {
    let tape = tape(&gpu());
    let network = Network::new(&tape);
    let before = state(&network);
    let mut file = network_file();
    file.tensors.remove("features.0.bias");
    file.tensors.insert("features.1.weight".into(), array(&[2, 4, 3, 3]));
    file.tensors.insert("features.9.weight".into(), array(&[1, 2]));
    let text = load_into(&network, &file, &same, &pictures).expect_err("it does not fit").to_string();
    for line in [
        "features.0.bias is missing, expected [4]",
        "features.1.weight is [2, 4, 3, 3], expected [4, 2, 3, 3]",
        "features.9.weight [1, 2] is not part of the network",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(text.lines().count(), 4, "{text}");
    assert_eq!(state(&network), before);

    let other = dict((0..40).map(|i| (format!("other.{i}"), array(&[1]))));
    let text = load_into(&network, &other, &same, &none).expect_err("it does not fit").to_string();
    assert!(text.ends_with("  and 34 more") && text.lines().count() == 14, "{text}");
    load_into(&network, &other, &same, &|_| true).expect_err("nothing that is needed is there");
}

#[test]
fn a_checkpoint_of_ours_is_not_taken_for_one_network() {
    let checkpoint = StateDict { kind: Kind::Checkpoint { recipe: "dcgan".into() }, ..network_file() };
    let text = load_into(&Network::new(&tape(&gpu())), &checkpoint, &same, &pictures).expect_err("ours").to_string();
    assert!(text.contains("a checkpoint of Sumi's (dcgan)"), "{text}");
}

#[test]
fn layouts_there_and_back() {
    for shape in [&[5, 3, 2, 4][..], &[3, 5], &[7], &[], &[2, 3, 4]] {
        let values = array(shape).values;
        let ours = layout::to_ours(shape, &values);
        assert_eq!(layout::torch_shape(&layout::our_shape(shape)), shape);
        assert_eq!(layout::to_torch(&layout::our_shape(shape), &ours), values);
    }
    // [o, i, h, w] = [1, 2, 0, 1] of [2, 3, 1, 2] is [h, w, i, o] = [0, 1, 2, 1] of [1, 2, 3, 2].
    let values = array(&[2, 3, 1, 2]).values;
    assert_eq!(layout::to_ours(&[2, 3, 1, 2], &values)[(3 + 2) * 2 + 1], values[(3 + 2) * 2 + 1]);
    assert_eq!(layout::to_ours(&[2, 3], &array(&[2, 3]).values), [0, 3, 1, 4, 2, 5].map(super::formula));
}
