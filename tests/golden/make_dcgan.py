#!/usr/bin/env python3
"""Writes what DCGAN-64 does in PyTorch's float64, for the engine to be held against (tests/golden/mod.rs reads it).

    python3 tests/golden/make_dcgan.py                 (PyTorch 2 and safetensors, CPU; rewrites the two files)
    python3 tests/golden/make_dcgan.py search 140 10   (prints PyTorch float32's errors for the seeds 140 to 149)
    python3 tests/golden/make_dcgan.py kink            (prints the activation nearest its kink, and what if it crossed)

dcgan_steps.safetensors: ten training steps at ngf = ndf = 8, batch 8
    seed                       f64 [1]            of the formulas
    losses                     f64 [10, 3]        D on real, D on fake, G; each a mean over the batch
    gradient.<name>            f32 [10, shape]    of each step; D's is that of real + fake
    output_gradient.generator.0  f64 [10, 8, 4, 4, 64]  by the output of G's first layer, see below
    sample.<name>              f64 [11, k]        weights before each step and after the last, k <= 64 of each tensor
  PyTorch's own float32, each step from the float64 state rounded:
    float32.forced.losses      f64 [10, 3]        relative errors of the losses
    float32.forced.gradients   f64 [10, 2]        worst error of D's and of G's, each over its tensor's largest entry
  PyTorch's own float32, left alone for ten steps:
    float32.free.losses        f64 [10, 3]        its losses (not errors)
    float32.free.distance      f64 [10, 2]        of D's and G's weights from float64's after each step (L2)

dcgan_full_width.safetensors: D's first half-step at ngf = ndf = 64, batch 4
    seed f64 [1], losses f64 [2]                  D on real, D on fake
    sample.<name>              f64 [k]            of the gradient by each tensor, k <= 4096 entries,
    max.<name> norm.<name>     f64 [1]              its largest magnitude and its L2 norm
    sample.fake                f64 [4096]         of G's pictures [4, 64, 64, 3]
    sum.<name>                 f64 [1]            of each initial tensor, to see that the formula made the same one
    float32.losses f64 [2], float32.gradients f64 [1]  PyTorch float32's errors, as above

A sample of k of n entries takes those at i*n // k. Layout is the project's: pictures NHWC, weights permuted by
(2,3,1,0). Names are <network>.<place in the layer list>.<weight|bias>, as PyTorch's Sequential would number them.

Why so little is stored. Initial weights, noise and pictures are formulas of Philox numbers (below), which both sides
compute. The weights and moments at the start of each step follow from the initial weights and the gradients by Adam,
which the reader applies in float64 with the twin that is itself tested against torch.optim.Adam; the samples show that
it arrives where PyTorch did. Gradients are stored in float32: that rounding, 6e-8, is a thousandth of the bound on
them, and Adam divides gradients by their own size, so it moves a weight by some 1e-11, far below what float32 weights
resolve. The gradient by the first layer of G, half of all numbers, is the outer product of noise and output gradient
(its input is 1 x 1), summed over 8 pictures; its factor is 12 times smaller. As that sum can cancel, the factor is kept
in float64.

Steps are DCGAN's: D on real and D on fake in separate batches, one Adam step of D on both gradients; then G on the same
fakes through the new D, target 1. Logits, no sigmoid. Adam 2e-4, betas 0.5 and 0.999, eps 1e-8. Training mode
throughout, so running statistics touch nothing here.

Why these seeds. A step has half a million activations before ReLU or leaky ReLU, and at most seeds one of the ten
steps' lies so near its kink that float32's rounding decides on which side, which moves a gradient by up to a tenth of
its tensor's largest entry; and Adam turns a gradient near zero into a whole step of either sign. Neither says anything
about an engine. Of the seeds 0 to 614, 146 keeps its activations farthest from the kinks (twice the rounding noise of
their layer). With its weights disturbed by up to seven roundings, float32 still met every gradient to 5e-5, ten times
of ten, and ran free without a flip, six times of six. Other rounding than its own carries one of step 7 across, now
and then: see `kink`.
"""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

