#pragma once
// Tensor names: wrappers' prefixes, buffers that are no weights, and patterns with block and expert numbers.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// "module." (DataParallel), "base_model.model." (PEFT), "_orig_mod." (torch.compile), in any number and
/// order.
std::string_view stripWrappers(std::string_view name);

/// Buffers that checkpoints carry along: rotary inv_freq, causal masks, position ids.
bool isBuffer(std::string_view name);

/// "model.norm.weight" -> {"model.norm", "weight"}; no known leaf -> {name, ""}. Known are "weight", "bias",
/// and "gamma" and "beta" of norms converted from TensorFlow.
struct TensorName {
  std::string_view module, leaf;
};
TensorName splitTensorName(std::string_view name);

/// A decimal of at most six digits without leading zeros beyond "0"; nothing otherwise.
std::optional<int> parseNumber(std::string_view digits);

std::vector<std::string_view> splitDots(std::string_view name);

/// The length of what `pattern` (one "{L}" or "{E}" at most) matches at the start of `text`, and its number.
struct PatternMatch {
  std::size_t length = 0;
  std::optional<int> number;
};
std::optional<PatternMatch> matchPrefix(std::string_view pattern, std::string_view text);
/// As matchPrefix, but the whole text must match.
std::optional<PatternMatch> matchWhole(std::string_view pattern, std::string_view text);

/// `pattern` with its placeholder replaced by the number.
std::string fillPattern(std::string_view pattern, int number);
bool hasPlaceholder(std::string_view pattern);

}  // namespace ql
