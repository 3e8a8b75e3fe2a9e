#include "core/quant/rtn_grid.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace ql {
namespace {

using Flavour = RtnRule::Flavour;

constexpr float kSmallestRange = 1e-5f;  // awq, smoothquant and quarot: clamp(min=1e-5)
constexpr float kLargest = std::numeric_limits<float>::max();

/// A scale that can be divided by; `fallback` where the formula gives 0 and the reference guards or would
/// give NaN.
float usableScale(float scale, float fallback) {
  if (scale == 0) return fallback;
  return std::min(scale, kLargest);
}

PartGrid signedGrid(const RtnRule& rule, float scale) {
  PartGrid grid;
  grid.scale = scale;
  grid.lo = rule.codeLo;
  grid.hi = rule.codeHi;
  return grid;
}

/// round(w / s) + z with the flavour's codes, written as a clamp moved by z.
PartGrid movedGrid(const RtnRule& rule, float scale, float zero) {
  PartGrid grid;
  grid.scale = scale;
  grid.lo = rule.codeLo - zero;
  grid.hi = rule.codeHi - zero;
  grid.offset = zero;
  grid.zeroPoint = static_cast<std::int32_t>(zero);
  return grid;
}

/// compressed-tensors calculate_qparams and _quantize: zero in the range, z = lo - min / s clamped then
/// rounded, clamp before rounding, w / s + z.
PartGrid compressedTensorsGrid(const RtnRule& rule, float min, float max) {
  const float eps = std::numeric_limits<float>::epsilon();
  if (rule.symmetric) {
    PartGrid grid = signedGrid(rule, usableScale(std::max(std::abs(min), std::abs(max)) / rule.divisor, eps));
    grid.element = rule.rounding;
    return grid;
  }
  PartGrid grid = signedGrid(rule, usableScale((max - min) / rule.divisor, eps));
  grid.shift = roundHalfEven(std::clamp(rule.codeLo - min / grid.scale, rule.codeLo, rule.codeHi));
  grid.zeroCode = grid.shift;
  grid.zeroPoint = static_cast<std::int32_t>(grid.shift);
  return grid;
}

/// gptq quant.py Quantizer.find_params: zero in the range, a part of zeros gets [-1, 1], symmetric ranges are
/// mirrored only where there are negative weights, so that an all-positive part wastes half of its codes.
PartGrid gptqGrid(const RtnRule& rule, float min, float max) {
  if (rule.symmetric) {
    max = std::max(std::abs(min), max);
    if (min < 0) min = -max;
  }
  if (min == 0 && max == 0) {
    min = -1;
    max = 1;
  }
  const float scale = usableScale((max - min) / rule.divisor, 1.0f);
  if (rule.symmetric) return movedGrid(rule, scale, (rule.codeHi + 1) / 2);
  return movedGrid(rule, scale, std::nearbyint(-min / scale));
}

/// awq quantizer.py pseudo_quantize_tensor: zero is not forced into the range, the zero point is clamped.
PartGrid awqGrid(const RtnRule& rule, float min, float max) {
  if (rule.symmetric) {
    return signedGrid(rule, std::max(std::max(std::abs(min), std::abs(max)), kSmallestRange) / rule.divisor);
  }
  const float scale = usableScale(std::max(max - min, kSmallestRange) / rule.divisor, 1.0f);
  return movedGrid(rule, scale, std::clamp(-std::nearbyint(min / scale), rule.codeLo, rule.codeHi));
}

/// QuaRot and SpinQuant quant_utils.py WeightQuantizer.find_params: zero in the range, ranges of at least
/// 1e-5; a part of zeros gets scale 1 or the range [-1, 1].
PartGrid quarotGrid(const RtnRule& rule, float min, float max) {
  if (rule.symmetric) {
    const float absmax = std::max(std::abs(min), max);
    return signedGrid(rule, absmax == 0 ? 1 : std::max(absmax, kSmallestRange) / rule.divisor);
  }
  if (min == 0 && max == 0) {
    min = -1;
    max = 1;
  }
  const float scale = usableScale(std::max(max - min, kSmallestRange) / rule.divisor, 1.0f);
  return movedGrid(rule, scale, std::nearbyint(-min / scale));
}

/// RPTQ4LLM quantizer.py UniformAffineQuantizer.minmax_calibration: 2^b steps instead of 2^b - 1, signed
/// codes around the middle of the range, which need not hold zero; scale in [1e-4, 1e4].
PartGrid rptqGrid(const RtnRule& rule, float min, float max) {
  constexpr float kSmallest = 1e-4f, kMost = 1e4f;
  if (rule.symmetric) {
    const float absmax = std::max(std::abs(min), std::abs(max));
    return signedGrid(rule, std::clamp(absmax / rule.divisor, kSmallest, kMost));
  }
  const float scale = std::clamp((max - min) / rule.divisor, kSmallest, kMost);
  const float middle = std::clamp(max + min, -kLargest, kLargest);
  return movedGrid(rule, scale, std::nearbyint(std::clamp(middle * (-0.5f / scale), -kMost, kMost)));
}

/// transformer-quantization quantizers.py: zero in the range, its upper end and the step at least 1e-8; the
/// zero point is clamped. Symmetric grids of tensors without negative values are unsigned.
PartGrid qualcommGrid(const RtnRule& rule, float min, float max) {
  constexpr float kEps = 1e-8f;
  max = std::max(max, kEps);
  if (rule.symmetric) {
    PartGrid grid = signedGrid(rule, 1);
    if (!rule.hasNegatives && !(min < 0)) {
      grid.lo = 0;
      grid.hi = static_cast<float>((1 << rule.bits) - 1);
    }
    grid.scale = std::max(std::max(std::abs(min), max) / grid.hi, kEps);
    return grid;
  }
  const float delta = std::min((max - min) / rule.divisor, kLargest);
  const float zero = std::clamp(std::nearbyint(-min / delta), rule.codeLo, rule.codeHi);
  return movedGrid(rule, std::max(delta, kEps), zero);
}

/// number / tensor in torch: the tensor's reciprocal, then times the number, each rounded.
float torchQuotient(float number, float divisor) {
  return (1 / divisor) * number;
}

/// LLM-QAT utils_quant.py SymQuantizer: s = Qp / (absmax + 1e-6), Q = round(w s) / (s + 1e-6); AsymQuantizer:
/// x = (w - min) / (max - min + 1e-8), Q = round(x n) / n (max - min + 1e-8) + min with n = 2^b - 1.
PartGrid llmQatGrid(const RtnRule& rule, float min, float max) {
  PartGrid grid = signedGrid(rule, 1);
  grid.hasDetour = true;
  if (rule.symmetric) {
    const float absmax = std::max(std::abs(min), std::abs(max));
    grid.detour.multiply = torchQuotient(rule.divisor, absmax + 1e-6f);
    grid.detour.divideCode = grid.detour.multiply + 1e-6f;
    grid.scale = 1 / grid.detour.divideCode;
    return grid;
  }
  const float range = std::min(max - min, kLargest) + 1e-8f;
  grid.detour = {min, range, rule.divisor, rule.divisor, range, 1};
  grid.scale = range / rule.divisor;
  grid.zeroCode = gridCode(grid, 0);
  grid.zeroPoint = static_cast<std::int32_t>(grid.zeroCode);
  return grid;
}

/// bitsandbytes int8_vectorwise_quant and _dequant: codes round(w (127 / absmax)), Q = (c absmax) (1 / 127).
/// A part of zeros, for which the reference has 0 * Inf, keeps the codes 0.
PartGrid bitsandbytesGrid(const RtnRule& rule, float min, float max) {
  const float absmax = std::max(std::abs(min), std::abs(max));
  PartGrid grid = signedGrid(rule, usableScale(absmax / rule.divisor, 1));
  grid.hasDetour = true;
  grid.detour.multiply = std::min(torchQuotient(rule.divisor, absmax), kLargest);
  grid.detour.step = absmax;
  grid.detour.factor = 1 / rule.divisor;
  return grid;
}

/// Block formats: the scale comes from the absmax by the rule of block_scale.h.
PartGrid blockGrid(const RtnRule& rule, float min, float max) {
  const float absmax = std::max(std::abs(min), std::abs(max));
  PartGrid grid = signedGrid(rule, 1);
  grid.element = rule.rounding;
  if (!rule.block.isNvfp4()) {
    grid.scale = microscale(rule.block, absmax) * rule.block.step;
    return grid;
  }
  const float scale = nvfp4BlockScale(rule.block, absmax);
  if (rule.block.rule == BlockScale::Rule::Nvfp4) {
    grid.scale = scale / rule.block.tensorScale;
    return grid;
  }
  grid.scale = rule.block.tensorScale * scale;
  grid.hasDetour = true;
  grid.detour.multiply = (1 / rule.block.tensorScale) / scale;
  grid.detour.step = grid.scale;
  return grid;
}

}  // namespace

PartGrid partGrid(const RtnRule& rule, float min, float max) {
  if (rule.block.rule != BlockScale::Rule::None) return blockGrid(rule, min, max);
  switch (rule.flavour) {
    case Flavour::CompressedTensors:
      return compressedTensorsGrid(rule, std::min(min, 0.0f), std::max(max, 0.0f));
    case Flavour::Gptq:
      return gptqGrid(rule, std::min(min, 0.0f), std::max(max, 0.0f));
    case Flavour::Awq:
      return awqGrid(rule, min, max);
    case Flavour::SmoothQuant: {
      const float absmax = std::max(std::abs(min), std::abs(max));
      return signedGrid(rule, std::max(absmax, kSmallestRange) / rule.divisor);
    }
    case Flavour::QuaRot:
      return quarotGrid(rule, std::min(min, 0.0f), std::max(max, 0.0f));
    case Flavour::Rptq:
      return rptqGrid(rule, min, max);
    case Flavour::Qualcomm:
      return qualcommGrid(rule, std::min(min, 0.0f), max);
    case Flavour::LlmQat:
      return llmQatGrid(rule, min, max);
    case Flavour::BitsAndBytes:
      return bitsandbytesGrid(rule, min, max);
  }
  return {};
}

}  // namespace ql
