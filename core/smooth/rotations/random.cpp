// A random orthogonal rotation, uniformly distributed.
#include "core/linalg/orthogonal.h"
#include "core/linalg/product_f64.h"
#include "core/smooth/rotation.h"
#include "core/stats/counter_random.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ql {
namespace {

constexpr std::int64_t kMostChannels = 16384;  // a block of 2 GiB

/// Number i of a stream, standard normal: Box-Muller (Box & Muller 1958) from 53 random bits each.
double gaussian(std::uint64_t seed, std::uint64_t stream, std::uint64_t i) {
  constexpr double kUnit = 1.0 / 9007199254740992.0;  // 2^-53
  constexpr double kTurn = 6.283185307179586;
  const double u = static_cast<double>((counterRandom(seed, stream, 2 * i) >> 11) + 1) * kUnit;  // (0, 1]
  const double v = static_cast<double>(counterRandom(seed, stream, 2 * i + 1) >> 11) * kUnit;
  return std::sqrt(-2 * std::log(u)) * std::cos(kTurn * v);
}

class DenseRotation : public Rotation {
 public:
  DenseRotation(std::int64_t n, std::int64_t block, std::vector<std::vector<double>> blocks)
      : Rotation(n, block), m_blocks(std::move(blocks)) {}

  void applyBlock(std::int64_t block, std::int64_t count, double* rows, std::int64_t stride) const override {
    const std::int64_t size = blockSize();
    std::vector<double> result(static_cast<std::size_t>(count * size));
    multiplyDouble(count, size, size, rows, stride, m_blocks[static_cast<std::size_t>(block)].data(), size,
                   result.data(), size);
    for (std::int64_t row = 0; row < count; ++row)
      std::copy_n(result.data() + row * size, size, rows + row * stride);
  }

 private:
  std::vector<std::vector<double>> m_blocks;  // Q [block, block] row-major
};

std::int64_t usualBlock(std::int64_t n) {
  return n;
}

std::string blockProblem(std::int64_t block) {
  if (block <= kMostChannels) return "";
  return std::to_string(block) + " channels at once are more than " + std::to_string(kMostChannels) +
         "; give a smaller block size";
}

std::shared_ptr<const Rotation> make(std::int64_t n, std::int64_t block, std::uint64_t seed,
                                     std::uint64_t stream, JobContext& job) {
  std::vector<std::vector<double>> blocks;
  const std::size_t count = gaussiansFor(block);
  for (std::int64_t b = 0; b < n / block; ++b) {
    std::vector<double> numbers(count);
    for (std::size_t i = 0; i < count; ++i) {
      numbers[i] = gaussian(seed, stream, static_cast<std::uint64_t>(b) * count + i);
      if (i % 65536 == 0) job.step();
    }
    blocks.push_back(orthogonalMatrix(block, numbers, job));
  }
  return std::make_shared<const DenseRotation>(n, block, std::move(blocks));
}

}  // namespace

const RotationMethod& randomRotation() {
  static const RotationMethod method = {
      "random",
      "A random orthogonal matrix: QR of a Gaussian matrix with the signs of R's diagonal made positive.",
      "QuaRot, arXiv:2404.00456; Stewart 1980; Mezzadri 2007, arXiv:math-ph/0609050",
      usualBlock,
      blockProblem,
      make};
  return method;
}

}  // namespace ql
