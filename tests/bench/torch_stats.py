"""Row and column statistics with torch, by blocks of 64 rows: the rival that bench_stats is measured against.

Usage: torch_stats.py FILE OUT IN THREADS; prints the seconds of the fastest of three runs.
"""
import sys
import time

import numpy
import torch


def measure(w, out, columns):
    colmax = torch.zeros(columns)
    colmin, colhigh = torch.full((columns,), float("inf")), torch.full((columns,), float("-inf"))
    sums = [torch.zeros(columns, dtype=torch.float64) for _ in range(3)]
    rows = []
    for begin in range(0, out, 64):
        x = w[begin:begin + 64].to(torch.float32)
        a, sq = x.abs(), x * x
        quad = sq * sq
        rows.append((a.amax(1), x.amin(1), x.amax(1), a.argmax(1), x.sum(1), sq.sum(1), quad.sum(1), (x == 0).sum(1)))
        colmax = torch.maximum(colmax, a.amax(0))
        colmin, colhigh = torch.minimum(colmin, x.amin(0)), torch.maximum(colhigh, x.amax(0))
        for total, part in zip(sums, (x, sq, quad)):
            total += part.sum(0)
    return rows, colmax, colmin, colhigh, sums


def main():
    path, out, columns, threads = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    codes = numpy.memmap(path, dtype=numpy.int16, mode="c", shape=(out, columns))
    w = torch.from_numpy(codes).view(torch.bfloat16)
    best = float("inf")
    for _ in range(3):
        begin = time.perf_counter()
        measure(w, out, columns)
        best = min(best, time.perf_counter() - begin)
    print(best)


main()
