#include "core/io/format_registry.h"

namespace ql {

#define X(name) const CheckpointFormat& name##Format();
#include "core/io/formats/formats.inc"
#undef X

const std::vector<CheckpointFormat>& checkpointFormats() {
  static const std::vector<CheckpointFormat> formats = {
#define X(name) name##Format(),
#include "core/io/formats/formats.inc"
#undef X
  };
  return formats;
}

}  // namespace ql
