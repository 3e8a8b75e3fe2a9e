#!/usr/bin/env python3
"""Capture activation statistics of a Hugging Face or plain PyTorch model for QuantLoupe.

    from quantloupe_capture import Capture
    with Capture(model, "S.h5") as capture:
        model(input_ids)            # as often as you like; each row of a batch is one window of text, no padding

or, with transformers installed:   python quantloupe_capture.py MODEL_FOLDER TEXT.txt -o S.h5 --tokens 16384

S.h5 then opens in QuantLoupe beside the model's checkpoint. Needs torch (1.13 or newer) and h5py only. Every
torch.nn.Linear and every Conv1D of transformers is hooked on whatever device it runs; linears that read the same
tensor share one entry. Run whole windows, not generate(): each call begins new windows at position 0. Nothing but statistics leaves the device: extremes, sums and a sketch by channel, and a
reservoir of whole tokens.
"""
import argparse
import functools
import os
import random

import h5py
import numpy as np
import torch

FORMAT, VERSION, PANEL = "quantloupe-statistics", 1, 384
QUANTILES = (0, .01, .05, .25, .5, .75, .95, .99, .999, 1)
ROWS_AT_ONCE = 1024  # tokens in double precision at a time


def is_linear(module):
    """torch.nn.Linear and its heirs, and transformers' Conv1D (weight [in, out], attribute nf) by its looks."""
    if isinstance(module, torch.nn.Linear):
        return True
    weight = getattr(module, "weight", None)
    return type(module).__name__ == "Conv1D" and hasattr(module, "nf") and weight is not None and weight.dim() == 2


class Sums:
    """Extremes and sums by channel of the tokens of one kind (at position 0 of a window, or later)."""

    NAMES = ("sum", "sum_abs", "sum_sq", "sum_cube", "sum_quad")

    def __init__(self, width, device):
        self.tokens = 0
        self.low = torch.full((width,), float("inf"), device=device)
        self.high = torch.full((width,), float("-inf"), device=device)
        # Apple's GPUs have no float64
        kind = torch.float32 if device.type == "mps" else torch.float64
        self.sums = {name: torch.zeros(width, dtype=kind, device=device) for name in self.NAMES}

    def add(self, x):
        """x: finite float32 [tokens, width]."""
        if x.shape[0] == 0:
            return
        self.tokens += x.shape[0]
        self.low = torch.minimum(self.low, x.min(0).values)
        self.high = torch.maximum(self.high, x.max(0).values)
        for begin in range(0, x.shape[0], ROWS_AT_ONCE):
            wide = x[begin:begin + ROWS_AT_ONCE].to(self.sums["sum"].dtype)
            square = wide * wide
            self.sums["sum"] += wide.sum(0)
            self.sums["sum_abs"] += wide.abs().sum(0)
            self.sums["sum_sq"] += square.sum(0)
            self.sums["sum_cube"] += (square * wide).sum(0)
            self.sums["sum_quad"] += (square * square).sum(0)

    def result(self):
        """Numpy arrays by the names of the statistics file; of no tokens: nothing."""
        if self.tokens == 0:
            return {}
        low, high = self.low.cpu().numpy(), self.high.cpu().numpy()
        values = {"min": low, "max": high, "absmax": np.maximum(np.abs(low), np.abs(high))}
        for name, total in self.sums.items():
            values[name] = total.double().cpu().numpy() if total.device.type != "mps" else \
                total.cpu().numpy().astype(np.float64)
        return values


def merged(a, b):
    """Both kinds together."""
    if not a or not b:
        return a or b
    both = {name: a[name] + b[name] for name in Sums.NAMES}
    both["min"], both["max"] = np.minimum(a["min"], b["min"]), np.maximum(a["max"], b["max"])
    both["absmax"] = np.maximum(a["absmax"], b["absmax"])
    return both


