#pragma once
// A matrix in memory as a WeightSource, at an odd address, and the slow double reference of everything
// measured.
#include "core/base/dtype.h"
#include "core/io/weight_source.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace ql::test {

class MemorySource : public WeightSource {
 public:
  /// Values are stored rounded to dtype (BF16, F16, F32 or I8).
  MemorySource(std::int64_t out, std::int64_t in, DType dtype, const std::vector<float>& values,
               bool isRaw = true)
      : m_matrix{"test", out, in, false, -1}, m_dtype(dtype), m_isRaw(isRaw) {
    const std::size_t width = static_cast<std::size_t>(dtypeInfo(dtype).bits / 8);
    m_bytes.resize(1 + values.size() * width);
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::byte* p = m_bytes.data() + 1 + i * width;
      const std::uint16_t half = dtype == DType::BF16 ? floatToBf16(values[i]) : floatToFp16(values[i]);
      const auto byte = static_cast<std::int8_t>(dtype == DType::I8 ? values[i] : 0.0f);
      if (dtype == DType::F32) std::memcpy(p, &values[i], 4);
      if (dtype == DType::I8) std::memcpy(p, &byte, 1);
      if (dtype == DType::BF16 || dtype == DType::F16) std::memcpy(p, &half, 2);
    }
  }
  const MatrixRef& matrix() const { return m_matrix; }
  std::vector<float> values() const {
    std::vector<float> all(static_cast<std::size_t>(m_matrix.out * m_matrix.in));
    if (!all.empty()) readRows(m_matrix, 0, m_matrix.out, all);
    return all;
  }
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    const auto row =
        static_cast<std::size_t>(matrix.in) * static_cast<std::size_t>(dtypeInfo(m_dtype).bits / 8);
    convertToFloat(m_dtype,
                   {m_bytes.data() + 1 + static_cast<std::size_t>(rowBegin) * row,
                    static_cast<std::size_t>(rowEnd - rowBegin) * row},
                   out);
  }
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t) const override {
    if (!m_isRaw) return std::nullopt;
    const auto row =
        static_cast<std::size_t>(matrix.in) * static_cast<std::size_t>(dtypeInfo(m_dtype).bits / 8);
    return RawRows{m_bytes.data() + 1 + static_cast<std::size_t>(rowBegin) * row, m_dtype, row};
  }

 private:
  MatrixRef m_matrix;
  DType m_dtype;
  bool m_isRaw;
  std::vector<std::byte> m_bytes;
};

/// Bell-shaped weights with every `zeroEvery`-th one zero.
inline std::vector<float> bellValues(std::int64_t count, unsigned seed, float scale = 0.02f,
                                     int zeroEvery = 0) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> bell(0.0f, scale);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = zeroEvery > 0 && i % static_cast<std::size_t>(zeroEvery) == 0 ? 0.0f : bell(generator);
  return values;
}

/// One channel by the definitions, in double.
struct Channel {
  double absmax = 0, min = 0, max = 0, sum = 0, sq = 0, quad = 0, sumAbs = 0;
  std::uint64_t zeros = 0, nans = 0, posInfs = 0, negInfs = 0, finite = 0;
  std::int64_t argmax = -1;

  void add(float value, std::int64_t place) {
    const double w = static_cast<double>(value);
    if (std::isnan(value)) {
      ++nans;
    } else if (std::isinf(value)) {
      ++(value > 0 ? posInfs : negInfs);
    } else {
      if (finite == 0) min = max = w;
      if (finite == 0 || std::abs(w) > absmax) argmax = place;
      absmax = std::max(absmax, std::abs(w));
      min = std::min(min, w), max = std::max(max, w);
      sum += w, sq += w * w, quad += w * w * w * w, sumAbs += std::abs(w);
      zeros += w == 0 ? 1 : 0;
      ++finite;
    }
  }
};

}  // namespace ql::test
