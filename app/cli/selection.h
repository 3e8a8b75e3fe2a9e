#pragma once
// `--layers`, `--blocks` and `--roles`: which linears a command is about.
#include "core/model/model.h"

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ql::cli {

struct SelectionOptions {
  std::string layers, blocks, roles;
  void addTo(CLI::App& app);
  bool isEmpty() const { return layers.empty() && blocks.empty() && roles.empty(); }
  /// The ids in network order. Throws Error(Usage) for a bad expression and when nothing is hit.
  std::vector<LinearId> resolve(const Model& model, bool quantizableOnly) const;
};

}  // namespace ql::cli
