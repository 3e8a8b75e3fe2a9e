#pragma once
// Identity of a checkpoint's content without reading it all.
#include "core/io/checkpoint.h"

#include <string>

namespace ql {

/// SHA-256 over file names, sizes, headers, and the first and last 4 KiB of at most 1024 evenly chosen
/// tensors; no path, no time. Reads at most 8 MiB.
std::string fingerprint(const Checkpoint& checkpoint);

}  // namespace ql
