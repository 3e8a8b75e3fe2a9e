// The randomised Hadamard rotation: signs, then a fast transform of each block.
#include "core/linalg/hadamard.h"
#include "core/smooth/rotation.h"
#include "core/stats/counter_random.h"

#include <cmath>
#include <cstddef>

namespace ql {
namespace {

/// A channel vector x becomes H (s * x) / sqrt(B), s random signs: in rows, x R with R = diag(s) H / sqrt(B).
/// The signs come first, or they would do nothing against channels that agree. This is the order of
/// random_hadamard_matrix() in QuaRot's hadamard_utils.py; the block size is the largest power of two that
/// divides n where QuaRot takes tabulated factors instead.
class HadamardRotation : public Rotation {
 public:
  HadamardRotation(std::int64_t n, std::int64_t block, std::uint64_t seed, std::uint64_t stream)
      : Rotation(n, block) {
    const double scale = 1 / std::sqrt(static_cast<double>(block));
    for (std::int64_t j = 0; j < n; ++j) {
      const bool isNegative = (counterRandom(seed, stream, static_cast<std::uint64_t>(j)) >> 63) != 0;
      m_factors.push_back(isNegative ? -scale : scale);
    }
  }

  void applyBlock(std::int64_t block, std::int64_t count, double* rows, std::int64_t stride) const override {
    const auto size = static_cast<std::size_t>(blockSize());
    const double* const factors = m_factors.data() + block * blockSize();
    for (std::int64_t row = 0; row < count; ++row) {
      double* const x = rows + row * stride;
      for (std::size_t j = 0; j < size; ++j) x[j] *= factors[j];
      hadamardTransform(std::span(x, size));
    }
  }

 private:
  std::vector<double> m_factors;  // signs / sqrt(block)
};

std::string blockProblem(std::int64_t block) {
  return isPowerOfTwo(block) ? "" : "blocks must be powers of two, and " + std::to_string(block) + " is none";
}

std::shared_ptr<const Rotation> make(std::int64_t n, std::int64_t block, std::uint64_t seed,
                                     std::uint64_t stream, JobContext&) {
  return std::make_shared<const HadamardRotation>(n, block, seed, stream);
}

}  // namespace

const RotationMethod& hadamardRotation() {
  static const RotationMethod method = {
      "hadamard",
      "Random signs and a Walsh-Hadamard transform, in blocks of the largest power of two that divides the "
      "channels.",
      "QuaRot, arXiv:2404.00456; QuIP#, arXiv:2402.04396",
      powerOfTwoIn,
      blockProblem,
      make};
  return method;
}

}  // namespace ql
