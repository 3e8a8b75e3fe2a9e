#include "core/model/names.h"

#include <array>
#include <charconv>

namespace ql {
namespace {

constexpr std::size_t kPlaceholderLength = 3;  // "{L}"

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string_view stripWrappers(std::string_view name) {
  constexpr std::array<std::string_view, 3> kWrappers = {"module.", "base_model.model.", "_orig_mod."};
  for (bool isStripped = true; isStripped;) {
    isStripped = false;
    for (const std::string_view wrapper : kWrappers) {
      if (!name.starts_with(wrapper)) continue;
      name.remove_prefix(wrapper.size());
      isStripped = true;
    }
  }
  return name;
}

bool isBuffer(std::string_view name) {
  constexpr std::array<std::string_view, 7> kEndings = {
      "rotary_emb.inv_freq",   ".attn.bias",           ".attention.bias", ".masked_bias", "position_ids",
      "rotary_emb.cos_cached", "rotary_emb.sin_cached"};
  for (const std::string_view ending : kEndings) {
    if (name.ends_with(ending)) return true;
  }
  return false;
}

TensorName splitTensorName(std::string_view name) {
  constexpr std::array<std::string_view, 4> kLeaves = {"weight", "bias", "gamma", "beta"};
  for (const std::string_view leaf : kLeaves) {
    if (name.size() > leaf.size() + 1 && name.ends_with(leaf) && name[name.size() - leaf.size() - 1] == '.') {
      return {name.substr(0, name.size() - leaf.size() - 1), leaf};
    }
  }
  return {name, {}};
}

std::optional<int> parseNumber(std::string_view digits) {
  if (digits.empty() || digits.size() > 6 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || !isDigit(digits[0]))
    return std::nullopt;
  return value;
}

std::vector<std::string_view> splitDots(std::string_view name) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t dot = name.find('.');
    parts.push_back(name.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    name.remove_prefix(dot + 1);
  }
}

bool hasPlaceholder(std::string_view pattern) {
  return pattern.find('{') != std::string_view::npos;
}

std::optional<PatternMatch> matchPrefix(std::string_view pattern, std::string_view text) {
  const std::size_t brace = pattern.find('{');
  const std::string_view head = pattern.substr(0, brace);
  if (!text.starts_with(head)) return std::nullopt;
  if (brace == std::string_view::npos) return PatternMatch{head.size(), std::nullopt};
  std::size_t end = head.size();
  while (end < text.size() && isDigit(text[end])) ++end;
  const std::optional<int> number = parseNumber(text.substr(head.size(), end - head.size()));
  const std::string_view tail = pattern.substr(brace + kPlaceholderLength);
  if (!number || !text.substr(end).starts_with(tail)) return std::nullopt;
  return PatternMatch{end + tail.size(), number};
}

std::optional<PatternMatch> matchWhole(std::string_view pattern, std::string_view text) {
  const std::optional<PatternMatch> match = matchPrefix(pattern, text);
  if (!match || match->length != text.size()) return std::nullopt;
  return match;
}

std::string fillPattern(std::string_view pattern, int number) {
  const std::size_t brace = pattern.find('{');
  if (brace == std::string_view::npos) return std::string(pattern);
  return std::string(pattern.substr(0, brace)) + std::to_string(number) +
         std::string(pattern.substr(brace + kPlaceholderLength));
}

}  // namespace ql
