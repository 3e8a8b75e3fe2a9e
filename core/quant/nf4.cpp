#include "core/quant/nf4.h"

#include <algorithm>
#include <cmath>

namespace ql {
namespace {

/// Codes by the midpoints between neighbours: a value at a midpoint takes the lower code (torch.bucketize).
template <std::size_t N>
class Midpoints {
 public:
  explicit Midpoints(const std::array<float, N>& values) {
    for (std::size_t i = 0; i + 1 < N; ++i) m_midpoints[i] = (values[i] + values[i + 1]) / 2;
  }
  int code(float x) const {
    return static_cast<int>(std::lower_bound(m_midpoints.begin(), m_midpoints.end(), x) -
                            m_midpoints.begin());
  }

 private:
  std::array<float, N - 1> m_midpoints{};
};

/// torch.linspace(0.1, 1, count) in float32: from both ends towards the middle.
float boundary(std::size_t i, std::size_t count) {
  const float begin = 0.1f, end = 1.0f, step = (end - begin) / static_cast<float>(count - 1);
  return i < count / 2 ? begin + step * static_cast<float>(i)
                       : end - step * static_cast<float>(count - 1 - i);
}

std::array<float, 256> makeDynamicMap() {
  constexpr int kExponents = 7;
  std::array<float, 256> values{};
  std::size_t count = 0;
  for (int i = 0; i < kExponents; ++i) {
    const std::size_t boundaries = (std::size_t{1} << i) + 1;
    const float decade = static_cast<float>(std::pow(10.0, i - (kExponents - 1)));
    for (std::size_t k = 0; k + 1 < boundaries; ++k) {
      const float mean = (boundary(k, boundaries) + boundary(k + 1, boundaries)) / 2.0f;
      values[count++] = decade * mean;
      values[count++] = -decade * mean;
    }
  }
  values[count++] = 0;
  values[count] = 1;
  std::sort(values.begin(), values.end());
  return values;
}

}  // namespace

int nf4Code(float x) {
  static const Midpoints<16> midpoints(kNf4Values);
  return midpoints.code(x);
}

const std::array<float, 256>& dynamicMap() {
  static const std::array<float, 256> values = makeDynamicMap();
  return values;
}

int dynamicCode(float x) {
  static const Midpoints<256> midpoints(dynamicMap());
  return midpoints.code(x);
}

std::vector<float> doubleQuantized(std::span<const float> absmax) {
  constexpr std::size_t kBlock = 256;
  if (absmax.empty()) return {};
  double sum = 0;
  for (const float a : absmax) sum += static_cast<double>(a);
  const float offset = static_cast<float>(sum / static_cast<double>(absmax.size()));
  std::vector<float> result(absmax.size());
  for (std::size_t begin = 0; begin < absmax.size(); begin += kBlock) {
    const std::size_t end = std::min(absmax.size(), begin + kBlock);
    float peak = 1e-38f;  // all scales alike: bitsandbytes' own 1 / 0 would be NaN
    for (std::size_t i = begin; i < end; ++i) peak = std::max(peak, std::abs(absmax[i] - offset));
    const float inverse = 1.0f / peak;
    for (std::size_t i = begin; i < end; ++i) {
      const int code = dynamicCode(std::clamp((absmax[i] - offset) * inverse, -1.0f, 1.0f));
      result[i] = dynamicMap()[static_cast<std::size_t>(code)] * peak + offset;
    }
  }
  return result;
}

}  // namespace ql
