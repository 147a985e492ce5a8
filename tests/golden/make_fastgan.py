#!/usr/bin/env python3
"""Writes what a narrow FastGAN makes of noise and pictures, in PyTorch's float64 (tests/golden/fastgan.rs reads it).

    python3 tests/golden/make_fastgan.py       (PyTorch 2 and safetensors, CPU; rewrites fastgan.safetensors)

The networks are those of odegeasslbc/FastGAN-pytorch, written anew with its names: for 64 pixels by the rule that it
has for 256, without noise between the layers, pictures ending in tanh, small ones as means of pixels. nz 8, ngf 2,
ndf 4, a batch of 3, in training mode: the first forward takes a step of power iteration.
    weight.<network>.<name>     f32 [shape]         parameters and the spectral vectors, of network G and D
    z, real                     f32                 noise [3, 1, 1, 8], pictures [3, 64, 64, 3]
    big, small                  f64                 what G draws
    logits.fake                 f64 [3, 50]         what D makes of it
    logits.real                 f64 [3, 50]         what D, forward for the second time, makes of real
    decoded.<whole|part|small>  f64 [3, 32, 32, 3]  what it draws again, the part being quarter 2, bottom left
    gradient.<network>.<name>   f64 [1]             length of the gradient of sum(logits.fake * r) + sum(decoded) by it,
                                                    r[n, i] = sin(50 n + i)
Pictures are NHWC, weights permuted by (2,3,1,0), the spectral vectors v ordered likewise.
The parameters of the full networks are counted too, for 64, 128 and 256 pixels.
"""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import spectral_norm

from networks import nhwc, ours, pictures, write

torch.manual_seed(64)


def conv(*sizes):
    return spectral_norm(nn.Conv2d(*sizes, bias=False))


def glu_stage(c_in, c_out):
    return [conv(c_in, 2 * c_out, 3, 1, 1), nn.BatchNorm2d(2 * c_out), nn.GLU(dim=1)]


def up(c_in, c_out):
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), *glu_stage(c_in, c_out))


def up_twice(c_in, c_out):
    # The identity stands where the noise is.
    (c1, n1, g1), (c2, n2, g2) = glu_stage(c_in, c_out), glu_stage(c_out, c_out)
    grow = nn.Upsample(scale_factor=2, mode="nearest")
    return nn.Sequential(grow, c1, nn.Identity(), n1, g1, c2, nn.Identity(), n2, g2)


def leaky():
    return nn.LeakyReLU(0.2)


