#!/usr/bin/env python3
"""Writes what CUT's and FastCUT's training does in PyTorch's float64 (tests/golden/cut.rs reads it).

    python3 tests/golden/make_cut.py              (rewrites cut_step.safetensors)
    python3 tests/golden/make_cut.py search 0 20  (prints PyTorch float32's errors and the nearest kink, seeds 0 to 19)

Two steps of CUT, and one of FastCUT from the same start on the same pictures as CUT's first. Networks are antialiased
and tiny (ngf 4 with 2 blocks, ndf 4, heads of width 16), pictures two of 32 x 28. `<mode>` is cut or fastcut, S its
number of steps:
    weights.<network>.<name>          f32 [shape]             before step 1 of either; networks are G, D, F (the heads)
    <mode>.real_A, <mode>.real_B      f32 [S, 2, 32, 28, 3]   of each step
    <mode>.flipped                    f64 [S]                 1 where the step is left-right flipped for equivariance
    <mode>.positions.NCE.<i>          f64 [S, 2, 8]           in the features at layer 0, 4, 8, 12 (row * w + column),
    cut.positions.NCE_Y.<i>           f64 [S, 2, 8]           others for each picture and each loss
    <mode>.fake                       f32 [S, 2, 32, 28, 3]   G's pictures, which D sees
    <mode>.losses                     f64 [S, 6]              G_GAN D_real D_fake G NCE NCE_Y (FastCUT's NCE_Y is 0)
    <mode>.gradient.<network>.<name>  f32 [S, shape]
    <mode>.sample.<network>.<name>    f64 [S + 1, k]          weights before each step and after the last, k <= 64
  PyTorch's own float32, each step from the float64 state rounded:
    <mode>.float32.losses             f64 [S, 6]              relative errors
    <mode>.float32.gradients          f64 [S, 3]              worst error of G's, D's and F's, over its tensor's largest

A step, as published: fake is G(real_A), of a flipped step G(flip(real_A)). D's: (D_real + D_fake) / 2, least squares
against 1 on real_B and 0 on fake, and Adam. Then G and F together through the D of after: G_GAN, least squares against
1, plus NCE, or in CUT (NCE + NCE_Y) / 2, and Adam. NCE is that of real_A and fake; NCE_Y of real_B and G(real_B).

NCE of a source and its translation: features of both at the layers of G's encoder (0 is the padded picture, 4 and 8
convolutions before their norm, 12 a residual block), of a flipped step those of the translation flipped back. At the
same positions of both, through the layer's head, to length 1: q of the translation, k of the source. No gradient goes
into k. Per picture, logits q k' / 0.07: each row's own k comes first, and in its place among the others stands -10
before the division; cross-entropy, mean over rows and pictures, then over layers; times 1 in CUT, 10 in FastCUT.
(Published code takes the same positions for all pictures of a batch.)

Adam 2e-4, betas 0.5 and 0.999, eps 1e-8. Biases before an instance norm and layout: as in make_cyclegan.py. Those of
layers 4 and 8 do have gradients, from NCE. The metadata's `order` lists the parameters as PyTorch does. At some seeds
an activation lies within rounding of its kink, see make_dcgan.py: at 3 it is 6e-7 off, and one order of adding up puts
it on the other side. Of the seeds 0 to 59, 7 keeps farthest from them, 1.5e-5; its float32 errors are 2.8e-5 with
weights disturbed by up to four roundings.
"""

import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call

from make_cyclegan import gradients, lsgan
from make_dcgan import adam, leaves, loss_errors, sample, update, variants
from networks import PatchGan, PatchHeads, ResnetGenerator, distinct, gradient_error, nhwc, ours, pictures, randomise
from networks import settled, weights_of, write

SEED, SHAPE, LAYERS = 7, (2, 3, 32, 28), [0, 4, 8, 12]
STEPS = {"cut": 2, "fastcut": 1}
LOSSES = ["G_GAN", "D_real", "D_fake", "G", "NCE", "NCE_Y"]
NETWORKS = {
    "G": ResnetGenerator(4, 2, antialiased=True),
    "D": PatchGan(4, antialiased=True),
    "F": PatchHeads([3, 8, 16, 16], 16),
}
# Pixels of the features at each layer, for pictures of SHAPE.
PIXELS = [38 * 34, 32 * 28, 16 * 14, 8 * 7]


