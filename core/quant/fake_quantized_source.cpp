#include "core/base/error.h"
#include "core/quant/quantizer.h"

#include <algorithm>
#include <cmath>

namespace ql {

FakeQuantizedSource::FakeQuantizedSource(std::shared_ptr<const WeightSource> inner,
                                         std::shared_ptr<const RowQuantizer> quantizer, Output output)
    : m_inner(std::move(inner)), m_quantizer(std::move(quantizer)), m_output(output) {}

std::vector<float> FakeQuantizedSource::readVector(const std::string& tensor) const {
  return m_inner->readVector(tensor);
}

void FakeQuantizedSource::readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                                   std::span<float> out) const {
  // parts that span rows are only right when read whole: widen to their edges, hand out what was asked for
  const std::int64_t unit = m_quantizer->rowUnit();
  const std::int64_t begin = rowBegin / unit * unit;
  const std::int64_t end = std::min(matrix.out, (rowEnd + unit - 1) / unit * unit);
  const std::size_t width = static_cast<std::size_t>(matrix.in);
  std::vector<float> rows(static_cast<std::size_t>(std::max<std::int64_t>(end - begin, 0)) * width);
  m_inner->readRows(matrix, begin, end, rows);
  std::vector<float> quantized(rows.size());
  m_quantizer->apply(begin, end - begin, rows, quantized, {});

  const std::size_t skipped = static_cast<std::size_t>(rowBegin - begin) * width;
  QL_ASSERT(out.size() == static_cast<std::size_t>(rowEnd - rowBegin) * width);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const float w = rows[skipped + i];
    const float q = quantized[skipped + i];
    // a weight that is not finite is not quantized: no error there, rather than Inf - Inf
    out[i] = m_output == Output::Quantized ? q : std::isfinite(w) ? q - w : 0.0f;
  }
}

}  // namespace ql