class Reservoir:
    """The first token of the first window, then a uniform sample of the others (algorithm R)."""

    def __init__(self, capacity, seed):
        self.capacity, self.offered, self.tokens, self.first = max(0, capacity - 1), 0, [], None
        self.hasRoom = capacity > 0
        self.random = random.Random(seed)

    def add(self, x, ids, positions, windows):
        """Rows of x [tokens, width] on the device; the three lists name them. Only chosen rows are copied."""
        chosen = {}
        for row in range(len(ids)):
            if self.hasRoom and self.first is None and positions[row] == 0:
                chosen["first"] = row
                self.first = True
                continue
            self.offered += 1
            slot = len(self.tokens) if len(self.tokens) < self.capacity else self.random.randrange(self.offered)
            if slot < self.capacity:
                if slot == len(self.tokens):
                    self.tokens.append(None)
                chosen[slot] = row
        if not chosen:
            return
        rows = x[list(chosen.values())].cpu().numpy()
        for i, (slot, row) in enumerate(chosen.items()):
            token = (windows[row], positions[row], ids[row], rows[i])
            if slot == "first":
                self.first = token
            else:
                self.tokens[slot] = token

    def result(self):
        tokens = self.tokens + ([self.first] if self.first is not None else [])
        return sorted(tokens, key=lambda token: token[:2])


class Input:
    """Statistics of the input of one or more linears."""

    def __init__(self, width, device, options):
        self.width, self.device, self.options = width, device, options
        self.first, self.later = Sums(width, device), Sums(width, device)
        self.reservoir = Reservoir(options["sample"], options["seed"])
        self.tokenMax = []
        self.sketch = torch.zeros(width, options["sketch"], device=device)
        self.moment = torch.zeros(width, width, device=device) if options["moments"] else None
        # On the CPU, so that a seed means the same signs on every device
        self.signs = torch.Generator().manual_seed(options["seed"])
        self.skipped = self.nans = self.infs = 0

    def add(self, x, ids, positions, windows):
        """x [tokens, width]; the lists name its rows. Tokens with a NaN or an infinity are counted and left out."""
        x = x.detach().to(torch.float32)
        good = torch.isfinite(x).all(1)
        if not bool(good.all()):
            bad = x[~good]
            self.skipped += bad.shape[0]
            self.nans += int(torch.isnan(bad).sum())
            self.infs += int(torch.isinf(bad).sum())
            keep = good.cpu().tolist()
            x = x[good]
            ids, positions, windows = ([v for v, k in zip(values, keep) if k] for values in (ids, positions, windows))
        if x.shape[0] == 0:
            return
        isFirst = torch.tensor([p == 0 for p in positions], device=x.device)
        self.first.add(x[isFirst])
        self.later.add(x[~isFirst])
        self.tokenMax.append(x.abs().max(1).values.cpu())
        self.reservoir.add(x, ids, positions, windows)
        k = self.options["sketch"]
        if k > 0:
            signs = torch.randint(0, 2, (x.shape[0], k), generator=self.signs).to(torch.float32) * 2 - 1
            self.sketch += x.t() @ signs.to(x.device)
        if self.moment is not None:
            self.moment += x.t() @ x

    @property
    def tokens(self):
        return self.first.tokens + self.later.tokens


