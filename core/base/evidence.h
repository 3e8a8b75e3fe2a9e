#pragma once
// Where a number comes from. No number reaches a screen, a report or an export without it.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace ql {

/// Provenance of one figure or of one record of figures.
struct Evidence {
  enum class Kind { Exact, Sampled };
  std::string method;  // "rtn weight error", "column-normalised (no norm weight)"
  Kind kind = Kind::Exact;
  std::int64_t n = 0;                                 // samples behind it: weights, rows or tokens
  std::optional<std::pair<double, double>> interval;  // when sampled
  std::string level = "weights";                      // "weights", "activations", "verified"
  std::optional<std::string> data;                    // SHA-256 of the calibration data
  std::optional<std::string> settings;                // SHA-256 of the settings
  std::string origin;                                 // fingerprint of the checkpoint
  std::string tool;                                   // "quantloupe 0.1.0"

  bool operator==(const Evidence&) const = default;
};

}  // namespace ql
