#pragma once
// A matrix in memory as a WeightSource, with or without in-place bfloat16 rows.
#include "core/io/weight_source.h"

#include <cstring>
#include <random>
#include <vector>

namespace ql::test {

class MemorySource : public WeightSource {
 public:
  MemorySource(std::int64_t out, std::int64_t in, std::vector<float> values)
      : m_in(in), m_values(std::move(values)) {
    ref.tensor = "w";
    ref.out = out;
    ref.in = in;
  }
  /// Rounds the values to bfloat16 and hands out their bytes as well.
  void storeAsBf16() {
    m_codes.resize(m_values.size());
    for (std::size_t i = 0; i < m_values.size(); ++i) {
      m_codes[i] = floatToBf16(m_values[i]);
      m_values[i] = bf16ToFloat(m_codes[i]);
    }
  }
  void readRows(const MatrixRef&, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override {
    const auto begin = m_values.begin() + rowBegin * m_in;
    std::copy(begin, begin + (rowEnd - rowBegin) * m_in, out.begin());
  }
  std::optional<RawRows> rawRows(const MatrixRef&, std::int64_t rowBegin, std::int64_t) const override {
    if (m_codes.empty()) return std::nullopt;
    return RawRows{reinterpret_cast<const std::byte*>(m_codes.data() + rowBegin * m_in), DType::BF16,
                   static_cast<std::size_t>(m_in) * 2};
  }
  const std::vector<float>& values() const { return m_values; }
  std::vector<float>& values() { return m_values; }

  MatrixRef ref;

 private:
  std::int64_t m_in;
  std::vector<float> m_values;
  std::vector<std::uint16_t> m_codes;
};

/// Gaussian weights with a few large input channels.
inline MemorySource gaussianSource(std::int64_t out, std::int64_t in, unsigned seed, float outlier = 1) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.05f);
  std::vector<float> w(static_cast<std::size_t>(out * in));
  for (std::size_t i = 0; i < w.size(); ++i) {
    w[i] = normal(random) * (i % static_cast<std::size_t>(in) % 37 == 5 ? outlier : 1.0f);
  }
  return MemorySource(out, in, std::move(w));
}

}  // namespace ql::test
