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

lines = ",\n".join(json.dumps(c) for c in cases)
text = f'{{"torch": "{torch.__version__}", "cases": [\n{lines}\n]}}\n'
(pathlib.Path(__file__).parent / "reference.json").write_text(text)
print(f"{len(cases)} cases, {len(text)} bytes")
