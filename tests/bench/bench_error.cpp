// Errors of schemes of every kind over a 70B-shaped matrix, against the speed at which the same threads can
// read it in the same run: integers, floats and block formats alone, and twelve candidates in one call.
#include "core/base/error.h"
#include "core/evaluate/layer_error.h"
#include "machine.h"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

using namespace ql;
using bench::BenchMatrix;

struct Options {
  std::filesystem::path file = std::filesystem::temp_directory_path() / "quantloupe-bench-error.bin";
  std::int64_t out = 14336, in = 4096;
  int threads = 2, runs = 3;
  std::string target = "best";
};

/// Restricts Highway to one instruction set for the rest of the run.
void chooseTarget(const std::string& name) {
  if (name == "best") return;
  const std::int64_t target = name == "avx2" ? HWY_AVX2 : HWY_SSE4;
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

/// Returns its share of read bandwidth in processor time, which a busy machine disturbs less.
double measure(const Options& options, const BenchMatrix& matrix, const char* what,
               const std::vector<const char*>& specs) {
  std::vector<Choice> choices;
  for (const char* spec : specs) choices.push_back(parseSpec(spec));
  const ErrorInput input{matrix.matrix(), 16, {}};
  JobContext job(options.threads);
  std::vector<LayerError> errors;
  const bench::Timing floor = bench::readFloor(matrix, options.threads, options.runs);
  const bench::Timing time =
      bench::fastest(options.runs, [&] { errors = measureErrors(matrix, input, choices, nullptr, job); });
  std::printf("%-42s %8.1f ms  %.3f of read bandwidth (%.1f GB/s), %.3f in processor time   %.4f %%\n", what,
              time.wall * 1e3, floor.wall / time.wall,
              static_cast<double>(matrix.sizeBytes()) / floor.wall / 1e9, floor.cpu / time.cpu,
              errors.front().weightRelFro * 100);
  std::fflush(stdout);
  return floor.cpu / time.cpu;
}

/// Each alone; `integers` is what int8 with the same groups got.
void measureEach(const Options& options, const BenchMatrix& matrix, const std::vector<const char*>& specs,
                 double integers) {
  for (const char* spec : specs) {
    const double share = measure(options, matrix, spec, {spec});
    if (integers > 0) std::printf("%-42s %8.2f times the time of integers\n", "", integers / share);
  }
}

void measureCandidates(const Options& options, const BenchMatrix& matrix) {
  const double share = measure(
      options, matrix, "12 weight-only candidates, one call",
      {"int8", "int4", "int8:group=128", "int4:group=128", "int4:group=128,asym", "int4:group=64,asym",
       "int4:group=32", "int3:group=128,asym", "fp8_e4m3", "fp4_e2m1:group=32", "mxfp4", "nvfp4"});
  std::printf("%-42s %8.1f page-cached reads of the matrix (35 allowed)\n", "", 1 / share);
}

void run(const Options& options) {
  chooseTarget(options.target);
  const BenchMatrix matrix(options.file, options.out, options.in);
  std::printf("%lld x %lld BF16, %d threads, %s\n", static_cast<long long>(options.out),
              static_cast<long long>(options.in), options.threads, options.target.c_str());
  measure(options, matrix, "W8 channel and g128, one pass", {"int8", "int8:group=128"});
  measure(options, matrix, "W8 channel alone", {"int8"});
  measure(options, matrix, "W8 g128 alone", {"int8:group=128"});
  measure(options, matrix, "W4 asymmetric g128 alone", {"int4:group=128,asym"});
  measure(options, matrix, "channel, g128, g64, g32, g16 (diagnosis)",
          {"int8", "int8:group=128", "int8:group=64", "int8:group=32", "int8:group=16"});
  measureEach(options, matrix,
              {"int4:flavour=gptq", "int4:asym,flavour=quarot", "int4:asym,flavour=rptq",
               "int8:flavour=qualcomm", "int8:flavour=bitsandbytes", "int8:flavour=llm-qat",
               "int4:asym,flavour=llm-qat", "int8:tensor", "int8:input_channel", "int8:group_in_channel=128",
               "int4:group_in_channel=128,asym", "int8:block=128x128"},
              0);
  const double groups = measure(options, matrix, "int8:group=32", {"int8:group=32"});
  measureEach(options, matrix,
              {"mxfp4", "mxfp6", "mxfp8", "mxint8", "mxfp4:flavour=mx-rceil", "fp4_e2m1:group=32",
               "fp8_e4m3:group=32"},
              groups);
  const double sixteen = measure(options, matrix, "int8:group=16", {"int8:group=16"});
  measureEach(options, matrix, {"nvfp4", "nvfp4:flavour=torchao"}, sixteen);
  const double rows = measure(options, matrix, "int8", {"int8"});
  measureEach(options, matrix, {"fp8_e4m3", "fp8_e5m2", "fp6_e3m2", "fp4_e2m1"}, rows);
  measureCandidates(options, matrix);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--file") options.file = value;
    if (key == "--out") options.out = std::atoll(value.c_str());
    if (key == "--in") options.in = std::atoll(value.c_str());
    if (key == "--threads") options.threads = std::atoi(value.c_str());
    if (key == "--runs") options.runs = std::atoi(value.c_str());
    if (key == "--target") options.target = value;
  }
  if (argc % 2 == 0 || options.out < 1 || options.in < 1 || options.runs < 1) {
    std::puts("bench_error [--file F] [--out N] [--in N] [--threads N] [--runs N] [--target best|avx2|sse4]");
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