class Gate(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.main = nn.Sequential(
            nn.AdaptiveAvgPool2d(4), conv(c_in, c_out, 4, 1, 0), nn.SiLU(), conv(c_out, c_out, 1, 1, 0), nn.Sigmoid()
        )

    def forward(self, coarse, fine):
        return fine * self.main(coarse)


class Init(nn.Module):
    def __init__(self, nz, c):
        super().__init__()
        first = spectral_norm(nn.ConvTranspose2d(nz, 2 * c, 4, 1, 0, bias=False))
        self.init = nn.Sequential(first, nn.BatchNorm2d(2 * c), nn.GLU(dim=1))

    def forward(self, z):
        return self.init(z)


class Generator(nn.Module):
    def __init__(self, size, nz, ngf):
        super().__init__()
        width = {4: 16 * ngf, 8: 8 * ngf, 16: 4 * ngf, 32: 2 * ngf, 64: 2 * ngf, 128: ngf, 256: ngf // 2}
        self.size = size
        self.init = Init(nz, width[4])
        for side, stage in [(8, up_twice), (16, up), (32, up_twice), (64, up), (128, up_twice), (256, up)]:
            if side <= size:
                self.add_module(f"feat_{side}", stage(width[side // 2], width[side]))
                if side >= 64:
                    self.add_module(f"se_{side}", Gate(width[side // 16], width[side]))
        self.add_module(f"to_{size // 2}", conv(width[size // 2], 3, 1, 1, 0))
        self.to_big = conv(width[size], 3, 3, 1, 1)

    def forward(self, z):
        maps = {4: self.init(z)}
        side = 8
        while side <= self.size:
            maps[side] = self.get_submodule(f"feat_{side}")(maps[side // 2])
            if side >= 64:
                maps[side] = self.get_submodule(f"se_{side}")(maps[side // 16], maps[side])
            side *= 2
        small = self.get_submodule(f"to_{self.size // 2}")(maps[self.size // 2])
        return torch.tanh(self.to_big(maps[self.size])), torch.tanh(small)


class DownTwice(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.main = nn.Sequential(
            conv(c_in, c_out, 4, 2, 1), nn.BatchNorm2d(c_out), leaky(),
            conv(c_out, c_out, 3, 1, 1), nn.BatchNorm2d(c_out), leaky(),
        )  # fmt: skip
        self.direct = nn.Sequential(nn.AvgPool2d(2, 2), conv(c_in, c_out, 1, 1, 0), nn.BatchNorm2d(c_out), leaky())

    def forward(self, x):
        return (self.main(x) + self.direct(x)) / 2


class Down(nn.Module):
    def __init__(self, c_in, c_out):
        super().__init__()
        self.main = nn.Sequential(conv(c_in, c_out, 4, 2, 1), nn.BatchNorm2d(c_out), leaky())

    def forward(self, x):
        return self.main(x)


class Decoder(nn.Module):
    def __init__(self, c_in, side, ndf):
        super().__init__()
        width = {8: c_in, 16: 2 * ndf, 32: ndf, 64: ndf, 128: ndf // 2}
        ups = [up(width[s // 2], width[s]) for s in (16, 32, 64, 128) if s <= side]
        self.main = nn.Sequential(nn.AdaptiveAvgPool2d(8), *ups, conv(width[side], 3, 3, 1, 1), nn.Tanh())

    def forward(self, x):
        return self.main(x)


class Discriminator(nn.Module):
    def __init__(self, size, ndf):
        super().__init__()
        width = lambda side: 64 * ndf // side
        self.size = size
        self.down_from_big = nn.Sequential(conv(3, width(size), 3, 1, 1), leaky())
        for side in (128, 64, 32, 16, 8):
            if 2 * side <= size:
                self.add_module(f"down_{512 // side}", DownTwice(width(2 * side), width(side)))
                if 8 * side <= size:
                    self.add_module(f"se_{64 // side}_{512 // side}", Gate(width(8 * side), width(side)))
        c = width(8)
        self.rf_big = nn.Sequential(
            conv(c, 2 * c, 1, 1, 0), nn.BatchNorm2d(2 * c), leaky(), conv(2 * c, 1, 4, 1, 0)
        )  # fmt: skip
        narrow = lambda side: width(side) // 2
        downs = [Down(narrow(2 * side), narrow(side)) for side in (16, 8) if 8 * side <= size]
        if size == 256:
            downs = [Down(narrow(64), narrow(32))] + downs
        self.down_from_small = nn.Sequential(conv(3, narrow(size // 4), 4, 2, 1), leaky(), *downs)
        self.rf_small = conv(narrow(8), 1, 4, 1, 0)
        self.decoder_big = Decoder(c, size // 2, ndf)
        self.decoder_part = Decoder(width(16), size // 2, ndf)
        self.decoder_small = Decoder(narrow(8), size // 2, ndf)

    def forward(self, big, small):
        maps = {self.size: self.down_from_big(big)}
        side = self.size // 2
        while side >= 8:
            maps[side] = self.get_submodule(f"down_{512 // side}")(maps[2 * side])
            if 8 * side <= self.size:
                maps[side] = self.get_submodule(f"se_{64 // side}_{512 // side}")(maps[8 * side], maps[side])
            side //= 2
        seen = self.down_from_small(small)
        logits = torch.cat([self.rf_big(maps[8]).flatten(1), self.rf_small(seen).flatten(1)], dim=1)
        return logits, (maps[8], maps[16], seen)

    def decode(self, whole, part, small):
        return self.decoder_big(whole), self.decoder_part(part[:, :, 8:, :8]), self.decoder_small(small)


def count(network):
    return sum(p.numel() for p in network.parameters())


def turned(name, tensor, network):
    """In our layout; v's order is that of a filter's numbers, whose shape its weight tells."""
    if not name.endswith("weight_v"):
        return ours(tensor)
    layer = network.get_submodule(name.rpartition(".")[0])
    k_h, k_w = layer.kernel_size
    return tensor.view(-1, k_h, k_w).permute(1, 2, 0).reshape(-1)


for size in (64, 128, 256):
    print(f"{size} pixels: {count(Generator(size, 256, 64))} and {count(Discriminator(size, 64))} parameters")

networks = {"G": Generator(64, 8, 2), "D": Discriminator(64, 4)}
tensors = {}
for key, network in networks.items():
    with torch.no_grad():
        for p in network.parameters():
            p.copy_(torch.randn_like(p) * 0.5 if p.dim() > 1 else p + 0.2 * torch.randn_like(p))
    for name, t in network.state_dict().items():
        if "running_" not in name and "num_batches" not in name:
            tensors[f"weight.{key}.{name}"] = turned(name, t, network).clone()
    network.double()
generator, discriminator = networks.values()
z, real = torch.randn(3, 8, 1, 1), pictures((3, 3, 64, 64), 64, 1, 1)
half = lambda x: F.avg_pool2d(x, 2)
big, small = generator(z.double())
fake, _ = discriminator(big, small)
judged, features = discriminator(real.double(), half(real.double()))
decoded = discriminator.decode(*features)
r = torch.sin(50.0 * torch.arange(3).view(-1, 1) + torch.arange(50).view(1, -1)).double()
((fake * r).sum() + sum(d.sum() for d in decoded)).backward()
tensors |= {
    "z": nhwc(z), "real": nhwc(real).float(), "big": nhwc(big), "small": nhwc(small), "logits.fake": fake,
    "logits.real": judged,
}  # fmt: skip
tensors |= {f"decoded.{name}": nhwc(d) for name, d in zip(["whole", "part", "small"], decoded)}
for key, network in networks.items():
    for name, p in network.named_parameters():
        tensors[f"gradient.{key}.{name}"] = p.grad.norm().view(1)
write("fastgan.safetensors", tensors)
