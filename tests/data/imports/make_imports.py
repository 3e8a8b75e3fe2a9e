#!/usr/bin/env python3
"""Writes the files beside it with the tools that write them in practice (torch.save, numpy.savez) and, for the
imatrix, with a writer of its own after the layout in llama.cpp's tools/imatrix. Values are simple functions of
their place, which the tests repeat. Needs torch and numpy:  python3 make_imports.py
"""
import collections
import os
import pickle
import struct

import numpy as np
import torch

HIDDEN, INNER, LAYERS = 8, 12, 2


def sites():
    """(site number, width, consumers) of the tiny Llama that the tests build."""
    for layer in range(LAYERS):
        p = f"model.layers.{layer}."
        yield 4 * layer, HIDDEN, [p + f"self_attn.{n}_proj" for n in "qkv"]
        yield 4 * layer + 1, HIDDEN, [p + "self_attn.o_proj"]
        yield 4 * layer + 2, HIDDEN, [p + "mlp.gate_proj", p + "mlp.up_proj"]
        yield 4 * layer + 3, INNER, [p + "mlp.down_proj"]
    yield 4 * LAYERS, HIDDEN, ["lm_head"]


def scale(site, width):
    return np.array([site + c / 16 + 0.5 for c in range(width)], dtype=np.float32)


def act_scales():
    scales = {name: torch.from_numpy(scale(s, w)) for s, w, names in sites() for name in names}
    torch.save(scales, "act_scales.pt")
    torch.save(scales, "act_scales_legacy.pt", _use_new_zipfile_serialization=False)


def views():
    base = torch.arange(24, dtype=torch.float32)
    state = collections.OrderedDict()
    state["transposed"] = base.reshape(4, 6).t()
    state["slice"] = base[5:9]
    state["step"] = base[1::3]
    state["half"] = (torch.arange(3) / 4).half()
    state["bfloat"] = (torch.arange(3) / 2).bfloat16()
    state["double"] = torch.nn.Parameter(torch.tensor([1.5, -2.5], dtype=torch.float64))
    state["long"] = torch.tensor([1, -2, 3])
    state["bool"] = torch.tensor([True, False])
    state["empty"] = torch.zeros(0, 4)
    state["scalar"] = torch.tensor(2.0)
    whole = {"epoch": 3, "lr": 0.1, "name": "run", "done": False, "none": None, "big": 1 << 70, "state_dict": state}
    torch.save(whole, "views.pt")
    torch.save(whole, "views_legacy.pt", _use_new_zipfile_serialization=False)


class Hostile:
    def __reduce__(self):
        return os.system, ("false",)


def hostile():
    torch.save({"x": Hostile()}, "hostile.pt")
    with open("hostile.pkl", "wb") as f:
        pickle.dump(Hostile(), f, protocol=2)


def activations():
    p = "model.layers.0."
    x = ((np.arange(40) - 20) / 8).reshape(5, HIDDEN).astype(np.float32)
    y = ((np.arange(72) % 13 - 6) / 4).reshape(2, 3, INNER).astype(np.float16)
    arrays = {p + "self_attn.q_proj.input": x, p + "self_attn.k_proj.input": x.astype(np.float64),
              p + "mlp.down_proj.input": y, "token_ids": np.arange(100, 105)}
    np.savez("activations.npz", **arrays)
    np.savez_compressed("activations_packed.npz", **arrays)


LLAMA = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down"}
TOKENS = 1024


def imatrix_entries():
    """(llama.cpp name, tokens by expert, sums of squares [experts, width])"""
    for s, w, names in sites():
        for name in names:
            if name == "lm_head":
                continue
            block, leaf = name.split(".")[2], ".".join(name.split(".")[3:])
            yield f"blk.{block}.{LLAMA[leaf]}.weight", [TOKENS], (scale(s, w) ** 2 * TOKENS)[None].astype(np.float32)
    yield "blk.0.attn_sinks_of_tomorrow.weight", [TOKENS], np.ones((1, 4), np.float32)


def moe_entries():
    """A Mixtral of three experts; the second saw nothing."""
    counts = [96, 0, 32]
    for name, width in (("ffn_gate_exps", HIDDEN), ("ffn_up_exps", HIDDEN), ("ffn_down_exps", INNER)):
        sums = np.array([[count * (e + c / 4 + 1) for c in range(width)] for e, count in enumerate(counts)])
        yield f"blk.0.{name}.weight", counts, sums.astype(np.float32)
    yield "blk.0.ffn_gate_inp.weight", [128], np.full((1, HIDDEN), 256, np.float32)


def gguf_string(text):
    return struct.pack("<Q", len(text)) + text.encode()


def write_gguf(path, entries):
    meta = [gguf_string("general.type") + struct.pack("<i", 8) + gguf_string("imatrix"),
            gguf_string("imatrix.datasets") + struct.pack("<iiQ", 9, 8, 1) + gguf_string("calibration.txt"),
            gguf_string("imatrix.chunk_count") + struct.pack("<iI", 4, 2),
            gguf_string("imatrix.chunk_size") + struct.pack("<iI", 4, 512)]
    tensors, data = [], b""
    for name, counts, sums in entries:
        for suffix, array in ((".in_sum2", sums), (".counts", np.array(counts, np.float32)[:, None])):
            ne = list(reversed(array.shape))
            tensors.append(gguf_string(name + suffix) + struct.pack("<I", len(ne)) +
                           struct.pack(f"<{len(ne)}q", *ne) + struct.pack("<iQ", 0, len(data)))
            data += array.astype("<f4").tobytes()
            data += b"\0" * (-len(data) % 32)
    head = b"GGUF" + struct.pack("<Iqq", 3, len(tensors), len(meta)) + b"".join(meta) + b"".join(tensors)
    with open(path, "wb") as f:
        f.write(head + b"\0" * (-len(head) % 32) + data)


def write_dat(path, entries, chunk=512):
    entries = list(entries)
    out = struct.pack("<i", len(entries))
    for name, counts, sums in entries:
        calls = -(-max(counts) // chunk)
        means = [s / c if c else np.ones_like(s) for s, c in zip(sums, counts)]
        values = (np.concatenate(means) * calls).astype("<f4")
        out += struct.pack("<i", len(name)) + name.encode() + struct.pack("<ii", calls, len(values)) + values.tobytes()
    dataset = b"calibration.txt"
    with open(path, "wb") as f:
        f.write(out + struct.pack("<ii", 2, len(dataset)) + dataset)


if __name__ == "__main__":
    act_scales()
    views()
    hostile()
    activations()
    write_gguf("imatrix.gguf", imatrix_entries())
    write_dat("imatrix.dat", imatrix_entries())
    write_gguf("imatrix_moe.gguf", moe_entries())
    write_dat("imatrix_moe.dat", moe_entries())
