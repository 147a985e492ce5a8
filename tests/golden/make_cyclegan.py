#!/usr/bin/env python3
"""Writes what CycleGAN's training does in PyTorch's float64 (tests/golden/cyclegan.rs reads it).

    python3 tests/golden/make_cyclegan.py              (rewrites cyclegan_step.safetensors)
    python3 tests/golden/make_cyclegan.py search 0 20  (prints PyTorch float32's errors for the seeds 0 to 19)

Two steps of tiny networks (ngf 4 with 2 blocks, ndf 4) on two pictures of 32 x 28 each:
    weights.<network>.<name>   f32 [shape]          before step 1; networks are G_A, G_B, D_A, D_B
    real_A, real_B             f32 [2, 2, 32, 28, 3]  of each step
    pool.fake_A, pool.fake_B   f64 [2, 2]           what the pool does with each new picture of each step, in order: -1
                                                    gives it on (and keeps it while there is room), else the number of
                                                    the kept picture that is given instead and replaced
    seen.fake_A, seen.fake_B   f32 [2, 2, 32, 28, 3]  what the pool gives: D_B sees fake_A, D_A sees fake_B
    losses                     f64 [2, 8]           D_A G_A cycle_A idt_A D_B G_B cycle_B idt_B, weighted as they are
                                                    added up and as pytorch-CycleGAN-and-pix2pix prints them
    gradient.<network>.<name>  f32 [2, shape]
    sample.<network>.<name>    f64 [3, k]           weights before each step and after the last, k <= 64 of each tensor
  PyTorch's own float32, each step from the float64 state rounded:
    float32.losses             f64 [2, 8]           relative errors
    float32.gradients          f64 [2, 4]           worst error of each network's, over its tensor's largest entry

A step, as published: G_A makes fake_B of real_A and from it G_B makes rec_A; the other way G_B, fake_A, G_A, rec_B.
Least squares against 1 and 0, means over logits and batch; |rec - real| * 10; |G_A(real_B) - real_B| * 10 * 0.5, called
idt_A. All eight generator terms' gradients in one Adam step of G_A and G_B, through D_A and D_B of before. Then those,
each with (real + fake) / 2: D_A on real_B and on fake_B from the pool, made before G's update. So both halves of a step
start from the same state. Adam 2e-4, betas 0.5 and 0.999, eps 1e-8. The pool holds 2.

A convolution's bias before an instance norm changes nothing; its gradient, zero but for rounding, is stored as zero.
States of step 2 and after follow by Adam from the gradients, as with make_dcgan.py. Layout is the engine's. The
metadata's `order` lists the parameters as PyTorch does. At some seeds an activation lies within rounding of its kink,
see make_dcgan.py; at this one float32 meets every gradient to 1.7e-5 with weights disturbed by up to four roundings.
"""

import sys

import numpy as np
import torch
from torch.func import functional_call

from make_dcgan import adam, leaves, loss_errors, sample, update, variants
from networks import PatchGan, ResnetGenerator, gradient_error, nhwc, ours, pictures, randomise, settled
from networks import weights_of, write

SEED, SHAPE, STEPS = 0, (2, 3, 32, 28), 2
LOSSES = ["D_A", "G_A", "cycle_A", "idt_A", "D_B", "G_B", "cycle_B", "idt_B"]
NETWORKS = {"G_A": ResnetGenerator(4, 2), "G_B": ResnetGenerator(4, 2), "D_A": PatchGan(4), "D_B": PatchGan(4)}
# The pools fill in the first step. In the second, one gives its second picture what it took of the first.
DECISIONS = {"fake_A": [[-1, -1], [-1, 0]], "fake_B": [[-1, -1], [1, 1]]}


def run(name, weights, x):
    return functional_call(NETWORKS[name], weights[name], (x,))


def lsgan(logits, target):
    return (logits - target).square().mean()


def l1(x, y):
    return (x - y).abs().mean()


def g_half(w, real):
    """The losses of G_A and G_B, their gradients, and the fakes."""
    fake = {"B": run("G_A", w, real["A"]), "A": run("G_B", w, real["B"])}
    losses = {
        "G_A": lsgan(run("D_A", w, fake["B"]), 1),
        "G_B": lsgan(run("D_B", w, fake["A"]), 1),
        "cycle_A": 10 * l1(run("G_B", w, fake["B"]), real["A"]),
        "cycle_B": 10 * l1(run("G_A", w, fake["A"]), real["B"]),
        "idt_A": 5 * l1(run("G_A", w, real["B"]), real["B"]),
        "idt_B": 5 * l1(run("G_B", w, real["A"]), real["A"]),
    }
    return losses, gradients(sum(losses.values()), w, ["G_A", "G_B"]), {side: x.detach() for side, x in fake.items()}


def d_half(w, real, seen):
    """The losses of D_A and D_B, and their gradients."""
    losses = {}
    for d, side in (("D_A", "B"), ("D_B", "A")):
        losses[d] = (lsgan(run(d, w, real[side]), 1) + lsgan(run(d, w, seen[side]), 0)) / 2
    return losses, gradients(sum(losses.values()), w, ["D_A", "D_B"])


