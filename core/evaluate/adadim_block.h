#pragma once
// AdaDim by the output of the block around a linear: q, k and v by that of the attention (behind o), gate and
// up by that of the MLP. Needs the forward pass.
#include "core/calib/forward.h"
#include "core/evaluate/adadim.h"
#include "core/model/model.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace ql {

struct AdaDimBlockRequest {
  const Model* model = nullptr;
  std::shared_ptr<const WeightSource> weights;
  /// Makes the forward pass over these weights.
  std::function<std::unique_ptr<ForwardModel>(std::shared_ptr<const WeightSource>)> makeForward;
  std::vector<std::vector<std::int32_t>> windows;  // token ids; all of them are in memory at once
  std::map<LinearId, AdaDimCandidates> candidates;
};

/// True for the linears that are judged by their block: q, k, v, qkv, gate, up, gate_up and fc1 that are not
/// of an expert. All others (o, down, experts) are judged by their own output.
bool isJudgedByBlock(const Linear& linear);

/// Verdicts of the request's linears that are judged by their block, in network order. Within a block those
/// that were decided stay quantized, and the output that the next one is compared with is made with them; the
/// input of the MLP and of the next block is that of the model as it is. Errors are relative to the output of
/// the attention or MLP of the model as it is (behind a post-norm: to the change of the residual sum).
/// Memory: the hidden states of all windows four times, and a block's temporaries. Cost: 1 + 2 * linears
/// passes through each block. Throws what the forward pass throws. Source: arXiv:2309.15531 and its code
/// (quantize/rtn_ada.py).
std::map<LinearId, AdaDimResult> adaDimByBlock(const AdaDimBlockRequest& request, JobContext& job);

}  // namespace ql
