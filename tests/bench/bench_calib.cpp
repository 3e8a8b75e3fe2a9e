// Linear layers and second moments of 70B-like shapes against the rate of Eigen's whole product on this
// machine, measured around each of them. Asked: 60 % of it for a linear layer read from bfloat16, 70 % for
// X^T X with the symmetric half counted once.
#include "core/linalg/linear.h"
#include "core/linalg/second_moment.h"
#include "machine.h"
#include "sgemm_floor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace {

using namespace ql;
using bench::BenchMatrix;
using bench::Timing;

struct Options {
  std::filesystem::path folder = std::filesystem::temp_directory_path();
  int threads = 2, runs = 3;
  std::int64_t size = 0;  // 0: 4096 and 8192
};

std::vector<float> randomValues(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::uint32_t state = 12345;
  for (float& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<float>(state >> 8) / 8388608.0f - 1.0f;
  }
  return values;
}

void better(Timing& best, const Timing& other) {
  best.wall = std::min(best.wall, other.wall);
  best.cpu = std::min(best.cpu, other.cpu);
}

class Bench {
 public:
  explicit Bench(const Options& options) : m_options(options), m_job(options.threads) {}

  void run() {
    std::printf("instruction set %s, %d threads\n", std::string(gemmLevel()).c_str(), m_options.threads);
    for (const std::int64_t size : {std::int64_t{4096}, std::int64_t{8192}}) {
      if (m_options.size != 0 && m_options.size != size) continue;
      for (const std::int64_t tokens :
           {std::int64_t{1}, std::int64_t{16}, std::int64_t{512}, std::int64_t{2048}})
        linear(size, tokens);
      moment(size, 2048);
      products(size);
    }
  }

 private:
  /// Floor and body in turn, so that both see the same neighbours on the machine.
  void compare(const std::string& what, double flop, double floorFlop, const std::function<void()>& floorBody,
               const std::function<void()>& body) {
    Timing floor, time;
    for (int r = 0; r < m_options.runs; ++r) {
      better(floor, bench::fastest(1, floorBody));
      better(time, bench::fastest(1, body));
    }
    const double scale = flop / floorFlop;
    std::printf("%-44s %9.1f ms %7.1f GFLOP/s  %.2f of the floor (%.1f GFLOP/s); by processor time %.2f\n",
                what.c_str(), time.wall * 1e3, flop / time.wall / 1e9, floor.wall * scale / time.wall,
                floorFlop / floor.wall / 1e9, floor.cpu * scale / time.cpu);
    std::fflush(stdout);
  }

  void linear(std::int64_t size, std::int64_t tokens) {
    const BenchMatrix matrix(m_options.folder / ("quantloupe-bench-" + std::to_string(size) + ".bin"), size,
                             size);
    const std::vector<float> x = randomValues(tokens * size), w = randomValues(size * size);
    std::vector<float> y(static_cast<std::size_t>(tokens * size));
    const double flop = 2.0 * static_cast<double>(size * size) * static_cast<double>(tokens);
    const int floorThreads = static_cast<int>(std::min<std::int64_t>(m_options.threads, tokens));
    compare(
        std::to_string(tokens) + " tokens x " + std::to_string(size) + "^2 bfloat16", flop, flop,
        [&] { bench::wholeProduct(tokens, size, size, x.data(), w.data(), y.data(), floorThreads); },
        [&] { applyLinear(matrix, matrix.matrix(), {}, tokens, x, y, m_job); });
  }

  void moment(std::int64_t size, std::int64_t tokens) {
    const std::vector<float> x = randomValues(tokens * size), w = randomValues(size * size);
    std::vector<float> y(static_cast<std::size_t>(tokens * size));
    SecondMoment sums(size);
    const double whole = 2.0 * static_cast<double>(size * size) * static_cast<double>(tokens);
    compare(
        "X^T X of " + std::to_string(tokens) + " x " + std::to_string(size), whole / 2, whole,
        [&] { bench::wholeProduct(tokens, size, size, x.data(), w.data(), y.data(), m_options.threads); },
        [&] { sums.add(x, tokens, m_job); });
  }

  void products(std::int64_t size) {
    const std::vector<float> x = randomValues(256 * size);
    SecondMoment sums(size);
    sums.add(x, 256, m_job);
    std::vector<float> out(x.size());
    const Timing rows = bench::fastest(m_options.runs, [&] { sums.multiplyRows(x, 256, out, m_job); });
    const double flop = 2.0 * 256 * static_cast<double>(size * size);
    std::printf("256 rows times M of %lld: %.1f ms, %.1f GFLOP/s\n", static_cast<long long>(size),
                rows.wall * 1e3, flop / rows.wall / 1e9);
    const Timing lanczos = bench::fastest(1, [&] { conditioning(sums, m_job); });
    std::printf("conditioning of M of %lld, 64 steps: %.0f ms, %.1f GB/s of the triangle\n",
                static_cast<long long>(size), lanczos.wall * 1e3,
                static_cast<double>(sums.bytes()) * 64 / lanczos.wall / 1e9);
    std::fflush(stdout);
  }

  const Options& m_options;
  JobContext m_job;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string key = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (value == nullptr) {
      std::puts("bench_calib [--folder F] [--threads N] [--runs N] [--size 4096|8192]");
      return 2;
    }
    if (key == "--folder") options.folder = value;
    if (key == "--threads") options.threads = std::atoi(value);
    if (key == "--runs") options.runs = std::atoi(value);
    if (key == "--size") options.size = std::atoll(value);
  }
  try {
    Bench(options).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_calib: %s\n", error.what());
    return 2;
  }
  return 0;
}
