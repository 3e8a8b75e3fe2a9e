#pragma once
// Aids for quantization-aware training of an opened model: first steps for every quantizer of a plan, layers
// that no rounding repairs, ranges of the caches, residual sums to keep in 16 bits. methods: LSQ, LSQ+,
// LLM-QAT (arXiv:2305.17888) for caches, Bondarenko et al. (arXiv:2109.12948) for residual sums.
#include "core/base/evidence.h"
#include "core/plan/plan.h"
#include "core/quant/initial_steps.h"
#include "core/workspace.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ql {

struct QatRequest {
  std::vector<LinearId> linears;  // empty = all quantizable ones
  std::string rule = "lsq";       // initialRules()
  double percent = 99.9;          // of the rule percentile
  double threshold = 0.1;         // a layer whose least error is larger is beyond repair
  bool triesRules = true;         // measures every rule (and GPTQ), which the marks rest on
  int kvBits = 8;                 // of the cache's steps
};

/// A layer's error under one way of rounding.
struct QatTrial {
  std::string rule;  // of initialRules(), or "gptq"
  double error = 0;
};

struct QatWeight {
  LinearId id = 0;
  Choice choice;
  std::optional<InitialSteps> steps;
  std::string note;              // why there are none
  std::vector<QatTrial> trials;  // in the order of initialRules(); what cannot be is left out
  std::string figure;            // what their errors are: "output_rel_w", "norm_weighted_rel", ...
  std::optional<QatTrial> best;
  bool isBeyondRepair = false;
  Evidence evidence;
};

struct QatActivation {
  LinearId id = 0;
  ActScheme scheme;
  std::optional<InitialSteps> steps;  // static
  std::string rule, note;
  std::int64_t tokens = 0;
  // dynamic, a step a token: at the median, the 99 % quantile and the largest of the tokens' absmax
  std::optional<std::array<double, 3>> tokenSteps;
};

/// K or V of a block, a step a token: absmax / (2^(bits - 1) - 1).
struct QatCache {
  std::string point;
  std::array<double, 3> absmax{}, steps{};  // median, 99 %, largest of the tokens
};

/// A sum on the residual stream and what 8 bits a tensor would do to it.
struct QatResidual {
  std::string point;
  double absmax = 0, rms = 0, channelPeakRatio = 0;
  double error8 = 0;     // absmax / 127 / sqrt(12) / rms: the error of an even rounding, relative
  bool keeps16 = false;  // error8 is over the threshold
};

struct QatReport {
  QatRequest request;
  std::string fingerprint;
  std::vector<QatWeight> weights;
  std::vector<QatActivation> activations;
  std::vector<QatCache> caches;        // empty without statistics of the points
  std::vector<QatResidual> residuals;  // as caches
};

/// Measures what is missing. `choiceOf` gives each linear's choice. Throws Error(Usage) for a wrong request,
/// Error(Unsupported) when only a statistics file is open, what the source throws, Cancelled.
QatReport qatReport(Workspace& workspace, const QuantizationPlan& plan, const QatRequest& request,
                    JobContext& job);

/// What a layer counts as beyond repair by, one sentence.
std::string qatCriterion(const QatReport& report);

/// qat.safetensors (steps and zero points, F32 and I32) and qat.json (resources/schemas/qat.schema.json) in
/// `folder`, which is made. Throws Error(Io).
std::vector<std::filesystem::path> writeQat(const QatReport& report, const Model& model,
                                            const std::filesystem::path& folder);

}  // namespace ql
