#!/usr/bin/env python3
"""PyTorch, answering benches/compare/run: convolutions and DCGAN training steps, timed on request.

    pytorch.py [--device cpu|cuda] [--layout nchw|nhwc] [--precision f32|tf32|amp] [--compile]

Reads a request a line from standard input and writes an answer a line, both JSON; README.md beside this file says what
they are. Operands of single convolutions are halves where the precision is amp.
"""

import argparse
import json
import sys
import time

import torch
from torch import nn


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


class Peer:
    def __init__(self, options):
        self.options = options
        self.device = torch.device(options.device)
        self.layout = torch.channels_last if options.layout == "nhwc" else torch.contiguous_format
        self.run = None
        tf32 = options.precision != "f32"
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        torch.backends.cudnn.benchmark = True

    def compiled(self, function):
        return torch.compile(function) if self.options.compile else function

    def synchronise(self):
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def hello(self):
        cuda = self.device.type == "cuda"
        device = torch.cuda.get_device_name() if cuda else "CPU"
        driver = f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}" if cuda else "oneDNN"
        version = f"PyTorch {torch.__version__}"
        return {"version": version, "device": device, "driver": driver}

    def convolution(self, layer, direction):
        """Keeps one direction of a convolution to be sampled."""
        n, h, w, k, groups = (layer[key] for key in ("n", "h", "w", "k", "groups"))
        stride, padding = [layer["stride"]] * 2, [layer["padding"]] * 2
        kind = torch.float16 if self.options.precision == "amp" else torch.float32

        def tensor(*shape):
            return torch.randn(*shape, device=self.device).to(dtype=kind, memory_format=self.layout)

        x = tensor(n, layer["c_in"], h, w)
        weight = tensor(layer["c_out"], layer["c_in"] // groups, k, k)

        def forward(x, weight):
            return nn.functional.conv2d(x, weight, None, stride, padding, 1, groups)

        if direction == "forward":
            function = self.compiled(forward)
            self.run = lambda: function(x, weight)
            return
        dy = torch.randn_like(forward(x, weight))
        wanted = [direction == "input-gradient", direction == "weight-gradient", False]

        def backward(dy, x, weight):
            return torch.ops.aten.convolution_backward(
                dy, x, weight, None, stride, padding, [1, 1], False, [0, 0], groups, wanted
            )

        function = self.compiled(backward)
        self.run = lambda: function(dy, x, weight)

    def step(self, width, batch):
        """Keeps a training step of DCGAN, as pytorch/examples takes it, to be sampled."""
        g, d = (net.to(self.device, memory_format=self.layout) for net in (generator(100, width), discriminator(width)))
        for network in (g, d):
            for module in network.modules():
                if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                    nn.init.normal_(module.weight, 0, 0.02)
        adam_g = torch.optim.Adam(g.parameters(), 2e-4, (0.5, 0.999))
        adam_d = torch.optim.Adam(d.parameters(), 2e-4, (0.5, 0.999))
        real = torch.randn(batch, 3, 64, 64, device=self.device).to(memory_format=self.layout)
        draw, judge = self.compiled(g), self.compiled(d)
        amp = self.options.precision == "amp"
        scaler = torch.amp.GradScaler(self.device.type, enabled=amp)

        def scored(pictures, label):
            with torch.autocast(self.device.type, torch.float16, enabled=amp):
                logits = judge(pictures).view(-1)
                return nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))

        def run():
            d.zero_grad()
            scaler.scale(scored(real, 1.0)).backward()
            with torch.autocast(self.device.type, torch.float16, enabled=amp):
                fake = draw(torch.randn(batch, 100, 1, 1, device=self.device))
            scaler.scale(scored(fake.detach(), 0.0)).backward()
            scaler.step(adam_d)
            g.zero_grad()
            scaler.scale(scored(fake, 1.0)).backward()
            scaler.step(adam_g)
            scaler.update()

        self.run = run

    def sample(self, runs):
        """Mean seconds of so many runs."""
        self.synchronise()
        start = time.perf_counter()
        for _ in range(runs):
            self.run()
        self.synchronise()
        return (time.perf_counter() - start) / runs

    def answer(self, request):
        match request["do"]:
            case "hello":
                return self.hello()
            case "convolution":
                self.convolution(request["layer"], request["direction"])
            case "step":
                self.step(request["width"], request["batch"])
            case "sample":
                pass
        return {"seconds": self.sample(request.get("runs", 1))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--layout", choices=["nchw", "nhwc"], default="nchw")
    parser.add_argument("--precision", choices=["f32", "tf32", "amp"], default="f32")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    peer = Peer(options)
    for line in sys.stdin:
        try:
            answer = peer.answer(json.loads(line))
        except (RuntimeError, torch.OutOfMemoryError) as error:
            answer = {"missing": str(error).splitlines()[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