STEPS, NZ = 10, 100
SEED_STEPS, SEED_FULL = 146, 0
HERE = pathlib.Path(__file__).parent


# Philox 4x32-10: element i is word i % 4 of the block at counter [i // 4, draw, step low, step high]; the key is the
# seed's halves.


def philox(length, seed, step, draw):
    blocks = np.arange((length + 3) // 4, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    c = [blocks, np.full_like(blocks, draw), np.full_like(blocks, step & 0xFFFFFFFF), np.full_like(blocks, step >> 32)]
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        upper0, upper1 = p0 >> np.uint64(32), p1 >> np.uint64(32)
        c = [upper1 ^ c[1] ^ np.uint64(k0), p1 & low, upper0 ^ c[3] ^ np.uint64(k1), p0 & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, axis=1).reshape(-1)[:length]


def normal(length, seed, step, draw):
    u = (philox(length + length % 2, seed, step, draw) >> np.uint64(8)).astype(np.float64) / 2.0**24
    radius, angle = np.sqrt(-2 * np.log(1 - u[0::2])), 2 * np.pi * u[1::2]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)[:length]


def rounded(array, shape):
    """Numbers that float32 holds, in float64, so that both precisions start from the same."""
    return torch.from_numpy(array.astype(np.float32).astype(np.float64)).reshape(shape)


# The networks: (name, shape in our layout) in order. Gamma is a weight of one axis.


def generator_shapes(ngf):
    widths = [NZ, 8 * ngf, 4 * ngf, 2 * ngf, ngf, 3]
    shapes = []
    for layer, (c_in, c_out) in enumerate(zip(widths, widths[1:])):
        shapes.append((f"generator.{3 * layer}.weight", (4, 4, c_out, c_in)))
        if layer < 4:
            shapes += [(f"generator.{3 * layer + 1}.{kind}", (c_out,)) for kind in ("weight", "bias")]
    return shapes


def discriminator_shapes(ndf):
    widths = [3, ndf, 2 * ndf, 4 * ndf, 8 * ndf, 1]
    shapes = []
    for layer, (c_in, c_out) in enumerate(zip(widths, widths[1:])):
        place = 3 * layer - 1 if layer else 0
        shapes.append((f"discriminator.{place}.weight", (4, 4, c_in, c_out)))
        if 0 < layer < 4:
            shapes += [(f"discriminator.{place + 1}.{kind}", (c_out,)) for kind in ("weight", "bias")]
    return shapes


def initial(width, seed):
    """Weights N(0, 0.02), gammas N(1, 0.02), betas 0: of step 0, each tensor the draw of its place in G, then D."""
    networks, draw = [], 0
    for shapes in (generator_shapes(width), discriminator_shapes(width)):
        network = {}
        for name, shape in shapes:
            z = 0.02 * normal(int(np.prod(shape)), seed, 0, draw)
            z = z * 0 if name.endswith("bias") else z + 1 if len(shape) == 1 else z
            network[name] = rounded(z, shape)
            draw += 1
        networks.append(network)
    return networks


def noise(batch, seed, step):
    """z [batch, 1, 1, 100]: draw 0 of the step, which counts from 1."""
    return rounded(normal(batch * NZ, seed, step, 0), (batch, 1, 1, NZ))


def pictures(batch, seed, step):
    """[batch, 64, 64, 3] bytes, smooth: per picture and channel a triangle wave of a plane plus a bowl, in integers."""
    words = philox(batch * 3 * 4, seed, step, 1).reshape(batch, 1, 1, 3, 4).astype(np.int64)
    h, w = np.arange(64).reshape(1, 64, 1, 1), np.arange(64).reshape(1, 1, 64, 1)
    plane = words[..., 0] % 510 + words[..., 1] % 9 * h + words[..., 2] % 9 * w
    bowl = words[..., 3] % 4 * ((h - 32) ** 2 + (w - 32) ** 2) // 32
    wave = (plane + bowl) % 510
    return np.minimum(wave, 510 - wave)


def scaled(pictures):
    """Bytes to -1 ... 1."""
    return rounded(pictures * 2.0 / 255.0 - 1.0, pictures.shape)


# Forward passes, functional, on dictionaries of weights in our layout.


