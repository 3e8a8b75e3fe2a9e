#pragma once
// The matrix kernels of each instruction set behind one table of functions, and what the tasks of this module
// share. Not for other modules: they use gemm.h, linear.h and second_moment.h.
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace ql {

/// The functions of one level (levels/kernel.cpp). Row-major matrices, strides in elements, one thread.
struct GemmKernels {
  /// C [m, n] = op(A) op(B), or C += it when `isAdded`. n must be a multiple of kColumnUnit and m at least 2.
  using Product = void (*)(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, const float* a,
                           std::ptrdiff_t lda, const float* b, std::ptrdiff_t ldb, float* c,
                           std::ptrdiff_t ldc, int isAdded);
  /// Rows M [rows, n]: dots[r] += M_r v, and y += sum_r M_r weights[r] unless y is null. In double.
  using Symmetric = void (*)(std::ptrdiff_t rows, std::ptrdiff_t n, const float* m, std::ptrdiff_t ldm,
                             const double* v, double* dots, const double* weights, double* y);
  using Widen = void (*)(std::ptrdiff_t count, const unsigned char* in, float* out);

  std::string_view name;
  Product nt, nn, tn;  // A [m, k] B [n, k]^T; A [m, k] B [k, n]; A [k, m]^T B [k, n]
  Symmetric symmetric;
  Widen widenBf16, widenF16;
};

/// The level of this machine, or the one a test asked for.
const GemmKernels& gemmKernels();
/// Tests only: takes another level from now on; "" is the machine's own. False (and no change) when this
/// machine cannot run it.
bool forceGemmLevel(std::string_view name);

/// 3 AVX-512 or 6 AVX2 packets: Eigen's kernel then keeps one accumulator an element on both, so one chain of
/// fused multiply-adds over k is what every element is. Narrower remainders take kernels with two.
inline constexpr std::int64_t kColumnUnit = 48;
/// Length of a chain over k; longer products are sums of chains.
inline constexpr std::int64_t kChain = 256;

/// C [m, n] = op(A) op(B) of any size on this thread: the tail of the columns is padded to kColumnUnit, and a
/// single row to two (Eigen would take its matrix-vector path, with another order).
enum class ProductKind { Nt, Nn, Tn };
struct ProductShape {
  std::int64_t m = 0, n = 0, k = 0;
};
void productSerial(ProductKind kind, const ProductShape& shape, const float* a, std::int64_t lda,
                   const float* b, std::int64_t ldb, float* c, std::int64_t ldc, bool isAdded);

/// Width of the strips that `columns` are cut into: multiples of kColumnUnit, 384 at most, about equally many
/// for each thread. Bits do not depend on it.
std::int64_t stripWidth(std::int64_t columns, int threads);

/// Buffers that tasks borrow in turn: memory is bound by the number of threads.
class BufferPool {
 public:
  explicit BufferPool(std::size_t size) : m_size(size) {}
  class Loan {
   public:
    explicit Loan(BufferPool& pool) : m_pool(pool), m_buffer(pool.take()) {}
    ~Loan() { m_pool.give(std::move(m_buffer)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    float* data() { return m_buffer.data(); }

   private:
    BufferPool& m_pool;
    std::vector<float> m_buffer;
  };

 private:
  std::vector<float> take() {
    {
      const std::lock_guard lock(m_mutex);
      if (!m_free.empty()) {
        std::vector<float> buffer = std::move(m_free.back());
        m_free.pop_back();
        return buffer;
      }
    }
    return std::vector<float>(m_size);
  }
  void give(std::vector<float> buffer) {
    const std::lock_guard lock(m_mutex);
    m_free.push_back(std::move(buffer));
  }

  const std::size_t m_size;
  std::mutex m_mutex;  // guards m_free
  std::vector<std::vector<float>> m_free;
};

}  // namespace ql
