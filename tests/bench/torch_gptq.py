"""GPTQ as its paper and published code have it, with torch: the rival that bench_gptq is measured against.

4 bits symmetric in groups of 128, blocks of 128, damping 0.01. The Hessian is made before the clock starts.
Usage: torch_gptq.py FILE SIZE THREADS; prints the seconds of the faster of two runs (of one that takes over 30 s)
and the least processor seconds of all threads; nothing when there is no torch. Debian's OpenBLAS takes an SSE3
kernel for some CPUs: the environment asks for the right one first.
"""
import os
import sys
import time

with open("/proc/cpuinfo", encoding="utf-8") as info:
    flags = info.read()
os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX" if "avx512f" in flags else "Haswell")

try:
    import numpy
    import torch
except ImportError:
    sys.exit(1)

GROUP, BLOCK = 128, 128


def parameters(w):
    low = torch.minimum(w.min(1)[0], torch.zeros(w.shape[0]))
    high = torch.maximum(w.max(1)[0], torch.zeros(w.shape[0]))
    high = torch.maximum(low.abs(), high)
    low = torch.where(low < 0, -high, low)
    empty = (low == 0) & (high == 0)
    low[empty], high[empty] = -1, 1
    return ((high - low) / 15).unsqueeze(1)


def quantize(w, h):
    w, h = w.clone(), h.clone()
    columns = w.shape[1]
    dead = torch.diag(h) == 0
    h[dead, dead] = 1
    w[:, dead] = 0
    every = torch.arange(columns)
    h[every, every] += 0.01 * torch.mean(torch.diag(h))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(h))
    upper = torch.linalg.cholesky(inverse, upper=True)
    result = torch.zeros_like(w)
    for begin in range(0, columns, BLOCK):
        end = min(begin + BLOCK, columns)
        block = w[:, begin:end].clone()
        errors = torch.zeros_like(block)
        part = upper[begin:end, begin:end]
        for i in range(end - begin):
            column = block[:, i]
            if (begin + i) % GROUP == 0:
                scale = parameters(w[:, begin + i:begin + i + GROUP])
            q = (scale * (torch.clamp(torch.round(column.unsqueeze(1) / scale) + 8, 0, 15) - 8)).flatten()
            result[:, begin + i] = q
            error = (column - q) / part[i, i]
            block[:, i:] -= error.unsqueeze(1).matmul(part[i, i:].unsqueeze(0))
            errors[:, i] = error
        w[:, end:] -= errors.matmul(upper[begin:end, end:])
    return result


def main():
    path, size, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(threads)
    codes = numpy.memmap(path, dtype=numpy.int16, mode="c", shape=(size, size))
    w = torch.from_numpy(codes).view(torch.bfloat16).to(torch.float32)
    x = torch.randn(2 * size, size)
    h = x.T @ x / 2
    wall, processor = float("inf"), float("inf")
    with torch.no_grad():
        for run in range(2):
            if run > 0 and wall > 30:
                break
            begin, busy = time.perf_counter(), time.process_time()
            quantize(w, h)
            wall = min(wall, time.perf_counter() - begin)
            processor = min(processor, time.process_time() - busy)
    print(wall, processor)


main()
