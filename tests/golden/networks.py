"""The networks of style transfer in PyTorch, written from their papers and tables, with widths to choose.

    python3 tests/golden/networks.py            (counts parameters at full width)
    python3 tests/golden/networks.py HAYAO_DIR  (also runs CartoonGAN's published weights against their outputs)

Modules are named as in the published code of each network, so that state dictionaries go both ways:

  ResnetGenerator, PatchGan  pytorch-CycleGAN-and-pix2pix with `--norm instance`; `antialiased` is that of
                             contrastive-unpaired-translation (CUT), with `filt` buffers
  PatchHeads                 CUT's `netF mlp_sample`
  AnimeGenerator             animegan2-pytorch
  AnimeDiscriminator         AnimeGANv2's, named as pytorch-animeGAN's with `--d_layers 2 --use_sn` and layer norm
  CartoonGenerator           CartoonGAN-Test-Pytorch-Torch

Below them, what the scripts share that write golden files: weights from Philox numbers, pictures, the engine's layout.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils import spectral_norm

from make_dcgan import normal, philox, rounded

HERE = pathlib.Path(__file__).parent
# Sums in one order, however many cores there are.
torch.set_num_threads(1)


# CycleGAN and CUT. Instance norm has neither affine parameters nor running statistics, hence the convolutions' biases.


def kernel(taps):
    filt = torch.tensor(taps, dtype=torch.float32)
    return torch.outer(filt, filt) / filt.sum() ** 2


class Downsample(nn.Module):
    """Blur [1, 2, 1], each second pixel kept, from the first on; the border reflected."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("filt", kernel([1, 2, 1]).repeat(channels, 1, 1, 1))

    def forward(self, x):
        return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), self.filt, stride=2, groups=x.shape[1])


