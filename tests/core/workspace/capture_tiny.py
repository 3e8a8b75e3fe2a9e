"""Runs the capture script on a tiny module and saves what its linears read, for tst_capture.cpp.
Usage: capture_tiny.py FOLDER_OF_THE_SCRIPT OUTPUT_FOLDER"""
import os
import sys

import numpy as np
import torch

sys.path.insert(0, sys.argv[1])
import quantloupe_capture  # noqa: E402


class Tree(torch.nn.Module):
    """Modules by dotted names, as a checkpoint has them."""

    def __init__(self, linears):
        super().__init__()
        self.embed = torch.nn.Embedding(40, 8)
        self.byName = {}
        for name, (inner, outer) in linears.items():
            place = self
            for part in name.split(".")[:-1]:
                if part not in place._modules:
                    place.add_module(part, torch.nn.Module())
                place = place._modules[part]
            self.byName[name] = torch.nn.Linear(inner, outer)
            place.add_module(name.split(".")[-1], self.byName[name])

    def forward(self, input_ids):
        p = "model.layers.0."
        x = self.embed(input_ids)
        q, k, v = (self.byName[p + f"self_attn.{n}_proj"](x) for n in "qkv")
        x = self.byName[p + "self_attn.o_proj"](torch.tanh(q) * k + v)
        return self.byName[p + "mlp.down_proj"](torch.cat([x, x[..., :4]], -1))


torch.manual_seed(3)
p = "model.layers.0."
shapes = {p + f"self_attn.{n}_proj": (8, 8) for n in "qkvo"}
shapes[p + "mlp.down_proj"] = (12, 8)
model = Tree(shapes)
with torch.no_grad():
    model.embed.weight[7, 2] = float("nan")  # token 7 is left out everywhere
    seen = {name: [] for name in shapes}
    for name, module in model.byName.items():
        module.register_forward_pre_hook(lambda m, args, name=name: seen[name].append(args[0].numpy().copy()))
    batches = [torch.arange(20).reshape(2, 10) % 6, torch.arange(20).reshape(2, 10) + 8, torch.full((1, 10), 7)]
    with quantloupe_capture.Capture(model, os.path.join(sys.argv[2], "S.h5"), sample=64, sketch=5, seed=9,
                                    moments=True):
        model(batches[0])
        model(input_ids=batches[1])
        model(batches[2])
    assert "forward" not in vars(model), "the model is left as it was"
np.savez(os.path.join(sys.argv[2], "activations.npz"), token_ids=torch.cat(batches).numpy(),
         **{name + ".input": np.concatenate(parts) for name, parts in seen.items()})
