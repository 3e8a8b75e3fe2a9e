#pragma once
// Evidence to and from the attributes of a DataTree: the same spelling in every record of a statistics file.
#include "core/base/data_tree.h"
#include "core/base/evidence.h"

namespace ql {

/// Adds the evidence's attributes to `tree`; what is absent is left out.
void writeEvidence(const Evidence& evidence, DataTree& tree);

/// Throws Error(Store) naming the attribute that is missing, of another type, or no kind that is known.
Evidence readEvidence(const DataTree& tree);

}  // namespace ql