def run(name, w, *args):
    # The blurs' constants are in the precision of the weights.
    buffers = {key: b.to(next(iter(w[name].values()))) for key, b in NETWORKS[name].named_buffers()}
    return functional_call(NETWORKS[name], w[name] | buffers, args)


def nce(w, source, translation, positions, flipped=False):
    of_q = run("G", w, translation, LAYERS)
    if flipped:
        of_q = [x.flip(3) for x in of_q]
    of_k = run("G", w, source, LAYERS)
    losses = []
    for q, k in zip(run("F", w, of_q, positions), run("F", w, of_k, positions)):
        k = k.detach()
        own = (q * k).sum(2, keepdim=True)
        others = (q @ k.transpose(1, 2)).masked_fill(torch.eye(q.shape[1], dtype=torch.bool), -10)
        logits = torch.cat([own, others], 2).flatten(0, 1) / 0.07
        losses.append(F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long)))
    return sum(losses) / len(losses)


def translate(w, batch):
    return run("G", w, batch["A"].flip(3) if batch["flipped"] else batch["A"])


def d_half(w, batch, fake):
    losses = {"D_real": lsgan(run("D", w, batch["B"]), 1), "D_fake": lsgan(run("D", w, fake), 0)}
    return losses, gradients(sum(losses.values()) / 2, w, ["D"])


def g_half(w, batch):
    fake = translate(w, batch)
    losses = {"G_GAN": lsgan(run("D", w, fake), 1)}
    if batch["mode"] == "cut":
        losses["NCE"] = nce(w, batch["A"], fake, batch["NCE"])
        losses["NCE_Y"] = nce(w, batch["B"], run("G", w, batch["B"]), batch["NCE_Y"])
        losses["G"] = losses["G_GAN"] + (losses["NCE"] + losses["NCE_Y"]) / 2
    else:
        losses["NCE"] = 10 * nce(w, batch["A"], fake, batch["NCE"], batch["flipped"])
        losses["NCE_Y"] = torch.zeros(())
        losses["G"] = losses["G_GAN"] + losses["NCE"]
    return losses, gradients(losses["G"], w, ["G", "F"])


def batch_of(mode, seed, step):
    batch = {side: pictures(SHAPE, seed, step, draw) for draw, side in enumerate("AB")}
    for of, loss in enumerate(["NCE", "NCE_Y"]):
        batch[loss] = [distinct(8, pixels, seed, 10 * step + 5 * of + i) for i, pixels in enumerate(PIXELS)]
    return batch | {"mode": mode, "flipped": mode == "fastcut"}


def train(mode, seed):
    """Steps in float64; a record of each."""
    w = {name: weights_of(randomise(network, 3 * seed + i)) for i, (name, network) in enumerate(NETWORKS.items())}
    optimizers = {name: adam(weights) for name, weights in w.items()}
    copy = lambda: {name: leaves(weights, torch.float64) for name, weights in w.items()}
    records = []
    for step in range(1, STEPS[mode] + 1):
        batch = batch_of(mode, seed, step)
        record = {"batch": batch, "before": copy(), "fake": translate(w, batch).detach()}
        d_losses, d_gradients = d_half(w, batch, record["fake"])
        found = {"D": settled(d_gradients["D"])}
        update(optimizers["D"], w["D"], found["D"])
        g_losses, g_gradients = g_half(w, batch)
        found |= {name: settled(g) for name, g in g_gradients.items()}
        for name in ("G", "F"):
            update(optimizers[name], w[name], found[name])
        losses = d_losses | g_losses
        record |= {"losses": [losses[name].item() for name in LOSSES], "gradients": found, "after": copy()}
        records.append(record)
    return records


