#include "core/quant/matrix_in_memory.h"

#include "core/base/error.h"

#include <algorithm>
#include <cmath>

namespace ql {

void MatrixInMemory::Rows::readRows(const MatrixRef&, std::int64_t rowBegin, std::int64_t rowEnd,
                                    std::span<float> out) const {
  const auto rows = m_weights.subspan(static_cast<std::size_t>(rowBegin * m_in),
                                      static_cast<std::size_t>((rowEnd - rowBegin) * m_in));
  std::copy(rows.begin(), rows.end(), out.begin());
}

MatrixInMemory::MatrixInMemory(std::span<const float> weights, std::int64_t out, std::int64_t in,
                               JobContext* job)
    : m_rows(weights, in) {
  const auto width = static_cast<std::size_t>(in);
  QL_ASSERT(out > 0 && in > 0 && weights.size() == static_cast<std::size_t>(out) * width);
  m_range.columnMin.assign(width, 0);
  m_range.columnMax.assign(width, 0);
  std::vector<std::uint8_t> isSeen(width, 0);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t j = i % width;
    const float w = weights[i];
    if (!std::isfinite(w)) continue;
    m_range.columnMin[j] = isSeen[j] != 0 ? std::min(m_range.columnMin[j], w) : w;
    m_range.columnMax[j] = isSeen[j] != 0 ? std::max(m_range.columnMax[j], w) : w;
    isSeen[j] = 1;
  }
  m_input.out = out;
  m_input.in = in;
  m_input.range = &m_range;
  m_input.source = &m_rows;
  m_input.matrix.tensor.assign(1, 'w');  // g++ 12 warns of an overlap in an assignment of text
  m_input.matrix.out = out;
  m_input.matrix.in = in;
  m_input.job = job;
}

}  // namespace ql
