#pragma once
// Reads config.json for families/: every value checked for type and range, every fault one sentence with the
// key. Keys are looked up in text_config first, then at the top. Internal to calib/.
#include "core/calib/family.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ql {

/// Absent and null are the same everywhere. All throw Error(Format) for a value of a wrong type or out of
/// range, and for a missing key without fallback. Holds references: the JSON must outlive it.
class ForwardConfig {
 public:
  explicit ForwardConfig(const nlohmann::json& top);
  /// Looks in `object` only: for nested objects such as rope_scaling. `path` is for messages.
  ForwardConfig(const nlohmann::json& object, std::string path);

  const nlohmann::json* find(std::string_view key) const;  // null when absent or null
  bool has(std::string_view key) const { return find(key) != nullptr; }
  std::int64_t count(std::string_view key, std::optional<std::int64_t> fallback = std::nullopt,
                     std::int64_t minimum = 1, std::int64_t maximum = std::int64_t{1} << 31) const;
  /// A finite number in [minimum, maximum].
  double number(std::string_view key, std::optional<double> fallback = std::nullopt, double minimum = 0,
                double maximum = 1e30) const;
  bool flag(std::string_view key, bool fallback) const;
  std::string text(std::string_view key, std::optional<std::string> fallback = std::nullopt) const;
  std::vector<double> numbers(std::string_view key) const;       // empty when absent
  std::vector<std::int64_t> counts(std::string_view key) const;  // empty when absent; whole numbers >= 0
  std::vector<std::string> texts(std::string_view key) const;    // empty when absent
  std::optional<ForwardConfig> object(std::string_view key) const;

  [[noreturn]] void fail(std::string_view key, const std::string& expected) const;
  [[noreturn]] void unsupported(std::string_view key, const std::string& value) const;

 private:
  const nlohmann::json* m_nested = nullptr;
  const nlohmann::json* m_top = nullptr;
  std::string m_path;  // "rope_scaling." or empty
};

/// "silu", "gelu", "gelu_new", ... Throws Error(Unsupported) for others.
ActivationKind readActivation(const ForwardConfig& config, std::string_view key, const std::string& fallback);

/// rope_theta + rope_scaling, or rope_parameters (transformers 5). `headDim` x partial_rotary_factor are
/// rotated.
RopeSpec readRope(const ForwardConfig& config, std::int64_t headDim, std::int64_t context,
                  double defaultTheta = 10000);

/// layer_types ("full_attention", "sliding_attention") with sliding_window; else `fallback(block)` says which
/// blocks slide. `window` nothing = none does. Returns an empty vector when no block slides.
std::vector<std::int64_t> readSlidingWindows(const ForwardConfig& config, std::int64_t blocks,
                                             std::optional<std::int64_t> window,
                                             std::int64_t firstSliding = 0);

/// The first of these module paths that has a tensor ".weight" in the model; the first one when none has.
std::string existingModule(const Model& model, std::initializer_list<std::string_view> modules);

/// Rows of the first linear of this role outside experts; 0 when there is none.
std::int64_t rowsOf(const Model& model, TensorRole role);

/// Throws Error(Format) when `isExpected` and a linear of the roles lacks its bias, or the reverse: `key`
/// says why it was expected.
void checkBiases(const Model& model, std::initializer_list<TensorRole> roles, bool isExpected,
                 std::string_view key);

}  // namespace ql
