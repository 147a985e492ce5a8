#!/usr/bin/env python3
"""Writes reference.json: what PyTorch computes in float64, against which the twins of src/reference/ are tested.

    python3 tests/golden/make_reference.py            (PyTorch 2, CPU; rewrites the file beside this script)

One case a line: "op" (the twin's name), "sizes" (lists of integers: extents, stride, ...), "numbers" (hyper-parameters)
and "tensors" (flat lists, row-major, in this project's layout). Layout is changed here and nowhere else: pictures
NCHW → NHWC, weights permuted by (2,3,1,0). Gradients are autograd's, so that forward and backward of an op share a
case.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(2015)
cases = []


def case(op, sizes=None, numbers=None, **tensors):
    tensors = {name: t.detach().double().flatten().tolist() for name, t in tensors.items()}
    cases.append({"op": op, "sizes": sizes or {}, "numbers": numbers or {}, "tensors": tensors})


def noise(*shape):
    """Leaves of the graph in −2 … 2."""
    return (torch.rand(shape) * 4 - 2).requires_grad_()


def leaf(values):
    return torch.tensor(values).requires_grad_()


def grads(y, *inputs):
    """A random dy and what autograd makes of it."""
    dy = torch.randn_like(y)
    return dy, *torch.autograd.grad(y, inputs, dy)


def nhwc(t):
    return t.permute(0, 2, 3, 1)


def ours(w):
    return w.permute(2, 3, 1, 0)


# Element by element. Kinks (0) and arguments at which the naive formula overflows stand in the lists themselves.
kinks = [-1.75, -1.0, -0.3, -1e-9, 0.0, 1e-9, 0.25, 1.0, 3.5]
wide = [-800.0, -60.0, -30.0, -5.5, -1e-9, 0.0, 1e-3, 2.25, 21.0, 45.0, 800.0]
positive = [1e-6, 0.03, 0.5, 1.0, 2.75, 1234.5]
unary = {
    "relu": (torch.relu, kinks),
    "sigmoid": (torch.sigmoid, wide),
    "tanh": (torch.tanh, wide),
    # PyTorch's own threshold of 20 would drop e^-x there, which float64 sees.
    "softplus": (lambda x: F.softplus(x, threshold=500.0), wide),
    "abs": (torch.abs, kinks),
    "square": (torch.square, kinks),
    "sqrt": (torch.sqrt, positive),
    "exp": (torch.exp, kinks),
    "log": (torch.log, positive),
    "reciprocal": (torch.reciprocal, positive),
}
for op, (f, values) in unary.items():
    x = leaf(values)
    y = f(x)
    dy, dx = grads(y, x)
    case(op, x=x, y=y, dy=dy, dx=dx)
for slope in (0.2, 0.01):
    x = leaf(kinks)
    y = F.leaky_relu(x, slope)
    dy, dx = grads(y, x)
    case("leaky_relu", numbers={"negative_slope": slope}, x=x, y=y, dy=dy, dx=dx)
a, b = noise(7), noise(7)
case("add", a=a, b=b, y=a + b)
case("sub", a=a, b=b, y=a - b)
case("mul", a=a, b=b, y=a * b)
case("affine", numbers={"scale": -0.75, "shift": 0.125}, x=a, y=-0.75 * a + 0.125)
case("fill", {"len": [5]}, {"value": 0.3}, y=torch.full((5,), 0.3))
case("copy", x=a, y=a.clone())
pixels = torch.tensor([0, 1, 2, 127, 128, 254, 255, 77, 3], dtype=torch.uint8)
words = torch.cat([pixels, torch.zeros(3, dtype=torch.uint8)]).view(torch.int32).long() & 0xFFFFFFFF
case("unpack_bytes", {"len": [9]}, words=words, y=pixels.double() / 127.5 - 1)

# Losses, without reduction.
t = torch.tensor([0.0, 1.0, 0.9, 0.1, 1.0, 0.0, 1.0, 0.5, 0.25, 0.0, 1.0])
signs = torch.tensor([-1.0, 1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 1.0, -1.0])
near = [0.0, 1.0, 0.5, 0.3, -1.0, -2.0, 7.0, 0.5, 0.25, 1.0, -1.0]
losses = {
    "bce_with_logits": (lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"), wide, t),
    "mse": (lambda x, t: F.mse_loss(x, t, reduction="none"), near, t),
    "l1": (lambda x, t: F.l1_loss(x, t, reduction="none"), near, t),
    "hinge": (lambda x, t: F.relu(1 - t * x), near, signs),
}
for op, (f, values, target) in losses.items():
    x = leaf(values)
    y = f(x, target)
    dy, dx = grads(y, x)
    case(op, x=x, t=target, y=y, dy=dy, dx=dx)

# Matrices and sums.
for m, k, n in [(1, 1, 1), (2, 3, 5), (7, 1, 4), (1, 13, 3)]:
    a, b = noise(m, k), noise(k, n)
    y = a @ b
    dy, da, db = grads(y, a, b)
    case("matmul", {"mkn": [m, k, n]}, a=a, b=b, y=y, dy=dy, da=da, db=db)
for shape in [(1, 1, 1), (2, 3, 5), (3, 1, 4), (1, 7, 2)]:
    x = noise(*shape)
    case("transpose", {"shape": shape}, x=x, y=x.transpose(1, 2))
    y = x.sum(1)
    dy, dx = grads(y, x)
    case("sum", {"shape": shape}, x=x, y=y, dy=dy, dx=dx)

# Convolution: (x NCHW, c_out, kernel, stride, padding, dilation, groups).
for shape, c_out, kernel, stride, padding, dilation, groups in [
    ((1, 1, 1, 1), 1, (1, 1), (1, 1), (0, 0), (1, 1), 1),
    ((2, 3, 8, 8), 5, (4, 4), (2, 2), (1, 1), (1, 1), 1),  # DCGAN's
    ((2, 5, 4, 4), 1, (4, 4), (1, 1), (0, 0), (1, 1), 1),  # DCGAN's last
    ((1, 2, 7, 9), 3, (2, 1), (3, 4), (0, 0), (1, 1), 1),  # stride beyond the kernel
    ((1, 2, 3, 5), 2, (3, 3), (1, 2), (2, 3), (1, 1), 1),  # padding of the kernel and beyond
    ((2, 4, 9, 7), 6, (3, 2), (2, 1), (1, 2), (2, 3), 2),  # dilation, groups
    ((1, 3, 6, 5), 3, (3, 3), (1, 1), (1, 1), (1, 1), 3),  # depthwise
    ((3, 2, 5, 4), 6, (2, 3), (2, 3), (0, 1), (3, 1), 2),
    ((1, 1, 5, 7), 1, (5, 3), (1, 1), (2, 1), (1, 1), 1),  # one channel
]:
    x, w = noise(*shape), noise(c_out, shape[1] // groups, *kernel)
    y = F.conv2d(x, w, None, stride, padding, dilation, groups)
    dy, dx, dw = grads(y, x, w)
    sizes = {"x": nhwc(x).shape, "c_out": [c_out], "kernel": kernel, "stride": stride, "padding": padding}
    sizes |= {"dilation": dilation, "groups": [groups], "y": nhwc(y).shape}
    case("conv2d", sizes, x=nhwc(x), w=ours(w), y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx), dw=ours(dw))

# Transposed convolution: (x NCHW, c_out, kernel, stride, padding, output_padding, dilation, groups).
for shape, c_out, kernel, stride, padding, output_padding, dilation, groups in [
    ((2, 5, 1, 1), 3, (4, 4), (1, 1), (0, 0), (0, 0), (1, 1), 1),  # DCGAN's first
    ((2, 3, 4, 3), 2, (4, 4), (2, 2), (1, 1), (0, 0), (1, 1), 1),  # DCGAN's
    ((1, 2, 3, 4), 3, (3, 3), (2, 2), (1, 1), (1, 1), (1, 1), 1),  # CycleGAN's
    ((1, 4, 3, 2), 6, (2, 3), (3, 4), (1, 0), (2, 3), (1, 2), 2),  # stride beyond the kernel, dilation, groups
    ((2, 3, 2, 3), 3, (3, 3), (2, 1), (2, 2), (1, 0), (1, 1), 3),  # depthwise, padding of the kernel
    ((1, 1, 5, 4), 1, (1, 2), (2, 3), (0, 1), (1, 0), (1, 1), 1),  # one channel
]:
    x, w = noise(*shape), noise(shape[1], c_out // groups, *kernel)
    y = F.conv_transpose2d(x, w, None, stride, padding, output_padding, groups, dilation)
    dy, dx, dw = grads(y, x, w)
    sizes = {"x": nhwc(x).shape, "c_out": [c_out], "kernel": kernel, "stride": stride, "padding": padding}
    sizes |= {"output_padding": output_padding, "dilation": dilation, "groups": [groups], "y": nhwc(y).shape}
    case("conv_transpose2d", sizes, x=nhwc(x), w=ours(w), y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx), dw=ours(dw))

# Padding: sides are (top, bottom, left, right); PyTorch wants them (left, right, top, bottom).
for shape, (top, bottom, left, right) in [
    ((2, 3, 2, 4), (1, 0, 2, 3)),
    ((1, 1, 1, 1), (3, 3, 3, 3)),
    ((1, 2, 3, 3), (0, 0, 0, 1)),
]:
    x = noise(*shape)
    y = F.pad(x, (left, right, top, bottom))
    dy, dx = grads(y, x)
    sizes = {"x": nhwc(x).shape, "sides": [top, bottom, left, right], "y": nhwc(y).shape}
    case("pad2d", sizes, x=nhwc(x), y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx))

# Batch normalisation, both modes.
for shape, eps, momentum in [((2, 3, 4, 5), 1e-5, 0.1), ((1, 1, 3, 1), 1e-3, 0.01), ((5, 2, 1, 1), 1e-5, 1.0)]:
    c = shape[1]
    for training in (True, False):
        x, gamma, beta = noise(*shape), noise(c), noise(c)
        running_mean, running_var = torch.randn(c), torch.rand(c) + 0.5
        new_mean, new_var = running_mean.clone(), running_var.clone()
        y = F.batch_norm(x, new_mean, new_var, gamma, beta, training, momentum, eps)
        dy, dx, dgamma, dbeta = grads(y, x, gamma, beta)
        case(
            "batch_norm_training" if training else "batch_norm_evaluation",
            {"rows": [x.numel() // c], "c": [c]},
            {"eps": eps, "momentum": momentum},
            x=nhwc(x), gamma=gamma, beta=beta, running_mean=running_mean, running_var=running_var,
            new_running_mean=new_mean, new_running_var=new_var,
            y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx), dgamma=dgamma, dbeta=dbeta,
        )  # fmt: skip

# Optimizers: several steps in a row from rest; gradients and parameters are [step, element].
def steps(optimizer, param):
    given, after = torch.randn(4, param.numel()), []
    for grad in given:
        param.grad = grad.clone()
        optimizer.step()
        after.append(param.detach().clone())
    return given, torch.stack(after)


for lr, beta1, beta2, eps in [(2e-4, 0.5, 0.999, 1e-8), (1e-2, 0.9, 0.99, 1e-3)]:
    param = noise(5)
    start = param.detach().clone()
    grad, after = steps(torch.optim.Adam([param], lr, (beta1, beta2), eps), param)
    case("adam", numbers={"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps}, param=start, grads=grad, params=after)
for lr, momentum in [(0.1, 0.0), (0.05, 0.9)]:
    param = noise(5)
    start = param.detach().clone()
    grad, after = steps(torch.optim.SGD([param], lr, momentum), param)
    case("sgd", numbers={"lr": lr, "momentum": momentum}, param=start, grads=grad, params=after)

# Group normalisation and its two ends, instance norm (as many groups as channels) and layer norm (one group).
for shape, groups, eps in [
    ((2, 6, 3, 5), 3, 1e-5),
    ((3, 4, 2, 3), 4, 1e-3),
    ((2, 5, 4, 3), 1, 1e-5),
    ((1, 3, 1, 1), 1, 1e-9),
]:
    c = shape[1]
    x, gamma, beta = noise(*shape), noise(c), noise(c)
    y = F.group_norm(x, groups, gamma, beta, eps)
    dy, dx, dgamma, dbeta = grads(y, x, gamma, beta)
    case(
        "group_norm", {"shape": nhwc(x).shape, "groups": [groups]}, {"eps": eps},
        x=nhwc(x), gamma=gamma, beta=beta, y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx), dgamma=dgamma, dbeta=dbeta,
    )  # fmt: skip

# Spectral normalisation: steps of gradient descent in training mode, then an output in evaluation mode. u and v are
# those after each step, "outputs", "gradients" and "weights" have a row for each step.
for shape, c_out, kernel, stride, padding, lr in [
    ((2, 3, 5, 4), 4, (3, 3), 1, 1, 0.05),
    ((1, 2, 4, 4), 1, (2, 2), 2, 0, 0.1),
]:
    conv = torch.nn.Conv2d(shape[1], c_out, kernel, stride, padding)
    layer = torch.nn.utils.spectral_norm(conv)
    x = noise(*shape).detach()
    start = {
        "x": nhwc(x), "weight": ours(layer.weight_orig.detach().clone()), "bias": layer.bias.detach().clone(),
        "u": layer.weight_u.clone(), "v": layer.weight_v.view(shape[1], *kernel).permute(1, 2, 0).clone(),
    }  # fmt: skip
    rows = {name: [] for name in ("outputs", "dys", "gradients", "weights", "us", "vs")}
    for _ in range(4):
        y = layer(x)
        dy, dw = grads(y, layer.weight_orig)
        with torch.no_grad():
            layer.weight_orig -= lr * dw
        state = (nhwc(y), nhwc(dy), ours(dw), ours(layer.weight_orig), layer.weight_u)
        state += (layer.weight_v.view(shape[1], *kernel).permute(1, 2, 0),)
        for name, tensor in zip(rows, state):
            rows[name].append(tensor.detach().clone())
    layer.eval()
    sizes = {"x": nhwc(x).shape, "c_out": [c_out], "kernel": kernel, "stride": [stride], "padding": [padding]}
    rows = {name: torch.stack(tensors) for name, tensors in rows.items()}
    case("spectral_norm", sizes, {"lr": lr}, **start, **rows, evaluation=nhwc(layer(x)))
# Resampling; CUT's Downsample and Upsample as its networks.py has them.
def resampled(op, shape, f, numbers=None, **sizes):
    x = noise(*shape)
    y = f(x)
    dy, dx = grads(y, x)
    sizes |= {"x": nhwc(x).shape, "y": nhwc(y).shape}
    case(op, sizes, numbers, x=nhwc(x), y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx))


def stencil(*row):
    row = torch.tensor(row)
    return (row[:, None] * row[None, :] / row.sum() ** 2)[None, None]


def blur_pool(x):
    c = x.shape[1]
    padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
    return F.conv2d(padded, stencil(1.0, 2.0, 1.0).repeat(c, 1, 1, 1), stride=2, groups=c)


def blur_upsample(x):
    c, padded = x.shape[1], F.pad(x, (1, 1, 1, 1), mode="replicate")
    filt = 4 * stencil(1.0, 3.0, 3.0, 1.0).repeat(c, 1, 1, 1)
    return F.conv_transpose2d(padded, filt, stride=2, padding=2, groups=c)[:, :, 1:-1, 1:-1]


for shape, sides in [((2, 3, 4, 5), (1, 1, 1, 1)), ((1, 2, 3, 4), (2, 0, 3, 1)), ((1, 1, 1, 2), (0, 0, 0, 1))]:
    top, bottom, left, right = sides
    for mode, op in [("reflect", "reflection_pad2d"), ("replicate", "replication_pad2d")]:
        resampled(op, shape, lambda x: F.pad(x, (left, right, top, bottom), mode=mode), sides=sides)
resampled("replication_pad2d", (1, 1, 1, 1), lambda x: F.pad(x, (3, 2, 0, 4), mode="replicate"), sides=[0, 4, 3, 2])
for shape, factor in [((2, 3, 3, 4), 2), ((1, 1, 1, 1), 2), ((1, 2, 2, 3), 3)]:
    resampled("upsample_nearest", shape, lambda x: F.interpolate(x, scale_factor=factor), factor=[factor])
for shape, to in [((2, 3, 3, 4), (6, 8)), ((1, 1, 1, 1), (2, 2)), ((1, 2, 5, 7), (3, 9)), ((1, 1, 3, 4), (1, 4))]:
    for align in (False, True):
        resampled(
            "upsample_bilinear", shape, lambda x: F.interpolate(x, to, mode="bilinear", align_corners=align), to=to,
            align_corners=[int(align)],
        )  # fmt: skip
pooled = [((2, 3, 4, 6), (2, 2), (2, 2)), ((1, 2, 7, 5), (3, 2), (2, 1)), ((1, 1, 1, 1), (1, 1), (1, 1))]
for shape, kernel, stride in pooled:
    resampled("avg_pool2d", shape, lambda x: F.avg_pool2d(x, kernel, stride), kernel=kernel, stride=stride)
for shape in [(2, 3, 4, 6), (1, 2, 5, 3), (1, 1, 2, 7)]:
    resampled("blur_pool2d", shape, blur_pool)
for shape in [(2, 3, 4, 3), (1, 2, 1, 5), (1, 1, 1, 1)]:
    resampled("blur_upsample2d", shape, blur_upsample)
# What came with style transfer. Its noise is drawn here, behind everything else, so that the cases above stay as they
# are.
x = leaf(wide)
y = F.silu(x)
dy, dx = grads(y, x)
case("silu", x=x, y=y, dy=dy, dx=dx)
for delta in (1.0, 0.3):
    x = leaf(near)
    y = F.huber_loss(x, t, reduction="none", delta=delta)
    dy, dx = grads(y, x)
    case("huber", numbers={"delta": delta}, x=x, t=t, y=y, dy=dy, dx=dx)
for n, h, w, c in [(2, 3, 4, 3), (1, 1, 5, 2), (1, 5, 1, 2), (1, 1, 1, 3)]:
    x = noise(n, h, w, c)
    y = torch.zeros(())
    for d in (x.diff(dim=1), x.diff(dim=2)):
        if d.numel() > 0:
            y = y + d.square().sum() / 2 / d.numel()
    dy, dx = grads(y, x) if y.requires_grad else (torch.ones(()), torch.zeros_like(x))
    case("total_variation", {"x": (n, h, w, c)}, y=y, x=x, dy=dy, dx=dx)
for rows, columns in [(1, 1), (3, 5), (2, 17)]:
    x = (noise(rows, columns) * 40).detach().requires_grad_()
    y = F.softmax(x, dim=1)
    dy, dx = grads(y, x)
    case("softmax", {"columns": [columns]}, x=x, y=y, dy=dy, dx=dx)
    target = torch.randint(columns, (rows,))
    y = F.cross_entropy(x, target, reduction="none")
    dy, dx = grads(y, x)
    case("cross_entropy", {"columns": [columns], "t": target.tolist()}, x=x, y=y, dy=dy, dx=dx)
    for eps in (1e-12, 5.0):
        x = noise(rows, columns)
        with torch.no_grad():
            x[0] = 0
        y = F.normalize(x, dim=1, eps=eps)
        dy, dx = grads(y, x)
        case("normalize", {"columns": [columns]}, {"eps": eps}, x=x, y=y, dy=dy, dx=dx)
    x = noise(rows, columns)
    picked = torch.randint(rows, (4,))
    y = x.index_select(0, picked)
    dy, dx = grads(y, x)
    case("gather_rows", {"shape": [rows, columns], "indices": picked.tolist()}, x=x, y=y, dy=dy, dx=dx)
x = noise(5, 3)
matrix, moved = noise(3, 3), noise(3)
y = x @ matrix.T + moved
dy, dx = grads(y, x)
case("mix_colours", x=x, matrix=matrix, shift=moved, y=y, dy=dy, dx=dx)

# Changes of pictures, as DiffAugment has them but for its random numbers, which are given; and columns put together.
for n, h, w in [(2, 3, 4), (3, 5, 2), (1, 1, 1)]:
    factors = torch.stack([torch.rand(n) - 0.5, torch.rand(n) * 2, torch.rand(n) + 0.5], dim=1)
    x = noise(n, 3, h, w)
    b, s, c = (factors[:, i].view(n, 1, 1, 1) for i in range(3))
    y = x + b
    grey = y.mean(dim=1, keepdim=True)
    y = (y - grey) * s + grey
    whole = y.mean(dim=[1, 2, 3], keepdim=True)
    y = (y - whole) * c + whole
    dy, dx = grads(y, x)
    sizes = {"x": nhwc(x).shape}
    case("adjust_colour", sizes, x=nhwc(x), factors=factors, y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx))
    x = noise(n, 2, h, w)
    shifts = torch.stack([torch.randint(-h, h + 1, (n,)), torch.randint(-w, w + 1, (n,))], dim=1)
    picture, row, column = torch.meshgrid(torch.arange(n), torch.arange(h), torch.arange(w), indexing="ij")
    row = torch.clamp(row - shifts[:, 0].view(-1, 1, 1) + 1, 0, h + 1)
    column = torch.clamp(column - shifts[:, 1].view(-1, 1, 1) + 1, 0, w + 1)
    y = F.pad(x, [1, 1, 1, 1]).permute(0, 2, 3, 1)[picture, row, column]
    dy, dx = grads(y, x)
    case("translate", {"x": nhwc(x).shape}, x=nhwc(x), shifts=shifts, y=y, dy=dy, dx=nhwc(dx))
    for side in (1, 2, 3):
        centres = torch.stack([torch.randint(0, size + 1 - side % 2, (n,)) for size in (h, w)], dim=1)
        along = torch.arange(side)
        picture, row, column = torch.meshgrid(torch.arange(n), along, along, indexing="ij")
        row = torch.clamp(row + centres[:, 0].view(-1, 1, 1) - side // 2, 0, h - 1)
        column = torch.clamp(column + centres[:, 1].view(-1, 1, 1) - side // 2, 0, w - 1)
        mask = torch.ones(n, h, w)
        mask[picture, row, column] = 0
        y = x * mask.unsqueeze(1)
        dy, dx = grads(y, x)
        sizes = {"x": nhwc(x).shape, "side": [side]}
        case("cutout", sizes, x=nhwc(x), centres=centres, y=nhwc(y), dy=nhwc(dy), dx=nhwc(dx))
x, y = noise(3, 5), noise(3, 4)
put = y.detach().clone()
put[:, 1:3] = x[:, 2:4]
case("copy_columns", {"columns": [5, 4], "count": [2], "source": [2], "target": [1]}, x=x, y=y, put=put)
# What came with Inception.
for shape, kernel, stride, padding in [((2, 3, 7, 5), (3, 3), (2, 2), (0, 0)), ((1, 2, 4, 6), (3, 3), (1, 1), (1, 1))]:
    sizes = {"kernel": kernel, "stride": stride, "padding": padding}
    resampled("max_pool2d", shape, lambda x: F.max_pool2d(x, kernel, stride, padding), **sizes)
    inside = lambda x: F.avg_pool2d(x, kernel, stride, padding, count_include_pad=False)
    resampled("avg_pool2d_inside", shape, inside, **sizes)

lines = ",\n".join(json.dumps(c) for c in cases)
text = f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n'
(pathlib.Path(__file__).parent / "reference.json").write_text(text)
print(f"{len(cases)} cases, {len(text)} bytes")
