// BiLLM of one matrix: its two searches from sorted rows and prefix sums against what sweeps over the block
// for every candidate take in the same run on the same threads, and the whole method with compensation.
#include "core/base/error.h"
#include "core/jobs/parallel_for.h"
#include "core/quant/billm_quantizer.h"
#include "core/quant/billm_search.h"
#include "machine.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace ql;
using bench::BenchMatrix;

struct Options {
  std::filesystem::path file = std::filesystem::temp_directory_path() / "quantloupe-bench-billm.bin";
  std::int64_t out = 4096, in = 4096, block = 128;
  int threads = 2, runs = 3;
};

/// 49 counts with order 2 on both sides and 81 thresholds with order 1 on two and order 2 on one, as written:
/// a pass over the block is mean, distance and residual. In float32 over rows that stay in the first-level
/// cache, which flatters the sweeps: torch goes through memory for every operation.
struct Sweeps {
  static constexpr int kCounts = 49, kThresholds = 81;
  std::span<const float> z;
  std::size_t columns;

  /// Squared residual of `order` binarizations of the weights whose `mask` is 1.
  static float error(const float* values, const float* mask, std::size_t n, int order, float* rest) {
    float count = 0;
    for (std::size_t j = 0; j < n; ++j) {
      rest[j] = values[j] * mask[j];
      count += mask[j];
    }
    const float share = count > 0 ? 1 / count : 0;
    for (int o = 0; o < order; ++o) {
      float sum = 0, distance = 0;
      for (std::size_t j = 0; j < n; ++j) sum += rest[j] * mask[j];
      const float mean = sum * share;
      for (std::size_t j = 0; j < n; ++j) distance += std::abs(rest[j] - mean) * mask[j];
      const float scale = distance * share;
      for (std::size_t j = 0; j < n; ++j) rest[j] -= (rest[j] < mean ? mean - scale : mean + scale) * mask[j];
    }
    float squares = 0;
    for (std::size_t j = 0; j < n; ++j) squares += rest[j] * rest[j] * mask[j];
    return squares;
  }

  double row(std::size_t row, std::vector<float>& scratch) const {
    const float* const values = z.data() + row * columns;
    scratch.assign(4 * columns, 0.0f);
    float *rest = scratch.data(), *first = rest + columns, *second = first + columns,
          *third = second + columns;
    double total = 0;
    for (int k = 1; k <= kCounts; ++k) {
      for (std::size_t j = 0; j < columns; ++j) {
        first[j] = j < static_cast<std::size_t>(k) ? 1.0f : 0.0f;
        second[j] = 1 - first[j];
      }
      total += static_cast<double>(error(values, first, columns, 2, rest) +
                                   error(values, second, columns, 2, rest));
    }
    for (int t = 0; t < kThresholds; ++t) {
      const float threshold = 0.002f * static_cast<float>(t);
      for (std::size_t j = 0; j < columns; ++j) {
        third[j] = j < 10 ? 1.0f : 0.0f;
        first[j] = std::abs(values[j]) < threshold ? 1 - third[j] : 0.0f;
        second[j] = 1 - third[j] - first[j];
      }
      total += static_cast<double>(error(values, first, columns, 1, rest) +
                                   error(values, second, columns, 1, rest) +
                                   error(values, third, columns, 2, rest));
    }
    return total;
  }
};

/// Standard normal tokens: what the factor is made of does not matter to the time.
ActivationStats statsOf(std::int64_t width, JobContext& job) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<std::size_t>(512 * width));
  for (float& value : x) value = normal(random);
  auto moment = std::make_shared<SecondMoment>(width);
  moment->add(x, 512, job);
  ActivationStats stats;
  stats.width = width;
  stats.secondMoment = std::move(moment);
  return stats;
}

std::vector<float> columnsOf(const BenchMatrix& matrix, std::int64_t count) {
  const MatrixRef& ref = matrix.matrix();
  std::vector<float> row(static_cast<std::size_t>(ref.in)), block;
  for (std::int64_t r = 0; r < ref.out; ++r) {
    matrix.readRows(ref, r, r + 1, row);
    block.insert(block.end(), row.begin(), row.begin() + count);
  }
  return block;
}

