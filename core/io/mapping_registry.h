#pragma once
// Which address ranges are our mapped files: read by the SIGBUS handler, so without locks and without memory.
// Seen by mapped_file.cpp only.
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ql {

/// One mapping. Slots are never freed, only used again.
struct MappingSlot {
  std::atomic<std::uintptr_t> begin{0};
  std::atomic<std::uintptr_t> end{0};        // 0: the slot is free
  std::atomic<std::uint32_t> generation{0};  // changes whenever the range does
  std::atomic<bool> isTruncated{false};
};

/// Enters a mapping (whole pages) and makes sure that the handler is installed. Thread-safe.
MappingSlot* registerMapping(std::uintptr_t begin, std::uintptr_t end);

/// Call before munmap. Thread-safe.
void unregisterMapping(MappingSlot* slot);

}  // namespace ql
