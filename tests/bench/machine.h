#pragma once
// What every benchmark needs: a 70B-shaped BF16 matrix in a page-cached file, the speed at which this machine
// can read it right now, and a stop watch.
#include "core/io/weight_source.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

namespace ql::bench {

/// Seconds of the fastest of `runs` calls, and the least processor seconds of all threads: on a machine that
/// is shared with others the second is the one to compare.
struct Timing {
  double wall = 1e30, cpu = 1e30;
};
Timing fastest(int runs, const std::function<void()>& body);
/// The p-th quantile (0..1) of the times.
double quantile(std::vector<double> times, double p);

/// A [out, in] BF16 matrix, bell-shaped weights with a few outliers, written to `path` when it is not there
/// yet.
class BenchMatrix : public WeightSource {
 public:
  BenchMatrix(const std::filesystem::path& path, std::int64_t out, std::int64_t in);
  ~BenchMatrix() override;
  BenchMatrix(const BenchMatrix&) = delete;
  BenchMatrix& operator=(const BenchMatrix&) = delete;

  const MatrixRef& matrix() const { return m_matrix; }
  std::uint64_t sizeBytes() const { return m_size; }
  const std::byte* data() const { return m_data; }
  void readRows(const MatrixRef& matrix, std::int64_t rowBegin, std::int64_t rowEnd,
                std::span<float> out) const override;
  std::optional<RawRows> rawRows(const MatrixRef& matrix, std::int64_t rowBegin,
                                 std::int64_t rowEnd) const override;

 private:
  MatrixRef m_matrix;
  const std::byte* m_data = nullptr;
  std::uint64_t m_size = 0;
};

/// What `threads` threads need to read the mapped matrix once, vectorised, fastest of `runs`: the
/// floor.
Timing readFloor(const BenchMatrix& matrix, int threads, int runs);

}  // namespace ql::bench
