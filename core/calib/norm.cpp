#include "core/calib/norm.h"

#include "core/base/error.h"
#include "core/base/message_text.h"
#include "core/calib/activation_kernels.h"
#include "core/calib/forward_buffer.h"

namespace ql {
namespace {

std::vector<float> readSized(const WeightSource& source, const std::string& tensor, std::int64_t width) {
  std::vector<float> values = source.readVector(tensor);
  if (values.size() == static_cast<std::size_t>(width)) return values;
  throw Error(ErrorCode::Format, "tensor " + quotedText(tensor) + " has " + withThousands(values.size()) +
                                     " values where config.json and the matrices beside it need " +
                                     withThousands(static_cast<std::uint64_t>(width)) +
                                     "; config.json and weights belong to different models.");
}

}  // namespace

NormWeights readNorm(const WeightSource& source, const NormPart& part, const DecoderSpec& spec) {
  NormWeights norm;
  norm.kind = spec.norm;
  norm.eps = static_cast<float>(spec.normEps);
  norm.gain = readSized(source, part.weight, part.width);
  if (spec.normOffset != 0) {
    for (float& gain : norm.gain) gain += spec.normOffset;
  }
  if (norm.kind == NormKind::Layer) norm.bias = readSized(source, part.bias, part.width);
  return norm;
}

void applyNorm(const NormWeights& norm, std::int64_t rows, const float* x, float* out, JobContext& job) {
  const std::size_t width = norm.gain.size();
  parallelRows(job, rows, static_cast<std::int64_t>(width), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::size_t at = static_cast<std::size_t>(row) * width;
      if (norm.kind == NormKind::Rms) {
        rmsNormRow(x + at, norm.gain.data(), norm.eps, out + at, width);
      } else {
        layerNormRow(x + at, norm.gain.data(), norm.bias.data(), norm.eps, out + at, width);
      }
    }
  });
}

}  // namespace ql
