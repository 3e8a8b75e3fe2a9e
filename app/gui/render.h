#pragma once
// Pictures without a window: opens, measures, waits until everything shown is computed, and writes the file.
#include "app/gui/options.h"

namespace ql {

/// The exit code: 0, or 2 after a sentence on stderr.
int renderPicture(const GuiOptions& options);

}  // namespace ql
