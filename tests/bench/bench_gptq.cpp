// GPTQ of a 4096 x 4096 linear, 4 bits in groups of 128: the time of the factor and of all rows, against what
// its matrix products would cost at the rate of plain ones, and against the same algorithm in torch, both
// here. Asked: 60 % of the products' rate, 3 times torch.
#include "core/jobs/parallel_for.h"
#include "core/quant/gptq_rows.h"
#include "machine.h"
#include "sgemm_floor.h"

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
  std::int64_t size = 4096;
  int threads = 2, runs = 3;
  bool withTorch = true;
};

/// Tokens with a few large channels; twice as many as channels, so that H has full rank.
ActivationStats madeSite(std::int64_t width, JobContext& job) {
  const std::int64_t tokens = 2 * width;
  const auto in = static_cast<std::size_t>(width);
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> x(static_cast<std::size_t>(tokens) * in);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = normal(random) * (i % in % 97 == 3 ? 10.0f : 1.0f);
  ActivationStats stats;
  stats.width = width;
  stats.all.tokens = static_cast<std::uint64_t>(tokens);
  stats.first.tokens = 4;
  auto moment = std::make_shared<SecondMoment>(width);
  moment->add(x, tokens, job);
  stats.secondMoment = std::move(moment);
  return stats;
}

/// Of one product of matrices of that size.
Timing productTime(std::int64_t n, const Options& options) {
  const auto size = static_cast<std::size_t>(n * n);
  const std::vector<float> a(size, 1.5f), b(size, 0.5f);
  std::vector<float> c(size);
  return bench::fastest(options.runs,
                        [&] { bench::wholeProduct(n, n, n, a.data(), b.data(), c.data(), options.threads); });
}

double torchSeconds(const Options& options, const std::filesystem::path& file, double& processor) {
  const std::string command = options.python + " " + QL_BENCH_DIR + "/torch_gptq.py " + file.string() + " " +
                              std::to_string(options.size) + " " + std::to_string(options.threads);
  std::FILE* pipe = popen(command.c_str(), "r");
  double seconds = 0;
  if (!pipe) return 0;
  if (std::fscanf(pipe, "%lf %lf", &seconds, &processor) != 2) seconds = 0;
  return pclose(pipe) == 0 ? seconds : 0;
}

void quantizeAll(const BenchMatrix& matrix, const ActivationStats& stats, const WeightScheme& scheme,
                 JobContext& job) {
  QuantizerInput input;
  input.out = matrix.matrix().out;
  input.in = matrix.matrix().in;
  input.source = &matrix;
  input.matrix = matrix.matrix();
  input.activations = &stats;
  input.job = &job;
  const auto quantizer = makeRowQuantizer(scheme, input);
  const std::int64_t step = quantizer->rowsAtOnce();
  parallelFor(job, (input.out + step - 1) / step, [&](std::int64_t tile) {
    const std::int64_t begin = tile * step, count = std::min(step, input.out - begin);
    std::vector<float> rows(static_cast<std::size_t>(count * input.in)), quantized(rows.size());
    matrix.readRows(matrix.matrix(), begin, begin + count, rows);
    quantizer->apply(begin, count, rows, quantized, {});
    job.step();
  });
}

void run(const Options& options) {
  const std::int64_t n = options.size;
  JobContext job(options.threads);
  const std::filesystem::path file =
      options.folder / ("quantloupe-bench-" + std::to_string(n) + "x" + std::to_string(n) + ".bin");
  const BenchMatrix matrix(file, n, n);
  const ActivationStats stats = madeSite(n, job);
  const Timing product = productTime(n, options);
  // the original factors H, forms its inverse and factors that: 4/3 n^3 operations. Rows cost n^2 each. One
  // product is 2 n^3.
  constexpr double kWhole = (4.0 / 3 + 1) / 2, kRows = 1.0 / 2;
  std::printf("%lld x %lld, %d threads; a plain product: %.2f s, %.2f s of processor\n",
              static_cast<long long>(n), static_cast<long long>(n), options.threads, product.wall,
              product.cpu);
  for (const char* spec : {"int4:group=128,algorithm=gptq", "int4:group=128,algorithm=gptq:act_order",
                           "int4:group=128,asym,flavour=gptq,algorithm=gptq:static_groups"}) {
    const WeightScheme scheme = *parseSpec(spec).weight;
    const Timing whole = bench::fastest(options.runs, [&] {
      forgetHessianFactors();
      quantizeAll(matrix, stats, scheme, job);
    });
    const Timing rows = bench::fastest(options.runs, [&] { quantizeAll(matrix, stats, scheme, job); });
    std::printf(
        "  %-62s %.2f s, %.2f s of processor, %.0f %% of its products' rate (%.0f %% by processor time); "
        "rows "
        "alone %.2f s, %.2f s, %.0f %% (%.0f %%)\n",
        spec, whole.wall, whole.cpu, 100 * kWhole * product.wall / whole.wall,
        100 * kWhole * product.cpu / whole.cpu, rows.wall, rows.cpu, 100 * kRows * product.wall / rows.wall,
        100 * kRows * product.cpu / rows.cpu);
    std::fflush(stdout);
    if (!options.withTorch || scheme.algorithm.options.at("act_order") != OptionValue{false}) continue;
    double processor = 0;
    const double torch = torchSeconds(options, file, processor);
    if (torch > 0)
      std::printf("    torch %.2f s, %.2f s of processor: %.1f times, %.1f by processor time\n", torch,
                  processor, torch / whole.wall, processor / whole.cpu);
    else
      std::printf("    no torch here to compare with\n");
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i];
    if (key == "--folder") options.folder = argv[i + 1];
    if (key == "--threads") options.threads = std::atoi(argv[i + 1]);
    if (key == "--runs") options.runs = std::atoi(argv[i + 1]);
    if (key == "--size") options.size = std::atoll(argv[i + 1]);
    if (key == "--python") options.python = argv[i + 1];
    if (key == "--torch") options.withTorch = std::atoi(argv[i + 1]) != 0;
  }
  run(options);
}
