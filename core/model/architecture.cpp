#include "core/model/architecture.h"

namespace ql {

#define X(name) const ArchitectureTable& name##Architecture();
#include "core/model/architectures/architectures.inc"
#undef X

const std::vector<const ArchitectureTable*>& architectures() {
  static const std::vector<const ArchitectureTable*> all = {
#define X(name) &name##Architecture(),
#include "core/model/architectures/architectures.inc"
#undef X
  };
  return all;
}

}  // namespace ql
