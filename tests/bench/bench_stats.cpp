// Statistics of one 70B-shaped matrix against the speed at which two threads can read it.
#include "core/base/error.h"
#include "core/stats/matrix_view.h"
#include "core/stats/weight_stats.h"
#include "machine.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace ql;
using bench::BenchMatrix;

struct Options {
  std::filesystem::path file = std::filesystem::temp_directory_path() / "quantloupe-bench.bin";
  std::int64_t out = 8192, in = 28672;
  int threads = 2, runs = 3;
  bool withTorch = true;
};

struct Bench {
  const Options& options;
  const BenchMatrix& matrix;
  JobContext job;
  bench::Timing floor;

  void print(const char* what, const bench::Timing& t) const {
    std::printf("%-48s %8.1f ms %6.2f GB/s  %.2f of the floor; processor time %8.1f ms, %.2f of the floor\n",
                what, t.wall * 1e3, static_cast<double>(matrix.sizeBytes()) / t.wall / 1e9,
                floor.wall / t.wall, t.cpu * 1e3, floor.cpu / t.cpu);
    std::fflush(stdout);
  }
};

bench::Timing rowAndColumn(Bench& bench) {
  WeightStatsOptions options;
  options.withHistogram = options.withPyramid = false;
  options.topCount = 0;
  return bench::fastest(bench.options.runs,
                        [&] { measureWeights(bench.matrix, bench.matrix.matrix(), options, bench.job); });
}

void views(Bench& bench, const TilePyramid& pyramid, bool withMatrix) {
  const MatrixRef& m = bench.matrix.matrix();
  for (const double pixel : {0.1, 1.0, 7.5, 9.0, 20.0}) {
    std::vector<double> times;
    for (int shift = 0; shift < 20; ++shift) {
      const double top = static_cast<double>(shift * 37), left = static_cast<double>(shift * 53);
      const MatrixViewport viewport{top, top + 1000 * pixel, left, left + 1600 * pixel, 1600, 1000};
      times.push_back(bench::fastest(1, [&] {
                        resampleMatrix(withMatrix ? &bench.matrix : nullptr, m, &pyramid, viewport,
                                       PoolKind::Max, bench.job);
                      }).wall);
    }
    std::printf("view of 1600 x 1000, %4.1f elements a pixel %-10s p95 %.1f ms\n", pixel,
                withMatrix ? "" : "(no matrix)", bench::quantile(times, 0.95) * 1e3);
  }
}

void torch(Bench& bench, double seconds) {
  const std::string command = "/usr/bin/python3 " QL_BENCH_DIR "/torch_stats.py '" +
                              bench.options.file.string() + "' " + std::to_string(bench.options.out) + " " +
                              std::to_string(bench.options.in) + " " + std::to_string(bench.options.threads) +
                              " 2>/dev/null";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  double rival = 0;
  const bool isThere = pipe != nullptr && std::fscanf(pipe, "%lf", &rival) == 1;
  if (pipe != nullptr) ::pclose(pipe);
  if (!isThere) {
    std::puts("torch: not importable by /usr/bin/python3, skipped (apt-get install python3-torch)");
    return;
  }
  std::printf("torch, rows and columns by 64-row blocks: %.1f ms; faster by a factor of %.1f\n", rival * 1e3,
              rival / seconds);
}

void run(const Options& options) {
  const BenchMatrix matrix(options.file, options.out, options.in);
  Bench bench{options, matrix, JobContext(options.threads),
              bench::readFloor(matrix, options.threads, options.runs)};
  bench.print("read bandwidth floor", bench.floor);
  const bench::Timing rows = rowAndColumn(bench);
  bench.print("row and column statistics", rows);
  WeightStats stats;
  bench.print("full statistics (histogram, quantiles, pyramid)", bench::fastest(options.runs, [&] {
                stats = measureWeights(matrix, matrix.matrix(), {}, bench.job);
              }));
  TilePyramid pyramid;
  bench.print("pyramid for pictures, finest tile 8", bench::fastest(options.runs, [&] {
                pyramid = buildPyramid(matrix, matrix.matrix(), 8, bench.job);
              }));
  bench.print("floor again, afterwards", bench::readFloor(matrix, options.threads, options.runs));
  views(bench, pyramid, true);
  views(bench, stats.pyramid, false);
  if (options.withTorch) torch(bench, rows.wall);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string key = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (key == "--no-torch") {
      options.withTorch = false;
    } else if (value == nullptr) {
      std::puts("bench_stats [--file F] [--out N] [--in N] [--threads N] [--runs N] [--no-torch]");
      return 2;
    } else {
      ++i;
      if (key == "--file") options.file = value;
      if (key == "--out") options.out = std::atoll(value);
      if (key == "--in") options.in = std::atoll(value);
      if (key == "--threads") options.threads = std::atoi(value);
      if (key == "--runs") options.runs = std::atoi(value);
    }
  }
  try {
    run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_stats: %s\n", error.what());
    return 2;
  }
  return 0;
}
