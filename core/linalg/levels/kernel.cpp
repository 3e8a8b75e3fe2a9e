// The matrix kernels of one instruction-set level: this file is compiled once per level with its flags and
// QL_LEVEL (core/CMakeLists.txt). Renaming the namespace before the first Eigen include gives every Eigen
// symbol a level of its own, so the linker can never put AVX-512 code where AVX2 code belongs; only extern
// "C" functions on raw pointers leave the object (checked by check_symbols.cmake), hence no type of std here.
#define QL_JOIN2(a, b) a##b
#define QL_JOIN(a, b) QL_JOIN2(a, b)
#define Eigen QL_JOIN(Eigen_, QL_LEVEL)
#define EIGEN_DONT_PARALLELIZE  // the caller's tasks own the cores
#define EIGEN_NO_DEBUG
#define EIGEN_MPL2_ONLY
#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

using Index = std::ptrdiff_t;
using Stride = Eigen::OuterStride<>;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const RowMajor, 0, Stride>;
using Map = Eigen::Map<RowMajor, 0, Stride>;

// Below what Eigen takes at once with the cache sizes of ql_init: one panel is one chain of multiply-adds on
// every level.
constexpr Index kDepth = 256;

/// C = (or +=) op(A) op(B), panel by panel of k.
template <class Left, class Right>
void addPanels(Index k, Map& c, bool isAdded, const Left& left, const Right& right) {
  for (Index p = 0; p < k; p += kDepth) {
    const Index depth = k - p < kDepth ? k - p : kDepth;
    if (p == 0 && !isAdded) {
      c.noalias() = left(p, depth) * right(p, depth);
    } else {
      c.noalias() += left(p, depth) * right(p, depth);
    }
  }
}

void productNt(Index m, Index n, Index k, const float* a, Index lda, const float* b, Index ldb, float* c,
               Index ldc, int isAdded) {
  Map out(c, m, n, Stride(ldc));
  addPanels(
      k, out, isAdded != 0, [&](Index p, Index depth) { return ConstMap(a + p, m, depth, Stride(lda)); },
      [&](Index p, Index depth) { return ConstMap(b + p, n, depth, Stride(ldb)).transpose(); });
}

void productNn(Index m, Index n, Index k, const float* a, Index lda, const float* b, Index ldb, float* c,
               Index ldc, int isAdded) {
  Map out(c, m, n, Stride(ldc));
  addPanels(
      k, out, isAdded != 0, [&](Index p, Index depth) { return ConstMap(a + p, m, depth, Stride(lda)); },
      [&](Index p, Index depth) { return ConstMap(b + p * ldb, depth, n, Stride(ldb)); });
}

void productTn(Index m, Index n, Index k, const float* a, Index lda, const float* b, Index ldb, float* c,
               Index ldc, int isAdded) {
  Map out(c, m, n, Stride(ldc));
  addPanels(
      k, out, isAdded != 0,
      [&](Index p, Index depth) { return ConstMap(a + p * lda, depth, m, Stride(lda)).transpose(); },
      [&](Index p, Index depth) { return ConstMap(b + p * ldb, depth, n, Stride(ldb)); });
}

// Lanes of the sums in double: fixed, so that their order is that of every level.
constexpr Index kLanes = 8;
constexpr Index kRowsAtOnce = 4;
using Lanes = Eigen::Array<double, kLanes, 1>;

Lanes widened(const float* values) {
  return Eigen::Map<const Eigen::Array<float, kLanes, 1>>(values).cast<double>();
}

/// Rows M [kRows, n]: dots[r] += M_r v, and y += sum_r M_r weights[r] unless y is null.
template <Index kRows>
void symmetricRows(Index n, const float* m, Index ldm, const double* v, double* dots, const double* weights,
                   double* y) {
  Lanes sums[kRows];
  for (Lanes& sum : sums) sum.setZero();
  const Index whole = n - n % kLanes;
  for (Index j = 0; j < whole; j += kLanes) {
    const Lanes in = Eigen::Map<const Lanes>(v + j);
    Lanes out = Lanes::Zero();
    for (Index r = 0; r < kRows; ++r) {
      const Lanes row = widened(m + r * ldm + j);
      sums[r] += row * in;
      if (y != nullptr) out += row * weights[r];
    }
    if (y != nullptr) Eigen::Map<Lanes>(y + j) += out;
  }
  for (Index r = 0; r < kRows; ++r) {
    double sum = 0;
    for (Index lane = 0; lane < kLanes; ++lane) sum += sums[r](lane);
    for (Index j = whole; j < n; ++j) {
      const double value = static_cast<double>(m[r * ldm + j]);
      sum += value * v[j];
      if (y != nullptr) y[j] += value * weights[r];
    }
    dots[r] += sum;
  }
}

