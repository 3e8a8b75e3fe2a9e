#pragma once
// What a method did otherwise than asked for, and where: beside figures and in reports.
#include "core/quant/quantizer.h"

#include <string>
#include <vector>

namespace ql {

struct LayerFallback {
  std::string layer;  // of the linear
  Fallback fallback;
  bool operator==(const LayerFallback&) const = default;
};

/// "REASON (12 times in 3 layers, most in "NAME")": one line for each reason, in order of first appearance.
std::vector<std::string> fallbackLines(const std::vector<LayerFallback>& fallbacks);

}  // namespace ql