class Capture:
    """Hooks a model; on leaving the `with` block writes the statistics file.

    sample: tokens kept whole an input; sketch: columns of the sketch of X^T X; moments: X^T X itself (width^2 floats
    an input, on the device); names: a function (name, module) -> bool that chooses linears. Token ids are taken
    from the model's `input_ids` where it has them.
    """

    def __init__(self, model, path, sample=256, sketch=32, seed=0, moments=False, names=None):
        self.model, self.path = model, os.fspath(path)
        self.options = {"sample": sample, "sketch": sketch, "seed": seed, "moments": moments}
        self.inputs, self.owners, self.handles = {}, {}, []
        self.windows, self.ids, self.shape, self.last = 0, None, None, (None, None, None)
        self.linears = {name or "linear": module for name, module in model.named_modules()
                        if is_linear(module) and (names is None or names(name, module))}
        if not self.linears:
            raise ValueError("the model has no torch.nn.Linear (and no Conv1D) to capture")

    def __enter__(self):
        # Not a hook: torch 1.13 keeps keyword arguments from hooks, and models are called with input_ids=...
        self.hadForward, self.forward = "forward" in vars(self.model), self.model.forward

        @functools.wraps(self.forward)
        def forward(*args, **kwargs):
            self._begin(args, kwargs)
            return self.forward(*args, **kwargs)

        self.model.forward = forward
        for name, module in self.linears.items():
            self.handles.append(module.register_forward_pre_hook(lambda m, args, name=name: self._see(name, args)))
        return self

    def __exit__(self, kind, error, trace):
        for handle in self.handles:
            handle.remove()
        self.handles, self.last = [], (None, None, None)
        if self.hadForward:
            self.model.forward = self.forward
        else:
            del self.model.forward
        if kind is None:
            self.write()

    def _begin(self, args, kwargs):
        """A forward pass begins: which tokens its rows are."""
        if self.shape is not None:
            self.windows += self.shape[0]
        ids = kwargs.get("input_ids")
        if ids is None:
            ids = next((a for a in args if torch.is_tensor(a) and not torch.is_floating_point(a) and a.dim() == 2),
                       None)
        self.ids = None if ids is None else ids.detach().cpu()
        first = ids if ids is not None else next((a for a in list(args) + list(kwargs.values())
                                                  if torch.is_tensor(a)), None)
        self.shape = None if first is None else _rows_of(first, ids is not None)
        self.last = (None, None, None)

    def _see(self, name, args):
        x = args[0] if args else None
        if not torch.is_tensor(x) or x.dim() < 1 or x.shape[-1] == 0:
            return
        seen, version, owner = self.last
        isSame = seen is x and version == _version(x)
        shared = self.inputs.get(name)
        if isSame and (shared is None or shared is self.inputs[owner]):
            self.inputs[name] = self.inputs[owner]  # q, k and v, or gate and up: the first one has counted it
            return
        if shared is not None and self.owners[id(shared)] != name:
            raise RuntimeError(f"{name} read the input of {self.owners[id(shared)]} at first and another one now; "
                               "leave one of them out with names=lambda name, module: ...")
        if shared is None:
            shared = self.inputs[name] = Input(x.shape[-1], x.device, self.options)
            self.owners[id(shared)] = name
        self.last = (x, _version(x), name)
        flat = x.detach().reshape(-1, x.shape[-1])
        shared.add(flat, *self._rows(flat.shape[0], x))

    def _rows(self, count, x):
        """Ids, positions and windows of the rows. Rows that are not all tokens of the batch, in order (an expert's),
        count as later tokens of an unknown place."""
        if self.shape is not None and self.shape[0] * self.shape[1] == count and x.dim() >= 2:
            batch, length = self.shape
            ids = [-1] * count if self.ids is None else self.ids.reshape(-1).tolist()
            return ids, [i % length for i in range(count)], [self.windows + i // length for i in range(count)]
        return [-1] * count, [1] * count, [self.windows] * count

    def write(self):
        """Writes what was seen so far; the file appears whole or not at all."""
        entries = {}
        for name, entry in self.inputs.items():
            if entry.tokens > 0:
                entries.setdefault(id(entry), (name, entry))
        if not entries:
            raise ValueError("the model ran no hooked linear inside the `with` block, so there is nothing to write")
        temporary = self.path + ".tmp"
        with h5py.File(temporary, "w") as file:
            for key, value in (("format", FORMAT), ("model", _model_name(self.model)), ("fingerprint", ""),
                               ("tool_version", "quantloupe_capture 1, torch " + torch.__version__)):
                put_text(file, key, value)
            put_int(file, "version", VERSION)
            sites = file.create_group("sites")
            for name, entry in sorted(entries.values(), key=lambda pair: pair[0]):
                write_input(sites.create_group(name.replace("%", "%25").replace("/", "%2F")), entry)
        os.replace(temporary, self.path)


def _version(x):
    """Changes when the tensor is written to; inference tensors keep no count."""
    return None if x.is_inference() else x._version


def _rows_of(tensor, areIds):
    """Windows and tokens a window of the model's first argument: [windows, tokens(, channels)] or [tokens, channels]."""
    if areIds or tensor.dim() == 3:
        return tensor.shape[0], tensor.shape[1]
    return (1, tensor.shape[0]) if tensor.dim() == 2 else None


def _model_name(model):
    name = getattr(getattr(model, "config", None), "_name_or_path", "") or type(model).__name__
    return os.path.basename(os.path.normpath(name))


def put_text(place, name, text):
    """A fixed string, padded with zeros: the only texts QuantLoupe reads."""
    data = text.encode()
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(max(1, len(data)))
    kind.set_strpad(h5py.h5t.STR_NULLPAD)
    kind.set_cset(h5py.h5t.CSET_UTF8)
    attribute = h5py.h5a.create(place.id, name.encode(), kind, h5py.h5s.create(h5py.h5s.SCALAR))
    attribute.write(np.array(data, dtype=f"S{max(1, len(data))}"), mtype=kind)


def put_int(place, name, value):
    place.attrs.create(name, int(value), dtype="<i8")


def put_array(group, name, values, unit, axes):
    """Contiguous, without filters."""
    values = np.ascontiguousarray(values)
    data = group.create_dataset(name, data=values, dtype=values.dtype.newbyteorder("<"))
    if unit:
        put_text(data, "unit", unit)
    for i, axis in enumerate(axes):
        put_text(data, f"axis_{i}", axis)


def put_moments(group, values, tokens):
    put_int(group, "tokens_seen", tokens)
    for name, array in values.items():
        power = {"sum_sq": "^2", "sum_cube": "^3", "sum_quad": "^4"}.get(name, "")
        put_array(group, name, array, "activation" + power, ["input channel"])


def put_sample(group, entry):
    tokens = entry.reservoir.result()
    if not tokens:
        return
    put_int(group, "sample_seed", entry.options["seed"])
    values = np.stack([token[3] for token in tokens]).astype(np.float32)
    put_array(group, "token_sample", values, "activation", ["token", "input channel"])
    for name, place in (("token_windows", 0), ("token_positions", 1), ("token_ids", 2)):
        put_array(group, name, np.array([token[place] for token in tokens], dtype=np.int32), "", ["token"])
    middle = (len(tokens) - 1) // 2
    put_array(group, "median_abs", np.sort(np.abs(values), axis=0)[middle], "activation", ["input channel"])


def write_input(site, entry):
    """The group /sites/<name>/input."""
    group = site.create_group("input")
    put_text(group, "origin", "capture")
    put_int(group, "width", entry.width)
    first, later = entry.first.result(), entry.later.result()
    put_moments(group, merged(first, later), entry.tokens)
    put_moments(group.create_group("first_token"), first, entry.first.tokens)
    if later:
        put_array(group, "later_absmax", later["absmax"], "activation", ["input channel"])
    tokenMax = np.sort(torch.cat(entry.tokenMax).numpy())
    put_array(group, "token_absmax_quantiles", tokenMax[[int(q * (len(tokenMax) - 1)) for q in QUANTILES]],
              "activation", ["quantile"])
    put_sample(group, entry)
    if entry.options["sketch"] > 0:
        put_int(group, "sketch_seed", entry.options["seed"])
        put_array(group, "sketch", (entry.sketch / entry.tokens ** 0.5).cpu().numpy(), "activation",
                  ["input channel", "column of signs"])
    if entry.moment is not None:
        put_int(group, "second_moment_tokens", entry.tokens)
        moment = entry.moment.cpu().numpy()
        panels = [moment[i:i + PANEL, i:].reshape(-1) for i in range(0, entry.width, PANEL)]
        put_array(group, "second_moment", np.concatenate(panels), "activation^2",
                  ["element of the upper triangle in panels of 384 rows"])
    if entry.skipped > 0:
        for name, count in (("act_skipped_tokens", entry.skipped), ("act_nans", entry.nans), ("act_infs", entry.infs)):
            put_int(group, name, count)
        print(f"{site.name}: {entry.skipped} tokens with {entry.nans} NaN and {entry.infs} infinite values left out")


def main():
    parser = argparse.ArgumentParser(description="Captures activation statistics of a Hugging Face model.")
    parser.add_argument("model", help="model folder or name")
    parser.add_argument("text", help="text file to run")
    parser.add_argument("-o", "--output", default="S.h5", help="statistics file to write")
    parser.add_argument("--tokens", type=int, default=16384, help="tokens to run (default 16384)")
    parser.add_argument("--context", type=int, default=2048, help="tokens a window (default 2048)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--moments", action="store_true", help="keep X^T X of every input (much memory)")
    options = parser.parse_args()
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        parser.error("this needs transformers (pip install transformers); or use Capture in your own script")
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, torch_dtype="auto").to(options.device).eval()
    with open(options.text, encoding="utf-8") as file:
        ids = tokenizer(file.read(), return_tensors="pt").input_ids[0][:options.tokens]
    windows = [w for w in ids.split(options.context) if len(w) == options.context] or [ids]
    with torch.no_grad(), Capture(model, options.output, moments=options.moments):
        for number, window in enumerate(windows):
            print(f"window {number + 1} of {len(windows)}", flush=True)
            model(window[None].to(options.device))


if __name__ == "__main__":
    main()
