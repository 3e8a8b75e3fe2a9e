#include "core/io/round_to_dtype.h"

#include "core/base/error.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

namespace ql {
namespace {

/// As floatToBf16, inline: whole checkpoints go through here.
std::uint16_t bf16Of(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return floatToBf16(value);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}
float ofBf16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class Stored, class Round, class Widen>
RoundingSums roundAll(std::span<const float> values, std::byte* out, Round round, Widen widen) {
  RoundingSums sums;
  sums.values = static_cast<std::int64_t>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    const Stored stored = round(value);
    std::memcpy(out + i * sizeof(Stored), &stored, sizeof stored);
    const float rounded = widen(stored);
    if (!std::isfinite(rounded)) {
      if (sums.firstNonFinite < 0) sums.firstNonFinite = static_cast<std::int64_t>(i);
      continue;
    }
    const double change = static_cast<double>(rounded) - static_cast<double>(value);
    sums.error += change * change;
    sums.energy += static_cast<double>(value) * static_cast<double>(value);
    sums.largestChange = std::max(sums.largestChange, std::abs(change));
    sums.underflows += rounded == 0 && value != 0;
  }
  return sums;
}

}  // namespace

double RoundingSums::relativeFrobenius() const {
  return energy > 0 ? std::sqrt(error / energy) : 0;
}

void RoundingSums::merge(const RoundingSums& later) {
  if (firstNonFinite < 0 && later.firstNonFinite >= 0) firstNonFinite = values + later.firstNonFinite;
  error += later.error;
  energy += later.energy;
  largestChange = std::max(largestChange, later.largestChange);
  values += later.values;
  underflows += later.underflows;
}

bool isRoundable(DType dtype) {
  return dtype == DType::BF16 || dtype == DType::F16 || dtype == DType::F32 || dtype == DType::F64;
}

RoundingSums roundToDType(DType dtype, std::span<const float> values, std::span<std::byte> out) {
  QL_ASSERT(out.size() * 8 == values.size() * static_cast<std::size_t>(dtypeInfo(dtype).bits));
  const auto same = [](float value) { return value; };
  switch (dtype) {
    case DType::BF16:
      return roundAll<std::uint16_t>(values, out.data(), bf16Of, ofBf16);
    case DType::F16:
      return roundAll<std::uint16_t>(values, out.data(), floatToFp16, fp16ToFloat);
    case DType::F32:
      return roundAll<float>(values, out.data(), same, same);
    case DType::F64:
      return roundAll<double>(
          values, out.data(), [](float value) { return static_cast<double>(value); },
          [](double value) { return static_cast<float>(value); });
    default:
      throw Error(ErrorCode::Unsupported, "Weights cannot be rounded to " +
                                              std::string(dtypeInfo(dtype).name) +
                                              " without a scale; convert the model to BF16.");
  }
}

}  // namespace ql
