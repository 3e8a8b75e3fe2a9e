#pragma once
// What every part of a plan costs the model by itself: each linear, fused group, block, role or tensor point
// alone quantized, or everything but it, and the model run on text.
#include "core/layer_fallback.h"
#include "core/workspace.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ql {

enum class SensitivityMode : std::uint8_t {
  Only,     // this part as the plan says, everything else as stored
  LeaveOut  // everything as the plan says, but this part
};
enum class SensitivityPart : std::uint8_t { Linear, Fused, Block, Role, Point };
std::optional<SensitivityPart> sensitivityPartFromName(std::string_view name);  // "linear", "fused", ...

struct SensitivityOptions {
  VerifyOptions text;  // withReference plays no role
  SensitivityMode mode = SensitivityMode::Only;
  SensitivityPart part = SensitivityPart::Linear;
  std::vector<LinearId> linears;  // those looked at; empty = all that the plan quantizes
  /// Part Point: residual sums and caches that have no scheme in the plan are tried with this one. They are
  /// then part of what LeaveOut leaves out of.
  std::optional<ActScheme> pointScheme;
};

/// One run of the model. The other rows are compared with `reference` and with the plan.
struct SensitivityRow {
  std::string name;                  // "model.layers.0.mlp.down_proj", "block 3", "down"
  std::vector<std::string> members;  // names of linears or tensor points
  std::string scheme;                // "int8 g128, int8 token"; that of the first member
  std::optional<int> block;
  PerplexityResult result;  // with meanKl against the model as it is
  bool isComplete = false;  // false: of the batches so far
  /// What the part costs: nats a token and KL that it adds to the model as it is (Only), or that leaving it
  /// in 16 bit takes away from the plan (LeaveOut). NaN where the model gives no numbers.
  double nllCost = 0, klCost = 0;
};

struct Sensitivity {
  PerplexityResult reference, plan;  // the model as it is, and the whole plan
  std::vector<SensitivityRow> rows;  // in network order
  std::int64_t context = 0;
  std::vector<LayerFallback> fallbacks;
  Evidence evidence;
};

/// Runs the model once for every part and batch of text, blocks in front of a part only once for all.
/// Smoothing and rotations of the plan are folded in throughout. Activations of a tensor that is a site (the
/// input of linears) are one point; alone, they are measured with weights as stored. `sink` gets rows as they
/// come, again after each batch of text, on the calling thread. Throws Error(Usage) when the plan quantizes
/// nothing of what was asked for; what verify() throws. Source: Bondarenko et al. 2021, arXiv:2109.12948,
/// sec. 3 (leave-one-out); KL as in ModelOpt.
Sensitivity measureSensitivity(Workspace& workspace, const QuantizationPlan& plan,
                               const SensitivityOptions& options, JobContext& job,
                               const std::function<void(std::size_t, const SensitivityRow&)>& sink = {});

}  // namespace ql
