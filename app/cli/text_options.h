#pragma once
// Options of the commands that run the model on text: where the text comes from, how much of it, with how
// much memory.
#include "core/workspace.h"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace ql::cli {

struct TextOptions {
  bool isIds = false;     // the text file holds token ids
  std::string tokenizer;  // folder or file
  std::int64_t tokens = 0, context = 0;
  double memoryGiB = 0;

  /// Adds --ids, --tokenizer, --tokens, --context and --memory.
  void addTo(CLI::App& app, std::int64_t defaultTokens);
  /// The source for a file given as text. .npy and .safetensors are ids without being called so.
  TextSource source(const std::string& file) const;
  WindowOptions windows() const;
  std::uint64_t memoryBytes() const;
};

}  // namespace ql::cli
