#!/usr/bin/env python3
"""Sumi's CPU adapter against PyTorch's CPU build: DCGAN-64 training steps and a matrix product, in one run, in turns.

    cargo build --release && benches/compare/pytorch.py target/release/train

Needs PyTorch 2 or newer (pip install torch --index-url https://download.pytorch.org/whl/cpu). Each figure is the median
of five runs; the runs of the two alternate, so that a busy machine is busy for both.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torch import nn

RUNS = 5
SIZES = [(16, 16, 60), (64, 64, 6)]  # width, batch, steps of a run


def generator(nz, width):
    def up(inputs, outputs, stride, padding):
        conv = nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU(True)]

    layers = up(nz, width * 8, 1, 0) + up(width * 8, width * 4, 2, 1) + up(width * 4, width * 2, 2, 1)
    layers += up(width * 2, width, 2, 1) + [nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False), nn.Tanh()]
    return nn.Sequential(*layers)


def discriminator(width):
    layers = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True)]
    for inputs, outputs in [(width, width * 2), (width * 2, width * 4), (width * 4, width * 8)]:
        layers += [nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, True)]
    return nn.Sequential(*layers, nn.Conv2d(width * 8, 1, 4, 1, 0, bias=False))


class Step:
    """One training step of DCGAN as pytorch/examples takes it."""

    def __init__(self, width, batch, layout):
        self.g = generator(100, width).to(memory_format=layout)
        self.d = discriminator(width).to(memory_format=layout)
        for network in (self.g, self.d):
            for module in network.modules():
                if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                    nn.init.normal_(module.weight, 0, 0.02)
        self.adam_g = torch.optim.Adam(self.g.parameters(), 2e-4, (0.5, 0.999))
        self.adam_d = torch.optim.Adam(self.d.parameters(), 2e-4, (0.5, 0.999))
        self.real = torch.randn(batch, 3, 64, 64).to(memory_format=layout)
        self.batch = batch

    def take(self):
        loss = nn.functional.binary_cross_entropy_with_logits
        ones, zeros = torch.ones(self.batch), torch.zeros(self.batch)
        self.d.zero_grad()
        loss(self.d(self.real).view(-1), ones).backward()
        fake = self.g(torch.randn(self.batch, 100, 1, 1))
        loss(self.d(fake.detach()).view(-1), zeros).backward()
        self.adam_d.step()
        self.g.zero_grad()
        loss(self.d(fake).view(-1), ones).backward()
        self.adam_g.step()

    def rate(self, count):
        """Images a second over `count` steps."""
        start = time.perf_counter()
        for _ in range(count):
            self.take()
        return self.batch * count / (time.perf_counter() - start)


def ours(train, width, batch, count):
    """Images a second over `count` steps of Sumi's `train`, all it does besides included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [train, "--adapter", "native", "--preset", "dcgan64", "--ngf", width, "--ndf", width]
        command += ["--batch", batch, "--steps", count, "--out", os.path.join(folder, "run")]
        output = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
    return float(re.findall(r"([\d.]+) images/s", output.stdout + output.stderr)[-1])


def product(n):
    """GFLOP/s of a matrix product, the median of fifteen."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    times = []
    for _ in range(18):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2 * n**3 / statistics.median(times[3:]) / 1e9


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    train = sys.argv[1]
    torch.set_num_threads(os.cpu_count())
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads; medians of {RUNS} runs in turns")
    print("| training step | PyTorch, NCHW | PyTorch, channels last | Sumi | Sumi / better of the two |")
    print("|---|---:|---:|---:|---:|")
    for width, batch, count in SIZES:
        steps = [Step(width, batch, layout) for layout in (torch.contiguous_format, torch.channels_last)]
        for step in steps:
            step.rate(2)
        rates = [[], [], []]
        for _ in range(RUNS):
            for rate, step in zip(rates, steps):
                rate.append(step.rate(count))
            rates[2].append(ours(train, width, batch, count))
        plain, last, own = (statistics.median(rate) for rate in rates)
        name = f"DCGAN-64, ngf = ndf = {width}, batch {batch}, images/s"
        print(f"| {name} | {plain:.0f} | {last:.0f} | {own:.0f} | {own / max(plain, last):.2f} |", flush=True)
    print(f"matrix product 1024 by 1024 by 1024 in PyTorch: {product(1024):.0f} GFLOP/s")


if __name__ == "__main__":
    main()
