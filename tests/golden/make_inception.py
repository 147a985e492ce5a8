#!/usr/bin/env python3
"""Writes inception.safetensors: what FID's Inception-v3 makes of two pictures, and distances of small sets of features.

    python3 tests/golden/make_inception.py      (PyTorch 2 and SciPy, CPU; rewrites the file beside this script)

The network is written here from the tables of Szegedy et al. (2016), with the two things in which pytorch-fid's differs
from torchvision's, and the names that both give their tensors. Its weights are Philox numbers that the test makes too,
by `value` below, so that no file of weights is needed. All is float64.

  pictures   [2, 20, 24, 3] bytes: what is resized to 299 by 299 as pytorch-fid does it, and then to -1 ... 1
  features   [2, 2048]
  resized    [2, 9, 3], three by three pixels of what went in
  frechet    [2]: of features of 16 numbers, 40 pictures and 50 (SciPy's matrix root), and 10 and 12 (eigenvalues)
  kernel     [1]: the squared discrepancy of the sets of 40 and of the first 40 of 50
"""

import numpy as np
import scipy.linalg
import torch
import torch.nn.functional as F
from torch import nn

from make_dcgan import normal, philox
from networks import write

SEED = 299


class Conv(nn.Module):
    def __init__(self, c_in, c_out, kernel, stride=1, padding=0):
        super().__init__()
        self.conv = nn.Conv2d(c_in, c_out, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(c_out, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches: lists of names of convolutions; a pair of names in a tuple stands side by side; None is the pool."""

    def __init__(self, convs, branches, pool):
        super().__init__()
        for name, conv in convs.items():
            self.add_module(name, Conv(*conv))
        self.branches, self.pool = branches, pool

    def forward(self, x):
        outputs = []
        for branch in self.branches:
            y = x
            for name in branch:
                if name is None:
                    y = self.pool(y)
                elif isinstance(name, tuple):
                    y = torch.cat([getattr(self, one)(y) for one in name], 1)
                else:
                    y = getattr(self, name)(y)
            outputs.append(y)
        return torch.cat(outputs, 1)


def mean_of_inside(x):
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


def halved(x):
    return F.max_pool2d(x, 3, 2)


def fives(c, pooled):
    convs = {
        "branch1x1": (c, 64, 1),
        "branch5x5_1": (c, 48, 1),
        "branch5x5_2": (48, 64, 5, 1, 2),
        "branch3x3dbl_1": (c, 64, 1),
        "branch3x3dbl_2": (64, 96, 3, 1, 1),
        "branch3x3dbl_3": (96, 96, 3, 1, 1),
        "branch_pool": (c, pooled, 1),
    }
    doubled = ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"]
    branches = [["branch1x1"], ["branch5x5_1", "branch5x5_2"], doubled, [None, "branch_pool"]]
    return Block(convs, branches, mean_of_inside)


def to_seventeen():
    convs = {
        "branch3x3": (288, 384, 3, 2),
        "branch3x3dbl_1": (288, 64, 1),
        "branch3x3dbl_2": (64, 96, 3, 1, 1),
        "branch3x3dbl_3": (96, 96, 3, 2),
    }
    return Block(convs, [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], [None]], halved)


def sevens(c):
    across, down = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
    convs = {
        "branch1x1": (768, 192, 1),
        "branch7x7_1": (768, c, 1),
        "branch7x7_2": (c, c, *across),
        "branch7x7_3": (c, 192, *down),
        "branch7x7dbl_1": (768, c, 1),
        "branch7x7dbl_2": (c, c, *down),
        "branch7x7dbl_3": (c, c, *across),
        "branch7x7dbl_4": (c, c, *down),
        "branch7x7dbl_5": (c, 192, *across),
        "branch_pool": (768, 192, 1),
    }
    single = [f"branch7x7_{i}" for i in (1, 2, 3)]
    doubled = [f"branch7x7dbl_{i}" for i in (1, 2, 3, 4, 5)]
    return Block(convs, [["branch1x1"], single, doubled, [None, "branch_pool"]], mean_of_inside)


def to_eight():
    convs = {
        "branch3x3_1": (768, 192, 1),
        "branch3x3_2": (192, 320, 3, 2),
        "branch7x7x3_1": (768, 192, 1),
        "branch7x7x3_2": (192, 192, (1, 7), 1, (0, 3)),
        "branch7x7x3_3": (192, 192, (7, 1), 1, (3, 0)),
        "branch7x7x3_4": (192, 192, 3, 2),
    }
    return Block(convs, [["branch3x3_1", "branch3x3_2"], [f"branch7x7x3_{i}" for i in (1, 2, 3, 4)], [None]], halved)


def wide(c, pool):
    across, down = ((1, 3), 1, (0, 1)), ((3, 1), 1, (1, 0))
    convs = {
        "branch1x1": (c, 320, 1),
        "branch3x3_1": (c, 384, 1),
        "branch3x3_2a": (384, 384, *across),
        "branch3x3_2b": (384, 384, *down),
        "branch3x3dbl_1": (c, 448, 1),
        "branch3x3dbl_2": (448, 384, 3, 1, 1),
        "branch3x3dbl_3a": (384, 384, *across),
        "branch3x3dbl_3b": (384, 384, *down),
        "branch_pool": (c, 192, 1),
    }
    single = ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")]
    doubled = ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")]
    return Block(convs, [["branch1x1"], single, doubled, [None, "branch_pool"]], pool)


class Inception(nn.Module):
    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = Conv(3, 32, 3, 2)
        self.Conv2d_2a_3x3 = Conv(32, 32, 3)
        self.Conv2d_2b_3x3 = Conv(32, 64, 3, 1, 1)
        self.Conv2d_3b_1x1 = Conv(64, 80, 1)
        self.Conv2d_4a_3x3 = Conv(80, 192, 3)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = fives(192, 32), fives(256, 64), fives(288, 64)
        self.Mixed_6a = to_seventeen()
        self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = map(sevens, (128, 160, 160, 192))
        self.Mixed_7a = to_eight()
        self.Mixed_7b = wide(1280, mean_of_inside)
        self.Mixed_7c = wide(2048, lambda x: F.max_pool2d(x, 3, 1, 1))

    def forward(self, x):
        x = halved(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
        x = halved(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
        for name in "5b 5c 5d 6a 6b 6c 6d 6e 7a 7b 7c".split():
            x = getattr(self, f"Mixed_{name}")(x)
        return x.mean((2, 3))


def value(name, shape, draw):
    """A tensor's numbers: of step 0, and the draw of its place among the names in order."""
    z = normal(int(np.prod(shape)), SEED, 0, draw)
    if len(shape) == 4:
        z = z * np.sqrt(2.0 / np.prod(shape[1:]))
    elif name.endswith("weight"):
        z = 1 + 0.1 * z
    elif name.endswith("var"):
        z = 1 + 0.2 * np.abs(z)
    else:
        z = 0.1 * z
    return torch.from_numpy(z.astype(np.float32).astype(np.float64)).reshape(shape)


def features(count, step):
    """`[count, 16]`, float32 numbers; correlated, so that covariances are not nearly diagonal."""
    z = normal(count * 16, SEED, step, 0).reshape(count, 16)
    mixed = z + 0.5 * np.roll(z, 1, axis=1) * step + 0.1 * step
    return mixed.astype(np.float32).astype(np.float64)


def frechet(a, b, root):
    (m1, s1), (m2, s2) = ((x.mean(0), np.cov(x, rowvar=False)) for x in (a, b))
    return ((m1 - m2) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * root(s1 @ s2)


def by_scipy(product):
    return np.trace(scipy.linalg.sqrtm(product)).real


def by_eigenvalues(product):
    return np.sqrt(np.linalg.eigvals(product).real.clip(0)).sum()


def kernel(a, b):
    k = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3
    m = len(a)
    own = sum((k(x, x).sum() - np.trace(k(x, x))) / (m * (m - 1)) for x in (a, b))
    return own - 2 * k(a, b).mean()


network = Inception().double().eval()
state = network.state_dict()
names = sorted(name for name in state if not name.endswith("num_batches_tracked"))
network.load_state_dict({n: value(n, tuple(state[n].shape), i) for i, n in enumerate(names)}, strict=False)

h, w = 20, 24
pictures = torch.from_numpy((philox(2 * h * w * 3, SEED, 1, 0) >> np.uint32(24)).astype(np.uint8)).reshape(2, h, w, 3)
with torch.no_grad():
    x = pictures.permute(0, 3, 1, 2).double() / 255
    x = 2 * F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False) - 1
    found = network(x)
few, many = (features(10, 1), features(12, 2)), (features(40, 1), features(50, 2))
places = [0, 150, 298]
write(
    "inception.safetensors",
    {
        "pictures": pictures,
        "features": found,
        "resized": x[:, :, places][:, :, :, places].permute(0, 2, 3, 1).reshape(2, 9, 3),
        "frechet": torch.tensor([frechet(*many, by_scipy), frechet(*few, by_eigenvalues)]),
        "kernel": torch.tensor([kernel(many[0], many[1][:40])]),
    },
)
print(f"features from {found.min():.3g} to {found.max():.3g}")
