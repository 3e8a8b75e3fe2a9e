#pragma once
// Which codes a matrix uses under a scheme, how many weights each one holds, and where the error falls: by
// row and by column. One pass in bands of rows; the matrix is never held. Not for figures that weigh columns
// (layer_error.h).
#include "core/io/weight_source.h"
#include "core/jobs/job_context.h"
#include "core/quant/quantizer.h"

#include <cstdint>
#include <vector>

namespace ql {

struct CodeBin {
  std::int32_t code = 0;  // in the flavour's own grid, as QuantizedMatrix::codes
  double value = 0;       // the code in units of the scale: Q(w) / scale; what floating formats are read by
  std::uint64_t count = 0;
  bool operator==(const CodeBin&) const = default;
};

/// Codes of the finite weights.
struct CodeHistogram {
  /// Ascending by value. Of integers and single floats every finite code of the format, unused ones with
  /// count 0; of other formats the codes that occur. -0 counts as 0. The value of an integer code is the code
  /// itself, also where zero points, which differ from part to part, move its zero.
  std::vector<CodeBin> bins;
  bool isInteger = true;
  bool hasZeroPoints = false;  // code 0 is no zero: see above
  std::uint64_t weights = 0, nonFinite = 0;
  std::uint64_t zeros = 0;                        // weights that are 0
  std::uint64_t dead = 0;                         // non-zero weights that round to 0
  std::uint64_t saturated = 0;                    // weights on the lowest or highest code of the format
  std::vector<double> rowError, rowEnergy;        // [out] sums over the row of (Q - W)^2, W^2
  std::vector<double> columnError, columnEnergy;  // [in] the same over the column

  std::size_t usedCodes() const;  // bins with weights
  std::size_t unusedCodes() const;
  double deadShare() const;  // of the non-zero weights; 0 without any
};

/// Quantizes every weight and counts. `range` as of measureRange() for schemes whose parts span rows (tensor,
/// input channel), else unused. The codes are those of Quantizer::quantize() on the whole matrix; sums are
/// double and the same for any thread count. Steps the job by codeUnits() in all; the caller expect()s them.
/// `siblings` as in QuantizerInput. Throws Error(Unsupported) for a scheme that cannot be measured,
/// Error(Shape) when a range is missing. Cost: memory O(threads * band), a band being about a million
/// weights.
CodeHistogram measureCodes(const WeightSource& source, const MatrixRef& matrix, const WeightScheme& scheme,
                           const MatrixRange* range, JobContext& job,
                           const std::vector<MatrixRef>& siblings = {});
std::uint64_t codeUnits(const MatrixRef& matrix);

}  // namespace ql
