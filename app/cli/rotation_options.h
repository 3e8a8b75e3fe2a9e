#pragma once
// The rotation that a command's options ask for.
#include "core/smooth/rotated_source.h"

#include <CLI/App.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace ql::cli {

class RotationOptions {
 public:
  /// --r1, --r2, --seed, --block and --head-block.
  void addTo(CLI::App& app);
  bool isEmpty() const { return m_residual.empty() && m_heads.empty(); }
  /// Throws Error(Usage) for an option that nothing uses.
  ModelRotation rotation() const;
  /// Both by Hadamard, for when none is named; with the seed.
  ModelRotation usual() const {
    return {RotationSpec{"hadamard", m_seed, {}}, RotationSpec{"hadamard", m_seed, {}}};
  }

 private:
  std::string m_residual, m_heads;  // methods
  std::uint64_t m_seed = 0;
  std::optional<std::int64_t> m_block, m_headBlock;
};

}  // namespace ql::cli
