#pragma once
// What methods did otherwise than asked for: as JSON, on standard error, and as the exit code of --strict.
#include "app/cli/json_output.h"
#include "core/layer_fallback.h"

#include <vector>

namespace CLI {
class App;
}

namespace ql::cli {

struct StrictOption {
  bool isStrict = false;
  /// Adds --strict.
  void addTo(CLI::App& app);
  /// Warns of each reason; kExitFound when there is one and --strict was given, else kExitOk.
  int report(const std::vector<LayerFallback>& fallbacks) const;
};

/// [{"reason", "count"}]
Json fallbacksJson(const std::vector<Fallback>& fallbacks);
/// [{"layer", "reason", "count"}]
Json fallbacksJson(const std::vector<LayerFallback>& fallbacks);

}  // namespace ql::cli
