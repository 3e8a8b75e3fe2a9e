#include "core/evaluate/mofq.h"

#include "core/base/error.h"
#include "core/quant/mofq_pair.h"

#include <array>
#include <utility>

namespace ql {
namespace {

constexpr std::array<std::pair<MofqLoss, std::string_view>, 3> kLosses{
    {{MofqLoss::Tensor, "tensor"}, {MofqLoss::Output, "output"}, {MofqLoss::Wa, "wa"}}};

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorCode::Unsupported, why);
}

}  // namespace

std::string_view mofqLossName(MofqLoss loss) {
  for (const auto& [value, name] : kLosses)
    if (value == loss) return name;
  return "tensor";
}

std::optional<MofqLoss> mofqLossFromName(std::string_view name) {
  for (const auto& [value, word] : kLosses)
    if (word == name) return value;
  return std::nullopt;
}

MofqCandidates mofqCandidates(const Choice& choice, std::string_view floatFormat) {
  if (!choice.weight) refuse("its weights stay as stored");
  const MofqPair pair = mofqPair(*choice.weight, floatFormat);
  if (choice.activation && !choice.activation->symmetric)
    refuse("it is asymmetric and floats have no zero point, so the scale rules would differ");
  MofqCandidates candidates{choice, choice};
  if (choice.weight->algorithm.name == "mofq")
    candidates.integer.weight->algorithm = candidates.floating.weight->algorithm = {"rtn", {}};
  candidates.integer.weight->format = pair.integer;
  candidates.floating.weight->format = pair.floating;
  if (choice.activation && mofqBits(choice.activation->format) == mofqBits(choice.weight->format)) {
    candidates.integer.activation->format = pair.integer;
    candidates.floating.activation->format = pair.floating;
  }
  return candidates;
}

std::optional<double> mofqFigure(MofqLoss loss, const LayerError& weights,
                                 const std::optional<OutputError>& output) {
  if (loss == MofqLoss::Tensor) return weights.weightRelFro;
  if (!output) return std::nullopt;
  return loss == MofqLoss::Output ? output->w : output->wa;
}

MofqResult mofqVerdict(std::optional<double> integerError, std::optional<double> floatError) {
  return {integerError, floatError, integerError && floatError && *floatError < *integerError};
}

bool mofqJointVerdict(std::span<const MofqResult> results) {
  double integers = 0, floats = 0;
  for (const MofqResult& result : results) {
    if (!result.isMeasured()) continue;
    integers += *result.integerError * *result.integerError;
    floats += *result.floatError * *result.floatError;
  }
  return floats < integers;
}

}  // namespace ql