void symmetric(Index rows, Index n, const float* m, Index ldm, const double* v, double* dots,
               const double* weights, double* y) {
  Index r = 0;
  for (; r + kRowsAtOnce <= rows; r += kRowsAtOnce)
    symmetricRows<kRowsAtOnce>(n, m + r * ldm, ldm, v, dots + r, weights + r, y);
  for (; r < rows; ++r) symmetricRows<1>(n, m + r * ldm, ldm, v, dots + r, weights + r, y);
}

// Values of one step of a conversion: a loop of fixed length, which compilers turn into vectors at -O2.
constexpr Index kBlock = 64;

template <class Convert>
void widenBlock(const unsigned char* in, float* out, Convert convert) {
  std::uint16_t codes[kBlock];
  std::uint32_t bits[kBlock];
  std::memcpy(codes, in, sizeof codes);  // unaligned
  for (Index j = 0; j < kBlock; ++j) bits[j] = convert(codes[j]);
  std::memcpy(out, bits, sizeof bits);
}

template <class Convert>
void widenEach(Index count, const unsigned char* in, float* out, Convert convert) {
  Index i = 0;
  for (; i + kBlock <= count; i += kBlock) widenBlock(in + 2 * i, out + i, convert);
  if (i == count) return;
  unsigned char lastIn[2 * kBlock] = {};
  float lastOut[kBlock];
  std::memcpy(lastIn, in + 2 * i, static_cast<std::size_t>(2 * (count - i)));
  widenBlock(lastIn, lastOut, convert);
  std::memcpy(out + i, lastOut, static_cast<std::size_t>(4 * (count - i)));
}

std::uint32_t bitsOf(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Exponent and mantissa moved into place, times 2^112 for the other bias: exact, subnormal numbers included.
/// Infinities and NaN then lie at 2^16 and above and get the largest exponent.
std::uint32_t widenedHalf(std::uint16_t code) {
  const std::uint32_t moved = static_cast<std::uint32_t>(code & 0x7fffu) << 13;
  float value;
  std::memcpy(&value, &moved, sizeof value);
  const std::uint32_t scaled = bitsOf(value * 0x1p112f);
  const std::uint32_t special = moved >= 0x0f800000u ? 0x7f800000u : 0u;
  return scaled | special | static_cast<std::uint32_t>(code & 0x8000u) << 16;
}

}  // namespace

#define QL_EXPORT(name) QL_JOIN(name, QL_LEVEL)
#define QL_PRODUCT(name, function)                                                                      \
  void QL_EXPORT(name)(Index m, Index n, Index k, const float* a, Index lda, const float* b, Index ldb, \
                       float* c, Index ldc, int isAdded) {                                              \
    function(m, n, k, a, lda, b, ldb, c, ldc, isAdded);                                                 \
  }

extern "C" {
QL_PRODUCT(ql_product_nt_, productNt)
QL_PRODUCT(ql_product_nn_, productNn)
QL_PRODUCT(ql_product_tn_, productTn)

void QL_EXPORT(ql_symmetric_)(Index rows, Index n, const float* m, Index ldm, const double* v, double* dots,
                              const double* weights, double* y) {
  symmetric(rows, n, m, ldm, v, dots, weights, y);
}

void QL_EXPORT(ql_widen_bf16_)(Index count, const unsigned char* in, float* out) {
  widenEach(count, in, out, [](std::uint16_t code) { return static_cast<std::uint32_t>(code) << 16; });
}

void QL_EXPORT(ql_widen_f16_)(Index count, const unsigned char* in, float* out) {
  widenEach(count, in, out, [](std::uint16_t code) { return widenedHalf(code); });
}

// Fixed cache sizes: Eigen's blocking over k, hence the order of the sums, must not follow the machine.
void QL_EXPORT(ql_init_)() {
  Eigen::setCpuCacheSizes(32 << 10, 1 << 20, 8 << 20);
}
}
