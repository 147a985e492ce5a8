#!/usr/bin/env python3
"""Writes weight files as PyTorch users have them, tiny, and what the networks in them make of a few pictures.

    python3 tests/golden/make_networks.py   (rewrites weights/*.pth and networks.safetensors, the same bytes each time)

All are state dictionaries saved by `torch.save`, in PyTorch's layouts, float32 but where it says otherwise.

    file                             saved as                 network
    cyclegan_generator.pth           zip                      ngf 4, 2 blocks
    cyclegan_generator_old.pth       stream of before 1.6     ngf 3, 1 block; beside each instance norm running
                                                              statistics, as in files of 2018: of no effect
    cyclegan_discriminator.pth       zip                      ndf 2
    cut_generator.pth                zip                      ngf 2, 2 blocks, antialiased, with `filt` buffers
    cut_discriminator.pth            stream of before 1.6     ndf 2, antialiased, with `filt` buffers
    cut_heads.pth                    zip                      4 heads of width 16 for the generator's layers 0, 4, 8, 12
    animegan2_generator.pth          zip                      an eighth of the width
    animegan2_discriminator.pth      zip                      a 16th of the width; spectral norm's `weight_orig`,
                                                              `weight_u` and `weight_v`; convolutions in
                                                              channels_last memory, with strides to match
    cartoongan_generator.pth         stream of before 1.6     width 4, float16 (half of its precision is in the file)

networks.safetensors, pictures and maps NHWC, computed in float64 (those of float16 weights too):
    input.even f32 [2, 12, 16, 3], input.odd f32 [1, 13, 10, 3], input.patch f32 [1, 40, 36, 3]
    output.<file>.<input> f64    of the network in a file on an input. The sides of `odd` do not divide by 4: CycleGAN's
                                 and CartoonGAN's outputs are then larger than the input, CUT's too, AnimeGANv2's
                                 without align_corners smaller.
    output.animegan2_generator.<input>.align_corners, output.animegan2_generator.<input>.half_pixel
    output.animegan2_discriminator.<input>.eval   with the file's `weight_u` and `weight_v`
    output.animegan2_discriminator.<input>.train  with one power iteration from the file's `weight_u`, and
    state.animegan2_discriminator.<name> f64      `weight_u` and `weight_v` after it
    positions.<i> f64 [2, 8], output.cut_heads.<i> f64 [2, 8, 16]  the heads on cut_generator's features of input.even
    float32.<output> f64 [1]     the largest error of PyTorch's float32, over the largest entry
CartoonGAN's input and output are in the order the network knows, BGR.
"""

import contextlib
import pickle
import types
from unittest import mock

import torch
from torch import nn

import networks
from networks import AnimeDiscriminator, AnimeGenerator, CartoonGenerator, PatchGan, PatchHeads, ResnetGenerator
from networks import HERE, distinct, nhwc, pictures, randomise, rounded_normal, write

LAYERS = [0, 4, 8, 12]


# The stream of before PyTorch 1.6 names storages by their addresses and sorts by them: here they are counted instead,
# so that the file is the same each time.


@contextlib.contextmanager
def counted_storages():
    """Has `torch.save` call them 94000000000000 and so on, in the order of the tensors; gives its `pickle_module`."""
    keys = {}

    class Pickler(pickle._Pickler):
        def save_pers(self, pid):
            kind, class_, key, *rest = pid
            super().save_pers((kind, class_, keys.setdefault(key, str(94_000_000_000_000 + 96 * len(keys))), *rest))

    def dump(obj, file, protocol):
        pickle.dump([keys[key] for key in obj] if isinstance(obj, list) else obj, file, protocol)

    with mock.patch.object(torch.serialization, "sorted", list, create=True):
        yield types.SimpleNamespace(__name__="pickle", Pickler=Pickler, dump=dump)


def save(name, state, legacy=False):
    path = HERE / "weights" / f"{name}.pth"
    path.parent.mkdir(exist_ok=True)
    if legacy:
        with counted_storages() as module:
            torch.save(state, path, pickle_module=module, pickle_protocol=2, _use_new_zipfile_serialization=False)
    else:
        torch.save(state, path)
    again = torch.load(path, weights_only=True)
    assert list(again) == list(state) and all(torch.equal(again[n], state[n]) for n in state), name
    assert torch.serialization._is_zipfile(open(path, "rb")) != legacy, name
    print(f"{name}.pth: {path.stat().st_size} bytes")