def theirs(w):
    return w.permute(3, 2, 0, 1).contiguous()


def norm(x, weights, place):
    return F.batch_norm(x, None, None, weights[f"{place}.weight"], weights[f"{place}.bias"], True, 0.1, 1e-5)


def generate(weights, z):
    """z [n, 1, 1, 100] -> pictures NCHW, and the output of the first layer, whose gradient is stored."""
    x = first = F.conv_transpose2d(z.permute(0, 3, 1, 2), theirs(weights["generator.0.weight"]))
    for place in (0, 3, 6, 9):
        x = F.relu(norm(x, weights, f"generator.{place + 1}"))
        x = F.conv_transpose2d(x, theirs(weights[f"generator.{place + 3}.weight"]), stride=2, padding=1)
    return torch.tanh(x), first


def discriminate(weights, x, bend=lambda place, x: F.leaky_relu(x, 0.2)):
    """Pictures NCHW -> logits [n]; `bend` is the activation of the layer at a place."""
    x = bend(0, F.conv2d(x, theirs(weights["discriminator.0.weight"]), stride=2, padding=1))
    for place in (2, 5, 8):
        x = F.conv2d(x, theirs(weights[f"discriminator.{place}.weight"]), stride=2, padding=1)
        x = bend(place, norm(x, weights, f"discriminator.{place + 1}"))
    return F.conv2d(x, theirs(weights["discriminator.11.weight"])).flatten()


