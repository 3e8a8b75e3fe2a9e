// A slider step on 70B-shaped linears: the preview of a what-if (all figures, weights and activations) and of
// a smoothing, from rows in memory, against exact figures here and, with --python, by blocked torch in the
// same run. Asked: a preview of 8192 x 8192 in two 60 Hz frames (33 ms) and 10 times faster than torch's
// exact evaluation; 28672 x 8192 at most twice that; exact weight-side figures at 0.15 of read bandwidth.
#include "core/evaluate/linear_preview.h"
#include "core/evaluate/sampled_readers.h"
#include "core/evaluate/smoothed_readers.h"
#include "machine.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace {

using namespace ql;
using bench::BenchMatrix;
using bench::Timing;

struct Options {
  std::filesystem::path folder = std::filesystem::temp_directory_path();
  std::string python = "/usr/bin/python3";
  int threads = 2, runs = 7;
  std::int64_t tokens = 256;
  bool withExact = true, withTorch = true;
};

std::vector<float> bellShaped(std::size_t count) {
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

/// Token sample, extremes, diagonal and a sketch of 32 columns, of one massive channel among bell-shaped
/// ones.
std::shared_ptr<ActivationStats> sampleOf(std::int64_t tokens, std::int64_t width) {
  const std::size_t in = static_cast<std::size_t>(width), count = static_cast<std::size_t>(tokens);
  auto stats = std::make_shared<ActivationStats>();
  std::vector<float> x = bellShaped(in * count);
  for (std::size_t t = 0; t < count; ++t) x[t * in + 7] *= 50;
  stats->width = width;
  stats->all.tokens = count;
  stats->all.absmax.assign(in, 0.0f);
  stats->all.sumSq.assign(in, 0.0);
  std::vector<double> z(in * 32, 0.0);
  std::mt19937_64 random(9);
  for (std::size_t t = 0; t < count; ++t) {
    const std::uint64_t signs = random();
    for (std::size_t j = 0; j < in; ++j) {
      const double value = static_cast<double>(x[t * in + j]);
      stats->all.absmax[j] = std::max(stats->all.absmax[j], std::abs(x[t * in + j]));
      stats->all.sumSq[j] += value * value;
      for (std::size_t c = 0; c < 32; ++c) z[j * 32 + c] += (signs >> c & 1) != 0 ? value : -value;
    }
  }
  stats->sketch.k = 32;
  for (const double value : z)
    stats->sketch.z.push_back(static_cast<float>(value / std::sqrt(static_cast<double>(count))));
  stats->sample.width = width;
  stats->sample.values = std::move(x);
  stats->sample.ids.assign(count, 0);
  return stats;
}

double relativeHalfWidth(const std::optional<std::pair<double, double>>& interval,
                         const std::optional<double>& value) {
  return interval && value && *value > 0 ? (interval->second - interval->first) / 2 / *value : 0.0;
}

Timing torchSeconds(const Options& options, const std::filesystem::path& file, std::int64_t out,
                    std::int64_t in, int bits, int group) {
  const std::string command = options.python + " " + QL_BENCH_DIR + "/torch_whatif.py " + file.string() +
                              " " + std::to_string(out) + " " + std::to_string(in) + " " +
                              std::to_string(options.threads) + " " + std::to_string(options.tokens) + " " +
                              std::to_string(bits) + " " + std::to_string(group);
  std::FILE* pipe = popen(command.c_str(), "r");
  Timing seconds{0, 0};
  if (!pipe) return seconds;
  if (std::fscanf(pipe, "%lf %lf", &seconds.wall, &seconds.cpu) != 2) seconds = {0, 0};
  return pclose(pipe) == 0 ? seconds : Timing{0, 0};
}

class Bench {
 public:
  Bench(const Options& options, std::int64_t out, std::int64_t in)
      : m_options(options),
        m_job(options.threads),
        m_file(options.folder /
               ("quantloupe-bench-" + std::to_string(out) + "x" + std::to_string(in) + ".bin")),
        m_matrix(std::make_shared<BenchMatrix>(m_file, out, in)),
        m_input(sampleOf(options.tokens, in)) {
    WeightStatsOptions few;
    few.withHistogram = few.withPyramid = false;
    m_stats = std::make_shared<WeightStats>(measureWeights(*m_matrix, m_matrix->matrix(), few, m_job));
  }

  void run() {
    std::printf("%lld x %lld, %lld tokens, %d threads\n", static_cast<long long>(m_matrix->matrix().out),
                static_cast<long long>(m_matrix->matrix().in), static_cast<long long>(m_options.tokens),
                m_options.threads);
    whatIf();
    smoothing();
    if (m_options.withExact) exact();
  }

 private:
  Timing timed(const std::function<void()>& body) const {
    body();
    return bench::fastest(m_options.runs, body);
  }

  void whatIf() {
    const ErrorInput input{m_matrix->matrix(), 16, {}};
    std::unique_ptr<LinearPreview> preview;
    const std::int64_t rows = LinearPreview::rowsFor(input, m_input.get());
    const Timing load = bench::fastest(2, [&] {
      preview = std::make_unique<LinearPreview>(*m_matrix, input, m_stats, m_input, rows, m_job);
    });
    std::printf("  %lld rows read and multiplied once: %.1f ms\n", static_cast<long long>(rows),
                load.wall * 1e3);
    for (const char* spec : {"w8a8", "w8a8:group=128", "w4a8", "w4a8:group=128", "w4a16:group=128"}) {
      const Choice choice = parseSpec(spec);
      PreviewedFigures figures;
      const Timing time = timed([&] { figures = preview->measure(choice, m_job); });
      std::printf(
          "  what-if %-16s %6.1f ms wall, %6.1f ms of processor; half-widths %.1f, %.1f, %.1f %% of "
          "norm-weighted, w, wa",
          spec, time.wall * 1e3, time.cpu * 1e3,
          100 * relativeHalfWidth(figures.weights.evidence.interval, figures.weights.normWeightedRel),
          100 * relativeHalfWidth(figures.output->weightEvidence.interval, figures.output->w),
          100 * relativeHalfWidth(figures.output->sampleEvidence.interval, figures.output->wa));
      if (m_options.withTorch) {
        const int bits = choice.weight->format == "int8" ? 8 : 4;
        const int group = choice.weight->groupSize ? static_cast<int>(*choice.weight->groupSize) : 0;
        const Timing torch =
            torchSeconds(m_options, m_file, m_matrix->matrix().out, m_matrix->matrix().in, bits, group);
        if (torch.wall > 0)
          std::printf("; torch exact %.0f ms, %.1f times, %.1f by processor time", torch.wall * 1e3,
                      torch.wall / time.wall, torch.cpu / time.cpu);
        else
          std::printf("; no torch here to compare with");
      }
      std::printf("\n");
      std::fflush(stdout);
    }
  }

  void smoothing() {
    const std::vector<SampledReader> list = {{m_matrix->matrix(), m_input, m_stats}};
    std::unique_ptr<SampledReaders> readers;
    const Timing load = bench::fastest(2, [&] {
      readers = std::make_unique<SampledReaders>(*m_matrix, list, SampledReaders::rowsFor(list), true, m_job);
    });
    std::printf("  rows of a smoothing group read once: %.1f ms\n", load.wall * 1e3);
    std::vector<float> s(static_cast<std::size_t>(m_matrix->matrix().in));
    for (std::size_t j = 0; j < s.size(); ++j) s[j] = 0.5f + static_cast<float>(j % 64) / 64;
    for (const char* spec : {"w8a8", "w8a8:group=128", "w4a8:group=128"}) {
      const std::vector<Choice> choice = {parseSpec(spec)};
      SampledGroupError figures;
      const Timing time = timed([&] { figures = readers->measure(s, choice, m_job); });
      std::printf(
          "  alpha   %-16s %6.1f ms wall, %6.1f ms of processor; half-widths %.1f, %.1f, %.1f %% of w, "
          "a, wa\n",
          spec, time.wall * 1e3, time.cpu * 1e3,
          100 * relativeHalfWidth(figures.together.w.interval, figures.together.w.value),
          100 * relativeHalfWidth(figures.together.a.interval, figures.together.a.value),
          100 * relativeHalfWidth(figures.together.wa.interval, figures.together.wa.value));
      std::fflush(stdout);
    }
  }

  void exact() {
    const ErrorInput input{m_matrix->matrix(), 16, {}};
    const Timing floor = bench::readFloor(*m_matrix, m_options.threads, 3);
    for (const char* spec : {"w8a8", "w4a8:group=128"}) {
      const std::vector<Choice> choice = {parseSpec(spec)};
      const Timing weights =
          bench::fastest(2, [&] { measureErrors(*m_matrix, input, choice, m_stats.get(), m_job); });
      const Timing outputs = bench::fastest(
          1, [&] { measureOutputErrors(*m_matrix, input, choice, m_stats.get(), *m_input, 0, m_job); });
      std::printf(
          "  exact   %-16s weights %.0f ms, %.2f of read bandwidth (%.2f by processor time); outputs %.0f "
          "ms\n",
          spec, weights.wall * 1e3, floor.wall / weights.wall, floor.cpu / weights.cpu, outputs.wall * 1e3);
      std::fflush(stdout);
    }
  }

  const Options& m_options;
  JobContext m_job;
  std::filesystem::path m_file;
  std::shared_ptr<BenchMatrix> m_matrix;
  std::shared_ptr<ActivationStats> m_input;
  std::shared_ptr<WeightStats> m_stats;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--folder") options.folder = argv[i + 1];
    if (key == "--threads") options.threads = std::atoi(argv[i + 1]);
    if (key == "--runs") options.runs = std::atoi(argv[i + 1]);
    if (key == "--tokens") options.tokens = std::atoll(argv[i + 1]);
    if (key == "--python") options.python = argv[i + 1];
    if (key == "--torch") options.withTorch = std::atoi(argv[i + 1]) != 0;
    if (key == "--exact") options.withExact = std::atoi(argv[i + 1]) != 0;
  }
  Bench(options, 8192, 8192).run();
  Bench(options, 28672, 8192).run();
}