def float32(record, count=0):
    """Float32's errors in a step, the worst of `count` nudged starts and one that is not: losses [6], gradients [3]."""
    batch = record["batch"] | {side: record["batch"][side].float() for side in "AB"}
    of_losses, of_gradients = [], []
    starts = [variants(record["before"][name], count) for name in NETWORKS] + [variants(record["after"]["D"], count)]
    for *start, d_after in zip(*starts):
        w = dict(zip(NETWORKS, start))
        losses, found = d_half(w, batch, translate(w, batch).detach())
        for part, more in zip((losses, found), g_half(w | {"D": d_after}, batch)):
            part |= more
        # NCE_Y of FastCUT is zero in both.
        pairs = [(losses[name].item(), want) for name, want in zip(LOSSES, record["losses"])]
        of_losses.append([loss_errors([got], [want])[0] if want else abs(got) for got, want in pairs])
        of_gradients.append([gradient_error(found[name], record["gradients"][name]) for name in NETWORKS])
    return np.max(of_losses, axis=0), np.max(of_gradients, axis=0)


def make():
    out = {}
    for mode in STEPS:
        records = train(mode, SEED)
        batches = [r["batch"] for r in records]
        of = {"losses": np.array([r["losses"] for r in records])}
        of |= {f"real_{side}": torch.stack([nhwc(b[side]).float() for b in batches]) for side in "AB"}
        of["fake"] = torch.stack([nhwc(r["fake"]).float() for r in records])
        of["flipped"] = np.array([float(b["flipped"]) for b in batches])
        for loss in ["NCE", "NCE_Y"] if mode == "cut" else ["NCE"]:
            for i in range(len(LAYERS)):
                of[f"positions.{loss}.{i}"] = torch.stack([b[loss][i].double() for b in batches])
        for network, weights in records[0]["before"].items():
            for name, w in weights.items():
                full = f"{network}.{name}"
                states = [r["before"][network][name] for r in records] + [records[-1]["after"][network][name]]
                out[f"weights.{full}"] = ours(w).float()
                assert torch.equal(out[f"weights.{full}"].double(), ours(w))
                of[f"sample.{full}"] = torch.stack([sample(ours(state), 64) for state in states])
                of[f"gradient.{full}"] = torch.stack([ours(r["gradients"][network][name]).float() for r in records])
        errors = [float32(r) for r in records]
        of["float32.losses"], of["float32.gradients"] = (np.array(e) for e in zip(*errors))
        for r, (of_losses, of_gradients) in zip(records, errors):
            print(f"{mode}: " + "  ".join(f"{name} {loss:.4f}" for name, loss in zip(LOSSES, r["losses"])))
            print(f"  float32: losses {of_losses.max():.1e}, gradients " + " ".join(f"{e:.1e}" for e in of_gradients))
        out |= {f"{mode}.{key}": t for key, t in of.items()}
    order = [f"{network}.{name}" for network, weights in records[0]["before"].items() for name in weights]
    write("cut_step.safetensors", out, order)


def search(first, count):
    for seed in range(first, first + count):
        torch.manual_seed(0)
        errors = [float32(r, count=4) for mode in STEPS for r in train(mode, seed)]
        worst = [max(part.max() for part in parts) for parts in zip(*errors)]
        kink = min(nearest_kink(r) for mode in STEPS for r in train(mode, seed))
        print(f"seed {seed}: losses {worst[0]:.1e}, gradients {worst[1]:.1e}, a kink {kink:.1e} away", flush=True)


def nearest_kink(record):
    """How near an input of a ReLU or LeakyReLU comes to 0 in a step."""
    found = []
    layers = [layer for network in NETWORKS.values() for layer in network.modules()]
    note = lambda layer, x, y: found.append(x[0].abs().min().item())
    hooks = [layer.register_forward_hook(note) for layer in layers if isinstance(layer, (nn.ReLU, nn.LeakyReLU))]
    d_half(record["before"], record["batch"], record["fake"])
    g_half(record["before"] | {"D": record["after"]["D"]}, record["batch"])
    for hook in hooks:
        hook.remove()
    return min(found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["search"]:
        search(*map(int, sys.argv[2:4]))
    else:
        make()
