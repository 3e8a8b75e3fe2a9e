// The exact curve error(alpha) of a smoothing group of three square linears, against as many plain products
// of the same token sample by Eigen's whole call in the same run. Asked: at most 1.5 times as long for each
// point, weights and activations quantized.
#include "core/evaluate/smoothing_curve.h"
#include "machine.h"
#include "sgemm_floor.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace ql;
using bench::BenchMatrix;
using bench::Timing;

struct Options {
  std::filesystem::path folder = std::filesystem::temp_directory_path();
  int threads = 2, runs = 3;
  std::int64_t size = 4096, tokens = 256;
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

std::shared_ptr<ActivationStats> sampleOf(const std::vector<float>& x, std::int64_t width) {
  auto stats = std::make_shared<ActivationStats>();
  const std::size_t in = static_cast<std::size_t>(width);
  stats->width = width;
  stats->all.tokens = x.size() / in;
  stats->all.absmax.assign(in, 0.0f);
  for (std::size_t i = 0; i < x.size(); ++i)
    stats->all.absmax[i % in] = std::max(stats->all.absmax[i % in], std::abs(x[i]));
  stats->sample.width = width;
  stats->sample.values = x;
  stats->sample.ids.assign(x.size() / in, 0);
  return stats;
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : m_options(options),
        m_job(options.threads),
        m_matrix(std::make_shared<BenchMatrix>(
            options.folder / ("quantloupe-bench-" + std::to_string(options.size) + ".bin"), options.size,
            options.size)),
        m_x(randomValues(options.tokens * options.size)) {}

  void run() {
    const auto input = sampleOf(m_x, m_options.size);
    const std::vector<GroupReader> readers(3, GroupReader{m_matrix->matrix(), input});
    m_input.weightAbsmax.assign(static_cast<std::size_t>(m_options.size), 0.2f);
    m_input.actAbsmax = input->all.absmax;
    std::printf("3 readers of %lld x %lld, %lld tokens, %d threads\n", static_cast<long long>(m_options.size),
                static_cast<long long>(m_options.size), static_cast<long long>(m_options.tokens),
                m_options.threads);
    m_w = std::vector<float>(static_cast<std::size_t>(m_options.size * m_options.size));
    m_matrix->readRows(m_matrix->matrix(), 0, m_options.size, m_w);
    m_y.resize(static_cast<std::size_t>(m_options.tokens * m_options.size));
    SmoothedReaders held(m_matrix, readers, std::uint64_t{8} << 30, m_job);
    compare("loading and Y", 1, [&] { SmoothedReaders(m_matrix, readers, std::uint64_t{8} << 30, m_job); });
    curve("w8a8, 21 points of wa", "w8a8", held, 21, false);
    curve("w8a8:group=128,act=group:128, 5 points", "w8a8:group=128,act=group:128", held, 5, false);
    curve("w4a16, 5 points", "w4a16", held, 5, false);
    curve("w8a8, 5 points of w, a and wa", "w8a8", held, 5, true);
    const SmoothedReaders streamed(m_matrix, readers, 0, m_job);
    curve("w8a8, 5 points, nothing held in memory", "w8a8", streamed, 5, false);
  }

 private:
  void threeProducts() {
    for (int i = 0; i < 3; ++i)
      bench::wholeProduct(m_options.tokens, m_options.size, m_options.size, m_x.data(), m_w.data(),
                          m_y.data(), m_options.threads);
  }

  void curve(const char* what, const char* spec, const SmoothedReaders& group, int points, bool withParts) {
    const std::vector<Choice> choices(3, parseSpec(spec));
    SmoothingCurveOptions options;
    options.points = points;
    options.refine = false;
    options.withParts = withParts;
    // the point without smoothing comes on top
    compare(what, points, [&] { measureSmoothingCurve(group, m_input, {}, choices, options, m_job); });
  }

  void compare(const char* what, int points, const std::function<void()>& body) {
    Timing floor, time;
    for (int r = 0; r < m_options.runs; ++r) {
      for (const auto& [best, call] :
           {std::pair<Timing*, std::function<void()>>{&floor, [&] { threeProducts(); }},
            std::pair<Timing*, std::function<void()>>{&time, body}}) {
        const Timing once = bench::fastest(1, call);
        best->wall = std::min(best->wall, once.wall);
        best->cpu = std::min(best->cpu, once.cpu);
      }
    }
    std::printf("%-44s %9.0f ms; %.2f times %d x three products (%.0f ms); by processor time %.2f\n", what,
                time.wall * 1e3, time.wall / (points * floor.wall), points, floor.wall * 1e3,
                time.cpu / (points * floor.cpu));
    std::fflush(stdout);
  }

  const Options& m_options;
  JobContext m_job;
  std::shared_ptr<BenchMatrix> m_matrix;
  std::vector<float> m_x, m_w, m_y;
  SmoothingInput m_input;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--folder") options.folder = argv[i + 1];
    if (key == "--threads") options.threads = std::atoi(argv[i + 1]);
    if (key == "--runs") options.runs = std::atoi(argv[i + 1]);
    if (key == "--size") options.size = std::atoll(argv[i + 1]);
    if (key == "--tokens") options.tokens = std::atoll(argv[i + 1]);
  }
  Bench(options).run();
}
