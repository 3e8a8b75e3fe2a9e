#pragma once
// Memory of a block's temporaries, and the split of their rows into tasks. Internal to calib/.
#include "core/jobs/job_context.h"
#include "core/jobs/parallel_for.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace ql {

/// Floats that are not set to zero first: every one is written before it is read.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  FloatBuffer(std::int64_t rows, std::int64_t width)
      : m_size(static_cast<std::size_t>(rows * width)),
        m_data(std::make_unique_for_overwrite<float[]>(m_size)) {}
  float* data() { return m_data.get(); }
  const float* data() const { return m_data.get(); }
  std::size_t size() const { return m_size; }
  std::span<float> span() { return {m_data.get(), m_size}; }
  std::span<const float> span() const { return {m_data.get(), m_size}; }

 private:
  std::size_t m_size = 0;
  std::unique_ptr<float[]> m_data;
};

/// Calls body(rowBegin, rowEnd) in parallel over pieces of about 64 Ki floats: the same pieces for any number
/// of threads.
inline void parallelRows(JobContext& job, std::int64_t rows, std::int64_t width,
                         const std::function<void(std::int64_t, std::int64_t)>& body) {
  constexpr std::int64_t kPiece = 1 << 16;
  const std::int64_t rowsEach = std::max<std::int64_t>(1, kPiece / std::max<std::int64_t>(1, width));
  parallelFor(job, (rows + rowsEach - 1) / rowsEach,
              [&](std::int64_t piece) { body(piece * rowsEach, std::min(rows, (piece + 1) * rowsEach)); });
}

}  // namespace ql
