"""The exact what-if with torch, by blocks of 512 rows: the rival that bench_preview is measured against.

Weights symmetric per output channel or group, activations int8 per token dynamic; relative Frobenius and
norm-weighted error, output error of weights, activations and both on the token sample.
Usage: torch_whatif.py FILE OUT IN THREADS TOKENS BITS GROUP (0 = per channel); prints the seconds of the
fastest of three runs (of one that takes over 10 s) and the least processor seconds of all threads; nothing when there is no torch.
"""
import sys
import time

try:
    import numpy
    import torch
except ImportError:
    sys.exit(1)


def rounded(x, bits, group):
    shape = x.shape
    parts = x.reshape(shape[0], -1, group) if group else x.unsqueeze(1)
    scale = parts.abs().amax(-1, keepdim=True) / ((2 ** bits - 1) / 2)
    top = 2 ** (bits - 1)
    return (torch.clamp(torch.round(parts / scale), -top, top - 1) * scale).reshape(shape)


def measure(w, x, bits, group):
    qx = rounded(x, 8, 0)
    dx = qx - x
    sums = [0.0] * 6
    columns = torch.zeros(w.shape[1])
    energies = torch.zeros(w.shape[1])
    for begin in range(0, w.shape[0], 512):
        part = w[begin:begin + 512].to(torch.float32)
        q = rounded(part, bits, group)
        d = q - part
        columns += (d * d).sum(0)
        energies += (part * part).sum(0)
        y = x @ part.T
        for i, value in enumerate((y, x @ d.T, dx @ part.T, qx @ q.T - y)):
            sums[i] += float((value * value).sum())
    weighted = float((columns / energies).sum() / (energies > 0).sum())
    return sums, weighted, float(columns.sum() / energies.sum())


def main():
    path = sys.argv[1]
    out, width, threads, tokens, bits, group = map(int, sys.argv[2:8])
    torch.set_num_threads(threads)
    codes = numpy.memmap(path, dtype=numpy.int16, mode="c", shape=(out, width))
    w = torch.from_numpy(codes).view(torch.bfloat16)
    x = torch.randn(tokens, width)
    wall, processor = float("inf"), float("inf")
    with torch.no_grad():
        for run in range(3):
            if run > 0 and wall > 10:
                break
            begin, busy = time.perf_counter(), time.process_time()
            measure(w, x, bits, group)
            wall = min(wall, time.perf_counter() - begin)
            processor = min(processor, time.process_time() - busy)
    print(wall, processor)


main()