def with_running_statistics(network, seed):
    """The state with what instance norms once had. Wild numbers, so that using them would be seen."""
    state = network.state_dict()
    old = type(state)()
    for draw, (name, module) in enumerate(network.named_modules()):
        for kind in ("weight", "bias"):
            if f"{name}.{kind}" in state:
                old[f"{name}.{kind}"] = state[f"{name}.{kind}"]
        if isinstance(module, nn.InstanceNorm2d):
            shape = (module.num_features,)
            old[f"{name}.running_mean"] = 3 * rounded_normal(shape, seed, 1, draw).float()
            old[f"{name}.running_var"] = 1 + 5 * rounded_normal(shape, seed, 2, draw).float().abs()
            old[f"{name}.num_batches_tracked"] = torch.tensor(1000 + draw)
    old._metadata = state._metadata
    return old


def main():
    shapes = {"even": (2, 3, 12, 16), "odd": (1, 3, 13, 10), "patch": (1, 3, 40, 36)}
    inputs = {name: pictures(shape, 1, 1, draw) for draw, (name, shape) in enumerate(shapes.items())}
    out = {f"input.{name}": nhwc(x).float() for name, x in inputs.items()}

    def run(network, file, name, case="", **kwargs):
        """Runs in both precisions; the network is left in float64."""
        with torch.no_grad():
            single = network.float()(inputs[name].float(), **kwargs)
            y = network.double()(inputs[name], **kwargs)
        key = f"output.{file}.{name}{case}"
        out[key] = nhwc(y)
        out[f"float32.{key}"] = ((single - y).abs().max() / y.abs().max()).reshape(1)
        error = out[f"float32.{key}"].item()
        print(f"  {key} {list(out[key].shape)}: deviation {y.std():.2f}, float32 off by {error:.1e}")

    def plain(file, network, names, legacy=False, state=None):
        save(file, state or network.state_dict(), legacy)
        for name in names:
            run(network, file, name)

    plain("cyclegan_generator", randomise(ResnetGenerator(4, 2), 1), ["even", "odd"])
    old = randomise(ResnetGenerator(3, 1), 2)
    plain("cyclegan_generator_old", old, ["even"], True, with_running_statistics(old, 2))
    plain("cyclegan_discriminator", randomise(PatchGan(2), 3), ["patch"])
    cut = randomise(ResnetGenerator(2, 2, antialiased=True), 4)
    plain("cut_generator", cut, ["even", "odd"])
    plain("cut_discriminator", randomise(PatchGan(2, antialiased=True), 5), ["patch"], True)

    heads = randomise(PatchHeads([3, 4, 8, 8], 16), 6)
    save("cut_heads", heads.state_dict())
    with torch.no_grad():
        features = cut.double()(inputs["even"], LAYERS)
        positions = [distinct(8, x[0, 0].numel(), 6, i) for i, x in enumerate(features)]
        single = heads([x.float() for x in features], positions)
        for i, (row, x) in enumerate(zip(heads.double()(features, positions), single)):
            out[f"positions.{i}"], out[f"output.cut_heads.{i}"] = positions[i].double(), row
            out[f"float32.output.cut_heads.{i}"] = ((x - row).abs().max() / row.abs().max()).reshape(1)

    anime = randomise(AnimeGenerator(4), 7)
    save("animegan2_generator", anime.state_dict())
    for name in ("even", "odd"):
        run(anime, "animegan2_generator", name, ".align_corners", align_corners=True)
        run(anime, "animegan2_generator", name, ".half_pixel", align_corners=False)

    d = randomise(AnimeDiscriminator(2), 8)
    with torch.no_grad():
        for draw, (name, u) in enumerate(d.named_buffers()):
            z = rounded_normal(u.shape, 8, 1, draw)
            u.copy_((z / z.norm()).float())
        for _ in range(3):  # the power iteration begins to converge
            d.train()(inputs["patch"].float())
    d = d.to(memory_format=torch.channels_last)
    assert not d.discriminate[2].weight_orig.is_contiguous()
    start = {name: t.clone() for name, t in d.state_dict().items()}
    save("animegan2_discriminator", d.state_dict())
    run(d.eval(), "animegan2_discriminator", "patch", ".eval")
    # A forward pass changes the state, so each precision starts from the file's.
    key = "output.animegan2_discriminator.patch.train"
    with torch.no_grad():
        d.load_state_dict(start)
        single = d.train().float()(inputs["patch"].float())
        d.load_state_dict(start)
        y = d.double()(inputs["patch"])
    out[key], out[f"float32.{key}"] = nhwc(y), ((single - y).abs().max() / y.abs().max()).reshape(1)
    out |= {f"state.animegan2_discriminator.{name}": b.clone() for name, b in d.named_buffers()}

    cartoon = randomise(CartoonGenerator(4), 9).half()
    plain("cartoongan_generator", cartoon, ["even", "odd"], True)
    write("networks.safetensors", out)


if __name__ == "__main__":
    networks.check_counts()
    main()
