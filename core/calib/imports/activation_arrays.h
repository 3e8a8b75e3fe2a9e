#pragma once
// Activations as arrays "<name>.input" of a file, streamed by tiles of rows through the accumulator. What the
// containers differ in is behind ArrayFile. Internal to calib/.
#include "core/base/dtype.h"
#include "core/base/shape.h"
#include "core/calib/imports/imported_sites.h"
#include "core/jobs/job_context.h"
#include "core/stats/activation_accumulator.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ql {

struct NamedArray {
  std::string name;  // "model.layers.0.self_attn.q_proj.input"
  DType dtype = DType::F32;
  Shape shape;
};

/// An array's bytes from the first to the last, in row-major order.
class ArrayStream {
 public:
  virtual ~ArrayStream() = default;
  virtual void read(std::span<std::byte> out) = 0;
  virtual void finish() = 0;  // after the last byte: checksums
};

class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  virtual const std::vector<NamedArray>& arrays() const = 0;
  virtual std::unique_ptr<ArrayStream> open(std::size_t array) const = 0;
};

/// Every array "<name>.input" [tokens, in] or [windows, tokens, in] of floats; "<name>.token_ids" or
/// "token_ids", of as many integers as there are tokens, name the tokens. Memory: one site's accumulator and
/// two tiles.
void accumulateArrays(const ArrayFile& file, const AccumulatorOptions& options, ImportedSites& sites,
                      JobContext& job);

}  // namespace ql