class Upsample(nn.Module):
    """Zeros between the pixels, then a blur [1, 3, 3, 1], scaled by 4; the border repeated. Each output is 9/16, 3/16,
    3/16, 1/16 of the nearest four pixels: bilinear with half-pixel centres."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("filt", 4 * kernel([1, 3, 3, 1]).repeat(channels, 1, 1, 1))

    def forward(self, x):
        padded = F.pad(x, (1, 1, 1, 1), "replicate")
        return F.conv_transpose2d(padded, self.filt, stride=2, padding=2, groups=x.shape[1])[:, :, 1:-1, 1:-1]


class ResnetBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        half = lambda: [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), nn.InstanceNorm2d(width)]
        self.conv_block = nn.Sequential(*half(), nn.ReLU(), *half())

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, ngf=64, blocks=9, antialiased=False):
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, ngf, 7), *self.tail(ngf)]
        for width in (ngf, 2 * ngf):
            stride = 1 if antialiased else 2
            layers += [nn.Conv2d(width, 2 * width, 3, stride=stride, padding=1), *self.tail(2 * width)]
            layers += [Downsample(2 * width)] if antialiased else []
        layers += [ResnetBlock(4 * ngf) for _ in range(blocks)]
        for width in (4 * ngf, 2 * ngf):
            if antialiased:
                layers += [Upsample(width), nn.Conv2d(width, width // 2, 3, padding=1)]
            else:
                layers += [nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1)]
            layers += self.tail(width // 2)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    @staticmethod
    def tail(width):
        return [nn.InstanceNorm2d(width), nn.ReLU()]

    def forward(self, x, features=None):
        """The picture, or the outputs of the layers whose places are in `features`."""
        if features is None:
            return self.model(x)
        found = []
        for layer in self.model[: features[-1] + 1]:
            x = layer(x)
            found.append(x)
        return [found[place] for place in features]


class PatchGan(nn.Module):
    """The discriminator of 70 x 70 patches (`n_layers` 3); logits."""

    def __init__(self, ndf=64, antialiased=False):
        super().__init__()
        layers, width = [], 3
        for i, stride in enumerate((2, 2, 2, 1)):
            pool = [Downsample(ndf << i)] if antialiased and stride == 2 else []
            norm = [nn.InstanceNorm2d(ndf << i)] if i else []
            layers += [nn.Conv2d(width, ndf << i, 4, stride=1 if pool else stride, padding=1)]
            layers += [*norm, nn.LeakyReLU(0.2), *pool]
            width = ndf << i
        self.model = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, padding=1))

    def forward(self, x):
        return self.model(x)


class PatchHeads(nn.Module):
    """For each of several layers two linear layers, over the features at some positions."""

    def __init__(self, channels, width=256):
        super().__init__()
        for i, c in enumerate(channels):
            setattr(self, f"mlp_{i}", nn.Sequential(nn.Linear(c, width), nn.ReLU(), nn.Linear(width, width)))

    def forward(self, features, positions):
        """`features[i] [n, c, h, w]`, at `positions[i] [n, p]` (row * w + column) -> each `[n, p, width]`, length 1."""
        rows = []
        for i, (x, at) in enumerate(zip(features, positions)):
            x = x.flatten(2).transpose(1, 2)
            x = getattr(self, f"mlp_{i}")(x.gather(1, at[:, :, None].expand(-1, -1, x.shape[2])))
            rows.append(x / (x.square().sum(2, keepdim=True).sqrt() + 1e-7))
        return rows


# AnimeGANv2. The layer norm is over C, H, W of each sample: a group norm of one group, eps 1e-5. (TensorFlow's original
# has eps 1e-12, and PyTorch's port, whose weights people have, 1e-5.)


def conv_norm(c_in, c_out, k=3, stride=1, groups=1, bias=False):
    pad = (0, 1, 0, 1) if stride == 2 else k // 2
    conv = nn.Conv2d(c_in, c_out, k, stride=stride, groups=groups, bias=bias)
    return nn.Sequential(nn.ReflectionPad2d(pad), conv, nn.GroupNorm(1, c_out), nn.LeakyReLU(0.2))


class InvertedResidual(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        mid = 2 * c_in
        widen, depthwise = conv_norm(c_in, mid, k=1), conv_norm(mid, mid, groups=mid, bias=True)
        self.layers = nn.Sequential(widen, depthwise, nn.Conv2d(mid, c_out, 1, bias=False), nn.GroupNorm(1, c_out))

    def forward(self, x):
        y = self.layers(x)
        return x + y if x.shape == y.shape else y


class AnimeGenerator(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        w, block = width, nn.Sequential
        self.block_a = block(conv_norm(3, w, k=7), conv_norm(w, 2 * w, stride=2), conv_norm(2 * w, 2 * w))
        self.block_b = block(conv_norm(2 * w, 4 * w, stride=2), conv_norm(4 * w, 4 * w))
        residuals = [InvertedResidual(4 * w if i == 0 else 8 * w, 8 * w) for i in range(4)]
        self.block_c = block(conv_norm(4 * w, 4 * w), *residuals, conv_norm(8 * w, 4 * w))
        self.block_d = block(conv_norm(4 * w, 4 * w), conv_norm(4 * w, 4 * w))
        self.block_e = block(conv_norm(4 * w, 2 * w), conv_norm(2 * w, 2 * w), conv_norm(2 * w, w, k=7))
        self.out_layer = block(nn.Conv2d(w, 3, 1, bias=False), nn.Tanh())

    def forward(self, x, align_corners):
        """With `align_corners` each upsampling goes back to the size before; without, to twice the size."""

        def up(y, like):
            size = like.shape[2:] if align_corners else tuple(2 * n for n in y.shape[2:])
            return F.interpolate(y, size, mode="bilinear", align_corners=align_corners)

        half = self.block_a(x)
        y = self.block_c(self.block_b(half))
        y = self.block_d(up(y, half))
        return self.out_layer(self.block_e(up(y, x)))


class AnimeDiscriminator(nn.Module):
    """Logits at a quarter of the size; the border is zeros; each weight is divided by its spectral norm."""

    def __init__(self, width=32):
        super().__init__()
        w = width
        # From, to, stride, norm.
        table = [(3, w, 1, False), (w, 2 * w, 2, False), (2 * w, 4 * w, 1, True), (4 * w, 4 * w, 2, False)]
        table += [(4 * w, 8 * w, 1, True), (8 * w, 8 * w, 1, True)]
        conv = lambda c_in, c_out, stride=1: nn.Conv2d(c_in, c_out, 3, stride=stride, padding=1, bias=False)
        layers = []
        for c_in, c_out, stride, norm in table:
            layers += [spectral_norm(conv(c_in, c_out, stride))] + [nn.GroupNorm(1, c_out)] * norm + [nn.LeakyReLU(0.2)]
        self.discriminate = nn.Sequential(*layers, spectral_norm(conv(8 * w, 1)))

    def forward(self, x):
        return self.discriminate(x)


# CartoonGAN: BGR in, BGR out.


class ScaledInstanceNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.instance_norm(x, weight=self.scale, bias=self.shift, eps=1e-9)


class CartoonGenerator(nn.Module):
    BLOCKS = range(4, 12)

    def __init__(self, width=64):
        super().__init__()
        w = width
        self.conv01_1, self.in01_1 = nn.Conv2d(3, w, 7), ScaledInstanceNorm(w)
        for i, c in ((2, w), (3, 2 * w)):
            setattr(self, f"conv0{i}_1", nn.Conv2d(c, 2 * c, 3, stride=2, padding=1))
            setattr(self, f"conv0{i}_2", nn.Conv2d(2 * c, 2 * c, 3, padding=1))
            setattr(self, f"in0{i}_1", ScaledInstanceNorm(2 * c))
        for i in self.BLOCKS:
            for half in (1, 2):
                setattr(self, f"conv{i:02}_{half}", nn.Conv2d(4 * w, 4 * w, 3))
                setattr(self, f"in{i:02}_{half}", ScaledInstanceNorm(4 * w))
        for i, c in ((1, 4 * w), (2, 2 * w)):
            up = nn.ConvTranspose2d(c, c // 2, 3, stride=2, padding=1, output_padding=1)
            setattr(self, f"deconv0{i}_1", up)
            setattr(self, f"deconv0{i}_2", nn.Conv2d(c // 2, c // 2, 3, padding=1))
            setattr(self, f"in1{i + 1}_1", ScaledInstanceNorm(c // 2))
        self.deconv03_1 = nn.Conv2d(w, 3, 7)

    def forward(self, x):
        of = lambda name, x: getattr(self, name)(x)
        reflect = lambda x, by: F.pad(x, (by,) * 4, "reflect")
        x = F.relu(self.in01_1(self.conv01_1(reflect(x, 3))))
        for i in (2, 3):
            x = F.relu(of(f"in0{i}_1", of(f"conv0{i}_2", of(f"conv0{i}_1", x))))
        for i in self.BLOCKS:
            y = F.relu(of(f"in{i:02}_1", of(f"conv{i:02}_1", reflect(x, 1))))
            x = x + of(f"in{i:02}_2", of(f"conv{i:02}_2", reflect(y, 1)))
        for i in (1, 2):
            x = F.relu(of(f"in1{i + 1}_1", of(f"deconv0{i}_2", of(f"deconv0{i}_1", x))))
        return torch.tanh(self.deconv03_1(reflect(x, 3)))


# What the scripts share.


def randomise(network, seed):
    """Fills a network with float32 numbers that keep activations of order 1: matrices N(0, 1 / fan-in), the scales of
    norms N(1, 0.2), all else N(0, 0.2). Each tensor is the draw of its place among the parameters, of step 0."""
    with torch.no_grad():
        for draw, (name, p) in enumerate(network.named_parameters()):
            z = rounded_normal(p.shape, seed, 0, draw)
            fan_in = p[0].numel()
            if p.dim() == 4 and isinstance(network.get_submodule(name.rpartition(".")[0]), nn.ConvTranspose2d):
                fan_in = p.shape[0] * p[0, 0].numel() / 4  # with a stride of 2, a quarter of the taps meet a pixel
            is_scale = p.dim() == 1 and name.endswith(("weight", "scale"))
            z = z * fan_in**-0.5 if p.dim() > 1 else 1 + 0.2 * z if is_scale else 0.2 * z
            p.copy_(z.float())
    return network


def rounded_normal(shape, seed, step, draw):
    return rounded(normal(int(np.prod(shape)), seed, step, draw), tuple(shape))


def pictures(shape, seed, step, draw):
    """`[n, 3, h, w]` in -1 ... 1, float32 numbers: three waves across each picture, and a little noise."""
    n, c, h, w = shape
    words = philox(n * c * 12, seed, step, draw).astype(np.float64).reshape(n, c, 3, 4, 1, 1) / 2.0**32
    y, x = np.arange(h).reshape(h, 1) / h, np.arange(w).reshape(1, w) / w
    across, down, phase, size = (words[:, :, :, i] for i in range(4))
    waves = (0.4 * size * np.sin(2 * np.pi * (3 * across * x + 3 * down * y + phase))).sum(2)
    noise = normal(n * c * h * w, seed, step, draw + 1000).reshape(shape)
    return rounded(np.clip(waves + 0.1 * noise, -1, 1), shape)


def weights_of(network, dtype=torch.float64):
    return {name: p.detach().to(dtype).clone().requires_grad_() for name, p in network.named_parameters()}


def settled(gradients):
    """With exact zeros for the biases before an instance norm, which change nothing: else their gradients are noise."""
    found = {}
    for name, g in gradients.items():
        weight = gradients[name.replace("bias", "weight")]
        found[name] = torch.zeros_like(g) if g.abs().max() < 1e-11 * weight.abs().max() else g
    return found


def gradient_error(got, want):
    """The worst error over a network's tensors, each relative to its largest entry, a zero one's to its weight's."""
    size = lambda name: want[name].abs().max() or want[name.replace("bias", "weight")].abs().max()
    return max(((got[name].double() - want[name]).abs().max() / size(name)).item() for name in want)