void runSearches(const Options& options, const BenchMatrix& matrix) {
  const std::int64_t columns = std::min(options.block, options.in);
  const std::vector<float> block = columnsOf(matrix, columns);
  const BillmTarget target{block, static_cast<std::size_t>(columns)};
  JobContext job(options.threads);
  BillmSplit split;
  const bench::Timing sorted =
      bench::fastest(options.runs, [&] { split = billmSearch(target, billmScores(target, job), 2, job); });
  std::vector<double> sums(target.rows());
  const Sweeps sweeps{block, static_cast<std::size_t>(columns)};
  const bench::Timing swept = bench::fastest(1, [&] {
    parallelFor(job, static_cast<std::int64_t>((target.rows() + 63) / 64), [&](std::int64_t tile) {
      std::vector<float> scratch;
      const std::size_t begin = static_cast<std::size_t>(tile) * 64;
      for (std::size_t r = begin; r < std::min(target.rows(), begin + 64); ++r)
        sums[r] = sweeps.row(r, scratch);
    });
  });
  double check = 0;
  for (const double sum : sums) check += sum;
  std::printf(
      "one block of %lld: sorted %.1f ms (%.1f of processor time), sweeps %.1f ms: %.1f times as long (%.1f "
      "in "
      "processor time)   %zu salient (%g)\n",
      static_cast<long long>(columns), sorted.wall * 1e3, sorted.cpu * 1e3, swept.wall * 1e3,
      swept.wall / sorted.wall, swept.cpu / sorted.cpu, split.salient.size(), check);
  std::fflush(stdout);
}

void runMethod(const Options& options, const BenchMatrix& matrix, const ActivationStats& stats,
               const char* spec) {
  JobContext job(options.threads);
  QuantizerInput input;
  input.out = options.out;
  input.in = options.in;
  input.source = &matrix;
  input.matrix = matrix.matrix();
  input.activations = &stats;
  input.job = &job;
  std::unique_ptr<RowQuantizer> quantizer;
  const WeightScheme scheme = *parseSpec(spec).weight;
  forgetHessianFactors();
  const bench::Timing first = bench::fastest(1, [&] { quantizer = makeRowQuantizer(scheme, input); });
  const bench::Timing next =
      bench::fastest(options.runs, [&] { quantizer = makeRowQuantizer(scheme, input); });
  const std::int64_t rows = 64;
  const bench::Timing apply = bench::fastest(options.runs, [&] {
    parallelFor(job, options.out / rows, [&](std::int64_t tile) {
      std::vector<float> w(static_cast<std::size_t>(rows * options.in)), q(w.size());
      matrix.readRows(matrix.matrix(), tile * rows, (tile + 1) * rows, w);
      quantizer->apply(tile * rows, rows, w, q, {});
    });
  });
  std::printf("%-84s factor and searches %.2f s, factor known %.2f s, all rows %.2f s   %.3f bits\n", spec,
              first.wall, next.wall, apply.wall, quantizer->bitsPerWeight().value_or(0));
  std::fflush(stdout);
}

void run(const Options& options) {
  const BenchMatrix matrix(options.file, options.out, options.in);
  std::printf("%lld x %lld BF16, %d threads\n", static_cast<long long>(options.out),
              static_cast<long long>(options.in), options.threads);
  runSearches(options, matrix);
  JobContext job(options.threads);
  const ActivationStats stats = statsOf(options.in, job);
  runMethod(options, matrix, stats,
            "binary:algorithm=billm:metric=magnitude:compensate=false:clear_dead=false");
  runMethod(options, matrix, stats, "binary:algorithm=billm");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--file") options.file = value;
    if (key == "--out") options.out = std::atoll(value.c_str());
    if (key == "--in") options.in = std::atoll(value.c_str());
    if (key == "--block") options.block = std::atoll(value.c_str());
    if (key == "--threads") options.threads = std::atoi(value.c_str());
    if (key == "--runs") options.runs = std::atoi(value.c_str());
  }
  if (argc % 2 == 0 || options.out < 64 || options.in < 1 || options.block < 1 || options.runs < 1) {
    std::puts("bench_billm [--file F] [--out N] [--in N] [--block N] [--threads N] [--runs N]");
    return 2;
  }
  try {
    run(options);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
  return 0;
}