def gradients(loss, weights, networks):
    """Of each network, by name."""
    every = [(network, name) for network in networks for name in weights[network]]
    found = torch.autograd.grad(loss, [weights[network][name] for network, name in every])
    by_name = {network: {} for network in networks}
    for (network, name), g in zip(every, found):
        by_name[network][name] = g
    return by_name


def ask_pool(kept, new, decisions):
    """What is given for each of `new`; `kept` changes."""
    given = []
    for picture, number in zip(new, decisions):
        given.append(picture if number < 0 else kept[number])
        if number >= 0:
            kept[number] = picture
        elif len(kept) < 2:
            kept.append(picture)
    return torch.stack(given)


def train(seed):
    """Steps in float64; a record of each."""
    w = {name: weights_of(randomise(network, 4 * seed + i)) for i, (name, network) in enumerate(NETWORKS.items())}
    optimizers = {name: adam(weights) for name, weights in w.items()}
    pools, records = {"A": [], "B": []}, []
    for step in range(STEPS):
        real = {side: pictures(SHAPE, seed, step + 1, draw) for draw, side in enumerate("AB")}
        record = {"real": real, "before": {name: leaves(weights, torch.float64) for name, weights in w.items()}}
        g_losses, g_gradients, fake = g_half(w, real)
        seen = {side: ask_pool(pools[side], fake[side], DECISIONS[f"fake_{side}"][step]) for side in "AB"}
        d_losses, d_gradients = d_half(w, real, seen)
        losses = g_losses | d_losses
        record["losses"] = [losses[name].item() for name in LOSSES]
        record["seen"] = seen
        record["gradients"] = {name: settled(g) for name, g in (g_gradients | d_gradients).items()}
        for name, weights in w.items():
            update(optimizers[name], weights, record["gradients"][name])
        record["after"] = {name: leaves(weights, torch.float64) for name, weights in w.items()}
        records.append(record)
    return records


def float32(record, count=0):
    """Float32's errors in a step, the worst of `count` nudged starts and one that is not: losses [8], gradients [4]."""
    single = lambda tensors: {side: x.float() for side, x in tensors.items()}
    real, seen = single(record["real"]), single(record["seen"])
    of_losses, of_gradients = [], []
    for start in zip(*(variants(record["before"][name], count) for name in NETWORKS)):
        w = dict(zip(NETWORKS, start))
        g_losses, g_gradients, _ = g_half(w, real)
        d_losses, d_gradients = d_half(w, real, seen)
        losses, found = g_losses | d_losses, g_gradients | d_gradients
        of_losses.append(loss_errors([losses[name].item() for name in LOSSES], record["losses"]))
        of_gradients.append([gradient_error(found[name], record["gradients"][name]) for name in NETWORKS])
    return np.max(of_losses, axis=0), np.max(of_gradients, axis=0)


def make():
    records = train(SEED)
    out = {"losses": np.array([r["losses"] for r in records])}
    for side in "AB":
        out[f"real_{side}"] = torch.stack([nhwc(r["real"][side]).float() for r in records])
        out[f"seen.fake_{side}"] = torch.stack([nhwc(r["seen"][side]).float() for r in records])
        out[f"pool.fake_{side}"] = np.array(DECISIONS[f"fake_{side}"], dtype=np.float64)
    for network, weights in records[0]["before"].items():
        for name, w in weights.items():
            full = f"{network}.{name}"
            states = [r["before"][network][name] for r in records] + [records[-1]["after"][network][name]]
            out[f"weights.{full}"] = ours(w).float()
            assert torch.equal(out[f"weights.{full}"].double(), ours(w))
            out[f"sample.{full}"] = torch.stack([sample(ours(state), 64) for state in states])
            out[f"gradient.{full}"] = torch.stack([ours(r["gradients"][network][name]).float() for r in records])
    errors = [float32(r) for r in records]
    out["float32.losses"], out["float32.gradients"] = (np.array(e) for e in zip(*errors))
    order = [f"{network}.{name}" for network, weights in records[0]["before"].items() for name in weights]
    write("cyclegan_step.safetensors", out, order)
    for r, (of_losses, of_gradients) in zip(records, errors):
        print("  " + "  ".join(f"{name} {loss:.4f}" for name, loss in zip(LOSSES, r["losses"])))
        print(f"  float32: losses {of_losses.max():.1e}, gradients " + " ".join(f"{e:.1e}" for e in of_gradients))


def search(first, count):
    for seed in range(first, first + count):
        torch.manual_seed(0)
        errors = [float32(r, count=4) for r in train(seed)]
        worst = [max(part.max() for part in parts) for parts in zip(*errors)]
        print(f"seed {seed}: losses {worst[0]:.1e}, gradients {worst[1]:.1e}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["search"]:
        search(*map(int, sys.argv[2:4]))
    else:
        make()