def distinct(count, below, seed, draw):
    """`[2, count]` different positions below a number, others for each of two pictures."""
    order = torch.from_numpy(philox(2 * below, seed, 9, draw).astype("int64")).reshape(2, below).argsort(1)
    return order[:, :count].contiguous()


def ours(tensor):
    """From PyTorch's layout to the engine's: maps to NHWC, weights to [k_h, k_w, ., .], matrices transposed."""
    return tensor.detach().permute(*range(2, tensor.dim()), 1, 0) if tensor.dim() > 1 else tensor.detach()


def nhwc(maps):
    return maps.detach().permute(0, 2, 3, 1)


def write(name, tensors, order=()):
    """`order` lists the parameters of all networks as PyTorch does; the file itself sorts by name."""
    tensors = {key: torch.as_tensor(t).detach().contiguous() for key, t in tensors.items()}
    # One entry, as entries of the metadata come in any order.
    metadata = {"order": " ".join(order)} if order else {"torch": torch.__version__}
    save_file(tensors, HERE / name, metadata=metadata)
    print(f"{name}: {(HERE / name).stat().st_size} bytes")


def count(network):
    return sum(p.numel() for p in network.parameters())


def check_counts():
    """At full width, against the tables in the papers and the sums of the published files."""
    expected = {
        "CycleGAN generator, 6 blocks": (ResnetGenerator(blocks=6), 7_837_699),
        "CycleGAN generator, 9 blocks": (ResnetGenerator(blocks=9), 11_378_179),
        "CUT generator, 9 blocks": (ResnetGenerator(blocks=9, antialiased=True), 11_378_179),
        "PatchGAN": (PatchGan(), 2_764_737),
        "CUT discriminator": (PatchGan(antialiased=True), 2_764_737),
        "AnimeGANv2 generator": (AnimeGenerator(), 2_143_552),
        "AnimeGANv2 discriminator": (AnimeDiscriminator(), 1_128_800),
        "CartoonGAN generator": (CartoonGenerator(), 11_129_667),
    }
    for name, (network, parameters) in expected.items():
        assert count(network) == parameters, f"{name} has {count(network)} parameters, not {parameters}"
        print(f"{name}: {parameters} parameters")


def check_hayao(folder):
    """CartoonGAN's published weights give the outputs that lie beside them."""
    from safetensors.torch import load_file

    network = CartoonGenerator()
    network.load_state_dict(load_file(folder / "cartoongan_hayao_f16.safetensors"))
    reference = np.load(folder / "reference_128.npz")
    with torch.no_grad():
        got = network(torch.from_numpy(reference["input_bgr"])).numpy()
    error = np.abs(got - reference["output_bgr_f16_weights"]).max()
    assert error < 1e-5, f"off by {error}"
    print(f"CartoonGAN Hayao: off by {error:.1e}")


if __name__ == "__main__":
    check_counts()
    for folder in sys.argv[1:]:
        check_hayao(pathlib.Path(folder))
