#!/usr/bin/env python3
"""Writes small files of weights as people have them, for the reader of weights (tests/weights/).

    python3 tests/golden/make_weights.py        (PyTorch 2 and safetensors, CPU; rewrites tests/golden/weights/)

All tensors are formulas, so that the tests know them without PyTorch: the element i of a tensor (in row-major order of
the tensor that is saved) is (i % 97 - 48) / 32, which float16 and bfloat16 hold exactly, or i % 97 for integers.

    zip.pth legacy.pth          conv.weight [5, 3, 2, 4], conv.bias [5], norm.num_batches_tracked [] (7)
    protocol_4.pth              the same in pickle protocol 4
    protocol_1_legacy.pth       the same in protocol 1, before 1.6
    big_endian.pth              the same from a machine whose numbers begin with the most significant byte
    types.pth                   one tensor [7] of each type, named for it
    types_legacy.pth            those of them that old files know
    strided.pth strided_legacy.pth
                                transposed [4, 3] of [3, 4]; permuted [4, 2, 3] of [2, 3, 4]; every_other [5] of [10];
                                expanded [6, 2] of [1, 2]; inner [2, 2] of [4, 4] from (1, 1); empty [0, 3]; scalar []
    shared.pth shared_legacy.pth
                                a, b: the same tensor [6]; tail: its last 3
    nested.pth                  {"epoch", "optimizer", "g_ema": …, "generator": …}: weight [2, 3], in "generator" halved
    several.pth                 {"left": {"weight"}, "right": {"weight"}}
    module.pth                  names with "module." before them, Parameters and not tensors
    system.pth system_legacy.pth
                                a state dict with an object that calls os.system
    whole_model.pth             an instance of a class of a program
    safetensors.pth             safetensors under another name: half.weight float16 [3, 2], count int64 [1]
    network.safetensors         layouts end to end: features.0 Conv2d(3, 4, 3), features.1 ConvTranspose2d(4, 2, 3),
                                head Linear(2, 5) over the channels, all with biases;
                                input [1, 3, 5, 6] NCHW, output [1, 5, 6, 5] NHWC, computed in float64
"""

import io
import os
import pathlib
import zipfile

import torch
from safetensors.torch import save_file

FOLDER = pathlib.Path(__file__).parent / "weights"
OLD_TYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]
TYPES = OLD_TYPES + ["uint16", "uint32", "uint64"]


def formula(*shape, dtype="float32"):
    kind = getattr(torch, dtype)
    count = torch.Size(shape).numel()
    numbers = torch.arange(count) % 97
    if kind.is_floating_point:
        numbers = (numbers.double() - 48) / 32
    return numbers.to(kind).reshape(shape)


def save(name, state, legacy=False, protocol=2):
    buffer = io.BytesIO()
    torch.save(state, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=not legacy)
    (FOLDER / name).write_bytes(buffer.getvalue())


def both(name, state):
    save(f"{name}.pth", state)
    save(f"{name}_legacy.pth", state, legacy=True)


def big_endian(name, state):
    """What PyTorch writes on a machine of that kind: the bytes of each number turned round, and a note of it."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    sizes = [tensor.element_size() for tensor in state.values()]
    with zipfile.ZipFile(buffer) as source, zipfile.ZipFile(FOLDER / name, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.endswith("/byteorder"):
                data = b"big"
            if "/data/" in entry.filename:
                size = sizes[int(entry.filename.rsplit("/", 1)[1])]
                data = b"".join(data[i : i + size][::-1] for i in range(0, len(data), size))
            target.writestr(zipfile.ZipInfo(entry.filename), data)


class Thief:
    def __reduce__(self):
        return os.system, ("echo stolen",)


class Generator(torch.nn.Linear):
    pass


def network():
    features = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ConvTranspose2d(4, 2, 3))
    model = torch.nn.ModuleDict({"features": features, "head": torch.nn.Linear(2, 5)}).double()
    state = {name: formula(*tensor.shape).double() for name, tensor in model.state_dict().items()}
    model.load_state_dict(state)
    x = formula(1, 3, 5, 6).double()
    state |= {"input": x, "output": model["head"](model["features"](x).permute(0, 2, 3, 1)).detach()}
    save_file({name: tensor.float().contiguous() for name, tensor in state.items()},
              FOLDER / "network.safetensors")


def main():
    FOLDER.mkdir(exist_ok=True)
    plain = torch.nn.Module().state_dict()
    plain["conv.weight"] = formula(5, 3, 2, 4)
    plain["conv.bias"] = formula(5)
    plain["norm.num_batches_tracked"] = torch.tensor(7)
    save("zip.pth", plain)
    save("legacy.pth", plain, legacy=True)
    save("protocol_4.pth", plain, protocol=4)
    save("protocol_1_legacy.pth", plain, legacy=True, protocol=1)
    big_endian("big_endian.pth", plain)

    save("types.pth", {name: formula(7, dtype=name) for name in TYPES})
    save("types_legacy.pth", {name: formula(7, dtype=name) for name in OLD_TYPES}, legacy=True)
    both("strided", {
        "transposed": formula(3, 4).t(),
        "permuted": formula(2, 3, 4).permute(2, 0, 1),
        "every_other": formula(10)[::2],
        "expanded": formula(1, 2).expand(6, 2),
        "inner": formula(4, 4)[1:3, 1:3],
        "empty": formula(0, 3),
        "scalar": torch.tensor(0.5),
    })
    six = formula(6)
    both("shared", {"a": six, "b": six, "tail": six[3:]})

    weight = formula(2, 3)
    optimizer = {"state": {0: {"exp_avg": formula(2, 3)}}, "param_groups": [{"lr": 1e-4, "params": [0]}]}
    save("nested.pth", {"epoch": 3, "optimizer": optimizer, "generator": {"weight": weight / 2},
                        "g_ema": {"weight": weight}, "device": torch.device("cpu"), "size": torch.Size([1, 2])})
    save("several.pth", {"left": {"weight": weight}, "right": {"weight": weight}})
    save("module.pth", {"module.weight": torch.nn.Parameter(weight), "module.bias": torch.nn.Parameter(formula(2))})
    both("system", {"weight": weight, "thief": Thief()})
    save("whole_model.pth", Generator(2, 2))
    save_file({"half.weight": formula(3, 2, dtype="float16"), "count": torch.tensor([7])}, FOLDER / "safetensors.pth")
    network()


if __name__ == "__main__":
    main()
