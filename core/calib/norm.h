#pragma once
// RMSNorm and LayerNorm over rows. Internal to calib/.
#include "core/calib/family.h"
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ql {

/// A norm's tensors in the checkpoint.
struct NormPart {
  std::string weight, bias;  // full tensor names; bias empty for RMSNorm
  std::int64_t width = 0;
  bool isPresent() const { return !weight.empty(); }
};

struct NormWeights {
  NormKind kind = NormKind::Rms;
  float eps = 0;
  std::vector<float> gain, bias;  // [width]; the offset is added already
};

/// Reads a norm. Throws Error(Format) naming the tensor and both sizes when it does not have width values.
NormWeights readNorm(const WeightSource& source, const NormPart& part, const DecoderSpec& spec);

/// out [rows, width] = norm(x [rows, width]); `out` may be `x`. Parallel.
void applyNorm(const NormWeights& norm, std::int64_t rows, const float* x, float* out, JobContext& job);

}  // namespace ql