def bce(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def gradients(loss, weights, also=()):
    found = torch.autograd.grad(loss, [*weights.values(), *also])
    return dict(zip(weights, found)), found[len(weights) :]


def d_half(g, d, z, real):
    """Losses on real and fake, and D's gradients, the sum of both."""
    fake = generate(g, z)[0].detach()
    loss_real, loss_fake = bce(discriminate(d, real), 1.0), bce(discriminate(d, fake), 0.0)
    by_real, by_fake = gradients(loss_real, d)[0], gradients(loss_fake, d)[0]
    return [loss_real.item(), loss_fake.item()], {name: by_real[name] + by_fake[name] for name in d}


def g_half(g, d, z, **bend):
    fake, first = generate(g, z)
    loss = bce(discriminate(d, fake, **bend), 1.0)
    by_g, (by_first,) = gradients(loss, g, [first])
    return loss.item(), by_g, by_first.permute(0, 2, 3, 1)


def leaves(weights, dtype):
    return {name: w.detach().to(dtype).clone().requires_grad_() for name, w in weights.items()}


def adam(weights):
    return torch.optim.Adam(weights.values(), 2e-4, (0.5, 0.999), 1e-8)


def update(optimizer, weights, grads):
    for name, w in weights.items():
        w.grad = grads[name]
    optimizer.step()


def batch_of(batch, seed, step, dtype):
    real = scaled(pictures(batch, seed, step)).permute(0, 3, 1, 2)
    return noise(batch, seed, step).to(dtype), real.to(dtype)


def train(seed, dtype, start=leaves, width=8, batch=8):
    """Ten steps from the initial weights, as `start` makes them; one record a step."""
    g, d = (start(network, dtype) for network in initial(width, seed))
    optimizer_g, optimizer_d = adam(g), adam(d)
    records = []
    for step in range(1, STEPS + 1):
        record = {"g": leaves(g, dtype), "d": leaves(d, dtype)}
        z, real = batch_of(batch, seed, step, dtype)
        record["losses"], record["grad_d"] = d_half(g, d, z, real)
        update(optimizer_d, d, record["grad_d"])
        record["d_after"] = leaves(d, dtype)
        loss, record["grad_g"], record["grad_first"] = g_half(g, d, z)
        record["losses"].append(loss)
        update(optimizer_g, g, record["grad_g"])
        record["g_after"] = leaves(g, dtype)
        records.append(record)
    return records


# Float32 against float64.


def gradient_error(got, want):
    """The worst error over all tensors, each relative to its largest entry."""
    return max(((got[n].double() - want[n]).abs().max() / want[n].abs().max()).item() for n in want)


def loss_errors(got, want):
    return [abs(a - b) / abs(b) for a, b in zip(got, want)]


def nudged(weights, dtype):
    """Weights moved by a relative 2.4e-7 at most, four roundings to float32."""
    nudge = {name: 1 + 4.8e-7 * (torch.rand(w.shape, dtype=torch.float64) - 0.5) for name, w in weights.items()}
    return leaves({name: w.detach() * nudge[name] for name, w in weights.items()}, dtype)


def variants(weights, count):
    """The weights rounded to float32; then `count` times nudged before."""
    return [leaves(weights, torch.float32)] + [nudged(weights, torch.float32) for _ in range(count)]


def forced(seed, records, batch=8, count=0):
    """Float32's errors, each step from float64's state: losses [steps, 3], gradients [steps, 2]; the worst variant."""
    losses, grads = [], []
    for step, record in enumerate(records, 1):
        z, real = batch_of(batch, seed, step, torch.float32)
        of_losses, of_grads = [], []
        states = zip(*(variants(record[name], count) for name in ("g", "d", "d_after")))
        for g, d, d_after in states:
            loss_d, grad_d = d_half(g, d, z, real)
            loss_g, grad_g, _ = g_half(g, d_after, z)
            of_losses.append(loss_errors([*loss_d, loss_g], record["losses"]))
            of_grads.append([gradient_error(grad_d, record["grad_d"]), gradient_error(grad_g, record["grad_g"])])
        losses.append(np.max(of_losses, axis=0))
        grads.append(np.max(of_grads, axis=0))
    return np.array(losses), np.array(grads)


def distances(single, records):
    """How far D's and G's weights are from float64's after each step (L2): [steps, 2]."""
    square = lambda got, want: sum(((got[n].double() - want[n]) ** 2).sum().item() for n in want)
    both = ("d_after", "g_after")
    return np.array([[square(s[n], r[n]) ** 0.5 for n in both] for s, r in zip(single, records)])


def sample(tensor, count):
    flat = tensor.detach().flatten()
    count = min(count, flat.numel())
    return flat[torch.arange(count) * flat.numel() // count].double()


def write(name, tensors):
    tensors = {key: torch.as_tensor(t).detach().contiguous() for key, t in tensors.items()}
    save_file(tensors, HERE / name, metadata={"torch": torch.__version__})
    print(f"{name}: {(HERE / name).stat().st_size} bytes")


def make_steps(seed):
    records, single = train(seed, torch.float64), train(seed, torch.float32)
    forced_losses, forced_grads = forced(seed, records)
    out = {"seed": np.array([float(seed)]), "losses": np.array([r["losses"] for r in records])}
    for which in ("d", "g"):
        for name in records[0][which]:
            states = [r[which][name] for r in records] + [records[-1][f"{which}_after"][name]]
            out[f"sample.{name}"] = torch.stack([sample(w, 64) for w in states])
            if name != "generator.0.weight":
                out[f"gradient.{name}"] = torch.stack([r[f"grad_{which}"][name] for r in records]).float()
    out["output_gradient.generator.0"] = torch.stack([r["grad_first"] for r in records])
    for step, record in enumerate(records, 1):
        whole = torch.einsum("nhwo,ni->hwoi", record["grad_first"], noise(8, seed, step).reshape(8, NZ))
        assert gradient_error({0: whole}, {0: record["grad_g"]["generator.0.weight"]}) < 1e-12
    out["float32.forced.losses"], out["float32.forced.gradients"] = forced_losses, forced_grads
    out["float32.free.losses"] = np.array([r["losses"] for r in single])
    free = distances(single, records)
    out["float32.free.distance"] = free
    write("dcgan_steps.safetensors", out)
    print("step  losses (float64)               float32 forced: losses, gradients D, G   free: losses, distance D, G")
    for i, r in enumerate(records):
        drift = max(loss_errors(single[i]["losses"], r["losses"]))
        print(f"{i + 1:4}  " + "  ".join(f"{x:.6f}" for x in r["losses"]), end="   ")
        print(f"{forced_losses[i].max():.1e}  {forced_grads[i][0]:.1e}  {forced_grads[i][1]:.1e}", end="   ")
        print(f"{drift:.1e}  {free[i][0]:.1e}  {free[i][1]:.1e}")


def full_width(seed, count=0):
    """D's first half-step at full width, and float32's: g, d, losses, gradients, loss errors, gradient error."""
    g, d = (leaves(network, torch.float64) for network in initial(64, seed))
    losses, grads = d_half(g, d, *batch_of(4, seed, 1, torch.float64))
    z, real = batch_of(4, seed, 1, torch.float32)
    single = [d_half(g32, d32, z, real) for g32, d32 in zip(variants(g, count), variants(d, count))]
    of_losses = np.max([loss_errors(l, losses) for l, _ in single], axis=0)
    return g, d, losses, grads, of_losses, max(gradient_error(x, grads) for _, x in single)


def make_full_width(seed):
    g, d, losses, grads, of_losses, of_grads = full_width(seed)
    out = {"seed": np.array([float(seed)]), "losses": np.array(losses)}
    for name, grad in grads.items():
        out[f"sample.{name}"] = sample(grad, 4096)
        out[f"max.{name}"], out[f"norm.{name}"] = grad.abs().max().reshape(1), grad.norm().reshape(1)
    z, _ = batch_of(4, seed, 1, torch.float64)
    out["sample.fake"] = sample(generate(g, z)[0].permute(0, 2, 3, 1), 4096)
    out |= {f"sum.{name}": w.sum().reshape(1) for name, w in (g | d).items()}
    out["float32.losses"], out["float32.gradients"] = of_losses, np.array([of_grads])
    write("dcgan_full_width.safetensors", out)
    print(f"losses {losses}; float32: losses {of_losses.max():.1e}, gradients {of_grads:.1e}")


def search(first, count):
    """Per seed float32's worst errors over six starts, five of them nudged: at a good seed they change little."""
    for seed in range(first, first + count):
        torch.manual_seed(0)
        records = train(seed, torch.float64)
        losses, grads = forced(seed, records, count=5)
        free = distances(train(seed, torch.float32), records)
        others = [distances(train(seed, torch.float32, nudged), records) for _ in range(5)]
        ratio = (np.max(others, axis=0) / free).max()
        *_, full_losses, full_grads = full_width(seed, count=2)
        worst_d, worst_g = grads.max(axis=0)
        print(f"seed {seed}: losses {losses.max():.1e}, gradients D {worst_d:.1e} G {worst_g:.1e};", end=" ")
        print(f"free: D {free[-1, 0]:.1e} G {free[-1, 1]:.1e}, others up to {ratio:.1f} times;", end=" ")
        print(f"full width: losses {full_losses.max():.1e}, gradients {full_grads:.1e}", flush=True)


def kink(step=7, layer=8):
    """The last norm's output nearest zero in G's half of a step, and how far G's weights are after the step from where
    they are in truth if that activation were on the other side of zero."""
    records = train(SEED_STEPS, torch.float64)
    record = records[step - 1]

    def other_side(place, x):
        slope = torch.where(x > 0, 1.0, 0.2).double().contiguous()
        if place == layer:
            nearest = x.abs().argmin()
            print(f"step {step}, layer {place}, element {nearest}: {x.flatten()[nearest]:.2e}, all {x.std():.2f}")
            slope.view(-1)[nearest] = 1.2 - slope.view(-1)[nearest]
        return x * slope

    z, _ = batch_of(8, SEED_STEPS, step, torch.float64)
    g = leaves(records[0]["g"], torch.float64)
    optimizer = adam(g)
    for before in records[: step - 1]:
        update(optimizer, g, before["grad_g"])
    _, grads, _ = g_half(record["g"], record["d_after"], z, bend=other_side)
    update(optimizer, g, grads)
    square = sum(((g[n] - record["g_after"][n]) ** 2).sum().item() for n in g)
    print(f"gradients {gradient_error(grads, record['grad_g']):.1e} apart, weights {square ** 0.5:.4e}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["search"]:
        search(*map(int, sys.argv[2:4]))
    elif sys.argv[1:] == ["kink"]:
        kink()
    else:
        make_steps(SEED_STEPS)
        make_full_width(SEED_FULL)
